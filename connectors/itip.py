"""iTIP folding (RFC 5546): what is true after all that came in about an event, in whatever order it came.

'Newer' is higher SEQUENCE, then later DTSTAMP, then later arrival (RFC 5546 section 2.1.5). The result depends only on
the set of invites, never on their order. Policies:

- A CANCEL leaves the event in place with STATUS CANCELLED; its `dtstamp` is then that of the CANCEL, which tells when.
- The text of a cancelled event is that of its newest REQUEST, PUBLISH or ADD, where there was one: a CANCEL is often
  bare. Its times are those of the CANCEL, where it gives any.
- An exception stands as long as its slot does; a newer master that no longer has the slot takes it away.
- REPLY changes the PARTSTAT of who replied and nothing else; COUNTER, DECLINECOUNTER and REFRESH change nothing.
- The owner's PARTSTAT comes from their newest own word: a REPLY, or the copy in a calendar of their own, unless the
  organizer has moved the event (higher SEQUENCE) since.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from connectors.itip_expand import ending, from_start, starts, touches
from connectors.model import LIMITS, Event, Invite, Method, PartStat, Person, ReadLimits, Status, Window

_EPOCH = datetime(1, 1, 2, tzinfo=UTC)
MAX_SUBJECTS = 50
"""How many UIDs are looked at in search of one that is not cancelled."""
_CONTENT = (Method.PUBLISH, Method.REQUEST, Method.ADD, Method.CANCEL)

Revision = tuple[int, datetime, datetime, bool, bool, str, datetime, datetime, str, str, str]


@dataclass(frozen=True, slots=True)
class _Said:
    """One VEVENT as one invite says it."""

    event: Event
    invite: Invite

    @property
    def revision(self) -> Revision:
        """Newest is greatest. At a tie a CANCEL wins, then a calendar's own copy; the rest only makes it total."""
        event = self.event
        return (
            event.sequence,
            event.dtstamp or _EPOCH,
            self.invite.received_at or _EPOCH,
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
class _Word:
    """What somebody said of their own participation."""

    address: str
    partstat: PartStat
    sequence: int
    at: datetime
    slot: datetime | None
    person: Person


@dataclass(frozen=True, slots=True)
class _Slot:
    """What is true of one master or one exception: its content, and the CANCEL that stands over it, if any."""

    content: _Said
    cancel: _Said | None

    @property
    def newest(self) -> Revision:
        return max(self.content.revision, self.cancel.revision) if self.cancel else self.content.revision


def _settle(said: Iterable[_Said]) -> _Slot | None:
    every = sorted(said, key=lambda one: one.revision)
    if not every:
        return None
    newest = every[-1]
    live = [one for one in every if one.event.method is not Method.CANCEL]
    content = live[-1] if live else newest
    return _Slot(content, newest if newest.cancels else None)


@dataclass(frozen=True, slots=True)
class _Story:
    """All that is known of one UID."""

    master: _Slot | None
    exceptions: Mapping[datetime, _Slot]
    ranges: Mapping[datetime, _Slot]
    """THISANDFUTURE, by RECURRENCE-ID."""
    words: tuple[_Word, ...]
    seen_in: tuple[str, ...]
    owned: bool
    mails: tuple[_Said, ...]


def _tell(invites: Iterable[Invite]) -> _Story:
    masters: list[_Said] = []
    exceptions: defaultdict[datetime, list[_Said]] = defaultdict(list)
    ranges: defaultdict[datetime, list[_Said]] = defaultdict(list)
    words: list[_Word] = []
    calendars: set[str] = set()
    owned = False
    mails: list[_Said] = []
    for invite in invites:
        for event in invite.events:
            said = _Said(event, invite)
            at = max(event.dtstamp or _EPOCH, event.last_modified or _EPOCH)
            if event.method is Method.REPLY:
                words += [
                    _Word(p.email, p.partstat, event.sequence, at, event.recurrence_id, p)
                    for p in event.attendees[:5]
                    if p.email
                ]
            if event.method not in _CONTENT:
                continue
            if event.calendar:
                calendars.add(event.calendar)
            owned = owned or event.owned
            if event.mail is not None:
                mails.append(said)
            elif event.owned and event.method is Method.PUBLISH:
                words += [
                    _Word(p.email, p.partstat, event.sequence, at, event.recurrence_id, p)
                    for p in event.attendees
                    if p.email and p.partstat is not PartStat.NEEDS_ACTION
                ]
            if event.recurrence_id is None and event.method is Method.ADD:
                exceptions[event.start.astimezone(UTC)].append(said)
            elif event.recurrence_id is None:
                masters.append(said)
            elif event.this_and_future:
                ranges[event.recurrence_id].append(said)
            else:
                exceptions[event.recurrence_id].append(said)
    return _Story(
        master=_settle(masters),
        exceptions={slot: settled for slot, said in exceptions.items() if (settled := _settle(said))},
        ranges={slot: settled for slot, said in ranges.items() if (settled := _settle(said))},
        words=tuple(sorted(words, key=lambda w: (w.sequence, w.at, w.address, w.partstat))),
        seen_in=tuple(sorted(calendars)),
        owned=owned,
        mails=tuple(sorted(mails, key=lambda one: one.revision)),
    )


def _occurs(slot: _Slot, over: _Slot | None, *, start: datetime | None, recurrence_id: datetime | None) -> Event:
    """The content at a start, with the CANCEL that stands over it: its own, or a newer one of the whole series."""
    content = slot.content.event
    cancel = slot.cancel
    if over is not None and over.cancel is not None and over.cancel.revision > slot.newest:
        cancel = over.cancel
    event = content
    if start is not None:
        event = replace(event, start=start, end=ending(content, start), recurs=True)
    event = replace(event, recurrence_id=recurrence_id)
    if cancel is not None and cancel is not slot.content:
        why = cancel.event
        if start is None and cancel is slot.cancel and why.end > why.start:
            event = replace(event, start=why.start, end=why.end, all_day=why.all_day)
        event = replace(
            event,
            status=Status.CANCELLED,
            method=why.method,
            dtstamp=why.dtstamp,
            sequence=max(event.sequence, why.sequence),
        )
    return event


def _participation(event: Event, story: _Story, addresses: Collection[str], content: Event) -> Event:
    attendees = list(event.attendees)
    for word in story.words:
        mine = word.address in addresses
        if word.slot is not None and word.slot != event.recurrence_id:
            continue
        stale = 0 < word.sequence < content.sequence
        later = word.at >= (content.dtstamp or _EPOCH)
        if stale and not later:
            continue
        if word.sequence < content.sequence and not later:
            continue
        for index, person in enumerate(attendees):
            if person.email == word.address:
                if later or person.partstat is PartStat.NEEDS_ACTION:
                    attendees[index] = replace(person, partstat=word.partstat)
                break
        else:
            if mine:
                attendees.append(word.person)
    return replace(event, attendees=tuple(attendees))


def _finish(event: Event, slot: _Slot, story: _Story, addresses: Collection[str]) -> Event:
    event = _participation(event, story, addresses, slot.content.event)
    mail = event.mail
    if mail is None:
        same = [one for one in story.mails if one.event.recurrence_id == event.recurrence_id] or story.mails
        requests = [one for one in same if one.event.method is not Method.CANCEL] or same
        mail = requests[-1].event.mail if requests else None
    return replace(event, seen_in=story.seen_in, owned=story.owned, mail=mail)


def _has_slot(slot: _Slot, moment: datetime, limits: ReadLimits) -> bool:
    near = Window(moment - timedelta(days=1), moment + timedelta(days=1))
    event = slot.content.event
    return any(
        start.astimezone(UTC) == moment for start in starts(event, slot.content.invite.source, near, limits.occurrences)
    )


def _unfold(story: _Story, window: Window | None, addresses: Collection[str], limits: ReadLimits) -> list[Event]:
    found: list[Event] = []
    master = story.master
    for moment, slot in sorted(story.exceptions.items()):
        if (
            master is not None
            and master.newest > slot.newest
            and not (master.cancel or _has_slot(master, moment, limits))
        ):
            continue
        event = _occurs(slot, master, start=None, recurrence_id=moment)
        found.append(_finish(event, slot, story, addresses))
    if master is not None:
        event = master.content.event
        source = master.content.invite.source
        span = window or from_start(event)
        if story.ranges:
            # A shifted occurrence may come from a slot that lies outside the window.
            shift = max(abs(r.content.event.start.astimezone(UTC) - m) for m, r in story.ranges.items())
            shift = min(shift, timedelta(days=366)) + timedelta(days=1)
            span = Window(span.start - shift, span.end + shift)
        for start in starts(event, source, span, limits.occurrences):
            moment = start.astimezone(UTC)
            if moment in story.exceptions:
                continue
            recurrence_id = moment if source else None
            before = [m for m in story.ranges if m <= moment]
            if not before:
                one = _occurs(master, None, start=start if source else None, recurrence_id=recurrence_id)
                found.append(_finish(one, master, story, addresses))
                continue
            change = story.ranges[max(before)]
            shifted = change.content.event.start + (
                start.replace(tzinfo=None) - max(before).astimezone(start.tzinfo).replace(tzinfo=None)
            )
            one = _occurs(change, master, start=shifted, recurrence_id=recurrence_id)
            found.append(_finish(replace(one, this_and_future=False), change, story, addresses))
    if master is None:
        for moment, slot in sorted(story.ranges.items()):
            if moment not in story.exceptions:
                found.append(_finish(_occurs(slot, None, start=None, recurrence_id=moment), slot, story, addresses))
    if window is not None:
        found = [event for event in found if touches(event.start, event.end, window)]
    found.sort(key=_order)
    return found[: limits.occurrences]


def _order(event: Event) -> tuple[datetime, datetime, str, datetime]:
    return (event.start.astimezone(UTC), event.end.astimezone(UTC), event.uid, event.recurrence_id or _EPOCH)


def _stories(invites: Sequence[Invite]) -> dict[str, _Story]:
    by_uid: defaultdict[str, list[Invite]] = defaultdict(list)
    for invite in invites:
        by_uid[invite.uid].append(invite)
    return {uid: _tell(group) for uid, group in by_uid.items()}


def occurrences(
    invites: Sequence[Invite], window: Window, *, addresses: Collection[str], limits: ReadLimits = LIMITS
) -> tuple[Event, ...]:
    """Every occurrence that touches the window, cancelled ones included, after folding all that is known.

    `addresses` are the owner's, canonical. At most `limits.occurrences` for one UID. Sorted by start.
    """
    found = [event for story in _stories(invites).values() for event in _unfold(story, window, addresses, limits)]
    return tuple(sorted(found, key=_order))


def all_occurrences(
    invites: Sequence[Invite], addresses: Collection[str], limits: ReadLimits = LIMITS
) -> tuple[Event, ...]:
    """Every occurrence without a window: at most ten years and `limits.occurrences` of each UID."""
    found = [event for story in _stories(invites).values() for event in _unfold(story, None, addresses, limits)]
    return tuple(sorted(found, key=_order))


def subject_occurrence(
    invites: Sequence[Invite], addresses: Collection[str], limits: ReadLimits = LIMITS
) -> Event | None:
    """The one occurrence that a few messages are about; None where they hold none.

    Of several UIDs one that is not cancelled, of those the one with the newest message. Of a series the exception that
    a message of its own is about, unless that was a mere CANCEL beside a series that goes on; else the first occurrence.
    Where there is nothing but a REPLY or COUNTER, the event as that one says it.
    """
    by_uid: defaultdict[str, list[Invite]] = defaultdict(list)
    for invite in invites:
        by_uid[invite.uid].append(invite)
    cancelled: Event | None = None
    for group in sorted(by_uid.values(), key=_latest, reverse=True)[:MAX_SUBJECTS]:
        event = _subject(_tell(group), group, addresses, limits)
        if event is not None and event.status is not Status.CANCELLED:
            return event
        cancelled = cancelled or event
    if cancelled is not None:
        return cancelled
    rest = [_Said(event, invite) for invite in invites for event in invite.events]
    return max(rest, key=lambda one: one.revision).event if rest else None


def _latest(group: Sequence[Invite]) -> tuple[datetime, datetime, datetime, str]:
    events = [event for invite in group for event in invite.events]
    return (
        max(event.dtstamp or _EPOCH for event in events),
        max(invite.received_at or _EPOCH for invite in group),
        max(event.end for event in events),
        group[0].uid,
    )


def _subject(story: _Story, invites: list[Invite], addresses: Collection[str], limits: ReadLimits) -> Event | None:
    found = _unfold(story, None, addresses, limits)
    alone = {
        event.recurrence_id: _Said(event, invite).revision
        for invite in sorted(invites, key=lambda i: max((_Said(e, i).revision for e in i.events), default=()))
        if all(event.recurrence_id is not None for event in invite.events)
        for event in invite.events
        if event.method in _CONTENT and event.method is not Method.CANCEL
    }
    about = [event for event in found if event.recurrence_id in alone]
    if about:
        return max(about, key=lambda event: (event.status is not Status.CANCELLED, alone[event.recurrence_id]))
    live = [event for event in found if event.status is not Status.CANCELLED]
    return next(iter(live or found), None)
