"""A message of the Gmail API, without its words: header, labels and where it counts as lying. Pure.

Source: https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages.
"""

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from connectors.errors import ProtocolViolation
from connectors.evidence import Candidate
from connectors.mime import Headers, fingerprint, read_headers, text_of
from connectors.model import Place

METADATA_HEADERS = (
    "Message-ID",
    "In-Reply-To",
    "References",
    "From",
    "To",
    "Cc",
    "Bcc",
    "Subject",
    "Date",
    "Content-Type",
    "Auto-Submitted",
    "Precedence",
    "List-Id",
    "X-Autoreply",
    "X-Autorespond",
    "X-Auto-Response",
)
FIELDS = "id,threadId,labelIds,internalDate,payload(mimeType,headers)"
"""No `snippet`: it holds the first words of the text."""
STRUCTURE = "id,payload(mimeType,headers,parts(mimeType,headers,parts(mimeType,headers)))"
"""The kinds of the parts and their own headers, and no `body`."""

_OWNERS_MARKS = re.compile(r"STARRED|.*_STAR|Label_.*")
_ANSWER = re.compile(r"text/calendar\b.*\bmethod\s*=\s*\"?(?:reply|counter|refresh)\b", re.IGNORECASE | re.DOTALL)

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Content:
    """What a draft says now."""

    fingerprint: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Known:
    """What was read of one message. All but the labels stays as it is under its id."""

    id: str
    thread: str
    labels: frozenset[str]
    at: datetime
    headers: Headers
    structure_read: bool = False
    content: Content | None = field(default=None, repr=False)

    @property
    def place(self) -> Place | None:
        """Where it counts as lying; None where that means nothing (spam, chats).

        SENT stays on a sent mail that was thrown away: it was sent all the same.
        """
        for label, place in (
            ("SENT", Place.SENT),
            ("TRASH", Place.TRASH),
            ("SCHEDULED", Place.QUEUE),
            ("DRAFT", Place.DRAFTS),
            ("SPAM", None),
            ("CHAT", None),
        ):
            if label in self.labels:
                return place
        return Place.INBOX

    def candidate(self, draft_id: str = "") -> Candidate | None:
        """For the ladder of evidence."""
        place = self.place
        if place is None:
            return None
        return Candidate(
            place=place,
            headers=self.headers,
            locator=draft_locator(draft_id) if place is Place.DRAFTS and draft_id else f"message/{self.id}",
            at=self.at,
            fingerprint=self.content.fingerprint if self.content else "",
        )


def read_message(answer: Json) -> Known:
    """What `messages.get` says with format metadata."""
    payload = answer.get("payload") or {}
    return Known(
        id=str(answer["id"]),
        thread=str(answer.get("threadId", "")),
        labels=labels_of(answer),
        at=_moment(answer.get("internalDate")),
        headers=read_headers(b"".join(_lines(payload)) + b"\r\n"),
    )


def with_structure(known: Known, answer: Json) -> Known:
    """The same with what the kinds of its parts tell: the answer to an invite is no mail of a person."""
    itip = any(_ANSWER.search(value) for value in _content_types(answer.get("payload") or {}))
    headers = replace(known.headers, automatic=known.headers.automatic or itip)
    return replace(known, headers=headers, structure_read=True)


def read_raw(answer: Json) -> bytes:
    """The octets of a message that was asked for with format raw (base64url, RFC 4648 section 5).

    Raises ProtocolViolation.
    """
    raw = str(answer.get("raw", ""))
    try:
        return base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4))
    except ValueError:
        raise ProtocolViolation("the message is not in base64url", operation="read a message") from None


def read_content(raw: bytes) -> Content:
    """What these octets say."""
    return Content(fingerprint(raw), read_headers(raw).subject, text_of(raw))


def labels_of(answer: Json) -> frozenset[str]:
    """Ids of its labels."""
    return frozenset(map(str, answer.get("labelIds") or ()))


def marked_by_owner(labels: frozenset[str]) -> bool:
    """A star or a label of the owner's own: they dealt with it."""
    return any(_OWNERS_MARKS.fullmatch(label) for label in labels)


def draft_locator(draft_id: str) -> str:
    """`DraftRef.locator` of a draft: its id, which outlives every saving."""
    return f"draft/{draft_id}"


def draft_id_of(locator: str) -> str:
    """The draft id of a locator of ours; empty for any other."""
    return locator.removeprefix("draft/") if locator.startswith("draft/") else ""


def _lines(payload: Json) -> Iterator[bytes]:
    for header in payload.get("headers") or ():
        name, value = str(header.get("name", "")), " ".join(str(header.get("value", "")).split())
        if re.fullmatch(r"[!-9;-~]+", name):
            yield f"{name}: {value}\r\n".encode("utf-8", "replace")


def _content_types(payload: Json) -> Iterator[str]:
    for header in payload.get("headers") or ():
        if str(header.get("name", "")).lower() == "content-type":
            yield str(header.get("value", ""))
    for part in payload.get("parts") or ():
        yield from _content_types(part)


def _moment(milliseconds: object) -> datetime:
    try:
        return datetime.fromtimestamp(int(str(milliseconds)) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)
