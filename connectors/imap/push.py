"""IDLE (RFC 2177) for any number of accounts on one thread.

Threads, asyncio and selectors were measured over the same sockets before selectors were chosen
(docs/performance-imap.md). Connecting and logging in block, so a few workers do that; from then on each connection
waits in one selector. NOTIFY (RFC 5465) is not used: IDLE watches the inbox, polling sees the other folders.

Half-open connections are noticed by TCP keepalive and by a renewal that is not answered. A machine that slept is
noticed by the wall clock having run ahead of the monotonic one: every connection is then renewed at once.
"""

import heapq
import logging
import random
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import lru_cache, partial
from itertools import count

from connectors.errors import AuthenticationError, ConnectorError, RateLimited, UnsupportedError
from connectors.imap.connection import Connection
from connectors.imap.errors import translate, translated
from connectors.imap.listing import select

log = logging.getLogger(__name__)

_WORKERS = 8


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How long the hub waits for what, in seconds."""

    renew: float = 25 * 60.0
    """IDLE is issued anew at the latest after this: servers may log out after 29 minutes (RFC 2177)."""
    answer: float = 30.0
    """How long the answer to DONE may take before the connection counts as dead."""
    nap: float = 300.0
    """The longest sleep of the thread, after which it looks at the clocks."""
    slept: float = 20.0
    """How far the wall clock must run ahead to mean that the machine slept."""
    first_retry: float = 2.0
    last_retry: float = 300.0
    refused: float = 15 * 60.0
    """Wait after a refused login: a service that keeps knocking looks like an attack."""


class _Phase(Enum):
    WAITING = auto()
    CONNECTING = auto()
    IDLING = auto()
    ENDING = auto()


@dataclass(eq=False, slots=True)
class Watch:
    """One folder of one login that is being watched, for one or several subscribers."""

    key: str
    opener: Callable[[], Connection]
    folder: str
    wakes: Mapping[int, Callable[[], None]]
    """By number of the subscriber; replaced as a whole under the hub's lock, read without it."""
    phase: _Phase = _Phase.WAITING
    connection: Connection | None = None
    tag: bytes = b""
    messages: int = 0
    failures: int = 0
    deadline: float = 0.0
    closed: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def watching(self) -> bool:
        """Whether the server is telling us news at the moment."""
        return not self.closed and self.phase in {_Phase.IDLING, _Phase.ENDING}

    def call(self) -> None:
        """Wake all subscribers that have not closed."""
        with self.lock:
            for number in tuple(self.wakes):
                wake = self.wakes.get(number)
                if wake is not None:
                    wake()


@dataclass(frozen=True, slots=True)
class Subscribed:
    """One subscriber of a watch."""

    hub: "Hub"
    watch: Watch
    number: int

    def close(self) -> None:
        """Stop watching; no wake-up comes after it returned."""
        self.hub.forget(self.watch, self.number)
        with self.watch.lock:  # held by a wake-up that is under way
            pass


@dataclass(frozen=True, slots=True)
class _Arrival:
    """What a worker brings back: a connection that idles, or why there is none."""

    watch: Watch
    connection: Connection | None = None
    tag: bytes = b""
    messages: int = 0
    error: ConnectorError | None = None


