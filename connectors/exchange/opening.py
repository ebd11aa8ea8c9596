"""From the config's tables to the connectors of Exchange Server. Nothing is opened yet."""

from config.connections import ExchangeCalendar as CalendarSettings
from config.connections import ExchangeMailbox as MailboxSettings
from connectors.exchange.calendar import ExchangeCalendar
from connectors.exchange.mailbox import ExchangeMailbox
from connectors.exchange.session import Login, Session
from connectors.registry import Context
from connectors.secret import asked


def open_mailbox(settings: MailboxSettings, context: Context) -> ExchangeMailbox:
    """The mailbox."""
    return ExchangeMailbox(_session(settings, context), context.owner, addresses=context.addresses, name=settings.kind)


def open_calendar(settings: CalendarSettings, context: Context) -> ExchangeCalendar:
    """The calendars of one table."""
    return ExchangeCalendar(
        _session(settings, context),
        name=settings.name or settings.kind,
        zone=context.zone,
        addresses=context.addresses,
        calendars=settings.calendars,
        owned=settings.own,
    )


def _session(settings: MailboxSettings | CalendarSettings, context: Context) -> Session:
    email = settings.email or context.owner.email
    login = Login(
        settings.username or email,
        asked(settings.password, context.account),
        settings.auth,
        settings.client_id or "",
        settings.tenant or "",
    )
    return Session(
        email,
        login,
        account=context.account,
        server=settings.server or "",
        endpoint=settings.endpoint or "",
        ca_file=settings.ca_file,
    )
