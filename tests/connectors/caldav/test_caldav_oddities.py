"""Oddities of services that cannot be run here, and servers that mean harm. Sources: quirks_dav."""

import gzip
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from zoneinfo import ZoneInfo

import httpx
import pytest

from connectors.caldav.calendar import CalDav
from connectors.caldav.login import Login, Scheme
from connectors.caldav.wire import Wire
from connectors.errors import AuthenticationError, ConnectorError, ProtocolViolation, RateLimited, TemporaryError
from connectors.model import Method, Window
from connectors.quirks_dav import canonical_path, is_partition
from connectors.web import Pace
from connectors.web_errors import TooLarge
from tests.servers.scripted_dav import INBOX, ScriptedDav
from tests.servers.scripted_http import Asked, Scripted, reply, scripted

START = datetime(2026, 11, 1, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=60))
WORK = "/dav/erika/jobs/"


def vevent(uid: str, summary: str = "") -> str:
    return (
        f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20261101T000000Z\r\nDTSTART:20261110T100000Z\r\n"
        f"DTEND:20261110T110000Z\r\nSUMMARY:{summary or uid}\r\nEND:VEVENT\r\n"
    )


def calendar(*events: str, method: str = "") -> str:
    head = f"METHOD:{method}\r\n" if method else ""
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//\r\n{head}{''.join(events)}END:VCALENDAR\r\n"


PATIENT = Pace(connect=10, silence=30, total=60)
QUICK = Pace(connect=2, silence=0.4, total=1.5)


def port(
    server: Scripted,
    path: str = "/dav/",
    *,
    auth: Scheme = "basic",
    calendars: tuple[str, ...] = (),
    pace: Pace = PATIENT,
) -> CalDav:
    wire = Wire(
        "work",
        httpx.URL(server.url + path),
        Login("erika", lambda: "right horse", auth),
        allow_loopback_http=True,
        pace=pace,
    )
    return CalDav(wire, ZoneInfo("UTC"), calendars)


def filled(dav: ScriptedDav, uids: str = "abc") -> ScriptedDav:
    for uid in uids:
        dav.put(f"{WORK}{uid}.ics", calendar(vevent(uid)))
    return dav


@pytest.mark.parametrize(
    "dav",
    [
        ScriptedDav(),
        ScriptedDav(sync=False),
        ScriptedDav(sync=False, ctag=False),
        ScriptedDav(sync=False, query=False),
        ScriptedDav(gone_status=418),
        ScriptedDav(lists_itself=True),
        ScriptedDav(page=1),
        ScriptedDav(quoted="@"),
    ],
    ids=["plain", "ctag", "etag", "no query", "Nextcloud 418", "iCloud lists itself", "truncated", "encoded"],
)
def test_changes_come_through_whatever_the_server_can_do(dav: ScriptedDav) -> None:
    with scripted(filled(dav, "abc@")) as server:
        caldav = port(server)
        first = caldav.pull(None, WINDOW)
        assert sorted(i.uid for i in first.invites) == ["@", "a", "b", "c"]
        assert caldav.pull(first.cursor, WINDOW).invites == ()
        dav.put(f"{WORK}a.ics", calendar(vevent("a", "moved")))
        dav.put(f"{WORK}d.ics", calendar(vevent("d")))
        dav.delete(f"{WORK}b.ics")
        dav.delete(f"{WORK}@.ics")
        second = caldav.pull(first.cursor, WINDOW)
        assert sorted(i.events[0].summary for i in second.invites) == ["d", "moved"]
        assert sorted(second.removed) == [f"{WORK}@.ics", f"{WORK}b.ics"]
        third = caldav.pull(second.cursor, WINDOW)
        assert (third.invites, third.removed, second.full) == ((), (), False)


def test_a_forgotten_token_is_made_good() -> None:
    dav = filled(ScriptedDav())
    with scripted(dav) as server:
        caldav = port(server)
        first = caldav.pull(None, WINDOW)
        dav.delete(f"{WORK}a.ics")
        dav.forgotten = 1000
        second = caldav.pull(first.cursor, WINDOW)
    assert (second.invites, second.removed, second.full) == ((), (f"{WORK}a.ics",), False)


