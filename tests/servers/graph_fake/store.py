"""The mailbox and calendar behind the fake, as Exchange Online keeps them."""

import email
import email.policy
import itertools
import threading
from copy import deepcopy
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any

from connectors.graph.message import FLAGS, IN_REPLY_TO, ITEM_CLASS, REFERENCES, canonical_property
from connectors.mime import decode_words, text_of

FOLDERS = ("inbox", "drafts", "sentitems", "deleteditems", "outbox", "junkemail", "archive")
Json = dict[str, Any]


class Gone(Exception):
    """404."""


class Conflict(Exception):
    """412."""


class Store:
    """Everything under one lock; any client's hands may change it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.messages: dict[str, Json] = {}
        self.events: dict[str, Json] = {}
        self.calendars: dict[str, str] = {"cal-0": "Calendar"}
        self.removed: list[tuple[int, str, str]] = []
        """Number of the change, folder or calendar, id."""
        self.stamps: dict[str, int] = {}
        self.forgotten = 0
        """Delta tokens up to this number are no longer known."""
        self.epoch = 0
        self._numbers = itertools.count(1)
        self._last = 0

    def now(self) -> str:
        return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def mark(self) -> int:
        """The number of the last change."""
        return self._last

    def touch(self, identity: str) -> None:
        self._last = next(self._numbers)
        self.stamps[identity] = self._last
        thing = self.messages.get(identity) or self.events.get(identity)
        if thing is not None:
            thing["changeKey"] = f"ck{self._last}"
            thing["@odata.etag"] = f'W/"ck{self._last}"'
            if identity in self.messages:
                thing["lastModifiedDateTime"] = self.now()

    def folder_id(self, name: str) -> str:
        return f"folder-{name.lower()}"

    def within(self, folder: str) -> list[Json]:
        return [m for m in self.messages.values() if m["parentFolderId"] == self.folder_id(folder)]

    def put(self, folder: str, given: Json) -> Json:
        """A message from JSON, as POST makes it: a draft unless the flags of MAPI say that it is none."""
        with self.lock:
            identity = f"AAkALg{next(self._numbers):06d}="
            draft = True
            kept: list[Json] = []
            for each in given.get("singleValueExtendedProperties", []):
                if canonical_property(each["id"]) == canonical_property(FLAGS):
                    draft = bool(int(each["value"]) & 8)
                else:
                    kept.append({"id": canonical_property(each["id"]), "value": each["value"]})
            message: Json = {
                "id": identity,
                "subject": "",
                "body": {"contentType": "text", "content": ""},
                "toRecipients": [],
                "ccRecipients": [],
                "bccRecipients": [],
                "internetMessageId": f"<{identity.strip('=')}@outlook.example>",
                "conversationId": f"conv-{identity}",
                "isRead": True,
                "hasAttachments": False,
                "flag": {"flagStatus": "notFlagged"},
                "internetMessageHeaders": [],
                "createdDateTime": self.now(),
                "receivedDateTime": self.now(),
                "sentDateTime": self.now(),
                **deepcopy(given),
                "isDraft": draft,
                "parentFolderId": self.folder_id(folder),
                "singleValueExtendedProperties": kept,
            }
            self.messages[identity] = message
            self.touch(identity)
            return message

    def put_mime(self, folder: str, data: bytes) -> Json:
        """What another client or delivery puts there."""
        parsed = email.message_from_bytes(data, policy=email.policy.compat32)

        def people(field: str) -> list[Json]:
            pairs = getaddresses([decode_words(str(parsed.get(field, "")))])
            return [{"emailAddress": {"name": name, "address": address}} for name, address in pairs if address]

        properties = []
        if parsed["In-Reply-To"]:
            properties.append({"id": IN_REPLY_TO, "value": str(parsed["In-Reply-To"]).strip()})
        if parsed["References"]:
            properties.append({"id": REFERENCES, "value": " ".join(str(parsed["References"]).split())})
        if any(part.get_content_type() == "text/calendar" for part in parsed.walk()):
            properties.append({"id": ITEM_CLASS, "value": "IPM.Schedule.Meeting.Resp.Pos"})
        draft = folder in ("drafts", "outbox")
        properties.append({"id": FLAGS, "value": "8" if draft else "1"})
        sent = parsedate_to_datetime(str(parsed["Date"])).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return self.put(
            folder,
            {
                "internetMessageId": str(parsed["Message-ID"]).strip(),
                "subject": decode_words(str(parsed.get("Subject", ""))),
                "from": next(iter(people("From")), None),
                "toRecipients": people("To"),
                "ccRecipients": people("Cc"),
                "body": {"contentType": "text", "content": text_of(data)},
                "sentDateTime": sent,
                "internetMessageHeaders": [] if draft else [{"name": k, "value": str(v)} for k, v in parsed.items()],
                "singleValueExtendedProperties": properties,
            },
        )

    def patch(self, identity: str, given: Json, if_match: str | None = None) -> Json:
        with self.lock:
            message = self.found(identity)
            if if_match is not None and if_match != message["@odata.etag"]:
                raise Conflict
            changed = deepcopy(given)
            own = {each["id"]: each for each in message["singleValueExtendedProperties"]}
            for each in changed.pop("singleValueExtendedProperties", []):
                own[canonical_property(each["id"])] = {"id": canonical_property(each["id"]), "value": each["value"]}
            message.update(changed)
            message["singleValueExtendedProperties"] = list(own.values())
            self.touch(identity)
            return message

    def move(self, identity: str, folder: str) -> None:
        with self.lock:
            message = self.found(identity)
            before = message["parentFolderId"]
            message["parentFolderId"] = self.folder_id(folder)
            self.touch(identity)
            self.removed.append((self.mark(), before, identity))

    def delete(self, identity: str, if_match: str | None = None) -> None:
        """As DELETE does: to Deleted Items, or for good from there."""
        with self.lock:
            message = self.found(identity)
            if if_match is not None and if_match != message["@odata.etag"]:
                raise Conflict
            if message["parentFolderId"] == self.folder_id("deleteditems"):
                self.purge(identity)
            else:
                self.move(identity, "deleteditems")

    def purge(self, identity: str) -> None:
        with self.lock:
            message = self.found(identity)
            self.touch(identity)
            del self.messages[identity]
            self.removed.append((self.mark(), message["parentFolderId"], identity))

    def send(self, identity: str) -> Json:
        """As the owner does in a client: a new item in Sent Items, the draft gone."""
        with self.lock:
            message = deepcopy(self.found(identity))
            self.purge(identity)
            message.pop("id")
            message["singleValueExtendedProperties"].append({"id": FLAGS, "value": "1"})
            message["sentDateTime"] = message["receivedDateTime"] = self.now()
            return self.put("sentitems", message)

    def found(self, identity: str) -> Json:
        if identity not in self.messages:
            raise Gone
        return self.messages[identity]

    def put_event(self, event: Json, calendar: str = "cal-0") -> None:
        with self.lock:
            self.events[event["id"]] = {**event, "_calendar": calendar}
            self.touch(event["id"])

    def take_event(self, identity: str) -> None:
        with self.lock:
            calendar = self.events.pop(identity)["_calendar"]
            self.touch(identity)
            self.removed.append((self.mark(), calendar, identity))


def as_mime(message: Json) -> bytes:
    """The message as `$value` gives it."""
    own = {each["id"]: each["value"] for each in message["singleValueExtendedProperties"]}
    made = EmailMessage(policy=email.policy.SMTP.clone(refold_source="none"))
    head = [f"Message-ID: {message['internetMessageId']}"]
    for name, prop in (("In-Reply-To", IN_REPLY_TO), ("References", REFERENCES)):
        if value := own.get(canonical_property(prop)):
            head.append(f"{name}: {value}")
    for field, key in (("To", "toRecipients"), ("Cc", "ccRecipients")):
        people = [_shown(each["emailAddress"]) for each in message[key]]
        if people:
            made[field] = ", ".join(people)
    if message.get("from"):
        made["From"] = _shown(message["from"]["emailAddress"])
    made["Subject"] = message["subject"]
    made["Date"] = datetime.fromisoformat(message["sentDateTime"])
    subtype = "html" if message["body"]["contentType"].lower() == "html" else "plain"
    made.set_content(message["body"]["content"].replace("\r\n", "\n"), subtype=subtype, cte="base64")
    return ("\r\n".join(head) + "\r\n").encode() + made.as_bytes()


def _shown(address: Json) -> str:
    from email.headerregistry import Address  # noqa: PLC0415

    return str(Address(display_name=address.get("name") or "", addr_spec=address["address"]))
