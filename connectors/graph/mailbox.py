"""The owner's mail at Microsoft: drafts, notes, and what became of them. It has no way to send anything.

A draft has an immutable id, which stays through saves and moves, and our mark. Replacing is one PATCH under If-Match,
so there is never a moment with two drafts or none. Looking is one batch of filtered listings: it holds no state that
could be stale, and what a delta link would save is little in the days after an interview.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.errors import (
    ConnectorError,
    DraftChanged,
    DraftNotFound,
    PreconditionFailed,
    ProtocolViolation,
    TemporaryError,
    UnsupportedError,
)
from connectors.evidence import Candidate, rung_of, weigh
from connectors.google.people import people_in
from connectors.graph.errors import NotFound
from connectors.graph.message import (
    MARK,
    SELECT,
    draft_message,
    fingerprint_of_message,
    headers_of,
    marked_by_owner,
    marked_with,
    note_message,
    property_of,
    quoted,
    text_of,
)
from connectors.graph.replies import owner_replies
from connectors.graph.survey import Survey, content_query, listed, message_path, query
from connectors.graph.wire import Ask, Graph, Usage
from connectors.mime import fingerprint_of
from connectors.model import (
    Address,
    CheckLine,
    Draft,
    DraftRef,
    Note,
    Observations,
    Place,
    Probe,
    RepliesDelta,
)

_MARGIN = timedelta(days=1)
"""Clocks differ, and some clients date a message by when it was begun."""
_PAGED = 'IdType="ImmutableId", odata.maxpagesize=100'
_ANSWERED_WITH = ("subject", "body", "toRecipients", "ccRecipients", "bccRecipients")
"""What createReply takes for certain; Message-ID and mark follow."""
_DRAFTS = "me/mailFolders/drafts"
_PEOPLE = 250
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Copy:
    """A message in Drafts, as it was read a moment ago."""

    id: str
    etag: str
    fingerprint: str
    created: str
    marked: bool

    def untouched(self, *prints: str) -> bool:
        return self.fingerprint in prints and not self.marked


class GraphMailbox:
    """The mailbox of one account. Fulfils `ports.Mailbox`."""

    def __init__(
        self,
        graph: Graph,
        owner: Address,
        *,
        addresses: frozenset[str] = frozenset(),
        name: str = "graph",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`owner` is whom notes are addressed to; `addresses` are all canonical addresses of the owner."""
        self._graph = graph
        self._owner = owner
        self._owners = addresses | {owner.email}
        self._name = name
        self._clock = clock
        self._survey = Survey(graph)

    @property
    def name(self) -> str:
        """The configured name."""
        return self._name

    @property
    def usage(self) -> Usage:
        """What was asked of Microsoft since the start."""
        return self._graph.usage

    def check(self, *, write: bool = False) -> Sequence[CheckLine]:
        """Whether the folders can be read; with `write`, also put a draft there and remove it again."""
        try:
            answer = self._graph.call("check", "GET", "me/mailFolders/drafts?$select=displayName,totalItemCount")
        except ConnectorError as error:
            return (CheckLine("Microsoft mail", "failing", error.message, error.remedy),)
        name, total = answer.get("displayName", "Drafts"), answer.get("totalItemCount", 0)
        lines = [CheckLine("Microsoft mail", "ok", f"logged in; {total} messages lie in {name}")]
        return (*lines, *([self._check_write()] if write else []))

    def close(self) -> None:
        """Let go of connections."""
        self._graph.close()

    def observe(self, probes: Sequence[Probe]) -> Observations:
        """Look in Drafts, Outbox, Deleted Items, Sent Items and wherever mail comes in. Raises ConnectorError."""
        at = self._clock()
        view = self._survey.look(min((probe.since for probe in probes), default=at) - _MARGIN)
        candidates = self._with_content(view.candidates, probes)
        return Observations(
            at=at,
            by_key={probe.key: weigh(probe, candidates, self._owners) for probe in probes},
            unseen=view.unseen,
            drafts_total=view.drafts_total,
        )

    def create_draft(self, draft: Draft) -> DraftRef:
        """Put it into Drafts, into the thread of the message that it answers where that lies in the mailbox."""
        body, print_ = self._written(draft), fingerprint_of(draft)
        lying = self._copies("create_draft", (draft.message_id,))
        if not lying:
            made = self._answer(draft, body) or self._graph.call("create_draft", "POST", "me/messages", body)
            self._mend_identity(draft, made)
            lying = self._copies("create_draft", (draft.message_id,), str(made.get("id", "")))
        kept = self._without_doubles("create_draft", lying, print_)
        return DraftRef(draft.message_id, kept.id, print_)

    def replace_draft(self, ref: DraftRef, draft: Draft) -> DraftRef:
        """See the port. Raises DraftChanged, DraftNotFound."""
        body, print_ = self._written(draft), fingerprint_of(draft)
        lying = self._copies("replace_draft", (ref.message_id, draft.message_id), ref.locator)
        if not lying:
            raise DraftNotFound("the draft is no longer among the drafts", account=self._graph.account)
        if not all(copy.untouched(ref.fingerprint, print_) for copy in lying):
            raise self._touched("replace_draft")
        new = next((copy for copy in lying if copy.fingerprint == print_), None)
        if new is None:
            new = lying[0]
            with self._guarded("replace_draft"):
                self._graph.call("replace_draft", "PATCH", message_path(new.id), body, {"If-Match": new.etag})
        for copy in lying:
            if copy.id != new.id:
                self._remove("replace_draft", copy)
        return DraftRef(draft.message_id, new.id, print_)

    def delete_draft(self, ref: DraftRef) -> None:
        """See the port: it goes to Deleted Items. Raises DraftChanged."""
        lying = self._copies("delete_draft", (ref.message_id,), ref.locator)
        if not all(copy.untouched(ref.fingerprint) for copy in lying):
            raise self._touched("delete_draft")
        for copy in lying:
            self._remove("delete_draft", copy)

    def deliver_note(self, note: Note) -> None:
        """A message in the inbox that is no draft, unread, from the owner to the owner; nothing is sent."""
        try:
            body = note_message(note, self._owner)
        except ValueError as error:
            raise UnsupportedError(str(error), account=self._graph.account, operation="deliver_note") from None
        known = query(
            "me/messages",
            filter=f"internetMessageId eq {quoted(note.message_id)}",
            select="id,internetMessageId",
            top=5,
        )
        found = listed(self._graph.call("deliver_note", "GET", known))
        if not any(note.message_id in _named(item) for item in found):
            self._graph.call("deliver_note", "POST", "me/mailFolders/inbox/messages", body)

    def owner_replies(self, cursor: str | None, notes: Sequence[str]) -> RepliesDelta:
        """See the port: Sent Items by delta. A link that Microsoft forgot is begun anew; nothing is told twice."""
        return owner_replies(self._graph, cursor, frozenset(notes), self._clock())

    def find_people(self, names: Sequence[str], domains: Sequence[str]) -> Sequence[Address]:
        """See the port; asked of the index by domain, decided here by the words of the name."""
        asks = [
            Ask(
                query(
                    "me/messages",
                    search=f'"participants:{domain}"',
                    select="id,from,toRecipients,ccRecipients",
                    top=_PEOPLE,
                )
            )
            for domain in domains
            if domain and not set(domain) & set('":()')
        ]
        if not names or not asks:
            return ()
        pages = self._graph.gather("find_people", asks)
        return people_in((headers_of(item) for page in pages for item in listed(page)), names, domains)

    def _written(self, draft: Draft) -> dict[str, Any]:
        try:
            return draft_message(draft)
        except ValueError as error:
            raise UnsupportedError(str(error), account=self._graph.account, operation="write draft") from None

    def _answer(self, draft: Draft, body: Json) -> Json | None:
        """The draft as an answer, which puts it into the thread; None where there is nothing to answer.

        The text goes along with the request, so that no empty answer with somebody's quoted mail is left by a cut.
        """
        if not draft.in_reply_to:
            return None
        wanted = query("me/messages", filter=f"internetMessageId eq {quoted(draft.in_reply_to)}", select=SELECT, top=5)
        for parent in listed(self._graph.call("create_draft", "GET", wanted)):
            if draft.in_reply_to in _named(parent) and not parent.get("isDraft"):
                break
        else:
            return None
        adopted = self._left_by_a_cut(parent, fingerprint_of(draft))
        told = {key: body[key] for key in _ANSWERED_WITH}
        try:
            made = adopted or self._graph.call(
                "create_draft", "POST", f"{message_path(str(parent.get('id')))}/createReply", {"message": told}
            )
        except (NotFound, UnsupportedError, PreconditionFailed, ProtocolViolation):
            return None
        return self._graph.call("create_draft", "PATCH", message_path(str(made.get("id"))), body)

    def _left_by_a_cut(self, parent: Json, written: str) -> Json | None:
        """An answer in this thread with our very text but without our mark: the cut came before the mark."""
        conversation = parent.get("conversationId")
        if not isinstance(conversation, str) or not conversation:
            return None
        wanted = content_query(f"{_DRAFTS}/messages", filter=f"conversationId eq {quoted(conversation)}")
        same = [
            item
            for item in listed(self._graph.call("create_draft", "GET", wanted))
            if item.get("conversationId") == conversation
            and not property_of(item, MARK)
            and fingerprint_of_message(item) == written
            and not marked_by_owner(item)
        ]
        return same[0] if same else None

    def _mend_identity(self, draft: Draft, made: Json) -> None:
        """A server that gave a Message-ID of its own is asked once more for ours; the mark is there in any case."""
        if made.get("internetMessageId") == draft.message_id:
            return
        with suppress(PreconditionFailed, UnsupportedError):
            body = {"internetMessageId": draft.message_id}
            self._graph.call("create_draft", "PATCH", message_path(str(made.get("id"))), body)

    def _copies(self, operation: str, message_ids: Sequence[str], locator: str = "") -> list[_Copy]:
        """What lies in Drafts with one of these Message-IDs or marks, or at this locator; oldest first."""
        asks = [Ask(query(_DRAFTS, select="id"))]
        for each in dict.fromkeys(message_ids):
            asks.append(Ask(content_query(f"{_DRAFTS}/messages", filter=f"internetMessageId eq {quoted(each)}")))
            asks.append(Ask(content_query(f"{_DRAFTS}/messages", filter=marked_with(each))))
        if locator:
            asks.append(Ask(content_query(message_path(locator))))
        found: dict[str, Json] = {}
        folder, *answers = self._graph.batch(operation, asks)
        for answer in (folder, *answers):
            if isinstance(answer, ConnectorError) and (answer is folder or not isinstance(answer, NotFound)):
                raise answer
        drafts = folder.get("id") if isinstance(folder, Mapping) else None
        for answer in answers:
            if isinstance(answer, Mapping):
                found.update((str(item.get("id")), item) for item in (listed(answer) or [answer]) if item.get("id"))
        # A server that overlooks a filter gives everybody's drafts: what is ours is told here.
        lying = [
            _copy(item)
            for identity, item in found.items()
            if item.get("parentFolderId") == drafts and (identity == locator or _named(item) & set(message_ids))
        ]
        return sorted(lying, key=lambda copy: (copy.created, copy.id))

    def _without_doubles(self, operation: str, lying: Sequence[_Copy], written: str) -> _Copy:
        """Two of ours, alike and untouched, are what a cut or a second service leaves: the oldest is enough."""
        if not lying:
            raise TemporaryError("the draft is not found where it was put", account=self._graph.account)
        ours = [copy for copy in lying if copy.untouched(written)]
        for copy in ours[1:]:
            with suppress(DraftChanged):
                self._remove(operation, copy)
        return ours[0] if ours else lying[0]

    def _remove(self, operation: str, copy: _Copy) -> None:
        with self._guarded(operation), suppress(NotFound):
            self._graph.call(operation, "DELETE", message_path(copy.id), headers={"If-Match": copy.etag})

    @contextmanager
    def _guarded(self, operation: str) -> Iterator[None]:
        try:
            yield
        except PreconditionFailed:
            raise self._touched(operation) from None

    def _touched(self, operation: str) -> DraftChanged:
        words = "the draft is not as it was written: it is the owner's now"
        return DraftChanged(words, account=self._graph.account, operation=operation)

    def _with_content(self, candidates: Sequence[Candidate], probes: Sequence[Probe]) -> list[Candidate]:
        """Drafts that speak for a follow-up are read; one that vanished meanwhile is left to the next look."""
        wanted = [
            candidate.locator
            for candidate in candidates
            if candidate.place is Place.DRAFTS and any(rung_of(probe, candidate, self._owners) for probe in probes)
        ]
        answers = self._graph.batch("observe", [Ask(content_query(message_path(each))) for each in wanted])
        read: dict[str, Json] = {}
        for locator, answer in zip(wanted, answers, strict=True):
            if isinstance(answer, ConnectorError) and not isinstance(answer, NotFound):
                raise answer
            if isinstance(answer, Mapping):
                read[locator] = answer
        gone = set(wanted) - set(read)
        return [
            replace(each, fingerprint=fingerprint_of_message(read[each.locator]), text=text_of(read[each.locator]))
            if each.locator in read
            else each
            for each in candidates
            if each.locator not in gone
        ]

    def _check_write(self) -> CheckLine:
        now = self._clock()
        draft = Draft(
            f"<check.{now:%Y%m%d%H%M%S%f}@{self._owner.email.rpartition('@')[2]}>",
            self._owner,
            (),
            "Check",
            "This draft was written to see whether it can be, and is removed at once.",
            now,
        )
        try:
            self.delete_draft(self.create_draft(draft))
        except ConnectorError as error:
            return CheckLine("writing a draft", "failing", error.message, error.remedy)
        return CheckLine("writing a draft", "ok", "put, and moved to Deleted Items again")


def _copy(item: Json) -> _Copy:
    return _Copy(
        str(item.get("id")),
        str(item.get("@odata.etag") or f'W/"{item.get("changeKey", "")}"'),
        fingerprint_of_message(item),
        str(item.get("createdDateTime", "")),
        marked_by_owner(item),
    )


def _named(item: Json) -> set[str]:
    """Message-ID and mark."""
    return {str(item.get("internetMessageId", "")).strip(), property_of(item, MARK).strip()} - {""}
