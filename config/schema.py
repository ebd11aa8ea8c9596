"""What the owner may say: one file is one `AccountConfig`. All is frozen; spans are timedeltas, times are local."""

from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, PrivateAttr, model_validator

from config.connections import (
    AppriseNotifier,
    CaldavCalendar,
    Calendar,
    DesktopNotifier,
    ExchangeCalendar,
    ExchangeMailbox,
    Folders,
    GmailMailbox,
    GoogleCalendar,
    GraphCalendar,
    GraphMailbox,
    IcsUrlCalendar,
    ImapMailbox,
    LogNotifier,
    Mailbox,
    MaildirMailbox,
    Notifier,
    OAuth,
    SubmissionNotifier,
    VdirCalendar,
)
from config.fields import (
    Address,
    Clock,
    Delay,
    Domain,
    FilePath,
    Interval,
    Language,
    Line,
    LookBack,
    Ref,
    Table,
    Zone,
    is_address,
    is_loopback,
    parse_duration,
    wrong,
)

__all__ = [
    "AccountConfig",
    "AppriseNotifier",
    "CaldavCalendar",
    "Calendar",
    "DesktopNotifier",
    "ExchangeCalendar",
    "ExchangeMailbox",
    "Folders",
    "Formality",
    "GmailMailbox",
    "GoogleCalendar",
    "GraphCalendar",
    "GraphMailbox",
    "IcsUrlCalendar",
    "ImapMailbox",
    "LogNotifier",
    "Mailbox",
    "MaildirMailbox",
    "Match",
    "Notifier",
    "OAuth",
    "OwnerConfig",
    "Recognition",
    "Reminder",
    "Rule",
    "RuleMatch",
    "Service",
    "Stage",
    "Store",
    "SubmissionNotifier",
    "Timing",
    "VdirCalendar",
    "When",
]

When = Literal["soon", "same_evening", "next_morning", "after_hours"]
Formality = Literal["formal", "informal"]
Stage = Literal[
    "recruiter_screen",
    "phone_screen",
    "hiring_manager",
    "technical",
    "take_home_review",
    "panel",
    "onsite",
    "final",
    "informational",
]

_WHEN: Final = "soon (after the grace), same_evening, next_morning, or after_hours (working hours after the end)."
_FORMALITY: Final = "formal or informal address (Sie/du, vous/tu). Default: as the language and the invite suggest."


class OwnerConfig(Table):
    """The person whom all this is for."""

    name: Line = Field(description="Your name, as it stands below the drafts.")
    addresses: tuple[Address, ...] = Field(
        strict=False, min_length=1, description="All your e-mail addresses; drafts come from the first."
    )
    timezone: Zone = Field(default="", validate_default=True, description="Your IANA time zone. Default: the system's.")
    language: Language = Field(
        default="en",
        description="In which Afterword speaks to you. No native speaker has read its words yet, in any language.",
    )
    formality: Formality | None = Field(default=None, description=_FORMALITY)
    employer_domains: tuple[Domain, ...] = Field(
        default=(), strict=False, description="Where you work now: people from there interview somebody else."
    )
    signature: str = Field(default="", description="Lines below your name in every draft.")

    @property
    def zone(self) -> ZoneInfo:
        """The owner's zone."""
        return ZoneInfo(self.timezone)


class Timing(Table):
    """When a draft is made. All times are local to the owner."""

    when: When = Field(default="soon", description=_WHEN)
    evening: Clock = Field(default="18:00", validate_default=True, description="What same_evening means.")
    morning: Clock = Field(default="08:30", validate_default=True, description="What next_morning means.")
    delay: Delay = Field(
        default=parse_duration("3 hours"), description="What after_hours waits, counted from 9:00 to 18:00."
    )
    working_days_only: bool = Field(default=False, description="Wait for the next working day (Monday to Friday).")
    grace: Delay = Field(
        default=parse_duration("15 min"), description="How long after its end an interview counts as finished."
    )


class Reminder(Table):
    """The note about drafts that are still unsent: at most one message a day, to you and nobody else."""

    enabled: bool = Field(default=True, description="Remind at all.")
    at: Clock = Field(default="09:00", validate_default=True, description="Your local time of day.")
    weekends: bool = Field(default=True, description="Remind on Saturdays and Sundays, too.")
    max_days: int = Field(default=2, ge=1, le=7, description="On how many days one draft is mentioned.")
    language: Language | None = Field(default=None, description="In which language. Default: yours.")
    ask_questions: bool = Field(
        default=False, description="Right after the interview, ask what was said, forgotten, or answered badly."
    )


