"""The end of `init`: what was found in the calendars, what the owner says to it, and which drafts are wanted now."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from rich.console import Console
from rich.table import Table

from connectors.errors import AuthenticationError
from daemon.cli.explain_cmd import plain
from daemon.cli.init_ask import Asker
from daemon.cli.opening import Opened
from daemon.cli.told import EX_TEMPFAIL
from daemon.core.facts import Act, ActKind
from daemon.core.model import Assessment, Interview, Outcome
from daemon.engine import cycle

EX_NOPERM = 77
SHOWN = 10
_WEIGHT = re.compile(r" \([+-][\d.]+\)$")
"""How much a reason weighs is for `explain`; here it would only puzzle."""
RECENT = timedelta(hours=48)
"""Interviews that ended this long ago are offered; older ones are left alone, as are these unless they are chosen."""


def review(console: Console, asker: Asker, each: Opened, now: datetime, *, draft_recent: bool) -> int:
    """Read once, show, ask. Nothing is written to the mailbox. Gives an exit code of sysexits."""
    with console.status("reading calendars and mail"):
        seen = cycle(each.account, now, apply=False)
    if seen.failed:
        # `check`, which follows, says it line by line.
        refused = any(isinstance(error, AuthenticationError) for error in seen.failed.values())
        return EX_NOPERM if refused else EX_TEMPFAIL
    past = sorted((a for a in seen.concluded.assessments if a.event.end <= now), key=lambda a: a.event.end)[-SHOWN:]
    interviews = seen.concluded.interviews
    if not past:
        console.print("No event of the last days was found; those to come are looked at as they come.")
    else:
        _show(console, past, each)
    denied = _deny(asker, each, interviews, past, now)
    recent = [
        i for i in interviews if i.outcome is Outcome.THANK and now - RECENT <= i.end <= now and i.id not in denied
    ]
    _offer(console, asker, each, recent, now, draft_recent=draft_recent)
    return 0


def _show(console: Console, past: Sequence[Assessment], each: Opened) -> None:
    zone = each.account.owner.zone
    table = Table(title="The last events, as they are understood", title_justify="left", box=None, pad_edge=False)
    for column in ("When", "Event", "Interview?", "Why"):
        table.add_column(column, no_wrap=column == "When", overflow="fold")
    for found in past:
        table.add_row(
            found.event.start.astimezone(zone).strftime("%a %-d %b %H:%M"),
            plain(found.event.summary),
            "[green]yes[/]" if found.interview else "no",
            f"[dim]{plain('; '.join(_WEIGHT.sub('', reason) for reason in found.reasons[:2]))}[/]",
        )
    console.print(table)


def _deny(
    asker: Asker, each: Opened, interviews: Sequence[Interview], past: Sequence[Assessment], now: datetime
) -> frozenset[str]:
    shown = {(a.event.uid, a.event.end) for a in past if a.interview}
    offered = [i for i in interviews if any((p.event.uid, p.event.end) in shown for p in i.parts)]
    chosen = frozenset(
        asker.some("Is any of these not an interview of yours? (space marks it)", [(i.id, _words(i)) for i in offered])
    )
    for interview in offered:
        if interview.id in chosen:
            for uid in {part.event.uid for part in interview.parts}:
                each.account.store.add_act(Act(now, ActKind.NOT_AN_INTERVIEW, interview.id, uid=uid))
    return chosen


def _offer(
    console: Console, asker: Asker, each: Opened, recent: Sequence[Interview], now: datetime, *, draft_recent: bool
) -> None:
    if not recent:
        return
    choices = [(i.id, _words(i)) for i in recent]
    wanted = {i.id for i in recent} if draft_recent else set(asker.some("Draft a thank-you for any of these?", choices))
    for interview in recent:
        if interview.id in wanted:
            for uid in {part.event.uid for part in interview.parts}:
                each.account.store.add_act(Act(now, ActKind.WANTED, interview.id, uid=uid))
            console.print(f"[green]✓[/] {plain(_words(interview))}: its drafts come with the first cycle.")
        else:
            console.print(f"Left alone: {plain(_words(interview))} (afterword draft {interview.id})", highlight=False)


def _words(interview: Interview) -> str:
    return f"{' '.join(interview.title.split())}, {interview.end:%a %-d %b}"
