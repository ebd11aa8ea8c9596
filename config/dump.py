"""A configuration as it is in force. References to secrets are shown as references; nothing is resolved."""

from typing import Any

import tomlkit

from config.schema import AccountConfig


def as_data(account: AccountConfig) -> dict[str, Any]:
    """Plain data, defaults included, keys without a value left out; loads again as the same account."""
    return account.model_dump(mode="json", exclude_none=True)


def as_toml(account: AccountConfig) -> str:
    """The same as TOML."""
    return tomlkit.dumps({key: value for key, value in as_data(account).items() if value not in ({}, [])})
