"""Invites on a server that has no CONDSTORE, SPECIAL-USE, LIST-STATUS or UNSELECT, and no known name."""

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from connectors.imap.calendar import ImapCalendar
from connectors.imap.connection import Login, Security, Server
from connectors.imap.session import Session
from tests.connectors.imap.conftest import NOW, WINDOW
from tests.connectors.imap.mails import SHAPES, invite, plain, put
from tests.servers import pymap
from tests.servers.pymap import Pymap

SOON = NOW + timedelta(days=2)


@pytest.fixture(scope="module")
def running() -> Iterator[Pymap]:
    if not pymap.available():
        pytest.skip("pymap is not installed (PyPI)")
    with Pymap() as server:
        yield server


@pytest.fixture
def server(running: Pymap) -> Pymap:
    running.empty()
    return running


def session(server: Pymap) -> Session:
    where = Server("127.0.0.1", server.port, Security.PLAIN, read_timeout=10)
    return Session(where, Login(pymap.USER, lambda: pymap.PASSWORD), account="pymap")


def calendar(session: Session) -> ImapCalendar:
    return ImapCalendar(session, name="mail", zone=ZoneInfo("Europe/Berlin"), lead=timedelta(days=30))


def test_every_shape_is_found(server: Pymap) -> None:
    client = server.client()
    for number, shape in enumerate(SHAPES):
        put(client, "INBOX", invite(f"i{number}", SOON, shape))
        put(client, "INBOX", plain(number))
    delta = calendar(session(server)).pull(None, WINDOW)
    assert sorted(found.uid for found in delta.invites) == sorted(f"i{number}" for number in range(len(SHAPES)))


def test_an_unchanged_cycle_is_one_round_trip(server: Pymap) -> None:
    put(server.client(), "INBOX", invite("one", SOON))
    used = session(server)
    reader = calendar(used)
    cursor = reader.pull(None, WINDOW).cursor
    reader.pull(cursor, WINDOW)
    with used.use("count") as connection:
        before, octets = connection.wire.sendings, connection.wire.received
    delta = reader.pull(cursor, WINDOW)
    assert not delta.invites
    assert connection.wire.sendings == before + 1
    assert connection.wire.received - octets < 1_500


def test_new_mail_in_a_new_folder(server: Pymap) -> None:
    client = server.client()
    put(client, "INBOX", invite("one", SOON))
    reader = calendar(session(server))
    first = reader.pull(None, WINDOW)
    client.create("Jobs")
    put(client, "Jobs", invite("two", SOON))
    put(client, "INBOX", invite("three", SOON))
    second = reader.pull(first.cursor, WINDOW)
    assert sorted(found.uid for found in second.invites) == ["three", "two"]


@pytest.mark.parametrize("shape", ["bare", "alternative"])
def test_an_invite_without_mime_version_is_found(server: Pymap, shape: str) -> None:
    put(server.client(), "INBOX", invite("one", SOON, shape, mime=False))
    put(server.client(), "INBOX", invite("two", SOON, shape))
    delta = calendar(session(server)).pull(None, WINDOW)
    assert sorted(found.uid for found in delta.invites) == ["one", "two"]
