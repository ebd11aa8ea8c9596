"""How well recognition does over ../shared/corpus, by the rules of its README: `python bench/score.py`.

Three ways: as it stands; leaving one language out; leaving one producer out. In the latter two the weights are fitted
without the cases left out, and phrases of the lexicon that came from them alone are dropped.
Exit code 1 if a gate fails as it stands.
"""

import argparse
import json
import math
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import fit
from connectors import ics, imip, itip
from connectors.model import Event, Invite
from daemon.core import lexicon as lexicon_module
from daemon.core.company_names import clean_company
from daemon.core.domains import Nature, nature
from daemon.core.model import Assessment, Owner, RecipientKind
from daemon.core.recognise import assess

CORPUS = Path(__file__).resolve().parent.parent.parent / "shared" / "corpus"
ZONE = ZoneInfo("UTC")
GOALS = {
    "interview: precision": 0.99,
    "interview: recall": 0.98,
    "outcome right": 0.98,
    "role right": 0.93,
    "company right": 0.93,
    "interviewers: precision": 0.99,
    "interviewers: recall": 0.96,
    "stage right": 0.88,
    "language right": 0.98,
    "end right": 1.0,
}
AT_MOST = {"role given but wrong": 2, "company given but wrong": 2}
GATES = ("drafts where none is due", "interviewer drafts to a forbidden address", "drafts to a robot")


@dataclass(frozen=True)
class Case:
    """One labelled case with the event it is about."""

    name: str
    label: dict[str, Any]
    event: Event
    owner: Owner

    @property
    def producer(self) -> str:
        """The family of programs that wrote the file."""
        words = re.sub(r"[^a-z]+", " ", self.event.producer.lower()).split()
        return words[0] if words else "none"


@dataclass
class Tally:
    """Counts by figure: right and of how many."""

    right: Counter[str] = field(default_factory=Counter)
    of: Counter[str] = field(default_factory=Counter)
    misses: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, figure: str, *, ok: bool, case: str, note: str = "") -> None:
        self.of[figure] += 1
        self.right[figure] += ok
        if not ok:
            self.misses[figure].append(f"{case}: {note}")

    def count(self, figure: str, case: str, note: str) -> None:
        self.right[figure] += 1
        self.misses[figure].append(f"{case}: {note}")


def wilson(right: int, of: int) -> tuple[float, float]:
    """The 95% interval of a proportion (Wilson 1927)."""
    if of == 0:
        return 0.0, 1.0
    z, share = 1.96, right / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def load(folder: Path = CORPUS) -> list[Case]:
    """All cases of a corpus folder."""
    cases = []
    for label in json.loads((folder / "labels.json").read_text(encoding="utf-8")):
        invites: list[Invite] = []
        for order, name in enumerate(label["files"]):
            data = (folder / "cases" / name).read_bytes()
            read = imip.read_message if name.endswith(".eml") else ics.read_calendar
            invites.extend(read(data, key=f"{order:04}", zone=ZONE).invites)
        event = itip.subject_occurrence(invites, frozenset(label["me"]))
        if event is None:
            raise SystemExit(f"{label['id']}: no event could be read")
        cases.append(Case(label["id"], label, event, Owner(frozenset(label["me"]), ZONE)))
    return cases


def plain(text: str | None) -> str:
    """For comparing: no case, accents, hyphens, legal form."""
    if not text:
        return ""
    bare = "".join(
        char for char in unicodedata.normalize("NFKD", clean_company(text)) if not unicodedata.combining(char)
    )
    return " ".join(re.sub(r"[-–—_.,']", " ", bare.casefold()).split())


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def judge(tally: Tally, case: Case, found: Assessment) -> None:
    """Add one case to the tally."""
    label, name = case.label, case.name
    yes = label["is_interview"]
    tally.add(
        "outcome right",
        ok=found.outcome.value == label["outcome"],
        case=name,
        note=f"{found.outcome.value} for {label['outcome']}",
    )
    if found.interview:
        tally.add("interview: precision", ok=yes, case=name, note=f"score {found.score:+.1f}")
    if yes:
        tally.add("interview: recall", ok=found.interview, case=name, note=f"score {found.score:+.1f}")
    if label["outcome"] == "thank":
        tally.add(
            "end right",
            ok=_utc(found.event.end) == label["end"],
            case=name,
            note=f"{_utc(found.event.end)} for {label['end']}",
        )
    tally.add(
        "language right",
        ok=found.language == label["language"],
        case=name,
        note=f"{found.language} for {label['language']}",
    )
    if yes and found.interview:
        _judge_facts(tally, case, found)
        _judge_people(tally, case, found)
    forbidden = set(label["not_recipients"])
    for recipient in found.recipients:
        if label["outcome"] != "thank":
            tally.count(GATES[0], name, recipient.email)
        if recipient.kind is RecipientKind.INTERVIEWER and recipient.email in forbidden:
            tally.count(GATES[1], name, recipient.email)
        if recipient.email and (nature(recipient.email) is not Nature.PERSON or case.owner.owns(recipient.email)):
            tally.count(GATES[2], name, recipient.email)


