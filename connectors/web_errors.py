"""What HTTP, TLS and the socket complain about, as the taxonomy of `connectors.errors`. In words of our own throughout.

A vendor's message may hold the address that was asked for, which for some connectors is a secret: none is passed on.
"""

import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import singledispatch
from http import HTTPStatus

import httpx

from connectors.errors import (
    AuthenticationError,
    ConnectorError,
    ProtocolViolation,
    RateLimited,
    TemporaryError,
    UnsupportedError,
)

LOGIN_REMEDY = "check user name and password; many providers want an app password"
TLS_REMEDY = "check the host; for an authority of your own set `ca_file`; an expired one must be renewed by the server"
LONGEST_RETRY_AFTER = timedelta(days=1)


class TooLarge(ProtocolViolation):
    """The answer is larger than what is read. A smaller question may be answered."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """A class of the taxonomy, the words, and what the owner can do."""

    kind: type[ConnectorError]
    text: str
    remedy: str = ""

    def error(self, account: str, operation: str) -> ConnectorError:
        """The exception to raise."""
        return self.kind(self.text, account=account, operation=operation, remedy=self.remedy)


@contextmanager
def translated(account: str, operation: str) -> Iterator[None]:
    """Let nothing of httpx, TLS or the socket out of the block."""
    try:
        yield
    except ConnectorError:
        raise
    except Exception as error:
        found = meaning(error)
        if found is None:
            raise
        # Not chained: the vendor's exception may name the address, and a traceback would print it.
        raise found.error(account, operation) from None


def refusal(status: int, headers: Mapping[str, str], account: str, operation: str) -> ConnectorError:
    """What an HTTP status that is no success means (RFC 9110 section 15, RFC 6585)."""
    if status == HTTPStatus.TOO_MANY_REQUESTS or (
        status == HTTPStatus.SERVICE_UNAVAILABLE and "Retry-After" in headers
    ):
        return RateLimited(
            f"the server asks to slow down ({status})",
            retry_after=retry_after(headers.get("Retry-After", ""), datetime.now(UTC)),
            account=account,
            operation=operation,
        )
    kind, text, remedy = _status_meaning(status)
    return kind(text, account=account, operation=operation, remedy=remedy)


def retry_after(value: str, now: datetime) -> timedelta | None:
    """Seconds or a date (RFC 9110 section 10.2.3), at most a day; None if it is neither."""
    text = value.strip()
    if text.isdecimal() and len(text) < 10:
        span = timedelta(seconds=int(text))
    else:
        try:
            span = parsedate_to_datetime(text) - now
        except (TypeError, ValueError):
            return None
    return min(max(span, timedelta()), LONGEST_RETRY_AFTER)


def _status_meaning(status: int) -> tuple[type[ConnectorError], str, str]:
    if status in (401, 407):
        return AuthenticationError, f"the login is refused ({status})", LOGIN_REMEDY
    if status == HTTPStatus.FORBIDDEN:
        return AuthenticationError, "access is forbidden (403)", LOGIN_REMEDY
    if status in (404, 410):
        return ConnectorError, f"nothing is found at that address ({status})", "check the address in the config"
    if status in (408, 423, 425) or status >= 500:
        if status in (501, 505):
            return UnsupportedError, f"the server does not support this ({status})", ""
        return TemporaryError, f"the server answers with an error ({status})", ""
    if status in (405, 415):
        return UnsupportedError, f"the server does not support this ({status})", "check the address in the config"
    return ProtocolViolation, f"unexpected answer ({status})", "check the address in the config"


@singledispatch
def meaning(_error: BaseException) -> Meaning | None:
    """What an exception means, or None if it is no fault of the outside (a bug of ours)."""
    return None


@meaning.register
def _(error: httpx.TransportError) -> Meaning:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, (ssl.SSLError, socket.gaierror)):
            return meaning(cause) or Meaning(TemporaryError, "the connection failed")
        cause = cause.__cause__ or cause.__context__
    return Meaning(TemporaryError, "the connection failed")


@meaning.register
def _(_error: httpx.TimeoutException) -> Meaning:
    return Meaning(TemporaryError, "no answer in time")


@meaning.register
def _(_error: httpx.RemoteProtocolError) -> Meaning:
    return Meaning(TemporaryError, "the connection was cut, or what came is not HTTP")


@meaning.register
def _(_error: httpx.LocalProtocolError) -> Meaning:
    return Meaning(
        ConnectorError, "the request cannot be written down", "check user name and password for odd characters"
    )


@meaning.register(httpx.UnsupportedProtocol)
@meaning.register(httpx.InvalidURL)
def _(_error: Exception) -> Meaning:
    return Meaning(ConnectorError, "this is no https address", "check the address in the config")


@meaning.register(httpx.DecodingError)
@meaning.register(httpx.CookieConflict)
@meaning.register(httpx.StreamError)
@meaning.register(httpx.HTTPError)
def _(_error: Exception) -> Meaning:
    return Meaning(ProtocolViolation, "the answer is not what HTTP allows")


@meaning.register
def _(_error: httpx.TooManyRedirects) -> Meaning:
    return Meaning(ProtocolViolation, "too many redirects", "check the address in the config")


@meaning.register
def _(error: ssl.SSLCertVerificationError) -> Meaning:
    return Meaning(ConnectorError, f"the server's certificate is not trusted: {error.verify_message}", TLS_REMEDY)


@meaning.register
def _(error: ssl.SSLError) -> Meaning:
    return Meaning(TemporaryError, f"TLS failed: {error.reason or 'unexpected end'}")


@meaning.register
def _(_error: socket.gaierror) -> Meaning:
    return Meaning(TemporaryError, "the host is not found", "check the host and the network")


@meaning.register
def _(_error: TimeoutError) -> Meaning:
    return Meaning(TemporaryError, "no answer in time")


@meaning.register
def _(error: OSError) -> Meaning:
    return Meaning(TemporaryError, error.strerror or type(error).__name__)
