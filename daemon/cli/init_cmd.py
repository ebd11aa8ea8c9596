"""`afterword init`: from an address to a configuration that works; every question is also a flag."""

import os
import re
import shlex
from pathlib import Path
from typing import Annotated, Any

import typer
import tzlocal
from rich.console import Console

from config import paths
from config.errors import ConfigError, SecretError
from config.load import parse_account
from connectors.model import canonical_address
from daemon.cli.check_cmd import check
from daemon.cli.config_cmd import ConfigOption, print_problems
from daemon.cli.explain_cmd import name_from, plain
from daemon.cli.init_ask import Asker, at_terminal
from daemon.cli.init_review import review
from daemon.cli.init_trial import let_in
from daemon.cli.opening import opened
from daemon.cli.told import EX_CONFIG, Told
from daemon.service import wall_clock
from daemon.setup.discovery import Found, ImapServer, discover
from daemon.setup.keeping import keep, write_private
from daemon.setup.presets import BY_KEY, PROVIDERS, LogIn, Provider, mistyped
from daemon.setup.writing import Answers, render

MAILDIRS = ("~/Maildir", "~/Mail", "~/mail", "~/.mail", "~/.local/share/mail")
CALENDARS = ("~/.calendars", "~/.local/share/vdirsyncer", "~/.local/share/calendars", "~/.local/share/khal/calendars")
EX_USAGE = 64

Flag = typer.Option


def init(
    address: Annotated[str, typer.Argument(metavar="[ADDRESS]", help="Your e-mail address.")] = "",
    name: Annotated[str, Flag("--name", help="Your name, as it stands below the drafts.")] = "",
    also: Annotated[list[str] | None, Flag("--also", metavar="ADDRESS", help="Another one of yours.")] = None,
    timezone: Annotated[str, Flag("--timezone", metavar="ZONE", help="Your IANA time zone.")] = "",
    language: Annotated[str, Flag("--language", help="In which Afterword speaks to you: en, de, fr ...")] = "",
    employer: Annotated[list[str] | None, Flag("--employer", metavar="DOMAIN", help="Where you work now.")] = None,
    provider: Annotated[
        str, Flag("--provider", help=f"Instead of finding it: {', '.join(p.key for p in PROVIDERS)}, imap.")
    ] = "",
    maildir: Annotated[str, Flag("--maildir", metavar="FOLDER", help="Your Maildir, instead of a server.")] = "",
    host: Annotated[str, Flag("--host", help="The mail server's name, instead of finding it.")] = "",
    port: Annotated[int, Flag("--port", min=0, max=65535, help="Its port.")] = 0,
    security: Annotated[str, Flag("--security", metavar="HOW", help="tls, starttls, or plain (this machine).")] = "",
    username: Annotated[str, Flag("--username", help="The login name, where it is not the address.")] = "",
    password_ref: Annotated[str, Flag("--password-ref", metavar="REF", help="Such as keyring:SERVICE/USER.")] = "",
    password_command: Annotated[
        str, Flag("--password-command", metavar="COMMAND", help="It prints the password.")
    ] = "",
    where: Annotated[
        str, Flag("--keep", metavar="WHERE", help="Where a typed password goes: keyring or file.")
    ] = "auto",
    ca_file: Annotated[str, Flag("--ca-file", metavar="FILE", help="PEM of your server's own authority.")] = "",
    client_id: Annotated[str, Flag("--client-id", help="Microsoft: the id of your app registration.")] = "",
    tenant: Annotated[str, Flag("--tenant", help="Microsoft: the directory of a work account.")] = "",
    drafts: Annotated[str, Flag("--drafts", metavar="FOLDER", help="Drafts, where it is not found.")] = "",
    sent: Annotated[str, Flag("--sent", metavar="FOLDER", help="Sent, where it is not found.")] = "",
    calendar: Annotated[
        list[str] | None, Flag("--calendar", metavar="FOLDER", help="A folder of .ics files. Repeatable.")
    ] = None,
    caldav: Annotated[str, Flag("--caldav", metavar="URL", help="A CalDAV server; 'none' for none.")] = "",
    ics_ref: Annotated[str, Flag("--ics-ref", metavar="REF", help="Reference to a secret iCal address.")] = "",
    notify: Annotated[
        str,
        Flag("--notify", metavar="WAY", help="Another way to reach you: desktop, none, or a REF to an Apprise URL."),
    ] = "",
    offline: Annotated[bool, Flag("--offline", help="Ask no name server and no web server.")] = False,
    look: Annotated[bool, Flag("--look/--no-look", help="Log in, show the last events, and check.")] = True,
    draft_recent: Annotated[bool, Flag("--draft-recent", help="Draft for interviews of the last 48 hours.")] = False,
    force: Annotated[bool, Flag("--force", help="Replace a configuration that is there.")] = False,
    config: ConfigOption = None,
) -> int:
    """Set Afterword up for an address: find the mailbox, log in, show what it understands, write the configuration."""
    console, asker = Console(soft_wrap=True), at_terminal()
    target = _target(config)
    if target.exists() and not force:
        raise Told(f"{target} is there already; edit it, or say --force to replace it", EX_CONFIG)
    address = _address(console, asker, address)
    found, address = _locate(console, asker, address, provider, maildir, host, port, security, offline=offline)
    name = name or asker.text("Your name, as it stands below the drafts", name_from(address), flag="--name")
    preset = found.provider
    kind = preset.kind if preset else "imap"
    _warn_of_employer(console, preset, kind, address)
    keeping = _Keeping(asker, console, address, target.parent, where)
    mailbox: dict[str, Any] = {"kind": kind}
    if kind == "maildir":
        mailbox["path"] = maildir or asker.text("Your Maildir", _first(MAILDIRS), flag="--maildir")
    elif kind == "graph":
        mailbox |= {
            "client_id": client_id or asker.text("The id of your app registration", flag="--client-id"),
            "tenant": tenant,
        }
    else:
        mailbox |= _server(found, host, port, security, username, ca_file)
        mailbox["password"] = keeping.reference("mail", preset, password_ref, password_command)
    owner = {"name": name, "addresses": [address, *filter(None, map(canonical_address, also or ()))]}
    mailbox["folders"] = {"drafts": drafts, "sent": sent}
    if look and asker.interactive and "password" in mailbox:
        typed = not (password_ref or password_command)
        mailbox = let_in(console, asker, owner, mailbox, target, keeping.again if typed else None)
    calendars = _calendars(asker, keeping, found, mailbox, calendar, caldav, ics_ref)
    answers = Answers(
        owner={
            **owner,
            "timezone": timezone or tzlocal.get_localzone_name() or "UTC",
            "language": language,
            "employer_domains": employer or _employer(console, asker, address),
        },
        mailbox=mailbox,
        calendars=calendars,
        notify=_notifier(asker, keeping, notify),
        origin=f"Found by {found.source}." if found.source else "",
    )
    _write(target, render(answers))
    console.print(f"Written, readable by you alone: [bold]{plain(str(target))}[/]")
    return _try_out(console, asker, target, preset, look=look, draft_recent=draft_recent)


