"""The same login for IMAP, where an account is configured so."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config.load import load_account
from config.schema import ImapMailbox
from connectors.errors import AuthenticationError, UnsupportedError
from connectors.google.credentials import stored_login
from connectors.google.permissions import IMAP
from connectors.model import Address
from connectors.oauth_login import logins
from connectors.oauth_tokens import SOURCES, token_source
from connectors.registry import Context
from tests.connectors.google.conftest import NOW, Setting
from tests.servers.google_fake.mail import OWNER

CONFIG = """
[owner]
name = "Sam Ost"
addresses = ["sam@example.org"]
timezone = "UTC"

[mailbox]
kind = "imap"
host = "imap.gmail.com"
oauth = { provider = "google", client_file = "client.json", tokens = "file" }
"""


@pytest.fixture
def context(setting: Setting) -> Context:
    return Context("sam", Address(OWNER, "Sam"), frozenset({OWNER}), ZoneInfo("UTC"), setting.folder)


def mailbox(folder: Path) -> ImapMailbox:
    (folder / "sam.toml").write_text(CONFIG)
    found = load_account(folder / "sam.toml").mailbox
    assert isinstance(found, ImapMailbox)
    return found


def test_a_token_for_imap_is_renewed_when_it_is_needed(setting: Setting, context: Context) -> None:
    assert setting.client_file.exists()
    table = mailbox(setting.folder)
    assert table.oauth is not None
    source = token_source(table.oauth, OWNER, context)
    with pytest.raises(AuthenticationError, match="no login yet"):
        source.token()
    [login] = logins(load_account(setting.folder / "sam.toml"), context)
    assert [name for name, _ in login.permissions] == [IMAP]
    login.store.save(stored_login(setting.fake.grant(IMAP), (IMAP,), NOW))  # type: ignore[attr-defined]
    assert login.done()
    first = source.token()
    assert source.token() == first
    assert setting.fake.access_tokens[first].scopes == {IMAP}
    assert setting.fake.token_requests == 1


def test_an_unknown_provider_is_told(setting: Setting, context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    table = mailbox(setting.folder)
    assert table.oauth is not None
    monkeypatch.delitem(SOURCES, "google")
    with pytest.raises(UnsupportedError, match="app password"):
        token_source(table.oauth, OWNER, context)
