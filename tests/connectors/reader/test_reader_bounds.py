"""Hostile and random input: the reader answers, bounded, and never raises."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.ics import read_calendar
from connectors.imip import read_message
from connectors.itip import all_occurrences, occurrences, subject_occurrence
from connectors.model import Window
from connectors.scan import scan
from tests.connectors.reader.reader_calendars import BERLIN, only, read, utc, vcalendar, vevent

NAMES = st.sampled_from(
    ["DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "UID", "SEQUENCE", "STATUS",
     "ATTENDEE", "ORGANIZER", "SUMMARY", "DESCRIPTION", "BEGIN", "END", "DTSTAMP", "X-ALT-DESC",
     "CATEGORIES", "TZID", "METHOD"]
)  # fmt: skip
VALUES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["20260701T100000Z", "20260701", "00010101T000000", "99991231T235959Z", "VEVENT", "VCALENDAR", "VTIMEZONE",
     "PT1H",     "P99999999W", "-P1D", "FREQ=DAILY", "FREQ=YEARLY;BYDAY=53MO", "FREQ=WEEKLY;UNTIL=99991231T000000Z",
         "FREQ=DAILY;INTERVAL=99999999999", "mailto:a@x.example", "20260701T100000Z/PT1H", "CANCEL", "=C3=A4="]
    ),
)  # fmt: skip
PARAMETERS = st.sampled_from(
    [
        "",
        ";TZID=Europe/Berlin",
        ";TZID=",
        ";VALUE=DATE",
        ';CN="a;b"',
        ";DATE",
        ";ENCODING=QUOTED-PRINTABLE",
        ";RANGE=THISANDFUTURE",
        ';X="',
    ]
)
LINES = st.tuples(NAMES, PARAMETERS, VALUES).map(lambda parts: f"{parts[0]}{parts[1]}:{parts[2]}")
WINDOW = Window(utc(2026, 1, 1), utc(2027, 1, 1))


@settings(deadline=None, max_examples=150)
@given(st.lists(LINES, max_size=12), st.booleans())
def test_any_lines(lines: list[str], wrapped: bool) -> None:
    body = vevent(*lines)
    data = vcalendar(body) if wrapped else body.encode("utf-8", "replace")
    reading = read_calendar(data, key="k", zone=BERLIN)
    assert reading.invites or reading.problems or reading.notes
    assert all(event.end >= event.start for event in all_occurrences(reading.invites, ()))
    assert len(occurrences(reading.invites, WINDOW, addresses=())) <= 500 * max(1, len(reading.invites))
    subject_occurrence(reading.invites, ())
    scan(data)


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=300))
def test_any_octets(data: bytes) -> None:
    assert read_calendar(data, key="k", zone=BERLIN).invites is not None
    assert read_message(b"Content-Type: text/calendar\r\n" + data, key="k", zone=BERLIN).invites is not None
    scan(data)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 600), st.binary(max_size=6))
def test_any_damage_to_a_good_calendar(place: int, damage: bytes) -> None:
    good = vcalendar(vevent("DTSTART;TZID=Europe/Berlin:20260701T100000", "RRULE:FREQ=WEEKLY;COUNT=3", "SUMMARY:Talk"))
    data = good[:place] + damage + good[place + len(damage) :]
    reading = read_calendar(data, key="k", zone=BERLIN)
    assert reading.invites or reading.problems or reading.notes


def test_a_huge_description_is_cut() -> None:
    folded = "DESCRIPTION:" + "\r\n ".join(["x" * 74] * 140_000)
    event = only(read(vcalendar(vevent("DTSTART:20260701T100000Z", folded, "SUMMARY:Talk"))))
    assert event.summary == "Talk"
    assert len(event.description) <= 32_768
    assert any("cut after" in repair for repair in event.repairs)


def test_huge_html_is_cut() -> None:
    html = "<div>" * 200_000 + "x" + "&amp" * 100_000 + "<" * 100_000
    event = only(read(vcalendar(vevent("DTSTART:20260701T100000Z", f"DESCRIPTION:{html}"))))
    assert len(event.description) <= 32_768


def test_the_scan_is_never_narrower_than_the_truth() -> None:
    for lines in (
        ("DTSTART:20260701T100000Z", "DURATION:P1DT2H"), ("DTSTART;VALUE=DATE:20260701",),
        ("DTSTART;TZID=Pacific/Kiritimati:20260701T000000", "DTEND;TZID=Pacific/Pago_Pago:20260702T000000"),
    ):  # fmt: skip
        data = vcalendar(vevent(*lines))
        found, event = scan(data), only(read(data))
        assert found is not None
        assert found.start <= event.start
        assert event.end <= found.end
        assert found.uids == (event.uid,)
        assert found.touches(Window(event.end - timedelta(minutes=1), event.end))
        assert not found.touches(Window(utc(2027, 1, 1), utc(2028, 1, 1)))
    weekly = scan(vcalendar(vevent("DTSTART:20260701T100000Z", "RRULE:FREQ=WEEKLY")))
    assert weekly is not None
    assert weekly.touches(Window(utc(2030, 1, 1), utc(2031, 1, 1)))


def test_the_scan_says_when_it_is_unsure() -> None:
    assert scan(b"BEGIN:VCALENDAR\rBEGIN:VEVENT\r") is None
    assert scan(vcalendar("BEGIN:VEVENT\r\nDTSTART:20260701T100000Z\r\nEND:VEVENT\r\n")) is None
    assert scan(vcalendar(vevent("DTSTART:1 July"))) is None