class _Keeping:
    """Asks for secrets and puts them away."""

    def __init__(self, asker: Asker, console: Console, address: str, folder: Path, where: str) -> None:
        if where not in ("auto", "keyring", "file"):
            raise Told(f"--keep {where}: say keyring or file", EX_USAGE)
        self._asker, self._console, self._address, self._folder, self._where = asker, console, address, folder, where
        self._what = "The password"

    def reference(self, purpose: str, preset: Provider | None, ref: str, command: str) -> str:
        """The reference that was given, or that to a password that is asked for and kept."""
        if ref:
            return ref
        if command:
            return f"command:{command}"
        if preset is not None and preset.log_in is LogIn.MADE:
            self._console.print(
                f"{preset.label} wants an app password. Make one here: [bold]{plain(preset.made_at)}[/]"
            )
        if preset is not None and preset.note:
            self._console.print(plain(preset.note))
        self._what = "The app password" if preset is not None and preset.log_in is LogIn.MADE else "The password"
        return self._ask(purpose)

    def again(self) -> str:
        """The reference to the mailbox's password, which is asked for once more."""
        return self._ask("mail")

    def _ask(self, purpose: str) -> str:
        return self.keep(self._asker.secret(self._what, flag="--password-ref or --password-command"), purpose)

    def keep(self, secret: str, purpose: str) -> str:
        """Put a secret away and say where."""
        try:
            ref = keep(
                secret.strip(), user=self._address, purpose=purpose, folder=self._folder.absolute(), where=self._where
            )
        except SecretError as error:
            raise Told(str(error), EX_CONFIG) from None
        self._console.print(f"Kept: {plain(ref)}")
        return ref


