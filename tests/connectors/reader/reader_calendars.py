"""Short ways to write calendars and read them in tests."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from connectors.ics import Reading, read_calendar
from connectors.model import Event, Invite

BERLIN = ZoneInfo("Europe/Berlin")
UTC_ZONE = ZoneInfo("UTC")


def vevent(*lines: str, uid: str = "a@x.example") -> str:
    return "\r\n".join(("BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT", ""))


def vcalendar(*parts: str, method: str = "", head: str = "") -> bytes:
    named = f"METHOD:{method}\r\n" if method else ""
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{head}{named}{''.join(parts)}END:VCALENDAR\r\n".encode()


def read(data: bytes, *, key: str = "k", received_at: datetime | None = None, calendar: str = "") -> Reading:
    return read_calendar(data, key=key, zone=BERLIN, received_at=received_at, calendar=calendar)


def only(reading: Reading) -> Event:
    (invite,) = reading.invites
    (event,) = invite.events
    return event


def invite(method: str, *lines: str, key: str, calendar: str = "", uid: str = "a@x.example") -> Invite:
    data = vcalendar(vevent(*lines, uid=uid), method=method)
    (found,) = read_calendar(data, key=key, zone=UTC_ZONE, calendar=calendar).invites
    return found


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type] # parts are year to second
