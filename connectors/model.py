"""What crosses the wall between the outside and the daemon: frozen dataclasses, nothing else.

Every datetime is aware. Addresses are canonical (`canonical_address`). The module does no I/O.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum


class Method(StrEnum):
    """iTIP methods (RFC 5546 section 1.4). A stored calendar object counts as PUBLISH."""

    PUBLISH = "PUBLISH"
    REQUEST = "REQUEST"
    REPLY = "REPLY"
    ADD = "ADD"
    CANCEL = "CANCEL"
    REFRESH = "REFRESH"
    COUNTER = "COUNTER"
    DECLINECOUNTER = "DECLINECOUNTER"


class Status(StrEnum):
    """STATUS of a VEVENT (RFC 5545 section 3.8.1.11)."""

    CONFIRMED = "CONFIRMED"
    TENTATIVE = "TENTATIVE"
    CANCELLED = "CANCELLED"


class PartStat(StrEnum):
    """PARTSTAT of an attendee of a VEVENT (RFC 5545 section 3.2.12)."""

    NEEDS_ACTION = "NEEDS-ACTION"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    TENTATIVE = "TENTATIVE"
    DELEGATED = "DELEGATED"


class CuType(StrEnum):
    """CUTYPE (RFC 5545 section 3.2.3)."""

    INDIVIDUAL = "INDIVIDUAL"
    GROUP = "GROUP"
    RESOURCE = "RESOURCE"
    ROOM = "ROOM"
    UNKNOWN = "UNKNOWN"


class Role(StrEnum):
    """ROLE (RFC 5545 section 3.2.16)."""

    CHAIR = "CHAIR"
    REQUIRED = "REQ-PARTICIPANT"
    OPTIONAL = "OPT-PARTICIPANT"
    NON_PARTICIPANT = "NON-PARTICIPANT"


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox of RFC 5322 section 3.4: an address and the name shown with it."""

    email: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """A calendar user (RFC 5545 sections 3.8.4.1 and 3.8.4.3)."""

    email: str
    """Canonical address; empty where the CAL-ADDRESS is not a mailto URI and no EMAIL parameter helps."""
    name: str = ""
    partstat: PartStat = PartStat.NEEDS_ACTION
    role: Role = Role.REQUIRED
    cutype: CuType = CuType.INDIVIDUAL
    sent_by: str = ""
    delegated_to: tuple[str, ...] = ()
    delegated_from: tuple[str, ...] = ()
    is_self: bool = False
    """True only where a provider's API says that this is the owner of the calendar."""


@dataclass(frozen=True, slots=True)
class MailContext:
    """The message that carried an invite (RFC 6047): what threading and extraction need of it."""

    message_id: str = ""
    """With its angle brackets, as it goes into In-Reply-To."""
    references: tuple[str, ...] = ()
    sender: Address | None = None
    """The From mailbox."""
    technical_sender: Address | None = None
    """The Sender mailbox, where it differs from From."""
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    subject: str = ""
    text: str = ""
    """The human-written text, plain (HTML reduced to text), bounded."""
    sent_at: datetime | None = None
    automatic: bool = False
    """Auto-Submitted other than `no`, Precedence bulk/list, or a List-Id (RFC 3834)."""


