from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.graph.calendar import GraphCalendar
from connectors.graph.mailbox import GraphMailbox
from connectors.graph.wire import FixedToken, Graph
from connectors.model import Place
from connectors.web import Pace
from tests.conformance.harness_graph import FOLDERS
from tests.connectors.graph.life import END, ME, OWNER, PEOPLE, TITLE
from tests.servers.graph_fake.server import GraphFake, graph_fake
from tests.servers.graph_fake.store import Json, as_mime

ZONE = ZoneInfo("Europe/Oslo")
PATIENT = Pace(connect=10, silence=30, total=60)


def moment(at: datetime) -> Json:
    return {"dateTime": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.0000000"), "timeZone": "UTC"}


def person(name: str, address: str) -> Json:
    return {"emailAddress": {"name": name, "address": address}}


def graph_event(identity: str, start: datetime, end: datetime, **changes: Any) -> Json:
    """An event as Graph shows it."""
    return {
        "id": identity,
        "type": "singleInstance",
        "iCalUId": f"uid-{identity}@frost.example",
        "subject": TITLE,
        "body": {"contentType": "html", "content": "<html><body><p>We look forward to it.</p></body></html>"},
        "bodyPreview": "We look forward to it.",
        "start": moment(start),
        "end": moment(end),
        "originalStartTimeZone": "W. Europe Standard Time",
        "isAllDay": False,
        "isCancelled": False,
        "isOrganizer": False,
        "showAs": "busy",
        "location": {"displayName": "Teams"},
        "organizer": person(*PEOPLE[0]),
        "responseStatus": {"response": "accepted", "time": "2026-01-01T00:00:00Z"},
        "attendees": [
            {
                **person(name, address),
                "type": "required",
                "status": {"response": "accepted", "time": "0001-01-01T00:00:00Z"},
            }
            for name, address in (*PEOPLE, ("Sam Øst", ME))
        ],
        "lastModifiedDateTime": (start - timedelta(days=5)).strftime("%Y-%m-%dT%H:%M:%S.1234567Z"),
        **changes,
    }


class GraphHands:
    """The owner's other programs."""

    def __init__(self, fake: GraphFake) -> None:
        self.fake = fake

    def graph(self) -> Graph:
        return Graph(FixedToken("token"), account="sam", endpoint=self.fake.url, pace=PATIENT)

    def calendar(self, *calendars: str) -> GraphCalendar:
        return GraphCalendar(self.graph(), name="work", zone=ZONE, addresses=frozenset({ME}), calendars=calendars)

    def mailbox(self) -> GraphMailbox:
        return GraphMailbox(self.graph(), OWNER)

    def ports(self) -> tuple[GraphCalendar, GraphMailbox]:
        return self.calendar(), self.mailbox()

    def invite(self, start: datetime, end: datetime) -> None:
        self.fake.store.put_event(graph_event("interview", start, end))

    def cancel(self) -> None:
        event = self.fake.store.events["interview"]
        at = (END - timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.fake.store.put_event({**event, "isCancelled": True, "lastModifiedDateTime": at})

    def messages(self, place: Place) -> Sequence[bytes]:
        return [as_mime(message) for message in self.fake.store.within(FOLDERS[place])]

    def edit(self, to: str, text: str) -> None:
        body = {"contentType": "html", "content": f"<html><body><div>{text}</div></body></html>"}
        self.fake.store.patch(self._draft(to), {"body": body})

    def send(self, to: str) -> None:
        self.fake.store.send(self._draft(to))

    def delete(self, to: str) -> None:
        self.fake.store.move(self._draft(to), "deleteditems")

    def _draft(self, to: str) -> str:
        [found] = [
            str(message["id"])
            for message in self.fake.store.within("drafts")
            if any(each["emailAddress"]["address"] == to for each in message["toRecipients"])
        ]
        return found


@pytest.fixture
def hands() -> Iterator[GraphHands]:
    with graph_fake() as fake:
        yield GraphHands(fake)
