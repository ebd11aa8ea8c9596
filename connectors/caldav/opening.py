"""From the config's table to the CalDAV calendar."""

import httpx

from config.connections import CaldavCalendar as Settings
from connectors.caldav.calendar import CalDav
from connectors.caldav.login import Login
from connectors.caldav.wire import Wire
from connectors.registry import Context
from connectors.secret import asked


def open_calendar(settings: Settings, context: Context) -> CalDav:
    """Opens no connection yet; the password is fetched when it is first needed."""
    login = Login(settings.username or context.owner.email, asked(settings.password, context.account), settings.auth)
    wire = Wire(
        settings.name or settings.kind,
        httpx.URL(settings.url),
        login,
        account=context.account,
        ca_file=settings.ca_file,
        allow_loopback_http=settings.allow_insecure,
    )
    return CalDav(wire, context.zone, settings.calendars, owned=settings.own)
