"""Items as elements of the EWS schema, in the order that its sequences ask for."""

import base64
import html
import re
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from connectors.mime import text_of
from tests.servers.ews_fake.store import Item

T = "http://schemas.microsoft.com/exchange/services/2006/types"
M = "http://schemas.microsoft.com/exchange/services/2006/messages"
S = "http://schemas.xmlsoap.org/soap/envelope/"
MARK = "8a1f3c52-6d0e-4b7a-9c35-2f1de0a94b67"
ALWAYS = ("ItemId",)


def t(name: str, *children: Any, **attributes: str) -> Any:
    """An element of the types namespace; None among the children is left out."""
    element = etree.Element(f"{{{T}}}{name}", nsmap={"t": T}, **attributes)
    for child in children:
        if isinstance(child, str):
            element.text = child
        elif child is not None:
            element.append(child)
    return element


def when(at: datetime, *, fraction: bool) -> str:
    """xs:dateTime; some servers write nine fraction digits."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S") + (".123456789Z" if fraction else "Z")


def shown(item: Item, wanted: set[str], *, odd: bool) -> Any:
    """The item with the properties asked for (by field URI, or `tag:0x..` and `named:..` for extended ones)."""
    if item.kind == "CalendarItem":
        return t(item.kind, *_common(item, wanted, odd=odd), *_calendar(item, wanted, odd=odd))
    return t(item.kind, *_common(item, wanted, odd=odd), *_message(item, wanted))


def _common(item: Item, wanted: set[str], *, odd: bool) -> list[Any]:
    headers = item.headers
    fields = item.fields
    draft = item.folder in ("drafts", "outbox") and not odd
    mime = _rewritten(item) if odd else item.mime
    # What a program put there never arrived, as some see it.
    arrived = not odd or not (item.folder in ("drafts", "outbox") or item.properties)
    found = [
        ("item:MimeContent", None if item.without_mime else t("MimeContent", base64.b64encode(mime).decode())),
        ("", t("ItemId", Id=item.id, ChangeKey=item.changekey)),
        ("item:ItemClass", t("ItemClass", item.item_class)),
        ("item:Subject", t("Subject", fields.get("subject", headers.subject))),
        ("item:Body", t("Body", fields.get("body", text_of(item.mime)), BodyType="Text")),
        ("item:DateTimeReceived", t("DateTimeReceived", when(item.at, fraction=odd)) if arrived else None),
        ("item:InReplyTo", t("InReplyTo", headers.in_reply_to) if headers.in_reply_to else None),
        ("item:IsDraft", t("IsDraft", "true" if draft else "false")),
        ("item:InternetMessageHeaders", None if odd else _internet_headers(item)),
        ("item:DateTimeSent", t("DateTimeSent", when(headers.date, fraction=odd)) if headers.date else None),
        ("item:DateTimeCreated", t("DateTimeCreated", when(item.at, fraction=odd))),
        ("item:HasAttachments", t("HasAttachments", "true" if item.attached else "false")),
        *(("ext", each) for each in _extended(item, wanted)),
        ("item:LastModifiedTime", t("LastModifiedTime", when(fields.get("modified", item.at), fraction=odd))),
    ]
    return [element for name, element in found if name in ("", "ext") or name in wanted]


def _message(item: Item, wanted: set[str]) -> list[Any]:
    headers = item.headers
    found = [
        ("message:ToRecipients", _people("ToRecipients", headers.to)),
        ("message:CcRecipients", _people("CcRecipients", headers.cc)),
        ("message:BccRecipients", _people("BccRecipients", headers.bcc)),
        ("message:From", t("From", _mailbox(headers.sender)) if headers.sender else None),
        ("message:InternetMessageId", t("InternetMessageId", item.message_id or headers.message_id)),
        ("message:IsRead", t("IsRead", "true" if item.is_read else "false")),
        ("message:References", t("References", " ".join(headers.references)) if headers.references else None),
    ]
    return [element for name, element in found if name in wanted and element is not None]


def _calendar(item: Item, wanted: set[str], *, odd: bool) -> list[Any]:
    f = item.fields
    people = [
        t("Attendee", _mailbox_of(name, address), t("ResponseType", response))
        for name, address, response in f.get("attendees", ())
    ]
    found = [
        ("calendar:UID", t("UID", f["uid"]) if f["uid"] else None),
        (
            "calendar:RecurrenceId",
            t("RecurrenceId", when(f["recurrence_id"], fraction=odd)) if "recurrence_id" in f else None,
        ),
        ("calendar:Start", t("Start", when(f["start"], fraction=odd)) if f["start"] else None),
        ("calendar:End", t("End", when(f["end"], fraction=odd))),
        ("calendar:IsAllDayEvent", t("IsAllDayEvent", "true" if f.get("all_day") else "false")),
        ("calendar:LegacyFreeBusyStatus", t("LegacyFreeBusyStatus", f.get("busy", "Busy"))),
        ("calendar:Location", t("Location", f["location"]) if "location" in f else None),
        ("calendar:IsCancelled", t("IsCancelled", "true" if f.get("cancelled") else "false")),
        (
            "calendar:CalendarItemType",
            t("CalendarItemType", f.get("type", "Single")) if f.get("type", "Single") else None,
        ),
        ("calendar:MyResponseType", t("MyResponseType", f.get("mine", "Accept"))),
        ("calendar:Organizer", _organizer(f)),
        ("calendar:RequiredAttendees", t("RequiredAttendees", *people) if people else None),
        ("calendar:AppointmentSequenceNumber", t("AppointmentSequenceNumber", str(f.get("sequence", 0)))),
        ("calendar:Recurrence", f.get("recurrence")),
        (
            "calendar:StartTimeZone",
            t("StartTimeZone", Id=f.get("zone", "W. Europe Standard Time")) if not odd else None,
        ),
    ]
    return [element for name, element in found if name in wanted and element is not None]


def _organizer(fields: dict[str, Any]) -> Any:
    """None among the fields is an organizer about whom nothing is said."""
    if "organizer" not in fields:
        return None
    told = fields["organizer"]
    return t("Organizer", _mailbox_of(*told)) if told else t("Organizer")


def _people(name: str, listed: Any) -> Any:
    return t(name, *(_mailbox(each) for each in listed)) if listed else None


def _mailbox(address: Any) -> Any:
    return _mailbox_of(address.name, address.email)


def _mailbox_of(name: str, email: str) -> Any:
    return t("Mailbox", t("Name", name or email), t("EmailAddress", email), t("RoutingType", "SMTP"))


def _internet_headers(item: Item) -> Any:
    if item.folder in ("drafts", "outbox"):
        return None
    head = item.mime.replace(b"\r\n", b"\n").split(b"\n\n", 1)[0].decode("utf-8", "replace")
    lines = re.sub(r"\n[ \t]+", " ", head).split("\n")
    pairs = [line.partition(":")[::2] for line in lines if ":" in line]
    return t("InternetMessageHeaders", *(t("InternetMessageHeader", v.strip(), HeaderName=k) for k, v in pairs))


def _extended(item: Item, wanted: set[str]) -> list[Any]:
    if item.kind == "CalendarItem":
        if "lid:Appointment/0x8215" not in wanted or not item.fields.get("told", True):
            return []
        uri = t(
            "ExtendedFieldURI", DistinguishedPropertySetId="Appointment", PropertyId="33301", PropertyType="Boolean"
        )
        return [t("ExtendedProperty", uri, t("Value", "true" if item.fields.get("all_day") else "false"))]
    headers = item.headers
    own = {
        "tag:0x1039": " ".join(headers.references),
        "tag:0x1042": headers.in_reply_to,
        **item.properties,
    }
    return [_property(name, own[name]) for name in sorted(wanted) if own.get(name)]


def _property(name: str, value: str) -> Any:
    kind = {"tag:0xe07": "Integer", "tag:0x3fef": "SystemTime"}.get(name, "String")
    if name.startswith("tag:"):
        uri = t("ExtendedFieldURI", PropertyTag=name[4:], PropertyType=kind)
    else:
        identity, _, own = name[6:].partition("/")
        uri = t("ExtendedFieldURI", PropertySetId=identity, PropertyName=own, PropertyType=kind)
    return t("ExtendedProperty", uri, t("Value", value))


def _rewritten(item: Item) -> bytes:
    """The same mail put together anew, as a server does that keeps properties and no octets; HTML is made beside it."""
    head, _, _ = item.mime.partition(b"\r\n\r\n")
    if item.kind != "Message" or b"multipart" in head.lower():
        return item.mime
    kept = [line for line in re.split(rb"\r\n(?![ \t])", head) if not line.lower().startswith((b"content-", b"mime-"))]
    text = text_of(item.mime).rstrip("\n") + "\r\n\r\n"
    shown = item.html or f"<html><body><p>{html.escape(text).replace(chr(10), '<br>')}</p></body></html>"
    parts = [_part("plain", text), _part("html", shown), b"--=_made--", b""]
    kind = [b"MIME-Version: 1.0", b'Content-Type: multipart/alternative; boundary="=_made"', b""]
    return b"\r\n".join([*kept, *kind, *parts])


def _part(kind: str, text: str) -> bytes:
    body = base64.encodebytes(text.encode()).replace(b"\n", b"\r\n")
    head = f"--=_made\r\nContent-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head.encode() + body
