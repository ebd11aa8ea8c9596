"""pymap (PyPI, pure Python): a server of other blood, without CONDSTORE, SPECIAL-USE, LIST-STATUS and UNSELECT.

It keeps everything in memory and knows one user.
"""

import contextlib
import imaplib
import subprocess
import sys
import time
from importlib.util import find_spec
from typing import Self

from tests.servers.dovecot import PASSWORD, free_port

USER = "alice"
_FOLDERS = ("Drafts", "Sent", "Trash")


def available() -> bool:
    """Whether pymap is installed."""
    return find_spec("pymap") is not None


class Pymap:
    """One server with one user."""

    def __init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start and wait until a login is answered."""
        self._process = subprocess.Popen(
            [
                *(
                    sys.executable,
                    "-c",
                    "from pymap.main import main; main()",
                    "--host",
                    "127.0.0.1",
                    "--port",
                    str(self.port),
                    "--no-tls",
                ),
                *("dict", "--demo-user", USER, "--demo-password", PASSWORD),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                self.client().logout()
                return self
            time.sleep(0.05)
        raise RuntimeError("pymap did not start")

    def stop(self) -> None:
        """Stop it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def client(self) -> imaplib.IMAP4:
        """Another mail program, logged in."""
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
        client.login(USER, PASSWORD)
        return client

    def empty(self) -> None:
        """An empty inbox, empty standard folders and no others."""
        with self.client() as client:
            for line in client.list()[1]:
                name = line.decode().rpartition(' "/" ')[2]
                if name != "INBOX":
                    client.delete(name)
            for name in _FOLDERS:
                client.create(name)
            client.select("INBOX")
            client.store("1:*", "+FLAGS", r"(\Deleted)")
            client.expunge()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
