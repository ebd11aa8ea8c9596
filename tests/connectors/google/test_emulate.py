"""Calendar on a third party's emulator. It has no sync tokens, so each pull reads everything anew; 36 tests of the
mailbox run on it in tests/conformance."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.errors import ConnectorError, TemporaryError
from connectors.google.calendar import GoogleCalendar
from connectors.google.credentials import Client, StoredCredentials
from connectors.google.permissions import CALENDAR_EVENTS
from connectors.google.service import Api
from connectors.model import PartStat, Window
from connectors.tokens import token_store
from tests.servers.emulate import TOKEN, Emulator, emulator
from tests.servers.google_fake.mail import OWNER

WINDOW = Window(datetime(2026, 11, 9, tzinfo=UTC), datetime(2027, 1, 4, tzinfo=UTC))


@pytest.fixture
def server() -> Emulator:
    running = emulator(OWNER)
    running.tell("reset")
    return running


@pytest.fixture
def calendar(server: Emulator, tmp_path: Path) -> GoogleCalendar:
    store = token_store("file", provider="google", address=OWNER, account="sam", state_dir=tmp_path)
    credentials = StoredCredentials(store, Client("c", "", f"{server.url}oauth2/token"), (CALENDAR_EVENTS,))
    credentials.token = TOKEN
    api = Api(credentials, account="sam", endpoint=server.url, batch=1)
    return GoogleCalendar(api, name="google", zone=ZoneInfo("Europe/Berlin"))


def put(server: Emulator, summary: str, day: int) -> str:
    event = {
        "summary": summary,
        "start": {"dateTime": f"2026-11-{day}T14:00:00Z"},
        "end": {"dateTime": f"2026-11-{day}T15:00:00Z"},
        "attendees": [{"email": "ada@corp.example", "displayName": "Ada Lovelace", "responseStatus": "accepted"}],
    }
    return str(server.ask("POST", "calendar/v3/calendars/primary/events", event)["id"])


def test_events_come_and_go(server: Emulator, calendar: GoogleCalendar) -> None:
    kept, gone = put(server, "Interview: Compiler Engineer", 20), put(server, "Dentist", 21)
    first = calendar.pull(None, WINDOW)
    assert first.full
    assert {invite.key for invite in first.invites} == {f"primary/{kept}", f"primary/{gone}"}
    event = next(invite.events[0] for invite in first.invites if invite.key == f"primary/{kept}")
    assert event.start == datetime(2026, 11, 20, 14, tzinfo=UTC)
    assert [(person.name, person.partstat) for person in event.attendees] == [("Ada Lovelace", PartStat.ACCEPTED)]
    server.ask("DELETE", f"calendar/v3/calendars/primary/events/{gone}")
    second = calendar.pull(first.cursor, WINDOW)
    assert second.full
    assert [invite.key for invite in second.invites] == [f"primary/{kept}"]


def test_an_unknown_calendar_and_an_outage(server: Emulator, calendar: GoogleCalendar) -> None:
    other = GoogleCalendar(calendar._api, name="other", zone=ZoneInfo("UTC"), calendars=("nobody@example.org",))
    with pytest.raises(ConnectorError, match="not found"):
        other.pull(None, WINDOW)
    server.tell("down")
    with pytest.raises(TemporaryError):
        calendar.pull(None, WINDOW)
    server.tell("up")
    assert calendar.pull(None, WINDOW).invites == ()
