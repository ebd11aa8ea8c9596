"""Whether an interview took place, as far as calendars tell: cancelled, moved or declined in time, or later."""

from collections.abc import Sequence
from datetime import datetime

from connectors.model import Event, PartStat, Person, Status
from daemon.core.facts import FollowUp, FollowUpFacts
from daemon.core.model import Interview, Outcome, Owner, RecipientKind


def did_not_happen(facts: FollowUpFacts, interviews: Sequence[Interview], owner: Owner, now: datetime) -> str:
    """Why the interview of a follow-up did not take place after all; empty where it did, or where nothing is known.

    A cancellation or a move counts only if it was made before the end: what organisers do to a calendar afterwards
    is a clean-up, or the next round.
    """
    followup = facts.followup
    same = [i for i in interviews if {p.event.uid for p in (*i.parts, *i.void)} & set(followup.uids)]
    if not same:
        return ""
    events = [p.event for i in same for p in (*i.parts, *i.void) if p.event.uid in followup.uids]
    alive = [i for i in same if _alive(i) and i.end == followup.ended_at]
    if alive:
        return _cancelled_for(followup, alive, events)
    for event in events:
        if not _said_before(event, followup.ended_at):
            continue
        if event.status is Status.CANCELLED:
            # One that was put off first and cancelled then ends later; so do other occurrences of a series.
            if event.end == followup.ended_at or (event.end > followup.ended_at and not event.recurs):
                return "it was cancelled"
        elif event.end > max(followup.ended_at, now):
            return "it was moved"
    declined = any(i.end == followup.ended_at and all(_declined(p.event, owner) for p in i.parts) for i in same)
    return "you declined it" if declined else ""


def _said_before(event: Event, end: datetime) -> bool:
    stamp = event.last_modified if event.dtstamp is None else event.dtstamp
    return stamp is not None and stamp < end


def _cancelled_for(followup: FollowUp, alive: Sequence[Interview], events: Sequence[Event]) -> str:
    """The interview took place, but the part of it with this recipient was called off."""
    email = followup.recipient.email
    if followup.recipient.kind is not RecipientKind.INTERVIEWER or not email:
        return ""
    if any(email in {person.email for person in i.interviewers} for i in alive):
        return ""
    theirs = [e for e in events if any(person.email == email for person in _people(e))]
    called_off = [e.status is Status.CANCELLED and _said_before(e, followup.ended_at) for e in theirs]
    return "the part with them was cancelled" if called_off and all(called_off) else ""


def _people(event: Event) -> tuple[Person, ...]:
    return event.attendees if event.organizer is None else (event.organizer, *event.attendees)


def _declined(event: Event, owner: Owner) -> bool:
    mine = [a for a in event.attendees if a.is_self or owner.owns(a.email)]
    return bool(mine) and all(a.partstat is PartStat.DECLINED for a in mine)


def _alive(interview: Interview) -> bool:
    return any(part.outcome is Outcome.THANK for part in interview.parts)


def cancelled_afterwards(facts: FollowUpFacts, interviews: Sequence[Interview]) -> bool:
    """The organiser cancelled it after its end: the draft stays, and the reminder says so."""
    for interview in interviews:
        for part in interview.parts:
            event = part.event
            if event.uid in facts.followup.uids and event.status is Status.CANCELLED:
                stamp = event.last_modified if event.dtstamp is None else event.dtstamp
                if event.end == facts.followup.ended_at and (stamp is None or stamp >= facts.followup.ended_at):
                    return True
    return False
