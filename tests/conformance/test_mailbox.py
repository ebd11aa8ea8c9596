"""What every mailbox connector keeps, whichever server it speaks to."""

import email
import email.policy
import email.utils
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from connectors.errors import DraftChanged, DraftNotFound, TemporaryError, UnsupportedError
from connectors.mime import fingerprint, fingerprint_of, read_headers, text_of, write_draft
from connectors.model import Address, Draft, Note, Observation, Place, Probe, Rung
from connectors.ports import Mailbox
from tests.conformance.harness import OWNER, Harness

NOW = datetime.now(UTC).replace(microsecond=0)
END = NOW - timedelta(hours=2)
ADA = Address("ada@corp.example", "Ada Lovelace")
TOKEN, PARENT = "<t-7f3a@example.org>", "<invite-1@corp.example>"
DRAFT = Draft(
    message_id="<k-91c2@example.org>",
    sender=OWNER,
    to=(ADA,),
    subject="Thank you – compiler engineer",
    body="Dear Ada,\n\nThank you for your time today’s week; I enjoyed talking about compilers.\n\nKind regards\nSam",
    date=NOW,
    in_reply_to=PARENT,
    references=(TOKEN, PARENT),
)
FREE = replace(DRAFT, message_id="<k-free@example.org>", in_reply_to="", references=())
PROBE = Probe("k", DRAFT.message_id, TOKEN, PARENT, ADA.email, END)
NOTE = Note("n", "<n-1@example.org>", "Two drafts wait", "Their text", "Two drafts", NOW)


def look(mailbox: Mailbox, probe: Probe = PROBE) -> Observation:
    seen = mailbox.observe([probe])
    assert seen.unseen == ()
    return seen.by_key[probe.key]


def places(observation: Observation) -> list[tuple[Place, Rung]]:
    return [(sighting.place, sighting.rung) for sighting in observation.sightings if not sighting.flagged_deleted]


def resaved(draft: Draft, *, message_id: str = "", body: str = "", references: bool = True) -> bytes:
    """The draft as another mail program saves or sends it: own headers, base64, Date and Message-ID of its own."""
    message = EmailMessage(policy=email.policy.SMTP)
    message["Message-ID"] = message_id or draft.message_id
    message["From"] = "sam@example.org"
    message["To"] = ", ".join(address.email for address in draft.to)
    message["Subject"] = draft.subject
    message["Date"] = datetime.now(UTC) + timedelta(minutes=1)
    message["User-Agent"] = "Other Client 1.0"
    if references and draft.in_reply_to:
        message["In-Reply-To"] = draft.in_reply_to
        message["References"] = " ".join(draft.references)
    message.set_content(body or draft.body, cte="base64")
    return message.as_bytes()


def foreign(sender: str, to: str, *, message_id: str = "<f-1@else.example>", **fields: str) -> bytes:
    message = EmailMessage(policy=email.policy.SMTP)
    message["Message-ID"], message["From"], message["To"] = message_id, sender, to
    message["Date"] = NOW
    message["Subject"] = "About us"
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    message.set_content("Hello")
    return message.as_bytes()


def test_a_created_draft_is_the_message_we_meant(harness: Harness) -> None:
    ref = harness.mailbox().create_draft(DRAFT)
    [message] = harness.messages(Place.DRAFTS)
    headers = read_headers(message)
    assert (headers.message_id, headers.in_reply_to) == (DRAFT.message_id, DRAFT.in_reply_to)
    assert headers.references == DRAFT.references
    assert headers.to == (ADA,)
    assert headers.subject == DRAFT.subject
    assert text_of(message).split() == DRAFT.body.split()
    assert fingerprint(message) == ref.fingerprint == fingerprint_of(DRAFT)
    assert ref.message_id == DRAFT.message_id


def test_nothing_is_written_elsewhere(harness: Harness) -> None:
    """Promise 1: the port cannot send, and does not by accident."""
    mailbox = harness.mailbox()
    mailbox.create_draft(DRAFT)
    assert not hasattr(mailbox, "send")
    assert [len(harness.messages(place)) for place in (Place.SENT, Place.TRASH, Place.INBOX)] == [0, 0, 0]


