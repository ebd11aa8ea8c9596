"""Exchange by EWS under the suite, on the fake."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from connectors.exchange.mailbox import ExchangeMailbox
from connectors.exchange.session import Login, Session
from connectors.mime import read_headers
from connectors.model import Place
from connectors.ports import Mailbox
from tests.conformance.harness import OWNER
from tests.servers.ews_fake.server import PASSWORD, USER, EwsFake, ews_fake

FOLDERS = {
    Place.INBOX: "inbox",
    Place.DRAFTS: "drafts",
    Place.SENT: "sentitems",
    Place.TRASH: "deleteditems",
    Place.QUEUE: "outbox",
}


class ExchangeHarness:
    def __init__(self, fake: EwsFake) -> None:
        self.fake = fake

    def mailbox(self) -> Mailbox:
        login = Login(USER, lambda: PASSWORD, auth="basic")
        session = Session(OWNER.email, login, account="conformance", endpoint=self.fake.url)
        return ExchangeMailbox(session, OWNER)

    def messages(self, place: Place) -> Sequence[bytes]:
        return [item.mime for item in self.fake.store.within(FOLDERS[place])]

    def add(self, place: Place, message: bytes) -> None:
        self.fake.store.put(FOLDERS[place], message)

    def remove(self, place: Place, message_id: str) -> None:
        for item in self.fake.store.within(FOLDERS[place]):
            if read_headers(item.mime).message_id == message_id:
                self.fake.store.take(item.id)

    def mark_deleted(self, place: Place, message_id: str) -> None:
        self.remove(place, message_id)

    def break_connection(self) -> None:
        self.fake.down = True

    def mend(self) -> None:
        self.fake.down = False


@contextmanager
def open_harness(tmp_path: Path) -> Iterator[ExchangeHarness]:
    with ews_fake() as fake:
        yield ExchangeHarness(fake)
