"""Invites found in a real mailbox."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.errors import CursorExpired
from connectors.imap import calendar as module
from connectors.imap import scan
from connectors.model import CalendarDelta, Window
from tests.connectors.imap.conftest import NOW, WINDOW, Account
from tests.connectors.imap.mails import SHAPES, invite, plain, put

SOON = NOW + timedelta(days=2)


def uids(delta: CalendarDelta) -> list[str]:
    return sorted(found.uid for found in delta.invites)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_found(account: Account, shape: str) -> None:
    client = account.other_client()
    put(client, "INBOX", plain(1))
    put(client, "INBOX", invite("one", SOON, shape))
    delta = account.calendar().pull(None, WINDOW)
    assert uids(delta) == ["one"]
    (found,) = delta.invites
    assert found.events[0].summary == "Interview – Ünïcode"
    assert found.events[0].start == SOON
    assert found.events[0].mail is not None
    assert found.events[0].mail.message_id == "<one@corp.example>"
    assert found.received_at is not None
    if shape != "bare":
        assert "Jürgen" in found.events[0].mail.text
    assert not delta.full
    assert not delta.problems


def test_an_unchanged_cycle_is_one_round_trip_and_fetches_nothing(account: Account) -> None:
    client = account.other_client()
    put(client, "INBOX", invite("one", SOON))
    session = account.session()
    calendar = account.calendar(session)
    cursor = calendar.pull(None, WINDOW).cursor
    with session.use("count") as connection:
        wire = connection.wire
        before = wire.sendings
    delta = calendar.pull(cursor, WINDOW)
    assert not delta.invites
    assert delta.cursor == cursor
    assert wire.sendings == before + 1


def test_only_new_mail_is_fetched(account: Account) -> None:
    client = account.other_client()
    put(client, "INBOX", invite("one", SOON))
    calendar = account.calendar()
    first = calendar.pull(None, WINDOW)
    put(client, "INBOX", plain(2))
    put(client, "INBOX", invite("two", SOON))
    second = calendar.pull(first.cursor, WINDOW)
    assert uids(second) == ["two"]
    assert not calendar.pull(second.cursor, WINDOW).invites


def test_the_first_look_reaches_back_as_far_as_it_is_told(account: Account) -> None:
    client = account.other_client()
    put(client, "INBOX", invite("old", SOON), at=NOW - timedelta(days=200))
    put(client, "INBOX", invite("young", SOON), at=NOW - timedelta(days=40))
    assert uids(account.calendar(lead=timedelta(days=30)).pull(None, WINDOW)) == ["young"]
    assert uids(account.calendar(lead=timedelta(days=300)).pull(None, WINDOW)) == ["old", "young"]


def test_a_window_that_outgrows_the_cursor_is_read_anew(account: Account) -> None:
    client = account.other_client()
    put(client, "INBOX", invite("old", SOON), at=NOW - timedelta(days=90))
    calendar = account.calendar(lead=timedelta(0))
    first = calendar.pull(None, WINDOW)
    assert uids(first) == []
    wider = Window(NOW - timedelta(days=100), WINDOW.end)
    assert uids(calendar.pull(first.cursor, wider)) == ["old"]


def test_spam_trash_and_drafts_are_left_alone_and_other_folders_are_read(account: Account) -> None:
    client = account.other_client()
    for folder in ("Junk", "Trash", "Drafts"):
        put(client, folder, invite(folder, SOON))
    client.create("Bewerbungen/2026")
    put(client, "Bewerbungen/2026", invite("filed", SOON))
    put(client, "Sent", invite("reply", SOON, method="REPLY"))
    assert uids(account.calendar().pull(None, WINDOW)) == ["filed", "reply"]


def test_only_the_folders_named_are_read_and_a_missing_one_is_reported(account: Account) -> None:
    client = account.other_client()
    client.create("Jobs")
    put(client, "INBOX", invite("inbox", SOON))
    put(client, "Jobs", invite("jobs", SOON))
    delta = account.calendar(folders=("Jobs", "Gone")).pull(None, WINDOW)
    assert uids(delta) == ["jobs"]
    assert [problem.where for problem in delta.problems] == ["Gone"]


def test_batches_are_bounded_and_resumable(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "INVITES_PER_PULL", 3)
    client = account.other_client()
    for number in range(8):
        put(client, "INBOX", plain(number))
        put(client, "INBOX", invite(f"i{number}", SOON))
    client.create("Other")
    put(client, "Other", invite("other", SOON))
    found: list[str] = []
    cursor: str | None = None
    pulls = 0
    while True:
        # A new connector each time: what counts is in the cursor.
        delta = account.calendar().pull(cursor, WINDOW)
        assert len(delta.invites) <= 3
        found += uids(delta)
        cursor, pulls = delta.cursor, pulls + 1
        if not delta.more:
            break
    assert sorted(found) == sorted([f"i{number}" for number in range(8)] + ["other"])
    assert pulls >= 3


def test_a_batch_bounded_by_messages_goes_on_where_it_stopped(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MESSAGES_PER_PULL", 4)
    client = account.other_client()
    for number in range(11):
        put(client, "INBOX", invite(f"i{number}", SOON) if number % 5 == 0 else plain(number))
    found: list[str] = []
    delta = account.calendar().pull(None, WINDOW)
    found += uids(delta)
    while delta.more:
        delta = account.calendar().pull(delta.cursor, WINDOW)
        found += uids(delta)
    assert found == ["i0", "i5", "i10"]


def test_mail_thrown_away_cancels_nothing(account: Account) -> None:
    client = account.other_client()
    put(client, "INBOX", invite("one", SOON))
    calendar = account.calendar()
    first = calendar.pull(None, WINDOW)
    client.select("INBOX")
    client.store("1", "+FLAGS", r"\Deleted")
    client.expunge()
    delta = calendar.pull(first.cursor, WINDOW)
    assert delta.removed == ()
    assert not delta.full


def test_a_folder_that_was_renamed_or_removed_stops_nobody(account: Account) -> None:
    client = account.other_client()
    client.create("Jobs")
    client.create("Old")
    put(client, "Jobs", invite("jobs", SOON))
    calendar = account.calendar()
    first = calendar.pull(None, WINDOW)
    client.rename("Jobs", "Work")
    client.delete("Old")
    put(client, "INBOX", invite("new", SOON))
    second = calendar.pull(first.cursor, WINDOW)
    # Under its new name the folder is read again; folding knows the event by its UID.
    assert uids(second) == ["jobs", "new"]
    assert not calendar.pull(second.cursor, WINDOW).invites


def test_another_uidvalidity_reads_the_folder_anew(account: Account) -> None:
    client = account.other_client()
    client.create("Jobs")
    put(client, "Jobs", invite("one", SOON))
    calendar = account.calendar()
    first = calendar.pull(None, WINDOW)
    client.delete("Jobs")
    client.create("Jobs")
    put(client, "Jobs", invite("two", SOON))
    second = calendar.pull(first.cursor, WINDOW)
    assert uids(second) == ["two"]
    assert {found.key for found in first.invites}.isdisjoint(found.key for found in second.invites)


def test_a_foreign_cursor_expires(account: Account) -> None:
    for cursor in ("", "nonsense", "[]", '{"1": {}}', '{"1": {"since": 3, "folders": {}}}'):
        with pytest.raises(CursorExpired):
            account.calendar().pull(cursor, WINDOW)


def test_a_calendar_part_over_the_bound_is_a_problem_and_the_others_are_read(account: Account) -> None:
    client = account.other_client()
    huge = invite("huge", SOON, "8bit").replace(b"SUMMARY:", b"X-PAD:" + b"x" * 6_500_000 + b"\r\nSUMMARY:")
    put(client, "INBOX", huge)
    put(client, "INBOX", invite("small", SOON))
    delta = account.calendar().pull(None, WINDOW)
    assert uids(delta) == ["small"]
    assert len(delta.problems) == 1
    assert "bytes" in delta.problems[0].what


def test_nothing_is_written_not_even_seen(account: Account) -> None:
    client = account.other_client()
    put(client, "INBOX", invite("one", SOON))
    account.calendar().pull(None, WINDOW)
    client.select("INBOX", readonly=True)
    _, data = client.fetch("1", "(FLAGS)")
    assert b"\\Seen" not in data[0]


def test_a_large_look_over_a_line_is_compressed_and_gives_the_same(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = account.other_client()
    for number in range(30):
        put(client, "INBOX", invite(f"i{number}", SOON, SHAPES[number % len(SHAPES)]))
    session = account.session()
    near = account.calendar(session).pull(None, WINDOW)
    with session.use("count") as connection:
        assert not connection.wire.compressed
    monkeypatch.setattr(module, "COMPRESS_FROM", 10)
    monkeypatch.setattr("connectors.imap.wire.Wire.far", True)
    far = account.calendar(session).pull(None, WINDOW)
    with session.use("count") as connection:
        assert connection.wire.compressed
    assert far == near
    assert len(account.calendar(session).pull(None, WINDOW).invites) == 30


@pytest.mark.parametrize("shape", ["bare", "alternative"])
def test_a_server_that_calls_it_plain_text_without_mime_version_is_not_believed(
    account: Account, shape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Courier's BODYSTRUCTURE: what it does not mention is searched for, and fetched whole."""
    client = account.other_client()
    put(client, "INBOX", plain(1))
    put(client, "INBOX", invite("one", SOON, shape, mime=False))
    put(client, "INBOX", invite("two", SOON, shape))
    usual = scan.mentions_calendar
    monkeypatch.setattr(scan, "mentions_calendar", lambda response: usual(response) and b"UID 2 " not in response[0])
    session = account.session()
    with session.use("pretend") as connection:
        courier = replace(connection.features, software=b"* ok courier-imap ready")
        session._connection = replace(connection, features=courier)
    delta = account.calendar(session).pull(None, WINDOW)
    assert uids(delta) == ["one", "two"]
