"""From the config's tables to the connectors of Microsoft Graph. Nothing is opened yet."""

from config.connections import GraphCalendar as CalendarSettings
from config.connections import GraphMailbox as MailboxSettings
from connectors.graph.calendar import GraphCalendar
from connectors.graph.login import Identity, StoredLogin
from connectors.graph.mailbox import GraphMailbox
from connectors.graph.wire import Graph
from connectors.registry import Context
from connectors.tokens import token_store

PROVIDER = "microsoft"


def open_login(settings: MailboxSettings | CalendarSettings, context: Context) -> StoredLogin:
    """The login that mailbox and calendars of one address share: one consent, one refresh token."""
    address = settings.email or context.owner.email
    store = token_store(
        settings.tokens, provider=PROVIDER, address=address, account=context.account, state_dir=context.state_dir
    )
    identity = Identity(settings.client_id, settings.tenant, address)
    return StoredLogin(store, identity, account=context.account)


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
