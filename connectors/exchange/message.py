"""A message of EWS, as exchangelib gives it, as `Headers` and text.

Our mark lies beside the Message-ID, for clients that change the latter on a save. Threading headers are read from the
schema's own elements and, where a server leaves these out, from the MAPI properties behind them ([MS-OXPROPS]).
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from exchangelib import ExtendedProperty, Message

from connectors.ics_text import html_to_text, looks_like_html, one_line
from connectors.mime import Headers, fingerprint_of, html_apart, read_headers, text_of
from connectors.model import Address, Draft, canonical_address

_IDS = re.compile(r"<[^<>\s\x00-\x1f\x7f]{1,900}>")
_AUTOMATIC = re.compile(r"IPM\.Schedule\.|REPORT\.|IPM\.Note\.Rules\.|IPM\.Outlook\.Recall", re.IGNORECASE)
_TEXT_CHARS = 1_000_000


class Mark(ExtendedProperty):  # type: ignore[misc]  # exchangelib asks for a subclass and is not typed
    """Ours, in a property set of our own; it stays in the owner's mailbox and is not sent along."""

    property_set_id = "8a1f3c52-6d0e-4b7a-9c35-2f1de0a94b67"
    property_name = "Origin"
    property_type = "String"


class InternetReferences(ExtendedProperty):  # type: ignore[misc]  # as above
    """PidTagInternetReferences."""

    property_tag = 0x1039
    property_type = "String"


class InReplyToId(ExtendedProperty):  # type: ignore[misc]  # as above
    """PidTagInReplyToId."""

    property_tag = 0x1042
    property_type = "String"


class MessageFlags(ExtendedProperty):  # type: ignore[misc]  # as above
    """PidTagMessageFlags: mfUnsent (8) makes a draft, mfRead (1) a read message."""

    property_tag = 0x0E07
    property_type = "Integer"


class DeferredSend(ExtendedProperty):  # type: ignore[misc]  # as above
    """PidTagDeferredSendTime: the owner scheduled it."""

    property_tag = 0x3FEF
    property_type = "SystemTime"


for _field, _property in (
    ("own_mark", Mark),
    ("mapi_references", InternetReferences),
    ("mapi_in_reply_to", InReplyToId),
    ("mapi_flags", MessageFlags),
    ("mapi_deferred", DeferredSend),
):
    Message.register(_field, _property)

HEADERS = (
    "subject", "author", "to_recipients", "cc_recipients", "bcc_recipients", "message_id", "in_reply_to", "references",
    "datetime_sent", "datetime_received", "datetime_created", "item_class", "headers", "has_attachments", "own_mark",
    "mapi_references", "mapi_in_reply_to", "mapi_deferred",
)  # fmt: skip
"""What of a message is asked for where nobody's text is of interest."""
CONTENT = (*HEADERS, "mime_content", "body")


def headers_of(item: Any, *, sent: bool) -> Headers:
    """What the header says; our mark stands in for a Message-ID that was changed. `sent` is False for a draft."""
    told = read_headers(_transport(item))
    references = _found(_text(item, "references")) or _found(_text(item, "mapi_references")) or told.references
    parent = _found(_text(item, "in_reply_to")) or _found(_text(item, "mapi_in_reply_to"))
    identity = _found(_text(item, "own_mark")) or _found(_text(item, "message_id"))
    return replace(
        told,
        message_id=identity[0] if identity else told.message_id,
        in_reply_to=parent[0] if parent else told.in_reply_to,
        references=references,
        sender=next(iter(_addresses([getattr(item, "author", None)])), None),
        to=_addresses(getattr(item, "to_recipients", None)),
        cc=_addresses(getattr(item, "cc_recipients", None)),
        bcc=_addresses(getattr(item, "bcc_recipients", None)),
        subject=one_line(_text(item, "subject")),
        date=utc(getattr(item, "datetime_sent", None)) if sent else None,
        automatic=told.automatic or bool(_AUTOMATIC.match(_text(item, "item_class"))),
    )


def utc(at: object) -> datetime | None:
    """A plain datetime in UTC of exchangelib's own kind; None if it is none."""
    if not isinstance(at, datetime):
        return None
    plain = datetime(at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond, tzinfo=at.tzinfo or UTC)
    return plain.astimezone(UTC)


def arrived_at(item: Any) -> datetime | None:
    """When it came to lie in the mailbox, UTC."""
    return utc(getattr(item, "datetime_received", None)) or utc(getattr(item, "datetime_created", None))


def content_of(item: Any) -> str:
    """The text, out of the MIME content; where a server gives none, out of the body."""
    raw = getattr(item, "mime_content", None)
    if isinstance(raw, bytes) and raw.strip():
        return text_of(raw)
    body = str(getattr(item, "body", None) or "")
    return html_to_text(body, _TEXT_CHARS) if looks_like_html(body) else body.replace("\r\n", "\n")


def fingerprint_of_item(item: Any) -> str:
    """`mime.fingerprint` of an item read with `CONTENT`.

    An edit of the HTML alone, which a server has not carried over to the plain text beside it, changes it, too.
    """
    headers = headers_of(item, sent=False)
    addresses = (*headers.to, *headers.cc, *headers.bcc)
    raw = getattr(item, "mime_content", None)
    text = content_of(item) + (html_apart(raw) if isinstance(raw, bytes) else "")
    return fingerprint_of(Draft("", Address(""), addresses, headers.subject, text, datetime(2000, 1, 1, tzinfo=UTC)))


def marked_by_owner(item: Any) -> bool:
    """The owner dealt with it, though the text is as it was: an attachment, or it is scheduled."""
    return bool(getattr(item, "has_attachments", None)) or scheduled(item)


def scheduled(item: Any) -> bool:
    """Whether it waits to be sent at a time of the owner's."""
    return getattr(item, "mapi_deferred", None) is not None


def _found(text: str) -> tuple[str, ...]:
    return tuple(_IDS.findall(text))


def _addresses(listed: Iterable[Any] | None) -> tuple[Address, ...]:
    found = ((canonical_address(str(one.email_address or "")), one) for one in listed or () if one is not None)
    return tuple(Address(email, _name(email, one)) for email, one in found if email)


def _name(email: str, mailbox: Any) -> str:
    name = one_line(str(mailbox.name or ""), 200)
    return "" if canonical_address(name) == email else name


def _transport(item: Any) -> bytes:
    """The transport header as far as it is given, without Content-Type: there is no body to look at."""
    lines = [
        f"{one_line(str(each.name), 200)}: {one_line(str(each.value), 65_536)}\r\n"
        for each in getattr(item, "headers", None) or ()
        if each.name and not str(each.name).lower().startswith("content-")
    ]
    return ("".join(lines) + "\r\n").encode("utf-8", "replace")


def _text(item: Any, name: str) -> str:
    value = getattr(item, name, None)
    return value if isinstance(value, str) else ""
