"""`afterword config`."""

import json
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from config.example import render
from daemon.cli.config_cmd import app

GOOD = """\
[owner]
name = "Ada"
addresses = ["ada@example.org"]
[mailbox]
kind = "imap"
host = "imap.example.org"
password = "file:pw"
[[notify]]
kind = "apprise"
url = "env:AW_URL"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "ada.toml").write_text(GOOD, encoding="utf-8")
    secret = tmp_path / "pw"
    secret.write_text("swordfish", encoding="utf-8")
    secret.chmod(0o600)
    monkeypatch.setenv("AW_URL", "ntfy://swordfish")
    return tmp_path


def run(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(words), catch_exceptions=False, env={"COLUMNS": "200"})
    return done.exit_code, done.stdout, done.stderr


def test_check_passes(folder: Path) -> None:
    code, out, _ = run("check", "--config", str(folder))
    assert (code, "ok" in out) == (0, True)
    code, out, _ = run("check", "--config", str(folder / "ada.toml"), "--json")
    assert (code, json.loads(out)) == (0, {"ok": True, "accounts": ["ada"], "problems": []})


def test_check_lists_all_problems_of_all_files(folder: Path) -> None:
    (folder / "bob.toml").write_text('[owner]\nname = 3\n[mailbox]\nkind = "[red]x"\n', encoding="utf-8")
    (folder / "eve.toml").write_text("=\n", encoding="utf-8")
    code, out, err = run("check", "--config", str(folder))
    assert code == 78
    for word in ("bob.toml:2", "owner.name", "owner.addresses", "mailbox.kind", "eve.toml:1", "4 problems"):
        assert word in err
    assert "ada.toml: ok" in out
    code, out, _ = run("check", "--json", "--config", str(folder))
    said = json.loads(out)
    assert (code, said["ok"], said["accounts"], len(said["problems"])) == (78, False, ["ada"], 4)
    assert set(said["problems"][0]) == {"file", "line", "key", "message", "remedy"}


def test_show_prints_references_and_never_secrets(folder: Path) -> None:
    code, out, _ = run("show", "--config", str(folder))
    shown = tomllib.loads(out)
    assert code == 0
    assert shown["mailbox"]["password"] == f"file:{folder}/pw"
    assert shown["mailbox"]["port"] == 993
    code, more, _ = run("show", "--config", str(folder), "--json")
    assert json.loads(more)["ada"]["notify"][0]["url"] == "env:AW_URL"
    assert "swordfish" not in out + more


def test_show_refuses_a_broken_file(folder: Path) -> None:
    (folder / "ada.toml").write_text(GOOD.replace("file:pw", "swordfish"), encoding="utf-8")
    for extra in ([], ["--json"]):
        code, out, err = run("show", "--config", str(folder), *extra)
        assert code == 78
        assert "mailbox.password" in out + err
        assert "swordfish" not in out + err


def test_example_prints_the_example() -> None:
    assert run("example") == (0, render(), "")


def test_the_default_place_is_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERWORD_CONFIG", str(folder))
    assert run("check")[0] == 0
