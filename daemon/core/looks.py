"""From what a mailbox showed to the looks that are stored, with faults told apart from deletions."""

from collections.abc import Mapping
from dataclasses import replace

from connectors.model import Observation, Observations, Place, Rung, Sighting
from daemon.core.facts import FollowUpFacts, Look

_TELLING = frozenset({Rung.LOCATION, Rung.MESSAGE_ID, Rung.TOKEN})
_EXPLAINS = frozenset({Place.SENT, Place.TRASH, Place.QUEUE})


def _in_drafts(observation: Observation) -> bool:
    return any(s.place is Place.DRAFTS and not s.flagged_deleted for s in observation.sightings)


def _explained(observation: Observation) -> bool:
    return any(s.place in _EXPLAINS or s.flagged_deleted or s.rung is Rung.ANSWERED for s in observation.sightings)


def _was_in_drafts(facts: FollowUpFacts) -> bool:
    if facts.looks:
        return _in_drafts(facts.looks[-1].observation)
    return any(entry.ref is not None for entry in facts.journal)


def told_apart(seen: Observations) -> Observations:
    """The same, where a draft that by strong evidence is one follow-up's is no other's.

    By its recipient alone the draft for a second round would pass for a changed draft of the first.
    """
    owners: dict[str, str] = {}
    for rung in sorted(_TELLING):
        for key, observation in seen.by_key.items():
            for sighting in observation.sightings:
                if sighting.place is Place.DRAFTS and sighting.rung is rung:
                    owners.setdefault(sighting.locator, key)
    by_key = {
        key: replace(
            observation,
            sightings=tuple(
                s
                for s in observation.sightings
                if s.place is not Place.DRAFTS or s.rung in _TELLING or owners.get(s.locator, key) == key
            ),
        )
        for key, observation in seen.by_key.items()
    }
    return replace(seen, by_key=by_key)


def looks_from(seen: Observations, before: Mapping[str, FollowUpFacts]) -> tuple[Look, ...]:
    """One look per follow-up that was probed.

    Where two or more drafts lay before and every one of them vanished at once without a trace, the looks are marked
    as suspect: a folder that was renamed, emptied by a sync that went wrong or is not there yet is no verdict.
    """
    there = {key for key in seen.by_key if key in before and _was_in_drafts(before[key])}
    vanished = {key for key in there if not _in_drafts(seen.by_key[key]) and not _explained(seen.by_key[key])}
    suspects: set[str] = set()
    if len(vanished) > 1 and vanished == there:
        suspects = vanished
    still = {
        key
        for key, facts in before.items()
        if key in seen.by_key and facts.looks and facts.looks[-1].suspect and not _in_drafts(seen.by_key[key])
    }
    suspects |= {key for key in still if not _explained(seen.by_key[key])}
    return tuple(
        Look(
            key=key,
            first_at=seen.at,
            last_at=seen.at,
            observation=replace(
                observation,
                sightings=tuple(replace(s, text="", subject="") for s in observation.sightings),
            ),
            unseen=seen.unseen,
            suspect=key in suspects,
        )
        for key, observation in seen.by_key.items()
    )


def texts_of(seen: Observations) -> dict[str, tuple[Sighting, ...]]:
    """For each follow-up, the drafts of ours in Drafts with the text that they have now."""
    found = {}
    for key, observation in seen.by_key.items():
        drafts = tuple(s for s in observation.sightings if s.place is Place.DRAFTS and not s.flagged_deleted and s.text)
        if drafts:
            found[key] = drafts
    return found
