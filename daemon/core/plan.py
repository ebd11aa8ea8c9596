"""From what is known to what is to be done: pure, so that a dry run and the service cannot differ.

A cycle pulls the calendars, asks `due_now` which follow-ups exist, looks for them in the mailbox, and then asks
`decide` what to do. Promises 2, 3, 5 and 6 of docs/design.md are kept here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from connectors.mime import fingerprint_of
from connectors.model import Draft, DraftRef, Place, Rung, Sighting
from daemon.core.actions import Action, CreateDraft, Plan, ReplaceDraft, Settle, Wait, WithdrawDraft
from daemon.core.facts import (
    AccountFacts,
    ActKind,
    FollowUpFacts,
    Intent,
    JournalEntry,
    Look,
    Settled,
)
from daemon.core.followups import Owed, write
from daemon.core.happened import cancelled_afterwards, did_not_happen
from daemon.core.life import REOPEN_FOR, Life, State, derive, unsettled
from daemon.core.model import Interview, Owner
from daemon.core.notes_to_owner import (
    Desk,
    Listed,
    caught_up_notes,
    health_notes,
    next_reminder,
    question_notes,
    reminder_note,
)
from daemon.core.policy import Wishes
from daemon.core.reminder import Missed

SETTLE_WAIT = timedelta(seconds=30)
"""An intent with an unknown outcome is settled by looking, but not sooner than this after it was written down."""
CATCH_UP = timedelta(days=3)
"""So late a draft is still made unasked."""
LOST_STORE_DRAFTS = timedelta(hours=24)
"""With the store lost, only what ended within this time is drafted."""
NEW_STORE = timedelta(minutes=1)
_NEEDED = frozenset({Place.DRAFTS, Place.SENT, Place.TRASH})


@dataclass(frozen=True, slots=True)
class View:
    """Everything a decision rests on."""

    account: str
    owner: Owner
    account_key: bytes
    wishes: Wishes
    interviews: tuple[Interview, ...]
    """All of the window, cancelled and declined ones included."""
    owed: tuple[Owed, ...]
    facts: AccountFacts
    stale: frozenset[str] = frozenset()
    """Calendars that could not be read in this cycle: what they would say now is not known."""
    unseen: frozenset[Place] = frozenset()
    """Places of the mailbox that could not be looked at in this cycle."""
    looked: bool = True
    """The mailbox answered in this cycle."""
    texts: Mapping[str, tuple[Sighting, ...]] = field(default_factory=dict)
    """What the drafts say now."""
    overrides: Mapping[str, str] = field(default_factory=dict)
    """The owner's own templates."""


def due_now(owed: Sequence[Owed], now: datetime) -> tuple[Owed, ...]:
    """The follow-ups whose draft is due: they are written down as facts and looked for."""
    return tuple(item for item in owed if item.due <= now)


def to_look_for(facts: AccountFacts, now: datetime) -> tuple[FollowUpFacts, ...]:
    """The follow-ups of which something new may still be learnt."""
    return tuple(
        item
        for item in facts.followups.values()
        # Of one that the owner had forgotten, only the key is left.
        if item.followup.message_id and now < item.followup.ended_at + REOPEN_FOR
    )


