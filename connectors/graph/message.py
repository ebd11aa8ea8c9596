"""A message of Graph as `Headers`, and a draft or note as a message of Graph. Pure.

Source: https://learn.microsoft.com/en-us/graph/api/resources/message, and for the properties of MAPI [MS-OXPROPS].
`internetMessageHeaders` takes only names that begin with X-, so threading is written as the MAPI properties that
Exchange makes those headers from. An own mark lies beside the Message-ID, for clients that change the latter on a save.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from connectors.ics_text import html_to_text, one_line
from connectors.mime import Headers, fingerprint_of, read_headers
from connectors.model import Address, Draft, Note, canonical_address

MARK = "String {8a1f3c52-6d0e-4b7a-9c35-2f1de0a94b67} Name Origin"
"""Ours, in a property set of our own; it stays in the owner's mailbox and is not sent along."""
REFERENCES = "String 0x1039"
"""PidTagInternetReferences."""
IN_REPLY_TO = "String 0x1042"
"""PidTagInReplyToId."""
ITEM_CLASS = "String 0x001A"
"""PidTagMessageClass."""
DEFERRED = "SystemTime 0x3FEF"
"""PidTagDeferredSendTime: the owner scheduled it."""
FLAGS = "Integer 0x0E07"
"""PidTagMessageFlags: without mfUnsent (8) it is no draft, without mfRead (1) it is unread."""
DELIVERED = "SystemTime 0x0E06"
"""PidTagMessageDeliveryTime."""
SUBMITTED = "SystemTime 0x0039"
"""PidTagClientSubmitTime."""

EXPAND = "singleValueExtendedProperties($filter={})".format(
    " or ".join(f"id eq '{name}'" for name in (MARK, REFERENCES, IN_REPLY_TO, ITEM_CLASS, DEFERRED))
)
SELECT = (
    "id,parentFolderId,internetMessageId,conversationId,subject,from,toRecipients,ccRecipients,bccRecipients,"
    "sentDateTime,receivedDateTime,createdDateTime,isDraft,internetMessageHeaders"
)
"""What of a message is asked for where nobody's text is of interest."""
SELECT_CONTENT = f"{SELECT},body,hasAttachments,flag"

_IDS = re.compile(r"<[^<>\s\x00-\x1f\x7f]{1,900}>")
_TEXT_CHARS = 1_000_000
_AUTOMATIC = re.compile(r"IPM\.Schedule\.|REPORT\.|IPM\.Note\.Rules\.|IPM\.Outlook\.Recall", re.IGNORECASE)

Json = Mapping[str, Any]


def extended(item: Json) -> dict[str, str]:
    """Single-value extended properties by their canonical id: Graph writes `String 0x1a` for `String 0x001A`."""
    listed = item.get("singleValueExtendedProperties")
    entries = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return {canonical_property(str(each.get("id", ""))): str(each.get("value", "")) for each in entries}


def canonical_property(name: str) -> str:
    """One spelling for each property id."""
    kind, _, rest = name.strip().partition(" ")
    if rest[:2].lower() == "0x":
        try:
            return f"{kind.lower()} {int(rest, 16):#06x}"
        except ValueError:
            pass
    return name.strip().lower()


def property_of(item: Json, name: str) -> str:
    """The value of one extended property, or empty."""
    return extended(item).get(canonical_property(name), "")


def headers_of(item: Json) -> Headers:
    """What the message's header says, read from properties; our mark stands in for a Message-ID that was changed."""
    own = extended(item)

    def value(name: str) -> str:
        return own.get(canonical_property(name), "")

    transport = _transport(item)
    told = read_headers(transport)
    references = tuple(_IDS.findall(value(REFERENCES))) or told.references
    parent = _IDS.search(value(IN_REPLY_TO))
    kind = str(item.get("@odata.type", ""))
    return replace(
        told,
        message_id=_identity(value(MARK)) or _identity(_text(item, "internetMessageId")),
        in_reply_to=parent.group() if parent else told.in_reply_to,
        references=references,
        sender=next(iter(_addresses([item.get("from")])), None),
        to=_addresses(item.get("toRecipients")),
        cc=_addresses(item.get("ccRecipients")),
        bcc=_addresses(item.get("bccRecipients")),
        subject=one_line(_text(item, "subject")),
        date=None if item.get("isDraft") else moment(_text(item, "sentDateTime")),
        automatic=told.automatic or bool(_AUTOMATIC.match(value(ITEM_CLASS))) or kind.lower().endswith("eventmessage"),
    )


def moment(text: str) -> datetime | None:
    """An Edm.DateTimeOffset in UTC, however many fraction digits it has; None if it is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def arrived_at(item: Json) -> datetime | None:
    """When it came to lie in the mailbox, UTC."""
    return moment(_text(item, "receivedDateTime")) or moment(_text(item, "createdDateTime"))


def text_of(item: Json) -> str:
    """The message's text; HTML reduced to text here, so that it does not depend on how the server does that."""
    body = item.get("body")
    if not isinstance(body, dict) or not isinstance(body.get("content"), str):
        return ""
    content: str = body["content"]
    if str(body.get("contentType", "")).lower() == "html":
        return html_to_text(content, _TEXT_CHARS)
    return content.replace("\r\n", "\n")


