"""Draft to octets and back: format, safety of headers, and a fingerprint that survives other mail programs."""

import base64
import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.mime import fingerprint, fingerprint_of, read_headers, text_of, write_draft, write_note
from connectors.model import Address, Draft, Note
from connectors.reply_text import own_words, reply_text

OWNER = Address("sam@example.org", "Sam Øst, PhD")
DRAFT = Draft(
    message_id="<k1@example.org>",
    sender=OWNER,
    to=(Address("ada@corp.example", "Ada Lovelace"),),
    subject="Thank you: Engineer – Tuesday",
    body="Dear Ada,\n\nThank you for your time – it was a pleasure to talk about compilers with you all.\n\nSam",
    date=datetime(2026, 11, 23, 18, 0, tzinfo=UTC),
    in_reply_to="<parent@corp.example>",
    references=("<root@corp.example>", "<token@example.org>", "<parent@corp.example>"),
)


def parsed(data: bytes) -> EmailMessage:
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_format_is_plain_utf8_with_one_line_a_paragraph() -> None:
    data = write_draft(DRAFT)
    message = parsed(data)
    assert message.get_content_type() == "text/plain"
    assert message["Content-Transfer-Encoding"] == "quoted-printable"
    assert message.get_content_charset() == "utf-8"
    assert text_of(data).rstrip("\n") == DRAFT.body
    assert b"format=flowed" not in data
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert all(len(line) <= 998 for line in data.split(b"\r\n"))


def test_short_ascii_stays_readable_in_the_raw_file() -> None:
    data = write_draft(replace(DRAFT, body="Dear Ada,\n\nThank you.\n\nSam"))
    assert b"7bit" in data
    assert data.endswith(b"Dear Ada,\r\n\r\nThank you.\r\n\r\nSam\r\n")


def test_nothing_names_the_tool() -> None:
    names = {name.lower() for name, _ in parsed(write_draft(DRAFT)).raw_items()}
    assert names == {
        "message-id",
        "in-reply-to",
        "references",
        "date",
        "from",
        "to",
        "subject",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
    }


def test_headers_come_back_as_they_were() -> None:
    headers = read_headers(write_draft(DRAFT))
    assert headers.message_id == DRAFT.message_id
    assert headers.in_reply_to == DRAFT.in_reply_to
    assert headers.references == DRAFT.references
    assert headers.sender == OWNER
    assert headers.to == DRAFT.to
    assert headers.subject == DRAFT.subject
    assert headers.date == DRAFT.date
    assert not headers.automatic


def test_long_message_ids_are_never_broken() -> None:
    long = tuple(f"<{str(n) * 200}@corp.example>" for n in range(5))
    headers = read_headers(write_draft(replace(DRAFT, references=long, in_reply_to=long[-1])))
    assert headers.references == long
    assert headers.in_reply_to == long[-1]


def test_empty_to_gives_no_to_header() -> None:
    assert parsed(write_draft(replace(DRAFT, to=())))["To"] is None


@given(st.text(max_size=300), st.text(max_size=120), st.text(max_size=300))
def test_no_text_starts_a_header(subject: str, name: str, reference: str) -> None:
    hostile = replace(
        DRAFT,
        subject=subject + "\r\nBcc: x@evil.example",
        to=(Address("ada@corp.example", name + "\nX-Evil: 1"),),
        references=(reference, "<a@b>\r\nBcc: <c@d>", "<ok@corp.example>"),
        in_reply_to=reference,
    )
    data = write_draft(hostile)
    names = [key.lower() for key, _ in parsed(data).raw_items()]
    assert "bcc" not in names
    assert "x-evil" not in names
    assert len(names) == len(set(names))
    headers = read_headers(data)
    assert headers.recipients == {"ada@corp.example"}
    assert headers.references == (*([reference] if reference in headers.references else []), "<ok@corp.example>")


