"""An event of the Calendar API as an Event. Pure.

Source: https://developers.google.com/workspace/calendar/api/v3/reference/events. An answer of Google's is read as
carefully as a file of a stranger's: the words in it are.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from connectors.ics_text import html_to_text, looks_like_html, one_line, plain
from connectors.model import LIMITS, CuType, Event, Invite, Method, PartStat, Person, Role, Status, canonical_address

PRODUCER = "Google Calendar API"
FIELDS = (
    "id,status,updated,etag,iCalUID,sequence,eventType,summary,description,location,transparency,visibility,"
    "start,end,endTimeUnspecified,originalStartTime,recurringEventId,hangoutLink,attendeesOmitted,"
    "organizer(email,displayName,self),"
    "attendees(email,displayName,organizer,self,resource,optional,responseStatus),"
    "conferenceData(entryPoints(entryPointType,uri))"
)
"""What of an event is asked for."""

_PARTSTAT = {
    "needsAction": PartStat.NEEDS_ACTION,
    "accepted": PartStat.ACCEPTED,
    "declined": PartStat.DECLINED,
    "tentative": PartStat.TENTATIVE,
}
_STATUS = {
    "confirmed": Status.CONFIRMED,
    "tentative": Status.TENTATIVE,
    "cancelled": Status.CANCELLED,
}
_ROOMS = "@resource.calendar.google.com"

Json = Mapping[str, Any]


def read_invite(item: Json, *, key: str, calendar: str, zone: ZoneInfo, owned: bool) -> Invite | None:
    """The invite that an event or an instance of one is; None where only its id is left, as of a deleted one.

    `zone` is the calendar's. Raises ValueError or TypeError for an event that cannot be understood.
    """
    uid = _text(item, "iCalUID") or _text(item, "id")
    if not uid or "start" not in item:
        return None
    start, all_day = _moment(item["start"], zone)
    end = _moment(item.get("end") or item["start"], zone)[0]
    original = item.get("originalStartTime")
    updated = _instant(_text(item, "updated"))
    attendees = _listed(item, "attendees")
    event = Event(
        uid=uid,
        start=start,
        end=max(start, end),
        recurrence_id=_moment(original, zone)[0].astimezone(UTC) if original else None,
        recurs=bool(item.get("recurringEventId")),
        all_day=all_day,
        sequence=int(item.get("sequence") or 0),
        dtstamp=updated,
        last_modified=updated,
        method=Method.PUBLISH,
        status=_STATUS.get(_text(item, "status"), Status.CONFIRMED),
        summary=one_line(_text(item, "summary")),
        description=_description(_text(item, "description")),
        location=one_line(_text(item, "location")),
        url=_conference(item),
        organizer=_person(item["organizer"]) if item.get("organizer") else None,
        attendees=tuple(_person(each) for each in attendees[: LIMITS.attendees]),
        attendees_omitted=bool(item.get("attendeesOmitted")) or len(attendees) > LIMITS.attendees,
        transparent=item.get("transparency") == "transparent",
        producer=PRODUCER,
        event_type=_text(item, "eventType") or "default",
        calendar=calendar,
        owned=owned,
        revision=_text(item, "etag"),
    )
    return Invite(key, uid, Method.PUBLISH, (event,), received_at=updated)


def calendar_zone(name: str, otherwise: ZoneInfo) -> ZoneInfo:
    """The zone of this IANA name; an unknown one is `otherwise`."""
    try:
        return ZoneInfo(name) if name else otherwise
    except (KeyError, ValueError, OSError):
        return otherwise


def _moment(when: Json, zone: ZoneInfo) -> tuple[datetime, bool]:
    """Aware, in the event's own zone where it names one; whether it is a whole day, which is one of the calendar's."""
    if day := when.get("date"):
        return datetime.combine(date.fromisoformat(day), time(0), tzinfo=zone), True
    own = calendar_zone(_text(when, "timeZone"), zone)
    found = datetime.fromisoformat(when["dateTime"])
    return found.replace(tzinfo=own) if found.tzinfo is None else found.astimezone(own), False


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return None


def _person(entry: Json) -> Person:
    email = canonical_address(_text(entry, "email"))
    room = bool(entry.get("resource")) or email.endswith(_ROOMS)
    return Person(
        email=email,
        name=one_line(_text(entry, "displayName"), 200),
        partstat=_PARTSTAT.get(_text(entry, "responseStatus"), PartStat.NEEDS_ACTION),
        role=Role.OPTIONAL if entry.get("optional") else Role.REQUIRED,
        cutype=CuType.RESOURCE if room else CuType.INDIVIDUAL,
        is_self=bool(entry.get("self")),
    )


def _description(text: str) -> str:
    limit = LIMITS.description_chars
    return html_to_text(text, limit) if looks_like_html(text) else plain(text, limit)


def _conference(item: Json) -> str:
    """Where the video call is; else the first other way in."""
    data = item.get("conferenceData")
    entries = _listed(data, "entryPoints") if isinstance(data, dict) else ()
    ordered = sorted(entries, key=lambda entry: entry.get("entryPointType") != "video")
    uris = [uri for entry in ordered if (uri := _text(entry, "uri"))]
    return one_line(next(iter(uris), "") or _text(item, "hangoutLink"))


def _listed(item: Json, key: str) -> Sequence[Json]:
    found = item.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _text(item: Json, key: str) -> str:
    found = item.get(key)
    return found if isinstance(found, str) else ""
