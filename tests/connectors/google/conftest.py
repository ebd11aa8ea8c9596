import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.google.calendar import GoogleCalendar
from connectors.google.credentials import StoredCredentials, read_client, stored_login
from connectors.google.permissions import CALENDAR_EVENTS, CALENDAR_LIST, GMAIL_SCOPES
from connectors.google.service import Api
from connectors.tokens import TokenStore, token_store
from tests.servers.google_fake.mail import OWNER
from tests.servers.google_fake.server import Fake, google_fake

NOW = datetime.now(UTC)
ALL = (*GMAIL_SCOPES, CALENDAR_EVENTS, CALENDAR_LIST)


@dataclass
class Setting:
    """The fake, and what it takes to speak to it."""

    fake: Fake
    folder: Path

    @property
    def client_file(self) -> Path:
        path = self.folder / "client.json"
        client = {"client_id": "client-1", "client_secret": "client-secret-1", "token_uri": self.fake.token_uri}
        path.write_text(json.dumps({"installed": client}))
        return path

    @property
    def store(self) -> TokenStore:
        return token_store("file", provider="google", address=OWNER, account="sam", state_dir=self.folder)

    def log_in(self, *scopes: str) -> None:
        granted = scopes or ALL
        self.store.save(stored_login(self.fake.grant(*granted), granted, NOW))

    def api(self, *needed: str) -> Api:
        credentials = StoredCredentials(self.store, read_client(self.client_file), needed or ALL)
        return Api(credentials, account="sam", endpoint=self.fake.url)

    def calendar(self, *calendars: str) -> GoogleCalendar:
        return GoogleCalendar(
            self.api(CALENDAR_EVENTS),
            name="google",
            zone=ZoneInfo("UTC"),
            calendars=calendars or ("primary",),
            account="sam",
        )


@pytest.fixture
def setting(tmp_path: Path) -> Iterator[Setting]:
    """A fresh fake with a login; at the end nothing may have been said that Google's documents do not allow."""
    with google_fake() as fake:
        made = Setting(fake, tmp_path)
        made.log_in()
        yield made
        assert fake.violations == []


@pytest.fixture
def judge(setting: Setting) -> Iterator[Callable[[], list[str]]]:
    """For tests that break the rules on purpose: the violations, taken out of the count."""

    def taken() -> list[str]:
        found = list(setting.fake.violations)
        setting.fake.violations.clear()
        return found

    return taken