def _locate(
    console: Console,
    asker: Asker,
    address: str,
    provider: str,
    maildir: str,
    host: str,
    port: int,
    security: str,
    *,
    offline: bool,
) -> tuple[Found, str]:
    """Where the mailbox is, and the address, which may have been mistyped."""
    if maildir:
        provider = "maildir"
    if provider and provider != "imap":
        if provider not in BY_KEY:
            raise Told(f"--provider {provider}: one of {', '.join(BY_KEY)}, imap", EX_USAGE)
        preset = BY_KEY[provider]
        server = ImapServer(preset.host, preset.port, preset.security) if preset.host else None
        return Found(preset, server, preset.caldav, trusted=True), address
    if host:
        return Found(imap=ImapServer(host, port, security or "tls"), trusted=True), address
    with console.status(f"looking for the mailbox of {plain(address)}"):
        found = discover(address, offline=offline)
    if found.provider is not None:
        console.print(f"{plain(found.provider.label)} ({plain(found.source)}).")
        return found, address
    server = found.imap
    if server is not None:
        console.print(f"IMAP at {plain(server.host)}:{server.port} ({plain(found.source)}).")
        if found.trusted or (asker.interactive and asker.yes("Is that your mail server?", default=False)):
            return found, address
        if not asker.interactive:
            # The DNS alone could lead a password to anybody's server.
            raise Told(f"only the DNS names {server.host}: confirm it with --host {server.host}", EX_USAGE)
    meant = mistyped(address) if asker.interactive else ""
    if meant and asker.yes(f"Nothing is known of it. Did you mean {meant}?", default=True):
        return _locate(console, asker, meant, provider, maildir, host, port, security, offline=offline)
    return _choose(asker, found), address


def _choose(asker: Asker, found: Found) -> Found:
    choices = [("imap", "An IMAP server"), *((p.key, p.label) for p in PROVIDERS)]
    if not asker.interactive:
        raise Told("where the mailbox is was not found: say --provider, --host or --maildir", EX_USAGE)
    chosen = asker.one("Where is your mailbox?", choices, "maildir" if _first(MAILDIRS) else "imap")
    if chosen == "imap":
        server = asker.text("The IMAP server's name", flag="--host")
        return Found(imap=ImapServer(server, 993, "tls"), caldav=found.caldav, trusted=True)
    preset = BY_KEY[chosen]
    imap = ImapServer(preset.host, preset.port, preset.security) if preset.host else None
    return Found(preset, imap, preset.caldav, trusted=True)


def _address(console: Console, asker: Asker, said: str) -> str:
    while True:
        said = said or asker.text("Your e-mail address", flag="ADDRESS")
        address = canonical_address(said)
        if address:
            return address
        if not asker.interactive:
            raise Told("an e-mail address is needed, such as you@example.org", EX_USAGE)
        console.print(f"{plain(said) or 'That'} is no e-mail address; one looks like you@example.org", highlight=False)
        said = ""


def _employer(console: Console, asker: Asker, address: str) -> list[str]:
    question = "Your employer's domain, so that interviews you hold there are not taken for yours (empty: none)"
    found = [
        word.rpartition("@")[2].casefold()
        for word in asker.text(question, flag="", needed=False).replace(",", " ").split()
    ]
    if address.rpartition("@")[2] in found:
        console.print("[yellow]![/] So this is your employer's mailbox: they can read the drafts in it.")
    return found


def _warn_of_employer(console: Console, preset: Provider | None, kind: str, address: str) -> None:
    if kind == "maildir" or (preset is not None and preset.personal):
        return
    domain = address.rpartition("@")[2]
    console.print(f"[yellow]![/] If {plain(domain)} is your employer's, they can read this mailbox, drafts included.")
    console.print("  For a job search, a private address is the safer place.")


