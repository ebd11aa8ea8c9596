"""From a config table to ports that work, by way of the registry."""

from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from imapclient import IMAPClient

from config.connections import ImapMailbox
from config.schema import AccountConfig
from connectors.errors import AuthenticationError, UnsupportedError
from connectors.imap.opening import open_mail_calendar
from connectors.imap.opening import open_mailbox as open_imap_mailbox
from connectors.registry import Context, open_calendars, open_mailbox
from tests.connectors.imap.conftest import NOW, OWNER, WINDOW, Account
from tests.connectors.imap.jwt import jwt
from tests.connectors.imap.mails import draft, invite, put


def config(account: Account, **more: object) -> AccountConfig:
    table = {
        "kind": "imap", "host": "127.0.0.1", "port": account.server.port, "security": "plain", "allow_insecure": True,
        "username": account.user.name, "password": "env:TEST_IMAP_PASSWORD", **more,
    }  # fmt: skip
    return AccountConfig.model_validate({"owner": {"name": OWNER.name, "addresses": [OWNER.email]}, "mailbox": table})


def context(tmp_path: Path) -> Context:
    return Context("test", OWNER, frozenset((OWNER.email,)), ZoneInfo("UTC"), tmp_path)


def test_mailbox_and_invites_of_one_table(account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_IMAP_PASSWORD", account.user.password)
    put(account.other_client(), "INBOX", invite("one", NOW))
    settings = config(account)
    mailbox = open_mailbox(settings.mailbox, context(tmp_path))
    ref = mailbox.create_draft(draft("one"))
    assert ref.locator.startswith("Drafts;")
    (calendar,) = open_calendars(settings, context(tmp_path))
    assert [found.uid for found in calendar.pull(None, WINDOW).invites] == ["one"]
    assert calendar.name != mailbox.name
    assert [line.state for line in calendar.check()] == ["ok"]
    mailbox.close()
    calendar.close()


def test_folders_of_the_config(account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_IMAP_PASSWORD", account.user.password)
    account.other_client().create("Own")
    mailbox = open_mailbox(config(account, folders={"drafts": "Own"}).mailbox, context(tmp_path))
    assert mailbox.create_draft(draft("one")).locator.startswith("Own;")
    mailbox.close()


class Tokens:
    """A login of the test server's own, which counts how often it is asked."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.asked = 0

    def token(self) -> str:
        self.asked += 1
        return jwt(self._account.server.oauth_key, self._account.user.name)


@pytest.mark.parametrize("auth", ["auto", "xoauth2", "oauthbearer", "password"])
def test_the_login_that_the_config_asks_for(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, auth: str
) -> None:
    monkeypatch.setenv("TEST_IMAP_PASSWORD", account.user.password)
    used: list[str] = []
    usual = {"xoauth2": IMAPClient.oauth2_login, "oauthbearer": IMAPClient.oauthbearer_login}
    for name, method in (("xoauth2", "oauth2_login"), ("oauthbearer", "oauthbearer_login")):

        def noted(self: IMAPClient, *words: str, name: str = name) -> object:
            used.append(name)
            return usual[name](self, *words)

        monkeypatch.setattr(IMAPClient, method, noted)
    settings = config(account, auth=auth, oauth={"provider": "microsoft", "client_id": "x"})
    tokens = Tokens(account)
    calendar = open_mail_calendar(cast("ImapMailbox", settings.mailbox), context(tmp_path), tokens)
    assert [line.state for line in calendar.check()] == ["ok"]
    calendar.close()
    assert used == {"auto": ["xoauth2"], "password": []}.get(auth, [auth])
    assert tokens.asked == len(used)


def test_a_mechanism_that_is_not_offered_is_an_error_with_a_remedy(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = IMAPClient.capabilities
    without = b"AUTH=OAUTHBEARER"
    monkeypatch.setattr(IMAPClient, "capabilities", lambda self: tuple(w for w in usual(self) if w != without))
    settings = config(account, auth="oauthbearer", oauth={"provider": "microsoft", "client_id": "x"}, password=None)
    tokens = Tokens(account)
    mailbox = open_imap_mailbox(cast("ImapMailbox", settings.mailbox), context(tmp_path), tokens)
    with pytest.raises(UnsupportedError, match=r'does not offer OAUTHBEARER .*auth = "auto"'):
        mailbox.create_draft(draft("one"))
    assert tokens.asked == 0


def test_without_a_login_the_owner_is_asked_for_one(account: Account, tmp_path: Path) -> None:
    settings = config(account, oauth={"provider": "microsoft", "client_id": "x", "tokens": "file"}, password=None)
    mailbox = open_mailbox(settings.mailbox, context(tmp_path))
    with pytest.raises(AuthenticationError, match="afterword login"):
        mailbox.create_draft(draft("one"))
