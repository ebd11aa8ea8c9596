"""Tables that say how to reach something: mailboxes, calendars, notifiers. One model for each `kind`."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from config.fields import (
    Address,
    FilePath,
    Host,
    Interval,
    Line,
    Port,
    Ref,
    Table,
    Url,
    is_loopback,
    parse_duration,
    wrong,
)
from config.secrets import REMEDY as SECRET_REMEDY

Security = Literal["tls", "starttls", "plain"]
Tokens = Literal["keyring", "file"]

_ENDPOINT: str | None = Field(
    default=None,
    description="The whole address of EWS, in place of server: https://mail.example.org/EWS/Exchange.asmx",
)
_USERNAME: Any = Field(default="", description="The login name. Default: your first address.")
_PASSWORD = Field(default=None, description="Reference to the password or app password.")
_CA_FILE = Field(default=None, description="A PEM file with the authority that signed the server's certificate.")
_ALLOW_INSECURE = Field(default=False, description="Allow a connection without TLS; only to this very machine.")
_POLL = Field(default=parse_duration("10 min"), description="How often to look, where the server cannot push.")
_CLIENT_FILE = Field(description="The JSON file of your own OAuth client (desktop app), from the Google console.")
_TOKENS: Any = Field(
    default="keyring", description="Where `afterword login` keeps the tokens: the keyring, or a 0600 file."
)
_TENANT = Field(default="common", description="Directory (tenant) of a work account; common serves all.")


def _refuse_plain(key: str, *, plain: bool, host: str, allow_insecure: bool) -> None:
    if not plain:
        return
    if not is_loopback(host):
        raise wrong("a connection without TLS is only possible to this machine (localhost)", key, remedy="use TLS")
    if not allow_insecure:
        raise wrong("a connection without TLS must be allowed", key, remedy="set allow_insecure = true, or use TLS")


def _imap_port(data: Mapping[str, Any]) -> int:
    return 993 if data.get("security", "tls") == "tls" else 143


def _submission_port(data: Mapping[str, Any]) -> int:
    return 465 if data.get("security", "tls") == "tls" else 587


def _check_exchange(auth: str, client_id: str | None, tenant: str | None) -> None:
    if auth == "oauth" and not (client_id and tenant):
        raise wrong("auth oauth needs client_id and tenant", "auth", remedy="add both, or use ntlm or basic")


class Folders(Table):
    """Names of folders, where they are not found by themselves (SPECIAL-USE, RFC 6154, or common names)."""

    drafts: Line | None = Field(default=None, description="The Drafts folder. Default: found by itself.")
    sent: Line | None = Field(default=None, description="The Sent folder. Default: found by itself.")
    trash: Line | None = Field(default=None, description="The Trash folder. Default: found by itself.")
    invites: tuple[Line, ...] = Field(
        default=(), strict=False, description="Folders to read invites from. Default: all but Spam and Trash."
    )


class OAuth(Table):
    """How to log in to an IMAP server with OAuth 2.0 tokens."""

    provider: Literal["google", "microsoft"] = Field(description="Who gives the tokens.")
    client_file: FilePath | None = Field(default=None, description="Google: the JSON file of your own OAuth client.")
    client_id: Line | None = Field(default=None, description="Microsoft: the id of your own app registration.")
    tenant: Line = _TENANT
    tokens: Tokens = _TOKENS

    @model_validator(mode="after")
    def _has_client(self) -> Self:
        needed = "client_file" if self.provider == "google" else "client_id"
        if getattr(self, needed) is None:
            raise wrong(f"provider {self.provider} needs {needed}", "provider", remedy=f"add {needed}")
        return self


class MaildirMailbox(Table):
    """A Maildir on this machine, as mbsync, mutt and notmuch use it."""

    kind: Literal["maildir"]
    path: FilePath = Field(description="The Maildir; its folders are Maildir++ (.Sent) or plain ones (Sent).")
    invites: bool = Field(default=True, description="Read the invites in the mail as a calendar, too.")
    folders: Folders = Field(default=Folders(), description="Folder names, where they are not found by themselves.")


class ImapMailbox(Table):
    """A mailbox on an IMAP server (RFC 9051, RFC 3501)."""

    kind: Literal["imap"]
    host: Host = Field(description="The server's name.")
    security: Security = Field(default="tls", description="tls, starttls, or plain (this very machine only).")
    port: Port = Field(default_factory=_imap_port, description="Its port. Default: 993; 143 without tls.")
    allow_insecure: bool = _ALLOW_INSECURE
    username: Line = _USERNAME
    password: Ref | None = _PASSWORD
    auth: Literal["auto", "password", "xoauth2", "oauthbearer"] = Field(
        default="auto", description="How to log in; auto takes the best that the server offers."
    )
    oauth: OAuth | None = Field(default=None, description="Log in with OAuth 2.0 instead of a password.")
    ca_file: FilePath | None = _CA_FILE
    invites: bool = Field(default=True, description="Read the invites in the mail as a calendar, too.")
    poll_interval: Interval = _POLL
    push: bool = Field(default=True, description="Let the server tell of new mail (IDLE, RFC 2177) where it can.")
    folders: Folders = Field(default=Folders(), description="Folder names, where they are not found by themselves.")

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        _refuse_plain("security", plain=self.security == "plain", host=self.host, allow_insecure=self.allow_insecure)
        if self.auth in {"xoauth2", "oauthbearer"} and self.oauth is None:
            raise wrong(f"auth {self.auth} needs the table oauth", "auth", remedy="add the table oauth")
        if self.auth == "password" and self.password is None:
            raise wrong("auth password needs password", "auth", remedy=f"add password: {SECRET_REMEDY}")
        if self.password is None and self.oauth is None:
            raise wrong("a password or the table oauth is needed", remedy=f"add password: {SECRET_REMEDY}")
        return self


class GmailMailbox(Table):
    """Gmail by its API."""

    kind: Literal["gmail"]
    client_file: FilePath = _CLIENT_FILE
    address: Address = Field(default="", description="The Google account to log in with. Default: your first address.")
    tokens: Tokens = _TOKENS
    poll_interval: Interval = _POLL


def _check_endpoint(endpoint: str | None) -> None:
    parts = urlsplit(endpoint or "")
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise wrong("the password would travel unprotected", "endpoint", remedy="write the address with https://")


class ExchangeMailbox(Table):
    """Exchange Server on premises, by EWS. For Microsoft 365 and Outlook.com use kind graph."""

    kind: Literal["exchange"]
    server: Host | None = Field(default=None, description="The server's name. Default: found by autodiscover.")
    endpoint: Url | None = _ENDPOINT
    email: Address = Field(default="", description="The mailbox's primary address. Default: your first address.")
    username: Line = _USERNAME
    password: Ref = Field(description="Reference to the password; with auth oauth, to the client's secret.")
    auth: Literal["basic", "ntlm", "oauth"] = Field(default="ntlm", description="How to log in.")
    client_id: Line | None = Field(default=None, description="auth oauth: the id of the app registration.")
    tenant: Line | None = Field(default=None, description="auth oauth: the directory (tenant) id.")
    ca_file: FilePath | None = _CA_FILE
    poll_interval: Interval = _POLL

    @model_validator(mode="after")
    def _has_client(self) -> Self:
        _check_exchange(self.auth, self.client_id, self.tenant)
        _check_endpoint(self.endpoint)
        return self


class GraphMailbox(Table):
    """Microsoft 365 and Outlook.com, by Microsoft Graph."""

    kind: Literal["graph"]
    client_id: Line = Field(description="The id of your own app registration.")
    tenant: Line = _TENANT
    email: Address = Field(default="", description="The account to log in with. Default: your first address.")
    tokens: Tokens = _TOKENS
    poll_interval: Interval = _POLL


_NAME = Field(default="", description="What logs and tables call it. Default: its kind, numbered if need be.")
_OWN = Field(default=True, description="false for somebody else's calendar that you can see: it makes no drafts.")


class VdirCalendar(Table):
    """A folder of .ics files, as vdirsyncer and khal use it."""

    kind: Literal["vdir"]
    path: FilePath = Field(description="The folder; its subfolders are read, too.")
    name: Line = _NAME
    own: bool = _OWN


class CaldavCalendar(Table):
    """Calendars on a CalDAV server (RFC 4791)."""

    kind: Literal["caldav"]
    url: Url = Field(description="The server, the principal or one calendar (discovery: RFC 6764).")
    username: Line = _USERNAME
    password: Ref = Field(description="Reference to the password, app password or bearer token.")
    auth: Literal["auto", "basic", "digest", "bearer"] = Field(default="auto", description="How to log in.")
    calendars: tuple[Line, ...] = Field(
        default=(), strict=False, description="Names or addresses of the calendars to read. Default: all."
    )
    allow_insecure: bool = _ALLOW_INSECURE
    ca_file: FilePath | None = _CA_FILE
    poll_interval: Interval = _POLL
    name: Line = _NAME
    own: bool = _OWN

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        scheme, _, rest = self.url.partition("://")
        host = rest.partition("/")[0]
        host = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
        _refuse_plain("url", plain=scheme == "http", host=host, allow_insecure=self.allow_insecure)
        return self


class IcsUrlCalendar(Table):
    """A secret iCal address, as Google Calendar, Outlook.com and others give."""

    kind: Literal["ics_url"]
    url: Ref = Field(description="Reference to the address, which is a secret: who has it reads the calendar.")
    poll_interval: Interval = Field(default=parse_duration("15 min"), description="How often to read it.")
    name: Line = _NAME
    own: bool = _OWN


class GoogleCalendar(Table):
    """Google Calendar by its API."""

    kind: Literal["google"]
    client_file: FilePath = Field(
        description="The JSON file of your own OAuth client, from the Google console. Default: the Gmail mailbox's."
    )
    address: Address = Field(
        default="",
        description="The Google account to log in with. Default: as in the mailbox.",
    )
    calendars: tuple[Line, ...] = Field(default=("primary",), strict=False, description="Ids of the calendars to read.")
    tokens: Tokens = _TOKENS
    poll_interval: Interval = _POLL
    name: Line = _NAME
    own: bool = _OWN


class ExchangeCalendar(Table):
    """Calendars on Exchange Server. What is left out is as in the Exchange mailbox, if there is one."""

    kind: Literal["exchange"]
    server: Host | None = Field(default=None, description="The server's name. Default: found by autodiscover.")
    endpoint: Url | None = _ENDPOINT
    email: Address = Field(default="", description="The mailbox's primary address. Default: your first address.")
    username: Line = _USERNAME
    password: Ref = Field(description="Reference to the password; with auth oauth, to the client's secret.")
    auth: Literal["basic", "ntlm", "oauth"] = Field(default="ntlm", description="How to log in.")
    client_id: Line | None = Field(default=None, description="auth oauth: the id of the app registration.")
    tenant: Line | None = Field(default=None, description="auth oauth: the directory (tenant) id.")
    ca_file: FilePath | None = _CA_FILE
    calendars: tuple[Line, ...] = Field(
        default=(), strict=False, description="Names of the calendars to read. Default: the standard one."
    )
    poll_interval: Interval = _POLL
    name: Line = _NAME
    own: bool = _OWN

    @model_validator(mode="after")
    def _has_client(self) -> Self:
        _check_exchange(self.auth, self.client_id, self.tenant)
        _check_endpoint(self.endpoint)
        return self


class GraphCalendar(Table):
    """Calendars of Microsoft 365 and Outlook.com. What is left out is as in the Graph mailbox, if there is one."""

    kind: Literal["graph"]
    client_id: Line = Field(description="The id of your own app registration. Default: the Graph mailbox's.")
    tenant: Line = _TENANT
    email: Address = Field(default="", description="The account to log in with. Default: as in the mailbox.")
    calendars: tuple[Line, ...] = Field(
        default=(), strict=False, description="Names or ids of the calendars to read. Default: the standard one."
    )
    tokens: Tokens = _TOKENS
    poll_interval: Interval = _POLL
    name: Line = _NAME
    own: bool = _OWN


class DesktopNotifier(Table):
    """A notification on this machine's desktop."""

    kind: Literal["desktop"]
    name: Line = _NAME