@dataclass(frozen=True, slots=True)
class Event:
    """One VEVENT as read, or one occurrence after folding and expansion.

    `start` and `end` are aware and in the event's own zone (UTC where it has none). `end` is exclusive, so that of
    an all-day event is midnight after its last day, in the zone that applies.
    """

    uid: str
    start: datetime
    end: datetime
    recurrence_id: datetime | None = None
    """UTC; None for a single event or for the master of a series. RFC 5545 section 3.8.4.4."""
    this_and_future: bool = False
    recurs: bool = False
    """It carries RRULE or RDATE, or it is an occurrence of one that does."""
    all_day: bool = False
    floating: bool = False
    """The file gave a local time without a zone; `start` and `end` were read in the zone of the calendar or owner."""
    sequence: int = 0
    dtstamp: datetime | None = None
    last_modified: datetime | None = None
    method: Method = Method.PUBLISH
    status: Status = Status.CONFIRMED
    summary: str = ""
    description: str = ""
    """Plain text; HTML (also X-ALT-DESC where there is nothing else) is reduced to text."""
    location: str = ""
    url: str = ""
    organizer: Person | None = None
    attendees: tuple[Person, ...] = ()
    attendees_omitted: bool = False
    """The list was cut: by the provider, or by our bound."""
    categories: tuple[str, ...] = ()
    transparent: bool = False
    language: str = ""
    """A LANGUAGE parameter or Content-Language, if any; BCP 47."""
    producer: str = ""
    """PRODID of the calendar object, or the API's name."""
    event_type: str = "default"
    """A provider's own type: outOfOffice, focusTime, workingLocation, birthday, fromGmail ..."""
    calendar: str = ""
    """Name of the configured calendar in which it was seen."""
    owned: bool = True
    """False for somebody else's calendar that the owner can see."""
    mail: MailContext | None = None
    revision: str = ""
    """An API's own revision (ETag, ChangeKey)."""
    seen_in: tuple[str, ...] = ()
    """After folding: every calendar that shows it."""
    repairs: tuple[str, ...] = ()
    """What the reader mended or left out, in words that name the property."""


@dataclass(frozen=True, slots=True)
class Invite:
    """What one message or one calendar object resource says about one UID.

    A resource of a vdir or CalDAV collection holds the master and its overrides; a mail holds one iTIP message; an
    API that expands series by itself gives one invite for each instance.
    """

    key: str
    """Where it was found, unique and stable in its calendar: an href, folder and imap_uid, an API's id."""
    uid: str
    method: Method
    events: tuple[Event, ...]
    source: str = ""
    """iCalendar text of these VEVENTs and their VTIMEZONEs where something recurs, for expansion; else empty."""
    received_at: datetime | None = None
    """When it came in (mail: INTERNALDATE, file: mtime), UTC; breaks ties of SEQUENCE and DTSTAMP."""


@dataclass(frozen=True, slots=True)
class Window:
    """Half-open range of time [start, end), aware."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be read; it stops nothing else."""

    where: str
    """File, folder and id, or href."""
    what: str
    """In words: the line or property, and what to do where something can be done."""


@dataclass(frozen=True, slots=True)
class CalendarDelta:
    """What changed in a calendar since a cursor."""

    invites: tuple[Invite, ...]
    removed: tuple[str, ...]
    """Keys of invites that are no longer there. Always empty with `full`."""
    cursor: str
    full: bool
    """The invites are all there are: what was stored before and is not among them is gone."""
    problems: tuple[Problem, ...] = ()
    more: bool = False
    """A bounded batch: pull again with the new cursor, there is more."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be put among the owner's drafts. Plain text, UTF-8, one line a paragraph."""

    message_id: str
    """With angle brackets; the identity: `create_draft` is idempotent by it."""
    sender: Address
    to: tuple[Address, ...]
    subject: str
    body: str
    date: datetime
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    """Complete and in order: the invite's own references, our token, the parent last."""


@dataclass(frozen=True, slots=True)
class DraftRef:
    """Where a draft of ours lies. `locator` is opaque to everybody but the connector that made it."""

    message_id: str
    locator: str
    fingerprint: str
    """`connectors.mime.fingerprint` of what we wrote: recipients, subject and text without white space."""


class Place(StrEnum):
    """Where a message was seen."""

    DRAFTS = "drafts"
    SENT = "sent"
    TRASH = "trash"
    QUEUE = "queue"
    """An outgoing queue, or a provider's 'scheduled' state."""
    INBOX = "inbox"
    """Anywhere that receives mail."""


