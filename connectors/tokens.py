"""Where a login's tokens are kept: the keyring, or a 0600 file in the account's state folder.

Servers may give a new refresh token each time one is used, and punish the use of an old one by revoking all of them
(RFC 9700 section 4.14.2). So whoever uses a token holds `exclusive`, reads it anew, and saves what comes back at once.
"""

import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Protocol

from filelock import FileLock, Timeout

from config.paths import credentials_dir
from connectors.errors import AuthenticationError, ConnectorError, TemporaryError

_SERVICE = "afterword"
_LOCK_SECONDS = 60
_REMEDY = "run `afterword login`"


class Shelf(Protocol):
    """One place that holds one text. Errors are of `connectors.errors`."""

    def load(self) -> str | None:
        """The text, or None where there is none."""
        ...

    def save(self, text: str) -> None:
        """Keep this instead; whole or not at all."""
        ...

    def remove(self) -> None:
        """Forget it; nothing there is no error."""
        ...


class TokenStore:
    """The tokens of one login of one account. The text is the provider's library's own business."""

    def __init__(self, shelf: Shelf, *, lock: Path, initial: Path | None = None) -> None:
        """`initial` is a systemd credential that holds a first token; what is renewed goes to the shelf."""
        self._shelf = shelf
        self._lock = lock
        self._initial = initial

    def load(self) -> str | None:
        """What is kept, else the systemd credential's content, else None. Raises ConnectorError."""
        kept = self._shelf.load()
        if kept is not None or self._initial is None:
            return kept
        try:
            return self._initial.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError):
            msg = f"the systemd credential {self._initial.name} cannot be read"
            raise ConnectorError(msg, remedy="check LoadCredential= in the unit") from None

    def save(self, text: str) -> None:
        """Keep it at once and whole. Raises ConnectorError."""
        self._shelf.save(text)

    def remove(self) -> None:
        """Forget the login on this machine. Raises ConnectorError."""
        self._shelf.remove()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Nobody else of this account uses or renews the tokens meanwhile. Raises TemporaryError."""
        try:
            self._lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(self._lock, timeout=_LOCK_SECONDS, mode=0o600):
                yield
        except Timeout:
            raise TemporaryError("another process is renewing the login") from None
        except PermissionError:
            msg = f"the state folder {self._lock.parent} cannot be written to"
            raise ConnectorError(msg, remedy="give the service's user the right to write there") from None


def token_store(
    where: Literal["keyring", "file"], *, provider: str, address: str, account: str, state_dir: Path
) -> TokenStore:
    """The tokens of this address at this provider, for this account. Nothing is opened yet.

    The systemd credential is called `afterword-PROVIDER-ADDRESS`.
    """
    slug = re.sub(r"[^a-z0-9._@-]", "_", f"{provider}-{address.lower()}")
    shelf: Shelf = (
        KeyringShelf(f"{account}/{provider}/{address.lower()}")
        if where == "keyring"
        else FileShelf(state_dir / f"login-{slug}.json")
    )
    folder = credentials_dir()
    initial = folder / f"{_SERVICE}-{slug}" if folder else None
    return TokenStore(shelf, lock=state_dir / f"login-{slug}.lock", initial=initial)


class FileShelf:
    """A file that only its owner reads."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> str | None:
        """See `Shelf`. A file that others can read is refused: what it holds is no secret any more."""
        try:
            with self._path.open(encoding="utf-8") as file:
                if os.fstat(file.fileno()).st_mode & 0o077:
                    raise AuthenticationError(
                        f"the tokens in {self._path} can be read by others",
                        remedy=f"chmod 600 it, revoke the access with the provider, then {_REMEDY}",
                    )
                return file.read()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError):
            raise ConnectorError(f"the tokens in {self._path} cannot be read", remedy=_REMEDY) from None

    def save(self, text: str) -> None:
        """See `Shelf`."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}-")
        except OSError as error:
            raise self._unwritable(error) from None
        try:
            with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123 (a file descriptor, not a path)
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(self._path)
        except OSError as error:
            Path(temporary).unlink(missing_ok=True)
            raise self._unwritable(error) from None

    def remove(self) -> None:
        """See `Shelf`."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> ConnectorError:
        return ConnectorError(
            f"the tokens cannot be written to {self._path}: {error.strerror}",
            remedy="check free space and permissions of the state folder",
        )


class KeyringShelf:
    """The desktop's keyring (Secret Service and the like)."""

    def __init__(self, user: str) -> None:
        self._user = user

    def load(self) -> str | None:
        """See `Shelf`."""
        import keyring  # noqa: PLC0415 (its backends are slow to import and most accounts do not use it)

        with _keyring_faults():
            found: str | None = keyring.get_password(_SERVICE, self._user)
            return found

    def save(self, text: str) -> None:
        """See `Shelf`."""
        import keyring  # noqa: PLC0415

        with _keyring_faults():
            keyring.set_password(_SERVICE, self._user, text)

    def remove(self) -> None:
        """See `Shelf`."""
        import keyring  # noqa: PLC0415
        from keyring.errors import PasswordDeleteError  # noqa: PLC0415

        with _keyring_faults():
            try:
                keyring.delete_password(_SERVICE, self._user)
            except PasswordDeleteError:
                return


@contextmanager
def _keyring_faults() -> Iterator[None]:
    from keyring.errors import KeyringError  # noqa: PLC0415

    try:
        yield
    except (KeyringError, RuntimeError) as error:
        raise ConnectorError(
            f"the keyring cannot be used ({type(error).__name__})",
            remedy='unlock it, or set `tokens = "file"` and run `afterword login`',
        ) from None


def read_json(text: str) -> Mapping[str, object]:
    """A stored token that is a JSON object. Raises AuthenticationError, without any of the text."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise AuthenticationError("the stored login cannot be understood", remedy=_REMEDY)
    return found
