"""Gmail under the suite, on a third party's emulator (npm emulate)."""

import base64
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from connectors.google.credentials import StoredCredentials, read_client
from connectors.google.mailbox import GmailMailbox
from connectors.google.permissions import GMAIL_SCOPES
from connectors.google.service import Api
from connectors.mime import read_headers
from connectors.model import Place
from connectors.ports import Mailbox
from connectors.tokens import token_store
from tests.conformance.harness import OWNER
from tests.servers.emulate import TOKEN, Emulator, emulator

_LABEL = {Place.SENT: "SENT", Place.TRASH: "TRASH", Place.INBOX: "INBOX", Place.DRAFTS: "DRAFT"}
_MESSAGES = "gmail/v1/users/me/messages"


class EmulateHarness:
    def __init__(self, server: Emulator, folder: Path) -> None:
        self.server = server
        self._folder = folder
        self._client = folder / "client.json"
        self._client.write_text(json.dumps({"installed": {"client_id": "c", "token_uri": f"{server.url}oauth2/token"}}))

    def mailbox(self) -> Mailbox:
        store = token_store("file", provider="google", address=OWNER.email, account="sam", state_dir=self._folder)
        credentials = StoredCredentials(store, read_client(self._client), GMAIL_SCOPES)
        credentials.token = TOKEN
        # It has no batches.
        api = Api(credentials, account="sam", endpoint=self.server.url, batch=1)
        return GmailMailbox(api, name="gmail", owner=OWNER, owners=frozenset({OWNER.email}), login=OWNER.email)

    def messages(self, place: Place) -> Sequence[bytes]:
        return [raw for _, raw in self._lying(place)]

    def add(self, place: Place, message: bytes) -> None:
        if place is Place.SENT and read_headers(message).automatic:
            pytest.xfail(
                "the emulator drops Auto-Submitted and the parts' own headers, so a calendar reply is a mail to it"
            )
        raw = base64.urlsafe_b64encode(message).decode()
        if place is Place.DRAFTS:
            self.server.ask("POST", "gmail/v1/users/me/drafts", {"message": {"raw": raw}})
        else:
            self.server.ask("POST", _MESSAGES, {"raw": raw, "labelIds": [_LABEL[place]]})

    def remove(self, place: Place, message_id: str) -> None:
        for each, raw in self._lying(place):
            if read_headers(raw).message_id == message_id:
                self.server.ask("DELETE", f"{_MESSAGES}/{each}")

    def mark_deleted(self, place: Place, message_id: str) -> None:
        self.remove(place, message_id)

    def break_connection(self) -> None:
        self.server.tell("down")

    def mend(self) -> None:
        self.server.tell("up")

    def _lying(self, place: Place) -> list[tuple[str, bytes]]:
        listed = self.server.ask("GET", f"{_MESSAGES}?labelIds={_LABEL[place]}&includeSpamTrash=true")
        found = []
        for each in listed.get("messages", ()):
            raw = self.server.ask("GET", f"{_MESSAGES}/{each['id']}?format=raw")["raw"]
            found.append((each["id"], base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4))))
        return found


@contextmanager
def open_harness(tmp_path: Path) -> Iterator[EmulateHarness]:
    server = emulator(OWNER.email)
    server.tell("reset")
    yield EmulateHarness(server, tmp_path)
