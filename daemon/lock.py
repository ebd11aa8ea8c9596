"""One process serves one account: a lock that the operating system lets go of when its holder dies."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout


class AccountBusy(Exception):
    """Another process serves this account."""

    def __init__(self, account: str, path: Path, holder: str) -> None:
        who = f" (process {holder})" if holder else ""
        super().__init__(
            f"another Afterword{who} is serving {account}; stop it first, or leave the work to it. The lock is {path}"
        )
        self.account = account


@contextmanager
def serving(account: str, state_dir: Path) -> Iterator[None]:
    """Hold the account's lock. Raises AccountBusy at once if somebody else has it."""
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = state_dir / f"{account}.lock"
    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise AccountBusy(account, path, _holder(path)) from None
    try:
        # Beside the lock, not in it: some systems forbid reading a locked file. A courtesy: a full disk may lack room.
        with suppress(OSError):
            _holder_file(path).write_text(f"{os.getpid()}\n", encoding="ascii")
        yield
    finally:
        with suppress(OSError):
            _holder_file(path).unlink(missing_ok=True)
        lock.release()


def _holder_file(path: Path) -> Path:
    return path.with_suffix(".pid")


def _holder(path: Path) -> str:
    try:
        return _holder_file(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
