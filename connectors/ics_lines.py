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
MAX_NOTES = 20
STOPPED = "reading stopped here"

_NAME = re.compile(rb"[A-Za-z0-9.\-]+[;:]|[A-Z][A-Z\-]+\s*$")
"""How a content line begins; Mozilla Calendar 1 folded right after the name."""
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


@dataclass(slots=True)
class _Folding:
    """The content line that is being put together from physical ones."""

    number: int
    parts: list[bytes]
    size: int
    cut: bool = False

    @property
    def breaks_softly(self) -> bool:
        """A vCalendar 1.0 text in quoted-printable whose last line ends in a soft break."""
        return self.parts[-1].endswith(b"=") and b"QUOTED-PRINTABLE" in self.parts[0][:200].upper()

    def add(self, piece: bytes, room: int) -> None:
        kept = piece[: max(0, room - self.size)]
        self.cut = self.cut or len(kept) < len(piece)
        if kept:
            self.parts.append(kept)
            self.size += len(kept)

    def line(self) -> Line:
        return Line(self.number, _UNSTUFFED.sub("", decode_line(b"".join(self.parts))))


def unfold(data: bytes, *, line_chars: int, total_bytes: int) -> Unfolded:
    """Content lines of a calendar.

    Line ends may be CRLF, LF, CR or doubled; blank lines mean nothing, also inside a folded line. A content line
    longer than `line_chars` octets is cut; after `total_bytes` of what is left reading stops. Both leave a note. A
    physical line that begins like no property is the rest of a text whose producer forgot to fold or to escape it.
    """
    physical = to_utf8(data).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    lines: list[Line] = []
    notes: list[str] = []
    current: _Folding | None = None
    kept = 0

    def finish(folding: _Folding | None) -> int:
        if folding is None:
            return 0
        if folding.cut:
            notes.append(f"line {folding.number}: cut after {line_chars} octets")
        lines.append(folding.line())
        return folding.size

    for number, raw in enumerate(physical.split(b"\n"), 1):
        if not raw.strip():
            continue
        if current is not None:
            piece = _continuation(raw, current)
            if piece is not None:
                if piece is not raw and piece.startswith(b"\\n") and raw[:1] not in b" \t":
                    notes.append(f"line {number}: taken as the rest of line {current.number}, it is no property")
                current.add(piece, line_chars)
                continue
            kept += finish(current)
            current = None
        if kept > total_bytes:
            notes.append(f"line {number}: {STOPPED}, the calendar has more than {total_bytes} octets of text")
            break
        current = _Folding(number, [], 0)
        current.add(raw, line_chars)
    finish(current)
    return Unfolded(lines, tuple(notes[:MAX_NOTES]))


def _continuation(raw: bytes, current: _Folding) -> bytes | None:
    """What a physical line adds to the content line before it; None where it begins one of its own."""
    if raw[:1] in b" \t":
        return raw[1:]
    if current.breaks_softly:
        current.parts[-1] = current.parts[-1][:-1]
        return raw
    return None if _NAME.match(raw) else b"\\n" + raw


def components(lines: list[Line]) -> Iterator[Component]:
    """The outermost components, complete or not; an END that nothing opened is passed over, a lost END is supplied."""
    stack: list[Component] = []
    too_deep = 0
    for line in lines:
        word = line.text[:6].upper()
        if word == "BEGIN:":
            too_deep += _open(stack, Component(line.text[6:].strip().upper(), line.number))
        elif word.startswith("END:") and too_deep:
            too_deep -= 1
        elif word.startswith("END:"):
            outermost = _close(stack, line.text[4:].strip().upper())
            if outermost is not None:
                yield outermost
        elif stack:
            stack[-1].lines.append(line)
    if stack:
        yield stack[0]


def _open(stack: list[Component], opened: Component) -> bool:
    """Whether it lies too deep to be opened."""
    if len(stack) >= NESTING:
        return True
    if stack and stack[-1].name == opened.name == "VEVENT":
        stack.pop()
    if stack:
        stack[-1].children.append(opened)
    stack.append(opened)
    return False


def _close(stack: list[Component], name: str) -> Component | None:
    """The outermost component, if this END closed it."""
    if all(component.name != name for component in stack):
        return None
    while (closed := stack.pop()).name != name:
        pass
    closed.closed = True
    return None if stack else closed
