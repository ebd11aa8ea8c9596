"""Whether an interview took place, as far as calendars tell: cancelled, moved or declined in time, or later."""

from collections.abc import Sequence
from datetime import datetime

from connectors.model import Event, PartStat, Status
from daemon.core.facts import FollowUpFacts
from daemon.core.model import Interview, Outcome, Owner


def did_not_happen(facts: FollowUpFacts, interviews: Sequence[Interview], owner: Owner, now: datetime) -> str:
    """Why the interview of a follow-up did not take place after all; empty where it did, or where nothing is known.

    A cancellation or a move counts only if it was made before the end: what organisers do to a calendar afterwards
    is a clean-up, or the next round.
    """
    followup = facts.followup
    same = [i for i in interviews if {p.event.uid for p in i.parts} & set(followup.uids)]
    if not same:
        return ""
    if any(_alive(i) and i.end == followup.ended_at for i in same):
        return ""
    for interview in same:
        events = [part.event for part in interview.parts if part.event.uid in followup.uids]
        for event in events:
            stamp = event.last_modified if event.dtstamp is None else event.dtstamp
            in_time = stamp is not None and stamp < followup.ended_at
            if event.status is Status.CANCELLED and event.end == followup.ended_at and in_time:
                return "it was cancelled"
            if event.status is not Status.CANCELLED and event.end > max(followup.ended_at, now) and in_time:
                return "it was moved"
    declined = any(i.end == followup.ended_at and all(_declined(p.event, owner) for p in i.parts) for i in same)
    return "you declined it" if declined else ""


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
