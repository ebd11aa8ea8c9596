"""A first config file as text: only what was answered, each key with its meaning above it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from config.example import toml_value
from config.walk import tables

_HEAD: Final = """\
# Afterword: this file is one person. {origin}
# Every other setting, with its default: afterword config example. No secret stands here, only where it is kept.
"""


@dataclass(frozen=True, slots=True)
class Answers:
    """What the owner said, as tables of the config file."""

    owner: Mapping[str, Any]
    mailbox: Mapping[str, Any]
    calendars: Sequence[Mapping[str, Any]] = ()
    notify: Sequence[Mapping[str, Any]] = ()
    origin: str = ""
    """A sentence on where the settings come from."""


def render(answers: Answers) -> str:
    """The config file; what is empty is left out."""
    parts = [_HEAD.format(origin=" ".join(answers.origin.split())).replace(" \n", "\n")]
    parts.append(_table("owner", answers.owner, array=False))
    parts.append(_table("mailbox", answers.mailbox, array=False))
    parts += [_table("calendars", table, array=True) for table in answers.calendars]
    parts += [_table("notify", table, array=True) for table in answers.notify]
    return "\n".join(parts)


def _table(header: str, values: Mapping[str, Any], *, array: bool, kind: str = "") -> str:
    kind = str(values.get("kind", kind))
    meanings = {
        key: info.description or ""
        for table in tables()
        if table.header == header and table.kind in ("", kind)
        for key, info in table.keys.items()
    }
    lines = [f"[[{header}]]" if array else f"[{header}]"]
    inner = []
    for key, value in values.items():
        if isinstance(value, Mapping):
            if any(value.values()):
                inner.append(_table(f"{header}.{key}", value, array=False, kind=kind))
            continue
        if value in ("", None, [], ()):
            continue
        if meanings.get(key):
            lines.append(f"# {meanings[key]}")
        lines.append(f"{key} = {toml_value(list(value) if isinstance(value, tuple) else value)}")
    return "\n".join([*lines, "", *inner])
