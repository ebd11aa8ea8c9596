"""CalDAV on a server without sync-collection and CTag under the calendar suite: ETags alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx

from connectors.caldav.calendar import CalDav
from connectors.caldav.login import Login
from connectors.caldav.wire import Wire
from connectors.ports import Calendar
from tests.conformance.calendar_harness import ZONE
from tests.servers.scripted_dav import ScriptedDav
from tests.servers.scripted_http import Asked, Scripted, reply, scripted

FOLDER = "/dav/erika/jobs/"


class EtagsHarness:
    def __init__(self) -> None:
        self.dav = ScriptedDav(sync=False, ctag=False)
        self.server: Scripted | None = None
        self.broken = False

    def answer(self, asked: Asked, handler: BaseHTTPRequestHandler) -> None:
        if self.broken:
            reply(handler, "down", status=502)
        else:
            self.dav(asked, handler)

    def calendar(self) -> Calendar:
        assert self.server is not None
        url = httpx.URL(f"{self.server.url}/dav/")
        return CalDav(Wire("work", url, Login("e", lambda: "x", "basic"), allow_loopback_http=True), ZONE)

    def put(self, name: str, data: str) -> None:
        self.dav.put(f"{FOLDER}{name}.ics", data)

    def remove(self, name: str) -> None:
        self.dav.delete(f"{FOLDER}{name}.ics")

    def break_connection(self) -> None:
        self.broken = True

    def mend(self) -> None:
        self.broken = False


@contextmanager
def open_harness(tmp_path: Path) -> Iterator[EtagsHarness]:
    harness = EtagsHarness()
    with scripted(harness.answer) as harness.server:
        yield harness
