"""A folder of .ics files (vdir, https://vdirsyncer.pimutils.org/en/stable/vdir.html), or one .ics file, as a calendar.

The cursor holds a digest of all file times; which file had which lies in memory. After a restart with nothing changed
the digest says so; with a change, everything is given out anew, which is cheap: a scan leaves out files that cannot
touch the window. A folder in which more than a handful of files were and none is left counts as a fault (a sync or a
mount that went wrong), as in vdirsyncer; delete its cursor in the store, or put one event there, if it is meant.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.errors import TemporaryError
from connectors.ics import read_calendar
from connectors.local import watch
from connectors.model import LIMITS, CalendarDelta, CheckLine, Invite, Problem, Window
from connectors.ports import Subscription
from connectors.scan import scan

MAY_EMPTY = 3
"""So many files may vanish at once and leave the folder empty without being taken for a fault."""
_BEFORE, _AFTER = timedelta(days=7), timedelta(days=31)
_SETTLED_NS = 2_000_000_000
_DEPTH = 4


@dataclass(frozen=True, slots=True)
class _Stat:
    mtime_ns: int
    size: int
    inode: int


@dataclass(frozen=True, slots=True)
class _File:
    stat: _Stat | None
    """None: written so recently that a further change might not show in its time."""
    keys: frozenset[str]
    """Of the invites given out for it."""


@dataclass(frozen=True, slots=True)
class _Cursor:
    digest: str
    files: int
    window: Window

    def write(self) -> str:
        return json.dumps([1, self.digest, self.files, self.window.start.isoformat(), self.window.end.isoformat()])

    @classmethod
    def read(cls, text: str | None) -> "_Cursor | None":
        try:
            version, digest, files, start, end = json.loads(text or "null")
            window = Window(datetime.fromisoformat(start), datetime.fromisoformat(end))
            return cls(str(digest), int(files), window) if version == 1 else None
        except (ValueError, TypeError):
            return None


class VdirCalendar:
    """Fulfils `ports.Calendar` and `ports.Watchable`. Not for several threads at once."""

    def __init__(
        self,
        path: Path,
        zone: ZoneInfo,
        *,
        name: str = "vdir",
        account: str = "",
        owned: bool = True,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._path = path
        self._zone = zone
        self._name = name
        self._account = account
        self._owned = owned
        self._clock_ns = clock_ns
        self._files: dict[str, _File] = {}
        self._at = ""

    @property
    def name(self) -> str:
        """The configured name."""
        return self._name

    def check(self, *, write: bool = False) -> Sequence[CheckLine]:  # noqa: ARG002 - a calendar is never written
        """Whether the folder is there, and how many files it holds."""
        try:
            found = self._list()
        except TemporaryError as error:
            return (CheckLine("calendar files", "failing", error.message, error.remedy),)
        state = "ok" if found else "warning"
        return (CheckLine("calendar files", state, f"{len(found)} in {self._path}"),)

    def close(self) -> None:
        """Nothing is held open."""

    def subscribe(self, wake: Callable[[], None]) -> Subscription:
        """Wake-ups when a file changes."""
        return watch.subscribe(self._path, wake)

    def pull(self, cursor: str | None, window: Window) -> CalendarDelta:
        """See the port. Raises TemporaryError if the folder is not there, or suddenly empty."""
        found = self._list()
        before = _Cursor.read(cursor)
        if before is not None and not found and before.files > MAY_EMPTY:
            raise TemporaryError(
                f"{self._path} held {before.files} calendar files and is empty now",
                account=self._account,
                operation="pull",
                remedy="look whether the sync or the mount went wrong",
            )
        covers = before is not None and before.window.start <= window.start and window.end <= before.window.end
        if before is None or not covers:
            return self._everything(found, window)
        if cursor == self._at:
            return self._changes(found, before)
        if before.digest == _digest(found):
            return CalendarDelta((), (), before.write(), full=False)
        return self._everything(found, before.window)

    def _everything(self, found: dict[str, _Stat], window: Window) -> CalendarDelta:
        wide = Window(_shift(window.start, -_BEFORE), _shift(window.end, _AFTER))
        self._files = {}
        invites: list[Invite] = []
        problems: list[Problem] = []
        for key, stat in found.items():
            self._take(key, stat, wide, invites, problems)
        return self._delta(invites, (), problems, wide, full=True)

    def _changes(self, found: dict[str, _Stat], before: _Cursor) -> CalendarDelta:
        invites: list[Invite] = []
        problems: list[Problem] = []
        removed: set[str] = set()
        for key in self._files.keys() - found.keys():
            removed |= self._files.pop(key).keys
        for key, stat in found.items():
            known = self._files.get(key)
            if known is None or known.stat != stat:
                removed |= self._take(key, stat, None, invites, problems)
        removed -= {invite.key for invite in invites}
        return self._delta(invites, tuple(sorted(removed)), problems, before.window, full=False)

    def _take(
        self, key: str, stat: _Stat, window: Window | None, invites: list[Invite], problems: list[Problem]
    ) -> frozenset[str]:
        """Reads one file; the keys of invites that are no longer in it. An unreadable file keeps its invites."""
        old = self._files[key].keys if key in self._files else frozenset()
        settled = stat if self._clock_ns() - stat.mtime_ns > _SETTLED_NS else None
        try:
            data = self._read(key, stat)
        except FileNotFoundError:
            return frozenset()
        except OSError as error:
            problems.append(Problem(str(self._path / key), f"cannot be read: {error.strerror or error}"))
            self._files[key] = _File(stat, old)
            return frozenset()
        if isinstance(data, Problem):
            problems.append(data)
            self._files[key] = _File(stat, old)
            return frozenset()
        rough = scan(data) if window is not None else None
        if window is not None and rough is not None and not rough.touches(window):
            self._files[key] = _File(settled, frozenset())
            return frozenset()
        received = datetime.fromtimestamp(stat.mtime_ns / 1e9, UTC)
        reading = read_calendar(
            data, key=key, zone=self._zone, calendar=self._name, owned=self._owned, received_at=received
        )
        problems.extend(reading.problems)
        if reading.problems and not reading.invites:
            self._files[key] = _File(settled, old)
            return frozenset()
        given = told_apart(reading.invites)
        invites.extend(given)
        keys = frozenset(invite.key for invite in given)
        self._files[key] = _File(settled, keys)
        return old - keys

    def _read(self, key: str, stat: _Stat) -> bytes | Problem:
        path = self._path / key if key else self._path
        if stat.size > LIMITS.message_bytes:
            return Problem(str(path), f"has {stat.size} bytes, more than the {LIMITS.message_bytes} that are read")
        return path.read_bytes()

    def _delta(
        self, invites: list[Invite], removed: tuple[str, ...], problems: list[Problem], window: Window, *, full: bool
    ) -> CalendarDelta:
        stats = {key: file.stat for key, file in self._files.items()}
        self._at = _Cursor(_digest(stats), len(self._files), window).write()
        return CalendarDelta(tuple(invites), removed, self._at, full, tuple(problems))

    def _list(self) -> dict[str, _Stat]:
        try:
            if self._path.is_dir():
                return dict(sorted(_walk(self._path, "", _DEPTH)))
            status = self._path.stat()
        except OSError as error:
            raise TemporaryError(
                f"{self._path} cannot be read: {error.strerror or error}",
                account=self._account,
                operation="pull",
                remedy="is the disk mounted, the path right?",
            ) from error
        return {"": _Stat(status.st_mtime_ns, status.st_size, status.st_ino)}


def _walk(folder: Path, prefix: str, depth: int) -> Iterator[tuple[str, _Stat]]:
    """Files named .ics, hidden ones and vdirsyncer's .tmp aside; subfolders are collections, read likewise."""
    with os.scandir(folder) as listing:
        for item in listing:
            if item.name.startswith("."):
                continue
            try:
                if item.is_dir():
                    if depth:
                        yield from _walk(folder / item.name, f"{prefix}{item.name}/", depth - 1)
                elif item.name.lower().endswith((".ics", ".ical", ".icalendar")):
                    status = item.stat()
                    yield prefix + item.name, _Stat(status.st_mtime_ns, status.st_size, status.st_ino)
            except FileNotFoundError:
                continue


def _digest(stats: Mapping[str, _Stat | None]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for key, stat in sorted(stats.items()):
        digest.update(
            f"{key}\0{stat.mtime_ns} {stat.size} {stat.inode}\0".encode("utf-8", "surrogateescape") if stat else b"?"
        )
    return digest.hexdigest()


def told_apart(invites: Sequence[Invite]) -> tuple[Invite, ...]:
    """Keys are unique in a calendar: where one file or mail speaks of several UIDs, each key names its own."""
    if len(invites) < 2:
        return tuple(invites)
    return tuple(replace(invite, key=f"{invite.key}#{invite.uid}") for invite in invites)


def _shift(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:
        return moment
