"""Gmail: drafts, notes to the owner, and what became of them. It has no way to send anything."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from connectors.errors import ConnectorError, UnsupportedError
from connectors.evidence import rung_of, weigh
from connectors.google.drafts import Drafts, encoded
from connectors.google.errors import NotFound, reading
from connectors.google.mail_message import (
    draft_id_of,
    draft_locator,
    labels_of,
    read_raw,
)
from connectors.google.mail_view import MailView, read_headers_of, search, senders_for
from connectors.google.people import people_in
from connectors.google.service import Api, Usage
from connectors.mime import write_note
from connectors.model import (
    Address,
    CheckLine,
    Draft,
    DraftRef,
    Note,
    Observation,
    Observations,
    OwnerReply,
    Place,
    Probe,
    RepliesDelta,
    Rung,
    Sighting,
)
from connectors.reply_text import reply_text

REPLIES_SINCE = timedelta(days=15)
_REMEMBERED_REPLIES = 200
_PEOPLE_PER_DOMAIN = 200
_NOTES = 100
_NOTE_MARGIN = timedelta(days=2)


class GmailMailbox:
    """The mailbox of one account. Fulfils `ports.Mailbox`. Not for several threads at once."""

    def __init__(
        self,
        api: Api,
        *,
        name: str,
        owner: Address,
        owners: frozenset[str],
        login: str = "",
        account: str = "",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`owner` is whom notes go to, `owners` all canonical addresses of theirs, `login` the Google account."""
        self._api = api
        self._name = name
        self._owner = owner
        self._owners = owners | {owner.email}
        self._login = login
        self._account = account
        self._clock = clock
        self._view = MailView(api)
        self._drafts = Drafts(api, self._view)
        self._gone: set[str] = set()
        self._just_looked = False

    @property
    def name(self) -> str:
        """The configured name."""
        return self._name

    @property
    def usage(self) -> Usage:
        """What was asked of Google since the start."""
        return self._api.usage

    def spent(self) -> Mapping[str, int]:
        """Requests, bytes and quota units since the port was opened."""
        return self._api.usage.told()

    def close(self) -> None:
        """Let go of the connection."""
        self._api.close()

    def observe(self, probes: Sequence[Probe]) -> Observations:
        """See the port. One request where nothing changed since the last look."""
        if not probes:
            return Observations(self._clock(), {})
        with self._mapped("observe"):
            self._just_looked = False
            self._view.refresh(min(probe.since for probe in probes), senders_for(probes))
            candidates = self._view.candidates(
                lambda each: any(rung_of(probe, each, self._owners) is not None for probe in probes)
            )
            by_key = {
                probe.key: self._with_text(self._with_absence(probe, weigh(probe, candidates, self._owners)))
                for probe in probes
            }
            unseen = tuple(sorted(self._view.cut))
            self._just_looked = True
            return Observations(self._clock(), by_key, unseen, self._view.drafts_total)

    def create_draft(self, draft: Draft) -> DraftRef:
        """See the port."""
        with self._mapped("create_draft"):
            return self._drafts.create(draft)

    def replace_draft(self, ref: DraftRef, draft: Draft) -> DraftRef:
        """See the port."""
        with self._mapped("replace_draft"):
            return self._drafts.replace(ref, draft)

    def delete_draft(self, ref: DraftRef) -> None:
        """See the port."""
        with self._mapped("delete_draft"):
            self._drafts.delete(ref)

    def deliver_note(self, note: Note) -> None:
        """See the port. One that was read and thrown away stays away."""
        with self._mapped("deliver_note"):
            raw = write_note(note, self._owner)
            if self._delivered(note):
                return
            body = {"raw": encoded(raw), "labelIds": ["INBOX", "UNREAD"]}
            request = self._api.users.messages().import_(
                userId="me", body=body, internalDateSource="receivedTime", neverMarkSpam=True, fields="id"
            )
            self._api.call("deliver_note", request)

    def owner_replies(self, cursor: str | None, notes: Sequence[str]) -> RepliesDelta:
        """See the port. Right after `observe` it costs no request: the same look serves both."""
        with self._mapped("owner_replies"):
            if not self._just_looked:
                self._view.refresh(self._clock() - REPLIES_SINCE, frozenset())
            self._just_looked = False
            given = _read_cursor(cursor)
            wanted, replies = frozenset(notes), []
            for known, _ in sorted(self._view.known(), key=lambda item: item[0].at):
                headers = known.headers
                named = [i for i in (headers.in_reply_to, *reversed(headers.references)) if i in wanted]
                if known.place is not Place.SENT or not named or headers.automatic or headers.message_id in given:
                    continue
                text = self._own_words(known.id)
                given.append(headers.message_id)
                sent_at = headers.date or known.at
                replies.append(OwnerReply(headers.message_id, named[0], text, sent_at, f"message/{known.id}"))
            return RepliesDelta(tuple(replies), json.dumps(given[-_REMEMBERED_REPLIES:]))

    def find_people(self, names: Sequence[str], domains: Sequence[str]) -> Sequence[Address]:
        """See the port. Looks at the newest messages from and to each domain, a bounded number."""
        with self._mapped("find_people"):
            ids: list[str] = []
            for domain in dict.fromkeys(domains):
                for field in ("from", "to"):
                    ids += search(self._api, "find_people", _PEOPLE_PER_DOMAIN, q=f"{field}:{domain}")[0]
            found = read_headers_of(self._api, "find_people", list(dict.fromkeys(ids)))
            return people_in((known.headers for known in found), names, domains)

    def check(self, *, write: bool = False) -> Sequence[CheckLine]:
        """Login, address and drafts; with `write`, a draft is put there and removed again."""
        try:
            with self._mapped("check"):
                profile = self._api.call("check", self._api.users.getProfile(userId="me", fields="emailAddress"))
                address = str(profile.get("emailAddress", ""))
        except NotFound:
            address = ""
        except ConnectorError as error:
            return (CheckLine("Gmail", "failing", error.message, error.remedy),)
        lines = [self._check_address(address), self._check_drafts()]
        if write:
            lines.append(self._check_write())
        return tuple(lines)

    def _check_address(self, address: str) -> CheckLine:
        if address and self._login and address.lower() != self._login:
            return CheckLine(
                "Gmail", "warning", f"logged in as {address}, not as {self._login}", "run `afterword login` once more"
            )
        return CheckLine("Gmail", "ok", f"logged in as {address or self._login}")

    def _check_drafts(self) -> CheckLine:
        try:
            with self._mapped("check"):
                self._view.refresh_drafts()
        except ConnectorError as error:
            return CheckLine("drafts", "failing", error.message, error.remedy)
        return CheckLine("drafts", "ok", f"{self._view.drafts_total} lie there")

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
        return CheckLine("writing a draft", "ok", "put and removed again")

    def _with_absence(self, probe: Probe, seen: Observation) -> Observation:
        """A draft id outlives saving, so one that is no more, without another trace, says: sent or thrown away.

        Gmail's own apps throw a draft away for good, past the trash. The list alone is not believed: the id is asked
        for, too.
        """
        draft_id = draft_id_of(probe.ref.locator) if probe.ref else ""
        if not draft_id or seen.sightings or self._view.by_draft(draft_id) is not None or self._view.cut:
            return seen
        if draft_id not in self._gone and not self._drafts.is_gone(draft_id):
            self._view.cut.add(Place.DRAFTS)
            self._view.forget()
            return seen
        self._gone.add(draft_id)
        gone = Sighting(Place.DRAFTS, Rung.LOCATION, draft_locator(draft_id), probe.message_id, flagged_deleted=True)
        return replace(seen, sightings=(gone,))

    def _with_text(self, seen: Observation) -> Observation:
        return replace(seen, sightings=tuple(self._sighting_with_text(sighting) for sighting in seen.sightings))

    def _sighting_with_text(self, sighting: Sighting) -> Sighting:
        known = self._view.by_draft(draft_id_of(sighting.locator)) if sighting.place is Place.DRAFTS else None
        if known is None or known.content is None:
            return sighting
        return replace(sighting, subject=known.content.subject, text=known.content.text)

    def _delivered(self, note: Note) -> bool:
        """Whether it lies anywhere, looked for among the newest mail of the owner's to themselves."""
        after = int((note.date - _NOTE_MARGIN).timestamp())
        query = f"from:{self._owner.email} to:{self._owner.email} after:{after}"
        ids, _ = search(self._api, "deliver_note", _NOTES, q=query, includeSpamTrash=True)
        found = read_headers_of(self._api, "deliver_note", ids)
        return any(known.headers.message_id == note.message_id for known in found)

    def _own_words(self, message_id: str) -> str:
        request = self._api.users.messages().get(userId="me", id=message_id, format="raw", fields="labelIds,raw")
        message = self._api.call("owner_replies", request)
        return reply_text(read_raw(message)) if "SENT" in labels_of(message) else ""

    @contextmanager
    def _mapped(self, operation: str) -> Iterator[None]:
        try:
            with reading(self._account, operation):
                yield
        except ValueError as error:
            raise UnsupportedError(str(error), account=self._account, operation=operation) from error


def _read_cursor(cursor: str | None) -> list[str]:
    try:
        found = json.loads(cursor) if cursor else []
    except ValueError:
        return []
    return [str(each) for each in found] if isinstance(found, list) else []
