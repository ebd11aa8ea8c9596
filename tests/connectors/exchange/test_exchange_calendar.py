"""Calendars by SyncFolderItems and invites in the inbox, on a server like Microsoft's and on one that is odd."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import ConnectorError, CursorExpired, RateLimited
from connectors.itip import occurrences
from connectors.model import Event, Method, PartStat, Status, Window
from tests.connectors.exchange.conftest import ZONE, ExchangeHands
from tests.connectors.graph.life import ME, TITLE
from tests.servers.ews_fake.shapes import t

START = datetime(2026, 11, 2, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=60))
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TEN = START + 10 * DAY + 9 * HOUR


def put(hands: ExchangeHands, uid: str, at: datetime = TEN, **more: object) -> str:
    return hands.put_event(uid, at, at + HOUR, **more).id


def expanded(hands: ExchangeHands) -> list[Event]:
    delta = hands.calendar().pull(None, WINDOW)
    assert delta.problems == ()
    return list(occurrences(delta.invites, WINDOW, addresses={ME}))


def test_an_item_says_what_outlook_shows(hands: ExchangeHands) -> None:
    identity = put(hands, "a@x", sequence=3, modified=TEN - DAY)
    [invite] = hands.calendar().pull(None, WINDOW).invites
    [event] = invite.events
    assert (invite.key, event.uid, event.sequence) == (f"/{identity}", "a@x", 3)
    assert (event.start, event.end) == (TEN, TEN + HOUR)
    assert (event.summary, event.description, event.location) == (TITLE, "We look forward to it.", "Room 4")
    assert event.last_modified == TEN - DAY
    assert event.organizer is not None
    assert event.organizer.email == "helena@frost.example"
    [mine] = [person for person in event.attendees if person.is_self]
    assert (mine.email, mine.partstat) == (ME, PartStat.ACCEPTED)
    assert event.calendar == "work"


def test_the_items_own_zone_or_else_the_owners(hands: ExchangeHands) -> None:
    put(hands, "a@x", zone="Pacific Standard Time")
    [invite] = hands.calendar().pull(None, WINDOW).invites
    assert str(invite.events[0].start.tzinfo) == ("Europe/Oslo" if hands.fake.odd else "America/Los_Angeles")


@pytest.mark.parametrize("told", [True, False])
def test_a_whole_day_is_the_owners(hands: ExchangeHands, told: bool) -> None:
    midnight = datetime(2026, 11, 10, tzinfo=ZONE)
    hands.put_event("a@x", midnight, midnight + DAY, all_day=True, told=told)
    [invite] = hands.calendar().pull(None, WINDOW).invites
    event = invite.events[0]
    assert event.all_day
    assert (event.start, event.end) == (midnight, midnight + DAY)


@pytest.mark.parametrize(
    ("told", "meant"),
    [("Decline", PartStat.DECLINED), ("Tentative", PartStat.TENTATIVE), ("NoResponseReceived", PartStat.NEEDS_ACTION)],
)
def test_the_owners_answer_is_the_items_own(hands: ExchangeHands, told: str, meant: PartStat) -> None:
    put(hands, "a@x", mine=told)
    [invite] = hands.calendar().pull(None, WINDOW).invites
    assert [person.partstat for person in invite.events[0].attendees if person.is_self] == [meant]


@pytest.mark.parametrize(("told", "organizes"), [("Organizer", True), ("NoResponseReceived", False), ("Accept", False)])
def test_who_was_asked_for_an_answer_has_not_organized_it(hands: ExchangeHands, told: str, organizes: bool) -> None:
    put(hands, "a@x", organizer=("Sam", ME), mine=told)
    [invite] = hands.calendar().pull(None, WINDOW).invites
    organizer = invite.events[0].organizer
    assert (organizer is not None and organizer.is_self) is organizes


def test_nothing_changed_is_one_request_for_each_folder(hands: ExchangeHands) -> None:
    put(hands, "a@x")
    calendar = hands.calendar()
    cursor = calendar.pull(None, WINDOW).cursor
    hands.fake.asked.clear()
    delta = calendar.pull(cursor, WINDOW)
    assert (delta.invites, delta.removed, delta.full) == ((), (), False)
    assert hands.fake.asked == ["SyncFolderItems", "FindItem"]


def test_changes_and_removals_come_and_may_come_again(hands: ExchangeHands) -> None:
    first, second, third = (put(hands, f"{name}@x") for name in "abc")
    cursor = hands.calendar().pull(None, WINDOW).cursor
    fields = hands.fake.store.found(second).fields
    hands.fake.store.change(second, fields={**fields, "subject": "moved"})
    hands.fake.store.take(third)
    for _ in range(2):
        delta = hands.calendar().pull(cursor, WINDOW)
        assert [(i.key, i.events[0].summary) for i in delta.invites] == [(f"/{second}", "moved")]
        assert delta.removed == (f"/{third}",)
    assert first


def test_an_item_that_leaves_the_window_is_taken_back(hands: ExchangeHands) -> None:
    identity = put(hands, "a@x")
    cursor = hands.calendar().pull(None, WINDOW).cursor
    fields = hands.fake.store.found(identity).fields
    late = {"start": TEN + 500 * DAY, "end": TEN + 500 * DAY + HOUR}
    hands.fake.store.change(identity, fields={**fields, **late})
    assert hands.calendar().pull(cursor, WINDOW).removed == (f"/{identity}",)


def test_only_what_touches_the_window_is_read_whole(hands: ExchangeHands) -> None:
    put(hands, "a@x")
    for number in range(30):
        put(hands, f"old{number}@x", TEN - 400 * DAY)
    delta = hands.calendar().pull(None, WINDOW)
    assert [invite.uid for invite in delta.invites] == ["a@x"]
    assert hands.fake.asked.count("GetItem") == 1


def test_more_changes_than_one_answer_holds(hands: ExchangeHands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.exchange.calendar._CHANGES", 4)
    for number in range(11):
        put(hands, f"e{number}@x")
    assert len(hands.calendar().pull(None, WINDOW).invites) == 11


RULE = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:PUBLISH\r\nBEGIN:VEVENT\r\nUID:s@x\r\nSUMMARY:Weekly\r\n"
    "DTSTART:20261103T090000Z\r\nDTEND:20261103T100000Z\r\nRRULE:FREQ=WEEKLY;COUNT=4\r\nEND:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:s@x\r\nRECURRENCE-ID:20261110T090000Z\r\nDTSTART:20261111T150000Z\r\n"
    "DTEND:20261111T160000Z\r\nSUMMARY:Moved\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def test_a_series_is_expanded_from_its_icalendar_content(hands: ExchangeHands) -> None:
    at = datetime(2026, 11, 3, 9, tzinfo=UTC)
    put(hands, "s@x", at, type="RecurringMaster", ics=RULE.encode(), subject="Weekly")
    found = expanded(hands)
    assert [(e.start, e.summary) for e in found] == [
        (at, "Weekly"),
        (datetime(2026, 11, 11, 15, tzinfo=UTC), "Moved"),
        (at + 14 * DAY, "Weekly"),
        (at + 21 * DAY, "Weekly"),
    ]
    assert all(any(p.is_self and p.partstat is PartStat.ACCEPTED for p in e.attendees) for e in found)


def weekly() -> object:
    return t(
        "Recurrence",
        t("WeeklyRecurrence", t("Interval", "2"), t("DaysOfWeek", "Tuesday Thursday"), t("FirstDayOfWeek", "Monday")),
        t("NumberedRecurrence", t("StartDate", "2026-11-03Z"), t("NumberOfOccurrences", "4")),
    )


def weekly_without_end() -> object:
    return t(
        "Recurrence",
        t("WeeklyRecurrence", t("Interval", "1"), t("DaysOfWeek", "Tuesday"), t("FirstDayOfWeek", "Monday")),
        t("NoEndRecurrence", t("StartDate", "2026-09-01Z")),
    )


def monthly() -> object:
    return t(
        "Recurrence",
        t("RelativeMonthlyRecurrence", t("Interval", "1"), t("DaysOfWeek", "Tuesday"), t("DayOfWeekIndex", "First")),
        t("EndDateRecurrence", t("StartDate", "2026-11-03Z"), t("EndDate", "2026-12-31Z")),
    )


def yearly() -> object:
    return t(
        "Recurrence",
        t("AbsoluteYearlyRecurrence", t("DayOfMonth", "3"), t("Month", "November")),
        t("NoEndRecurrence", t("StartDate", "2026-11-03Z")),
    )


@pytest.mark.parametrize(
    ("recurrence", "days"),
    [(weekly, [3, 5, 17, 19]), (monthly, [3, 31]), (yearly, [3])],
    ids=["weekly", "monthly", "yearly"],
)
def test_a_series_without_content_is_expanded_from_its_rule(
    hands: ExchangeHands, recurrence: object, days: list[int]
) -> None:
    at = datetime(2026, 11, 3, 9, tzinfo=UTC)
    assert callable(recurrence)
    put(hands, "s@x", at, type="RecurringMaster", recurrence=recurrence())
    found = [event.start.astimezone(UTC) for event in expanded(hands)]
    wanted = {31: datetime(2026, 12, 1, 9, tzinfo=UTC)}
    assert found == [wanted.get(day, datetime(2026, 11, day if day < 31 else 1, 9, tzinfo=UTC)) for day in days]


def test_a_series_whose_rule_nobody_tells_is_a_problem_and_its_first_meeting(hands: ExchangeHands) -> None:
    put(hands, "s@x", type="RecurringMaster")
    delta = hands.calendar().pull(None, WINDOW)
    assert [invite.uid for invite in delta.invites] == ["s@x"]
    [problem] = delta.problems
    assert "rule" in problem.what


def mailed(method: str, *, sequence: int = 0) -> bytes:
    return (
        "From: Helena Frost <helena@frost.example>\r\nTo: sam@example.org\r\nMessage-ID: <inv-1@frost.example>\r\n"
        "Date: Mon, 02 Nov 2026 09:00:00 +0000\r\nSubject: Interview\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: text/calendar; method={method}; charset="utf-8"\r\n\r\n'
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:{method}\r\nBEGIN:VEVENT\r\nUID:a@x\r\nSEQUENCE:{sequence}\r\n"
        "DTSTAMP:20261102T090000Z\r\nDTSTART:20261112T090000Z\r\nDTEND:20261112T100000Z\r\nSUMMARY:Interview\r\n"
        "ORGANIZER:mailto:helena@frost.example\r\nATTENDEE:mailto:sam@example.org\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    ).encode()


def test_an_invite_in_the_inbox_tells_which_mail_to_answer(hands: ExchangeHands) -> None:
    put(hands, "a@x")
    item = hands.fake.store.put("inbox", mailed("REQUEST"), kind="MeetingRequest")
    delta = hands.calendar().pull(None, WINDOW)
    [mail] = [invite for invite in delta.invites if invite.key == f"inbox/{item.id}"]
    assert mail.method is Method.REQUEST
    assert mail.events[0].mail is not None
    assert mail.events[0].mail.message_id == "<inv-1@frost.example>"
    [event] = occurrences(delta.invites, WINDOW, addresses={ME})
    assert event.mail is not None
    again = hands.calendar().pull(delta.cursor, WINDOW)
    assert again.invites == ()
    hands.fake.store.take(item.id)
    assert hands.calendar().pull(again.cursor, WINDOW).removed == ()


def test_a_cancellation_in_the_inbox_cancels(hands: ExchangeHands) -> None:
    put(hands, "a@x", modified=datetime(2026, 11, 1, tzinfo=UTC))
    first = hands.calendar().pull(None, WINDOW)
    hands.fake.store.put("inbox", mailed("CANCEL", sequence=1), kind="MeetingCancellation")
    second = hands.calendar().pull(first.cursor, WINDOW)
    [event] = occurrences((*first.invites, *second.invites), WINDOW, addresses={ME})
    assert event.status is Status.CANCELLED


def test_the_newest_invite_is_found_behind_many_old_mails(hands: ExchangeHands) -> None:
    """Also on a server that does not sort what it lists."""
    for number in range(300):
        hands.fake.store.put("inbox", mailed("REQUEST"), at=START - timedelta(days=400 - number / 10))
    item = hands.fake.store.put("inbox", mailed("REQUEST"), kind="MeetingRequest", at=START)
    delta = hands.calendar().pull(None, WINDOW)
    assert [invite.key for invite in delta.invites] == [f"inbox/{item.id}"]


def test_a_series_that_the_listing_does_not_tell_as_one_is_read_as_one(hands: ExchangeHands) -> None:
    at = datetime(2026, 9, 1, 9, tzinfo=UTC)
    put(hands, "s@x", at, type=None, recurrence=weekly_without_end())
    assert len(expanded(hands)) > 5


def test_a_calendar_is_found_by_name_and_a_missing_one_is_no_empty_one(hands: ExchangeHands) -> None:
    hands.fake.calendars["hunt"] = "Job hunt"
    put(hands, "a@x", folder="hunt")
    [invite] = hands.calendar("Job hunt").pull(None, WINDOW).invites
    assert invite.key.startswith("Job hunt/")
    with pytest.raises(ConnectorError, match="Nowhere is not found"):
        hands.calendar("Nowhere").pull(None, WINDOW)
    assert [line.state for line in hands.calendar("Job hunt", "Nowhere").check()] == ["ok", "failing"]


@pytest.mark.parametrize("cursor", ["", "{}", "[]", "null", '{"v":99}', "\x00", "12", '{"1":{"covers":["x","y"]}}'])
def test_a_foreign_cursor_expires(hands: ExchangeHands, cursor: str) -> None:
    with pytest.raises(CursorExpired):
        hands.calendar().pull(cursor, WINDOW)


def test_a_state_that_the_server_forgot_ends_in_a_full_reading(hands: ExchangeHands) -> None:
    """Microsoft's says so; the odd one accepts any state and tells everything anew. Either way nothing is lost."""
    put(hands, "a@x")
    cursor = hands.calendar().pull(None, WINDOW).cursor
    state = cursor.split('"states":{"":"')[1].split('"')[0]
    bogus = cursor.replace(state, "Ym9ndXM=")
    if not hands.fake.odd:
        with pytest.raises(CursorExpired):
            hands.calendar().pull(bogus, WINDOW)
        return
    assert [invite.uid for invite in hands.calendar().pull(bogus, WINDOW).invites] == ["a@x"]


