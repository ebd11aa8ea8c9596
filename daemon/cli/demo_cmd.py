"""`afterword demo`: three days of a made-up job seeker. The engine is the real one; data and clock are staged."""

import shutil
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.utils import format_datetime
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from config import paths
from config.load import load_account
from connectors.mime import text_of
from daemon.account import Account
from daemon.accounts import build, open_store
from daemon.cli.explain_cmd import draft_panel, plain
from daemon.cli.told import Told
from daemon.core.actions import CreateDraft, DeliverNote
from daemon.core.life import derive
from daemon.core.model import Outcome
from daemon.engine import Cycle, cycle

SET_UP = datetime(2026, 3, 16, 8, 0, tzinfo=UTC)
EVENING = datetime(2026, 3, 17, 17, 30, tzinfo=UTC)
NEXT_MORNING = datetime(2026, 3, 18, 8, 5, tzinfo=UTC)
AFTER_SENDING = datetime(2026, 3, 18, 8, 30, tzinfo=UTC)
DAY_AFTER = datetime(2026, 3, 19, 8, 5, tzinfo=UTC)
MARK = ".afterword-demo"


def demo(
    into: Annotated[
        Path | None, typer.Option("--into", metavar="FOLDER", help="Where the made-up account is to lie.")
    ] = None,
) -> None:
    """Show three days of a made-up job seeker on a local Maildir, start to end. Needs no account and no network."""
    folder = (into or paths.cache_dir() / "demo").absolute()
    console = Console()
    _lay_out(folder)
    config = load_account(folder / "afterword.toml")
    with ExitStack() as stack:
        store = stack.enter_context(open_store(config, folder / "state", now=SET_UP))
        account = build(config, store, folder / "state", now=SET_UP)
        _play(console, account, folder)


def _play(console: Console, account: Account, folder: Path) -> None:
    started = time.monotonic()
    _clock(console, account, SET_UP, "Afterword is set up. It reads the calendar folder and the mail.")
    seen = cycle(account, SET_UP)
    _show_interviews(console, account, seen)

    _clock(
        console, account, EVENING, "The day is over. One interview was cancelled by mail, one moved at the last minute."
    )
    _copy(folder, "later")
    done = cycle(account, EVENING)
    _show_interviews(console, account, done)
    _show_drafts(console, done)

    _clock(console, account, NEXT_MORNING, "The next morning. Nothing was sent yet.")
    _show_note(console, folder, cycle(account, NEXT_MORNING))

    sent = _send_first(folder, NEXT_MORNING)
    _clock(console, account, AFTER_SENDING, f"Mara sends the draft to {sent} from her mail program.")
    cycle(account, AFTER_SENDING)
    _show_states(console, account, AFTER_SENDING)

    _clock(
        console,
        account,
        DAY_AFTER,
        "The second morning: one more reminder, and not a word about the one that was sent.",
    )
    _show_note(console, folder, cycle(account, DAY_AFTER))
    console.rule(align="left")
    console.print(f"It all lies in [bold]{folder}[/]. See the drafts with:")
    console.print(f"  neomutt -f {folder / 'Mail' / '.Drafts'}", markup=False, highlight=False)
    console.print(f"[dim]{time.monotonic() - started:.1f} s[/]")


def _lay_out(folder: Path) -> None:
    if folder.exists():
        if any(folder.iterdir()) and not (folder / MARK).exists():
            message = f"{folder} holds something else; name an empty folder with --into"
            raise Told(message, 64)
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARK).touch()
    for box in ("", ".Drafts", ".Sent", ".Trash"):
        for part in ("cur", "new", "tmp"):
            (folder / "Mail" / box / part).mkdir(parents=True)
    (folder / "afterword.toml").write_bytes(resources.files("daemon.demo").joinpath("afterword.toml").read_bytes())
    for source in ("calendar", "mail"):
        _copy(folder, source)


def _copy(folder: Path, source: str) -> None:
    """Calendar files go where a sync program would put them, mails where a delivery agent would."""
    (folder / "calendar").mkdir(exist_ok=True)
    for item in sorted(resources.files("daemon.demo").joinpath(source).iterdir(), key=lambda item: item.name):
        target = folder / "calendar" if item.name.endswith(".ics") else folder / "Mail" / "new"
        partial = folder / "Mail" / "tmp" / item.name
        partial.write_bytes(item.read_bytes())
        partial.replace(target / item.name)


def _clock(console: Console, account: Account, now: datetime, words: str) -> None:
    local = now.astimezone(account.owner.zone)
    console.print()
    console.rule(f"[bold]{local:%A %-d %B %Y, %H:%M}[/]", align="left")
    console.print(words)
    console.print()


def _show_interviews(console: Console, account: Account, seen: Cycle) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("When", "Event", "Verdict", "Why"):
        table.add_column(column, no_wrap=column == "When", overflow="fold")
    for found in sorted(seen.concluded.assessments, key=lambda a: a.event.start):
        local = found.event.start.astimezone(account.owner.zone)
        if local.date() < SET_UP.date() or local.date() > DAY_AFTER.date():
            continue
        owed = found.outcome is Outcome.THANK
        verdict = "[green]thank[/]" if found.event.end <= seen.at else "[cyan]upcoming[/]"
        why = "; ".join(found.reasons[:2])
        table.add_row(
            f"{local:%a %H:%M}",
            plain(found.event.summary),
            verdict if owed else "[dim]nothing owed[/]",
            f"[dim]{plain(why)}[/]",
        )
    console.print(table)


def _show_drafts(console: Console, done: Cycle) -> None:
    for item in done.done:
        if isinstance(item.action, CreateDraft) and item.error is None:
            draft = item.action.draft
            console.print(draft_panel([a.email for a in draft.to], draft.subject, draft.body, "a draft in Drafts"))


def _show_states(console: Console, account: Account, now: datetime) -> None:
    for facts in account.store.facts(since=None).followups.values():
        life = derive(facts, now)
        who = facts.followup.recipient.name or facts.followup.recipient.email
        console.print(f"  {plain(who)}: [bold]{life.state.value}[/] [dim]{plain(life.reason)}[/]", highlight=False)


def _show_note(console: Console, folder: Path, done: Cycle) -> None:
    wanted = {item.action.note.message_id for item in done.done if isinstance(item.action, DeliverNote)}
    if not wanted:
        console.print("No note: there is nothing to remind of.")
    for path in sorted((folder / "Mail" / "new").iterdir()):
        data = path.read_bytes()
        message = message_from_bytes(data, policy=policy.default)
        if message["Message-ID"] in wanted:
            console.print(
                Panel(
                    "\n".join(plain(line) for line in text_of(data).splitlines()),
                    title=f"in the inbox: {plain(message['Subject'])}",
                    title_align="left",
                )
            )


def _send_first(folder: Path, now: datetime) -> str:
    """What a mail program does to a draft that its owner sends: a new Date, a copy in Sent, the draft removed."""
    drafts = sorted((folder / "Mail" / ".Drafts").glob("*/*"))
    source = drafts[0]
    message = message_from_bytes(source.read_bytes(), policy=policy.SMTP)
    del message["Date"]
    message["Date"] = format_datetime(now)
    name = source.name.partition(":")[0]
    (folder / "Mail" / ".Sent" / "cur" / f"{name}:2,S").write_bytes(message.as_bytes())
    source.unlink()
    return str(message["To"])
