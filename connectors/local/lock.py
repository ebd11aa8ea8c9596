"""One writer at a time in a folder, across processes, without leaving a file in the owner's mail."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connectors.errors import TemporaryError

_PATIENCE_SECONDS = 10.0
_STEP_SECONDS = 0.01


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Holds flock(2) on the directory itself; the kernel lets go of it when the process dies. Raises TemporaryError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _acquire(descriptor, folder)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, folder: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise TemporaryError(f"{folder} is locked by another process") from error
            time.sleep(_STEP_SECONDS)
        else:
            return
