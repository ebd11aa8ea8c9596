"""What Microsoft costs: requests and bytes of the first sync of a large calendar, and of an unchanged cycle.

    python bench/microsoft_sync.py [EVENTS] [MESSAGES]

It runs against the fakes of tests/servers, on loopback: counts and bytes are those of the protocol (bodies, not
packed), CPU is that of the thread in which the connectors run.
"""

import sys
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from connectors.exchange.calendar import ExchangeCalendar
from connectors.exchange.mailbox import ExchangeMailbox
from connectors.exchange.session import Login, Session
from connectors.graph.calendar import GraphCalendar
from connectors.graph.mailbox import GraphMailbox
from connectors.graph.wire import FixedToken, Graph
from connectors.model import Address, Draft, Probe, Window
from tests.servers.ews_fake.server import PASSWORD, USER, ews_fake
from tests.servers.graph_fake.server import graph_fake

NOW = datetime.now(UTC).replace(microsecond=0)
WINDOW = Window(NOW - timedelta(days=14), NOW + timedelta(days=42))
SAM = Address("sam@example.org", "Sam")
ZONE = ZoneInfo("Europe/Berlin")
TEXT = "We meet to talk about the plan for the quarter and whatever else has come up since. " * 12
PEOPLE = [(f"Person {n}", f"person{n}@corp.example") for n in range(4)]
DRAFT = Draft("<k-1@example.org>", SAM, (Address("ada@corp.example"),), "Thank you", "Dear Ada\n\nThanks.\n\nSam", NOW)
PROBE = Probe("k", DRAFT.message_id, "", "", "ada@corp.example", NOW - timedelta(hours=3))


def mail(number: int) -> bytes:
    """A message of somebody's."""
    return (
        f"Message-ID: <m{number}@corp.example>\r\nFrom: p{number}@corp.example\r\nTo: sam@example.org\r\n"
        f"Date: {NOW:%a, %d %b %Y %H:%M:%S} +0000\r\nSubject: About {number}\r\n\r\nHello\r\n"
    ).encode()


def start_of(number: int) -> datetime:
    """Evenly over the window."""
    return WINDOW.start + timedelta(minutes=5 * number + 1)


def graph_event(number: int) -> dict[str, Any]:
    """A meeting of four people, with a page of text."""
    start = start_of(number)

    def moment(at: datetime) -> dict[str, str]:
        return {"dateTime": at.strftime("%Y-%m-%dT%H:%M:%S.0000000"), "timeZone": "UTC"}

    people = [{"emailAddress": {"name": name, "address": email}} for name, email in PEOPLE]
    return {
        "id": f"AAkALg{number:06d}=",
        "type": "singleInstance",
        "iCalUId": f"e{number}@corp.example",
        "subject": f"Meeting {number}",
        "body": {"contentType": "html", "content": f"<html><body><p>{TEXT}</p></body></html>"},
        "start": moment(start),
        "end": moment(start + timedelta(hours=1)),
        "originalStartTimeZone": "W. Europe Standard Time",
        "isAllDay": False,
        "isCancelled": False,
        "organizer": people[0],
        "attendees": [{**each, "type": "required", "status": {"response": "none"}} for each in people],
        "responseStatus": {"response": "accepted"},
        "lastModifiedDateTime": "2026-11-01T00:00:00Z",
    }


def told(what: str, spent: Callable[[], tuple[int, int, int]], act: Callable[[], object]) -> object:
    """Do it and print what it cost."""
    before, begun = spent(), time.thread_time()
    result = act()
    requests, sent, received = (now - then for now, then in zip(spent(), before, strict=True))
    cpu = time.thread_time() - begun
    print(f"| {what} | {requests} | {sent / 1000:,.1f} | {received / 1000:,.1f} | {cpu:.2f} |", flush=True)
    return result


def graph(events: int, messages: int) -> None:
    """Microsoft Graph."""
    with graph_fake() as fake:
        fake.exchanged = deque(maxlen=1)  # type: ignore[assignment]
        for number in range(events):
            fake.store.put_event(graph_event(number))
        for number in range(messages):
            fake.store.put_mime("inbox", mail(number))
        calendar = GraphCalendar(Graph(FixedToken("token"), endpoint=fake.url), zone=ZONE)
        mailbox = GraphMailbox(Graph(FixedToken("token"), endpoint=fake.url), SAM)

        def spent() -> tuple[int, int, int]:
            both = (calendar.usage, mailbox.usage)
            return tuple(sum(getattr(each, name) for each in both) for name in ("requests", "sent", "received"))  # type: ignore[return-value]

        cursor: list[str | None] = [None]

        def pull() -> None:
            more = True
            while more:
                delta = calendar.pull(cursor[0], WINDOW)
                cursor[0], more = delta.cursor, delta.more

        told(f"Graph: first sync of {events:,} events", spent, pull)
        told("Graph: unchanged calendar", spent, pull)
        told("Graph: one draft put", spent, lambda: mailbox.create_draft(DRAFT))
        told(f"Graph: a look, {messages} messages in three hours", spent, lambda: mailbox.observe([PROBE]))
        told("Graph: the same look again", spent, lambda: mailbox.observe([PROBE]))
        replies = mailbox.owner_replies(None, [])
        told("Graph: answers to reminders, none new", spent, lambda: mailbox.owner_replies(replies.cursor, []))


def exchange(events: int, messages: int) -> None:
    """Exchange Web Services."""
    with ews_fake() as fake:
        fake.exchanged = deque(maxlen=1)  # type: ignore[assignment]
        for number in range(events):
            start = start_of(number)
            fields = {
                "uid": f"e{number}@corp.example",
                "start": start,
                "end": start + timedelta(hours=1),
                "subject": f"Meeting {number}",
                "body": TEXT,
                "organizer": PEOPLE[0],
                "attendees": [(*person, "Unknown") for person in PEOPLE],
            }
            fake.store.put("calendar", b"", kind="CalendarItem", fields=fields)
        for number in range(messages):
            fake.store.put("inbox", mail(number))

        def session() -> Session:
            return Session(SAM.email, Login(USER, lambda: PASSWORD, auth="basic"), endpoint=fake.url)

        calendar, mailbox = ExchangeCalendar(session(), zone=ZONE), ExchangeMailbox(session(), SAM)

        def spent() -> tuple[int, int, int]:
            return fake.requests, fake.sent, fake.received

        first = told(f"EWS: first sync of {events:,} events", spent, lambda: calendar.pull(None, WINDOW))
        cursor = first.cursor  # type: ignore[attr-defined]
        told("EWS: unchanged calendar", spent, lambda: calendar.pull(cursor, WINDOW))
        told("EWS: one draft put", spent, lambda: mailbox.create_draft(DRAFT))
        told(f"EWS: first look, {messages} messages in three hours", spent, lambda: mailbox.observe([PROBE]))
        told("EWS: the same look again", spent, lambda: mailbox.observe([PROBE]))


def main() -> None:
    """Both, as rows of a table."""
    events, messages = (int(sys.argv[n]) if len(sys.argv) > n else given for n, given in ((1, 10_000), (2, 100)))
    print("| What | requests | kB sent | kB received | CPU s |\n|---|---|---|---|---|")
    graph(events, messages)
    exchange(events, messages)


if __name__ == "__main__":
    main()
