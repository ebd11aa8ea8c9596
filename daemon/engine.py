"""One cycle of one account: pull, plan, apply. The only place where the outside, the store and the core meet."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from connectors.errors import AuthenticationError, ConnectorError, CursorExpired, PreconditionFailed, TemporaryError
from connectors.mime import fingerprint_of
from connectors.model import DraftRef, Observations, Place, Problem, Window
from connectors.ports import Calendar, Mailbox, Notifier
from daemon.core.actions import (
    Action,
    CreateDraft,
    DeliverNote,
    Plan,
    ReplaceDraft,
    Settle,
    Wait,
    WithdrawDraft,
)
from daemon.core.facts import FollowUp, Health, Intent, SentNote, Settled
from daemon.core.followups import Owed, owed, probe
from daemon.core.looks import looks_from, texts_of
from daemon.core.model import Interview, Owner
from daemon.core.plan import View, decide, due_now, to_look_for
from daemon.core.policy import Wishes
from daemon.interviews import Concluded, Reader
from daemon.replies import take_replies
from daemon.store.store import AccountStore

log = logging.getLogger("afterword.engine")

HORIZON = timedelta(days=42)
"""How far ahead the calendars are read; the window's ends move by whole days and weeks, so that cursors stay good."""


@dataclass(frozen=True)
class Account:
    """One owner with everything that is needed to serve them."""

    name: str
    owner: Owner
    wishes: Wishes
    key: bytes
    store: AccountStore
    calendars: Sequence[Calendar]
    mailbox: Mailbox
    notifiers: Sequence[Notifier] = ()
    overrides: Mapping[str, str] = field(default_factory=dict)
    look_back: timedelta = timedelta(days=14)
    reader: Reader = field(default_factory=Reader)
    wake_file: Path | None = None
    """Touched when the owner said something, so that a running service looks at once."""

    def wake(self) -> None:
        """Let a running service look at this account now."""
        if self.wake_file is not None:
            self.wake_file.parent.mkdir(parents=True, exist_ok=True)
            self.wake_file.touch()


@dataclass(frozen=True)
class Done:
    """One action and what became of it."""

    action: Action
    error: ConnectorError | None = None


@dataclass(frozen=True)
class Cycle:
    """What one cycle saw and did."""

    at: datetime
    concluded: Concluded
    plan: Plan
    done: tuple[Done, ...]
    failed: Mapping[str, ConnectorError]
    """Ports that could not be used, by name."""
    problems: tuple[Problem, ...] = ()
    """Invites that could not be read."""

    @property
    def errors(self) -> tuple[ConnectorError, ...]:
        """Everything that went wrong, ports first."""
        return (*self.failed.values(), *(d.error for d in self.done if d.error is not None))


def window_at(now: datetime, look_back: timedelta) -> Window:
    """The range of time that is read at `now`, in UTC."""
    today = datetime.combine(now.astimezone(UTC).date(), time(0), tzinfo=UTC)
    monday = today - timedelta(days=today.weekday())
    return Window(today - look_back, monday + HORIZON)


def cycle(
    account: Account,
    now: datetime,
    *,
    apply: bool = True,
    progress: Callable[[str], None] = lambda _: None,
    stopping: Callable[[], bool] = lambda: False,
) -> Cycle:
    """Serve one account once. Raises nothing that one account's outside can cause; such errors are in the answer.

    Without `apply` the plan is made and nothing of the mailbox is touched. `stopping` is asked between steps, so that
    a service that was told to stop finishes the step in hand and no further one.
    """
    failed: dict[str, ConnectorError] = {}
    window = window_at(now, account.look_back)
    problems = _pull(account, window, now, failed, progress)
    concluded = conclude(account, window)
    wanted = _owed(account, concluded.interviews)
    _keep(account, due_now(wanted, now), now)
    seen = _look(account, now, failed, progress)
    if seen is not None:
        _hear_owner(account, failed, now)
    _remember_health(account, failed, now)
    facts = account.store.facts(since=window.start)
    view = View(
        account=account.name,
        owner=account.owner,
        account_key=account.key,
        wishes=account.wishes,
        interviews=concluded.interviews,
        owed=wanted,
        facts=facts,
        stale=frozenset(failed),
        unseen=frozenset(seen.unseen) if seen else frozenset(Place),
        looked=seen is not None,
        texts=texts_of(seen) if seen else {},
        overrides=account.overrides,
    )
    plan = decide(view, now)
    done: list[Done] = []
    for action in plan.actions if apply else ():
        if stopping():
            break
        progress(_words(action))
        done.append(_apply(account, action, now))
    _remember_refusals(account, done, now)
    _tidy(account, window)
    return Cycle(now, concluded, plan, tuple(done), failed, tuple(problems))


