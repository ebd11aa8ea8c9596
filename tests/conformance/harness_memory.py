"""The reference connector under the suite."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from connectors.errors import TemporaryError
from connectors.memory import MemoryMailbox, MemoryStore
from connectors.mime import read_headers
from connectors.model import Place
from connectors.ports import Mailbox
from tests.conformance.harness import OWNER


class _Store(MemoryStore):
    broken = False

    def listed(self, place: Place) -> list:
        if self.broken:
            raise TemporaryError("the server is away")
        return super().listed(place)


class MemoryHarness:
    def __init__(self) -> None:
        self.store = _Store()

    def mailbox(self) -> Mailbox:
        return MemoryMailbox(self.store, OWNER)

    def messages(self, place: Place) -> Sequence[bytes]:
        return [stored.data for stored in self.store.listed(place) if not stored.flagged_deleted]

    def add(self, place: Place, message: bytes) -> None:
        self.store.put(place, message)

    def remove(self, place: Place, message_id: str) -> None:
        for stored in self.store.listed(place):
            if read_headers(stored.data).message_id == message_id:
                self.store.take(stored.locator)

    def mark_deleted(self, place: Place, message_id: str) -> None:
        for stored in self.store.listed(place):
            if read_headers(stored.data).message_id == message_id:
                self.store.flag_deleted(stored.locator)

    def break_connection(self) -> None:
        self.store.broken = True

    def mend(self) -> None:
        self.store.broken = False


@contextmanager
def open_harness(tmp_path: Path) -> Iterator[MemoryHarness]:
    yield MemoryHarness()
