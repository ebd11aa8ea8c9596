"""What goes wrong outside, in the words of the taxonomy."""

import imaplib
import inspect
import socket
import ssl

import imapclient.exceptions
import pytest

from connectors.errors import (
    AuthenticationError,
    ConnectorError,
    PreconditionFailed,
    ProtocolViolation,
    RateLimited,
    TemporaryError,
    UnsupportedError,
)
from connectors.imap.errors import handled, translate
from connectors.imap.wire import Dropped, Garbled, Refused

VENDOR = sorted(
    {
        value
        for source in (imapclient.exceptions, imaplib.IMAP4)
        for _, value in inspect.getmembers(source)
        if inspect.isclass(value) and issubclass(value, Exception)
    },
    key=lambda kind: kind.__qualname__,
)


@pytest.mark.parametrize("kind", VENDOR)
def test_every_exception_class_of_the_libraries_has_a_meaning_of_its_own(kind: type[Exception]) -> None:
    assert kind in handled()
    assert isinstance(translate(kind("words")), ConnectorError)


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        ("UNAVAILABLE", "backend down", TemporaryError),
        ("INUSE", "locked", TemporaryError),
        ("SERVERBUG", "oops", TemporaryError),
        ("LIMIT", "too many", RateLimited),
        ("THROTTLED", "slow down", RateLimited),
        ("OVERQUOTA", "Account exceeded command or bandwidth limits.", RateLimited),
        ("ALERT", "Too many simultaneous connections. (Failure)", RateLimited),
        ("", "User is authenticated but not connected.", TemporaryError),
        ("AUTHENTICATIONFAILED", "no", AuthenticationError),
        ("AUTHORIZATIONFAILED", "no", AuthenticationError),
        ("EXPIRED", "password too old", AuthenticationError),
        ("CONTACTADMIN", "call us", AuthenticationError),
        ("PRIVACYREQUIRED", "use TLS", AuthenticationError),
        ("WEBALERT", "https://accounts.example", AuthenticationError),
        ("ALERT", "Application-specific password required", AuthenticationError),
        ("NOPERM", "not yours", AuthenticationError),
        ("READ-ONLY", "", AuthenticationError),
        ("", "Permission denied", AuthenticationError),
        ("OVERQUOTA", "Quota exceeded (mailbox for user is full)", ConnectorError),
        ("", "Over quota", ConnectorError),
        ("NONEXISTENT", "gone", ConnectorError),
        ("TRYCREATE", "gone", ConnectorError),
        ("", "Mailbox doesn't exist: Drafts", ConnectorError),
        ("ALREADYEXISTS", "there", PreconditionFailed),
        ("CANNOT", "never", UnsupportedError),
        ("TOOBIG", "64 MB", UnsupportedError),
        ("BADCHARSET", "", UnsupportedError),
        ("CLIENTBUG", "stop it", ProtocolViolation),
        ("", "who knows", ConnectorError),
    ],
)
def test_response_codes_and_words(code: str, text: str, kind: type[ConnectorError]) -> None:
    error = translate(Refused("SELECT", "NO", code, text), account="a", operation="pull")
    assert type(error) is kind
    assert error.account == "a"
    assert error.operation == "pull"


def test_what_only_the_owner_can_mend_comes_with_a_remedy() -> None:
    for code in ("AUTHENTICATIONFAILED", "EXPIRED", "OVERQUOTA", "NOPERM", "NONEXISTENT", "CONTACTADMIN"):
        error = translate(Refused("APPEND", "NO", code, ""))
        assert error is not None
        assert error.remedy


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Refused("FETCH", "BAD", "", "what?"), ProtocolViolation),
        (Garbled("noise"), ProtocolViolation),
        (Dropped(), TemporaryError),
        (Dropped("Too many connections", "LIMIT"), RateLimited),
        (Dropped("Disconnected for inactivity."), TemporaryError),
        (Dropped("Mailbox doesn't exist", ""), TemporaryError),
        (TimeoutError(), TemporaryError),
        (ConnectionRefusedError(111, "Connection refused"), TemporaryError),
        (socket.gaierror(-2, "Name or service not known"), TemporaryError),
        (ssl.SSLError(1, "wrong version number"), TemporaryError),
        (ssl.SSLCertVerificationError(1, "certificate has expired"), ConnectorError),
    ],
)
def test_the_line(error: Exception, kind: type[ConnectorError]) -> None:
    mapped = translate(error)
    assert type(mapped) is kind


def test_a_line_cut_during_login_is_no_refused_login() -> None:
    refused = imapclient.exceptions.LoginError("socket error: EOF")
    refused.__context__ = imaplib.IMAP4.abort("socket error: EOF")
    assert type(translate(refused)) is TemporaryError


def test_a_bug_of_ours_is_not_dressed_up() -> None:
    assert translate(KeyError("x")) is None
    assert translate(AssertionError()) is None
