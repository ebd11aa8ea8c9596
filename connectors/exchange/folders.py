"""What lies in the folders, newest first: listed by id and ChangeKey, and read once for each ChangeKey.

Only plain requests are made (FindItem with paging, GetItem): what servers other than Microsoft's do with restrictions
and search is not relied on. A server that does not sort is noticed, and read to the end of the bound.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from exchangelib import errors as ews
from exchangelib.services import GetItem

from connectors.evidence import Candidate
from connectors.exchange.message import HEADERS, arrived_at, headers_of, scheduled
from connectors.model import Place
from connectors.web_errors import TooLarge

PAGE = 200
MOST = 20_000
"""Messages of one folder that are looked at; beyond, the look is not complete."""
_STEP = 50
_OLDER = 100
"""So many older ones in a row, and nothing newer follows: where the server sorts."""
_UNSORTED = (
    ews.ErrorInvalidRequest,
    ews.ErrorSchemaValidation,
    ews.ErrorUnsupportedPathForSortGroup,
    ews.ErrorUnsupportedPropertyDefinition,
)
"""What a server may say that does not sort at all."""
_GONE = (ews.ErrorItemNotFound, ews.ErrorInvalidIdNotAnItemAttachmentId)
_UNREADABLE = (
    ews.ErrorItemCorrupt,
    ews.ErrorCorruptData,
    ews.ErrorMimeContentConversionFailed,
    ews.ErrorContentConversionFailed,
    ews.ErrorMessageSizeExceeded,
)
_DOUBTFUL = (ews.ErrorInternalServerError, ews.ErrorItemPropertyRequestFailed, ews.ErrorInvalidId)
"""What servers say of one item that they cannot read, and of themselves when nothing works."""
_SENSELESS = (ValueError, TypeError, AttributeError, LookupError, ews.InvalidTypeError, ews.InvalidEnumValue)
"""What exchangelib lets out, for the whole answer, when one item in it is not as it expects."""
GetItem.ERRORS_TO_CATCH_IN_RESPONSE = (*GetItem.ERRORS_TO_CATCH_IN_RESPONSE, *_UNREADABLE, *_DOUBTFUL)
_FOLDERS = {
    Place.INBOX: "inbox",
    Place.DRAFTS: "drafts",
    Place.QUEUE: "outbox",
    Place.TRASH: "trash",
    Place.SENT: "sent",
}
"""Drafts before Sent: what moves in between is seen twice rather than not at all."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One item as FindItem tells of it."""

    id: str
    changekey: str
    at: datetime | None
    item_class: str


@dataclass(frozen=True, slots=True)
class View:
    """What one look showed."""

    candidates: tuple[Candidate, ...]
    unseen: tuple[Place, ...]
    drafts_total: int | None


class Folders:
    """Remembers what it read, so that an unchanged mailbox costs one listing for each folder."""

    def __init__(self) -> None:
        self._known: dict[tuple[Place, str], tuple[str, Candidate]] = {}

    def look(self, account: Any, since: datetime) -> View:
        """All folders; one that is not found, is longer than the bound or holds what cannot be read is `unseen`."""
        candidates: list[Candidate] = []
        unseen: list[Place] = []
        total: int | None = None
        fresh: dict[tuple[Place, str], tuple[str, Candidate]] = {}
        for place in _FOLDERS:
            everything = place in (Place.DRAFTS, Place.QUEUE)
            try:
                folder = folder_of(account, place)
                listed, cut = listing(folder, None if everything else since)
            except (ews.ErrorFolderNotFound, ews.DoesNotExist):
                if place is not Place.QUEUE:
                    unseen.append(place)
                continue
            if cut:
                unseen.append(place)
            if place is Place.DRAFTS and not cut:
                total = len(listed)
            unreadable: list[Listed] = []
            read = self._read(account, place, listed, unreadable)
            if unreadable:
                unseen.append(place)
            fresh |= {(place, candidate.locator): (key, candidate) for key, candidate in read}
            candidates += [candidate for _, candidate in read]
        self._known = fresh
        return View(tuple(candidates), tuple(sorted(set(unseen))), total)

    def _read(
        self, account: Any, place: Place, listed: Sequence[Listed], unreadable: list[Listed]
    ) -> list[tuple[str, Candidate]]:
        known = {one.id: self._known.get((place, one.id)) for one in listed}
        stale = [one for one in listed if (kept := known[one.id]) is None or kept[0] != one.changekey]
        read: dict[str, tuple[str, Candidate]] = {
            identity: kept for identity, kept in known.items() if kept is not None
        }
        for one, item in fetched(account, stale, HEADERS, unreadable):
            read[one.id] = one.changekey, candidate_of(place, item)
        gone = {one.id for one in stale} - {one for one, kept in read.items() if kept is not known.get(one)}
        return [read[one.id] for one in listed if one.id in read and one.id not in gone]


