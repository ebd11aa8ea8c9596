"""Putting a secret where the service can fetch it: the desktop's keyring, else a file that only its owner reads."""

import os
import re
from pathlib import Path

from config.errors import SecretError

PURPOSES = ("mail", "caldav", "calendar", "notify")
"""What `init` keeps secrets for."""
_UNSAFE = re.compile(r"[^A-Za-z0-9_.@-]")


def keep(secret: str, *, user: str, purpose: str, folder: Path, where: str = "auto") -> str:
    """Store the secret and give the reference to it. `where` is auto, keyring or file; a file goes below `folder`.

    Raises SecretError where the keyring was asked for and cannot be used.
    """
    if where in ("auto", "keyring"):
        problem = _to_keyring(secret, f"afterword-{purpose}", user)
        if not problem:
            return f"keyring:afterword-{purpose}/{user}"
        if where == "keyring":
            raise SecretError(f"the keyring cannot be used ({problem})", remedy="say --keep file")
    name = _UNSAFE.sub("_", f"{user}-{purpose}")
    path = folder / "secrets" / name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(path, secret + "\n")
    return f"file:secrets/{name}"


def unkeep(*, user: str, folder: Path) -> tuple[str, ...]:
    """Remove what `keep` put away for this user; the references that led there."""
    gone = []
    for purpose in PURPOSES:
        name = _UNSAFE.sub("_", f"{user}-{purpose}")
        path = folder / "secrets" / name
        if path.is_file():
            path.unlink()
            gone.append(f"file:secrets/{name}")
        if _from_keyring(f"afterword-{purpose}", user):
            gone.append(f"keyring:afterword-{purpose}/{user}")
    return tuple(gone)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    partial = path.with_name(f".{path.name}.new")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    partial.replace(path)


def _to_keyring(secret: str, service: str, user: str) -> str:
    """Why it could not be kept there, or empty."""
    import keyring  # noqa: PLC0415 (its backends are slow to import)
    from keyring.backends import fail, null  # noqa: PLC0415
    from keyring.errors import KeyringError  # noqa: PLC0415

    backend = keyring.get_keyring()
    if isinstance(backend, fail.Keyring | null.Keyring):
        return "there is none"
    try:
        keyring.set_password(service, user, secret)
        if keyring.get_password(service, user) == secret:
            return ""
    except (KeyringError, RuntimeError, OSError) as error:
        return type(error).__name__
    return "it does not give back what it was given"


def _from_keyring(service: str, user: str) -> bool:
    """Whether something lay there and was removed."""
    import keyring  # noqa: PLC0415 (its backends are slow to import)
    from keyring.errors import KeyringError  # noqa: PLC0415

    try:
        if keyring.get_password(service, user) is None:
            return False
        keyring.delete_password(service, user)
    except (KeyringError, RuntimeError, OSError):
        return False
    return True
