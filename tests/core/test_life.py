"""The state of a follow-up, derived from facts: the ladder of evidence and the waits of docs/design.md."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.model import Address, Heard, Observation, Place, Rung
from daemon.core.facts import Act, ActKind, FollowUpFacts, Intent, JournalEntry, Settled
from daemon.core.life import GONE_AFTER, NAG_FOR, State, derive
from tests.core.facts_at_hand import DRAFTED, ENDED, after, created, drafted, followup, look, sighting


def state(facts: FollowUpFacts, minutes: float) -> State:
    return derive(facts, after(minutes)).state


def test_nothing_written_is_due() -> None:
    assert state(FollowUpFacts(followup()), 0) is State.DUE


def test_an_intent_without_outcome_is_uncertain() -> None:
    assert state(FollowUpFacts(followup(), journal=(created(settled=None),)), 1) is State.UNCERTAIN


def test_an_intent_that_never_happened_is_due_again() -> None:
    assert state(FollowUpFacts(followup(), journal=(created(settled=Settled.ABSENT),)), 1) is State.DUE


def test_written_and_seen_is_untouched_and_may_be_replaced() -> None:
    life = derive(drafted(look(5, sighting())), after(6))
    assert (life.state, life.replaceable) == (State.UNTOUCHED, True)


def test_the_look_before_the_writing_says_nothing_about_it() -> None:
    assert state(drafted(look(0)), 1) is State.UNTOUCHED


def test_saved_again_with_the_same_words_is_untouched_but_never_replaced() -> None:
    life = derive(drafted(look(5, sighting(rung=Rung.TOKEN))), after(6))
    assert (life.state, life.replaceable) == (State.UNTOUCHED, False)


def test_other_words_are_an_edit() -> None:
    life = derive(drafted(look(5, sighting(fingerprint="other"))), after(6))
    assert (life.state, life.replaceable) == (State.EDITED, False)


def test_two_copies_of_which_one_is_edited_are_an_edit_and_both_stay() -> None:
    life = derive(drafted(look(5, sighting(), sighting(rung=Rung.TOKEN, fingerprint="other"))), after(6))
    assert (life.state, life.replaceable) == (State.EDITED, False)


@pytest.mark.parametrize("rung", [Rung.LOCATION, Rung.MESSAGE_ID, Rung.TOKEN, Rung.CORRESPONDENCE])
def test_a_hit_in_sent_wins_over_a_draft_left_over(rung: Rung) -> None:
    assert state(drafted(look(5, sighting(), sighting(Place.SENT, rung))), 6) is State.SENT


def test_an_answer_means_that_it_was_sent() -> None:
    assert state(drafted(look(5, sighting(Place.INBOX, Rung.ANSWERED))), 6) is State.SENT


def test_sent_is_seen_even_if_it_was_never_drafted() -> None:
    facts = FollowUpFacts(followup(), looks=(look(0, sighting(Place.SENT, Rung.CORRESPONDENCE)),))
    assert state(facts, 1) is State.SENT


def test_once_sent_it_stays_sent() -> None:
    facts = drafted(look(5, sighting(Place.SENT, Rung.MESSAGE_ID)), look(9))
    assert state(facts, 60 * 24 * 9) is State.SENT


def test_a_vanished_draft_is_missing_and_looked_for_again() -> None:
    facts = drafted(look(5, sighting()), look(6))
    life = derive(facts, after(6))
    assert life.state is State.MISSING
    assert life.next_look == after(6) + timedelta(seconds=5)
    assert derive(facts, after(7)).next_look == after(8)


def test_a_missing_draft_that_comes_back_is_a_draft_again() -> None:
    assert state(drafted(look(5, sighting()), look(6), look(50, sighting(fingerprint="other"))), 51) is State.EDITED


def test_a_draft_in_trash_is_deleted() -> None:
    assert state(drafted(look(5, sighting()), look(6, sighting(Place.TRASH, Rung.MESSAGE_ID))), 7) is State.DELETED


def test_correspondence_in_trash_is_no_deletion() -> None:
    facts = drafted(look(5, sighting()), look(6, sighting(Place.TRASH, Rung.CORRESPONDENCE)))
    assert state(facts, 7) is State.MISSING


def test_a_deletion_mark_counts_after_ten_minutes() -> None:
    marked = replace(sighting(), flagged_deleted=True)
    facts = drafted(look(5, sighting()), look(6, marked, until=30))
    assert state(facts, 10) is State.MISSING
    assert state(facts, 17) is State.DELETED


def test_a_deletion_mark_with_a_successor_is_a_save() -> None:
    facts = drafted(look(5, sighting()), look(6, replace(sighting(), flagged_deleted=True), sighting(rung=Rung.TOKEN)))
    assert state(facts, 60) is State.UNTOUCHED


def test_gone_after_a_day_without_a_trace_and_sent_if_it_shows_up_later() -> None:
    day = GONE_AFTER.total_seconds() / 60
    facts = drafted(look(5, sighting()), look(6, until=6 + day))
    assert state(facts, 6 + day) is State.GONE
    late = drafted(look(5, sighting()), look(6, until=6 + day), look(8000, sighting(Place.SENT, Rung.TOKEN)))
    assert state(late, 8001) is State.SENT


def test_a_look_that_could_not_see_drafts_proves_nothing() -> None:
    blind = replace(look(6, until=6000), unseen=(Place.DRAFTS,))
    assert state(drafted(look(5, sighting()), blind), 6000) is State.UNTOUCHED


def test_a_look_that_could_not_see_sent_never_makes_it_gone() -> None:
    half_blind = replace(look(6, until=6000), unseen=(Place.SENT,))
    assert state(drafted(look(5, sighting()), half_blind), 6000) is State.MISSING


def test_everything_vanishing_at_once_is_never_a_deletion() -> None:
    suspect = replace(look(6, until=6000), suspect=True)
    assert state(drafted(look(5, sighting()), suspect), 6000) is State.MISSING


def test_a_queue_is_not_unsent() -> None:
    assert state(drafted(look(5, sighting(Place.QUEUE, Rung.MESSAGE_ID))), 6) is State.SCHEDULED


def test_the_owner_may_say_no_and_yes_again() -> None:
    no = Act(after(1), ActKind.DISMISS, "int1", key="key-1")
    yes = Act(after(2), ActKind.WANTED, "int1", key="key-1")
    assert state(replace(drafted(), acts=(no,)), 3) is State.DISMISSED
    assert state(replace(drafted(), acts=(no, yes)), 3) is State.UNTOUCHED


def test_sent_wins_over_a_dismissal() -> None:
    facts = drafted(look(5, sighting(Place.SENT, Rung.MESSAGE_ID)))
    assert state(replace(facts, acts=(Act(after(1), ActKind.DISMISS, "int1"),)), 6) is State.SENT


def test_a_withdrawn_draft_is_closed_until_it_is_created_again() -> None:
    taken = JournalEntry(2, "key-1", Intent.WITHDRAW, after(9), settled=Settled.DONE, settled_at=after(9))
    facts = replace(drafted(look(5, sighting())), journal=(created(), taken))
    assert state(facts, 10) is State.WITHDRAWN
    again = replace(facts, journal=(created(), taken, created(after(90), entry_id=3)))
    assert state(again, 91) is State.UNTOUCHED


def test_after_a_week_nobody_is_nagged() -> None:
    life = derive(drafted(look(5, sighting())), ENDED + NAG_FOR)
    assert life.state is State.EXPIRED
    assert life.closed


def test_who_wrote_first_and_how_long_it_is_put_off_is_known() -> None:
    heard = Heard(Address("helena@frost.example", "Helena Frost"), after(3), "Next steps")
    seen = look(5, sighting())
    facts = drafted(replace(seen, observation=Observation("key-1", seen.observation.sightings, (heard,))))
    later = DRAFTED + timedelta(days=2)
    life = derive(replace(facts, acts=(Act(after(4), ActKind.SNOOZE, "int1", until=later),)), after(6))
    assert life.heard == heard
    assert life.snoozed_until == later
