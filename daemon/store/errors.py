"""What goes wrong with the store. Whatever is raised, nothing that was stored is overwritten or dropped."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class StoreError(Exception):
    """Anything that the store may raise. `where` names the file or the server, `remedy` what the owner can do."""

    def __init__(self, message: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text} ({self.remedy})" if self.remedy else text


class StoreCorrupt(StoreError):
    """What is there is damaged, or is no store of Afterword's."""


class StoreNewer(StoreError):
    """A newer Afterword wrote it."""


class StoreLocked(StoreError):
    """Another process held it for longer than we wait; the same call may succeed later."""


class StoreUnavailable(StoreError):
    """It cannot be reached, read or written: permissions, a full disk, a server that is down."""


MOVE_ASIDE = (
    "move it away or put a backup in its place; without it, only interviews of the last 24 hours are drafted anew"
)
_LOCKED = "another program holds it; stop that one, or try again"
_SPACE = "make room on the disk; nothing that was stored is lost"

_SQLITE: dict[int, tuple[type[StoreError], str, str]] = {
    sqlite3.SQLITE_CORRUPT: (StoreCorrupt, "the database is damaged", MOVE_ASIDE),
    sqlite3.SQLITE_NOTADB: (StoreCorrupt, "the file is no SQLite database", MOVE_ASIDE),
    sqlite3.SQLITE_BUSY: (StoreLocked, "the database is locked", _LOCKED),
    sqlite3.SQLITE_LOCKED: (StoreLocked, "the database is locked", _LOCKED),
    sqlite3.SQLITE_FULL: (StoreUnavailable, "there is no room left to write", _SPACE),
    sqlite3.SQLITE_IOERR: (StoreUnavailable, "reading or writing it failed", "check the disk and the room left on it"),
    sqlite3.SQLITE_READONLY: (StoreUnavailable, "it cannot be written", "make the file and its folder writable"),
    sqlite3.SQLITE_PERM: (StoreUnavailable, "access is denied", "make the file and its folder your own"),
    sqlite3.SQLITE_CANTOPEN: (StoreUnavailable, "it cannot be opened", "make the folder exist and writable"),
}
_POSTGRESQL: dict[str, tuple[type[StoreError], str, str]] = {
    "28": (StoreUnavailable, "the server refuses the login", "check user, password and pg_hba.conf"),
    "3D": (StoreUnavailable, "the database does not exist", "create it with createdb"),
    "42": (StoreUnavailable, "the server refuses the statement", "give the user all rights on the database's schema"),
    "53": (StoreUnavailable, "the server has no room or connections left", "make room on the server"),
    "55": (StoreLocked, "the database is locked", _LOCKED),
    "40": (StoreLocked, "another process changed the same rows", "try again"),
    "XX": (StoreCorrupt, "the server reports damaged data", "restore a backup of the database"),
}


def of_sqlite(error: sqlite3.Error, where: str) -> StoreError:
    """The words for an error of SQLite's, by its primary result code."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    kind, message, remedy = _SQLITE.get(code, (StoreError, f"SQLite failed: {error}", ""))
    return kind(message, where=where, remedy=remedy)


def _of_server(error: BaseException | None, where: str) -> StoreError:
    state = getattr(error, "sqlstate", None)
    if state is None:
        return StoreUnavailable(
            "the database server cannot be reached", where=where, remedy="check that it runs and that the URL is right"
        )
    kind, message, remedy = _POSTGRESQL.get(state[:2], (StoreError, "the server refused", ""))
    return kind(f"{message} (SQLSTATE {state})", where=where, remedy=remedy)


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Raise what the driver raises as a `StoreError`, without the driver's words: they may quote a row or a URL."""
    try:
        yield
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error):
            raise of_sqlite(error.orig, where) from error
        raise _of_server(error.orig, where) from None
    except sqlite3.Error as error:
        raise of_sqlite(error, where) from error
    except PoolTimeout as error:
        raise StoreLocked("every connection is in use", where=where, remedy="try again") from error
    except StatementError as error:
        # A value that no column takes, a naive datetime for one: the caller's fault and not the database's.
        raise (error.orig or error) from None
    except SQLAlchemyError as error:
        raise StoreError(f"the database failed: {type(error).__name__}", where=where) from error
