"""Access tokens for IMAP, whoever the provider is; a provider that is not configured is not imported."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from config.connections import OAuth
from connectors.errors import UnsupportedError
from connectors.registry import Context

SOURCES = {"google": "connectors.google.access:open_tokens", "microsoft": "connectors.graph.access:open_tokens"}
"""Provider -> function of (OAuth, address, Context) that gives a `connectors.imap.connection.TokenSource`."""


def token_source(settings: OAuth, address: str, context: Context) -> Any:
    """What logs in as `address`. Raises UnsupportedError for a provider that this version does not know."""
    target = SOURCES.get(settings.provider)
    if target is None:
        raise UnsupportedError(
            f"there is no login with tokens of {settings.provider} in this version",
            account=context.account,
            operation="open",
            remedy="set `password` to an app password instead",
        )
    module, _, function = target.partition(":")
    opened: Callable[[OAuth, str, Context], Any] = getattr(import_module(module), function)
    return opened(settings, address, context)
