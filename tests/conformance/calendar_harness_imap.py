"""The invites in an IMAP mailbox under the calendar suite, on a real Dovecot."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from imaplib import IMAP4, Time2Internaldate
from pathlib import Path

from connectors.imap.calendar import ImapCalendar
from connectors.imap.connection import Login, Security, Server
from connectors.imap.session import Session
from connectors.ports import Calendar
from tests.conformance import harness_imap
from tests.conformance.calendar_harness import ZONE
from tests.conformance.harness_imap import ImapHarness
from tests.conformance.mail_with_invites import EXEMPT, as_mail

__all__ = ["EXEMPT", "open_harness"]

ARRIVED = datetime(2026, 11, 1, 12, tzinfo=UTC)
"""The day before the suite's window begins: how far back mail is read goes by the day of arrival."""


class ImapCalendarHarness:
    def __init__(self, mailbox: ImapHarness) -> None:
        self.mailbox = mailbox

    def calendar(self) -> Calendar:
        where = Server("127.0.0.1", self.mailbox.proxy.port, Security.PLAIN, read_timeout=10)
        session = Session(where, Login(self.mailbox.user, lambda: self.mailbox.password), account="conformance")
        return ImapCalendar(session, name="mail", zone=ZONE, lead=timedelta(days=60))

    def put(self, name: str, data: str) -> None:
        with self._client() as client:
            client.append("INBOX", "", Time2Internaldate(ARRIVED), as_mail(data))

    def remove(self, name: str) -> None:
        raise AssertionError(f"{name}: what removes is exempt")

    def break_connection(self) -> None:
        self.mailbox.break_connection()

    def mend(self) -> None:
        self.mailbox.mend()

    @contextmanager
    def _client(self) -> Iterator[IMAP4]:
        with IMAP4("127.0.0.1", self.mailbox.port, timeout=10) as client:
            client.login(self.mailbox.user, self.mailbox.password)
            yield client


@contextmanager
def open_harness(tmp_path: Path) -> Iterator[ImapCalendarHarness]:
    with harness_imap.open_harness(tmp_path) as mailbox:
        yield ImapCalendarHarness(mailbox)
