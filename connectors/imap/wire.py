"""Commands and responses on a logged-in connection: pipelined, streamed, with nothing parsed that nobody asked for.

IMAPClient makes the connection and logs in; from there on its socket is read here. Its command layer cannot send two
commands at once, refuses ranges, and parses every response: on 100,000 messages that parser is nine tenths of the
time (docs/performance-imap.md). Its parser is still the one that reads what matters.

Errors: `Refused` for NO and BAD, `Garbled` for bytes that are no IMAP, OSError for a lost connection.
"""

import re
import ssl
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from itertools import islice
from socket import socket

from connectors.imap.syntax import LITERAL_END, Piece, Response, flat

_RECEIVE = 65_536
_LONGEST_LINE = 4 * 1024 * 1024
_CODE = re.compile(rb"\A\[([A-Za-z0-9.-]+)(?: ([^\]]*))?\]")


class Refused(Exception):
    """The server answered NO, BAD or BYE. `code` is the response code in upper case (RFC 3501, RFC 5530), or empty."""

    def __init__(self, verb: str, status: str, code: str, text: str) -> None:
        super().__init__(f"{verb}: {status} {text}")
        self.verb = verb
        self.status = status
        self.code = code
        self.text = text


class Garbled(Exception):
    """What came over the line is no IMAP."""


class Dropped(ConnectionError):
    """The server closed the connection; `farewell` is what its BYE said, if it said anything."""

    def __init__(self, farewell: str = "", code: str = "") -> None:
        super().__init__(farewell or "connection closed by the server")
        self.farewell = farewell
        self.code = code


@dataclass(frozen=True, slots=True)
class Answer:
    """A completed command: its untagged responses without the leading `* `, and the code and text of its OK."""

    responses: tuple[Response, ...]
    code: str = ""
    argument: bytes = b""
    text: str = ""

    def lines(self, keyword: bytes) -> Iterator[bytes]:
        """Untagged responses that start with this keyword, what follows it, literals put in place as quoted text."""
        wanted = keyword.upper() + b" "
        for response in self.responses:
            line = flat(response)
            if line[: len(wanted)].upper() == wanted:
                yield line[len(wanted) :]


@dataclass(slots=True)
class _Inflater:
    """COMPRESS=DEFLATE (RFC 4978): raw deflate both ways, flushed after each command."""

    inward: "zlib._Decompress" = field(default_factory=lambda: zlib.decompressobj(-zlib.MAX_WBITS))
    outward: "zlib._Compress" = field(
        default_factory=lambda: zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL)
    )


