"""The life of a follow-up: its state, derived anew from the facts each time, so that a late fact corrects it.

The ladder of evidence and the waits are those of docs/design.md; what real mail clients do to a draft was measured.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from connectors.model import DraftRef, Heard, Place, Rung, Sighting
from daemon.core.facts import ActKind, FollowUpFacts, Intent, JournalEntry, Look, Settled
from daemon.core.model import OwnerNotes

LOOK_AGAIN = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=15))
"""Mail clients take a draft away while it is edited or sent: these are the looks after it went missing."""
DELETED_MARK_HOLDS = timedelta(minutes=10)
"""A \\Deleted mark without a successor for this long is a deletion."""
GONE_AFTER = timedelta(hours=24)
REOPEN_FOR = timedelta(days=14)
"""So long a closed follow-up may still turn into sent."""
NAG_FOR = timedelta(days=7)


class State(StrEnum):
    """Where a follow-up stands."""

    DUE = "due"
    UNCERTAIN = "uncertain"
    """An intent was journalled and its outcome is not known."""
    UNTOUCHED = "untouched"
    EDITED = "edited"
    MISSING = "missing"
    SCHEDULED = "scheduled"
    """In an outgoing queue: it leaves by itself."""
    SENT = "sent"
    DELETED = "deleted"
    GONE = "gone"
    DISMISSED = "dismissed"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


CLOSED = frozenset({State.SENT, State.DELETED, State.GONE, State.DISMISSED, State.WITHDRAWN, State.EXPIRED})
UNSENT = frozenset({State.UNTOUCHED, State.EDITED})


@dataclass(frozen=True, slots=True)
class Life:
    """A follow-up at one moment."""

    state: State
    since: datetime
    reason: str
    ref: DraftRef | None = None
    """The draft as we wrote it last, or as it was adopted."""
    replaceable: bool = False
    """Strong evidence says that the draft lies there as we wrote it; only then may it be replaced or withdrawn."""
    drafted_at: datetime | None = None
    next_look: datetime | None = None
    """When a further look would tell more; None: at the next ordinary cycle."""
    heard: Heard | None = None
    snoozed_until: datetime | None = None

    @property
    def closed(self) -> bool:
        """Nothing more is owed, though it may still turn into sent."""
        return self.state in CLOSED


def notes_of(facts: FollowUpFacts) -> OwnerNotes:
    """The owner's notes for this follow-up, newest wins for each question."""
    notes = OwnerNotes()
    for act in facts.acts:
        if act.kind is ActKind.NOTE:
            notes = OwnerNotes(
                act.notes.talked_about or notes.talked_about,
                act.notes.slipped_my_mind or notes.slipped_my_mind,
                act.notes.would_correct or notes.would_correct,
            )
    return notes


def derive(facts: FollowUpFacts, now: datetime) -> Life:
    """The state at `now`, from facts alone."""
    written = _last_written(facts.journal)
    life = _open_state(facts, written, now)
    sent = _first_sent(facts.looks)
    heard = _latest_heard(facts.looks)
    snoozed = _snoozed_until(facts)
    dismissed = _dismissed_at(facts)
    withdrawn = _withdrawn_at(facts.journal)
    state, since, reason = life.state, life.since, life.reason
    if sent is not None:
        state, since, reason = State.SENT, sent[0], sent[1]
    elif dismissed is not None:
        state, since, reason = State.DISMISSED, dismissed, "you said no to it"
    elif withdrawn is not None:
        state, since, reason = (
            State.WITHDRAWN,
            withdrawn,
            "the interview did not take place, so its draft was taken back",
        )
    elif life.state not in CLOSED and now >= facts.followup.ended_at + NAG_FOR:
        state, since, reason = State.EXPIRED, facts.followup.ended_at + NAG_FOR, "a week has passed"
    return Life(
        state,
        since,
        reason,
        ref=life.ref,
        replaceable=life.replaceable and withdrawn is None,
        drafted_at=life.drafted_at,
        next_look=None if state in CLOSED else life.next_look,
        heard=heard,
        snoozed_until=snoozed,
    )


def unsettled(facts: FollowUpFacts) -> JournalEntry | None:
    """The intent whose outcome is unknown, if there is one."""
    return next((entry for entry in reversed(facts.journal) if entry.settled is None), None)


def _last_written(journal: Sequence[JournalEntry]) -> JournalEntry | None:
    for entry in reversed(journal):
        if entry.intent in (Intent.CREATE, Intent.REPLACE) and entry.settled in (Settled.DONE, Settled.ADOPTED):
            return entry
    return None


def _first_written_at(journal: Sequence[JournalEntry]) -> datetime | None:
    for entry in journal:
        if entry.intent is Intent.CREATE and entry.settled in (Settled.DONE, Settled.ADOPTED):
            return entry.at
    return None


def _withdrawn_at(journal: Sequence[JournalEntry]) -> datetime | None:
    at: datetime | None = None
    for entry in journal:
        if entry.intent is Intent.WITHDRAW and entry.settled is Settled.DONE:
            at = entry.settled_at or entry.at
        elif entry.intent is Intent.CREATE and entry.settled is not Settled.ABSENT:
            at = None
    return at


