"""How the ports of an account fare, from cycle to cycle: remembered in the store, logged once for each change."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from connectors.errors import AuthenticationError, ConnectorError, PreconditionFailed, TemporaryError
from connectors.ports import Metered
from daemon.account import Account
from daemon.core.actions import Action, CreateDraft, DeliverNote, ReplaceDraft
from daemon.core.facts import WRITING, Health

SPENT = "spent "

log = logging.getLogger("afterword.engine")


def remember_all(
    account: Account, failed: Mapping[str, ConnectorError], now: datetime, *, mailbox_answered: bool
) -> None:
    """Every port that was spoken to: those in `failed` are not well, the others are.

    A mailbox that there was nothing to ask is as well as the calendar that reads it.
    """
    for calendar in account.calendars:
        remember(account, calendar.name, failed.get(calendar.name), now)
    name = account.mailbox.name
    if mailbox_answered or name in failed:
        remember(account, name, failed.get(name), now)
    elif account.mail_calendar:
        remember(account, name, failed.get(account.mail_calendar), now)


def remember_writing(
    account: Account, done: Sequence[tuple[Action, ConnectorError | None]], now: datetime, *, mailbox_answered: bool
) -> None:
    """A mailbox that can be read may still refuse to be written: full, or without the permission.

    That is a port of its own: the next good look into the mailbox says nothing about it.
    """
    errors = [error for _, error in done if error is not None and not isinstance(error, PreconditionFailed)]
    port = f"{account.mailbox.name}{WRITING}"
    if errors:
        # The one that needs the owner is the one to tell.
        error = next((e for e in errors if not isinstance(e, TemporaryError)), errors[0])
        passing = isinstance(error, TemporaryError | AuthenticationError)
        remember(account, account.mailbox.name if passing and not mailbox_answered else port, error, now)
    elif port in account.store.health() and any(e is None and _puts_something_there(a) for a, e in done):
        remember(account, port, None, now)


def _puts_something_there(action: Action) -> bool:
    """A note on health may have gone another way, and taking something away needs no room."""
    if isinstance(action, DeliverNote):
        return action.kind != "health"
    return isinstance(action, CreateDraft | ReplaceDraft)


def ailing(account: Account) -> tuple[str, ...]:
    """The ports that are not well, by name."""
    return tuple(sorted(port for port, health in account.store.health().items() if health.failing_since))


def remember(account: Account, port: str, error: ConnectorError | None, now: datetime) -> None:
    """One port: well, or what ails it."""
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
            refused=port.endswith(WRITING) and not isinstance(error, TemporaryError),
        )
    if after != before:
        account.store.set_health(after)
    _log_change(account, before, after)


def _log_change(account: Account, before: Health, after: Health) -> None:
    if after.failing_since and not before.failing_since:
        log.warning("%s: %s: %s", account.name, after.port, after.error)
    elif before.failing_since and not after.failing_since:
        log.warning("%s: %s works again", account.name, after.port)


def spent_by(account: Account) -> Mapping[str, Mapping[str, int]]:
    """What each port that counts has spent at its provider since it was opened, by the port's name."""
    ports = (*account.calendars, account.mailbox)
    return {port.name: dict(port.spent()) for port in ports if isinstance(port, Metered) and port.spent()}


def remember_spent(account: Account, before: Mapping[str, Mapping[str, int]]) -> None:
    """What this cycle has cost, for `status`."""
    for name, after in spent_by(account).items():
        cost = {what: count - before.get(name, {}).get(what, 0) for what, count in after.items()}
        account.store.set_setting(f"{SPENT}{name}", json.dumps(cost))


def last_spent(account: Account, port: str) -> Mapping[str, int]:
    """What the last cycle has cost at this port; empty where it does not count."""
    text = account.store.setting(f"{SPENT}{port}")
    return dict(json.loads(text)) if text else {}
