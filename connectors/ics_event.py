"""One VEVENT component to one Event. Every property is read by itself, so that a broken one costs only itself."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TypeVar
from zoneinfo import ZoneInfo

from icalendar.parser import Contentline
from icalendar.prop import vDuration

from connectors import ics_zones, quirks
from connectors.ics_lines import Component, Line
from connectors.ics_rules import safe_rule
from connectors.ics_text import html_to_text, looks_like_html, one_line, plain
from connectors.model import (
    CuType,
    Event,
    MailContext,
    Method,
    PartStat,
    Person,
    ReadLimits,
    Role,
    Status,
    canonical_address,
)

_WANTED = frozenset(
    "UID DTSTART DTEND DURATION RECURRENCE-ID RRULE RDATE EXDATE SEQUENCE STATUS DTSTAMP LAST-MODIFIED CREATED SUMMARY "
    "DESCRIPTION X-ALT-DESC LOCATION URL ORGANIZER ATTENDEE CATEGORIES TRANSP X-MICROSOFT-CDO-ALLDAYEVENT "
    "X-MICROSOFT-CDO-BUSYSTATUS".split()
)
_SIMPLE = re.compile(r'([A-Za-z0-9.\-]+)((?:;[A-Za-z0-9\-]+=[^";:,^\\]*)*):(.*)', re.DOTALL)
"""Names and parameters without quotes, lists or escapes, as the grammar of RFC 5545 section 3.1 has them: most lines."""
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_LONGEST = timedelta(days=366)
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
    """The fallback was named by the calendar itself (X-WR-TIMEZONE, its one VTIMEZONE), so a zone in the text is not looked for."""
    vtimezones: Mapping[str, str]
    calendar: str
    owned: bool
    mail: MailContext | None
    limits: ReadLimits
    version1: bool


@dataclass(frozen=True, slots=True)
class ReadEvent:
    """An Event and the content lines from which it can be expanded; `recurrence` is empty where nothing recurs."""

    event: Event
    recurrence: tuple[str, ...]


class Unreadable(Exception):
    """The component is no event that can be placed in time; the message names line and property."""


def split_property(line: Line) -> Property:
    """A content line as name, parameters and raw value. Raises ValueError for one that is none.

    icalendar takes lines apart exactly but slowly, so the simple ones are matched here.
    """
    simple = _SIMPLE.fullmatch(line.text)
    if simple is not None:
        pairs = (part.partition("=") for part in simple.group(2).split(";")[1:])
        found = {key.upper(): value.strip() for key, _, value in pairs}
        return Property(simple.group(1).rpartition(".")[2].upper(), found, simple.group(3), line.number)
    try:
        name, parameters, value = Contentline(line.text).raw_parts()
        plain_parameters = {
            key.upper(): found if isinstance(found, str) else ",".join(found) for key, found in parameters.items()
        }
        return Property(name.rpartition(".")[2].upper(), plain_parameters, value, line.number)
    except (ValueError, AttributeError, TypeError, KeyError, IndexError):
        return Property(*quirks.split_loosely(line.text), line.number)


def unescape(value: str) -> str:
    """TEXT (RFC 5545 section 3.3.11): one pass, so that an escaped backslash before an n stays one."""
    return _ESCAPE.sub(lambda m: "\n" if m.group(1) in "nN" else m.group(1), value)


class _Reader:
    """State while one component is read: what was mended so far. Lives only within `read_event`."""

    def __init__(self, component: Component, around: Surroundings) -> None:
        self.around = around
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

    def person(self, found: Property) -> Person | None:
        given = found.parameters
        email = canonical_address(found.value) or canonical_address(given.get("EMAIL", ""))
        name = one_line(unescape(given.get("CN", "")), 200).strip("\"'")
        if not email:
            match = re.search(r"[\w.+\-]+@[\w.\-]+\.\w+", found.value)
            if match:
                email = canonical_address(match.group())
                name = name or one_line(found.value[: match.start()].strip(" <\"'"), 200)
                self.mend(f"line {found.number}: {found.name} {one_line(found.value, 60)!r} read as {email}")
        if not email and not name:
            self.mend(f"line {found.number}: {found.name} has neither address nor name, left out")
            return None
        where = f"line {found.number}: {found.name}"
        status = given.get("PARTSTAT") or (given.get("STATUS", "") if self.around.version1 else "")
        role = given.get("ROLE", "")
        if self.around.version1:
            status = {"NEEDS ACTION": "NEEDS-ACTION", "CONFIRMED": "ACCEPTED", "SENT": ""}.get(status.upper(), status)
            role = {"ATTENDEE": "", "ORGANIZER": "CHAIR", "OWNER": "CHAIR", "DELEGATE": ""}.get(role.upper(), role)
        return Person(
            email=email,
            name="" if canonical_address(name) == email and email else name,
            partstat=self.keyword(PartStat, status, PartStat.NEEDS_ACTION, f"{where}: PARTSTAT"),
            role=self.keyword(Role, role, Role.REQUIRED, f"{where}: ROLE"),
            cutype=self.keyword(
                CuType,
                given.get("CUTYPE", ""),
                CuType.UNKNOWN if given.get("CUTYPE") else CuType.INDIVIDUAL,
                f"{where}: CUTYPE",
            ),
            sent_by=canonical_address(given.get("SENT-BY", "")),
            delegated_to=_addresses(given.get("DELEGATED-TO", "")),
            delegated_from=_addresses(given.get("DELEGATED-FROM", "")),
        )

    def description(self) -> str:
        limit = self.around.limits.description_chars
        found = self.first("DESCRIPTION")
        raw = self.raw_text(found) if found else ""
        if len(raw) > limit:
            self.mend(f"DESCRIPTION: cut after {limit} characters")
        if looks_like_html(raw[:limit]):
            text = html_to_text(raw, limit)
        else:
            text = plain(raw[: 2 * limit], limit)
        if text:
            return text
        alternative = self.first("X-ALT-DESC")
        return html_to_text(self.raw_text(alternative), limit) if alternative else ""


def _addresses(value: str) -> tuple[str, ...]:
    found = (canonical_address(part.strip('" ')) for part in value.split(","))
    return tuple(address for address in found if address)


def _aware(moment: date | datetime, zone: tzinfo) -> datetime:
    if isinstance(moment, datetime):
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return datetime(moment.year, moment.month, moment.day, tzinfo=zone)


def _end(reader: _Reader, begin: date | datetime, start: datetime, zone: tzinfo) -> datetime:
    """DTEND, else DTSTART plus DURATION, else what RFC 5545 section 3.6.1 says: a day for a date, nothing for a time.

    A DTEND before DTSTART counts as none. One equal to DTSTART, of a date, is one day (calendars that count inclusively).
    """
    all_day = not isinstance(begin, datetime)
    default = _aware(begin + timedelta(days=1), zone) if all_day else start
    found = reader.first("DTEND")
    if found is not None:
        try:
            stop = reader.moment(found)
        except (ValueError, OverflowError) as error:
            reader.mend(f"line {found.number}: DTEND left out ({error})")
        else:
            end = _aware(stop, zone)
            if all_day and isinstance(stop, datetime):
                end = max(end, default)
            if all_day and end == start:
                return default
            if end >= start:
                return end
            reader.mend(f"line {found.number}: DTEND lies before DTSTART, left out")
            return default
    found = reader.first("DURATION")
    if found is None:
        return default
    try:
        length = vDuration.from_ical(found.value.strip())
        if length < timedelta():
            raise ValueError("it is negative")
        if all_day:
            return _aware(begin + max(length, timedelta(days=1)), zone)
        # Days of a DURATION are nominal, hours exact (RFC 5545 section 3.3.6).
        whole = timedelta(days=length.days)
        return ((start + whole).astimezone(UTC) + (length - whole)).astimezone(start.tzinfo)
    except (ValueError, OverflowError, TypeError) as error:
        reader.mend(f"line {found.number}: DURATION left out ({str(error)[:80]})")
        return default


def _recurrence(reader: _Reader, begin: date | datetime, start: datetime) -> tuple[str, ...]:
    """RRULE, RDATE and EXDATE brought to the type and zone of DTSTART, ready for expansion."""
    kind: date | datetime = begin if not isinstance(begin, datetime) else start
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
    return tuple(lines) if any(line.startswith(("RRULE", "RDATE")) for line in lines) else ()


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


def _first_parameter(reader: _Reader, parameter: str, names: Iterable[str]) -> str:
    for name in names:
        found = reader.first(name)
        if found is not None and found.parameters.get(parameter):
            return one_line(found.parameters[parameter], 35)
    return ""


def _derived_uid(reader: _Reader, start: datetime) -> str:
    organizer = reader.first("ORGANIZER")
    basis = "\0".join(
        (start.astimezone(UTC).isoformat(), reader.line_of("SUMMARY"), organizer.value if organizer else "")
    )
    return f"no-uid-{hashlib.sha256(basis.encode('utf-8', 'replace')).hexdigest()[:32]}"


def read_event(component: Component, around: Surroundings) -> ReadEvent:
    """One VEVENT. Raises Unreadable where DTSTART is missing or broken, except in a CANCEL, which may leave it out."""
    reader = _Reader(component, around)
    if not component.closed:
        reader.mend(f"line {component.number}: VEVENT has no END, the file may be cut off")
    dtstamp = reader.instant("DTSTAMP")
    last_modified = reader.instant("LAST-MODIFIED")
    if dtstamp is None:
        dtstamp = last_modified or reader.instant("CREATED") or (around.mail.sent_at if around.mail else None)
        reader.mend("DTSTAMP is missing" + (", the next best time is taken" if dtstamp else ""))
    description, summary, location = reader.description(), reader.line_of("SUMMARY"), reader.line_of("LOCATION")

    source = reader.first("DTSTART") or reader.first("RECURRENCE-ID")
    begin: date | datetime
    if source is None:
        if around.method is not Method.CANCEL or dtstamp is None:
            raise Unreadable(f"line {component.number}: VEVENT has no DTSTART")
        begin = dtstamp
        reader.mend("DTSTART is missing in this CANCEL")
    else:
        try:
            begin = reader.moment(source)
        except (ValueError, OverflowError) as error:
            raise Unreadable(f"line {source.number}: {source.name} cannot be read: {error}") from error
    floating = isinstance(begin, datetime) and begin.tzinfo is None
    zone = around.fallback
    if floating and not around.stated:
        named = ics_zones.in_text("\n".join((summary, location, description, around.mail.text if around.mail else "")))
        zone = named or zone
        reader.mend(f"DTSTART has no zone, read in {zone.key}" + (", which the text names" if named else ""))
    try:
        start = _aware(begin, zone)
        start_utc = start.astimezone(UTC)
        end = _end(reader, begin, start, zone if floating or not isinstance(begin, datetime) else start.tzinfo or zone)
        end.astimezone(UTC)
        recurrence_id = _recurrence_id(reader, start, zone)
    except (ValueError, OverflowError) as error:
        raise Unreadable(f"line {component.number}: DTSTART or DTEND is out of range: {error}") from error
    if end - start > _LONGEST:
        reader.mend("the event lasts over a year")
    uid = reader.line_of("UID", 500)
    if not uid:
        uid = _derived_uid(reader, start_utc)
        reader.mend("UID is missing, one is made from start, title and organizer")
    has_rule = bool(reader.first("RRULE") or reader.first("RDATE"))
    recurrence = _recurrence(reader, begin, start) if has_rule and recurrence_id is None else ()
    status_text = {"NEEDS ACTION": "TENTATIVE", "SENT": "CONFIRMED", "CANCELED": "CANCELLED"}.get(
        reader.line_of("STATUS").upper(), reader.line_of("STATUS")
    )
    status = (
        Status.CANCELLED
        if around.method is Method.CANCEL
        else reader.keyword(Status, status_text, Status.CONFIRMED, "STATUS")
    )
    range_ = reader.first("RECURRENCE-ID")
    organizer = reader.first("ORGANIZER")
    people = (reader.person(found) for found in reader.properties.get("ATTENDEE", []))
    attendees = tuple({(p.email or p.name): p for p in people if p is not None}.values())
    all_day_flag = reader.line_of("X-MICROSOFT-CDO-ALLDAYEVENT").upper() == "TRUE" and start.time() == time()
    event = Event(
        uid=uid,
        start=start,
        end=end,
        recurrence_id=recurrence_id,
        this_and_future=range_ is not None and range_.parameters.get("RANGE", "").upper() == "THISANDFUTURE",
        recurs=has_rule,
        all_day=not isinstance(begin, datetime) or all_day_flag,
        floating=floating,
        sequence=reader.integer("SEQUENCE"),
        dtstamp=dtstamp,
        last_modified=last_modified,
        method=around.method,
        status=status,
        summary=summary,
        description=description,
        location=location,
        url=reader.line_of("URL", 2_000),
        organizer=reader.person(organizer) if organizer else None,
        attendees=attendees,
        attendees_omitted=reader.omitted,
        categories=tuple(
            one_line(part, 100)
            for found in reader.properties.get("CATEGORIES", [])[:20]
            for part in found.value.split(",")[:20]
        ),
        transparent=reader.line_of("TRANSP").upper() == "TRANSPARENT",
        language=_first_parameter(reader, "LANGUAGE", ("DESCRIPTION", "SUMMARY", "LOCATION")),
        producer=around.producer,
        calendar=around.calendar,
        owned=around.owned,
        mail=around.mail,
        repairs=tuple(reader.repairs),
    )
    if not recurrence:
        return ReadEvent(event, ())
    kind = begin if not isinstance(begin, datetime) else start
    return ReadEvent(event, (stamped("DTSTART", kind, stamp(kind)), *recurrence))


def _recurrence_id(reader: _Reader, start: datetime, zone: ZoneInfo) -> datetime | None:
    found = reader.first("RECURRENCE-ID")
    if found is None:
        return None
    try:
        moment = reader.moment(found)
    except (ValueError, OverflowError) as error:
        reader.mend(f"line {found.number}: RECURRENCE-ID cannot be read ({error}), DTSTART is taken")
        return start.astimezone(UTC)
    return _aware(moment, zone).astimezone(UTC)
