"""Mail bytes to invites (iMIP, RFC 6047): the calendar parts of one message, and what the message itself says.

It never raises. Depth, parts and bytes are bounded. The same calendar as alternative part and as attachment is read
once. A part's charset label is believed only where the text is no UTF-8 (labels lie more often than bytes do).
"""

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from zoneinfo import ZoneInfo

from connectors.ics import Reading, read_calendar
from connectors.ics_lines import to_utf8
from connectors.ics_text import html_to_text, one_line, plain
from connectors.model import LIMITS, Address, Invite, MailContext, Method, Problem, ReadLimits, canonical_address

_HINTS = (b"calendar", b".ics", b"/ics", b"x-ics", b".vcs", b"ms-tnef", b"winmail.dat")
_HINT = re.compile(
    rb"text/(?:x-)?v?calendar|application/(?:x-)?ics|text/ics|\.(?:ics|vcs)\b|ms-tnef|winmail\.dat|begin:vcalendar"
)
_CALENDAR_TYPES = frozenset(
    ("text/calendar", "text/x-vcalendar", "application/ics", "application/x-ics", "text/ics", "text/vcalendar")
)
_MISLABELLED = frozenset(("text/plain", "application/octet-stream"))
"""Types under which a calendar comes when a gateway or a script forgot what it was."""
_TNEF_TYPES = frozenset(("application/ms-tnef", "application/vnd.ms-tnef"))
_ID = re.compile(r"<[^<>\s]{1,500}>")
MAX_REFERENCES = 50


@dataclass(frozen=True, slots=True)
class _CalendarPart:
    body: bytes
    method: Method | None
    path: str


def may_hold_invite(data: bytes) -> bool:
    """Whether reading the whole message could find a calendar: a quick look at the octets, no parsing.

    False is certain but for a calendar in a part of a foreign type whose name is encoded.
    """
    lowered = data.lower()
    return any(hint in lowered for hint in _HINTS) and _HINT.search(lowered) is not None


def read_message(
    data: bytes,
    *,
    key: str,
    zone: ZoneInfo,
    calendar: str = "",
    owned: bool = True,
    mail: MailContext | None = None,
    received_at: datetime | None = None,
    limits: ReadLimits = LIMITS,
) -> Reading:
    """Every calendar part of one RFC 5322 message. A message without any is Reading((), ()). Never raises.

    `mail` overrides the context that the message itself gives. Keyword arguments as in `ics.read_calendar`.
    """
    if len(data) > limits.message_bytes:
        return Reading(
            (),
            (Problem(key, f"the message has {len(data)} bytes, more than the {limits.message_bytes} that are read"),),
        )
    if not may_hold_invite(data):
        return Reading((), ())
    try:
        message = email.message_from_bytes(data, policy=email.policy.compat32)
        context = mail or mail_context(message, limits=limits)
        problems: list[Problem] = []
        invites: list[Invite] = []
        notes: list[str] = []
        seen: set[tuple[object, ...]] = set()
        for part in _calendar_parts(message, key, limits, problems):
            reading = read_calendar(
                part.body, key=key, zone=zone, calendar=calendar, owned=owned, mail=context,
                received_at=received_at, limits=limits, method=part.method,
            )  # fmt: skip
            problems += [replace(problem, what=f"{part.path}: {problem.what}") for problem in reading.problems]
            notes += [f"{part.path}: {note}" for note in reading.notes]
            for invite in reading.invites:
                mark = _mark(invite)
                if mark not in seen:
                    seen.add(mark)
                    invites.append(invite)
        return Reading(tuple(invites), tuple(problems), tuple(notes))
    except Exception as error:  # noqa: BLE001 - stdlib email raises many kinds on hostile headers
        return Reading(
            (), (Problem(key, f"the message cannot be read: {type(error).__name__}: {one_line(str(error), 200)}"),)
        )


def _mark(invite: Invite) -> tuple[object, ...]:
    return (
        invite.uid,
        invite.method,
        tuple((e.recurrence_id, e.sequence, e.dtstamp, e.start, e.end, e.status) for e in invite.events),
    )


def _walk(message: Message, limits: ReadLimits, problems: list[Problem], key: str) -> Iterator[tuple[Message, str]]:
    stack: list[tuple[Message, int, str]] = [(message, 0, "part 1")]
    count = 0
    while stack:
        part, depth, path = stack.pop()
        count += 1
        if count > limits.mime_parts:
            problems.append(Problem(key, f"more than {limits.mime_parts} MIME parts, the rest is not read"))
            return
        yield part, path
        if part.is_multipart():
            if depth >= limits.mime_depth:
                problems.append(Problem(key, f"{path}: MIME parts nested deeper than {limits.mime_depth} are not read"))
                continue
            children = part.get_payload()
            if isinstance(children, list):
                for index in range(min(len(children), limits.mime_parts), 0, -1):
                    child = children[index - 1]
                    if isinstance(child, Message):
                        stack.append((child, depth + 1, f"{path}.{index}"))


def _calendar_parts(message: Message, key: str, limits: ReadLimits, problems: list[Problem]) -> Iterator[_CalendarPart]:
    room = limits.message_bytes
    for part, path in _walk(message, limits, problems, key):
        if part.is_multipart():
            continue
        kind = _safely(part.get_content_type, "text/plain").lower()
        name = _filename(part)
        if kind in _TNEF_TYPES or name == "winmail.dat":
            problems.append(
                Problem(
                    key,
                    f"{path}: winmail.dat (TNEF) is not read; the invite may be read from your calendar",
                )
            )
            continue
        named = kind in _CALENDAR_TYPES or name.endswith((".ics", ".vcs"))
        if not named and kind not in _MISLABELLED:
            continue
        body = _payload(part)
        if not named and not _is_calendar(body):
            continue
        room -= len(body)
        if room < 0:
            problems.append(Problem(key, f"{path}: the calendar parts are too large together, the rest is not read"))
            return
        yield _CalendarPart(_as_utf8(body, _charset(part)), _part_method(part), path)