def decide(view: View, now: datetime) -> Plan:
    """What to do at `now`, in order."""
    actions: list[Action] = []
    listed: list[Listed] = []
    moments: list[datetime] = [item.due for item in view.owed if item.due > now]
    items = {item.followup.key: item for item in view.owed}
    for key, facts in view.facts.followups.items():
        life = derive(facts, now)
        item = items.get(key)
        step = _step(view, facts, life, item, now)
        actions.extend(step.actions)
        if step.ask is not None:
            listed.append(Listed(facts.followup, step.ask))
        moments.extend(action.until for action in step.actions if isinstance(action, Wait) and action.until)
        if life.next_look is not None:
            moments.append(life.next_look)
    desk = Desk(view.owner, view.account_key, view.wishes, view.facts, now)
    actions.extend(health_notes(desk, view.account))
    if view.looked:
        reminder = reminder_note(
            desk,
            texts=view.texts,
            untold={a.followup.key for a in actions if isinstance(a, CreateDraft | ReplaceDraft | WithdrawDraft)},
            cancelled_after={k for k, f in view.facts.followups.items() if cancelled_afterwards(f, view.interviews)},
            starts={item.followup.key: item.interview.start for item in view.owed},
        )
        actions.extend(caught_up_notes(desk, listed))
        actions.extend(question_notes(desk, view.owed))
        if reminder is not None:
            actions.append(reminder)
        upcoming = next_reminder(desk)
        if upcoming is not None:
            moments.append(upcoming)
    return Plan(tuple(actions), min((m for m in moments if m > now), default=None))


@dataclass(frozen=True, slots=True)
class _Step:
    actions: tuple[Action, ...] = ()
    ask: Missed | None = None
    """The owner is asked instead of a draft being made."""


def _step(view: View, facts: FollowUpFacts, life: Life, item: Owed | None, now: datetime) -> _Step:
    if not view.looked:
        if life.state in (State.DUE, State.UNCERTAIN):
            return _Step((Wait(facts.followup, "the mailbox could not be looked at"),))
        return _Step()
    pending = unsettled(facts)
    if pending is not None:
        return _settle(view, facts, pending, item, now)
    if life.state is State.DUE or _owed_again(life, item, now):
        return _draft(view, facts, item, now, adopt=life.state is State.DUE)
    if life.state is State.DISMISSED and life.replaceable and life.ref is not None:
        return _Step((WithdrawDraft(facts.followup, life.ref, "you said no to it"),))
    if life.state is not State.UNTOUCHED or life.ref is None or not life.replaceable:
        return _Step()
    happened = did_not_happen(facts, view.interviews, view.owner, now)
    if happened:
        return _Step((WithdrawDraft(facts.followup, life.ref, happened),))
    if item is not None and _has_new_notes(facts):
        return _weave_in(view, facts, life.ref, item, now)
    return _Step()


def _owed_again(life: Life, item: Owed | None, now: datetime) -> bool:
    """The draft was taken back because the interview was moved, and now it did take place."""
    return (
        life.state is State.WITHDRAWN and item is not None and item.due <= now and item.followup.ended_at > life.since
    )


def _settle(view: View, facts: FollowUpFacts, entry: JournalEntry, item: Owed | None, now: datetime) -> _Step:
    if now < entry.at + SETTLE_WAIT:
        return _Step((Wait(facts.followup, "its outcome is settled by looking, after a wait", entry.at + SETTLE_WAIT),))
    found = _ours(facts.looks)
    absent = found is None and not (view.unseen & _NEEDED)
    match entry.intent:
        case Intent.CREATE:
            if found is not None:
                return _Step((_settled(facts, entry, Settled.DONE, found, "it lies in the mailbox"),))
            if not absent:
                return _Step((Wait(facts.followup, "not every folder could be looked at"),))
            if now - facts.followup.ended_at > LOST_STORE_DRAFTS:
                doubt = "it may have been there: too late to make it again unasked"
                return _Step((_settled(facts, entry, Settled.IN_DOUBT, None, doubt),))
            again = _draft(view, facts, item, now, adopt=False)
            return _Step(
                (_settled(facts, entry, Settled.ABSENT, None, "it never reached the mailbox"), *again.actions),
                again.ask,
            )
        case Intent.REPLACE:
            return _settle_replacement(view, facts, entry, item, now)
        case Intent.WITHDRAW:
            still_there = bool(_strong_drafts(facts.looks))
            if not still_there and Place.DRAFTS in view.unseen:
                return _Step((Wait(facts.followup, "Drafts could not be looked at"),))
            outcome = Settled.ABSENT if still_there else Settled.DONE
            words = "it is still there" if still_there else "it is gone"
            return _Step((_settled(facts, entry, outcome, None, words),))
        case Intent.NOTE:
            return _Step((_settled(facts, entry, Settled.ABSENT, None, "notes settle by themselves"),))


