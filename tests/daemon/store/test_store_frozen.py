"""A store that the first version wrote is opened, upgraded and read by today's code, with every fact intact."""

import importlib.util
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest

from daemon.core.facts import ActKind, Intent, JournalEntry, Settled
from daemon.store import upgrading
from daemon.store.store import Store

DATA = Path(__file__).parent / "data"
LATER = datetime(2027, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def made() -> ModuleType:
    """What the script put in."""
    spec = importlib.util.spec_from_file_location("make_store_v1", DATA / "make_store_v1.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Today's code on a copy of it."""
    path = tmp_path / "afterword.sqlite"
    shutil.copyfile(DATA / "store-v1.sqlite", path)
    with Store.open(path, now=LATER) as opened:
        yield opened


def test_the_frozen_store_is_of_the_first_version_and_full() -> None:
    with closing(sqlite3.connect(f"file:{DATA / 'store-v1.sqlite'}?mode=ro&immutable=1", uri=True)) as raw:
        assert raw.execute("SELECT version_num FROM afterword_schema").fetchall() == [("0001",)]
        tables = [row[0] for row in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        assert [name for name in tables if not raw.execute(f"SELECT count(*) FROM {name}").fetchone()[0]] == []  # noqa: S608 - names of tables


def test_it_is_brought_to_the_newest_version(store: Store) -> None:
    with store.reading() as connection:
        assert upgrading.revision(connection) == upgrading.newest()


def test_every_fact_is_intact(store: Store, made: ModuleType) -> None:
    account = store.account("me")
    facts = account.facts(None)
    assert (facts.set_up_at, facts.store_born_at) == (made.NOW - timedelta(days=1), made.NOW)
    (one,) = facts.followups.values()
    assert one.followup == made.FOLLOWUP
    hour = timedelta(hours=1)
    unsettled = JournalEntry(2, "k1", Intent.REPLACE, made.NOW + hour, "f2")
    created = JournalEntry(1, "k1", Intent.CREATE, made.NOW, "f1", Settled.DONE, made.NOW + hour, made.REF, "made")
    assert one.journal == (created, unsettled)
    assert account.unsettled() == (unsettled,)
    assert one.looks == (made.LOOK,)
    assert one.acts == facts.acts == made.ACTS
    assert one.reminded_on == (date(2026, 11, 21),)
    assert (facts.notes, facts.health) == ((made.NOTE,), {"mail": made.HEALTH})


def test_every_invite_and_small_thing_is_intact(store: Store, made: ModuleType) -> None:
    account = store.account("me")
    assert account.calendars_known() == ("mail", "vdir")
    assert (account.cursor("mail"), account.cursor("vdir")) == (("7", made.WINDOW), ("a", made.WINDOW))
    assert account.invites_between(made.START, made.START + timedelta(hours=1)) == (made.SERIES, made.INVITE)
    assert account.invites_of("u1@example.com")[0].events[0].start.tzinfo == made.BERLIN
    assert account.addresses() == {("Grace Hopper", "example.com"): made.FOUND}
    assert account.setting("replies") == "12"


def test_what_was_forgotten_stays_so(store: Store, made: ModuleType) -> None:
    account = store.account("forgetful")
    stone = account.facts(None).followups["k1"]
    assert stone.followup.recipient.name == ""
    assert [act.kind for act in stone.acts] == [ActKind.DISMISS]
    assert account.add_followup(made.FOLLOWUP) is False