def _server(found: Found, host: str, port: int, security: str, username: str, ca_file: str) -> dict[str, Any]:
    if found.provider is not None and found.provider.kind == "exchange":
        return {"server": host, "username": username, "ca_file": ca_file}
    server = found.imap or ImapServer(host, port, "tls")
    security = security or server.security
    usual = 993 if security == "tls" else 143
    chosen = port or server.port or usual
    return {
        "host": host or server.host,
        "security": "" if security == "tls" else security,
        "port": "" if chosen == usual else chosen,
        "allow_insecure": True if security == "plain" else "",
        "username": username or server.username,
        "ca_file": ca_file,
    }


def _calendars(
    asker: Asker,
    keeping: _Keeping,
    found: Found,
    mailbox: dict[str, Any],
    folders: list[str] | None,
    caldav: str,
    ics_ref: str,
) -> list[dict[str, Any]]:
    if mailbox["kind"] in ("graph", "exchange"):
        return [{"kind": mailbox["kind"]}]
    tables = [{"kind": "vdir", "path": folder} for folder in folders or ()]
    if mailbox["kind"] == "maildir" and not folders:
        folder = asker.text("A folder of .ics files (empty: none)", _first(CALENDARS), flag="", needed=False)
        tables += [{"kind": "vdir", "path": folder}] if folder else []
    url = caldav or (
        found.caldav if found.caldav and asker.yes(f"Read the calendars at {found.caldav}, too?", default=True) else ""
    )
    if url not in ("", "none"):
        username = mailbox.get("username", "")
        password = mailbox.get("password") or keeping.reference("caldav", None, "", "")
        tables.append({"kind": "caldav", "url": url, "username": username, "password": password})
    if ics_ref:
        tables.append({"kind": "ics_url", "url": ics_ref})
    elif not tables and mailbox["kind"] == "imap" and asker.interactive:
        secret = asker.text("The secret iCal address of your calendar (empty: only invites in the mail)", flag="")
        if secret:
            tables.append({"kind": "ics_url", "url": keeping.keep(secret, "calendar")})
    return tables


def _notifier(asker: Asker, keeping: _Keeping, said: str) -> list[dict[str, Any]]:
    choices = (
        ("desktop", "A notification on this machine's desktop"),
        ("apprise", "An Apprise address: ntfy, Telegram, Matrix, Slack ..."),
        ("none", "None: the inbox alone"),
    )
    usual = "desktop" if asker.interactive and _has_desktop() else "none"
    way = said or asker.one("Should the mailbox fail, how can you be told?", choices, usual)
    if way == "apprise":
        way = asker.text("Its address, as in ntfys://ntfy.sh/a-name-of-your-own (kept as a secret)", flag="--notify")
    if way in ("none", ""):
        return []
    if re.match(r"[a-z0-9]+://", way):
        way = keeping.keep(way, "notify")
    return [{"kind": "desktop"}] if way == "desktop" else [{"kind": "apprise", "url": way}]


def _try_out(
    console: Console, asker: Asker, target: Path, preset: Provider | None, *, look: bool, draft_recent: bool
) -> int:
    named = "" if target.parent == paths.config_path() else f" --config {shlex.quote(str(target))}"
    if preset is not None and preset.log_in is LogIn.OAUTH:
        console.print(f"Next: afterword login{named}, then afterword check{named}", markup=False)
        return 0
    if not look:
        console.print(f"Next: afterword check{named}", markup=False)
        return 0
    with opened(target, exclusive=True) as (each,):
        code = review(console, asker, each, wall_clock(), draft_recent=draft_recent)
    code = max(code, check(config=target))
    if code == 0:
        console.print("All is well. Next: `afterword service install`, and forget about it.", highlight=False)
    else:
        console.print(f"The configuration stays. After mending: afterword check{named}", markup=False)
    return code


def _target(config: Path | None) -> Path:
    path = config or paths.config_path()
    return path if path.suffix == ".toml" else path / "me.toml"


def _has_desktop() -> bool:
    shown = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY")
    return bool(shown and os.environ.get("DBUS_SESSION_BUS_ADDRESS"))


def _first(candidates: tuple[str, ...]) -> str:
    return next((path for path in candidates if Path(path).expanduser().is_dir()), "")


def _write(target: Path, text: str) -> None:
    try:
        parse_account(text, target)
    except ConfigError as error:
        print_problems(error.problems)
        raise Told("nothing was written: the answers make no valid configuration", EX_CONFIG) from None
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(target, text)
    except OSError as error:
        raise Told(f"{target}: {error.strerror}", 73) from None
