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
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from connectors.itip_expand import ending, from_start, snap, starts, touches
from connectors.itip_story import CONTENT, EPOCH, Said, Settled, Story, tell
from connectors.model import LIMITS, Event, Invite, Method, PartStat, ReadLimits, Status, Window

MAX_SUBJECTS = 50
"""How many UIDs are looked at in search of one that is not cancelled."""
_FARTHEST_SHIFT = timedelta(days=366)


def _occurrence(
    settled: Settled, series: Settled | None, *, start: datetime | None, recurrence_id: datetime | None
) -> Event:
    """The content, moved to `start` where given, under its own CANCEL or a newer one of the whole series."""
    content = settled.content.event
    cancel = settled.cancel
    if series is not None and series.cancel is not None and series.cancel.revision > settled.newest:
        cancel = series.cancel
    event = replace(content, recurrence_id=recurrence_id, this_and_future=False)
    if start is not None:
        event = replace(event, start=start, end=ending(content, start), recurs=True)
    if cancel is None or cancel is settled.content:
        return event
    why = cancel.event
    if start is None and cancel is settled.cancel and why.end > why.start:
        event = replace(event, start=why.start, end=why.end, all_day=why.all_day)
    sequence = max(event.sequence, why.sequence)
    return replace(event, status=Status.CANCELLED, method=why.method, dtstamp=why.dtstamp, sequence=sequence)


def _bare(settled: Settled, series: Settled | None) -> Settled | None:
    """For a CANCEL of one instance or range, without what it cancels: the content of the series under that CANCEL."""
    if series is None or settled.cancel is None or settled.content.event.method is not Method.CANCEL:
        return None
    return Settled(series.content, settled.cancel)


def _participation(event: Event, story: Story, addresses: Collection[str], content: Event) -> Event:
    attendees = {person.email or person.name: person for person in event.attendees}
    for word in story.words:
        if not word.about(content, event.recurrence_id):
            continue
        listed = attendees.get(word.person.email)
        if listed is None:
            if word.person.email in addresses:
                attendees[word.person.email] = word.person
        elif word.later_than(content) or listed.partstat is PartStat.NEEDS_ACTION:
            attendees[word.person.email] = replace(listed, partstat=word.person.partstat)
    return replace(event, attendees=tuple(attendees.values()))


def _finish(event: Event, content: Said, story: Story, addresses: Collection[str]) -> Event:
    event = _participation(event, story, addresses, content.event)
    mail = event.mail
    if mail is None and story.mails:
        same = [one for one in story.mails if one.event.recurrence_id == event.recurrence_id] or list(story.mails)
        requests = [one for one in same if one.event.method is not Method.CANCEL] or same
        mail = requests[-1].event.mail
    return replace(event, seen_in=story.seen_in, owned=story.owned, mail=mail)


def _superseded(settled: Settled, moment: datetime, series: Settled | None, limits: ReadLimits) -> bool:
    """Whether a newer master, told apart from the exception, no longer has its slot."""
    if series is None or series.cancel or series.newest <= settled.newest:
        return False
    if series.content.invite.key == settled.content.invite.key:
        return False
    near = Window(moment - timedelta(days=1), moment + timedelta(days=1))
    slots = starts(series.content.event, series.content.invite.source, near, limits.occurrences)
    return all(start.astimezone(UTC) != moment for start in slots)


def _exceptions(
    story: Story, addresses: Collection[str], limits: ReadLimits
) -> Iterator[tuple[datetime, Event | None]]:
    """Each exception with the slot that it stands for; None where a newer master took it away."""
    series = story.master
    for recurrence_id, settled in sorted(story.exceptions.items()):
        slot = snap(series.content.event, recurrence_id) if series is not None else recurrence_id
        if _superseded(settled, slot, series, limits):
            yield slot, None
            continue
        bare = _bare(settled, series)
        if bare is not None and series is not None:
            start = slot.astimezone(series.content.event.start.tzinfo)
            event = _occurrence(bare, series, start=start, recurrence_id=slot)
        else:
            event = _occurrence(settled, series, start=None, recurrence_id=slot)
        yield slot, _finish(event, (bare or settled).content, story, addresses)


def _series(
    story: Story,
    series: Settled,
    window: Window | None,
    taken: Collection[datetime],
    *,
    addresses: Collection[str],
    limits: ReadLimits,
) -> Iterator[Event]:
    """The occurrences of the master whose slots no exception has taken."""
    master, source = series.content.event, series.content.invite.source
    for start in starts(master, source, _with_shifts(window or from_start(master), story), limits.occurrences):
        slot = start.astimezone(UTC)
        if slot in taken:
            continue
        recurrence_id = slot if source else None
        since = max((moment for moment in story.ranges if moment <= slot), default=None)
        if since is None:
            event = _occurrence(series, None, start=start if source else None, recurrence_id=recurrence_id)
            yield _finish(event, series.content, story, addresses)
            continue
        settled = story.ranges[since]
        bare = _bare(settled, series)
        change = settled.content.event
        passed = start.replace(tzinfo=None) - since.astimezone(start.tzinfo).replace(tzinfo=None)
        moved = start if bare else change.start + passed
        event = _occurrence(bare or settled, series, start=moved, recurrence_id=recurrence_id)
        yield _finish(event, (bare or settled).content, story, addresses)


