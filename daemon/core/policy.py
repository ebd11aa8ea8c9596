"""What the owner wishes for an interview: the general wish, with the rules that match this one applied."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from daemon.core.model import Formality, Interview, Recipient, RecipientKind, Voice
from daemon.core.timing import ReminderPolicy, Timing, When


@dataclass(frozen=True, slots=True)
class Policy:
    """How follow-ups for one interview are made."""

    voice: Voice
    timing: Timing = field(default_factory=Timing)
    one_for_all: bool = False
    """One draft to the whole panel instead of one for each."""
    through_recruiter: bool = False
    """Everything goes through the coordinator or agency."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One `[[rules]]` table. It matches where one entry of every list that it states fits; it sets what it states."""

    company: tuple[str, ...] = ()
    domain: tuple[str, ...] = ()
    role: tuple[str, ...] = ()
    industry: tuple[str, ...] = ()
    """Words looked for in the invite's title and text."""
    stage: tuple[str, ...] = ()
    when: When | None = None
    delay: timedelta | None = None
    working_days_only: bool | None = None
    formality: Formality | None = None
    language: str = ""
    one_for_all: bool | None = None
    through_recruiter: bool | None = None
    template: str = ""
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class Wishes:
    """Everything the owner configured that the core acts on."""

    policy: Policy
    rules: tuple[Rule, ...] = ()
    reminder: ReminderPolicy = field(default_factory=ReminderPolicy)
    reminder_language: str = "en"
    where: str = "your Drafts folder"
    """How the mailbox's Drafts are called when the owner is told about them."""


def policy_for(interview: Interview, wishes: Wishes) -> Policy:
    """The general policy with every matching rule laid over it, later rules over earlier ones."""
    policy = wishes.policy
    for rule in wishes.rules:
        if _matches(rule, interview):
            policy = _apply(policy, rule)
    return policy


def _matches(rule: Rule, interview: Interview) -> bool:
    conditions = (
        (rule.company, interview.company.value if interview.company else ""),
        (rule.role, interview.role.value if interview.role else ""),
        (rule.industry, " ".join(f"{part.event.summary} {part.event.description}" for part in interview.parts)),
    )
    if any(wanted and not any(w.casefold() in text.casefold() for w in wanted) for wanted, text in conditions):
        return False
    if rule.stage and (interview.stage is None or interview.stage.value not in rule.stage):
        return False
    return not rule.domain or any(_has_domain(interview, domain.casefold()) for domain in rule.domain)


def _has_domain(interview: Interview, wanted: str) -> bool:
    people = [person for part in interview.parts for person in (*part.event.attendees, part.event.organizer)]
    domains = {person.email.rpartition("@")[2] for person in people if person is not None}
    domains.add(interview.company_domain)
    return any(domain == wanted or domain.endswith(f".{wanted}") for domain in domains)


def _apply(policy: Policy, rule: Rule) -> Policy:
    timing, voice = policy.timing, policy.voice
    if rule.when is not None:
        timing = replace(timing, when=rule.when)
    if rule.delay is not None:
        timing = replace(timing, delay=rule.delay)
    if rule.working_days_only is not None:
        timing = replace(timing, working_days_only=rule.working_days_only)
    if rule.formality is not None:
        voice = replace(voice, formality=rule.formality)
    if rule.language:
        voice = replace(voice, language=rule.language)
    if rule.template:
        voice = replace(voice, template=rule.template)
    if rule.signature is not None:
        voice = replace(voice, signature=rule.signature)
    return replace(
        policy,
        timing=timing,
        voice=voice,
        one_for_all=policy.one_for_all if rule.one_for_all is None else rule.one_for_all,
        through_recruiter=policy.through_recruiter if rule.through_recruiter is None else rule.through_recruiter,
    )


def recipients_for(interview: Interview, policy: Policy) -> tuple[Recipient, ...]:
    """The interview's recipients as the policy wants them: each, all in one, or through the one who arranged it."""
    recipients = interview.recipients
    if policy.through_recruiter and interview.relay is not None:
        names = tuple(person.name for person in interview.interviewers if person.name)
        return (replace(interview.relay, kind=RecipientKind.RELAY, on_behalf_of=names),)
    people = tuple(r for r in recipients if r.kind is RecipientKind.INTERVIEWER and r.email)
    if policy.one_for_all and len(people) > 1:
        return (_one_for(people),)
    return recipients


def _one_for(people: Sequence[Recipient]) -> Recipient:
    ordered = sorted(people, key=lambda person: person.email)
    first, rest = ordered[0], ordered[1:]
    return replace(
        first,
        name="",
        family_name="",
        honorific="",
        on_behalf_of=tuple(person.name for person in ordered if person.name),
        copies=tuple(person.email for person in rest),
        reason="one note to the whole panel, as your rule says",
    )
