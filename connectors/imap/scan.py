"""Finding the messages with a calendar in a folder, and fetching the parts that matter.

BODYSTRUCTURE of everything is streamed and read as lines; only lines that mention a calendar are parsed, and only
those parts are fetched. The server's SEARCH is never the filter: with and without a full-text index it misses invites
(docs/performance-imap.md). The one exception is an addition: where a server may call a calendar text/plain because
MIME-Version is missing, messages without that header are searched for and fetched whole.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from imapclient.datetime_util import format_criteria_date
from imapclient.exceptions import ProtocolError
from imapclient.response_parser import parse_fetch_response, parse_message_list

from connectors.imap.structure import Part, Plan, imap_uid, line_mentions, mentions_calendar, read_plan
from connectors.imap.syntax import Response, flat, uid_set
from connectors.imap.wire import Answer, Wire
from connectors.model import LIMITS, Problem

IDS_PER_COMMAND = 10_000
"""Dovecot refuses 20,000 ids in one FETCH as 'Too long argument'."""
BYTES_PER_COMMAND = 7_000
"""RFC 7162 section 4 asks for command lines of at most 8,192 octets."""
TEXT_BYTES = 64 * 1024
"""How much of the human text is fetched."""
WHOLE_BYTES = 1024 * 1024
"""How much of a message is fetched whole where its structure is in doubt."""

_ENVELOPE = (
    b"FROM SENDER REPLY-TO TO CC SUBJECT DATE MESSAGE-ID REFERENCES IN-REPLY-TO"
    b" AUTO-SUBMITTED PRECEDENCE LIST-ID CONTENT-LANGUAGE"
)
_BOUNDARY = b"=_afterword_parts"
_LITERAL_ITEM = re.compile(rb"(BODY\[[^\]]*\](?:<\d+>)?) \{\d+\+?\}\Z", re.IGNORECASE)
_ENCODED_OVERHEAD = 1.4


@dataclass(frozen=True, slots=True)
class Found:
    """One message with a calendar, put together of the parts that were fetched."""

    uid: int
    message: bytes
    received_at: datetime | None


@dataclass(frozen=True, slots=True)
class Fetched:
    """One FETCH response."""

    uid: int
    items: dict[bytes, object]

    def octets(self, section: str) -> bytes:
        """The octets of BODY[section], a partial fetch included; empty if the server gave none."""
        wanted = f"BODY[{section}]".encode()
        for key, value in self.items.items():
            if key.upper().startswith(wanted) and isinstance(value, bytes):
                return value
        return b""

    def header(self) -> bytes:
        """The octets of BODY[HEADER.FIELDS (...)]; empty if the server gave none."""
        for key, value in self.items.items():
            if key.upper().startswith(b"BODY[HEADER") and isinstance(value, bytes):
                return value
        return b""

    def number(self, name: bytes) -> int | None:
        """A numeric item such as RFC822.SIZE."""
        value = self.items.get(name)
        if isinstance(value, tuple) and len(value) == 1:
            (value,) = value
        return value if isinstance(value, int) else None

    @property
    def received_at(self) -> datetime | None:
        """INTERNALDATE, UTC."""
        value = self.items.get(b"INTERNALDATE")
        return value.astimezone(UTC) if isinstance(value, datetime) else None

    @property
    def flags(self) -> frozenset[str]:
        """Lower case, with their backslash."""
        value = self.items.get(b"FLAGS")
        if not isinstance(value, tuple):
            return frozenset()
        return frozenset(
            flag.decode("utf-8", "replace").lower() if isinstance(flag, bytes) else str(flag) for flag in value
        )


def chunks(uids: Sequence[int]) -> Iterator[bytes]:
    """Ascending UIDs as sequence sets that every server takes: bounded in ids and in octets."""
    start = 0
    while start < len(uids):
        end = min(start + IDS_PER_COMMAND, len(uids))
        while len(text := uid_set(uids[start:end])) > BYTES_PER_COMMAND:
            end = start + max(1, (end - start) // 2)
        yield text
        start = end


def fetch(wire: Wire, sets: Iterable[bytes], items: bytes) -> Iterator[Fetched]:
    """Stream UID FETCH over these sets. A response that cannot be parsed is left out."""
    for response in wire.stream(b"UID FETCH %s (UID %s)" % (each, items) for each in sets):
        if (fetched := parse_fetched(response)) is not None:
            yield fetched


def parse_fetched(response: Response) -> Fetched | None:
    """One untagged response, or None if it is no FETCH, lacks a UID or cannot be parsed."""
    if not _is_fetch(response):
        return None
    literals, rest = _literals(response)
    try:
        parsed = parse_fetch_response([_strip_fetch(rest)], normalise_times=False)
    except (ProtocolError, ValueError, TypeError, RecursionError, AttributeError, IndexError):
        return None
    uid, items = next(iter(parsed.items()))
    return Fetched(uid, items | literals) if b"UID" in rest.upper() else None


def search(wire: Wire, criteria: bytes) -> list[int]:
    """UIDs that match, ascending."""
    (answer,) = wire.run(b"UID SEARCH " + criteria)
    return found_uids(answer)


def found_uids(answer: Answer) -> list[int]:
    """The UIDs of an answer to UID SEARCH, ascending. Raises ValueError for what is no list of numbers."""
    uids: list[int] = []
    for response in answer.responses:
        line = response[0]
        if isinstance(line, bytes) and line[:6].upper() == b"SEARCH":
            uids += parse_message_list([line[7:].strip()])
    return sorted(set(uids))


def since(day: date) -> bytes:
    """The criterion SINCE for a day, on INTERNALDATE."""
    return b"SINCE " + bytes(format_criteria_date(day))


def find(wire: Wire, sets: Iterable[bytes], problems: list[Problem], folder: str) -> Iterator[Plan]:
    """Which of these messages hold a calendar, and in which parts."""
    commands = (b"UID FETCH %s (UID BODYSTRUCTURE)" % each for each in sets)
    for response in wire.stream(commands, line_mentions):
        if not mentions_calendar(response):
            continue
        try:
            plan = read_plan(response)
        except ValueError as error:
            problems.append(Problem(f"{folder}, imap_uid {imap_uid(response)}", f"{error}; the message is left out"))
            continue
        if plan is not None and plan.uid:
            yield plan


def doubtful(wire: Wire, within: bytes) -> list[int]:
    """Messages whose structure cannot be trusted: a Content-Type that could hold a calendar, and no MIME-Version."""
    return search(
        wire,
        b'UID %s NOT HEADER MIME-VERSION "" OR HEADER CONTENT-TYPE "calendar" HEADER CONTENT-TYPE "multipart"' % within,
    )


def fetch_found(wire: Wire, plans: Sequence[Plan], problems: list[Problem], folder: str) -> Iterator[Found]:
    """Fetch what these plans name, and put each message together."""
    readable = {plan.uid: plan for plan in (_bounded(plan, problems, folder) for plan in plans) if plan.calendars}
    shapes: dict[bytes, list[int]] = {}
    for plan in readable.values():
        shapes.setdefault(_items(plan), []).append(plan.uid)
    commands = (
        b"UID FETCH %s (UID %s)" % (each, items) for items, uids in shapes.items() for each in chunks(sorted(uids))
    )
    for response in wire.stream(commands):
        fetched = parse_fetched(response)
        if fetched is not None and fetched.uid in readable:
            yield Found(fetched.uid, _assemble(readable[fetched.uid], fetched), fetched.received_at)


def fetch_whole(wire: Wire, uids: Sequence[int]) -> Iterator[Found]:
    """Fetch whole messages, each cut at WHOLE_BYTES."""
    for fetched in fetch(wire, chunks(uids), b"INTERNALDATE BODY.PEEK[]<0.%d>" % WHOLE_BYTES):
        if body := fetched.octets(""):
            yield Found(fetched.uid, body, fetched.received_at)


def _bounded(plan: Plan, problems: list[Problem], folder: str) -> Plan:
    room = int(LIMITS.calendar_bytes * _ENCODED_OVERHEAD)
    small = tuple(part for part in plan.calendars if part.size <= room)
    if len(small) < len(plan.calendars):
        problems.append(
            Problem(f"{folder}, imap_uid {plan.uid}", f"a calendar part over {LIMITS.calendar_bytes} bytes is not read")
        )
    return Plan(plan.uid, small, plan.text)


def _items(plan: Plan) -> bytes:
    room = int(LIMITS.calendar_bytes * _ENCODED_OVERHEAD)
    items = [b"INTERNALDATE BODY.PEEK[HEADER.FIELDS (%s)]" % _ENVELOPE]
    items += [b"BODY.PEEK[%s]<0.%d>" % (part.section.encode(), room) for part in plan.calendars]
    if plan.text is not None:
        items.append(b"BODY.PEEK[%s]<0.%d>" % (plan.text.section.encode(), TEXT_BYTES))
    return b" ".join(items)


def _assemble(plan: Plan, fetched: Fetched) -> bytes:
    header = fetched.header().rstrip(b"\r\n") + b"\r\n"
    parts: list[Part] = [*([plan.text] if plan.text else []), *plan.calendars]
    bodies = [(part, fetched.octets(part.section)) for part in parts]
    boundary = _BOUNDARY
    while any(boundary in body for _, body in bodies):
        boundary += b"_"
    # The preamble names .ics so that a reader that looks for the word before it parses finds it: a part's own name
    # may be in encoded words.
    return b"".join(
        (
            header,
            b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="%s"\r\n\r\n' % boundary,
            b"Parts of a message with a calendar (.ics).\r\n",
            *(b"--%s\r\n%s\r\n%s\r\n" % (boundary, part.mime_header(), body) for part, body in bodies),
            b"--%s--\r\n" % boundary,
        )
    )


def _is_fetch(response: Response) -> bool:
    words = _upper(response).split(None, 2)
    return len(words) > 1 and words[0].isdigit() and words[1] == b"FETCH"


def _upper(response: Response) -> bytes:
    return b" ".join(piece if isinstance(piece, bytes) else piece[0] for piece in response).upper()


def _literals(response: Response) -> tuple[dict[bytes, object], bytes]:
    """Items that came as literals, and the line without them: the parser is slow on the names of header fields."""
    items: dict[bytes, object] = {}
    rest: list[bytes] = []
    for piece in response:
        if isinstance(piece, bytes):
            rest.append(piece)
        elif match := _LITERAL_ITEM.search(piece[0]):
            items[match.group(1).upper()] = piece[1]
            rest.append(piece[0][: match.start()])
        else:
            rest.append(flat((piece,)))
    return items, b" ".join(rest)


def _strip_fetch(line: bytes) -> bytes:
    number, _, rest = line.split(b" ", 2)
    return number + b" " + rest
