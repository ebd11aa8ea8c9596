"""From the config's table to the IMAP connector. Mailbox and invites have a connection each, and share the IDLE one."""

from datetime import timedelta

from config.connections import ImapMailbox as ImapSettings
from connectors.imap.calendar import ImapCalendar
from connectors.imap.connection import Login, Mechanism, Security, Server, TokenSource
from connectors.imap.mailbox import ImapMailbox
from connectors.imap.roles import Names
from connectors.imap.session import Session
from connectors.oauth_tokens import token_source
from connectors.registry import Context
from connectors.secret import asked

LEAD = timedelta(days=60)
"""How long before the window's start an invite for an interview in it may have been mailed."""


def open_mailbox(settings: ImapSettings, context: Context, tokens: TokenSource | None = None) -> ImapMailbox:
    """The mailbox. `tokens` logs in with OAuth 2.0, where the config has the table `oauth`."""
    return ImapMailbox(
        _session(settings, context, tokens),
        context.owner,
        addresses=context.addresses,
        names=_names(settings),
        name=settings.kind,
    )


def open_mail_calendar(settings: ImapSettings, context: Context, tokens: TokenSource | None = None) -> ImapCalendar:
    """The invites in the mail."""
    names = _names(settings)
    return ImapCalendar(
        _session(settings, context, tokens),
        name=f"{settings.kind} invites",
        zone=context.zone,
        lead=LEAD,
        folders=names.invites,
        skip=tuple(name for name in (names.drafts, names.trash) if name),
    )


def _session(settings: ImapSettings, context: Context, tokens: TokenSource | None) -> Session:
    username = settings.username or context.owner.email
    mechanism = Mechanism(settings.auth)
    if settings.oauth is not None and tokens is None and mechanism is not Mechanism.PASSWORD:
        tokens = token_source(settings.oauth, username, context)
    password = asked(settings.password, context.account) if settings.password is not None else None
    login = Login(username, password, tokens, mechanism)
    server = Server(settings.host, settings.port, Security(settings.security), settings.ca_file)
    return Session(server, login, account=context.account)


def _names(settings: ImapSettings) -> Names:
    folders = settings.folders
    return Names(folders.drafts or "", folders.sent or "", folders.trash or "", folders.invites)
