"""pydantic's errors in the owner's words: key as it stands in the file, line, and what to do. Values are never shown."""

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from config.connections import Calendar, Mailbox, Notifier
from config.errors import ConfigProblem
from config.positions import KeyPath, line_of
from config.schema import AccountConfig
from config.secrets import REMEDY

KINDS: Final[dict[str, dict[str, type[BaseModel]]]] = {
    key: {get_args(model.model_fields["kind"].annotation)[0]: model for model in get_args(get_args(union)[0])}
    for key, union in (("mailbox", Mailbox), ("calendars", Calendar), ("notify", Notifier))
}
"""The models of each table that has a `kind`."""

_WANTED: Final = {
    "string_type": 'text in quotes, such as "..."',
    "bool_type": "true or false, without quotes",
    "int_type": "a whole number, without quotes",
    "tuple_type": 'a list, such as ["..."]',
    "model_type": "a table",
    "model_attributes_type": "a table",
    "dict_type": "a table",
}


def describe(
    file: Path, lines: dict[KeyPath, int], data: Mapping[str, Any], errors: Iterable[ErrorDetails]
) -> list[ConfigProblem]:
    """One problem for each error; those that only repeat another table's (an inherited value) are left out."""
    problems = []
    for error in errors:
        context = error.get("ctx", {})
        path = (*_without_tags(data, error["loc"]), *context.get("where", ()))
        if error["type"] not in {"missing", "wrong"} and not _stands(data, path):
            continue
        message, remedy = _words(error["type"], error["msg"], path, data, context)
        problems.append(ConfigProblem(file, line_of(lines, path) or 1, dotted(path), message, remedy))
    return problems


def dotted(path: KeyPath) -> str:
    """`calendars[0].url`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _words(kind: str, said: str, path: KeyPath, data: Mapping[str, Any], context: Mapping[str, Any]) -> tuple[str, str]:
    match kind:
        case "missing":
            return "this is missing", f"add {_example(path, data)}"
        case "extra_forbidden":
            return "this key is not known", _nearest(str(path[-1]), _known(path[:-1], data))
        case "union_tag_not_found":
            return "kind is missing", f"add kind, one of {', '.join(KINDS[str(path[0])])}"
        case "union_tag_invalid":
            kinds = KINDS[str(path[0])]
            return "this kind is not known", _nearest(str(_at(data, path).get("kind")), kinds, "kind")
        case "literal_error":
            return "this is not one of the possible values", f"use {context['expected']}"
        case "too_short":
            return "at least one entry is needed", "add one"
        case "greater_than_equal":
            return "this is too small", f"use {context['ge']} or more"
        case "less_than_equal":
            return "this is too large", f"use {context['le']} or less"
        case "wrong":
            return said, context["remedy"]
        case "value_error":
            message = str(context["error"])
            return message, REMEDY if "secret must not" in message else ""
    wanted = _WANTED.get(kind)
    return ("this has the wrong type", f"write {wanted}") if wanted else ("this cannot be used", "see config example")


def _without_tags(data: Any, loc: tuple[str | int, ...]) -> KeyPath:
    """pydantic names the member of a union in the location, right after the table's own key or index."""
    path: list[str | int] = []
    for part in loc:
        place = tuple("*" if isinstance(done, int) else done for done in path)
        tagged = place in {("mailbox",), ("calendars", "*"), ("notify", "*")}
        if tagged and len(loc) > len(path) and part == loc[len(path)] and part in KINDS[str(path[0])]:
            table = _at(data, tuple(path))
            if isinstance(table, Mapping) and table.get("kind") == part and part not in table:
                continue
            if isinstance(table, Mapping) and table.get("kind") == part and loc.index(part, len(path)) == len(path):
                loc = (*loc[: len(path)], *loc[len(path) + 1 :])
                continue
        path.append(part)
    return tuple(path)


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


def _nearest(word: str, known: Iterable[str], what: str = "key") -> str:
    names = list(known)
    near = difflib.get_close_matches(word.lower(), names, n=1)
    if near:
        return f"did you mean {near[0]}?" if what == "key" else f"did you mean {near[0]}? One of {', '.join(names)}"
    return f"one of {', '.join(names)}"


def _example(path: KeyPath, data: Mapping[str, Any]) -> str:
    return "the table [" + str(path[0]) + "]" if len(path) == 1 else f"{path[-1]} = ..."
