"""What the commands share: finding the configuration, opening accounts, and telling what went wrong in a sentence."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import tzlocal

from config import paths
from config.errors import ConfigError, SecretError
from config.load import load_all
from config.schema import AccountConfig
from daemon.accounts import build, open_store, owner_of
from daemon.cli.explain_cmd import owner_from
from daemon.core.facts import AccountFacts
from daemon.core.model import Owner
from daemon.engine import Account, conclude, window_at
from daemon.interviews import Concluded
from daemon.lock import AccountBusy, serving
from daemon.rehearsal import rehearsed
from daemon.service import exit_code, wall_clock
from daemon.store.errors import StoreError

EX_TEMPFAIL, EX_CONFIG = 75, 78


class Told(Exception):
    """Ends a command with a sentence for the owner and an exit code of sysexits."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def read_config(config: Path | None) -> tuple[AccountConfig, ...]:
    """Every account of the configuration. Raises Told (78) with all problems."""
    path = config or paths.config_path()
    if not path.exists():
        message = f"there is no configuration yet at {path}: run `afterword init`, or name one with --config"
        raise Told(message, EX_CONFIG)
    try:
        return load_all(path)
    except ConfigError as error:
        raise Told(str(error), EX_CONFIG) from None


def owner_for(me: Sequence[str], name: str, timezone: str, config: Path | None) -> Owner:
    """The owner for `explain` and `preview`: from the options, else the configuration, else nobody in particular."""
    zone = _zone(timezone)
    if me:
        return owner_from(me, name, zone or _local_zone())
    path = config or paths.config_path()
    if path.exists():
        owner = owner_of(read_config(config)[0])
        return replace(owner, zone=zone or owner.zone, name=name or owner.name)
    return owner_from((), name, zone or _local_zone())


def _zone(name: str) -> ZoneInfo | None:
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        message = f"--timezone {name}: no such zone; write it as in Europe/Berlin"
        raise Told(message, 64) from None


def _local_zone() -> ZoneInfo:
    return ZoneInfo(tzlocal.get_localzone_name() or "UTC")


@dataclass(frozen=True)
class Opened:
    """One account with its store open."""

    config: AccountConfig
    account: Account

    def facts(self) -> AccountFacts:
        """Everything that is known of the account's follow-ups."""
        return self.account.store.facts(since=None)

    def concluded(self, now: datetime) -> Concluded:
        """What the stored invites show, without asking any calendar again."""
        return conclude(self.account, window_at(now, self.account.look_back))


@contextmanager
def opened(
    config: Path | None,
    *,
    only: str = "",
    exclusive: bool = False,
    rehearsal: bool = False,
    now: datetime | None = None,
) -> Iterator[tuple[Opened, ...]]:
    """Open the accounts, or the one named `only`. Raises Told.

    With `exclusive`, nobody else may be serving them. With `rehearsal`, they work on a copy of the store, and whatever
    they would write to the mailbox is left out.
    """
    state = paths.state_dir()
    moment = now or wall_clock()
    configs = [c for c in read_config(config) if not only or c.name == only]
    if not configs:
        message = f"there is no account named {only} in the configuration"
        raise Told(message, EX_CONFIG)
    with ExitStack() as stack:
        try:
            found = []
            for each in configs:
                if exclusive:
                    stack.enter_context(serving(each.name, state / each.name))
                if rehearsal:
                    account = stack.enter_context(rehearsed(each, state, now=moment))
                else:
                    store = stack.enter_context(open_store(each, state, now=moment))
                    account = build(each, store, state, now=moment)
                found.append(Opened(each, account))
        except AccountBusy as error:
            raise Told(str(error), EX_TEMPFAIL) from None
        except StoreError as error:
            raise Told(str(error), exit_code(error)) from None
        except SecretError as error:
            raise Told(str(error), EX_CONFIG) from None
        yield tuple(found)
