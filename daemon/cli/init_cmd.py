"""`afterword init`: a first configuration from a few questions; every question is also a flag."""

import os
from pathlib import Path
from typing import Annotated

import questionary
import tomlkit
import typer
import tzlocal
from rich.console import Console

from config import paths
from config.errors import ConfigError
from config.load import parse_account
from connectors.model import canonical_address
from daemon.cli.config_cmd import ConfigOption
from daemon.cli.explain_cmd import name_from
from daemon.cli.told import Told

MAILDIRS = ("~/Maildir", "~/Mail", "~/mail", "~/.mail", "~/.local/share/mail")
CALENDARS = ("~/.calendars", "~/.local/share/vdirsyncer", "~/.local/share/calendars", "~/.local/share/khal/calendars")

TEMPLATE = """\
# Afterword: one file is one person. Every setting is explained by `afterword config example`.

[owner]
name = {name}
addresses = {addresses}
timezone = {timezone}

[mailbox]
kind = "maildir"
path = {maildir}
"""
CALENDAR = """
[[calendars]]
kind = "vdir"
path = {path}
"""


def init(
    address: Annotated[str, typer.Argument(metavar="[ADDRESS]", help="Your e-mail address.")] = "",
    name: Annotated[str, typer.Option("--name", help="Your name, as it stands below the drafts.")] = "",
    maildir: Annotated[str, typer.Option("--maildir", metavar="FOLDER", help="Your Maildir.")] = "",
    calendar: Annotated[
        list[str] | None, typer.Option("--calendar", metavar="FOLDER", help="A folder of .ics files. Repeatable.")
    ] = None,
    timezone: Annotated[str, typer.Option("--timezone", metavar="ZONE", help="Your IANA time zone.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace a configuration that is there.")] = False,
    config: ConfigOption = None,
) -> None:
    """Write a first configuration for a local Maildir and calendar folder."""
    console = Console()
    target = _target(config)
    if target.exists() and not force:
        message = f"{target} is there already; edit it, or say --force to replace it"
        raise Told(message, 78)
    address = canonical_address(address or _ask("Your e-mail address"))
    if not address:
        message = "an e-mail address is needed, such as you@example.org"
        raise typer.BadParameter(message)
    name = name or _ask("Your name, as it stands below the drafts", name_from(address))
    maildir = maildir or _ask("Your Maildir", _first(MAILDIRS))
    calendars = calendar or [
        found for found in [_ask("A folder of .ics files (empty: none)", _first(CALENDARS))] if found
    ]
    text = render(address, name, maildir, calendars, timezone or tzlocal.get_localzone_name() or "UTC")
    try:
        parse_account(text, target)
    except ConfigError as error:
        raise Told(str(error), 78) from None
    _write(target, text)
    console.print(f"Written to [bold]{target}[/]. Next: `afterword check`, then `afterword once --dry-run`.")


def render(address: str, name: str, maildir: str, calendars: list[str], timezone: str) -> str:
    """The config file as text; values are quoted by the TOML library."""

    def quoted(value: str) -> str:
        return tomlkit.string(value).as_string()

    text = TEMPLATE.format(
        name=quoted(name),
        addresses=f"[{quoted(address)}]",
        timezone=quoted(timezone),
        maildir=quoted(maildir),
    )
    return text + "".join(CALENDAR.format(path=quoted(path)) for path in calendars)


def _target(config: Path | None) -> Path:
    path = config or paths.config_path()
    return path if path.suffix == ".toml" else path / "me.toml"


def _ask(question: str, default: str = "") -> str:
    if not os.isatty(0):
        if default:
            return default
        message = f"{question}: there is no terminal to ask at; give it as an option"
        raise Told(message, 64)
    answer = questionary.text(question, default=default).ask()
    if answer is None:
        raise typer.Abort
    return str(answer).strip()


def _first(candidates: tuple[str, ...]) -> str:
    return next((path for path in candidates if Path(path).expanduser().is_dir()), "")


def _write(target: Path, text: str) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = target.with_suffix(".new")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    partial.replace(target)
