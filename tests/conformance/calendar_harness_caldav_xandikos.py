"""CalDAV on a real Xandikos under the calendar suite."""

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
from tests.conformance.calendar_harness import ZONE
from tests.servers.xandikos import CALENDAR, Xandikos, xandikos


class XandikosHarness:
    def __init__(self, server: Xandikos) -> None:
        self.server = server
        self.opened: list[CalDav] = []
        self.names: set[str] = set()

    def calendar(self) -> Calendar:
        url = httpx.URL(self.server.url)
        self.opened.append(CalDav(Wire("work", url, Login("e", lambda: "x"), allow_loopback_http=True), ZONE))
        return self.opened[-1]

    def put(self, name: str, data: str) -> None:
        status = self.server.send("PUT", f"{CALENDAR}{name}.ics", data)
        # What it cannot read it stores all the same, and then answers 500.
        assert status in (201, 204) or (status == 500 and "99999999" in data), status
        self.names.add(name)

    def remove(self, name: str) -> None:
        assert self.server.send("DELETE", f"{CALENDAR}{name}.ics") in (200, 204)
        self.names.discard(name)

    def break_connection(self) -> None:
        self._reach(1)

    def mend(self) -> None:
        self._reach(self.server.port)

    def _reach(self, port: int) -> None:
        for calendar in self.opened:
            calendar.close()
            calendar.wire.server = calendar.wire.server.copy_with(port=port)


@cache
def _server() -> Xandikos:
    """One for the whole run: it starts in a second, and each test empties its calendar."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(xandikos(Path(stack.enter_context(TemporaryDirectory())) / "xandikos"))


@contextmanager
def open_harness(tmp_path: Path) -> Iterator[XandikosHarness]:
    harness = XandikosHarness(_server())
    try:
        yield harness
    finally:
        for name in sorted(harness.names):
            harness.remove(name)
