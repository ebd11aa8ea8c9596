"""A secret .ics address: changes, no changes, and all that a server may send in place of a calendar."""

import gzip
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from zoneinfo import ZoneInfo

import pytest

from connectors.errors import (
    AuthenticationError,
    ConnectorError,
    CursorExpired,
    ProtocolViolation,
    TemporaryError,
)
from connectors.ics_url.feed import IcsUrl
from connectors.model import Window
from connectors.web import Pace
from connectors.web_errors import TooLarge
from tests.servers.scripted_http import Asked, Scripted, reply, scripted

START = datetime(2026, 11, 1, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=60))
SECRET = "private-0123456789abcdef"


def event(
    uid: str, day: datetime = START + timedelta(days=10), extra: str = "", stamp: str = "20261101T000000Z"
) -> str:
    return (
        f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:{stamp}\r\nDTSTART:{day:%Y%m%dT%H%M%SZ}\r\n"
        f"DTEND:{day + timedelta(hours=1):%Y%m%dT%H%M%SZ}\r\nSUMMARY:Interview {uid}\r\n{extra}END:VEVENT\r\n"
    )


def calendar(*events: str) -> bytes:
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//\r\n" + "".join(events) + "END:VCALENDAR\r\n").encode()


@dataclass
class Feed:
    """What the server gives; with `validators`, it answers 304 to who knows it."""

    data: bytes
    validators: bool = True
    headers: dict[str, str] = field(default_factory=dict)

    def __call__(self, asked: Asked, handler: BaseHTTPRequestHandler) -> None:
        tag = f'"{hash(self.data)}"'
        if self.validators and asked.headers.get("If-None-Match") == tag:
            reply(handler, status=304, Content_Length="0")
            return
        headers = dict(self.headers)
        if self.validators:
            headers |= {"ETag": tag, "Last_Modified": "Mon, 02 Nov 2026 10:00:00 GMT"}
        reply(handler, self.data, Content_Type="text/calendar", **headers)


def feed_of(server: Scripted, path: str = f"/{SECRET}/basic.ics") -> IcsUrl:
    return IcsUrl(
        "work",
        lambda: server.url + path,
        ZoneInfo("Europe/Berlin"),
        allow_loopback_http=True,
        pace=Pace(connect=10, silence=30, total=60),
    )