def _judge_facts(tally: Tally, case: Case, found: Assessment) -> None:
    for figure, fact in (("role", found.role), ("company", found.company)):
        wanted = case.label[figure]
        given = fact.value if fact else None
        right = plain(given) == plain(wanted)
        if wanted is not None:
            tally.add(f"{figure} right", ok=right, case=case.name, note=f"{given!r} for {wanted!r}")
        if given is not None and not right:
            tally.count(f"{figure} given but wrong", case.name, f"{given!r} for {wanted!r}")
    given = found.stage.value if found.stage else None
    tally.add(
        "stage right",
        ok=given == case.label["stage"],
        case=case.name,
        note=f"{given} for {case.label['stage']}, {found.stage.source if found.stage else ''}",
    )


def _judge_people(tally: Tally, case: Case, found: Assessment) -> None:
    wanted = list(case.label["interviewers"])
    for one in found.interviewers:
        match = next(
            (
                w
                for w in wanted
                if (w["email"] or None) == (one.email or None) and (w["email"] or plain(w["name"]) == plain(one.name))
            ),
            None,
        )
        right = match is not None and plain(match["name"]) == plain(one.name)
        if match is not None:
            wanted.remove(match)
        tally.add("interviewers: precision", ok=right, case=case.name, note=f"{one.name} <{one.email}>")
    for one in case.label["interviewers"]:
        tally.add("interviewers: recall", ok=one not in wanted, case=case.name, note=f"{one['name']} <{one['email']}>")


def report(title: str, tally: Tally, *, verbose: bool) -> None:
    """Print a tally."""
    print(f"\n{title}")
    for figure, goal in GOALS.items():
        right, of = tally.right[figure], tally.of[figure]
        low, high = wilson(right, of)
        mark = "" if of and right / of >= goal else "  below the goal"
        print(
            f"  {figure:42} {right:4} of {of:4}  {right / of if of else 0:6.3f}  [{low:.3f}, {high:.3f}"
            f"]  goal {goal}{mark}"
        )
    for figure, most in AT_MOST.items():
        print(f"  {figure:42} {tally.right[figure]:4}            goal at most {most}")
    for figure in GATES:
        print(f"  {figure:42} {tally.right[figure]:4}            gate 0")
    if verbose:
        for figure, misses in tally.misses.items():
            for miss in misses:
                print(f"    {figure}: {miss}")


def left_out(cases: Sequence[Case], group: Callable[[Case], str]) -> Tally:
    """Judge each group with weights and phrases that never saw it."""
    tally = Tally()
    for name in sorted({group(case) for case in cases}):
        held = [case for case in cases if group(case) == name]
        rest = [case for case in cases if group(case) != name]
        numbers = frozenset(case.name[:3] for case in held)
        with fit.another_lexicon(lexicon_module.read(numbers), fit.fitted(rest, without=numbers)):
            for case in held:
                judge(tally, case, assess(case.event, case.owner))
    return tally


def main(arguments: Iterable[str] | None = None) -> int:
    """Print every figure; 1 if a gate fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-v", "--verbose", action="store_true", help="name every miss")
    parser.add_argument("--quick", action="store_true", help="only as it stands")
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    options = parser.parse_args(list(arguments) if arguments is not None else None)
    if not (options.corpus / "labels.json").is_file():
        print(f"skipped: no corpus at {options.corpus}", file=sys.stderr)
        return 0
    cases = load(options.corpus)
    clear = [case for case in cases if not case.label["ambiguous"]]
    unclear = [case for case in cases if case.label["ambiguous"]]
    stands, apart = Tally(), Tally()
    for tally, some in ((stands, clear), (apart, unclear)):
        for case in some:
            judge(tally, case, assess(case.event, case.owner))
    report(f"As it stands: {len(clear)} clear cases", stands, verbose=options.verbose)
    report(f"As it stands: {len(unclear)} ambiguous cases", apart, verbose=options.verbose)
    tallies = [stands, apart]
    if not options.quick:
        for title, group in (
            ("Leaving one language out", lambda case: str(case.label["language"])),
            ("Leaving one producer out", lambda case: case.producer),
        ):
            tally = left_out(clear, group)
            report(title, tally, verbose=options.verbose)
    failed = sorted({gate for tally in tallies for gate in GATES if tally.right[gate]})
    print(f"\nGates: {'failed: ' + ', '.join(failed) if failed else 'all 0'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
