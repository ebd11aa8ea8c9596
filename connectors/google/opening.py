"""From the tables of the config to ports. Opens no connection and reads no token."""

from config.connections import GmailMailbox as MailboxTable
from config.connections import GoogleCalendar as CalendarTable
from connectors.google.calendar import GoogleCalendar
from connectors.google.credentials import StoredCredentials, read_client
from connectors.google.mailbox import GmailMailbox
from connectors.google.permissions import CALENDAR_EVENTS, GMAIL_SCOPES
from connectors.google.service import Api
from connectors.registry import Context
from connectors.tokens import TokenStore, token_store

PROVIDER = "google"


def open_mailbox(settings: MailboxTable, context: Context) -> GmailMailbox:
    """The Gmail mailbox of an account. Raises ConnectorError for a client file that cannot be used."""
    return GmailMailbox(
        _api(settings, context, GMAIL_SCOPES),
        name="gmail",
        owner=context.owner,
        owners=context.addresses,
        login=settings.address,
        account=context.account,
    )


def open_calendar(settings: CalendarTable, context: Context) -> GoogleCalendar:
    """The Google calendars of one table. Raises ConnectorError for a client file that cannot be used."""
    return GoogleCalendar(
        _api(settings, context, (CALENDAR_EVENTS,)),
        name=settings.name,
        zone=context.zone,
        calendars=settings.calendars,
        owned=settings.own,
        account=context.account,
    )


def store_for(settings: MailboxTable | CalendarTable, context: Context) -> TokenStore:
    """Where the login of this table is kept: one for each Google account, whatever it is used for."""
    return token_store(
        settings.tokens,
        provider=PROVIDER,
        address=settings.address,
        account=context.account,
        state_dir=context.state_dir,
    )


def _api(settings: MailboxTable | CalendarTable, context: Context, needed: tuple[str, ...]) -> Api:
    credentials = StoredCredentials(store_for(settings, context), read_client(settings.client_file), needed)
    return Api(credentials, account=context.account)
