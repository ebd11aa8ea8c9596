"""How the ports of an account fare, from cycle to cycle: remembered in the store, logged once for each change."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from connectors.errors import AuthenticationError, ConnectorError
from connectors.ports import Metered
from daemon.account import Account
from daemon.core.facts import Health

SPENT = "spent "

log = logging.getLogger("afterword.engine")


def told(account: Account, ports: Sequence[str], now: datetime) -> None:
    """The owner knows about these ports now."""
    known = account.store.health()
    for port in ports:
        health = known.get(port)
        if health is not None:
            account.store.set_health(replace(health, told_at=now if health.failing_since else None))


def remember_all(account: Account, failed: Mapping[str, ConnectorError], now: datetime) -> None:
    """Every port of the account: those in `failed` are not well, the others are."""
    for port in dict.fromkeys([*(calendar.name for calendar in account.calendars), account.mailbox.name]):
        remember(account, port, failed.get(port), now)


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
