"""How far the calendars of one table were read. JSON, opaque to everybody else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from connectors.errors import CursorExpired
from connectors.model import Window

_VERSION = "1"


@dataclass(frozen=True, slots=True)
class Cursor:
    """A round goes through all calendars, page by page; a sync token ends each."""

    covers: Window
    """The range that the sync tokens stand for: it is asked for once, in the first request."""
    tokens: Mapping[str, str] = field(default_factory=dict)
    """Calendar id -> sync token; an empty one where the server gives none, so that it is read anew each time."""
    todo: tuple[str, ...] = ()
    """Calendars that this round has still to read, the first of them perhaps begun."""
    page: str = ""
    """The page token of the first of them."""
    series: frozenset[str] = frozenset()
    """Ids of the series whose instances were handed out: what is told of a deleted series may be its id alone."""

    def dump(self) -> str:
        """As text."""
        content = {
            "covers": [self.covers.start.isoformat(), self.covers.end.isoformat()],
            "tokens": dict(self.tokens),
            "todo": self.todo,
            "page": self.page,
            "series": sorted(self.series),
        }
        return json.dumps({_VERSION: content}, separators=(",", ":"))

    @classmethod
    def load(cls, text: str) -> "Cursor":
        """Raises CursorExpired for what is no cursor of ours."""
        try:
            data = json.loads(text)[_VERSION]
            start, end = (datetime.fromisoformat(moment).astimezone(UTC) for moment in data["covers"])
            return cls(
                Window(start, end),
                {str(name): str(token) for name, token in data["tokens"].items()},
                tuple(map(str, data["todo"])),
                str(data["page"]),
                frozenset(map(str, data["series"])),
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise CursorExpired("the cursor is not one of this connector's", operation="pull") from None
