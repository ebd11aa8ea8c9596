"""A SQLAlchemy engine on a store that was examined first: nothing is written to what is not ours, or is damaged."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from daemon.store import upgrading
from daemon.store.errors import MOVE_ASIDE, StoreCorrupt, StoreError, StoreLocked, StoreUnavailable, translated

APPLICATION_ID = 0x41465457
"""`AFTW` in the header of the SQLite file (PRAGMA application_id): ours, and nobody else's."""
_PG_LOCK = APPLICATION_ID


def location(url_or_path: str | os.PathLike[str]) -> URL:
    """The URL of a store. Raises StoreError for a kind of database that it does not know."""
    raw = os.fspath(url_or_path)
    if "://" not in raw:
        return URL.create("sqlite", database=str(Path(raw).absolute()))
    try:
        url = make_url(raw)
    except (ArgumentError, ValueError):
        raise StoreError(
            "the database URL cannot be read", remedy="postgresql://user@host/database, or a path"
        ) from None
    if url.get_backend_name() in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:"):
        return url
    raise StoreError(
        f"a store cannot be kept in {url.drivername}",
        where=shown(url),
        remedy="a path for SQLite, or a postgresql:// URL",
    )


def shown(url: URL) -> str:
    """The URL for people: a path where it is a file, never a password."""
    if url.get_backend_name() == "sqlite":
        return url.database or ""
    return url.set(query={}).render_as_string(hide_password=True)


def file_of(url: URL) -> Path | None:
    """The SQLite file; None for a server."""
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def copies(path: Path) -> tuple[Path, ...]:
    """The copies that upgrades of this SQLite file kept."""
    return tuple(sorted(path.parent.glob(f"{path.name}.before-*")))


def open_engine(url: URL, *, patience: timedelta) -> Engine:
    """Create or migrate, then connect. Raises StoreError; `patience` is how long to wait for another process."""
    path = file_of(url)
    if path is None:
        return _open_server(url)
    where = shown(url)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(f"{path}.lock", timeout=patience.total_seconds(), mode=0o600):
            return _open_file(url, path, patience)
    except Timeout:
        raise StoreLocked("another process is opening it", where=where, remedy="try again") from None
    except OSError as error:
        raise StoreUnavailable(
            f"it cannot be opened: {error.strerror or error}", where=where, remedy="make the folder exist and writable"
        ) from error


def _open_file(url: URL, path: Path, patience: timedelta) -> Engine:
    where = shown(url)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
    with translated(where):
        _examine_file(path, patience)
    engine = create_engine(
        url,
        hide_parameters=True,
        connect_args={"timeout": patience.total_seconds()},
        pool_timeout=patience.total_seconds(),
    )
    event.listen(engine, "connect", _settle_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    try:
        with translated(where), writing(engine) as connection:
            current = upgrading.examine(connection, where)
            if current is None:
                connection.execute(text(f"PRAGMA application_id = {APPLICATION_ID}"))
            elif current != upgrading.newest():
                _keep_copy(path)
            if current != upgrading.newest():
                upgrading.run(connection)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _examine_file(path: Path, patience: timedelta) -> None:
    if path.stat().st_size == 0:
        return
    uri = f"{path.as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=patience.total_seconds())) as raw:
        tables = raw.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        mark = raw.execute("PRAGMA application_id").fetchone()[0]
        if tables and mark != APPLICATION_ID:
            raise StoreCorrupt(
                "it is another program's database", where=str(path), remedy="name another file in the config"
            )
        damage = raw.execute("PRAGMA quick_check(1)").fetchone()[0]
        if damage != "ok":
            raise StoreCorrupt("the database is damaged", where=str(path), remedy=MOVE_ASIDE)


def _keep_copy(path: Path) -> None:
    """A copy of what was committed last, whole or not there at all."""
    target = path.with_name(f"{path.name}.before-{upgrading.newest()}")
    partial = target.with_name(f"{target.name}.partial")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with (
        closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(partial)) as copy,
    ):
        source.backup(copy)
    descriptor = os.open(partial, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    partial.replace(target)


def _settle_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    # The driver's own BEGIN comes too late and never for DDL; `_begin_sqlite` says it instead.
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that turns into a writer fails at once if another wrote meanwhile: a writer says so first.
    immediate = connection.get_execution_options().get("afterword_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _open_server(url: URL) -> Engine:
    where = shown(url)
    try:
        engine = create_engine(
            url, hide_parameters=True, pool_pre_ping=True, connect_args={"options": "-c timezone=UTC"}
        )
    except ModuleNotFoundError:
        raise StoreUnavailable(
            "the driver for PostgreSQL is not installed", where=where, remedy="install afterword[postgresql]"
        ) from None
    try:
        with translated(where), writing(engine) as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _PG_LOCK})
            if upgrading.examine(connection, where) != upgrading.newest():
                upgrading.run(connection)
    except BaseException:
        engine.dispose()
        raise
    return engine


@contextmanager
def writing(engine: Engine, account: str = "") -> Iterator[Connection]:
    """A transaction that writes. On a server, the writers of one account wait for each other."""
    with engine.connect().execution_options(afterword_writes=True) as connection, connection.begin():
        if account and engine.dialect.name == "postgresql":
            connection.execute(
                text("SELECT pg_advisory_xact_lock(:lock, hashtext(:account))"), {"lock": _PG_LOCK, "account": account}
            )
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one state throughout."""
    options: dict[str, Any] = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection
