"""What every calendar connector keeps, whichever server it speaks to. Each `calendar_harness_*.py` here is one."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest

from connectors.errors import CursorExpired, TemporaryError
from connectors.model import CalendarDelta, Invite, Window
from connectors.ports import Calendar
from tests.conformance.calendar_harness import ZONE, CalendarHarness

HARNESSES = sorted(path.stem for path in Path(__file__).parent.glob("calendar_harness_*.py"))
START = datetime(2026, 11, 2, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=60))
DAY = timedelta(days=1)


@pytest.fixture(params=HARNESSES, ids=lambda stem: stem.removeprefix("calendar_harness_"))
def harness(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CalendarHarness]:
    module = import_module(f"tests.conformance.{request.param}")
    exempt = getattr(module, "EXEMPT", {})
    if request.function.__name__ in exempt:
        pytest.xfail(f"exempt: {exempt[request.function.__name__]}")
    with module.open_harness(tmp_path) as opened:
        yield opened


def event(uid: str, at: datetime = START + 10 * DAY, *, summary: str = "", extra: str = "", start: str = "") -> str:
    begin = start or f"DTSTART:{at:%Y%m%dT%H%M%SZ}\r\nDTEND:{at + timedelta(hours=1):%Y%m%dT%H%M%SZ}"
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Other Client//EN\r\nBEGIN:VEVENT\r\n"
        f"UID:{uid}\r\nDTSTAMP:20261101T000000Z\r\n{begin}\r\nSUMMARY:{summary or uid}\r\n{extra}"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )


class Shelf:
    """What a store would hold after these pulls."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self.cursor: str | None = None
        self.invites: dict[str, Invite] = {}

    def pull(self, window: Window = WINDOW) -> CalendarDelta:
        """One pull to its end, taken in as the store takes it in. The last delta."""
        while True:
            delta = self.calendar.pull(self.cursor, window)
            assert not (delta.full and delta.removed)
            if delta.full:
                self.invites.clear()
            for key in delta.removed:
                self.invites.pop(key, None)
            keys = [invite.key for invite in delta.invites]
            assert len(keys) == len(set(keys))
            self.invites.update((invite.key, invite) for invite in delta.invites)
            self.cursor = delta.cursor
            if not delta.more:
                return delta

    @property
    def uids(self) -> list[str]:
        return sorted(invite.uid for invite in self.invites.values())

    @property
    def summaries(self) -> dict[str, str]:
        return {invite.uid: invite.events[0].summary for invite in self.invites.values()}


def filled(harness: CalendarHarness, uids: str = "abcde") -> Shelf:
    for uid in uids:
        harness.put(uid, event(uid))
    shelf = Shelf(harness.calendar())
    shelf.pull()
    return shelf


def test_the_first_pull_gives_all_that_touches_the_window(harness: CalendarHarness) -> None:
    harness.put("in", event("in"))
    harness.put("series", event("series", START - 300 * DAY, extra="RRULE:FREQ=WEEKLY\r\n"))
    harness.put("edge", event("edge", START - timedelta(minutes=30)))
    shelf = Shelf(harness.calendar())
    assert shelf.pull().full
    assert {"edge", "in", "series"} <= set(shelf.uids)
    assert {e.calendar for i in shelf.invites.values() for e in i.events} == {shelf.calendar.name}


def test_an_empty_calendar_is_no_fault(harness: CalendarHarness) -> None:
    shelf = Shelf(harness.calendar())
    assert shelf.pull().full
    assert shelf.uids == []
    harness.put("a", event("a"))
    shelf.pull()
    assert shelf.uids == ["a"]


def test_added_changed_and_removed(harness: CalendarHarness) -> None:
    shelf = filled(harness)
    harness.put("a", event("a", summary="moved", at=START + 20 * DAY))
    harness.put("f", event("f"))
    harness.remove("b")
    shelf.pull()
    assert shelf.uids == ["a", "c", "d", "e", "f"]
    assert shelf.summaries["a"] == "moved"
    [moved] = [i for i in shelf.invites.values() if i.uid == "a"]
    assert moved.events[0].start == START + 20 * DAY


def test_without_a_change_nothing_comes(harness: CalendarHarness) -> None:
    shelf = filled(harness)
    before = dict(shelf.invites)
    for _ in range(2):
        delta = shelf.pull()
        assert delta.full or delta.removed == ()
    assert shelf.invites == before


def test_a_cursor_outlives_the_service(harness: CalendarHarness) -> None:
    shelf = filled(harness)
    shelf.calendar.close()
    harness.remove("a")
    harness.put("f", event("f"))
    shelf.calendar = harness.calendar()
    shelf.pull()
    assert shelf.uids == ["b", "c", "d", "e", "f"]


def test_a_cursor_may_be_used_again(harness: CalendarHarness) -> None:
    """A service that was killed between reading and storing reads from the old cursor once more."""
    shelf = filled(harness)
    cursor, kept = shelf.cursor, dict(shelf.invites)
    harness.put("a", event("a", summary="moved"))
    harness.remove("b")
    shelf.pull()
    after = shelf.summaries
    shelf.cursor, shelf.invites = cursor, kept
    shelf.pull()
    assert shelf.summaries == after == {"a": "moved", "c": "c", "d": "d", "e": "e"}


