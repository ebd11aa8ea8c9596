"""An .ics address under the calendar suite."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from connectors.ics_url.feed import IcsUrl
from connectors.ports import Calendar
from tests.conformance.calendar_harness import ZONE
from tests.servers.scripted_http import Asked, Scripted, reply, scripted


class IcsUrlHarness:
    def __init__(self) -> None:
        self.events: dict[str, str] = {}
        self.server: Scripted | None = None
        self.broken = False

    def answer(self, asked: Asked, handler: BaseHTTPRequestHandler) -> None:
        whole = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//F//EN\r\n{''.join(self.events.values())}END:VCALENDAR\r\n"
        tag = f'"{hashlib.sha256(whole.encode()).hexdigest()}"'
        if self.broken:
            reply(handler, "down", status=503)
        elif asked.headers.get("If-None-Match") == tag:
            reply(handler, status=304)
        else:
            reply(handler, whole, ETag=tag, Content_Type="text/calendar")

    def calendar(self) -> Calendar:
        server = self.server
        assert server is not None
        return IcsUrl("work", lambda: f"{server.url}/secret.ics", ZONE, allow_loopback_http=True)

    def put(self, name: str, data: str) -> None:
        self.events[name] = "".join(re.findall(r"BEGIN:VEVENT\r\n.*?END:VEVENT\r\n", data, re.DOTALL))

    def remove(self, name: str) -> None:
        del self.events[name]

    def break_connection(self) -> None:
        self.broken = True

    def mend(self) -> None:
        self.broken = False


@contextmanager
def open_harness(tmp_path: Path) -> Iterator[IcsUrlHarness]:
    harness = IcsUrlHarness()
    with scripted(harness.answer) as harness.server:
        yield harness
