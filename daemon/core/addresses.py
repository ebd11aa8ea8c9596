"""Addresses for people of whom the invite gives only the name, found in the owner's own mail at the same company."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from connectors.model import Address
from daemon.core.model import Interview, Interviewer, Outcome, Recipient, RecipientKind

Known = Mapping[tuple[str, str], Address]
"""By name and domain, as they were looked for."""


@dataclass(frozen=True, slots=True)
class Sought:
    """Names without an address, and the domain at which to look."""

    interview_id: str
    names: tuple[str, ...]
    domain: str


def sought(interviews: Iterable[Interview], known: Known) -> tuple[Sought, ...]:
    """Who is to be looked for: only where nobody's address is known and a company's domain says where to look."""
    found = []
    for interview in interviews:
        if interview.outcome is not Outcome.THANK or not interview.company_domain:
            continue
        if any(recipient.kind is RecipientKind.INTERVIEWER for recipient in interview.recipients):
            continue
        names = [person.name for person in interview.interviewers if person.name and not person.email]
        missing = tuple(name for name in names if (name, interview.company_domain) not in known)
        if missing:
            found.append(Sought(interview.id, missing, interview.company_domain))
    return tuple(found)


def matching(name: str, domain: str, candidates: Sequence[Address]) -> Address | None:
    """The one address at the domain, or below it, that goes by this full name; None unless there is exactly one."""
    words = set(name.casefold().split())
    fits = {
        candidate.email: candidate
        for candidate in candidates
        if _at(candidate.email, domain) and len(words) > 1 and words <= set(candidate.name.casefold().split())
    }
    return next(iter(fits.values())) if len(fits) == 1 else None


def with_addresses(interview: Interview, known: Known) -> Interview:
    """The interview with the addresses that were found; those people are written to, and nobody in their place."""
    if any(recipient.kind is RecipientKind.INTERVIEWER for recipient in interview.recipients):
        return interview
    people = tuple(_with_address(person, interview.company_domain, known) for person in interview.interviewers)
    reached = [person for person in people if person.email]
    if not reached:
        return interview
    return replace(interview, interviewers=people, recipients=tuple(_recipient(person) for person in reached))


def _with_address(person: Interviewer, domain: str, known: Known) -> Interviewer:
    found = known.get((person.name, domain))
    if person.email or found is None:
        return person
    return replace(person, email=found.email)


def _recipient(person: Interviewer) -> Recipient:
    return Recipient(
        person.name,
        person.email,
        RecipientKind.INTERVIEWER,
        "named in the invite; the address is in your own mail",
        family_name=person.family_name,
        honorific=person.honorific,
        title=person.title,
    )


def _at(email: str, domain: str) -> bool:
    actual = email.rpartition("@")[2]
    return actual == domain or actual.endswith(f".{domain}")
