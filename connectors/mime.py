"""Messages to and from octets (RFC 5322, RFC 2045): drafts and notes are written, mail of anybody's is read.

Writing refuses what cannot be written safely with ValueError; reading never raises. What is written holds no header
that names the tool, and no text of an invite can start a header: all that breaks a line is taken out.
"""

import email
import email.policy
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage, Message
from email.utils import format_datetime, getaddresses, parsedate_to_datetime

from connectors.ics_text import html_to_text, one_line
from connectors.model import LIMITS, Address, Draft, Note, canonical_address

_MESSAGE_ID = re.compile(r"<[^<>\s\x00-\x1f\x7f]{1,900}>")
_FROM_LINE = re.compile(r"^>+(?=From )", re.MULTILINE)
_LINE_LENGTH = 78
_HEADER_CHARS = 65_536
_TEXT_CHARS = 1_000_000


@dataclass(frozen=True, slots=True)
class Headers:
    """What the header of one message says, decoded. Missing or unreadable fields are empty."""

    message_id: str = ""
    in_reply_to: str = ""
    """The first Message-ID of the field, with angle brackets."""
    references: tuple[str, ...] = ()
    sender: Address | None = None
    """The first mailbox of From."""
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    subject: str = ""
    date: datetime | None = None
    """UTC; a Date without a zone is read as UTC (RFC 5322 section 3.3, `-0000`)."""
    automatic: bool = False
    """No person wrote it: an auto-reply (RFC 3834), list or bulk mail, or an iTIP message such as a calendar reply."""

    @property
    def recipients(self) -> frozenset[str]:
        """Canonical addresses of To, Cc and Bcc."""
        return frozenset(address.email for address in (*self.to, *self.cc, *self.bcc))


def write_draft(draft: Draft) -> bytes:
    """RFC 5322 octets with CRLF line ends: one text/plain part, UTF-8, one line a paragraph.

    Thread references that are no Message-IDs are left out. Raises ValueError for an unusable own Message-ID or address.
    """
    return _write(
        message_id=draft.message_id,
        sender=draft.sender,
        to=draft.to,
        subject=draft.subject,
        body=draft.body,
        date=draft.date,
        in_reply_to=draft.in_reply_to,
        references=draft.references,
    )


def write_note(note: Note, owner: Address) -> bytes:
    """A note as octets, from the owner to the owner, marked as automatic (RFC 3834 section 5)."""
    return _write(
        message_id=note.message_id,
        sender=owner,
        to=(owner,),
        subject=note.subject,
        body=note.body,
        date=note.date,
        extra={"Auto-Submitted": "auto-generated"},
    )


def fingerprint_of(draft: Draft) -> str:
    """`fingerprint` of what `write_draft` makes of this draft."""
    return _digest(draft.body, (address.email for address in draft.to), draft.subject)


def fingerprint(message: bytes) -> str:
    """SHA-256 (hex) over recipients, subject and text of a message, white space left out.

    It stays the same when a mail program saves the text again in another encoding, charset or wrapping (measured; see
    docs/design.md), and changes with every word the owner changes.
    """
    headers = read_headers(message)
    return _digest(text_of(message), headers.recipients, headers.subject)


def read_headers(message: bytes) -> Headers:
    """The header of a message, whole or cut off after its header. The body is looked at only for a calendar reply."""
    parsed = email.message_from_bytes(header_block(message), policy=email.policy.compat32)
    calendar = _is_itip(parsed, message)
    return Headers(
        message_id=_first_id(_field(parsed, "Message-ID")),
        in_reply_to=_first_id(_field(parsed, "In-Reply-To")),
        references=tuple(_MESSAGE_ID.findall(_field(parsed, "References"))),
        sender=next(iter(_addresses(parsed, "From")), None),
        to=_addresses(parsed, "To"),
        cc=_addresses(parsed, "Cc"),
        bcc=_addresses(parsed, "Bcc"),
        subject=decode_words(_field(parsed, "Subject")),
        date=_date(_field(parsed, "Date")),
        automatic=calendar or _is_automatic(parsed),
    )


