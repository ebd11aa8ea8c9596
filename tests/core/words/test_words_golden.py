"""Drafts kept word for word: whoever changes a wording reads what becomes of it.

`data/*.txt` holds kinds and notes in English; docs/words.md holds one draft per language and stage. After a change that
is meant, write them again: `python bench/words_table.py`, and for `data/` run these tests with AFTERWORD_GOLDEN=write.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.core.compose import compose
from daemon.core.model import Formality, OwnerNotes, RecipientKind, Voice
from tests.core.words.words_samples import VOICE, interview, person

DATA = Path(__file__).parent / "data"
ROOT = Path(__file__).resolve().parents[3]
NOTES = OwnerNotes(
    talked_about="how the billing migration was split in three",
    slipped_my_mind="at Umbra I ran the same kind of cut-over, with two weeks of double writes",
    would_correct="I said that the cluster had twenty nodes; it was twelve",
)
AMERICAN = {"zone": "America/New_York"}
CASES = {
    "notes": (interview(stage="hiring_manager", **AMERICAN), person(), VOICE, NOTES),
    "formal": (
        interview(stage="final", **AMERICAN),
        person(),
        Voice("Alex Kim", formality=Formality.FORMAL),
        OwnerNotes(),
    ),
    "nothing known": (interview(role=None, company=None, **AMERICAN), person(""), VOICE, OwnerNotes()),
    "relay": (
        interview(stage="panel", **AMERICAN),
        person("Sam Lee", RecipientKind.RELAY, on_behalf_of=("Jane Doe", "Ben Cole")),
        VOICE,
        OwnerNotes(),
    ),
    "group": (
        interview(stage="onsite", **AMERICAN),
        person(copies=("ben@acme.example",), on_behalf_of=("Jane Doe", "Ben Cole")),
        VOICE,
        OwnerNotes(),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_kept_draft_reads_as_before(name: str) -> None:
    meeting, recipient, voice, notes = CASES[name]
    words = compose(meeting, recipient, voice, notes=notes)
    text = f"Subject: {words.subject}\n\n{words.body}\n"
    kept = DATA / f"{name.replace(' ', '-')}.txt"
    if os.environ.get("AFTERWORD_GOLDEN") == "write":
        kept.write_text(text, encoding="utf-8")
    assert text == kept.read_text(encoding="utf-8")


def test_the_page_of_drafts_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "bench/words_table.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
