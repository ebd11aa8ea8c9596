"""A note as a line of the service's log: who and when, never a draft's text."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from connectors.model import CheckLine, Note

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LogNotifier:
    """For machines without a desktop, where somebody reads the journal."""

    name: str
    account: str = ""

    def notify(self, note: Note) -> None:
        """One warning if urgent, else one line of information."""
        _LOG.log(logging.WARNING if note.urgent else logging.INFO, "%s: %s", self.account or self.name, note.brief)

    def check(self, *, write: bool = False) -> Sequence[CheckLine]:  # noqa: ARG002 (nothing is tried out)
        """Always fine."""
        return (CheckLine("log", "ok"),)

    def close(self) -> None:
        """Nothing to let go of."""
