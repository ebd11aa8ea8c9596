"""CalDAV on a real Radicale under the calendar suite: sync-collection."""

import atexit
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from connectors.caldav.calendar import CalDav
from connectors.caldav.login import Login
from connectors.caldav.wire import Wire
from connectors.ports import Calendar
from connectors.web import Pace
from tests.conformance.calendar_harness import ZONE
from tests.servers.radicale import PASSWORD, USER, Radicale, radicale


class RadicaleHarness:
    def __init__(self, server: Radicale) -> None:
        self.server = server
        assert server.send("DELETE", f"/{USER}/") in (200, 204, 404)
        self.folder = server.make_calendar("work")
        self.password = PASSWORD
        self.opened: list[CalDav] = []

    def calendar(self) -> Calendar:
        wire = Wire(
            "work",
            httpx.URL(self.server.url),
            Login(USER, lambda: PASSWORD),
            account="sam",
            allow_loopback_http=True,
            pace=Pace(connect=2, silence=5, total=10),
        )
        self.opened.append(CalDav(wire, ZONE))
        return self.opened[-1]

    def put(self, name: str, data: str) -> None:
        # Radicale refuses what it cannot read; a server that took it earlier, or another program on its disk, did not.
        if self.server.send("PUT", f"{self.folder}{name}.ics", data, {"Content-Type": "text/calendar"}) >= 400:
            stored = next(path for path in self.server.store.rglob(".Radicale.props")).parent
            (stored / f"{name}.ics").write_bytes(data.encode())

    def remove(self, name: str) -> None:
        self.server.delete(f"{self.folder}{name}.ics")

    def break_connection(self) -> None:
        self._reach(1)

    def mend(self) -> None:
        self._reach(self.server.port)

    def _reach(self, port: int) -> None:
        for calendar in self.opened:
            calendar.close()
            calendar.wire.server = calendar.wire.server.copy_with(port=port)


@cache
def _server() -> Radicale:
    """One for the whole run; each test begins with an empty account."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(radicale(Path(stack.enter_context(TemporaryDirectory()))))


@contextmanager
def open_harness(tmp_path: Path) -> Iterator[RadicaleHarness]:
    yield RadicaleHarness(_server())
