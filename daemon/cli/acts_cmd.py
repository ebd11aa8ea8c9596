"""What the owner says about one interview: note, snooze, dismiss, draft; and forget."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import click
import typer
from rich.console import Console

from config import paths
from config.fields import parse_duration
from daemon.accounts import paths_for
from daemon.cli.config_cmd import ConfigOption
from daemon.cli.login_cmd import logins_in
from daemon.cli.opening import Opened, opened
from daemon.cli.told import Told
from daemon.core.facts import Act, ActKind
from daemon.core.life import UNSENT, derive
from daemon.core.model import OwnerNotes
from daemon.service import wall_clock
from daemon.setup.keeping import unkeep

Id = Annotated[str, typer.Argument(metavar="ID", help="An interview's ID as `afterword status` shows it.")]
AccountOption = Annotated[str, typer.Option("--account", help="Which account, where there are several.")]

QUESTIONS = """\
# Three questions about {title}. Write below any of them; what you leave empty is left out.
# What did you talk about that you would like to come back to?

# What slipped your mind?

# Which answer would you correct, in a sentence or two?
"""


@dataclass(frozen=True)
class _Target:
    opened: Opened
    interview_id: str
    uids: tuple[str, ...]
    title: str


def _find(accounts: Sequence[Opened], wanted: str) -> _Target:
    found: dict[str, _Target] = {}
    for each in accounts:
        for facts in each.facts().followups.values():
            followup = facts.followup
            if followup.interview_id.startswith(wanted) or followup.key.startswith(wanted):
                target = _Target(each, followup.interview_id, followup.uids, followup.title)
                found[followup.interview_id] = target
        for interview in each.concluded(wall_clock()).interviews:
            if interview.id.startswith(wanted):
                uids = tuple(part.event.uid for part in interview.parts)
                found[interview.id] = _Target(each, interview.id, uids, interview.title)
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        message = f"{wanted} fits several interviews: {', '.join(sorted(found))}"
        raise Told(message, 64)
    message = f"there is no interview {wanted}; `afterword status` lists them"
    raise Told(message, 64)


def _say(target: _Target, *acts: Act) -> None:
    for act in acts:
        target.opened.account.store.add_act(act)
    target.opened.account.wake()


def note(
    interview: Id,
    talked: Annotated[str, typer.Option("--talked-about", "--talked", help="What to come back to.")] = "",
    slipped: Annotated[str, typer.Option("--slipped", "--forgot", help="What slipped your mind.")] = "",
    correct: Annotated[str, typer.Option("--correct", help="What you would answer differently.")] = "",
    account: AccountOption = "",
    config: ConfigOption = None,
) -> None:
    """Tell what only you know; it is woven into the drafts that you have not touched."""
    with opened(config, only=account) as accounts:
        target = _find(accounts, interview)
        notes = OwnerNotes(talked.strip(), slipped.strip(), correct.strip())
        if not notes:
            notes = _ask(target.title)
        if not notes:
            Console().print("Nothing noted.")
            return
        _say(target, Act(wall_clock(), ActKind.NOTE, target.interview_id, notes=notes))
        Console().print("Noted. It goes into the drafts that you have not touched, within minutes.")


def _ask(title: str) -> OwnerNotes:
    shown = " ".join(title.split())
    text = click.edit(QUESTIONS.format(title=shown), extension=".txt") or ""
    answers: list[list[str]] = []
    for line in text.splitlines()[1:]:
        if line.startswith("#"):
            answers.append([])
        elif answers:
            answers[-1].append(line.strip())
    said = [" ".join(part for part in answer if part) for answer in answers] + ["", "", ""]
    return OwnerNotes(*said[:3])


def snooze(
    interview: Id,
    span: Annotated[str, typer.Argument(metavar="SPAN", help='How long: "2 days", "4 hours".')] = "1 day",
    account: AccountOption = "",
    config: ConfigOption = None,
) -> None:
    """Do not remind about this interview for a while."""
    try:
        length = parse_duration(span)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    with opened(config, only=account) as accounts:
        target = _find(accounts, interview)
        now = wall_clock()
        _say(target, Act(now, ActKind.SNOOZE, target.interview_id, until=now + length))
        until = (now + length).astimezone(target.opened.account.owner.zone)
        Console().print(f"No reminder before {until:%A %-d %B, %H:%M}.")


def dismiss(
    interview: Id,
    not_an_interview: Annotated[
        bool, typer.Option("--not-an-interview", help="It never was one; learn from it.")
    ] = False,
    account: AccountOption = "",
    config: ConfigOption = None,
) -> None:
    """No follow-up for this interview: its untouched drafts are taken back, yours stay as they are."""
    kind = ActKind.NOT_AN_INTERVIEW if not_an_interview else ActKind.DISMISS
    with opened(config, only=account) as accounts:
        target = _find(accounts, interview)
        now = wall_clock()
        uids = target.uids if not_an_interview else ("",)
        _say(target, *(Act(now, kind, target.interview_id, uid=uid) for uid in uids))
        Console().print("Dismissed. Drafts that you have not touched are taken back within minutes.")


def draft(interview: Id, account: AccountOption = "", config: ConfigOption = None) -> None:
    """Ask for the drafts of an interview that Afterword left alone: an old one, or one it did not take for yours."""
    with opened(config, only=account) as accounts:
        target = _find(accounts, interview)
        now = wall_clock()
        _say(target, *(Act(now, ActKind.WANTED, target.interview_id, uid=uid) for uid in target.uids))
        Console().print("They will be in your Drafts within minutes.")


def forget(
    interview: Annotated[str, typer.Argument(metavar="[ID]", help="One interview.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="All that Afterword knows about the account.")] = False,
    account: AccountOption = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: ConfigOption = None,
) -> None:
    """Remove what Afterword has stored. Your mailbox stays as it is."""
    if not interview and not everything:
        message = "name an interview, or say --all"
        raise typer.BadParameter(message)
    console = Console()
    if everything:
        _forget_everything(console, config, account, yes=yes)
        return
    with opened(config, only=account) as accounts:
        target = _find(accounts, interview)
        removed = target.opened.account.store.forget(
            now=wall_clock(), interview_id=target.interview_id, uids=target.uids
        )
        console.print(f"{removed} records removed. Drafts in the mailbox stay.")


def _forget_everything(console: Console, config: Path | None, account: str, *, yes: bool) -> None:
    """Rows, files, key, logins and kept passwords go; the configuration and what lies in the mailbox stay."""
    if not yes:
        typer.confirm("Forget everything that Afterword has stored, logins and passwords included?", abort=True)
    folders, kept = [], []
    with opened(config, only=account, exclusive=True) as accounts:
        for each in accounts:
            now = wall_clock()
            lying = [f for f in each.facts().followups.values() if derive(f, now).state in UNSENT]
            removed = each.account.store.forget(now=now, everything=True)
            console.print(f"{each.config.name}: {removed} records removed.", markup=False)
            for facts in lying:
                who = facts.followup.recipient.name or facts.followup.recipient.email or "an interviewer"
                console.print(f"  A draft to {who} stays in your mailbox.", markup=False, highlight=False)
            folders.append(paths_for(each.config, paths.state_dir()).state_dir)
            file = each.config.path
            if file is not None:
                kept.append((file, each.config.owner.addresses))
    for _, login in logins_in(config, account):
        login.forget()
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    for file, addresses in kept:
        gone = [ref for address in addresses for ref in unkeep(user=address, folder=file.absolute().parent)]
        if gone:
            console.print(f"Removed what `init` kept: {', '.join(gone)}", markup=False, highlight=False)
        console.print(f"The configuration stays: {file}", markup=False, highlight=False)
