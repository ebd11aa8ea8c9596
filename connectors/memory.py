"""The reference connector: the ports' meaning in the fewest words. Tests use it, and new connectors start from it.

`MemoryMailbox.store` is the server, reachable by other clients too: two mailboxes on one store are two services.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count

from connectors.errors import DraftChanged, DraftNotFound, TemporaryError, UnsupportedError
from connectors.evidence import Candidate, rung_of, weigh
from connectors.mime import fingerprint, fingerprint_of, read_headers, text_of, write_draft, write_note
from connectors.model import (
    Address,
    CalendarDelta,
    CheckLine,
    Draft,
    DraftRef,
    Invite,
    Note,
    Observations,
    OwnerReply,
    Place,
    Probe,
    RepliesDelta,
    Window,
)
from connectors.reply_text import reply_text


@dataclass(frozen=True, slots=True)
class Stored:
    """One message in one folder."""

    locator: str
    place: Place
    data: bytes
    at: datetime
    flagged_deleted: bool = False


@dataclass(slots=True)
class MemoryStore:
    """What a server keeps. Any client may change it; `fail` stands for the network."""

    messages: dict[str, Stored] = field(default_factory=dict)
    unseen: set[Place] = field(default_factory=set)
    steps: int = 0
    fail_at: int | None = None
    """The number of the step that raises `failure`; odd steps fail before their effect, even ones after it."""
    failure: BaseException = field(default_factory=lambda: TemporaryError("the connection broke"))
    lock: threading.RLock = field(default_factory=threading.RLock)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _ids: "count[int]" = field(default_factory=lambda: count(1))

    def put(self, place: Place, data: bytes, *, at: datetime | None = None) -> Stored:
        """Add a message, as any client may."""
        stored = Stored(f"{place}/{next(self._ids)}", place, data, at or self.clock())
        self.messages[stored.locator] = stored
        return stored

    def take(self, locator: str) -> None:
        """Remove a message, as any client may."""
        self.messages.pop(locator, None)

    def flag_deleted(self, locator: str) -> None:
        """Mark as \\Deleted without expunging."""
        self.messages[locator] = replace(self.messages[locator], flagged_deleted=True)

    def listed(self, place: Place) -> list[Stored]:
        """Messages in a folder, oldest first."""
        return [stored for stored in self.messages.values() if stored.place is place]

    def write(self, effect: Callable[[], str]) -> str:
        """One writing exchange with the server, which may break before or after its effect."""
        self._step()
        result = effect()
        self._step()
        return result

    def _step(self) -> None:
        self.steps += 1
        if self.steps == self.fail_at:
            raise self.failure


class MemoryMailbox:
    """Fulfils `ports.Mailbox`."""

    def __init__(self, store: MemoryStore, owner: Address, *, name: str = "memory") -> None:
        self.store = store
        self._owner = owner
        self._name = name

    @property
    def name(self) -> str:
        """The configured name."""
        return self._name

    def check(self, *, write: bool = False) -> Sequence[CheckLine]:
        """Always well, unless writing fails."""
        lines = [CheckLine("memory", "ok")]
        if write:
            draft = Draft(f"<check@{self._owner.email.rpartition('@')[2]}>", self._owner, (), "Check", "", _EPOCH)
            self.delete_draft(self.create_draft(draft))
            lines.append(CheckLine("writing a draft", "ok"))
        return tuple(lines)

    def close(self) -> None:
        """Nothing is held open."""

    def observe(self, probes: Sequence[Probe]) -> Observations:
        """See the port."""
        owners = frozenset({self._owner.email})
        with self.store.lock:
            candidates = [
                _read(stored, probes, owners)
                for stored in self.store.messages.values()
                if stored.place not in self.store.unseen
            ]
            return Observations(
                self.store.clock(),
                {probe.key: weigh(probe, candidates, owners) for probe in probes},
                tuple(sorted(self.store.unseen)),
                None if Place.DRAFTS in self.store.unseen else len(self.store.listed(Place.DRAFTS)),
            )

    def create_draft(self, draft: Draft) -> DraftRef:
        """See the port."""
        data = _written(draft)
        with self.store.lock:
            lying = [s for s in self.store.listed(Place.DRAFTS) if read_headers(s.data).message_id == draft.message_id]
            lying.sort(key=lambda stored: stored.flagged_deleted)
            locator = lying[0].locator if lying else self._put(Place.DRAFTS, data)
            return DraftRef(draft.message_id, locator, fingerprint_of(draft))

    def replace_draft(self, ref: DraftRef, draft: Draft) -> DraftRef:
        """See the port."""
        data, mark = _written(draft), fingerprint_of(draft)
        with self.store.lock:
            lying = self._ours(ref, draft.message_id)
            if not lying:
                raise DraftNotFound("the draft is no longer among the drafts")
            marks = {stored.locator: fingerprint(stored.data) for stored in lying}
            if set(marks.values()) - {ref.fingerprint, mark}:
                raise DraftChanged("the draft is not as it was written: it is the owner's now")
            new = next((locator for locator, seen in marks.items() if seen == mark), None)
            new = new if new is not None else self._put(Place.DRAFTS, data)
            for locator, seen in marks.items():
                if seen != mark:
                    self._take(locator)
            return DraftRef(draft.message_id, new, mark)

    def delete_draft(self, ref: DraftRef) -> None:
        """See the port."""
        with self.store.lock:
            lying = self._ours(ref, ref.message_id)
            if any(fingerprint(stored.data) != ref.fingerprint for stored in lying):
                raise DraftChanged("the draft is not as it was written: it is the owner's now")
            for stored in lying:
                self._take(stored.locator)

    def deliver_note(self, note: Note) -> None:
        """See the port."""
        data = write_note(note, self._owner)
        with self.store.lock:
            known = {read_headers(stored.data).message_id for stored in self.store.messages.values()}
            if note.message_id not in known:
                self._put(Place.INBOX, data)

    def owner_replies(self, cursor: str | None, notes: Sequence[str]) -> RepliesDelta:
        """See the port. The cursor is the number of messages ever stored."""
        after, wanted, replies = int(cursor or "0"), set(notes), []
        with self.store.lock:
            newest = after
            for stored in self.store.listed(Place.SENT):
                number = int(stored.locator.rpartition("/")[2])
                newest = max(newest, number)
                headers = read_headers(stored.data)
                referred = next((i for i in (headers.in_reply_to, *reversed(headers.references)) if i in wanted), None)
                if number > after and referred is not None and not headers.automatic:
                    text, at = reply_text(stored.data), headers.date or stored.at
                    replies.append(OwnerReply(headers.message_id, referred, text, at, stored.locator))
            return RepliesDelta(tuple(replies), str(newest))

    def find_people(self, names: Sequence[str], domains: Sequence[str]) -> Sequence[Address]:
        """See the port."""
        found: dict[str, Address] = {}
        wanted = [set(name.casefold().split()) for name in names if name.strip()]
        with self.store.lock:
            for stored in self.store.messages.values():
                headers = read_headers(stored.data)
                for address in (headers.sender, *headers.to, *headers.cc):
                    if address is None or address.email.rpartition("@")[2] not in domains:
                        continue
                    if any(words <= set(address.name.casefold().split()) for words in wanted):
                        found.setdefault(address.email, address)
        return tuple(found.values())

    def _ours(self, ref: DraftRef, message_id: str) -> list[Stored]:
        return [
            stored
            for stored in self.store.listed(Place.DRAFTS)
            if not stored.flagged_deleted
            and (stored.locator == ref.locator or read_headers(stored.data).message_id in (ref.message_id, message_id))
        ]

    def _put(self, place: Place, data: bytes) -> str:
        return self.store.write(lambda: self.store.put(place, data).locator)

    def _take(self, locator: str) -> None:
        def effect() -> str:
            self.store.take(locator)
            return locator

        self.store.write(effect)


class MemoryCalendar:
    """Fulfils `ports.Calendar`: gives out what `put` and `take` changed since the cursor, by a running number."""

    def __init__(self, name: str = "memory") -> None:
        self._name = name
        self._changes: list[tuple[str, Invite | None]] = []

    @property
    def name(self) -> str:
        """The configured name."""
        return self._name

    def put(self, invite: Invite) -> None:
        """Add or change an invite."""
        self._changes.append((invite.key, invite))

    def take(self, key: str) -> None:
        """Remove an invite."""
        self._changes.append((key, None))

    def check(self, *, write: bool = False) -> Sequence[CheckLine]:  # noqa: ARG002 - a calendar is never written
        """Always well."""
        return (CheckLine("memory calendar", "ok"),)

    def close(self) -> None:
        """Nothing is held open."""

    def pull(self, cursor: str | None, window: Window) -> CalendarDelta:  # noqa: ARG002 - all it has is given out
        """See the port."""
        after = int(cursor) if cursor else 0
        latest = dict(self._changes[after:])
        return CalendarDelta(
            tuple(invite for invite in latest.values() if invite is not None),
            tuple(key for key, invite in latest.items() if invite is None) if cursor else (),
            str(len(self._changes)),
            full=not cursor,
        )


_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def _written(draft: Draft) -> bytes:
    try:
        return write_draft(draft)
    except ValueError as error:
        raise UnsupportedError(str(error), operation="write draft") from error


def _read(stored: Stored, probes: Sequence[Probe], owners: frozenset[str]) -> Candidate:
    headers = read_headers(stored.data)
    candidate = Candidate(stored.place, headers, stored.locator, stored.at, flagged_deleted=stored.flagged_deleted)
    if stored.place is Place.DRAFTS and any(rung_of(probe, candidate, owners) for probe in probes):
        return replace(candidate, fingerprint=fingerprint(stored.data), text=text_of(stored.data))
    return candidate
