"""The command line. Exit codes follow sysexits: 0 done, 64 usage, 75 try again, 77 login needed, 78 configuration."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from typer.exceptions import TyperException

from daemon.cli import acts_cmd, config_cmd, demo_cmd, explain_cmd, init_cmd, serve_cmd, service_cmd, status_cmd
from daemon.cli.opening import Told, owner_for

EX_USAGE = 64

app = typer.Typer(
    name="afterword",
    help="Puts a thank-you draft into your own mailbox after each job interview, and reminds you if it is unsent.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(config_cmd.app, name="config", help="Check, show or explain the configuration.")
app.add_typer(service_cmd.app, name="service", help="Install, look at or remove the service.")
app.command("init")(init_cmd.init)
app.command("check")(serve_cmd.check)
app.command("run")(serve_cmd.run)
app.command("once")(serve_cmd.once)
app.command("status")(status_cmd.status)
app.command("note")(acts_cmd.note)
app.command("snooze")(acts_cmd.snooze)
app.command("dismiss")(acts_cmd.dismiss)
app.command("draft")(acts_cmd.draft)
app.command("forget")(acts_cmd.forget)
app.command("demo")(demo_cmd.demo)

Me = Annotated[list[str] | None, typer.Option("--me", metavar="ADDRESS", help="An address of yours. Repeatable.")]
Name = Annotated[str, typer.Option("--name", help="Your name.")]
Zone = Annotated[str, typer.Option("--timezone", metavar="ZONE", help="Your IANA time zone.")]
Every = Annotated[bool, typer.Option("--all", help="Every event of a file, not only the one that it is about.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, for scripts.")]
Paths = Annotated[
    list[Path], typer.Argument(metavar="PATH...", help="An .ics file, an .eml message, or a folder of one event's.")
]


@app.command("explain")
def explain(
    paths: Paths,
    me: Me = None,
    name: Name = "",
    timezone: Zone = "",
    every: Every = False,
    as_json: Json = False,
    config: config_cmd.ConfigOption = None,
) -> None:
    """Say what Afterword makes of a calendar file or message, and why. An interview's ID from `status` works, too."""
    known = [path for path in paths if not path.exists()]
    if known and not me and len(known) == len(paths):
        status_cmd.explain_known([str(path) for path in paths], config, as_json=as_json)
        return
    owner = owner_for(me or [], name, timezone, config)
    explain_cmd.print_explained(_console(), paths, owner, every=every, as_json=as_json)


@app.command("preview")
def preview(
    paths: Paths,
    me: Me = None,
    name: Name = "",
    timezone: Zone = "",
    every: Every = False,
    now: Annotated[str, typer.Option("--now", metavar="TIME", help="As if it were this time (ISO 8601).")] = "",
    as_json: Json = False,
    config: config_cmd.ConfigOption = None,
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


def main() -> None:
    """Entry point of the console script."""
    try:
        code = app(standalone_mode=False)
    except TyperException as error:
        stderr = Console(stderr=True)
        said = getattr(error, "format_message", error.__str__)()
        stderr.print(said, style="red", markup=False, highlight=False)
        stderr.print("Try `afterword --help`, or --help after a command.", style="dim", markup=False)
        sys.exit(EX_USAGE)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Told as error:
        Console(stderr=True).print(str(error), style="red", markup=False, highlight=False)
        sys.exit(error.code)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