@pytest.mark.parametrize("sync", [True, False])
def test_suddenly_empty_is_a_fault(sync: bool) -> None:
    dav = filled(ScriptedDav(sync=sync), "abcd")
    with scripted(dav) as server:
        caldav = port(server)
        first = caldav.pull(None, WINDOW)
        for uid in "abcd":
            dav.delete(f"{WORK}{uid}.ics")
        with pytest.raises(TemporaryError, match="suddenly empty"):
            caldav.pull(first.cursor, WINDOW)


def test_several_uids_in_one_resource_are_several_invites() -> None:
    dav = ScriptedDav()
    dav.put(f"{WORK}both.ics", calendar(vevent("one"), vevent("two")))
    dav.put(f"{WORK}other.ics", calendar(vevent("other")))
    with scripted(dav) as server:
        caldav = port(server)
        first = caldav.pull(None, WINDOW)
        keys = {i.uid: i.key for i in first.invites}
        assert len(set(keys.values())) == 3
        dav.put(f"{WORK}both.ics", calendar(vevent("two")))
        second = caldav.pull(first.cursor, WINDOW)
        assert set(second.removed) == {keys["one"], keys["two"]}
        assert [(i.uid, i.key) for i in second.invites] == [("two", f"{WORK}both.ics")]
        dav.delete(f"{WORK}both.ics")
        assert caldav.pull(second.cursor, WINDOW).removed == (f"{WORK}both.ics",)


def test_one_resource_that_the_server_fails_over_stops_no_other() -> None:
    dav = filled(ScriptedDav(poison=frozenset({f"{WORK}b.ics"}), omitted=frozenset({f"{WORK}c.ics"})), "abcdefgh")
    with scripted(dav) as server:
        delta = port(server).pull(None, WINDOW)
    assert sorted(i.uid for i in delta.invites) == ["a", "d", "e", "f", "g", "h"]
    assert sorted(p.where for p in delta.problems) == [f"{WORK}b.ics", f"{WORK}c.ics"]
    assert dav.counts.count("calendar-multiget") < 10


