"""The account's key: one small JSON file beside the store, so that losing the store does not lose the identities."""

import json
import os
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from daemon.store.errors import StoreCorrupt, StoreUnavailable

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class AccountKey:
    """What every identity of the account is computed with, and since when there is one (UTC)."""

    key: bytes = field(repr=False)
    created_at: datetime


def load_or_create(path: Path, *, now: datetime) -> AccountKey:
    """Read the key file; make it, with `now`, where there is none. Processes that start at once agree on one key.

    Raises StoreCorrupt where a file is there that holds no key (it is left as it is: another key would mean second
    drafts), StoreUnavailable where it cannot be read or made.
    """
    if now.utcoffset() is None:
        raise ValueError("`now` is naive")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return _read(path)
        except FileNotFoundError:
            _create(path, AccountKey(secrets.token_bytes(KEY_BYTES), now.astimezone(UTC)))
            return _read(path)
    except OSError as error:
        raise StoreUnavailable(
            f"the account's key cannot be read or made: {error.strerror or error}",
            where=str(path),
            remedy="make the file and its folder your own and writable",
        ) from error


def _read(path: Path) -> AccountKey:
    with path.open(encoding="utf-8") as file:
        if os.fstat(file.fileno()).st_mode & 0o077:
            path.chmod(0o600)
        try:
            found = json.load(file)
            key = b64decode(found["key"], validate=True)
            created_at = datetime.fromisoformat(found["created_at"])
            if len(key) == KEY_BYTES and created_at.utcoffset() is not None:
                return AccountKey(key, created_at.astimezone(UTC))
        except (ValueError, KeyError, TypeError, OverflowError):
            pass
    raise StoreCorrupt(
        "the file does not hold the account's key",
        where=str(path),
        remedy="put back a copy of it; with a new key, drafts that are there would be made a second time",
    ) from None


def _create(path: Path, fresh: AccountKey) -> None:
    content = {"key": b64encode(fresh.key).decode(), "created_at": fresh.created_at.isoformat()}
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        try:
            # Unlike a rename, a link never takes the place of what another process made meanwhile.
            path.hardlink_to(partial)
        except FileExistsError:
            return
    finally:
        partial.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
