"""Opening a store: made, reopened, upgraded, refused. What is refused stays byte for byte as it was."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event

from connectors.model import CalendarDelta, Event, Invite, Method, Window
from daemon.core.facts import Intent
from daemon.store import schema, upgrading
from daemon.store.errors import StoreCorrupt, StoreError, StoreLocked, StoreNewer, StoreUnavailable
from daemon.store.schema import metadata
from daemon.store.store import Store

NOW = datetime(2026, 11, 20, 16, tzinfo=UTC)
WINDOW = Window(NOW, NOW + timedelta(days=1))
QUICK = timedelta(milliseconds=50)


def many(count: int) -> CalendarDelta:
    events = (Event(uid=f"u{n}", start=NOW, end=NOW, description="long " * 50) for n in range(count))
    invites = tuple(Invite(key=each.uid, uid=each.uid, method=Method.REQUEST, events=(each,)) for each in events)
    return CalendarDelta(invites, (), "1", full=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with something in it, closed."""
    made = tmp_path / "state" / "afterword.sqlite"
    with Store.open(made, now=NOW) as store:
        store.account("me").apply_delta("work", many(300), WINDOW, NOW)
        store.account("me").begin("k", Intent.CREATE, NOW, "f")
    return made


@contextmanager
def untouched(path: Path) -> Iterator[None]:
    before = path.read_bytes()
    yield
    assert path.read_bytes() == before


def test_a_new_store_is_private_and_reopens(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    with Store.open(path, now=NOW + timedelta(days=9)) as store:
        assert [entry.key for entry in store.account("me").unsettled()] == ["k"]
        assert store.account("me").facts(None).store_born_at == NOW


def test_a_store_that_others_could_read_is_closed_to_them(path: Path) -> None:
    path.chmod(0o644)
    with Store.open(path, now=NOW) as store:
        assert [each.stat().st_mode & 0o077 for each in path.parent.glob("afterword.sqlite*")] == [0] * 4
        assert store.path == path


def test_a_commit_is_on_the_disk(path: Path) -> None:
    with Store.open(path, now=NOW) as store, store.writing("me") as connection:
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]
    assert found == ["wal", 2]


def test_the_migrations_lead_to_the_tables_of_the_code(url: str) -> None:
    with Store.open(url, now=NOW) as store, store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": upgrading.VERSION_TABLE})
        assert compare_metadata(context, metadata) == []


def test_a_store_can_be_downgraded_to_nothing(url: str) -> None:
    with Store.open(url, now=NOW) as store, store.engine.begin() as connection:
        upgrading.run(connection, "base")
        assert upgrading.revision(connection) is None


