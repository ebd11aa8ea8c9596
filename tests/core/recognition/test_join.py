"""One interview seen twice, invited twice, or held in blocks; and what the owner says weighs in."""

from dataclasses import replace
from datetime import timedelta

from connectors.model import Event, PartStat, Status
from daemon.core.join import join
from daemon.core.model import Outcome, OwnerRule, RecipientKind
from daemon.core.recognise import assess

from .invites import OWNER, START, event

KEY = b"k" * 32
ADA = "Ada Roe <ada.roe@fernbrook.example>"
BO = "Bo Li <bo.li@fernbrook.example>"


def _joined(*events: Event) -> tuple:
    return join([assess(one, OWNER) for one in events], OWNER, KEY)


def test_two_uids_for_one_slot_are_one_interview() -> None:
    first = event("Interview: Data Engineer", "Thanks for applying.", ADA, uid="a")
    second = event("Job interview Robin Alder", "Interviewers: Ada Roe, Bo Li", ADA, [BO], uid="b")
    found = _joined(first, second)
    assert len(found) == 1
    assert sorted(one.email for one in found[0].recipients) == ["ada.roe@fernbrook.example", "bo.li@fernbrook.example"]
    assert found[0].role is not None
    assert found[0].role.value == "Data Engineer"


def test_a_cancelled_duplicate_does_not_cancel_the_interview() -> None:
    alive = event("Interview: Data Engineer", "Thanks for applying.", ADA, uid="a")
    gone = replace(alive, uid="b", status=Status.CANCELLED)
    found = _joined(gone, alive)
    assert [one.outcome for one in found] == [Outcome.THANK]


def test_names_of_one_invite_take_their_address_from_the_other() -> None:
    names = event(
        "Interview with Fernbrook", "Interviewers: Ada Roe, Bo Li", "Fernbrook <no-reply@greenhouse.io>", uid="a"
    )
    addresses = event("Robin / Fernbrook interview", "", ADA, [BO], uid="b")
    found = _joined(names, addresses)
    assert len(found) == 1
    assert {(one.name, one.email) for one in found[0].interviewers} == {
        ("Ada Roe", "ada.roe@fernbrook.example"),
        ("Bo Li", "bo.li@fernbrook.example"),
    }


def test_blocks_of_a_day_are_thanked_once_after_the_last() -> None:
    one = event("Onsite interview 1 of 2", "Interviewer: Ada Roe", ADA, uid="a")
    two = event(
        "Onsite interview 2 of 2",
        "Interviewer: Bo Li",
        BO,
        uid="b",
        start=START + timedelta(hours=2),
        end=START + timedelta(hours=3),
    )
    again = event(
        "Onsite interview wrap-up",
        "Interviewer: Ada Roe",
        ADA,
        uid="c",
        start=START + timedelta(hours=4),
        end=START + timedelta(hours=5),
    )
    found = _joined(one, two, again)
    assert len(found) == 1
    assert found[0].end == START + timedelta(hours=5)
    assert sorted(person.email for person in found[0].recipients) == [
        "ada.roe@fernbrook.example",
        "bo.li@fernbrook.example",
    ]


def test_two_companies_on_one_day_stay_two() -> None:
    one = event("Interview: Data Engineer", "", ADA, uid="a")
    two = event(
        "Interview: Data Engineer",
        "",
        "Kim Oak <kim.oak@tallow.example>",
        uid="b",
        start=START + timedelta(hours=3),
        end=START + timedelta(hours=4),
    )
    found = _joined(one, two)
    assert len(found) == 2
    assert len({interview.id for interview in found}) == 2


def test_the_id_is_stable_and_needs_the_key() -> None:
    one = event("Interview: Data Engineer", "", ADA, uid="a")
    assert _joined(one)[0].id == _joined(one)[0].id
    assert join([assess(one, OWNER)], OWNER, b"other")[0].id != _joined(one)[0].id


def test_a_large_panel_gets_one_note_through_whoever_arranged_it() -> None:
    names = ["Ada Roe", "Bo Li", "Cy Ash", "Di Elm", "Ed Fir"]
    guests = [f"{name} <{name.lower().replace(' ', '.')}@fernbrook.example>" for name in names]
    text = "Interviewers: " + ", ".join(names) + "\n\nBest,\nGil Hart\nRecruiting Coordinator"
    found = assess(
        event("Panel interview: Data Engineer", text, "Gil Hart <gil.hart@fernbrook.example>", guests), OWNER
    )
    assert len(found.interviewers) == 5
    assert [(one.email, one.kind) for one in found.recipients] == [("gil.hart@fernbrook.example", RecipientKind.RELAY)]
    assert set(found.recipients[0].on_behalf_of) == set(names)


def test_declined_by_the_owner_is_an_interview_without_a_follow_up() -> None:
    invite = event("Interview: Data Engineer", "Thanks for applying.", ADA)
    me = replace(invite.attendees[-1], partstat=PartStat.DECLINED)
    found = assess(replace(invite, attendees=(*invite.attendees[:-1], me)), OWNER)
    assert found.interview
    assert found.outcome is Outcome.NONE
    assert found.recipients == ()
    assert found.reasons[0] == "You declined"


def test_rules_and_verdicts_weigh_in_and_are_shown() -> None:
    invite = event("Interview: Data Engineer", "Thanks for applying.", ADA)
    never = replace(OWNER, rules=(OwnerRule("never", domain="fernbrook.example"),))
    assert not assess(invite, never).interview
    assert "rule" in assess(invite, never).reasons[0]
    assert not assess(invite, replace(OWNER, not_interviews=frozenset({invite.uid}))).interview
    chat = event("Coffee", "", ADA)
    assert not assess(chat, OWNER).interview
    always = replace(OWNER, rules=(OwnerRule("always", organizer="ada.roe@fernbrook.example"),))
    assert assess(chat, always).interview
    assert assess(chat, replace(OWNER, is_interviews=frozenset({chat.uid}))).interview


def test_a_calendar_of_somebody_else_holds_no_interview_of_mine() -> None:
    invite = replace(event("Interview: Data Engineer", "Thanks for applying.", ADA), owned=False, attendees=())
    assert not assess(invite, OWNER).interview
