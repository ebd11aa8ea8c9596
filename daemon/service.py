"""The service: accounts in, cycles out, until told to stop. Signals, reload, watchdog and exit codes live here."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from config.errors import ConfigError, SecretError
from config.load import load_all, load_folder
from config.schema import AccountConfig
from config.secrets import resolve
from connectors.errors import AuthenticationError, ConnectorError, PreconditionFailed, TemporaryError
from connectors.local import watch
from connectors.ports import Subscription, Watchable
from daemon.account import Account
from daemon.accounts import build, open_store, paths_for
from daemon.engine import Cycle, cycle
from daemon.jobs import Jobs
from daemon.lock import AccountBusy, serving
from daemon.store.errors import StoreError, StoreLocked, StoreUnavailable
from daemon.store.store import Store
from daemon.supervisor import Supervisor

log = logging.getLogger("afterword.service")

EX_OK, EX_TEMPFAIL, EX_CONFIG = 0, 75, 78
WORKERS = 4
_NOT_SERVED = "this account is not served; the others are"
_AS_BEFORE = "the new configuration of this account has faults; the old one stays in force"
STOP_WITHIN = timedelta(seconds=9)
"""systemd is asked to wait 10 s before it kills."""


REFUSED_REST = timedelta(hours=1)
"""A mailbox that refused the login is asked no sooner: many servers lock out whoever keeps trying."""
TRY_AGAIN = timedelta(minutes=5)
"""How often an account is tried whose store could not be opened for a reason that may pass."""


def wall_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


@dataclass
class _Served:
    """One account in service."""

    config: AccountConfig
    account: Account
    resources: ExitStack
    subscriptions: list[Subscription] = field(default_factory=list)
    last: Cycle | None = None
    broken: bool = False
    """The last cycle ended in an error that is nobody's answer."""
    asked: bool = False
    """The owner did something since, so that it is tried at once."""

    def rests(self, now: datetime) -> bool:
        """Whether the mailbox refused the login a short while ago, and nothing happened since."""
        if self.asked or self.last is None:
            return False
        refused = isinstance(self.last.failed.get(self.account.mailbox.name), AuthenticationError)
        return refused and timedelta(0) <= now - self.last.at < REFUSED_REST


