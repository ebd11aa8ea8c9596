"""The occurrence that a few messages are about."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from connectors.ics import read_calendar
from connectors.itip import occurrences, subject_occurrence
from connectors.model import Status, Window


def _vevent(method: str, *lines: str) -> bytes:
    body = "\r\n".join(("BEGIN:VEVENT", "UID:a@x.example", *lines, "END:VEVENT"))
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:{method}\r\n{body}\r\nEND:VCALENDAR\r\n".encode()


def test_a_stale_request_does_not_revive_what_was_cancelled() -> None:
    messages = (
        _vevent(
            "REQUEST", "SEQUENCE:0", "DTSTAMP:20260601T000000Z", "DTSTART:20260610T080000Z", "DTEND:20260610T090000Z"
        ),
        _vevent(
            "CANCEL", "SEQUENCE:2", "DTSTAMP:20260608T000000Z", "DTSTART:20260610T080000Z", "DTEND:20260610T090000Z"
        ),
        _vevent(
            "REQUEST", "SEQUENCE:1", "DTSTAMP:20260604T000000Z", "DTSTART:20260610T083000Z", "DTEND:20260610T093000Z"
        ),
    )
    invites = [i for n, m in enumerate(messages) for i in read_calendar(m, key=str(n), zone=ZoneInfo("UTC")).invites]
    subject = subject_occurrence(invites, ())
    assert subject is not None
    assert subject.status is Status.CANCELLED
    assert subject.end == datetime(2026, 6, 10, 9, tzinfo=UTC)
    assert subject.dtstamp == datetime(2026, 6, 8, tzinfo=UTC)
    window = Window(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
    assert [event.status for event in occurrences(invites, window, addresses=())] == [Status.CANCELLED]
