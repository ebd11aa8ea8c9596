"""What goes into an account's part of the store comes out again, on SQLite and on PostgreSQL."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from connectors.model import (
    Address,
    CalendarDelta,
    DraftRef,
    Event,
    Invite,
    Method,
    Observation,
    Place,
    Rung,
    Sighting,
    Window,
)
from daemon.core.facts import Act, ActKind, FollowUp, Health, Intent, Look, SentNote, Settled
from daemon.core.model import OwnerNotes, Recipient, RecipientKind
from daemon.store.store import AccountStore, Store

NOW = datetime(2026, 11, 20, 16, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WINDOW = Window(NOW - 30 * DAY, NOW + 30 * DAY)
BERLIN = ZoneInfo("Europe/Berlin")


def invite(key: str, uid: str, start: datetime = NOW, *, recurs: bool = False, **more: object) -> Invite:
    event = Event(uid=uid, start=start, end=start + HOUR, recurs=recurs, summary=f"Interview {key}")
    return replace(Invite(key=key, uid=uid, method=Method.REQUEST, events=(event,)), **more)  # type: ignore[arg-type] # a test's shorthand


def delta(*invites: Invite, removed: tuple[str, ...] = (), full: bool = False, cursor: str = "c") -> CalendarDelta:
    return CalendarDelta(invites, removed, cursor, full)


def followup(key: str = "k1", interview_id: str = "i1", **more: object) -> FollowUp:
    made = FollowUp(
        key=key,
        interview_id=interview_id,
        uids=("u1",),
        recipient=Recipient("Ada Lovelace", "ada@example.com", RecipientKind.INTERVIEWER, "was in the room"),
        title="Interview",
        ended_at=NOW,
        zone="Europe/Berlin",
        created_at=NOW + HOUR,
        message_id="<k1@example.org>",
        token="<t@example.org>",
        parent="<p@example.com>",
        references=("<r@example.com>",),
        company="Example",
    )
    return replace(made, **more)  # type: ignore[arg-type] # a test's shorthand


def keys(invites: tuple[Invite, ...]) -> list[str]:
    return [each.key for each in invites]


def look(at: datetime, *places: Place, **more: object) -> Look:
    seen = tuple(Sighting(place, Rung.MESSAGE_ID, "7") for place in places)
    return replace(Look("k1", at, at, Observation("k1", seen)), **more)  # type: ignore[arg-type] # a test's shorthand


def test_a_delta_and_its_cursor_are_kept(account: AccountStore) -> None:
    assert account.cursor("work") is None
    account.apply_delta("work", delta(invite("a", "u1"), invite("b", "u2"), cursor="1"), WINDOW, NOW)
    account.apply_delta("work", delta(invite("a", "u1", NOW + DAY), removed=("b",), cursor="2"), WINDOW, NOW)
    assert account.cursor("work") == ("2", WINDOW)
    assert account.invites_of("u1") == (invite("a", "u1", NOW + DAY),)
    assert account.invites_of("u2") == ()
    assert account.calendars_known() == ("work",)


def test_a_full_delta_replaces_its_calendar_and_no_other(account: AccountStore) -> None:
    account.apply_delta("work", delta(invite("a", "u1"), invite("b", "u2")), WINDOW, NOW)
    account.apply_delta("home", delta(invite("a", "u3")), WINDOW, NOW)
    account.apply_delta("work", delta(invite("c", "u4"), full=True), WINDOW, NOW)
    assert {each.uid for each in account.invites_between(NOW - DAY, NOW + DAY)} == {"u3", "u4"}


def test_a_delta_that_fails_leaves_all_as_it_was(account: AccountStore) -> None:
    account.apply_delta("work", delta(invite("a", "u1"), cursor="1"), WINDOW, NOW)
    naive = invite("b", "u2", received_at=datetime(2026, 1, 1))  # noqa: DTZ001 - that it is naive is the point
    with pytest.raises(ValueError, match="naive"):
        account.apply_delta("work", delta(naive, removed=("a",), cursor="2"), WINDOW, NOW)
    assert account.cursor("work") == ("1", WINDOW)
    assert keys(account.invites_of("u1")) == ["a"]


def test_a_range_brings_every_invite_of_each_uid_that_touches_it(account: AccountStore) -> None:
    account.apply_delta(
        "work",
        delta(
            invite("today", "u1"),
            invite("u1 moved", "u1", NOW - 20 * DAY),
            invite("long ago", "u2", NOW - 20 * DAY),
            invite("later", "u3", NOW + 20 * DAY),
            invite("series", "u4", NOW - 300 * DAY, recurs=True),
        ),
        WINDOW,
        NOW,
    )
    account.apply_delta("mail", delta(invite("cancel", "u1", NOW - 25 * DAY, method=Method.CANCEL)), WINDOW, NOW)
    found = account.invites_between(NOW - DAY, NOW + DAY)
    assert sorted(keys(found)) == ["cancel", "series", "today", "u1 moved"]


def test_an_event_keeps_the_zone_it_was_written_in(account: AccountStore) -> None:
    start = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1)
    account.apply_delta("work", delta(invite("a", "u1", start)), WINDOW, NOW)
    (found,) = account.invites_of("u1")
    assert found.events[0].start.tzinfo == BERLIN
    assert found.events[0].start.utcoffset() == timedelta(hours=1)


@pytest.mark.parametrize(
    "hostile", ["nul\x00", "lone \udc80", "long" * 2000, "back\\slash", "'; DROP TABLE invites; --"]
)
def test_a_hostile_identifier_is_found_and_removed_again(account: AccountStore, hostile: str) -> None:
    account.apply_delta("work", delta(invite(hostile, hostile), invite(hostile + "2", hostile + "2")), WINDOW, NOW)
    assert len(account.invites_of(hostile)) == 1
    account.apply_delta("work", delta(removed=(hostile,)), WINDOW, NOW)
    assert account.invites_of(hostile) == ()
    assert len(account.invites_of(hostile + "2")) == 1


def test_the_ends_of_time_can_be_stored(account: AccountStore) -> None:
    late = datetime(9999, 12, 31, 22, tzinfo=ZoneInfo("America/New_York"))
    early = datetime(1, 1, 1, tzinfo=ZoneInfo("Asia/Tokyo"))
    account.apply_delta("work", delta(invite("late", "u1", late), invite("early", "u2", early)), WINDOW, NOW)
    assert len(account.invites_of("u1") + account.invites_of("u2")) == 2
    assert account.invites_between(NOW - DAY, NOW) == ()


def test_a_dropped_calendar_is_read_anew(account: AccountStore) -> None:
    account.apply_delta("work", delta(invite("a", "u1")), WINDOW, NOW)
    assert account.drop_calendar("work") == 1
    assert (account.cursor("work"), account.calendars_known(), account.invites_of("u1")) == (None, (), ())


def test_pruning_keeps_series_what_is_new_and_what_a_followup_stands_on(account: AccountStore) -> None:
    old = NOW - 100 * DAY
    account.apply_delta(
        "work",
        delta(
            invite("old", "u0", old),
            invite("old of a follow-up", "u1", old),
            invite("series", "u2", old, recurs=True),
            invite("old and", "u3", old),
            invite("new", "u3"),
        ),
        WINDOW,
        NOW,
    )
    account.add_followup(followup())
    account.record_look(look(old, Place.DRAFTS))
    account.record_look(look(old, Place.DRAFTS, key="stray"))
    assert account.forget_before(NOW - 30 * DAY) == 2
    kept = [*account.invites_of("u0"), *account.invites_of("u1"), *account.invites_of("u2"), *account.invites_of("u3")]
    assert {each.key for each in kept} == {"old of a follow-up", "series", "old and", "new"}
    assert len(account.facts(None).followups["k1"].looks) == 1


def test_a_followup_is_written_once(account: AccountStore) -> None:
    assert account.add_followup(followup()) is True
    assert account.add_followup(followup(title="Another")) is False
    assert account.facts(None).followups["k1"].followup == followup()


def test_facts_bring_everything_of_each_followup(account: AccountStore) -> None:
    account.set_up(NOW - DAY)
    account.add_followup(followup())
    account.add_followup(followup("k2", uids=("u1", "u2", "u1")))
    account.add_followup(followup("k3", "i3", ended_at=NOW - 10 * DAY))
    first = account.begin("k1", Intent.CREATE, NOW, "f1")
    ref = DraftRef("<k1@example.org>", "7", "f1")
    done = account.settle(first.id, Settled.DONE, NOW + HOUR, ref, "made")
    second = account.begin("k1", Intent.REPLACE, NOW + 2 * HOUR, "f2")
    account.record_look(look(NOW, Place.DRAFTS))
    of_all = Act(NOW, ActKind.SNOOZE, "i1", until=NOW + DAY)
    of_one = Act(NOW + HOUR, ActKind.NOTE, "i1", key="k2", notes=OwnerNotes(talked_about="Compilers"))
    for act in (of_one, of_all):
        assert account.add_act(act) is True
    reminder = SentNote("n1", "<n1@example.org>", date(2026, 11, 21), "reminder", NOW + DAY, ("k1",))
    caught_up = replace(reminder, key="n2", kind="caught_up", day=date(2026, 11, 22))
    for note in (reminder, caught_up):
        assert account.add_note(note) is True
    health = Health("mail", last_good=NOW, error="no route")
    account.set_health(replace(health, error=""))
    account.set_health(health)

    facts = account.facts(NOW - DAY)
    assert (facts.set_up_at, facts.store_born_at) == (NOW - DAY, NOW)
    assert list(facts.followups) == ["k1", "k2"]
    one, two = facts.followups["k1"], facts.followups["k2"]
    assert one.journal == (done, second)
    assert (done.ref, done.settled, done.settled_at, done.detail) == (ref, Settled.DONE, NOW + HOUR, "made")
    assert one.looks == (look(NOW, Place.DRAFTS),)
    assert (one.acts, two.acts) == ((of_all,), (of_all, of_one))
    assert (one.reminded_on, two.reminded_on) == ((date(2026, 11, 21),), ())
    assert facts.acts == account.acts() == (of_all, of_one)
    assert facts.notes == account.notes() == (reminder, caught_up)
    assert facts.health == account.health() == {"mail": health}
    assert list(account.facts(None).followups) == ["k3", "k1", "k2"]


def test_the_journal_tells_what_is_unsettled(account: AccountStore) -> None:
    one, two = (account.begin(key, Intent.CREATE, NOW) for key in ("k1", "k2"))
    assert account.unsettled() == (one, two)
    assert account.settle(one.id, Settled.ABSENT, NOW) == account.settle(one.id, Settled.ABSENT, NOW + HOUR)
    assert account.unsettled() == (two,)
    with pytest.raises(ValueError, match="absent"):
        account.settle(one.id, Settled.DONE, NOW)
    with pytest.raises(LookupError):
        account.settle(999, Settled.DONE, NOW)


def test_a_look_is_kept_when_it_differs(account: AccountStore) -> None:
    account.add_followup(followup())
    for at, places in ((0, (Place.DRAFTS,)), (1, (Place.DRAFTS,)), (2, ()), (3, (Place.DRAFTS,))):
        account.record_look(look(NOW + at * HOUR, *places))
    account.record_look(look(NOW + 4 * HOUR, Place.DRAFTS, unseen=(Place.SENT,)))
    account.record_look(look(NOW + 5 * HOUR, Place.DRAFTS, unseen=(Place.SENT,), suspect=True))
    looks = account.facts(None).followups["k1"].looks
    assert [(each.first_at - NOW, each.last_at - NOW) for each in looks] == [
        (0 * HOUR, HOUR), (2 * HOUR, 2 * HOUR), (3 * HOUR, 3 * HOUR), (4 * HOUR, 4 * HOUR), (5 * HOUR, 5 * HOUR)
    ]  # fmt: skip


def test_the_very_same_act_or_note_twice_is_one(account: AccountStore) -> None:
    act = Act(NOW, ActKind.DISMISS, "i1")
    note = SentNote("n1", "<n1@example.org>", date(2026, 11, 21), "reminder", NOW)
    assert (account.add_act(act), account.add_act(act), len(account.acts())) == (True, False, 1)
    assert (account.add_note(note), account.add_note(note), account.notes()) == (True, False, (note,))
    assert account.notes(NOW + HOUR) == ()


def test_small_things_and_addresses(account: AccountStore) -> None:
    account.set_setting("replies", "1")
    account.set_setting("replies", "2")
    assert (account.setting("replies"), account.setting("none")) == ("2", None)
    account.set_setting("replies", None)
    assert account.setting("replies") is None
    account.add_address("Ada", "example.com", Address("old@example.com"), NOW)
    account.add_address("Ada", "example.com", Address("ada@example.com", "Ada"), NOW)
    assert account.addresses() == {("Ada", "example.com"): Address("ada@example.com", "Ada")}


def test_accounts_see_nothing_of_each_other(store: Store) -> None:
    mine, yours = store.account("me"), store.account("you", now=NOW + DAY)
    entry = mine.begin("k1", Intent.CREATE, NOW)
    mine.add_followup(followup())
    mine.apply_delta("work", delta(invite("a", "u1")), WINDOW, NOW)
    mine.add_act(Act(NOW, ActKind.DISMISS, "i1"))
    assert store.accounts() == ("me", "you")
    facts = yours.facts(None)
    assert (facts.followups, facts.acts, facts.store_born_at) == ({}, (), NOW + DAY)
    assert (yours.unsettled(), yours.invites_of("u1"), yours.cursor("work")) == ((), (), None)
    with pytest.raises(LookupError):
        yours.settle(entry.id, Settled.DONE, NOW)


def test_a_naive_time_is_refused(account: AccountStore) -> None:
    with pytest.raises(ValueError, match="naive"):
        account.begin("k1", Intent.CREATE, datetime(2026, 1, 1))  # noqa: DTZ001 - that it is naive is the point
    assert account.unsettled() == ()