def _is_calendar(body: bytes) -> bool:
    return to_utf8(body[:200]).lstrip()[:15].upper() == b"BEGIN:VCALENDAR"


def _safely(read: object, default: str) -> str:
    try:
        value = read() if callable(read) else default
    except Exception:  # noqa: BLE001 - header access of stdlib email can raise anything on broken parameters
        return default
    return str(value) if value else default


def _filename(part: Message) -> str:
    return decode_words(_safely(part.get_filename, "")).strip().lower()


def _charset(part: Message) -> str:
    return _safely(part.get_content_charset, "").lower()


def _part_method(part: Message) -> Method | None:
    try:
        value = part.get_param("method")
        return Method(str(value).strip().upper()) if value else None
    except Exception:  # noqa: BLE001 - as above, and an unknown METHOD is a ValueError
        return None


def _payload(part: Message) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except Exception:  # noqa: BLE001 - a broken transfer encoding
        payload = None
    if isinstance(payload, bytes):
        return payload
    raw = part.get_payload()
    return raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else b""


def _as_utf8(body: bytes, charset: str) -> bytes:
    """UTF-8 octets: as they are where they are UTF-8, else by the label, else for the reader to guess line by line."""
    body = to_utf8(body)
    if b"\x1b" not in body:
        try:
            body.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            return body
    if charset and charset not in ("utf-8", "us-ascii", "ascii"):
        try:
            return body.decode(charset).encode("utf-8", "replace")
        except (LookupError, UnicodeError):
            return body
    return body


def decode_words(raw: str) -> str:
    """A header with its encoded words (RFC 2047) decoded, on one line; undecodable ones stay as they are."""
    text = raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if "=?" not in text:
        return one_line(text)
    try:
        pieces = decode_header(text)
        decoded = "".join(_word(piece, charset) for piece, charset in pieces)
    except Exception:  # noqa: BLE001 - decode_header raises HeaderParseError, ValueError, binascii.Error
        decoded = text
    return one_line(decoded)


def _word(piece: bytes | str, charset: str | None) -> str:
    if isinstance(piece, str):
        return piece
    try:
        return piece.decode(charset or "utf-8")
    except (LookupError, UnicodeDecodeError):
        return piece.decode("utf-8", "replace")


def _header(message: Message, name: str) -> str:
    return _safely(lambda: message.get(name), "")[:20_000]


def _mailboxes(message: Message, name: str) -> tuple[Address, ...]:
    values = [str(value)[:20_000] for value in (message.get_all(name) or [])[:5]]
    try:
        found = getaddresses([value.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for value in values])
    except Exception:  # noqa: BLE001 - stdlib raises on some broken address lists
        return ()
    pairs = ((canonical_address(address), decode_words(shown)) for shown, address in found[:200])
    return tuple(Address(address, shown) for address, shown in pairs if address)


def mail_context(message: Message, *, limits: ReadLimits = LIMITS) -> MailContext:
    """What threading and extraction need of a message: headers decoded, the human text plain and bounded."""
    sender = next(iter(_mailboxes(message, "From")), None)
    technical = next(iter(_mailboxes(message, "Sender")), None)
    identifier = _ID.search(_header(message, "Message-ID"))
    references = _ID.findall(_header(message, "References")) or _ID.findall(_header(message, "In-Reply-To"))[:1]
    return MailContext(
        message_id=identifier.group() if identifier else "",
        references=tuple(references[-MAX_REFERENCES:]),
        sender=sender,
        technical_sender=technical if technical and (sender is None or technical.email != sender.email) else None,
        reply_to=_mailboxes(message, "Reply-To"),
        to=_mailboxes(message, "To"),
        cc=_mailboxes(message, "Cc"),
        subject=decode_words(_header(message, "Subject")),
        text=_text(message, limits),
        sent_at=_date(_header(message, "Date")),
        automatic=_automatic(message),
    )


def _date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _automatic(message: Message) -> bool:
    submitted = _header(message, "Auto-Submitted").partition(";")[0].strip().lower()
    precedence = _header(message, "Precedence").strip().lower()
    return submitted not in ("", "no") or precedence in ("bulk", "list", "junk") or bool(_header(message, "List-Id"))


def _text(message: Message, limits: ReadLimits) -> str:
    """The first text/plain that says something, else the first text/html; attachments and forwarded mail aside."""
    html = ""
    for part, _ in _walk(message, limits, [], ""):
        if part.is_multipart() or _safely(lambda part=part: part.get_content_disposition(), "") == "attachment":
            continue
        kind = _safely(part.get_content_type, "text/plain").lower()
        if kind not in ("text/plain", "text/html") or (kind == "text/html" and html):
            continue
        payload = _payload(part)
        if _is_calendar(payload):
            continue
        body = _as_utf8(payload[: 16 * limits.description_chars], _charset(part))
        decoded = body.decode("utf-8", "replace")
        if kind == "text/html":
            html = decoded
            continue
        text = plain(decoded, limits.description_chars)
        if text:
            return text
    return html_to_text(html, limits.description_chars) if html else ""
