"""Invites of our own in eleven languages: what is one, who is thanked, what it was about."""

from typing import Any

import pytest

from daemon.core.model import Outcome, RecipientKind
from daemon.core.recognise import assess

from .invites import OWNER, cases, event_of

CASES = cases()
INTERVIEWS = [case for case in CASES if case["want"]]


def _id(case: dict[str, Any]) -> str:
    return str(case["id"])


@pytest.mark.parametrize("case", CASES, ids=_id)
def test_a_follow_up_is_due_exactly_for_interviews(case: dict[str, Any]) -> None:
    found = assess(event_of(case), OWNER)
    assert (found.outcome is Outcome.THANK) == case["want"], found.reasons
    assert found.interview == case.get("interview", case["want"]), found.reasons
    assert bool(found.recipients) == (case["want"] and bool(found.interviewers))


@pytest.mark.parametrize("case", INTERVIEWS, ids=_id)
def test_facts_are_right(case: dict[str, Any]) -> None:
    found = assess(event_of(case), OWNER)
    for name in ("role", "company", "stage"):
        if name in case:
            fact = getattr(found, name)
            assert fact is not None, name
            assert fact.value == case[name], fact.source
            assert fact.source
            assert 0 < fact.sure <= 1
    assert found.language == case.get("language", "en")


@pytest.mark.parametrize("case", INTERVIEWS, ids=_id)
def test_the_right_people_are_written_to(case: dict[str, Any]) -> None:
    found = assess(event_of(case), OWNER)
    if "interviewers" in case:
        assert sorted(one.email for one in found.recipients if one.kind is RecipientKind.INTERVIEWER) == sorted(
            case["interviewers"]
        )
    if "names" in case:
        assert [one.name for one in found.interviewers] == case["names"]
        assert {one.kind for one in found.recipients} <= {RecipientKind.ADDRESS_NEEDED, RecipientKind.RELAY}


def test_eleven_languages_are_written() -> None:
    assert {case.get("language", "en") for case in INTERVIEWS} == {
        "en",
        "de",
        "fr",
        "es",
        "it",
        "nl",
        "pt",
        "pl",
        "sv",
        "ja",
        "zh",
    }