def test_creating_again_changes_nothing(harness: Harness) -> None:
    """Promise 2: by the same service, and by one that was restarted."""
    first = harness.mailbox().create_draft(DRAFT)
    mailbox = harness.mailbox()
    assert mailbox.create_draft(DRAFT) == first
    assert mailbox.create_draft(DRAFT) == first
    assert len(harness.messages(Place.DRAFTS)) == 1


def test_two_services_at_once_make_one_draft(harness: Harness) -> None:
    """Promise 2."""
    with ThreadPoolExecutor(4) as pool:
        refs = list(pool.map(lambda mailbox: mailbox.create_draft(DRAFT), [harness.mailbox() for _ in range(4)]))
    assert len(harness.messages(Place.DRAFTS)) == 1
    assert {ref.fingerprint for ref in refs} == {fingerprint_of(DRAFT)}


def test_an_edited_draft_is_not_made_a_second_time(harness: Harness) -> None:
    edited = resaved(DRAFT, body="My own words")
    harness.add(Place.DRAFTS, edited)
    ref = harness.mailbox().create_draft(DRAFT)
    assert [fingerprint(message) for message in harness.messages(Place.DRAFTS)] == [fingerprint(edited)]
    assert ref.fingerprint == fingerprint_of(DRAFT)


def test_a_draft_without_an_address_can_lie_there(harness: Harness) -> None:
    """Promise 4: only the address may be missing."""
    ref = harness.mailbox().create_draft(replace(DRAFT, to=()))
    [message] = harness.messages(Place.DRAFTS)
    assert read_headers(message).recipients == frozenset()
    assert fingerprint(message) == ref.fingerprint


def test_an_impossible_draft_is_refused_in_words(harness: Harness) -> None:
    with pytest.raises(UnsupportedError):
        harness.mailbox().create_draft(replace(DRAFT, to=(Address("not an address"),)))
    assert list(harness.messages(Place.DRAFTS)) == []


def test_an_untouched_draft_is_seen_where_it_was_put(harness: Harness) -> None:
    mailbox = harness.mailbox()
    ref = mailbox.create_draft(DRAFT)
    for looking in (mailbox, harness.mailbox()):
        seen = looking.observe([replace(PROBE, ref=ref)])
        [sighting] = seen.by_key["k"].sightings
        assert (sighting.place, sighting.rung) == (Place.DRAFTS, Rung.LOCATION)
        assert sighting.fingerprint == ref.fingerprint
        assert not sighting.flagged_deleted
        assert sighting.text.split() == DRAFT.body.split()
        assert sighting.subject == DRAFT.subject
        assert seen.drafts_total == 1
        assert seen.complete


def test_nothing_is_seen_of_what_is_not_there(harness: Harness) -> None:
    harness.add(Place.DRAFTS, foreign("sam@example.org", "bob@else.example"))
    seen = harness.mailbox().observe([PROBE])
    assert seen.by_key["k"].sightings == ()
    assert seen.drafts_total == 1


def test_no_probe_is_no_trouble(harness: Harness) -> None:
    assert harness.mailbox().observe([]).by_key == {}


@pytest.mark.parametrize("message_id", ["", "<new-1@other.client>"])
def test_a_resaved_draft_is_still_ours(harness: Harness, message_id: str) -> None:
    """Promise 6: some clients keep the Message-ID on a save, some make a new one."""
    mailbox = harness.mailbox()
    ref = mailbox.create_draft(DRAFT)
    harness.add(Place.DRAFTS, resaved(DRAFT, message_id=message_id))
    harness.remove(Place.DRAFTS, DRAFT.message_id) if message_id else None
    observation = look(mailbox, replace(PROBE, ref=ref))
    weakest = Rung.TOKEN if message_id else Rung.MESSAGE_ID
    assert (Place.DRAFTS, weakest) in places(observation)
    assert {sighting.fingerprint for sighting in observation.sightings} == {ref.fingerprint}


def test_an_edit_shows_in_the_fingerprint(harness: Harness) -> None:
    mailbox = harness.mailbox()
    ref = mailbox.create_draft(DRAFT)
    harness.remove(Place.DRAFTS, DRAFT.message_id)
    harness.add(Place.DRAFTS, resaved(DRAFT, body=DRAFT.body + "\n\nPS: one more thought"))
    [sighting] = look(mailbox, replace(PROBE, ref=ref)).sightings
    assert sighting.fingerprint not in ("", ref.fingerprint)
    assert "one more thought" in sighting.text


