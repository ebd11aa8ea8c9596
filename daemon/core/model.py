"""The words of the core: what is known of an interview, who is owed what, and what is to be done. Pure data."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from connectors.model import Event


class Stage(StrEnum):
    """How far along the process an interview is. The values are the contract of `explain --json`."""

    RECRUITER_SCREEN = "recruiter_screen"
    PHONE_SCREEN = "phone_screen"
    HIRING_MANAGER = "hiring_manager"
    TECHNICAL = "technical"
    TAKE_HOME_REVIEW = "take_home_review"
    PANEL = "panel"
    ONSITE = "onsite"
    FINAL = "final"
    INFORMATIONAL = "informational"


class Outcome(StrEnum):
    """Whether a follow-up is due after the end."""

    THANK = "thank"
    NONE = "none"


class RecipientKind(StrEnum):
    """Whom a follow-up goes to."""

    INTERVIEWER = "interviewer"
    RELAY = "relay"
    ADDRESS_NEEDED = "address_needed"
    """Named, but no address is known and nobody can pass it on: To stays empty."""


class Formality(StrEnum):
    """Form of address, where a language has two (Sie/du, vous/tu, usted/tú)."""

    FORMAL = "formal"
    INFORMAL = "informal"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something believed about an interview: the value, where it came from in words, and how sure it is (0 to 1)."""

    value: str
    source: str
    sure: float


@dataclass(frozen=True, slots=True)
class Interviewer:
    """Somebody who was in the room. `email` is empty where only the name is known, `name` where only the address is."""

    name: str
    email: str
    source: str
    sure: float
    title: str = ""
    """Their job or role, as the invite says ("Engineering Manager"); never part of the name."""
    family_name: str = ""
    """Empty where it is not known for certain which part it is."""
    honorific: str = ""
    """A title the invite itself uses: Dr., Prof., Frau, Herr, さん; never guessed."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom one follow-up goes to, and why. For a relay, `name` and `email` are the coordinator's."""

    name: str
    email: str
    kind: RecipientKind
    reason: str
    family_name: str = ""
    honorific: str = ""
    title: str = ""
    on_behalf_of: tuple[str, ...] = ()
    """For a relay or a note to a group: the names of those who are thanked through it."""
    copies: tuple[str, ...] = ()
    """Further addresses of one note to a group, where the owner asked for one draft for all."""


@dataclass(frozen=True, slots=True)
class Excluded:
    """An address or name of the invite that nobody writes to, and why."""

    email: str
    reason: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class OwnerRule:
    """`always` or `never` from the config: matches on a domain, an organizer or words in the title and text."""

    verdict: str
    """always or never."""
    domain: str = ""
    organizer: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Owner:
    """The person this is done for."""

    addresses: frozenset[str]
    """Canonical; `name+tag@` of one of them is the owner, too."""
    zone: ZoneInfo
    primary: str = ""
    """The address that drafts come from unless another one of the owner's was invited."""
    name: str = ""
    language: str = "en"
    """In which Afterword speaks to the owner, and the fallback for drafts."""
    employer_domains: frozenset[str] = frozenset()
    """Where the owner works now: whoever interviews from there interviews somebody else."""
    rules: tuple[OwnerRule, ...] = ()
    not_interviews: frozenset[str] = frozenset()
    """UIDs that the owner dismissed as 'not an interview'."""
    is_interviews: frozenset[str] = frozenset()
    """UIDs that the owner said are interviews of theirs."""

    def owns(self, address: str) -> bool:
        """Whether a canonical address is the owner's, sub-addressing (RFC 5233) included."""
        if address in self.addresses:
            return True
        local, at, domain = address.rpartition("@")
        return bool(at) and "+" in local and f"{local.partition('+')[0]}@{domain}" in self.addresses


@dataclass(frozen=True, slots=True)
class Assessment:
    """Everything concluded about one occurrence of one event."""

    event: Event
    interview: bool
    outcome: Outcome
    score: float
    """Log-odds that it is an interview of the owner as the candidate; over 0 is yes."""
    reasons: tuple[str, ...]
    language: str
    role: Fact | None = None
    company: Fact | None = None
    stage: Fact | None = None
    interviewers: tuple[Interviewer, ...] = ()
    recipients: tuple[Recipient, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    formality: Formality | None = None
    """How the invite itself addresses the owner, where it shows."""
    company_domain: str = ""
    """Where the company's people have their addresses, if known: for looking up an address and for 'they wrote'."""
    agency: bool = False
    """An agency stands between the owner and the company."""
    relay: Recipient | None = None
    """The human coordinator, recruiter or agency who arranged it, whether or not anything goes through them."""


@dataclass(frozen=True, slots=True)
class Interview:
    """One or several occurrences that are one interview: seen twice, or the blocks of an onsite. Ordered by start."""

    id: str
    """Short, stable, for the command line: derived from the account key, the UIDs and the day."""
    parts: tuple[Assessment, ...]
    start: datetime
    end: datetime
    """Latest end of all parts."""
    zone: ZoneInfo
    """In which people speak of its time: the event's own zone where it has one, else the owner's."""
    outcome: Outcome
    language: str
    role: Fact | None = None
    company: Fact | None = None
    stage: Fact | None = None
    interviewers: tuple[Interviewer, ...] = ()
    recipients: tuple[Recipient, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    relay: Recipient | None = None
    """The human coordinator, recruiter or agency who arranged it, whether or not anything goes through them."""
    formality: Formality | None = None
    company_domain: str = ""
    reasons: tuple[str, ...] = ()
    void: tuple[Assessment, ...] = ()
    """What was put together with it and does not take place: a cancelled block beside one that does."""

    @property
    def title(self) -> str:
        """What the calendar calls it."""
        return self.parts[0].event.summary


@dataclass(frozen=True, slots=True)
class OwnerNotes:
    """What only the owner knows, in their own words; sentences or fragments, empty where there is nothing."""

    talked_about: str = ""
    slipped_my_mind: str = ""
    would_correct: str = ""

    def __bool__(self) -> bool:
        return bool(self.talked_about or self.slipped_my_mind or self.would_correct)


@dataclass(frozen=True, slots=True)
class Voice:
    """How the owner wants to sound; from the config, its rules applied to this interview."""

    owner_name: str
    signature: str = ""
    """Lines below the name; empty for the name alone."""
    formality: Formality | None = None
    """None: as the language and the invite suggest."""
    language: str = ""
    """Empty: the invite's."""
    template: str = ""
    """A template name of the owner's; empty for the built-in choice."""


@dataclass(frozen=True, slots=True)
class Words:
    """A finished text: subject and body, ready to send as they stand."""

    subject: str
    body: str
    problems: tuple[str, ...] = field(default=())
    """What went wrong with a template of the owner's, in words; the built-in one was used."""
