"""A Radicale of one's own: a process, a loopback port and a folder of its own, htpasswd logins. PyPI: radicale."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tests.servers.certificates import Leaf

USER = "erika"
PASSWORD = "right horse"

_CONFIG = """\
[server]
hosts = 127.0.0.1:{port}
ssl = {ssl}
certificate = {certificate}
key = {key}
[auth]
type = htpasswd
htpasswd_filename = {users}
htpasswd_encryption = plain
delay = 0
[storage]
filesystem_folder = {store}
[rights]
type = owner_only
[logging]
level = warning
"""


@dataclass(frozen=True)
class Radicale:
    """The running server."""

    port: int
    store: Path
    secure: bool = False

    @property
    def url(self) -> str:
        return f"http{'s' if self.secure else ''}://{'localhost' if self.secure else '127.0.0.1'}:{self.port}"

    def make_calendar(self, name: str, display: str = "", components: str = "VEVENT") -> str:
        """Make a calendar; its path."""
        path = f"/{USER}/{quote(name)}/"
        comps = "".join(f'<C:comp name="{c}"/>' for c in components.split())
        body = (
            '<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>'
            f"<D:displayname>{display or name}</D:displayname>"
            f"<C:supported-calendar-component-set>{comps}</C:supported-calendar-component-set>"
            "</D:prop></D:set></C:mkcalendar>"
        )
        assert self.send("MKCALENDAR", path, body) == 201
        return path

    def put(self, path: str, data: bytes | str) -> None:
        assert self.send("PUT", path, data, {"Content-Type": "text/calendar; charset=utf-8"}) in (201, 204)

    def delete(self, path: str) -> None:
        assert self.send("DELETE", path) in (200, 204)

    def send(self, method: str, path: str, body: bytes | str = b"", headers: dict[str, str] | None = None) -> int:
        """One request as the owner; its status. Only without TLS."""
        login = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            raw = body.encode() if isinstance(body, str) else body
            connection.request(method, path, raw, {"Authorization": f"Basic {login}", **(headers or {})})
            response = connection.getresponse()
            response.read()
            return response.status
        finally:
            connection.close()


@contextmanager
def radicale(folder: Path, leaf: Leaf | None = None) -> Iterator[Radicale]:
    """Run it until the block ends; with a certificate, over TLS."""
    folder.mkdir(parents=True, exist_ok=True)
    users, store, config = folder / "users", folder / "store", folder / "config"
    users.write_text(f"{USER}:{PASSWORD}\n")
    port = _free_port()
    config.write_text(
        _CONFIG.format(
            port=port,
            ssl=leaf is not None,
            certificate=leaf.certificate if leaf else "",
            key=leaf.key if leaf else "",
            users=users,
            store=store,
        )
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "radicale", "--config", str(config)],
            stdout=log,
            stderr=log,
            cwd=folder,
            env={k: v for k, v in os.environ.items() if not k.startswith("RADICALE")},
            start_new_session=True,
        )
        try:
            _wait(process, port, folder / "log")
            yield Radicale(port, store, secure=leaf is not None)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(400):
        if process.poll() is not None:
            break
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.025)
    msg = f"Radicale did not start: {log.read_text()}"
    raise RuntimeError(msg)
