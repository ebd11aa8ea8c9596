"""`afterword config`: check, show and example."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from config.dump import as_data, as_toml
from config.errors import ConfigError, ConfigProblem
from config.example import render
from config.load import load_all, load_folder
from config.paths import config_path
from config.schema import AccountConfig

EX_CONFIG = 78
"""sysexits(3): something was found in an unconfigured or misconfigured state."""

app = typer.Typer(help="Check, show and explain the configuration.", no_args_is_help=True)

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", metavar="PATH", help="A config file, or a folder of them (default: your own).", show_default=False
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


@app.command()
def check(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List everything that is wrong with the configuration. Exit code 78 if anything is."""
    path = config or config_path()
    accounts, problems = _look(path)
    if as_json:
        said = {"ok": not problems, "accounts": [account.name for account in accounts], "problems": _plain(problems)}
        typer.echo(json.dumps(said, ensure_ascii=False))
    else:
        if problems:
            print_problems(problems)
        for account in accounts:
            typer.echo(f"{account.path or account.name}: ok")
    if problems:
        raise typer.Exit(EX_CONFIG)


@app.command()
def show(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Print the configuration in force, defaults included. Of a secret, only the place where it is kept is shown."""
    try:
        accounts = load_all(config or config_path())
    except ConfigError as error:
        if as_json:
            typer.echo(json.dumps({"ok": False, "problems": _plain(error.problems)}, ensure_ascii=False))
        else:
            print_problems(error.problems)
        raise typer.Exit(EX_CONFIG) from None
    if as_json:
        typer.echo(json.dumps({account.name: as_data(account) for account in accounts}, ensure_ascii=False, indent=2))
        return
    typer.echo("\n".join(f"# {account.name} ({account.path})\n{as_toml(account)}" for account in accounts), nl=False)


@app.command()
def example() -> None:
    """Print a commented config file with every key."""
    typer.echo(render(), nl=False)


def print_problems(problems: tuple[ConfigProblem, ...]) -> None:
    """A table of problems on standard error: where, which key, what and the remedy."""
    console = Console(stderr=True)
    count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''} in the configuration"
    console.print(f"[bold red]{count}[/]")
    table = Table("Where", "Key", "Problem", "What to do", show_lines=False)
    for problem in problems:
        where = f"{problem.file.name}:{problem.line}" if problem.line else problem.file.name
        table.add_row(*(escape(text) for text in (where, problem.key, problem.message, problem.remedy)))
    console.print(table)
    for folder in sorted({str(problem.file.parent) for problem in problems}):
        console.print(f"in {escape(folder)}", style="dim", soft_wrap=True)


def _look(path: Path) -> tuple[tuple[AccountConfig, ...], tuple[ConfigProblem, ...]]:
    try:
        if not path.is_dir():
            return load_all(path), ()
        loaded = load_folder(path)
    except ConfigError as error:
        return (), error.problems
    return loaded.good, tuple(problem for error in loaded.errors for problem in error.problems)


def _plain(problems: tuple[ConfigProblem, ...]) -> list[dict[str, object]]:
    return [{**asdict(problem), "file": str(problem.file)} for problem in problems]