@pytest.mark.parametrize("damage", ["words", "torn header", "cut short", "pages overwritten"])
def test_a_damaged_file_is_refused(path: Path, damage: str) -> None:
    whole = path.read_bytes()
    damaged = {
        "words": b"This is a letter, and no database at all.\n" * 100,
        "torn header": b"\0" * 100 + whole[100:],
        "cut short": whole[: len(whole) // 2],
        "pages overwritten": whole[:8192] + b"\xaa" * 40_000 + whole[48_192:],
    }[damage]
    path.write_bytes(damaged)
    with untouched(path), pytest.raises(StoreCorrupt, match=r"afterword\.sqlite") as caught:
        Store.open(path, now=NOW)
    assert "backup" in caught.value.remedy


def test_an_empty_file_is_a_new_store(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    with Store.open(path, now=NOW) as store:
        assert store.account("me").facts(None).store_born_at == NOW


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "places.sqlite"
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("CREATE TABLE accounts (name TEXT)")
    with untouched(path), pytest.raises(StoreCorrupt, match="another program"):
        Store.open(path, now=NOW)


def test_a_newer_store_is_refused(url: str) -> None:
    with Store.open(url, now=NOW) as store, store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE afterword_schema SET version_num = '9999'")
    with pytest.raises(StoreNewer, match="9999"):
        Store.open(url, now=NOW)


def test_a_store_without_its_mark_or_a_table_is_refused(url: str) -> None:
    with Store.open(url, now=NOW) as store, store.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE looks")
    with pytest.raises(StoreCorrupt, match="looks"):
        Store.open(url, now=NOW)
    with store, store.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM afterword_schema")
    with pytest.raises(StoreCorrupt, match="version"):
        Store.open(url, now=NOW)


SECOND = """
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

def upgrade():
    op.add_column("looks", sa.Column("mood", sa.Text()))
    {more}
"""


@pytest.fixture
def second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The migrations, and one more."""
    folder = tmp_path / "100% migrations"
    shutil.copytree(upgrading.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(upgrading, "MIGRATIONS", folder)
    monkeypatch.setattr(schema, "REVISION", "0002")
    script = folder / "versions" / "v0002_more.py"
    script.write_text(SECOND.format(more=""))
    return script


def test_before_an_upgrade_a_copy_is_kept(path: Path, second: Path) -> None:
    with Store.open(path, now=NOW) as store, store.reading() as connection:
        assert upgrading.revision(connection) == "0002"
        assert connection.exec_driver_sql("SELECT count(mood) FROM looks").scalar() == 0
        assert [entry.key for entry in store.account("me").unsettled()] == ["k"]
    copy = path.with_name("afterword.sqlite.before-0002")
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(copy)) as kept:
        assert kept.execute("SELECT version_num FROM afterword_schema").fetchall() == [("0001",)]
        assert kept.execute("SELECT count(*) FROM invites").fetchone() == (300,)


def test_an_upgrade_that_fails_changes_nothing(url: str, second: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(upgrading, "MIGRATIONS", Path(upgrading.__file__).parent / "migrations")
        patch.setattr(schema, "REVISION", "0001")
        Store.open(url, now=NOW).close()
        with Store.open(url, now=NOW) as first:
            first.account("me").begin("k", Intent.CREATE, NOW, "f")
    second.write_text(SECOND.format(more="op.drop_table('no such table')"))
    with pytest.raises(StoreError):
        Store.open(url, now=NOW)
    second.unlink()
    monkeypatch.setattr(schema, "REVISION", "0001")
    with Store.open(url, now=NOW) as store:
        assert [entry.key for entry in store.account("me").unsettled()] == ["k"]
        with store.reading() as connection:
            assert "mood" not in connection.exec_driver_sql("SELECT * FROM looks").keys()  # noqa: SIM118 - a result, no mapping


def test_a_locked_store_says_so(path: Path) -> None:
    with Store.open(path, now=NOW, patience=QUICK) as store, closing(sqlite3.connect(path)) as other:
        account = store.account("me")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreLocked, match="locked"):
            account.begin("k2", Intent.CREATE, NOW)
        with pytest.raises(StoreLocked):
            Store.open(path, now=NOW, patience=QUICK)
        assert len(account.unsettled()) == 1
        other.rollback()
        assert account.begin("k2", Intent.CREATE, NOW).key == "k2"


def test_a_full_disk_loses_nothing(path: Path) -> None:
    with Store.open(path, now=NOW) as store:
        account = store.account("me")

        @event.listens_for(store.engine, "checkout")
        def no_more_pages(connection: sqlite3.Connection, *_: object) -> None:
            connection.execute("PRAGMA max_page_count = 1")

        with pytest.raises(StoreUnavailable, match="no room"):
            account.apply_delta("work", many(3000), WINDOW, NOW)
        assert len(account.invites_between(WINDOW.start, WINDOW.end)) == 300
        assert len(account.unsettled()) == 1


def test_a_folder_that_cannot_be_written_is_named() -> None:
    folder = Path(tempfile.mkdtemp(prefix="afterword-", dir="/tmp"))
    user = os.geteuid()
    try:
        folder.chmod(0o555)
        if user == 0:
            os.seteuid(65534)
        with pytest.raises(StoreUnavailable, match="Permission denied") as caught:
            Store.open(folder / "afterword.sqlite", now=NOW)
        with pytest.raises(StoreUnavailable):
            Store.open(folder / "deeper" / "afterword.sqlite", now=NOW)
        assert str(folder) in str(caught.value)
    finally:
        os.seteuid(user)
        shutil.rmtree(folder)


def test_a_place_that_is_no_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path, tmp_path / "file" / "afterword.sqlite"):
        with pytest.raises(StoreUnavailable, match=str(tmp_path)):
            Store.open(place, now=NOW)


@pytest.mark.parametrize("url", ["mysql://me:geheim@host/db", "sqlite://", "sqlite:///:memory:", "://", "nonsense://["])
def test_another_kind_of_database_is_refused(url: str) -> None:
    with pytest.raises(StoreError) as caught:
        Store.open(url, now=NOW)
    assert "postgresql" in caught.value.remedy
    assert "geheim" not in str(caught.value)


def test_a_server_that_cannot_be_reached_is_named_without_its_password(tmp_path: Path) -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed (pip install 'psycopg[binary]')")
    with pytest.raises(StoreUnavailable, match="reached") as caught:
        Store.open(f"postgresql://me:geheim@/db?host={tmp_path}&password=geheim", now=NOW)
    assert "geheim" not in str(caught.value)


def test_a_database_that_the_server_lacks_is_named(server: str) -> None:
    with pytest.raises(StoreUnavailable, match="nowhere"):
        Store.open(f"postgresql://owner@/nowhere?host={server}", now=NOW)


def test_the_schema_names_the_newest_migration() -> None:
    assert ScriptDirectory(str(upgrading.MIGRATIONS)).get_current_head() == schema.REVISION
