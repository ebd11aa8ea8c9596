"""The calendar's cursor: how far each folder has been read. JSON, opaque to everybody else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from connectors.errors import CursorExpired

_VERSION = "1"


@dataclass(frozen=True, slots=True)
class Mark:
    """How far one folder has been read."""

    uid_validity: int
    next_uid: int
    """Every message below it has been looked at."""
    first_look: bool = False
    """The first look lasts: only mail within the look-back counts."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """All that a pull needs to know of the ones before it."""

    since: datetime
    """Start of the window that was asked for, UTC."""
    marks: Mapping[str, Mark] = field(default_factory=dict)

    def dump(self) -> str:
        """As text."""
        folders = {
            name: [mark.uid_validity, mark.next_uid, *([1] if mark.first_look else [])]
            for name, mark in sorted(self.marks.items())
        }
        return json.dumps({_VERSION: {"since": self.since.isoformat(), "folders": folders}}, ensure_ascii=False)

    @classmethod
    def load(cls, text: str) -> "Cursor":
        """Raises CursorExpired for what is no cursor of ours."""
        try:
            data = json.loads(text)[_VERSION]
            return cls(
                datetime.fromisoformat(data["since"]).astimezone(UTC),
                {
                    name: Mark(int(values[0]), int(values[1]), first_look=len(values) > 2)
                    for name, values in data["folders"].items()
                },
            )
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise CursorExpired("the cursor is not one of this connector's", operation="pull") from error
