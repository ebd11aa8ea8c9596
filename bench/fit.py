"""Fit the weights of the signals on ../shared/corpus: `python bench/fit.py [--write]`.

Logistic regression, penalised towards the weights of signals.toml (a Gaussian prior around what was believed
before), so that a signal that few cases show stays near its prior. Newton's method, no randomness: the
same corpus gives the same weights. Cross-validated in ten folds by case number; figures are printed; `--write`
replaces daemon/lexicon/weights.json.
"""

import argparse
import json
import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from daemon.core import lexicon as lexicon_module
from daemon.core import recognise
from daemon.core.lexicon import Lexicon, lexicon

SPREAD = 1.2
"""Standard deviation of the prior, in log-odds."""
ROUNDS = 300
WEIGHTS = Path(__file__).resolve().parent.parent / "daemon" / "lexicon" / "weights.json"


def caches() -> Iterator[Any]:
    """Every cache that was filled from the lexicon."""
    for name, module in list(sys.modules.items()):
        if name.startswith("daemon.core.") and not name.endswith((".phrases", ".names")):
            for value in list(vars(module).values()):
                if hasattr(value, "cache_clear"):
                    yield value


@contextmanager
def another_lexicon(other: Lexicon, weights: dict[str, float]) -> Iterator[None]:
    """Let recognition use another lexicon for a while."""
    chosen = replace(other, weights=weights)
    before = lexicon_module.lexicon.__wrapped__
    names = [
        module
        for name, module in sys.modules.items()
        if name.startswith("daemon.core") and getattr(module, "lexicon", None) is lexicon
    ]
    for cache in caches():
        cache.cache_clear()
    for module in names:
        module.lexicon = lambda: chosen
    try:
        yield
    finally:
        for module in names:
            module.lexicon = lexicon
        for cache in caches():
            cache.cache_clear()
        assert before is lexicon.__wrapped__


def signals_of(cases: Sequence[Any]) -> list[frozenset[str]]:
    """The signals that recognition finds in each case, whatever they weigh."""
    found: list[frozenset[str]] = []
    seen: list[str] = []
    weigh, far, worth = recognise.weigh, recognise.FAR_FROM, recognise.worth_a_closer_look

    def listening(signals: Iterable[Any]) -> tuple[float, tuple[str, ...]]:
        names = [signal.name for signal in signals]
        seen[:] = names
        return 0.0, ()

    recognise.weigh, recognise.FAR_FROM, recognise.worth_a_closer_look = (
        listening,
        -1e9,
        lambda *_: True,
    )
    try:
        for case in cases:
            recognise.assess(case.event, case.owner)
            found.append(frozenset(seen))
    finally:
        recognise.weigh, recognise.FAR_FROM, recognise.worth_a_closer_look = weigh, far, worth
    return found


def fitted(cases: Sequence[Any], without: frozenset[str] = frozenset()) -> dict[str, float]:
    """The weights that these cases suggest; phrases that came from the cases `without` are not there."""
    known = lexicon_module.read(without)
    with another_lexicon(known, {}):
        rows = signals_of(cases)
    return solve(
        rows,
        [bool(case.label["is_interview"]) for case in cases],
        {name: meaning.prior for name, meaning in known.signals.items()},
    )


def solve(rows: Sequence[frozenset[str]], answers: Sequence[bool], prior: dict[str, float]) -> dict[str, float]:
    """Maximum a posteriori by cyclic coordinate Newton steps; only signals that occur move."""
    weights = dict(prior)
    occurring = ["base", *sorted({name for row in rows for name in row if name not in _FIXED})]
    where = {name: [index for index, row in enumerate(rows) if name == "base" or name in row] for name in occurring}
    totals = [weights["base"] + sum(weights[name] for name in row) for row in rows]
    precision = 1 / SPREAD**2
    for _ in range(ROUNDS):
        moved = 0.0
        for name in occurring:
            gradient = -precision * (weights[name] - prior[name])
            curvature = precision
            for index in where[name]:
                chance = 1 / (1 + math.exp(-max(-40.0, min(40.0, totals[index]))))
                gradient += answers[index] - chance
                curvature += chance * (1 - chance)
            step = max(-1.0, min(1.0, gradient / curvature))
            weights[name] += step
            moved = max(moved, abs(step))
            for index in where[name]:
                totals[index] += step
        if moved < 1e-4:
            break
    return {name: round(value, 3) for name, value in weights.items() if name in occurring}


_FIXED = frozenset({"owner_says_yes", "owner_says_no", "rule_always", "rule_never", "not_owned"})


def main(arguments: Iterable[str] | None = None) -> int:
    """Fit, cross-validate, print, perhaps write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="replace daemon/lexicon/weights.json")
    options = parser.parse_args(list(arguments) if arguments is not None else None)
    from bench import score  # noqa: PLC0415 - score imports this module

    if not (score.CORPUS / "labels.json").is_file():
        print(f"skipped: no corpus at {score.CORPUS}", file=sys.stderr)
        return 0
    cases = [case for case in score.load() if not case.label["ambiguous"]]
    with another_lexicon(lexicon_module.read(), {}):
        rows = signals_of(cases)
    answers = [bool(case.label["is_interview"]) for case in cases]
    prior = {name: meaning.prior for name, meaning in lexicon_module.read().signals.items()}
    weights = solve(rows, answers, prior)
    print(f"{len(cases)} cases, {len(weights)} signals occur")
    print(f"{'':34}{'log loss':>10}{'errors':>8}")
    for name, chosen in (("before the fit", prior), ("fitted, on the same cases", {**prior, **weights})):
        loss, errors = losses(rows, answers, chosen)
        print(f"{name:34}{loss:10.4f}{errors:8}")
    total, wrong = 0.0, 0
    for fold in range(10):
        train = [index for index in range(len(cases)) if index % 10 != fold]
        test = [index for index in range(len(cases)) if index % 10 == fold]
        weights_of_fold = {**prior, **solve([rows[i] for i in train], [answers[i] for i in train], prior)}
        loss, errors = losses([rows[i] for i in test], [answers[i] for i in test], weights_of_fold)
        total += loss * len(test)
        wrong += errors
    print(f"{'fitted, ten-fold cross-validated':34}{total / len(cases):10.4f}{wrong:8}")
    if options.write:
        WEIGHTS.write_text(
            json.dumps({"cases": len(cases), "spread": SPREAD, "weights": weights}, indent=1, sort_keys=True) + "\n",
            encoding="utf-8",
        )
        print(f"written: {WEIGHTS.name}")
    return 0


def losses(rows: Sequence[frozenset[str]], answers: Sequence[bool], weights: dict[str, float]) -> tuple[float, int]:
    """Mean log loss and the number of wrong answers."""
    loss, errors = 0.0, 0
    for row, answer in zip(rows, answers, strict=True):
        total = weights["base"] + sum(weights[name] for name in row)
        loss += math.log1p(math.exp(-total if answer else total))
        errors += (total > 0) != answer
    return loss / len(rows), errors


if __name__ == "__main__":
    sys.exit(main())