def _dismissed_at(facts: FollowUpFacts) -> datetime | None:
    at: datetime | None = None
    for act in facts.acts:
        if act.kind in (ActKind.DISMISS, ActKind.NOT_AN_INTERVIEW):
            at = act.at
        elif act.kind is ActKind.WANTED:
            at = None
    return at


def _snoozed_until(facts: FollowUpFacts) -> datetime | None:
    snoozes = [act.until for act in facts.acts if act.kind is ActKind.SNOOZE]
    return snoozes[-1] if snoozes else None


def _latest_heard(looks: Iterable[Look]) -> Heard | None:
    heard = [item for look in looks for item in look.observation.heard]
    return max(heard, key=lambda item: item.at, default=None)


_SENT_WORDS = {
    Rung.LOCATION: "our draft itself lies in Sent",
    Rung.MESSAGE_ID: "a sent mail carries our Message-ID",
    Rung.TOKEN: "a sent mail answers the invite with our reference",
    Rung.CORRESPONDENCE: "you wrote to them after the interview",
    Rung.ANSWERED: "they answered it",
}


def _first_sent(looks: Iterable[Look]) -> tuple[datetime, str] | None:
    for look in looks:
        for sighting in look.observation.sightings:
            if _is_sent(sighting):
                return sighting.at or look.first_at, _SENT_WORDS[sighting.rung]
    return None


def _is_sent(sighting: Sighting) -> bool:
    if sighting.rung is Rung.ANSWERED:
        return True
    return sighting.place is Place.SENT and not sighting.flagged_deleted


def _drafts(look: Look) -> tuple[Sighting, ...]:
    return tuple(s for s in look.observation.sightings if s.place is Place.DRAFTS and not s.flagged_deleted)


def _open_state(facts: FollowUpFacts, written: JournalEntry | None, now: datetime) -> Life:
    created = facts.followup.created_at
    if written is None:
        if unsettled(facts) is not None:
            return Life(State.UNCERTAIN, created, "a draft was about to be written; it is looked for")
        return Life(State.DUE, created, "no draft yet")
    drafted_at = _first_written_at(facts.journal) or written.at
    ref = written.ref
    # The look that came just before the writing bears the same time; it says nothing about what was written.
    fresh = [look for look in facts.looks if look.last_at > written.at]
    telling = [look for look in fresh if _drafts(look) or Place.DRAFTS not in look.unseen]
    if not telling:
        return Life(State.UNTOUCHED, drafted_at, "written and not looked at since", ref=ref, drafted_at=drafted_at)
    last = telling[-1]
    queued = next((s for s in last.observation.sightings if s.place is Place.QUEUE), None)
    if queued is not None:
        return Life(State.SCHEDULED, last.first_at, "it waits in an outgoing queue", ref=ref, drafted_at=drafted_at)
    present = _drafts(last)
    if present:
        return _present(present, last, ref, drafted_at)
    return _absent(telling, written, drafted_at, now)


def _present(present: Sequence[Sighting], last: Look, ref: DraftRef | None, drafted_at: datetime) -> Life:
    fingerprint = ref.fingerprint if ref else ""
    edited = any(s.fingerprint and fingerprint and s.fingerprint != fingerprint for s in present)
    strong = any(s.rung <= Rung.MESSAGE_ID and s.fingerprint == fingerprint for s in present)
    if edited:
        return Life(State.EDITED, last.first_at, "you changed it", ref=ref, drafted_at=drafted_at)
    reason = "as it was written" if strong else "saved again by a mail program, with the same words"
    return Life(
        State.UNTOUCHED,
        drafted_at,
        reason,
        ref=ref,
        replaceable=strong and len(present) == 1,
        drafted_at=drafted_at,
    )


def _absent(telling: Sequence[Look], written: JournalEntry, drafted_at: datetime, now: datetime) -> Life:
    ref = written.ref
    run: list[Look] = []
    for look in reversed(telling):
        if _drafts(look):
            break
        run.insert(0, look)
    missing_since, last = max(run[0].first_at, written.at), run[-1]
    sightings = last.observation.sightings
    in_trash = next((s for s in sightings if s.place is Place.TRASH and s.rung <= Rung.TOKEN), None)
    if in_trash is not None and not last.suspect:
        at = in_trash.at or last.first_at
        return Life(State.DELETED, at, "it lies in Trash", ref=ref, drafted_at=drafted_at)
    marked = [look for look in run if any(s.flagged_deleted for s in look.observation.sightings)]
    if marked and marked[-1] is last and now >= marked[0].first_at + DELETED_MARK_HOLDS and not last.suspect:
        return Life(State.DELETED, marked[0].first_at, "it is marked as deleted", ref=ref, drafted_at=drafted_at)
    complete = [look for look in run if not look.unseen and not look.suspect]
    if complete and complete[-1].last_at >= missing_since + GONE_AFTER:
        return Life(State.GONE, missing_since + GONE_AFTER, "no trace of it for a day", ref=ref, drafted_at=drafted_at)
    reason = (
        "everything vanished at once, which may be a fault" if last.suspect else "it is being edited, or was taken away"
    )
    waits = [missing_since + wait for wait in LOOK_AGAIN if missing_since + wait > now]
    return Life(
        State.MISSING,
        missing_since,
        reason,
        ref=ref,
        drafted_at=drafted_at,
        next_look=waits[0] if waits else None,
    )