def test_the_window_may_move_and_grow(hands: ExchangeHands) -> None:
    put(hands, "a@x")
    put(hands, "late@x", START + 200 * DAY)
    cursor = hands.calendar().pull(None, WINDOW).cursor
    assert not hands.calendar().pull(cursor, Window(START + DAY, WINDOW.end + 7 * DAY)).full
    wider = hands.calendar().pull(cursor, Window(START, START + 300 * DAY))
    assert wider.full
    assert {invite.uid for invite in wider.invites} == {"a@x", "late@x"}


def test_one_that_cannot_be_understood_stops_no_other(hands: ExchangeHands) -> None:
    put(hands, "a@x")
    bad = put(hands, "b@x")
    hands.fake.store.change(bad, fields={**hands.fake.store.found(bad).fields, "start": None})
    delta = hands.calendar().pull(None, WINDOW)
    assert [invite.uid for invite in delta.invites] == ["a@x"]
    assert [problem.where for problem in delta.problems] == [f"/{bad}"]


def test_a_busy_server_says_how_long(hands: ExchangeHands) -> None:
    hands.calendar().pull(None, WINDOW)
    hands.fake.faults.extend(["ErrorServerBusy"] * 3)
    with pytest.raises(RateLimited) as caught:
        hands.calendar().pull(None, WINDOW)
    assert caught.value.retry_after == timedelta(seconds=7)
