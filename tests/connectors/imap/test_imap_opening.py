"""From a config table to ports that work, by way of the registry."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config.schema import AccountConfig
from connectors.errors import UnsupportedError
from connectors.registry import Context, open_calendars, open_mailbox
from tests.connectors.imap.conftest import NOW, OWNER, WINDOW, Account
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


def test_a_login_by_token_says_what_to_do_as_long_as_there_is_none(account: Account, tmp_path: Path) -> None:
    oauth = {"provider": "microsoft", "client_id": "x"}
    settings = config(account, oauth=oauth)
    with pytest.raises(UnsupportedError, match="app password"):
        open_mailbox(settings.mailbox, context(tmp_path))
