"""Drafts for the facts of the corpus's labels: real roles, companies and names, in every language there is."""

import json
from pathlib import Path

import pytest

from daemon.core.compose import compose
from daemon.core.model import Recipient, RecipientKind
from tests.core.words.words_samples import VOICE, faults, interview, sentences

LABELS = Path(__file__).resolve().parents[4] / "shared" / "corpus" / "labels.json"


@pytest.mark.shared
@pytest.mark.skipif(not LABELS.is_file(), reason="needs ../shared/corpus")
def test_every_labelled_interview_gets_drafts_that_are_ready() -> None:
    found = []
    cases = [case for case in json.loads(LABELS.read_text(encoding="utf-8")) if case["outcome"] == "thank"]
    assert len(cases) > 50
    for case in cases:
        meeting = interview(
            case["language"], stage=case["stage"], role=case["role"], company=case["company"], id=case["id"]
        )
        people = [
            Recipient(p["name"] or "", p["email"] or "", RecipientKind.INTERVIEWER, "was in the room")
            for p in case["interviewers"][:4]
        ]
        drafts = [compose(meeting, p, VOICE, variant=i, panel=len(people)) for i, p in enumerate(people)]
        for words in drafts:
            found += [f"{case['id']}: {fault}" for fault in faults(words, case["language"])]
            assert case["company"] is None or case["company"].rstrip(".") in words.body, case["id"]
        spoken = [sentence for words in drafts for sentence in sentences(words.body)]
        assert len(spoken) == len(set(spoken)), case["id"]
    assert not found
