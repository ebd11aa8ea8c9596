"""The whole life of an interview on one provider, through the real engine: what every Microsoft connector must show."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from config.load import load_account
from connectors.mime import read_headers, text_of
from connectors.model import Address, Place
from connectors.ports import Calendar, Mailbox
from daemon.account import Account
from daemon.accounts import build, open_store
from daemon.engine import Cycle, cycle

ME = "sam@example.org"
NOW = datetime.now(UTC).replace(microsecond=0)
END = NOW - timedelta(hours=2)
SET_UP = NOW - timedelta(days=2)
PEOPLE = (("Helena Frost", "helena@frost.example"), ("Ivo Marek", "ivo@frost.example"))
TITLE = "Interview: Data Engineer at Frost Energy"

CONFIG = """\
[owner]
name = "Sam Øst"
addresses = ["sam@example.org"]
timezone = "UTC"

[mailbox]
kind = "maildir"
path = "Mail"

[timing]
when = "soon"
"""


class Hands(Protocol):
    """A provider's test server, and the owner's other programs on it."""

    def ports(self) -> tuple[Calendar, Mailbox]:
        """New ports, as a restarted service would have."""
        ...

    def invite(self, start: datetime, end: datetime) -> None:
        """TITLE with PEOPLE, the first of them its organizer, accepted by the owner."""
        ...

    def cancel(self) -> None:
        """The organizer cancels it."""
        ...

    def messages(self, place: Place) -> Sequence[bytes]:
        """What lies there."""
        ...

    def edit(self, to: str, text: str) -> None:
        """The owner saves the draft to this person with another text."""
        ...

    def send(self, to: str) -> None:
        """The owner sends it."""
        ...

    def delete(self, to: str) -> None:
        """The owner deletes it, to Deleted Items."""
        ...


class Life:
    """One account that may be restarted at any time."""

    def __init__(self, folder: Path, hands: Hands) -> None:
        self.folder = folder
        self.hands = hands
        folder.mkdir(exist_ok=True)
        (folder / "sam.toml").write_text(CONFIG, encoding="utf-8")
        for part in ("cur", "new", "tmp"):
            (folder / "Mail" / part).mkdir(parents=True, exist_ok=True)
        with self.account(SET_UP) as account:
            cycle(account, SET_UP)

    @contextmanager
    def account(self, now: datetime) -> Iterator[Account]:
        config = load_account(self.folder / "sam.toml")
        with open_store(config, self.folder / "state", now=now) as store:
            calendar, mailbox = self.hands.ports()
            account = replace(
                build(config, store, self.folder / "state", now=now), calendars=(calendar,), mailbox=mailbox
            )
            yield account
            calendar.close()
            mailbox.close()

    def run(self, now: datetime) -> Cycle:
        """One cycle of a service that was just started."""
        with self.account(now) as account:
            done = cycle(account, now)
            assert done.errors == ()
            return done

    def lose_store(self) -> None:
        """The database is gone; the key beside it stays."""
        for path in (self.folder / "state").rglob("*"):
            if path.is_file() and ".db" in path.name:
                path.unlink()

    def drafts(self) -> dict[str, str]:
        """Recipient -> text."""
        found = self.hands.messages(Place.DRAFTS)
        return {next(iter(read_headers(one).recipients)): text_of(one) for one in found}

    def notes(self) -> list[str]:
        """Texts of what the owner was told."""
        return [text_of(m) for m in self.hands.messages(Place.INBOX) if read_headers(m).recipients == {ME}]


def whole_life(folder: Path, hands: Hands) -> None:
    """Invite, end, drafts; restart; lost database; edited, sent, deleted; one reminder."""
    life = Life(folder, hands)
    hands.invite(END - timedelta(hours=1), END)
    life.run(END - timedelta(minutes=30))
    assert life.drafts() == {}
    life.run(NOW)
    written = life.drafts()
    assert set(written) == {email for _, email in PEOPLE}
    assert all("Data Engineer" in text for text in written.values())
    life.run(NOW + timedelta(minutes=1))
    life.lose_store()
    life.run(NOW + timedelta(minutes=5))
    assert life.drafts() == written
    assert life.notes() == []
    helena, ivo = (email for _, email in PEOPLE)
    hands.edit(helena, "Dear Helena,\r\n\r\nmy own words.\r\n")
    hands.send(ivo)
    life.run(NOW + timedelta(minutes=10))
    assert set(life.drafts()) == {helena}
    assert "my own words" in life.drafts()[helena]
    next_day = (NOW + timedelta(days=1)).replace(hour=23, minute=50)
    life.run(next_day)
    life.run(next_day + timedelta(minutes=5))
    [note] = life.notes()
    assert "Helena" in note
    assert "Ivo" not in note
    hands.delete(helena)
    for minutes in (20, 21, 23, 40):
        life.run(next_day + timedelta(minutes=minutes))
    assert life.drafts() == {}
    assert len(life.notes()) == 1
    assert len(hands.messages(Place.SENT)) == 1


def cancelled_meeting(folder: Path, hands: Hands) -> None:
    """A meeting that is cancelled before its end takes the untouched draft back; an edited one stays."""
    life = Life(folder, hands)
    hands.invite(END - timedelta(hours=1), END)
    life.run(NOW)
    assert len(life.drafts()) == 2
    helena = PEOPLE[0][1]
    hands.edit(helena, "My own words.\r\n")
    hands.cancel()
    life.run(NOW + timedelta(minutes=5))
    life.run(NOW + timedelta(minutes=10))
    assert set(life.drafts()) == {helena}


OWNER = Address(ME, "Sam Øst")
