"""`afterword explain` and `afterword preview`: what would be concluded and written, straight from files."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from connectors.model import Event, canonical_address
from daemon.cli.files import Found, read_path
from daemon.core.followups import owed, write
from daemon.core.join import join
from daemon.core.model import Assessment, Owner, RecipientKind, Voice
from daemon.core.policy import Policy, Wishes
from daemon.core.recognise import assess
from daemon.core.timing import ReminderPolicy, remind_at

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PREVIEW_KEY = b"\0" * 32
"""Without an account there is no key; the Message-IDs of a preview are made of this one."""


def owner_from(me: Sequence[str], name: str, zone: ZoneInfo) -> Owner:
    """An owner made of command line options alone."""
    addresses = [canonical_address(address) for address in me]
    known = [address for address in addresses if address]
    return Owner(
        addresses=frozenset(known),
        zone=zone,
        primary=known[0] if known else "you@localhost",
        name=name or (name_from(known[0]) if known else ""),
    )


def name_from(address: str) -> str:
    """A name as the address suggests it: `amara.okafor@` is Amara Okafor."""
    words = address.partition("@")[0].partition("+")[0].replace("_", ".").replace("-", ".").split(".")
    return " ".join(word.capitalize() for word in words if word.isalpha())


def utc_text(moment: datetime) -> str:
    """RFC 3339 in UTC, to the second, with Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def explain_object(path: Path, assessment: Assessment, *, every: bool) -> dict[str, Any]:
    """The contract of `explain --json` (docs/design.md)."""
    event = assessment.event
    found: dict[str, Any] = {
        "path": str(path),
        "interview": assessment.interview,
        "outcome": assessment.outcome.value,
        "role": assessment.role.value if assessment.role else None,
        "company": assessment.company.value if assessment.company else None,
        "stage": assessment.stage.value if assessment.stage else None,
        "interviewers": [{"name": p.name or None, "email": p.email or None} for p in assessment.interviewers],
        "recipients": [
            {"name": r.name or None, "email": r.email, "kind": r.kind.value, "reason": r.reason}
            for r in assessment.recipients
            if r.kind is not RecipientKind.ADDRESS_NEEDED
        ],
        "excluded": [{"email": x.email or None, "reason": x.reason} for x in assessment.excluded],
        "end": utc_text(event.end),
        "language": assessment.language,
        "score": round(assessment.score, 3),
        "reasons": list(assessment.reasons),
        "error": None,
    }
    if every:
        found["uid"] = event.uid
        found["recurrence_id"] = utc_text(event.recurrence_id) if event.recurrence_id else None
    return found


def error_object(found: Found) -> dict[str, Any]:
    """The same shape for a path that could not be read."""
    return {
        "path": str(found.path),
        "interview": False,
        "outcome": "none",
        "role": None,
        "company": None,
        "stage": None,
        "interviewers": [],
        "recipients": [],
        "excluded": [],
        "end": None,
        "language": None,
        "score": None,
        "reasons": [],
        "error": found.error,
    }


def explain_files(paths: Sequence[Path], owner: Owner, *, every: bool) -> Iterable[tuple[Found, Sequence[Assessment]]]:
    """Read and judge each path in order; nothing that one path holds stops the others."""
    for path in paths:
        found = read_path(path, zone=owner.zone, addresses=owner.addresses, every=every)
        assessments = list(_assess_all(found.events, owner))
        if found.beside and len(assessments) == 1:
            assessments = [_joined(assessments[0], found.beside, owner)]
        yield found, assessments


def _joined(subject: Assessment, beside: Sequence[Event], owner: Owner) -> Assessment:
    """What the other invites of the same interview add."""
    everything = [subject, *(assess(event, owner) for event in beside)]
    for interview in join(everything, owner, PREVIEW_KEY):
        if len(interview.parts) > 1 and any(part.event == subject.event for part in interview.parts):
            return replace(
                subject,
                role=interview.role,
                company=interview.company,
                stage=interview.stage,
                interviewers=interview.interviewers,
                recipients=interview.recipients,
                excluded=interview.excluded,
            )
    return subject


def _assess_all(events: Sequence[Event], owner: Owner) -> Iterator[Assessment]:
    """Judge each event; the occurrences of a series differ in nothing but their time, and are judged once."""
    known: dict[Event, Assessment] = {}
    for event in events:
        if not event.recurs:
            yield assess(event, owner)
            continue
        alike = replace(event, start=_EPOCH, end=_EPOCH, recurrence_id=None, dtstamp=None, last_modified=None)
        if alike not in known:
            known[alike] = assess(event, owner)
        yield replace(known[alike], event=event)


