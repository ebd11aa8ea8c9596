"""Calendars on an Exchange server, and the invites in the inbox.

A calendar is read by SyncFolderItems: one request where nothing changed. What is listed bears its times, so that only
items that touch the window are read whole, and every series. An invite in the inbox tells what the calendar item does
not: which mail to answer, and a cancellation that the server has not put into the calendar yet. It is never reported
as removed: Outlook takes an invite out of the inbox once it is answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.errors import ConnectorError
from connectors.exchange.cursor import Cursor
from connectors.exchange.event import FIELDS, SERIES_FIELDS, is_series, read_series, read_single, times_of
from connectors.exchange.folders import Listed, fetched, folder_of, listing
from connectors.exchange.session import Session
from connectors.imip import read_message
from connectors.model import CalendarDelta, CheckLine, Invite, Place, Problem, Window

AHEAD = timedelta(weeks=4)
"""How much further than asked for items are handed out, so that a moving window seldom outgrows the cursor."""
LEAD = timedelta(days=60)
"""How long before the window's start an invite for an interview in it may have been mailed."""
_MARGIN = timedelta(days=1)
_CHANGES = 512
"""The most that SyncFolderItems gives in one answer."""
_TIMES = ("start", "end", "type")
_MEETING = "ipm.schedule.meeting."
_UNREADABLE = "the server cannot read this item; open and save it in Outlook"


@dataclass(slots=True)
class _Haul:
    """What one pull gathers."""

    invites: list[Invite] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


class ExchangeCalendar:
    """The calendars of one table of the config. Fulfils `ports.Calendar`."""

    def __init__(
        self,
        session: Session,
        *,
        name: str = "exchange",
        zone: ZoneInfo,
        addresses: frozenset[str] = frozenset(),
        calendars: Sequence[str] = (),
        owned: bool = True,
    ) -> None:
        """`zone` is the owner's, for whole days and for items without one; no `calendars` means the standard one."""
        self._session = session
        self._name = name
        self._zone = zone
        self._owners = addresses
        self._calendars = tuple(calendars) or ("",)
        self._owned = owned

    @property
    def name(self) -> str:
        """The configured name."""
        return self._name

    def pull(self, cursor: str | None, window: Window) -> CalendarDelta:
        """See the port. Raises CursorExpired, ConnectorError."""
        mark = self._resumed(cursor, window)
        begins = mark is None
        if mark is None:
            mark = Cursor(Window(window.start.astimezone(UTC), window.end.astimezone(UTC) + AHEAD))
        haul = _Haul()
        states: dict[str, str] = {}
        with self._session.use("pull") as account:
            for calendar in self._calendars:
                states[calendar] = self._read_calendar(account, calendar, mark, haul)
            since, told = self._read_inbox(account, mark, haul) if self._owned else (None, frozenset())
        following = Cursor(mark.covers, states, since, told)
        removed = () if begins else tuple(haul.removed)
        return CalendarDelta(tuple(haul.invites), removed, following.dump(), begins, tuple(haul.problems))

    def check(self, *, write: bool = False) -> Sequence[CheckLine]:  # noqa: ARG002 (the port's; nothing is written)
        """Whether each calendar can be read; nothing is ever written."""
        lines: list[CheckLine] = []
        for calendar in self._calendars:
            what = f"calendar {calendar}".strip()
            try:
                with self._session.use("check") as account:
                    lines.append(CheckLine(what, "ok", str(self._folder(account, calendar).name)))
            except ConnectorError as error:
                lines.append(CheckLine(what, "failing", error.message, error.remedy))
        return tuple(lines)

    def close(self) -> None:
        """Let go of connections."""
        self._session.close()

    def _resumed(self, cursor: str | None, window: Window) -> Cursor | None:
        """The cursor, where it is good for this window and these calendars; None to begin anew."""
        if cursor is None:
            return None
        mark = Cursor.load(cursor)
        if window.start < mark.covers.start or window.end > mark.covers.end:
            return None
        return mark if set(mark.states) == set(self._calendars) and all(mark.states.values()) else None

    def _folder(self, account: Any, calendar: str) -> Any:
        if not calendar:
            return account.calendar
        for folder in account.msg_folder_root.walk():
            if folder.name == calendar and str(folder.folder_class or "").startswith("IPF.Appointment"):
                return folder
        # Left out silently, all that it held would count as gone, and drafts be taken back.
        raise ConnectorError(
            f"the calendar {calendar} is not found",
            account=self._session.account,
            operation="pull",
            remedy="correct `calendars`: the name as Outlook shows it",
        )

    def _read_calendar(self, account: Any, calendar: str, mark: Cursor, haul: _Haul) -> str:
        """The new SyncState."""
        folder = self._folder(account, calendar)
        changes = _changes(folder, mark.states.get(calendar, ""), mark.covers)
        haul.removed += [f"{calendar}/{identity}" for identity in changes.gone]
        unreadable: list[Listed] = []
        for one, item in fetched(account, tuple(changes.singles.values()), FIELDS, unreadable):
            if is_series(item):
                changes.series[one.id] = one
            else:
                self._take(one, item, calendar, haul)
        for one, item in fetched(account, tuple(changes.series.values()), SERIES_FIELDS, unreadable):
            self._take(one, item, calendar, haul)
        haul.problems += [Problem(f"{calendar}/{one.id}", _UNREADABLE) for one in unreadable]
        return str(folder.item_sync_state or "")

    def _take(self, one: Listed, item: Any, calendar: str, haul: _Haul) -> None:
        key = f"{calendar}/{one.id}"
        known: dict[str, Any] = {
            "key": key,
            "calendar": self._name,
            "zone": self._zone,
            "owners": self._owners,
            "owned": self._owned,
        }
        try:
            if is_series(item):
                invite, problems = read_series(item, **known)
                haul.problems += problems
            else:
                invite = read_single(item, **known)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
            haul.problems.append(Problem(key, "this item cannot be understood; open and save it in Outlook"))
            return
        if invite is not None:
            haul.invites.append(invite)

    def _read_inbox(self, account: Any, mark: Cursor, haul: _Haul) -> tuple[datetime | None, frozenset[str]]:
        """Reads meeting requests and cancellations. The newest time seen, and the ids that were told near it."""
        begin = mark.mail_since - _MARGIN if mark.mail_since else mark.covers.start - LEAD
        listed, _ = listing(folder_of(account, Place.INBOX), begin)
        meetings = [one for one in listed if one.item_class.lower().startswith(_MEETING)]
        new = [one for one in meetings if one.id not in mark.mail_told]
        unreadable: list[Listed] = []
        for one, item in fetched(account, new, ("mime_content", "subject", "datetime_received"), unreadable):
            raw = item.mime_content
            if not isinstance(raw, bytes):
                unreadable.append(one)
                continue
            reading = read_message(
                raw,
                key=f"inbox/{one.id}",
                zone=self._zone,
                calendar=self._name,
                owned=self._owned,
                received_at=one.at,
            )
            haul.invites += _one_key_each(reading.invites)
            haul.problems += reading.problems
        haul.problems += [Problem(f"inbox/{one.id}", _UNREADABLE) for one in unreadable]
        newest = max((one.at for one in listed if one.at is not None), default=mark.mail_since)
        near = newest - _MARGIN if newest else None
        kept = frozenset(one.id for one in meetings if near is None or one.at is None or one.at >= near)
        return newest, kept


