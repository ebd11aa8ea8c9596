"""Putting together what belongs to one interview: seen twice, invited twice, or the blocks of an onsite."""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

from daemon.core.domains import domain_of, is_third_party, organisation, squeezed
from daemon.core.model import (
    Assessment,
    Excluded,
    Fact,
    Interview,
    Interviewer,
    Outcome,
    Owner,
    Recipient,
    RecipientKind,
)
from daemon.core.names import same_person

GROUP_NOTE = 4
"""A panel larger than this gets one note through whoever arranged it."""
_SAME_SLOT = timedelta(minutes=10)


def join(assessments: Sequence[Assessment], owner: Owner, account_key: bytes) -> tuple[Interview, ...]:
    """The interviews among these assessments, ordered by start.

    Two events of one company in one slot are one interview; of these one that is alive outweighs a cancelled one. Two
    of one company on one day in the owner's zone are blocks of one interview, thanked after the last block.
    """
    found = sorted(
        (one for one in assessments if one.interview), key=lambda one: (one.event.start, one.event.end, one.event.uid)
    )
    slots: list[list[Assessment]] = []
    for one in found:
        home = next((slot for slot in slots if any(_same_slot(one, other) for other in slot)), None)
        if home is None:
            slots.append([one])
        else:
            home.append(one)
    days: list[list[list[Assessment]]] = []
    for slot in slots:
        home_day = next((day for day in days if any(_same_day(slot, other, owner) for other in day)), None)
        if home_day is None:
            days.append([slot])
        else:
            home_day.append(slot)
    interviews = [_merged(day, owner, account_key) for day in days]
    return tuple(sorted(interviews, key=lambda interview: (interview.start, interview.id)))


def _same_slot(one: Assessment, other: Assessment) -> bool:
    apart = max(abs(one.event.start - other.event.start), abs(one.event.end - other.event.end))
    return apart <= _SAME_SLOT and (
        one.event.uid == other.event.uid or _same_company(one, other) or bool(_addresses(one) & _addresses(other))
    )


def _same_day(one: Sequence[Assessment], other: Sequence[Assessment], owner: Owner) -> bool:
    """Both take place, for one company, on one day."""
    if not (_takes_place(one) and _takes_place(other)):
        return False
    return _day(one[0], owner) == _day(other[0], owner) and any(_same_company(a, b) for a in one for b in other)


def _takes_place(slot: Sequence[Assessment]) -> bool:
    return any(one.outcome is Outcome.THANK for one in slot)


def _day(one: Assessment, owner: Owner) -> date:
    return one.event.start.astimezone(owner.zone).date()


def _addresses(one: Assessment) -> frozenset[str]:
    return frozenset(person.email for person in one.interviewers if person.email)


def _organisations(one: Assessment) -> frozenset[str]:
    domains = {one.company_domain} if one.company_domain else set()
    domains |= {
        organisation(domain_of(person.email))
        for person in one.interviewers
        if person.email and not is_third_party(domain_of(person.email))
    }
    return frozenset(domains)


def _same_company(one: Assessment, other: Assessment) -> bool:
    if _organisations(one) & _organisations(other):
        return True
    left, right = (squeezed(a.company.value) if a.company else "" for a in (one, other))
    return bool(left) and bool(right) and (left.startswith(right) or right.startswith(left))


def _merged(slots: Sequence[Sequence[Assessment]], owner: Owner, account_key: bytes) -> Interview:
    everything = tuple(one for slot in slots for one in slot)
    alive = tuple(one for one in everything if one.outcome is Outcome.THANK)
    telling = alive or everything
    last = max(telling, key=lambda one: one.event.end)
    outcome = Outcome.THANK if alive else Outcome.NONE
    interviewers = _interviewers(slots, telling)
    recipients = _recipients(telling, interviewers) if alive else ()
    receiving = {one.email for one in recipients} | {one.email for one in interviewers}
    excluded: dict[tuple[str, str], Excluded] = {}
    for one in telling:
        for person in one.excluded:
            if person.email not in receiving:
                excluded.setdefault((person.email, "" if person.email else person.name), person)
    start_zone = telling[0].event.start.tzinfo
    return Interview(
        id=_id(everything, account_key),
        parts=tuple(sorted(telling, key=lambda one: (one.event.start, one.event.uid))),
        void=tuple(one for one in everything if one not in telling),
        start=min(one.event.start for one in telling),
        end=last.event.end,
        zone=start_zone if isinstance(start_zone, ZoneInfo) and start_zone.key != "UTC" else owner.zone,
        outcome=outcome,
        language=max(telling, key=lambda one: len(one.event.description)).language,
        role=_surest(one.role for one in telling),
        company=_surest(one.company for one in telling),
        stage=_stage(slots, telling),
        interviewers=interviewers,
        recipients=recipients,
        excluded=tuple(excluded.values()),
        relay=next((one.relay for one in telling if one.relay is not None), None),
        formality=next((one.formality for one in telling if one.formality is not None), None),
        company_domain=next((one.company_domain for one in telling if one.company_domain), ""),
        reasons=tuple(dict.fromkeys(reason for one in telling for reason in one.reasons)),
    )


