"""A calendar item of EWS as an Invite.

Source: https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/calendaritem. A single item
is read from its fields. A series is read from its iCalendar content, which holds rule and exceptions; where a server
gives none, iCalendar is written from its fields. Either way it is expanded here: not every server expands it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from exchangelib import CalendarItem, ExtendedProperty
from exchangelib import recurrence as patterns
from exchangelib.fields import MONTHS, WEEK_NUMBERS, WEEKDAYS

from connectors.exchange.message import content_of, utc
from connectors.global_object_id import uid_of
from connectors.ics import read_calendar
from connectors.ics_text import html_to_text, looks_like_html, one_line, plain
from connectors.ics_zones import iana
from connectors.imip import read_message
from connectors.model import (
    LIMITS,
    CuType,
    Event,
    Invite,
    Method,
    PartStat,
    Person,
    Problem,
    Role,
    Status,
    canonical_address,
)

PRODUCER = "Exchange Web Services"
FIELDS = (
    "subject", "body", "uid", "recurrence_id", "start", "end", "whole_day", "legacy_free_busy_status", "location",
    "is_cancelled", "type", "my_response_type", "organizer", "required_attendees", "optional_attendees", "resources",
    "appointment_sequence_number", "last_modified_time", "_start_timezone",
    "recurrence",
)  # fmt: skip
"""Not `is_all_day`: exchangelib would make dates of start and end by the zone of this machine where none is told."""
SERIES_FIELDS = (*FIELDS, "mime_content", "modified_occurrences", "deleted_occurrences")


class WholeDay(ExtendedProperty):  # type: ignore[misc]  # exchangelib asks for a subclass and is not typed
    """PidLidAppointmentSubType."""

    distinguished_property_set_id = "Appointment"
    property_id = 0x8215
    property_type = "Boolean"


CalendarItem.register("whole_day", WholeDay)

_PARTSTAT = {
    "Accept": PartStat.ACCEPTED,
    "Organizer": PartStat.ACCEPTED,
    "Decline": PartStat.DECLINED,
    "Tentative": PartStat.TENTATIVE,
}
_INVITED = ("Accept", "Decline", "Tentative", "NoResponseReceived")
_DAYS = {"Monday": "MO", "Tuesday": "TU", "Wednesday": "WE", "Thursday": "TH", "Friday": "FR", "Saturday": "SA",
         "Sunday": "SU"}  # fmt: skip
_SETS = {"Day": "MO,TU,WE,TH,FR,SA,SU", "Weekday": "MO,TU,WE,TH,FR", "WeekendDay": "SA,SU"}
_WEEKS = {"First": 1, "Second": 2, "Third": 3, "Fourth": 4, "Last": -1}


def read_single(item: Any, *, key: str, calendar: str, zone: ZoneInfo, owners: frozenset[str], owned: bool) -> Invite:
    """The invite that an item without recurrence is. Whole days are `zone`'s.

    Raises ValueError for one that cannot be understood.
    """
    # Not every server gives one to an event that a program made without.
    uid = uid_of(str(item.uid or "")) or str(item.id or "")
    if not uid:
        raise ValueError("neither UID nor id")
    own = iana(str(getattr(getattr(item, "_start_timezone", None), "key", "") or "")) or zone
    start, end = _moment(item.start, own), _moment(item.end, own)
    all_day = _all_day(item, start, end)
    if all_day:
        # Midnights of whoever made it: their dates are meant, wherever they are read.
        start, end = (datetime.combine(when.date(), time(0), tzinfo=zone) for when in (start, end))
    updated = utc(item.last_modified_time)
    event = Event(
        uid=uid,
        start=start,
        end=max(start, end),
        recurrence_id=utc(item.recurrence_id),
        all_day=all_day,
        sequence=int(item.appointment_sequence_number or 0),
        dtstamp=updated,
        last_modified=updated,
        method=Method.PUBLISH,
        status=Status.CANCELLED if item.is_cancelled else Status.CONFIRMED,
        summary=one_line(str(item.subject or "")),
        description=_description(item),
        location=one_line(str(item.location or "")),
        organizer=_organizer(item, owners),
        attendees=_attendees(item, owners)[: LIMITS.attendees],
        attendees_omitted=len(_attendees(item, owners)) > LIMITS.attendees,
        transparent=item.legacy_free_busy_status in ("Free", "WorkingElsewhere"),
        producer=PRODUCER,
        event_type="outOfOffice" if item.legacy_free_busy_status == "OOF" else "default",
        calendar=calendar,
        owned=owned,
        revision=str(item.changekey or ""),
    )
    return Invite(key, uid, Method.PUBLISH, (event,), received_at=updated)


def read_series(
    item: Any, *, key: str, calendar: str, zone: ZoneInfo, owners: frozenset[str], owned: bool
) -> tuple[Invite | None, tuple[Problem, ...]]:
    """The invite that a series is, with its exceptions, and what could not be read of it. Raises ValueError."""
    plain_one = read_single(item, key=key, calendar=calendar, zone=zone, owners=owners, owned=owned)
    known: dict[str, Any] = {
        "key": key,
        "zone": zone,
        "calendar": calendar,
        "owned": owned,
        "received_at": plain_one.received_at,
    }
    raw = item.mime_content if isinstance(item.mime_content, bytes) else b""
    readings = []
    if raw.strip():
        readings.append(read_calendar(raw, **known) if b"BEGIN:VCALENDAR" in raw[:200] else read_message(raw, **known))
    readings.append(read_calendar(_written(item, plain_one.events[0]).encode(), **known))
    for reading in readings:
        for invite in reading.invites:
            if invite.source and any(event.recurs for event in invite.events):
                events = tuple(_completed(event, plain_one.events[0]) for event in invite.events)
                return replace(invite, uid=plain_one.uid, method=Method.PUBLISH, events=events), ()
    return plain_one, (Problem(key, "the rule of this series cannot be read: only its first meeting is known"),)


def is_series(item: Any) -> bool:
    """Whether it is the master of a series, by its type or by the rule that it has."""
    return str(item.type) == "RecurringMaster" or item.recurrence is not None


def times_of(item: Any) -> tuple[datetime | None, datetime | None]:
    """Start and end in UTC as far as they are told; a whole day as UTC's."""
    return _instant(item.start), _instant(item.end)