@dataclass(slots=True)
class _Changes:
    """What SyncFolderItems told, by item id; what came later counts."""

    singles: dict[str, Listed] = field(default_factory=dict)
    series: dict[str, Listed] = field(default_factory=dict)
    gone: dict[str, None] = field(default_factory=dict)

    def take(self, kind: str, item: Any, covers: Window) -> None:
        identity = str(item.id)
        for known in (self.singles, self.series, self.gone):
            known.pop(identity, None)
        one = Listed(identity, str(item.changekey or ""), None, "")
        if kind == "delete":
            self.gone[identity] = None
        elif is_series(item):
            self.series[identity] = one
        elif item.type is None or _touches(item, covers):
            # A series that is not told as one begins long before its last meeting.
            self.singles[identity] = one
        else:
            self.gone[identity] = None


def _changes(folder: Any, state: str, covers: Window) -> _Changes:
    """All that changed since this state; the folder holds the new one afterwards."""
    folder.item_sync_state = None
    changes = _Changes()
    told = folder.sync_items(sync_state=state or None, only_fields=list(_TIMES), max_changes_returned=_CHANGES)
    for kind, item in told:
        if isinstance(item, Exception):
            raise item
        if kind in ("create", "update", "delete"):
            changes.take(kind, item, covers)
    return changes


def _touches(item: Any, covers: Window) -> bool:
    """Whether it may lie within; what is not told lies within."""
    start, end = times_of(item)
    if start is None or end is None:
        return True
    return start < covers.end and end > covers.start


def _one_key_each(invites: Sequence[Invite]) -> list[Invite]:
    """A mail about several UIDs is several invites; the key of each is its own."""
    if len(invites) < 2:
        return list(invites)
    return [replace(invite, key=f"{invite.key}/{number}") for number, invite in enumerate(invites)]
