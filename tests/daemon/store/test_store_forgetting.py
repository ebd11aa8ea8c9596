"""What `forget` removes, and the little that it leaves so that nothing is drafted again."""

import sqlite3
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import String, select, type_coerce

from connectors.model import Address, CalendarDelta, DraftRef, Event, Heard, Invite, Method, Observation, Window
from daemon.core.facts import Act, ActKind, FollowUp, Health, Intent, Look, SentNote, Settled
from daemon.core.model import OwnerNotes, Recipient, RecipientKind
from daemon.store.schema import metadata
from daemon.store.store import AccountStore, Store

NOW = datetime(2026, 11, 20, 16, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATER = NOW + 5 * DAY
WINDOW = Window(NOW - 90 * DAY, NOW + 30 * DAY)


def fill(account: AccountStore, word: str, interview_id: str, ended_at: datetime) -> None:
    """Everything about one interview, the word in every text of it."""
    key, uid = f"key-{interview_id}", f"uid-{interview_id}"
    event = Event(uid=uid, start=ended_at - HOUR, end=ended_at, summary=f"Interview {word}")
    invite = Invite(key=f"href-{interview_id}", uid=uid, method=Method.REQUEST, events=(event,))
    account.apply_delta("work", CalendarDelta((invite,), (), "1", full=False), WINDOW, ended_at)
    account.add_followup(
        FollowUp(
            key=key,
            interview_id=interview_id,
            uids=(uid,),
            recipient=Recipient(word, f"{word}@example.com", RecipientKind.INTERVIEWER, word),
            title=word,
            ended_at=ended_at,
            zone="UTC",
            created_at=ended_at,
            message_id=f"<{word}@example.org>",
            token="",
            parent=f"<{word}@example.com>",
        )
    )
    entry = account.begin(key, Intent.CREATE, ended_at, "f")
    account.settle(entry.id, Settled.DONE, ended_at, DraftRef(f"<{word}@example.org>", word, "f"), word)
    account.record_look(Look(key, ended_at, ended_at, Observation(key)))
    account.add_act(Act(ended_at, ActKind.NOTE, interview_id, notes=OwnerNotes(word, word, word), source=f"<{word}@x>"))
    account.add_act(Act(ended_at, ActKind.NOT_AN_INTERVIEW, interview_id, uid=uid, source=f"<{word}@x>"))
    account.add_address(word, "example.com", Address(f"{word}@example.com", word), ended_at)


@pytest.fixture
def filled(account: AccountStore) -> AccountStore:
    account.set_up(NOW - 60 * DAY)
    fill(account, "Olderword", "old", NOW - 50 * DAY)
    fill(account, "Newerword", "new", NOW)
    account.add_note(SentNote("n1", "<n1@x>", date(2026, 11, 21), "reminder", NOW + DAY, ("key-new",)))
    account.set_health(Health("mail", last_good=NOW))
    account.set_setting("replies", "1")
    return account


def contents(store: Store) -> dict[str, str]:
    with store.reading() as connection:
        return {
            name: str(connection.execute(select(*(type_coerce(column, String) for column in table.c))).all())
            for name, table in metadata.tables.items()
        }


def test_a_forgotten_interview_leaves_a_tombstone_without_words(store: Store, filled: AccountStore) -> None:
    before = filled.facts(None).followups["key-old"]
    assert filled.forget(interview_id="new", now=LATER) >= 7
    assert [name for name, text in contents(store).items() if "Newerword" in text] == []
    left = filled.facts(None).followups
    assert left["key-old"] == before
    stone = left["key-new"]
    assert (stone.followup.key, stone.followup.interview_id, stone.followup.ended_at) == ("key-new", "new", NOW)
    assert (stone.followup.uids, stone.followup.title, stone.followup.message_id) == ((), "", "")
    assert (stone.followup.recipient.name, stone.followup.recipient.email) == ("", "")
    assert (stone.journal, stone.looks) == ((), ())
    assert {act.kind for act in stone.acts} == {ActKind.NOT_AN_INTERVIEW, ActKind.DISMISS}
    assert filled.add_followup(replace(before.followup, key="key-new")) is False
    filled.record_look(Look("key-new", LATER, LATER, Observation("key-new", heard=(Heard(Address("a@b"), LATER),))))
    assert filled.facts(None).followups["key-new"].looks == ()
    assert filled.forget(interview_id="new", now=LATER) == 0


def test_a_series_outlives_the_interview_that_is_forgotten(filled: AccountStore) -> None:
    event = Event(uid="uid-new", start=NOW, end=NOW + HOUR, recurs=True)
    series = Invite(key="series", uid="uid-new", method=Method.REQUEST, events=(event,))
    filled.apply_delta("work", CalendarDelta((series,), (), "2", full=False), WINDOW, NOW)
    filled.forget(interview_id="new", now=LATER)
    assert "series" in {invite.key for invite in filled.invites_of("uid-new")}


def test_an_interview_without_followups_is_forgotten_by_its_uids(filled: AccountStore) -> None:
    event = Event(uid="lone", start=NOW, end=NOW + HOUR)
    lone = Invite(key="lone", uid="lone", method=Method.REQUEST, events=(event,))
    filled.apply_delta("work", CalendarDelta((lone,), (), "2", full=False), WINDOW, NOW)
    assert filled.forget(interview_id="lone-id", uids=("lone",), now=LATER) == 1
    assert filled.invites_of("lone") == ()


def test_what_ended_before_is_forgotten(store: Store, filled: AccountStore) -> None:
    new = filled.facts(None).followups["key-new"]
    assert filled.forget(before=NOW - 10 * DAY, now=LATER) >= 7
    assert [name for name, text in contents(store).items() if "Olderword" in text] == []
    facts = filled.facts(None)
    assert facts.followups["key-new"] == new
    assert ActKind.DISMISS in {act.kind for act in facts.followups["key-old"].acts}
    assert (len(facts.notes), filled.setting("replies"), filled.cursor("work") is not None) == (1, "1", True)
    assert filled.forget(before=NOW - 10 * DAY, now=LATER) == 0


def test_everything_goes_and_the_account_counts_as_new(store: Store, filled: AccountStore) -> None:
    other = store.account("other")
    fill(other, "Otherword", "other", NOW)
    kept = other.facts(None)
    assert filled.forget(everything=True, now=LATER) >= 20
    facts = filled.facts(None)
    assert (facts.followups, facts.acts, facts.notes, facts.health) == ({}, (), (), {})
    assert (facts.set_up_at, facts.store_born_at) == (NOW - 60 * DAY, LATER)
    assert (filled.cursor("work"), filled.addresses(), filled.setting("replies")) == (None, {}, None)
    assert other.facts(None) == kept
    assert [name for name, text in contents(store).items() if "Newerword" in text] == []


def test_not_a_byte_of_it_stays_in_the_files(tmp_path: Path) -> None:
    path = tmp_path / "afterword.sqlite"
    copy = tmp_path / "afterword.sqlite.before-0002"
    with Store.open(path, now=NOW) as store:
        account = store.account("me")
        fill(account, "Secretword", "new", NOW)
        sqlite3.connect(copy).close()
        copy.write_bytes(path.read_bytes() + b"Secretword")
        account.forget(interview_id="new", now=LATER)
        assert [file.name for file in tmp_path.iterdir() if b"Secretword" in file.read_bytes()] == []
    assert not copy.exists()