def test_what_comes_after_a_cursor_is_seen_by_the_next_service(harness: CalendarHarness) -> None:
    shelf = filled(harness, "ab")
    shelf.calendar.close()
    harness.put("c", event("c"))
    before = shelf.cursor
    for cursor in (before, before):
        shelf.calendar, shelf.cursor = harness.calendar(), cursor
        shelf.pull()
        assert shelf.uids == ["a", "b", "c"]


def test_every_name_that_is_exempt_is_a_test_with_a_reason() -> None:
    for stem in HARNESSES:
        exempt = getattr(import_module(f"tests.conformance.{stem}"), "EXEMPT", {})
        assert all(callable(globals().get(name)) and reason for name, reason in exempt.items())


def test_the_window_may_move_and_grow(harness: CalendarHarness) -> None:
    late, early = WINDOW.end + 200 * DAY, WINDOW.start - 100 * DAY
    harness.put("late", event("late", late))
    harness.put("early", event("early", early))
    shelf = filled(harness)
    shelf.pull(Window(WINDOW.start + DAY, WINDOW.end + 7 * DAY))
    assert set("abcde") <= set(shelf.uids)
    shelf.pull(Window(early - DAY, late + DAY))
    assert shelf.uids == [*"abcde", "early", "late"]


def test_what_is_moved_out_of_the_window_does_not_stay_as_it_was(harness: CalendarHarness) -> None:
    shelf = filled(harness)
    harness.put("a", event("a", START + 500 * DAY))
    shelf.pull()
    assert all(i.events[0].start == START + 500 * DAY for i in shelf.invites.values() if i.uid == "a")


def test_a_broken_item_stops_no_other(harness: CalendarHarness) -> None:
    harness.put("broken", event("broken", start="DTSTART:99999999T000000Z"))
    shelf = filled(harness, "abc")
    assert set("abc") <= set(shelf.uids)
    harness.put("d", event("d"))
    shelf.pull()
    assert set("abcd") <= set(shelf.uids)


def test_everything_gone_at_once_is_a_fault(harness: CalendarHarness) -> None:
    shelf = filled(harness)
    for uid in "abcde":
        harness.remove(uid)
    for _ in range(2):
        with pytest.raises(TemporaryError):
            shelf.pull()
    assert shelf.uids == [*"abcde"]
    harness.put("a", event("a"))
    shelf.pull()
    assert shelf.uids == ["a"]


def test_one_that_is_removed_may_be_the_last(harness: CalendarHarness) -> None:
    shelf = filled(harness, "a")
    harness.remove("a")
    shelf.pull()
    assert shelf.uids == []


def test_an_outage_is_temporary_and_loses_nothing(harness: CalendarHarness) -> None:
    shelf = filled(harness)
    cursor = shelf.cursor
    harness.break_connection()
    with pytest.raises(TemporaryError):
        shelf.pull()
    assert [line.state for line in shelf.calendar.check()] == ["failing"]
    harness.mend()
    assert shelf.cursor == cursor
    harness.put("f", event("f"))
    shelf.pull()
    assert shelf.uids == [*"abcdef"]


@pytest.mark.parametrize("cursor", ["", "{}", "[]", "null", '{"v":99}', "\x00", "12"])
def test_a_foreign_cursor_ends_in_a_full_reading(harness: CalendarHarness, cursor: str) -> None:
    shelf = filled(harness)
    shelf.cursor = cursor
    try:
        shelf.pull()
    except CursorExpired:
        shelf.cursor = None
        shelf.pull()
    assert shelf.uids == [*"abcde"]


def test_floating_times_are_read_in_the_zone_given(harness: CalendarHarness) -> None:
    harness.put("a", event("a", start="DTSTART:20261110T090000\r\nDTEND:20261110T100000"))
    shelf = Shelf(harness.calendar())
    shelf.pull()
    [invite] = shelf.invites.values()
    assert invite.events[0].start == datetime(2026, 11, 10, 9, tzinfo=ZONE)


def test_a_series_comes_with_its_overrides(harness: CalendarHarness) -> None:
    override = (
        "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:series\r\nRECURRENCE-ID:20261110T090000Z\r\nDTSTAMP:20261101T000000Z\r\n"
        "DTSTART:20261111T150000Z\r\nDTEND:20261111T160000Z\r\nSUMMARY:moved\r\n"
    )
    harness.put(
        "series", event("series", datetime(2026, 11, 3, 9, tzinfo=UTC), extra=f"RRULE:FREQ=WEEKLY\r\n{override}")
    )
    shelf = Shelf(harness.calendar())
    shelf.pull()
    [invite] = shelf.invites.values()
    assert [e.recurrence_id for e in sorted(invite.events, key=lambda e: e.summary == "moved")] == [
        None,
        datetime(2026, 11, 10, 9, tzinfo=UTC),
    ]
    assert invite.source


def test_check_finds_all_in_order_and_changes_nothing(harness: CalendarHarness) -> None:
    shelf = filled(harness)
    lines = shelf.calendar.check(write=True)
    assert lines
    assert {line.state for line in lines} == {"ok"}
    shelf.pull()
    assert shelf.uids == [*"abcde"]
