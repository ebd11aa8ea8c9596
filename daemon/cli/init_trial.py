"""Part of `init`: whether the mailbox lets us in, and a second try for what was mistyped, before more is asked."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console

from config.errors import ConfigError
from config.load import parse_account
from connectors.errors import ConnectorError
from connectors.model import Address, CheckLine
from connectors.registry import Context, open_mailbox
from daemon.cli.check_cmd import in_words
from daemon.cli.init_ask import Asker
from daemon.setup.writing import Answers, render

_HOST_AND_PORT = re.compile(r"(?P<host>[^:\s]+):(?P<port>\d{1,5})")


def let_in(
    console: Console,
    asker: Asker,
    owner: Mapping[str, Any],
    mailbox: dict[str, Any],
    target: Path,
    retype: Callable[[], str] | None,
) -> dict[str, Any]:
    """The mailbox's table, with which a login succeeds or the owner wants to go on. Asks only at a terminal.

    `retype` asks for the password, keeps it and gives its reference; None where it was not typed.
    """
    while True:
        with console.status("logging in"):
            error = _trouble(owner, mailbox, target)
        if error is None:
            return mailbox
        console.print(in_words(error), highlight=False)
        choices = [
            *([("password", "Type the password again")] if retype else []),
            ("again", "Try once more as it is"),
            *([("server", "Another server")] if "host" in mailbox else []),
            ("username", "Another login name"),
            ("on", "Go on, and mend it later"),
        ]
        chosen = asker.one("What now?", choices, choices[0][0])
        if chosen == "on":
            return mailbox
        if chosen == "password" and retype is not None:
            mailbox = {**mailbox, "password": retype()}
        elif chosen == "server":
            mailbox = {**mailbox, **_server(asker.text("The IMAP server's name", str(mailbox["host"]), flag="--host"))}
        elif chosen == "username":
            usual = str(mailbox.get("username") or owner["addresses"][0])
            mailbox = {**mailbox, "username": asker.text("The login name", usual, flag="--username")}


def _server(said: str) -> dict[str, Any]:
    found = _HOST_AND_PORT.fullmatch(said)
    return {"host": found["host"], "port": int(found["port"])} if found else {"host": said}


def _trouble(owner: Mapping[str, Any], mailbox: Mapping[str, Any], target: Path) -> CheckLine | None:
    try:
        config = parse_account(render(Answers(owner=owner, mailbox=mailbox)), target)
    except ConfigError:
        return None  # told where the whole file is written
    addresses = config.owner.addresses
    context = Context(
        account=config.name,
        owner=Address(addresses[0], config.owner.name),
        addresses=frozenset(addresses),
        zone=ZoneInfo("UTC"),
        state_dir=target.parent,
    )
    try:
        port = open_mailbox(config.mailbox, context)
        try:
            lines = port.check()
        finally:
            port.close()
    except ConnectorError as error:
        return CheckLine("connection", "failing", error.message, error.remedy)
    # The first line is the connection; folders that are missing are told by `check` at the end.
    return lines[0] if lines and lines[0].state == "failing" else None
