"""Where logins are kept, and that nobody else reads them or sees half of one."""

import json
import os
import threading
from pathlib import Path

import keyring
import keyring.backend
import pytest
from keyring.errors import KeyringError, PasswordDeleteError

from connectors.errors import AuthenticationError, ConnectorError, TemporaryError
from connectors.tokens import TokenStore, read_json, token_store

SECRET = "refresh-secret"


class _Ring(keyring.backend.KeyringBackend):
    """A keyring in memory; `locked` makes it refuse."""

    priority = 1  # type: ignore[assignment]
    locked = False

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringError(SECRET)
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.locked:
            raise KeyringError(SECRET)
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.kept:
            raise PasswordDeleteError
        del self.kept[service, username]


@pytest.fixture
def ring() -> object:
    before, made = keyring.get_keyring(), _Ring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


def store(folder: Path, where: str = "file") -> TokenStore:
    return token_store(where, provider="google", address="Sam@Example.org", account="sam", state_dir=folder)  # type: ignore[arg-type]


def test_a_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        kept = store(tmp_path / "state")
        kept.save("one")
        kept.save("two")
    finally:
        os.umask(old)
    [path] = (tmp_path / "state").glob("*.json")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.name == "login-google-sam@example.org.json"
    assert kept.load() == "two"
    assert list((tmp_path / "state").iterdir()) == [path]
    kept.remove()
    kept.remove()
    assert kept.load() is None


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    kept = store(tmp_path)
    kept.save(SECRET)
    [path] = tmp_path.glob("*.json")
    path.chmod(0o640)
    with pytest.raises(AuthenticationError, match="read by others") as caught:
        kept.load()
    assert SECRET not in str(caught.value)


def test_a_full_disk_keeps_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = store(tmp_path)
    kept.save("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConnectorError, match="No space left") as caught:
        kept.save(SECRET)
    assert SECRET not in str(caught.value)
    assert kept.load() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_the_keyring(tmp_path: Path, ring: _Ring) -> None:
    kept = store(tmp_path, "keyring")
    assert kept.load() is None
    kept.remove()
    kept.save(SECRET)
    assert kept.load() == SECRET
    assert ring.kept == {("afterword", "sam/google/sam@example.org"): SECRET}
    assert not list(tmp_path.iterdir())
    ring.locked = True
    for call in (kept.load, lambda: kept.save(SECRET)):
        with pytest.raises(ConnectorError, match="keyring") as caught:
            call()
        assert SECRET not in f"{caught.value!r}"
        assert 'tokens = "file"' in caught.value.remedy


def test_a_systemd_credential_is_the_first_token_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "afterword-google-sam@example.org").write_text("first")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    kept = store(tmp_path / "state")
    assert kept.load() == "first"
    kept.save("rotated")
    assert kept.load() == "rotated"
    assert (folder / "afterword-google-sam@example.org").read_text() == "first"


def test_one_at_a_time(tmp_path: Path) -> None:
    kept, order = store(tmp_path), []
    inside = threading.Event()

    def other() -> None:
        inside.wait(5)
        with store(tmp_path).exclusive():
            order.append("other")

    thread = threading.Thread(target=other)
    thread.start()
    with kept.exclusive():
        inside.set()
        order.append("one")
    thread.join(5)
    assert order == ["one", "other"]


def test_somebody_who_never_lets_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.tokens._LOCK_SECONDS", 0.05)
    waits = pytest.raises(TemporaryError, match="another process")
    with store(tmp_path).exclusive(), waits, store(tmp_path).exclusive():
        pass


@pytest.mark.parametrize("text", ["", "{", "[]", '"secret"'])
def test_a_stored_login_that_is_none(text: str) -> None:
    with pytest.raises(AuthenticationError) as caught:
        read_json(text)
    assert "secret" not in str(caught.value)
    assert read_json(json.dumps({"a": 1})) == {"a": 1}
