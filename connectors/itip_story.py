"""What all invites about one UID say together, before anything is expanded. The order of arrival plays no part."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from connectors.model import Event, Invite, Method, PartStat, Person, Status

EPOCH = datetime(1, 1, 2, tzinfo=UTC)
"""Older than anything: stands for a time that is not given."""
CONTENT = (Method.PUBLISH, Method.REQUEST, Method.ADD, Method.CANCEL)
"""Methods that say something about the event itself; REPLY speaks of one attendee, the others ask (RFC 5546)."""
MAX_REPLYING = 5

Revision = tuple[int, datetime, datetime, bool, bool, str, datetime, datetime, str, str, str]


@dataclass(frozen=True, slots=True)
class Said:
    """One VEVENT as one invite says it."""

    event: Event
    invite: Invite

    @property
    def revision(self) -> Revision:
        """Newest is greatest. At a tie a CANCEL wins, then a calendar's own copy; the rest only makes it total."""
        event = self.event
        return (
            event.sequence,
            event.dtstamp or EPOCH,
            self.invite.received_at or EPOCH,
            event.status is Status.CANCELLED,
            event.mail is None,
            self.invite.key,
            event.start,
            event.end,
            event.summary,
            event.location,
            event.description,
        )

    @property
    def cancels(self) -> bool:
        return self.event.method is Method.CANCEL or self.event.status is Status.CANCELLED


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody said of their own participation, in a REPLY or by the copy in their calendar."""

    person: Person
    sequence: int
    at: datetime
    slot: datetime | None
    unnumbered: bool
    """A REPLY without SEQUENCE, as several clients send it."""

    def about(self, content: Event, slot: datetime | None) -> bool:
        """Whether it was said of this revision and this occurrence."""
        if self.slot is not None and self.slot != slot:
            return False
        return self.sequence >= content.sequence or (self.unnumbered and self.later_than(content))

    def later_than(self, content: Event) -> bool:
        return self.at >= (content.dtstamp or EPOCH)


@dataclass(frozen=True, slots=True)
class Settled:
    """What is true of a master, an exception or a range: its content, and the CANCEL that stands over it, if any."""

    content: Said
    cancel: Said | None

    @property
    def newest(self) -> Revision:
        return max(self.content.revision, self.cancel.revision) if self.cancel else self.content.revision


@dataclass(frozen=True, slots=True)
class Story:
    """All that is known of one UID."""

    master: Settled | None
    exceptions: Mapping[datetime, Settled]
    """By RECURRENCE-ID, UTC; an ADD by its start."""
    ranges: Mapping[datetime, Settled]
    """THISANDFUTURE, by RECURRENCE-ID."""
    words: tuple[Word, ...]
    seen_in: tuple[str, ...]
    owned: bool
    mails: tuple[Said, ...]
    """What came by mail, oldest first."""


@dataclass(slots=True)
class _Gathering:
    masters: list[Said] = field(default_factory=list)
    exceptions: defaultdict[datetime, list[Said]] = field(default_factory=lambda: defaultdict(list))
    ranges: defaultdict[datetime, list[Said]] = field(default_factory=lambda: defaultdict(list))
    words: list[Word] = field(default_factory=list)
    content: list[Said] = field(default_factory=list)

    def add(self, said: Said) -> None:
        event = said.event
        if event.method is Method.REPLY:
            self.words += [_word(person, event) for person in event.attendees[:MAX_REPLYING] if person.email]
        if event.method not in CONTENT:
            return
        self.content.append(said)
        if event.mail is None and event.owned and event.method is Method.PUBLISH:
            answered = (p for p in event.attendees if p.email and p.partstat is not PartStat.NEEDS_ACTION)
            self.words += [_word(person, event) for person in answered]
        if event.recurrence_id is None and event.method is Method.ADD:
            self.exceptions[event.start.astimezone(UTC)].append(said)
        elif event.recurrence_id is None:
            self.masters.append(said)
        else:
            (self.ranges if event.this_and_future else self.exceptions)[event.recurrence_id].append(said)


def _word(person: Person, event: Event) -> Word:
    at = max(event.dtstamp or EPOCH, event.last_modified or EPOCH)
    unnumbered = event.method is Method.REPLY and event.sequence == 0
    return Word(person, event.sequence, at, event.recurrence_id, unnumbered)


def _settle(said: Iterable[Said]) -> Settled:
    every = sorted(said, key=lambda one: one.revision)
    newest = every[-1]
    live = [one for one in every if one.event.method is not Method.CANCEL]
    return Settled(live[-1] if live else newest, newest if newest.cancels else None)


def tell(invites: Iterable[Invite]) -> Story:
    """Fold the invites of one UID, from all calendars and all mail."""
    gathering = _Gathering()
    for invite in invites:
        for event in invite.events:
            gathering.add(Said(event, invite))
    by_mail = (one for one in gathering.content if one.event.mail is not None)
    return Story(
        master=_settle(gathering.masters) if gathering.masters else None,
        exceptions={slot: _settle(said) for slot, said in gathering.exceptions.items()},
        ranges={slot: _settle(said) for slot, said in gathering.ranges.items()},
        words=tuple(sorted(gathering.words, key=lambda w: (w.sequence, w.at, w.person.email, w.person.partstat))),
        seen_in=tuple(sorted({one.event.calendar for one in gathering.content if one.event.calendar})),
        owned=any(one.event.owned for one in gathering.content),
        mails=tuple(sorted(by_mail, key=lambda one: one.revision)),
    )
