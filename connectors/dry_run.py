"""A mailbox that looks but does not touch: what would be written is kept as a list."""

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.mime import fingerprint_of
from connectors.model import Address, CheckLine, Draft, DraftRef, Note, Observations, Probe, RepliesDelta
from connectors.ports import Mailbox


@dataclass(frozen=True, slots=True)
class Intended:
    """One write that was not made."""

    operation: str
    """The port's method."""
    what: Draft | DraftRef | Note
    ref: DraftRef | None = None
    """For a replacement: what would have been replaced."""


class DryRunMailbox:
    """A Mailbox whose reading methods pass through and whose writing ones only take note."""

    def __init__(self, inner: Mailbox) -> None:
        self._inner = inner
        self.intended: list[Intended] = []

    @property
    def name(self) -> str:
        """The wrapped port's name."""
        return self._inner.name

    def check(self, *, write: bool = False) -> Sequence[CheckLine]:  # noqa: ARG002 - nothing is written here
        """Without the writing part."""
        return self._inner.check(write=False)

    def close(self) -> None:
        """See the port."""
        self._inner.close()

    def observe(self, probes: Sequence[Probe]) -> Observations:
        """See the port."""
        return self._inner.observe(probes)

    def create_draft(self, draft: Draft) -> DraftRef:
        """Takes note; the reference leads nowhere."""
        self.intended.append(Intended("create_draft", draft))
        return DraftRef(draft.message_id, "", fingerprint_of(draft))

    def replace_draft(self, ref: DraftRef, draft: Draft) -> DraftRef:
        """Takes note; the reference leads nowhere."""
        self.intended.append(Intended("replace_draft", draft, ref))
        return DraftRef(draft.message_id, "", fingerprint_of(draft))

    def delete_draft(self, ref: DraftRef) -> None:
        """Takes note."""
        self.intended.append(Intended("delete_draft", ref))

    def deliver_note(self, note: Note) -> None:
        """Takes note."""
        self.intended.append(Intended("deliver_note", note))

    def owner_replies(self, cursor: str | None, notes: Sequence[str]) -> RepliesDelta:
        """See the port."""
        return self._inner.owner_replies(cursor, notes)

    def find_people(self, names: Sequence[str], domains: Sequence[str]) -> Sequence[Address]:
        """See the port."""
        return self._inner.find_people(names, domains)
