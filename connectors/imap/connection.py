"""Connecting and logging in. TLS unless the config says otherwise in so many words; nothing falls back to plaintext."""

import logging
import socket as socket_options
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from socket import IPPROTO_TCP, SO_KEEPALIVE, SOL_SOCKET, TCP_NODELAY, socket
from typing import Protocol

import imapclient

from connectors.errors import AuthenticationError, ConnectorError, UnsupportedError
from connectors.imap.capabilities import Features
from connectors.imap.errors import translated
from connectors.imap.listing import namespaces
from connectors.imap.wire import Answer, Wire

# IMAPClient logs every command at level DEBUG, an AUTHENTICATE with its token among them.
logging.getLogger("imapclient").setLevel(logging.WARNING)

_KEEPALIVE = {"TCP_KEEPIDLE": 120, "TCP_KEEPINTVL": 30, "TCP_KEEPCNT": 4}
"""Seconds and probes: a peer that vanished is noticed in four minutes, without a word on IMAP's own level."""


class Security(StrEnum):
    """How the line is protected. There is no 'if available'."""

    TLS = "tls"
    STARTTLS = "starttls"
    PLAIN = "plain"


class Mechanism(StrEnum):
    """How to log in. `AUTO`: by token where there is a source of tokens, in the way that the server offers."""

    AUTO = "auto"
    PASSWORD = "password"  # noqa: S105 (the config's own word)
    XOAUTH2 = "xoauth2"
    OAUTHBEARER = "oauthbearer"


class TokenSource(Protocol):
    """Where an OAuth 2 access token comes from; it is asked at each login and renews the token by itself."""

    def token(self) -> str:
        """A valid access token. Raises AuthenticationError, TemporaryError."""
        ...


@dataclass(frozen=True, slots=True)
class Server:
    """Where to connect to, and how long to wait in seconds."""

    host: str
    port: int = 993
    security: Security = Security.TLS
    ca_file: Path | None = None
    connect_timeout: float = 20.0
    read_timeout: float = 60.0


@dataclass(frozen=True, slots=True)
class Login:
    """Who logs in, and how. A mechanism that is asked for is taken whatever else the server offers, or none."""

    username: str
    password: Callable[[], str] | None = field(default=None, repr=False)
    tokens: TokenSource | None = field(default=None, repr=False)
    mechanism: Mechanism = Mechanism.AUTO


@dataclass(frozen=True, slots=True)
class Connection:
    """A logged-in connection."""

    wire: Wire
    features: Features
    personal: str = ""
    """Prefix of the owner's folders (NAMESPACE, RFC 2342)."""
    foreign: tuple[str, ...] = ()
    """Prefixes of other people's and shared folders: mail there is not the owner's."""

    def close(self) -> None:
        """Drop it without a LOGOUT: nothing is lost by that, and nobody has to wait."""
        self.wire.close()


@lru_cache(maxsize=8)
def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """One context for all connections that trust the same authorities: a context of its own costs each 0.8 MB."""
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def connect(server: Server, login: Login, *, account: str = "") -> Connection:
    """Open a connection and log in.

    Raises ConnectorError: TemporaryError where nobody answers, AuthenticationError where the login is refused,
    UnsupportedError where the server has no STARTTLS or no way to log in that we have.
    """
    with translated(account, "connect"):
        client = imapclient.IMAPClient(
            server.host,
            server.port,
            ssl=server.security is Security.TLS,
            ssl_context=_context(server) if server.security is Security.TLS else None,
            timeout=imapclient.SocketTimeout(connect=server.connect_timeout, read=server.read_timeout),
        )
    try:
        if server.security is Security.STARTTLS:
            with translated(account, "STARTTLS"):
                client.starttls(_context(server))
        with translated(account, "login"):
            _log_in(client, login, account)
            features = Features.of(client.capabilities(), client.welcome)
            wire = Wire(_tuned(client.socket(), server.read_timeout))
            features, personal, foreign = _introduced(wire, features)
    except BaseException:
        with suppress(OSError):  # what failed may have closed it already
            client.shutdown()
        raise
    return Connection(wire, features, personal, foreign)


def _introduced(wire: Wire, features: Features) -> tuple[Features, str, tuple[str, ...]]:
    """NetEase's servers refuse to select a folder until they were told a name (RFC 2971)."""
    asked = [
        *([b'ID ("name" "Afterword")'] if "ID" in features.names else []),
        *([b"NAMESPACE"] if "NAMESPACE" in features.names else []),
    ]
    answers = [answer for answer in wire.attempt(*asked) if isinstance(answer, Answer)] if asked else []
    identity = b" ".join(line for answer in answers for line in answer.lines(b"ID"))
    personal, foreign = namespaces(answers)
    return features.naming(identity), personal, foreign


def _context(server: Server) -> ssl.SSLContext:
    try:
        return tls_context(server.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConnectorError(
            f"the file of trusted authorities cannot be read: {server.ca_file}",
            operation="connect",
            remedy="`ca_file` must name a PEM file",
        ) from error


def _log_in(client: imapclient.IMAPClient, login: Login, account: str) -> None:
    offered = {word.decode("ascii", "replace").upper() for word in client.capabilities()}
    if login.tokens is not None and login.mechanism is not Mechanism.PASSWORD:
        mechanism = _token_mechanism(login.mechanism, offered, account)
        by_token = client.oauth2_login if mechanism is Mechanism.XOAUTH2 else client.oauthbearer_login
        by_token(login.username, login.tokens.token())
    elif login.password is not None:
        _by_password(client, login.username, login.password(), offered, account)
    else:
        raise AuthenticationError("neither a password nor a token is set", account=account, operation="login")


def _token_mechanism(wished: Mechanism, offered: set[str], account: str) -> Mechanism:
    wanted = (Mechanism.XOAUTH2, Mechanism.OAUTHBEARER) if wished is Mechanism.AUTO else (wished,)
    for mechanism in wanted:
        if f"AUTH={mechanism.upper()}" in offered:
            return mechanism
    names = " nor ".join(mechanism.upper() for mechanism in wanted)
    raise UnsupportedError(
        f"the server does not offer {names}",
        account=account,
        operation="login",
        remedy="log in by password or app password" if wished is Mechanism.AUTO else 'set `auth = "auto"`',
    )


def _by_password(client: imapclient.IMAPClient, username: str, password: str, offered: set[str], account: str) -> None:
    if "AUTH=PLAIN" in offered:
        client.plain_login(username, password)
        return
    if "LOGINDISABLED" in offered:
        raise UnsupportedError(
            "the server takes no password on this line",
            account=account,
            operation="login",
            remedy='set `security = "tls"` or "starttls", or log in by token',
        )
    if not (username + password).isascii():
        raise UnsupportedError(
            "the server has LOGIN only, which takes ASCII, and user name or password hold other characters",
            account=account,
            operation="login",
            remedy="use an app password",
        )
    client.login(username, password)


def _tuned(sock: socket, read_timeout: float) -> socket:
    sock.settimeout(read_timeout)
    sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
    sock.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE.items():
        if (option := getattr(socket_options, name, None)) is not None:
            sock.setsockopt(IPPROTO_TCP, option, value)
    return sock
