"""What Graph answers when something is wrong, as the taxonomy of `connectors.errors`. Pure.

Source: https://learn.microsoft.com/en-us/graph/errors and /graph/throttling. Words of our own: a vendor's message may
name people.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from connectors.errors import (
    AuthenticationError,
    ConnectorError,
    CursorExpired,
    PreconditionFailed,
    RateLimited,
    TemporaryError,
    UnsupportedError,
)
from connectors.web_errors import refusal, retry_after

LOGIN_REMEDY = "run `afterword login`"
_EXPIRED = frozenset(
    ("syncStateNotFound", "syncStateInvalid", "resyncRequired", "resyncApplyDifferences", "resyncUploadDifferences")
)
_BUSY = frozenset(
    ("TooManyRequests", "ApplicationThrottled", "ErrorServerBusy", "MailboxConcurrency", "activityLimitReached")
)
_PASSING = frozenset(
    ("ErrorMailboxStoreUnavailable", "ErrorInternalServerTransientError", "ErrorTimeoutExpired", "UnknownError",
     "ErrorMailboxMoveInProgress", "serviceNotAvailable", "ErrorBatchProcessingStopped", "ErrorInternalServerError")
)  # fmt: skip


class NotFound(ConnectorError):
    """The thing asked for is not there (404)."""


def error_code(body: object) -> str:
    """`error.code` of an answer, or empty."""
    error = body.get("error") if isinstance(body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) else ""


def graph_error(status: int, code: str, headers: Mapping[str, str], *, account: str, operation: str) -> ConnectorError:
    """The exception for an answer that is no success. `headers` with any case of names."""
    folded = {name.lower(): value for name, value in headers.items()}
    where = {"account": account, "operation": operation}
    if status == 429 or code in _BUSY:
        wish = retry_after(folded.get("retry-after", ""), datetime.now(UTC))
        return RateLimited(f"Microsoft asks to slow down ({status})", retry_after=wish, **where)
    if status == 410 or code in _EXPIRED:
        return CursorExpired("Microsoft no longer knows how far this was read", **where)
    if status in (409, 412) or code in ("ErrorIrresolvableConflict", "ErrorStaleObject"):
        return PreconditionFailed("it was changed by somebody else at this very moment", **where)
    if code in ("MailboxNotEnabledForRESTAPI", "ErrorMailboxNotEnabledForRESTAPI", "MailboxNotSupportedForRESTAPI"):
        remedy = "use kind exchange, if your organisation keeps mail on a server of its own"
        return UnsupportedError("this account has no mailbox in Microsoft 365", remedy=remedy, **where)
    if code == "ErrorQuotaExceeded":
        return ConnectorError("the mailbox is full", remedy="make room in the mailbox", **where)
    if status == 404:
        return NotFound("it is not found at Microsoft", **where)
    if status == 401:
        return AuthenticationError("Microsoft refuses the login (401)", remedy=LOGIN_REMEDY, **where)
    if status == 403:
        remedy = f"{LOGIN_REMEDY} and grant every permission; a work account may need its administrator's consent"
        return AuthenticationError("the login lacks a permission (403)", remedy=remedy, **where)
    if code in _PASSING or status == 424:
        return TemporaryError(f"Microsoft answers with an error ({status})", **where)
    return refusal(
        status, {"Retry-After": folded["retry-after"]} if "retry-after" in folded else {}, account, operation
    )
