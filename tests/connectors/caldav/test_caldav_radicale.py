"""The CalDAV calendar against a real Radicale: discovery, changes, cursors, faults of login and TLS."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest

from connectors.caldav.calendar import CalDav
from connectors.caldav.login import Login, Scheme
from connectors.caldav.wire import Wire
from connectors.errors import AuthenticationError, ConnectorError, CursorExpired, TemporaryError
from connectors.model import Window
from tests.servers.certificates import Authority
from tests.servers.radicale import PASSWORD, USER, Radicale, radicale

START = datetime(2026, 11, 1, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=60))


def event(uid: str, day: datetime = START + timedelta(days=10), summary: str = "", extra: str = "") -> str:
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//\r\nBEGIN:VEVENT\r\n"
        f"UID:{uid}\r\nDTSTAMP:20261101T000000Z\r\nDTSTART:{day:%Y%m%dT%H%M%SZ}\r\n"
        f"DTEND:{day + timedelta(hours=1):%Y%m%dT%H%M%SZ}\r\nSUMMARY:{summary or uid}\r\n{extra}"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    with radicale(tmp_path_factory.mktemp("radicale")) as server:
        yield server


@pytest.fixture
def server(shared_server: Radicale) -> Radicale:
    assert shared_server.send("DELETE", f"/{USER}/") in (200, 204, 404)
    return shared_server


def port(server: Radicale, path: str = "", *, calendars: tuple[str, ...] = (), auth: Scheme = "auto") -> CalDav:
    return CalDav(wire(server, path, auth=auth), ZoneInfo("Europe/Berlin"), calendars)


def wire(server: Radicale, path: str = "", *, password: str = PASSWORD, auth: Scheme = "auto") -> Wire:
    return Wire("work", httpx.URL(server.url + path), Login(USER, lambda: password, auth), allow_loopback_http=True)


def requests(caldav: CalDav, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    asked: list[str] = []
    real = Wire.ask

    def ask(self: Wire, method: str, *args: object, **kwargs: object) -> object:
        asked.append(f"{method} {kwargs['operation']}")
        return real(self, method, *args, **kwargs)  # type: ignore[arg-type] # passed on as they came

    monkeypatch.setattr(Wire, "ask", ask)
    return asked


@pytest.mark.parametrize("path", ["", "/", f"/{USER}/", f"/{USER}/jobs/"])
def test_discovery_from_any_address(server: Radicale, path: str) -> None:
    folder = server.make_calendar("jobs", "Job hunt")
    server.put(folder + "a.ics", event("a"))
    delta = port(server, path).pull(None, WINDOW)
    assert delta.full
    assert [(i.key, i.uid, i.events[0].calendar) for i in delta.invites] == [(folder + "a.ics", "a", "work")]


def test_several_calendars_and_the_list_of_names(server: Radicale) -> None:
    for name in ("one", "two", "three"):
        server.put(server.make_calendar(name, name.title()) + "x.ics", event(name))
    server.make_calendar("tasks", components="VTODO")
    assert sorted(i.uid for i in port(server).pull(None, WINDOW).invites) == ["one", "three", "two"]
    chosen = port(server, calendars=("ONE", f"/{USER}/two/")).pull(None, WINDOW)
    assert sorted(i.uid for i in chosen.invites) == ["one", "two"]
    partly = port(server, calendars=("one", "nowhere")).pull(None, WINDOW)
    assert [p.where for p in partly.problems] == ["nowhere"]
    with pytest.raises(ConnectorError, match="'nowhere'"):
        port(server, calendars=("nowhere",)).pull(None, WINDOW)


def test_only_what_touches_the_window_is_fetched(server: Radicale) -> None:
    folder = server.make_calendar("jobs")
    server.put(folder + "in.ics", event("in"))
    server.put(folder + "old.ics", event("old", START - timedelta(days=100)))
    server.put(folder + "late.ics", event("late", START + timedelta(days=400)))
    server.put(folder + "series.ics", event("series", START - timedelta(days=100), extra="RRULE:FREQ=WEEKLY\r\n"))
    assert sorted(i.uid for i in port(server).pull(None, WINDOW).invites) == ["in", "series"]


def test_added_changed_removed(server: Radicale, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = server.make_calendar("jobs")
    for uid in "abc":
        server.put(f"{folder}{uid}.ics", event(uid))
    caldav = port(server)
    first = caldav.pull(None, WINDOW)
    server.put(folder + "a.ics", event("a", summary="moved"))
    server.put(folder + "d.ics", event("d"))
    server.delete(folder + "b.ics")
    asked = requests(caldav, monkeypatch)
    second = caldav.pull(first.cursor, WINDOW)
    assert not second.full
    assert {i.uid: i.events[0].summary for i in second.invites} == {"a": "moved", "d": "d"}
    assert second.removed == (folder + "b.ics",)
    assert asked == ["PROPFIND list calendars", "REPORT sync", "REPORT multiget"]


def test_an_unchanged_cycle_is_one_request(server: Radicale, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        server.put(server.make_calendar(name) + "x.ics", event(name))
    caldav = port(server)
    first = caldav.pull(None, WINDOW)
    asked = requests(caldav, monkeypatch)
    again = caldav.pull(first.cursor, WINDOW)
    assert (again.invites, again.removed, again.cursor, again.full) == ((), (), first.cursor, False)
    assert asked == ["PROPFIND list calendars"]


def test_an_expired_token_costs_neither_changes_nor_a_full_read(
    server: Radicale, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = server.make_calendar("jobs")
    for uid in "abc":
        server.put(f"{folder}{uid}.ics", event(uid))
    first = port(server).pull(None, WINDOW)
    cursor = json.loads(first.cursor)
    cursor["in"][folder][0] = "http://radicale.org/ns/sync/" + "0" * 64
    cursor["in"][folder][1] = "old"
    server.put(folder + "a.ics", event("a", summary="moved"))
    server.delete(folder + "b.ics")
    caldav = port(server)
    asked = requests(caldav, monkeypatch)
    second = caldav.pull(json.dumps(cursor), WINDOW)
    assert ([i.uid for i in second.invites], second.removed, second.full) == (["a"], (folder + "b.ics",), False)
    assert asked[-3:] == ["REPORT query", "REPORT multiget", "REPORT multiget"]


@pytest.mark.parametrize("uids", ["ab", "abcdef"])
def test_without_sync_collection_etags_are_compared(
    server: Radicale, monkeypatch: pytest.MonkeyPatch, uids: str
) -> None:
    folder = server.make_calendar("jobs")
    for uid in uids:
        server.put(f"{folder}{uid}.ics", event(uid))
    first = port(server).pull(None, WINDOW)
    cursor = json.loads(first.cursor)
    cursor["in"][folder][0] = ""
    cursor["in"][folder][1] = "old"
    server.put(folder + "a.ics", event("a", START + timedelta(days=500)))
    second = port(server).pull(json.dumps(cursor), WINDOW)
    # Moved out of the window: it is told as moved, not as removed.
    assert ([i.uid for i in second.invites], second.removed) == (["a"], ())


def test_a_wider_window_brings_what_lies_there(server: Radicale) -> None:
    folder = server.make_calendar("jobs")
    late = START + timedelta(days=300)
    server.put(folder + "a.ics", event("a"))
    server.put(folder + "late.ics", event("late", late))
    caldav = port(server)
    first = caldav.pull(None, WINDOW)
    a_week_on = Window(WINDOW.start + timedelta(days=7), WINDOW.end + timedelta(days=7))
    assert caldav.pull(first.cursor, a_week_on).cursor == first.cursor
    grown = caldav.pull(first.cursor, Window(WINDOW.start, late + timedelta(days=1)))
    assert sorted(i.uid for i in grown.invites) == ["a", "late"]
    assert grown.removed == ()


def test_a_broken_resource_stops_no_other(server: Radicale) -> None:
    folder = server.make_calendar("jobs")
    for uid in "abc":
        server.put(f"{folder}{uid}.ics", event(uid))
    stored = next(server.store.rglob("b.ics"))
    stored.write_text(stored.read_text().replace("DTSTART:20261111", "DTSTART:2026-fog"))
    first = port(server).pull(None, WINDOW)
    assert {"a", "c"} <= {i.uid for i in first.invites}


def test_many_resources_come_in_batches(server: Radicale, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = server.make_calendar("jobs")
    whole = "".join(event(f"e{n}").partition("//t//\r\n")[2].removesuffix("END:VCALENDAR\r\n") for n in range(120))
    calendar = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//\r\n{whole}END:VCALENDAR\r\n"
    server.delete(folder)
    server.put(folder, calendar)
    caldav = port(server)
    asked = requests(caldav, monkeypatch)
    delta = caldav.pull(None, WINDOW)
    assert len({i.key for i in delta.invites}) == 120
    assert asked.count("REPORT multiget") == 3


def test_suddenly_empty_is_a_fault(server: Radicale) -> None:
    folder = server.make_calendar("jobs")
    for uid in "abcd":
        server.put(f"{folder}{uid}.ics", event(uid))
    caldav = port(server)
    first = caldav.pull(None, WINDOW)
    for uid in "abcd":
        server.delete(f"{folder}{uid}.ics")
    with pytest.raises(TemporaryError, match="suddenly empty"):
        caldav.pull(first.cursor, WINDOW)
    server.put(folder + "a.ics", event("a"))
    back = caldav.pull(first.cursor, WINDOW)
    assert sorted(back.removed) == [folder + "b.ics", folder + "c.ics", folder + "d.ics"]


def test_a_calendar_that_is_gone_takes_nothing_with_it(server: Radicale) -> None:
    one, two = server.make_calendar("one"), server.make_calendar("two")
    server.put(one + "a.ics", event("a"))
    server.put(two + "b.ics", event("b"))
    caldav = port(server)
    first = caldav.pull(None, WINDOW)
    server.delete(two)
    second = caldav.pull(first.cursor, WINDOW)
    assert (second.invites, second.removed) == ((), ())
    assert [p.where for p in second.problems] == [two]


def test_one_alone_may_be_removed(server: Radicale) -> None:
    folder = server.make_calendar("jobs")
    server.put(folder + "a.ics", event("a"))
    caldav = port(server)
    first = caldav.pull(None, WINDOW)
    server.delete(folder + "a.ics")
    assert caldav.pull(first.cursor, WINDOW).removed == (folder + "a.ics",)


def test_odd_names_are_one_resource_however_they_are_encoded(server: Radicale) -> None:
    folder = server.make_calendar("jobs")
    server.put(folder + "a%40b%20c.ics", event("a@b c"))
    caldav = port(server)
    first = caldav.pull(None, WINDOW)
    assert [i.key for i in first.invites] == [folder + "a@b%20c.ics"]
    server.put(folder + "keep.ics", event("keep"))
    server.delete(folder + "a%40b%20c.ics")
    assert caldav.pull(first.cursor, WINDOW).removed == (folder + "a@b%20c.ics",)


@pytest.mark.parametrize("auth", ["auto", "basic"])
def test_a_wrong_password_is_told_without_it(server: Radicale, auth: Scheme) -> None:
    caldav = CalDav(wire(server, password="wrong-hunter2", auth=auth), ZoneInfo("UTC"))
    with pytest.raises(AuthenticationError) as caught:
        caldav.pull(None, WINDOW)
    assert "hunter2" not in f"{caught.value} {caught.value!r}"
    assert caldav.check()[0].state == "failing"


def test_a_wrong_path_is_made_good_by_the_well_known_address(server: Radicale) -> None:
    server.put(server.make_calendar("jobs") + "a.ics", event("a"))
    assert [i.uid for i in port(server, f"/{USER}/nothing-here/").pull(None, WINDOW).invites] == ["a"]


def test_nobody_listens(tmp_path: Path) -> None:
    caldav = port(Radicale(1, tmp_path))
    with pytest.raises(TemporaryError):
        caldav.pull(None, WINDOW)


@pytest.mark.parametrize("cursor", ["", "[]", "{}", '{"v":1,"from":"x","to":"y","in":{}}', '{"v":1}', "null"])
def test_a_foreign_cursor_has_expired(server: Radicale, cursor: str) -> None:
    with pytest.raises(CursorExpired):
        port(server).pull(cursor, WINDOW)


def test_check_lists_calendars_and_what_is_missing(server: Radicale) -> None:
    server.make_calendar("jobs", "Job hunt")
    lines = port(server, calendars=("Job hunt", "nowhere")).check()
    assert [(line.what, line.state) for line in lines] == [
        ("calendar 'Job hunt'", "ok"),
        ("calendar 'nowhere'", "failing"),
    ]
    assert "'Job hunt'" in lines[1].remedy


def test_the_port_serves_again_after_close(server: Radicale) -> None:
    server.put(server.make_calendar("jobs") + "a.ics", event("a"))
    caldav = port(server)
    first = caldav.pull(None, WINDOW)
    caldav.close()
    assert caldav.pull(first.cursor, WINDOW).cursor == first.cursor


def test_tls_is_verified(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    with radicale(tmp_path / "server", authority.issue("server")) as server:
        untrusted = CalDav(Wire("work", httpx.URL(server.url), Login(USER, lambda: PASSWORD)), ZoneInfo("UTC"))
        with pytest.raises(ConnectorError, match="certificate is not trusted"):
            untrusted.pull(None, WINDOW)
        trusted = Wire("work", httpx.URL(server.url), Login(USER, lambda: PASSWORD), ca_file=authority.ca_file)
        with pytest.raises(ConnectorError, match="no calendar for events"):
            CalDav(trusted, ZoneInfo("UTC")).pull(None, WINDOW)
