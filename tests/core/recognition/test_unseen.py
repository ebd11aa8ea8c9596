"""Three sets of labelled invites that recognition did not see before their first run (docs/recognition.md).

Their first runs measured recognition; since then its general faults were mended, so that these thresholds only say
that nothing got lost again.
"""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from bench import score  # noqa: E402 - bench is no package of the wheel
from daemon.core.recognise import assess  # noqa: E402 - as above

SETS = ("first", "second", "third")
AT_LEAST = {
    "interview: precision": 0.98,
    "interview: recall": 0.98,
    "outcome right": 0.98,
    "role right": 0.97,
    "company right": 0.97,
    "interviewers: precision": 0.98,
    "interviewers: recall": 0.98,
    "stage right": 0.95,
    "language right": 0.99,
    "end right": 1.0,
}


@pytest.fixture(scope="module", params=SETS)
def tally(request: pytest.FixtureRequest) -> score.Tally:
    found = score.Tally()
    for case in score.load(Path(__file__).parent / "unseen" / request.param):
        if not case.label["ambiguous"]:
            score.judge(found, case, assess(case.event, case.owner))
    return found


@pytest.mark.parametrize("gate", score.GATES)
def test_gates_hold(tally: score.Tally, gate: str) -> None:
    assert tally.right[gate] == 0, tally.misses[gate]


@pytest.mark.parametrize("figure", AT_LEAST)
def test_figures_do_not_fall(tally: score.Tally, figure: str) -> None:
    assert tally.of[figure] > 0
    assert tally.right[figure] >= AT_LEAST[figure] * tally.of[figure], tally.misses[figure]


@pytest.mark.parametrize("figure", score.AT_MOST)
def test_wrong_facts_are_rare(tally: score.Tally, figure: str) -> None:
    assert tally.right[figure] <= 1, tally.misses[figure]
