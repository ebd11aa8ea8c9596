"""Microsoft Graph under the suite, on the fake."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from connectors.graph.mailbox import GraphMailbox
from connectors.graph.wire import FixedToken, Graph
from connectors.model import Place
from connectors.ports import Mailbox
from connectors.web import Pace
from tests.conformance.harness import OWNER
from tests.servers.graph_fake.server import GraphFake, graph_fake
from tests.servers.graph_fake.store import as_mime

FOLDERS = {
    Place.INBOX: "inbox",
    Place.DRAFTS: "drafts",
    Place.SENT: "sentitems",
    Place.TRASH: "deleteditems",
    Place.QUEUE: "outbox",
}


class GraphHarness:
    def __init__(self, fake: GraphFake) -> None:
        self.fake = fake

    def mailbox(self) -> Mailbox:
        graph = Graph(FixedToken("token"), account="conformance", endpoint=self.fake.url, pace=Pace(2, 5, 10))
        return GraphMailbox(graph, OWNER)

    def messages(self, place: Place) -> Sequence[bytes]:
        return [as_mime(message) for message in self.fake.store.within(FOLDERS[place])]

    def add(self, place: Place, message: bytes) -> None:
        self.fake.store.put_mime(FOLDERS[place], message)

    def remove(self, place: Place, message_id: str) -> None:
        for message in self.fake.store.within(FOLDERS[place]):
            if message["internetMessageId"] == message_id:
                self.fake.store.purge(message["id"])

    def mark_deleted(self, place: Place, message_id: str) -> None:
        self.remove(place, message_id)

    def break_connection(self) -> None:
        self.fake.faults.extend([(503, "serviceNotAvailable", {})] * 4)

    def mend(self) -> None:
        self.fake.faults.clear()


@contextmanager
def open_harness(tmp_path: Path) -> Iterator[GraphHarness]:
    with graph_fake() as fake:
        yield GraphHarness(fake)