class Wire:
    """One connection. Not for several threads at once."""

    def __init__(self, sock: socket) -> None:
        self._sock = sock
        self._buffer = bytearray()
        self._start = 0
        self._tags = 0
        self._waiting: deque[tuple[bytes, str]] = deque()
        self._deflate: _Inflater | None = None
        self._farewell = ("", "")
        self.received = 0
        """Bytes that came over the line, compressed ones as they came."""
        self.selected = False
        """Whether a folder is selected; kept by `listing`."""
        self.sendings = 0
        """Times that something was sent: with pipelining, the round trips."""

    @property
    def sock(self) -> socket:
        """For selecting on and closing."""
        return self._sock

    @property
    def in_step(self) -> bool:
        """Whether every command sent has been answered; if not, the connection is of no further use."""
        return not self._waiting

    def run(self, *commands: bytes) -> list[Answer]:
        """Send all in one go and collect their answers. Every answer is read; then the first refusal is raised."""
        return [_accepted(outcome) for outcome in self.attempt(*commands)]

    def attempt(self, *commands: bytes) -> list[Answer | Refused]:
        """Like `run`, with a refusal returned in its place."""
        self._submit(*commands)
        return [self._answer() for _ in commands]

    def stream(self, commands: Iterable[bytes], wanted: Callable[[bytes], bool] | None = None) -> Iterator[Response]:
        """The untagged responses of these commands as they come, the next command sent before the last is answered.

        `wanted` looks at a line as it came; what it refuses is dropped before anything is made of it. Lines with a
        literal are not asked about. Raises the first refusal once all that were sent are answered. Whoever stops
        reading it midway has to drop the connection.
        """
        source = iter(commands)
        refused: Refused | None = None
        for following in islice(source, 2):
            self._submit(following)
        while self._waiting:
            tag, verb = self._waiting[0]
            for response in self._until(tag) if wanted is None else self._skim(tag, wanted):
                if _tagged(response, tag):
                    outcome = _outcome(verb, response, ())
                    refused = refused or (outcome if isinstance(outcome, Refused) else None)
                else:
                    yield response
            self._waiting.popleft()
            if refused is None:
                self._submit(*islice(source, 1))
        if refused is not None:
            raise refused

    def append(self, head: bytes, message: bytes, *, at_once: bool) -> Answer:
        """APPEND with one literal; `at_once` where LITERAL+ (RFC 7888) spares the wait for the server's go-ahead."""
        if at_once:
            self._submit(b"%s {%d+}\r\n%s" % (head, len(message), message))
            return _accepted(self._answer())
        self._submit(b"%s {%d}" % (head, len(message)))
        tag, verb = self._waiting[0]
        while (line := flat(self._response()))[:1] != b"+":
            if line.startswith(tag + b" "):
                self._waiting.popleft()
                return _accepted(_outcome(verb, (line,), ()))
        self._send(message + b"\r\n")
        return _accepted(self._answer())

    def begin_idle(self) -> bytes:
        """Send IDLE (RFC 2177) and return its tag; what comes then is read by `poll`."""
        tag = self._tag()
        self._send(tag + b" IDLE\r\n")
        return tag

    def end_idle(self) -> None:
        """Send DONE; the tagged answer comes by `poll`."""
        self._send(b"DONE\r\n")

    def poll(self) -> list[bytes]:
        """The whole lines that have come, on a socket that does not block; a line split across packets waits."""
        lines: list[bytes] = []
        while self._receive_ready():
            pass
        while (end := self._buffer.find(b"\r\n", self._start)) >= 0:
            lines.append(bytes(self._buffer[self._start : end]))
            self._start = end + 2
        self._trim()
        if len(self._buffer) > _LONGEST_LINE:
            raise Garbled("a line without an end")
        return lines

    def compress(self) -> None:
        """From here on, deflate both ways (RFC 4978), once. Raises Refused."""
        if self._deflate is not None:
            return
        self.run(b"COMPRESS DEFLATE")
        self._deflate = _Inflater()

    @property
    def far(self) -> bool:
        """Whether the server is on another machine: compressing pays on a line only."""
        peer = self._sock.getpeername()
        return isinstance(peer, tuple) and not ip_address(str(peer[0]).partition("%")[0]).is_loopback

    @property
    def compressed(self) -> bool:
        """Whether COMPRESS is in force."""
        return self._deflate is not None

    def close(self) -> None:
        """Close the socket at once, without a LOGOUT."""
        self._sock.close()

    def _tag(self) -> bytes:
        self._tags += 1
        return b"w%d" % self._tags

    def _submit(self, *commands: bytes) -> None:
        lines = []
        for each in commands:
            tag = self._tag()
            self._waiting.append((tag, _verb(each)))
            lines.append(b"%s %s\r\n" % (tag, each))
        if lines:
            self.sendings += 1
            self._send(b"".join(lines))

    def _answer(self) -> Answer | Refused:
        tag, verb = self._waiting[0]
        *responses, last = self._until(tag)
        self._waiting.popleft()
        return _outcome(verb, last, tuple(responses))

    def _send(self, data: bytes) -> None:
        if self._deflate is not None:
            data = self._deflate.outward.compress(data) + self._deflate.outward.flush(zlib.Z_SYNC_FLUSH)
        self._sock.sendall(data)

    def _until(self, tag: bytes) -> Iterator[Response]:
        """Responses up to the tagged one, which comes last. Untagged ones lose their `* `."""
        while True:
            response = self._one(tag)
            if response is not None:
                yield response
                if _tagged(response, tag):
                    return

    def _one(self, tag: bytes) -> Response | None:
        """The next response; None for one that is nobody's answer."""
        response = self._response()
        if _tagged(response, tag):
            return response
        first = response[0]
        if isinstance(first, bytes) and first[:5].upper() == b"* BYE":
            _, code, _, text = _status(first[2:])
            self._farewell = (text, code)
            return None
        if isinstance(first, bytes) and first.startswith(b"+"):
            return None
        return _bare(response)

    def _skim(self, tag: bytes, wanted: Callable[[bytes], bool]) -> Iterator[Response]:
        """Like `_until`, a block of whole lines at a time where all of them are plain untagged ones."""
        ending = b"\r\n" + tag + b" "
        while True:
            end = self._buffer.rfind(b"\r\n", self._start)
            block = bytes(self._buffer[self._start : end]) if end >= 0 else b""
            if not block.startswith(b"* ") or b"}\r\n" in block or block.endswith(b"}") or b"\n* BYE" in block:
                response = self._one(tag)
                if response is None:
                    continue
                tagged, first = _tagged(response, tag), response[0]
                if tagged or len(response) > 1 or not isinstance(first, bytes) or wanted(first):
                    yield response
                if tagged:
                    return
                continue
            if (cut := block.find(ending)) >= 0:
                end, block = self._start + cut, block[:cut]
            self._start = end + 2
            for line in block.split(b"\r\n"):
                if wanted(line):
                    yield (line[2:],)

    def _response(self) -> Response:
        line = self._line()
        match = LITERAL_END.search(line) if line.endswith(b"}") else None
        if match is None:
            return (line,)
        pieces: list[Piece] = []
        while match is not None:
            pieces.append((line, self._exactly(int(match.group(1)))))
            line = self._line()
            match = LITERAL_END.search(line) if line.endswith(b"}") else None
        pieces.append(line)
        return tuple(pieces)

    def _line(self) -> bytes:
        searched = self._start
        while (end := self._buffer.find(b"\r\n", searched)) < 0:
            searched = max(self._start, len(self._buffer) - 1)
            if len(self._buffer) - self._start > _LONGEST_LINE:
                raise Garbled("a line without an end")
            before = self._start
            self._receive()
            searched -= before - self._start
        line = bytes(self._buffer[self._start : end])
        self._start = end + 2
        return line

    def _exactly(self, size: int) -> bytes:
        while len(self._buffer) - self._start < size:
            self._receive()
        literal = bytes(self._buffer[self._start : self._start + size])
        self._start += size
        return literal

    def _receive(self) -> None:
        self._trim()
        data = self._sock.recv(_RECEIVE)
        if not data:
            raise Dropped(*self._farewell)
        self._take(data)

    def _receive_ready(self) -> bool:
        try:
            data = self._sock.recv(_RECEIVE)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        if not data:
            raise Dropped(*self._farewell)
        self._take(data)
        return True

    def _take(self, data: bytes) -> None:
        self.received += len(data)
        if self._deflate is not None:
            try:
                data = self._deflate.inward.decompress(data)
            except zlib.error as error:
                raise Garbled(f"compressed stream: {error}") from error
        self._buffer += data

    def _trim(self) -> None:
        if self._start:
            del self._buffer[: self._start]
            self._start = 0


