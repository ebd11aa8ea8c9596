"""Column types that mean the same on SQLite and PostgreSQL."""

import hashlib
import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, String, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from daemon.store import payload

_UNFIT = re.compile("[\\\\\x00\ud800-\udfff]")
_LONGEST = 400


class UtcDateTime(TypeDecorator[datetime]):
    """An instant, in UTC. SQLite knows no zones: there it is text of one width, which sorts as time does.

    Raises ValueError for a naive datetime.
    """

    impl = String(27)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(String(27))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError(f"a naive datetime cannot be stored: {value}")
        moment = value.astimezone(UTC)
        if dialect.name == "postgresql":
            return moment
        return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"

    def process_result_value(self, value: Any, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return moment.astimezone(UTC)


class Name(TypeDecorator[str]):
    """An identifier to find a row by: a UID, an href, an account. What is read back is the column's form of it.

    Calendars and file names are foreign: NUL and lone surrogates, which no database takes, are escaped, and what is
    longer than an index entry of PostgreSQL's may be is cut and told apart by its SHA-256.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        if value is None:
            return None
        text = _UNFIT.sub(lambda found: "\\\\" if found[0] == "\\" else f"\\u{ord(found[0]):04x}", value)
        if len(text) <= _LONGEST:
            return text
        return f"{text[:_LONGEST]}#{hashlib.sha256(text.encode()).hexdigest()}"


class Payload(TypeDecorator[Any]):
    """A dataclass as JSON text; see `payload`."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str | None:
        return None if value is None else payload.dump(self.kind, value)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Any:
        return None if value is None else payload.load(self.kind, value)
