"""`afterword status`: one look at everything; and `explain ID` for what the service already knows."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from daemon.cli.config_cmd import ConfigOption
from daemon.cli.explain_cmd import explain_object, explanation, plain, utc_text
from daemon.cli.opening import Opened, opened
from daemon.cli.told import Told
from daemon.core.facts import WRITING, AccountFacts, ActKind, FollowUp, FollowUpFacts, Health
from daemon.core.life import Life, State, derive
from daemon.core.model import Interview, Outcome
from daemon.service import wall_clock
from daemon.wellbeing import last_spent

BEFORE = "it ended before Afterword was set up"
STYLES = {
    State.SENT: "green",
    State.UNTOUCHED: "yellow",
    State.EDITED: "yellow",
    State.MISSING: "magenta",
    State.UNCERTAIN: "magenta",
}


def status(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object an account, for scripts.")] = False,
    account: Annotated[str, typer.Option("--account", help="Only this account.")] = "",
    config: ConfigOption = None,
) -> None:
    """Show accounts, what is upcoming, drafted, unsent, sent, and what was left alone and why."""
    now = wall_clock()
    console = Console()
    with opened(config, only=account) as accounts:
        for each in accounts:
            if as_json:
                print(json.dumps(status_object(each, now), ensure_ascii=False))
            else:
                _print_account(console, each, now)


def status_object(each: Opened, now: datetime) -> dict[str, Any]:
    """One account as data."""
    facts = each.facts()
    interviews = each.concluded(now).interviews
    return {
        "account": each.config.name,
        "upcoming": [_interview_object(i) for i in interviews if i.outcome is Outcome.THANK and i.end > now],
        "left_alone": [_interview_object(i) for i in interviews if i.outcome is Outcome.NONE],
        "follow_ups": [_followup_object(each, facts, key, now) for key in facts.followups],
        "health": [_health_object(each, health) for health in facts.health.values()],
    }


def _interview_object(interview: Interview) -> dict[str, Any]:
    return {
        "id": interview.id,
        "title": interview.title,
        "company": interview.company.value if interview.company else None,
        "role": interview.role.value if interview.role else None,
        "end": utc_text(interview.end),
        "outcome": interview.outcome.value,
        "reasons": list(interview.reasons),
    }


def _followup_object(each: Opened, facts: AccountFacts, key: str, now: datetime) -> dict[str, Any]:
    known = facts.followups[key]
    followup, life = known.followup, derive(known, now)
    before = _ended_before(known, life, facts)
    return {
        "id": followup.interview_id,
        "key": key,
        "account": each.config.name,
        "recipient": {"name": followup.recipient.name or None, "email": followup.recipient.email or None},
        "title": followup.title,
        "company": followup.company or None,
        "ended": utc_text(followup.ended_at),
        "state": life.state.value,
        "since": utc_text(life.since),
        "reason": BEFORE if before else life.reason,
        "snoozed_until": utc_text(life.snoozed_until) if life.snoozed_until else None,
        "heard_from_them": utc_text(life.heard.at) if life.heard else None,
    }


def _health_object(each: Opened, health: Health) -> dict[str, Any]:
    return {
        "port": health.port,
        "last_good": utc_text(health.last_good) if health.last_good else None,
        "failing_since": utc_text(health.failing_since) if health.failing_since else None,
        "error": health.error or None,
        "remedy": health.remedy or None,
        "last_cycle": dict(last_spent(each.account, health.port)) or None,
    }


def _print_account(console: Console, each: Opened, now: datetime) -> None:
    facts = each.facts()
    interviews = each.concluded(now).interviews
    zone = each.account.owner.zone
    console.rule(f"[bold]{plain(each.config.name)}[/]", align="left")
    for health in facts.health.values():
        if health.port.endswith(WRITING) and not health.failing_since:
            continue  # its last good write is no news beside the mailbox's own line
        console.print(_health_words(health, now), _spent_words(each, health.port), highlight=False)
    if not facts.health:
        console.print("[dim]not looked at yet: `afterword once` or the service does that[/]")
    lives = [(known, derive(known, now)) for known in facts.followups.values()]
    rows = [(k.followup, life, _ended_before(k, life, facts)) for k, life in lives]
    _print_followups(console, rows, zone)
    upcoming = [i for i in interviews if i.outcome is Outcome.THANK and i.end > now]
    _print_interviews(console, "Upcoming", upcoming, zone, reasons=False)
    _print_interviews(console, "Left alone", [i for i in interviews if i.outcome is Outcome.NONE], zone, reasons=True)


def _health_words(health: Health, now: datetime) -> str:
    if health.failing_since is None:
        ago = _ago(now - health.last_good) if health.last_good else "never"
        return f"[green]✓[/] {plain(health.port)}  [dim]last good contact {ago}[/]"
    remedy = f" — {plain(health.remedy)}" if health.remedy else ""
    since = _ago(now - health.failing_since)
    return f"[red]✗[/] {plain(health.port)}  {plain(health.error)}{remedy}  [dim]since {since}[/]"


def _spent_words(each: Opened, port: str) -> str:
    spent = last_spent(each.account, port)
    return f"[dim]last cycle: {', '.join(f'{count} {what}' for what, count in spent.items())}[/]" if spent else ""


def _ago(span: Any) -> str:
    minutes = int(span.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 120:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 2880 else f"{minutes // 1440} days ago"


def _ended_before(known: FollowUpFacts, life: Life, facts: AccountFacts) -> bool:
    """No draft comes of itself: the interview ended before Afterword was there, and the owner did not ask."""
    asked = any(act.kind is ActKind.WANTED for act in known.acts)
    return life.state is State.DUE and known.followup.ended_at < facts.set_up_at and not asked


def _print_followups(console: Console, rows: Sequence[tuple[FollowUp, Life, bool]], zone: Any) -> None:
    if not rows:
        return
    table = Table(title="Follow-ups", title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in ("ID", "Interview", "To", "Ended", "State"):
        table.add_column(column, no_wrap=column in ("ID", "Ended"), overflow="fold")
    for followup, life, before in sorted(rows, key=lambda row: row[0].ended_at):
        style = STYLES.get(life.state, "dim")
        state = f"[{style}]{life.state.value}[/]  [dim]{plain(life.reason)}[/]"
        table.add_row(
            followup.interview_id,
            plain(followup.title),
            plain(followup.recipient.name or followup.recipient.email or "address needed"),
            followup.ended_at.astimezone(zone).strftime("%a %-d %b %H:%M"),
            f"left alone  [dim]{BEFORE}; afterword draft {followup.interview_id}[/]" if before else state,
        )
    console.print(table)


def _print_interviews(console: Console, title: str, found: Iterable[Interview], zone: Any, *, reasons: bool) -> None:
    rows = list(found)
    if not rows:
        return
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in ("ID", "Interview", "When", "Why" if reasons else "With"):
        table.add_column(column, no_wrap=column in ("ID", "When"), overflow="fold")
    for interview in rows:
        people = ", ".join(p.name or p.email for p in interview.interviewers)
        why = interview.reasons[0] if interview.reasons else ""
        table.add_row(
            interview.id,
            plain(interview.title),
            interview.start.astimezone(zone).strftime("%a %-d %b %H:%M"),
            plain(why if reasons else people),
        )
    console.print(table)


def explain_known(ids: Sequence[str], config: Path | None, *, as_json: bool) -> None:
    """Explain interviews that the service already knows, by their IDs."""
    console = Console()
    now = wall_clock()
    with opened(config) as accounts:
        for wanted in ids:
            found = [(each, i) for each in accounts for i in each.concluded(now).interviews if i.id.startswith(wanted)]
            if not found:
                message = f"{wanted}: neither a file nor an interview; `afterword status` lists those that are known"
                raise Told(message, 64)
            for each, interview in found:
                for part in interview.parts:
                    if as_json:
                        print(json.dumps(explain_object(Path(wanted), part, every=True), ensure_ascii=False))
                    else:
                        console.print(explanation(part, interview.id))
                if not as_json:
                    _print_history(console, each, interview, now)


def _print_history(console: Console, each: Opened, interview: Interview, now: datetime) -> None:
    for known in each.facts().followups.values():
        if known.followup.interview_id != interview.id:
            continue
        life = derive(known, now)
        who = known.followup.recipient.name or known.followup.recipient.email or "address needed"
        console.print(f"[bold]{plain(who)}[/]: {life.state.value}, {plain(life.reason)}", highlight=False)
        for entry in known.journal:
            outcome = entry.settled.value if entry.settled else "outcome not known yet"
            local = entry.at.astimezone(each.account.owner.zone)
            console.print(
                f"  {local:%-d %b %H:%M}  {entry.intent.value}: {outcome} {plain(entry.detail)}", highlight=False
            )
