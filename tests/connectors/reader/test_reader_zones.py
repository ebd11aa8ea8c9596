"""Which instant a time means."""

import pytest

from tests.connectors.reader.reader_calendars import BERLIN, only, read, utc, vcalendar, vevent

CUSTOM = (
    "BEGIN:VTIMEZONE\r\nTZID:Customized Time Zone\r\nBEGIN:STANDARD\r\nDTSTART:16010101T030000\r\nTZOFFSETFROM:+0300"
    "\r\nTZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\n"
    "DTSTART:16010101T020000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0300\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\n"
    "END:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
)
NEVER_ENDING = CUSTOM.replace("FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3", "FREQ=SECONDLY")


@pytest.mark.parametrize(
    ("start", "hour"),
    [
        ("DTSTART;TZID=America/New_York:20260701T100000", 14),
        ("DTSTART;TZID=america/new_york:20260701T100000", 14),
        ("DTSTART;TZID=Eastern Standard Time:20260701T100000", 14),
        ('DTSTART;TZID="Eastern Standard Time":20260701T100000', 14),
        ("DTSTART;TZID=US-Eastern:20260701T100000", 14),
        ("DTSTART;TZID=/freeassociation.sourceforge.net/Tzfile/America/New_York:20260701T100000", 14),
        ("DTSTART;TZID=/mozilla.org/20050126_1/America/New_York:20260701T100000", 14),
        ("DTSTART;TZID=(UTC-05:00) Eastern Time (US & Canada):20260701T100000", 14),
        ('DTSTART;TZID="(UTC+01:00) Amsterdam, Berlin, Bern, Rome":20260701T100000', 8),
        ("DTSTART;TZID=GMT+0200:20260701T100000", 8),
        ("DTSTART;TZID=Europe/London:20260701T100000Z", 10),
        ("DTSTART:20260701T100000Z", 10),
        ("DTSTART:2026-07-01T10:00:00+02:00", 8),
        ("DTSTART:20260701T1000Z", 10),
        ("DTSTART:20260701T100000", 8),
        ("DTSTART;TZID=Nowhere at all:20260701T100000", 8),
    ],
)
def test_a_start_in_each_spelling_of_a_zone(start: str, hour: int) -> None:
    event = only(read(vcalendar(vevent(start))))
    assert event.start == utc(2026, 7, 1, hour)


def test_a_private_tzid_is_explained_by_its_vtimezone() -> None:
    event = only(read(vcalendar(CUSTOM, vevent("DTSTART;TZID=Customized Time Zone:20260701T100000"))))
    assert event.start == utc(2026, 7, 1, 7)
    assert event.start.tzname() == "EEST"


def test_a_vtimezone_after_its_event_counts_as_well() -> None:
    event = only(read(vcalendar(vevent("DTSTART;TZID=Customized Time Zone:20261201T100000"), CUSTOM)))
    assert event.start == utc(2026, 12, 1, 8)


def test_private_names_of_one_file_mean_nothing_in_the_next() -> None:
    only(read(vcalendar(CUSTOM, vevent("DTSTART;TZID=Customized Time Zone:20260701T100000"))))
    other = only(read(vcalendar(vevent("DTSTART;TZID=Customized Time Zone:20260701T100000"))))
    assert other.start == utc(2026, 7, 1, 8)
    assert any("unknown" in repair for repair in other.repairs)


def test_an_iana_name_wins_over_the_rules_that_come_with_it() -> None:
    wrong = CUSTOM.replace("TZID:Customized Time Zone", "TZID:Europe/London")
    assert only(read(vcalendar(wrong, vevent("DTSTART;TZID=Europe/London:20260701T100000")))).start == utc(
        2026, 7, 1, 9
    )


def test_a_broken_or_endless_vtimezone_costs_no_event() -> None:
    for zone in (
        NEVER_ENDING,
        CUSTOM.replace("+0300", "rubbish"),
        "BEGIN:VTIMEZONE\r\nTZID:Customized Time Zone\r\nEND:VTIMEZONE\r\n",
    ):
        reading = read(
            vcalendar(
                zone,
                vevent("DTSTART:20260701T100000Z"),
                vevent("DTSTART;TZID=Customized Time Zone:20260702T100000", uid="b"),
            )
        )
        assert {invite.uid for invite in reading.invites} == {"a@x.example", "b"}


def test_floating_times_take_the_zone_of_the_calendar_then_of_the_text_then_of_the_owner() -> None:
    floating = "DTSTART:20260701T100000"
    assert only(read(vcalendar(vevent(floating), head="X-WR-TIMEZONE:Asia/Kolkata\r\n"))).start == utc(
        2026, 7, 1, 4, 30
    )
    assert only(read(vcalendar(CUSTOM, vevent(floating)))).start == utc(2026, 7, 1, 7)
    texted = only(read(vcalendar(vevent(floating, "DESCRIPTION:We call you at 10:00 AM PT."))))
    assert texted.start == utc(2026, 7, 1, 17)
    assert texted.floating
    assert only(read(vcalendar(vevent(floating)))).start.tzinfo is BERLIN


def test_an_all_day_event_ends_at_midnight_of_the_zone_that_applies() -> None:
    event = only(read(vcalendar(vevent("DTSTART;VALUE=DATE:20260329"))))
    assert (event.start, event.end) == (utc(2026, 3, 28, 23), utc(2026, 3, 29, 22))
    assert event.all_day
    same = only(read(vcalendar(vevent("DTSTART;VALUE=DATE:20260329", "DTEND;VALUE=DATE:20260329"))))
    assert same.end == event.end


@pytest.mark.parametrize(
    ("lines", "end"),
    [
        (("DTSTART;TZID=Europe/Berlin:20260328T120000", "DURATION:P1D"), (2026, 3, 29, 10)),
        (("DTSTART;TZID=Europe/Berlin:20260328T120000", "DURATION:PT24H"), (2026, 3, 29, 11)),
        (("DTSTART:20260701T100000Z", "DTEND:20260701T090000Z"), (2026, 7, 1, 10)),
        (("DTSTART:20260701T100000Z", "DURATION:-PT1H"), (2026, 7, 1, 10)),
        (("DTSTART:20260701T100000Z", "DTEND:rubbish"), (2026, 7, 1, 10)),
        (
            ("DTSTART;TZID=Europe/London:20260916T163000", "DTEND;TZID=America/New_York:20260916T141500"),
            (2026, 9, 16, 18, 15),
        ),
    ],
)
def test_ends(lines: tuple[str, ...], end: tuple[int, ...]) -> None:
    assert only(read(vcalendar(vevent(*lines)))).end == utc(*end)
