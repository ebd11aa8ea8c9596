"""Mail to oneself through one's provider (RFC 6409). The only module that can open an SMTP connection; a test says so.

Some providers raise no push for a message that was put into the inbox by APPEND; one that was submitted rings a phone.
"""

import smtplib
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import singledispatch
from pathlib import Path
from typing import Final, Literal

from connectors.errors import (
    AuthenticationError,
    ConnectorError,
    ProtocolViolation,
    RateLimited,
    TemporaryError,
    UnsupportedError,
)
from connectors.mime import write_note
from connectors.model import Address, CheckLine, Note
from connectors.notify.recipients import only_the_owner
from connectors.web import tls_context
from connectors.web_errors import LOGIN_REMEDY, Meaning
from connectors.web_errors import meaning as socket_meaning

SECONDS: Final = 30.0
_HELO: Final = "localhost"
"""Instead of this machine's own name, which nobody needs to know."""


@dataclass(frozen=True, slots=True)
class SubmissionNotifier:
    """Submits notes to `to`, which must be one of `addresses`, the owner's canonical ones."""

    name: str
    host: str
    port: int
    sender: Address
    """The owner's main address: From, To and the envelope's sender."""
    to: str
    addresses: frozenset[str]
    security: Literal["tls", "starttls", "plain"] = "tls"
    username: str = ""
    password: Callable[[], str] | None = None
    """None for a server that asks for no login."""
    ca_file: Path | None = None
    account: str = ""
    seconds: float = SECONDS

    def notify(self, note: Note) -> None:
        """Submit the whole note: it goes into the owner's own mailbox.

        Raises UnsupportedError for any other recipient, AuthenticationError, TemporaryError, ConnectorError.
        """
        recipients = only_the_owner([self.to], self.addresses, account=self.account)
        only_the_owner([self.sender.email], self.addresses, account=self.account)
        message = write_note(note, self.sender)
        with self._session("notify") as session:
            session.sendmail(self.sender.email, list(recipients), message)

    def check(self, *, write: bool = False) -> Sequence[CheckLine]:  # noqa: ARG002 (asking goes far enough)
        """Log in and ask whether the recipient is taken; no message is sent."""
        try:
            recipients = only_the_owner([self.to], self.addresses, account=self.account)
            with self._session("check") as session:
                _expect(*session.mail(self.sender.email), smtplib.SMTPSenderRefused(0, b"", self.sender.email))
                for recipient in recipients:
                    _expect(*session.rcpt(recipient), smtplib.SMTPRecipientsRefused({recipient: (0, b"")}))
                session.rset()
        except ConnectorError as error:
            return (CheckLine("submission", "failing", error.message, error.remedy),)
        return (CheckLine("submission", "ok", f"{self.host}:{self.port}"),)

    def close(self) -> None:
        """Each note has a connection of its own."""

    @contextmanager
    def _session(self, operation: str) -> Iterator[smtplib.SMTP]:
        try:
            session = self._connected()
            try:
                if self.password is not None:
                    session.login(self.username, self.password())
                yield session
            finally:
                with suppress(smtplib.SMTPException, OSError):
                    session.quit()
        except ConnectorError:
            raise
        except Exception as error:
            found = meaning(error) or socket_meaning(error)
            if found is None:
                raise
            # Not chained: a server's answer to AUTH may repeat what was sent.
            raise found.error(self.account, operation) from None

    def _connected(self) -> smtplib.SMTP:
        if self.security == "tls":
            return smtplib.SMTP_SSL(
                self.host, self.port, _HELO, timeout=self.seconds, context=tls_context(self.ca_file)
            )
        session = smtplib.SMTP(self.host, self.port, _HELO, timeout=self.seconds)
        if self.security == "starttls":
            try:
                code, _ = session.starttls(context=tls_context(self.ca_file))
                if code != 220:
                    raise smtplib.SMTPNotSupportedError
            except (smtplib.SMTPException, OSError, ssl.SSLError):
                session.close()
                raise
        return session


def _expect(code: int, text: bytes, refused: smtplib.SMTPException) -> None:
    if code in (250, 251):
        return
    if isinstance(refused, smtplib.SMTPRecipientsRefused):
        refused.recipients = dict.fromkeys(refused.recipients, (code, text))
    elif isinstance(refused, smtplib.SMTPResponseException):
        refused.smtp_code = code
    raise refused


@singledispatch
def meaning(_error: BaseException) -> Meaning | None:
    """What an exception of smtplib means (RFC 5321 section 4.2, RFC 4954 section 6); None if it is not one of its."""
    return None


@meaning.register
def _(_error: smtplib.SMTPException) -> Meaning:
    return Meaning(ProtocolViolation, "the server answers what SMTP does not allow")


@meaning.register
def _(_error: smtplib.SMTPServerDisconnected) -> Meaning:
    return Meaning(TemporaryError, "the connection was cut")


@meaning.register
def _(_error: smtplib.SMTPNotSupportedError) -> Meaning:
    return Meaning(
        UnsupportedError, "the server lacks STARTTLS, a way to log in, or UTF-8", "check `security` and `port`"
    )


@meaning.register
def _(error: smtplib.SMTPResponseException) -> Meaning:
    return _by_code(error.smtp_code)


@meaning.register
def _(error: smtplib.SMTPAuthenticationError) -> Meaning:
    if 400 <= error.smtp_code < 500:
        return _by_code(error.smtp_code)
    return Meaning(AuthenticationError, f"the login is refused ({error.smtp_code})", LOGIN_REMEDY)


@meaning.register
def _(error: smtplib.SMTPRecipientsRefused) -> Meaning:
    codes = [code for code, _ in error.recipients.values()]
    return _by_code(codes[0] if codes else 550)


def _by_code(code: int) -> Meaning:
    if code in (530, 535, 538, 534):
        return Meaning(AuthenticationError, f"the server wants another login ({code})", LOGIN_REMEDY)
    if code in (450, 451, 452):
        return Meaning(RateLimited, f"the server takes no more mail for now ({code})")
    if 400 <= code < 500 or code == 0:
        return Meaning(TemporaryError, f"the server refuses for now ({code})")
    if code == 552:
        return Meaning(ConnectorError, "the mailbox is full (552)", "make room in the mailbox")
    if 500 <= code < 600:
        return Meaning(ConnectorError, f"the server refuses the note ({code})", "check `to` and the sender's address")
    return Meaning(ProtocolViolation, f"unexpected answer ({code})")
