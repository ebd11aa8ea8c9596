"""The command line. Exit codes follow sysexits: 0 done, 64 usage, 75 try again, 77 login needed, 78 configuration."""

import logging
import os
import sys
from collections.abc import Collection
from importlib import import_module
from typing import Any

import typer
from rich.console import Console
from typer.exceptions import TyperException

from daemon.cli.told import Told

EX_USAGE = 64

COMMANDS = {
    "init": "daemon.cli.init_cmd:init",
    "check": "daemon.cli.check_cmd:check",
    "run": "daemon.cli.serve_cmd:run",
    "once": "daemon.cli.serve_cmd:once",
    "status": "daemon.cli.status_cmd:status",
    "login": "daemon.cli.login_cmd:login",
    "explain": "daemon.cli.files_cmd:explain",
    "preview": "daemon.cli.files_cmd:preview",
    "note": "daemon.cli.acts_cmd:note",
    "snooze": "daemon.cli.acts_cmd:snooze",
    "dismiss": "daemon.cli.acts_cmd:dismiss",
    "draft": "daemon.cli.acts_cmd:draft",
    "forget": "daemon.cli.acts_cmd:forget",
    "demo": "daemon.cli.demo_cmd:demo",
}
GROUPS = {
    "config": ("daemon.cli.config_cmd:app", "Check, show or explain the configuration."),
    "service": ("daemon.cli.service_cmd:app", "Install, look at or remove the service."),
}


def build(wanted: Collection[str] | None = None) -> typer.Typer:
    """The command line with these commands, or with all: a service that runs for months holds only what it uses."""
    app = typer.Typer(
        name="afterword",
        help="Puts a thank-you draft into your own mailbox after each job interview, and reminds you if it is unsent.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )

    @app.callback()
    def root() -> None:
        """Puts a thank-you draft into your own mailbox after each job interview, and reminds you if it is unsent."""

    for name, target in COMMANDS.items():
        if wanted is None or name in wanted:
            app.command(name)(_load(target))
    for name, (target, words) in GROUPS.items():
        if wanted is None or name in wanted:
            app.add_typer(_load(target), name=name, help=words)
    return app


def _load(target: str) -> Any:
    module, _, attribute = target.partition(":")
    return getattr(import_module(module), attribute)


def _chosen() -> Collection[str] | None:
    first = sys.argv[1] if len(sys.argv) > 1 else ""
    return {first} if first in COMMANDS or first in GROUPS else None


def main() -> None:
    """Entry point of the console script."""
    # What the log says, a command says itself; only `run` sets up a log.
    logging.getLogger("afterword").addHandler(logging.NullHandler())
    try:
        code = build(_chosen())(standalone_mode=False)
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
