"""When an event takes place: start, end, recurrence and RECURRENCE-ID from its properties."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from icalendar.prop import vDuration

from connectors.ics_properties import Properties, Property, Unreadable
from connectors.ics_rules import safe_rule


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an event lies in time. `begin` is DTSTART as written: a date, a naive (floating) or an aware datetime."""

    begin: date | datetime
    start: datetime
    end: datetime
    recurrence_id: datetime | None

    @property
    def floating(self) -> bool:
        return isinstance(self.begin, datetime) and self.begin.tzinfo is None

    @property
    def kind(self) -> date | datetime:
        """DTSTART in the type and zone in which a series is expanded."""
        return self.start if isinstance(self.begin, datetime) else self.begin


def place(reader: Properties, begin: date | datetime, zone: ZoneInfo) -> Placed:
    """Start, end and RECURRENCE-ID; `zone` is for dates and floating times. Raises Unreadable where out of range."""
    try:
        start = aware(begin, zone)
        start.astimezone(UTC)
        zoned = isinstance(begin, datetime) and begin.tzinfo is not None
        end = read_end(reader, begin, start, (start.tzinfo or zone) if zoned else zone)
        end.astimezone(UTC)
        return Placed(begin, start, end, read_recurrence_id(reader, start, zone))
    except (ValueError, OverflowError) as error:
        raise Unreadable(f"line {reader.number}: DTSTART or DTEND is out of range: {error}") from error


def aware(moment: date | datetime, zone: tzinfo) -> datetime:
    if isinstance(moment, datetime):
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return datetime(moment.year, moment.month, moment.day, tzinfo=zone)


def read_end(reader: Properties, begin: date | datetime, start: datetime, zone: tzinfo) -> datetime:
    """DTEND, else DTSTART plus DURATION, else what RFC 5545 section 3.6.1 says: a day for a date, nothing for a time.

    A DTEND before DTSTART counts as none. A date as DTEND equal to DTSTART is one day: some count inclusively.
    """
    all_day = not isinstance(begin, datetime)
    default = aware(begin + timedelta(days=1), zone) if all_day else start
    if (found := reader.first("DTEND")) is not None:
        return _by_dtend(reader, found, start=start, default=default, all_day=all_day, zone=zone)
    if (found := reader.first("DURATION")) is None:
        return default
    try:
        length = _duration(found.value)
    except (ValueError, OverflowError, TypeError) as error:
        reader.mend(f"line {found.number}: DURATION left out ({str(error)[:80]})")
        return default
    if all_day:
        return aware(begin + max(length, timedelta(days=1)), zone)
    # Days of a DURATION are nominal, hours exact (RFC 5545 section 3.3.6).
    nominal = any(unit in found.value.upper() for unit in "DW")
    whole = timedelta(days=length.days) if nominal else timedelta()
    return ((start + whole).astimezone(UTC) + (length - whole)).astimezone(start.tzinfo)


def _by_dtend(
    reader: Properties, found: Property, *, start: datetime, default: datetime, all_day: bool, zone: tzinfo
) -> datetime:
    try:
        end = aware(reader.moment(found), zone)
    except (ValueError, OverflowError) as error:
        reader.mend(f"line {found.number}: DTEND left out ({error})")
        return default
    if end < start:
        reader.mend(f"line {found.number}: DTEND lies before DTSTART, left out")
        return default
    return max(end, default) if all_day else end


def _duration(text: str) -> timedelta:
    length = vDuration(vDuration.from_ical(text.strip())).dt  # type: ignore[no-untyped-call] # untyped in icalendar
    if not isinstance(length, timedelta) or length < timedelta():
        raise ValueError("it is negative")
    return length


def read_recurrence(reader: Properties, kind: date | datetime) -> tuple[str, ...]:
    """DTSTART, RRULE, RDATE and EXDATE, all in the type and zone of `kind`; () if nothing recurs."""
    lines = []
    for found in [one for one in reader.properties.get("RRULE", []) if one.value.strip()][:1]:
        rule, note = safe_rule(found.value, kind, reader.around.limits.occurrences)
        if note:
            reader.mend(f"line {found.number}: {note}")
        if rule:
            lines.append(f"RRULE:{rule}")
    if len(reader.properties.get("RRULE", [])) > 1:
        reader.mend("RRULE: more than one, only the first is read (RFC 5545 section 3.8.5.3)")
    for name in ("RDATE", "EXDATE"):
        values: list[str] = []
        for found in reader.properties.get(name, []):
            for value in found.value.split(",")[: reader.around.limits.occurrences]:
                try:
                    values.append(stamp(_like(reader.moment(found, value.partition("/")[0]), kind)))
                except (ValueError, OverflowError) as error:
                    reader.mend(f"line {found.number}: {name} left out ({error})")
        lines += [stamped(name, kind, value) for value in values[: reader.around.limits.occurrences]]
    if not any(line.startswith(("RRULE", "RDATE")) for line in lines):
        return ()
    return (stamped("DTSTART", kind, stamp(kind)), *lines)


def _like(moment: date | datetime, kind: date | datetime) -> date | datetime:
    """A moment in the type and zone of DTSTART; a date among times means that day's occurrence."""
    if not isinstance(kind, datetime):
        return moment.date() if isinstance(moment, datetime) else moment
    if not isinstance(moment, datetime):
        return datetime.combine(moment, kind.time(), kind.tzinfo)
    return moment.replace(tzinfo=kind.tzinfo) if moment.tzinfo is None else moment.astimezone(kind.tzinfo)


def stamp(moment: date | datetime) -> str:
    """The value of a DATE or DATE-TIME, local to its own zone, UTC with its Z."""
    if not isinstance(moment, datetime):
        return f"{moment:%Y%m%d}".rjust(8, "0")
    text = f"{moment:%Y%m%dT%H%M%S}".rjust(15, "0")
    return f"{text}Z" if getattr(moment.tzinfo, "key", "UTC") == "UTC" else text


def stamped(name: str, kind: date | datetime, value: str) -> str:
    """The content line for a value made by `stamp`."""
    if not isinstance(kind, datetime):
        return f"{name};VALUE=DATE:{value}"
    return f"{name}:{value}" if value.endswith("Z") else f"{name};TZID={getattr(kind.tzinfo, 'key', 'UTC')}:{value}"


def read_recurrence_id(reader: Properties, start: datetime, zone: ZoneInfo) -> datetime | None:
    found = reader.first("RECURRENCE-ID")
    if found is None:
        return None
    try:
        moment = reader.moment(found)
    except (ValueError, OverflowError) as error:
        reader.mend(f"line {found.number}: RECURRENCE-ID cannot be read ({error}), DTSTART is taken")
        return start.astimezone(UTC)
    return aware(moment, zone).astimezone(UTC)
