"""`afterword explain` and `afterword preview`: the commands; what they answer is made in `explain_cmd`."""

from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from daemon.cli import explain_cmd
from daemon.cli.config_cmd import ConfigOption
from daemon.cli.told import owner_for

Me = Annotated[list[str] | None, typer.Option("--me", metavar="ADDRESS", help="An address of yours. Repeatable.")]
Name = Annotated[str, typer.Option("--name", help="Your name.")]
Zone = Annotated[str, typer.Option("--timezone", metavar="ZONE", help="Your IANA time zone.")]
Every = Annotated[bool, typer.Option("--all", help="Every event of a file, not only the one that it is about.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, for scripts.")]
Paths = Annotated[
    list[Path], typer.Argument(metavar="PATH...", help="An .ics file, an .eml message, or a folder of one event's.")
]


def explain(
    paths: Paths,
    me: Me = None,
    name: Name = "",
    timezone: Zone = "",
    every: Every = False,
    as_json: Json = False,
    config: ConfigOption = None,
) -> None:
    """Say what Afterword makes of a calendar file or message, and why. An interview's ID from `status` works, too."""
    if not me and not any(path.exists() or path.suffix or len(path.parts) > 1 for path in paths):
        # The store and what belongs to it are heavy, and files alone do not need them.
        status_cmd = import_module("daemon.cli.status_cmd")
        status_cmd.explain_known([str(path) for path in paths], config, as_json=as_json)
        return
    owner = owner_for(me or [], name, timezone, config)
    explain_cmd.print_explained(_console(), paths, owner, every=every, as_json=as_json)


def preview(
    paths: Paths,
    me: Me = None,
    name: Name = "",
    timezone: Zone = "",
    every: Every = False,
    now: Annotated[str, typer.Option("--now", metavar="TIME", help="As if it were this time (ISO 8601).")] = "",
    as_json: Json = False,
    config: ConfigOption = None,
) -> None:
    """Show the drafts that Afterword would put into your mailbox for a calendar file or message."""
    owner = owner_for(me or [], name, timezone, config)
    moment = _moment(now, owner.zone) if now else None
    explain_cmd.print_previewed(_console(), paths, owner, every=every, now=moment, as_json=as_json)


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = f"{text}: write it as 2026-11-20T16:00:00Z"
        raise typer.BadParameter(message, param_hint="--now") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _console() -> Console:
    return Console()
