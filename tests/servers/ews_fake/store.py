"""The mailbox behind the fake: items in folders, each change with a number."""

import base64
import email
import email.policy
import itertools
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from connectors.mime import Headers, read_headers

FOLDERS = ("root", "msgfolderroot", "calendar", "inbox", "drafts", "outbox", "sentitems", "deleteditems")


@dataclass(frozen=True)
class Item:
    """One item. A message is its MIME octets; a calendar item is its fields, and iCalendar octets as its MIME."""

    id: str
    changekey: str
    folder: str
    mime: bytes
    at: datetime
    kind: str = "Message"
    is_read: bool = True
    properties: dict[str, str] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    message_id: str = ""
    """What a client changed the Message-ID to; empty for that of the MIME."""
    attached: bool = False
    html: str = ""
    """What a client wrote as HTML, while the plain text beside it stayed: not every server carries it over."""
    broken: str = ""
    """The error code for whoever reads it whole."""
    without_mime: bool = False
    """Its properties can be read, its MIME content cannot be made."""
    number: int = 0

    @property
    def headers(self) -> Headers:
        return read_headers(self.mime)

    @property
    def item_class(self) -> str:
        if self.kind != "Message":
            return {
                "CalendarItem": "IPM.Appointment",
                "MeetingRequest": "IPM.Schedule.Meeting.Request",
                "MeetingCancellation": "IPM.Schedule.Meeting.Canceled",
            }[self.kind]
        parsed = email.message_from_bytes(self.mime, policy=email.policy.compat32)
        reply = any(part.get_content_type() == "text/calendar" for part in parsed.walk())
        return "IPM.Schedule.Meeting.Resp.Pos" if reply else "IPM.Note"


class Gone(Exception):
    """ErrorItemNotFound."""


class Store:
    """Everything under one lock; any client's hands may change it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.items: dict[str, Item] = {}
        self.gone: list[tuple[int, str, str]] = []
        self._numbers = itertools.count(1)
        self.last = 0

    def put(self, folder: str, mime: bytes, **more: Any) -> Item:
        with self.lock:
            number = self._next()
            identity = base64.b64encode(f"item-{number:06d}".encode()).decode()
            at = more.pop("at", None) or datetime.now(UTC).replace(microsecond=0)
            item = Item(identity, _key(number), folder, mime, at, number=number, **more)
            self.items[identity] = item
            return item

    def change(self, identity: str, **changes: Any) -> Item:
        with self.lock:
            number = self._next()
            self.items[identity] = replace(self.found(identity), number=number, changekey=_key(number), **changes)
            return self.items[identity]

    def move(self, identity: str, folder: str) -> Item:
        """As Exchange does: the item gets another id."""
        with self.lock:
            old = self.found(identity)
            self.take(identity)
            more = {"kind": old.kind, "properties": old.properties, "fields": old.fields, "message_id": old.message_id}
            return self.put(folder, old.mime, at=old.at, **more)

    def take(self, identity: str) -> None:
        with self.lock:
            item = self.found(identity)
            self.gone.append((self._next(), item.folder, identity))
            del self.items[identity]

    def found(self, identity: str) -> Item:
        if identity not in self.items:
            raise Gone
        return self.items[identity]

    def within(self, folder: str) -> list[Item]:
        return [item for item in self.items.values() if item.folder == folder]

    def _next(self) -> int:
        self.last = next(self._numbers)
        return self.last


def _key(number: int) -> str:
    return base64.b64encode(f"key-{number:06d}".encode()).decode()
