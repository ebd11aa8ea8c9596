"""The taxonomy of what goes wrong outside. Each connector maps every vendor exception to one of these, in one place.

`TemporaryError` is worth trying again by itself; everything else needs another act first, which its `remedy` names.
No message ever holds a secret: connectors pass words of their own, not a vendor's `repr`.
"""

from datetime import timedelta


class ConnectorError(Exception):
    """Anything that a port may raise. `account` and `operation` say where, `remedy` what the owner can do."""

    def __init__(self, message: str, *, account: str = "", operation: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.account = account
        self.operation = operation
        self.remedy = remedy

    def __str__(self) -> str:
        where = ": ".join(part for part in (self.account, self.operation) if part)
        text = f"{where}: {self.message}" if where else self.message
        return f"{text} ({self.remedy})" if self.remedy else text


class TemporaryError(ConnectorError):
    """The network, the server or a lock stood in the way; the same call may succeed later."""


class RateLimited(TemporaryError):
    """Asked to slow down. `retry_after` is the server's own wish, or None."""

    def __init__(
        self,
        message: str,
        *,
        retry_after: timedelta | None = None,
        account: str = "",
        operation: str = "",
        remedy: str = "",
    ) -> None:
        super().__init__(message, account=account, operation=operation, remedy=remedy)
        self.retry_after = retry_after


class AuthenticationError(ConnectorError):
    """The login is refused, expired or lacks a permission: only the owner can mend it."""


class CursorExpired(ConnectorError):
    """The cursor is no longer known to the server: pull again without one."""


class PreconditionFailed(ConnectorError):
    """The thing is not as it was when we last looked; nothing was changed."""


class DraftNotFound(PreconditionFailed):
    """The draft is not where its reference says, nor anywhere its Message-ID leads."""


class DraftChanged(PreconditionFailed):
    """The owner touched the draft: it is theirs now."""


class UnsupportedError(ConnectorError):
    """The server cannot do what is asked."""


class ProtocolViolation(ConnectorError):
    """The server answered what the protocol does not allow."""
