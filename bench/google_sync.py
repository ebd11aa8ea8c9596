"""What Google costs: requests, bytes and quota units of the first sync of a large calendar, and of an unchanged cycle.

    python bench/google_sync.py [EVENTS] [MESSAGES]

It runs against the fake of tests/servers, on loopback: counts and bytes are those of the API's protocol, times those of
this machine without a network. Bytes are what the fake put on the wire, packed with gzip as Google packs.
"""

import itertools
import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from connectors.google.calendar import GoogleCalendar
from connectors.google.credentials import Client, StoredCredentials, stored_login
from connectors.google.mailbox import GmailMailbox
from connectors.google.permissions import CALENDAR_EVENTS, GMAIL_SCOPES
from connectors.google.service import Api
from connectors.model import Address, Draft, Probe, Window
from connectors.tokens import token_store
from tests.servers.google_fake.mail import OWNER
from tests.servers.google_fake.server import Fake, google_fake

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
WINDOW = Window(NOW - timedelta(days=14), NOW + timedelta(days=42))
SAM = Address(OWNER, "Sam")
WORDS = ["".join(letters) for letters in itertools.product("bdklmnrst", "aeiou", "bdklmnrst", "aeiou")]


def event(number: int) -> dict[str, object]:
    """An ordinary meeting of four people, with a description of half a page that packs about as well as prose does."""
    start = WINDOW.start + timedelta(minutes=8 * number)
    people = [{"email": f"p{(number + n) % 97}@corp.example", "displayName": f"Person {n}"} for n in range(4)]
    return {
        "kind": "calendar#event",
        "id": f"e{number:06d}",
        "status": "confirmed",
        "iCalUID": f"e{number:06d}@google.com",
        "summary": f"Meeting number {number}",
        "description": f"<p>Join below.</p><p>{' '.join(random.Random(number).choices(WORDS, k=140))}</p>",  # noqa: S311 (no secret)
        "htmlLink": f"https://www.google.com/calendar/event?eid={number:030d}",
        "created": "2026-10-01T10:00:00.000Z",
        "updated": "2026-10-01T10:00:00.000Z",
        "creator": {"email": OWNER, "self": True},
        "organizer": {"email": OWNER, "self": True},
        "start": {"dateTime": start.isoformat(), "timeZone": "Europe/Berlin"},
        "end": {"dateTime": (start + timedelta(minutes=30)).isoformat(), "timeZone": "Europe/Berlin"},
        "attendees": [{"email": OWNER, "self": True, "responseStatus": "accepted"}, *people],
        "reminders": {"useDefault": True},
        "eventType": "default",
    }


def message(number: int, label: str) -> bytes:
    """A mail of 2 kB."""
    me, them = OWNER, f"p{number % 97}@corp.example"
    sender, to = (me, them) if label == "SENT" else (them, me)
    head = f"From: {sender}\r\nTo: {to}\r\nMessage-ID: <m{number}.{label}@x>\r\nSubject: Mail {number}\r\n"
    return f"{head}Date: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\n{'Words. ' * 280}\r\n".encode()


@contextmanager
def measured(name: str, fake: Fake, usage: Callable[[], object]) -> object:
    """Print what the block cost."""
    before, requests, out = replace(usage()), fake.http_requests, fake.bytes_out  # type: ignore[type-var]
    calls, began, cpu = len(fake.asked), time.perf_counter(), time.thread_time()
    yield
    after = usage()
    spent = {
        "what": name,
        "http requests": fake.http_requests - requests,
        "calls": len(fake.asked) - calls,
        "kB received": round((fake.bytes_out - out) / 1000, 1),
        "quota units": after.units - before.units,  # type: ignore[attr-defined]
        "wall ms": round((time.perf_counter() - began) * 1000, 1),
        "client CPU ms": round((time.thread_time() - cpu) * 1000, 1),
    }
    print(json.dumps(spent))


def main(events: int, messages: int) -> None:
    with google_fake() as fake, tempfile.TemporaryDirectory() as folder:
        store = token_store("file", provider="google", address=OWNER, account="sam", state_dir=Path(folder))
        scopes = (*GMAIL_SCOPES, CALENDAR_EVENTS)
        store.save(stored_login(fake.grant(*scopes), scopes, NOW))

        def api() -> Api:
            client = Client("client-1", "", fake.token_uri)
            return Api(StoredCredentials(store, client, scopes), account="sam", endpoint=fake.url)

        for number in range(events):
            fake.calendars.calendars[OWNER].put(event(number))
        fake.calendars.page_size = 2500
        calendar = GoogleCalendar(api(), name="google", zone=ZoneInfo("Europe/Berlin"))
        with measured(f"first sync of {events} events", fake, lambda: calendar.usage):
            cursor, read = None, 0
            while True:
                delta = calendar.pull(cursor, WINDOW)
                cursor, read = delta.cursor, read + len(delta.invites)
                if not delta.more:
                    break
        print(json.dumps({"events in the range": read, "peak MB, the fake and its data included": _peak()}))
        plain = api()
        with measured("the same events asked for without `fields`", fake, lambda: plain.usage):
            page: dict[str, str] = {}
            while page is not None:
                request = plain.calendar.events().list(
                    calendarId="primary", singleEvents=True, showDeleted=True, maxResults=2500, **page
                )
                following = plain.call("bench", request).get("nextPageToken")
                page = {"pageToken": following} if following else None
        with measured("unchanged calendar", fake, lambda: calendar.usage):
            calendar.pull(cursor, WINDOW)
        fake.calendars.calendars[OWNER].put({**event(3), "summary": "Moved"})
        with measured("one event changed", fake, lambda: calendar.usage):
            calendar.pull(cursor, WINDOW)

        for number in range(messages):
            label = ("SENT", "INBOX", "TRASH")[number % 3]
            fake.mail.put(message(number, label), {label}, at=NOW + timedelta(seconds=number))
        mailbox = GmailMailbox(api(), name="gmail", owner=SAM, owners=frozenset({OWNER}), clock=lambda: NOW)
        ada = Address("p1@corp.example", "Ada")
        with measured("one draft", fake, lambda: mailbox.usage):
            ref = mailbox.create_draft(Draft("<k@example.org>", SAM, (ada,), "Thank you", "Dear Ada", NOW))
        probe = Probe("k", "<k@example.org>", "", "", ada.email, NOW - timedelta(hours=2), ref=ref)
        with measured(f"first look into a mailbox with {messages} messages of late", fake, lambda: mailbox.usage):
            mailbox.observe([probe])
        with measured("unchanged mailbox, answers to notes included", fake, lambda: mailbox.usage):
            mailbox.observe([probe])
            mailbox.owner_replies(None, ["<n@example.org>"])
        fake.mail.put(message(1, "INBOX"), {"INBOX"})
        with measured("one message arrived", fake, lambda: mailbox.usage):
            mailbox.observe([probe])
        assert fake.violations == []


def _peak() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000, 1)


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:3]]
    main(*given, *(10_000, 300)[len(given) :])
