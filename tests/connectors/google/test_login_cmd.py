"""`afterword login`, from the config file to the stored token."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from connectors.google.permissions import CALENDAR_EVENTS, GMAIL_SCOPES
from daemon.cli import login_cmd
from tests.servers.oidc import AuthorizationServer, authorization_server

CONFIG = """
[owner]
name = "Sam Ost"
addresses = ["sam@example.org"]
timezone = "UTC"

[mailbox]
kind = "gmail"
client_file = "client.json"
tokens = "file"

[[calendars]]
kind = "google"
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuthorizationServer]:
    with authorization_server(tmp_path_factory.mktemp("oidc"), (*GMAIL_SCOPES, CALENDAR_EVENTS)) as running:
        yield running


@pytest.fixture
def folder(server: AuthorizationServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.ca_file))
    monkeypatch.setenv("AFTERWORD_STATE", str(tmp_path / "state"))
    (tmp_path / "sam.toml").write_text(CONFIG)
    (tmp_path / "client.json").write_text(json.dumps({"installed": server.client}))
    return tmp_path


def run(folder: Path, *args: str, answer: str = "") -> Result:
    app = typer.Typer()
    app.command()(login_cmd.login)
    return CliRunner().invoke(app, ["--config", str(folder / "sam.toml"), *args], input=answer, standalone_mode=False)


def test_why_names_each_permission_and_its_reason(folder: Path) -> None:
    done = run(folder, "--why")
    for words in ("sam: Google, sam@example.org", "gmail.compose: put drafts", "calendar.events.readonly: read"):
        assert words in done.output
    assert done.return_value == 0
    assert not (folder / "state").exists()


def test_logging_in_on_another_machine_and_out_again(
    server: AuthorizationServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    plain = print

    def listening(*words: object, **more: object) -> None:
        said.append(" ".join(map(str, words)))
        plain(*words)

    def pasted(*_: object, **__: object) -> str:
        url = next(line for text in said for line in text.splitlines() if line.startswith("https://"))
        return server.visit(url)

    monkeypatch.setattr("builtins.print", listening)
    monkeypatch.setattr("builtins.input", pasted)
    done = run(folder, "--no-browser")
    assert done.exception is None
    assert done.return_value == 0
    assert "You are logged in." in done.output
    [path] = (folder / "state" / "sam").glob("*.json")
    assert "refresh_token" in path.read_text()
    assert path.read_text() not in done.output
    assert run(folder, "--forget").return_value == 0
    assert not path.exists()


def test_an_answer_that_is_none_is_77(folder: Path) -> None:
    done = run(folder, "--no-browser", answer="nonsense\n")
    assert done.return_value == 77


def test_a_client_file_that_is_missing_is_a_matter_of_configuration(folder: Path) -> None:
    (folder / "client.json").unlink()
    done = run(folder, "--no-browser")
    assert done.return_value == 78


def test_where_there_is_nothing_to_log_in_to(folder: Path) -> None:
    local = CONFIG[: CONFIG.index("[mailbox]")] + '[mailbox]\nkind = "maildir"\npath = "Mail"\n'
    (folder / "sam.toml").write_text(local)
    done = run(folder)
    assert done.return_value == 0
    assert "nothing that needs" in done.output
