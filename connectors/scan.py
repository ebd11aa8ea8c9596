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
    rb"^(BEGIN|END|UID|DTSTART|DTEND|DURATION|RECURRENCE-ID|RRULE|RDATE|METHOD)((?:;[^:\r\n]*)?):([^\r\n]*)",
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


def scan(data: bytes) -> Scan | None:
    """The rough content of iCalendar octets, or None where only the reader can tell. Never raises."""
    if b"\n" not in data or b"\x00" in data or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return None
    uids: dict[str, None] = {}
    low = high = None
    recurs = False
    method = ""
    stack: list[bytes] = []
    start = end = slot = None
    uid = ""
    for match in _LINE.finditer(_FOLD.sub(b"", data)):
        name, parameters, value = match.group(1).upper(), match.group(2), match.group(3)
        if name == b"BEGIN":
            stack.append(value.strip().upper())
            if len(stack) > 8:
                return None
            if stack[-1] == b"VEVENT":
                start = end = slot = None
                uid = ""
            continue
        if name == b"END":
            if not stack or stack.pop() != value.strip().upper():
                return None
            if value.strip().upper() == b"VEVENT":
                if start is None or not uid:
                    return None
                uids[uid] = None
                first, last = (
                    min(start[0], slot[0] if slot else start[0]),
                    max(end or start[1], slot[1] if slot else start[1]),
                )
                low = first if low is None else min(low, first)
                high = last if high is None else max(high, last)
            continue
        if name == b"METHOD" and stack == [b"VCALENDAR"]:
            method = value.strip().decode("ascii", "replace").upper()
        if not stack or stack[-1] != b"VEVENT":
            continue
        if name == b"UID":
            uid = value.strip().decode("utf-8", "replace")
        elif name in (b"RRULE", b"RDATE"):
            recurs = True
        elif name == b"DURATION":
            length = _length(value)
            if length is None or start is None:
                return None
            end = start[1] + length
        else:
            span = _span(value)
            if span is None or b'"' in parameters and b":" in parameters:
                return None
            if name == b"DTSTART":
                start = span
            elif name == b"DTEND":
                end = span[1]
            else:
                slot = span
    if stack or low is None or high is None:
        return None
    return Scan(tuple(uids), low, high, recurs, method)


def _span(value: bytes) -> tuple[datetime, datetime] | None:
    """The earliest and the latest instant that a DATE or DATE-TIME may mean in any zone, of a date its whole day."""
    match = _STAMP.match(value)
    if match is None:
        return None
    year, month, day, hour, minute, utc = match.groups()
    try:
        moment = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), tzinfo=UTC)
        if utc:
            return moment, moment + timedelta(minutes=1)
        return moment - _ZONES, moment + _ZONES + (timedelta() if hour else _DAY)
    except (ValueError, OverflowError):
        return None


def _length(value: bytes) -> timedelta | None:
    match = _DURATION.match(value)
    if match is None:
        return None
    weeks, days, hours, minutes = (int(group or 0) for group in match.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes + 1)
