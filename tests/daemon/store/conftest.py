"""Stores to test with: a SQLite file, and a database of a PostgreSQL server that runs for these tests alone."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from daemon.store.store import AccountStore, Store

NOW = datetime(2026, 11, 20, 16, tzinfo=UTC)
_names = count()


def _program(name: str) -> str | None:
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return str(versions[0]) if versions else shutil.which(name)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The folder of the socket of a running PostgreSQL."""
    initdb, control = _program("initdb"), _program("pg_ctl")
    if initdb is None or control is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    pytest.importorskip("psycopg", reason="psycopg is not installed (pip install 'psycopg[binary]')")
    # The path of a socket may have 107 bytes; and PostgreSQL refuses to run as root.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    user = "postgres" if os.geteuid() == 0 else None
    if user is not None:
        shutil.chown(folder, user)
    data = str(folder / "data")
    try:
        subprocess.run(
            [initdb, "-D", data, "-U", "owner", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
            check=True,
            capture_output=True,
            user=user,
            cwd="/",
        )
        options = f"-c listen_addresses='' -c fsync=off -k {folder}"
        subprocess.run(
            [control, "-D", data, "-w", "-o", options, "-l", str(folder / "log"), "start"],
            check=True,
            stdout=subprocess.DEVNULL,
            user=user,
            cwd="/",
        )
        yield str(folder)
    finally:
        subprocess.run(
            [control, "-D", data, "-m", "immediate", "stop"], capture_output=True, user=user, cwd="/", check=False
        )
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def server_url(server: str) -> str:
    """A URL of a database that is new."""
    import psycopg  # noqa: PLC0415 - optional: the fixture `server` skips without it

    name = f"afterword_{next(_names)}"
    with psycopg.connect(host=server, user="owner", dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"postgresql://owner@/{name}?host={server}"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new store may be, of either kind."""
    if request.param == "sqlite":
        return str(tmp_path / "afterword.sqlite")
    found: str = request.getfixturevalue("server_url")
    return found


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """A new store, of either kind."""
    with Store.open(url, now=NOW) as opened:
        yield opened


@pytest.fixture
def account(store: Store) -> AccountStore:
    """An account of a new store."""
    return store.account("me")
