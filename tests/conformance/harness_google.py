"""Gmail under the suite, on the fake that holds every exchange against Google's own documents."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from connectors.google.credentials import StoredCredentials, read_client, stored_login
from connectors.google.mailbox import GmailMailbox
from connectors.google.permissions import GMAIL_SCOPES
from connectors.google.service import Api
from connectors.mime import read_headers
from connectors.model import Place
from connectors.ports import Mailbox
from connectors.tokens import token_store
from tests.conformance.harness import OWNER
from tests.servers.google_fake.server import Fake, google_fake

_LABEL = {Place.SENT: "SENT", Place.TRASH: "TRASH", Place.INBOX: "INBOX", Place.DRAFTS: "DRAFT"}


class GoogleHarness:
    def __init__(self, fake: Fake, folder: Path) -> None:
        self.fake = fake
        self._store = token_store("file", provider="google", address=OWNER.email, account="sam", state_dir=folder)
        self._store.save(stored_login(fake.grant(*GMAIL_SCOPES), GMAIL_SCOPES, datetime.now(UTC)))
        self._client = folder / "client.json"
        self._client.write_text(
            json.dumps({"installed": {"client_id": "client-1", "client_secret": "s", "token_uri": fake.token_uri}})
        )

    def mailbox(self) -> Mailbox:
        credentials = StoredCredentials(self._store, read_client(self._client), GMAIL_SCOPES)
        api = Api(credentials, account="sam", endpoint=self.fake.url)
        return GmailMailbox(api, name="gmail", owner=OWNER, owners=frozenset({OWNER.email}), login=OWNER.email)

    def messages(self, place: Place) -> Sequence[bytes]:
        return [stored.raw for stored in self.fake.mail.messages.values() if _LABEL[place] in stored.labels]

    def add(self, place: Place, message: bytes) -> None:
        if place is Place.DRAFTS:
            self.fake.mail.make_draft(message)
        else:
            self.fake.mail.put(message, {_LABEL[place]})

    def remove(self, place: Place, message_id: str) -> None:
        for stored in list(self.fake.mail.messages.values()):
            if _LABEL[place] in stored.labels and read_headers(stored.raw).message_id == message_id:
                self.fake.mail.drop(stored.id)

    def mark_deleted(self, place: Place, message_id: str) -> None:
        self.remove(place, message_id)

    def break_connection(self) -> None:
        self.fake.down = True

    def mend(self) -> None:
        self.fake.down = False


@contextmanager
def open_harness(tmp_path: Path) -> Iterator[GoogleHarness]:
    with google_fake() as fake:
        yield GoogleHarness(fake, tmp_path)
        assert fake.violations == []
