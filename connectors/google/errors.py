"""The one place where what Google's libraries, TLS and the socket complain about becomes `connectors.errors`.

Error bodies: https://developers.google.com/workspace/calendar/api/guides/errors and
https://developers.google.com/workspace/gmail/api/guides/handle-errors. Words of our own throughout, and nothing is
chained: a vendor's message may hold a token or an address.
"""

import http.client
import json
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import singledispatch

import google.auth.exceptions as auth
import googleapiclient.errors as api
import httplib2

from connectors.errors import (
    AuthenticationError,
    ConnectorError,
    CursorExpired,
    PreconditionFailed,
    ProtocolViolation,
    RateLimited,
    TemporaryError,
    UnsupportedError,
)
from connectors.web_errors import retry_after

LOGIN_REMEDY = "run `afterword login`"
TESTING_REMEDY = (
    "run `afterword login`; if this happens every seven days, your app in the Google console is still in testing: "
    "set its publishing status to In production"
)
_SWITCHED_OFF_REMEDY = "in the Google console turn on the Gmail API and the Google Calendar API for your project"
_CLIENT_REMEDY = "check `client_file`: download it anew from the Google console, then run `afterword login`"
_SLOW_DOWN = frozenset(
    ("rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded", "RATE_LIMIT_EXCEEDED")
)
_OFF = frozenset(("accessNotConfigured", "SERVICE_DISABLED"))
_TOO_LITTLE = frozenset(("insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficientScopes"))
_STALE = frozenset(("fullSyncRequired", "updatedMinTooLongAgo", "deleted"))
_AFTER = re.compile(r"Retry after (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)")


class NotFound(ConnectorError):
    """No such thing (404): for some questions an answer, for others a fault."""


