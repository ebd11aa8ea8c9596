"""Facts to build tests from: one follow-up and what may become of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from connectors.model import DraftRef, Observation, Place, Rung, Sighting
from daemon.core.facts import FollowUp, FollowUpFacts, Intent, JournalEntry, Look, Settled
from daemon.core.model import Recipient, RecipientKind

ENDED = datetime(2026, 3, 17, 15, 0, tzinfo=UTC)
DRAFTED = ENDED + timedelta(minutes=15)
REF = DraftRef("<ours@home.example>", "Drafts/1", "fingerprint-1")


def followup(key: str = "key-1") -> FollowUp:
    return FollowUp(
        key=key,
        interview_id="int1",
        uids=("uid-1",),
        recipient=Recipient("Helena Frost", "helena@frost.example", RecipientKind.INTERVIEWER, "was in the room"),
        title="Interview",
        ended_at=ENDED,
        zone="Europe/Berlin",
        created_at=DRAFTED,
        message_id=REF.message_id,
        token="<token@home.example>",
        parent="<invite@frost.example>",
    )


def created(at: datetime = DRAFTED, *, settled: Settled | None = Settled.DONE, entry_id: int = 1) -> JournalEntry:
    return JournalEntry(
        id=entry_id,
        key="key-1",
        intent=Intent.CREATE,
        at=at,
        fingerprint=REF.fingerprint,
        settled=settled,
        settled_at=None if settled is None else at,
        ref=REF if settled in {Settled.DONE, Settled.ADOPTED} else None,
    )


def sighting(place: Place = Place.DRAFTS, rung: Rung = Rung.LOCATION, fingerprint: str = REF.fingerprint) -> Sighting:
    return Sighting(place, rung, "somewhere", message_id=REF.message_id, fingerprint=fingerprint)


def look(minutes: float, *sightings: Sighting, until: float | None = None) -> Look:
    """A look that many minutes after the draft was made, the same until the second time if one is given."""
    first = DRAFTED + timedelta(minutes=minutes)
    last = first if until is None else DRAFTED + timedelta(minutes=until)
    return Look("key-1", first, last, Observation("key-1", sightings))


def drafted(*looks: Look) -> FollowUpFacts:
    return FollowUpFacts(followup(), journal=(created(),), looks=looks)


def after(minutes: float) -> datetime:
    return DRAFTED + timedelta(minutes=minutes)


__all__ = ["DRAFTED", "ENDED", "REF", "after", "created", "drafted", "followup", "look", "replace", "sighting"]
