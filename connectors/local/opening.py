"""From the config's tables to the local connectors."""

from collections.abc import Mapping

from config.connections import MaildirMailbox as MaildirSettings
from config.connections import VdirCalendar as VdirSettings
from connectors.local.invites import MaildirCalendar
from connectors.local.mailbox import MaildirMailbox
from connectors.local.vdir import VdirCalendar
from connectors.model import Place
from connectors.registry import Context


def open_mailbox(settings: MaildirSettings, context: Context) -> MaildirMailbox:
    """The Maildir as a mailbox."""
    return MaildirMailbox(
        settings.path,
        context.owner,
        addresses=context.addresses,
        folders=_places(settings),
        name=settings.kind,
        account=context.account,
    )


def open_mail_calendar(settings: MaildirSettings, context: Context) -> MaildirCalendar:
    """The invites in the Maildir's mail."""
    return MaildirCalendar(
        settings.path,
        context.zone,
        places=_places(settings),
        folders=settings.folders.invites,
        name=f"{settings.kind} invites",
        account=context.account,
    )


def open_calendar(settings: VdirSettings, context: Context) -> VdirCalendar:
    """A folder of .ics files."""
    return VdirCalendar(
        settings.path, context.zone, name=settings.name or settings.kind, account=context.account, owned=settings.own
    )


def _places(settings: MaildirSettings) -> Mapping[Place, str]:
    named = {
        Place.DRAFTS: settings.folders.drafts,
        Place.SENT: settings.folders.sent,
        Place.TRASH: settings.folders.trash,
    }
    return {place: name for place, name in named.items() if name}
