"""The one place where what IMAP, TLS and the socket complain about becomes the taxonomy of `connectors.errors`.

Response codes: RFC 3501 section 7.1, RFC 4315, RFC 5530 section 3, RFC 7162, RFC 9208; and words of Gmail and
Exchange that come without one.
"""

import imaplib
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import singledispatch

from imapclient import exceptions as vendor

from connectors.errors import (
    AuthenticationError,
    ConnectorError,
    PreconditionFailed,
    ProtocolViolation,
    RateLimited,
    TemporaryError,
    UnsupportedError,
)
from connectors.imap.wire import Dropped, Garbled, Refused

Kind = type[ConnectorError]

_LOGIN_REMEDY = "check user name and password; many providers want an app password, or `afterword login`"
_SPACE_REMEDY = "make room in the mailbox"
_RIGHTS_REMEDY = "give this login the right to write there, or name another folder in the config"
_FOLDER_REMEDY = "name the folder in the config"
_TLS_REMEDY = "set `security` as the provider says, or `ca_file` for an authority of your own"

_BY_CODE: dict[str, tuple[Kind, str]] = {
    "UNAVAILABLE": (TemporaryError, ""),
    "INUSE": (TemporaryError, ""),
    "SERVERBUG": (TemporaryError, ""),
    "EXPUNGEISSUED": (TemporaryError, ""),
    "LIMIT": (RateLimited, ""),
    "THROTTLED": (RateLimited, ""),
    "AUTHENTICATIONFAILED": (AuthenticationError, _LOGIN_REMEDY),
    "AUTHORIZATIONFAILED": (AuthenticationError, _LOGIN_REMEDY),
    "EXPIRED": (AuthenticationError, "renew the password with the provider"),
    "WEBALERT": (AuthenticationError, "log in once in the provider's web page"),
    "CONTACTADMIN": (AuthenticationError, "ask whoever runs the server"),
    "PRIVACYREQUIRED": (AuthenticationError, 'set `security = "tls"` or "starttls"'),
    "NOPERM": (AuthenticationError, _RIGHTS_REMEDY),
    "READ-ONLY": (AuthenticationError, _RIGHTS_REMEDY),
    "OVERQUOTA": (ConnectorError, _SPACE_REMEDY),
    "TOOBIG": (UnsupportedError, ""),
    "NONEXISTENT": (ConnectorError, _FOLDER_REMEDY),
    "TRYCREATE": (ConnectorError, _FOLDER_REMEDY),
    "ALREADYEXISTS": (PreconditionFailed, ""),
    "HASCHILDREN": (PreconditionFailed, ""),
    "CANNOT": (UnsupportedError, ""),
    "USEATTR": (UnsupportedError, ""),
    "NOTSAVED": (TemporaryError, ""),
    "UNKNOWN-CTE": (UnsupportedError, ""),
    "BADCHARSET": (UnsupportedError, ""),
    "CLIENTBUG": (ProtocolViolation, ""),
    "PARSE": (ProtocolViolation, ""),
    "CORRUPTION": (ConnectorError, "ask whoever runs the server to repair the mailbox"),
}

_BY_WORDS: tuple[tuple[re.Pattern[str], Kind, str], ...] = tuple(
    (re.compile("|".join(patterns), re.IGNORECASE), kind, remedy)
    for patterns, kind, remedy in (
        (
            ("too many (simultaneous )?connections", "rate limit", "throttl", "bandwidth limit", "too frequent"),
            RateLimited,
            "",
        ),
        (
            ("authenticated but not connected", "try again later", "temporar", "server busy", "internal error"),
            TemporaryError,
            "",
        ),
        (("application-specific password", "web ?browser", "web ?login"), AuthenticationError, _LOGIN_REMEDY),
        (("over ?quota", "quota exceeded", "mailbox (is )?full", "not enough .*space"), ConnectorError, _SPACE_REMEDY),
        (("permission denied", "read-?only", "access denied"), AuthenticationError, _RIGHTS_REMEDY),
        (
            ("doesn'?t exist", "does not exist", "no such", "unknown mailbox", "not found"),
            ConnectorError,
            _FOLDER_REMEDY,
        ),
    )
)
_VAGUE = frozenset({"", "ALERT", "CANNOT", "SERVERBUG", "OVERQUOTA", "AUTHENTICATIONFAILED"})

_CODE_IN_TEXT = re.compile(r"\[([A-Z][A-Z0-9-]+)[^\]]*\]")


def translate(error: BaseException, *, account: str = "", operation: str = "") -> ConnectorError | None:
    """The taxonomy's word for an exception, or None for one that is no fault of the outside (a bug of ours)."""
    if isinstance(error, ConnectorError):
        return error
    found = _meaning(error)
    return None if found is None else found.kind(found.text, account=account, operation=operation, remedy=found.remedy)


