from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.exchange.calendar import ExchangeCalendar
from connectors.exchange.mailbox import ExchangeMailbox
from connectors.exchange.session import Login, Session
from connectors.mime import read_headers, write_draft
from connectors.model import Draft, Place
from tests.conformance.harness_exchange import FOLDERS
from tests.connectors.graph.life import END, ME, OWNER, PEOPLE, TITLE
from tests.servers.ews_fake.server import PASSWORD, USER, EwsFake, ews_fake
from tests.servers.ews_fake.store import Item

ZONE = ZoneInfo("Europe/Oslo")


class ExchangeHands:
    """The owner's other programs."""

    def __init__(self, fake: EwsFake) -> None:
        self.fake = fake

    def session(self, password: str = PASSWORD) -> Session:
        return Session(ME, Login(USER, lambda: password, auth="basic"), account="sam", endpoint=self.fake.url)

    def calendar(self, *calendars: str) -> ExchangeCalendar:
        return ExchangeCalendar(self.session(), name="work", zone=ZONE, addresses=frozenset({ME}), calendars=calendars)

    def mailbox(self) -> ExchangeMailbox:
        return ExchangeMailbox(self.session(), OWNER)

    def ports(self) -> tuple[ExchangeCalendar, ExchangeMailbox]:
        return self.calendar(), self.mailbox()

    def put_event(self, uid: str, start: datetime, end: datetime, *, folder: str = "calendar", **more: Any) -> Item:
        fields = {
            "uid": uid,
            "start": start,
            "end": end,
            "subject": TITLE,
            "body": "We look forward to it.",
            "location": "Room 4",
            "organizer": PEOPLE[0],
            "attendees": [*((*person, "Accept") for person in PEOPLE), ("Sam Øst", ME, "Unknown")],
            "modified": start - timedelta(days=5),
            **more,
        }
        return self.fake.store.put(folder, fields.pop("ics", b""), kind="CalendarItem", fields=fields)

    def invite(self, start: datetime, end: datetime) -> None:
        self.put_event("interview@frost.example", start, end)

    def cancel(self) -> None:
        [item] = self.fake.store.within("calendar")
        fields = {**item.fields, "cancelled": True, "modified": END - timedelta(minutes=30)}
        self.fake.store.change(item.id, fields=fields)

    def messages(self, place: Place) -> Sequence[bytes]:
        return [item.mime for item in self.fake.store.within(FOLDERS[place])]

    def edit(self, to: str, text: str) -> None:
        item = self._draft(to)
        headers = read_headers(item.mime)
        assert headers.date is not None
        assert headers.sender is not None
        edited = Draft(
            headers.message_id, headers.sender, headers.to, headers.subject, text, headers.date,
            headers.in_reply_to, headers.references,
        )  # fmt: skip
        self.fake.store.change(item.id, mime=write_draft(edited))

    def send(self, to: str) -> None:
        item = self._draft(to)
        self.fake.store.take(item.id)
        self.fake.store.put("sentitems", item.mime, properties=item.properties)

    def delete(self, to: str) -> None:
        self.fake.store.move(self._draft(to).id, "deleteditems")

    def _draft(self, to: str) -> Item:
        [found] = [item for item in self.fake.store.within("drafts") if to in item.headers.recipients]
        return found


@pytest.fixture(params=[False, True], ids=["microsoft", "odd"])
def hands(request: pytest.FixtureRequest) -> Iterator[ExchangeHands]:
    with ews_fake(odd=request.param) as fake:
        yield ExchangeHands(fake)
