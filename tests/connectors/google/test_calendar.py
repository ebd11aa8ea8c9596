"""Reading Google Calendar through the fake, which holds every exchange against Google's own documents."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.errors import ConnectorError, CursorExpired, ProtocolViolation
from connectors.google import calendar as module
from connectors.model import CuType, PartStat, Role, Status, Window
from tests.connectors.google.conftest import Setting
from tests.servers.google_fake.calendars import Calendar
from tests.servers.google_fake.mail import OWNER

WINDOW = Window(datetime(2026, 11, 9, tzinfo=UTC), datetime(2027, 1, 4, tzinfo=UTC))


def interview(event_id: str = "e1", start: str = "2026-11-20T15:00:00+01:00", **more: Any) -> dict[str, Any]:
    begin = datetime.fromisoformat(start)
    return {
        "kind": "calendar#event",
        "id": event_id,
        "status": "confirmed",
        "iCalUID": f"{event_id}@google.com",
        "summary": "Interview: Compiler Engineer",
        "description": "<p>Meet <b>Ada</b></p>",
        "sequence": 1,
        "eventType": "default",
        "start": {"dateTime": start, "timeZone": "Europe/Berlin"},
        "end": {"dateTime": (begin + timedelta(hours=1)).isoformat(), "timeZone": "Europe/Berlin"},
        "organizer": {"email": "rita@corp.example", "displayName": "Rita Recruiter"},
        "attendees": [
            {"email": OWNER, "self": True, "responseStatus": "accepted"},
            {"email": "ada@corp.example", "displayName": "Ada Lovelace", "responseStatus": "needsAction"},
            {"email": "room-1@resource.calendar.google.com", "resource": True, "responseStatus": "accepted"},
            {"email": "eve@corp.example", "optional": True, "responseStatus": "declined"},
        ],
        "conferenceData": {
            "entryPoints": [
                {"entryPointType": "phone", "uri": "tel:+49-30-1"},
                {"entryPointType": "video", "uri": "https://meet.example/abc"},
            ]
        },
    } | more


def primary(setting: Setting) -> Calendar:
    return setting.fake.calendars.calendars[OWNER]


def test_an_event_is_read_with_all_that_matters(setting: Setting) -> None:
    primary(setting).put(interview())
    delta = setting.calendar().pull(None, WINDOW)
    [invite] = delta.invites
    [event] = invite.events
    assert delta.full
    assert not delta.more
    assert invite.key == "primary/e1"
    assert (event.uid, event.summary, event.description) == (
        "e1@google.com",
        "Interview: Compiler Engineer",
        "Meet Ada",
    )
    assert event.start == datetime(2026, 11, 20, 15, tzinfo=ZoneInfo("Europe/Berlin"))
    assert str(event.start.tzinfo) == "Europe/Berlin"
    assert event.end - event.start == timedelta(hours=1)
    assert event.url == "https://meet.example/abc"
    assert event.organizer is not None
    assert event.organizer.name == "Rita Recruiter"
    me, ada, room, eve = event.attendees
    assert (me.is_self, me.partstat) == (True, PartStat.ACCEPTED)
    assert (ada.name, ada.partstat, ada.is_self) == ("Ada Lovelace", PartStat.NEEDS_ACTION, False)
    assert room.cutype is CuType.RESOURCE
    assert (eve.role, eve.partstat) == (Role.OPTIONAL, PartStat.DECLINED)
    assert event.revision == '"1"'
    assert not event.recurs
    assert event.last_modified is not None


def test_an_unchanged_calendar_costs_one_request(setting: Setting) -> None:
    primary(setting).put(interview())
    calendar = setting.calendar()
    first = calendar.pull(None, WINDOW)
    setting.fake.asked.clear()
    requests, before = setting.fake.http_requests, replace(calendar.usage)
    second = calendar.pull(first.cursor, WINDOW)
    assert second.invites == second.removed == ()
    assert not second.full
    assert setting.fake.methods() == ["calendar.events.list"]
    assert setting.fake.http_requests - requests == 1
    assert calendar.usage.requests - before.requests == 1
    assert calendar.usage.units - before.units == 1


def test_pages_are_handed_over_one_by_one_and_survive_a_restart(setting: Setting) -> None:
    for number in range(7):
        primary(setting).put(interview(f"e{number}"))
    setting.fake.calendars.page_size = 3
    delta = setting.calendar().pull(None, WINDOW)
    assert len(delta.invites) == 7
    cursor, seen, pulls = None, [], []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PAGE", 3)
        while True:
            delta = setting.calendar().pull(cursor, WINDOW)
            seen += [invite.key for invite in delta.invites]
            pulls.append((delta.full, delta.more))
            cursor = delta.cursor
            if not delta.more:
                break
    assert sorted(seen) == [f"primary/e{number}" for number in range(7)]
    assert pulls == [(True, True), (False, True), (False, False)]


def test_changes_cancellations_and_deletions_come_by_themselves(setting: Setting) -> None:
    for number in range(4):
        primary(setting).put(interview(f"e{number}"))
    calendar = setting.calendar()
    cursor = calendar.pull(None, WINDOW).cursor
    primary(setting).put(interview("e0", "2026-11-21T15:00:00+01:00", sequence=2))
    primary(setting).cancel("e1")
    primary(setting).cancel("e2", details=False)
    delta = calendar.pull(cursor, WINDOW)
    moved, cancelled = (invite.events[0] for invite in delta.invites)
    assert (moved.uid, moved.sequence, moved.start.day) == ("e0@google.com", 2, 21)
    assert (cancelled.uid, cancelled.status) == ("e1@google.com", Status.CANCELLED)
    assert cancelled.last_modified is not None
    assert delta.removed == ("primary/e2",)


def test_series_come_as_instances_with_their_exceptions(setting: Setting) -> None:
    series = interview("s", "2026-11-16T09:00:00+01:00", recurrence=["RRULE:FREQ=WEEKLY;COUNT=4"])
    primary(setting).put(series)
    original = {"dateTime": "2026-11-23T09:00:00+01:00", "timeZone": "Europe/Berlin"}
    moved = interview(
        "s_20261123T080000Z", "2026-11-24T11:00:00+01:00", recurringEventId="s", originalStartTime=original
    )
    primary(setting).put(moved | {"iCalUID": "s@google.com"})
    calendar = setting.calendar()
    first = calendar.pull(None, WINDOW)
    events = sorted((invite.events[0] for invite in first.invites), key=lambda event: event.start)
    assert [event.start.day for event in events] == [16, 24, 30, 7]
    assert {event.uid for event in events} == {"s@google.com"}
    assert all(event.recurs for event in events)
    assert events[1].recurrence_id == datetime(2026, 11, 23, 8, tzinfo=UTC)
    primary(setting).cancel("s_20261123T080000Z")
    [instance] = calendar.pull(first.cursor, WINDOW).invites
    assert instance.events[0].status is Status.CANCELLED
    assert instance.events[0].recurrence_id == datetime(2026, 11, 23, 8, tzinfo=UTC)


def test_a_deleted_series_told_by_its_id_alone_is_read_anew(setting: Setting) -> None:
    primary(setting).put(interview("s", "2026-11-16T09:00:00+01:00", recurrence=["RRULE:FREQ=WEEKLY;COUNT=4"]))
    calendar = setting.calendar()
    cursor = calendar.pull(None, WINDOW).cursor
    primary(setting).cancel("s", details=False)
    with pytest.raises(CursorExpired):
        calendar.pull(cursor, WINDOW)
    assert calendar.pull(None, WINDOW).invites == ()


def test_an_expired_token_is_cursor_expired(setting: Setting) -> None:
    calendar = setting.calendar()
    cursor = calendar.pull(None, WINDOW).cursor
    setting.fake.calendars.expire_tokens()
    with pytest.raises(CursorExpired) as caught:
        calendar.pull(cursor, WINDOW)
    assert caught.value.account == "sam"


def test_an_expired_page_token_is_cursor_expired(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        primary(setting).put(interview(f"e{number}"))
    setting.fake.calendars.page_size = 3
    monkeypatch.setattr(module, "PAGE", 3)
    half = setting.calendar().pull(None, WINDOW)
    assert half.more
    setting.fake.calendars.listings.clear()
    with pytest.raises(CursorExpired):
        setting.calendar().pull(half.cursor, WINDOW)


def test_a_series_deleted_long_ago_does_not_keep_the_first_sync_from_ending(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = {"dateTime": "2026-11-23T09:00:00+01:00", "timeZone": "Europe/Berlin"}
    instance = interview("s_20261123T080000Z", recurringEventId="s", originalStartTime=original)
    primary(setting).put(instance | {"status": "cancelled"})
    primary(setting).put(interview("s"))
    primary(setting).cancel("s")
    setting.fake.calendars.page_size = 1
    monkeypatch.setattr(module, "PAGE", 1)
    calendar = setting.calendar()
    first = calendar.pull(None, WINDOW)
    second = calendar.pull(first.cursor, WINDOW)
    assert (first.more, second.more) == (True, False)
    assert second.invites[0].events[0].status is Status.CANCELLED


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"1":{"covers":["x","y"]}}', '{"1":7}'])
def test_a_strange_cursor_is_expired(setting: Setting, text: str) -> None:
    with pytest.raises(CursorExpired):
        setting.calendar().pull(text, WINDOW)


def test_a_window_that_moves_on_keeps_the_cursor_for_weeks(setting: Setting) -> None:
    primary(setting).put(interview())
    calendar = setting.calendar()
    cursor = calendar.pull(None, WINDOW).cursor
    later = Window(WINDOW.start + timedelta(days=21), WINDOW.end + timedelta(days=21))
    assert not calendar.pull(cursor, later).full
    outgrown = Window(WINDOW.start + timedelta(days=35), WINDOW.end + timedelta(days=35))
    assert calendar.pull(cursor, outgrown).full
    earlier = Window(WINDOW.start - timedelta(days=1), WINDOW.end)
    assert calendar.pull(cursor, earlier).full


def test_several_calendars_and_one_more_later(setting: Setting) -> None:
    setting.fake.calendars.calendars["team@group.calendar.google.com"] = Calendar(
        "team@group.calendar.google.com", "Team", zone="America/New_York"
    )
    primary(setting).put(interview("a"))
    team = setting.fake.calendars.calendars["team@group.calendar.google.com"]
    team.put(
        interview("b", start="2026-11-20T15:00:00+01:00")
        | {"start": {"date": "2026-11-20"}, "end": {"date": "2026-11-21"}}
    )
    both = setting.calendar("primary", "team@group.calendar.google.com")
    delta = both.pull(None, WINDOW)
    assert [invite.key for invite in delta.invites] == ["primary/a", "team@group.calendar.google.com/b"]
    day = delta.invites[1].events[0]
    assert day.all_day
    assert (day.start, day.end) == (
        datetime(2026, 11, 20, tzinfo=ZoneInfo("America/New_York")),
        datetime(2026, 11, 21, tzinfo=ZoneInfo("America/New_York")),
    )
    setting.fake.asked.clear()
    assert both.pull(delta.cursor, WINDOW).invites == ()
    assert len(setting.fake.asked) == 2
    assert setting.calendar("primary").pull(delta.cursor, WINDOW).full


def test_a_calendar_that_is_not_there_is_a_fault_and_no_empty_calendar(setting: Setting) -> None:
    primary(setting).put(interview())
    calendar = setting.calendar("primary", "nobody@group.calendar.google.com")
    with pytest.raises(ConnectorError, match=r"nobody@group\.calendar\.google\.com is not found"):
        calendar.pull(None, WINDOW)
    good, bad = calendar.check()
    assert (good.state, bad.state) == ("ok", "failing")
    assert OWNER in bad.remedy


@pytest.mark.parametrize("kind", ["outOfOffice", "focusTime", "workingLocation", "birthday", "fromGmail"])
def test_event_types_pass_through(setting: Setting, kind: str) -> None:
    primary(setting).put(interview(eventType=kind))
    [invite] = setting.calendar().pull(None, WINDOW).invites
    assert invite.events[0].event_type == kind


def test_attendees_left_out_are_told_and_a_crowd_is_bounded(setting: Setting) -> None:
    primary(setting).put(interview("omitted", attendeesOmitted=True))
    crowd = [{"email": f"p{number}@corp.example"} for number in range(500)]
    primary(setting).put(interview("crowd", attendees=crowd))
    events = {invite.uid: invite.events[0] for invite in setting.calendar().pull(None, WINDOW).invites}
    assert events["omitted@google.com"].attendees_omitted
    assert events["crowd@google.com"].attendees_omitted
    assert len(events["crowd@google.com"].attendees) == 200


def test_an_event_that_cannot_be_read_stops_no_other(setting: Setting) -> None:
    primary(setting).put(interview("good"))
    primary(setting).put(interview("odd") | {"originalStartTime": {"timeZone": "Europe/Berlin"}})
    delta = setting.calendar().pull(None, WINDOW)
    assert [invite.key for invite in delta.invites] == ["primary/good"]
    [problem] = delta.problems
    assert problem.where == "primary/odd"


def test_a_private_event_and_an_unknown_zone(setting: Setting) -> None:
    odd = interview("x", visibility="private")
    for name in ("summary", "attendees", "organizer", "conferenceData", "description"):
        del odd[name]
    odd["start"]["timeZone"] = odd["end"]["timeZone"] = "Mars/Olympus"
    setting.fake.spoil["calendar.events.list"] = {"items": [odd], "timeZone": "Europe/Paris", "nextSyncToken": "t"}
    [invite] = setting.calendar().pull(None, WINDOW).invites
    event = invite.events[0]
    assert (event.summary, event.attendees, event.organizer) == ("", (), None)
    assert str(event.start.tzinfo) == "Europe/Paris"
    assert event.start == datetime(2026, 11, 20, 14, tzinfo=UTC)


def test_without_a_sync_token_it_is_read_anew_each_time(setting: Setting) -> None:
    setting.fake.spoil["calendar.events.list"] = {"items": [interview()], "timeZone": "UTC"}
    calendar = setting.calendar()
    first = calendar.pull(None, WINDOW)
    assert calendar.pull(first.cursor, WINDOW).full


def test_the_cursor_holds_no_words_of_the_calendar(setting: Setting) -> None:
    primary(setting).put(interview())
    cursor = setting.calendar().pull(None, WINDOW).cursor
    assert set(json.loads(cursor)) == {"1"}
    assert "Interview" not in cursor


def test_an_answer_without_anything_is_no_empty_calendar(setting: Setting) -> None:
    setting.fake.pages.append(b"{}")
    with pytest.raises(ProtocolViolation):
        setting.calendar().pull(None, WINDOW)
    assert setting.calendar().pull(None, WINDOW).invites == ()
