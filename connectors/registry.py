"""Kind -> connector. A kind that is not configured is never imported.

To add a connector, name its opening functions here. They take the kind's config table and a `Context`, and open no
connection yet. Every port comes out wrapped in `retrying`: connectors hold no retry loops.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from config.schema import AccountConfig
from connectors.errors import UnsupportedError
from connectors.model import Address
from connectors.ports import Calendar, Mailbox, Notifier
from connectors.retrying import RetryingCalendar, RetryingMailbox, RetryingNotifier

MAILBOXES = {
    "exchange": "connectors.exchange.opening:open_mailbox",
    "gmail": "connectors.google.opening:open_mailbox",
    "graph": "connectors.graph.opening:open_mailbox",
    "imap": "connectors.imap.opening:open_mailbox",
    "maildir": "connectors.local.opening:open_mailbox",
}
MAIL_CALENDARS = {
    "imap": "connectors.imap.opening:open_mail_calendar",
    "maildir": "connectors.local.opening:open_mail_calendar",
}
"""Mailboxes whose mail holds invites: a calendar more."""
CALENDARS = {
    "exchange": "connectors.exchange.opening:open_calendar",
    "google": "connectors.google.opening:open_calendar",
    "graph": "connectors.graph.opening:open_calendar",
    "vdir": "connectors.local.opening:open_calendar",
    "caldav": "connectors.caldav.opening:open_calendar",
    "ics_url": "connectors.ics_url.opening:open_calendar",
}
NOTIFIERS = {
    "desktop": "connectors.notify.opening:open_desktop",
    "apprise": "connectors.notify.opening:open_apprise",
    "submission": "connectors.notify.opening:open_submission",
    "log": "connectors.notify.opening:open_log",
}


@dataclass(frozen=True, slots=True)
class Context:
    """What a connector needs to know of the account beside its own settings."""

    account: str
    owner: Address
    """The owner's main address: From of every draft, and the only one that notes go to."""
    addresses: frozenset[str]
    """All of the owner's canonical addresses."""
    zone: ZoneInfo
    state_dir: Path
    """The account's own folder for state (tokens); may not exist yet."""


def open_mailbox(settings: Any, context: Context) -> Mailbox:
    """The mailbox of an account; `settings` is its config table. Raises UnsupportedError for an unknown kind."""
    return RetryingMailbox(_factory(MAILBOXES, settings.kind, context)(settings, context))


def open_calendars(config: AccountConfig, context: Context) -> tuple[Calendar, ...]:
    """The configured calendars, and the invites in the mailbox where it holds some and they are wished for."""
    opened = [_factory(CALENDARS, table.kind, context)(table, context) for table in config.calendars]
    if config.mailbox.kind in MAIL_CALENDARS and getattr(config.mailbox, "invites", False):
        opened.append(_factory(MAIL_CALENDARS, config.mailbox.kind, context)(config.mailbox, context))
    return tuple(RetryingCalendar(calendar) for calendar in opened)


def open_notifiers(config: AccountConfig, context: Context) -> tuple[Notifier, ...]:
    """The configured other ways to reach the owner."""
    return tuple(RetryingNotifier(_factory(NOTIFIERS, table.kind, context)(table, context)) for table in config.notify)


def _factory(table: Mapping[str, str], kind: str, context: Context) -> Callable[[Any, Context], Any]:
    target = table.get(kind)
    if target is None:
        raise UnsupportedError(
            f"there is no connector of kind {kind} in this version",
            account=context.account,
            operation="open",
            remedy=f"use one of {', '.join(sorted(table)) or 'none yet'}",
        )
    module, _, function = target.partition(":")
    opened: Callable[[Any, Context], Any] = getattr(import_module(module), function)
    return opened