def _completed(event: Event, told: Event) -> Event:
    """iCalendar content as servers write it often lacks the people and the owner's answer, which the fields have."""
    listed = bool(event.attendees) and not told.attendees
    return replace(
        event,
        uid=told.uid,
        method=Method.PUBLISH,
        status=Status.CANCELLED if told.status is Status.CANCELLED else event.status,
        summary=event.summary or told.summary,
        description=event.description or told.description,
        location=event.location or told.location,
        organizer=told.organizer or event.organizer,
        attendees=event.attendees if listed else told.attendees,
        sequence=max(event.sequence, told.sequence),
        dtstamp=told.dtstamp or event.dtstamp,
        last_modified=told.last_modified or event.last_modified,
        producer=PRODUCER,
        revision=told.revision,
    )


def _moment(when: object, zone: ZoneInfo) -> datetime:
    found = _instant(when)
    if found is None:
        raise ValueError("no start or end")
    return found.astimezone(zone) if isinstance(when, datetime) else found.replace(tzinfo=zone)


def _all_day(item: Any, start: datetime, end: datetime) -> bool:
    """Told by the server, or else known by its look: from a midnight to another."""
    if item.whole_day is not None:
        return bool(item.whole_day)
    return start < end and start.time() == end.time() == time(0)


def _instant(when: object) -> datetime | None:
    if isinstance(when, datetime):
        return utc(when)
    return datetime(when.year, when.month, when.day, tzinfo=UTC) if isinstance(when, date) else None


def _organizer(item: Any, owners: frozenset[str]) -> Person | None:
    if item.organizer is None:
        return None
    email, name = _address(item.organizer)
    mine = item.my_response_type == "Organizer"
    if email in owners and item.my_response_type in _INVITED:
        # Some servers name whose mailbox it is; whoever was asked for an answer has not organized it.
        return None
    return Person(email, name, PartStat.ACCEPTED, Role.CHAIR, is_self=mine or email in owners)


def _attendees(item: Any, owners: frozenset[str]) -> tuple[Person, ...]:
    listed = (
        (item.required_attendees, Role.REQUIRED, CuType.INDIVIDUAL),
        (item.optional_attendees, Role.OPTIONAL, CuType.INDIVIDUAL),
        (item.resources, Role.NON_PARTICIPANT, CuType.RESOURCE),
    )
    mine = _PARTSTAT.get(str(item.my_response_type))
    found: list[Person] = []
    for attendees, role, cutype in listed:
        for each in attendees or ():
            email, name = _address(each.mailbox)
            is_self = email in owners
            told = _PARTSTAT.get(str(each.response_type), PartStat.NEEDS_ACTION)
            # Of the owner's own answer only the item's MyResponseType is certain.
            partstat = (mine if is_self else None) or told
            found.append(Person(email, name, partstat, role, cutype, is_self=is_self))
    return tuple(found)


