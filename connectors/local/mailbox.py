"""A Maildir on this machine as the owner's mailbox.

`DraftRef.locator` is `folder/unique name`. Writing holds a lock on the folder, so that two services put one draft.
"""

import json
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connectors.errors import ConnectorError, DraftChanged, DraftNotFound, TemporaryError, UnsupportedError
from connectors.evidence import Candidate, rung_of, weigh
from connectors.local import watch
from connectors.local.folder import Entry, deliver, entries, find, read, remove
from connectors.local.layout import Layout, ensure, look
from connectors.local.lock import writing
from connectors.local.reading import Headlines
from connectors.mime import fingerprint, fingerprint_of, read_headers, write_draft, write_note
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
from connectors.ports import Subscription
from connectors.reply_text import reply_text

_CLOCK_SLACK = timedelta(days=1)
"""File times may lag behind the mail's own: a sync program may set the server's arrival date."""
_REPLY_SLACK = timedelta(days=2)
_PEOPLE_FROM_NEWEST = 5_000


class MaildirMailbox:
    """Fulfils `ports.Mailbox` and `ports.Watchable`. Not for several threads at once."""

    def __init__(
        self,
        path: Path,
        owner: Address,
        *,
        addresses: frozenset[str] = frozenset(),
        folders: Mapping[Place, str] | None = None,
        name: str = "maildir",
        account: str = "",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._path = path
        self._owner = owner
        self._owners = addresses | {owner.email}
        self._folders = dict(folders or {})
        self._name = name
        self._account = account
        self._clock = clock
        self._headlines = Headlines()
        self._ever_seen: set[Place] = set()

    @property
    def name(self) -> str:
        """The configured name."""
        return self._name

    def check(self, *, write: bool = False) -> Sequence[CheckLine]:
        """Folders found; with `write`, a draft is put and removed again."""
        try:
            layout = look(self._path, self._folders)
        except ConnectorError as error:
            return (CheckLine("Maildir", "failing", error.message, error.remedy),)
        lines = [CheckLine("Maildir", "ok", f"{len(layout.paths)} folders in {self._path}")]
        places = (Place.DRAFTS, Place.SENT, Place.TRASH, Place.INBOX)
        lines.extend(_folder_line(layout, place) for place in places)
        if write:
            lines.append(self._check_write())
        return tuple(lines)

    def close(self) -> None:
        """Nothing is held open."""

    def subscribe(self, wake: Callable[[], None]) -> Subscription:
        """Wake-ups when a file in the Maildir changes."""
        return watch.subscribe(self._path, wake)

    def observe(self, probes: Sequence[Probe]) -> Observations:
        """See the port. Drafts are read before Sent and Trash: a message that moves meanwhile is seen, not missed."""
        with self._mapped("observe"):
            layout = look(self._path, self._folders)
            since = min((probe.since for probe in probes), default=self._clock()) - _CLOCK_SLACK
            unseen: list[Place] = []
            candidates: list[Candidate] = []
            total: int | None = None
            for place in (Place.DRAFTS, Place.QUEUE, Place.SENT, Place.TRASH, Place.INBOX):
                try:
                    found = self._candidates(layout, place, since)
                except OSError:
                    unseen.append(place)
                    continue
                if not self._answers_for(layout, place, probes):
                    unseen.append(place)
                elif place is Place.DRAFTS:
                    total = len(found)
                    found = self._with_content(layout, found, probes)
                candidates.extend(found)
            by_key = {probe.key: weigh(probe, candidates, self._owners) for probe in probes}
            return Observations(self._clock(), by_key, tuple(unseen), total)

    def create_draft(self, draft: Draft) -> DraftRef:
        """See the port."""
        with self._mapped("create draft"):
            data = write_draft(draft)
            layout, path = self._drafts()
            with writing(path):
                lying = _with_id(path, draft.message_id)
                unique = lying[0].unique if lying else deliver(path, data, flags="DS")
            return DraftRef(draft.message_id, f"{_name_of(layout, path)}/{unique}", fingerprint_of(draft))

    def replace_draft(self, ref: DraftRef, draft: Draft) -> DraftRef:
        """See the port."""
        with self._mapped("replace draft"):
            data, mark = write_draft(draft), fingerprint_of(draft)
            layout, path = self._drafts()
            with writing(path):
                lying = _ours(path, ref, draft.message_id)
                old = [entry for entry, seen in lying if seen == ref.fingerprint and seen != mark]
                new = [entry for entry, seen in lying if seen == mark]
                if len(old) + len(new) < len(lying):
                    raise _changed()
                if not lying:
                    raise DraftNotFound("the draft is no longer among the drafts")
                unique = new[0].unique if new else deliver(path, data, flags="DS")
                for entry in old:
                    if not _remove_untouched(path, entry, ref.fingerprint):
                        _remove_untouched(path, find(path, unique), mark)
                        raise _changed()
            return DraftRef(draft.message_id, f"{_name_of(layout, path)}/{unique}", mark)

    def delete_draft(self, ref: DraftRef) -> None:
        """See the port."""
        with self._mapped("delete draft"):
            path = look(self._path, self._folders).path(Place.DRAFTS)
            if path is None:
                return
            with writing(path):
                lying = _ours(path, ref, ref.message_id)
                if any(seen != ref.fingerprint for _, seen in lying):
                    raise _changed()
                for entry, _ in lying:
                    if not _remove_untouched(path, entry, ref.fingerprint) and find(path, entry.unique) is not None:
                        raise _changed()

    def deliver_note(self, note: Note) -> None:
        """See the port. A copy that the owner has moved to another folder counts, too."""
        with self._mapped("deliver note"):
            data = write_note(note, self._owner)
            layout = look(self._path, self._folders)
            path = ensure(layout, Place.INBOX, {})
            with writing(path):
                since = note.date - _CLOCK_SLACK
                for folder in layout.paths:
                    for entry in self._headlines.listed(layout, folder, since):
                        headers = self._headlines.headers(folder, entry)
                        if headers is not None and headers.message_id == note.message_id:
                            return
                deliver(path, data, flags=None)

    def owner_replies(self, cursor: str | None, notes: Sequence[str]) -> RepliesDelta:
        """See the port. The cursor holds the newest file time seen and the answers already given out around it."""
        with self._mapped("owner replies"):
            layout = look(self._path, self._folders)
            folder = layout.by_place.get(Place.SENT)
            newest, given = _reply_cursor(cursor)
            if folder is None:
                return RepliesDelta((), cursor or json.dumps([newest, given]))
            wanted, replies = set(notes), []
            floor = newest - int(_REPLY_SLACK.total_seconds() * 1e9)
            for entry in sorted(self._headlines.listed(layout, folder), key=lambda entry: entry.mtime_ns):
                if entry.mtime_ns < floor:
                    continue
                headers = self._headlines.headers(folder, entry, whole=True)
                if headers is None or headers.automatic or headers.message_id in given:
                    continue
                referred = next((i for i in (headers.in_reply_to, *reversed(headers.references)) if i in wanted), None)
                data = read(entry) if referred else None
                newest = max(newest, entry.mtime_ns)
                if referred is None or data is None:
                    continue
                given.append(headers.message_id)
                replies.append(
                    OwnerReply(
                        headers.message_id,
                        referred,
                        reply_text(data),
                        headers.date or entry.arrived,
                        f"{folder}/{entry.unique}",
                    )
                )
            return RepliesDelta(tuple(replies), json.dumps([newest, given[-200:]]))

    def find_people(self, names: Sequence[str], domains: Sequence[str]) -> Sequence[Address]:
        """See the port. Looks at the newest messages of all folders, a bounded number."""
        with self._mapped("find people"):
            layout = look(self._path, self._folders)
            listed = [(folder, entry) for folder in layout.paths for entry in self._headlines.listed(layout, folder)]
            listed.sort(key=lambda item: item[1].mtime_ns, reverse=True)
            wanted = [words for name in names if (words := _words(name))]
            found: dict[str, Address] = {}
            for folder, entry in listed[:_PEOPLE_FROM_NEWEST]:
                headers = self._headlines.headers(folder, entry)
                if headers is None:
                    continue
                for address in (headers.sender, *headers.to, *headers.cc):
                    if address and _at(address.email, domains) and any(w <= _words(address.name) for w in wanted):
                        found.setdefault(address.email, address)
            return tuple(found.values())

    def _candidates(self, layout: Layout, place: Place, since: datetime) -> list[Candidate]:
        name = layout.by_place.get(place)
        names = layout.mail_folders() if place is Place.INBOX else [name] if name is not None else []
        found = []
        for folder in names:
            for entry in self._headlines.listed(layout, folder, None if place is Place.DRAFTS else since):
                candidate = self._headlines.candidate(folder, entry, place)
                if candidate is not None:
                    found.append(candidate)
        return found

    def _with_content(self, layout: Layout, found: Sequence[Candidate], probes: Sequence[Probe]) -> list[Candidate]:
        folder = layout.by_place[Place.DRAFTS] if found else ""
        by_unique = {entry.unique: entry for entry in self._headlines.listed(layout, folder)} if found else {}
        result = []
        for candidate in found:
            entry = by_unique.get(candidate.locator.rpartition("/")[2])
            if all(rung_of(probe, candidate, self._owners) is None for probe in probes):
                continue
            content = self._headlines.content(layout, folder, entry) if entry is not None else None
            if content is not None:
                result.append(replace(candidate, fingerprint=content[0], text=content[1]))
        return result

    def _answers_for(self, layout: Layout, place: Place, probes: Sequence[Probe]) -> bool:
        """Whether absence from a place is evidence.

        A folder that never was holds nothing; one that was there, or in which a draft of ours should lie, and is gone
        now is a fault.
        """
        if layout.path(place) is not None:
            self._ever_seen.add(place)
            return True
        return place not in self._ever_seen and not (
            place is Place.DRAFTS and any(probe.ref is not None for probe in probes)
        )

    def _drafts(self) -> tuple[Layout, Path]:
        layout = look(self._path, self._folders)
        if layout.path(Place.DRAFTS) is None:
            ensure(layout, Place.DRAFTS, self._folders)
            layout = look(self._path, self._folders)
        path = layout.path(Place.DRAFTS)
        if path is None:
            raise TemporaryError("the Drafts folder was made and is gone again")
        return layout, path

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

    @contextmanager
    def _mapped(self, operation: str) -> Iterator[None]:
        """Every exception of the operating system becomes one of the taxonomy, here and nowhere else."""
        try:
            yield
        except ConnectorError as error:
            error.account, error.operation = error.account or self._account, error.operation or operation
            raise
        except OSError as error:
            raise TemporaryError(
                f"{error.filename or self._path}: {error.strerror or type(error).__name__}",
                account=self._account,
                operation=operation,
                remedy="look at the free space and the permissions of the Maildir",
            ) from error
        except ValueError as error:
            raise UnsupportedError(str(error), account=self._account, operation=operation) from error


def _changed() -> DraftChanged:
    return DraftChanged("the draft is not as it was written: it is the owner's now")


def _name_of(layout: Layout, path: Path) -> str:
    return next(name for name, other in layout.paths.items() if other == path)


def _with_id(path: Path, message_id: str) -> list[Entry]:
    """Messages with this Message-ID, those that are not marked as deleted first."""
    found = []
    for entry in entries(path):
        data = read(entry)
        if data is not None and read_headers(data).message_id == message_id:
            found.append(entry)
    return sorted(found, key=lambda entry: (entry.trashed, entry.unique))


def _ours(path: Path, ref: DraftRef, message_id: str) -> list[tuple[Entry, str]]:
    """What lies at the reference or under either Message-ID, with its fingerprint; a mark of deletion is absence."""
    unique = ref.locator.rpartition("/")[2]
    found = []
    for entry in entries(path):
        data = None if entry.trashed else read(entry)
        if data is None:
            continue
        if entry.unique == unique or read_headers(data).message_id in (ref.message_id, message_id):
            found.append((entry, fingerprint(data)))
    return found


def _remove_untouched(path: Path, entry: Entry | None, mark: str) -> bool:
    """Reads it once more right before removing it; False if it was changed, marked or taken away meanwhile."""
    for _ in range(3):
        if entry is None or entry.trashed:
            return False
        data = read(entry)
        if data is not None and fingerprint(data) != mark:
            return False
        if data is not None and remove(entry):
            return True
        entry = find(path, entry.unique)
    return False


def _folder_line(layout: Layout, place: Place) -> CheckLine:
    name = layout.by_place.get(place)
    if name is not None:
        return CheckLine(f"{place} folder", "ok", name)
    if place is Place.SENT:
        return CheckLine(
            "sent folder",
            "warning",
            "none found: without it a mail that you sent cannot be known as sent",
            "set mailbox.folders.sent to where your mail program keeps sent mail",
        )
    state = "failing" if place is Place.INBOX else "ok"
    detail = {Place.DRAFTS: "none yet: it is made with the first draft", Place.INBOX: "none found"}
    return CheckLine(f"{place} folder", state, detail.get(place, "none"))


def _reply_cursor(cursor: str | None) -> tuple[int, list[str]]:
    try:
        newest, given = json.loads(cursor or "[0, []]")
        return int(newest), [str(item) for item in given]
    except (ValueError, TypeError):
        return 0, []


def _words(name: str) -> frozenset[str]:
    plain = unicodedata.normalize("NFKD", name.casefold())
    kept = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return frozenset(kept.split())


def _at(email: str, domains: Sequence[str]) -> bool:
    domain = email.rpartition("@")[2]
    return any(domain == wanted or domain.endswith(f".{wanted}") for wanted in map(str.lower, domains))
