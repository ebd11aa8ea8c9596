"""What reaches the owner when something is broken: one note, by a way that works, and one when it is mended."""

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from connectors.errors import AuthenticationError, ConnectorError, TemporaryError
from connectors.local.mailbox import MaildirMailbox
from connectors.model import CheckLine, Draft, DraftRef, Note, Observations, Probe
from connectors.ports import Calendar, Mailbox
from daemon.account import Account
from daemon.core.facts import WRITING
from daemon.engine import Cycle, cycle
from daemon.service import REFUSED_REST, _Served, status_line
from tests.daemon.staged import END, SET_UP, account_in, drafts, invite, lay_out, notes, put_event

DUE = END + timedelta(minutes=20)
STEP = timedelta(hours=1)


@dataclass
class OtherWay:
    """A notifier that can be read."""

    name: str = "other"
    told: list[Note] = field(default_factory=list)

    def notify(self, note: Note) -> None:
        self.told.append(note)

    def check(self, *, write: bool = False) -> Sequence[CheckLine]:
        return ()

    def close(self) -> None:
        pass


class Troubled:
    """The account's own port, as long as nothing is wrong; every call and what it may do is counted."""

    def __init__(self, inner: Mailbox | Calendar) -> None:
        self.inner = inner
        self.reading: ConnectorError | None = None
        self.writing: ConnectorError | None = None
        self.calls = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    def _meet(self, error: ConnectorError | None) -> None:
        self.calls += 1
        if error is not None:
            raise error

    def pull(self, *arguments: object) -> object:
        self._meet(self.reading)
        return self.inner.pull(*arguments)  # type: ignore[union-attr, arg-type]

    def observe(self, probes: Sequence[Probe]) -> Observations:
        self._meet(self.reading)
        return self.inner.observe(probes)  # type: ignore[union-attr]

    def create_draft(self, draft: Draft) -> DraftRef:
        self._meet(self.reading or self.writing)
        return self.inner.create_draft(draft)  # type: ignore[union-attr]

    def deliver_note(self, note: Note) -> None:
        self._meet(self.reading or self.writing)
        self.inner.deliver_note(note)  # type: ignore[union-attr]


@dataclass
class Stage:
    """An account whose mailbox and calendars can be broken, with another way to its owner."""

    account: Account
    mailbox: Troubled
    calendars: tuple[Troubled, ...]
    other: OtherWay

    def run(self, start: datetime, span: timedelta) -> Cycle:
        """Cycles as the service makes them; the last one."""
        moment, last = start, cycle(self.account, start)
        while moment < start + span:
            moment += STEP
            last = cycle(self.account, moment)
        return last

    @property
    def subjects(self) -> list[str]:
        return [note.subject for note in self.other.told if note.urgent]


@pytest.fixture
def stage(tmp_path: Path):  # type: ignore[no-untyped-def]
    lay_out(tmp_path)
    put_event(tmp_path, "one", invite("one"))
    with account_in(tmp_path) as account:
        assert isinstance(account.mailbox._inner, MaildirMailbox)  # type: ignore[attr-defined]
        mailbox, other = Troubled(account.mailbox), OtherWay()
        calendars = tuple(Troubled(calendar) for calendar in account.calendars)
        troubled = replace(account, mailbox=mailbox, calendars=calendars, notifiers=(other,))  # type: ignore[arg-type]
        cycle(troubled, SET_UP)
        yield Stage(troubled, mailbox, calendars, other)


FULL = ConnectorError("the mailbox is full", operation="create", remedy="make room in the mailbox")
REFUSED = AuthenticationError("login refused", operation="login", remedy="check user name and password")
DOWN = TemporaryError("nobody answers", operation="connect")


