"""Events for the tests of recognition, made from a few words."""

import tomllib
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from connectors.model import Event, PartStat, Person
from daemon.core.model import Owner

ME = "robin.alder@letterpost.example"
WORK = "robin@myfirm.example"
START = datetime(2026, 5, 12, 9, 0, tzinfo=UTC)
OWNER = Owner(
    frozenset({ME, WORK}), ZoneInfo("Europe/London"), name="Robin Alder", employer_domains=frozenset({"myfirm.example"})
)


def person(text: str, **more: Any) -> Person:
    """A calendar user from `Name <address>`."""
    name, address = parseaddr(text.replace(",", "\0")) if "," in text else parseaddr(text)
    name = name.replace("\0", ",")
    return Person(address.lower(), name, **more)


def event(
    title: str, text: str = "", organizer: str = "", attendees: tuple[str, ...] | list[str] = (), **more: Any
) -> Event:
    """An event of one hour to which the owner is invited if anybody is."""
    guests = [person(one, partstat=PartStat.ACCEPTED) for one in attendees]
    if organizer or guests:
        address = WORK if "myfirm.example" in organizer else ME
        guests.append(Person(address, "Robin Alder"))
    return Event(
        **{
            "uid": f"uid-{title}",
            "start": START,
            "end": START + timedelta(hours=1),
            "summary": title,
            "description": text,
            "organizer": person(organizer) if organizer else None,
            "attendees": tuple(guests),
            **more,
        }
    )


def cases() -> list[dict[str, Any]]:
    """The written cases."""
    return list(tomllib.loads((Path(__file__).parent / "data" / "cases.toml").read_text(encoding="utf-8"))["case"])


def event_of(case: dict[str, Any]) -> Event:
    """The event of a written case."""
    return event(case["title"], case.get("text", ""), case.get("organizer", ""), case.get("attendees", []))
