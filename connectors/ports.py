"""The ports: small protocols that every connector fulfils. None of them can send mail to a third party.

Errors: every method raises `connectors.errors.ConnectorError` or a subclass, and nothing else.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, runtime_checkable

from connectors.model import (
    Address,
    CalendarDelta,
    CheckLine,
    Draft,
    DraftRef,
    Note,
    Observations,
    Probe,
    RepliesDelta,
    Window,
)


class Port(Protocol):
    """What all ports share."""

    @property
    def name(self) -> str:
        """The configured name, unique within the account; it appears in logs and tables."""
        ...

    def check(self, *, write: bool = False) -> Sequence[CheckLine]:
        """Look at connection, permissions and folders; with `write`, also put a draft there and remove it again."""
        ...

    def close(self) -> None:
        """Let go of connections. The port may be used again afterwards."""
        ...


class Calendar(Port, Protocol):
    """A source of invites. Read, never written."""

    def pull(self, cursor: str | None, window: Window) -> CalendarDelta:
        """What changed since `cursor`; with None, or once the window outgrew the cursor, all that touches the window.

        An event outside the window may be left out, except the master of a series that reaches into it. The returned
        cursor is opaque and covers exactly what the delta covers. Raises CursorExpired.
        """
        ...


class Mailbox(Port, Protocol):
    """The owner's mail. Deliberately has no send()."""

    def observe(self, probes: Sequence[Probe]) -> Observations:
        """Look in Drafts, Sent, Trash, an outgoing queue and the inbox for every trace of these follow-ups."""
        ...

    def create_draft(self, draft: Draft) -> DraftRef:
        """Put it into Drafts, seen and flagged as a draft. Idempotent by Message-ID: one lying there is returned."""
        ...

    def replace_draft(self, ref: DraftRef, draft: Draft) -> DraftRef:
        """Exchange our own untouched draft for another. Raises DraftChanged if it was touched, DraftNotFound if gone.

        The new one is written before the old one is removed; after a cut in between, the next call mends it.
        """
        ...

    def delete_draft(self, ref: DraftRef) -> None:
        """Remove our own untouched draft. Raises DraftChanged if it was touched; one already gone is no error."""
        ...

    def deliver_note(self, note: Note) -> None:
        """Put it into the owner's own inbox, unread, once for its Message-ID."""
        ...

    def owner_replies(self, cursor: str | None, notes: Sequence[str]) -> RepliesDelta:
        """The owner's answers to the notes with these Message-IDs: only mail that lies in their Sent folder."""
        ...

    def find_people(self, names: Sequence[str], domains: Sequence[str]) -> Sequence[Address]:
        """Addresses at these domains that the headers of the owner's own mail show for these names. Reads no bodies."""
        ...


class Notifier(Port, Protocol):
    """Another way to reach the owner."""

    def notify(self, note: Note) -> None:
        """Pass on the brief form of the note, or the whole where the owner asked for it."""
        ...


class Subscription(Protocol):
    """A running watch."""

    def close(self) -> None:
        """Stop watching; no wake-up comes after it returned."""
        ...


@runtime_checkable
class Watchable(Protocol):
    """Optional: the port can tell that something changed (file events, IDLE, push). Absent means polling."""

    def subscribe(self, wake: Callable[[], None]) -> Subscription:
        """Call `wake`, from any thread and never blocking, whenever something may have changed.

        A thousand subscriptions share one thread per kind of connector.
        """
        ...


@runtime_checkable
class Metered(Protocol):
    """Optional: the port counts what it spends at its provider."""

    def spent(self) -> Mapping[str, int]:
        """Since it was opened, by name: requests, bytes, quota units."""
        ...
