"""Runs one staged cycle after another and kills the process at every I/O boundary in turn. Driven by test_kill.py.

Prints one JSON object: the boundaries of each scenario, how many histories were lived through, and what went wrong.
Each history is a forked child, so that thousands of imports are paid for once.
"""

import json
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from daemon.account import Account
from daemon.core.facts import Act, ActKind
from daemon.core.model import OwnerNotes
from daemon.engine import cycle
from tests.daemon.staged import END, SET_UP, account_in, drafts, invite, lay_out, notes, put_event

DUE = END + timedelta(minutes=20)
MORNING = END + timedelta(hours=17)
LATER = timedelta(seconds=45)
PANEL = (("Priya Raman", "priya@cobalt.example"), ("Laura Benedetti", "laura@cobalt.example"))
RENAMES = frozenset({"os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir", "os.truncate", "os.utime"})
STORE_WRITES = frozenset(
    {"apply_delta", "add_followup", "amend_followup", "begin", "settle", "record_look", "add_act", "add_note"}
    | {"set_health", "set_setting", "add_address", "set_up", "forget_before"}
)
PORT_CALLS = frozenset(
    {"pull", "observe", "create_draft", "replace_draft", "delete_draft", "deliver_note", "owner_replies"}
)


class Boundaries:
    """Counts every crossing and dies at the chosen one."""

    def __init__(self, folder: Path, die_at: int | None) -> None:
        self.folder = str(folder)
        self.die_at = die_at
        self.crossed: list[str] = []

    def cross(self, name: str) -> None:
        self.crossed.append(name)
        if self.die_at is not None and len(self.crossed) == self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _mode, flags = arguments
            if flags is not None and flags & (os.O_WRONLY | os.O_RDWR) and self._ours(path):
                self.cross(f"open {self._place(path)}")
        elif event in RENAMES and self._ours(arguments[0]):
            self.cross(f"{event} {self._place(arguments[0])}")

    def _ours(self, path: object) -> bool:
        return isinstance(path, str | os.PathLike) and str(path).startswith(self.folder)

    def _place(self, path: object) -> str:
        parts = Path(str(path)).relative_to(self.folder).parts
        return "/".join(parts[:2])


class Watched:
    """The real thing, with a boundary before and after each of the named calls."""

    def __init__(self, inner: Any, label: str, calls: frozenset[str], boundaries: Boundaries) -> None:
        self._inner, self._label, self._calls, self._boundaries = inner, label, calls, boundaries

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in self._calls:
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            self._boundaries.cross(f"before {self._label}.{name}")
            answer = found(*args, **kwargs)
            self._boundaries.cross(f"after {self._label}.{name}")
            return answer

        return call


def watched(account: Account, boundaries: Boundaries) -> Account:
    calendars = [Watched(calendar, "calendar", PORT_CALLS, boundaries) for calendar in account.calendars]
    return replace(
        account,
        store=Watched(account.store, "store", STORE_WRITES, boundaries),  # type: ignore[arg-type] # a transparent stand-in
        mailbox=Watched(account.mailbox, "mailbox", PORT_CALLS, boundaries),  # type: ignore[arg-type] # the same
        calendars=calendars,  # type: ignore[arg-type] # the same
    )


