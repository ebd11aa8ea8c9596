"""When accounts are served: `schedule` for the ticks, a bounded pool of workers, one job per account at a time.

Due times are not kept here: every cycle derives the next one from the store, so a restart forgets nothing.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import schedule

log = logging.getLogger("afterword.jobs")

LONGEST_SLEEP = timedelta(seconds=60)
"""The wall clock is looked at this often at least: after a suspended laptop wakes, due times have passed unseen."""
SETTLE = timedelta(seconds=1)
"""Programs change a folder in bursts: a wake-up is acted on this much later, together with those that follow it."""
STUCK_AFTER = timedelta(minutes=15)
"""No cycle takes this long; past it the watchdog is no longer fed."""


@dataclass
class _Desk:
    """What is known of one account's turns. Guarded by the jobs' lock."""

    serve: Callable[[], datetime | None]
    poll: timedelta
    due: datetime | None = None
    wake_at: float | None = None
    running_since: float | None = None
    again: bool = False


class Jobs:
    """Runs `serve` of each account when its poll interval passes, when it asked to be called again, or when woken."""

    def __init__(self, *, workers: int, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="account")
        self._scheduler = schedule.Scheduler()
        self._desks: dict[str, _Desk] = {}
        self._changed = threading.Condition()

    def add(self, name: str, serve: Callable[[], datetime | None], poll: timedelta) -> None:
        """Serve this account from now on, first at once. `serve` returns when it wants to be called again."""
        with self._changed:
            self._desks[name] = _Desk(serve, poll, wake_at=time.monotonic())
            self._scheduler.every(max(1, int(poll.total_seconds()))).seconds.do(self.wake, name).tag(name)
            self._changed.notify()

    def remove(self, name: str, timeout: timedelta) -> None:
        """Serve it no longer; waits for a job in hand."""
        deadline = time.monotonic() + timeout.total_seconds()
        with self._changed:
            self._scheduler.clear(name)
            desk = self._desks.get(name)
            while desk is not None and desk.running_since is not None and time.monotonic() < deadline:
                self._changed.wait(deadline - time.monotonic())
            self._desks.pop(name, None)

    def wake(self, name: str) -> None:
        """Something may have changed for this account. Callable from any thread; never blocks for long."""
        with self._changed:
            desk = self._desks.get(name)
            if desk is None:
                return
            if desk.running_since is not None:
                desk.again = True
            elif desk.wake_at is None:
                desk.wake_at = time.monotonic() + SETTLE.total_seconds()
            self._changed.notify()

    def nudge(self) -> None:
        """Let `run` look at its stop condition."""
        with self._changed:
            self._changed.notify()

    def stuck(self) -> Sequence[str]:
        """Accounts whose job has been running for too long."""
        limit = time.monotonic() - STUCK_AFTER.total_seconds()
        with self._changed:
            return [n for n, d in self._desks.items() if d.running_since is not None and d.running_since < limit]

    def run(self, stop: threading.Event, tick: Callable[[], timedelta]) -> None:
        """Work until `stop` is set. `tick` is called on every turn and says how long at most the next sleep may be."""
        while not stop.is_set():
            longest = min(tick(), LONGEST_SLEEP)
            self._scheduler.run_pending()
            with self._changed:
                self._start_due()
                wait = min(longest.total_seconds(), self._seconds_to_next())
                if wait > 0 and not stop.is_set():
                    self._changed.wait(wait)

    def close(self, timeout: timedelta) -> bool:
        """Wait for the jobs in hand; False if some are still running after `timeout`."""
        deadline = time.monotonic() + timeout.total_seconds()
        self._pool.shutdown(wait=False, cancel_futures=True)
        with self._changed:
            while any(d.running_since is not None for d in self._desks.values()):
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left)
        return True

    def _start_due(self) -> None:
        moment, now = time.monotonic(), self._clock()
        for name, desk in self._desks.items():
            if desk.running_since is not None:
                continue
            woken = desk.wake_at is not None and desk.wake_at <= moment
            due = desk.due is not None and desk.due <= now
            if woken or due:
                desk.wake_at = desk.due = None
                desk.running_since = moment
                self._pool.submit(desk.serve).add_done_callback(lambda f, n=name: self._finished(n, f))  # type: ignore[misc] # a lambda with a default

    def _seconds_to_next(self) -> float:
        moment, now = time.monotonic(), self._clock()
        idle = self._scheduler.idle_seconds
        nearest = LONGEST_SLEEP.total_seconds() if idle is None else idle
        for desk in self._desks.values():
            if desk.running_since is not None:
                continue
            if desk.wake_at is not None:
                nearest = min(nearest, desk.wake_at - moment)
            if desk.due is not None:
                nearest = min(nearest, (desk.due - now).total_seconds())
        return max(0.0, nearest)

    def _finished(self, name: str, future: "Future[datetime | None]") -> None:
        with self._changed:
            desk = self._desks.get(name)
            if desk is not None:
                desk.running_since = None
                if not future.cancelled():
                    desk.due = self._outcome(name, future)
                if desk.again:
                    desk.again = False
                    desk.wake_at = time.monotonic() + SETTLE.total_seconds()
            self._changed.notify_all()

    def _outcome(self, name: str, future: "Future[datetime | None]") -> datetime | None:
        error = future.exception()
        if error is not None:
            log.error("%s: a cycle failed: %s", name, type(error).__name__, exc_info=error)
            return None
        return future.result()
