"""A quick look at a calendar object: which UIDs, roughly when, and whether it recurs, without reading it in full.

One pass of one regular expression, some thirty times faster than the reader, so that of a folder of ten thousand files
only those that touch the window are read. It never guesses: `None` means 'read it in full'.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.model import Window

_FOLD = re.compile(rb"\r?\n[ \t]")
_LINE = re.compile(
    rb"^(BEGIN|END|UID|DTSTART|DTEND|DURATION|RECURRENCE-ID|RRULE|RDATE|METHOD)(;[^:\r\n]*|):([^\r\n]*)",
    re.MULTILINE | re.IGNORECASE,
)
_STAMP = re.compile(rb"\s*(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?\s*$")
_DURATION = re.compile(rb"\s*\+?P(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:\d+S)?)?\s*$")
_ZONES = timedelta(hours=15)
"""Further from UTC than any zone is."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Scan:
    """What a calendar object is about. `start` and `end` are UTC and never narrower than the truth."""

    uids: tuple[str, ...]
    start: datetime
    end: datetime
    recurs: bool
    """RRULE or RDATE: `end` is that of the first occurrence, and later ones may follow."""
    method: str = ""
    """METHOD in upper case; empty in a stored calendar object."""

    def touches(self, window: Window) -> bool:
        """Whether anything in it could lie within the window."""
        return self.start < window.end and (self.recurs or self.end >= window.start)


class _Unsure(Exception):
    """Only the reader can tell."""


@dataclass(slots=True)
class _Open:
    """The VEVENT that is being looked at."""

    uid: str = ""
    start: tuple[datetime, datetime] | None = None
    end: datetime | None = None
    slot: tuple[datetime, datetime] | None = None
    recurs: bool = False

    def take(self, name: bytes, parameters: bytes, value: bytes) -> None:
        if name == b"UID":
            self.uid = value.strip().decode("utf-8", "replace")
        elif name in (b"RRULE", b"RDATE"):
            self.recurs = True
        elif name == b"DURATION":
            if self.start is None:
                raise _Unsure
            self.end = self.start[1] + _length(value)
        elif b'"' in parameters and b":" in parameters:
            raise _Unsure
        elif name == b"DTSTART":
            self.start = _span(value)
        elif name == b"DTEND":
            self.end = _span(value)[1]
        elif name == b"RECURRENCE-ID":
            self.slot = _span(value)

    def range(self) -> tuple[datetime, datetime]:
        if self.start is None or not self.uid:
            raise _Unsure
        slot = self.slot or self.start
        return min(self.start[0], slot[0]), max(self.start[1], self.end or self.start[1], slot[1])


def scan(data: bytes) -> Scan | None:
    """The rough content of iCalendar octets, or None where only the reader can tell. Never raises."""
    if b"\n" not in data or b"\x00" in data or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return None
    try:
        return _scan(_FOLD.sub(b"", data))
    except (_Unsure, ValueError, OverflowError):
        return None


def _scan(data: bytes) -> Scan | None:
    uids: dict[str, None] = {}
    ranges: list[tuple[datetime, datetime]] = []
    recurs = False
    method = ""
    stack: list[bytes] = []
    event = _Open()
    for match in _LINE.finditer(data):
        name, parameters, value = match.group(1).upper(), match.group(2), match.group(3)
        if name == b"BEGIN":
            stack.append(value.strip().upper())
            if stack[-1] == b"VEVENT":
                event = _Open()
        elif name == b"END":
            if not stack or (ended := stack.pop()) != value.strip().upper():
                return None
            if ended == b"VEVENT":
                ranges.append(event.range())
                uids[event.uid] = None
                recurs = recurs or event.recurs
        elif stack and stack[-1] == b"VEVENT":
            event.take(name, parameters, value)
        elif name == b"METHOD":
            method = value.strip().decode("ascii", "replace").upper()
    if stack or not ranges:
        return None
    return Scan(tuple(uids), min(low for low, _ in ranges), max(high for _, high in ranges), recurs, method)


def _span(value: bytes) -> tuple[datetime, datetime]:
    """The earliest and the latest instant that a DATE or DATE-TIME may mean in any zone, of a date its whole day."""
    match = _STAMP.match(value)
    if match is None:
        raise _Unsure
    year, month, day, hour, minute, utc = match.groups()
    moment = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), tzinfo=UTC)
    if utc:
        return moment, moment + timedelta(minutes=1)
    return moment - _ZONES, moment + _ZONES + (timedelta() if hour else _DAY)


def _length(value: bytes) -> timedelta:
    match = _DURATION.match(value)
    if match is None:
        raise _Unsure
    weeks, days, hours, minutes = (int(group or 0) for group in match.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes + 1)
