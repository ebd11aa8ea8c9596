"""A Gmail mailbox: messages, drafts, labels, threads and history, and the hands of its owner in Gmail's own app."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message as Mime
from email.utils import getaddresses
from itertools import count
from typing import Any

from connectors.mime import read_headers

OWNER = "sam@example.org"


class Refusal(Exception):
    """An error answer: status, reason and message as Google words them."""

    def __init__(self, status: int, reason: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.reason, self.message, self.headers = status, reason, message, headers or {}


@dataclass
class Stored:
    """One message. It never changes but for its labels."""

    id: str
    thread: str
    labels: set[str]
    raw: bytes
    at: datetime
    history: int = 0

    @property
    def subject(self) -> str:
        return re.sub(r"^((re|fwd?|aw|wg):\s*)+", "", read_headers(self.raw).subject.strip(), flags=re.IGNORECASE)


@dataclass
class Mail:
    """The mailbox. `served` tells which messages' content ever went out, and how."""

    address: str = OWNER
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    messages: dict[str, Stored] = field(default_factory=dict)
    drafts: dict[str, str] = field(default_factory=dict)
    log: list[tuple[int, str, str, str, tuple[str, ...]]] = field(default_factory=list)
    served: list[tuple[str, str]] = field(default_factory=list)
    forgotten: int = 0
    rewrites_message_ids: bool = False
    _ids: "count[int]" = field(default_factory=lambda: count(0x18C0FFEE00000001))
    _history: "count[int]" = field(default_factory=lambda: count(1001))
    last: int = 1000

    def put(
        self, raw: bytes, labels: set[str], *, thread: str = "", at: datetime | None = None, from_date: bool = False
    ) -> Stored:
        """A message comes to lie in the mailbox, whoever brought it."""
        headers = read_headers(raw)
        moment = at or (headers.date if from_date and headers.date else self.clock())
        stored = Stored(f"{next(self._ids):x}", "", set(labels), raw, moment)
        stored.thread = self._thread(stored, thread)
        self.messages[stored.id] = stored
        self._note("messagesAdded", stored)
        return stored

    def _thread(self, stored: Stored, wished: str) -> str:
        """https://developers.google.com/workspace/gmail/api/guides/threads: the id, the references and the subject."""
        headers = read_headers(stored.raw)
        known = {headers.in_reply_to, *headers.references}
        for other in reversed(self.messages.values()):
            fits = read_headers(other.raw).message_id in known and other.subject == stored.subject
            if fits and wished in ("", other.thread):
                return other.thread
        if wished and not any(other.thread == wished for other in self.messages.values()):
            raise Refusal(404, "notFound", "Requested entity was not found.")
        return stored.id

    def drop(self, message_id: str) -> None:
        """A message is gone for good."""
        stored = self.messages.pop(message_id)
        self._note("messagesDeleted", stored)
        self.drafts = {draft: message for draft, message in self.drafts.items() if message != message_id}

    def label(self, message_id: str, add: set[str] = frozenset(), remove: set[str] = frozenset()) -> None:  # type: ignore[assignment]
        """Labels change."""
        stored = self.messages[message_id]
        if add - stored.labels:
            stored.labels |= add
            self._note("labelsAdded", stored, tuple(add))
        if remove & stored.labels:
            stored.labels -= remove
            self._note("labelsRemoved", stored, tuple(remove))

    def make_draft(self, raw: bytes, thread: str = "") -> str:
        """A draft: the id of the draft stays, that of its message does not."""
        if self.rewrites_message_ids:
            raw = re.sub(rb"(?im)^message-id:.*$", b"Message-ID: <CA%d@mail.example>" % next(self._ids), raw, count=1)
        stored = self.put(raw, {"DRAFT"}, thread=thread)
        draft = f"r-{next(self._ids)}"
        self.drafts[draft] = stored.id
        return draft

    def change_draft(self, draft: str, raw: bytes, thread: str = "") -> None:
        """Saving makes a new message under the same draft id."""
        old = self.messages[self.drafts[draft]]
        stored = self.put(raw, set(old.labels), thread=thread or old.thread if read_headers(raw).in_reply_to else "")
        del self.drafts[draft]
        self.drop(old.id)
        self.drafts[draft] = stored.id

    def delete_draft(self, draft: str) -> None:
        """What lies under a draft id is deleted for good, also where it is a sent message by now."""
        self.drop(self.drafts[draft])

    def send_draft(self, draft: str, raw: bytes | None = None, *, stale_wrapper: bool = False) -> Stored:
        """The owner sends: a new message with SENT, and the draft goes; a stale wrapper may stay behind."""
        old = self.messages[self.drafts.pop(draft)]
        sent = self.put(raw or old.raw, {"SENT"}, thread=old.thread if read_headers(raw or old.raw).in_reply_to else "")
        self.drop(old.id)
        if stale_wrapper:
            self.drafts[draft] = sent.id
        return sent

    def schedule_draft(self, draft: str) -> Stored:
        """The owner lets Gmail send later."""
        old = self.messages[self.drafts.pop(draft)]
        scheduled = self.put(old.raw, {"SCHEDULED"})
        self.drop(old.id)
        return scheduled

    def forget_history(self) -> None:
        """History reaches back a week or so, sometimes less."""
        self.forgotten = self.last + 1
        self.last = next(self._history)

    def history_since(self, start: int) -> list[tuple[int, str, str, str, tuple[str, ...]]]:
        if start < self.forgotten:
            raise Refusal(404, "notFound", "Requested entity was not found.")
        return [entry for entry in self.log if entry[0] > start]

    def _note(self, kind: str, stored: Stored, labels: tuple[str, ...] = ()) -> None:
        self.last = stored.history = next(self._history)
        self.log.append((self.last, kind, stored.id, stored.thread, labels or tuple(sorted(stored.labels))))

    def matching(self, query: str, labels: set[str], *, trash_too: bool) -> list[Stored]:
        """Newest first, as Gmail lists them."""
        terms = re.findall(r"\{[^}]*\}|-?\w+:(?:\"[^\"]*\"|\S+)|\S+", query)
        asks_aside = any(term in ("in:trash", "in:spam", "in:anywhere") for term in terms)
        found = [
            stored
            for stored in self.messages.values()
            if labels <= stored.labels
            and (trash_too or asks_aside or labels & {"TRASH", "SPAM"} or not stored.labels & {"TRASH", "SPAM"})
            and all(_fits(stored, term) for term in terms)
        ]
        return sorted(found, key=lambda stored: (stored.at, stored.id), reverse=True)


