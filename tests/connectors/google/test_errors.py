"""Every exception of the vendor's libraries has a meaning, and the meaning is the right one."""

import http.client
import inspect
import json
import socket
import ssl
from datetime import UTC, datetime, timedelta

import google.auth.exceptions
import googleapiclient.errors
import httplib2
import httplib2.error
import pytest

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
from connectors.google.errors import NotFound, meaning, translated

_SECRET = "ya29.secret-token"
_VENDORS = (google.auth.exceptions, googleapiclient.errors, httplib2.error)
_CLASSES = [
    each
    for module in _VENDORS
    for _, each in inspect.getmembers(module, inspect.isclass)
    if issubclass(each, Exception) and each.__module__ == module.__name__
]
_PLAIN = [OSError, TimeoutError, ConnectionError, socket.gaierror, ssl.SSLError, http.client.HTTPException]


def http_error(status: int, reason: str = "", message: str = "", **headers: str) -> googleapiclient.errors.HttpError:
    response = httplib2.Response({"status": status, **{name.replace("_", "-"): each for name, each in headers.items()}})
    errors = [{"domain": "global", "reason": reason, "message": message}] if reason else []
    body = {"error": {"code": status, "message": message, "errors": errors}}
    return googleapiclient.errors.HttpError(response, json.dumps(body).encode(), uri=f"https://x/?t={_SECRET}")


def untrusted() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "bad")
    error.verify_message = "self-signed certificate"
    return error


@pytest.mark.parametrize("vendor", [*_CLASSES, *_PLAIN], ids=lambda each: f"{each.__module__}.{each.__name__}")
def test_no_class_is_unmapped(vendor: type[Exception]) -> None:
    assert meaning.dispatch(vendor) is not meaning.dispatch(object)


def test_a_bug_of_ours_stays_one() -> None:
    with pytest.raises(ZeroDivisionError), translated("sam", "pull"):
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (http_error(401, "authError"), AuthenticationError, "afterword login"),
        (http_error(403, "insufficientPermissions"), AuthenticationError, "tick every permission"),
        (http_error(403, "accessNotConfigured"), ConnectorError, "Google console"),
        (http_error(403, "domainPolicy"), AuthenticationError, "administrator"),
        (http_error(403, "rateLimitExceeded"), RateLimited, "slow down"),
        (http_error(403, "userRateLimitExceeded"), RateLimited, "slow down"),
        (http_error(429, "rateLimitExceeded"), RateLimited, "slow down"),
        (http_error(410, "fullSyncRequired"), CursorExpired, ""),
        (http_error(410, "updatedMinTooLongAgo"), CursorExpired, ""),
        (http_error(400, "invalid", "Invalid sync token value."), CursorExpired, ""),
        (http_error(404, "notFound"), NotFound, ""),
        (http_error(412, "conditionNotMet"), PreconditionFailed, ""),
        (http_error(400, "failedPrecondition"), ConnectorError, "address"),
        (http_error(400, "badRequest"), ProtocolViolation, ""),
        (http_error(302), ProtocolViolation, ""),
        (http_error(500, "backendError"), TemporaryError, ""),
        (http_error(501), UnsupportedError, ""),
        (http_error(503), TemporaryError, ""),
        (google.auth.exceptions.RefreshError("invalid_grant: Bad", {"t": _SECRET}), AuthenticationError, "seven days"),
        (google.auth.exceptions.RefreshError("invalid_client"), AuthenticationError, "client_file"),
        (google.auth.exceptions.RefreshError("x", retryable=True), TemporaryError, ""),
        (google.auth.exceptions.TransportError(TimeoutError()), TemporaryError, "in time"),
        (httplib2.ServerNotFoundError(), TemporaryError, "network"),
        (untrusted(), ConnectorError, "not trusted"),
        (json.JSONDecodeError("x", _SECRET, 0), ProtocolViolation, "login page"),
        (ConnectionResetError(104, "Connection reset by peer"), TemporaryError, "reset"),
        (TimeoutError(), TemporaryError, "in time"),
    ],
    ids=str,
)
def test_meanings(error: Exception, kind: type[ConnectorError], words: str) -> None:
    with pytest.raises(ConnectorError) as caught, translated("sam", "pull"):
        raise error
    assert type(caught.value) is kind
    assert (caught.value.account, caught.value.operation) == ("sam", "pull")
    assert words in str(caught.value)
    assert _SECRET not in f"{caught.value!r}{caught.value}"
    assert caught.value.__cause__ is None


def test_how_long_to_wait_stands_in_a_header_or_in_the_words() -> None:
    soon = datetime.now(UTC) + timedelta(minutes=5)
    told = f"User-rate limit exceeded.  Retry after {soon:%Y-%m-%dT%H:%M:%S}.000Z"
    for error, least, most in (
        (http_error(429, "rateLimitExceeded", retry_after="7"), 7, 7),
        (http_error(429, "userRateLimitExceeded", told), 290, 301),
        (http_error(503, "backendError", retry_after="30"), 30, 30),
    ):
        with pytest.raises(RateLimited) as caught, translated("sam", "pull"):
            raise error
        assert caught.value.retry_after is not None
        assert least <= caught.value.retry_after.total_seconds() <= most