@contextmanager
def translated(account: str, operation: str) -> Iterator[None]:
    """Let nothing but the taxonomy out of the block, bugs of ours aside."""
    try:
        yield
    except Exception as error:
        mapped = translate(error, account=account, operation=operation)
        if mapped is None or mapped is error:
            raise
        raise mapped from error


def handled() -> frozenset[type]:
    """The exception classes that have a meaning of their own here."""
    return frozenset(_meaning.registry) - {object}


@dataclass(frozen=True, slots=True)
class _Meaning:
    kind: type[ConnectorError]
    text: str
    remedy: str = ""


@singledispatch
def _meaning(_error: BaseException) -> _Meaning | None:
    return None


@_meaning.register
def _(error: Refused) -> _Meaning:
    if error.status == "BAD" and not error.code:
        return _Meaning(ProtocolViolation, f"{error.verb} is not understood: {error.text}")
    kind, remedy = _judge(error.code, error.text)
    code = f"[{error.code}] " if error.code else ""
    return _Meaning(kind, f"{error.verb} refused: {code}{error.text}", remedy)


@_meaning.register
def _(error: Dropped) -> _Meaning:
    kind, remedy = _judge(error.code, error.farewell) if error.farewell else (TemporaryError, "")
    return _Meaning(TemporaryError if kind is ConnectorError else kind, str(error), remedy)


@_meaning.register
def _(error: Garbled) -> _Meaning:
    return _Meaning(ProtocolViolation, str(error))


@_meaning.register
def _(error: vendor.LoginError) -> _Meaning:
    # IMAPClient turns whatever goes wrong during a login into a LoginError, a cut line included.
    if isinstance(error.__context__, imaplib.IMAP4.abort):
        return _Meaning(TemporaryError, str(error))
    text = str(error)
    if "command error: BAD" in text:
        return _Meaning(ProtocolViolation, text)
    match = _CODE_IN_TEXT.search(text)
    kind, remedy = _judge(match.group(1) if match else "", text)
    if kind is ConnectorError:
        kind, remedy = AuthenticationError, remedy or _LOGIN_REMEDY
    return _Meaning(kind, f"login refused: {text.rpartition('failed: ')[2]}", remedy)


@_meaning.register(vendor.CapabilityError)
@_meaning.register(vendor.InvalidCriteriaError)
def _(error: Exception) -> _Meaning:
    return _Meaning(UnsupportedError, str(error))


@_meaning.register
def _(error: vendor.ProtocolError) -> _Meaning:
    return _Meaning(ProtocolViolation, str(error))


@_meaning.register(imaplib.IMAP4.abort)
@_meaning.register(vendor.IllegalStateError)
def _(error: Exception) -> _Meaning:
    return _Meaning(TemporaryError, str(error))


@_meaning.register
def _(error: imaplib.IMAP4.readonly) -> _Meaning:
    return _Meaning(AuthenticationError, str(error), _RIGHTS_REMEDY)


@_meaning.register
def _(error: imaplib.IMAP4.error) -> _Meaning:
    match = _CODE_IN_TEXT.search(str(error))
    kind, remedy = _judge(match.group(1) if match else "", str(error))
    return _Meaning(kind, str(error), remedy)


@_meaning.register
def _(error: ssl.SSLCertVerificationError) -> _Meaning:
    return _Meaning(
        ConnectorError,
        f"the server's certificate is not trusted: {getattr(error, 'verify_message', '') or error}",
        "check `host`; for an authority of your own set `ca_file`; an expired one must be renewed by the server",
    )


@_meaning.register
def _(error: ssl.SSLError) -> _Meaning:
    return _Meaning(TemporaryError, f"TLS failed: {getattr(error, 'reason', None) or error}", _TLS_REMEDY)


@_meaning.register
def _(error: socket.gaierror) -> _Meaning:
    return _Meaning(TemporaryError, f"the host is not found: {error.strerror}", "check `host` and the network")


@_meaning.register
def _(_error: TimeoutError) -> _Meaning:
    return _Meaning(TemporaryError, "no answer in time")


@_meaning.register
def _(error: OSError) -> _Meaning:
    return _Meaning(TemporaryError, str(error) or type(error).__name__)


def _judge(code: str, text: str) -> tuple[Kind, str]:
    """By the code; by the words where there is none, or one that servers use for several things."""
    if code in _VAGUE:
        for pattern, kind, remedy in _BY_WORDS:
            if pattern.search(text):
                return kind, remedy
    return _BY_CODE.get(code, (ConnectorError, ""))
