"""The owner's mail on an Exchange server: drafts, notes, and what became of them. Nothing is ever sent.

Drafts are put there as MIME with In-Reply-To and References of their own, so that no server has to make the answer. A
replacement is written first, then exactly our own untouched old draft is removed; after a cut in between, the next
call mends it. A ChangeKey is not trusted to guard anything: not every server looks at it, so the text is read anew
before each touch.
"""

import json
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from exchangelib import Message
from exchangelib import errors as ews
from exchangelib.items import HARD_DELETE, MOVE_TO_DELETED_ITEMS, SAVE_ONLY

from connectors.errors import ConnectorError, DraftChanged, DraftNotFound, TemporaryError, UnsupportedError
from connectors.evidence import Candidate, weigh
from connectors.exchange.errors import NotFound, translate
from connectors.exchange.folders import Folders, Listed, fetched, folder_of, listing
from connectors.exchange.message import (
    CONTENT,
    HEADERS,
    arrived_at,
    content_of,
    fingerprint_of_item,
    headers_of,
    marked_by_owner,
)
from connectors.exchange.session import Session
from connectors.google.people import people_in
from connectors.mime import fingerprint_of, read_headers, write_draft, write_note
from connectors.model import (
    Address,
    CheckLine,
    Draft,
    DraftRef,
    Note,
    Observations,
    OwnerReply,
    Place,
    Probe,
    RepliesDelta,
)
from connectors.reply_text import own_words

REPLIES_SINCE = timedelta(days=30)
PEOPLE_SINCE = timedelta(days=90)
_MARGIN = timedelta(days=1)
"""Clocks differ, and some clients date a message by when it was begun."""
_FROM = re.compile(rb"^From:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*", re.MULTILINE | re.IGNORECASE)
_DRAFT_FLAGS = 9
_NOTE_FLAGS = 0


@dataclass(frozen=True, slots=True)
class _Copy:
    """A message in Drafts, as it was read a moment ago."""

    id: str
    changekey: str
    fingerprint: str
    marked: bool
    at: datetime

    def untouched(self, *prints: str) -> bool:
        return self.fingerprint in prints and not self.marked


