"""File events for everything local: one thread for all subscriptions of the process (inotify and the like)."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

log = logging.getLogger(__name__)
_RETRY_MS = 5_000


class _Subscription:
    def __init__(self, path: Path, wake: Callable[[], None], forget: Callable[["_Subscription"], None]) -> None:
        self.path = path
        self._wake = wake
        self._forget = forget
        self._open = True
        self._lock = threading.RLock()

    def tell(self) -> None:
        with self._lock:
            if self._open:
                self._wake()

    def close(self) -> None:
        with self._lock:
            self._open = False
        self._forget(self)


class _Watch:
    """Owns the thread. It restarts the watch when the set of paths changes and when a missing path appears."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscriptions: list[_Subscription] = []
        self._changed = threading.Event()
        self._thread: threading.Thread | None = None

    def subscribe(self, path: Path, wake: Callable[[], None]) -> _Subscription:
        subscription = _Subscription(path.absolute(), wake, self._forget)
        with self._lock:
            self._subscriptions.append(subscription)
            self._changed.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="file-events", daemon=True)
                self._thread.start()
        return subscription

    def _forget(self, subscription: _Subscription) -> None:
        with self._lock:
            if subscription in self._subscriptions:
                self._subscriptions.remove(subscription)
                self._changed.set()

    def _current(self) -> list[_Subscription] | None:
        with self._lock:
            self._changed.clear()
            if not self._subscriptions:
                self._thread = None
                return None
            return list(self._subscriptions)

    def _run(self) -> None:
        while (subscriptions := self._current()) is not None:
            there = {subscription.path for subscription in subscriptions if subscription.path.exists()}
            if not there:
                self._changed.wait(_RETRY_MS / 1000)
                continue
            try:
                self._follow(subscriptions, there)
            except (OSError, RuntimeError) as error:
                log.warning("file events are not to be had, polling goes on: %s", error)
                self._changed.wait(_RETRY_MS / 1000)

    def _follow(self, subscriptions: list[_Subscription], there: set[Path]) -> None:
        import watchfiles  # noqa: PLC0415 - only where something local is watched

        events = watchfiles.watch(
            *there,
            watch_filter=None,
            stop_event=self._changed,
            debounce=2000,
            # Each step is a wake-up of an idle process; a second is soon enough for a folder.
            step=1000,
            rust_timeout=_RETRY_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
            ignore_permission_denied=True,
        )
        established = False
        for batch in events:
            if not established:
                # What changed before the watch stood has raised no event, and the first look may have come before it.
                established = True
                for subscription in subscriptions:
                    subscription.tell()
            changed = [path for path in (Path(name) for _, name in batch) if not _half_delivered(path)]
            for subscription in subscriptions:
                if any(path == subscription.path or subscription.path in path.parents for path in changed):
                    subscription.tell()
            if any(s.path.exists() != (s.path in there) for s in subscriptions):
                for subscription in subscriptions:
                    subscription.tell()
                return


def _half_delivered(path: Path) -> bool:
    return path.parent.name == "tmp" and (path.parent.parent / "cur").is_dir()


_watch = _Watch()


def subscribe(path: Path, wake: Callable[[], None]) -> _Subscription:
    """Call `wake` from the shared thread when anything at or below `path` changes, also once it comes to exist."""
    return _watch.subscribe(path, wake)
