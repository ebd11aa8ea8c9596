"""The Maildir connector under the suite, in both ways of naming folders."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from connectors.local.folder import Entry, deliver, entries, make_folder
from connectors.local.mailbox import MaildirMailbox
from connectors.mime import read_headers
from connectors.model import Place
from connectors.ports import Mailbox
from tests.conformance.harness import OWNER


class MaildirHarness:
    def __init__(self, root: Path, names: dict[Place, str]) -> None:
        self.root = root
        self.paths = {place: root / name if name else root for place, name in names.items()}
        for path in (root, *self.paths.values()):
            make_folder(path)

    def mailbox(self) -> Mailbox:
        return MaildirMailbox(self.root, OWNER)

    def messages(self, place: Place) -> Sequence[bytes]:
        return [entry.path.read_bytes() for entry in entries(self.paths[place]) if not entry.trashed]

    def add(self, place: Place, message: bytes) -> None:
        deliver(self.paths[place], message, flags=None if place is Place.INBOX else "S")

    def remove(self, place: Place, message_id: str) -> None:
        for entry in self._with_id(place, message_id):
            entry.path.unlink()

    def mark_deleted(self, place: Place, message_id: str) -> None:
        for entry in self._with_id(place, message_id):
            entry.path.rename(entry.path.with_name(f"{entry.unique}:2,{entry.flags}T"))

    def break_connection(self) -> None:
        self.root.rename(self.root.with_name("unmounted"))

    def mend(self) -> None:
        self.root.with_name("unmounted").rename(self.root)

    def _with_id(self, place: Place, message_id: str) -> list[Entry]:
        found = entries(self.paths[place])
        return [entry for entry in found if read_headers(entry.path.read_bytes()).message_id == message_id]


@contextmanager
def open_harness(tmp_path: Path) -> Iterator[MaildirHarness]:
    names = {Place.INBOX: "", Place.DRAFTS: ".Drafts", Place.SENT: ".Sent", Place.TRASH: ".Trash"}
    yield MaildirHarness(tmp_path / "Maildir", names)
