"""Calendars at Microsoft, read by delta links: one request for each calendar in which nothing changed.

Series come expanded (calendarView). Source: https://learn.microsoft.com/en-us/graph/api/event-delta. A delta link
keeps the range of its first request; that range is laid some weeks wider than asked for, so that it is seldom
outgrown. Of an occurrence that is as its series says, only the times are told: the rest is taken from the series.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from connectors.errors import ConnectorError, CursorExpired
from connectors.graph.cursor import Cursor
from connectors.graph.errors import NotFound
from connectors.graph.event import read_invite, with_series
from connectors.graph.survey import listed, utc
from connectors.graph.wire import Ask, Graph, Usage
from connectors.model import CalendarDelta, CheckLine, Invite, Problem, Window

AHEAD = timedelta(weeks=4)
"""How much further than asked for the first request of a delta link reaches."""
MOST = 2_000
"""Events handed out in one pull; the cursor leads on."""
_PREFER = 'IdType="ImmutableId", outlook.timezone="UTC", odata.maxpagesize=200'

Json = Mapping[str, Any]


@dataclass(slots=True)
class _Haul:
    """What one pull gathers."""

    items: dict[str, tuple[str, Json]] = field(default_factory=dict)
    """Key -> calendar and event."""
    removed: dict[str, None] = field(default_factory=dict)
    masters: dict[str, Json] = field(default_factory=dict)


class GraphCalendar:
    """The calendars of one table of the config. Fulfils `ports.Calendar`."""

    def __init__(
        self,
        graph: Graph,
        *,
        name: str = "graph",
        zone: ZoneInfo,
        addresses: frozenset[str] = frozenset(),
        calendars: Sequence[str] = (),
        owned: bool = True,
    ) -> None:
        """`zone` is the owner's, for whole days; no `calendars` means the standard one."""
        self._graph = graph
        self._name = name
        self._zone = zone
        self._owners = addresses
        self._calendars = tuple(calendars) or ("",)
        self._owned = owned
        self._paths: dict[str, str] = {"": "me"}

    @property
    def name(self) -> str:
        """The configured name."""
        return self._name

    @property
    def usage(self) -> Usage:
        """What was asked of Microsoft since the start."""
        return self._graph.usage

    def pull(self, cursor: str | None, window: Window) -> CalendarDelta:
        """See the port: some pages at a time where there is much. Raises CursorExpired, ConnectorError."""
        mark = self._resumed(cursor, window)
        begins = mark is None
        if mark is None:
            covers = Window(window.start.astimezone(UTC), window.end.astimezone(UTC) + AHEAD)
            mark = Cursor(covers, todo=self._calendars)
        mark = replace(mark, todo=mark.todo or self._calendars)
        haul = _Haul()
        known = mark.series
        while mark.todo and len(haul.items) < MOST:
            mark = self._read_page(mark, haul, known)
        invites, problems = self._read(haul)
        series = {
            f"{calendar}/{parent}" for calendar, item in haul.items.values() if (parent := item.get("seriesMasterId"))
        }
        return CalendarDelta(
            tuple(invites),
            () if begins else tuple(key for key in haul.removed if key not in haul.items),
            replace(mark, series=known | series).dump(),
            full=begins,
            problems=tuple(problems),
            more=bool(mark.todo),
        )

    def check(self, *, write: bool = False) -> Sequence[CheckLine]:  # noqa: ARG002 (the port's; nothing is written)
        """Whether each calendar can be read; nothing is ever written."""
        return tuple(self._check_one(calendar) for calendar in self._calendars)

    def close(self) -> None:
        """Let go of connections."""
        self._graph.close()

    def _resumed(self, cursor: str | None, window: Window) -> Cursor | None:
        """The cursor, where it is good for this window and these calendars; None to begin anew."""
        if cursor is None:
            return None
        mark = Cursor.load(cursor)
        if window.start < mark.covers.start or window.end > mark.covers.end:
            return None
        if {*mark.links, *mark.todo} != set(self._calendars):
            return None
        if not mark.todo and not all(mark.links.values()):
            return None
        return mark

    def _read_page(self, mark: Cursor, haul: _Haul, series: frozenset[str]) -> Cursor:
        calendar = mark.todo[0]
        link = mark.page or mark.links.get(calendar, "")
        if not link:
            covers = f"startDateTime={utc(mark.covers.start)}&endDateTime={utc(mark.covers.end)}"
            link = f"{self._path(calendar)}/calendarView/delta?{covers}"
        try:
            answer = self._graph.call("pull", "GET", link, headers={"Prefer": _PREFER})
        except NotFound:
            raise self._missing(calendar) from None
        for item in listed(answer):
            self._take(item, calendar, haul, series)
        page = answer.get("@odata.nextLink")
        if isinstance(page, str) and page:
            return replace(mark, page=page)
        links = {**mark.links, calendar: str(answer.get("@odata.deltaLink") or "")}
        return replace(mark, page="", todo=mark.todo[1:], links=links)

    def _take(self, item: Json, calendar: str, haul: _Haul, series: frozenset[str]) -> None:
        identity = str(item.get("id", ""))
        key = f"{calendar}/{identity}"
        if "@removed" in item:
            if key in series:
                raise CursorExpired("a whole series was deleted", operation="pull")
            haul.removed[key] = None
        elif item.get("type") == "seriesMaster":
            haul.masters[identity] = item
        else:
            haul.removed.pop(key, None)
            haul.items[key] = calendar, item

    def _read(self, haul: _Haul) -> tuple[list[Invite], list[Problem]]:
        self._fetch_masters(haul)
        invites: list[Invite] = []
        problems: list[Problem] = []
        for key, (_, item) in haul.items.items():
            master = haul.masters.get(str(item.get("seriesMasterId", "")), {})
            try:
                invites.append(
                    read_invite(
                        with_series(item, master),
                        key=key,
                        calendar=self._name,
                        zone=self._zone,
                        owners=self._owners,
                        owned=self._owned,
                    )
                )
            except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
                problems.append(Problem(key, "this event cannot be understood; open and save it in Outlook"))
        return invites, problems

    def _fetch_masters(self, haul: _Haul) -> None:
        bare = {
            str(item["seriesMasterId"])
            for _, item in haul.items.values()
            if item.get("seriesMasterId") and not item.get("iCalUId")
        }
        wanted = sorted(bare - set(haul.masters))
        asks = [Ask(f"me/events/{quote(each, safe='')}", headers={"Prefer": _PREFER}) for each in wanted]
        for identity, answer in zip(wanted, self._graph.batch("pull", asks), strict=True):
            if isinstance(answer, Mapping):
                haul.masters[identity] = answer
            elif not isinstance(answer, NotFound):
                raise answer

    def _path(self, calendar: str) -> str:
        """The path of a calendar that the config names by id or by name."""
        if calendar not in self._paths:
            known = self._known("pull")
            identity = calendar if calendar in known else next((i for i, n in known.items() if n == calendar), "")
            if not identity:
                raise self._missing(calendar)
            self._paths[calendar] = f"me/calendars/{quote(identity, safe='')}"
        return self._paths[calendar]

    def _known(self, operation: str) -> dict[str, str]:
        pages = self._graph.pages(operation, "me/calendars?$select=id,name&$top=100")
        return {str(each.get("id")): str(each.get("name", "")) for page in pages for each in listed(page)}

    def _missing(self, calendar: str) -> ConnectorError:
        # Left out silently, all that it held would count as gone, and drafts be taken back.
        return ConnectorError(
            f"the calendar {calendar or 'Calendar'} is not found",
            account=self._graph.account,
            operation="pull",
            remedy="correct `calendars`; `afterword check` lists those that you have",
        )

    def _check_one(self, calendar: str) -> CheckLine:
        what = f"calendar {calendar}".strip()
        try:
            if not calendar:
                answer = self._graph.call("check", "GET", "me/calendar?$select=name")
                return CheckLine(what, "ok", str(answer.get("name", "")))
            known = self._known("check")
        except ConnectorError as error:
            return CheckLine(what, "failing", error.message, error.remedy)
        if calendar in known or calendar in known.values():
            return CheckLine(what, "ok", known.get(calendar, calendar))
        return CheckLine(
            what, "failing", "it is not found", f"correct `calendars`; you have {', '.join(known.values())}"
        )
