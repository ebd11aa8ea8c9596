"""pydantic's errors in the owner's words: the key as in the file, its line, what to do. Values are never shown."""

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from config.connections import Calendar, Mailbox, Notifier
from config.errors import ConfigProblem
from config.positions import KeyPath, line_of
from config.schema import AccountConfig

KINDS: Final[dict[str, dict[str, type[BaseModel]]]] = {
    key: {get_args(model.model_fields["kind"].annotation)[0]: model for model in get_args(get_args(union)[0])}
    for key, union in (("mailbox", Mailbox), ("calendars", Calendar), ("notify", Notifier))
}
"""The models of each table that has a `kind`."""

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_WANTED: Final = {
    "string_type": 'text in quotes, such as "..."',
    "bool_type": "true or false, without quotes",
    "int_type": "a whole number, without quotes",
    "tuple_type": 'a list, such as ["..."]',
    "model_type": "a table",
    "model_attributes_type": "a table",
    "dict_type": "a table",
}
_ECHOES: Final = {"default_factory_not_called"}
"""pydantic says so where a default depends on a key that is itself wrong."""

_SAID: Final = {
    "literal_error": ("this is not one of the possible values", "use {expected}"),
    "too_short": ("at least one entry is needed", "add one"),
    "greater_than_equal": ("this is too small", "use {ge} or more"),
    "less_than_equal": ("this is too large", "use {le} or less"),
}


def describe(
    file: Path, lines: dict[KeyPath, int], data: Mapping[str, Any], errors: Iterable[ErrorDetails]
) -> list[ConfigProblem]:
    """One problem for each error; those that only repeat another one are left out."""
    problems = []
    for error in errors:
        context = error.get("ctx", {})
        table = _without_tags(error["loc"])
        if error["type"] in _ECHOES or _is_inherited(error["type"], table, data):
            continue
        path = (*table, *context.get("where", ("kind",) if error["type"] == "union_tag_invalid" else ()))
        if error["type"] == "too_short" and _at(data, path):
            continue  # its entries are wrong, which is told by themselves
        message, remedy = _words(error["type"], error["msg"], path, data, context)
        problems.append(ConfigProblem(file, line_of(lines, path) or 1, dotted(path), message, remedy))
    return problems


def _is_inherited(kind: str, path: KeyPath, data: Mapping[str, Any]) -> bool:
    """The value came from another table (`fill_in`), where the same problem is told."""
    return path[:1] in {("calendars",), ("notify",)} and kind != "missing" and not _stands(data, path)


def dotted(path: KeyPath) -> str:
    """`calendars[0].url`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = part if _BARE.fullmatch(part) else json.dumps(part)
            text += f".{name}" if text else name
    return text


def _words(kind: str, said: str, path: KeyPath, data: Mapping[str, Any], context: Mapping[str, Any]) -> tuple[str, str]:
    """Message and remedy."""
    if kind in _WANTED:
        return "this has the wrong type", f"write {_WANTED[kind]}"
    if kind in _SAID:
        message, remedy = _SAID[kind]
        return message, remedy.format(**context)
    others: dict[str, Callable[[], tuple[str, str]]] = {
        "wrong": lambda: (said, str(context["remedy"])),
        "missing": lambda: ("this is missing", f"add [{path[0]}]" if len(path) == 1 else f"add {path[-1]} = ..."),
        "extra_forbidden": lambda: ("this key is not known", _nearest(str(path[-1]), _known(path[:-1], data))),
        "union_tag_not_found": lambda: ("kind is missing", f"add kind, one of {', '.join(KINDS[str(path[0])])}"),
        "union_tag_invalid": lambda: ("this kind is not known", _nearest_kind(path, data)),
    }
    return others[kind]() if kind in others else ("this cannot be used", "see: afterword config example")


def _without_tags(loc: tuple[str | int, ...]) -> KeyPath:
    """pydantic puts the kind into the location, right after the key (and index) of the table that has one."""
    place = 1 if loc[:1] == ("mailbox",) else 2 if loc and loc[0] in KINDS else len(loc)
    return (*loc[:place], *loc[place + 1 :])


def _at(data: Any, path: KeyPath) -> Any:
    for part in path:
        try:
            data = data[part]
        except (LookupError, TypeError):
            return {}
    return data


def _stands(data: Any, path: KeyPath) -> bool:
    for part in path:
        try:
            data = data[part]
        except (LookupError, TypeError):
            return False
    return True


def _known(path: KeyPath, data: Mapping[str, Any]) -> list[str]:
    """The keys that the table at `path` may have."""
    model: type[BaseModel] = AccountConfig
    for depth, part in enumerate(path):
        if depth == 0 and part in KINDS:
            table = _at(data, path[:1] if part == "mailbox" else path[:2])
            model = KINDS[str(part)][table["kind"]]
        elif isinstance(part, str) and part in model.model_fields:
            inner = model_in(model.model_fields[part].annotation)
            model = inner or model
    return list(model.model_fields)


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The one table inside an annotation such as `tuple[Rule, ...]` or `OAuth | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in get_args(annotation) if (found := model_in(arg))), None)


def _nearest(word: str, known: Iterable[str]) -> str:
    names = list(known)
    near = difflib.get_close_matches(word.lower(), names, n=1)
    return f"did you mean {near[0]}?" if near else f"use one of {', '.join(names)}"


def _nearest_kind(path: KeyPath, data: Mapping[str, Any]) -> str:
    kinds = list(KINDS[str(path[0])])
    near = difflib.get_close_matches(str(_at(data, path)).lower(), kinds, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"{hint}use one of {', '.join(kinds)}"