def _verb(each: bytes) -> str:
    words = each.split(None, 2)
    return b" ".join(words[: 2 if words[0].upper() == b"UID" else 1]).decode("ascii", "replace")


def _tagged(response: Response, tag: bytes) -> bool:
    first = response[0]
    return isinstance(first, bytes) and first.startswith(tag + b" ")


def _bare(response: Response) -> Response:
    first = response[0]
    if isinstance(first, tuple):
        return ((first[0].removeprefix(b"* "), first[1]), *response[1:])
    return (first.removeprefix(b"* "), *response[1:])


def _status(line: bytes) -> tuple[str, str, bytes, str]:
    """Status, response code, its argument and the text of `OK [CODE arg] text`."""
    status, _, rest = line.partition(b" ")
    code, argument = "", b""
    if match := _CODE.match(rest):
        code = match.group(1).decode("ascii").upper()
        argument = match.group(2) or b""
        rest = rest[match.end() :].lstrip()
    return status.decode("ascii", "replace").upper(), code, argument, rest.decode("utf-8", "replace")


def _outcome(verb: str, tagged: Response, responses: tuple[Response, ...]) -> Answer | Refused:
    status, code, argument, text = _status(flat(tagged).partition(b" ")[2])
    if status == "OK":
        return Answer(responses, code, argument, text)
    if status not in {"NO", "BAD"}:
        raise Garbled(f"{verb} was answered with {status[:20]!r}")
    return Refused(verb, status, code, text)


def _accepted(outcome: Answer | Refused) -> Answer:
    if isinstance(outcome, Refused):
        raise outcome
    return outcome
