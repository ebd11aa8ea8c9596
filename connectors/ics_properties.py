"""The properties of one component, taken apart one by one, and the values that many of them share."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TypeVar
from zoneinfo import ZoneInfo

from icalendar.parser import Contentline

from connectors import ics_zones, quirks
from connectors.ics_lines import Component, Line
from connectors.ics_text import one_line
from connectors.model import CuType, MailContext, Method, PartStat, ReadLimits, Role, Status

_WANTED = frozenset(
    ("UID", "DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "RRULE", "RDATE", "EXDATE", "SEQUENCE", "STATUS",
     "DTSTAMP", "LAST-MODIFIED", "CREATED", "SUMMARY", "DESCRIPTION", "X-ALT-DESC", "LOCATION", "URL", "ORGANIZER",
     "ATTENDEE", "CATEGORIES", "TRANSP", "X-MICROSOFT-CDO-ALLDAYEVENT")
)  # fmt: skip
_SIMPLE = re.compile(r'([A-Za-z0-9.\-]+)((?:;[A-Za-z0-9\-]+=[^";:,^\\]*)*):(.*)', re.DOTALL)
"""Names and parameters without quotes, lists or escapes (grammar of RFC 5545 section 3.1): most lines."""
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_E = TypeVar("_E", PartStat, Role, CuType, Status)


@dataclass(frozen=True, slots=True)
class Property:
    """A content line taken apart; the value is still escaped."""

    name: str
    parameters: Mapping[str, str]
    value: str
    number: int


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the calendar object says for all its events, and where it came from."""

    key: str
    method: Method
    producer: str
    fallback: ZoneInfo
    """For floating times and dates where nothing nearer speaks."""
    stated: bool
    """The calendar itself named the fallback, so a zone in the text is not looked for."""
    vtimezones: Mapping[str, str]
    calendar: str
    owned: bool
    mail: MailContext | None
    limits: ReadLimits
    version1: bool


class Unreadable(Exception):
    """The component is no event that can be placed in time; the message names line and property."""


def split_property(line: Line) -> Property:
    """A content line as name, parameters and raw value. Raises ValueError for one that is none.

    icalendar takes lines apart exactly but slowly, so the simple ones are matched here.
    """
    text = quirks.colon_in_zone_name(line.text) if ";TZID=(" in line.text[:40].upper() else line.text
    simple = _SIMPLE.fullmatch(text)
    if simple is not None:
        pairs = (part.partition("=") for part in simple.group(2).split(";")[1:])
        found = {key.upper(): value.strip() for key, _, value in pairs}
        return Property(simple.group(1).rpartition(".")[2].upper(), found, simple.group(3), line.number)
    try:
        name, parameters, value = Contentline(text).raw_parts()  # type: ignore[no-untyped-call] # icalendar leaves __new__ untyped
        plain_parameters = {
            key.upper(): found if isinstance(found, str) else ",".join(found) for key, found in parameters.items()
        }
        return Property(name.rpartition(".")[2].upper(), plain_parameters, value, line.number)
    except (ValueError, AttributeError, TypeError, KeyError, IndexError):
        return Property(*quirks.split_loosely(text), line.number)


def unescape(value: str) -> str:
    """TEXT (RFC 5545 section 3.3.11): one pass, so that an escaped backslash before an n stays one."""
    return _ESCAPE.sub(lambda m: "\n" if m.group(1) in "nN" else m.group(1), value)


