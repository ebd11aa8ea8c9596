"""iTIP: what is true after all that came in, in whatever order."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.ics import read_calendar
from connectors.itip import all_occurrences, occurrences, subject_occurrence
from connectors.model import MailContext, PartStat, Status, Window
from tests.connectors.reader.reader_calendars import UTC_ZONE, invite, utc, vcalendar, vevent

ME = "me@post.example"
YEAR = Window(utc(2026, 1, 1), utc(2027, 1, 1))
WEEKLY = ("DTSTART:20260601T080000Z", "DTEND:20260601T090000Z", "RRULE:FREQ=WEEKLY;COUNT=4", "SUMMARY:Weekly")
ATTENDEE = f"ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:{ME}"


def at(day: int, sequence: int = 0) -> tuple[str, str]:
    return f"DTSTAMP:202605{day:02d}T000000Z", f"SEQUENCE:{sequence}"


SERIES = invite("REQUEST", *at(1), *WEEKLY, ATTENDEE, key="series")
MOVED = invite(
    "REQUEST", *at(2, 1), "RECURRENCE-ID:20260608T080000Z", "DTSTART:20260609T100000Z", "DTEND:20260609T113000Z",
    "SUMMARY:Moved", key="moved",
)  # fmt: skip
DROPPED = invite("CANCEL", *at(3, 1), "RECURRENCE-ID:20260615T080000Z", "DTSTART:20260615T080000Z", key="dropped")
LATER = invite(
    "REQUEST", *at(4, 2), "RECURRENCE-ID;RANGE=THISANDFUTURE:20260615T080000Z", "DTSTART:20260615T120000Z",
    "DTEND:20260615T130000Z", "SUMMARY:Later", key="later",
)  # fmt: skip
DECLINE = invite(
    "REPLY", *at(5), "RECURRENCE-ID:20260601T080000Z", "DTSTART:20260601T080000Z",
    f"ATTENDEE;PARTSTAT=DECLINED:mailto:{ME}", key="decline",
)  # fmt: skip
COUNTER = invite("COUNTER", *at(6, 9), "DTSTART:20260701T080000Z", "DTEND:20260701T090000Z", key="counter")
REFRESH = invite("REFRESH", *at(6, 9), f"ATTENDEE:mailto:{ME}", key="refresh")
EVERYTHING = (SERIES, MOVED, DROPPED, LATER, DECLINE, COUNTER, REFRESH)


@settings(deadline=None, max_examples=40)
@given(st.permutations(EVERYTHING), st.lists(st.sampled_from(EVERYTHING), max_size=3))
def test_order_and_repetition_of_arrival_play_no_part(order: list, again: list) -> None:  # type: ignore[type-arg]
    expected = occurrences(EVERYTHING, YEAR, addresses={ME})
    assert occurrences([*order, *again], YEAR, addresses={ME}) == expected
    assert subject_occurrence([*order, *again], {ME}) == subject_occurrence(EVERYTHING, {ME})


def test_a_series_with_everything_that_can_happen_to_it() -> None:
    first, moved, dropped, last = occurrences(EVERYTHING, YEAR, addresses={ME})
    assert (first.start, first.attendees[0].partstat) == (utc(2026, 6, 1, 8), PartStat.DECLINED)
    assert (moved.start, moved.end, moved.summary) == (utc(2026, 6, 9, 10), utc(2026, 6, 9, 11, 30), "Moved")
    assert (dropped.start, dropped.status, dropped.dtstamp) == (utc(2026, 6, 15, 8), Status.CANCELLED, utc(2026, 5, 3))
    assert dropped.summary == "Weekly"
    assert (last.start, last.end, last.summary) == (utc(2026, 6, 22, 12), utc(2026, 6, 22, 13), "Later")
    assert all(event.recurs for event in (first, last))


def test_a_cancelled_series_cancels_older_exceptions_and_not_newer_ones() -> None:
    cancel = invite("CANCEL", *at(10, 5), "DTSTART:20260601T080000Z", key="cancel")
    revived = invite("REQUEST", *at(11, 6), "RECURRENCE-ID:20260622T080000Z", "DTSTART:20260622T080000Z", key="revived")
    found = occurrences((SERIES, MOVED, cancel, revived), YEAR, addresses=())
    assert [event.status for event in found] == [Status.CANCELLED] * 3 + [Status.CONFIRMED]
    assert {event.dtstamp for event in found[:3]} == {utc(2026, 5, 10)}


def test_an_exception_without_a_master_stands_alone() -> None:
    (event,) = occurrences((MOVED,), YEAR, addresses=())
    assert (event.start, event.recurrence_id) == (utc(2026, 6, 9, 10), utc(2026, 6, 8, 8))


def test_a_newer_master_takes_away_exceptions_of_slots_that_it_no_longer_has() -> None:
    other_day = invite(
        "REQUEST", *at(20, 9), "DTSTART:20260602T080000Z", "DTEND:20260602T090000Z", "RRULE:FREQ=WEEKLY;COUNT=2",
        key="other",
    )  # fmt: skip
    found = occurrences((SERIES, MOVED, other_day), YEAR, addresses=())
    assert [event.start for event in found] == [utc(2026, 6, 2, 8), utc(2026, 6, 9, 8)]


def test_a_date_as_recurrence_id_of_a_timed_series_means_that_day() -> None:
    dated = invite("REQUEST", *at(9, 3), "RECURRENCE-ID;VALUE=DATE:20260608", "DTSTART:20260610T080000Z", key="dated")
    found = occurrences((SERIES, dated), YEAR, addresses=())
    assert utc(2026, 6, 8, 8) not in [event.start for event in found]
    assert len(found) == 4


SINGLE = ("DTSTART:20260601T080000Z", "DTEND:20260601T090000Z")


def test_the_owners_reply_counts_even_where_the_owner_is_not_listed() -> None:
    request = invite("REQUEST", *at(1), *SINGLE, key="1")
    reply = invite("REPLY", *at(2), f"ATTENDEE;PARTSTAT=DECLINED:mailto:{ME}", *SINGLE, key="2")
    stranger = invite("REPLY", *at(2), "ATTENDEE;PARTSTAT=DECLINED:mailto:you@x.example", *SINGLE, key="3")
    (event,) = occurrences((request, reply, stranger), YEAR, addresses={ME})
    assert [(person.email, person.partstat) for person in event.attendees] == [(ME, PartStat.DECLINED)]


def test_a_reply_to_an_older_revision_does_not_count() -> None:
    reply = invite("REPLY", *at(2, 1), *SINGLE, f"ATTENDEE;PARTSTAT=DECLINED:mailto:{ME}", key="2")
    moved = invite("REQUEST", *at(3, 2), "DTSTART:20260602T080000Z", "DTEND:20260602T090000Z", ATTENDEE, key="3")
    (event,) = occurrences((reply, moved), YEAR, addresses={ME})
    assert event.attendees[0].partstat is PartStat.NEEDS_ACTION


def test_one_event_by_mail_and_in_two_calendars() -> None:
    request = invite("REQUEST", *at(1), *SINGLE, ATTENDEE, key="mail", calendar="inbox")
    mail = MailContext(message_id="<1@x.example>")
    request = replace(request, events=tuple(replace(event, mail=mail) for event in request.events))
    accepted = ATTENDEE.replace("NEEDS-ACTION", "ACCEPTED")
    mine = invite("PUBLISH", *at(1), *SINGLE, accepted, key="cal", calendar="home")
    again = invite("PUBLISH", *at(1), *SINGLE, ATTENDEE, key="cal", calendar="work")
    (event,) = occurrences((request, mine, again), YEAR, addresses={ME})
    assert event.seen_in == ("home", "inbox", "work")
    assert event.mail == mail
    assert event.attendees[0].partstat is PartStat.ACCEPTED


def test_the_window_is_met_by_the_end_as_well() -> None:
    lone = invite("REQUEST", *at(1), *SINGLE, key="1")
    assert occurrences((lone,), Window(utc(2026, 6, 1, 8, 30), utc(2026, 6, 2)), addresses=())
    assert not occurrences((lone,), Window(utc(2026, 6, 1, 9), utc(2026, 6, 2)), addresses=())


def test_a_series_over_a_clock_change_keeps_its_local_time() -> None:
    data = vcalendar(
        vevent("DTSTART;TZID=Europe/Berlin:20261019T100000", "DTEND;TZID=Europe/Berlin:20261019T110000",
               "RRULE:FREQ=WEEKLY;UNTIL=20261026T100000", "EXDATE;VALUE=DATE:20261012")
    )  # fmt: skip
    found = all_occurrences(read_calendar(data, key="k", zone=UTC_ZONE).invites, ())
    assert [event.start for event in found] == [utc(2026, 10, 19, 8), utc(2026, 10, 26, 9)]


def test_endless_rules_are_bounded() -> None:
    for rule in (
        "FREQ=SECONDLY", "FREQ=MINUTELY", "FREQ=DAILY", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYSETPOS=9999",
        "FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=" + ",".join(map(str, range(60))), "FREQ=MONTHLY;BYDAY=99MO",
        "FREQ=NEVER", "",
    ):  # fmt: skip
        endless = invite("REQUEST", *at(1), *SINGLE, f"RRULE:{rule}", key="1")
        assert 0 < len(all_occurrences((endless,), ())) <= 500
        found = occurrences((endless,), Window(utc(2026, 6, 1), utc(2026, 6, 3)), addresses=())
        assert found[0].start == utc(2026, 6, 1, 8)
        assert len(found) <= 2
