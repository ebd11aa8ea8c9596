"""The systemd units that travel with Afterword, made to fit the machine they are installed on. Pure but `shipped`."""

import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final

MARK: Final = "# Written by `afterword service install`; `afterword service remove` takes it away."
NOTIFY_RELOAD_SINCE: Final = 253
"""systemd 253 brought Type=notify-reload (systemd.service(5))."""
HOMES: Final = ("/home", "/root", "/run/user")
"""What ProtectHome=yes hides (systemd.exec(5))."""
_PLAIN: Final = re.compile(r"[A-Za-z0-9_/.@:+,-]+")


def shipped(scope: str, name: str) -> str:
    """A unit file as it is shipped; `scope` is `user` or `system`."""
    inside = f"system/{name}" if scope == "system" else name
    packed = resources.files("daemon").joinpath("units", inside)
    if packed.is_file():
        return packed.read_text(encoding="utf-8")
    # A checkout keeps them where people look for them.
    return (Path(__file__).parents[2] / "systemd" / inside).read_text(encoding="utf-8")


def fitted(unit: str, program: Path, version: int) -> str:
    """The unit with the program's own path, and with what this version of systemd can do."""
    lines = []
    for line in unit.splitlines():
        if line.startswith("ExecStart="):
            lines.append(f"ExecStart={quoted(str(program))} run")
        elif version >= NOTIFY_RELOAD_SINCE and line == "Type=notify":
            lines.append("Type=notify-reload")
        elif version >= NOTIFY_RELOAD_SINCE and line.startswith(
            ("ExecReload=", "# The shell's own kill", "# notify-rel")
        ):
            continue
        else:
            lines.append(line)
    return "\n".join([MARK, *lines]) + "\n"


def quoted(word: str) -> str:
    """One word of a command line in a unit: specifiers and variables taken literally (systemd.service(5))."""
    word = word.replace("%", "%%").replace("$", "$$")
    if _PLAIN.fullmatch(word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def credential_names(configs: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The systemd credentials that these configurations (as plain data) refer to, sorted."""
    return tuple(sorted({text.partition(":")[2] for config in configs for text in _texts(config)}))


def credentials_drop_in(names: Iterable[str], encrypted: frozenset[str]) -> str:
    """A drop-in that loads each credential: from the encrypted store if it lies there, else from the plain one."""
    lines = [MARK, "[Service]"]
    for name in names:
        if name in encrypted:
            lines.append(f"LoadCredentialEncrypted={name}:/etc/credstore.encrypted/{name}")
        else:
            lines.append(f"LoadCredential={name}:/etc/credstore/{name}")
    return "\n".join(lines) + "\n"


def hidden_from_system(program: Path) -> bool:
    """Whether a hardened system unit could not see the program, because it lies in somebody's home."""
    return any(program.is_relative_to(home) for home in HOMES)


def version_in(text: str) -> int:
    """The version in the first line of `systemctl --version`; 0 where there is none."""
    found = re.match(r"systemd (\d+)", text)
    return int(found[1]) if found else 0


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if value.startswith("credential:"):
            yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
