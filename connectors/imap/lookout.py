"""Looking at folders for the evidence of what became of a draft: headers since a day, each fetched once.

A folder whose UIDVALIDITY, UIDNEXT, message count and HIGHESTMODSEQ stand as they did is not opened at all. Otherwise
flags are read again, and headers of messages that are new: a message does not change under its UID. Without CONDSTORE
a change of flags does not show in the standing, so Drafts, Sent and Trash are opened each time.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from connectors.evidence import Candidate
from connectors.imap.connection import Connection
from connectors.imap.listing import Folder, Standing, select
from connectors.imap.scan import chunks, fetch, search, since
from connectors.mime import Headers, fingerprint, read_headers, text_of
from connectors.model import Place

HEADERS_PER_FOLDER = 5_000
"""How many of the newest headers since the day are read in one folder."""
BODY_BYTES = 256 * 1024
"""How much of a message is read to compare it with what was written."""
_TEXT_CHARS = 20_000
_FIELDS = (
    b"MESSAGE-ID IN-REPLY-TO REFERENCES FROM TO CC BCC SUBJECT DATE CONTENT-TYPE AUTO-SUBMITTED PRECEDENCE LIST-ID"
    b" X-AUTOREPLY X-AUTORESPOND X-AUTO-RESPONSE"
)
_CONTENT_PLACES = frozenset((Place.DRAFTS, Place.SENT, Place.TRASH, Place.QUEUE))


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read of one message; it stays true as long as its UID is valid."""

    headers: Headers
    at: datetime | None
    whole: bool = False
    """The content was read, too: what the header cannot tell (the answer to an invite) is known."""
    fingerprint: str = ""
    text: str = ""


@dataclass(slots=True)
class _Shelf:
    """What is remembered of one folder."""

    uid_validity: int
    day: date
    standing: Standing | None = None
    known: dict[int, _Known] = field(default_factory=dict)
    flags: dict[int, frozenset[str]] = field(default_factory=dict)
    cut: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """What a look at one folder showed."""

    candidates: tuple[Candidate, ...]
    cut: bool = False
    """There was more than is read."""


Wanted = Callable[[Candidate], bool]


class Lookout:
    """Remembers headers between looks. One for each account."""

    def __init__(self) -> None:
        self._shelves: dict[str, _Shelf] = {}

    def look(self, connection: Connection, folder: Folder, place: Place, day: date, wanted: Wanted) -> View:
        """Candidates of one folder since a day (INTERNALDATE). Of those that are `wanted`, the content is read too.

        Raises Refused where the folder cannot be opened.
        """
        shelf = self._shelves.get(folder.name)
        if shelf is None or shelf.day > day or not self._unchanged(connection, shelf, folder.standing, place):
            shelf = self._refresh(connection, folder, day)
        candidates = {uid: self._candidate(shelf, folder.name, place, uid) for uid in shelf.known}
        if place in _CONTENT_PLACES:
            unread = sorted(uid for uid, each in candidates.items() if not shelf.known[uid].whole and wanted(each))
            if unread:
                self._read_content(connection, folder.name, shelf, unread)
                candidates |= {uid: self._candidate(shelf, folder.name, place, uid) for uid in unread}
        return View(tuple(candidates.values()), shelf.cut)

    def forget(self, names: Iterable[str]) -> None:
        """Drop what is remembered of folders that are no more."""
        for name in names:
            self._shelves.pop(name, None)

    @property
    def folders(self) -> tuple[str, ...]:
        """Names of the folders that something is remembered of."""
        return tuple(self._shelves)

    @staticmethod
    def _unchanged(connection: Connection, shelf: _Shelf, standing: Standing, place: Place) -> bool:
        if standing.uid_validity is None or standing.uid_next is None or standing != shelf.standing:
            return False
        return connection.features.condstore or place not in _CONTENT_PLACES

    def _refresh(self, connection: Connection, folder: Folder, day: date) -> _Shelf:
        wire = connection.wire
        if folder.standing.messages == 0 and folder.standing.uid_validity is not None:
            empty = self._shelves[folder.name] = _Shelf(folder.standing.uid_validity, day, folder.standing)
            return empty
        chosen = select(wire, folder.name)
        shelf = self._shelves.get(folder.name)
        if shelf is None or shelf.uid_validity != chosen.uid_validity:
            shelf = self._shelves[folder.name] = _Shelf(chosen.uid_validity, day)
        shelf.day = day
        shelf.standing = None
        uids = search(wire, since(day)) if chosen.messages else []
        shelf.cut = len(uids) > HEADERS_PER_FOLDER
        uids = uids[-HEADERS_PER_FOLDER:]
        present = set(uids)
        shelf.known = {uid: known for uid, known in shelf.known.items() if uid in present}
        shelf.flags = {fetched.uid: fetched.flags for fetched in fetch(wire, chunks(uids), b"FLAGS")}
        fresh = [uid for uid in uids if uid not in shelf.known]
        for fetched in fetch(wire, chunks(fresh), b"INTERNALDATE BODY.PEEK[HEADER.FIELDS (%s)]" % _FIELDS):
            shelf.known[fetched.uid] = _Known(read_headers(fetched.header()), fetched.received_at)
        shelf.standing = folder.standing
        return shelf

    @staticmethod
    def _read_content(connection: Connection, name: str, shelf: _Shelf, uids: list[int]) -> None:
        if select(connection.wire, name).uid_validity != shelf.uid_validity:
            return
        for fetched in fetch(connection.wire, chunks(uids), b"BODY.PEEK[]<0.%d>" % BODY_BYTES):
            known = shelf.known.get(fetched.uid)
            body = fetched.octets("")
            if known is not None and body:
                shelf.known[fetched.uid] = _Known(
                    read_headers(body), known.at, True, fingerprint(body), text_of(body)[:_TEXT_CHARS]
                )

    @staticmethod
    def _candidate(shelf: _Shelf, name: str, place: Place, uid: int) -> Candidate:
        known = shelf.known[uid]
        return Candidate(
            place=place,
            headers=known.headers,
            locator=locator(name, shelf.uid_validity, uid),
            at=known.at,
            fingerprint=known.fingerprint,
            text=known.text if place is Place.DRAFTS else "",
            flagged_deleted=r"\deleted" in shelf.flags.get(uid, frozenset()),
        )


def locator(folder: str, uid_validity: int, uid: int) -> str:
    """Where a message lies, after the form of an IMAP URL (RFC 5092), the folder's name decoded."""
    return f"{folder};UIDVALIDITY={uid_validity}/;UID={uid}"


def read_locator(text: str) -> tuple[str, int, int] | None:
    """Folder, UIDVALIDITY and UID of a locator; None for one that is not ours."""
    rest, _, uid = text.rpartition("/;UID=")
    folder, _, validity = rest.rpartition(";UIDVALIDITY=")
    if not folder or not uid.isdecimal() or not validity.isdecimal():
        return None
    return folder, int(validity), int(uid)
