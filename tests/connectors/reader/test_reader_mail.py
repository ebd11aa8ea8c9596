"""Invites by mail: the shapes in which clients and gateways send them."""

from email.message import EmailMessage

import pytest

from connectors.imip import may_hold_invite, read_message
from connectors.model import Method
from tests.connectors.reader.reader_calendars import BERLIN, vcalendar, vevent

CALENDAR = vcalendar(
    vevent("DTSTART:20260701T100000Z", "SUMMARY:Gespräch", "DTSTAMP:20260601T000000Z"), method="REQUEST"
)
HEAD = b"From: =?iso-8859-1?Q?J=F6rg?= <j@x.example>\r\nTo: me@post.example\r\nMessage-ID: <m1@x.example>\r\n"


def simple(headers: bytes, body: bytes = CALENDAR) -> bytes:
    return HEAD + b"MIME-Version: 1.0\r\n" + headers + b"\r\n\r\n" + body


def both_ways() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["Subject"], message["Message-ID"] = "j@x.example", "Einladung", "<m2@x.example>"
    message["References"], message["Date"] = "<a@x.example> <b@x.example>", "Mon, 01 Jun 2026 10:00:00 +0200"
    message.set_content("Bitte kommen Sie.")
    message.add_alternative(CALENDAR, maintype="text", subtype="calendar", params={"method": "REQUEST"})
    message.add_attachment(CALENDAR, maintype="application", subtype="ics", filename="invite.ics")
    return message


def forwarded() -> bytes:
    outer = EmailMessage()
    outer["From"] = "friend@post.example"
    outer.set_content("FYI")
    outer.add_attachment(both_ways())
    return outer.as_bytes()


@pytest.mark.parametrize(
    "data",
    [
        simple(b"Content-Type: text/calendar; method=REQUEST; charset=utf-8"),
        simple(b"Content-Type: TEXT/CALENDAR; charset=us-ascii\r\nContent-Transfer-Encoding: 8bit"),
        simple(b"Content-Type: text/calendar; charset=no-such-thing"),
        simple(b"Content-Type: text/calendar; charset=iso-8859-1", CALENDAR.decode().encode("latin-1")),
        simple(b"Content-Type: text/calendar; charset=utf-8", CALENDAR.decode().encode("latin-1")),
        simple(b'Content-Type: application/octet-stream; name="Invite.ICS"'),
        simple(b"Content-Type: text/plain; charset=utf-8"),
        both_ways().as_bytes(),
        forwarded(),
    ],
    ids=[
        "part",
        "no method, ascii label",
        "unknown label",
        "latin-1",
        "wrong label",
        "octet-stream",
        "plain",
        "twice",
        "forwarded",
    ],
)
def test_each_shape_gives_one_invite(data: bytes) -> None:
    assert may_hold_invite(data)
    reading = read_message(data, key="k", zone=BERLIN)
    (invite,) = reading.invites
    assert invite.method is Method.REQUEST
    assert invite.events[0].summary == "Gespräch"
    assert invite.events[0].mail is not None


def test_the_context_of_a_message() -> None:
    context = read_message(both_ways().as_bytes(), key="k", zone=BERLIN).invites[0].events[0].mail
    assert context is not None
    assert context.message_id == "<m2@x.example>"
    assert context.references == ("<a@x.example>", "<b@x.example>")
    assert context.text == "Bitte kommen Sie."
    assert context.sent_at is not None
    assert not context.automatic


def test_encoded_words_and_automatic_mail() -> None:
    data = simple(b"Auto-Submitted: auto-generated\r\nSubject: =?utf-8?b?R2VzcHLDpGNo?=\r\nContent-Type: text/calendar")
    context = read_message(data, key="k", zone=BERLIN).invites[0].events[0].mail
    assert context is not None
    assert context.sender is not None
    assert (context.sender.name, context.subject, context.automatic) == ("Jörg", "Gespräch", True)


def test_ordinary_mail_is_passed_over() -> None:
    data = simple(b"Content-Type: text/plain", b"See you in my calendar.\r\n")
    assert not may_hold_invite(data)
    assert read_message(data, key="k", zone=BERLIN).invites == ()


def test_winmail_is_named() -> None:
    data = simple(b'Content-Type: application/ms-tnef; name="winmail.dat"', b"\x78\x9f\x3e\x22")
    assert "winmail.dat" in read_message(data, key="k", zone=BERLIN).problems[0].what


def test_bombs_are_bounded() -> None:
    nested = CALENDAR
    for depth in range(40):
        nested = (
            b"MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\n" + nested
            if depth
            else simple(b"Content-Type: text/calendar", nested)
        )
    assert "nested deeper" in read_message(nested, key="k", zone=BERLIN).problems[0].what
    part = b"--b\r\nContent-Type: text/calendar\r\n\r\n" + CALENDAR + b"\r\n"
    wide = HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part * 500 + b"--b--\r\n"
    reading = read_message(wide, key="k", zone=BERLIN)
    assert len(reading.invites) == 1
    assert "MIME parts" in reading.problems[0].what
