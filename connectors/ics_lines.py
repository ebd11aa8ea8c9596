"""From the bytes of a calendar to numbered content lines and components; nothing here knows what a property means.

Unfolding works on octets (RFC 5545 section 3.1: a fold may lie inside a UTF-8 sequence), decoding on whole content
lines, so that one badly encoded line does not spoil the others. Memory is bounded by the caller's limit.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

NESTING = 16
"""Components nested deeper than this are passed over."""

_NAME = re.compile(rb"[A-Za-z0-9.\-]+[;:]")
_UNSTUFFED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Line:
    """One content line, unfolded and decoded. `number` is that of its first physical line, from 1."""

    number: int
    text: str


@dataclass(slots=True)
class Component:
    """A BEGIN/END block with its own lines and what is nested in it."""

    name: str
    number: int
    lines: list[Line] = field(default_factory=list)
    children: list["Component"] = field(default_factory=list)
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Unfolded:
    """Content lines, and what was mended or left out to get them."""

    lines: list[Line]
    notes: tuple[str, ...]


def to_utf8(data: bytes) -> bytes:
    """UTF-8 octets without a byte order mark, where the data says by a mark or by its NULs that it is UTF-16 or -32."""
    for mark, codec in (
        (codecs.BOM_UTF8, ""),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return data[len(mark) :] if not codec else data.decode(codec, "replace").encode()
    head = data[:64]
    if head[1::2].count(0) > len(head) // 3:
        return data.decode("utf-16-le", "replace").encode()
    if head[0::2].count(0) > len(head) // 3:
        return data.decode("utf-16-be", "replace").encode()
    return data


def decode_line(raw: bytes) -> str:
    """UTF-8, else ISO-2022-JP by its escapes, else Windows-1252, the commonest lie among charset labels."""
    if b"\x1b" in raw:
        try:
            return raw.decode("iso2022_jp")
        except UnicodeDecodeError:
            pass
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def unfold(data: bytes, *, line_chars: int, total_bytes: int) -> Unfolded:
    """Content lines of a calendar.

    Line ends may be CRLF, LF, CR or doubled; blank lines mean nothing, also inside a folded line. A content line
    longer than `line_chars` octets is cut; after `total_bytes` of what is left reading stops. Both leave a note. A
    physical line that begins like no property is the rest of a text whose producer forgot to fold or to escape it.
    """
    physical = to_utf8(data).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    lines: list[Line] = []
    notes: list[str] = []
    parts: list[bytes] = []
    first = kept = size = 0
    cut = stopped = False

    def finish() -> None:
        nonlocal kept
        if parts:
            text = _UNSTUFFED.sub("", decode_line(b"".join(parts)))
            lines.append(Line(first, text))
            kept += size

    for number, raw in enumerate(physical.split(b"\n"), 1):
        if not raw.strip():
            continue
        quoted_break = bool(parts) and parts[-1].endswith(b"=") and b"QUOTED-PRINTABLE" in parts[0][:200].upper()
        if parts and (raw[:1] in b" \t" or quoted_break or not _NAME.match(raw)):
            if raw[:1] in b" \t":
                piece = raw[1:]
            elif quoted_break:
                parts[-1] = parts[-1][:-1]
                piece = raw
            else:
                piece = b"\\n" + raw
                notes.append(f"line {number}: taken as the rest of line {first}, it is no property")
            if size + len(piece) <= line_chars:
                parts.append(piece)
                size += len(piece)
            elif not cut:
                cut = True
                parts.append(piece[: line_chars - size])
                size = line_chars
                notes.append(f"line {first}: cut after {line_chars} octets")
            continue
        finish()
        if kept > total_bytes:
            notes.append(
                f"line {number}: reading stopped here, the calendar has more than {total_bytes} octets of text"
            )
            stopped = True
            break
        parts, first, size, cut = [raw[:line_chars]], number, min(len(raw), line_chars), len(raw) > line_chars
        if cut:
            notes.append(f"line {number}: cut after {line_chars} octets")
    if not stopped:
        finish()
    return Unfolded(lines, tuple(notes[:20]))


def components(lines: list[Line]) -> Iterator[Component]:
    """The outermost components, complete or not; an END that nothing opened is passed over, a lost END is supplied."""
    stack: list[Component] = []
    depth_over = 0
    for line in lines:
        head = line.text[:6].upper()
        if head == "BEGIN:":
            if len(stack) >= NESTING:
                depth_over += 1
                continue
            opened = Component(line.text[6:].strip().upper(), line.number)
            if stack and stack[-1].name == opened.name == "VEVENT":
                stack.pop()
            if stack:
                stack[-1].children.append(opened)
            stack.append(opened)
        elif head[:4] == "END:":
            if depth_over:
                depth_over -= 1
                continue
            name = line.text[4:].strip().upper()
            if any(open_.name == name for open_ in stack):
                while stack:
                    closed = stack.pop()
                    if closed.name == name:
                        closed.closed = True
                        break
                if not stack:
                    yield closed
        elif stack:
            stack[-1].lines.append(line)
    if stack:
        yield stack[0]
