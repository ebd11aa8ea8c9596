"""The one place that decides to whom a notifier may write: the owner's own configured addresses, and nobody else."""

from collections.abc import Iterable

from connectors.errors import UnsupportedError
from connectors.model import canonical_address


def only_the_owner(recipients: Iterable[str], owner: frozenset[str], *, account: str) -> tuple[str, ...]:
    """The recipients in canonical form. Raises UnsupportedError if there is none, or if one is not the owner's.

    `owner` holds canonical addresses. There is no sub-address rule here: what is written to stands in the config.
    """
    found = tuple(canonical_address(recipient) for recipient in recipients)
    if not found or any(not address or address not in owner for address in found):
        msg = "a note goes to one of your own addresses only; nothing was sent"
        raise UnsupportedError(msg, account=account, operation="notify", remedy="name one of owner.addresses")
    return found
