"""Faults of real producers, each as they write it."""

from pathlib import Path

import pytest

from connectors.model import PartStat, Status
from tests.connectors.reader.reader_calendars import only, read, utc, vcalendar, vevent

DATA = Path(__file__).parent / "data"
START = "DTSTART:20260701T100000Z"


@pytest.mark.parametrize("path", sorted(DATA.glob("*.ics")) + sorted(DATA.glob("*.vcs")), ids=lambda path: path.name)
def test_each_producer_is_read(path: Path) -> None:
    event = only(read(path.read_bytes()))
    assert event.end == utc(2026, 9, 3, 14, 0)
    assert event.summary == "Interview – Tontechnikerin"
    assert event.organizer is not None
    assert event.organizer.email == "hr@klangwerk.example"


@pytest.mark.parametrize("ends", ["\n", "\r", "\r\r\n", "\r\n\r\n"])
def test_any_line_ends(ends: str) -> None:
    data = vcalendar(vevent(START, "SUMMARY:Talk", "DESCRIPTION:one\\ntwo")).replace(b"\r\n", ends.encode())
    event = only(read(data))
    assert (event.summary, event.description) == ("Talk", "one\ntwo")


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_any_encoding(codec: str) -> None:
    data = vcalendar(vevent(START, "SUMMARY:Gespräch")).decode().encode(codec)
    assert only(read(data)).summary == "Gespräch"


def test_a_fold_inside_a_character() -> None:
    data = vcalendar(vevent(START, "SUMMARY:Gespräch")).replace("ä".encode(), b"\xc3\r\n \xa4")
    assert only(read(data)).summary == "Gespräch"


def test_text_that_was_neither_folded_nor_escaped() -> None:
    event = only(
        read(vcalendar(vevent(START, "DESCRIPTION:first line", "second line, no property", "STATUS:TENTATIVE")))
    )
    assert event.description == "first line\nsecond line, no property"
    assert event.status is Status.TENTATIVE
    assert any("line" in repair for repair in event.repairs)


def test_a_broken_property_or_alarm_costs_only_itself() -> None:
    alarm = "BEGIN:VALARM\r\nTRIGGER:rubbish\r\nEND:VALARM"
    event = only(
        read(vcalendar(vevent(START, alarm, "SEQUENCE:many", "LAST-MODIFIED:never", "SUMMARY:Talk", "ATTENDEE;CN=:x")))
    )
    assert event.summary == "Talk"
    assert event.sequence == 0
    assert event.attendees == ()


def test_a_bad_event_names_its_line_and_leaves_the_others() -> None:
    reading = read(vcalendar(vevent("DTSTART:soon", uid="bad"), vevent(START)))
    assert [invite.uid for invite in reading.invites] == ["a@x.example"]
    (problem,) = reading.problems
    assert problem.what.startswith("line 5: DTSTART cannot be read")


def test_html_is_reduced() -> None:
    html = '<p>Hello&nbsp\\;<b>Ada</b></p><script>alert(1)</script><a href="https://x.example/j">join</a>'
    event = only(read(vcalendar(vevent(START, f"DESCRIPTION:{html}"))))
    assert event.description == "Hello Ada\n\njoin <https://x.example/j>"
    event = only(read(vcalendar(vevent(START, f"X-ALT-DESC;FMTTYPE=text/html:{html}"))))
    assert event.description.startswith("Hello Ada")


def test_a_missing_uid_is_the_same_in_every_copy() -> None:
    bare = f"BEGIN:VEVENT\r\n{START}\r\nSUMMARY:Talk\r\nEND:VEVENT\r\n"
    first, second = only(read(vcalendar(bare))), only(read(vcalendar(bare, method="REQUEST")))
    assert first.uid == second.uid
    assert first.uid.startswith("no-uid-")


def test_nothing_of_a_value_can_start_a_new_line() -> None:
    event = only(
        read(
            vcalendar(
                vevent(
                    START,
                    "SUMMARY:Talk\\r\\nBcc: x@evil.example\\n\\nBody",
                    'ORGANIZER;CN="A^nBcc: y":mailto:a@x.example',
                )
            )
        )
    )
    assert "\n" not in event.summary
    assert event.organizer is not None
    assert "\n" not in event.organizer.name


def test_attendees_are_bounded_and_it_is_said() -> None:
    many = [f"ATTENDEE;CN=P{n};PARTSTAT=ACCEPTED:mailto:p{n}@x.example" for n in range(5_000)]
    event = only(read(vcalendar(vevent(START, *many))))
    assert len(event.attendees) == 200
    assert event.attendees_omitted
    assert event.attendees[0].partstat is PartStat.ACCEPTED


def test_a_calendar_of_tasks_is_no_fault() -> None:
    reading = read(b"BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:x\r\nEND:VTODO\r\nEND:VCALENDAR\r\n")
    assert (reading.invites, reading.problems) == ((), ())
    assert "VTODO" in reading.notes[0]


@pytest.mark.parametrize("data", [b"", b"hello", b"BEGIN:VCARD\nEND:VCARD\n", b"\x00\x01\x02\xff" * 50])
def test_what_is_no_calendar_is_refused_in_words(data: bytes) -> None:
    reading = read(data)
    assert reading.invites == ()
    assert "line 1" in reading.problems[0].what or "empty" in reading.problems[0].what


def test_a_cut_off_file_gives_what_it_has() -> None:
    data = vcalendar(vevent(START, "SUMMARY:Talk")).partition(b"END:VEVENT")[0]
    event = only(read(data))
    assert event.summary == "Talk"
    assert any("cut off" in repair for repair in event.repairs)
