"""A real Dovecot for the tests of the IMAP connector, one for each worker; every test has users of its own."""

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from imaplib import IMAP4
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.imap.calendar import ImapCalendar
from connectors.imap.connection import Login, Security, Server
from connectors.imap.mailbox import ImapMailbox
from connectors.imap.roles import Names
from connectors.imap.session import Session
from connectors.model import Address, Window
from tests.servers import dovecot
from tests.servers.dovecot import Dovecot, User

OWNER = Address("alice@example.org", "Alice Doe")
NOW = datetime.now(UTC).replace(microsecond=0)
WINDOW = Window(NOW - timedelta(days=30), NOW + timedelta(days=60))
_numbers = itertools.count()


@dataclass(frozen=True)
class Account:
    """A user of a server, with the ports under test and another client of the same mailbox."""

    server: Dovecot
    user: User

    def session(self, *, port: int | None = None, password: str | None = None, timeout: float = 10.0) -> Session:
        where = Server("127.0.0.1", port or self.server.port, Security.PLAIN, read_timeout=timeout)
        secret = password or self.user.password
        return Session(where, Login(self.user.name, lambda: secret), account=self.user.name)

    def mailbox(self, session: Session | None = None, names: Names | None = None) -> ImapMailbox:
        return ImapMailbox(session or self.session(), OWNER, names=names, addresses=frozenset((OWNER.email,)))

    def calendar(self, session: Session | None = None, **options: object) -> ImapCalendar:
        settings = {"name": "mail", "zone": ZoneInfo("Europe/Berlin"), "lead": timedelta(days=30), **options}
        return ImapCalendar(session or self.session(), **settings)  # type: ignore[arg-type] # a test's own options

    def other_client(self) -> IMAP4:
        client = IMAP4("127.0.0.1", self.server.port, timeout=10)
        client.login(self.user.name, self.user.password)
        return client


@pytest.fixture(scope="session")
def server() -> Iterator[Dovecot]:
    if not dovecot.available():
        pytest.skip("Dovecot is not installed (Debian: dovecot-imapd)")
    folder = Path(tempfile.mkdtemp(prefix="afterword-dovecot-"))  # sockets need a short path, open to Dovecot's users
    try:
        with Dovecot(folder) as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def new_account(server: Dovecot) -> Callable[..., Account]:
    def make(**options: str) -> Account:
        return Account(server, server.add_user(f"user{next(_numbers)}", **options))

    return make


@pytest.fixture
def account(new_account: Callable[..., Account]) -> Account:
    return new_account()