class Hub:
    """The thread and its selector. It runs while anything is watched."""

    def __init__(self, rhythm: Rhythm | None = None) -> None:
        self.rhythm = rhythm or Rhythm()
        self.turns = 0
        """How often the thread woke up."""
        self.connects = 0
        """How many connections were attempted."""
        self._watches: dict[str, Watch] = {}
        self._timers: list[tuple[float, int, Watch]] = []
        self._order = count()
        self._inbox: deque[_Arrival | Watch] = deque()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._bell: tuple[socket.socket, socket.socket] | None = None
        self._selector: selectors.BaseSelector | None = None
        self._workers: ThreadPoolExecutor | None = None
        self._drift = 0.0
        self._connecting = 0

    def watch(
        self, key: str, opener: Callable[[], Connection], wake: Callable[[], None], *, folder: str = "INBOX"
    ) -> Subscribed:
        """Call `wake` when messages arrive in or leave the folder, and after each time the line was down.

        Subscribers with one `key` (login and folder) share one connection.
        """
        with self._lock:
            number = next(self._order)
            watch = self._watches.get(key)
            if watch is not None:
                watch.wakes = {**watch.wakes, number: wake}
                return Subscribed(self, watch, number)
            watch = self._watches[key] = Watch(key, opener, folder, {number: wake})
            self._inbox.append(watch)
            if self._thread is None:
                self._start()
            self._ring()
        return Subscribed(self, watch, number)

    def forget(self, watch: Watch, number: int) -> None:
        """Take one subscriber off; with the last one, let go of the watch and its connection."""
        with self._lock:
            watch.wakes = {other: wake for other, wake in watch.wakes.items() if other != number}
            if watch.wakes or self._watches.get(watch.key) is not watch:
                return
            del self._watches[watch.key]
            watch.closed = True
            if self._thread is not None:
                self._inbox.append(watch)
                self._ring()

    def _start(self) -> None:
        self._bell = socket.socketpair()
        for end in self._bell:
            end.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._bell[0], selectors.EVENT_READ, None)
        self._drift = time.time() - time.monotonic()
        self._thread = threading.Thread(target=self._run, name="imap-idle", daemon=True)
        self._thread.start()

    def _ring(self) -> None:
        if self._bell is not None:
            with suppress(BlockingIOError):  # it is ringing already
                self._bell[1].send(b"!")

    def _run(self) -> None:
        selector, bell = self._selector, self._bell
        if selector is None or bell is None:
            return
        while True:
            for key, _ in selector.select(self._nap()):
                if key.data is None:
                    self._hush(bell[0])
                else:
                    self._guarded(key.data, partial(self._read, key.data))
            self.turns += 1
            self._notice_sleep()
            self._sort_inbox()
            self._run_timers()
            self._dismiss_workers()
            with self._lock:
                if not (self._watches or self._inbox or self._connecting):
                    selector.close()
                    for end in bell:
                        end.close()
                    self._thread = self._selector = self._bell = None
                    self._timers.clear()
                    return

    @staticmethod
    def _hush(bell: socket.socket) -> None:
        with suppress(BlockingIOError):
            while bell.recv(4096):
                pass

    def _nap(self) -> float:
        if not self._timers:
            return self.rhythm.nap
        return min(self.rhythm.nap, max(0.0, self._timers[0][0] - time.monotonic()))

    def _notice_sleep(self) -> None:
        drift = time.time() - time.monotonic()
        jumped, self._drift = drift - self._drift, drift
        if jumped > self.rhythm.slept:
            log.info("the clock jumped %d s: renewing every connection", jumped)
            for watch in tuple(self._watches.values()):
                if watch.phase is _Phase.IDLING:
                    self._guarded(watch, partial(self._renew, watch))
                elif watch.phase is _Phase.WAITING:
                    self._at(watch, 0.0)

    def _sort_inbox(self) -> None:
        while self._inbox:
            item = self._inbox.popleft()
            if isinstance(item, Watch):
                if item.closed:
                    self._drop(item)
                elif item.phase is _Phase.WAITING and item.connection is None:
                    self._connect(item)
                continue
            self._connecting -= 1
            if item.watch.closed:
                if item.connection is not None:
                    item.connection.close()
            elif item.error is not None:
                self._failed(item.watch, item.error)
            else:
                self._guarded(item.watch, partial(self._settle, item.watch, item))

    def _connect(self, watch: Watch) -> None:
        watch.phase = _Phase.CONNECTING
        self.connects += 1
        self._connecting += 1
        if self._workers is None:
            self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="imap-connect")
        self._workers.submit(self._open, watch)

    def _dismiss_workers(self) -> None:
        """While nobody connects there is one thread."""
        if self._workers is not None and not self._connecting:
            self._workers.shutdown(wait=False)
            self._workers = None

    def _open(self, watch: Watch) -> None:
        """In a worker: connect, select and start IDLE."""
        connection: Connection | None = None
        try:
            connection = watch.opener()
            with translated("", "IDLE"):
                arrival = _idling(watch, connection)
        except Exception as error:
            if connection is not None:
                connection.close()
            mapped = translate(error, operation="IDLE")
            if mapped is None:
                log.exception("watching failed")
            arrival = _Arrival(watch, error=mapped or ConnectorError("watching failed", operation="IDLE"))
        with self._lock:
            self._inbox.append(arrival)
            self._ring()

    def _settle(self, watch: Watch, arrival: _Arrival) -> None:
        if arrival.connection is None or self._selector is None:
            return
        watch.connection, watch.tag, watch.messages = arrival.connection, arrival.tag, arrival.messages
        watch.phase = _Phase.IDLING
        watch.failures = 0
        self._selector.register(arrival.connection.wire.sock, selectors.EVENT_READ, watch)
        self._at(watch, self.rhythm.renew * random.uniform(0.9, 1.0))  # noqa: S311 - spreads renewals, hides nothing
        watch.call()
        self._read(watch)

    def _read(self, watch: Watch) -> None:
        if watch.connection is None:
            return
        news = False
        for line in watch.connection.wire.poll():
            words = line.split(None, 3)
            if line.startswith(watch.tag + b" "):
                self._ended(watch, words)
            elif len(words) >= 3 and words[0] == b"*" and words[1].isdigit():
                news = self._counted(watch, int(words[1]), words[2].upper()) or news
            elif len(words) >= 2 and words[0] == b"*" and words[1].upper() == b"BYE":
                raise ConnectionAbortedError("the server said BYE")
        if news:
            watch.call()

    @staticmethod
    def _counted(watch: Watch, number: int, word: bytes) -> bool:
        if word == b"EXISTS":
            changed, watch.messages = number != watch.messages, number
            return changed
        if word == b"EXPUNGE":
            watch.messages -= 1
            return True
        return False

    def _ended(self, watch: Watch, words: list[bytes]) -> None:
        if words[1].upper() != b"OK":
            raise ConnectionAbortedError("IDLE was refused")
        if watch.connection is None:
            return
        watch.tag = watch.connection.wire.begin_idle()
        watch.phase = _Phase.IDLING
        self._at(watch, self.rhythm.renew * random.uniform(0.9, 1.0))  # noqa: S311 - as above

    def _renew(self, watch: Watch) -> None:
        if watch.connection is None:
            return
        watch.phase = _Phase.ENDING
        self._at(watch, self.rhythm.answer)
        watch.connection.wire.end_idle()

    def _run_timers(self) -> None:
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            due, _, watch = heapq.heappop(self._timers)
            if watch.closed or due != watch.deadline:
                continue
            if watch.phase is _Phase.WAITING:
                self._connect(watch)
            elif watch.phase is _Phase.IDLING:
                self._guarded(watch, partial(self._renew, watch))
            elif watch.phase is _Phase.ENDING:
                self._failed(watch, ConnectorError("no answer to DONE", operation="IDLE"))

    def _guarded(self, watch: Watch, step: Callable[[], None]) -> None:
        """One watch's trouble stops nobody else's."""
        try:
            step()
        except Exception as error:
            mapped = translate(error, operation="IDLE")
            if mapped is None:
                log.exception("a wake-up failed")
            self._failed(watch, mapped or ConnectorError("a wake-up failed", operation="IDLE"))

    def _failed(self, watch: Watch, error: ConnectorError) -> None:
        self._drop(watch)
        if watch.closed:
            return
        watch.phase = _Phase.WAITING
        watch.failures += 1
        pause = min(self.rhythm.last_retry, self.rhythm.first_retry * 2 ** min(watch.failures - 1, 16))
        if isinstance(error, (AuthenticationError, UnsupportedError)):
            pause = max(pause, self.rhythm.refused)
        elif isinstance(error, RateLimited):
            pause = max(pause, error.retry_after.total_seconds() if error.retry_after else self.rhythm.last_retry)
        log.info("not watching for the moment: %s", error.message)
        self._at(watch, pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads reconnects, hides nothing

    def _drop(self, watch: Watch) -> None:
        if watch.connection is not None:
            if self._selector is not None:
                with suppress(KeyError, ValueError):  # never registered, or closed already
                    self._selector.unregister(watch.connection.wire.sock)
            watch.connection.close()
            watch.connection = None

    def _at(self, watch: Watch, delay: float) -> None:
        watch.deadline = time.monotonic() + delay
        heapq.heappush(self._timers, (watch.deadline, next(self._order), watch))


def _idling(watch: Watch, connection: Connection) -> _Arrival:
    if not connection.features.idle:
        raise UnsupportedError("the server has no IDLE", operation="IDLE")
    chosen = select(connection.wire, watch.folder)
    tag = connection.wire.begin_idle()
    connection.wire.sock.setblocking(False)
    return _Arrival(watch, connection, tag, chosen.messages)


@lru_cache(maxsize=1)
def shared_hub() -> Hub:
    """The hub of this process."""
    return Hub()
