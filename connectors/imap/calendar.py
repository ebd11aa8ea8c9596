"""The invites in a mailbox as a calendar (iMIP, RFC 6047). Read, never written: folders are opened with EXAMINE.

What a delta means here. An invite mail is a message about an event, not the event: a client that throws the mail away
once the invite is accepted has not cancelled anything. So `removed` is always empty and no delta is `full`; a CANCEL
is a mail of its own. A message that moves to another folder is read again there under another key, and folding by
UID, SEQUENCE and DTSTAMP makes one event of both. After a change of UIDVALIDITY a folder is read anew, as at first.

Mail does not change under its UID (RFC 3501 section 2.3.1.1), so UIDVALIDITY and UIDNEXT tell all there is to know:
an unchanged mailbox costs one round trip for all folders (LIST-STATUS, else LIST and STATUS sent in one go), new mail
is fetched by its UID range, and HIGHESTMODSEQ is not needed.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from connectors.errors import ConnectorError
from connectors.imap.connection import Connection
from connectors.imap.cursor import Cursor, Mark
from connectors.imap.listing import Folder, Selected, select, survey
from connectors.imap.lookout import locator
from connectors.imap.push import shared_hub
from connectors.imap.roles import is_aside
from connectors.imap.scan import chunks, doubtful, fetch_found, fetch_whole, find, search, since
from connectors.imap.session import Session
from connectors.imap.structure import Plan
from connectors.imap.wire import Refused
from connectors.imip import read_message
from connectors.model import CalendarDelta, CheckLine, Invite, Problem, Window
from connectors.ports import Subscription

MESSAGES_PER_PULL = 40_000
"""How many structures are looked at before a pull hands over what it has."""
INVITES_PER_PULL = 500
"""How many messages with a calendar one pull reads."""

COMPRESS_FROM = 2_000
"""From how many structures on it pays to have the server deflate what it sends (RFC 4978): to about a ninth."""
NO_SEARCH_BELOW = 10_000
"""A gap of UIDs up to which new mail is fetched by its range, without asking first which of them exist."""


@dataclass(slots=True)
class _Haul:
    """What one pull gathers."""

    invites: list[Invite] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    marks: dict[str, Mark] = field(default_factory=dict)
    more: bool = False
    looked_at: int = 0
    read: int = 0

    @property
    def enough(self) -> bool:
        return self.looked_at >= MESSAGES_PER_PULL or self.read >= INVITES_PER_PULL


class ImapCalendar:
    """The invites in one account's mailbox. Fulfils `ports.Calendar` and `ports.Watchable`."""

    def __init__(
        self,
        session: Session,
        *,
        name: str,
        zone: ZoneInfo,
        lead: timedelta,
        folders: Sequence[str] = (),
        skip: Sequence[str] = (),
        owned: bool = True,
    ) -> None:
        """`lead`: how long before the window's start an invite may have been mailed. `folders`: only these."""
        self._session = session
        self._name = name
        self._zone = zone
        self._lead = lead
        self._folders = tuple(folders)
        self._skip = frozenset(skip)
        self._owned = owned
        self._seen: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The configured name."""
        return self._name

    def check(self, *, write: bool = False) -> Sequence[CheckLine]:
        """Which folders are read for invites. There is nothing to write."""
        del write
        try:
            with self._session.use("check") as connection:
                folders = survey(connection.wire, connection.features, self._folders)
                in_use = [folder.name for folder in self._in_use(connection, folders)]
        except ConnectorError as error:
            return (CheckLine("invites", "failing", error.message, error.remedy),)
        gone = [name for name in self._folders if name not in in_use]
        if gone:
            return (CheckLine("invites", "failing", f"not there: {', '.join(gone)}", "correct `folders.invites`"),)
        return (CheckLine("invites", "ok", f"read from {', '.join(in_use)}"),)

    def close(self) -> None:
        """Let go of the connection."""
        self._session.close()

    def subscribe(self, wake: Callable[[], None]) -> Subscription:
        """Wake-ups when mail arrives in the inbox (IDLE); all accounts share one thread."""
        return shared_hub().watch(self._session.key, self._session.another, wake)

    def pull(self, cursor: str | None, window: Window) -> CalendarDelta:
        """New invites since the cursor, a bounded batch at a time. Raises CursorExpired, ConnectorError."""
        start = window.start.astimezone(UTC)
        before = Cursor.load(cursor) if cursor is not None else Cursor(start)
        if start < before.since:
            before = Cursor(start)
        haul = _Haul(marks=dict(before.marks))
        with self._session.use("pull") as connection:
            listed = survey(connection.wire, connection.features, (*before.marks, *self._seen))
            self._seen = tuple(folder.name for folder in listed if folder.selectable)
            folders = self._in_use(connection, listed)
            self._note_missing(folders, haul)
            haul.marks = {folder.name: mark for folder in folders if (mark := before.marks.get(folder.name))}
            for folder in folders:
                if not _is_current(folder, haul.marks.get(folder.name)):
                    self._read_folder(connection, folder, before, haul)
        return CalendarDelta(
            invites=tuple(haul.invites),
            removed=(),
            cursor=Cursor(before.since, haul.marks).dump(),
            full=False,
            problems=tuple(haul.problems),
            more=haul.more,
        )

    def _in_use(self, connection: Connection, folders: Sequence[Folder]) -> list[Folder]:
        selectable = [folder for folder in folders if folder.selectable]
        if self._folders:
            by_name = {folder.name: folder for folder in selectable}
            return [by_name[name] for name in self._folders if name in by_name]
        own = [folder for folder in selectable if not folder.name.startswith(connection.foreign)]
        kept = [folder for folder in own if folder.name not in self._skip and not is_aside(folder)]
        # \All holds every message once more (RFC 6154 section 2); the others would be read twice.
        everything = [folder for folder in kept if r"\all" in folder.attributes]
        return everything[:1] or sorted(kept, key=lambda folder: (folder.name != "INBOX", folder.name))

    def _note_missing(self, folders: Sequence[Folder], haul: _Haul) -> None:
        present = {folder.name for folder in folders}
        haul.problems += [
            Problem(name, "this folder of the config is not there; correct `folders.invites`")
            for name in self._folders
            if name not in present
        ]

    def _read_folder(self, connection: Connection, folder: Folder, before: Cursor, haul: _Haul) -> None:
        if haul.enough:
            haul.more = True
            return
        try:
            chosen = select(connection.wire, folder.name)
        except Refused as refused:
            haul.problems.append(Problem(folder.name, f"the folder cannot be opened: {refused.text}"))
            haul.marks.pop(folder.name, None)
            return
        mark = haul.marks.get(folder.name)
        if mark is None or mark.uid_validity != chosen.uid_validity:
            mark = Mark(chosen.uid_validity, 1, first_look=True)
        window = since((before.since - self._lead).date()) if mark.first_look else b""
        unread, end = _unread(connection, mark, chosen.uid_next, window)
        batch = unread[: max(1, MESSAGES_PER_PULL - haul.looked_at)]
        if len(batch) >= COMPRESS_FROM and connection.features.compress and connection.wire.far:
            connection.wire.compress()
        plans = sorted(find(connection.wire, chunks(batch), haul.problems, folder.name), key=lambda plan: plan.uid)
        kept = plans[: max(1, INVITES_PER_PULL - haul.read)]
        if len(kept) < len(plans):
            batch = batch[: bisect_right(batch, kept[-1].uid)]
        haul.looked_at += len(batch)
        haul.read += len(kept)
        self._read_messages(connection, chosen, batch, kept, haul)
        complete = len(batch) == len(unread)
        haul.more = haul.more or not complete
        haul.marks[folder.name] = Mark(
            chosen.uid_validity, end if complete else batch[-1] + 1, first_look=mark.first_look and not complete
        )

    def _read_messages(
        self,
        connection: Connection,
        chosen: Selected,
        batch: Sequence[int],
        plans: Sequence[Plan],
        haul: _Haul,
    ) -> None:
        found = list(fetch_found(connection.wire, plans, haul.problems, chosen.name))
        if batch and connection.features.doubtful_structure:
            known = {plan.uid for plan in plans}
            present = set(batch)
            suspects = [
                uid
                for uid in doubtful(connection.wire, b"%d:%d" % (batch[0], batch[-1]))
                if uid in present and uid not in known
            ]
            found += fetch_whole(connection.wire, suspects)
        for each in sorted(found, key=lambda message: message.uid):
            reading = read_message(
                each.message,
                key=locator(chosen.name, chosen.uid_validity, each.uid),
                zone=self._zone,
                calendar=self._name,
                owned=self._owned,
                received_at=each.received_at,
            )
            haul.invites += reading.invites
            haul.problems += reading.problems


def _is_current(folder: Folder, mark: Mark | None) -> bool:
    """Whether the standing alone shows that there is nothing new."""
    standing = folder.standing
    return (
        mark is not None
        and standing.uid_next is not None
        and standing.uid_validity == mark.uid_validity
        and standing.uid_next <= mark.next_uid
    )


def _unread(connection: Connection, mark: Mark, uid_next: int | None, window: bytes) -> tuple[list[int], int]:
    """UIDs not looked at yet, ascending, and the UID after the last of them."""
    if uid_next is not None and not window and uid_next - mark.next_uid <= NO_SEARCH_BELOW:
        return list(range(mark.next_uid, uid_next)), max(mark.next_uid, uid_next)
    found = search(connection.wire, b" ".join((b"UID %d:*" % mark.next_uid, window)).strip())
    # `*` is the last message even where that one lies below the range (RFC 3501 section 6.4.8).
    uids = [uid for uid in found if uid >= mark.next_uid]
    return uids, max(mark.next_uid, uid_next or 0, uids[-1] + 1 if uids else 0)