def _surest(facts: Iterable[Fact | None]) -> Fact | None:
    known = [fact for fact in facts if fact is not None]
    return max(known, key=lambda fact: fact.sure) if known else None


def _stage(slots: Sequence[Sequence[Assessment]], telling: Sequence[Assessment]) -> Fact | None:
    if len([slot for slot in slots if _takes_place(slot)]) > 1:
        return Fact("onsite", f"{len(slots)} blocks on one day", 0.9)
    return _surest([one.stage for one in telling])


def _interviewers(slots: Sequence[Sequence[Assessment]], telling: Sequence[Assessment]) -> tuple[Interviewer, ...]:
    """Everybody once; a name of one invite takes its address from the other."""
    merged: list[Interviewer] = []
    for slot in slots:
        here = [one for one in slot if one in telling]
        out = {person.email for one in here for person in one.excluded if person.email and len(here) > 1}
        for one in sorted(here, key=lambda a: -sum(bool(person.email) for person in a.interviewers)):
            for person in one.interviewers:
                if person.email and person.email in out:
                    continue
                index = next((i for i, known in enumerate(merged) if _one_person(known, person)), None)
                if index is None:
                    merged.append(person)
                else:
                    merged[index] = _fuller(merged[index], person)
    return tuple(merged)


def _one_person(one: Interviewer, other: Interviewer) -> bool:
    if one.email and other.email:
        return one.email == other.email
    return bool(one.name and other.name) and same_person(one.name, other.name)


def _fuller(one: Interviewer, other: Interviewer) -> Interviewer:
    best, rest = (
        (one, other) if (bool(one.email), len(one.name)) >= (bool(other.email), len(other.name)) else (other, one)
    )
    return Interviewer(
        best.name or rest.name,
        best.email or rest.email,
        best.source,
        max(best.sure, rest.sure),
        best.title or rest.title,
        best.family_name or rest.family_name,
        best.honorific or rest.honorific,
    )


def _recipients(telling: Sequence[Assessment], interviewers: Sequence[Interviewer]) -> tuple[Recipient, ...]:
    relays = [person for one in telling for person in one.recipients if person.kind is RecipientKind.RELAY]
    names = tuple(person.name for person in interviewers if person.name)
    if len(telling) == 1:
        return telling[0].recipients
    if len(interviewers) > GROUP_NOTE and relays:
        first = relays[0]
        return (
            Recipient(
                first.name,
                first.email,
                RecipientKind.RELAY,
                f"one note for {len(interviewers)} interviewers, through whoever arranged it",
                first.family_name,
                first.honorific,
                first.title,
                names,
            ),
        )
    reachable = [person for person in interviewers if person.email]
    if not reachable and relays:
        first = relays[0]
        return (
            Recipient(
                first.name,
                first.email,
                RecipientKind.RELAY,
                first.reason,
                first.family_name,
                first.honorific,
                first.title,
                names,
            ),
        )
    return tuple(
        Recipient(
            person.name,
            person.email,
            RecipientKind.INTERVIEWER if person.email else RecipientKind.ADDRESS_NEEDED,
            person.source if person.email else "no address is known",
            person.family_name,
            person.honorific,
            person.title,
        )
        for person in interviewers
        if person.email or person.name
    )


def _id(parts: Sequence[Assessment], account_key: bytes) -> str:
    uids = sorted({part.event.uid for part in parts})
    day = min(part.event.start for part in parts).astimezone(UTC).date().isoformat()
    digest = hmac.new(account_key, "\0".join(["interview", day, *uids]).encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:5]).decode().lower()
