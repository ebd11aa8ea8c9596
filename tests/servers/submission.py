"""A submission server of one's own (aiosmtpd): implicit TLS or STARTTLS, AUTH, and answers that a test asks for."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import SMTP as POLICY
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.servers.certificates import Leaf

USER = "erika@example.com"
PASSWORD = "right horse"


@dataclass(frozen=True)
class Delivered:
    """One message that was taken."""

    sender: str
    recipients: list[str]
    message: Message
    encrypted: bool


@dataclass
class Submission:
    """The running server. `refuse` maps a command (RCPT, DATA, MAIL, AUTH) to the answer it gives instead."""

    delivered: list[Delivered] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    port: int = 0

    async def handle_MAIL(  # noqa: N802 (aiosmtpd finds handlers by this name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.commands.append("MAIL")
        if "MAIL" in self.refuse:
            return self.refuse["MAIL"]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 (as above)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.commands.append("RCPT")
        if "RCPT" in self.refuse:
            return self.refuse["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (as above)
        self.commands.append("DATA")
        if "DATA" in self.refuse:
            return self.refuse["DATA"]
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        message = message_from_bytes(content, policy=POLICY)
        self.delivered.append(
            Delivered(envelope.mail_from or "", list(envelope.rcpt_tos), message, session.ssl is not None)
        )
        return "250 OK"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        if "AUTH" in self.refuse:
            return AuthResult(success=False, handled=False, message=self.refuse["AUTH"])
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)


@contextmanager
def submission(leaf: Leaf, *, implicit_tls: bool = False, offer_starttls: bool = True) -> Iterator[Submission]:
    """Run it on a free loopback port until the block ends; AUTH is required, and only offered under TLS."""
    server = Submission()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(leaf.certificate, leaf.key)
    options: dict[str, Any] = {"ssl_context": context} if implicit_tls else {}
    if not implicit_tls and offer_starttls:
        options["tls_context"] = context
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        server.port = port = probe.getsockname()[1]
    controller = Controller(
        server,
        hostname="127.0.0.1",
        port=port,
        server_hostname="localhost",
        authenticator=server.authenticate,
        auth_required=offer_starttls or implicit_tls,
        auth_require_tls=not implicit_tls,
        **options,
    )
    controller.start()
    try:
        yield server
    finally:
        controller.stop()
