"""Logins with OAuth 2.0 as the command line sees them, whoever the provider is.

A provider names here the function that finds its logins in an account's config; nothing of a provider that is not
configured is imported.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from config.schema import AccountConfig
from connectors.registry import Context

FINDERS = {"google": "connectors.google.login:logins", "microsoft": "connectors.graph.consent:logins"}
"""Provider -> function of (AccountConfig, Context) that gives its logins."""
_BY_KIND = {"gmail": "google", "google": "google", "graph": "microsoft"}


@dataclass(frozen=True, slots=True)
class Dialogue:
    """How to speak with the owner while they log in."""

    say: Callable[[str], None]
    ask: Callable[[str], str]
    """Shows a question and gives the answer of one line."""
    browser: bool = True
    """Open the owner's browser; else the address is shown, and where it led to is asked for."""
    port: int = 0
    """Loopback port that the provider sends the browser back to; 0 takes any free one. A fixed one can be forwarded
    (`ssh -L`), and is listened on even without a browser here."""
    timeout_seconds: int = 600


class Login(Protocol):
    """One login of one account."""

    @property
    def provider(self) -> str:
        """In words."""
        ...

    @property
    def address(self) -> str:
        """Whom to log in as."""
        ...

    @property
    def permissions(self) -> tuple[tuple[str, str], ...]:
        """Short name of each permission that the config needs, and what it is for."""
        ...

    def done(self) -> bool:
        """Whether a login with all these permissions is kept. Does not ask the provider. Raises ConnectorError."""
        ...

    def run(self, dialogue: Dialogue) -> None:
        """Log in and keep what comes back. Raises AuthenticationError, ConnectorError; then nothing is changed."""
        ...

    def forget(self) -> None:
        """Remove what is kept on this machine. Raises ConnectorError."""
        ...


def logins(config: AccountConfig, context: Context) -> tuple[Login, ...]:
    """Every login that this account's config asks for. Raises ConnectorError for a client file that cannot be used."""
    kinds = [config.mailbox.kind, *(calendar.kind for calendar in config.calendars)]
    providers = {_BY_KIND[kind] for kind in kinds if kind in _BY_KIND}
    oauth = getattr(config.mailbox, "oauth", None)
    if oauth is not None:
        providers.add(oauth.provider)
    found: list[Login] = []
    for provider in sorted(providers & FINDERS.keys()):
        module, _, function = FINDERS[provider].partition(":")
        finder: Callable[[AccountConfig, Context], tuple[Login, ...]] = getattr(import_module(module), function)
        found += finder(config, context)
    return tuple(found)
