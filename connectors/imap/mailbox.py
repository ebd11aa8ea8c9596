"""The owner's mail on an IMAP server: drafts, notes, and what became of them. It has no way to send anything.

Replacing: the new draft is written first, then exactly our own untouched old one is removed by its UID. After a cut in
between both lie there with one Message-ID; the next call tells them apart by their text and finishes the work.
"""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from connectors.errors import ConnectorError, DraftChanged, DraftNotFound, UnsupportedError
from connectors.evidence import Candidate, rung_of, weigh
from connectors.imap.checks import folder_lines, server_lines
from connectors.imap.connection import Connection
from connectors.imap.drafts import Copy, append, copies, create_drafts, newest_after, read_copies, remove
from connectors.imap.listing import Folder, Selected, select, survey
from connectors.imap.lookout import Lookout, locator, read_locator
from connectors.imap.people import at_domains, matching
from connectors.imap.push import shared_hub
from connectors.imap.roles import Names, Roles, assign
from connectors.imap.scan import chunks, fetch, search
from connectors.imap.session import Session
from connectors.imap.syntax import quoted
from connectors.imap.wire import Refused
from connectors.mime import fingerprint_of, read_headers, write_draft, write_note
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
)
from connectors.ports import Subscription
from connectors.reply_text import reply_text

_MARGIN = timedelta(days=2)
"""SINCE counts whole days in the server's zone, and clocks differ."""
_REPLY_BYTES = 256 * 1024
_PEOPLE_HEADERS = 1_000
"""How many of the newest headers in one folder are searched for people."""


