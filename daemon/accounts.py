"""From a config file to an account that can be served: the owner's words turned into the core's, the ports opened."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from config.schema import AccountConfig, Match
from config.schema import Rule as RuleConfig
from config.secrets import resolve
from connectors.model import Address
from connectors.registry import Context, open_calendars, open_mailbox, open_notifiers
from daemon.core.model import Formality, Owner, OwnerRule, Voice
from daemon.core.policy import Policy, Rule, Wishes
from daemon.core.timing import ReminderPolicy, Timing, When
from daemon.engine import Account
from daemon.store.keyfile import AccountKey, load_or_create
from daemon.store.store import Store


@dataclass(frozen=True, slots=True)
class AccountPaths:
    """Where one account's state lies."""

    state_dir: Path
    store: Path
    key: Path


def paths_for(config: AccountConfig, state_dir: Path) -> AccountPaths:
    """The account's own folder below the state folder. The key lies beside the store, so that it outlives it."""
    folder = state_dir / config.name
    store = config.store.path or folder / "store.sqlite"
    return AccountPaths(folder, store, folder / "account.key")


def open_store(config: AccountConfig, state_dir: Path, *, now: datetime) -> AbstractContextManager[Store]:
    """The store of this account's config. Raises daemon.store.errors.StoreError."""
    if config.store.url is not None:
        return Store.open(resolve(config.store.url).reveal(), now=now)
    return Store.open(paths_for(config, state_dir).store, now=now)


def build(
    config: AccountConfig, store: Store, state_dir: Path, *, now: datetime, key: AccountKey | None = None
) -> Account:
    """Everything that is needed to serve the account. Opens no connection yet.

    `key` stands in for the account's own key, which is otherwise read, or made where there is none.
    """
    paths = paths_for(config, state_dir)
    key = key or load_or_create(paths.key, now=now)
    mine = store.account(config.name)
    mine.set_up(key.created_at)
    owner = owner_of(config)
    context = Context(
        account=config.name,
        owner=Address(owner.primary, owner.name),
        addresses=owner.addresses,
        zone=owner.zone,
        state_dir=paths.state_dir,
    )
    return Account(
        name=config.name,
        owner=owner,
        wishes=wishes_of(config),
        key=key.key,
        store=mine,
        calendars=open_calendars(config, context),
        mailbox=open_mailbox(config.mailbox, context),
        notifiers=open_notifiers(config, context),
        overrides=templates_beside(config.path),
        look_back=config.service.look_back,
        wake_file=paths.state_dir / "wake" / "now",
    )


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


def templates_beside(config_path: Path | None) -> dict[str, str]:
    """The owner's own templates: `templates/LANGUAGE/NAME` beside the config file, by that relative name."""
    if config_path is None:
        return {}
    folder = config_path.parent / "templates"
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(".")]
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files}


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
