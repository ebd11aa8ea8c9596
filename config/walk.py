"""The schema as a list of tables and keys: what the example file and the reference page are generated from."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from config.fields import format_duration
from config.problems import KINDS, model_in
from config.schema import AccountConfig
from config.secrets import SecretRef


@dataclass(frozen=True, slots=True)
class TableOfKeys:
    """One TOML table: its header without brackets, and whether the header is that of an array."""

    header: str
    array: bool
    model: type[BaseModel]
    kind: str = ""
    """Where several models share a header."""

    @property
    def keys(self) -> dict[str, FieldInfo]:
        """Its keys, without those that are tables of their own."""
        return {name: info for name, info in self.model.model_fields.items() if not _is_subtable(name, info)}


def tables() -> Iterator[TableOfKeys]:
    """Every table, in the order of the schema, a table's own tables right after it."""
    for name, info in AccountConfig.model_fields.items():
        array = get_origin(info.annotation) is tuple
        models = KINDS.get(name) or {"": model_in(info.annotation) or AccountConfig}
        for kind, model in models.items():
            yield TableOfKeys(name, array, model, kind)
            for inner, inner_info in model.model_fields.items():
                if _is_subtable(inner, inner_info):
                    yield TableOfKeys(f"{name}.{inner}", False, model_in(inner_info.annotation) or model, kind)


def default(info: FieldInfo) -> Any:
    """The default as it would stand in the file; None where there is none, or where it depends."""
    if info.is_required():
        return None
    value = info.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, timedelta):
        return format_duration(value)
    return list(value) if isinstance(value, tuple) else value


_FORMS: Final = {
    bool: "true or false",
    int: "whole number",
    str: "text",
    timedelta: "span of time",
    time: "time of day",
    Path: "path",
    SecretRef: "secret reference",
}


def form(annotation: Any) -> str:
    """What a value looks like, in words."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return form(get_args(annotation)[0])
    if origin is Literal:
        return ", ".join(f'`"{value}"`' for value in get_args(annotation))
    if origin is tuple:
        return f"list: {form(get_args(annotation)[0])}"
    members = [member for member in get_args(annotation) if member is not type(None)]
    if members:
        return form(members[0])
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "{ " + ", ".join(annotation.model_fields) + " }"
    return _FORMS[annotation]


def _is_subtable(name: str, info: FieldInfo) -> bool:
    # A rule's match and the entries of a list read best on one line.
    return name != "match" and get_origin(info.annotation) is not tuple and model_in(info.annotation) is not None
