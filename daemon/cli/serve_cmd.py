"""`run` and `once`: the work itself."""

import json
import time
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Annotated, Any

import typer
from rich.console import Console

from config import paths
from config.schema import AccountConfig
from connectors.errors import AuthenticationError
from daemon.cli.config_cmd import ConfigOption
from daemon.cli.explain_cmd import plain, utc_text
from daemon.cli.opening import Opened, opened
from daemon.cli.told import EX_TEMPFAIL, Told, read_config
from daemon.core.actions import Action, CreateDraft, DeliverNote, ReplaceDraft, Settle, Wait, WithdrawDraft
from daemon.engine import Cycle, cycle
from daemon.service import Service, wall_clock
from daemon.supervisor import set_up_logging

EX_NOPERM = 77
Json = Annotated[bool, typer.Option("--json", help="One JSON object an account, for scripts.")]
AccountOption = Annotated[str, typer.Option("--account", help="Only this account.")]


def run(config: ConfigOption = None) -> int:
    """Work as a service until told to stop (SIGTERM); SIGHUP reads the configuration again."""
    accounts = tuple(_readable(config))
    levels = {each.service.log_level for each in accounts}
    order = ["debug", "info", "warning", "error"]
    set_up_logging(min(levels, key=order.index, default="info"))
    with _metrics(accounts):
        return Service(config or paths.config_path(), paths.state_dir()).run()


def _metrics(accounts: Sequence[AccountConfig]) -> AbstractContextManager[None]:
    if not any(each.service.metrics for each in accounts):
        return nullcontext()
    from daemon.metrics import endpoints  # noqa: PLC0415 (its library is held in memory only where it is wished for)

    return endpoints(accounts, paths.state_dir(), wall_clock)


def _readable(config: Any) -> Iterable[Any]:
    try:
        return read_config(config)
    except Told:
        # The service itself says what is wrong, and serves the accounts that can be.
        return ()


def once(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and touch nothing.")] = False,
    as_json: Json = False,
    account: AccountOption = "",
    config: ConfigOption = None,
) -> int:
    """Do one cycle: read the calendars, look into the mailbox, and write what is due."""
    console = Console()
    code = 0
    with opened(config, only=account, exclusive=not dry_run, rehearsal=dry_run) as accounts:
        for each in accounts:
            done = _with_progress(console, each, dry_run=dry_run, quiet=as_json)
            if as_json:
                print(json.dumps(cycle_object(each.config.name, done), ensure_ascii=False))
            else:
                _print_cycle(console, each, done, dry_run=dry_run)
            code = max(code, _exit_code(done), key=lambda c: (c == EX_NOPERM, c))
    return code


def _with_progress(console: Console, each: Opened, *, dry_run: bool, quiet: bool) -> Cycle:
    account = each.account
    if quiet or not console.is_terminal:
        return cycle(account, wall_clock(), apply=not dry_run)
    started = time.monotonic()
    with console.status("") as spinner:
        spinner.stop()

        def progress(text: str) -> None:
            spinner.update(plain(text))
            if time.monotonic() - started > 2:
                spinner.start()

        return cycle(account, wall_clock(), apply=not dry_run, progress=progress)


def _exit_code(done: Cycle) -> int:
    if any(isinstance(error, AuthenticationError) for error in done.errors):
        return EX_NOPERM
    return EX_TEMPFAIL if done.errors else 0


def action_object(action: Action) -> dict[str, Any]:
    """One planned action as data."""
    base: dict[str, Any] = {"action": type(action).__name__, "reason": action.reason}
    if isinstance(action, DeliverNote):
        return {**base, "kind": action.kind, "subject": action.note.subject, "items": list(action.items)}
    followup = action.followup
    base |= {"interview": followup.interview_id, "key": followup.key, "title": followup.title}
    if isinstance(action, CreateDraft | ReplaceDraft):
        draft = action.draft
        base |= {"to": [a.email for a in draft.to], "subject": draft.subject, "message_id": draft.message_id}
    if isinstance(action, Wait) and action.until is not None:
        base["until"] = utc_text(action.until)
    return base


def cycle_object(name: str, done: Cycle) -> dict[str, Any]:
    """One cycle as data."""
    return {
        "account": name,
        "plan": [action_object(action) for action in done.plan.actions],
        "failed": {port: str(error) for port, error in done.failed.items()},
        "errors": [str(item.error) for item in done.done if item.error is not None],
        "unreadable": [{"where": p.where, "what": p.what} for p in done.problems],
        "next": utc_text(done.plan.next_at) if done.plan.next_at else None,
    }


def _print_cycle(console: Console, each: Opened, done: Cycle, *, dry_run: bool) -> None:
    failures = {id(item.action): item.error for item in done.done if item.error is not None}
    for action in done.plan.actions:
        error = failures.get(id(action))
        mark = "[red]✗[/]" if error else ("[dim]·[/]" if isinstance(action, Wait | Settle) else "[green]✓[/]")
        tail = f" [red]{plain(str(error))}[/]" if error else ""
        said = sentence(action, dry_run=dry_run, failed=error is not None)
        console.print(f"{mark} {said}{tail}", highlight=False)
    for port, error in done.failed.items():
        console.print(f"[red]✗[/] {plain(port)}: {plain(str(error))}", highlight=False)
    for problem in done.problems:
        console.print(f"[yellow]![/] {plain(problem.where)}: {plain(problem.what)}", highlight=False)
    if not done.plan.actions and not done.failed:
        console.print(f"[dim]{plain(each.config.name)}: nothing to do[/]")


def sentence(action: Action, *, dry_run: bool, failed: bool = False) -> str:
    """An action in words, with the terminal's markup."""

    def words(would: str, did: str) -> str:
        return f"could not {would}" if failed else f"would {would}" if dry_run else did

    if isinstance(action, DeliverNote):
        return f"{words('write', 'wrote')} you a note: {plain(action.note.subject)}"
    followup = action.followup
    who = plain(followup.recipient.name or followup.recipient.email or "an interviewer whose address is not known")
    what = plain(followup.title)
    match action:
        case CreateDraft():
            return f"{words('draft', 'drafted')} to {who} about {what}"
        case ReplaceDraft():
            return f"{words('weave', 'wove')} your notes into the draft to {who} about {what}"
        case WithdrawDraft():
            return f"{words('take back', 'took back')} the draft to {who} about {what}: {plain(action.reason)}"
        case Settle() | Wait():
            return f"[dim]{who}, {what}: {plain(action.reason)}[/]"
