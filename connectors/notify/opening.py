"""From the config's tables to the notifiers. Each brings its library in only when it is configured."""

from config.connections import AppriseNotifier as AppriseSettings
from config.connections import DesktopNotifier as DesktopSettings
from config.connections import LogNotifier as LogSettings
from config.connections import SubmissionNotifier as SubmissionSettings
from connectors.ports import Notifier
from connectors.registry import Context
from connectors.secret import asked


def open_desktop(settings: DesktopSettings, context: Context) -> Notifier:
    """The desktop of the session that the service runs in."""
    from connectors.notify.desktop import DesktopNotifier  # noqa: PLC0415 (D-Bus only where it is wished for)

    return DesktopNotifier(settings.name or settings.kind, context.account)


def open_apprise(settings: AppriseSettings, context: Context) -> Notifier:
    """A service that Apprise reaches."""
    from connectors.notify.apprise import AppriseNotifier  # noqa: PLC0415 (a large library)

    return AppriseNotifier(
        settings.name or settings.kind,
        asked(settings.url, context.account),
        context.addresses,
        full_text=settings.full_text,
        account=context.account,
    )


def open_submission(settings: SubmissionSettings, context: Context) -> Notifier:
    """Mail to the owner."""
    from connectors.notify.submission import SubmissionNotifier  # noqa: PLC0415 (SMTP only where it is wished for)

    return SubmissionNotifier(
        settings.name or settings.kind,
        settings.host,
        settings.port,
        sender=context.owner,
        to=settings.to or context.owner.email,
        addresses=context.addresses,
        security=settings.security,
        username=settings.username or context.owner.email,
        password=asked(settings.password, context.account) if settings.password else None,
        ca_file=settings.ca_file,
        account=context.account,
    )


def open_log(settings: LogSettings, context: Context) -> Notifier:
    """The service's log."""
    from connectors.notify.log import LogNotifier  # noqa: PLC0415 (as the others)

    return LogNotifier(settings.name or settings.kind, context.account)
