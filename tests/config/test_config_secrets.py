"""References lead to secrets; secrets never print themselves."""

import pickle
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from config import paths, secrets
from config.errors import SecretError
from config.secrets import Secret, SecretRef, resolve


class OneSecret(KeyringBackend):
    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        return "swordfish" if (service, username) == ("after/word", "ada@example.org") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError


def no_keyring() -> KeyringBackend:
    backend: KeyringBackend = keyring.core.load_keyring("keyring.backends.fail.Keyring")
    return backend


def fails(ref: str, word: str) -> None:
    with pytest.raises(SecretError) as caught:
        resolve(SecretRef.parse(ref))
    shown = "".join(traceback.format_exception(caught.value))
    assert word in str(caught.value)
    assert caught.value.remedy
    assert "swordfish" not in shown


def test_a_secret_is_masked_everywhere() -> None:
    secret = Secret("swordfish")
    assert "swordfish" not in f"{secret} {secret!r} {secret:>20} {[secret]}"
    assert secret.reveal() == "swordfish"
    assert secret == Secret("swordfish") != Secret("x")
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_file(tmp_path: Path) -> None:
    file = tmp_path / "pw"
    file.write_text("swordfish\n", encoding="utf-8")
    file.chmod(0o600)
    assert resolve(SecretRef.parse("file:pw", tmp_path)).reveal() == "swordfish"
    for mode in (0o640, 0o604):
        file.chmod(mode)
        fails(f"file:{file}", f"mode {mode:04o}")
    file.chmod(0o600)
    file.write_bytes(b"swordfish \xff\n")
    fails(f"file:{file}", "UTF-8")
    file.write_text("\n", encoding="utf-8")
    fails(f"file:{file}", "empty")
    fails(f"file:{tmp_path}/none", "No such file")
    file.write_bytes(b"swordfish" * 10_000)
    fails(f"file:{file}", "at most")


def test_only_one_newline_is_cut(tmp_path: Path) -> None:
    file = tmp_path / "pw"
    file.write_bytes(b" sword fish \n\r\n")
    file.chmod(0o600)
    assert resolve(SecretRef("file", str(file))).reveal() == " sword fish \n"


def test_env(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AW_TEST", "swordfish")
    assert resolve(SecretRef.parse("env:AW_TEST")).reveal() == "swordfish"
    monkeypatch.delenv("AW_TEST")
    fails("env:AW_TEST", "not set")


def test_credential(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    fails("credential:imap", "no systemd credentials")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    fails("credential:imap", "No such file")
    (tmp_path / "imap").write_text("swordfish", encoding="utf-8")
    assert resolve(SecretRef.parse("credential:imap")).reveal() == "swordfish"


def test_command(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolve(SecretRef.parse(f"command:{sys.executable} -c 'print(\"swordfish\")'")).reveal() == "swordfish"
    assert resolve(SecretRef.parse("command:echo $HOME;id")).reveal() == "$HOME;id"
    fails("command:false", "exit code 1")
    fails("command:/no/such/program", "No such file")
    monkeypatch.setattr(secrets, "COMMAND_TIMEOUT_SECONDS", 0.2)
    fails("command:sleep 30", "longer")


def test_what_a_failing_command_printed_is_not_shown() -> None:
    fails("command:sh -c 'cat /proc/self/comm >&2; printf %s%s sword fish; exit 3'", "exit code 3")


def test_keyring() -> None:
    before = keyring.get_keyring()
    make: Callable[[], KeyringBackend] = OneSecret
    try:
        keyring.set_keyring(make())
        assert resolve(SecretRef.parse("keyring:after/word/ada@example.org")).reveal() == "swordfish"
        fails("keyring:afterword/bob", "nothing is kept")
        keyring.set_keyring(no_keyring())
        fails("keyring:afterword/bob", "cannot be used")
    finally:
        keyring.set_keyring(before)


@pytest.mark.parametrize(
    "text",
    ["swordfish", "", ":", "swordfish:x", "env:", "env:1 swordfish", "keyring:swordfish", "credential:../swordfish",
     "command:", "command:'swordfish", "file:", "https://x.org/swordfish"],
)  # fmt: skip
def test_what_is_no_reference_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"secret|reference") as caught:
        SecretRef.parse(text)
    assert "swordfish" not in str(caught.value)


def test_paths_follow_own_variables_then_systemd_then_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "AFTERWORD_CONFIG",
        "AFTERWORD_STATE",
        "CONFIGURATION_DIRECTORY",
        "STATE_DIRECTORY",
        "CACHE_DIRECTORY",
    ):
        monkeypatch.delenv(name, raising=False)
    assert {path.name for path in (paths.config_path(), paths.state_dir(), paths.cache_dir())} == {"afterword"}
    monkeypatch.setenv("CONFIGURATION_DIRECTORY", "/etc/afterword:/etc/other")
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/afterword")
    monkeypatch.setenv("CACHE_DIRECTORY", "/var/cache/afterword")
    assert paths.config_path() == Path("/etc/afterword")
    assert paths.state_dir() == Path("/var/lib/afterword")
    assert paths.cache_dir() == Path("/var/cache/afterword")
    monkeypatch.setenv("AFTERWORD_CONFIG", "/a:b/me.toml")
    monkeypatch.setenv("AFTERWORD_STATE", "/s")
    assert (paths.config_path(), paths.state_dir()) == (Path("/a:b/me.toml"), Path("/s"))
