"""What a connector's tests must offer so that the suite can act as the owner's other mail programs."""

from collections.abc import Sequence
from typing import Protocol

from connectors.model import Address, Place
from connectors.ports import Mailbox

OWNER = Address("sam@example.org", "Sam Øst")


class Harness(Protocol):
    """One empty mailbox of OWNER with Drafts, Sent, Trash and an inbox, and another client's hands on it."""

    def mailbox(self) -> Mailbox:
        """A connector on the mailbox; each call gives a new one, as a restarted or second service would have."""
        ...

    def messages(self, place: Place) -> Sequence[bytes]:
        """What lies there, those marked as deleted left out."""
        ...

    def add(self, place: Place, message: bytes) -> None:
        """Another client puts a message there (APPEND, or delivery)."""
        ...

    def remove(self, place: Place, message_id: str) -> None:
        """Another client removes the messages with this Message-ID for good."""
        ...

    def mark_deleted(self, place: Place, message_id: str) -> None:
        """Another client marks them as deleted without removing them; a server that cannot removes them."""
        ...

    def break_connection(self) -> None:
        """Make every further call fail as an outage does, until `mend`."""
        ...

    def mend(self) -> None:
        """End the outage."""
        ...
