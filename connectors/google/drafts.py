"""Drafts of our own in Gmail: put there once, exchanged and removed only while nobody touched them.

A draft id stays when the draft is saved, its message id does not; and a sent message may keep a stale draft wrapper.
So a draft is found by its draft id, looked at before it is touched, and nothing is ever deleted by a message id.
The API has no conditional update: between the look and the exchange lies one round trip.
"""

import base64
from dataclasses import dataclass

from connectors.errors import DraftChanged, DraftNotFound, ProtocolViolation
from connectors.google.errors import NotFound
from connectors.google.mail_message import (
    Known,
    draft_id_of,
    draft_locator,
    labels_of,
    marked_by_owner,
    read_content,
    read_raw,
)
from connectors.google.mail_view import MailView
from connectors.google.service import Api
from connectors.mime import fingerprint_of, write_draft
from connectors.model import Draft, DraftRef, Place


@dataclass(frozen=True, slots=True)
class _Copy:
    """A draft as it lies there at this moment."""

    draft_id: str
    thread: str
    fingerprint: str
    marked: bool

    def untouched(self, expected: str) -> bool:
        return self.fingerprint == expected and not self.marked


class Drafts:
    """The drafts of one login, listed through its view of the mailbox."""

    def __init__(self, api: Api, view: MailView) -> None:
        self._api = api
        self._view = view

    def create(self, draft: Draft) -> DraftRef:
        """Put it there; one with this Message-ID, or with these very words to these people, is returned instead.

        Raises ValueError for a draft that cannot be written, ConnectorError.
        """
        raw, mark = write_draft(draft), fingerprint_of(draft)
        lying = self._lying(draft, mark)
        if not lying:
            created = self._put_where_it_belongs(raw, self._thread_of(draft.in_reply_to))
            # Two services may have looked at the same moment: the one draft with the least id stays.
            lying = sorted({created, *self._lying(draft, mark)})
            for double in lying[1:]:
                copy = self._copy(double)
                if copy is not None and copy.untouched(mark):
                    self._delete(double)
        return DraftRef(draft.message_id, draft_locator(lying[0]), mark)

    def replace(self, ref: DraftRef, draft: Draft) -> DraftRef:
        """Exchange it in one request; it keeps id and thread. Raises DraftChanged, DraftNotFound, ValueError."""
        raw, mark = write_draft(draft), fingerprint_of(draft)
        copies = self._copies(ref, draft.message_id)
        new = [copy for copy in copies if copy.untouched(mark)]
        old = [copy for copy in copies if copy not in new]
        if any(not copy.untouched(ref.fingerprint) for copy in old):
            raise _changed()
        if not copies:
            raise DraftNotFound("the draft is no longer among the drafts")
        kept = (new or old)[0]
        if not new:
            self._exchange(kept, raw, answers=bool(draft.in_reply_to))
        for copy in copies:
            if copy.draft_id != kept.draft_id:
                self._delete(copy.draft_id)
        return DraftRef(draft.message_id, draft_locator(kept.draft_id), mark)

    def delete(self, ref: DraftRef) -> None:
        """Remove it; one already gone is no error. Raises DraftChanged."""
        copies = self._copies(ref, ref.message_id)
        if any(not copy.untouched(ref.fingerprint) for copy in copies):
            raise _changed()
        for copy in copies:
            self._delete(copy.draft_id)

    def is_gone(self, draft_id: str) -> bool:
        """Whether nothing lies under this id any more, asked for by itself."""
        request = self._api.users.drafts().get(userId="me", id=draft_id, format="minimal", fields="id")
        try:
            self._api.call("look for the draft", request)
        except NotFound:
            return True
        return False

    def _lying(self, draft: Draft, mark: str) -> list[str]:
        """Draft ids of what lies there for this draft already, in one order for everybody who looks."""
        self._view.refresh_drafts()
        drafts = [(known, d) for known, d in self._view.known() if known.place is Place.DRAFTS and d]
        same = [draft_id for known, draft_id in drafts if known.headers.message_id == draft.message_id]
        # Should Gmail give it a Message-ID of its own, the words and the people still tell.
        alike = [draft_id for known, draft_id in drafts if draft_id not in same and _alike(known, draft)]
        same += [draft_id for draft_id in alike if (copy := self._copy(draft_id)) and copy.fingerprint == mark]
        return sorted(same)

    def _copies(self, ref: DraftRef, *message_ids: str) -> list[_Copy]:
        """What lies under the draft's own id, or under one of these Message-IDs, as it is now."""
        self._view.refresh_drafts()
        wanted = {ref.message_id, *message_ids}
        ids = [draft_id_of(ref.locator)]
        ids += [d for known, d in self._view.known() if d and known.headers.message_id in wanted]
        found = [copy for draft_id in dict.fromkeys(ids) if draft_id and (copy := self._copy(draft_id))]
        return sorted(found, key=lambda copy: copy.draft_id)

    def _copy(self, draft_id: str) -> _Copy | None:
        """None where it is gone, or is no draft any more but a sent mail with a stale wrapper."""
        request = self._api.users.drafts().get(
            userId="me", id=draft_id, format="raw", fields="id,message(id,threadId,labelIds,raw)"
        )
        try:
            message = self._api.call("read the draft", request).get("message") or {}
        except NotFound:
            return None
        labels = labels_of(message)
        if "DRAFT" not in labels or labels & {"SENT", "TRASH"}:
            return None
        mark = read_content(read_raw(message)).fingerprint
        return _Copy(draft_id, str(message.get("threadId", "")), mark, marked_by_owner(labels))

    def _put_where_it_belongs(self, raw: bytes, thread: str) -> str:
        """The thread may be thrown away between the look for it and this; the draft is owed all the same."""
        try:
            return self._put(raw, thread)
        except NotFound:
            if not thread:
                raise
            return self._put(raw, "")

    def _put(self, raw: bytes, thread: str) -> str:
        message = {"raw": encoded(raw)} | ({"threadId": thread} if thread else {})
        request = self._api.users.drafts().create(userId="me", body={"message": message}, fields="id")
        created = self._api.call("create_draft", request).get("id")
        if not created:
            raise ProtocolViolation("the new draft has no id", operation="create_draft")
        return str(created)

    def _exchange(self, copy: _Copy, raw: bytes, *, answers: bool) -> None:
        message = {"raw": encoded(raw)} | ({"threadId": copy.thread} if copy.thread and answers else {})
        request = self._api.users.drafts().update(userId="me", id=copy.draft_id, body={"message": message}, fields="id")
        self._api.call("replace_draft", request)

    def _delete(self, draft_id: str) -> None:
        try:
            self._api.call("delete_draft", self._api.users.drafts().delete(userId="me", id=draft_id))
        except NotFound:
            return

    def _thread_of(self, message_id: str) -> str:
        """The thread that a message with this Message-ID lies in; empty where it is not in this mailbox."""
        if not message_id:
            return ""
        request = self._api.users.messages().list(
            userId="me", q=f"rfc822msgid:{message_id.strip('<>')}", maxResults=1, fields="messages(threadId)"
        )
        found = self._api.call("find the thread", request).get("messages") or ()
        return str(found[0].get("threadId", "")) if found else ""


def encoded(raw: bytes) -> str:
    """A message as the API takes it: base64url. Its media upload breaks on 8-bit MIME and loses the thread."""
    return base64.urlsafe_b64encode(raw).decode("ascii")


def _changed() -> DraftChanged:
    return DraftChanged("the draft is not as it was written: it is the owner's now")


def _alike(known: Known, draft: Draft) -> bool:
    recipients = frozenset(address.email for address in draft.to)
    return known.headers.recipients == recipients and known.headers.subject.split() == draft.subject.split()
