"""The Calendar port over CalDAV. One port reads all the calendars that its table in the config names.

A cycle in which nothing changed is one request: the calendar home lists every collection with its CTag and sync token.
The window is read with a margin, so that it is outgrown, and read anew, about once in five weeks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final
from zoneinfo import ZoneInfo

from connectors.caldav.changes import Changes, Resource, is_unchanged, read_changes
from connectors.caldav.cursor import Known, Reached, State, digest, dump, load
from connectors.caldav.discovery import Collection, Home, find_home, list_collections, select
from connectors.caldav.errors import Forbidden
from connectors.caldav.wire import NotFound, Wire
from connectors.errors import AuthenticationError, ConnectorError, TemporaryError
from connectors.ics import read_calendar
from connectors.model import CalendarDelta, CheckLine, Invite, Problem, Window

AHEAD: Final = timedelta(weeks=5)


@dataclass(slots=True)
class CalDav:
    """Calendars of one login. `calendars` names those to read; empty for all."""

    wire: Wire
    zone: ZoneInfo
    calendars: tuple[str, ...] = ()
    owned: bool = True
    _home: Home | None = None

    @property
    def name(self) -> str:
        """The configured name."""
        return self.wire.name

    def pull(self, cursor: str | None, window: Window) -> CalendarDelta:
        """See `connectors.ports.Calendar`.

        Raises CursorExpired only for a text that is no cursor of ours: an expired sync token is made good within.
        """
        state = None if cursor is None else load(cursor)
        grown = state is None or not state.covers(window)
        reading = _Reading(state, Window(window.start, window.end + AHEAD) if grown or state is None else state.window)
        chosen, missing = select(self._collections(), self.calendars)
        if missing and not any(not c.inbox for c in chosen):
            raise self._none_of(missing)
        if state is None and not any(not c.inbox for c in chosen):
            raise self._none_of(())
        reading.problems += [Problem(name, "there is no calendar of this name") for name in missing]
        for collection in chosen:
            before = reading.before(collection)
            if before is not None and not grown and is_unchanged(collection, before):
                reading.reached[collection.path] = before
                continue
            try:
                changes = read_changes(self.wire, collection, before, reading.window, full=grown)
            except ConnectorError as error:
                if isinstance(error, (TemporaryError, AuthenticationError)) and not isinstance(error, Forbidden):
                    raise
                reading.leave(collection, error)
                continue
            self._take(reading, collection, before, changes)
        reading.refuse_nothing()
        reading.keep_lost()
        return CalendarDelta(
            invites=tuple(reading.invites),
            removed=() if state is None else tuple(dict.fromkeys(reading.removed)),
            cursor=dump(State(reading.window, reading.reached)),
            full=state is None,
            problems=tuple(reading.problems),
        )

    def check(self, *, write: bool = False) -> Sequence[CheckLine]:  # noqa: ARG002 (a calendar is never written)
        """Login, the calendars found, and how each can be followed."""
        try:
            self._home = None
            found = self._collections()
            chosen, missing = select(found, self.calendars)
        except ConnectorError as error:
            return (CheckLine("calendars", "failing", error.message, error.remedy),)
        lines = [
            CheckLine("scheduling inbox" if c.inbox else f"calendar '{c.name}'", "ok", _way(c) + _whose(c))
            for c in chosen
        ]
        names = ", ".join(f"'{c.name}'" for c in found if not c.inbox) or "none"
        lines += [
            CheckLine(f"calendar '{name}'", "failing", "there is none of this name", f"the server has: {names}")
            for name in missing
        ]
        return lines or (CheckLine("calendars", "failing", "the server shows no calendar", "make one there"),)

    def close(self) -> None:
        """Let go of connections, and of where the calendars are."""
        self.wire.close()
        self._home = None

    def _collections(self) -> tuple[Collection, ...]:
        if self._home is not None:
            try:
                return list_collections(self.wire, self._home)
            except NotFound:
                # Providers move accounts to other servers; the configured address knows where to.
                self._home = None
        self._home = find_home(self.wire)
        return list_collections(self.wire, self._home)

    def _take(self, reading: "_Reading", collection: Collection, before: Reached | None, changes: Changes) -> None:
        forgotten = changes.gone | changes.left
        known = {} if before is None else {p: k for p, k in before.known.items() if p not in forgotten}
        was = {} if before is None else before.known
        if not reading.is_first:
            for path in changes.gone:
                reading.removed += was.get(path, Known("")).keys(path)
        for resource in changes.resources:
            invites, problems = self._read(resource, collection)
            reading.problems += problems
            now = _known(resource, invites)
            old = was.get(resource.path)
            if invites:
                reading.invites += _keyed(resource.path, invites)
                known[resource.path] = now
            elif problems and old is not None:
                # Unreadable is not removed: what was read of it before stays.
                known[resource.path] = replace(old, tag=resource.tag)
                continue
            else:
                known.pop(resource.path, None)
            if old is not None:
                kept = now.keys(resource.path) if invites else ()
                reading.removed += [key for key in old.keys(resource.path) if key not in kept]
        reading.problems += changes.problems
        reading.reached[collection.path] = Reached(changes.token, collection.ctag, known)

    def _read(self, resource: Resource, collection: Collection) -> tuple[tuple[Invite, ...], tuple[Problem, ...]]:
        found = read_calendar(
            resource.data,
            key=resource.path,
            zone=self.zone,
            calendar=self.name,
            owned=self.owned and collection.owned,
            received_at=_moment(resource.modified),
        )
        return found.invites, found.problems

    def _none_of(self, missing: Sequence[str]) -> ConnectorError:
        return ConnectorError(
            f"there is no calendar {' or '.join(repr(name) for name in missing) or 'for events'}",
            account=self.wire.where,
            operation="pull",
            remedy="`afterword check` lists the calendars of the server",
        )


class _Reading:
    """What one pull gathers."""

    def __init__(self, state: State | None, window: Window) -> None:
        self.window = window
        self.is_first = state is None
        self.reached: dict[str, Reached] = {}
        self.invites: list[Invite] = []
        self.removed: list[str] = []
        self.problems: list[Problem] = []
        self._state = state
        self._tried = 0
        self._unread: list[ConnectorError] = []

    def before(self, collection: Collection) -> Reached | None:
        """How far it was read; asked once for each collection."""
        self._tried += not collection.inbox
        return None if self._state is None else self._state.collections.get(collection.path)

    def leave(self, collection: Collection, error: ConnectorError) -> None:
        """Nothing of it was read: it stays as it was, and its marks are forgotten so that it is read the next time."""
        why = f"the calendar '{collection.name}' cannot be read: {error.message}"
        self.problems.append(Problem(collection.path, why))
        if not collection.inbox:
            self._unread.append(error)
        before = self._state.collections.get(collection.path) if self._state else None
        if before is not None:
            self.reached[collection.path] = replace(before, ctag="")

    def refuse_nothing(self) -> None:
        """Raises the first error if no calendar at all could be read."""
        if self._unread and len(self._unread) == self._tried:
            raise self._unread[0]

    def keep_lost(self) -> None:
        """A calendar that the server no longer lists is more likely a fault than a wish: what it gave stays."""
        if self._state is None:
            return
        for path, before in self._state.collections.items():
            if path not in self.reached:
                self.reached[path] = before
                self.problems.append(
                    Problem(path, "the server no longer lists this calendar; what was read of it stays")
                )


def _known(resource: Resource, invites: Sequence[Invite]) -> Known:
    return Known(resource.tag, tuple(digest(i.uid) for i in invites) if len(invites) > 1 else ())


def _keyed(path: str, invites: Sequence[Invite]) -> Sequence[Invite]:
    if len(invites) < 2:
        return invites
    return [replace(invite, key=f"{path}#{digest(invite.uid)}") for invite in invites]


def _moment(http_date: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(http_date)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _way(collection: Collection) -> str:
    if collection.token:
        return "followed by sync-collection"
    return "followed by CTag and ETags" if collection.ctag else "followed by ETags"


def _whose(collection: Collection) -> str:
    return "" if collection.owned else "; somebody else's, makes no drafts"
