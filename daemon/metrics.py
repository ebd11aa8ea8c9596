"""An endpoint for OpenMetrics (Prometheus): off by default, on loopback or a unix socket.

It tells counts and times, and nothing of what they are about: no address, name, title or company. Each request reads
the stores anew, as `afterword status` does; the service itself does no bookkeeping for it.
"""

import contextlib
import logging
import socket
import stat
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from config.schema import AccountConfig
from daemon.accounts import open_store
from daemon.core.facts import AccountFacts
from daemon.core.life import State, derive
from daemon.store.errors import StoreError

log = logging.getLogger("afterword.metrics")
UNIX = "unix:"
SECONDS = 10
"""How long a client may take to say what it wants."""
_RENDER: Callable[[CollectorRegistry], bytes] = generate_latest


def families(facts: Iterable[tuple[str, AccountFacts | None]], now: datetime) -> Iterator[Metric]:
    """The metrics of these accounts; None stands for a store that cannot be read."""
    readable = GaugeMetricFamily(
        "afterword_store_readable", "1 if the account's store can be read.", labels=["account"]
    )
    up = GaugeMetricFamily("afterword_port_up", "1 if the last contact was good.", labels=["account", "port"])
    good = GaugeMetricFamily(
        "afterword_port_last_good_timestamp_seconds", "When the last good contact was.", labels=["account", "port"]
    )
    followups = GaugeMetricFamily(
        "afterword_follow_ups", "Follow-ups by what became of them.", labels=["account", "state"]
    )
    for name, known in facts:
        readable.add_metric([name], 0 if known is None else 1)
        for health in known.health.values() if known else ():
            up.add_metric([name, health.port], 0 if health.failing_since else 1)
            if health.last_good is not None:
                good.add_metric([name, health.port], health.last_good.timestamp())
        counted = Counter(derive(each, now).state for each in known.followups.values()) if known else Counter()
        for state in State:
            followups.add_metric([name, state.value], counted[state])
    yield from (readable, up, good, followups)


def read_facts(
    configs: Iterable[AccountConfig], state_dir: Path, now: datetime
) -> Iterator[tuple[str, AccountFacts | None]]:
    """What is known of each account, by name."""
    for config in configs:
        try:
            with open_store(config, state_dir, now=now) as store:
                yield config.name, store.account(config.name).facts(since=None)
        except StoreError as error:
            log.warning("%s: %s", config.name, error)
            yield config.name, None


@contextlib.contextmanager
def endpoints(configs: Iterable[AccountConfig], state_dir: Path, clock: Callable[[], datetime]) -> Iterator[None]:
    """Serve every address that the accounts name, each with the accounts that name it, until the block ends.

    An address that cannot be listened on is logged; the service works without it.
    """
    wished: dict[str, list[AccountConfig]] = {}
    for config in configs:
        if config.service.metrics:
            wished.setdefault(config.service.metrics, []).append(config)
    with contextlib.ExitStack() as stack:
        for where, accounts in wished.items():
            try:
                stack.enter_context(_serving(where, _Reading(tuple(accounts), state_dir, clock)))
            except OSError as error:
                log.warning("no metrics at %s: %s", where, error.strerror or error)
        yield


class _Reading(Collector):
    def __init__(self, configs: tuple[AccountConfig, ...], state_dir: Path, clock: Callable[[], datetime]) -> None:
        self._configs, self._state_dir, self._clock = configs, state_dir, clock

    def collect(self) -> Iterator[Metric]:
        """Called for every request."""
        now = self._clock()
        yield from families(read_facts(self._configs, self._state_dir, now), now)

    def describe(self) -> Iterable[Metric]:
        """Nothing is read when it is registered."""
        return ()


@contextlib.contextmanager
def _serving(where: str, reading: _Reading) -> Iterator[None]:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(reading)
    handler = type("_Page", (_Handler,), {"registry": registry})
    with _listen(where, handler) as server:
        thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
        thread.start()
        log.info("metrics at %s", where)
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            if where.startswith(UNIX):
                Path(where.removeprefix(UNIX)).unlink(missing_ok=True)


def _listen(where: str, handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    if where.startswith(UNIX):
        path = Path(where.removeprefix(UNIX))
        if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
            path.unlink()
        server = _UnixServer((str(path), 0), handler)
        path.chmod(0o600)
        return server
    host, _, port = where.rpartition(":")
    host = host.strip("[]")
    return (_Server6 if ":" in host else ThreadingHTTPServer)((host, int(port)), handler)


class _Server6(ThreadingHTTPServer):
    address_family = socket.AF_INET6


class _UnixServer(ThreadingHTTPServer):
    address_family = socket.AF_UNIX

    def server_bind(self) -> None:
        """A path has no host name to look up."""
        self.socket.bind(self.server_address[0])

    def get_request(self) -> tuple[Any, Any]:
        """A peer without a name gets one, as the parent's handler wants to log it."""
        connection, _peer = super().get_request()
        return connection, ("unix", 0)


class _Handler(BaseHTTPRequestHandler):
    registry: CollectorRegistry
    timeout = SECONDS
    protocol_version = "HTTP/1.0"
    server_version = "afterword"
    sys_version = ""
    paths = MappingProxyType({"/metrics": True, "/": True})

    def do_GET(self) -> None:
        """The page, whatever is asked for it in a query."""
        if self.path.partition("?")[0] not in self.paths:
            self.send_error(404)
            return
        body = _RENDER(self.registry)
        self.send_response(200)
        self.send_header("Content-Type", CONTENT_TYPE_LATEST)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the parent's name)
        """A scrape is no news."""