class Service:
    """Serves every account of a configuration until it is told to stop."""

    def __init__(self, config_path: Path, state_dir: Path, clock: Callable[[], datetime] = wall_clock) -> None:
        self._config_path = config_path
        self._state_dir = state_dir
        self._clock = clock
        self._jobs = Jobs(workers=WORKERS, clock=clock)
        self._stop = threading.Event()
        self._reload = threading.Event()
        self._supervisor = Supervisor()
        self._served: dict[str, _Served] = {}
        self._stores: dict[str, Store] = {}
        self._later: list[AccountConfig] = []
        self._unserved: set[str] = set()
        self._faulty: set[str] = set()
        self._tried_at = time.monotonic()
        self._refusals: list[Exception] = []
        self._watchdog = self._supervisor.watchdog_interval()

    def run(self) -> int:
        """Work until SIGTERM or SIGINT; the exit code follows sysexits."""
        try:
            configs = self._read_config()
        except ConfigError as error:
            _say(*error.problems)
            return EX_CONFIG
        self._install_signals()
        self._take_on(configs)
        if not self._served:
            return max((exit_code(error) for error in self._refusals), default=EX_TEMPFAIL)
        self._supervisor.ready()
        self._show_status()
        self._jobs.run(self._stop, self._tick)
        return self._shut_down()

    def stop(self) -> None:
        """Ask for an orderly end; callable from a signal handler and from any thread."""
        self._stop.set()

    def _install_signals(self) -> None:
        def on_stop(_signum: int, _frame: object) -> None:
            self._stop.set()

        def on_reload(_signum: int, _frame: object) -> None:
            self._reload.set()

        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, on_stop)
            signal.signal(signal.SIGINT, on_stop)
            signal.signal(signal.SIGHUP, on_reload)
            # A handler alone does not end a wait on a condition in time; the pipe's writes wake nobody else.
            read_end, write_end = os.pipe()
            os.set_blocking(write_end, False)
            signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
            threading.Thread(target=self._pass_signals_on, args=(read_end,), name="signals", daemon=True).start()

    def _pass_signals_on(self, read_end: int) -> None:
        while os.read(read_end, 64):
            self._jobs.nudge()

    def _read_config(self) -> tuple[AccountConfig, ...]:
        if not self._config_path.is_dir():
            return load_all(self._config_path)
        loaded = load_folder(self._config_path)
        if not loaded.good:
            raise ConfigError(problem for error in loaded.errors for problem in error.problems)
        self._faulty = {problem.file.stem for error in loaded.errors for problem in error.problems}
        for error in loaded.errors:
            names = {problem.file.stem for problem in error.problems}
            stays = names <= self._served.keys()
            _say(*error.problems, f"{', '.join(sorted(names))}: {_AS_BEFORE if stays else _NOT_SERVED}")
        return loaded.good

    def _take_on(self, configs: Sequence[AccountConfig]) -> None:
        """Serve these accounts. One that cannot be served stops no other; where waiting may help, it is tried again."""
        self._later = [config for config in self._later if config.name not in {c.name for c in configs}]
        for config in configs:
            resources = ExitStack()
            try:
                account = self._open(config, resources)
            except (AccountBusy, StoreError, SecretError, ConnectorError, OSError, UnicodeDecodeError) as error:
                resources.close()
                _say(f"{config.name}: this account is not served: {error}")
                self._refusals.append(error)
                self._unserved.add(config.name)
                if isinstance(error, StoreLocked | StoreUnavailable | TemporaryError):
                    self._later.append(config)
                continue
            except BaseException:
                resources.close()
                raise
            served = _Served(config, account, resources)
            self._served[config.name] = served
            self._unserved.discard(config.name)
            self._jobs.add(config.name, self._server(served), config.service.poll_interval)
            served.subscriptions.extend(self._watch(served))

    def _open(self, config: AccountConfig, resources: ExitStack) -> Account:
        now = self._clock()
        resources.enter_context(serving(config.name, paths_for(config, self._state_dir).state_dir))
        store = self._shared_store(config, now) or resources.enter_context(open_store(config, self._state_dir, now=now))
        return build(config, store, self._state_dir, now=now)

    def _shared_store(self, config: AccountConfig, now: datetime) -> Store | None:
        """A database server is opened once, however many accounts it keeps."""
        if config.store.url is None:
            return None
        url = resolve(config.store.url).reveal()
        if url not in self._stores:
            self._stores[url] = Store.open(url, now=now)
        return self._stores[url]

    def _watch(self, served: _Served) -> list[Subscription]:
        name = served.config.name

        def wake() -> None:
            self._jobs.wake(name)

        def wake_asked() -> None:
            served.asked = True
            self._jobs.wake(name)

        ports = [*served.account.calendars, served.account.mailbox]
        found = [port.subscribe(wake) for port in ports if isinstance(port, Watchable)]
        if served.account.wake_file is not None:
            # A folder of its own: the store beside it changes with every cycle.
            served.account.wake_file.parent.mkdir(parents=True, exist_ok=True)
            found.append(watch.subscribe(served.account.wake_file.parent, wake_asked))
        return found

    def _server(self, served: _Served) -> Callable[[], datetime | None]:
        def serve() -> datetime | None:
            now = self._clock()
            if served.rests(now):
                return None
            served.asked = False
            try:
                served.last = cycle(served.account, now, stopping=self._stop.is_set)
            except BaseException:
                served.broken = True
                self._show_status()
                raise
            served.broken = False
            self._show_status()
            _log_cycle(served.account, served.last)
            return served.last.plan.next_at

        return serve

    def _tick(self) -> timedelta:
        if self._reload.is_set():
            self._reload.clear()
            self._read_again()
        if self._later and time.monotonic() - self._tried_at > TRY_AGAIN.total_seconds():
            self._tried_at = time.monotonic()
            self._take_on(list(self._later))
        if self._watchdog is not None:
            stuck = self._jobs.stuck()
            if stuck:
                log.critical("no end of the work on %s: leaving it to the watchdog", ", ".join(stuck))
            else:
                self._supervisor.alive()
            return self._watchdog
        return timedelta(minutes=1)

    def _read_again(self) -> None:
        self._supervisor.reloading()
        try:
            configs = self._read_config()
        except ConfigError as error:
            _say(*error.problems, "the configuration has faults; the old one stays in force")
            self._supervisor.ready()
            return
        kept = {config.name: config for config in configs}
        for name in [n for n, served in self._served.items() if kept.get(n) != served.config]:
            if name not in self._faulty:
                self._let_go(name)
        for name, served in self._served.items():
            served.asked = True
            self._jobs.wake(name)
        self._take_on([config for name, config in kept.items() if name not in self._served])
        log.info("configuration read again: %d accounts", len(self._served))
        self._supervisor.ready()
        self._show_status()

    def _let_go(self, name: str) -> None:
        served = self._served.pop(name)
        for subscription in served.subscriptions:
            subscription.close()
        self._jobs.remove(name, STOP_WITHIN)
        _close(served)

    def _shut_down(self) -> int:
        self._supervisor.stopping()
        for served in self._served.values():
            for subscription in served.subscriptions:
                subscription.close()
        finished = self._jobs.close(STOP_WITHIN)
        if not finished:
            # The journal knows what was in hand; the next start settles it.
            log.warning("a step did not end in time; it is settled at the next start")
            logging.shutdown()
            os._exit(EX_OK)
        for served in self._served.values():
            _close(served)
        for store in self._stores.values():
            store.close()
        return EX_OK

    def _show_status(self) -> None:
        served = self._served.values()
        broken = [each.config.name for each in served if each.broken]
        cycles = [each.last for each in served]
        unserved = sorted((self._unserved | self._faulty) - self._served.keys())
        faulty = sorted(self._faulty & self._served.keys())
        self._supervisor.status(status_line(cycles, unserved, broken, faulty))


