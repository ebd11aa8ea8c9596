"""Carrying out a plan, one action at a time: the intent is journalled before the mailbox is touched."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from connectors.errors import AuthenticationError, ConnectorError, PreconditionFailed, TemporaryError
from connectors.mime import fingerprint_of
from connectors.model import DraftRef
from daemon.account import Account
from daemon.core.actions import Action, CreateDraft, DeliverNote, ReplaceDraft, Settle, Wait, WithdrawDraft
from daemon.core.facts import FollowUp, Intent, SentNote, Settled

log = logging.getLogger("afterword.engine")


@dataclass(frozen=True)
class Done:
    """One action and what became of it."""

    action: Action
    error: ConnectorError | None = None


def apply_action(account: Account, action: Action, now: datetime, refused: ConnectorError | None = None) -> Done:
    """Do one thing. What the outside refuses is in the answer; nothing of it is raised.

    `refused` is what the mailbox said to the login in this cycle: it is not tried once more.
    """
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
                _apply_note(account, action, now, refused)
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


def _apply_note(account: Account, action: DeliverNote, now: datetime, refused: ConnectorError | None) -> None:
    trouble = refused
    if not isinstance(refused, AuthenticationError):
        try:
            account.mailbox.deliver_note(action.note)
            trouble = None
        except ConnectorError as error:
            trouble = error
    if trouble is not None and action.kind != "health":
        raise trouble
    passed_on = _pass_on(account, action)
    if trouble is not None and not passed_on:
        raise trouble
    account.store.add_note(
        SentNote(action.note.key, action.note.message_id, action.day, action.kind, now, action.items)
    )
    if action.kind == "health":
        _told(account, action.items, now)


def _pass_on(account: Account, action: DeliverNote) -> bool:
    """Whether any other way took the note."""
    untaken: list[ConnectorError] = []
    for notifier in account.notifiers:
        try:
            notifier.notify(action.note)
        except ConnectorError as error:
            untaken.append(error)
    # It is tried anew in every cycle, and told in the log once.
    key = f"not passed on {action.kind}"
    trouble = "; ".join(map(str, untaken))
    if trouble and trouble != account.store.setting(key):
        log.warning("%s: a note could not be passed on: %s", account.name, trouble)
    if trouble or account.store.setting(key):
        account.store.set_setting(key, trouble)
    return len(untaken) < len(account.notifiers)


def _told(account: Account, ports: Sequence[str], now: datetime) -> None:
    """The owner knows about these ports now."""
    known = account.store.health()
    for port in ports:
        health = known.get(port)
        if health is not None:
            account.store.set_health(replace(health, told_at=now if health.failing_since else None))