@pytest.mark.parametrize("bad", ["", "k1@example.org", "<a b@c>", "<é@example.org>", "<a@b>\r\nBcc: <c@d>"])
def test_an_unusable_own_message_id_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="Message-ID"):
        write_draft(replace(DRAFT, message_id=bad))


@pytest.mark.parametrize("bad", ["", "nobody", "a@b\r\nBcc: c@d", "a@b, c@d", "é@example.org"])
def test_an_address_that_is_none_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="address"):
        write_draft(replace(DRAFT, to=(Address(bad),)))


def test_an_international_domain_is_written_in_ascii() -> None:
    draft = replace(DRAFT, to=(Address("ada@bücher.example"),))
    assert read_headers(write_draft(draft)).to[0].email == "ada@xn--bcher-kva.example"
    assert fingerprint(write_draft(draft)) == fingerprint_of(draft)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=400), st.text(max_size=100))
def test_fingerprint_of_a_draft_is_that_of_its_octets(body: str, subject: str) -> None:
    draft = replace(DRAFT, body=body, subject=subject.encode("utf-8", "replace").decode())
    assert fingerprint(write_draft(draft)) == fingerprint_of(draft)


@pytest.mark.parametrize("cte", ["base64", "quoted-printable", "8bit"])
@pytest.mark.parametrize("charset", ["utf-8", "windows-1252"])
def test_fingerprint_survives_saving_by_another_program(cte: str, charset: str) -> None:
    other = EmailMessage(policy=email.policy.SMTP)
    other["To"] = "ADA@corp.example"
    other["Subject"] = DRAFT.subject
    other["From"] = "sam@example.org"
    other["X-Mailer"] = "Other 1.0"
    wrapped = DRAFT.body.replace("to talk ", "to talk \n ")
    other.set_content(wrapped, charset=charset, cte=cte, params={"format": "flowed"})
    assert fingerprint(other.as_bytes()) == fingerprint_of(DRAFT)
    with_html = parsed(other.as_bytes())
    with_html.add_alternative("<p>something else</p>", subtype="html")
    assert fingerprint(with_html.as_bytes()) == fingerprint_of(DRAFT)


def test_fingerprint_reads_html_where_there_is_nothing_else() -> None:
    other = EmailMessage(policy=email.policy.SMTP)
    other["To"], other["Subject"] = "Ada <ada@corp.example>", DRAFT.subject
    paragraphs = "".join(f"<p>{line}</p>" for line in DRAFT.body.split("\n\n"))
    other.set_content(f"<html><head><style>p {{}}</style></head><body>{paragraphs}</body></html>", subtype="html")
    assert fingerprint(other.as_bytes()) == fingerprint_of(DRAFT)


def test_fingerprint_changes_with_a_word_a_recipient_or_the_subject() -> None:
    variants = (
        DRAFT,
        replace(DRAFT, body=DRAFT.body + "!"),
        replace(DRAFT, subject="Thanks"),
        replace(DRAFT, to=()),
    )
    assert len({fingerprint_of(draft) for draft in variants}) == len(variants)


def test_a_line_beginning_with_from_may_be_marked_by_a_mail_store() -> None:
    draft = replace(DRAFT, body="Dear Ada,\n\nFrom our talk I learnt much.\n\nSam")
    marked = write_draft(draft).replace(b"\nFrom our", b"\n>From our")
    assert fingerprint(marked) == fingerprint_of(draft)


def test_a_note_goes_from_the_owner_to_the_owner() -> None:
    note = Note("n1", "<n1@example.org>", "Two drafts wait", "Body", "brief", datetime(2026, 11, 24, 8, tzinfo=UTC))
    headers = read_headers(write_note(note, OWNER))
    assert headers.sender == OWNER
    assert headers.recipients == {OWNER.email}
    assert headers.automatic
    assert text_of(write_note(note, OWNER)).strip() == "Body"


