"""The plan as data: what is to be done, one frozen record each. A dry run prints these very records."""

from dataclasses import dataclass
from datetime import date, datetime

from connectors.model import Draft, DraftRef, Note
from daemon.core.facts import FollowUp, Settled


@dataclass(frozen=True, slots=True)
class Settle:
    """Write down how an intent with an unknown outcome ended, or that a draft of an earlier life was found."""

    followup: FollowUp
    entry_id: int | None
    """None: there is no entry yet, one is written."""
    outcome: Settled
    ref: DraftRef | None
    reason: str
    since: datetime | None = None
    """For a draft that was found: when it came to lie there, UTC."""


@dataclass(frozen=True, slots=True)
class CreateDraft:
    """Put a new draft into the mailbox."""

    followup: FollowUp
    draft: Draft
    reason: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplaceDraft:
    """Exchange our own untouched draft, to weave in what the owner noted."""

    followup: FollowUp
    ref: DraftRef
    draft: Draft
    reason: str


@dataclass(frozen=True, slots=True)
class WithdrawDraft:
    """Take back our own untouched draft."""

    followup: FollowUp
    ref: DraftRef
    reason: str


@dataclass(frozen=True, slots=True)
class DeliverNote:
    """Tell the owner something."""

    note: Note
    kind: str
    """reminder, questions, caught_up, health."""
    day: date
    items: tuple[str, ...]
    """Keys of the follow-ups, in the order in which the note numbers them."""
    reason: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing yet, and why."""

    followup: FollowUp
    reason: str
    until: datetime | None = None


Action = Settle | CreateDraft | ReplaceDraft | WithdrawDraft | DeliverNote | Wait


@dataclass(frozen=True, slots=True)
class Plan:
    """What one cycle does, in order, and when there is something to do again."""

    actions: tuple[Action, ...]
    next_at: datetime | None = None

    @property
    def writes(self) -> tuple[Action, ...]:
        """The actions that touch the mailbox."""
        return tuple(action for action in self.actions if not isinstance(action, Settle | Wait))
