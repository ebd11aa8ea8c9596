"""One VEVENT component to one Event. Every property is read by itself, so that a broken one costs only itself."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from connectors import ics_zones
from connectors.ics_lines import Component
from connectors.ics_properties import Properties, Property, Surroundings, Unreadable, unescape
from connectors.ics_text import html_to_text, looks_like_html, one_line, plain
from connectors.ics_times import place, read_recurrence
from connectors.model import CuType, Event, Method, PartStat, Person, Role, Status, canonical_address

_LONGEST = timedelta(days=366)
_STATUS_SPELLINGS = {"NEEDS ACTION": "TENTATIVE", "SENT": "CONFIRMED", "CANCELED": "CANCELLED"}


@dataclass(frozen=True, slots=True)
class ReadEvent:
    """An Event and the content lines from which it can be expanded; `recurrence` is empty where nothing recurs."""

    event: Event
    recurrence: tuple[str, ...]


def _addresses(value: str) -> tuple[str, ...]:
    found = (canonical_address(part.strip('" ')) for part in value.split(","))
    return tuple(address for address in found if address)


def _person(reader: Properties, found: Property) -> Person | None:
    given = found.parameters
    email = canonical_address(found.value) or canonical_address(given.get("EMAIL", ""))
    name = one_line(unescape(given.get("CN", "")), 200).strip("\"'")
    if not email:
        match = re.search(r"[\w.+\-]+@[\w.\-]+\.\w+", found.value)
        if match:
            email = canonical_address(match.group())
            name = name or one_line(found.value[: match.start()].strip(" <\"'"), 200)
            reader.mend(f"line {found.number}: {found.name} {one_line(found.value, 60)!r} read as {email}")
    if not email and not name:
        reader.mend(f"line {found.number}: {found.name} has neither address nor name, left out")
        return None
    where = f"line {found.number}: {found.name}"
    status = given.get("PARTSTAT") or (given.get("STATUS", "") if reader.around.version1 else "")
    role = given.get("ROLE", "")
    if reader.around.version1:
        status = {"NEEDS ACTION": "NEEDS-ACTION", "CONFIRMED": "ACCEPTED", "SENT": ""}.get(status.upper(), status)
        role = {"ATTENDEE": "", "ORGANIZER": "CHAIR", "OWNER": "CHAIR", "DELEGATE": ""}.get(role.upper(), role)
    return Person(
        email=email,
        name="" if canonical_address(name) == email and email else name,
        partstat=reader.keyword(PartStat, status, PartStat.NEEDS_ACTION, f"{where}: PARTSTAT"),
        role=reader.keyword(Role, role, Role.REQUIRED, f"{where}: ROLE"),
        cutype=reader.keyword(
            CuType,
            given.get("CUTYPE", ""),
            CuType.UNKNOWN if given.get("CUTYPE") else CuType.INDIVIDUAL,
            f"{where}: CUTYPE",
        ),
        sent_by=canonical_address(given.get("SENT-BY", "")),
        delegated_to=_addresses(given.get("DELEGATED-TO", "")),
        delegated_from=_addresses(given.get("DELEGATED-FROM", "")),
    )


def _description(reader: Properties) -> str:
    limit = reader.around.limits.description_chars
    found = reader.first("DESCRIPTION")
    raw = reader.raw_text(found) if found else ""
    if len(raw) > limit:
        reader.mend(f"DESCRIPTION: cut after {limit} characters")
    text = html_to_text(raw, limit) if looks_like_html(raw[:limit]) else plain(raw[: 2 * limit], limit)
    if text:
        return text
    alternative = reader.first("X-ALT-DESC")
    return html_to_text(reader.raw_text(alternative), limit) if alternative else ""


def _first_parameter(reader: Properties, parameter: str, names: Iterable[str]) -> str:
    for name in names:
        found = reader.first(name)
        if found is not None and found.parameters.get(parameter):
            return one_line(found.parameters[parameter], 35)
    return ""


def _derived_uid(reader: Properties, start: datetime) -> str:
    organizer = reader.first("ORGANIZER")
    basis = "\0".join(
        (start.astimezone(UTC).isoformat(), reader.line_of("SUMMARY"), organizer.value if organizer else "")
    )
    return f"no-uid-{hashlib.sha256(basis.encode('utf-8', 'replace')).hexdigest()[:32]}"


def _begin(reader: Properties, method: Method, dtstamp: datetime | None) -> date | datetime:
    """DTSTART as written. Methods that may leave it out (RFC 5546 section 3.2) get RECURRENCE-ID or DTSTAMP."""
    found = reader.first("DTSTART") or reader.first("RECURRENCE-ID")
    if found is None:
        if method not in (Method.CANCEL, Method.REPLY, Method.REFRESH) or dtstamp is None:
            raise Unreadable(f"line {reader.number}: VEVENT has no DTSTART")
        reader.mend(f"DTSTART is missing in this {method.value}")
        return dtstamp
    try:
        return reader.moment(found)
    except (ValueError, OverflowError) as error:
        raise Unreadable(f"line {found.number}: {found.name} cannot be read: {error}") from error


def _zone(reader: Properties, begin: date | datetime, texts: Iterable[str]) -> ZoneInfo:
    """The zone for a floating time or a date."""
    around = reader.around
    if around.stated or not isinstance(begin, datetime) or begin.tzinfo is not None:
        return around.fallback
    named = ics_zones.in_text("\n".join((*texts, around.mail.text if around.mail else "")))
    zone = named or around.fallback
    reader.mend(f"DTSTART has no zone, read in {zone.key}" + (", which the text names" if named else ""))
    return zone


def _status(reader: Properties) -> Status:
    if reader.around.method is Method.CANCEL:
        return Status.CANCELLED
    text = reader.line_of("STATUS").upper()
    return reader.keyword(Status, _STATUS_SPELLINGS.get(text, text), Status.CONFIRMED, "STATUS")


def _dtstamp(reader: Properties, last_modified: datetime | None) -> datetime | None:
    """DTSTAMP, else the nearest thing to it that is the same in every copy of the message."""
    dtstamp = reader.instant("DTSTAMP")
    if dtstamp is not None:
        return dtstamp
    mail = reader.around.mail
    found = last_modified or reader.instant("CREATED") or (mail.sent_at if mail else None)
    reader.mend("DTSTAMP is missing" + (", the next best time is taken" if found else ""))
    return found


def _categories(reader: Properties) -> tuple[str, ...]:
    values = (found.value for found in reader.properties.get("CATEGORIES", [])[:20])
    return tuple(one_line(unescape(part), 100) for value in values for part in re.split(r"(?<!\\),", value)[:20])


def read_event(component: Component, around: Surroundings) -> ReadEvent:
    """One VEVENT. Raises Unreadable where DTSTART is broken, or missing in a method that needs it."""
    reader = Properties(component, around)
    if not component.closed:
        reader.mend(f"line {component.number}: VEVENT has no END, the file may be cut off")
    last_modified = reader.instant("LAST-MODIFIED")
    dtstamp = _dtstamp(reader, last_modified)
    description, summary, location = _description(reader), reader.line_of("SUMMARY"), reader.line_of("LOCATION")
    begin = _begin(reader, around.method, dtstamp)
    placed = place(reader, begin, _zone(reader, begin, (summary, location, description)))
    if placed.end - placed.start > _LONGEST:
        reader.mend("the event lasts over a year")
    uid = reader.line_of("UID", 500)
    if not uid:
        uid = _derived_uid(reader, placed.start)
        reader.mend("UID is missing, one is made from start, title and organizer")
    has_rule = bool(reader.first("RRULE") or reader.first("RDATE"))
    recurrence = read_recurrence(reader, placed.kind) if has_rule and placed.recurrence_id is None else ()
    slot, organizer = reader.first("RECURRENCE-ID"), reader.first("ORGANIZER")
    people = (_person(reader, found) for found in reader.properties.get("ATTENDEE", []))
    all_day_flag = reader.line_of("X-MICROSOFT-CDO-ALLDAYEVENT").upper() == "TRUE" and placed.start.time() == time()
    event = Event(
        uid=uid,
        start=placed.start,
        end=placed.end,
        recurrence_id=placed.recurrence_id,
        this_and_future=slot is not None and slot.parameters.get("RANGE", "").upper() == "THISANDFUTURE",
        recurs=has_rule,
        all_day=not isinstance(begin, datetime) or all_day_flag,
        floating=placed.floating,
        sequence=reader.integer("SEQUENCE"),
        dtstamp=dtstamp,
        last_modified=last_modified,
        method=around.method,
        status=_status(reader),
        summary=summary,
        description=description,
        location=location,
        url=reader.line_of("URL", 2_000),
        organizer=_person(reader, organizer) if organizer else None,
        attendees=tuple({(p.email or p.name): p for p in people if p is not None}.values()),
        attendees_omitted=reader.omitted,
        categories=_categories(reader),
        transparent=reader.line_of("TRANSP").upper() == "TRANSPARENT",
        language=_first_parameter(reader, "LANGUAGE", ("DESCRIPTION", "SUMMARY", "LOCATION")),
        producer=around.producer,
        calendar=around.calendar,
        owned=around.owned,
        mail=around.mail,
    )
    return ReadEvent(replace(event, repairs=tuple(reader.repairs)), recurrence)