def test_a_full_mailbox_is_told_once_another_way_and_so_is_its_end(
    stage: Stage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stage.mailbox.writing = FULL
    with caplog.at_level(logging.WARNING, "afterword"):
        last = stage.run(DUE, timedelta(hours=6))
    (note,) = stage.other.told
    assert "attention" in note.subject
    assert "make room" in note.body
    assert "nothing new" in note.brief
    assert [r.getMessage() for r in caplog.records] == [f"mara: maildir{WRITING}: the mailbox is full"]
    assert status_line([last]) == f"1 account; trouble with maildir{WRITING}"
    health = stage.account.store.health()
    assert health["maildir"].failing_since is None
    assert health[f"maildir{WRITING}"].failing_since == DUE
    stage.mailbox.writing = None
    last = stage.run(DUE + timedelta(hours=7), timedelta(hours=1))
    assert len(drafts(tmp_path)) == 1
    assert [note.subject for note in stage.other.told][1:] == ["Working again: maildir"]
    assert status_line([last]) == "1 account; all is well"


def test_a_full_mailbox_that_could_not_be_told_is_not_told_afterwards(stage: Stage, tmp_path: Path) -> None:
    account = replace(stage.account, notifiers=())
    lonely = replace(stage, account=account)
    stage.mailbox.writing = FULL
    lonely.run(DUE, timedelta(hours=3))
    stage.mailbox.writing = None
    lonely.run(DUE + timedelta(hours=4), timedelta(hours=1))
    assert len(drafts(tmp_path)) == 1
    assert notes(tmp_path) == []


def test_a_refused_login_is_told_once_and_at_once_and_tried_once_a_cycle(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    mail = next(c for c in stage.calendars if c.inner.name == "maildir invites")
    stage.mailbox.reading = mail.reading = REFUSED
    stage.mailbox.calls = mail.calls = 0
    with caplog.at_level(logging.WARNING, "afterword"):
        stage.run(DUE, timedelta(hours=30))
    (note,) = stage.other.told
    assert note.body.count("refused since") == 1
    assert "check user name" in note.body
    assert (stage.mailbox.calls, mail.calls) == (0, 30 + 1)
    assert len(caplog.records) == 2
    stage.mailbox.reading = mail.reading = None
    stage.run(DUE + timedelta(hours=31), timedelta(hours=1))
    assert [note.subject for note in stage.other.told if note.urgent][1:] == ["Working again: maildir"]


def test_a_server_that_is_away_for_a_day_is_told_once_another_way(stage: Stage) -> None:
    mail = next(c for c in stage.calendars if c.inner.name == "maildir invites")
    stage.mailbox.reading = mail.reading = DOWN
    stage.run(DUE, timedelta(hours=23))
    assert stage.subjects == []
    stage.run(DUE + timedelta(hours=23), timedelta(hours=30))
    assert len(stage.subjects) == 1
    assert "not been reachable" in stage.other.told[0].brief
    stage.mailbox.reading = mail.reading = None
    stage.run(DUE + timedelta(hours=54), timedelta(hours=1))
    assert len(stage.subjects) == 2


def test_a_calendar_that_went_silent_is_told_in_the_inbox_too(stage: Stage, tmp_path: Path) -> None:
    silent = next(c for c in stage.calendars if c.inner.name == "vdir")
    silent.reading = DOWN
    stage.run(SET_UP, timedelta(hours=26))
    told = [note for note in notes(tmp_path) if "attention" in str(note["Subject"])]
    assert len(told) == len(stage.subjects) == 1
    assert "vdir" in str(told[0]["Subject"])


def test_what_comes_and_goes_within_a_day_is_not_told(stage: Stage) -> None:
    silent = next(c for c in stage.calendars if c.inner.name == "vdir")
    for hour in range(0, 48, 8):
        silent.reading = DOWN
        stage.run(SET_UP + timedelta(hours=hour), timedelta(hours=2))
        silent.reading = None
        cycle(stage.account, SET_UP + timedelta(hours=hour + 5))
    assert stage.subjects == []


def test_a_service_leaves_a_mailbox_alone_that_refused_its_login_until_the_owner_does_something(stage: Stage) -> None:
    mail = next(c for c in stage.calendars if c.inner.name == "maildir invites")
    mail.reading = REFUSED
    served = _Served(None, stage.account, ExitStack())  # type: ignore[arg-type] # its config is not looked at
    assert not served.rests(DUE)
    served.last = cycle(stage.account, DUE)
    assert served.rests(DUE + STEP / 2)
    assert not served.rests(DUE + REFUSED_REST)
    served.asked = True
    assert not served.rests(DUE + STEP / 2)


def test_the_status_line_names_who_is_not_served_and_what_has_faults() -> None:
    assert status_line([None], ["olof"]) == "1 account, 1 not looked at yet; not served: olof"
    line = status_line([], broken=["mara"], faulty=["ada"])
    assert "has faults: ada" in line
    assert "an error of Afterword's own with mara" in line
