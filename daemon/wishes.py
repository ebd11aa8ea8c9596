"""What the owner said in the config file, in the core's words."""

from config.schema import AccountConfig, Match
from config.schema import Rule as RuleConfig
from daemon.core.model import Formality, Owner, OwnerRule, Voice
from daemon.core.policy import Policy, Rule, Wishes
from daemon.core.timing import ReminderPolicy, Timing, When


def owner_of(config: AccountConfig) -> Owner:
    """The owner as the core knows them."""
    said = config.owner
    rules = [_owner_rule("always", match) for match in config.recognition.always]
    rules += [_owner_rule("never", match) for match in config.recognition.never]
    return Owner(
        addresses=frozenset(said.addresses),
        zone=said.zone,
        primary=said.addresses[0],
        name=said.name,
        language=said.language,
        employer_domains=frozenset(said.employer_domains),
        rules=tuple(rules),
    )


def wishes_of(config: AccountConfig) -> Wishes:
    """What the owner wishes, as the core knows it."""
    voice = Voice(
        owner_name=config.owner.name,
        signature=config.owner.signature,
        formality=_formality(config.owner.formality),
    )
    timing = config.timing
    return Wishes(
        policy=Policy(
            voice,
            Timing(
                when=When(timing.when),
                grace=timing.grace,
                evening=timing.evening,
                morning=timing.morning,
                delay=timing.delay,
                working_days_only=timing.working_days_only,
            ),
        ),
        rules=tuple(_rule(rule) for rule in config.rules),
        reminder=ReminderPolicy(
            at=config.reminder.at,
            weekends=config.reminder.weekends,
            days_each=config.reminder.max_days,
            enabled=config.reminder.enabled,
            ask_questions=config.reminder.ask_questions,
        ),
        reminder_language=config.reminder.language or config.owner.language,
        where=f"the Drafts folder of {config.owner.addresses[0]}",
    )


def _owner_rule(verdict: str, match: Match) -> OwnerRule:
    return OwnerRule(verdict, domain=match.domain or "", organizer=match.organizer or "", text=match.text or "")


def _formality(said: str | None) -> Formality | None:
    return Formality(said) if said else None


def _rule(said: RuleConfig) -> Rule:
    return Rule(
        company=said.match.company,
        domain=said.match.domain,
        role=said.match.role,
        industry=said.match.industry,
        stage=said.match.stage,
        when=When(said.when) if said.when else None,
        delay=said.delay,
        working_days_only=said.working_days_only,
        formality=_formality(said.formality),
        language=said.language or "",
        one_for_all=None if said.one_draft is None else said.one_draft == "group",
        through_recruiter=said.through_recruiter,
        template=said.template or "",
        signature=said.signature,
    )
