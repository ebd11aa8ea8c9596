"""The invites that lie in a Maildir's mail (iMIP, RFC 6047), as a calendar.

A mail that is thrown away or moved says nothing about its event, so nothing is ever reported as removed. Newcomers are
known by the time at which the file system put them there (ctime), whatever date a sync program gives the file.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.errors import ConnectorError, TemporaryError
from connectors.imip import may_hold_invite, read_message
from connectors.local import watch
from connectors.local.folder import Entry, entries, read
from connectors.local.layout import Layout, look
from connectors.local.vdir import told_apart
from connectors.model import LIMITS, CalendarDelta, CheckLine, Invite, Place, Problem, Window
from connectors.ports import Subscription

BATCH = 5_000
"""Messages read in one pull."""
_OVERLAP_NS = 60_000_000_000


class MaildirCalendar:
    """Fulfils `ports.Calendar` and `ports.Watchable`. Not for several threads at once."""

    def __init__(
        self,
        path: Path,
        zone: ZoneInfo,
        *,
        places: Mapping[Place, str] | None = None,
        folders: Sequence[str] = (),
        name: str = "maildir",
        account: str = "",
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._path = path
        self._zone = zone
        self._places = dict(places or {})
        self._folders = tuple(folders)
        self._name = name
        self._account = account
        self._clock_ns = clock_ns
        self._read: dict[tuple[str, str, int, int], int] = {}
        self._at = ""

    @property
    def name(self) -> str:
        """The configured name."""
        return self._name

    def check(self, *, write: bool = False) -> Sequence[CheckLine]:  # noqa: ARG002 - a calendar is never written
        """Which folders are read for invites."""
        try:
            layout = look(self._path, self._places)
        except ConnectorError as error:
            return (CheckLine("invites in mail", "failing", error.message, error.remedy),)
        return (CheckLine("invites in mail", "ok", ", ".join(self._names(layout)) or "no folder"),)

    def close(self) -> None:
        """Nothing is held open."""

    def subscribe(self, wake: Callable[[], None]) -> Subscription:
        """Wake-ups when mail comes in."""
        return watch.subscribe(self._path, wake)

    def pull(self, cursor: str | None, window: Window) -> CalendarDelta:
        """See the port. `removed` is always empty and `full` never true. Raises TemporaryError."""
        began, (after, start) = self._clock_ns(), _read_cursor(cursor)
        if start is None or window.start < start:
            after, start = 0, window.start
        if after == 0 or cursor != self._at:
            self._read.clear()
        try:
            waiting = self._waiting(after)
        except ConnectorError as error:
            error.account, error.operation = error.account or self._account, error.operation or "pull"
            raise
        except OSError as error:
            raise TemporaryError(
                f"{error.filename or self._path}: {error.strerror or error}", account=self._account, operation="pull"
            ) from error
        invites: list[Invite] = []
        problems: list[Problem] = []
        batch, more = waiting[:BATCH], len(waiting) > BATCH
        for folder, entry in batch:
            self._take(folder, entry, start, invites, problems)
        reached = batch[-1][1].ctime_ns if more else max(after, began - _OVERLAP_NS)
        self._read = {mark: ctime for mark, ctime in self._read.items() if ctime >= reached}
        self._at = json.dumps([1, reached, start.isoformat()])
        return CalendarDelta(tuple(invites), (), self._at, full=False, problems=tuple(problems), more=more)

    def _names(self, layout: Layout) -> list[str]:
        names = layout.mail_folders()
        return [name for name in names if name in self._folders] if self._folders else names

    def _waiting(self, after: int) -> list[tuple[str, Entry]]:
        layout = look(self._path, self._places)
        found = [
            (name, entry)
            for name in self._names(layout)
            for entry in entries(layout.paths[name])
            if entry.ctime_ns >= after and (name, entry.unique, entry.mtime_ns, entry.size) not in self._read
        ]
        return sorted(found, key=lambda item: (item[1].ctime_ns, item[1].unique))

    def _take(self, folder: str, entry: Entry, start: datetime, invites: list[Invite], problems: list[Problem]) -> None:
        key = f"{folder}/{entry.unique}"
        try:
            data = read(entry) if entry.size <= LIMITS.message_bytes else None
        except OSError as error:
            problems.append(Problem(str(entry.path), f"cannot be read: {error.strerror or error}"))
            return
        self._read[folder, entry.unique, entry.mtime_ns, entry.size] = entry.ctime_ns
        if data is None or not may_hold_invite(data):
            return
        reading = read_message(data, key=key, zone=self._zone, calendar=self._name, received_at=entry.arrived)
        problems.extend(reading.problems)
        invites.extend(invite for invite in told_apart(reading.invites) if _may_matter(invite, start))


def _may_matter(invite: Invite, start: datetime) -> bool:
    """An event that was over before the window began never comes back into one that moves forward."""
    return any(event.recurs or event.recurrence_id or event.end >= start for event in invite.events)


def _read_cursor(cursor: str | None) -> tuple[int, datetime | None]:
    try:
        version, after, start = json.loads(cursor or "null")
        return (int(after), datetime.fromisoformat(start)) if version == 1 else (0, None)
    except (ValueError, TypeError):
        return 0, None
