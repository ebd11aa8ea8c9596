"""From a config file to an account that can be served: the owner's words turned into the core's, the ports opened."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from config.schema import AccountConfig
from config.secrets import resolve
from connectors.model import Address
from connectors.registry import Context, open_calendars, open_mailbox, open_notifiers
from daemon.account import Account
from daemon.store.keyfile import AccountKey, load_or_create
from daemon.store.store import Store
from daemon.wishes import owner_of, wishes_of


@dataclass(frozen=True, slots=True)
class AccountPaths:
    """Where one account's state lies."""

    state_dir: Path
    store: Path
    key: Path


def paths_for(config: AccountConfig, state_dir: Path) -> AccountPaths:
    """The account's own folder below the state folder. The key lies beside the store, so that it outlives it."""
    folder = state_dir / config.name
    store = config.store.path or folder / "store.sqlite"
    return AccountPaths(folder, store, folder / "account.key")


def open_store(config: AccountConfig, state_dir: Path, *, now: datetime) -> AbstractContextManager[Store]:
    """The store of this account's config. Raises daemon.store.errors.StoreError."""
    if config.store.url is not None:
        return Store.open(resolve(config.store.url).reveal(), now=now)
    return Store.open(paths_for(config, state_dir).store, now=now)


def build(
    config: AccountConfig, store: Store, state_dir: Path, *, now: datetime, key: AccountKey | None = None
) -> Account:
    """Everything that is needed to serve the account. Opens no connection yet.

    `key` stands in for the account's own key, which is otherwise read, or made where there is none.
    """
    paths = paths_for(config, state_dir)
    key = key or load_or_create(paths.key, now=now)
    mine = store.account(config.name)
    mine.set_up(key.created_at)
    owner = owner_of(config)
    context = Context(
        account=config.name,
        owner=Address(owner.primary, owner.name),
        addresses=owner.addresses,
        zone=owner.zone,
        state_dir=paths.state_dir,
    )
    return Account(
        name=config.name,
        owner=owner,
        wishes=wishes_of(config),
        key=key.key,
        store=mine,
        calendars=open_calendars(config, context),
        mailbox=open_mailbox(config.mailbox, context),
        notifiers=open_notifiers(config, context),
        overrides=templates_beside(config.path),
        look_back=config.service.look_back,
        wake_file=paths.state_dir / "wake" / "now",
    )


def templates_beside(config_path: Path | None) -> dict[str, str]:
    """The owner's own templates: `templates/LANGUAGE/NAME` beside the config file, by that relative name."""
    if config_path is None:
        return {}
    folder = config_path.parent / "templates"
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(".")]
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files}
