"""The reader end to end on small cases."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from connectors.ics import read_calendar
from connectors.imip import read_message

BERLIN = ZoneInfo("Europe/Berlin")
ONE = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:one@x.example\r\n"
    b"DTSTAMP:20260101T000000Z\r\nDTSTART;TZID=Europe/Berlin:20260301T100000\r\nDURATION:PT45M\r\nSUMMARY:Interview\r\n"
    b"ORGANIZER;CN=Ada:mailto:ada@x.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def test_one_request_is_read() -> None:
    reading = read_calendar(ONE, key="k", zone=BERLIN)
    (invite,) = reading.invites
    (event,) = invite.events
    assert event.end.astimezone(UTC) == datetime(2026, 3, 1, 9, 45, tzinfo=UTC)
    assert event.organizer is not None
    assert event.organizer.email == "ada@x.example"
    assert reading.problems == ()


def test_a_mail_carries_its_context() -> None:
    mail = (
        b"From: Ada <ada@x.example>\r\nMessage-ID: <1@x.example>\r\nSubject: =?utf-8?q?Gespr=C3=A4ch?=\r\n"
        b"MIME-Version: 1.0\r\n"
        b"Content-Type: text/calendar; charset=us-ascii\r\n\r\n" + ONE
    )
    (invite,) = read_message(mail, key="m", zone=BERLIN).invites
    context = invite.events[0].mail
    assert context is not None
    assert (context.message_id, context.subject) == ("<1@x.example>", "Gespräch")
