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
    """A round goes through all calendars, page by page; a delta link ends each."""

    covers: Window
    """The range that the delta links stand for: it is asked for once, in the first request."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Calendar as configured (empty for the standard one) -> delta link."""
    todo: tuple[str, ...] = ()
    """Calendars that this round has still to read, the first of them perhaps begun."""
    page: str = ""
    """The next link of the first of them."""
    series: frozenset[str] = frozenset()
    """Ids of the series whose occurrences were handed out: what is told of a deleted series may be its id alone."""

    def dump(self) -> str:
        """As text."""
        content = {
            "covers": [self.covers.start.isoformat(), self.covers.end.isoformat()],
            "links": dict(self.links),
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
            start, end = (datetime.fromisoformat(when).astimezone(UTC) for when in data["covers"])
            return cls(
                Window(start, end),
                {str(name): str(link) for name, link in data["links"].items()},
                tuple(map(str, data["todo"])),
                str(data["page"]),
                frozenset(map(str, data["series"])),
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise CursorExpired("the cursor is not one of this connector's", operation="pull") from None