def _address(mailbox: Any) -> tuple[str, str]:
    email = canonical_address(str(mailbox.email_address or ""))
    name = one_line(str(mailbox.name or ""), 200)
    return email, "" if canonical_address(name) == email else name


def _description(item: Any) -> str:
    body, limit = str(item.body or ""), LIMITS.description_chars
    return html_to_text(body, limit) if looks_like_html(body) else plain(body or content_of(item), limit)


def _written(item: Any, told: Event) -> str:
    """The series as iCalendar: its rule, the deleted occurrences, the moved ones. Empty where the rule is unknown."""
    rule = _rule(item.recurrence)
    if not rule:
        return ""
    deleted = [at for each in item.deleted_occurrences or () if (at := _instant(each.start))]
    moved = [
        (original, start, end)
        for each in item.modified_occurrences or ()
        if (original := _instant(each.original_start))
        and (start := _instant(each.start))
        and (end := _instant(each.end))
    ]
    zone = told.start.tzinfo
    named = zone.key if isinstance(zone, ZoneInfo) else "UTC"
    head = f"UID:{one_line(told.uid)}\r\n"
    if told.all_day:
        times = f"DTSTART;VALUE=DATE:{told.start:%Y%m%d}\r\nDTEND;VALUE=DATE:{told.end:%Y%m%d}\r\n"
    else:
        times = f"DTSTART;TZID={named}:{told.start:%Y%m%dT%H%M%S}\r\nDTEND;TZID={named}:{told.end:%Y%m%dT%H%M%S}\r\n"
    out = "".join(f"EXDATE:{_stamp(at)}\r\n" for at in deleted)
    exceptions = "".join(
        f"BEGIN:VEVENT\r\n{head}RECURRENCE-ID:{_stamp(original)}\r\nDTSTART:{_stamp(start)}\r\nDTEND:{_stamp(end)}\r\n"
        "END:VEVENT\r\n"
        for original, start, end in moved
    )
    master = f"BEGIN:VEVENT\r\n{head}{times}RRULE:{rule}\r\n{out}END:VEVENT\r\n"
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{master}{exceptions}END:VCALENDAR\r\n"


def _rule(recurrence: Any) -> str:
    """An RRULE (RFC 5545 section 3.3.10); empty for a pattern that is not known."""
    pattern, boundary = getattr(recurrence, "pattern", None), getattr(recurrence, "boundary", None)
    parts = _frequency(pattern)
    if not parts:
        return ""
    interval = getattr(pattern, "interval", None)
    parts += [f"INTERVAL={int(interval)}"] if interval else []
    if isinstance(boundary, patterns.NumberedPattern):
        parts.append(f"COUNT={int(boundary.number)}")
    elif isinstance(boundary, patterns.EndDatePattern):
        parts.append(f"UNTIL={boundary.end:%Y%m%d}T235959Z")
    return ";".join(parts)


def _frequency(pattern: Any) -> list[str]:
    match pattern:
        case patterns.DailyPattern():
            return ["FREQ=DAILY"]
        case patterns.WeeklyPattern():
            return ["FREQ=WEEKLY", f"BYDAY={_days(pattern.weekdays)}"]
        case patterns.AbsoluteMonthlyPattern():
            return ["FREQ=MONTHLY", f"BYMONTHDAY={int(pattern.day_of_month)}"]
        case patterns.RelativeMonthlyPattern():
            return ["FREQ=MONTHLY", *_nth(pattern)]
        case patterns.AbsoluteYearlyPattern():
            return ["FREQ=YEARLY", f"BYMONTH={_month(pattern.month)}", f"BYMONTHDAY={int(pattern.day_of_month)}"]
        case patterns.RelativeYearlyPattern():
            return ["FREQ=YEARLY", f"BYMONTH={_month(pattern.month)}", *_nth(pattern)]
        case _:
            return []


def _days(days: object) -> str:
    listed = days if isinstance(days, (list, tuple)) else [days]
    names = [_named(each, WEEKDAYS) for each in listed]
    return ",".join(_SETS.get(name) or _DAYS[name] for name in names)


def _nth(pattern: Any) -> list[str]:
    return [f"BYDAY={_days(pattern.weekday)}", f"BYSETPOS={_WEEKS[_named(pattern.week_number, WEEK_NUMBERS)]}"]


def _month(month: object) -> int:
    return int(MONTHS.index(_named(month, MONTHS))) + 1


def _named(value: object, names: Sequence[str]) -> str:
    """exchangelib gives a member of an enumeration by its name, or by its number from 1."""
    return names[value - 1] if isinstance(value, int) and 0 < value <= len(names) else str(value)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
