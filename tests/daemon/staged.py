"""A made-up account on a local Maildir and calendar folder, for tests that need the whole line."""

import email
import email.policy
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

from config.load import load_account
from daemon.account import Account
from daemon.accounts import build, open_store

ME = "mara@lindgren.example"
SET_UP = datetime(2026, 3, 16, 8, 0, tzinfo=UTC)
END = datetime(2026, 3, 17, 15, 0, tzinfo=UTC)

CONFIG = """\
[owner]
name = "Mara Lindgren"
addresses = ["mara@lindgren.example"]
timezone = "Europe/Berlin"

[mailbox]
kind = "maildir"
path = "Mail"

[[calendars]]
kind = "vdir"
path = "calendar"
"""


def lay_out(folder: Path) -> None:
    """An empty account: config, Maildir with the common folders, calendar folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mara.toml").write_text(CONFIG, encoding="utf-8")
    (folder / "calendar").mkdir()
    for box in ("", ".Drafts", ".Sent", ".Trash"):
        for part in ("cur", "new", "tmp"):
            (folder / "Mail" / box / part).mkdir(parents=True)


@contextmanager
def account_in(folder: Path, now: datetime = SET_UP) -> Iterator[Account]:
    """The account, opened as the service opens it. The first opening sets it up at `now`."""
    config = load_account(folder / "mara.toml")
    with open_store(config, folder / "state", now=now) as store:
        yield build(config, store, folder / "state", now=now)


def stamp(moment: datetime) -> str:
    """A DATE-TIME in UTC (RFC 5545 section 3.3.5)."""
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def invite(
    uid: str,
    *,
    end: datetime = END,
    length: timedelta = timedelta(hours=1),
    people: tuple[tuple[str, str], ...] = (("Helena Frost", "helena@frost.example"),),
    summary: str = "Interview: Data Engineer at Frost Energy",
    sequence: int = 0,
    stamped: datetime = SET_UP - timedelta(days=5),
    status: str = "CONFIRMED",
    mine: str = "ACCEPTED",
    extra: str = "",
) -> str:
    """A calendar object with one event, the first of `people` its organizer."""
    attendees = "".join(f"ATTENDEE;PARTSTAT=ACCEPTED;CN={name}:mailto:{mail}\r\n" for name, mail in people)
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Google Inc//Google Calendar 70.9054//EN\r\nBEGIN:VEVENT\r\n"
        f"UID:{uid}\r\nDTSTAMP:{stamp(stamped)}\r\nDTSTART:{stamp(end - length)}\r\nDTEND:{stamp(end)}\r\n"
        f"SEQUENCE:{sequence}\r\nSTATUS:{status}\r\nSUMMARY:{summary}\r\n{extra}"
        f"ORGANIZER;CN={people[0][0]}:mailto:{people[0][1]}\r\n{attendees}"
        f"ATTENDEE;PARTSTAT={mine};CN=Mara Lindgren:mailto:{ME}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )


def put_event(folder: Path, uid: str, text: str) -> None:
    """Write a calendar file as vdirsyncer does: beside, then renamed."""
    partial = folder / "calendar" / f".{uid}.tmp"
    partial.write_bytes(text.encode())
    partial.replace(folder / "calendar" / f"{uid}.ics")


def messages(folder: Path, box: str) -> list[tuple[Path, EmailMessage]]:
    """The messages of a Maildir folder, those marked as trashed left out."""
    found = []
    for part in ("cur", "new"):
        for path in sorted((folder / "Mail" / box / part).iterdir()):
            if "T" not in path.name.partition(":2,")[2]:
                message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
                assert isinstance(message, EmailMessage)
                found.append((path, message))
    return found


def drafts(folder: Path) -> list[EmailMessage]:
    """What lies in Drafts."""
    return [message for _, message in messages(folder, ".Drafts")]


def notes(folder: Path) -> list[EmailMessage]:
    """What the owner was told, in their inbox."""
    return [message for _, message in messages(folder, "") if message["From"] and ME in message["From"]]


def settle_clock() -> None:
    """Two writes within one tick of a file system's clock look like one."""
    time.sleep(0.01)