def exit_code(error: Exception) -> int:
    """Whether trying again may help (75), or somebody has to do something first (78: no restart loop)."""
    passing = (StoreLocked, StoreUnavailable, AccountBusy, TemporaryError)
    return EX_TEMPFAIL if isinstance(error, passing) else EX_CONFIG


def status_line(
    cycles: Sequence[Cycle | None],
    unserved: Sequence[str] = (),
    broken: Sequence[str] = (),
    faulty: Sequence[str] = (),
) -> str:
    """What `systemctl status` shows: how many accounts, and what is wrong with any."""
    failing = sorted({port for last in cycles if last is not None for port in (*last.failed, *last.ailing)})
    waiting = sum(1 for last in cycles if last is None)
    text = f"{len(cycles)} account{'s' if len(cycles) != 1 else ''}"
    if waiting:
        text += f", {waiting} not looked at yet"
    wrong = [
        *([f"not served: {', '.join(unserved)}"] if unserved else []),
        *([f"served as before, its new configuration has faults: {', '.join(faulty)}"] if faulty else []),
        *([f"an error of Afterword's own with {', '.join(broken)}, see the log"] if broken else []),
        *([f"trouble with {', '.join(failing)}"] if failing else []),
    ]
    if wrong:
        return "; ".join([text, *wrong])
    return f"{text}; all is well" if not waiting else text


def _say(*sentences: object) -> None:
    """Faults that are the owner's to mend are told in a sentence, without a traceback."""
    for sentence in sentences:
        log.error("%s", sentence)


def _close(served: _Served) -> None:
    for port in (*served.account.calendars, served.account.mailbox):
        port.close()
    served.resources.close()


def _log_cycle(account: Account, done: Cycle) -> None:
    for item in done.done:
        if isinstance(item.error, PreconditionFailed):
            log.warning("%s: %s", account.name, item.error)
        elif item.error is not None:
            # Told once already, when it began.
            log.debug("%s: %s", account.name, item.error)
    for problem in done.problems:
        log.info("%s: %s: %s", account.name, problem.where, problem.what)
    written = sum(1 for item in done.done if item.error is None and item.action in done.plan.writes)
    if written:
        log.info("%s: %d written to the mailbox", account.name, written)