def _keep(account: Account, due: Sequence[Owed], now: datetime) -> None:
    known = account.store.facts(since=None).followups
    for item in due:
        followup = item.followup
        before = known[followup.key].followup if followup.key in known else None
        if before is None:
            account.store.add_followup(replace(followup, created_at=now))
        elif (before.ended_at, before.uids, before.recipient) != (
            followup.ended_at,
            followup.uids,
            followup.recipient,
        ):
            account.store.amend_followup(followup)


def _tidy(account: Account, window: Window) -> None:
    """Once a day: drop what lies before the window and what no configured calendar shows any more."""
    today = window.start.date().isoformat()
    if account.store.setting("tidied") == today:
        return
    configured = {calendar.name for calendar in account.calendars}
    for name in account.store.calendars_known():
        if name not in configured:
            account.store.drop_calendar(name)
    account.store.forget_before(window.start)
    account.store.set_setting("tidied", today)


def _pull(
    account: Account,
    window: Window,
    now: datetime,
    failed: dict[str, ConnectorError],
    progress: Callable[[str], None],
) -> list[Problem]:
    problems: list[Problem] = []
    for calendar in account.calendars:
        progress(f"reading {calendar.name}")
        try:
            problems.extend(_pull_one(account, calendar, window, now, progress))
        except ConnectorError as error:
            failed[calendar.name] = error
    return problems


def _pull_one(
    account: Account, calendar: Calendar, window: Window, now: datetime, progress: Callable[[str], None]
) -> list[Problem]:
    problems: list[Problem] = []
    known = account.store.cursor(calendar.name)
    cursor = known[0] if known else None
    batch = 0
    while True:
        try:
            delta = calendar.pull(cursor, window)
        except CursorExpired:
            if cursor is None:
                raise
            cursor = None
            continue
        problems.extend(delta.problems)
        account.store.apply_delta(calendar.name, delta, window, now)
        cursor = delta.cursor
        if not delta.more:
            return problems
        batch += 1
        progress(f"reading {calendar.name}: batch {batch}")


def conclude(account: Account, window: Window) -> Concluded:
    """What the stored invites show, without asking any calendar again."""
    invites = account.store.invites_between(window.start, window.end)
    acts = account.store.acts()
    return account.reader.read(invites, window, account.owner, account.key, acts)


def _owed(account: Account, interviews: Sequence[Interview]) -> tuple[Owed, ...]:
    existing = account.store.facts(since=None).followups
    return owed(interviews, owner=account.owner, account_key=account.key, wishes=account.wishes, existing=existing)


def _look(
    account: Account, now: datetime, failed: dict[str, ConnectorError], progress: Callable[[str], None]
) -> Observations | None:
    facts = account.store.facts(since=None)
    probes = [probe(item) for item in to_look_for(facts, now)]
    if not probes:
        return Observations(at=now, by_key={})
    progress("looking into the mailbox")
    try:
        seen = account.mailbox.observe(probes)
    except ConnectorError as error:
        failed[account.mailbox.name] = error
        return None
    seen = replace(seen, at=now)
    for look in looks_from(seen, facts.followups):
        account.store.record_look(look)
    return seen


def _hear_owner(account: Account, failed: dict[str, ConnectorError], now: datetime) -> None:
    try:
        take_replies(account.mailbox, account.store, account.owner, account.wishes.reminder_language, now)
    except ConnectorError as error:
        failed[account.mailbox.name] = error


def _apply(account: Account, action: Action, now: datetime) -> Done:
    try:
        match action:
            case Settle():
                _apply_settle(account, action, now)
            case CreateDraft():
                _apply_create(account, action, now)
            case ReplaceDraft():
                _apply_replace(account, action, now)
            case WithdrawDraft():
                _apply_withdraw(account, action, now)
            case DeliverNote():
                _apply_note(account, action, now)
            case Wait():
                pass
    except ConnectorError as error:
        return Done(action, error)
    return Done(action)


def _apply_settle(account: Account, action: Settle, now: datetime) -> None:
    entry_id = action.entry_id
    if entry_id is None:
        fingerprint = action.ref.fingerprint if action.ref else ""
        at = min(action.since or now, now)
        entry_id = account.store.begin(action.followup.key, Intent.CREATE, at, fingerprint).id
    account.store.settle(entry_id, action.outcome, now, ref=action.ref, detail=action.reason)