def test_what_cannot_be_read_any_more_is_not_removed() -> None:
    dav = filled(ScriptedDav())
    with scripted(dav) as server:
        caldav = port(server)
        first = caldav.pull(None, WINDOW)
        dav.put(
            f"{WORK}a.ics", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART:fog\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
        second = caldav.pull(first.cursor, WINDOW)
        assert (second.invites, second.removed) == ((), ())
        assert second.problems
        assert caldav.pull(second.cursor, WINDOW).problems == ()


def test_the_scheduling_inbox_is_read_with_its_method() -> None:
    dav = filled(ScriptedDav(inbox=True), "a")
    dav.put(f"{INBOX}x.ics", calendar(vevent("x"), method="REQUEST"))
    with scripted(dav) as server:
        caldav = port(server, calendars=("Work",))
        first = caldav.pull(None, WINDOW)
        assert {i.uid: i.method for i in first.invites} == {"a": Method.PUBLISH, "x": Method.REQUEST}
        dav.delete(f"{INBOX}x.ics")
        assert caldav.pull(first.cursor, WINDOW).removed == (f"{INBOX}x.ics",)


def test_somebody_elses_calendar_is_marked() -> None:
    dav = ScriptedDav(
        folders={WORK: "Work", "/dav/erika/boss/": "Boss"}, owners={"/dav/erika/boss/": "/principals/boss/"}
    )
    filled(dav, "a").put("/dav/erika/boss/b.ics", calendar(vevent("b")))
    with scripted(dav) as server:
        delta = port(server).pull(None, WINDOW)
        lines = port(server).check()
    assert {i.uid: i.events[0].owned for i in delta.invites} == {"a": True, "b": False}
    assert [line.what for line in lines if "somebody else's" in line.detail] == ["calendar 'Boss'"]


def test_one_forbidden_calendar_stops_no_other() -> None:
    other = "/dav/erika/other/"
    dav = filled(ScriptedDav(folders={WORK: "Work", other: "Other"}, forbidden=frozenset({other})), "abcd")
    with scripted(dav) as server:
        caldav = port(server)
        first = caldav.pull(None, WINDOW)
        assert (len(first.invites), [p.where for p in first.problems]) == (4, [other])
        dav.put(f"{WORK}a.ics", calendar(vevent("a", "moved")))
        assert len(caldav.pull(first.cursor, WINDOW).invites) == 1
        dav.forbidden = frozenset({other, WORK})
        dav.put(f"{WORK}a.ics", calendar(vevent("a", "again")))
        with pytest.raises(AuthenticationError, match="forbidden"):
            caldav.pull(first.cursor, WINDOW)


@pytest.mark.parametrize("another", [True, False])
def test_what_grew_old_is_neither_removed_nor_remembered(another: bool) -> None:
    dav = ScriptedDav(window=True)
    for n in range(5):
        dav.put(f"{WORK}old{n}.ics", calendar(vevent(f"old{n}")))
    with scripted(dav) as server:
        caldav = port(server)
        first = caldav.pull(None, WINDOW)
        later = Window(WINDOW.start + timedelta(days=90), WINDOW.end + timedelta(days=90))
        if another:
            dav.put(f"{WORK}new.ics", calendar(vevent("new").replace("20261110", "20270301")))
        second = caldav.pull(first.cursor, later)
        assert ([i.uid for i in second.invites], second.removed, second.problems) == (["new"] * another, (), ())
        assert "old1" not in second.cursor
        dav.delete(f"{WORK}old1.ics")
        assert caldav.pull(second.cursor, later).removed == (f"{WORK}old1.ics",)


def test_of_many_changes_the_server_tells_which_lie_in_the_window() -> None:
    dav = filled(ScriptedDav(), "abc")
    with scripted(dav) as server:
        caldav = port(server)
        first = caldav.pull(None, WINDOW)
        for n in range(300):
            dav.put(f"{WORK}n{n}.ics", calendar(vevent(f"n{n}")))
        before = len(dav.counts)
        delta = caldav.pull(first.cursor, WINDOW)
    assert len(delta.invites) == 300
    assert dav.counts[before:].count("calendar-query") == 1


def test_a_fresh_token_is_asked_for_once_when_the_old_one_is_refused() -> None:
    tokens = iter(["old", "new", "newer"])
    dav = filled(ScriptedDav())

    def answer(asked: Asked, handler: BaseHTTPRequestHandler) -> None:
        if asked.headers.get("Authorization") == "Bearer new":
            dav(asked, handler)
        else:
            reply(handler, status=401, WWW_Authenticate="Bearer")

    with scripted(answer) as server:
        caldav = CalDav(
            Wire(
                "work",
                httpx.URL(server.url + "/dav/"),
                Login("", lambda: next(tokens), "bearer"),
                allow_loopback_http=True,
            ),
            ZoneInfo("UTC"),
        )
        assert len(caldav.pull(None, WINDOW).invites) == 3
    assert next(tokens) == "newer"


@pytest.mark.parametrize("challenge", ['Digest realm="r", nonce="n", qop="auth"', 'Basic realm="r"', None])
def test_the_server_chooses_how_to_log_in(challenge: str | None) -> None:
    dav = filled(ScriptedDav())
    wanted = "Digest " if challenge and challenge.startswith("Digest") else "Basic "

    def answer(asked: Asked, handler: BaseHTTPRequestHandler) -> None:
        if asked.headers.get("Authorization", "").startswith(wanted):
            dav(asked, handler)
        else:
            reply(handler, status=401, **({"WWW_Authenticate": challenge} if challenge else {}))

    with scripted(answer) as server:
        assert len(port(server, auth="auto").pull(None, WINDOW).invites) == 3


def _say(body: bytes, status: int = 207, **headers: str) -> Callable[[Asked, BaseHTTPRequestHandler], None]:
    return lambda asked, handler: reply(handler, body, status=status, **headers)


def _cut(asked: Asked, handler: BaseHTTPRequestHandler) -> None:
    reply(
        handler, b'<?xml version="1.0"?><D:multistatus xmlns:D="DAV:"><D:response>', status=207, Content_Type="text/xml"
    )


def _half(asked: Asked, handler: BaseHTTPRequestHandler) -> None:
    reply(handler, b"<multistatus", status=207, Content_Length="5000")
    handler.close_connection = True


def _drip(asked: Asked, handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 207 Multi-Status\r\nContent-Type: text/xml\r\n\r\n<?xml")
    for _ in range(100):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        if handler.connection.fileno() < 0:
            return
        time.sleep(0.05)


def _bomb(asked: Asked, handler: BaseHTTPRequestHandler) -> None:
    reply(handler, _BOMB, status=207, Content_Encoding="gzip")


_BOMB = gzip.compress(b"<multistatus>" + b" " * 120_000_000, 9)
_LAUGHS = (
    b"""<?xml version="1.0"?><!DOCTYPE m [<!ENTITY a "hahahahahahahahahahaha">"""
    + b"".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 20}">'.encode() for n in range(8))
    + b"""]><D:multistatus xmlns:D="DAV:"><D:response><D:href>&i;</D:href></D:response></D:multistatus>"""
)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (_say(b"<!doctype html><title>Hotel Wi-Fi</title>", 200, Content_Type="text/html"), ProtocolViolation),
        (_say(b"", 200), ProtocolViolation),
        (_say(b'<?xml version="1.0"?><D:prop xmlns:D="DAV:">multistatus</D:prop>'), ProtocolViolation),
        (_say(b"x" * 10_000_000), ProtocolViolation),
        (_say(b"x" * 40_000_000), TooLarge),
        (_cut, ProtocolViolation),
        (_half, TemporaryError),
        (_drip, TemporaryError),
        (_bomb, TooLarge),
        (_say(_LAUGHS, Content_Type="text/xml"), ConnectorError),
        (_say(b"", 302, Location="/dav/"), ProtocolViolation),
        (_say(b"", 302, Location="https://evil.example.com/dav/"), ProtocolViolation),
        (_say(b"", 401, WWW_Authenticate='Basic realm="x"'), AuthenticationError),
        (_say(b"", 403), AuthenticationError),
        (_say(b"", 429, Retry_After="60"), RateLimited),
        (_say(b"", 503, Retry_After="60"), RateLimited),
        (_say(b"", 500), TemporaryError),
        (_say(b"", 502), TemporaryError),
    ],
)
def test_hostile_and_broken_servers(
    answer: Callable[[Asked, BaseHTTPRequestHandler], None],
    kind: type[ConnectorError],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with scripted(answer) as server:
        caldav = port(server, pace=QUICK if answer is _drip else PATIENT)
        with pytest.raises(ConnectorError) as caught:
            caldav.pull(None, WINDOW)
        assert caldav.check()[0].state == "failing"
    assert isinstance(caught.value, kind)
    assert (caught.value.account, caught.value.operation) == ("work", "discovery")
    assert "right horse" not in f"{caught.value} {caplog.text}"
    assert "Wi-Fi" not in caplog.text
    assert len(server.asked) <= 30


def test_hrefs_on_another_host_are_not_asked() -> None:
    body = (
        b'<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:response><D:href>/dav/</D:href>'
        b"<D:propstat><D:prop><C:calendar-home-set><D:href>https://evil.example.com/home/</D:href>"
        b"</C:calendar-home-set></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>"
    )
    with scripted(_say(body)) as server, pytest.raises(ProtocolViolation, match=r"evil\.example\.com"):
        port(server).pull(None, WINDOW)


def test_partitions_of_icloud_and_of_nobody_else() -> None:
    icloud = httpx.URL("https://caldav.icloud.com/")
    assert is_partition(icloud, httpx.URL("https://p67-caldav.icloud.com:443/1/calendars/"))
    for other in (
        "http://p67-caldav.icloud.com/",
        "https://p67-caldav.icloud.com.evil.example/",
        "https://evil.example/p67-caldav.icloud.com",
        "https://a.p67-caldav.icloud.com/",
        "https://p67-caldav.icloud.com:8443/",
    ):
        assert not is_partition(icloud, httpx.URL(other))
    assert not is_partition(httpx.URL("https://cal.example.com/"), httpx.URL("https://p67-caldav.icloud.com/"))


def test_the_login_goes_to_subdomains_only_by_the_well_known_address() -> None:
    wire = Wire("work", httpx.URL("https://example.com/"), Login("e", lambda: "x"))
    there = httpx.URL("https://caldav.example.com/dav/")
    assert not wire._may_follow(httpx.URL("https://example.com/"), there)
    assert not wire.adopt(httpx.URL("http://caldav.example.com/"))
    assert not wire.adopt(httpx.URL("https://evilexample.com/"))
    assert wire._may_follow(httpx.URL("https://example.com/.well-known/caldav"), there)
    assert wire.trusts(there)


@pytest.mark.parametrize(
    ("raw", "one"),
    [
        ("/a%40b/", "/a@b/"),
        ("/a@b/", "/a@b/"),
        ("/x%2540y", "/x@y"),
        ("/a%2Fb", "/a%2Fb"),
        ("/%c3%a4 b", "/%C3%A4%20b"),
    ],
)
def test_one_spelling_of_a_path(raw: str, one: str) -> None:
    assert canonical_path(raw) == one
