"""A Xandikos of one's own: CalDAV of other blood than Radicale, with a scheduling inbox. PyPI: xandikos. No login."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PRINCIPAL = "/erika/"
CALENDAR = "/erika/calendars/calendar/"
INBOX = "/erika/inbox/"


@dataclass(frozen=True)
class Xandikos:
    """The running server."""

    port: int
    store: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def send(self, method: str, path: str, body: str = "") -> int:
        """One request; its status."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body.encode(), {"Content-Type": "text/calendar; charset=utf-8"})
            response = connection.getresponse()
            response.read()
            return response.status
        finally:
            connection.close()

    def deliver(self, message: bytes) -> None:
        """Hand an iMIP message to the server, as a mail server would: it goes into the scheduling inbox."""
        subprocess.run(
            [sys.executable, "-m", "xandikos", "import-imip", "-d", str(self.store), "--principal", PRINCIPAL],
            input=message,
            check=True,
            capture_output=True,
        )


@contextmanager
def xandikos(folder: Path) -> Iterator[Xandikos]:
    """Run it until the block ends."""
    store = folder / "store"
    store.mkdir(parents=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    serve = ["serve", "-d", str(store), "--defaults", "--current-user-principal", PRINCIPAL, "--no-detect-systemd"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "xandikos", *serve, "-l", "127.0.0.1", "-p", str(port)],
            stdout=log,
            stderr=log,
            env={**os.environ, "XDG_DATA_HOME": str(folder / "state"), "HOME": str(folder)},
            start_new_session=True,
        )
        try:
            _wait(process, port, folder / "log")
            yield Xandikos(port, store)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(800):
        if process.poll() is not None:
            break
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.025)
    msg = f"Xandikos did not start: {log.read_text()}"
    raise RuntimeError(msg)