def test_a_saved_draft_that_answers_nothing_is_known_by_its_recipient(harness: Harness) -> None:
    mailbox = harness.mailbox()
    ref = mailbox.create_draft(FREE)
    harness.remove(Place.DRAFTS, FREE.message_id)
    harness.add(Place.DRAFTS, resaved(FREE, message_id="<new-2@other.client>"))
    probe = Probe("k", FREE.message_id, "", "", ADA.email, END, ref=ref)
    assert places(look(mailbox, probe)) == [(Place.DRAFTS, Rung.CORRESPONDENCE)]


@pytest.mark.parametrize(
    ("message_id", "references", "rung"),
    [("", True, Rung.MESSAGE_ID), ("<new@other>", True, Rung.TOKEN), ("<new@other>", False, Rung.CORRESPONDENCE)],
)
def test_a_sent_mail_is_known(harness: Harness, message_id: str, references: bool, rung: Rung) -> None:
    """Promise 6."""
    mailbox = harness.mailbox()
    ref = mailbox.create_draft(DRAFT)
    harness.remove(Place.DRAFTS, DRAFT.message_id)
    harness.add(Place.SENT, resaved(DRAFT, message_id=message_id, references=references))
    assert places(look(mailbox, replace(PROBE, ref=ref))) == [(Place.SENT, rung)]


def test_the_owners_own_mail_counts_but_not_to_others(harness: Harness) -> None:
    harness.add(Place.SENT, foreign("sam@example.org", "bob@else.example"))
    assert places(look(harness.mailbox())) == []
    harness.add(Place.SENT, foreign("sam@example.org", "bob@else.example", message_id="<f-2@x>", Cc="ada@corp.example"))
    assert places(look(harness.mailbox())) == [(Place.SENT, Rung.CORRESPONDENCE)]


def test_calendar_replies_and_auto_replies_are_no_thanks(harness: Harness) -> None:
    """Promise 6."""
    accepted = EmailMessage(policy=email.policy.SMTP)
    accepted["Message-ID"], accepted["From"], accepted["To"] = "<acc@x>", "sam@example.org", "ada@corp.example"
    accepted["Subject"], accepted["Date"] = "Accepted: Interview", NOW
    accepted.set_content("Accepted")
    accepted.add_alternative(
        "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nEND:VCALENDAR\r\n", subtype="calendar", params={"method": "REPLY"}
    )
    harness.add(Place.SENT, accepted.as_bytes())
    harness.add(Place.SENT, foreign("sam@example.org", ADA.email, message_id="<auto@x>", Auto_Submitted="auto-replied"))
    assert look(harness.mailbox()).sightings == ()


def test_a_mail_from_before_the_interview_is_no_thanks(harness: Harness) -> None:
    early = foreign("sam@example.org", ADA.email).replace(
        email.utils.format_datetime(NOW).encode(), email.utils.format_datetime(END - timedelta(hours=1)).encode()
    )
    harness.add(Place.SENT, early)
    assert look(harness.mailbox()).sightings == ()


def test_a_draft_in_trash_is_told_from_one_that_is_gone(harness: Harness) -> None:
    """Promise 6."""
    mailbox = harness.mailbox()
    ref = mailbox.create_draft(DRAFT)
    [message] = harness.messages(Place.DRAFTS)
    harness.remove(Place.DRAFTS, DRAFT.message_id)
    assert places(look(mailbox, replace(PROBE, ref=ref))) == []
    harness.add(Place.TRASH, message)
    assert places(look(mailbox, replace(PROBE, ref=ref))) == [(Place.TRASH, Rung.MESSAGE_ID)]


def test_marked_as_deleted_counts_as_absent(harness: Harness) -> None:
    mailbox = harness.mailbox()
    ref = mailbox.create_draft(DRAFT)
    harness.mark_deleted(Place.DRAFTS, DRAFT.message_id)
    assert places(look(mailbox, replace(PROBE, ref=ref))) == []


def test_an_answer_shows_that_it_was_sent(harness: Harness) -> None:
    harness.add(
        Place.INBOX,
        foreign(ADA.email, "sam@example.org", In_Reply_To="<new@other>", References=f"{TOKEN} {PARENT} <new@other>"),
    )
    observation = look(harness.mailbox())
    assert places(observation) == [(Place.INBOX, Rung.ANSWERED)]
    assert [heard.sender for heard in observation.heard] == [Address(ADA.email)]


