"""How far the collections were read, as an opaque text: sync token or CTag, and an ETag's digest for each resource.

The digests tell what changed where a server has no sync-collection or has forgotten the token, so that neither costs a
full read, and what is a removal and what a fault.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from connectors.errors import CursorExpired
from connectors.model import Window

_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Known:
    """One resource that was read."""

    tag: str
    """Digest of its ETag."""
    uids: tuple[str, ...] = ()
    """Digests of its UIDs where it holds several: each is an invite with a key of its own."""

    def keys(self, path: str) -> tuple[str, ...]:
        """The keys of the invites that it gave."""
        return tuple(f"{path}#{uid}" for uid in self.uids) or (path,)


@dataclass(frozen=True, slots=True)
class Reached:
    """How far one collection was read."""

    token: str
    ctag: str
    known: Mapping[str, Known] = field(default_factory=dict)
    """By canonical path."""


@dataclass(frozen=True, slots=True)
class State:
    """The whole cursor. Everything that touches `window` was read."""

    window: Window
    collections: Mapping[str, Reached] = field(default_factory=dict)
    """By canonical path."""

    def covers(self, window: Window) -> bool:
        """Whether the window lies within what was read."""
        return self.window.start <= window.start and window.end <= self.window.end


def digest(text: str) -> str:
    """Short and stable."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def dump(state: State) -> str:
    """To text; resources are written relative to their collection."""
    return json.dumps(
        {
            "v": _VERSION,
            "from": state.window.start.astimezone(UTC).isoformat(),
            "to": state.window.end.astimezone(UTC).isoformat(),
            "in": {
                path: [
                    reached.token,
                    reached.ctag,
                    {_relative(path, at): [known.tag, *known.uids] for at, known in reached.known.items()},
                ]
                for path, reached in state.collections.items()
            },
        },
        separators=(",", ":"),
        sort_keys=True,
    )


def load(text: str) -> State:
    """From text. Raises CursorExpired for anything that `dump` did not write."""
    try:
        raw: Any = json.loads(text)
        if raw["v"] != _VERSION:
            raise KeyError("v")  # noqa: TRY301 (one way out for all that is not ours)
        window = Window(datetime.fromisoformat(raw["from"]), datetime.fromisoformat(raw["to"]))
        return State(
            window,
            {
                str(path): Reached(
                    str(token),
                    str(ctag),
                    {_absolute(path, at): Known(str(tag), tuple(map(str, uids))) for at, (tag, *uids) in known.items()},
                )
                for path, (token, ctag, known) in raw["in"].items()
            },
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        msg = "the cursor is not one of this calendar"
        raise CursorExpired(msg, operation="pull") from None


def _relative(folder: str, path: str) -> str:
    return path.removeprefix(folder) if path.startswith(folder) else path


def _absolute(folder: str, path: str) -> str:
    return path if path.startswith("/") else folder + path