def _settle_replacement(
    view: View, facts: FollowUpFacts, entry: JournalEntry, item: Owed | None, now: datetime
) -> _Step:
    found = _ours(facts.looks)
    old = next((e.ref for e in reversed(facts.journal) if e.ref is not None), None)
    lying = {s.fingerprint for s in _strong_drafts(facts.looks)}
    if entry.fingerprint not in lying:
        return _Step((_settled(facts, entry, Settled.ABSENT, None, "the old words lie there"),))
    if old is None or item is None or old.fingerprint not in lying:
        return _Step((_settled(facts, entry, Settled.DONE, found, "the new words lie in the mailbox"),))
    draft, _ = write(item, owner=view.owner, facts=facts, overrides=view.overrides, now=now)
    half = _settled(facts, entry, Settled.ABSENT, None, "both lie there: the old words were not removed yet")
    return _Step((half, ReplaceDraft(facts.followup, old, draft, "the replacement is finished")))


def _strong_drafts(looks: Sequence[Look]) -> tuple[Sighting, ...]:
    if not looks:
        return ()
    sightings = looks[-1].observation.sightings
    return tuple(
        s for s in sightings if s.place is Place.DRAFTS and not s.flagged_deleted and s.rung <= Rung.MESSAGE_ID
    )


def _settled(
    facts: FollowUpFacts, entry: JournalEntry, outcome: Settled, found: Sighting | None, reason: str
) -> Settle:
    ref = None
    if found is not None:
        ref = DraftRef(facts.followup.message_id, found.locator, entry.fingerprint)
    return Settle(facts.followup, entry.id, outcome, ref, reason)


def _ours(looks: Sequence[Look]) -> Sighting | None:
    """The draft itself, wherever it lies, by strong evidence, as the last look showed it."""
    if not looks:
        return None
    sightings = [s for s in looks[-1].observation.sightings if s.rung <= Rung.TOKEN and s.place is not Place.INBOX]
    drafts = [s for s in sightings if s.place is Place.DRAFTS and not s.flagged_deleted]
    ordered = sorted(drafts or sightings, key=lambda s: (s.rung, s.place is not Place.DRAFTS))
    return ordered[0] if ordered else None


def _draft(view: View, facts: FollowUpFacts, item: Owed | None, now: datetime, *, adopt: bool) -> _Step:
    followup = facts.followup
    if item is None:
        return _Step((Wait(followup, "no calendar shows the interview as one that took place any more"),))
    if item.due > now:
        return _Step((Wait(followup, "not yet", item.due),))
    waiting = _stale(view, item)
    if waiting:
        return _Step((Wait(followup, waiting),))
    if view.unseen & _NEEDED:
        return _Step((Wait(followup, "not every folder could be looked at for a mail of yours to them"),))
    found = _ours(facts.looks)
    draft, problems = write(item, owner=view.owner, facts=facts, overrides=view.overrides, now=now)
    if found is not None and adopt:
        return _adopt(view, facts, draft, found)
    held = _held_back(view, facts, item, now)
    if held is not None:
        return held
    names = f"for {item.recipient.name or item.recipient.email or 'the interviewer'}: {item.recipient.reason}"
    return _Step((CreateDraft(followup, draft, names, problems),))


def _adopt(view: View, facts: FollowUpFacts, draft: Draft, found: Sighting) -> _Step:
    half_done = _half_replaced(view, facts, draft)
    if half_done is not None:
        return half_done
    ref = DraftRef(facts.followup.message_id, found.locator, fingerprint_of(draft))
    reason = f"it already lies in {found.place}"
    return _Step((Settle(facts.followup, None, Settled.ADOPTED, ref, reason, found.at),))


