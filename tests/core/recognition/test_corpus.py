"""The shared corpus: the gates, and figures that may not fall."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from bench import score  # noqa: E402 - bench is no package of the wheel
from daemon.core.recognise import assess  # noqa: E402 - as above

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def tally() -> score.Tally:
    if not (score.CORPUS / "labels.json").is_file():
        pytest.skip("no ../shared/corpus beside the project")
    found = score.Tally()
    for case in score.load():
        score.judge(found, case, assess(case.event, case.owner))
    return found


@pytest.mark.parametrize("gate", score.GATES)
def test_gates_hold(tally: score.Tally, gate: str) -> None:
    assert tally.right[gate] == 0, tally.misses[gate]


@pytest.mark.parametrize("figure", score.GOALS)
def test_figures_reach_their_goals(tally: score.Tally, figure: str) -> None:
    assert tally.right[figure] >= score.GOALS[figure] * tally.of[figure], tally.misses[figure]


@pytest.mark.parametrize("figure", score.AT_MOST)
def test_wrong_facts_are_rare(tally: score.Tally, figure: str) -> None:
    assert tally.right[figure] <= score.AT_MOST[figure], tally.misses[figure]
