"""Dataclasses as JSON text and back. A field that an older row lacks gets its default; one that is no more is dropped.

A datetime is written as RFC 9557 has it, `2026-11-20T17:00:00+01:00[Europe/Berlin]`: the zone's name is part of what
the calendar said, and an offset alone would lose it. It stands in an object of its own, `{"@": ...}`, so that no
string of an invite's can pass for one.
"""

import json
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from daemon.store.errors import StoreCorrupt

_adapter = cache(TypeAdapter[Any])


def dump(kind: Any, value: object) -> str:
    """JSON text of a dataclass. Raises ValueError for a naive datetime. A lone surrogate becomes `?`."""
    plain = _adapter(kind).dump_python(value)
    text = json.dumps(plain, default=_encode, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace").decode()


def load(kind: Any, text: str) -> Any:
    """The dataclass that `dump` wrote. Raises StoreCorrupt, which quotes nothing of the text."""
    try:
        return _adapter(kind).validate_python(json.loads(text, object_hook=_decode))
    except ValidationError as error:
        fields = ", ".join(
            sorted({".".join(map(str, problem["loc"])) for problem in error.errors(include_input=False)})
        )
        raise StoreCorrupt(f"a stored {getattr(kind, '__name__', kind)} cannot be read: {fields}") from None
    except ValueError:
        raise StoreCorrupt(f"a stored {getattr(kind, '__name__', kind)} cannot be read") from None


def _encode(value: object) -> object:
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise ValueError(f"a naive datetime cannot be stored: {value}")
        zone = getattr(value.tzinfo, "key", None)
        return {"@": f"{value.isoformat()}[{zone}]" if zone else value.isoformat()}
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be stored")


def _decode(plain: dict[str, Any]) -> object:
    if plain.keys() != {"@"}:
        return plain
    instant, _, zone = plain["@"].partition("[")
    moment = datetime.fromisoformat(instant)
    if not zone:
        return moment
    try:
        return moment.astimezone(ZoneInfo(zone.rstrip("]")))
    except (KeyError, ValueError, OSError, OverflowError):
        # A zone that this machine's tzdata lacks, or an hour before year 1: the instant is right all the same.
        return moment