def live(folder: Path, now: datetime, die_at: int | None = None) -> list[str]:
    """One cycle in a child of its own; the boundaries that it crossed, empty if it was killed."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        boundaries = Boundaries(folder, die_at)
        with account_in(folder, now) as account:
            sys.addaudithook(boundaries.audit)
            cycle(watched(account, boundaries), now)
            os.write(write_end, json.dumps(boundaries.crossed).encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as stream:
        said = stream.read()
    _, status = os.waitpid(child, 0)
    if die_at is None and status != 0:
        message = f"a cycle that nobody killed ended with status {status}"
        raise AssertionError(message)
    return list(json.loads(said)) if said else []


def stage_first(folder: Path) -> None:
    lay_out(folder)
    put_event(folder, "one", invite("one"))
    put_event(folder, "panel", invite("panel", people=PANEL, summary="Panel interview - Analytics Engineer - Cobalt"))
    live(folder, SET_UP)


def stage_second(folder: Path) -> None:
    """Three drafts stand; the owner noted something on one, one was cancelled in time, and the reminder is due."""
    stage_first(folder)
    live(folder, DUE)
    with account_in(folder) as account:
        for facts in account.store.facts(since=None).followups.values():
            if facts.followup.recipient.email == "helena@frost.example":
                said = OwnerNotes(slipped_my_mind="I also ran the migration to Kafka at my last employer.")
                account.store.add_act(Act(DUE + LATER, ActKind.NOTE, facts.followup.interview_id, notes=said))
    cancelled = invite(
        "panel",
        people=PANEL,
        summary="Panel interview - Analytics Engineer - Cobalt",
        sequence=1,
        stamped=END - timedelta(hours=3),
        status="CANCELLED",
    )
    put_event(folder, "panel", cancelled)


def lose_store(folder: Path) -> None:
    for path in (folder / "state" / "mara").glob("store.sqlite*"):
        path.unlink()


def verdict_first(folder: Path, *, lost: bool) -> str:
    del lost
    found = Counter(str(message["To"]) for message in drafts(folder))
    wanted = {
        "Helena Frost <helena@frost.example>",
        "Priya Raman <priya@cobalt.example>",
        "Laura Benedetti <laura@cobalt.example>",
    }
    if set(found) != wanted or set(found.values()) != {1}:
        return f"drafts: {dict(found)}"
    return ""


def verdict_second(folder: Path, *, lost: bool) -> str:
    found = Counter(str(message["To"]) for message in drafts(folder))
    told = notes(folder)
    if found.get("Helena Frost <helena@frost.example>") != 1 or max(found.values()) > 1:
        return f"drafts: {dict(found)}"
    if lost:
        # Found again without a record, a draft counts as made when it was found: its reminder may be for tomorrow.
        return "" if len(told) <= 1 else f"reminders: {len(told)}"
    if len(told) != 1:
        return f"reminders: {len(told)}"
    if len(found) != 1:
        return f"a cancelled interview keeps its drafts: {dict(found)}"
    text = drafts(folder)[0].get_content()
    return "" if "Kafka" in text else "the note was not woven in"


def histories(
    base: Path, stage: Callable[[Path], None], now: datetime, judge: Callable[..., str], *, lose: bool
) -> dict[str, Any]:
    origin = base / "origin"
    stage(origin)
    rehearsal = base / "rehearsal"
    shutil.copytree(origin, rehearsal)
    crossed = live(rehearsal, now)
    faults = []
    for number, name in enumerate(crossed, 1):
        folder = base / "life"
        shutil.copytree(origin, folder)
        if live(folder, now, die_at=number):
            faults.append(f"{number} {name}: it was not killed")
        if lose:
            lose_store(folder)
        live(folder, now + LATER)
        live(folder, now + 2 * LATER)
        wrong = judge(folder, lost=lose)
        if wrong:
            faults.append(f"{number} {name}: {wrong}")
        shutil.rmtree(folder)
    shutil.rmtree(origin)
    shutil.rmtree(rehearsal)
    return {"boundaries": crossed, "histories": len(crossed), "faults": faults}


def warm_up(base: Path) -> None:
    """Import and compile everything once, so that the children need not."""
    stage_second(base / "warm")
    for now in (SET_UP, DUE, MORNING):
        with account_in(base / "warm", now) as account:
            cycle(account, now)
    shutil.rmtree(base / "warm")


def main() -> None:
    base = Path(sys.argv[1])
    warm_up(base)
    report = {
        "drafting": histories(base, stage_first, DUE, verdict_first, lose=False),
        "drafting, then the store is lost": histories(base, stage_first, DUE, verdict_first, lose=True),
        "reminding, weaving in, taking back": histories(base, stage_second, MORNING, verdict_second, lose=False),
        "reminding, then the store is lost": histories(base, stage_second, MORNING, verdict_second, lose=True),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