def _journalled(
    account: Account,
    followup: FollowUp,
    intent: Intent,
    act: Callable[[], DraftRef | None],
    *,
    fingerprint: str,
    now: datetime,
) -> None:
    """Write the intent down, act, write the outcome down.

    A temporary error leaves the outcome open: the act may have taken place, and the next cycle settles it by looking.
    """
    entry = account.store.begin(followup.key, intent, now, fingerprint)
    try:
        ref = act()
    except TemporaryError:
        raise
    except PreconditionFailed as error:
        account.store.settle(entry.id, Settled.REFUSED, now, detail=error.message)
        raise
    except ConnectorError as error:
        account.store.settle(entry.id, Settled.ABSENT, now, detail=error.message)
        raise
    account.store.settle(entry.id, Settled.DONE, now, ref=ref)


def _apply_create(account: Account, action: CreateDraft, now: datetime) -> None:
    def create() -> DraftRef:
        return account.mailbox.create_draft(action.draft)

    _journalled(account, action.followup, Intent.CREATE, create, fingerprint=fingerprint_of(action.draft), now=now)


def _apply_replace(account: Account, action: ReplaceDraft, now: datetime) -> None:
    def swap() -> DraftRef:
        return account.mailbox.replace_draft(action.ref, action.draft)

    _journalled(account, action.followup, Intent.REPLACE, swap, fingerprint=fingerprint_of(action.draft), now=now)


def _apply_withdraw(account: Account, action: WithdrawDraft, now: datetime) -> None:
    def withdraw() -> None:
        account.mailbox.delete_draft(action.ref)

    _journalled(account, action.followup, Intent.WITHDRAW, withdraw, fingerprint=action.ref.fingerprint, now=now)


def _apply_note(account: Account, action: DeliverNote, now: datetime) -> None:
    reached = False
    trouble: ConnectorError | None = None
    try:
        account.mailbox.deliver_note(action.note)
        reached = True
    except ConnectorError as error:
        if action.kind != "health":
            raise
        trouble = error
    for notifier in account.notifiers:
        try:
            notifier.notify(action.note)
            reached = True
        except ConnectorError as error:
            log.warning("%s: a note could not be passed on: %s", account.name, error)
    if not reached and trouble is not None:
        raise trouble
    account.store.add_note(
        SentNote(action.note.key, action.note.message_id, action.day, action.kind, now, action.items)
    )
    if action.kind == "health":
        _told(account, action.items, now)


def _told(account: Account, ports: Sequence[str], now: datetime) -> None:
    known = account.store.health()
    for port in ports:
        health = known.get(port)
        if health is not None:
            account.store.set_health(replace(health, told_at=now if health.failing_since else None))


def _remember_health(account: Account, failed: Mapping[str, ConnectorError], now: datetime) -> None:
    for port in dict.fromkeys([*(calendar.name for calendar in account.calendars), account.mailbox.name]):
        _remember(account, port, failed.get(port), now)


def _remember_refusals(account: Account, done: Sequence[Done], now: datetime) -> None:
    """A mailbox that can be read may still refuse to be written: full, or without the permission."""
    for item in done:
        if item.error is not None and not isinstance(item.error, PreconditionFailed):
            _remember(account, account.mailbox.name, item.error, now)
            return


def _remember(account: Account, port: str, error: ConnectorError | None, now: datetime) -> None:
    before = account.store.health().get(port, Health(port))
    if error is None:
        after = Health(port, last_good=now, told_at=before.told_at)
    else:
        after = replace(
            before,
            failing_since=before.failing_since or now,
            error=error.message,
            remedy=error.remedy,
            login_needed=isinstance(error, AuthenticationError),
        )
    if after != before:
        account.store.set_health(after)
    _log_change(account, before, after)


def _log_change(account: Account, before: Health, after: Health) -> None:
    if after.failing_since and not before.failing_since:
        log.warning("%s: %s: %s", account.name, after.port, after.error)
    elif before.failing_since and not after.failing_since:
        log.warning("%s: %s works again", account.name, after.port)


def _words(action: Action) -> str:
    match action:
        case CreateDraft():
            return f"drafting to {action.followup.recipient.name or action.followup.recipient.email}"
        case ReplaceDraft():
            return f"weaving your notes into the draft to {action.followup.recipient.name}"
        case WithdrawDraft():
            return f"taking back the draft to {action.followup.recipient.name}"
        case DeliverNote():
            return "writing you a note"
        case Settle() | Wait():
            return action.reason
