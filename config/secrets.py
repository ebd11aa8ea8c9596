"""References to secrets, and what they lead to. A config file holds references only; a secret never prints itself."""

import os
import re
import shlex
import stat
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.errors import SecretError
from config.paths import credentials_dir

COMMAND_TIMEOUT_SECONDS: Final = 30
"""A password manager may ask for a fingerprint; longer than that and the service would hang."""
MAX_BYTES: Final = 64 * 1024

FORMS: Final = "credential:NAME, command:PROGRAM ARGS, keyring:SERVICE/USER, file:PATH or env:NAME"
REMEDY: Final = (
    'keep it elsewhere and name the place: "keyring:SERVICE/USER", "file:PATH" (mode 0600), '
    '"command:pass show mail", "credential:NAME" (systemd) or "env:NAME"'
)

_NAME = re.compile(r"[A-Za-z0-9_.@-]+")
_ENV = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret is kept: `scheme` and what it means there. Harmless to show."""

    scheme: str
    target: str

    def __str__(self) -> str:
        return f"{self.scheme}:{self.target}"

    @classmethod
    def parse(cls, text: str, folder: Path | None = None) -> "SecretRef":
        """Read `scheme:target`; a relative `file:` path starts at `folder`.

        Raises ValueError without repeating the text, which may be a secret written down by mistake.
        """
        scheme, colon, target = text.partition(":")
        target = target.strip()
        check = _FORMS.get(scheme)
        if not colon or check is None:
            msg = "a secret must not stand in the file itself"
            raise ValueError(msg)
        if not target or not check(target):
            msg = f"this is no reference of the form {_SHAPES[scheme]}"
            raise ValueError(msg)
        if scheme == "file":
            path = Path(target).expanduser()
            target = str(folder / path if folder else path)
        return cls(scheme, target)


class Secret:
    """A secret in memory. Only `reveal` gives it; printing, formatting, comparing by repr and pickling do not."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret itself: pass it on, keep it nowhere."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(****)"

    def __str__(self) -> str:
        return "****"

    def __format__(self, spec: str) -> str:
        return "****"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str | tuple[object, ...]:
        msg = "a secret is not to be stored"
        raise TypeError(msg)


def resolve(ref: SecretRef) -> Secret:
    """Fetch the secret; one trailing newline is not part of it. Raises SecretError, which never holds the secret."""
    value = _RESOLVERS[ref.scheme](ref)
    value = value.removesuffix("\n").removesuffix("\r")
    if not value:
        msg = f"{ref} leads to an empty secret"
        raise SecretError(msg, remedy="store the secret there first")
    return Secret(value)


def _credential(ref: SecretRef) -> str:
    folder = credentials_dir()
    if folder is None:
        msg = f"{ref}: there are no systemd credentials here"
        raise SecretError(msg, remedy=f"add LoadCredential={ref.target}:PATH to the unit, or use another reference")
    return _read(ref, folder / ref.target, remedy=f"add LoadCredential={ref.target}:PATH to the unit")


def _file(ref: SecretRef) -> str:
    path = Path(ref.target)
    try:
        mode = path.stat().st_mode
    except OSError as error:
        reason = error.strerror or "cannot be read"
    else:
        if stat.S_IMODE(mode) & 0o077:
            msg = f"{ref} can be read by others (mode {stat.S_IMODE(mode):04o})"
            raise SecretError(msg, remedy=f"chmod 600 {shlex.quote(ref.target)}")
        return _read(ref, path, remedy="name a file that holds the secret and nothing else")
    msg = f"{ref}: {reason}"
    raise SecretError(msg, remedy="write the secret to that file, mode 0600")


def _read(ref: SecretRef, path: Path, *, remedy: str) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or "cannot be read"
    else:
        return _decode(ref, raw)
    msg = f"{ref}: {reason}"
    raise SecretError(msg, remedy=remedy)


def _decode(ref: SecretRef, raw: bytes) -> str:
    # A UnicodeDecodeError carries the bytes, so none may be in flight when the SecretError is raised.
    text = raw.decode("utf-8", errors="replace")
    if len(raw) > MAX_BYTES or "\ufffd" in text or "\0" in text:
        msg = f"{ref} does not lead to a text of at most {MAX_BYTES} bytes of UTF-8"
        raise SecretError(msg, remedy="check what is kept there")
    return text


def _command(ref: SecretRef) -> str:
    remedy = "run the command by hand and see what it says"
    try:
        done = subprocess.run(  # noqa: S603 (the owner's own command, given as argv; no shell)
            shlex.split(ref.target),
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        reason = f"took longer than {COMMAND_TIMEOUT_SECONDS} s"
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "cannot be started"
    else:
        if done.returncode == 0:
            return _decode(ref, done.stdout)
        reason = f"ended with exit code {done.returncode}"
    msg = f"{ref} {reason}"
    raise SecretError(msg, remedy=remedy)


def _keyring(ref: SecretRef) -> str:
    import keyring  # noqa: PLC0415 (its backends are slow to import and most accounts do not use it)
    from keyring.errors import KeyringError  # noqa: PLC0415

    service, _, user = ref.target.rpartition("/")
    try:
        value = keyring.get_password(service, user)
    except (KeyringError, RuntimeError) as error:
        reason = f"the keyring cannot be used ({type(error).__name__})"
        remedy = "unlock it, or use another kind of reference"
    else:
        if value is not None:
            return value
        reason, remedy = "nothing is kept there", f"keyring set {shlex.quote(service)} {shlex.quote(user)}"
    msg = f"{ref}: {reason}"
    raise SecretError(msg, remedy=remedy)


def _env(ref: SecretRef) -> str:
    value = os.environ.get(ref.target)
    if value is None:
        msg = f"{ref}: this variable is not set"
        raise SecretError(msg, remedy=f"set {ref.target} in the service's environment, or use another reference")
    return value


def _is_argv(target: str) -> bool:
    try:
        return bool(shlex.split(target))
    except ValueError:
        return False


_FORMS: Final[dict[str, Callable[[str], bool]]] = {
    "credential": lambda target: bool(_NAME.fullmatch(target)) and target not in {".", ".."},
    "command": _is_argv,
    "keyring": lambda target: all(target.rpartition("/")[::2]),
    "file": lambda target: "\0" not in target,
    "env": lambda target: bool(_ENV.fullmatch(target)),
}
_SHAPES: Final = dict(zip(_FORMS, FORMS.replace(" or ", ", ").split(", "), strict=True))
_RESOLVERS: Final[dict[str, Callable[[SecretRef], str]]] = {
    "credential": _credential,
    "command": _command,
    "keyring": _keyring,
    "file": _file,
    "env": _env,
}
