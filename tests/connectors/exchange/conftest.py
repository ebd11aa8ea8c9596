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
INVITED = timedelta(days=5)
REQUEST = """\
From: Helena Frost <helena@frost.example>
To: Sam <{me}>, Ivo Marek <ivo@frost.example>
Message-ID: <invite-77@frost.example>
Subject: {title}
MIME-Version: 1.0
Content-Type: text/calendar; method=REQUEST; charset="utf-8"

BEGIN:VCALENDAR
VERSION:2.0
METHOD:REQUEST
BEGIN:VEVENT
UID:interview@frost.example
DTSTAMP:20200101T000000Z
DTSTART:{start}
DTEND:{end}
SUMMARY:{title}
ORGANIZER;CN=Helena Frost:mailto:helena@frost.example
ATTENDEE;CN=Ivo Marek:mailto:ivo@frost.example
ATTENDEE:mailto:{me}
END:VEVENT
END:VCALENDAR
"""


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
        """In the calendar and, as Exchange has it until it is answered, as a meeting request in the inbox."""
        self.put_event("interview@frost.example", start, end)
        text = REQUEST.format(title=TITLE, start=_stamp(start), end=_stamp(end), me=ME)
        self.fake.store.put("inbox", text.replace("\n", "\r\n").encode(), kind="MeetingRequest", at=start - INVITED)

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


def _stamp(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%SZ}"


@pytest.fixture(params=[False, True], ids=["microsoft", "odd"])
def hands(request: pytest.FixtureRequest) -> Iterator[ExchangeHands]:
    with ews_fake(odd=request.param) as fake:
        yield ExchangeHands(fake)
