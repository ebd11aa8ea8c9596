"""From the config's tables to the connectors of Microsoft Graph. Nothing is opened yet."""

from config.connections import GraphCalendar as CalendarSettings
from config.connections import GraphMailbox as MailboxSettings
from connectors.graph.calendar import GraphCalendar
from connectors.graph.login import Identity, StoredLogin
from connectors.graph.mailbox import GraphMailbox
from connectors.graph.requests_allowed import CALENDARS_READ, MAIL_READ_WRITE
from connectors.graph.wire import Graph
from connectors.registry import Context
from connectors.tokens import TokenStore, token_store

PROVIDER = "microsoft"


Settings = MailboxSettings | CalendarSettings


def identity_of(settings: Settings, context: Context) -> Identity:
    """Whom to log in as."""
    return Identity(settings.client_id, settings.tenant, settings.email or context.owner.email)


def scopes_of(settings: Settings) -> tuple[str, ...]:
    """The permission that this table needs, and no other."""
    return (MAIL_READ_WRITE,) if isinstance(settings, MailboxSettings) else (CALENDARS_READ,)


def store_of(settings: Settings, context: Context) -> TokenStore:
    """Where mailbox and calendars of one address keep their login: one consent, one refresh token."""
    return token_store(
        settings.tokens,
        provider=PROVIDER,
        address=identity_of(settings, context).email,
        account=context.account,
        state_dir=context.state_dir,
    )


def open_login(settings: Settings, context: Context) -> StoredLogin:
    """The login, not used yet."""
    return StoredLogin(
        store_of(settings, context),
        identity_of(settings, context),
        account=context.account,
        scopes=scopes_of(settings),
    )


def open_mailbox(settings: MailboxSettings, context: Context) -> GraphMailbox:
    """The mailbox."""
    graph = Graph(open_login(settings, context), account=context.account)
    return GraphMailbox(graph, context.owner, addresses=context.addresses, name=settings.kind)


def open_calendar(settings: CalendarSettings, context: Context) -> GraphCalendar:
    """The calendars of one table."""
    return GraphCalendar(
        Graph(open_login(settings, context), account=context.account),
        name=settings.name or settings.kind,
        zone=context.zone,
        addresses=context.addresses,
        calendars=settings.calendars,
        owned=settings.own,
    )
