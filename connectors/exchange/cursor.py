"""How far the calendars of one table, and the invites in the inbox, were read. JSON, opaque to everybody else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from connectors.errors import CursorExpired
from connectors.model import Window

_VERSION = "1"


@dataclass(frozen=True, slots=True)
class Cursor:
    """A SyncState for each calendar, and which mails were told since shortly before the newest."""

    covers: Window
    """The range in which items were handed out: one outside of it was left out."""
    states: Mapping[str, str] = field(default_factory=dict)
    mail_since: datetime | None = None
    mail_told: frozenset[str] = frozenset()

    def dump(self) -> str:
        """As text."""
        content = {
            "covers": [self.covers.start.isoformat(), self.covers.end.isoformat()],
            "states": dict(self.states),
            "mail": [self.mail_since.isoformat() if self.mail_since else "", sorted(self.mail_told)],
        }
        return json.dumps({_VERSION: content}, separators=(",", ":"))

    @classmethod
    def load(cls, text: str) -> "Cursor":
        """Raises CursorExpired for what is no cursor of ours."""
        try:
            data = json.loads(text)[_VERSION]
            start, end = (datetime.fromisoformat(when).astimezone(UTC) for when in data["covers"])
            since, told = data["mail"]
            return cls(
                Window(start, end),
                {str(name): str(state) for name, state in data["states"].items()},
                datetime.fromisoformat(since) if since else None,
                frozenset(map(str, told)),
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise CursorExpired("the cursor is not one of this connector's", operation="pull") from None