class AppriseNotifier(Table):
    """Any service that Apprise reaches: ntfy, Slack, Telegram, Matrix ..."""

    kind: Literal["apprise"]
    url: Ref = Field(description="Reference to the Apprise address, which holds tokens.")
    full_text: bool = Field(default=False, description="Send the drafts' text along, not only who and when.")
    name: Line = _NAME


class SubmissionNotifier(Table):
    """Mail to yourself through your provider (RFC 6409): for providers that raise no push for an APPEND."""

    kind: Literal["submission"]
    host: Host = Field(description="The server's name.")
    security: Security = Field(default="tls", description="tls, starttls, or plain (this very machine only).")
    port: Port = Field(default_factory=_submission_port, description="Its port. Default: 465; 587 without tls.")
    allow_insecure: bool = _ALLOW_INSECURE
    username: Line = _USERNAME
    password: Ref | None = Field(default=None, description="Reference to the password. Default: no login.")
    to: Address = Field(default="", description="One of your own addresses. Default: the first.")
    ca_file: FilePath | None = _CA_FILE
    name: Line = _NAME

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        _refuse_plain("security", plain=self.security == "plain", host=self.host, allow_insecure=self.allow_insecure)
        return self


class LogNotifier(Table):
    """A line in the service's log, for machines where somebody reads the journal."""

    kind: Literal["log"]
    name: Line = _NAME


Mailbox = Annotated[
    MaildirMailbox | ImapMailbox | GmailMailbox | ExchangeMailbox | GraphMailbox, Field(discriminator="kind")
]
Calendar = Annotated[
    VdirCalendar | CaldavCalendar | IcsUrlCalendar | GoogleCalendar | ExchangeCalendar | GraphCalendar,
    Field(discriminator="kind"),
]
Notifier = Annotated[DesktopNotifier | AppriseNotifier | SubmissionNotifier | LogNotifier, Field(discriminator="kind")]
