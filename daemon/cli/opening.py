"""What the commands share: finding the configuration, opening accounts, and telling what went wrong in a sentence."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from config import paths
from config.errors import SecretError
from config.schema import AccountConfig
from daemon.account import Account
from daemon.accounts import build, open_store
from daemon.cli.told import EX_CONFIG, EX_TEMPFAIL, Told, read_config
from daemon.core.facts import AccountFacts
from daemon.engine import conclude, window_at
from daemon.interviews import Concluded
from daemon.lock import AccountBusy, serving
from daemon.rehearsal import rehearsed
from daemon.service import exit_code, wall_clock
from daemon.store.errors import StoreError


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
        except OSError as error:
            message = (
                f"{error.filename or state}: {error.strerror or error}; look at the permissions and the free space"
            )
            raise Told(message, EX_TEMPFAIL) from None
        try:
            yield tuple(found)
        except StoreError as error:
            raise Told(str(error), exit_code(error)) from None
