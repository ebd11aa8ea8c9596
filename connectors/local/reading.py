"""Headers of messages on disk, each read once: an unchanged cycle opens no file."""

from dataclasses import dataclass
from datetime import datetime

from connectors.evidence import Candidate
from connectors.local.folder import Entry, entries, find, read, read_header
from connectors.local.layout import Layout
from connectors.mime import Headers, fingerprint, read_headers, text_of
from connectors.model import Place

_WHOLE_UP_TO = 1_048_576


@dataclass(frozen=True, slots=True)
class _Known:
    mtime_ns: int
    size: int
    headers: Headers
    whole: bool
    """The body was looked at for a calendar reply, as far as it ever is."""
    fingerprint: str = ""
    text: str = ""


class Headlines:
    """The headers of a Maildir's messages by folder and unique name. Forgets what is no longer listed."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, _Known]] = {}

    def listed(self, layout: Layout, folder: str, since: datetime | None = None) -> list[Entry]:
        """Messages of a folder, those older than `since` (file time) left out. Raises OSError."""
        found = entries(layout.paths[folder])
        known = self._known.get(folder)
        if known:
            there = {entry.unique for entry in found}
            self._known[folder] = {unique: value for unique, value in known.items() if unique in there}
        return found if since is None else [entry for entry in found if entry.arrived >= since]

    def headers(self, folder: str, entry: Entry, *, whole: bool = False) -> Headers | None:
        """Its header; with `whole`, the body of a small message is looked at for a calendar reply, too.

        None if it is no longer there. Raises OSError.
        """
        known = self._fresh(folder, entry)
        if known is not None and (known.whole or not whole):
            return known.headers
        data = read(entry) if whole and entry.size <= _WHOLE_UP_TO else read_header(entry)
        if data is None:
            return None
        headers = read_headers(data)
        self._known.setdefault(folder, {})[entry.unique] = _Known(entry.mtime_ns, entry.size, headers, whole)
        return headers

    def content(self, layout: Layout, folder: str, entry: Entry) -> tuple[str, str] | None:
        """Its `mime.fingerprint` and text, found again if it was renamed meanwhile; None if gone. Raises OSError."""
        known = self._fresh(folder, entry)
        if known is None or not known.fingerprint:
            data = read(entry)
            if data is None:
                renamed = find(layout.paths[folder], entry.unique)
                data = read(renamed) if renamed is not None else None
            if data is None:
                return None
            known = _Known(entry.mtime_ns, entry.size, read_headers(data), True, fingerprint(data), text_of(data))
            self._known.setdefault(folder, {})[entry.unique] = known
        return known.fingerprint, known.text

    def candidate(self, folder: str, entry: Entry, place: Place) -> Candidate | None:
        """The message as the ladder of evidence wants it; None if it is no longer there. Raises OSError."""
        headers = self.headers(folder, entry, whole=place in (Place.SENT, Place.QUEUE))
        if headers is None:
            return None
        return Candidate(place, headers, f"{folder}/{entry.unique}", at=entry.arrived, flagged_deleted=entry.trashed)

    def _fresh(self, folder: str, entry: Entry) -> _Known | None:
        known = self._known.get(folder, {}).get(entry.unique)
        return known if known and (known.mtime_ns, known.size) == (entry.mtime_ns, entry.size) else None