def print_explained(console: Console, paths: Sequence[Path], owner: Owner, *, every: bool, as_json: bool) -> None:
    """Answer `afterword explain PATH...`."""
    for found, assessments in explain_files(paths, owner, every=every):
        if as_json:
            objects = [explain_object(found.path, a, every=every) for a in assessments] or [error_object(found)]
            for item in objects:
                print(json.dumps(item, ensure_ascii=False))
            continue
        if found.error is not None:
            console.print(f"[bold]{found.path}[/]: [red]{found.error}[/]", highlight=False)
        for assessment in assessments:
            console.print(explanation(assessment, str(found.path)))


def explanation(assessment: Assessment, title: str) -> Panel:
    """One decision with its reasons, for people."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    event = assessment.event
    verdict = "an interview of yours" if assessment.interview else "not an interview of yours"
    table.add_row("event", plain(event.summary) or "(no title)")
    table.add_row("ends", event.end.strftime("%A %-d %B %Y, %H:%M %Z"))
    table.add_row("verdict", f"{verdict} (score {assessment.score:+.1f})")
    table.add_row("follow-up", _outcome(assessment))
    for label, fact in (("role", assessment.role), ("company", assessment.company), ("stage", assessment.stage)):
        if fact is not None:
            table.add_row(label, f"{plain(fact.value)}  [dim]{plain(fact.source)}[/]")
    for recipient in assessment.recipients:
        who = f"{recipient.name} <{recipient.email}>" if recipient.email else f"{recipient.name} (no address known)"
        table.add_row("write to", f"{plain(who)}  [dim]{plain(recipient.reason)}[/]")
    for excluded in assessment.excluded:
        table.add_row("not to", f"{plain(excluded.email or excluded.name)}  [dim]{plain(excluded.reason)}[/]")
    for reason in assessment.reasons:
        table.add_row("because", plain(reason))
    for repair in event.repairs:
        table.add_row("mended", plain(repair))
    return Panel(table, title=plain(title), title_align="left")


def _outcome(assessment: Assessment) -> str:
    if not assessment.interview:
        return "none"
    return "a thank-you is due after the end" if assessment.outcome.value == "thank" else "none: it does not take place"


def plain(text: str) -> str:
    """Event text is data: no markup of the terminal's or of rich's."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return printable.replace("[", r"\[")


def preview_objects(path: Path, events: Sequence[Event], owner: Owner, now: datetime | None) -> dict[str, Any]:
    """The contract of `preview --json`: what the service would put into the mailbox for these events."""
    interviews = join([assess(event, owner) for event in events], owner, PREVIEW_KEY)
    wishes = Wishes(Policy(Voice(owner.name)))
    drafts = []
    for item in owed(interviews, owner=owner, account_key=PREVIEW_KEY, wishes=wishes, existing={}):
        drafted_at = max(item.due, now) if now is not None else item.due
        draft, _problems = write(item, owner=owner, facts=None, overrides={}, now=drafted_at)
        drafts.append(
            {
                "to": [address.email for address in draft.to],
                "subject": draft.subject,
                "body": draft.body,
                "message_id": draft.message_id,
                "in_reply_to": draft.in_reply_to or None,
                "kind": item.recipient.kind.value,
                "due": utc_text(item.due),
                "remind": utc_text(remind_at(drafted_at, ReminderPolicy(), owner.zone)),
            }
        )
    return {"path": str(path), "drafts": drafts}


def print_previewed(
    console: Console, paths: Sequence[Path], owner: Owner, *, every: bool, now: datetime | None, as_json: bool
) -> None:
    """Answer `afterword preview PATH...`."""
    for path in paths:
        found = read_path(path, zone=owner.zone, addresses=owner.addresses, every=every)
        previewed = preview_objects(found.path, (*found.events, *found.beside), owner, now)
        if found.error is not None:
            previewed["error"] = found.error
        if as_json:
            print(json.dumps(previewed, ensure_ascii=False))
            continue
        if found.error is not None:
            console.print(f"[bold]{path}[/]: [red]{found.error}[/]", highlight=False)
        elif not previewed["drafts"]:
            console.print(f"[bold]{path}[/]: no follow-up is due", highlight=False)
        for draft in previewed["drafts"]:
            console.print(draft_panel(draft["to"], draft["subject"], draft["body"], str(path)))


def draft_panel(to: Sequence[str], subject: str, body: str, title: str) -> Panel:
    """One draft, for people."""
    head = f"[dim]To:[/] {plain(', '.join(to)) or '(address needed)'}\n[dim]Subject:[/] {plain(subject)}"
    text = "\n".join(plain(line) for line in body.splitlines())
    return Panel(f"{head}\n\n{text}", title=plain(title), title_align="left")