def folder_of(account: Any, place: Place) -> Any:
    """exchangelib's folder for a place. Raises ErrorFolderNotFound."""
    return getattr(account, _FOLDERS[place])


def listing(folder: Any, since: datetime | None) -> tuple[list[Listed], bool]:
    """Items that came since then, or all; and whether the bound cut the list short."""
    query = folder.all().only("id", "changekey", "datetime_received", "datetime_created", "item_class")
    query.page_size = PAGE
    try:
        return _read_on(query.order_by("-datetime_received"), since)
    except _UNSORTED:
        return _read_on(query, since)


def _read_on(query: Any, since: datetime | None) -> tuple[list[Listed], bool]:
    found: list[Listed] = []
    older, in_order, before = 0, True, None
    for number, item in enumerate(query):
        if isinstance(item, Exception):
            raise item
        if number >= MOST:
            return found, True
        at = arrived_at(item)
        in_order = in_order and (at is None or before is None or at <= before)
        before = at or before
        if since is None or at is None or at >= since:
            found.append(Listed(str(item.id), str(item.changekey or ""), at, str(item.item_class or "")))
            older = 0
        else:
            older += 1
            if in_order and older >= _OLDER:
                break
    return found, False


def fetched(
    account: Any, listed: Sequence[Listed], fields: Sequence[str], unreadable: list[Listed] | None = None
) -> Iterator[tuple[Listed, Any]]:
    """These items with these fields; one that vanished meanwhile is left out.

    One that the server cannot read whole comes without its MIME content, or is left out and added to `unreadable`.
    """
    bare = [name for name in fields if name != "mime_content"]
    for start in range(0, len(listed), _STEP):
        again: list[Listed] = []
        for one, item in _asked(account, listed[start : start + _STEP], fields):
            if item is None:
                again.append(one)
            else:
                yield one, item
        lost = again
        if again and len(bare) < len(fields):
            lost = []
            for one, item in _asked(account, again, bare):
                if item is None:
                    lost.append(one)
                else:
                    yield one, item
        if unreadable is not None:
            unreadable += lost


def _asked(account: Any, wanted: Sequence[Listed], fields: Sequence[str]) -> list[tuple[Listed, Any]]:
    """One request, or several where the answer is too large or senseless; None for an item that cannot be read."""
    ids = [(one.id, one.changekey or None) for one in wanted]
    try:
        answers = list(account.fetch(ids=ids, only_fields=list(fields)))
    except TooLarge:
        if len(wanted) == 1:
            return [(wanted[0], None)]
        half = len(wanted) // 2
        return [*_asked(account, wanted[:half], fields), *_asked(account, wanted[half:], fields)]
    except _SENSELESS:
        if len(wanted) == 1:
            return [(wanted[0], None)]
        singly = [pair for one in wanted for pair in _asked(account, [one], fields)]
        if all(item is None for _, item in singly):
            raise
        return singly
    found: list[tuple[Listed, Any]] = []
    for one, item in zip(wanted, answers, strict=False):
        if isinstance(item, _GONE):
            continue
        # Where nothing can be read, it is the server that fails.
        if isinstance(item, _DOUBTFUL) and all(isinstance(each, _DOUBTFUL) for each in answers):
            raise item
        if isinstance(item, Exception) and not isinstance(item, (*_UNREADABLE, *_DOUBTFUL)):
            raise item
        found.append((one, None if isinstance(item, Exception) else item))
    return found


def candidate_of(place: Place, item: Any) -> Candidate:
    """What the ladder of evidence needs of an item."""
    draft = place in (Place.DRAFTS, Place.QUEUE)
    where = Place.QUEUE if place is Place.DRAFTS and scheduled(item) else place
    return Candidate(where, headers_of(item, sent=not draft), str(item.id), arrived_at(item))
