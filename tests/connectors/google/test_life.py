"""The whole life on Google, from the config file through the real engine: steady, restarted, with the database lost."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from config.load import load_account
from connectors.google import opening
from connectors.google.permissions import METHODS
from connectors.google.service import Api
from connectors.mime import read_headers, text_of, write_draft
from connectors.model import Address, CheckLine, Draft, Note
from daemon.account import Account
from daemon.accounts import build, open_store, paths_for
from daemon.engine import Cycle, cycle
from daemon.wellbeing import last_spent
from tests.connectors.google.conftest import Setting
from tests.connectors.google.test_calendar import interview, primary
from tests.servers.google_fake.mail import OWNER, Stored

END = datetime.now(UTC).replace(hour=14, minute=0, second=0, microsecond=0) - timedelta(days=1)
CONFIG = """
[owner]
name = "Sam Ost"
addresses = ["sam@example.org"]
timezone = "Europe/Berlin"

[mailbox]
kind = "gmail"
client_file = "client.json"
tokens = "file"

[[calendars]]
kind = "google"
"""
PEOPLE = {"ada@corp.example": "Ada Lovelace", "bob@corp.example": "Bob Babbage", "cleo@corp.example": "Cleo Curie"}
INVITE = (
    "From: Ada Lovelace <ada@corp.example>\r\nTo: sam@example.org\r\nMessage-ID: <invite-1@corp.example>\r\n"
    "Subject: Invitation: Interview: Compiler Engineer at Corp @ soon\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nPrivate\r\n"
    '--b\r\nContent-Type: application/ics; name="invite.ics"\r\n\r\nX\r\n--b--\r\n'
)


@dataclass
class Life:
    """One owner's account on the fake, at a time that the test sets."""

    setting: Setting
    folder: Path
    restarts: bool
    kept: list[Account] = field(default_factory=list)

    @contextmanager
    def account(self, now: datetime) -> Iterator[Account]:
        config = load_account(self.folder / "sam.toml")
        with open_store(config, self.folder / "state", now=now) as store:
            built = build(config, store, self.folder / "state", now=now)
            if self.kept and not self.restarts:
                built = replace(built, mailbox=self.kept[0].mailbox, calendars=self.kept[0].calendars)
            self.kept = [built]
            yield built

    def cycle(self, now: datetime) -> Cycle:
        self.setting.fake.mail.clock = lambda: now
        with self.account(now) as account:
            done = cycle(account, now)
        assert done.errors == ()
        return done

    def lose_database(self) -> None:
        config = load_account(self.folder / "sam.toml")
        for path in self.folder.glob(f"state/{config.name}/store.sqlite*"):
            path.unlink()
        self.kept = []

    def drafts(self) -> dict[str, tuple[str, Stored]]:
        found = {}
        for draft_id, message in self.setting.fake.mail.drafts.items():
            stored = self.setting.fake.mail.messages[message]
            [recipient] = read_headers(stored.raw).recipients
            assert recipient not in found, "two drafts for one person"
            found[recipient] = (draft_id, stored)
        return found

    def notes(self) -> list[str]:
        inbox = [stored.raw for stored in self.setting.fake.mail.messages.values() if "INBOX" in stored.labels]
        return [text_of(raw) for raw in inbox if read_headers(raw).recipients == {OWNER} and b"From: Sam" in raw]


@dataclass
class Phone:
    """Another way to the owner."""

    name: str = "phone"
    notes: list[Note] = field(default_factory=list)

    def notify(self, note: Note) -> None:
        self.notes.append(note)

    def check(self, *, write: bool = False) -> Sequence[CheckLine]:
        return ()

    def close(self) -> None:
        """Nothing is held open."""