def _held_back(view: View, facts: FollowUpFacts, item: Owed, now: datetime) -> _Step | None:
    """Why no draft is made though one is due; None where nothing stands against it."""
    if _being_written(facts.looks):
        return _Step((Wait(facts.followup, "a draft of yours to them lies in Drafts"),))
    if any(act.kind is ActKind.WANTED for act in facts.acts):
        return None
    if facts.followup.ended_at < view.facts.set_up_at:
        return _Step((Wait(facts.followup, "it ended before Afterword was set up"),))
    late = _too_late(view, facts, item, now)
    return None if late is None else _Step((Wait(facts.followup, late[0]),), late[1])


def _being_written(looks: Sequence[Look]) -> bool:
    """The owner has begun a mail to them on their own: a second draft would be in the way."""
    return bool(looks) and any(
        s.place is Place.DRAFTS and s.rung is Rung.CORRESPONDENCE and not s.flagged_deleted
        for s in looks[-1].observation.sightings
    )


def _half_replaced(view: View, facts: FollowUpFacts, draft: Draft) -> _Step | None:
    """A replacement was cut in half and then the record of it was lost: both copies lie there. It is finished."""
    strong = _strong_drafts(facts.looks)
    old = next((s for s in strong if s.fingerprint == fingerprint_of(draft)), None)
    new = next((s for s in strong if s.fingerprint != fingerprint_of(draft)), None)
    if old is None or new is None:
        return None
    seen = next((s for s in view.texts.get(facts.followup.key, ()) if s.locator == new.locator), new)
    now_there = replace(draft, subject=seen.subject, body=seen.text)
    if fingerprint_of(now_there) != new.fingerprint:
        return None
    ref = DraftRef(facts.followup.message_id, old.locator, old.fingerprint)
    reason = "it already lies in drafts, and its replacement beside it"
    adopted = Settle(facts.followup, None, Settled.ADOPTED, ref, reason, old.at)
    return _Step((adopted, ReplaceDraft(facts.followup, ref, now_there, "the replacement is finished")))


def _too_late(view: View, facts: FollowUpFacts, item: Owed, now: datetime) -> tuple[str, Missed] | None:
    """Why the owner is asked first; None where a draft is made unasked."""
    if any(entry.settled is Settled.IN_DOUBT for entry in facts.journal):
        return "it is not certain whether a draft was made", Missed.DOWNTIME
    lost = view.facts.store_born_at > view.facts.set_up_at + NEW_STORE
    if lost and facts.followup.ended_at < view.facts.store_born_at - LOST_STORE_DRAFTS:
        return "the record of what was done was lost, and it ended more than a day before", Missed.LOST_STORE
    if now > item.due + CATCH_UP:
        return "it is more than three days late", Missed.DOWNTIME
    return None


def _stale(view: View, item: Owed) -> str:
    calendars = {name for part in item.interview.parts for name in (part.event.calendar, *part.event.seen_in)}
    stale = sorted(calendars & view.stale)
    return f"the calendar {', '.join(stale)} could not be read again just now" if stale else ""


def _has_new_notes(facts: FollowUpFacts) -> bool:
    written = [e.at for e in facts.journal if e.intent in (Intent.CREATE, Intent.REPLACE) and e.settled is Settled.DONE]
    notes = [act.at for act in facts.acts if act.kind is ActKind.NOTE]
    return bool(written and notes and notes[-1] > written[-1])


def _weave_in(view: View, facts: FollowUpFacts, ref: DraftRef, item: Owed, now: datetime) -> _Step:
    draft, problems = write(item, owner=view.owner, facts=facts, overrides=view.overrides, now=now)
    if problems or fingerprint_of(draft) == ref.fingerprint:
        return _Step()
    return _Step((ReplaceDraft(facts.followup, ref, draft, "what you noted is woven in"),))
