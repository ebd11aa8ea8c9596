"""An event of Graph as an Event. Pure.

Source: https://learn.microsoft.com/en-us/graph/api/resources/event. An answer of Microsoft's is read as carefully as
a file of a stranger's: the words in it are.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from connectors.global_object_id import uid_of
from connectors.graph.message import moment
from connectors.ics_text import html_to_text, looks_like_html, one_line, plain
from connectors.ics_zones import iana
from connectors.model import (
    LIMITS,
    CuType,
    Event,
    Invite,
    Method,
    PartStat,
    Person,
    Role,
    Status,
    canonical_address,
)

PRODUCER = "Microsoft Graph"
_PARTSTAT = {
    "accepted": PartStat.ACCEPTED,
    "organizer": PartStat.ACCEPTED,
    "declined": PartStat.DECLINED,
    "tentativelyAccepted": PartStat.TENTATIVE,
}
_OF_THE_SERIES = (
    "iCalUId", "subject", "body", "bodyPreview", "location", "organizer", "attendees", "isAllDay", "isOrganizer",
    "responseStatus", "showAs", "categories", "onlineMeeting", "onlineMeetingUrl", "originalStartTimeZone",
    "lastModifiedDateTime", "isCancelled", "hideAttendees",
)  # fmt: skip

Json = Mapping[str, Any]


def with_series(item: Json, series: Json) -> Json:
    """An occurrence of which only times are told, with all else as in its series."""
    return {**{key: series[key] for key in _OF_THE_SERIES if key in series}, **item}


def read_invite(item: Json, *, key: str, calendar: str, zone: ZoneInfo, owners: frozenset[str], owned: bool) -> Invite:
    """The invite that an event, occurrence or exception is. Times come in UTC; whole days are `zone`'s.

    Raises ValueError or TypeError for one that cannot be understood.
    """
    uid = uid_of(_text(item, "iCalUId") or _text(item, "uid"))
    if not uid:
        raise ValueError("no iCalUId")
    all_day = bool(item.get("isAllDay"))
    own = zone if all_day else (iana(_text(item, "originalStartTimeZone")) or zone)
    start, end = _moment(item["start"], own, all_day=all_day), _moment(item["end"], own, all_day=all_day)
    part_of_series = _text(item, "type") in ("occurrence", "exception") or bool(item.get("seriesMasterId"))
    original = moment(_text(item, "originalStart")) or start.astimezone(UTC)
    updated = moment(_text(item, "lastModifiedDateTime"))
    attendees = _listed(item, "attendees")
    response = item.get("responseStatus")
    mine = _PARTSTAT.get(_text(response, "response"), PartStat.NEEDS_ACTION) if isinstance(response, dict) else None
    event = Event(
        uid=uid,
        start=start,
        end=max(start, end),
        recurrence_id=original if part_of_series else None,
        recurs=part_of_series,
        all_day=all_day,
        dtstamp=updated,
        last_modified=updated,
        method=Method.PUBLISH,
        status=Status.CANCELLED if item.get("isCancelled") else Status.CONFIRMED,
        summary=one_line(_text(item, "subject")),
        description=_description(item),
        location=_location(item),
        url=_meeting(item),
        organizer=_organizer(item, owners),
        attendees=tuple(_attendee(each, owners, mine) for each in attendees[: LIMITS.attendees]),
        attendees_omitted=bool(item.get("hideAttendees")) or len(attendees) > LIMITS.attendees,
        categories=tuple(one_line(str(each), 200) for each in item.get("categories") or ()),
        transparent=item.get("showAs") in ("free", "workingElsewhere"),
        producer=PRODUCER,
        event_type="outOfOffice" if item.get("showAs") == "oof" else "default",
        calendar=calendar,
        owned=owned,
        revision=_text(item, "changeKey") or _text(item, "@odata.etag"),
    )
    return Invite(key, uid, Method.PUBLISH, (event,), received_at=updated)


def _moment(when: Json, zone: ZoneInfo, *, all_day: bool) -> datetime:
    """Aware, in `zone`. `dateTime` has no offset; `timeZone` is UTC unless another one was asked for."""
    found = datetime.fromisoformat(when["dateTime"])
    if all_day:
        return datetime.combine(found.date(), time(0), tzinfo=zone)
    if found.tzinfo is None:
        found = found.replace(tzinfo=iana(_text(when, "timeZone")) or UTC)
    return found.astimezone(zone)


def _organizer(item: Json, owners: frozenset[str]) -> Person | None:
    given = item.get("organizer")
    inner = given.get("emailAddress") if isinstance(given, dict) else None
    if not isinstance(inner, dict):
        return None
    email, name = _address(inner)
    return Person(email, name, PartStat.ACCEPTED, Role.CHAIR, is_self=bool(item.get("isOrganizer")) or email in owners)


def _attendee(entry: Json, owners: frozenset[str], mine: PartStat | None) -> Person:
    inner, status = entry.get("emailAddress"), entry.get("status")
    email, name = _address(inner if isinstance(inner, dict) else {})
    is_self = email in owners
    partstat = _PARTSTAT.get(_text(status, "response"), PartStat.NEEDS_ACTION) if isinstance(status, dict) else None
    kind = _text(entry, "type")
    return Person(
        email=email,
        name=name,
        # Of the owner's own answer only the event's responseStatus is certain.
        partstat=(mine if is_self else None) or partstat or PartStat.NEEDS_ACTION,
        role=Role.OPTIONAL if kind == "optional" else Role.REQUIRED,
        cutype=CuType.RESOURCE if kind == "resource" else CuType.INDIVIDUAL,
        is_self=is_self,
    )


def _address(inner: Json) -> tuple[str, str]:
    email = canonical_address(_text(inner, "address"))
    name = one_line(_text(inner, "name"), 200)
    return email, "" if canonical_address(name) == email else name


def _description(item: Json) -> str:
    body, limit = item.get("body"), LIMITS.description_chars
    content = _text(body, "content") if isinstance(body, dict) else ""
    if not content:
        return plain(_text(item, "bodyPreview"), limit)
    html = isinstance(body, dict) and body.get("contentType") == "html"
    return html_to_text(content, limit) if html or looks_like_html(content) else plain(content, limit)


def _location(item: Json) -> str:
    location = item.get("location")
    return one_line(_text(location, "displayName")) if isinstance(location, dict) else ""


def _meeting(item: Json) -> str:
    online = item.get("onlineMeeting")
    joined = _text(online, "joinUrl") if isinstance(online, dict) else ""
    return one_line(joined or _text(item, "onlineMeetingUrl"))


def _listed(item: Json, key: str) -> Sequence[Json]:
    found = item.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _text(item: Json, key: str) -> str:
    found = item.get(key)
    return found if isinstance(found, str) else ""