def fingerprint_of_message(item: Json) -> str:
    """`mime.fingerprint` of a message read with `SELECT_CONTENT`."""
    headers = headers_of(item)
    addresses = (*headers.to, *headers.cc, *headers.bcc)
    return fingerprint_of(
        Draft("", Address(""), addresses, headers.subject, text_of(item), datetime(2000, 1, 1, tzinfo=UTC))
    )


def marked_by_owner(item: Json) -> bool:
    """The owner dealt with it, though the text is as it was: an attachment, a flag, or it is scheduled."""
    flag = item.get("flag")
    status = flag.get("flagStatus") if isinstance(flag, dict) else None
    return bool(item.get("hasAttachments")) or status in ("flagged", "complete") or bool(property_of(item, DEFERRED))


def draft_message(draft: Draft) -> dict[str, Any]:
    """The body of a request that makes or rewrites the draft. Raises ValueError for an unusable address or id."""
    if not _IDS.fullmatch(draft.message_id) or not draft.message_id.isascii():
        raise ValueError(f"not a usable Message-ID: {draft.message_id!r}")
    properties = [_property(MARK, draft.message_id)]
    if _IDS.fullmatch(draft.in_reply_to):
        properties.append(_property(IN_REPLY_TO, draft.in_reply_to))
    known = [name for name in draft.references if _IDS.fullmatch(name)]
    if known:
        properties.append(_property(REFERENCES, " ".join(known)))
    return {
        "subject": one_line(draft.subject),
        "body": {"contentType": "text", "content": _crlf(draft.body)},
        "toRecipients": [_recipient(address) for address in draft.to],
        "ccRecipients": [],
        "bccRecipients": [],
        "isRead": True,
        "internetMessageId": draft.message_id,
        "singleValueExtendedProperties": properties,
    }


def note_message(note: Note, owner: Address) -> dict[str, Any]:
    """A message that lies in the inbox as if it had come in. Raises ValueError."""
    if not _IDS.fullmatch(note.message_id) or not note.message_id.isascii():
        raise ValueError(f"not a usable Message-ID: {note.message_id!r}")
    at = note.date.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "subject": one_line(note.subject),
        "body": {"contentType": "text", "content": _crlf(note.body)},
        "from": _recipient(owner),
        "sender": _recipient(owner),
        "toRecipients": [_recipient(owner)],
        "isRead": False,
        "internetMessageId": note.message_id,
        "singleValueExtendedProperties": [_property(FLAGS, "0"), _property(DELIVERED, at), _property(SUBMITTED, at)],
    }


def quoted(text: str) -> str:
    """A string literal of OData."""
    return "'" + text.replace("'", "''") + "'"


def marked_with(message_id: str) -> str:
    """An OData filter for messages with our mark."""
    return f"singleValueExtendedProperties/any(ep: ep/id eq {quoted(MARK)} and ep/value eq {quoted(message_id)})"


def _property(name: str, value: str) -> dict[str, str]:
    return {"id": name, "value": value}


def _recipient(address: Address) -> dict[str, Any]:
    if not canonical_address(address.email):
        raise ValueError(f"not an address: {address.email!r}")
    return {"emailAddress": {"address": address.email, "name": one_line(address.name, 200) or address.email}}


def _crlf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").replace("\n", "\r\n") + "\r\n"


def _identity(text: str) -> str:
    found = _IDS.search(text)
    return found.group() if found else ""


def _addresses(listed: object) -> tuple[Address, ...]:
    entries: Sequence[Any] = listed if isinstance(listed, list) else ()
    return tuple(_read_addresses(entries))


def _read_addresses(entries: Iterable[Any]) -> Iterable[Address]:
    for entry in entries:
        inner = entry.get("emailAddress") if isinstance(entry, dict) else None
        if isinstance(inner, dict) and (email := canonical_address(_text(inner, "address"))):
            name = one_line(_text(inner, "name"), 200)
            yield Address(email, "" if canonical_address(name) == email else name)


def _transport(item: Json) -> bytes:
    """The transport header as far as it is given, without Content-Type: there is no body to look at."""
    listed = item.get("internetMessageHeaders")
    lines = [
        f"{one_line(_text(each, 'name'), 200)}: {one_line(_text(each, 'value'), 65_536)}\r\n"
        for each in (listed if isinstance(listed, list) else ())
        if isinstance(each, dict) and not _text(each, "name").lower().startswith("content-")
    ]
    return ("".join(lines) + "\r\n").encode()


def _text(item: Json, key: str) -> str:
    found = item.get(key)
    return found if isinstance(found, str) else ""
