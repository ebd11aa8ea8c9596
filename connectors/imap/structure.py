"""BODYSTRUCTURE (RFC 3501 section 7.4.2): which lines mention a calendar, and which parts of such a message to fetch.

Pure. The first question is answered on the raw line, since on most mail the answer is no and parsing is the cost.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.header import decode_header, make_header
from urllib.parse import unquote_to_bytes

from imapclient.exceptions import ProtocolError
from imapclient.response_parser import parse_response

from connectors.imap.syntax import Response
from connectors.model import LIMITS

_CALENDAR_TYPES = frozenset(
    ("text/calendar", "text/x-vcalendar", "text/vcalendar", "text/ics", "application/ics", "application/x-ics")
)
_CALENDAR_NAMES = (".ics", ".vcs")
_RAW_DISPOSITION = re.compile(rb'(attachment|inline)\s*;.*\bfilename\*?=\\?"?([^"\\;]+)', re.IGNORECASE | re.DOTALL)
"""The field as it stands, where a structure belongs: pymap 0.36."""
ATTACHED_BYTES = 512 * 1024
"""Up to this size an attached message that holds a calendar is fetched whole."""


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf of a message."""

    section: str
    """As it stands in BODY[...]: "1", "2.1"."""
    kind: str
    """Lower case: text/calendar."""
    parameters: tuple[tuple[str, str], ...]
    encoding: str
    size: int
    """In octets, encoded; a server may be wrong about it."""
    disposition: str = ""
    filename: str = ""

    def mime_header(self) -> bytes:
        """The MIME header of this part, written anew."""
        shown = "".join(f'; {key}="{_escape(value)}"' for key, value in self.parameters)
        lines = [f"Content-Type: {self.kind}{shown}"]
        if self.encoding:
            lines.append(f"Content-Transfer-Encoding: {self.encoding}")
        if self.filename:
            lines.append(
                f'Content-Disposition: {self.disposition or "attachment"}; filename="{_escape(self.filename)}"'
            )
        elif self.disposition:
            lines.append(f"Content-Disposition: {self.disposition}")
        return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to fetch of one message."""

    uid: int
    calendars: tuple[Part, ...]
    text: Part | None


def mentions_calendar(response: Response) -> bool:
    """Whether this FETCH response may describe a message with a calendar in it. False is certain.

    A file name in encoded words or RFC 2231 form hides its `.ics`, so those lines count as mentioning one.
    """
    return any(line_mentions(piece if isinstance(piece, bytes) else piece[0] + piece[1]) for piece in response)


def line_mentions(line: bytes) -> bool:
    """The same for one line without literals."""
    low = line.lower()
    return (
        b"calendar" in low
        or b".ics" in low
        or b".vcs" in low
        or b'ics"' in low
        or (b'octet-stream"' in low and (b"=?" in low or b"%2e" in low))
    )


def read_plan(response: Response) -> Plan | None:
    """The calendar parts of one FETCH (UID BODYSTRUCTURE) response, or None if there are none.

    Raises ValueError for a response that cannot be read; `imap_uid` tells whose it was.
    """
    try:
        parsed = parse_response(list(response))
        uid, structure = _uid_and_structure(parsed)
        if not isinstance(structure, tuple):
            return None
        leaves = list(_leaves(structure, "", 0))
    except (ProtocolError, RecursionError, TypeError, IndexError, AttributeError) as error:
        raise ValueError(f"BODYSTRUCTURE cannot be read: {type(error).__name__}") from error
    calendars = tuple(leaf for leaf in leaves if _is_calendar(leaf))
    return Plan(uid, calendars, _human_text(leaves)) if calendars else None


def imap_uid(response: Response) -> int:
    """The UID of a FETCH response, read from its raw text; 0 if it cannot be found."""
    for piece in response:
        words = (piece if isinstance(piece, bytes) else piece[0]).replace(b"(", b" ").replace(b")", b" ").split()
        for index, word in enumerate(words[:-1]):
            if word.upper() == b"UID" and words[index + 1].isdigit():
                return int(words[index + 1])
    return 0


def _uid_and_structure(parsed: tuple[object, ...]) -> tuple[int, object]:
    items = parsed[-1]
    if not isinstance(items, tuple):
        raise TypeError("no list of items")
    pairs = {key.upper(): value for key, value in zip(items[::2], items[1::2], strict=False) if isinstance(key, bytes)}
    uid = pairs.get(b"UID", 0)
    if not isinstance(uid, int):
        raise TypeError("no number for a UID")
    return uid, pairs.get(b"BODYSTRUCTURE")


def _leaves(structure: tuple[object, ...], section: str, depth: int) -> Iterator[Part]:
    if depth > LIMITS.mime_depth or not structure:
        return
    if isinstance(structure[0], tuple):
        for number, child in enumerate(structure[: LIMITS.mime_parts], start=1):
            if not isinstance(child, tuple):
                break
            yield from _leaves(child, f"{section}.{number}" if section else str(number), depth + 1)
        return
    part = _leaf(structure, section or "1")
    if part.kind == "message/rfc822" and len(structure) > 8 and isinstance(structure[8], tuple):
        inner = structure[8]
        # RFC 3501 section 6.4.5: the parts of an attached message are numbered below it, a sole one as its first.
        below = part.section if inner and isinstance(inner[0], tuple) else f"{part.section}.1"
        inside = list(_leaves(inner, below, depth + 1))
        # Servers disagree about that numbering (pymap gives nothing for it): a small one is fetched as it is.
        small = part.size <= ATTACHED_BYTES and any(_is_calendar(leaf) for leaf in inside)
        yield from [part] if small else inside
    else:
        yield part


def _leaf(structure: tuple[object, ...], section: str) -> Part:
    kind = f"{_text(structure[0])}/{_text(structure[1])}".lower()
    parameters = _parameters(structure[2])
    disposition, named = "", ""
    for extra in structure[7:]:
        if isinstance(extra, tuple) and len(extra) == 2 and isinstance(extra[0], bytes):
            arguments = extra[1]
            if arguments is None or isinstance(arguments, tuple):
                disposition = _text(extra[0]).lower()
                named = dict(_parameters(arguments)).get("filename", "")
                break
        elif isinstance(extra, bytes) and (match := _RAW_DISPOSITION.match(extra)):
            disposition, named = match.group(1).decode().lower(), _decoded(_text(match.group(2)))
            break
    size = structure[6]
    return Part(
        section=section,
        kind=kind,
        parameters=parameters,
        encoding=_text(structure[5]).lower() if structure[5] is not None else "",
        size=size if isinstance(size, int) else 0,
        disposition=disposition if disposition in {"inline", "attachment"} else "",
        filename=named or dict(parameters).get("name", ""),
    )


def _parameters(raw: object) -> tuple[tuple[str, str], ...]:
    """Parameters by lower-case name, RFC 2231 continuations and charsets and RFC 2047 words undone."""
    if not isinstance(raw, tuple):
        return ()
    plain: dict[str, str] = {}
    pieces: dict[str, str] = {}
    for key, value in zip(raw[::2], raw[1::2], strict=False):
        name, text = _text(key).lower(), _text(value)
        base, star, _ = name.partition("*")
        if star:
            pieces[base] = pieces.get(base, "") + text
        else:
            plain[name] = _decoded(text)
    for base, text in pieces.items():
        charset, quote, rest = text.partition("'")
        value = rest.partition("'")[2] if quote else text
        plain.setdefault(base, unquote_to_bytes(value).decode(_known(charset), "replace"))
    return tuple(plain.items())


def _known(charset: str) -> str:
    try:
        return codecs.lookup(charset or "utf-8").name
    except LookupError:
        return "utf-8"


def _decoded(text: str) -> str:
    if "=?" not in text:
        return text
    try:
        return str(make_header(decode_header(text)))
    except (ValueError, LookupError):
        return text


def _is_calendar(part: Part) -> bool:
    return (
        part.kind in _CALENDAR_TYPES or part.kind == "message/rfc822" or part.filename.lower().endswith(_CALENDAR_NAMES)
    )


def _human_text(leaves: list[Part]) -> Part | None:
    texts = [leaf for leaf in leaves if leaf.disposition != "attachment" and not _is_calendar(leaf)]
    for kind in ("text/plain", "text/html"):
        for leaf in texts:
            if leaf.kind == kind and leaf.size:
                return leaf
    return None


def _text(atom: object) -> str:
    if isinstance(atom, bytes):
        return atom.decode("utf-8", "replace")
    return "" if atom is None else str(atom)


def _escape(value: str) -> str:
    cleaned = "".join(" " if char in "\r\n\0" else char for char in value)
    return cleaned.replace("\\", "\\\\").replace('"', '\\"')
