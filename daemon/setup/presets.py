"""What is known of the providers that most people use: pure data, each with the page that it was taken from."""

from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import Final


class LogIn(StrEnum):
    """How a provider lets a program in."""

    OWN = "own"
    """With the owner's own password."""
    MADE = "made"
    """With an app password: made for one program, on a page of the provider's."""
    OAUTH = "oauth"
    """By `afterword login`, with an OAuth client of the owner's own."""
    NONE = "none"
    """Files on this machine."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider, as `afterword init` sets it up."""

    key: str
    label: str
    kind: str
    """The mailbox's `kind` in the config file."""
    log_in: LogIn
    domains: tuple[str, ...] = ()
    """Addresses at these domains are this provider's."""
    mx: tuple[str, ...] = ()
    """Mail exchangers below these names mean that a domain is hosted there."""
    host: str = ""
    security: str = "tls"
    port: int = 993
    caldav: str = ""
    made_at: str = ""
    """Where an app password is made."""
    personal: bool = False
    """Not an employer's, as far as one can tell from the address."""
    note: str = ""
    source: str = ""


PROVIDERS: Final = (
    Provider(
        "gmail",
        "Gmail",
        "imap",
        LogIn.MADE,
        domains=("gmail.com", "googlemail.com"),
        host="imap.gmail.com",
        made_at="https://myaccount.google.com/apppasswords",
        personal=True,
        note="App passwords need 2-step verification. For Google's own API instead, see docs/start/google.md.",
        source="https://support.google.com/mail/answer/7126229",
    ),
    Provider(
        "google-workspace",
        "Google Workspace",
        "imap",
        LogIn.MADE,
        mx=("google.com", "googlemail.com"),
        host="imap.gmail.com",
        made_at="https://myaccount.google.com/apppasswords",
        note="Your administrator may have switched app passwords off; then use Google's API: docs/start/google.md.",
        source="https://support.google.com/a/answer/9003945",
    ),
    Provider(
        "outlook.com",
        "Outlook.com, Hotmail, Live",
        "graph",
        LogIn.OAUTH,
        domains=("outlook.com", "hotmail.com", "live.com", "msn.com", "outlook.de", "hotmail.de", "hotmail.co.uk"),
        personal=True,
        note="Microsoft takes no password from programs: an app registration of your own is needed.",
        source="https://learn.microsoft.com/graph/auth-register-app-v2",
    ),
    Provider(
        "microsoft-365",
        "Microsoft 365",
        "graph",
        LogIn.OAUTH,
        mx=("mail.protection.outlook.com", "mx.microsoft"),
        note="An app registration is needed; in many companies an administrator has to consent to it.",
        source="https://learn.microsoft.com/graph/auth-register-app-v2",
    ),
    Provider(
        "icloud",
        "iCloud",
        "imap",
        LogIn.MADE,
        domains=("icloud.com", "me.com", "mac.com"),
        mx=("mail.icloud.com",),
        host="imap.mail.me.com",
        caldav="https://caldav.icloud.com/",
        made_at="https://account.apple.com/account/manage",
        personal=True,
        source="https://support.apple.com/102525",
    ),
    Provider(
        "fastmail",
        "Fastmail",
        "imap",
        LogIn.MADE,
        domains=("fastmail.com", "fastmail.fm", "sent.com", "messagingengine.com"),
        mx=("messagingengine.com",),
        host="imap.fastmail.com",
        caldav="https://caldav.fastmail.com/",
        made_at="https://app.fastmail.com/settings/security/apps",
        personal=True,
        source="https://www.fastmail.help/hc/en-us/articles/1500000278342",
    ),
    Provider(
        "yahoo",
        "Yahoo",
        "imap",
        LogIn.MADE,
        domains=("yahoo.com", "yahoo.de", "yahoo.fr", "yahoo.co.uk", "yahoo.es", "yahoo.it", "ymail.com", "aol.com"),
        mx=("yahoodns.net",),
        host="imap.mail.yahoo.com",
        caldav="https://caldav.calendar.yahoo.com/",
        made_at="https://login.yahoo.com/account/security",
        personal=True,
        source="https://help.yahoo.com/kb/SLN4075.html",
    ),
    Provider(
        "gmx",
        "GMX",
        "imap",
        LogIn.OWN,
        domains=("gmx.de", "gmx.net", "gmx.at", "gmx.ch", "gmx.com", "gmx.info", "gmx.org", "gmx.eu"),
        mx=("gmx.net",),
        host="imap.gmx.net",
        caldav="https://caldav.gmx.net/",
        personal=True,
        note="Allow IMAP first, in GMX under Settings, POP3/IMAP; with 2-factor login an app password is needed.",
        source="https://hilfe.gmx.net/pop-imap/",
    ),
    Provider(
        "proton",
        "Proton Mail, by Proton Bridge",
        "imap",
        LogIn.MADE,
        domains=("proton.me", "protonmail.com", "pm.me", "protonmail.ch"),
        mx=("protonmail.ch",),
        host="127.0.0.1",
        security="starttls",
        port=1143,
        made_at="Proton Bridge, 'Mailbox details': the password there, not your own",
        personal=True,
        note="Bridge must run on this machine; export its certificate there and name it as ca_file.",
        source="https://proton.me/support/imap-smtp-and-pop3-setup",
    ),
    Provider(
        "mailbox.org",
        "mailbox.org",
        "imap",
        LogIn.OWN,
        domains=("mailbox.org",),
        mx=("mailbox.org",),
        host="imap.mailbox.org",
        caldav="https://dav.mailbox.org/caldav/",
        personal=True,
        note="With 2-factor login an app password is needed.",
        source="https://kb.mailbox.org/en/private/e-mail/e-mail-client-configuration",
    ),
    Provider(
        "exchange",
        "Exchange Server on premises",
        "exchange",
        LogIn.OWN,
        note="Your login name may be DOMAIN\\name rather than the address.",
        source="https://learn.microsoft.com/exchange/architecture/client-access/autodiscover",
    ),
    Provider(
        "maildir",
        "A Maildir on this machine",
        "maildir",
        LogIn.NONE,
        note="mbsync, offlineimap or a mail server keeps it; Drafts must be synchronised both ways.",
        source="https://cr.yp.to/proto/maildir.html",
    ),
)
BY_KEY: Final = {provider.key: provider for provider in PROVIDERS}


def by_address(address: str) -> Provider | None:
    """The provider that owns the address's domain."""
    domain = address.rpartition("@")[2].lower()
    return next((provider for provider in PROVIDERS if domain in provider.domains), None)


def mistyped(address: str) -> str:
    """The address at a provider that is known, where only a letter or two are off; empty where nothing is close."""
    local, _, domain = address.rpartition("@")
    known = [name for provider in PROVIDERS for name in provider.domains]
    close = get_close_matches(domain.lower(), known, 1, 0.85)
    return f"{local}@{close[0]}" if close and close[0] != domain.lower() else ""


def by_mx(exchanger: str) -> Provider | None:
    """The provider that a mail exchanger belongs to; None for one of somebody's own."""
    name = exchanger.lower().rstrip(".")
    for provider in PROVIDERS:
        if any(name == suffix or name.endswith(f".{suffix}") for suffix in provider.mx):
            return provider
    return None
