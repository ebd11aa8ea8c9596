"""Writing to folders: APPEND, and taking away a message of our own and of nobody else's.

A bare EXPUNGE is never sent, nor CLOSE: both sweep what others marked. With UIDPLUS (RFC 4315) the one message is
expunged by its UID. Without, it is only flagged \\Deleted; clients hide such a message, and whichever expunges next
takes it away. With CONDSTORE the flag is set only if nobody touched the message since it was read (RFC 7162,
UNCHANGEDSINCE).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from imapclient.datetime_util import datetime_to_INTERNALDATE

from connectors.errors import DraftChanged
from connectors.imap.connection import Connection
from connectors.imap.listing import Folder, Selected, mailbox
from connectors.imap.scan import chunks, fetch, search
from connectors.imap.syntax import quoted
from connectors.imap.wire import Wire
from connectors.mime import fingerprint, read_headers

_BODY_BYTES = 1024 * 1024
_OWNERS_FLAGS = frozenset((r"\flagged", r"\answered", "$forwarded"))


@dataclass(frozen=True, slots=True)
class Copy:
    """A message with a given Message-ID that lies in the selected folder."""

    uid: int
    fingerprint: str
    flags: frozenset[str]
    mod_sequence: int | None

    @property
    def deleted(self) -> bool:
        """Somebody threw it away: it counts as absent."""
        return r"\deleted" in self.flags

    def untouched(self, expected: str) -> bool:
        """The text is what was written, and no flag says that the owner dealt with it."""
        return self.fingerprint == expected and not self.flags & _OWNERS_FLAGS


def copies(connection: Connection, message_id: str) -> list[Copy]:
    """Every message in the selected folder with this Message-ID, \\Deleted ones included, ascending by UID."""
    uids = search(connection.wire, b"HEADER MESSAGE-ID " + quoted(message_id))
    return read_copies(connection, uids, message_id)


def read_copies(connection: Connection, uids: Sequence[int], message_id: str) -> list[Copy]:
    """Those of these messages that have this Message-ID: SEARCH looks for a part of the header only."""
    if not uids:
        return []
    modseq = b" MODSEQ" if connection.features.condstore else b""
    found: list[Copy] = []
    for each in fetch(connection.wire, chunks(uids), b"FLAGS%s BODY.PEEK[]<0.%d>" % (modseq, _BODY_BYTES)):
        body = each.octets("")
        if read_headers(body).message_id == message_id:
            found.append(Copy(each.uid, fingerprint(body), each.flags, each.number(b"MODSEQ")))
    return sorted(found, key=lambda copy: copy.uid)


def append(connection: Connection, folder: str, message: bytes, flags: bytes, at: datetime) -> tuple[int, int] | None:
    """APPEND with these flags; UIDVALIDITY and UID of the new message where the server tells them (RFC 4315)."""
    date = datetime_to_INTERNALDATE(at).encode("ascii")
    answer = connection.wire.append(
        b"APPEND %s (%s) %s" % (mailbox(folder), flags, quoted(date)),
        message,
        at_once=connection.features.append_at_once(len(message)),
    )
    words = answer.argument.split()
    if answer.code == "APPENDUID" and len(words) == 2 and words[0].isdigit() and words[1].isdigit():
        return int(words[0]), int(words[1])
    return None


def remove(connection: Connection, chosen: Selected, copy: Copy) -> None:
    """Take away one message of our own. Raises DraftChanged if somebody touched it since it was read."""
    guard = b""
    if connection.features.condstore and copy.mod_sequence is not None and chosen.mod_sequence is not None:
        guard = b"(UNCHANGEDSINCE %d) " % copy.mod_sequence
    store = rb"UID STORE %d %s+FLAGS.SILENT (\Deleted)" % (copy.uid, guard)
    # Sent in one go, so that a cut rarely leaves a message that is only flagged. UID EXPUNGE spares one that is not.
    expunge = [b"UID EXPUNGE %d" % copy.uid] if connection.features.uidplus else []
    stored, *_ = connection.wire.run(store, *expunge)
    if stored.code == "MODIFIED":
        raise DraftChanged("the draft was touched at this very moment", operation="remove")


def create_drafts(connection: Connection, name: str) -> Folder:
    """Make the Drafts folder and subscribe to it, so that mail programs show it. Raises Refused."""
    full = name or f"{connection.personal}Drafts"
    use = rb" (USE (\Drafts))" if "CREATE-SPECIAL-USE" in connection.features.names else b""
    connection.wire.run(b"CREATE %s%s" % (mailbox(full), use))
    connection.wire.attempt(b"SUBSCRIBE " + mailbox(full))
    return Folder(full)


def newest_after(wire: Wire, uid: int) -> list[int]:
    """UIDs from this one on, ascending."""
    return [each for each in search(wire, b"UID %d:*" % uid) if each >= uid]
