"""The one place where what exchangelib, requests and TLS complain about becomes `connectors.errors`.

Source: https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/responsecode. Words of our
own, and nothing is chained: a vendor's message may hold addresses or parts of mail.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import requests
from exchangelib import errors as ews
from lxml import etree

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
from connectors.web_errors import LOGIN_REMEDY, TLS_REMEDY

_LONGEST_BACK_OFF = timedelta(days=1)


class NotFound(ConnectorError):
    """The item asked for is not there."""


_CLASSES: tuple[tuple[tuple[type[BaseException], ...], type[ConnectorError], str, str], ...] = (
    (
        (ews.ErrorSyncFolderNotFound, ews.ErrorInvalidSyncStateData),
        CursorExpired,
        "the server no longer knows how far this was read",
        "",
    ),
    ((ews.ErrorItemNotFound, ews.DoesNotExist), NotFound, "it is not found on the server", ""),
    (
        (ews.ErrorIrresolvableConflict, ews.ErrorStaleObject, ews.ErrorChangeKeyRequiredForWriteOperations),
        PreconditionFailed,
        "it was changed by somebody else at this very moment",
        "",
    ),
    ((ews.ErrorQuotaExceeded,), ConnectorError, "the mailbox is full", "make room in the mailbox"),
    (
        (ews.ErrorNonExistentMailbox, ews.ErrorMissingEmailAddress, ews.ErrorInvalidSmtpAddress),
        ConnectorError,
        "there is no such mailbox on this server",
        "correct `email`, the primary address of the mailbox",
    ),
    (
        (ews.ErrorAccessDenied, ews.ErrorImpersonationDenied, ews.ErrorImpersonateUserDenied),
        AuthenticationError,
        "access to the mailbox is denied",
        LOGIN_REMEDY,
    ),
    (
        (ews.UnauthorizedError, ews.ErrorAccountDisabled, ews.ErrorPasswordExpired, ews.ErrorPasswordChangeRequired),
        AuthenticationError,
        "the login is refused",
        f"{LOGIN_REMEDY}; and check `auth`: not every server takes ntlm, basic and oauth",
    ),
    (
        (ews.ErrorFolderNotFound,),
        ConnectorError,
        "a folder is not found on the server",
        "correct `calendars`, if they are set",
    ),
    (
        (ews.AutoDiscoverError,),
        ConnectorError,
        "the server is not found by autodiscover",
        "set `server` to the name of the Exchange server",
    ),
    (
        (ews.RedirectError, ews.RelativeRedirect),
        ProtocolViolation,
        "the server sends us to another address",
        "set `server` to the address that Outlook on the web has",
    ),
    (
        (ews.ErrorInvalidServerVersion, ews.ErrorInvalidSchemaVersionForMailboxVersion, ews.ErrorInvalidRequest),
        UnsupportedError,
        "the server does not support what is asked",
        "",
    ),
    (
        (ews.MalformedResponseError, ews.SOAPError, etree.LxmlError),
        ProtocolViolation,
        "what came is no answer of EWS; a proxy or another service at that address?",
        "correct `server`",
    ),
    (
        (
            ews.ErrorMailboxStoreUnavailable,
            ews.ErrorInternalServerTransientError,
            ews.ErrorInternalServerError,
            ews.ErrorTimeoutExpired,
            ews.ErrorMailboxMoveInProgress,
            ews.ErrorBatchProcessingStopped,
            ews.ErrorConnectionFailed,
        ),
        TemporaryError,
        "the server answers with an error that passes",
        "",
    ),
    ((requests.exceptions.Timeout, TimeoutError), TemporaryError, "no answer in time", ""),
    ((requests.exceptions.RequestException, OSError), TemporaryError, "the connection failed", ""),
    ((ews.TransportError,), TemporaryError, "the server answers with an error", ""),
    ((ews.EWSError, ews.InvalidTypeError, ews.InvalidEnumValue), ProtocolViolation, "an answer makes no sense", ""),
    ((ValueError, AttributeError, TypeError, KeyError), ProtocolViolation, "an answer makes no sense", ""),
)


@contextmanager
def translated(account: str, operation: str) -> Iterator[None]:
    """Let nothing of exchangelib, requests or TLS out of the block."""
    try:
        yield
    except ConnectorError as error:
        error.account = error.account or account
        error.operation = error.operation or operation
        raise
    except Exception as error:  # noqa: BLE001 (exchangelib lets out many kinds; none is a bug of the owner's)
        raise translate(error, account, operation) from None


def translate(error: BaseException, account: str, operation: str) -> ConnectorError:
    """What an exception means."""
    where = {"account": account, "operation": operation}
    if isinstance(error, (ews.ErrorServerBusy, ews.RateLimitError, ews.ErrorExceededConnectionCount)):
        return RateLimited("the server asks to slow down", retry_after=_back_off(error), **where)
    if _certificate(error):
        return ConnectorError("the server's certificate is not trusted", remedy=TLS_REMEDY, **where)
    for kinds, kind, text, remedy in _CLASSES:
        if isinstance(error, kinds):
            return kind(text, remedy=remedy, **where)
    return ProtocolViolation(f"an answer makes no sense ({type(error).__name__})", **where)


def _back_off(error: BaseException) -> timedelta | None:
    seconds = getattr(error, "back_off", None) or getattr(error, "wait", None)
    if not isinstance(seconds, (int, float)) or seconds <= 0:
        return None
    return min(timedelta(seconds=float(seconds)), _LONGEST_BACK_OFF)


def _certificate(error: BaseException | None) -> bool:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return True
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