class Rung(IntEnum):
    """The ladder of evidence, strongest first (docs/design.md)."""

    LOCATION = 1
    MESSAGE_ID = 2
    TOKEN = 3
    """Our token in References together with the expected In-Reply-To."""
    CORRESPONDENCE = 4
    """Any mail of the owner's to that recipient after the interview's end."""
    ANSWERED = 5
    """An answer that refers to our token or Message-ID."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One message that speaks for one follow-up."""

    place: Place
    rung: Rung
    locator: str
    message_id: str = ""
    fingerprint: str = ""
    """Empty where the content was not read."""
    at: datetime | None = None
    """When it arrived there (INTERNALDATE and the like), UTC."""
    flagged_deleted: bool = False
    """\\Deleted or the like: counts as absent."""
    subject: str = ""
    text: str = ""
    """Only for a draft of ours that lies in Drafts: what it says now, for the reminder. Never stored."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The recipient, or somebody at their domain, wrote to the owner."""

    sender: Address
    at: datetime
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """What to look for on behalf of one follow-up."""

    key: str
    message_id: str
    token: str
    """Our opaque token as it stands in References, with angle brackets; empty where the draft answers nothing."""
    parent: str
    """The expected In-Reply-To; empty where the draft answers nothing."""
    recipient: str
    """Canonical address; empty where none is known."""
    since: datetime
    """The interview's end, UTC: mail from before it is no evidence."""
    ref: DraftRef | None = None
    drafted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """All that was seen for one probe, strongest evidence first."""

    key: str
    sightings: tuple[Sighting, ...] = ()
    heard: tuple[Heard, ...] = ()


@dataclass(frozen=True, slots=True)
class Observations:
    """The answer to `Mailbox.observe`."""

    at: datetime
    by_key: Mapping[str, Observation]
    unseen: tuple[Place, ...] = ()
    """Places that could not be looked at, or not wholly: absence there proves nothing."""
    drafts_total: int | None = None
    """How many messages of anybody's lie in Drafts: an emptied or missing folder is a fault, not a deletion."""

    @property
    def complete(self) -> bool:
        """True if absence is evidence everywhere."""
        return not self.unseen


@dataclass(frozen=True, slots=True)
class Note:
    """A message to the owner and to nobody else."""

    key: str
    """Deduplicates: a note with this key is delivered once."""
    message_id: str
    subject: str
    body: str
    """Full text, with the drafts: for the owner's own inbox."""
    brief: str
    """Who and when, without any draft's text: for every other way."""
    date: datetime
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class OwnerReply:
    """The owner's answer to a note of ours, found in their Sent folder."""

    message_id: str
    note_message_id: str
    text: str
    """What they wrote, the quoted note removed."""
    sent_at: datetime
    locator: str = ""


@dataclass(frozen=True, slots=True)
class RepliesDelta:
    """New answers since a cursor."""

    replies: tuple[OwnerReply, ...]
    cursor: str


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One line of `afterword check`."""

    what: str
    state: str
    """ok, warning or failing."""
    detail: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Bounds on hostile input. Over a bound the reader cuts and says so, or refuses with a reason."""

    message_bytes: int = 32 * 1024 * 1024
    calendar_bytes: int = 4 * 1024 * 1024
    description_chars: int = 32_768
    attendees: int = 200
    occurrences: int = 500
    mime_depth: int = 12
    mime_parts: int = 200


LIMITS = ReadLimits()


def canonical_address(raw: str) -> str:
    """Lower-case, without `mailto:`, display name, surrounding white space or brackets; empty if it is no address."""
    text = raw.strip()
    if text[:7].lower() == "mailto:":
        text = text[7:].partition("?")[0].strip()
    text = text.strip("<>\"' \t")
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain or any(c.isspace() or ord(c) < 32 for c in text):
        return ""
    if any(c in '<>,;()"' for c in text):
        return ""
    return f"{local}@{domain}".lower()
