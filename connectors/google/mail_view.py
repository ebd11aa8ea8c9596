"""What is remembered of a Gmail mailbox between looks: one request where nothing changed.

The first look lists drafts, sent mail, trash, scheduled mail and what came from the people in question. From then on
the history tells what changed (https://developers.google.com/workspace/gmail/api/guides/sync); where it no longer
reaches back, the first look is done again. Of each message the header is read, once.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from connectors.evidence import PUBLIC_MAIL_DOMAINS, Candidate
from connectors.google.errors import NotFound
from connectors.google.mail_message import (
    FIELDS,
    METADATA_HEADERS,
    STRUCTURE,
    Json,
    Known,
    labels_of,
    read_content,
    read_message,
    read_raw,
    with_structure,
)
from connectors.google.service import Api
from connectors.model import Place, Probe

PER_LIST = 2_000
"""How many of the newest messages of one list are read."""
MOST_CHANGES = 1_000
"""More changes than that, and looking anew is cheaper."""
_MARGIN = timedelta(days=2)
_PAGE = 500
_CHANGES = ("messagesAdded", "messagesDeleted", "labelsAdded", "labelsRemoved")
_HISTORY = f"nextPageToken,historyId,history({','.join(f'{change}(message(id))' for change in _CHANGES)})"
_OPERATION = "look into the mailbox"


def senders_for(probes: Iterable[Probe]) -> frozenset[str]:
    """Whose mail matters: the recipients' domains; at a public provider's, the address alone."""
    found = set()
    for probe in probes:
        domain = probe.recipient.rpartition("@")[2]
        if domain:
            found.add(probe.recipient if domain in PUBLIC_MAIL_DOMAINS else domain)
    return frozenset(found)


class MailView:
    """The mailbox of one login. Not for several threads at once."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._history = ""
        self._since: datetime | None = None
        self._senders: frozenset[str] = frozenset()
        self._known: dict[str, Known] = {}
        self._drafts: dict[str, str] = {}
        self.cut: set[Place] = set()
        """Places of which not everything was listed."""

    @property
    def drafts_total(self) -> int:
        """How many drafts of anybody's there are."""
        return sum(1 for message in self._drafts.values() if self._is_draft(message))

    def refresh(self, since: datetime, senders: frozenset[str]) -> None:
        """Bring it up to date. Raises ConnectorError."""
        since -= _MARGIN
        if self._since is None or since < self._since or not self._follow():
            self._look_anew(since, senders | self._senders)
            return
        self._list_senders(senders - self._senders)
        self._senders |= senders
        if since - self._since > timedelta(days=1):
            self._forget_before(since)

    def refresh_drafts(self) -> None:
        """List the drafts now, whatever the history says, and read the headers of new ones. Raises ConnectorError."""
        self._list_drafts()
        self._read(self._drafts.values())

    def known(self) -> Iterator[tuple[Known, str]]:
        """All messages, and the draft id of each that is under one."""
        draft_ids = {message: draft for draft, message in self._drafts.items()}
        for message in self._known.values():
            yield message, draft_ids.get(message.id, "")

    def candidates(self, wanted: Callable[[Candidate], bool]) -> list[Candidate]:
        """All that may be evidence. Of those `wanted`, drafts are read whole, of sent mail the kinds of parts."""
        chosen = [
            (known, draft_id)
            for known, draft_id in self.known()
            if (candidate := known.candidate(draft_id)) is not None and wanted(candidate)
        ]
        self._read_contents(
            [(k.id, draft) for k, draft in chosen if k.place is Place.DRAFTS and not k.content and draft]
        )
        self._read_structures([k.id for k, _ in chosen if k.place is Place.SENT and not k.structure_read])
        return [found for known, draft_id in self.known() if (found := known.candidate(draft_id)) is not None]

    def by_draft(self, draft_id: str) -> Known | None:
        """The message under a draft id."""
        return self._known.get(self._drafts.get(draft_id, ""))

    def forget(self) -> None:
        """Look anew next time."""
        self._since = None

    def _look_anew(self, since: datetime, senders: frozenset[str]) -> None:
        self._since = None
        self._known, self._drafts, self.cut = {}, {}, set()
        history = self._profile_history()
        self._list_drafts()
        after = f"after:{int(since.timestamp())}"
        ids = [*self._drafts.values()]
        ids += self._list(Place.SENT, labelIds=["SENT"], q=after)
        ids += self._list(Place.TRASH, labelIds=["TRASH"], q=after, includeSpamTrash=True)
        ids += self._list(Place.QUEUE, q="in:scheduled")
        self._read(ids)
        self._since, self._history, self._senders = since, history, frozenset()
        self._list_senders(senders)
        self._senders = senders
        if not history:
            self._since = None

    def _profile_history(self) -> str:
        """Where the history stands; empty where the server keeps none, so that each look is a first one."""
        try:
            profile = self._api.call(_OPERATION, self._api.users.getProfile(userId="me", fields="historyId"))
        except NotFound:
            return ""
        return str(profile.get("historyId", ""))

    def _follow(self) -> bool:
        """Apply what the history tells; False where it does not reach back, or tells too much."""
        added: set[str] = set()
        relabelled: set[str] = set()
        deleted: set[str] = set()
        page = ""
        while True:
            asked: dict[str, Any] = {"userId": "me", "startHistoryId": self._history, "maxResults": _PAGE}
            if page:
                asked["pageToken"] = page
            try:
                answer = self._api.call(_OPERATION, self._api.users.history().list(**asked, fields=_HISTORY))
            except NotFound:
                return False
            for entry in answer.get("history") or ():
                added |= _ids(entry, "messagesAdded")
                deleted |= _ids(entry, "messagesDeleted")
                relabelled |= _ids(entry, "labelsAdded") | _ids(entry, "labelsRemoved")
            page = str(answer.get("nextPageToken", ""))
            if len(added) + len(relabelled & self._known.keys()) > MOST_CHANGES:
                return False
            if not page:
                break
        touched = (added - deleted) | (relabelled & self._known.keys())
        drafts = set(self._drafts.values())
        # Should it break off in the middle, what is half applied is no ground to go on from.
        since, self._since = self._since, None
        for message in (deleted | touched) & self._known.keys():
            del self._known[message]
        self._read(touched)
        if drafts & (deleted | touched) or any("DRAFT" in self._known[m].labels for m in touched if m in self._known):
            self.refresh_drafts()
        self._history, self._since = str(answer.get("historyId", self._history)), since
        return True

    def _list_drafts(self) -> None:
        drafts: dict[str, str] = {}
        page = ""
        while True:
            asked: dict[str, Any] = {
                "userId": "me",
                "maxResults": _PAGE,
                "fields": "nextPageToken,drafts(id,message(id))",
            }
            if page:
                asked["pageToken"] = page
            answer = self._api.call(_OPERATION, self._api.users.drafts().list(**asked))
            for draft in answer.get("drafts") or ():
                drafts[str(draft["id"])] = str(draft["message"]["id"])
            page = str(answer.get("nextPageToken", ""))
            if page and len(drafts) >= PER_LIST:
                self.cut.add(Place.DRAFTS)
            if not page or len(drafts) >= PER_LIST:
                break
        self._drafts = drafts

    def _list_senders(self, senders: Iterable[str]) -> None:
        if self._since is None:
            return
        ids: list[str] = []
        for sender in sorted(senders):
            ids += self._list(Place.INBOX, q=f"from:{sender} after:{int(self._since.timestamp())}")
        self._read(ids)

    def _list(self, place: Place, **asked: Any) -> list[str]:
        ids, page = search(self._api, _OPERATION, PER_LIST, **asked)
        if page:
            self.cut.add(place)
        return ids

    def _read(self, ids: Iterable[str]) -> None:
        fresh = [message for message in dict.fromkeys(ids) if message not in self._known]
        for known in read_headers_of(self._api, _OPERATION, fresh):
            self._known[known.id] = known

    def _read_contents(self, drafts: Sequence[tuple[str, str]]) -> None:
        requests = [
            self._api.users.drafts().get(userId="me", id=draft, format="raw", fields="id,message(id,labelIds,raw)")
            for _, draft in drafts
        ]
        for (message, draft), answer in zip(drafts, self._api.gather(_OPERATION, requests), strict=True):
            found: Json = (answer or {}).get("message") or {}
            if found.get("id") == message and "SENT" not in labels_of(found):
                self._known[message] = replace(self._known[message], content=read_content(read_raw(found)))
            else:
                # Saved or sent since it was listed: the next look tells.
                self._known.pop(message, None)
                self._drafts.pop(draft, None)
                self.cut.add(Place.DRAFTS)
                self._since = None

    def _read_structures(self, ids: Sequence[str]) -> None:
        requests = [
            self._api.users.messages().get(userId="me", id=message, format="full", fields=STRUCTURE) for message in ids
        ]
        for message, answer in zip(ids, self._api.gather(_OPERATION, requests), strict=True):
            if answer is not None:
                self._known[message] = with_structure(self._known[message], answer)

    def _forget_before(self, since: datetime) -> None:
        drafts = set(self._drafts.values())
        self._known = {m: known for m, known in self._known.items() if known.at >= since or m in drafts}
        self._since = since

    def _is_draft(self, message: str) -> bool:
        known = self._known.get(message)
        return known is None or known.place is Place.DRAFTS


def search(api: Api, operation: str, most: int, **asked: Any) -> tuple[list[str], str]:
    """Ids of the newest messages that fit, and a page token where there are more. Raises ConnectorError."""
    ids: list[str] = []
    page = ""
    while True:
        paged = {"pageToken": page} if page else {}
        request = api.users.messages().list(
            userId="me", maxResults=min(most, _PAGE), fields="nextPageToken,messages(id)", **asked, **paged
        )
        answer = api.call(operation, request)
        ids += [str(message["id"]) for message in answer.get("messages") or ()]
        page = str(answer.get("nextPageToken", ""))
        if not page or len(ids) >= most:
            return ids[:most], page


def read_headers_of(api: Api, operation: str, ids: Sequence[str]) -> Iterator[Known]:
    """Headers and labels, and never a word of the text. Raises ConnectorError."""
    requests = [
        api.users.messages().get(
            userId="me", id=message, format="metadata", metadataHeaders=list(METADATA_HEADERS), fields=FIELDS
        )
        for message in ids
    ]
    for answer in api.gather(operation, requests):
        if answer is not None:
            yield read_message(answer)


def _ids(entry: Json, change: str) -> set[str]:
    return {str(each["message"]["id"]) for each in entry.get(change) or ()}