def _with_shifts(window: Window, story: Story) -> Window:
    """A window so wide that slots outside it, which THISANDFUTURE moves into it, are found."""
    if not story.ranges:
        return window
    shifts = (abs(settled.content.event.start - moment) for moment, settled in story.ranges.items())
    shift = min(max(shifts), _FARTHEST_SHIFT) + timedelta(days=1)
    return Window(window.start - shift, window.end + shift)


def _unfold(story: Story, window: Window | None, addresses: Collection[str], limits: ReadLimits) -> list[Event]:
    exceptions = dict(_exceptions(story, addresses, limits))
    found = [event for event in exceptions.values() if event is not None]
    if story.master is not None:
        taken = {slot for slot, event in exceptions.items() if event is not None}
        found += _series(story, story.master, window, taken, addresses=addresses, limits=limits)
    else:
        for moment, settled in sorted(story.ranges.items()):
            if moment not in exceptions:
                event = _occurrence(settled, None, start=None, recurrence_id=moment)
                found.append(_finish(event, settled.content, story, addresses))
    if window is not None:
        found = [event for event in found if touches(event.start, event.end, window)]
    found.sort(key=_order)
    return found[: limits.occurrences]


def _order(event: Event) -> tuple[datetime, datetime, str, datetime]:
    return (event.start.astimezone(UTC), event.end.astimezone(UTC), event.uid, event.recurrence_id or EPOCH)


def _by_uid(invites: Sequence[Invite]) -> list[list[Invite]]:
    groups: defaultdict[str, list[Invite]] = defaultdict(list)
    for invite in invites:
        groups[invite.uid].append(invite)
    return list(groups.values())


def occurrences(
    invites: Sequence[Invite], window: Window, *, addresses: Collection[str], limits: ReadLimits = LIMITS
) -> tuple[Event, ...]:
    """Every occurrence that touches the window, cancelled ones included, after folding all that is known.

    `addresses` are the owner's, canonical. At most `limits.occurrences` for one UID. Sorted by start.
    """
    found = [event for group in _by_uid(invites) for event in _unfold(tell(group), window, addresses, limits)]
    return tuple(sorted(found, key=_order))


def all_occurrences(
    invites: Sequence[Invite], addresses: Collection[str], limits: ReadLimits = LIMITS
) -> tuple[Event, ...]:
    """Every occurrence without a window: at most ten years and `limits.occurrences` of each UID. Sorted by start."""
    found = [event for group in _by_uid(invites) for event in _unfold(tell(group), None, addresses, limits)]
    return tuple(sorted(found, key=_order))


def subject_occurrence(
    invites: Sequence[Invite], addresses: Collection[str], limits: ReadLimits = LIMITS
) -> Event | None:
    """The one occurrence that a few messages are about; None where they hold none.

    Of several UIDs one that is not cancelled, of those the one with the newest message. Of a series the exception that
    a message of its own is about, unless that is a mere CANCEL beside a series that goes on; else the first one.
    Where there is nothing but a REPLY or COUNTER, the event as that one says it.
    """
    cancelled: Event | None = None
    for group in sorted(_by_uid(invites), key=_latest, reverse=True)[:MAX_SUBJECTS]:
        event = _subject(tell(group), group, addresses, limits)
        if event is not None and event.status is not Status.CANCELLED:
            return event
        cancelled = cancelled or event
    if cancelled is not None:
        return cancelled
    rest = [Said(event, invite) for invite in invites for event in invite.events]
    return max(rest, key=lambda one: one.revision).event if rest else None


def _latest(group: Sequence[Invite]) -> tuple[datetime, datetime, datetime, str]:
    events = [event for invite in group for event in invite.events]
    return (
        max(event.dtstamp or EPOCH for event in events),
        max(invite.received_at or EPOCH for invite in group),
        max(event.end for event in events),
        group[0].uid,
    )


def _subject(story: Story, invites: list[Invite], addresses: Collection[str], limits: ReadLimits) -> Event | None:
    found = _unfold(story, None, addresses, limits)
    alone = {
        event.recurrence_id: Said(event, invite).revision
        for invite in sorted(invites, key=lambda i: max((Said(e, i).revision for e in i.events), default=()))
        if all(event.recurrence_id is not None for event in invite.events)
        for event in invite.events
        if event.method in CONTENT and event.method is not Method.CANCEL
    }
    about = [event for event in found if event.recurrence_id in alone]
    if about:
        return max(about, key=lambda event: (event.status is not Status.CANCELLED, alone[event.recurrence_id]))
    live = [event for event in found if event.status is not Status.CANCELLED]
    return next(iter(live or found), None)
