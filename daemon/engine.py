"""One cycle of one account: pull, plan, apply. The only place where the outside, the store and the core meet."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from connectors.errors import AuthenticationError, ConnectorError, CursorExpired
from connectors.model import Observations, Place, Problem, Window
from connectors.ports import Calendar
from daemon.account import Account
from daemon.applying import Done, apply_action
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
from daemon.core.addresses import matching, sought, with_addresses
from daemon.core.facts import WRITING
from daemon.core.followups import Owed, owed, probe
from daemon.core.looks import looks_from, texts_of, told_apart
from daemon.core.model import Interview
from daemon.core.plan import View, decide, due_now, to_look_for
from daemon.core.reminder import Ailment
from daemon.interviews import Concluded
from daemon.replies import take_replies
from daemon.wellbeing import ailing, remember_all, remember_spent, remember_writing, spent_by

log = logging.getLogger("afterword.engine")

HORIZON = timedelta(days=42)
"""How far ahead the calendars are read; the window's ends move by whole days and weeks, so that cursors stay good."""


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
    ailing: tuple[str, ...] = ()
    """Ports that are not well, by name: also those that this cycle had nothing to ask."""

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
    before = spent_by(account)
    window = window_at(now, account.look_back)
    problems = _pull(account, window, now, failed, progress)
    refused = failed.get(account.mail_calendar)
    if isinstance(refused, AuthenticationError):
        # The same login: asking again and again looks like an attack, and locks the owner out.
        failed[account.mailbox.name] = refused
    concluded = _with_people(account, conclude(account, window), now, failed)
    wanted = _owed(account, concluded.interviews)
    _keep(account, due_now(wanted, now), now)
    seen = _look(account, now, failed, progress)
    asked = seen is not None and bool(seen.by_key)
    if seen is not None:
        asked |= _hear_owner(account, failed, now)
    remember_all(account, failed, now, mailbox_answered=asked)
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
        if _mended_meanwhile(account, action, done):
            continue
        progress(_words(action))
        done.append(apply_action(account, action, now, failed.get(account.mailbox.name)))
    remember_writing(account, [(item.action, item.error) for item in done], now, mailbox_answered=asked)
    _tidy(account, window)
    remember_spent(account, before)
    return Cycle(now, concluded, plan, tuple(done), failed, tuple(problems), ailing(account))


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


def _with_people(account: Account, concluded: Concluded, now: datetime, failed: dict[str, ConnectorError]) -> Concluded:
    """Look once a day in the owner's own mail for the addresses of those whom an invite only names."""
    known = account.store.addresses()
    ended = [interview for interview in concluded.interviews if interview.end <= now]
    if account.mailbox.name in failed:
        ended = []
    for wanted in sought(ended, known):
        looked = f"looked for {wanted.interview_id}"
        today = now.date().isoformat()
        if account.store.setting(looked) == today:
            continue
        try:
            people = account.mailbox.find_people(wanted.names, (wanted.domain,))
        except ConnectorError as error:
            failed[account.mailbox.name] = error
            break
        for name in wanted.names:
            found = matching(name, wanted.domain, people)
            if found is not None:
                account.store.add_address(name, wanted.domain, found, now)
        account.store.set_setting(looked, today)
    known = account.store.addresses()
    if not known:
        return concluded
    interviews = tuple(with_addresses(interview, known) for interview in concluded.interviews)
    return replace(concluded, interviews=interviews)


def _owed(account: Account, interviews: Sequence[Interview]) -> tuple[Owed, ...]:
    existing = account.store.facts(since=None).followups
    return owed(interviews, owner=account.owner, account_key=account.key, wishes=account.wishes, existing=existing)


def _look(
    account: Account, now: datetime, failed: dict[str, ConnectorError], progress: Callable[[str], None]
) -> Observations | None:
    facts = account.store.facts(since=None)
    probes = [probe(item) for item in to_look_for(facts, now)]
    if isinstance(failed.get(account.mailbox.name), AuthenticationError):
        return None
    if not probes:
        return Observations(at=now, by_key={})
    progress("looking into the mailbox")
    try:
        seen = account.mailbox.observe(probes)
    except ConnectorError as error:
        failed[account.mailbox.name] = error
        return None
    seen = told_apart(replace(seen, at=now))
    for look in looks_from(seen, facts.followups):
        account.store.record_look(look)
    return seen


def _hear_owner(account: Account, failed: dict[str, ConnectorError], now: datetime) -> bool:
    """Whether the mailbox answered; with no note that could be answered it is not asked."""
    try:
        return take_replies(account.mailbox, account.store, account.owner, account.wishes.reminder_language, now)
    except ConnectorError as error:
        failed[account.mailbox.name] = error
        return False


def _mended_meanwhile(account: Account, action: Action, done: Sequence[Done]) -> bool:
    """The note would say that nothing can be written, and just now something was."""
    return (
        isinstance(action, DeliverNote)
        and action.items == (f"{account.mailbox.name}{WRITING}",)
        and action.reason != Ailment.RECOVERED.value
        and any(isinstance(item.action, CreateDraft | ReplaceDraft) and item.error is None for item in done)
    )


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