class ExchangeMailbox:
    """The mailbox of one account. Fulfils `ports.Mailbox`."""

    def __init__(
        self,
        session: Session,
        owner: Address,
        *,
        addresses: frozenset[str] = frozenset(),
        name: str = "exchange",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`owner` is whom notes are addressed to; `addresses` are all canonical addresses of the owner."""
        self._session = session
        self._owner = owner
        self._owners = addresses | {owner.email}
        self._name = name
        self._clock = clock
        self._folders = Folders()
        self._automatic: dict[str, bool] = {}
        self._drafts: dict[str, tuple[str, str]] = {}

    @property
    def name(self) -> str:
        """The configured name."""
        return self._name

    def check(self, *, write: bool = False) -> Sequence[CheckLine]:
        """Whether server, login and folders are well; with `write`, also put a draft there and remove it again."""
        try:
            with self._session.use("check") as account:
                lines = [CheckLine("Exchange", "ok", f"{self._session.server}, logged in as {self._session.email}")]
                for place in (Place.DRAFTS, Place.SENT, Place.TRASH):
                    folder = folder_of(account, place)
                    lines.append(CheckLine(f"{place} folder", "ok", str(folder.name)))
        except ConnectorError as error:
            return (CheckLine("Exchange", "failing", error.message, error.remedy),)
        return (*lines, *([self._check_write()] if write else []))

    def close(self) -> None:
        """Let go of connections."""
        self._session.close()

    def observe(self, probes: Sequence[Probe]) -> Observations:
        """Look in Inbox, Drafts, Outbox, Deleted Items and Sent Items. Raises ConnectorError."""
        at = self._clock()
        since = min((probe.since for probe in probes), default=at) - _MARGIN
        with self._session.use("observe") as account:
            view = self._folders.look(account, since)
            candidates = self._with_content(account, view.candidates, probes)
        return Observations(
            at=at,
            by_key={probe.key: weigh(probe, candidates, self._owners) for probe in probes},
            unseen=view.unseen,
            drafts_total=view.drafts_total,
        )

    def create_draft(self, draft: Draft) -> DraftRef:
        """See the port."""
        data, print_ = self._written(draft), fingerprint_of(draft)
        with self._session.use("create_draft") as account:
            lying = self._copies(account, {draft.message_id})
            if not lying:
                self._put(account, Place.DRAFTS, draft.message_id, data, _DRAFT_FLAGS)
                lying = self._copies(account, {draft.message_id})
            if not lying:
                raise TemporaryError("the draft is not found where it was put")
            ours = [copy for copy in lying if copy.untouched(print_)]
            # Two of ours, alike and untouched, are what a cut or a second service leaves: the oldest is enough.
            self._remove(account, ours[1:], HARD_DELETE)
            return DraftRef(draft.message_id, (ours or lying)[0].id, print_)

    def replace_draft(self, ref: DraftRef, draft: Draft) -> DraftRef:
        """See the port. Raises DraftChanged, DraftNotFound."""
        data, print_ = self._written(draft), fingerprint_of(draft)
        with self._session.use("replace_draft") as account:
            lying = self._copies(account, {ref.message_id, draft.message_id}, ref.locator)
            if not lying:
                raise DraftNotFound("the draft is no longer among the drafts")
            if not all(copy.untouched(ref.fingerprint, print_) for copy in lying):
                raise _touched()
            new = next((copy.id for copy in lying if copy.fingerprint == print_), None)
            if new is None:
                new = self._put(account, Place.DRAFTS, draft.message_id, data, _DRAFT_FLAGS)
            self._remove(account, [copy for copy in lying if copy.id != new], HARD_DELETE)
            return DraftRef(draft.message_id, new, print_)

    def delete_draft(self, ref: DraftRef) -> None:
        """See the port: it goes to Deleted Items. Raises DraftChanged."""
        with self._session.use("delete_draft") as account:
            lying = self._copies(account, {ref.message_id}, ref.locator)
            if not all(copy.untouched(ref.fingerprint) for copy in lying):
                raise _touched()
            self._remove(account, lying, MOVE_TO_DELETED_ITEMS)

    def deliver_note(self, note: Note) -> None:
        """An item in the inbox that is no draft, unread, from the owner to the owner; nothing is sent."""
        try:
            data = write_note(note, self._owner)
        except ValueError as error:
            raise UnsupportedError(str(error), account=self._session.account, operation="deliver_note") from None
        since = note.date - _MARGIN
        with self._session.use("deliver_note") as account:
            for place in (Place.INBOX, Place.TRASH):
                listed, _ = listing(folder_of(account, place), since)
                for _, item in fetched(account, listed, ("message_id", "own_mark")):
                    if headers_of(item, sent=True).message_id == note.message_id:
                        return
            self._put(account, Place.INBOX, note.message_id, data, _NOTE_FLAGS)

    def owner_replies(self, cursor: str | None, notes: Sequence[str]) -> RepliesDelta:
        """See the port. The cursor is the newest time seen in Sent Items and what was told since shortly before it."""
        since, told = _read_cursor(cursor)
        begin = (since or self._clock() - REPLIES_SINCE) - _MARGIN
        wanted = frozenset(notes)
        replies: list[OwnerReply] = []
        with self._session.use("owner_replies") as account:
            listed, _ = listing(folder_of(account, Place.SENT), begin)
            new = [one for one in listed if one.id not in told]
            answering: list[tuple[Listed, str]] = []
            for one, item in fetched(account, new, HEADERS):
                headers = headers_of(item, sent=True)
                named = next((n for n in (headers.in_reply_to, *reversed(headers.references)) if n in wanted), "")
                if named and not headers.automatic:
                    answering.append((one, named))
            named_by = {one.id: named for one, named in answering}
            for one, item in fetched(account, [one for one, _ in answering], CONTENT):
                headers = headers_of(item, sent=True)
                at = headers.date or one.at or self._clock()
                text = own_words(content_of(item))
                replies.append(OwnerReply(headers.message_id, named_by[one.id], text, at, one.id))
        newest = max((one.at for one in listed if one.at is not None), default=since)
        kept = [one.id for one in listed]
        return RepliesDelta(
            tuple(sorted(replies, key=lambda reply: reply.sent_at)),
            json.dumps({"since": newest.isoformat() if newest else "", "told": kept}),
        )

    def find_people(self, names: Sequence[str], domains: Sequence[str]) -> Sequence[Address]:
        """See the port: in the headers of the last months of Inbox and Sent Items."""
        if not names or not domains:
            return ()
        since = self._clock() - PEOPLE_SINCE
        with self._session.use("find_people") as account:
            headers = []
            for place in (Place.INBOX, Place.SENT):
                listed, _ = listing(folder_of(account, place), since)
                fields = ("author", "to_recipients", "cc_recipients")
                headers += [headers_of(item, sent=True) for _, item in fetched(account, listed, fields)]
        return people_in(headers, names, domains)

    def _written(self, draft: Draft) -> bytes:
        try:
            return write_draft(draft)
        except ValueError as error:
            raise UnsupportedError(str(error), account=self._session.account, operation="write draft") from None

    def _put(self, account: Any, place: Place, message_id: str, data: bytes, flags: int) -> str:
        """CreateItem with SaveOnly: the one disposition that sends nothing. The new item's id."""
        item = Message(mime_content=data, is_read=place is Place.DRAFTS, own_mark=message_id, mapi_flags=flags)
        folder = folder_of(account, place)
        try:
            [result] = account.bulk_create(folder=folder, items=[item], message_disposition=SAVE_ONLY)
        except (ews.ErrorAccessDenied, ews.ErrorSendAsDenied):
            # Some servers allow the mailbox's own address alone, and write it themselves where none is given.
            item.mime_content = _FROM.sub(b"", data, count=1)
            [result] = account.bulk_create(folder=folder, items=[item], message_disposition=SAVE_ONLY)
        if isinstance(result, Exception):
            raise translate(result, self._session.account, "create")
        return str(result.id)

    def _copies(self, account: Any, message_ids: set[str], locator: str = "") -> list[_Copy]:
        """What lies in Drafts with one of these Message-IDs or marks, or under this id; oldest first."""
        listed, _ = listing(folder_of(account, Place.DRAFTS), None)
        hidden: list[Listed] = []
        wanted = [
            one
            for one, item in fetched(account, listed, ("message_id", "own_mark"), hidden)
            if one.id == locator or headers_of(item, sent=False).message_id in message_ids
        ]
        if hidden:
            # It may be ours: in doubt no draft rather than two.
            raise ConnectorError(
                "the server cannot read one of the messages among the drafts",
                remedy="open the broken draft in Outlook, and save or delete it",
            )
        epoch = datetime(2000, 1, 1, tzinfo=UTC)
        found = [
            _Copy(one.id, one.changekey, fingerprint_of_item(item), marked_by_owner(item), arrived_at(item) or epoch)
            for one, item in fetched(account, wanted, CONTENT, hidden)
        ]
        found += [_Copy(one.id, one.changekey, "", True, one.at or epoch) for one in hidden]
        return sorted(found, key=lambda copy: (copy.at, copy.id))

    def _remove(self, account: Any, copies: Sequence[_Copy], way: str) -> None:
        if not copies:
            return
        ids = [(copy.id, copy.changekey or None) for copy in copies]
        for result in account.bulk_delete(ids=ids, delete_type=way):
            if isinstance(result, Exception):
                error = translate(result, self._session.account, "delete")
                if not isinstance(error, NotFound):
                    raise error

    def _with_content(self, account: Any, candidates: Sequence[Candidate], probes: Sequence[Probe]) -> list[Candidate]:
        """What speaks for a follow-up is read; one that vanished meanwhile is left to the next look.

        Of a draft the text counts. Of other mail it is made sure that a person wrote it: a server may keep the header
        back that says so, but not the MIME content.
        """
        wanted = [each for each in candidates if self._speaks(each, probes) and not self._is_known(each)]
        for one, item in fetched(account, [Listed(each.locator, "", None, "") for each in wanted], CONTENT):
            raw = item.mime_content
            self._automatic[one.id] = isinstance(raw, bytes) and read_headers(raw).automatic
            self._drafts[one.id] = fingerprint_of_item(item), content_of(item)
        gone = {each.locator for each in wanted} - set(self._drafts)
        known = [self._completed(each) for each in candidates if each.locator not in gone]
        # A draft is read at every look; of other mail what it is does not change.
        self._drafts.clear()
        return known

    def _speaks(self, candidate: Candidate, probes: Sequence[Probe]) -> bool:
        seen = (weigh(probe, [candidate], self._owners) for probe in probes)
        return any(each.sightings or each.heard for each in seen)

    def _is_known(self, candidate: Candidate) -> bool:
        return candidate.place is not Place.DRAFTS and candidate.locator in self._automatic

    def _completed(self, candidate: Candidate) -> Candidate:
        automatic = candidate.headers.automatic or self._automatic.get(candidate.locator, False)
        full = replace(candidate, headers=replace(candidate.headers, automatic=automatic))
        if candidate.place is Place.DRAFTS and candidate.locator in self._drafts:
            print_, text = self._drafts[candidate.locator]
            return replace(full, fingerprint=print_, text=text)
        return full

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


def _touched() -> DraftChanged:
    return DraftChanged("the draft is not as it was written: it is the owner's now")


def _read_cursor(cursor: str | None) -> tuple[datetime | None, frozenset[str]]:
    with suppress(ValueError, TypeError, KeyError, AttributeError):
        data = json.loads(cursor or "")
        since = datetime.fromisoformat(data["since"]) if data["since"] else None
        return since, frozenset(map(str, data["told"]))
    return None, frozenset()
