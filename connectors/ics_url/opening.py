"""From the config's table to the calendar behind a secret address."""

from config.connections import IcsUrlCalendar as Settings
from connectors.ics_url.feed import IcsUrl
from connectors.registry import Context
from connectors.secret import asked


def open_calendar(settings: Settings, context: Context) -> IcsUrl:
    """Opens no connection yet; the address is fetched from its place when it is first needed."""
    return IcsUrl(
        settings.name or settings.kind,
        asked(settings.url, context.account),
        context.zone,
        account=context.account,
        owned=settings.own,
    )
