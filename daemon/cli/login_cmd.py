"""`login`: let a provider's own page ask for your consent, and keep what it gives."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from config import paths
from config.schema import AccountConfig
from connectors.errors import AuthenticationError, ConnectorError, TemporaryError
from connectors.model import Address
from connectors.oauth_login import Dialogue, Login, logins
from connectors.registry import Context
from daemon.accounts import paths_for
from daemon.cli.config_cmd import ConfigOption
from daemon.cli.told import EX_CONFIG, EX_TEMPFAIL, Told, read_config
from daemon.wishes import owner_of

EX_NOPERM = 77

_Account = Annotated[str, typer.Option("--account", help="Only this account.")]
_Browser = Annotated[
    bool,
    typer.Option(
        "--browser/--no-browser", help="Open a browser here; without, log in on any machine and paste where it led."
    ),
]
_Port = Annotated[
    int, typer.Option("--port", min=0, max=65535, help="Wait on this loopback port, to be forwarded with ssh -L.")
]
_Why = Annotated[bool, typer.Option("--why", help="Only say which permissions are needed and what for.")]
_Forget = Annotated[bool, typer.Option("--forget", help="Remove the logins kept on this machine.")]


def login(
    account: _Account = "",
    browser: _Browser = True,
    port: _Port = 0,
    why: _Why = False,
    forget: _Forget = False,
    config: ConfigOption = None,
) -> int:
    """Log in to Google or Microsoft, where the configuration asks for it."""
    console = Console()
    found = logins_in(config, account)
    if not found:
        console.print("The configuration names nothing that needs this kind of login.", markup=False)
        return 0
    dialogue = Dialogue(
        say=lambda text: print(text, flush=True), ask=_asker(console), browser=browser and not port, port=port
    )
    code = 0
    for name, each in found:
        console.print(f"{name}: {each.provider}, {each.address}", style="bold", markup=False, highlight=False)
        if why:
            _explain(console, each)
        elif forget:
            code = max(code, _told(console, each.forget, "The login is no longer kept here."))
        else:
            _explain(console, each)
            code = max(code, _told(console, partial(each.run, dialogue), "You are logged in."))
    return code


def logins_in(config: Path | None, account: str = "") -> list[tuple[str, Login]]:
    """Every login that the configuration asks for, with its account's name. Raises Told."""
    found: list[tuple[str, Login]] = []
    accounts = [each for each in read_config(config) if account in ("", each.name)]
    if not accounts:
        message = f"there is no account {account}"
        raise Told(message, EX_CONFIG)
    for each in accounts:
        try:
            found += [(each.name, login) for login in logins(each, context_of(each))]
        except ConnectorError as error:
            raise Told(str(error), EX_CONFIG) from None
    return found


def context_of(config: AccountConfig) -> Context:
    """What a login needs to know of the account."""
    owner = owner_of(config)
    return Context(
        account=config.name,
        owner=Address(owner.primary, owner.name),
        addresses=owner.addresses,
        zone=owner.zone,
        state_dir=paths_for(config, paths.state_dir()).state_dir,
    )


def _explain(console: Console, login: Login) -> None:
    console.print("It asks for these permissions and for no other:", markup=False)
    for name, reason in login.permissions:
        console.print(f"  {name}: {reason}", markup=False, highlight=False)


def _told(console: Console, act: Callable[[], None], good: str) -> int:
    try:
        act()
    except TemporaryError as error:
        print(error, file=sys.stderr)
        return EX_TEMPFAIL
    except AuthenticationError as error:
        print(error, file=sys.stderr)
        return EX_NOPERM
    except ConnectorError as error:
        print(error, file=sys.stderr)
        return EX_CONFIG
    console.print(good, markup=False)
    return 0


def _asker(console: Console) -> Callable[[str], str]:
    def ask(question: str) -> str:
        try:
            return console.input(question, markup=False)
        except EOFError:
            return ""

    return ask
