"""The invites in a Maildir under the calendar suite."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connectors.local.folder import deliver, make_folder
from connectors.local.invites import MaildirCalendar
from connectors.ports import Calendar
from tests.conformance.calendar_harness import ZONE
from tests.conformance.mail_with_invites import EXEMPT, as_mail

__all__ = ["EXEMPT", "open_harness"]


class MaildirCalendarHarness:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.away = root.with_name("unmounted")
        make_folder(root)

    def calendar(self) -> Calendar:
        return MaildirCalendar(self.root, ZONE, name="mail", account="sam")

    def put(self, name: str, data: str) -> None:
        deliver(self.root, as_mail(data), flags=None)

    def remove(self, name: str) -> None:
        raise AssertionError(f"{name}: what removes is exempt")

    def break_connection(self) -> None:
        self.root.rename(self.away)

    def mend(self) -> None:
        self.away.rename(self.root)


@contextmanager
def open_harness(tmp_path: Path) -> Iterator[MaildirCalendarHarness]:
    yield MaildirCalendarHarness(tmp_path / "Maildir")