class ImapMailbox:
    """The mailbox of one account."""

    def __init__(
        self,
        session: Session,
        owner: Address,
        *,
        addresses: frozenset[str] = frozenset(),
        names: Names | None = None,
        name: str = "imap",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`owner` is whom notes are addressed to; `addresses` are all canonical addresses of the owner."""
        self._session = session
        self._owner = owner
        self._owners = addresses | {owner.email}
        self._names = names or Names()
        self._name = name
        self._clock = clock
        self._ever_seen: set[Place] = set()
        self._lookout = Lookout()
        self._seen_folders: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The configured name."""
        return self._name

    def check(self, *, write: bool = False) -> Sequence[CheckLine]:
        """Look at connection, login and folders; with `write`, put a draft there and remove it again."""
        try:
            with self._session.use("check") as connection:
                roles = self._roles(connection)
                lines = [*server_lines(self._session.server, connection), *folder_lines(roles)]
        except ConnectorError as error:
            return (CheckLine("IMAP", "failing", error.message, error.remedy),)
        return (*lines, *([self._check_write()] if write else []))

    def close(self) -> None:
        """Let go of the connection."""
        self._session.close()

    def subscribe(self, wake: Callable[[], None]) -> Subscription:
        """Wake-ups when mail arrives in or leaves the inbox (IDLE); all accounts share one thread."""
        return shared_hub().watch(self._session.key, self._session.another, wake)

    def observe(self, probes: Sequence[Probe]) -> Observations:
        """Look in Drafts, Sent, Trash, an outgoing queue and where mail arrives. Raises ConnectorError."""
        at = self._clock()
        day = (min((probe.since for probe in probes), default=at) - _MARGIN).date()
        unseen: set[Place] = set()
        candidates: list[Candidate] = []
        with self._session.use("observe") as connection:
            roles = self._roles(connection)
            # Drafts comes before Trash and Sent: a draft that moves in between is seen twice rather than not at all.
            looks: list[tuple[Place, Folder]] = [(Place.INBOX, folder) for folder in roles.receiving]
            looks += [
                (place, roles.by_place[place])
                for place in (Place.DRAFTS, Place.QUEUE, Place.TRASH, Place.SENT)
                if place in roles.by_place
            ]
            unseen |= self._vanished(roles, probes)
            for place, folder in looks:
                try:
                    view = self._lookout.look(
                        connection, folder, place, day, lambda each: any(rung_of(p, each, self._owners) for p in probes)
                    )
                except Refused:
                    # A folder of filed mail that may not be opened hides answers, and no draft or sent mail.
                    unseen |= {place} if place is not Place.INBOX or folder.name == "INBOX" else set()
                    continue
                candidates += view.candidates
                if view.cut:
                    unseen.add(place)
        drafts = roles.by_place.get(Place.DRAFTS)
        return Observations(
            at=at,
            by_key={probe.key: self._weigh(probe, candidates) for probe in probes},
            unseen=tuple(sorted(unseen)),
            drafts_total=drafts.standing.messages if drafts is not None else None,
        )

    def create_draft(self, draft: Draft) -> DraftRef:
        """Put it into Drafts, \\Draft and \\Seen. One lying there with this Message-ID is returned instead, even one
        that is marked as deleted: what the owner threw away does not come back.
        """
        message = self._written(draft)
        with self._session.use("create_draft") as connection:
            drafts, chosen = self._open_drafts(connection, make=True)
            lying = sorted(copies(connection, draft.message_id), key=lambda copy: (copy.deleted, copy.uid))
            if lying:
                kept = self._without_doubles(connection, chosen, lying, fingerprint_of(draft))
                return self._ref(draft, chosen, kept.uid)
            placed = self._append(connection, drafts, chosen, draft, message)
            # A second service may have looked at the same moment and found nothing, too: the lower UID stays.
            lying = [copy for copy in copies(connection, draft.message_id) if not copy.deleted]
            if len(lying) < 2:
                return placed
            return self._ref(draft, chosen, self._without_doubles(connection, chosen, lying, placed.fingerprint).uid)

    def replace_draft(self, ref: DraftRef, draft: Draft) -> DraftRef:
        """Exchange our own untouched draft for another. Raises DraftChanged, DraftNotFound."""
        message, wanted = self._written(draft), fingerprint_of(draft)
        with self._session.use("replace_draft") as connection:
            drafts, chosen = self._open_drafts(connection)
            lying, leftover = self._lying(connection, chosen, ref, draft.message_id)
            new = [copy for copy in lying if copy.untouched(wanted)]
            old = [copy for copy in lying if copy not in new]
            if any(not copy.untouched(ref.fingerprint) for copy in old):
                raise DraftChanged(
                    "the owner changed the draft", account=self._session.account, operation="replace_draft"
                )
            if not lying:
                raise DraftNotFound("the draft is gone", account=self._session.account, operation="replace_draft")
            if new:
                kept = self._ref(draft, chosen, new[-1].uid)
            else:
                kept = self._append(connection, drafts, chosen, draft, message)
            try:
                for copy in (*old, *new[:-1], *leftover):
                    remove(connection, chosen, copy)
            except DraftChanged:
                self._take_back(connection, chosen, kept)
                raise
            return kept

    def delete_draft(self, ref: DraftRef) -> None:
        """Remove our own untouched draft. Raises DraftChanged; one already gone is no error."""
        with self._session.use("delete_draft") as connection:
            try:
                _, chosen = self._open_drafts(connection)
            except DraftNotFound:
                return
            lying, leftover = self._lying(connection, chosen, ref, ref.message_id)
            if any(not copy.untouched(ref.fingerprint) for copy in lying):
                raise DraftChanged(
                    "the owner changed the draft", account=self._session.account, operation="delete_draft"
                )
            for copy in (*lying, *leftover):
                remove(connection, chosen, copy)

    def deliver_note(self, note: Note) -> None:
        """Put it into the inbox, unseen, once for its Message-ID: one that was filed or thrown away counts, too."""
        message = write_note(note, self._owner)
        with self._session.use("deliver_note") as connection:
            roles = self._roles(connection)
            trash = roles.by_place.get(Place.TRASH)
            for folder in (*roles.receiving, *([trash] if trash else [])):
                select(connection.wire, folder.name)
                if copies(connection, note.message_id):
                    return
            append(connection, "INBOX", message, b"", self._clock())

    def owner_replies(self, cursor: str | None, notes: Sequence[str]) -> RepliesDelta:
        """The owner's answers in Sent to the notes with these Message-IDs. Raises ConnectorError."""
        validity, following = _read_cursor(cursor)
        with self._session.use("owner_replies") as connection:
            sent = self._roles(connection).by_place.get(Place.SENT)
            if sent is None:
                return RepliesDelta((), cursor or "")
            standing = sent.standing
            if standing.uid_validity == validity and standing.uid_next == following:
                return RepliesDelta((), cursor or "")
            chosen = select(connection.wire, sent.name)
            if chosen.uid_validity == validity:
                uids = newest_after(connection.wire, following)
            else:
                uids = self._referring(connection, notes)
                following = 1
            replies = self._replies(connection, chosen, uids, frozenset(notes))
            following = max(chosen.uid_next or 0, following, *(uid + 1 for uid in uids))
            return RepliesDelta(tuple(replies), json.dumps([chosen.uid_validity, following]))

    def find_people(self, names: Sequence[str], domains: Sequence[str]) -> Sequence[Address]:
        """Addresses at these domains that headers show for these names. Reads no bodies."""
        found: dict[str, Address] = {}
        criteria = at_domains(domains)
        if not criteria or not names:
            return ()
        with self._session.use("find_people") as connection:
            roles = self._roles(connection)
            sent = roles.by_place.get(Place.SENT)
            for folder in (*roles.receiving, *([sent] if sent else [])):
                select(connection.wire, folder.name)
                uids = search(connection.wire, criteria)[-_PEOPLE_HEADERS:]
                for each in fetch(connection.wire, chunks(uids), b"BODY.PEEK[HEADER.FIELDS (FROM TO CC)]"):
                    for address in matching(read_headers(each.header()), names, domains):
                        found.setdefault(address.email, address)
        return tuple(found.values())

    def _roles(self, connection: Connection) -> Roles:
        folders = survey(connection.wire, connection.features, self._seen_folders)
        self._seen_folders = tuple(folder.name for folder in folders if folder.selectable)
        self._lookout.forget(set(self._lookout.folders) - set(self._seen_folders))
        return assign(folders, self._names, connection.foreign)

    def _vanished(self, roles: Roles, probes: Sequence[Probe]) -> set[Place]:
        """Places whose absence is a fault: seen before, or holding a draft of ours. What never was holds nothing."""
        self._ever_seen |= set(roles.by_place)
        expected = self._ever_seen | ({Place.DRAFTS} if any(probe.ref for probe in probes) else set())
        return expected - set(roles.by_place)

    def _written(self, draft: Draft) -> bytes:
        try:
            return write_draft(draft)
        except ValueError as error:
            raise UnsupportedError(str(error), account=self._session.account, operation="write draft") from error

    def _open_drafts(self, connection: Connection, *, make: bool = False) -> tuple[Folder, Selected]:
        folder = self._roles(connection).by_place.get(Place.DRAFTS)
        if folder is None:
            if not make:
                raise DraftNotFound("there is no Drafts folder", account=self._session.account, operation="open Drafts")
            folder = create_drafts(connection, self._names.drafts)
        chosen = select(connection.wire, folder.name, read_only=False)
        if chosen.read_only:
            raise Refused("SELECT", "NO", "READ-ONLY", f"{folder.name} cannot be written to")
        return folder, chosen

    def _append(
        self, connection: Connection, folder: Folder, chosen: Selected, draft: Draft, message: bytes
    ) -> DraftRef:
        placed = append(connection, folder.name, message, rb"\Draft \Seen", self._clock())
        if placed is not None:
            return self._ref(draft, chosen, placed[1], placed[0])
        fresh = newest_after(connection.wire, chosen.uid_next or 1)
        found = read_copies(connection, fresh, draft.message_id) or copies(connection, draft.message_id)
        return self._ref(draft, chosen, found[-1].uid if found else 0)

    def _ref(self, draft: Draft, chosen: Selected, uid: int, uid_validity: int | None = None) -> DraftRef:
        where = locator(chosen.name, uid_validity or chosen.uid_validity, uid)
        return DraftRef(draft.message_id, where, fingerprint_of(draft))

    def _lying(
        self, connection: Connection, chosen: Selected, ref: DraftRef, message_id: str
    ) -> tuple[list[Copy], list[Copy]]:
        """What lies in Drafts under this Message-ID or the new one's; and what a cut left flagged of our own text."""
        found = {copy.uid: copy for each in {ref.message_id, message_id} for copy in copies(connection, each)}
        place = read_locator(ref.locator)
        if place and place[:2] == (chosen.name, chosen.uid_validity) and place[2] not in found:
            found |= {copy.uid: copy for copy in read_copies(connection, [place[2]], ref.message_id)}
        ordered = [copy for _, copy in sorted(found.items())]
        leftover = [copy for copy in ordered if copy.deleted and copy.untouched(ref.fingerprint)]
        return [copy for copy in ordered if not copy.deleted], leftover

    @staticmethod
    def _take_back(connection: Connection, chosen: Selected, ref: DraftRef) -> None:
        """The owner touched the old draft while the new one was written: theirs stays, ours goes."""
        for copy in copies(connection, ref.message_id):
            if ref.locator.endswith(f";UID={copy.uid}") and copy.untouched(ref.fingerprint):
                with suppress(DraftChanged):
                    remove(connection, chosen, copy)

    @staticmethod
    def _without_doubles(connection: Connection, chosen: Selected, lying: Sequence[Copy], written: str) -> Copy:
        """Two of ours, alike and untouched, are what a cut during APPEND or a second service leaves: one is enough."""
        ours = sorted((copy for copy in lying if copy.untouched(written)), key=lambda copy: copy.uid)
        for copy in ours[1:]:
            with suppress(DraftChanged):
                remove(connection, chosen, copy)
        return ours[0] if ours else lying[0]

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

    def _weigh(self, probe: Probe, candidates: Sequence[Candidate]) -> Observation:
        return weigh(probe, candidates, self._owners)

    @staticmethod
    def _referring(connection: Connection, notes: Sequence[str]) -> list[int]:
        uids: set[int] = set()
        for note in notes:
            target = quoted(note)
            uids |= set(search(connection.wire, b"OR HEADER IN-REPLY-TO %s HEADER REFERENCES %s" % (target, target)))
        return sorted(uids)

    @staticmethod
    def _replies(
        connection: Connection, chosen: Selected, uids: Sequence[int], notes: frozenset[str]
    ) -> list[OwnerReply]:
        answering: dict[int, str] = {}
        fields = b"BODY.PEEK[HEADER.FIELDS (MESSAGE-ID IN-REPLY-TO REFERENCES)]"
        for each in fetch(connection.wire, chunks(uids), fields):
            headers = read_headers(each.header())
            named = [name for name in (headers.in_reply_to, *reversed(headers.references)) if name in notes]
            if named and headers.message_id not in notes:
                answering[each.uid] = named[0]
        replies: list[OwnerReply] = []
        items = b"INTERNALDATE BODY.PEEK[]<0.%d>" % _REPLY_BYTES
        for each in fetch(connection.wire, chunks(sorted(answering)), items):
            body = each.octets("")
            headers = read_headers(body)
            sent_at = headers.date or each.received_at
            if sent_at is not None and not headers.automatic:
                where = locator(chosen.name, chosen.uid_validity, each.uid)
                replies.append(OwnerReply(headers.message_id, answering[each.uid], reply_text(body), sent_at, where))
        return sorted(replies, key=lambda reply: reply.sent_at)


def _read_cursor(cursor: str | None) -> tuple[int, int]:
    if not cursor:
        return 0, 0
    try:
        validity, following = json.loads(cursor)
        return int(validity), int(following)
    except (ValueError, TypeError):
        return 0, 0