def test_word_from_the_company_is_heard(harness: Harness) -> None:
    harness.add(Place.INBOX, foreign("Rae <rae@corp.example>", "sam@example.org"))
    harness.add(Place.INBOX, foreign("x@else.example", "sam@example.org", message_id="<f-3@x>"))
    [heard] = look(harness.mailbox()).heard
    assert heard.sender.email == "rae@corp.example"
    assert heard.subject == "About us"


def test_an_untouched_draft_is_replaced(harness: Harness) -> None:
    mailbox = harness.mailbox()
    ref = mailbox.create_draft(DRAFT)
    better = replace(DRAFT, body=DRAFT.body + "\n\nYour question about types stayed with me.")
    new = mailbox.replace_draft(ref, better)
    assert [fingerprint(message) for message in harness.messages(Place.DRAFTS)] == [fingerprint_of(better)]
    assert new.fingerprint == fingerprint_of(better)
    assert [s.rung for s in look(mailbox, replace(PROBE, ref=new)).sightings] == [Rung.LOCATION]


def test_a_replacement_that_was_cut_is_mended(harness: Harness) -> None:
    """The new one was written, the old one not yet removed."""
    mailbox = harness.mailbox()
    ref = mailbox.create_draft(DRAFT)
    better = replace(DRAFT, body="Better")
    harness.add(Place.DRAFTS, write_draft(better))
    new = harness.mailbox().replace_draft(ref, better)
    assert [fingerprint(message) for message in harness.messages(Place.DRAFTS)] == [new.fingerprint]
    again = harness.mailbox().replace_draft(ref, better)
    assert again == new
    assert len(harness.messages(Place.DRAFTS)) == 1


def test_what_the_owner_touched_is_neither_replaced_nor_removed(harness: Harness) -> None:
    """Promise 3."""
    mailbox = harness.mailbox()
    ref = mailbox.create_draft(DRAFT)
    harness.remove(Place.DRAFTS, DRAFT.message_id)
    edited = resaved(DRAFT, body="My own words")
    harness.add(Place.DRAFTS, edited)
    with pytest.raises(DraftChanged):
        mailbox.replace_draft(ref, replace(DRAFT, body="Better"))
    with pytest.raises(DraftChanged):
        mailbox.delete_draft(ref)
    assert [fingerprint(message) for message in harness.messages(Place.DRAFTS)] == [fingerprint(edited)]


def test_a_draft_that_is_gone_is_not_replaced(harness: Harness) -> None:
    """Promise 3: what was deleted does not come back."""
    mailbox = harness.mailbox()
    ref = mailbox.create_draft(DRAFT)
    harness.remove(Place.DRAFTS, DRAFT.message_id)
    with pytest.raises(DraftNotFound):
        mailbox.replace_draft(ref, replace(DRAFT, body="Better"))
    mailbox.delete_draft(ref)
    assert list(harness.messages(Place.DRAFTS)) == []


def test_a_resaved_draft_with_another_message_id_is_left_alone(harness: Harness) -> None:
    """Promise 3: weak evidence never removes anything."""
    mailbox = harness.mailbox()
    ref = mailbox.create_draft(DRAFT)
    harness.remove(Place.DRAFTS, DRAFT.message_id)
    harness.add(Place.DRAFTS, resaved(DRAFT, message_id="<new@other>"))
    with pytest.raises(DraftNotFound):
        mailbox.replace_draft(ref, replace(DRAFT, body="Better"))
    mailbox.delete_draft(ref)
    assert len(harness.messages(Place.DRAFTS)) == 1


def test_an_untouched_draft_is_removed_and_nothing_else(harness: Harness) -> None:
    """Promise 3."""
    others = [foreign("sam@example.org", "bob@else.example", message_id=f"<o-{n}@x>") for n in range(3)]
    for place, other in zip((Place.DRAFTS, Place.SENT, Place.INBOX), others, strict=True):
        harness.add(place, other)
    mailbox = harness.mailbox()
    ref = mailbox.create_draft(DRAFT)
    mailbox.delete_draft(ref)
    mailbox.delete_draft(ref)
    for place, other in zip((Place.DRAFTS, Place.SENT, Place.INBOX), others, strict=True):
        assert [fingerprint(message) for message in harness.messages(place)] == [fingerprint(other)]


