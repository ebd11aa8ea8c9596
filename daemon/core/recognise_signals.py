"""The signals for and against: each is found or not, and each has a weight and a reason in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from connectors.model import CuType, Event, Person
from daemon.core.domains import (
    Nature,
    domain_of,
    is_applicant_system,
    is_mail_provider,
    is_third_party,
    mentions,
    nature,
    organisation,
)
from daemon.core.extract_text import Reading
from daemon.core.lexicon import Lexicon, lexicon
from daemon.core.model import Owner, OwnerRule
from daemon.core.phrases import Hit, Matcher, Phrase, fold

_CROWD = 15
OF_THE_OWNER = frozenset({"owner_says_yes", "owner_says_no", "rule_always", "rule_never"})
"""Signals that are the owner's own word."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal that was found, and by what."""

    name: str
    evidence: str = ""


@lru_cache(maxsize=4)
def matcher() -> Matcher:
    """The matcher over all signal phrases of all languages."""
    return matcher_of(lexicon())


def matcher_of(known: Lexicon) -> Matcher:
    """A matcher over the signal phrases of a lexicon."""
    return Matcher(
        Phrase(text, signal, language.code)
        for language in known.languages
        for signal, phrases in language.sections.get("signals", {}).items()
        for text in phrases
    )


def phrase_hits(reading: Reading) -> tuple[list[Hit], list[Hit]]:
    """The phrases found in title and text."""
    found = matcher()
    return list(found.find(reading.folded_title)), list(found.find(reading.folded_body))


def people_of(event: Event) -> Iterator[Person]:
    """Organizer and attendees."""
    if event.organizer is not None:
        yield event.organizer
    yield from event.attendees


def structural(event: Event, reading: Reading, owner: Owner) -> Iterator[Signal]:
    """What the form of the event says, without its words."""
    others = [person for person in people_of(event) if person.email and not owner.owns(person.email)]
    mine = {person.email for person in people_of(event) if person.email and owner.owns(person.email)} | (
        {address.email for address in (*event.mail.to, *event.mail.cc) if owner.owns(address.email)}
        if event.mail
        else set()
    )
    yield from _from_sides(event, owner, others, mine)
    if event.recurs:
        yield Signal("recurs")
    if len(event.attendees) > _CROWD or event.attendees_omitted:
        yield Signal("crowd")
    if any(person.cutype is CuType.GROUP or nature(person.email) is Nature.GROUP for person in others):
        yield Signal("group")
    if event.all_day:
        yield Signal("all_day")
    if event.end - event.start > timedelta(days=1, hours=2):
        yield Signal("days_long")
    if not others and event.mail is None:
        yield Signal("alone")
    if event.event_type not in {"default", "fromGmail", ""}:
        yield Signal("provider_type", event.event_type)
    yield from _from_systems(event, reading)


def _from_sides(event: Event, owner: Owner, others: list[Person], mine: set[str]) -> Iterator[Signal]:
    companies = {
        organisation(domain_of(person.email)) for person in others if not is_third_party(domain_of(person.email))
    }
    at_work = {organisation(domain_of(address)) for address in mine if not is_mail_provider(domain_of(address))}
    employers = {organisation(domain) for domain in owner.employer_domains}
    shared = (at_work & companies) | (companies & employers)
    private = {domain for domain in shared if is_mail_provider(domain)} - employers
    outside = companies - shared
    if shared - private:
        insiders = [person for person in others if organisation(domain_of(person.email)) in shared]
        strangers = [person for person in others if person not in insiders and nature(person.email) is Nature.PERSON]
        yield Signal("own_employer_hosts" if strangers and insiders else "internal", ", ".join(sorted(shared)))
    elif outside:
        yield Signal("other_company", ", ".join(sorted(outside)[:2]))
    if event.organizer is not None and owner.owns(event.organizer.email) and others:
        yield Signal("own_organizer")
    if not event.owned and not mine:
        yield Signal("not_owned")


def _from_systems(event: Event, reading: Reading) -> Iterator[Signal]:
    senders = [person.email for person in people_of(event)]
    if event.mail is not None:
        senders += [address.email for address in (event.mail.sender, event.mail.technical_sender) if address]
    systems = sorted({domain_of(address) for address in senders if is_applicant_system(domain_of(address))})
    if systems:
        yield Signal("applicant_system", systems[0])
    producer = event.producer.lower()
    if mentions(producer, "candidate_producers"):
        yield Signal("candidate_producer", event.producer)
    if mentions(reading.links, "interviewer_links"):
        yield Signal("interviewer_link")
    elif mentions(reading.links, "candidate_links"):
        yield Signal("candidate_link")


def owner_says(event: Event, reading: Reading, owner: Owner) -> Iterator[Signal]:
    """The owner's rules and verdicts."""
    if event.uid in owner.is_interviews:
        yield Signal("owner_says_yes")
    if event.uid in owner.not_interviews:
        yield Signal("owner_says_no")
    for rule in owner.rules:
        evidence = _rule_matches(rule, event, reading)
        if evidence:
            yield Signal(f"rule_{rule.verdict}", evidence)


def _rule_matches(rule: OwnerRule, event: Event, reading: Reading) -> str:
    """In words what a rule matched on; all that it names must match."""
    evidence: list[str] = []
    addresses = [person.email for person in people_of(event) if person.email]
    if event.mail is not None and event.mail.sender is not None:
        addresses.append(event.mail.sender.email)
    if rule.domain:
        wanted = rule.domain.lower().lstrip("@")
        if not any(domain_of(address) == wanted or domain_of(address).endswith("." + wanted) for address in addresses):
            return ""
        evidence.append(f"domain {wanted}")
    if rule.organizer:
        organizer = event.organizer
        wanted = rule.organizer.lower()
        if organizer is None or wanted not in (organizer.email, organizer.name.lower()):
            return ""
        evidence.append(f"organizer {rule.organizer}")
    if rule.text:
        if fold(rule.text) not in f"{reading.folded_title}\n{reading.folded_body}":
            return ""
        evidence.append(f"text “{rule.text}”")
    return ", ".join(evidence)
