"""A dry run: the very same cycle, on a copy of the store and with a mailbox that writes nothing."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from config.schema import AccountConfig
from connectors.dry_run import DryRunMailbox
from daemon.account import Account
from daemon.accounts import build, open_store, paths_for
from daemon.store import schema
from daemon.store.keyfile import AccountKey, load_or_create
from daemon.store.store import Store

UNKNOWN_KEY = b"\0" * 32
"""For an account that has never been served: nothing of it lies in any mailbox that could be looked for."""


@contextmanager
def rehearsed(config: AccountConfig, state_dir: Path, *, now: datetime) -> Iterator[Account]:
    """The account on a copy of its store. Whatever is written goes into the copy, which is thrown away."""
    paths = paths_for(config, state_dir)
    key = load_or_create(paths.key, now=now) if paths.key.exists() else AccountKey(UNKNOWN_KEY, now)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="afterword-")))
        copy = stack.enter_context(Store.open(folder / "store.sqlite", now=now))
        if config.store.url is not None or paths.store.exists():
            with open_store(config, state_dir, now=now) as original:
                copy_account(original, copy, config.name)
        account = build(config, copy, state_dir, now=now, key=key)
        yield replace(account, mailbox=DryRunMailbox(account.mailbox), notifiers=(), wake_file=None)


def copy_account(original: Store, copy: Store, name: str) -> None:
    """Every row of one account, as it stands."""
    with original.reading() as source, copy.writing(name) as target:
        for table in schema.metadata.sorted_tables:
            owner = table.c.name if table is schema.accounts else table.c.account
            rows = source.execute(select(table).where(owner == name)).mappings().all()
            if rows:
                target.execute(table.insert(), [dict(row) for row in rows])