class Match(Table):
    """What an event must have, all of it: a domain among its people, an organizer, or words in title and text."""

    domain: Domain | None = Field(default=None, description="A domain of the organizer or an attendee.")
    organizer: Address | None = Field(default=None, description="The organizer's address.")
    text: Line | None = Field(default=None, description="Words in the title or text, in any case.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.domain or self.organizer or self.text):
            raise wrong("it matches nothing", remedy="add at least one of domain, organizer, text")
        return self


class Recognition(Table):
    """Your own word on what is an interview of yours; it weighs more than any signal."""

    always: tuple[Match, ...] = Field(default=(), strict=False, description="These are interviews.")
    never: tuple[Match, ...] = Field(default=(), strict=False, description="These never are.")


class RuleMatch(Table):
    """Which interviews a rule is for: one entry of each list given must fit. Words fit in any case."""

    company: tuple[Line, ...] = Field(default=(), strict=False, description="Words in the company's name.")
    domain: tuple[Domain, ...] = Field(default=(), strict=False, description="A domain among the event's people.")
    role: tuple[Line, ...] = Field(default=(), strict=False, description="Words in the position's title.")
    industry: tuple[Line, ...] = Field(
        default=(), strict=False, description="Words of the trade, in the event's title or text."
    )
    stage: tuple[Stage, ...] = Field(default=(), strict=False, description="How far along the process it is.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.company or self.domain or self.role or self.industry or self.stage):
            raise wrong("it matches nothing", remedy="add at least one of company, domain, role, industry, stage")
        return self


class Rule(Table):
    """What is different for some interviews. Of several rules that fit, the last one that sets a key wins."""

    match: RuleMatch = Field(description="Which interviews it is for.")
    when: When | None = Field(default=None, description=_WHEN)
    delay: Delay | None = Field(default=None, description="What after_hours waits, counted from 9:00 to 18:00.")
    working_days_only: bool | None = Field(default=None, description="Wait for the next working day.")
    formality: Formality | None = Field(default=None, description=_FORMALITY)
    language: Language | None = Field(default=None, description="Language of the draft. Default: the invite's.")
    one_draft: Literal["per_person", "group"] | None = Field(
        default=None, description="per_person: one for each interviewer. group: one to all of them."
    )
    through_recruiter: bool | None = Field(default=None, description="Thank through the recruiter or coordinator only.")
    template: Line | None = Field(default=None, description="A template of yours, from templates/ beside this file.")
    signature: str | None = Field(default=None, description="Lines below your name.")

    @model_validator(mode="after")
    def _sets_something(self) -> Self:
        if not self.model_fields_set - {"match"}:
            raise wrong("the rule changes nothing", remedy="set when, formality, language, one_draft or the like")
        return self


class Service(Table):
    """How the service works for this account."""

    poll_interval: Interval = Field(default=parse_duration("5 min"), description="How often it plans anew.")
    look_back: LookBack = Field(
        default=parse_duration("14 days"), description="How far back calendars and mail are read."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="How much is logged.")
    metrics: Line = Field(
        default="",
        description="OpenMetrics on loopback (127.0.0.1:9464) or a socket (unix:/PATH), read at start. Default: none.",
    )

    @model_validator(mode="after")
    def _tells_this_machine_only(self) -> Self:
        host, colon, port = self.metrics.rpartition(":")
        there = self.metrics.startswith("unix:/") or (colon and port.isdigit() and is_loopback(host.strip("[]")))
        if self.metrics and not there:
            raise wrong(
                "metrics are told to this machine only", "metrics", remedy='write "127.0.0.1:9464" or "unix:/PATH"'
            )
        return self


class Store(Table):
    """Where the account's state is kept. Default: SQLite in the state folder."""

    path: FilePath | None = Field(default=None, description="The SQLite file. Default: in the state folder.")
    url: Ref | None = Field(default=None, description="Reference to a database URL (PostgreSQL), instead of path.")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if self.path and self.url:
            raise wrong("path and url exclude each other", "url", remedy="remove one of them")
        return self


class AccountConfig(Table):
    """One person."""

    owner: OwnerConfig = Field(description="The person whom all this is for.")
    mailbox: Mailbox = Field(description="Where the drafts go.")
    calendars: tuple[Calendar, ...] = Field(default=(), strict=False, description="Where the invites are.")
    timing: Timing = Field(default=Timing(), description="When a draft is made.")
    reminder: Reminder = Field(default=Reminder(), description="The note about drafts that are still unsent.")
    recognition: Recognition = Field(default=Recognition(), description="Your own word on what is an interview.")
    rules: tuple[Rule, ...] = Field(default=(), strict=False, description="What is different for some interviews.")
    notify: tuple[Notifier, ...] = Field(default=(), strict=False, description="Other ways to reach you.")
    service: Service = Field(default=Service(), description="How the service works for this account.")
    store: Store = Field(default=Store(), description="Where the account's state is kept.")

    _name: str = PrivateAttr(default="account")
    _path: Path | None = PrivateAttr(default=None)

    @property
    def name(self) -> str:
        """The account's name: the stem of its file."""
        return self._name

    @property
    def path(self) -> Path | None:
        """The file it was read from; None for one that was made in memory."""
        return self._path

    def model_post_init(self, context: Any, /) -> None:
        """Take over the file's path from the validation context (`load`)."""
        path = (context or {}).get("path")
        if path is not None:
            self._path, self._name = path, path.stem

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, data: Any) -> Any:
        return fill_in(data) if isinstance(data, Mapping) else data

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for key, tables in (("calendars", self.calendars), ("notify", self.notify)):
            names = [table.name for table in tables]
            for index, name in enumerate(names):
                if name in names[:index]:
                    raise wrong("another one has the same name", key, index, "name", remedy="give it a name of its own")
        if not self.calendars and not getattr(self.mailbox, "invites", False):
            raise wrong("there is no source of invites", "mailbox", remedy=_NO_SOURCE[self.mailbox.kind])
        for index, notifier in enumerate(self.notify):
            if isinstance(notifier, SubmissionNotifier) and notifier.to not in self.owner.addresses:
                raise wrong(
                    "reminders go to yourself only, and this is not one of owner.addresses",
                    *("notify", index, "to"),
                    remedy="add it to owner.addresses if it is yours",
                )
        return self


_NO_SOURCE: Final = {
    "maildir": "set mailbox.invites = true, or add [[calendars]]",
    "imap": "set mailbox.invites = true, or add [[calendars]]",
    "gmail": 'add [[calendars]] with kind = "google"',
    "exchange": 'add [[calendars]] with kind = "exchange"',
    "graph": 'add [[calendars]] with kind = "graph"',
}
_FIRST_ADDRESS: Final = {
    "imap": ("username",),
    "caldav": ("username",),
    "gmail": ("address",),
    "google": ("address",),
    "exchange": ("username", "email"),
    "graph": ("email",),
    "submission": ("username", "to"),
}
_SIBLING: Final = {
    "google": ("gmail", ("client_file", "address", "tokens")),
    "exchange": (
        "exchange",
        ("server", "endpoint", "email", "username", "password", "auth", "client_id", "tenant", "ca_file"),
    ),
    "graph": ("graph", ("client_id", "tenant", "email", "tokens")),
}


def fill_in(data: Mapping[str, Any]) -> dict[str, Any]:
    """What one table leaves out and another one says: login names, the mailbox's connection, calendar names.

    Works on a copy of what the TOML file holds, and leaves alone whatever does not have the expected shape.
    """
    filled = dict(data)
    owner = data.get("owner")
    addresses = owner.get("addresses") if isinstance(owner, Mapping) else None
    first = addresses[0] if isinstance(addresses, list | tuple) and addresses else None
    mailbox = data.get("mailbox")
    if isinstance(mailbox, Mapping):
        filled["mailbox"] = mailbox = _with_address(mailbox, first)
    for key in ("calendars", "notify"):
        tables = data.get(key)
        if not isinstance(tables, list | tuple):
            continue
        done = []
        for table in tables:
            if isinstance(table, Mapping):
                inherited = _inherit(table, mailbox) if key == "calendars" else table
                done.append(_with_address(inherited, first))
            else:
                done.append(table)
        filled[key] = _named(done)
    return filled


def _with_address(table: Mapping[str, Any], first: object) -> dict[str, Any]:
    keys = _FIRST_ADDRESS.get(str(table.get("kind")), ())
    defaults = dict.fromkeys(keys, first) if isinstance(first, str) and is_address(first) else {}
    return {**defaults, **table}


def _inherit(table: Mapping[str, Any], mailbox: object) -> Mapping[str, Any]:
    kind, keys = _SIBLING.get(str(table.get("kind")), ("", ()))
    if not kind or not isinstance(mailbox, Mapping) or mailbox.get("kind") != kind:
        return table
    return {**{key: mailbox[key] for key in keys if key in mailbox}, **table}


def _named(tables: list[Any]) -> list[Any]:
    taken = {str(table.get("name")) for table in tables if isinstance(table, Mapping)}
    done = []
    for table in tables:
        if isinstance(table, Mapping) and "name" not in table and isinstance(table.get("kind"), str):
            kind = table["kind"]
            name = next(name for n in count(1) if (name := kind if n == 1 else f"{kind}-{n}") not in taken)
            taken.add(name)
            done.append({**table, "name": name})
        else:
            done.append(table)
    return done
