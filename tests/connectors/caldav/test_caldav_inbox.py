"""The scheduling inbox of a real server (Xandikos): an invite that came by mail and was handed to it."""

from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx

from connectors.caldav.calendar import CalDav
from connectors.caldav.login import Login
from connectors.caldav.wire import Wire
from connectors.model import Method, Window
from tests.servers.xandikos import CALENDAR, INBOX, xandikos

WINDOW = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
REQUEST = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Corp//EN
METHOD:REQUEST
BEGIN:VEVENT
UID:interview-1
DTSTAMP:20261101T000000Z
DTSTART:20261110T100000Z
DTEND:20261110T110000Z
SUMMARY:Interview
ORGANIZER:mailto:ada@corp.example
ATTENDEE:mailto:erika@example.com
END:VEVENT
END:VCALENDAR
"""


def imip() -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "ada@corp.example", "erika@example.com", "Interview"
    message["Message-ID"] = "<invite-1@corp.example>"
    message.set_content("An invitation")
    message.add_alternative(REQUEST, subtype="calendar", params={"method": "REQUEST"})
    return message.as_bytes()


def test_what_lies_in_the_inbox_is_read_with_its_method(tmp_path: Path) -> None:
    with xandikos(tmp_path / "xandikos") as server:
        caldav = CalDav(
            Wire("work", httpx.URL(server.url), Login("e", lambda: "x"), allow_loopback_http=True), ZoneInfo("UTC")
        )
        first = caldav.pull(None, WINDOW)
        assert first.invites == ()
        server.deliver(imip())
        second = caldav.pull(first.cursor, WINDOW)
        found = {i.uid: i for i in second.invites if i.key.startswith(INBOX)}
        assert [(i.uid, i.method) for i in found.values()] == [("interview-1", Method.REQUEST)]
        assert not any(i.method is Method.REQUEST for i in second.invites if i.key.startswith(CALENDAR))
        assert [line.what for line in caldav.check() if "inbox" in line.what] == ["scheduling inbox"]
        assert server.send("DELETE", found["interview-1"].key) in (200, 204)
        third = caldav.pull(second.cursor, WINDOW)
        assert found["interview-1"].key in third.removed
