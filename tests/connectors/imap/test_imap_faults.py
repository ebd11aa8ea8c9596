"""Every command of a cycle cut, silenced, garbled and delayed in turn, by a proxy before a real server."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from connectors.errors import AuthenticationError, ConnectorError, DraftChanged, DraftNotFound, TemporaryError
from connectors.imap.calendar import ImapCalendar
from connectors.imap.mailbox import ImapMailbox
from connectors.mime import write_draft
from connectors.model import DraftRef, Note, Place, Rung
from tests.connectors.imap.conftest import NOW, WINDOW, Account
from tests.connectors.imap.mails import draft, invite, plain, probe, put
from tests.connectors.imap.test_imap_mailbox import messages
from tests.servers.tcp_proxy import Proxy, cut_after, delay, garble_after, half_close_after, lose_answer

SOON = NOW + timedelta(days=2)
NOTE = Note("k", "<note.k@example.org>", "Unsent", "One draft.\n", "One draft", NOW)
BETTER = draft("one", "Better words.\n")
FAULTS = {"cut": cut_after, "answer lost": lose_answer, "garbled": garble_after}


@pytest.fixture
def proxy(account: Account) -> Iterator[Proxy]:
    with Proxy(account.server.port) as running:
        yield running


class Cycle:
    """What the service does in a round, with its memory of what it has done: an unknown outcome is tried again."""

    def __init__(self, account: Account, port: int, timeout: float = 10) -> None:
        self.mailbox: ImapMailbox = account.mailbox(account.session(port=port, timeout=timeout))
        self.calendar: ImapCalendar = account.calendar(account.session(port=port, timeout=timeout))
        self.ref: DraftRef | None = None
        self.better: DraftRef | None = None

    def run(self) -> None:
        found = self.calendar.pull(None, WINDOW)
        assert [each.uid for each in found.invites] == ["one"]
        self.ref = self.ref or self.mailbox.create_draft(draft("one"))
        if self.better is None:
            self.better = self.mailbox.replace_draft(self.ref, BETTER)
        (sighting,) = self.mailbox.observe([probe("one", self.better)]).by_key["one"].sightings
        assert (sighting.place, sighting.rung) == (Place.DRAFTS, Rung.LOCATION)
        self.mailbox.deliver_note(NOTE)


def pieces_of_a_cycle(account: Account) -> int:
    """How many pieces a client sends in the longer of its two connections, without a fault."""
    seen: list[int] = []

    def count(line: object, way: str, data: bytes) -> bytes:
        seen.append(getattr(line, "up", 0))
        return data

    with Proxy(account.server.port) as proxy:
        proxy.fault = count
        Cycle(account, proxy.port).run()
    return max(seen)


def assert_one_of_each(account: Account) -> None:
    client = account.other_client()
    drafts = messages(client, "Drafts")
    assert [b"Better words" in body for _, _, body in drafts] == [True]
    assert sum(b"note.k@" in body for _, _, body in messages(client, "INBOX")) == 1


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_at_every_command_in_turn(new_account: Callable[..., Account], kind: str) -> None:
    reference = new_account()
    put(reference.other_client(), "INBOX", invite("one", SOON))
    pieces = pieces_of_a_cycle(reference)
    assert pieces > 12
    for at in range(1, pieces + 1, 2 if kind == "garbled" else 1):
        account = new_account()
        put(account.other_client(), "INBOX", invite("one", SOON))
        with Proxy(account.server.port) as proxy:
            proxy.fault = FAULTS[kind](at)
            # Where a fault is silence, the client has to wait it out; long enough for a busy machine all the same.
            cycle = Cycle(account, proxy.port, 10 if kind == "cut" else 1)
            with contextlib.suppress(ConnectorError):
                cycle.run()
            proxy.fault = None
            cycle.run()
            # No loop of its own: a fault costs each of the two ports one reconnect at the most.
            assert proxy.accepted <= 4
        assert_one_of_each(account)


def test_silence_at_every_command_in_turn_is_a_timeout(new_account: Callable[..., Account]) -> None:
    for at in range(2, 20, 3):
        account = new_account()
        put(account.other_client(), "INBOX", invite("one", SOON))
        with Proxy(account.server.port) as proxy:
            proxy.fault = half_close_after(at)
            cycle = Cycle(account, proxy.port, 1)
            with pytest.raises(TemporaryError):
                cycle.run()
            proxy.fault = None
            cycle.run()
        assert_one_of_each(account)


def test_a_slow_line_only_takes_longer(account: Account, proxy: Proxy) -> None:
    put(account.other_client(), "INBOX", invite("one", SOON))
    proxy.fault = delay(0.02)
    Cycle(account, proxy.port).run()
    assert_one_of_each(account)


def test_a_cut_between_the_data_of_append_and_its_ok_leaves_one_draft(account: Account, proxy: Proxy) -> None:
    def after_the_data(line: object, way: str, data: bytes) -> bytes | None:
        if way == "up" and b"APPEND" in data:
            proxy.fault = lose_answer(0)
        return data

    mailbox = account.mailbox(account.session(port=proxy.port))
    proxy.fault = after_the_data
    with pytest.raises(TemporaryError):
        mailbox.create_draft(draft("one"))
    proxy.fault = None
    assert len(messages(account.other_client(), "Drafts")) == 1
    mailbox.create_draft(draft("one"))
    assert len(messages(account.other_client(), "Drafts")) == 1


def test_the_owners_edit_during_a_cut_survives(account: Account, proxy: Proxy) -> None:
    mailbox = account.mailbox(account.session(port=proxy.port))
    ref = mailbox.create_draft(draft("one"))

    def before_the_store(_line: object, way: str, data: bytes) -> bytes | None:
        return None if way == "up" and b"UID STORE" in data else data

    proxy.fault = before_the_store
    with pytest.raises(TemporaryError):
        mailbox.replace_draft(ref, BETTER)
    proxy.fault = None
    client = account.other_client()
    client.select("Drafts")
    client.store("1", "+FLAGS", r"\Deleted")
    client.expunge()
    put(client, "Drafts", write_draft(draft("one", "My own.\n")))
    with pytest.raises(ConnectorError):
        mailbox.replace_draft(ref, BETTER)
    assert any(b"My own." in body for _, _, body in messages(client, "Drafts"))


def test_a_draft_starred_between_the_look_and_the_removal_stays_and_is_the_only_one(
    account: Account, proxy: Proxy
) -> None:
    mailbox = account.mailbox(account.session(port=proxy.port))
    ref = mailbox.create_draft(draft("one"))
    client = account.other_client()
    client.select("Drafts")

    def star_first(_line: object, way: str, data: bytes) -> bytes:
        if way == "up" and b"UID STORE" in data:
            proxy.fault = None
            client.store("1", "+FLAGS", r"\Flagged")
        return data

    proxy.fault = star_first
    with pytest.raises(DraftChanged):
        mailbox.replace_draft(ref, BETTER)
    ((_, flags, body),) = messages(client, "Drafts")
    assert "\\Flagged" in flags
    assert "\\Deleted" not in flags
    assert b"Thank you for your time" in body


def test_a_login_revoked_in_mid_session_is_told_and_not_tried_again(account: Account, proxy: Proxy) -> None:
    mailbox = account.mailbox(account.session(port=proxy.port))
    mailbox.create_draft(draft("one"))
    account.server.revoke(account.user.name)
    errors: list[ConnectorError] = []
    for _ in range(3):
        with pytest.raises(ConnectorError) as caught:
            mailbox.observe([probe("one")])
        errors.append(caught.value)
    assert isinstance(errors[-1], AuthenticationError)
    assert errors[-1].remedy
    assert proxy.accepted <= 4


def test_a_session_ended_by_the_server_is_opened_again(account: Account) -> None:
    mailbox = account.mailbox()
    ref = mailbox.create_draft(draft("one"))
    account.server.kick(account.user.name)
    with contextlib.suppress(TemporaryError):
        mailbox.observe([probe("one", ref)])
    (sighting,) = mailbox.observe([probe("one", ref)]).by_key["one"].sightings
    assert sighting.rung is Rung.LOCATION


def test_another_uidvalidity_of_drafts_finds_the_draft_by_its_message_id(account: Account) -> None:
    mailbox = account.mailbox()
    ref = mailbox.create_draft(draft("one"))
    client = account.other_client()
    client.delete("Drafts")
    client.create("Drafts")
    put(client, "Drafts", plain(1))
    put(client, "Drafts", write_draft(draft("one")), flags=r"\Draft")
    (sighting,) = mailbox.observe([probe("one", ref)]).by_key["one"].sightings
    assert sighting.rung is Rung.MESSAGE_ID
    mailbox.replace_draft(ref, BETTER)
    assert [b"Better words" in body for _, _, body in messages(client, "Drafts")] == [False, True]


def test_a_drafts_folder_that_is_gone_loses_nothing_and_is_no_reason_to_write(account: Account) -> None:
    mailbox = account.mailbox()
    ref = mailbox.create_draft(draft("one"))
    account.other_client().delete("Drafts")
    observed = mailbox.observe([probe("one", ref)])
    # Dovecot makes the folder again at the next login; until then it is missing, and absence proves nothing.
    assert Place.DRAFTS in observed.unseen or observed.drafts_total == 0
    with pytest.raises(DraftNotFound):
        mailbox.replace_draft(ref, BETTER)
    mailbox.delete_draft(ref)


def test_a_server_that_restarts_is_found_again(account: Account) -> None:
    mailbox, calendar = account.mailbox(), account.calendar()
    put(account.other_client(), "INBOX", invite("one", SOON))
    ref = mailbox.create_draft(draft("one"))
    first = calendar.pull(None, WINDOW)
    account.server.restart()
    put(account.other_client(), "INBOX", invite("two", SOON))
    with contextlib.suppress(TemporaryError):
        calendar.pull(first.cursor, WINDOW)
    assert [found.uid for found in calendar.pull(first.cursor, WINDOW).invites] == ["two"]
    with contextlib.suppress(TemporaryError):
        mailbox.create_draft(draft("one"))
    assert mailbox.create_draft(draft("one")) == ref
    assert len(messages(account.other_client(), "Drafts")) == 1


def test_a_folder_that_may_not_be_opened_stops_no_other(account: Account) -> None:
    client = account.other_client()
    client.create("Locked")
    put(client, "Locked", invite("locked", SOON))
    put(client, "INBOX", invite("one", SOON))
    mailbox, calendar = account.mailbox(), account.calendar()
    ref = mailbox.create_draft(draft("one"))
    folder = account.user.maildir / ".Locked"
    folder.chmod(0)
    try:
        delta = calendar.pull(None, WINDOW)
        observed = mailbox.observe([probe("one", ref)])
    finally:
        folder.chmod(0o700)
    assert [found.uid for found in delta.invites] == ["one"]
    assert observed.by_key["one"].sightings[0].rung is Rung.LOCATION
    assert Place.DRAFTS not in observed.unseen
    assert [found.uid for found in calendar.pull(delta.cursor, WINDOW).invites] == ["locked"]