def decode_words(raw: str) -> str:
    """A field with its encoded words (RFC 2047) decoded, on one line; undecodable ones stay as they are."""
    if "=?" not in raw:
        return one_line(raw)
    try:
        return one_line("".join(_word(piece, charset) for piece, charset in decode_header(raw)))
    except (HeaderParseError, ValueError, LookupError):
        return one_line(raw)


def header_block(message: bytes) -> bytes:
    """The octets up to and with the first blank line."""
    ends = [end for mark in (b"\r\n\r\n", b"\n\n") if (end := message.find(mark)) >= 0]
    return message[: min(ends) + 2] + b"\r\n" if ends else message


def text_of(message: bytes) -> str:
    """The text a reader sees first: text/plain, or else HTML reduced to text; attachments aside. Never raises."""
    html = ""
    for part in _text_parts(email.message_from_bytes(message, policy=email.policy.compat32)):
        decoded = _decoded(part)
        if part.get_content_subtype() == "html":
            html = html or decoded
        elif decoded.strip():
            return decoded.replace("\r\n", "\n")
    return html_to_text(html, _TEXT_CHARS) if html else ""


def html_apart(message: bytes) -> str:
    """The HTML of a message reduced to text, where it says something else than its plain text; else empty."""
    shown = ["", ""]
    for part in _text_parts(email.message_from_bytes(message, policy=email.policy.compat32)):
        html = part.get_content_subtype() == "html"
        shown[html] = shown[html] or _decoded(part)
    plain, reduced = shown[0], html_to_text(shown[1], _TEXT_CHARS)
    if not plain.strip() or not reduced.strip() or _letters(plain) == _letters(reduced):
        return ""
    return reduced


def _letters(text: str) -> str:
    """Letters and digits: how lists, links and quotes are written out is the program's own way."""
    return "".join(filter(str.isalnum, _squeezed(text)))


def _write(
    *,
    message_id: str,
    sender: Address,
    to: Sequence[Address],
    subject: str,
    body: str,
    date: datetime,
    in_reply_to: str = "",
    references: Sequence[str] = (),
    extra: dict[str, str] | None = None,
) -> bytes:
    if not _usable_id(message_id):
        raise ValueError(f"not a usable Message-ID: {message_id!r}")
    message = EmailMessage(policy=email.policy.SMTP)
    message["Date"] = format_datetime(date)
    message["From"] = _header_address(sender)
    if to:
        message["To"] = tuple(_header_address(address) for address in to)
    message["Subject"] = one_line(subject)
    for name, value in (extra or {}).items():
        message[name] = value
    text = body.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n"
    simple = text.isascii() and all(len(line) <= _LINE_LENGTH for line in text.split("\n"))
    message.set_content(text, charset="utf-8", cte="7bit" if simple else "quoted-printable")
    return _threading(message_id, in_reply_to, references) + message.as_bytes()


def _threading(message_id: str, in_reply_to: str, references: Sequence[str]) -> bytes:
    """Message-IDs by hand: the email package breaks long ones into encoded words, which no reader puts together."""
    lines = [f"Message-ID: {message_id}"]
    if _usable_id(in_reply_to):
        lines.append(f"In-Reply-To: {in_reply_to}")
    known = list(filter(_usable_id, references))
    if known:
        lines.append("References: " + "\r\n ".join(known))
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _usable_id(text: str) -> bool:
    return text.isascii() and _MESSAGE_ID.fullmatch(text) is not None


def _header_address(address: Address) -> HeaderAddress:
    local, at, domain = address.email.rpartition("@")
    if not at or not canonical_address(address.email):
        raise ValueError(f"not an address: {address.email!r}")
    try:
        ascii_domain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
        local.encode("ascii")
    except UnicodeError as error:
        raise ValueError(f"an address that mail without SMTPUTF8 cannot carry: {address.email!r}") from error
    return HeaderAddress(display_name=one_line(address.name, 200), username=local, domain=ascii_domain)


def _digest(text: str, recipients: Iterable[str], subject: str) -> str:
    addresses = sorted({_ascii_domain(address) for raw in recipients if (address := canonical_address(raw))})
    parts = (_squeezed(_FROM_LINE.sub("", text.replace("\r", "\n"))), *addresses, _squeezed(subject))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()