def test_first_pull_gives_all_that_touches_the_window() -> None:
    far = START + timedelta(days=900)
    series = event("weekly", START - timedelta(days=400), "RRULE:FREQ=WEEKLY\r\n")
    feed = Feed(calendar(event("a"), event("old", START - timedelta(days=90)), event("far", far), series))
    with scripted(feed) as server:
        delta = feed_of(server).pull(None, WINDOW)
    assert delta.full
    assert sorted(i.key for i in delta.invites) == ["a", "weekly"]
    assert {i.events[0].calendar for i in delta.invites} == {"work"}
    assert delta.invites[0].received_at == datetime(2026, 11, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize("validators", [True, False])
def test_unchanged_is_an_empty_delta_with_the_same_cursor(validators: bool) -> None:
    feed = Feed(calendar(event("a")), validators)
    with scripted(feed) as server:
        port = feed_of(server)
        first = port.pull(None, WINDOW)
        again = port.pull(first.cursor, WINDOW)
    assert (again.invites, again.removed, again.full, again.cursor) == ((), (), False, first.cursor)
    assert ("If-None-Match" in server.asked[-1].headers) is validators


def test_a_new_time_of_export_alone_is_no_change() -> None:
    feed = Feed(calendar(event("a", stamp="20261101T000000Z")), validators=False)
    with scripted(feed) as server:
        port = feed_of(server)
        first = port.pull(None, WINDOW)
        feed.data = calendar(event("a", stamp="20261102T000000Z"))
        assert port.pull(first.cursor, WINDOW).cursor == first.cursor


def test_added_changed_and_removed_show_in_a_full_delta() -> None:
    feed = Feed(calendar(event("a"), event("b")))
    with scripted(feed) as server:
        port = feed_of(server)
        first = port.pull(None, WINDOW)
        feed.data = calendar(event("a", extra="LOCATION:Room 2\r\n"), event("c"))
        second = port.pull(first.cursor, WINDOW)
    assert second.full
    assert second.cursor != first.cursor
    assert sorted(i.key for i in second.invites) == ["a", "c"]


def test_a_wider_window_is_read_again() -> None:
    late = START + timedelta(days=300)
    feed = Feed(calendar(event("a"), event("late", late)))
    with scripted(feed) as server:
        port = feed_of(server)
        first = port.pull(None, WINDOW)
        a_week_on = Window(WINDOW.start + timedelta(days=7), WINDOW.end + timedelta(days=7))
        assert port.pull(first.cursor, a_week_on).cursor == first.cursor
        grown = port.pull(first.cursor, Window(WINDOW.start, late + timedelta(days=1)))
    assert sorted(i.key for i in grown.invites) == ["a", "late"]
    assert grown.full


def test_a_broken_event_stops_no_other() -> None:
    broken = "BEGIN:VEVENT\r\nUID:broken\r\nDTSTART:yesterday\r\nEND:VEVENT\r\n"
    with scripted(Feed(calendar(event("a"), broken, event("b")))) as server:
        delta = feed_of(server).pull(None, WINDOW)
    assert sorted(i.key for i in delta.invites) == ["a", "b"]
    assert delta.problems
    assert SECRET not in str(delta)


def test_suddenly_empty_is_a_fault() -> None:
    feed = Feed(whole := calendar(*map(event, "abcd")))
    with scripted(feed) as server:
        port = feed_of(server)
        first = port.pull(None, WINDOW)
        feed.data = calendar()
        with pytest.raises(TemporaryError, match="suddenly empty"):
            port.pull(first.cursor, WINDOW)
        feed.data = whole
        assert port.pull(first.cursor, WINDOW).cursor == first.cursor


def test_empty_from_the_start_is_none() -> None:
    with scripted(Feed(calendar())) as server:
        delta = feed_of(server).pull(None, WINDOW)
    assert (delta.invites, delta.problems, delta.full) == ((), (), True)


def _html(asked: Asked, handler: BaseHTTPRequestHandler) -> None:
    reply(handler, "<!doctype html><title>Log in</title>", Content_Type="text/html")


def _truncated(asked: Asked, handler: BaseHTTPRequestHandler) -> None:
    reply(handler, calendar(event("a"))[:-40])


HUGE = gzip.compress(b" " * 60_000_000)


def _huge(asked: Asked, handler: BaseHTTPRequestHandler) -> None:
    reply(handler, HUGE, Content_Encoding="gzip")


def _loop(asked: Asked, handler: BaseHTTPRequestHandler) -> None:
    reply(handler, status=302, Location=f"/{SECRET}/again")


def _status(code: int) -> Callable[[Asked, BaseHTTPRequestHandler], None]:
    return lambda asked, handler: reply(handler, "no", status=code)


def _plain_http(asked: Asked, handler: BaseHTTPRequestHandler) -> None:
    reply(handler, status=302, Location=f"http://calendar.example.com/{SECRET}")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (_html, ProtocolViolation),
        (_truncated, TemporaryError),
        (_huge, TooLarge),
        (_loop, ProtocolViolation),
        (_plain_http, ProtocolViolation),
        (_status(404), ConnectorError),
        (_status(403), AuthenticationError),
        (_status(500), TemporaryError),
        (_status(304), ProtocolViolation),
    ],
)
def test_what_is_no_calendar(
    answer: Callable[[Asked, BaseHTTPRequestHandler], None], kind: type[ConnectorError]
) -> None:
    with scripted(answer) as server:
        port = feed_of(server)
        with pytest.raises(kind) as caught:
            port.pull(None, WINDOW)
        line = port.check()[0]
    assert type(caught.value) is kind
    assert line.state == "failing"
    said = f"{caught.value!s} {caught.value!r} {line} {caught.value.__cause__!r}"
    assert SECRET not in said
    assert caught.value.__cause__ is None


def test_a_connection_that_cannot_be_made_keeps_the_secret() -> None:
    port = IcsUrl("work", lambda: f"https://127.0.0.1:1/{SECRET}", ZoneInfo("UTC"))
    with pytest.raises(TemporaryError) as caught:
        port.pull(None, WINDOW)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("address", [f"http://cal.example.com/{SECRET}", f"ftp://h/{SECRET}", SECRET, "", "https://"])
def test_only_https(address: str) -> None:
    port = IcsUrl("work", lambda: address, ZoneInfo("UTC"))
    with pytest.raises(ConnectorError, match="no https or webcal address") as caught:
        port.pull(None, WINDOW)
    assert SECRET not in str(caught.value)


def test_webcal_means_https() -> None:
    port = IcsUrl("work", lambda: "webcal://cal.example.com/x.ics", ZoneInfo("UTC"))
    assert str(port._url()) == "https://cal.example.com/x.ics"


@pytest.mark.parametrize("cursor", ["", "null", "[]", "{}", '{"v":9}', "x" * 100, json.dumps({"v": 1, "etag": 1})])
def test_a_foreign_cursor_has_expired(cursor: str) -> None:
    port = IcsUrl("work", lambda: "https://cal.example.com/x.ics", ZoneInfo("UTC"))
    with pytest.raises(CursorExpired):
        port.pull(cursor, WINDOW)


def test_neither_cursor_nor_log_holds_the_secret(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), scripted(Feed(calendar(event("a")))) as server:
        delta = feed_of(server).pull(None, WINDOW)
    assert SECRET not in caplog.text
    assert SECRET not in delta.cursor
    assert str(server.port) not in delta.cursor


def test_check_says_what_is_there() -> None:
    with scripted(Feed(calendar(event("a"), event("b")))) as server:
        lines = feed_of(server).check()
    assert [(line.state, "2 events" in line.detail) for line in lines] == [("ok", True)]