_BY_STATUS: dict[int, tuple[type[ConnectorError], str, str]] = {
    401: (AuthenticationError, "Google refuses the login", LOGIN_REMEDY),
    404: (NotFound, "Google finds nothing there", ""),
    408: (TemporaryError, "Google answers with an error", ""),
    409: (PreconditionFailed, "it is not as it was", ""),
    410: (CursorExpired, "Google no longer knows how far was read", ""),
    412: (PreconditionFailed, "it is not as it was", ""),
    501: (UnsupportedError, "the server does not support this", ""),
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """A class of the taxonomy, the words, and what the owner can do."""

    kind: type[ConnectorError]
    text: str
    remedy: str = ""
    wait: timedelta | None = None

    def error(self, account: str, operation: str) -> ConnectorError:
        """The exception to raise."""
        if issubclass(self.kind, RateLimited):
            return self.kind(self.text, retry_after=self.wait, account=account, operation=operation, remedy=self.remedy)
        return self.kind(self.text, account=account, operation=operation, remedy=self.remedy)


@contextmanager
def translated(account: str, operation: str) -> Iterator[None]:
    """Let nothing but the taxonomy out of the block, bugs of ours aside."""
    try:
        yield
    except ConnectorError as error:
        error.account, error.operation = error.account or account, error.operation or operation
        raise
    except Exception as error:
        found = meaning(error)
        if found is None:
            raise
        raise found.error(account, operation) from None


@contextmanager
def reading(account: str, operation: str) -> Iterator[None]:
    """Inside the block answers are taken apart: one without the shape that Google documents is a ProtocolViolation.

    Chained, unlike the others: should the fault be ours, the log shows where.
    """
    try:
        yield
    except ConnectorError as error:
        error.account, error.operation = error.account or account, error.operation or operation
        raise
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ProtocolViolation(
            "the answer has not the shape that the API documents", account=account, operation=operation
        ) from error


def translate(error: BaseException, account: str, operation: str) -> ConnectorError:
    """The taxonomy's word for an exception that was handed over rather than raised, as in a batch."""
    if isinstance(error, ConnectorError):
        return error
    found = meaning(error) or Meaning(ProtocolViolation, "the answer is not what the API allows")
    return found.error(account, operation)


@singledispatch
def meaning(_error: BaseException) -> Meaning | None:
    """What an exception means, or None if it is no fault of the outside (a bug of ours)."""
    return None


@meaning.register
def _(error: api.HttpError) -> Meaning:
    status, reasons, message = _body(error)
    named = f"{status}, {min(reasons)}" if reasons else str(status)
    wait = _wait(error, message)
    if status == 429 or (status == 403 and reasons & _SLOW_DOWN) or (status == 503 and wait is not None):
        return Meaning(RateLimited, f"Google asks to slow down ({named})", wait=wait)
    if status == 403:
        return _forbidden(named, reasons)
    if reasons & _STALE or (status == 400 and "sync token" in message.lower()):
        return Meaning(CursorExpired, f"Google no longer knows how far was read ({named})")
    if status == 400 and "failedPrecondition" in reasons:
        return Meaning(ConnectorError, "this account has no Gmail (400)", "check `address`")
    kind, text, remedy = _BY_STATUS.get(status, (ProtocolViolation, "Google refuses the request", ""))
    if status >= 500 and status not in _BY_STATUS:
        kind, text = TemporaryError, "Google answers with an error"
    return Meaning(kind, f"{text} ({named})", remedy)


def _forbidden(named: str, reasons: frozenset[str]) -> Meaning:
    if reasons & _OFF:
        return Meaning(ConnectorError, f"the API is switched off ({named})", _SWITCHED_OFF_REMEDY)
    if reasons & _TOO_LITTLE:
        return Meaning(
            AuthenticationError, f"a permission is missing ({named})", f"{LOGIN_REMEDY} and tick every permission"
        )
    if "domainPolicy" in reasons:
        return Meaning(
            AuthenticationError, f"your organization forbids it ({named})", "ask its administrator to allow your app"
        )
    return Meaning(AuthenticationError, f"Google forbids it ({named})", LOGIN_REMEDY)


def _body(error: api.HttpError) -> tuple[int, frozenset[str], str]:
    """Status, reasons and message out of the error's JSON; whatever is not there is empty."""
    status = int(error.resp.status)
    try:
        said = json.loads(error.content)["error"]
        listed = [each.get("reason", "") for key in ("errors", "details") for each in said.get(key) or ()]
        return status, frozenset(filter(None, map(str, listed))), str(said.get("message", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return status, frozenset(), ""


def _wait(error: api.HttpError, message: str) -> timedelta | None:
    """Retry-After; or the moment that Gmail names in the words of its answer."""
    now = datetime.now(UTC)
    named = retry_after(str(error.resp.get("retry-after", "")), now)
    told = _AFTER.search(message)
    if named is None and told:
        named = max(datetime.fromisoformat(told.group(1)) - now, timedelta())
    return named


@meaning.register
def _(_error: api.Error) -> Meaning:
    return Meaning(ProtocolViolation, "the answer is not what the API allows")


@meaning.register
def _(error: auth.RefreshError) -> Meaning:
    said = " ".join(str(arg) for arg in error.args)
    if "invalid_grant" in said:
        return Meaning(AuthenticationError, "the login has expired or was revoked", TESTING_REMEDY)
    if "invalid_client" in said or "unauthorized_client" in said or "deleted_client" in said:
        return Meaning(AuthenticationError, "Google does not know this OAuth client", _CLIENT_REMEDY)
    if "invalid_scope" in said:
        return Meaning(AuthenticationError, "a permission is missing", f"{LOGIN_REMEDY} and tick every permission")
    if error.retryable or "TransportError" in said:
        return Meaning(TemporaryError, "the login could not be renewed for now")
    return Meaning(AuthenticationError, "the login cannot be renewed", LOGIN_REMEDY)


@meaning.register(auth.TransportError)
@meaning.register(auth.TimeoutError)
@meaning.register(auth.ResponseError)
def _(error: auth.GoogleAuthError) -> Meaning:
    for arg in error.args:
        cause = meaning(arg) if isinstance(arg, Exception) else None
        if cause is not None:
            return cause
    return Meaning(TemporaryError, "Google's login server cannot be reached")


@meaning.register
def _(error: auth.GoogleAuthError) -> Meaning:
    if error.retryable:
        return Meaning(TemporaryError, "the login could not be renewed for now")
    return Meaning(AuthenticationError, "the login cannot be used", LOGIN_REMEDY)


@meaning.register
def _(_error: httplib2.ServerNotFoundError) -> Meaning:
    return Meaning(TemporaryError, "Google's servers are not found", "check the network")


@meaning.register
def _(_error: httplib2.HttpLib2Error) -> Meaning:
    return Meaning(ProtocolViolation, "the answer is not what HTTP allows")


@meaning.register
def _(_error: httplib2.ProxiesUnavailableError) -> Meaning:
    return Meaning(TemporaryError, "the proxy cannot be used", "check https_proxy in the environment")


@meaning.register
def _(_error: http.client.HTTPException) -> Meaning:
    return Meaning(TemporaryError, "the connection was cut, or what came is not HTTP")


@meaning.register
def _(_error: json.JSONDecodeError) -> Meaning:
    return Meaning(ProtocolViolation, "the answer is no JSON", "a proxy or the network's login page may be in the way")


@meaning.register
def _(_error: UnicodeDecodeError) -> Meaning:
    return Meaning(ProtocolViolation, "the answer is no UTF-8")


@meaning.register
def _(error: ssl.SSLCertVerificationError) -> Meaning:
    return Meaning(ConnectorError, f"the server's certificate is not trusted: {error.verify_message}")


@meaning.register
def _(error: ssl.SSLError) -> Meaning:
    return Meaning(TemporaryError, f"TLS failed: {error.reason or 'unexpected end'}")


@meaning.register
def _(_error: socket.gaierror) -> Meaning:
    return Meaning(TemporaryError, "Google's servers are not found", "check the network")


@meaning.register
def _(_error: TimeoutError) -> Meaning:
    return Meaning(TemporaryError, "no answer in time")


@meaning.register
def _(error: OSError) -> Meaning:
    return Meaning(TemporaryError, error.strerror or type(error).__name__)
