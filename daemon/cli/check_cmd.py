"""`check`: can the work be done, and what would be done now? Each line is ok, warning or failing, with its remedy."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
import tzlocal
from rich.console import Console

from config import paths
from connectors.errors import AuthenticationError, ConnectorError
from connectors.model import CheckLine
from connectors.oauth_login import logins
from connectors.ports import Port
from daemon.cli.config_cmd import ConfigOption
from daemon.cli.explain_cmd import plain
from daemon.cli.login_cmd import context_of
from daemon.cli.opening import Opened, opened
from daemon.cli.serve_cmd import sentence
from daemon.cli.told import EX_TEMPFAIL
from daemon.engine import cycle
from daemon.lock import AccountBusy, serving
from daemon.service import wall_clock
from daemon.setup.clocks import hosts_of, server_time

EX_NOPERM = 77
MARKS = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "failing": "[red]✗[/]"}
LITTLE_SPACE = 100 * 1024 * 1024
SKEW = timedelta(minutes=2)
"""More than this and interviews seem to end too early or too late."""


def check(
    write: Annotated[bool, typer.Option("--write", help="Also write a draft and remove it again.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object an account, for scripts.")] = False,
    account: Annotated[str, typer.Option("--account", help="Only this account.")] = "",
    config: ConfigOption = None,
) -> int:
    """Look at every connection, permission and folder, and say what to do where something is wrong."""
    console = Console()
    worst = 0
    with opened(config, only=account, rehearsal=True) as accounts:
        for each in accounts:
            lines, code = look_over(each, write=write)
            worst = max(worst, code)
            if as_json:
                rows = [
                    {"what": line.what, "state": line.state, "detail": line.detail, "remedy": line.remedy}
                    for line in lines
                ]
                print(json.dumps({"account": each.config.name, "lines": rows}, ensure_ascii=False))
                continue
            console.rule(f"[bold]{plain(each.config.name)}[/]", align="left")
            for line in lines:
                console.print(in_words(line), highlight=False)
    return worst


def in_words(line: CheckLine) -> str:
    """One line for people, with the terminal's markup."""
    remedy = f"\n    → {plain(line.remedy)}" if line.remedy and line.state != "ok" else ""
    detail = f"  [dim]{plain(line.detail)}[/]" if line.detail else ""
    return f"{MARKS[line.state]} {plain(line.what)}{detail}{remedy}"


def look_over(each: Opened, *, write: bool) -> tuple[list[CheckLine], int]:
    """Every line about one account, and the exit code: 0, 75 where something failed, 77 where a login is needed."""
    now = wall_clock()
    lines = [CheckLine("configuration", "ok", str(each.config.path or "")), *_zone(each, now), *_space()]
    lines += [_service(each), *_logins(each), *_clocks(each)]
    code = EX_NOPERM if any(line.what == "login" and line.state == "failing" for line in lines) else 0
    account = each.account
    ports: tuple[Port, ...] = (*account.calendars, account.mailbox, *account.notifiers)
    for port in ports:
        try:
            found = port.check(write=write and port is account.mailbox)
        except ConnectorError as error:
            lines.append(CheckLine(port.name, "failing", error.message, error.remedy))
            code = max(code, EX_NOPERM if isinstance(error, AuthenticationError) else EX_TEMPFAIL)
        else:
            lines += found
            if any(line.state == "failing" for line in found):
                code = max(code, EX_TEMPFAIL)
    lines += _other_ways(each)
    if code == 0:
        lines += _next_cycle(each, now)
    return lines, code


def _zone(each: Opened, now: datetime) -> Iterator[CheckLine]:
    zone = each.account.owner.zone
    detail = f"{zone.key}, now {now.astimezone(zone):%H:%M}"
    here = tzlocal.get_localzone()
    if now.astimezone(zone).utcoffset() == now.astimezone(here).utcoffset():
        yield CheckLine("time zone", "ok", detail)
    else:
        remedy = "on your travels or on a server this is right; else correct owner.timezone"
        yield CheckLine("time zone", "warning", f"{detail}; this machine's is {here}", remedy)


def _space() -> Iterator[CheckLine]:
    folder = paths.state_dir()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free
    detail = f"{free // (1024 * 1024)} MiB free in {folder}"
    if free < LITTLE_SPACE:
        yield CheckLine("state folder", "warning", detail, "make room: without it nothing can be remembered or drafted")
    else:
        yield CheckLine("state folder", "ok", detail)


def _service(each: Opened) -> CheckLine:
    folder = paths.state_dir() / each.config.name
    if not folder.exists():
        return CheckLine("service", "warning", "never ran yet", "afterword service install")
    try:
        with serving(each.config.name, folder):
            return CheckLine("service", "warning", "nobody is serving this account now", "afterword service install")
    except AccountBusy:
        return CheckLine("service", "ok", "running")


def _logins(each: Opened) -> Iterator[CheckLine]:
    try:
        for login in logins(each.config, context_of(each.config)):
            if login.done():
                yield CheckLine("login", "ok", f"{login.provider}, {login.address}")
            else:
                detail = f"{login.provider}, {login.address}: not logged in, or not with all permissions"
                yield CheckLine("login", "failing", detail, "afterword login")
    except ConnectorError as error:
        yield CheckLine("login", "failing", error.message, error.remedy)


def _clocks(each: Opened) -> Iterator[CheckLine]:
    """Only servers that the configuration names are asked, and only those that speak HTTP tell the time."""
    for host in hosts_of(each.config):
        theirs = server_time(host)
        if theirs is None:
            continue
        skew = abs(theirs - datetime.now(UTC))
        if skew > SKEW:
            detail = f"{host} says {theirs.astimezone(each.account.owner.zone):%H:%M}: {_span(skew)} apart"
            yield CheckLine("clock", "warning", detail, "set this machine's clock (timedatectl set-ntp true)")
        else:
            yield CheckLine("clock", "ok", f"agrees with {host}")
        return


def _other_ways(each: Opened) -> Iterator[CheckLine]:
    if not any(table.kind != "log" for table in each.config.notify):
        yield CheckLine(
            "other ways to reach you",
            "warning",
            "none: if the mailbox fails, nobody tells you",
            'add [[notify]] with kind = "desktop" or "apprise"',
        )


def _next_cycle(each: Opened, now: datetime) -> Iterator[CheckLine]:
    done = cycle(each.account, now, apply=False)
    for port, error in done.failed.items():
        yield CheckLine(f"reading {port}", "failing", error.message, error.remedy)
    upcoming = sum(1 for found in done.concluded.interviews if found.end > now)
    known = len(done.concluded.interviews)
    yield CheckLine(
        "calendars", "ok", f"{len(done.concluded.assessments)} events, {known} interviews, {upcoming} to come"
    )
    writes = done.plan.writes
    count = len(writes)
    yield CheckLine(f"a cycle now would write {count} message{'s' if count != 1 else ''}", "ok")
    for action in writes[:10]:
        yield CheckLine(sentence(action, dry_run=True).replace("\\[", "["), "ok")


def _span(skew: timedelta) -> str:
    minutes = int(skew.total_seconds() // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
