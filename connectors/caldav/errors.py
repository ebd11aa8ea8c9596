"""The one place where what the caldav library and those below it raise becomes the taxonomy of `connectors.errors`.

httpx, TLS and sockets: `connectors.web_errors`. In words of our own: a DAVError's text may hold a whole answer.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import singledispatch

import niquests.exceptions
import requests.exceptions
from caldav.discovery import DiscoveryError
from caldav.lib import error as vendor
from lxml import etree

from connectors.errors import (
    AuthenticationError,
    ConnectorError,
    PreconditionFailed,
    ProtocolViolation,
    RateLimited,
    TemporaryError,
    UnsupportedError,
)
from connectors.web_errors import LOGIN_REMEDY, LONGEST_RETRY_AFTER, TLS_REMEDY, Meaning
from connectors.web_errors import meaning as web_meaning

_EXPIRED = "{DAV:}valid-sync-token"
"""The precondition that an expired token violates (RFC 6578 section 3.2)."""


class TokenExpired(ConnectorError):
    """The collection no longer knows the sync token. It never leaves this package."""


class Forbidden(AuthenticationError):
    """The login is accepted and may not read this (403); it may well read other things."""


@contextmanager
def translated(account: str, operation: str) -> Iterator[None]:
    """Let nothing but the taxonomy out of the block, bugs of ours aside."""
    try:
        yield
    except ConnectorError as error:
        error.account, error.operation = error.account or account, error.operation or operation
        raise
    except vendor.RateLimitError as error:
        span = error.retry_after_seconds
        raise RateLimited(
            "the server asks to slow down",
            retry_after=None if span is None else min(timedelta(seconds=span), LONGEST_RETRY_AFTER),
            account=account,
            operation=operation,
        ) from None
    except Exception as error:
        found = meaning(error) or web_meaning(error)
        if found is None:
            raise
        raise found.error(account, operation) from None


@singledispatch
def meaning(_error: BaseException) -> Meaning | None:
    """What an exception of the library means, or None if it is not one of its."""
    return None


@meaning.register
def _(error: vendor.DAVError) -> Meaning:
    status = f" ({error.status})" if error.status else ""
    return Meaning(ProtocolViolation, f"the server's answer is not what CalDAV allows{status}")


@meaning.register
def _(error: vendor.AuthorizationError) -> Meaning:
    if _EXPIRED in error.preconditions:
        return Meaning(TokenExpired, "the sync token has expired")
    if error.status == 401:
        return Meaning(AuthenticationError, "the login is refused (401)", LOGIN_REMEDY)
    return Meaning(Forbidden, "access is forbidden (403)", "let this login read the calendar")


@meaning.register
def _(error: vendor.ReportError) -> Meaning:
    if _EXPIRED in error.preconditions:
        return Meaning(TokenExpired, "the sync token has expired")
    return Meaning(ProtocolViolation, "a report was answered wrongly")


@meaning.register
def _(_error: vendor.RateLimitError) -> Meaning:
    return Meaning(RateLimited, "the server asks to slow down")


@meaning.register(vendor.NotFoundError)
@meaning.register(DiscoveryError)
def _(_error: Exception) -> Meaning:
    return Meaning(ConnectorError, "no calendar is found at that address", "check `url` in the config")


@meaning.register(vendor.ETagMismatchError)
@meaning.register(vendor.ScheduleTagMismatchError)
@meaning.register(vendor.ConsistencyError)
@meaning.register(vendor.UidConflictError)
def _(_error: Exception) -> Meaning:
    return Meaning(PreconditionFailed, "the resource is not as it was")


@meaning.register
def _(_error: etree.Error) -> Meaning:
    return Meaning(ProtocolViolation, "what came is no XML")


@meaning.register(niquests.exceptions.RequestException)
@meaning.register(requests.exceptions.RequestException)
def _(_error: Exception) -> Meaning:
    return Meaning(TemporaryError, "the connection failed")


@meaning.register(niquests.exceptions.Timeout)
@meaning.register(requests.exceptions.Timeout)
def _(_error: Exception) -> Meaning:
    return Meaning(TemporaryError, "no answer in time")


@meaning.register(niquests.exceptions.SSLError)
@meaning.register(requests.exceptions.SSLError)
def _(_error: Exception) -> Meaning:
    return Meaning(ConnectorError, "the server's certificate is not trusted", TLS_REMEDY)


@meaning.register(niquests.exceptions.TooManyRedirects)
@meaning.register(requests.exceptions.TooManyRedirects)
def _(_error: Exception) -> Meaning:
    return Meaning(ProtocolViolation, "too many redirects", "check `url` in the config")


@meaning.register
def _(_error: NotImplementedError) -> Meaning:
    return Meaning(UnsupportedError, "the server offers no way to log in that is supported", "set `auth`")
