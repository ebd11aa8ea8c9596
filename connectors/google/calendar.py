"""Google Calendar, read by sync tokens: one request for each calendar in which nothing changed.

Series come expanded (`singleEvents`), cancelled events with what they were (`showDeleted`), so that a cancellation is
told from a deletion. Where the owner's Gmail is used, too, the mail that brought a new event is looked up.

A sync token keeps the range of its first request (https://developers.google.com/workspace/calendar/api/guides/sync);
that range is laid some weeks wider than asked for, so that it is seldom outgrown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.errors import ConnectorError, CursorExpired, ProtocolViolation
from connectors.google.cursor import Cursor
from connectors.google.errors import NotFound, reading
from connectors.google.event import FIELDS, calendar_zone, read_invite
from connectors.google.invitation import Invitations
from connectors.google.service import Api, Json, Usage
from connectors.model import CalendarDelta, CheckLine, Invite, Problem, Window

AHEAD = timedelta(weeks=4)
"""How much further than asked for the first request of a sync token reaches."""
PAGE = 2500
"""The most that the API gives in one answer."""
_ANSWER = f"nextPageToken,nextSyncToken,timeZone,items({FIELDS})"


@dataclass(slots=True)
class _Haul:
    """What one pull gathers."""

    invites: list[Invite] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    series: set[str] = field(default_factory=set)


class GoogleCalendar:
    """The calendars of one table of the config. Fulfils `ports.Calendar`."""

    def __init__(
        self,
        api: Api,
        *,
        name: str,
        zone: ZoneInfo,
        calendars: Sequence[str] = ("primary",),
        owned: bool = True,
        account: str = "",
    ) -> None:
        """`zone` is the owner's, for a calendar that tells none."""
        self._api = api
        self._name = name
        self._zone = zone
        self._calendars = tuple(calendars)
        self._owned = owned
        self._account = account
        self._invitations = Invitations(api)

    @property
    def name(self) -> str:
        """The configured name."""
        return self._name

    @property
    def usage(self) -> Usage:
        """What was asked of Google since the start."""
        return self._api.usage

    def spent(self) -> Mapping[str, int]:
        """Requests, bytes and quota units since the port was opened."""
        return self._api.usage.told()

    def pull(self, cursor: str | None, window: Window) -> CalendarDelta:
        """See the port: a page at a time where there is much. Raises CursorExpired, ConnectorError."""
        with reading(self._account, "pull"):
            return self._pull(cursor, window)

    def check(self, *, write: bool = False) -> Sequence[CheckLine]:  # noqa: ARG002 (the port's; nothing is written)
        """Whether each calendar can be read; nothing is ever written."""
        return tuple(self._check_one(calendar) for calendar in self._calendars)

    def close(self) -> None:
        """Let go of the connection."""
        self._api.close()

    def _pull(self, cursor: str | None, window: Window) -> CalendarDelta:
        mark = self._resumed(cursor, window)
        begins = mark is None
        if mark is None:
            covers = Window(window.start.astimezone(UTC), window.end.astimezone(UTC) + AHEAD)
            mark = Cursor(covers, todo=self._calendars)
        haul = _Haul(series=set(mark.series))
        mark = replace(mark, todo=mark.todo or self._calendars)
        while mark.todo and len(haul.invites) < PAGE:
            mark = self._read_page(mark, haul, fresh=mark.todo[0] not in mark.tokens)
        mark = replace(mark, series=frozenset(haul.series))
        removed = () if begins else tuple(haul.removed)
        return CalendarDelta(
            tuple(self._invitations.attach(haul.invites, mark.covers.start)),
            removed,
            mark.dump(),
            full=begins,
            problems=tuple(haul.problems),
            more=bool(mark.todo),
        )

    def _resumed(self, cursor: str | None, window: Window) -> Cursor | None:
        """The cursor, where it is good for this window and these calendars; None to begin anew."""
        if cursor is None:
            return None
        mark = Cursor.load(cursor)
        if window.start < mark.covers.start or window.end > mark.covers.end:
            return None
        if {*mark.tokens, *mark.todo} != set(self._calendars):
            return None
        if not mark.todo and not all(mark.tokens.values()):
            return None
        return mark

    def _read_page(self, mark: Cursor, haul: _Haul, *, fresh: bool) -> Cursor:
        calendar = mark.todo[0]
        asked: dict[str, Any] = {
            "calendarId": calendar,
            "singleEvents": True,
            "showDeleted": True,
            "maxResults": PAGE,
            "fields": _ANSWER,
        }
        if fresh:
            asked |= {"timeMin": mark.covers.start.isoformat(), "timeMax": mark.covers.end.isoformat()}
        else:
            asked["syncToken"] = mark.tokens[calendar]
        if mark.page:
            asked["pageToken"] = mark.page
        answer = self._ask(calendar, asked)
        if not answer:
            # Even an empty calendar tells its zone; believed, this would count every event as gone.
            raise ProtocolViolation("the answer is empty", operation="pull")
        zone = calendar_zone(str(answer.get("timeZone", "")), self._zone)
        for item in answer.get("items") or ():
            self._take(item, calendar, zone, haul, frozenset() if fresh else mark.series)
        page = str(answer.get("nextPageToken", ""))
        if page:
            return replace(mark, page=page)
        tokens = {**mark.tokens, calendar: str(answer.get("nextSyncToken", ""))}
        return replace(mark, page="", todo=mark.todo[1:], tokens=tokens)

    def _ask(self, calendar: str, asked: dict[str, Any]) -> Json:
        try:
            return self._api.call("pull", self._api.calendar.events().list(**asked))
        except NotFound as error:
            # Left out silently, all that it held would count as gone, and drafts be taken back.
            raise ConnectorError(
                f"the calendar {calendar} is not found",
                account=error.account,
                operation="pull",
                remedy="correct `calendars`; its id stands in its settings, under Integrate calendar",
            ) from None
        except ProtocolViolation:
            if "pageToken" not in asked:
                raise
            # The page before was asked for in the same words, so it is the page token that Google no longer takes.
            raise CursorExpired("Google no longer knows how far was read", operation="pull") from None

    def _take(self, item: Json, calendar: str, zone: ZoneInfo, haul: _Haul, series: frozenset[str]) -> None:
        event_id = str(item.get("id", ""))
        key = f"{calendar}/{event_id}"
        if item.get("status") == "cancelled" and f"{calendar}/{event_id}" in series:
            raise CursorExpired("a whole series was deleted", operation="pull")
        if parent := item.get("recurringEventId"):
            haul.series.add(f"{calendar}/{parent}")
        try:
            invite = read_invite(item, key=key, calendar=self._name, zone=zone, owned=self._owned)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
            haul.problems.append(Problem(key, "this event has times that cannot be read; open and save it in Google"))
            return
        if invite is not None:
            haul.invites.append(invite)
        elif item.get("status") == "cancelled":
            haul.removed.append(key)

    def _check_one(self, calendar: str) -> CheckLine:
        what = f"calendar {calendar}"
        try:
            request = self._api.calendar.events().list(
                calendarId=calendar, singleEvents=True, maxResults=1, fields="summary,timeZone"
            )
            with reading(self._account, "check"):
                answer = self._api.call("check", request)
        except NotFound:
            return CheckLine(what, "failing", "it is not found", f"correct `calendars`{self._known()}")
        except ConnectorError as error:
            return CheckLine(what, "failing", error.message, error.remedy)
        return CheckLine(what, "ok", f"{answer.get('summary', '')} ({answer.get('timeZone', 'no zone')})")

    def _known(self) -> str:
        try:
            request = self._api.calendar.calendarList().list(maxResults=250, fields="items(id,summary)")
            with reading(self._account, "check"):
                listed = self._api.call("check", request).get("items") or ()
                names = [f"{each.get('id')} ({each.get('summary', '')})" for each in listed]
        except ConnectorError:
            return ""
        return f"; you have {', '.join(names)}" if names else ""
