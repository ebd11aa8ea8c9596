"""What the command line shows, as pictures. `python docs/captures/build.py` writes docs/captures/*.svg anew.

The engine, the store and the mailbox are the real ones, on the made-up account of `afterword demo`; clock and
account key are set.
"""

import io
import os
import re
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.terminal_theme import TerminalTheme

from config.load import load_account
from daemon.account import Account
from daemon.accounts import build, open_store
from daemon.cli import check_cmd, demo_cmd, status_cmd
from daemon.cli.check_cmd import in_words, look_over
from daemon.cli.explain_cmd import draft_panel, explanation, plain
from daemon.cli.opening import Opened
from daemon.core.actions import CreateDraft, DeliverNote
from daemon.core.model import Outcome
from daemon.engine import Cycle, cycle
from daemon.store.keyfile import AccountKey

HERE: Final = Path(__file__).parent
WIDTH: Final = 110
FONTS: Final = "ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace"
THEME: Final = TerminalTheme(
    (250, 250, 248),
    (36, 41, 46),
    [
        (36, 41, 46),
        (179, 29, 40),
        (34, 110, 60),
        (140, 98, 0),
        (3, 91, 150),
        (90, 50, 163),
        (10, 110, 120),
        (88, 96, 105),
    ],
    [
        (88, 96, 105),
        (203, 36, 49),
        (40, 140, 70),
        (176, 136, 0),
        (33, 136, 255),
        (90, 50, 163),
        (30, 140, 150),
        (36, 41, 46),
    ],
)
"""Dark on light, each colour at 4.5:1 or better against the ground (WCAG 2.1)."""


def demo(folder: Path) -> str:
    """The evening with its verdicts, one draft, and the reminder of the next morning, its drafts cut short."""
    with _Staged(folder) as (console, account, _each, evening):
        words = "The day is over. This is what Afterword made of the calendar:"
        demo_cmd._clock(console, account, demo_cmd.EVENING, words)
        _verdicts(console, account, evening)
        created = [item.action.draft for item in evening.done if isinstance(item.action, CreateDraft)]
        console.print(f"\n{len(created)} drafts lie in the Drafts folder, one for each interviewer. One of them:\n")
        draft = created[1]
        console.print(draft_panel([to.email for to in draft.to], draft.subject, draft.body, "in Drafts"))
        words = "Nothing was sent yet: one reminder, in the inbox."
        demo_cmd._clock(console, account, demo_cmd.NEXT_MORNING, words)
        _reminder(console, cycle(account, demo_cmd.NEXT_MORNING))
        return _svg(console, "afterword demo")


def _verdicts(console: Console, account: Account, evening: Cycle) -> None:
    table = Table(box=None, pad_edge=False)
    for column, width in (("When", 9), ("Event", 40), ("Verdict", 12), ("The strongest reason", 44)):
        table.add_column(column, width=width, no_wrap=True, overflow="ellipsis")
    for found in sorted(evening.concluded.assessments, key=lambda each: each.event.start):
        local = found.event.start.astimezone(account.owner.zone)
        if local.date() != demo_cmd.EVENING.date():
            continue
        thanked = found.outcome is Outcome.THANK
        verdict = "[green]thank[/]" if thanked else "[dim]nothing owed[/]"
        reason = re.sub(r" \([+-][\d.]+\)$", "", found.reasons[0])
        table.add_row(f"{local:%a %H:%M}", plain(found.event.summary), verdict, f"[dim]{plain(reason)}[/]")
    console.print(table)


def _reminder(console: Console, done: Cycle) -> None:
    note = next(item.action.note for item in done.done if isinstance(item.action, DeliverNote))
    opening, _, rest = note.body.partition("\n\n")
    items = re.findall(r"^\d+\. .*$", rest, re.MULTILINE)
    closing = rest.rpartition("-----\n")[2].strip()
    listed = "\n".join(f"{plain(item)}\n[dim]   … the draft in full …[/]" for item in items)
    text = f"{plain(opening)}\n\n{listed}\n\n" + "\n".join(plain(line) for line in closing.splitlines())
    console.print(Panel(text, title=f"in the inbox: {plain(note.subject)}", title_align="left"))


def status(folder: Path) -> str:
    """`afterword status` on the next morning, after one draft was sent."""
    with _Staged(folder) as (console, account, each, _evening):
        cycle(account, demo_cmd.NEXT_MORNING)
        demo_cmd._send_first(folder, demo_cmd.NEXT_MORNING)
        cycle(account, demo_cmd.AFTER_SENDING)
        status_cmd._print_account(console, each, demo_cmd.AFTER_SENDING)
        return _svg(console, "afterword status")


def explain(folder: Path) -> str:
    """`afterword explain ID` of the first interview that happened, and of one event that is none."""
    with _Staged(folder) as (console, _account, _each, evening):
        judged = sorted(evening.concluded.assessments, key=lambda found: found.event.start)
        thanked = next(found for found in judged if found.outcome is Outcome.THANK)
        other = next(found for found in judged if not found.interview and found.event.summary)
        for found in (thanked, other):
            console.print(explanation(found, found.event.uid))
        return _svg(console, "afterword explain")


def check(folder: Path) -> str:
    """`afterword check` of the same account, as if it were that evening."""
    check_cmd.wall_clock = lambda: demo_cmd.EVENING
    os.environ["TZ"] = "Europe/Berlin"
    with _Staged(folder) as (console, _account, each, _evening):
        for line in look_over(each, write=False)[0]:
            # What is free on the disk of whoever builds this is no news.
            words = re.sub(r"\d+ MiB free", "20480 MiB free", in_words(line)).replace(str(folder), "~/demo")
            console.print(words, highlight=False, soft_wrap=True)
        return _svg(console, "afterword check")


CAPTURES: Final[dict[str, Callable[[Path], str]]] = {"demo": demo, "status": status, "explain": explain, "check": check}


class _Staged:
    """The demo's account after its first evening."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()

    def __enter__(self) -> tuple[Console, Account, Opened, Cycle]:
        demo_cmd._lay_out(self._folder)
        config = load_account(self._folder / "afterword.toml")
        state = self._folder / "state"
        os.environ["AFTERWORD_STATE"] = str(state)
        store = self._stack.enter_context(open_store(config, state, now=demo_cmd.SET_UP))
        account = build(config, store, state, now=demo_cmd.SET_UP, key=AccountKey(b"\1" * 32, demo_cmd.SET_UP))
        cycle(account, demo_cmd.SET_UP)
        demo_cmd._copy(self._folder, "later")
        evening = cycle(account, demo_cmd.EVENING)
        return _console(), account, Opened(config, account), evening

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def _console() -> Console:
    return Console(
        record=True,
        width=WIDTH,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
    )


def _svg(console: Console, title: str) -> str:
    drawn = console.export_svg(title=title, theme=THEME, unique_id=title.replace(" ", "-"))
    # A picture in the documentation must not fetch a font from somebody's server.
    drawn = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)
    return drawn.replace("Fira Code, monospace", FONTS).replace("Fira Code", FONTS)


def main() -> None:
    """Write all of them."""
    for name, capture in CAPTURES.items():
        with tempfile.TemporaryDirectory() as folder:
            (HERE / f"{name}.svg").write_text(capture(Path(folder) / "demo"), encoding="utf-8")


if __name__ == "__main__":
    main()
