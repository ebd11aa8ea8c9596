"""The IMAP connector under the suite, on a real Dovecot of its own."""

import atexit
import itertools
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from imaplib import IMAP4
from pathlib import Path

import pytest

from connectors.imap.connection import Login, Security, Server
from connectors.imap.mailbox import ImapMailbox
from connectors.imap.session import Session
from connectors.model import Place
from connectors.ports import Mailbox
from tests.conformance.harness import OWNER
from tests.servers import dovecot
from tests.servers.dovecot import Dovecot
from tests.servers.tcp_proxy import Proxy

_FOLDERS = {Place.INBOX: "INBOX", Place.DRAFTS: "Drafts", Place.SENT: "Sent", Place.TRASH: "Trash"}
_numbers = itertools.count()


class ImapHarness:
    def __init__(self, port: int, user: str, password: str, proxy: Proxy) -> None:
        self.port = port
        self.user = user
        self.password = password
        self.proxy = proxy

    def mailbox(self) -> Mailbox:
        where = Server("127.0.0.1", self.proxy.port, Security.PLAIN, read_timeout=10)
        login = Login(self.user, lambda: self.password)
        return ImapMailbox(Session(where, login, account="conformance"), OWNER)

    def messages(self, place: Place) -> Sequence[bytes]:
        with self._client(place) as client:
            _, found = client.search(None, "UNDELETED")
            return [client.fetch(number, "(BODY.PEEK[])")[1][0][1] for number in found[0].decode().split()]

    def add(self, place: Place, message: bytes) -> None:
        with self._client(place) as client:
            client.append(_FOLDERS[place], "" if place is Place.INBOX else r"(\Seen)", "", message)

    def remove(self, place: Place, message_id: str) -> None:
        with self._client(place) as client:
            self._mark(client, message_id)
            client.expunge()

    def mark_deleted(self, place: Place, message_id: str) -> None:
        with self._client(place) as client:
            self._mark(client, message_id)

    def break_connection(self) -> None:
        self.proxy.refuse()

    def mend(self) -> None:
        self.proxy.accept()

    @contextmanager
    def _client(self, place: Place) -> Iterator[IMAP4]:
        with IMAP4("127.0.0.1", self.port, timeout=10) as client:
            client.login(self.user, self.password)
            client.select(_FOLDERS[place])
            yield client

    @staticmethod
    def _mark(client: IMAP4, message_id: str) -> None:
        _, found = client.search(None, "HEADER", "Message-ID", f'"{message_id}"')
        for number in found[0].decode().split():
            client.store(number, "+FLAGS", r"\Deleted")


@lru_cache(maxsize=1)
def _running() -> Dovecot:
    """One server for all tests of this worker; it ends with the process that started it."""
    folder = Path(tempfile.mkdtemp(prefix="afterword-dovecot-"))
    server = Dovecot(folder).start()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(server.stop)
    return server


@contextmanager
def open_harness(tmp_path: Path) -> Iterator[ImapHarness]:
    if not dovecot.available():
        pytest.skip("Dovecot is not installed (Debian: dovecot-imapd)")
    server = _running()
    user = server.add_user(f"conformance{next(_numbers)}")
    with Proxy(server.port) as proxy:
        yield ImapHarness(server.port, user.name, user.password, proxy)