CALENDAR_REPLY = (
    b"From: sam@example.org\r\nTo: ada@corp.example\r\nSubject: Accepted: Interview\r\n"
    b'Content-Type: multipart/alternative; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nyes\r\n'
    b"--b\r\nContent-Type: text/calendar; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    b"QkVHSU46VkNBTEVOREFSDQpNRVRIT0Q6UkVQTFkNCkVORDpWQ0FMRU5EQVI=\r\n--b--\r\n"
)


@pytest.mark.parametrize(
    "data",
    [
        b"Auto-Submitted: auto-replied\r\n\r\n",
        b"Precedence: Bulk\r\n\r\n",
        b"List-Id: <x>\r\n\r\n",
        b"Content-Type: text/calendar; method=REPLY\r\n\r\n",
        CALENDAR_REPLY,
    ],
)
def test_what_no_person_wrote_is_automatic(data: bytes) -> None:
    assert read_headers(data).automatic


def test_a_person_may_speak_of_methods_or_send_an_invite() -> None:
    assert not read_headers(b"Auto-Submitted: no\r\nContent-Type: text/plain\r\n\r\nmethod=reply").automatic
    reply = base64.b64encode(b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nEND:VCALENDAR")
    request = base64.b64encode(b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR")
    assert reply in CALENDAR_REPLY
    assert not read_headers(CALENDAR_REPLY.replace(reply, request)).automatic


@given(st.binary(max_size=600))
def test_reading_never_raises(data: bytes) -> None:
    assert isinstance(fingerprint(data), str)
    assert isinstance(reply_text(data), str)


@pytest.mark.parametrize(
    "data",
    [
        b"To: " + b"(" * 50_000 + b"\r\n\r\n",
        b"Subject: =?x-none?q?=ff?= =?utf-8?b?!!!?=\r\nDate: Mon, 99 Foo\r\n\r\n",
        b"Content-Type: multipart/mixed\r\n\r\n\xff",
        b'Content-Type: text/plain; charset="x-none\'"\r\n\r\n\xff\xfe',
        b"Content-Transfer-Encoding: base64\r\n\r\n!!!!a",
        b"",
    ],
)
def test_broken_mail_is_read_as_far_as_it_goes(data: bytes) -> None:
    assert read_headers(data).message_id == ""
    assert len(fingerprint(data)) == 64


def test_eight_bit_headers_are_read() -> None:
    assert read_headers("Subject: Grüße\r\n\r\n".encode()).subject == "Grüße"
    assert read_headers("Subject: Grüße\r\n\r\n".encode("latin-1")).subject == "Grüße"


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("snooze 2 days\n\nOn Mon, 23 Nov 2026 at 09:00, Sam <sam@example.org> wrote:\n> old\n> text", "snooze 2 days"),
        ("nein\n\nAm 23.11.26 um 09:00 schrieb Sam:\n\n> alt", "nein"),
        ("oui\n\nLe lun. 23 nov. 2026 à 09:00, Sam Ost\n<sam@example.org> a écrit :\n> x", "oui"),
        ("はい\n\n2026年11月23日(月) 9:00 Sam <sam@example.org>：\n> x", "はい"),
        ("> first question\n\nyes\n\n> second\n\nno", "yes\n\nno"),
        ("ok\n\n________________________________\nFrom: Sam\nSent: Monday\nTo: Sam\nSubject: x\n\nold", "ok"),
        ("ok\n\nVon: Sam <s@example.org>\nGesendet: Montag\nAn: Sam\nBetreff: x\n\nalt", "ok"),
        ("ok\n\n-----Original Message-----\nFrom: Sam\nSubject: x\nold", "ok"),
        ("ok\n-- \nSam\nPhone", "ok"),
        ("We spoke about:\n\n- tests\n- types", "We spoke about:\n\n- tests\n- types"),
        ("", ""),
    ],
)
def test_only_the_owners_words_remain(text: str, own: str) -> None:
    assert own_words(text) == own
