"""One owner with everything that is needed to serve them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from connectors.ports import Calendar, Mailbox, Notifier
from daemon.core.facts import INVITES
from daemon.core.model import Owner
from daemon.core.policy import Wishes
from daemon.interviews import Reader
from daemon.store.store import AccountStore


@dataclass(frozen=True)
class Account:
    """One owner with everything that is needed to serve them."""

    name: str
    owner: Owner
    wishes: Wishes
    key: bytes
    store: AccountStore
    calendars: Sequence[Calendar]
    mailbox: Mailbox
    notifiers: Sequence[Notifier] = ()
    overrides: Mapping[str, str] = field(default_factory=dict)
    look_back: timedelta = timedelta(days=14)
    reader: Reader = field(default_factory=Reader)
    wake_file: Path | None = None
    """Touched when the owner said something, so that a running service looks at once."""

    @property
    def mail_calendar(self) -> str:
        """The name of the calendar that reads the mailbox itself, where there is one."""
        name = f"{self.mailbox.name}{INVITES}"
        return name if any(calendar.name == name for calendar in self.calendars) else ""

    def wake(self) -> None:
        """Let a running service look at this account now."""
        if self.wake_file is not None:
            self.wake_file.parent.mkdir(parents=True, exist_ok=True)
            self.wake_file.touch()