def test_a_note_reaches_the_owner_once_and_nobody_else(harness: Harness) -> None:
    """Promise 1."""
    harness.mailbox().deliver_note(NOTE)
    mailbox = harness.mailbox()
    mailbox.deliver_note(NOTE)
    mailbox.deliver_note(replace(NOTE, message_id="<n-2@example.org>"))
    notes = [read_headers(message) for message in harness.messages(Place.INBOX)]
    assert sorted(note.message_id for note in notes) == ["<n-1@example.org>", "<n-2@example.org>"]
    assert all(note.recipients == {OWNER.email} for note in notes)
    assert list(harness.messages(Place.DRAFTS)) == list(harness.messages(Place.SENT)) == []


def test_answers_to_notes_come_from_sent_alone_and_once(harness: Harness) -> None:
    mailbox = harness.mailbox()
    mailbox.deliver_note(NOTE)
    forged = foreign("sam@example.org", "sam@example.org", message_id="<forged@x>", In_Reply_To=NOTE.message_id)
    harness.add(Place.INBOX, forged)
    none = mailbox.owner_replies(None, [NOTE.message_id])
    assert none.replies == ()
    answer = EmailMessage(policy=email.policy.SMTP)
    answer["Message-ID"], answer["In-Reply-To"] = "<r-1@x>", NOTE.message_id
    answer["From"] = answer["To"] = "sam@example.org"
    answer["Date"] = NOW
    answer.set_content("snooze 2 days\n\nOn Mon, 23 Nov 2026 at 09:00, Sam <sam@example.org> wrote:\n> Two drafts\n")
    harness.add(Place.SENT, answer.as_bytes())
    found = mailbox.owner_replies(none.cursor, [NOTE.message_id])
    [reply] = found.replies
    assert (reply.message_id, reply.note_message_id, reply.text) == ("<r-1@x>", NOTE.message_id, "snooze 2 days")
    assert reply.sent_at == NOW
    for looking in (mailbox, harness.mailbox()):
        assert looking.owner_replies(found.cursor, [NOTE.message_id]).replies == ()


def test_people_are_found_by_name_at_the_domain_alone(harness: Harness) -> None:
    harness.add(Place.INBOX, foreign("Ada Lovelace <ada@corp.example>", "sam@example.org"))
    harness.add(Place.INBOX, foreign("Ada Lovelace <ada@evil.example>", "sam@example.org", message_id="<e@x>"))
    found = harness.mailbox().find_people(["Ada Lovelace", "Nobody Else"], ["corp.example"])
    assert [address.email for address in found] == ["ada@corp.example"]


def _blind(mailbox: Mailbox) -> bool:
    """Says so instead of reporting absence."""
    try:
        return Place.DRAFTS in mailbox.observe([PROBE]).unseen
    except TemporaryError:
        return True


def test_an_outage_is_temporary_and_ends(harness: Harness) -> None:
    mailbox = harness.mailbox()
    ref = mailbox.create_draft(DRAFT)
    harness.break_connection()
    for call in (
        lambda: mailbox.create_draft(FREE),
        lambda: mailbox.replace_draft(ref, FREE),
        lambda: mailbox.delete_draft(ref),
    ):
        with pytest.raises(TemporaryError):
            call()
    assert _blind(mailbox)
    harness.mend()
    assert mailbox.create_draft(DRAFT).message_id == DRAFT.message_id
    assert len(harness.messages(Place.DRAFTS)) == 1


def test_check_writes_only_where_it_is_asked_to_and_cleans_up(harness: Harness) -> None:
    mailbox = harness.mailbox()
    assert all(line.state != "failing" for line in mailbox.check())
    assert all(line.state != "failing" for line in mailbox.check(write=True))
    assert list(harness.messages(Place.DRAFTS)) == []


def test_closing_is_not_the_end(harness: Harness) -> None:
    mailbox = harness.mailbox()
    mailbox.close()
    mailbox.create_draft(DRAFT)
    mailbox.close()
    assert len(harness.messages(Place.DRAFTS)) == 1
