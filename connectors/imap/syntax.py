"""How IMAP writes things down: responses with literals, quoted strings, sequence sets (RFC 3501 section 9). Pure."""

import re
from collections.abc import Sequence

LITERAL_END = re.compile(rb"\{(\d+)\+?\}\Z")
"""A line that goes on after that many octets."""

Piece = bytes | tuple[bytes, bytes]
"""A run of response text, or such a run that ends in `{n}` together with its literal: the shape that imaplib uses."""
Response = tuple[Piece, ...]


def flat(response: Response) -> bytes:
    """One line of a response, its literals as quoted strings."""
    return b"".join(
        piece
        if isinstance(piece, bytes)
        else LITERAL_END.sub(b"", piece[0]) + b'"' + piece[1].replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
        for piece in response
    )


def quoted(text: str | bytes) -> bytes:
    """A quoted string (RFC 3501 section 4.3). Raises ValueError for what a quoted string cannot hold."""
    data = text.encode() if isinstance(text, str) else text
    if any(byte in b"\r\n\0" or byte > 126 for byte in data):
        raise ValueError("not fit for a quoted string")
    return b'"' + data.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def uid_set(uids: Sequence[int]) -> bytes:
    """A sequence set (RFC 3501 section 9) of ascending UIDs, runs written as ranges."""
    runs: list[tuple[int, int]] = []
    for uid in uids:
        if runs and uid == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], uid)
        else:
            runs.append((uid, uid))
    return b",".join(b"%d" % first if first == last else b"%d:%d" % (first, last) for first, last in runs)