def _fits(stored: Stored, term: str) -> bool:
    if term.startswith("{"):
        return any(_fits(stored, each) for each in term.strip("{}").split())
    if term.startswith("-"):
        return not _fits(stored, term[1:])
    operator, colon, value = term.partition(":")
    value = value.strip('"').lower()
    if not colon:
        raise Refusal(400, "invalidArgument", f"this fake does not search for words: {term}")
    headers = read_headers(stored.raw)
    match operator.lower():
        case "after":
            return stored.at.timestamp() > int(value)
        case "before":
            return stored.at.timestamp() < int(value)
        case "from":
            return _names(stored.raw, ("From",), value)
        case "to":
            return _names(stored.raw, ("To", "Cc", "Bcc"), value)
        case "rfc822msgid":
            return headers.message_id.strip("<>").lower() == value.strip("<>")
        case "in" if value == "anywhere":
            return True
        case "in":
            return value.upper() in stored.labels
        case "filename":
            return any(
                (part.get_filename() or "").lower().endswith(value) for part in message_from_bytes(stored.raw).walk()
            )
        case _:
            raise Refusal(400, "invalidArgument", f"this fake does not know the operator {operator}")


def _names(raw: bytes, fields: tuple[str, ...], value: str) -> bool:
    parsed = message_from_bytes(raw)
    addresses = [address.lower() for name in fields for _, address in getaddresses(map(str, parsed.get_all(name, [])))]
    return any(address == value or re.split(r"[@]", address)[-1].endswith(value) for address in addresses)


def resource(stored: Stored, form: str, wanted: list[str]) -> dict[str, Any]:
    """A message as the API shows it."""
    shown: dict[str, Any] = {
        "id": stored.id,
        "threadId": stored.thread,
        "labelIds": sorted(stored.labels),
        "snippet": "The first words of the text",
        "historyId": str(stored.history),
        "internalDate": str(int(stored.at.timestamp() * 1000)),
        "sizeEstimate": len(stored.raw),
    }
    if form == "raw":
        shown["raw"] = base64.urlsafe_b64encode(stored.raw).decode()
    elif form != "minimal":
        shown["payload"] = _part(message_from_bytes(stored.raw), "", whole=form == "full", wanted=wanted)
    return shown


def _part(part: Mime, part_id: str, *, whole: bool, wanted: list[str]) -> dict[str, Any]:
    names = {name.lower() for name in wanted}
    headers = [
        {"name": name, "value": re.sub(r"\r?\n[ \t]+", " ", str(value))}
        for name, value in part.items()
        if whole or not names or name.lower() in names
    ]
    shown: dict[str, Any] = {"mimeType": part.get_content_type(), "headers": headers}
    if not whole:
        return shown
    shown |= {"partId": part_id, "filename": part.get_filename() or "", "body": {"size": 0}}
    if part.is_multipart():
        children = [child for child in part.get_payload() if isinstance(child, Mime)]
        shown["parts"] = [
            _part(child, f"{part_id}.{index}".strip("."), whole=True, wanted=[]) for index, child in enumerate(children)
        ]
    else:
        payload = part.get_payload(decode=True)
        data = payload if isinstance(payload, bytes) else b""
        shown["body"] = {"size": len(data), "data": base64.urlsafe_b64encode(data).decode()}
    return shown
