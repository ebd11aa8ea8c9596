"""What the store keeps: facts, never status. `life` derives the status from them. Every datetime is aware UTC."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from connectors.model import DraftRef, Observation, Place
from daemon.core.model import OwnerNotes, Recipient


@dataclass(frozen=True, slots=True)
class FollowUp:
    """One draft owed for one interview to one recipient. Written once, when it is first planned."""

    key: str
    """HMAC-SHA-256 over recipient and date of the end, as lower-case base32; see `identity`."""
    interview_id: str
    uids: tuple[str, ...]
    recipient: Recipient
    title: str
    """What the calendar called the interview."""
    ended_at: datetime
    zone: str
    """IANA name of the zone in which people speak of the interview."""
    created_at: datetime
    message_id: str
    token: str
    """Our token as it stands in References; empty where the draft answers nothing."""
    parent: str
    """Message-ID that the draft answers; empty where it answers nothing."""
    references: tuple[str, ...] = ()
    role: str = ""
    company: str = ""
    company_domain: str = ""
    stage: str = ""
    language: str = "en"


class Intent(StrEnum):
    """What the journal says is about to be done to the mailbox."""

    CREATE = "create"
    REPLACE = "replace"
    WITHDRAW = "withdraw"
    NOTE = "note"


class Settled(StrEnum):
    """How an intent ended. An entry without one has an unknown outcome."""

    DONE = "done"
    ADOPTED = "adopted"
    """It was found lying there: made by an earlier life of this account."""
    ABSENT = "absent"
    """Looked for after the wait and not found: it never happened."""
    IN_DOUBT = "in_doubt"
    """Not found, but too late to be sure that it never was: it is not made again unless the owner asks."""
    REFUSED = "refused"
    """The mailbox refused: DraftChanged, DraftNotFound, a full mailbox."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """An intent, written before the mailbox is touched, and its outcome, written after."""

    id: int
    key: str
    """The follow-up's key, or the note's."""
    intent: Intent
    at: datetime
    fingerprint: str = ""
    """Of the draft that is to be written."""
    settled: Settled | None = None
    settled_at: datetime | None = None
    ref: DraftRef | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """One observation of one follow-up. Kept when it differs from the one before it."""

    key: str
    first_at: datetime
    """When this was seen first."""
    last_at: datetime
    """When it was last seen unchanged."""
    observation: Observation
    unseen: tuple[Place, ...] = ()
    suspect: bool = False
    """Everything vanished at once: absence proves nothing."""


class ActKind(StrEnum):
    """What the owner did or said."""

    DISMISS = "dismiss"
    NOT_AN_INTERVIEW = "not_an_interview"
    SNOOZE = "snooze"
    NOTE = "note"
    WANTED = "wanted"
    """The owner asked for a draft that Afterword would not have made by itself."""


@dataclass(frozen=True, slots=True)
class Act:
    """One act of the owner's, by command or by answer."""

    at: datetime
    kind: ActKind
    interview_id: str
    key: str = ""
    """One follow-up; empty: every one of the interview."""
    uid: str = ""
    """For NOT_AN_INTERVIEW: the UID that it is remembered by."""
    until: datetime | None = None
    notes: OwnerNotes = field(default_factory=OwnerNotes)
    source: str = "command line"
    """Where it came from: `command line`, or the Message-ID of the answer."""


@dataclass(frozen=True, slots=True)
class SentNote:
    """A note that went to the owner."""

    key: str
    message_id: str
    day: date
    """The owner's local calendar day."""
    kind: str
    """reminder, questions, caught_up, health."""
    at: datetime
    items: tuple[str, ...] = ()
    """Keys of the follow-ups that it lists, in the order in which it numbers them."""


INVITES = " invites"
"""Follows the mailbox's name in that of the calendar which reads it: one connection, two ports."""
WRITING = ", writing"
"""Follows the mailbox's name where it is about writing alone."""


@dataclass(frozen=True, slots=True)
class Health:
    """How one port of the account fares."""

    port: str
    last_good: datetime | None = None
    failing_since: datetime | None = None
    error: str = ""
    remedy: str = ""
    login_needed: bool = False
    refused: bool = False
    """It will not mend by itself: the mailbox is full, or may not be written to."""
    told_at: datetime | None = None
    """When the owner was told of this failure; None again once it recovered."""


@dataclass(frozen=True, slots=True)
class FollowUpFacts:
    """All that is known of one follow-up, oldest first."""

    followup: FollowUp
    journal: tuple[JournalEntry, ...] = ()
    looks: tuple[Look, ...] = ()
    acts: tuple[Act, ...] = ()
    reminded_on: tuple[date, ...] = ()
    """Local days on which a reminder listed it."""


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What the store holds on one account, apart from its events."""

    set_up_at: datetime
    """When the account's key was made: what ended before is not drafted unasked."""
    store_born_at: datetime
    """When this store was made; later than `set_up_at` means an earlier one was lost."""
    followups: Mapping[str, FollowUpFacts] = field(default_factory=dict)
    acts: tuple[Act, ...] = ()
    notes: tuple[SentNote, ...] = ()
    health: Mapping[str, Health] = field(default_factory=dict)
