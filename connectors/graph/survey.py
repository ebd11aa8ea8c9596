"""One look at the folders: everything that came or was written since a moment, in one batch of listings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from connectors.errors import ConnectorError
from connectors.evidence import Candidate
from connectors.graph.errors import NotFound
from connectors.graph.message import DEFERRED, EXPAND, SELECT, SELECT_CONTENT, arrived_at, headers_of, property_of
from connectors.graph.wire import Ask, Graph
from connectors.model import Place

_PAGE = 100
_FOLDERS = {
    Place.DRAFTS: "drafts",
    Place.QUEUE: "outbox",
    Place.TRASH: "deleteditems",
    Place.SENT: "sentitems",
}
"""In this order they are read: what moves from Drafts to Sent in between is seen twice rather than not at all."""
_JUNK = "junkemail"

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class View:
    """What one look showed."""

    candidates: tuple[Candidate, ...]
    unseen: tuple[Place, ...]
    drafts_total: int | None


class Survey:
    """Keeps nothing but the ids of the folders that everybody has."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._ids: dict[str, str] = {}

    def look(self, since: datetime) -> View:
        """All folders but junk mail. Raises ConnectorError; a folder that is not found is `unseen`."""
        self._learn_folders()
        recent = f"receivedDateTime ge {utc(since)}"
        # Drafts whose date is older may have been saved a moment ago; neither folder holds many.
        filters = {Place.DRAFTS: None, Place.QUEUE: None, Place.TRASH: recent, Place.SENT: recent}
        places = [place for place, name in _FOLDERS.items() if name in self._ids]
        asks = [Ask(query("me/mailFolders/drafts", select="id,totalItemCount"))]
        asks += [Ask(_listing(f"me/mailFolders/{_FOLDERS[place]}/messages", filters[place])) for place in places]
        asks.append(Ask(_listing("me/messages", recent)))
        drafts, *answers = self._graph.gather("observe", asks, in_order=True)
        candidates: list[Candidate] = []
        for place, answer in zip((*places, Place.INBOX), answers, strict=True):
            for page in self._graph.further("observe", answer):
                candidates += [_candidate(place, item) for item in listed(page) if self._belongs(place, item)]
        total = drafts.get("totalItemCount")
        missing = {Place.DRAFTS, Place.TRASH, Place.SENT} - set(places)
        return View(tuple(candidates), tuple(sorted(missing)), total if isinstance(total, int) else None)

    def _learn_folders(self) -> None:
        if self._ids:
            return
        names = (*_FOLDERS.values(), _JUNK)
        answers = self._graph.batch("observe", [Ask(query(f"me/mailFolders/{name}", select="id")) for name in names])
        for name, answer in zip(names, answers, strict=True):
            if isinstance(answer, ConnectorError) and not isinstance(answer, NotFound):
                self._ids = {}
                raise answer
            if isinstance(answer, Mapping) and answer.get("id"):
                self._ids[name] = str(answer["id"])

    def _belongs(self, place: Place, item: Json) -> bool:
        """`me/messages` lists every folder: what lies in one of the others has its own place, or is junk."""
        return place is not Place.INBOX or item.get("parentFolderId") not in self._ids.values()


def query(path: str, **options: object) -> str:
    """A path with OData's options ($select and so on), escaped; those that are None are left out."""
    given = {f"${name}": str(value) for name, value in options.items() if value is not None}
    return f"{path}?{urlencode(given, safe='$,', quote_via=quote)}" if given else path


def message_path(identity: str) -> str:
    """Of one message."""
    return f"me/messages/{quote(identity, safe='')}"


def content_query(path: str, **options: object) -> str:
    """A path that asks for messages with all that is ever read of one."""
    return query(path, select=SELECT_CONTENT, expand=EXPAND, **options)


def listed(answer: Json) -> Sequence[Json]:
    """The members of a page."""
    value = answer.get("value")
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def utc(at: datetime) -> str:
    """A literal of Edm.DateTimeOffset."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _listing(path: str, filter_: str | None) -> str:
    return query(path, filter=filter_, select=SELECT, expand=EXPAND, top=_PAGE)


def _candidate(place: Place, item: Json) -> Candidate:
    scheduled = place is Place.DRAFTS and bool(property_of(item, DEFERRED))
    return Candidate(Place.QUEUE if scheduled else place, headers_of(item), str(item.get("id", "")), arrived_at(item))
