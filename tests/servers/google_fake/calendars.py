"""Google Calendar: events, series with exceptions, and incremental synchronization, as its guides describe them.

https://developers.google.com/workspace/calendar/api/guides/sync and .../guides/recurringevents.
"""

import copy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from tests.servers.google_fake.mail import OWNER, Refusal

_SYNC_FORBIDS = (
    "iCalUID",
    "orderBy",
    "privateExtendedProperty",
    "q",
    "sharedExtendedProperty",
    "timeMin",
    "timeMax",
    "updatedMin",
)


@dataclass
class Calendar:
    """One calendar: masters, single events and exceptions as API resources."""

    id: str
    summary: str = ""
    zone: str = "Europe/Berlin"
    role: str = "owner"
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    revision: int = 0

    def put(self, event: dict[str, Any]) -> dict[str, Any]:
        """An event comes or changes, whoever did it."""
        self.revision += 1
        stored = {**copy.deepcopy(event), "etag": f'"{self.revision}"'}
        stored.setdefault("updated", datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"))
        self.events[event["id"]] = stored
        self.changed[event["id"]] = self.revision
        return stored

    def cancel(self, event_id: str, *, details: bool = True) -> None:
        """The organizer cancels, or the owner deletes. Some deletions leave nothing but the id."""
        event = self.events[event_id]
        kept = event if details else {"id": event_id, "kind": "calendar#event"}
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.put({**kept, "status": "cancelled", "updated": now})

    def shown(self, low: datetime | None, high: datetime | None, since: int) -> list[dict[str, Any]]:
        """What changed after a revision, series expanded to instances within the range."""
        found: list[dict[str, Any]] = []
        for event_id, event in self.events.items():
            if self.changed[event_id] <= since:
                continue
            if "recurrence" in event:
                found += self._instances(event, low, high)
            elif "start" not in event or since or self._touches(event, low, high):
                found.append(event)
        return found

    def _touches(self, event: dict[str, Any], low: datetime | None, high: datetime | None) -> bool:
        start, end = self.moment(event["start"]), self.moment(event["end"])
        return (low is None or end > low) and (high is None or start < high)

    def _instances(self, master: dict[str, Any], low: datetime | None, high: datetime | None) -> list[dict[str, Any]]:
        start = self.moment(master["start"])
        length = self.moment(master["end"]) - start
        rule = rrulestr("\n".join(master["recurrence"]), dtstart=start)
        first = (low or start) - length
        last = high or start + timedelta(days=180)
        taken = {
            self.moment(event["originalStartTime"])
            for event in self.events.values()
            if event.get("recurringEventId") == master["id"]
        }
        found = []
        for moment in rule.between(first, last, inc=True):
            if moment in taken or moment + length <= (low or moment):
                continue
            zone = master["start"].get("timeZone", self.zone)
            instance = {key: value for key, value in master.items() if key != "recurrence"}
            instance |= {
                "id": f"{master['id']}_{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}",
                "recurringEventId": master["id"],
                "originalStartTime": {"dateTime": moment.isoformat(), "timeZone": zone},
                "start": {"dateTime": moment.isoformat(), "timeZone": zone},
                "end": {"dateTime": (moment + length).isoformat(), "timeZone": zone},
            }
            found.append(instance)
        return found

    def moment(self, when: dict[str, str]) -> datetime:
        zone = ZoneInfo(when.get("timeZone") or self.zone)
        if "date" in when:
            return datetime.combine(date.fromisoformat(when["date"]), datetime.min.time(), tzinfo=zone)
        return datetime.fromisoformat(when["dateTime"]).astimezone(zone)


@dataclass
class Calendars:
    """All calendars of the owner, and the sync and page tokens given out."""

    calendars: dict[str, Calendar] = field(default_factory=lambda: {OWNER: Calendar(OWNER, OWNER)})
    page_size: int = 250
    listings: dict[str, tuple[dict[str, Any], list[dict[str, Any]], str]] = field(default_factory=dict)
    tokens: dict[str, tuple[str, int, datetime | None, datetime | None, bool]] = field(default_factory=dict)
    _ids: "count[int]" = field(default_factory=lambda: count(1))

    def expire_tokens(self) -> None:
        """Tokens are invalidated for many reasons, changed access rights among them."""
        self.tokens.clear()

    def find(self, calendar_id: str) -> Calendar:
        calendar = self.calendars.get(OWNER if calendar_id == "primary" else calendar_id)
        if calendar is None:
            raise Refusal(404, "notFound", "Not Found")
        return calendar

    def list_events(self, calendar_id: str, query: dict[str, str]) -> dict[str, Any]:
        calendar = self.find(calendar_id)
        asked = {key: value for key, value in query.items() if key not in ("pageToken", "alt")}
        if "pageToken" in query:
            kept = self.listings.get(query["pageToken"])
            if kept is None or kept[0] != asked:
                raise Refusal(400, "invalid", "Invalid page token value.")
            items, token = kept[1], kept[2]
        else:
            items, token = self._listing(calendar, query)
        size = min(int(query.get("maxResults", "250")), self.page_size)
        page: dict[str, Any] = {
            "kind": "calendar#events",
            "summary": calendar.summary,
            "timeZone": calendar.zone,
            "accessRole": calendar.role,
            "items": [self._shown(item, query) for item in items[:size]],
        }
        if len(items) > size:
            page["nextPageToken"] = name = f"page-{next(self._ids)}"
            self.listings[name] = (asked, items[size:], token)
        elif token:
            page["nextSyncToken"] = token
        return page

    def _listing(self, calendar: Calendar, query: dict[str, str]) -> tuple[list[dict[str, Any]], str]:
        single = query.get("singleEvents") == "true"
        if not single:
            raise Refusal(400, "invalid", "this fake shows series only as single events")
        if "syncToken" in query:
            wrong = [name for name in _SYNC_FORBIDS if name in query]
            if wrong:
                raise Refusal(400, "invalid", f"Sync token cannot be combined with {wrong[0]}.")
            known = self.tokens.get(query["syncToken"])
            if known is None or known[0] != calendar.id:
                raise Refusal(410, "fullSyncRequired", "Sync token is no longer valid, a full sync is required.")
            _, since, low, high, deleted = known
            if deleted != (query.get("showDeleted") == "true"):
                raise Refusal(400, "invalid", "showDeleted differs from that of the initial request")
        else:
            since, deleted = 0, query.get("showDeleted") == "true"
            low = datetime.fromisoformat(query["timeMin"]) if "timeMin" in query else None
            high = datetime.fromisoformat(query["timeMax"]) if "timeMax" in query else None
        items = calendar.shown(low, high, since)
        if not since:
            items = [item for item in items if "start" in item and (deleted or item.get("status") != "cancelled")]
        token = ""
        if "orderBy" not in query:
            token = f"sync-{next(self._ids)}"
            self.tokens[token] = (calendar.id, calendar.revision, low, high, deleted)
        return items, token

    @staticmethod
    def _shown(item: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
        most = int(query.get("maxAttendees", "0"))
        attendees = item.get("attendees", ())
        if most and len(attendees) > most:
            return {**item, "attendees": [a for a in attendees if a.get("self")], "attendeesOmitted": True}
        return item

    def list_calendars(self) -> dict[str, Any]:
        return {
            "kind": "calendar#calendarList",
            "items": [
                {"id": each.id, "summary": each.summary, "timeZone": each.zone, "accessRole": each.role}
                | ({"primary": True} if each.id == OWNER else {})
                for each in self.calendars.values()
            ],
        }