def _ascii_domain(address: str) -> str:
    local, _, domain = address.rpartition("@")
    if domain.isascii():
        return address
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return address


def _squeezed(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    return "".join(c for c in composed if not c.isspace() and unicodedata.category(c) not in ("Cc", "Cf"))


def _field(message: Message, name: str) -> str:
    """One field unfolded; raw 8-bit octets are read as UTF-8, else as Latin-1."""
    return next(iter(_fields(message, name)), "")


def _fields(message: Message, name: str) -> tuple[str, ...]:
    found = [str(value) for key, value in message.raw_items() if key.lower() == name.lower()]
    return tuple(_text(value[:_HEADER_CHARS].encode("utf-8", "surrogateescape")) for value in found)


def _text(octets: bytes) -> str:
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _word(piece: bytes | str, charset: str | None) -> str:
    if isinstance(piece, str):
        return piece
    if charset:
        try:
            return piece.decode(charset)
        except (LookupError, ValueError):
            pass
    return _text(piece)


def _first_id(value: str) -> str:
    found = _MESSAGE_ID.search(value)
    return found.group() if found else ""


def _addresses(message: Message, name: str) -> tuple[Address, ...]:
    try:
        pairs = getaddresses([" ".join(value.split()) for value in _fields(message, name)])
    except (ValueError, IndexError, TypeError, AttributeError, RecursionError):
        return ()
    pairs = pairs[:1_000]
    return tuple(Address(email, decode_words(name)) for name, raw in pairs if (email := canonical_address(raw)))


def _date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _is_automatic(message: Message) -> bool:
    submitted = _field(message, "Auto-Submitted").partition(";")[0].strip().lower()
    precedence = _field(message, "Precedence").strip().lower()
    return (
        submitted not in ("", "no")
        or precedence in ("bulk", "list", "junk", "auto_reply")
        or any(_field(message, name) for name in ("List-Id", "X-Autoreply", "X-Autorespond", "X-Auto-Response"))
    )


_ITIP_PART = re.compile(rb"content-type:\s*(?:text/calendar|application/ics)\b", re.IGNORECASE)
_ITIP_METHOD = re.compile(rb"\bmethod\s*[=:]\s*[\"']?(?:reply|counter|refresh)\b", re.IGNORECASE)


def _is_itip(headers: Message, message: bytes) -> bool:
    """An answer to an invite (RFC 5546 section 3.2.3 and on). Clients wrap it in multipart, so the body counts, too."""
    content_type = _field(headers, "Content-Type").lower()
    if content_type.startswith("text/calendar"):
        return True
    if not content_type.startswith("multipart/") or _ITIP_PART.search(message) is None:
        return False
    if _ITIP_METHOD.search(message):
        return True
    whole = email.message_from_bytes(message, policy=email.policy.compat32)
    return any(
        _ITIP_METHOD.search(_decoded(part).encode("utf-8", "replace"))
        for part in _leaves(whole)
        if part.get_content_type() == "text/calendar"
    )


def _leaves(message: Message) -> Iterator[Message]:
    """Parts without children, depth and number bounded; forwarded messages are not entered."""
    stack, seen = [(message, 0)], 0
    while stack and seen < LIMITS.mime_parts:
        part, depth = stack.pop()
        seen += 1
        children = part.get_payload()
        if not part.is_multipart() or not isinstance(children, list):
            yield part
        elif part.get_content_maintype() == "multipart" and depth < LIMITS.mime_depth:
            stack.extend((child, depth + 1) for child in reversed(children) if isinstance(child, Message))


def _text_parts(message: Message) -> Iterator[Message]:
    for part in _leaves(message):
        named = str(part.get("Content-Disposition", "")).strip().lower()
        if part.get_content_type() in ("text/plain", "text/html") and not named.startswith("attachment"):
            yield part


def _decoded(part: Message) -> str:
    try:
        payload = part.get_payload(decode=True)
    except (ValueError, LookupError, AttributeError):
        return ""
    octets = payload if isinstance(payload, bytes) else b""
    try:
        charset = part.get_content_charset("utf-8")
    except (ValueError, LookupError, AttributeError):
        charset = "utf-8"
    return _word(octets, "utf-8" if charset == "us-ascii" else charset)[:_TEXT_CHARS]
