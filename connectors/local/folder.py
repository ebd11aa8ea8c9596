"""One Maildir folder on disk: list, read, deliver, remove. Other programs rename and move its files at any moment.

Format: https://cr.yp.to/proto/maildir.html; flags after `:2,`; mbsync adds `,U=n` to the unique name and may use
another delimiter than the colon. A file that vanishes between listing and reading is normal, not an error.
"""

import itertools
import os
import re
import secrets
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from connectors.mime import header_block

_INFO = re.compile(r"[:;!]2,([A-Za-z]*)$")
_HEADER_LIMIT = 262_144
_count = itertools.count()


@dataclass(frozen=True, slots=True)
class Entry:
    """One message file as it was listed."""

    path: Path
    unique: str
    """The part of the name that stays when flags change or a sync program adds its own number."""
    flags: str
    mtime_ns: int
    ctime_ns: int
    """Moves on when the file is put here or renamed, so that newcomers are known by it."""
    size: int

    @property
    def trashed(self) -> bool:
        """Flag T: marked as deleted, counts as absent."""
        return "T" in self.flags

    @property
    def arrived(self) -> datetime:
        """File time, UTC."""
        return datetime.fromtimestamp(self.mtime_ns / 1e9, UTC)


def is_folder(path: Path) -> bool:
    """Whether this is a Maildir folder; one whose `new` or `tmp` was lost still is."""
    return (path / "cur").is_dir()


def make_folder(path: Path) -> None:
    """Create the folder with its three parts, durably, readable by nobody else."""
    for part in ("tmp", "new", "cur"):
        (path / part).mkdir(mode=0o700, parents=True, exist_ok=True)
    _sync_directory(path)
    _sync_directory(path.parent)


def entries(path: Path) -> list[Entry]:
    """All messages, in no order. Raises OSError if `cur` or an existing `new` cannot be listed.

    A file that is renamed while the folder is listed may show up twice or not at all; so `new` is listed before `cur`,
    which is the way files go, and the whole is repeated once if a directory changed meanwhile.
    """
    before = _stamps(path)
    found = dict(_listed(path))
    if _stamps(path) != before:
        again = dict(_listed(path))
        found = {unique: entry for unique, entry in found.items() if entry.path.exists()} | again
    return list(found.values())


def find(path: Path, unique: str) -> Entry | None:
    """The message with this unique name, under whatever flags it has now. Raises OSError as `entries`."""
    return next((entry for entry in entries(path) if entry.unique == unique), None)


def read(entry: Entry) -> bytes | None:
    """The whole message; None if it is no longer there. Raises other OSErrors."""
    try:
        return entry.path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def read_header(entry: Entry) -> bytes | None:
    """The octets up to the blank line, bounded; None if the file is no longer there. Raises other OSErrors."""
    data = b""
    try:
        with entry.path.open("rb") as file:
            while len(data) < _HEADER_LIMIT:
                more = file.read(8_192)
                data += more
                if not more or b"\n\n" in data or b"\n\r\n" in data:
                    break
    except (FileNotFoundError, NotADirectoryError):
        return None
    return header_block(data)


def deliver(path: Path, data: bytes, *, flags: str | None) -> str:
    """Write a message durably and let it appear in one step; returns its unique name. Raises OSError.

    With flags it goes to `cur`, with None to `new`. Line ends become LF, as in every Maildir.
    """
    unique = _unique_name()
    for part in ("tmp", "new", "cur"):
        (path / part).mkdir(mode=0o700, exist_ok=True)
    temporary = path / "tmp" / unique
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data.replace(b"\r\n", b"\n"))
            file.flush()
            os.fsync(file.fileno())
        target = path / "new" / unique if flags is None else path / "cur" / f"{unique}:2,{''.join(sorted(flags))}"
        temporary.rename(target)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    _sync_directory(target.parent)
    return unique


def remove(entry: Entry) -> bool:
    """Unlink exactly this file; False if it is no longer there under this name. Raises other OSErrors."""
    try:
        entry.path.unlink()
    except FileNotFoundError:
        return False
    _sync_directory(entry.path.parent)
    return True


def _stamps(path: Path) -> tuple[int, ...]:
    parts = (path / part for part in ("new", "cur"))
    return tuple(part.stat().st_mtime_ns for part in parts if part.is_dir())


def _listed(path: Path) -> Iterator[tuple[str, Entry]]:
    for part in ("new", "cur"):
        if part == "new" and not (path / part).is_dir():
            continue
        with os.scandir(path / part) as listing:
            for item in listing:
                if item.name.startswith("."):
                    continue
                try:
                    status = item.stat()
                except FileNotFoundError:
                    continue
                if not item.is_file():
                    continue
                info = _INFO.search(item.name)
                unique = item.name[: info.start()] if info else item.name
                unique = unique.partition(",")[0]
                flags = info.group(1) if info else ""
                yield (
                    unique,
                    Entry(Path(item.path), unique, flags, status.st_mtime_ns, status.st_ctime_ns, status.st_size),
                )


def _unique_name() -> str:
    host = socket.gethostname().replace("/", "-").replace(":", "-").replace(",", "-") or "localhost"
    now = time.time_ns()
    return f"{now // 10**9}.M{now % 10**9 // 1000}P{os.getpid()}Q{next(_count)}R{secrets.token_hex(4)}.{host}"


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
