"""Drafts, notes and evidence in a real mailbox, with another client at work in it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from imaplib import IMAP4

import pytest

from connectors.errors import AuthenticationError, ConnectorError, DraftChanged, DraftNotFound, UnsupportedError
from connectors.imap.mailbox import ImapMailbox
from connectors.imap.roles import Names
from connectors.mime import fingerprint_of, write_draft
from connectors.model import Note, Observation, Place, Rung
from tests.connectors.imap.conftest import NOW, Account
from tests.connectors.imap.mails import draft, invite, plain, probe, put


def messages(client: IMAP4, folder: str) -> list[tuple[int, str, bytes]]:
    """UID, flags and octets of everything in a folder."""
    client.select(folder, readonly=True)
    _, found = client.uid("SEARCH", "ALL")
    result = []
    for uid in found[0].split():
        _, data = client.uid("FETCH", uid.decode(), "(FLAGS BODY.PEEK[])")
        head, body = data[0]
        result.append((int(uid), head.decode() + (data[1].decode() if isinstance(data[1], bytes) else ""), body))
    return result


def look(mailbox: ImapMailbox, name: str, ref: object = None, **options: object) -> Observation:
    return mailbox.observe([probe(name, ref, **options)]).by_key[name]  # type: ignore[arg-type]


def note(name: str) -> Note:
    return Note(name, f"<note.{name}@example.org>", "Unsent", "One draft is unsent.\n", "One draft", NOW)


def test_a_draft_is_put_seen_and_flagged_with_the_octets_that_were_written(account: Account) -> None:
    written = draft("one", "Dear Erika,\n\nthank you – Grüße.\n")
    ref = account.mailbox().create_draft(written)
    ((uid, flags, body),) = messages(account.other_client(), "Drafts")
    assert "\\Draft" in flags
    assert "\\Seen" in flags
    assert body == write_draft(written)
    assert ref.locator.endswith(f";UID={uid}")
    assert ref.fingerprint == fingerprint_of(written)


def test_creating_it_again_returns_the_one_that_lies_there(account: Account) -> None:
    first = account.mailbox().create_draft(draft("one"))
    assert account.mailbox().create_draft(draft("one")) == first
    assert len(messages(account.other_client(), "Drafts")) == 1


def test_two_alike_are_reduced_to_one_but_never_an_edited_one(account: Account) -> None:
    client = account.other_client()
    for body in ("Thank you for your time.\n", "Thank you for your time.\n", "I edited this.\n"):
        put(client, "Drafts", write_draft(draft("one", body)), flags=r"\Draft")
    account.mailbox().create_draft(draft("one"))
    bodies = [body for _, _, body in messages(client, "Drafts")]
    assert len(bodies) == 2
    assert sum(b"I edited this" in body for body in bodies) == 1


def test_one_that_the_owner_marked_as_deleted_does_not_come_back(account: Account) -> None:
    mailbox = account.mailbox()
    mailbox.create_draft(draft("one"))
    client = account.other_client()
    client.select("Drafts")
    client.store("1", "+FLAGS", r"\Deleted")
    mailbox.create_draft(draft("one"))
    ((_, flags, _),) = messages(client, "Drafts")
    assert "\\Deleted" in flags


def test_replacing_leaves_the_new_one_alone_and_other_peoples_deleted_mail_in_place(account: Account) -> None:
    mailbox = account.mailbox()
    client = account.other_client()
    put(client, "Drafts", plain(1), flags=r"\Deleted")
    ref = mailbox.create_draft(draft("one"))
    new = mailbox.replace_draft(ref, draft("one", "Better words.\n"))
    found = messages(client, "Drafts")
    assert [b"Better words" in body for _, _, body in found] == [False, True]
    assert b"plain.1@" in found[0][2]
    assert new.locator.endswith(f";UID={found[1][0]}")
    assert new.fingerprint != ref.fingerprint


def test_a_touched_draft_is_neither_replaced_nor_deleted(account: Account) -> None:
    mailbox = account.mailbox()
    ref = mailbox.create_draft(draft("one"))
    client = account.other_client()
    client.select("Drafts")
    client.store("1", "+FLAGS", r"\Deleted")
    client.expunge()
    put(client, "Drafts", write_draft(draft("one", "My own words.\n")), flags=r"\Draft")
    with pytest.raises(DraftChanged):
        mailbox.replace_draft(ref, draft("one", "Better words.\n"))
    with pytest.raises(DraftChanged):
        mailbox.delete_draft(ref)
    ((_, _, body),) = messages(client, "Drafts")
    assert b"My own words" in body


def test_a_starred_draft_is_the_owners(account: Account) -> None:
    mailbox = account.mailbox()
    ref = mailbox.create_draft(draft("one"))
    client = account.other_client()
    client.select("Drafts")
    client.store("1", "+FLAGS", r"\Flagged")
    with pytest.raises(DraftChanged):
        mailbox.delete_draft(ref)
    assert len(messages(client, "Drafts")) == 1


def test_a_draft_that_is_gone(account: Account) -> None:
    mailbox = account.mailbox()
    ref = mailbox.create_draft(draft("one"))
    mailbox.delete_draft(ref)
    assert messages(account.other_client(), "Drafts") == []
    mailbox.delete_draft(ref)
    with pytest.raises(DraftNotFound):
        mailbox.replace_draft(ref, draft("one", "Better words.\n"))
    assert messages(account.other_client(), "Drafts") == []


def test_a_cut_between_the_two_steps_of_replacing_is_mended(account: Account) -> None:
    mailbox = account.mailbox()
    ref = mailbox.create_draft(draft("one"))
    client = account.other_client()
    put(client, "Drafts", write_draft(draft("one", "Better words.\n")), flags=r"\Draft \Seen")
    new = mailbox.replace_draft(ref, draft("one", "Better words.\n"))
    ((uid, _, body),) = messages(client, "Drafts")
    assert b"Better words" in body
    assert new.locator.endswith(f";UID={uid}")


def test_an_unusable_draft_is_refused_in_the_words_of_the_taxonomy(account: Account) -> None:
    with pytest.raises(UnsupportedError):
        account.mailbox().create_draft(draft("one", to="nobody"))


def test_a_missing_drafts_folder_is_made(account: Account) -> None:
    mailbox = account.mailbox(names=Names(drafts="Entwürfe & Co"))
    ref = mailbox.create_draft(draft("one"))
    assert ref.locator.startswith("Entwürfe & Co;")
    assert mailbox.create_draft(draft("one")) == ref
    assert look(mailbox, "one", ref).sightings[0].rung is Rung.LOCATION


def test_a_read_only_folder_is_said_so(account: Account) -> None:
    client = account.other_client()
    client.select("Drafts")
    (account.user.maildir / ".Drafts" / "dovecot-acl").write_text("owner lr\n")
    folder = account.user.maildir / ".Drafts"
    for part in ("tmp", "new", "cur", "."):
        (folder / part).chmod(0o555)
    try:
        with pytest.raises(ConnectorError):
            account.mailbox().create_draft(draft("one"))
    finally:
        for part in ("tmp", "new", "cur", "."):
            (folder / part).chmod(0o755)
    account.mailbox().create_draft(draft("one"))
    assert len(messages(client, "Drafts")) == 1


def test_a_full_mailbox_is_said_so_with_a_remedy_and_nothing_is_lost(new_account: Callable[..., Account]) -> None:
    account = new_account(quota="storage=20k")
    client = account.other_client()
    put(client, "INBOX", plain(1) + b"x" * 19_000)
    with pytest.raises(ConnectorError) as caught:
        account.mailbox().create_draft(draft("one", "A long text. " * 300))
    assert "room" in caught.value.remedy
    assert len(messages(client, "Drafts")) == 0


# --- evidence ---------------------------------------------------------------------------------------------------------


def test_an_untouched_draft_is_seen_where_it_was_put(account: Account) -> None:
    mailbox = account.mailbox()
    ref = mailbox.create_draft(draft("one"))
    observed = mailbox.observe([probe("one", ref)])
    (sighting,) = observed.by_key["one"].sightings
    assert (sighting.place, sighting.rung, sighting.fingerprint) == (Place.DRAFTS, Rung.LOCATION, ref.fingerprint)
    assert observed.complete
    assert observed.drafts_total == 1


def test_an_edited_draft_shows_another_fingerprint(account: Account) -> None:
    mailbox = account.mailbox()
    ref = mailbox.create_draft(draft("one"))
    client = account.other_client()
    put(client, "Drafts", write_draft(draft("one", "Edited.\n")))
    client.select("Drafts")
    client.store("1", "+FLAGS", r"\Deleted")
    client.expunge()
    (sighting,) = look(mailbox, "one", ref).sightings
    assert (sighting.place, sighting.rung) == (Place.DRAFTS, Rung.MESSAGE_ID)
    assert sighting.fingerprint == fingerprint_of(draft("one", "Edited.\n"))


def test_a_sent_mail_under_another_message_id_is_known_by_our_token(account: Account) -> None:
    mailbox = account.mailbox()
    ref = mailbox.create_draft(draft("one"))
    client = account.other_client()
    sent = write_draft(draft("one")).replace(b"Message-ID: <one@", b"Message-ID: <thunderbird.7@")
    put(client, "Sent", sent, flags=r"\Seen")
    client.select("Drafts")
    client.store("1", "+FLAGS", r"\Deleted")
    client.expunge()
    (sighting,) = look(mailbox, "one", ref).sightings
    assert (sighting.place, sighting.rung, sighting.fingerprint) == (Place.SENT, Rung.TOKEN, ref.fingerprint)


def test_any_mail_of_the_owners_to_that_person_counts_but_no_calendar_reply(account: Account) -> None:
    mailbox = account.mailbox()
    client = account.other_client()
    reply = invite("reply", NOW, method="REPLY").replace(b"To: alice@example.org", b"To: erika@corp.example")
    reply = reply.replace(
        b"Date: Mon, 02 Nov 2026 10:00:00", f"Date: {datetime.now(UTC):%a, %d %b %Y %H:%M:%S}".encode()
    )
    put(client, "Sent", reply)
    assert look(mailbox, "one").sightings == ()
    put(client, "Sent", plain(1, sender="alice@example.org", to="erika@corp.example"))
    (sighting,) = look(mailbox, "one").sightings
    assert (sighting.place, sighting.rung) == (Place.SENT, Rung.CORRESPONDENCE)


def test_an_answer_and_a_word_from_the_company_are_heard_in_any_folder(account: Account) -> None:
    mailbox = account.mailbox()
    client = account.other_client()
    client.create("Jobs")
    put(client, "Jobs", plain(1, sender="hr@corp.example", extra="References: <token.one@example.org>\r\n"))
    seen = look(mailbox, "one")
    assert [sighting.rung for sighting in seen.sightings] == [Rung.ANSWERED]
    assert [word.sender.email for word in seen.heard] == ["hr@corp.example"]


def test_flagged_as_deleted_and_moved_to_trash_are_told_apart(account: Account) -> None:
    mailbox = account.mailbox()
    first, second = mailbox.create_draft(draft("one")), mailbox.create_draft(draft("two", to="otto@corp.example"))
    client = account.other_client()
    client.select("Drafts")
    client.store("1", "+FLAGS", r"\Deleted")
    client.uid("MOVE", "2", "Trash")
    observed = mailbox.observe([probe("one", first), probe("two", second, to="otto@corp.example")])
    (deleted,) = observed.by_key["one"].sightings
    assert (deleted.place, deleted.flagged_deleted) == (Place.DRAFTS, True)
    (trashed,) = observed.by_key["two"].sightings
    assert (trashed.place, trashed.flagged_deleted) == (Place.TRASH, False)


def test_a_drafts_folder_that_vanished_is_a_fault_not_a_deletion(account: Account) -> None:
    client = account.other_client()
    client.create('"Own drafts"')
    mailbox = account.mailbox(names=Names(drafts="Own drafts"))
    ref = mailbox.create_draft(draft("one"))
    client.delete('"Own drafts"')
    observed = mailbox.observe([probe("one", ref)])
    assert Place.DRAFTS in observed.unseen
    assert observed.drafts_total is None


def test_a_second_look_at_an_unchanged_mailbox_is_one_round_trip(account: Account) -> None:
    session = account.session()
    mailbox = account.mailbox(session)
    client = account.other_client()
    for number in range(30):
        put(client, "INBOX", plain(number))
    ref = mailbox.create_draft(draft("one"))
    first = mailbox.observe([probe("one", ref)])
    with session.use("count") as connection:
        before, octets = connection.wire.sendings, connection.wire.received
    second = mailbox.observe([probe("one", ref)])
    assert connection.wire.sendings == before + 1
    assert connection.wire.received - octets < 2_000
    assert second.by_key == first.by_key


# --- notes, answers, people -------------------------------------------------------------------------------------------


def test_a_note_lies_unread_in_the_inbox_once(account: Account) -> None:
    mailbox = account.mailbox()
    mailbox.deliver_note(note("monday"))
    mailbox.deliver_note(note("monday"))
    ((_, flags, body),) = messages(account.other_client(), "INBOX")
    assert "\\Seen" not in flags
    assert b"One draft is unsent." in body
    client = account.other_client()
    client.select("INBOX")
    client.uid("MOVE", "1", "Trash")
    mailbox.deliver_note(note("monday"))
    assert messages(client, "INBOX") == []


def test_only_answers_in_sent_are_the_owners(account: Account) -> None:
    mailbox = account.mailbox()
    known = "<note.monday@example.org>"
    client = account.other_client()
    answer = plain(5, sender="alice@example.org", extra=f"In-Reply-To: {known}\r\n").replace(
        b"BEGIN:VCALENDAR is not one.", b"snooze 2 days"
    )
    put(client, "INBOX", answer)
    assert mailbox.owner_replies(None, [known]).replies == ()
    put(client, "Sent", answer)
    put(client, "Sent", plain(6, sender="alice@example.org"))
    delta = mailbox.owner_replies(None, [known])
    (reply,) = delta.replies
    assert (reply.text, reply.note_message_id) == ("snooze 2 days", known)
    assert mailbox.owner_replies(delta.cursor, [known]).replies == ()
    second = plain(7, sender="alice@example.org", extra=f"References: <x@y> {known}\r\n")
    put(client, "Sent", second)
    assert len(mailbox.owner_replies(delta.cursor, [known]).replies) == 1


def test_people_are_found_by_name_at_their_companys_domain(account: Account) -> None:
    client = account.other_client()
    put(client, "INBOX", plain(1, sender="bob.b@corp.example"))
    put(client, "INBOX", plain(2, sender="bob@elsewhere.example"))
    found = account.mailbox().find_people(["Bob Builder"], ["corp.example"])
    assert [address.email for address in found] == ["bob.b@corp.example"]
    assert account.mailbox().find_people(["Bob Builder"], []) == ()


# --- checks, login ----------------------------------------------------------------------------------------------------


def test_check_names_the_folders_and_writes_only_if_asked(account: Account) -> None:
    lines = account.mailbox().check(write=True)
    assert {line.state for line in lines} <= {"ok", "warning"}
    assert any(line.what == "drafts folder" and line.detail == "Drafts" for line in lines)
    assert messages(account.other_client(), "Drafts") == []


def test_a_wrong_password_is_a_login_error_that_does_not_show_it(account: Account) -> None:
    mailbox = account.mailbox(account.session(password="not this one"))
    with pytest.raises(AuthenticationError) as caught:
        mailbox.create_draft(draft("one"))
    assert "not this one" not in str(caught.value)
    assert caught.value.remedy
    (line,) = mailbox.check()
    assert line.state == "failing"


def test_nothing_is_older_than_the_interview(account: Account) -> None:
    client = account.other_client()
    put(client, "Sent", plain(1, sender="alice@example.org", to="erika@corp.example"), at=NOW - timedelta(days=30))
    later = look(account.mailbox(), "one", since=datetime.now(UTC) + timedelta(minutes=5))
    assert later.sightings == ()