class Properties:
    """What one component says, and what was mended in reading it. Lives only while it is read."""

    def __init__(self, component: Component, around: Surroundings) -> None:
        self.around = around
        self.number = component.number
        self.repairs: list[str] = []
        self.properties: dict[str, list[Property]] = {}
        self.omitted = False
        attendees = 0
        for line in component.lines:
            name = re.split(r"[;:]", line.text[:60], maxsplit=1)[0].rpartition(".")[2].strip().upper()
            if name not in _WANTED:
                continue
            if name == "ATTENDEE":
                attendees += 1
                if attendees > around.limits.attendees:
                    self.omitted = True
                    continue
            try:
                found = split_property(line)
            except (ValueError, RecursionError) as error:
                self.mend(f"line {line.number}: {name} left out ({str(error)[:120]})")
                continue
            self.properties.setdefault(found.name, []).append(found)
        if self.omitted:
            self.mend(f"ATTENDEE: {attendees} of them, only the first {around.limits.attendees} are read")

    def mend(self, what: str) -> None:
        if len(self.repairs) < 20 and what not in self.repairs:
            self.repairs.append(what)

    def first(self, name: str) -> Property | None:
        found = self.properties.get(name)
        return found[0] if found else None

    def raw_text(self, found: Property) -> str:
        if found.parameters.get("ENCODING", "").upper() == "QUOTED-PRINTABLE":
            self.mend(f"line {found.number}: {found.name} is quoted-printable as in vCalendar 1.0")
            return quirks.quoted_printable(found.value, found.parameters.get("CHARSET", ""))
        return unescape(found.value)

    def line_of(self, name: str, limit: int = 1_000) -> str:
        found = self.first(name)
        return one_line(self.raw_text(found), limit) if found else ""

    def integer(self, name: str) -> int:
        found = self.first(name)
        if found is None:
            return 0
        try:
            return max(0, min(int(found.value.strip()), 2**31 - 1))
        except ValueError:
            self.mend(f"line {found.number}: {name} {found.value[:20]!r} is no number, taken as 0")
            return 0

    def keyword(self, kind: type[_E], text: str, default: _E, where: str) -> _E:
        if not text:
            return default
        try:
            return kind(text.strip().upper())
        except ValueError:
            self.mend(f"{where} {text[:30]!r} is unknown, taken as {default.value}")
            return default

    def zone_of(self, found: Property) -> ics_zones.Resolved | None:
        name = found.parameters.get("TZID", "")
        if not name:
            return None
        resolved = ics_zones.resolve(name, self.around.vtimezones, self.around.fallback)
        if resolved.note:
            self.mend(f"line {found.number}: {found.name}: {resolved.note}")
        return resolved

    def moment(self, found: Property, value: str | None = None) -> date | datetime:
        """A date, a naive datetime (floating) or an aware one in the zone that the property names.

        With Z beside a TZID (RFC 5545 section 3.2.19 forbids it) Z gives the instant and TZID the zone to show it in.
        """
        raw = (found.value if value is None else value).strip()
        parsed = quirks.loose_time(raw)
        if not re.fullmatch(r"\d{8}(T\d{6}Z?)?", raw):
            self.mend(f"line {found.number}: {found.name} {raw[:40]!r} read as {parsed.isoformat()}")
        if not isinstance(parsed, datetime):
            return parsed
        resolved = self.zone_of(found)
        if found.parameters.get("VALUE", "").upper() == "DATE" and parsed.time() == time() and resolved is None:
            self.mend(f"line {found.number}: {found.name} has VALUE=DATE and a time, read as a date")
            return parsed.date()
        if resolved is None:
            return parsed.astimezone(UTC) if parsed.tzinfo else parsed
        if parsed.tzinfo is not None:
            self.mend(f"line {found.number}: {found.name} has both TZID and UTC, read as UTC")
            return parsed.astimezone(resolved.zone)
        if resolved.exact is resolved.zone:
            return parsed.replace(tzinfo=resolved.zone)
        return parsed.replace(tzinfo=resolved.exact).astimezone(UTC).astimezone(resolved.zone)

    def instant(self, name: str) -> datetime | None:
        """DTSTAMP and its like, UTC."""
        found = self.first(name)
        if found is None:
            return None
        try:
            parsed = self.moment(found)
            if not isinstance(parsed, datetime):
                parsed = datetime(parsed.year, parsed.month, parsed.day, tzinfo=UTC)
            return (parsed if parsed.tzinfo else parsed.replace(tzinfo=self.around.fallback)).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            self.mend(f"line {found.number}: {name} left out ({error})")
            return None
