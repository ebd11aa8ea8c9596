"""Calendars by delta links: windows, series, removals, expired links, named calendars."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import ConnectorError, CursorExpired, ProtocolViolation
from connectors.global_object_id import instance_day, uid_of
from connectors.graph.calendar import GraphCalendar
from connectors.model import CuType, PartStat, Status, Window
from tests.connectors.graph.conftest import ZONE, GraphHands, graph_event, person
from tests.connectors.graph.life import ME

START = datetime(2026, 11, 2, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=60))
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def put(hands: GraphHands, identity: str, at: datetime = START + 10 * DAY, **changes: object) -> None:
    hands.fake.store.put_event(graph_event(identity, at, at + HOUR, **changes))


def pulled(
    calendar: GraphCalendar, cursor: str | None = None, window: Window = WINDOW
) -> tuple[dict[str, object], str]:
    delta = calendar.pull(cursor, window)
    return {invite.key: invite.events[0] for invite in delta.invites}, delta.cursor


def test_an_event_says_what_outlook_shows(hands: GraphHands) -> None:
    at = datetime(2026, 11, 10, 14, tzinfo=UTC)
    put(hands, "a", at)
    [invite] = hands.calendar().pull(None, WINDOW).invites
    [event] = invite.events
    assert event.uid == "uid-a@frost.example"
    assert (event.start, event.end) == (at, at + HOUR)
    assert str(event.start.tzinfo) == "Europe/Berlin"
    assert event.description == "We look forward to it."
    assert event.calendar == "work"
    assert event.last_modified is not None
    assert event.last_modified.microsecond == 123456
    [mine] = [p for p in event.attendees if p.is_self]
    assert (mine.email, mine.partstat) == (ME, PartStat.ACCEPTED)
    assert event.organizer is not None
    assert event.organizer.email == "helena@frost.example"


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("declined", PartStat.DECLINED),
        ("tentativelyAccepted", PartStat.TENTATIVE),
        ("notResponded", PartStat.NEEDS_ACTION),
        ("none", PartStat.NEEDS_ACTION),
    ],
)
def test_the_owners_answer_is_the_events_own(hands: GraphHands, told: str, meant: PartStat) -> None:
    put(hands, "a", responseStatus={"response": told, "time": "0001-01-01T00:00:00Z"})
    [invite] = hands.calendar().pull(None, WINDOW).invites
    assert [p.partstat for p in invite.events[0].attendees if p.is_self] == [meant]


def test_rooms_are_no_people_and_a_whole_day_is_the_owners(hands: GraphHands) -> None:
    room = {**person("Room 4", "room4@frost.example"), "type": "resource", "status": {"response": "accepted"}}
    day = START + 3 * DAY
    whole = graph_event("a", day, day + DAY, attendees=[room], isAllDay=True)
    hands.fake.store.put_event(whole)
    [invite] = hands.calendar().pull(None, WINDOW).invites
    [event] = invite.events
    assert [p.cutype for p in event.attendees] == [CuType.RESOURCE]
    assert event.start == datetime(2026, 11, 5, tzinfo=ZONE)
    assert event.end == datetime(2026, 11, 6, tzinfo=ZONE)


def test_nothing_changed_is_one_request_and_nothing_told(hands: GraphHands) -> None:
    for identity in "abc":
        put(hands, identity)
    calendar = hands.calendar()
    _, cursor = pulled(calendar)
    before = calendar.usage.requests
    delta = calendar.pull(cursor, WINDOW)
    assert (delta.invites, delta.removed, delta.full) == ((), (), False)
    assert calendar.usage.requests == before + 1


def test_changes_and_removals_come_once(hands: GraphHands) -> None:
    for identity in "abc":
        put(hands, identity)
    _, cursor = pulled(hands.calendar())
    put(hands, "b", subject="moved")
    hands.fake.store.take_event("c")
    delta = hands.calendar().pull(cursor, WINDOW)
    assert [(i.key, i.events[0].summary) for i in delta.invites] == [("/b", "moved")]
    assert delta.removed == ("/c",)
    again = hands.calendar().pull(cursor, WINDOW)
    assert (again.invites, again.removed) == (delta.invites, delta.removed)


def test_an_event_that_leaves_the_window_is_taken_back(hands: GraphHands) -> None:
    put(hands, "a")
    _, cursor = pulled(hands.calendar())
    put(hands, "a", START + 500 * DAY)
    assert hands.calendar().pull(cursor, WINDOW).removed == ("/a",)


def test_a_cancelled_event_stays_and_says_so(hands: GraphHands) -> None:
    put(hands, "a")
    _, cursor = pulled(hands.calendar())
    put(hands, "a", isCancelled=True)
    [invite] = hands.calendar().pull(cursor, WINDOW).invites
    assert invite.events[0].status is Status.CANCELLED


def test_pages_are_read_to_their_end(hands: GraphHands) -> None:
    hands.fake.page = 2
    for number in range(7):
        put(hands, f"e{number}")
    found, _ = pulled(hands.calendar())
    assert len(found) == 7


def test_much_comes_in_parts_and_loses_nothing(hands: GraphHands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.graph.calendar.MOST", 3)
    hands.fake.page = 2
    for number in range(9):
        put(hands, f"e{number}")
    seen: set[str] = set()
    delta = hands.calendar().pull(None, WINDOW)
    assert delta.full
    while True:
        seen |= {invite.key for invite in delta.invites}
        if not delta.more:
            break
        delta = hands.calendar().pull(delta.cursor, WINDOW)
        assert not delta.full
    assert len(seen) == 9


def put_series(hands: GraphHands) -> None:
    first = START + 2 * DAY
    put(hands, "m", first, type="seriesMaster", subject="Weekly", iCalUId="series@x")
    for week in range(3):
        at = first + timedelta(weeks=week)
        put(hands, f"o{week}", at, type="occurrence", seriesMasterId="m", originalStart=at.isoformat())


def test_an_occurrence_takes_all_but_its_times_from_the_series(hands: GraphHands) -> None:
    put_series(hands)
    moved = START + 4 * DAY
    original = (START + 2 * DAY).isoformat()
    put(hands, "o0", moved, type="exception", seriesMasterId="m", originalStart=original, iCalUId="series@x")
    delta = hands.calendar().pull(None, WINDOW)
    assert {i.uid for i in delta.invites} == {"series@x"}
    by_key = {i.key: i.events[0] for i in delta.invites}
    assert {key: event.summary for key, event in by_key.items()}["/o1"] == "Weekly"
    assert by_key["/o0"].recurrence_id == START + 2 * DAY
    assert by_key["/o0"].start == moved
    assert by_key["/o2"].attendees


def test_an_occurrence_that_comes_alone_is_read_with_its_series(hands: GraphHands) -> None:
    put_series(hands)
    _, cursor = pulled(hands.calendar())
    at = START + 30 * DAY
    put(hands, "o3", at, type="occurrence", seriesMasterId="m", originalStart=at.isoformat())
    [invite] = hands.calendar().pull(cursor, WINDOW).invites
    assert (invite.uid, invite.events[0].summary) == ("series@x", "Weekly")


def test_a_deleted_series_is_read_anew(hands: GraphHands) -> None:
    put_series(hands)
    _, cursor = pulled(hands.calendar())
    hands.fake.store.take_event("m")
    with pytest.raises(CursorExpired):
        hands.calendar().pull(cursor, WINDOW)


def test_a_forgotten_link_expires_the_cursor(hands: GraphHands) -> None:
    put(hands, "a")
    _, cursor = pulled(hands.calendar())
    hands.fake.store.epoch += 1
    with pytest.raises(CursorExpired):
        hands.calendar().pull(cursor, WINDOW)


@pytest.mark.parametrize("cursor", ["", "{}", "[]", "null", '{"v":99}', "\x00", "12", '{"1":{"covers":["x","y"]}}'])
def test_a_foreign_cursor_expires(hands: GraphHands, cursor: str) -> None:
    with pytest.raises(CursorExpired):
        hands.calendar().pull(cursor, WINDOW)


def test_a_link_to_another_host_is_not_followed(hands: GraphHands) -> None:
    _, cursor = pulled(hands.calendar())
    evil = cursor.replace(f"127.0.0.1:{hands.fake.port}", "evil.example")
    with pytest.raises(ProtocolViolation, match="somewhere else"):
        hands.calendar().pull(evil, WINDOW)


def test_the_window_may_move_and_grow(hands: GraphHands) -> None:
    put(hands, "a")
    put(hands, "late", START + 200 * DAY)
    _, cursor = pulled(hands.calendar())
    assert not hands.calendar().pull(cursor, Window(START + DAY, WINDOW.end + 7 * DAY)).full
    wider = hands.calendar().pull(cursor, Window(START, START + 300 * DAY))
    assert wider.full
    assert {i.key for i in wider.invites} == {"/a", "/late"}


def test_calendars_are_found_by_name_and_a_missing_one_is_no_empty_one(hands: GraphHands) -> None:
    hands.fake.store.calendars["cal-7"] = "Job hunt"
    hands.fake.store.put_event(graph_event("a", START + DAY, START + DAY + HOUR), "cal-7")
    [invite] = hands.calendar("Job hunt").pull(None, WINDOW).invites
    assert invite.key == "Job hunt/a"
    with pytest.raises(ConnectorError, match="Nowhere is not found"):
        hands.calendar("Nowhere").pull(None, WINDOW)
    [line] = hands.calendar("Nowhere").check()
    assert (line.state, "Job hunt" in line.remedy) == ("failing", True)


def test_one_that_cannot_be_understood_stops_no_other(hands: GraphHands) -> None:
    put(hands, "a")
    hands.fake.store.put_event({**graph_event("b", START + DAY, START + DAY + HOUR), "iCalUId": ""})
    delta = hands.calendar().pull(None, WINDOW)
    assert [i.key for i in delta.invites] == ["/a"]
    assert [p.where for p in delta.problems] == ["/b"]


GOID = "040000008200E00074C5B7101A82E008"


def test_the_uid_is_the_same_wherever_it_is_read() -> None:
    tail = "00" * 16 + "10000000" + "AB" * 16
    assert uid_of(f"{GOID}07EA0B0A{tail}") == uid_of(f"{GOID}00000000{tail}".lower())
    assert instance_day(f"{GOID}07EA0B0A{tail}") == datetime(2026, 11, 10, tzinfo=UTC).date()
    assert instance_day(f"{GOID}00000000{tail}") is None
    packed = b"vCal-Uid\x01\x00\x00\x00abc@google.com\x00"
    assert uid_of(f"{GOID}00000000{'00' * 16}{len(packed):08x}{packed.hex()}") == "abc@google.com"
    assert uid_of(" plain@x ") == "plain@x"