@pytest.fixture
def life(setting: Setting, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Life:
    monkeypatch.setattr(opening, "Api", partial(Api, endpoint=setting.fake.url))
    folder = setting.folder
    assert setting.client_file.parent == folder
    (folder / "sam.toml").write_text(CONFIG)
    config = load_account(folder / "sam.toml")
    login = setting.store.load()
    assert login is not None
    state = paths_for(config, folder / "state").state_dir
    replace(setting, folder=state).store.save(login)
    return Life(setting, folder, request.param == "restarted")


def event(**more: object) -> dict[str, object]:
    begin = END - timedelta(hours=1)
    attendees = [{"email": mail, "displayName": name, "responseStatus": "accepted"} for mail, name in PEOPLE.items()]
    return (
        interview(
            "e1",
            begin.isoformat(),
            summary="Interview: Compiler Engineer at Corp",
            description="Your interview for the position of Compiler Engineer at Corp.",
            organizer={"email": "ada@corp.example", "displayName": "Ada Lovelace"},
            attendees=[{"email": OWNER, "self": True, "responseStatus": "accepted"}, *attendees],
            updated=(END - timedelta(days=3)).isoformat().replace("+00:00", "Z"),
        )
        | more
    )


@pytest.mark.parametrize("life", ["steady", "restarted"], indirect=True)
@pytest.mark.parametrize("lost", [False, True], ids=["kept", "database lost"])
def test_the_whole_life(life: Life, *, lost: bool) -> None:
    fake = life.setting.fake
    life.cycle(END - timedelta(days=4))
    invite = fake.mail.put(INVITE.encode(), {"INBOX"}, at=END - timedelta(days=3))
    primary(life.setting).put(event())
    life.cycle(END - timedelta(hours=2))
    assert life.drafts() == {}
    life.cycle(END + timedelta(minutes=20))
    drafts = life.drafts()
    assert set(drafts) == set(PEOPLE)
    assert drafts["ada@corp.example"][1].thread == invite.thread
    assert drafts["bob@corp.example"][1].thread != invite.thread
    for mail, (_, stored) in drafts.items():
        assert PEOPLE[mail].split()[0] in text_of(stored.raw)
    if lost:
        life.lose_database()
    life.cycle(END + timedelta(minutes=30))
    assert {mail: draft for mail, (draft, _) in life.drafts().items()} == {m: d for m, (d, _) in drafts.items()}

    mine = Draft(
        "<CA-mine@mail.gmail.com>",
        Address(OWNER, "Sam Ost"),
        (Address("ada@corp.example"),),
        read_headers(drafts["ada@corp.example"][1].raw).subject,
        "Dear Ada,\n\nMy own words.\n\nSam",
        END + timedelta(hours=1),
    )
    fake.mail.change_draft(drafts["ada@corp.example"][0], write_draft(mine))
    fake.mail.send_draft(drafts["bob@corp.example"][0])
    fake.mail.delete_draft(drafts["cleo@corp.example"][0])
    for minutes in (60, 61, 75, 120):
        life.cycle(END + timedelta(minutes=minutes))
    assert set(life.drafts()) == {"ada@corp.example"}
    assert life.notes() == []

    morning = (END + timedelta(days=1)).replace(hour=8, minute=30)
    for minutes in (0, 10, 60, 240):
        life.cycle(morning + timedelta(minutes=minutes))
    [note] = life.notes()
    assert "Ada Lovelace" in note
    assert "Bob" not in note
    assert "Cleo" not in note
    assert [text_of(stored.raw).strip() for _, stored in life.drafts().values()] == [mine.body]
    _only_what_is_allowed(life, invite)


def _only_what_is_allowed(life: Life, invite: Stored) -> None:
    fake = life.setting.fake
    assert set(fake.methods()) <= set(METHODS)
    assert invite.id not in {message for message, _ in fake.mail.served}
    written = [asked for asked in fake.asked if asked.body is not None]
    assert {asked.method for asked in written} == {"gmail.users.drafts.create", "gmail.users.messages.import"}
    assert all(asked.method.startswith("calendar.") is False for asked in written)


@pytest.mark.parametrize("life", ["steady"], indirect=True)
def test_a_cycle_in_which_nothing_changed_is_two_requests(life: Life) -> None:
    primary(life.setting).put(event())
    life.cycle(END - timedelta(hours=2))
    life.cycle(END + timedelta(minutes=20))
    life.cycle(END + timedelta(minutes=30))
    before = life.setting.fake.http_requests
    life.setting.fake.asked.clear()
    life.cycle(END + timedelta(minutes=40))
    assert life.setting.fake.methods() == ["calendar.events.list", "gmail.users.history.list"]
    assert life.setting.fake.http_requests - before == 2


@pytest.mark.parametrize("life", ["steady"], indirect=True)
def test_what_a_cycle_cost_is_kept_for_status(life: Life) -> None:
    primary(life.setting).put(event())
    for minutes in (20, 30, 40):
        life.cycle(END + timedelta(minutes=minutes))
    with life.account(END + timedelta(minutes=41)) as account:
        for port in (*account.calendars, account.mailbox):
            spent = last_spent(account, port.name)
            assert set(spent) == {"requests", "bytes", "quota units"}
            assert spent["requests"] == 1


@pytest.mark.parametrize("life", ["steady"], indirect=True)
def test_a_cancelled_interview_takes_its_untouched_drafts_along(life: Life) -> None:
    primary(life.setting).put(event())
    life.cycle(END - timedelta(hours=2))
    primary(life.setting).put(event(status="cancelled", updated=(END - timedelta(hours=1)).isoformat()))
    life.cycle(END + timedelta(minutes=20))
    assert life.drafts() == {}


@pytest.mark.parametrize("life", ["steady"], indirect=True)
def test_an_expired_login_is_told_and_nothing_is_lost(life: Life) -> None:
    primary(life.setting).put(event())
    life.cycle(END - timedelta(hours=2))
    tokens = dict(life.setting.fake.refresh_tokens)
    life.setting.fake.refresh_tokens.clear()
    life.setting.fake.expire_access()
    phone = Phone()
    with life.account(END + timedelta(minutes=20)) as account:
        done = cycle(replace(account, notifiers=(phone,)), END + timedelta(minutes=20))
        health = account.store.health()
    [note] = phone.notes
    assert "afterword login" in note.body
    assert done.failed
    assert all("afterword login" in error.remedy for error in done.failed.values())
    assert all(each.login_needed for each in health.values() if each.failing_since)
    life.setting.fake.refresh_tokens.update(tokens)
    life.cycle(END + timedelta(minutes=40))
    assert set(life.drafts()) == set(PEOPLE)
