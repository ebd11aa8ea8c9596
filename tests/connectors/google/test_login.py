"""Logging in at a third-party authorization server (npm oidc-provider): PKCE, rotation, refusal, revocation."""

import json
import socket
import threading
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import google.auth.exceptions
import pytest
import requests
from google.auth.transport.requests import Request

from connectors.errors import AuthenticationError, ConnectorError, TemporaryError
from connectors.google.credentials import StoredCredentials, read_client
from connectors.google.errors import translated
from connectors.google.login import GoogleLogin
from connectors.google.permissions import GMAIL_COMPOSE, GMAIL_INSERT, GMAIL_READONLY, GMAIL_SCOPES
from connectors.oauth_login import Dialogue
from connectors.tokens import token_store
from tests.servers.oidc import AuthorizationServer, authorization_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuthorizationServer]:
    with authorization_server(tmp_path_factory.mktemp("oidc"), GMAIL_SCOPES) as running:
        yield running


@pytest.fixture
def login(server: AuthorizationServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GoogleLogin:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.ca_file))
    return make(server, tmp_path, GMAIL_SCOPES)


def make(server: AuthorizationServer, folder: Path, scopes: tuple[str, ...]) -> GoogleLogin:
    client_file = folder / "client.json"
    client_file.write_text(json.dumps({"installed": server.client}))
    store = token_store("file", provider="google", address="sam@example.org", account="sam", state_dir=folder / "sam")
    return GoogleLogin("sam@example.org", client_file, scopes, store)


def address_in(text: str) -> str:
    return next(line for line in text.splitlines() if line.startswith("https://"))


def pasting(server: AuthorizationServer, login: GoogleLogin, *, consent: bool = True) -> list[str]:
    """Log in without a browser here; gives all that was said."""
    said: list[str] = []
    login.run(Dialogue(said.append, lambda _: server.visit(address_in(said[0]), consent=consent), browser=False))
    return said


def credentials(login: GoogleLogin) -> StoredCredentials:
    return StoredCredentials(login.store, read_client(login.client_file), GMAIL_SCOPES)


def stored(login: GoogleLogin) -> dict[str, object]:
    text = login.store.load()
    assert text is not None
    return dict(json.loads(text))


def test_pasting_where_the_browser_was_led_to(server: AuthorizationServer, login: GoogleLogin) -> None:
    assert not login.done()
    said = pasting(server, login)
    query = parse_qs(urlsplit(address_in(said[0])).query)
    assert query["code_challenge_method"] == ["S256"]
    assert query["access_type"] == ["offline"]
    assert set(query["scope"][0].split()) == set(GMAIL_SCOPES)
    assert login.done()
    assert set(stored(login)) == {"refresh_token", "scopes", "saved_at"}
    [path] = (login.client_file.parent / "sam").glob("*.json")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_browser_that_leaves_the_scheme_out(server: AuthorizationServer, login: GoogleLogin) -> None:
    said: list[str] = []

    def shown(_: str) -> str:
        return server.visit(address_in(said[0])).removeprefix("http://")

    login.run(Dialogue(said.append, shown, browser=False))
    assert login.done()


def test_without_any_browser_here_it_falls_back_to_pasting(
    server: AuthorizationServer, login: GoogleLogin, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> None:
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "get", none)
    said: list[str] = []
    login.run(Dialogue(said.append, lambda _: server.visit(address_in(said[0])), browser=True))
    assert login.done()


def test_a_browser_here_is_opened(
    server: AuthorizationServer, login: GoogleLogin, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Browser:
        def open(self, url: str, **_: object) -> None:
            threading.Thread(target=lambda: requests.get(server.visit(url), timeout=20)).start()

    monkeypatch.setattr(webbrowser, "get", lambda *_: Browser())
    said: list[str] = []
    login.run(Dialogue(said.append, lambda _: "", browser=True, timeout_seconds=20))
    assert login.done()
    assert address_in(said[0]).startswith(server.issuer)


def test_nobody_logs_in_in_time(server: AuthorizationServer, login: GoogleLogin) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with pytest.raises(AuthenticationError, match="in time"):
        login.run(Dialogue(lambda _: None, lambda _: "", browser=False, port=port, timeout_seconds=1))


def test_a_port_that_is_taken(server: AuthorizationServer, login: GoogleLogin) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(AuthenticationError, match="port"):
        login.run(Dialogue(lambda _: None, lambda _: "", browser=False, port=taken.getsockname()[1]))


def test_a_loopback_port_that_is_listened_on(server: AuthorizationServer, login: GoogleLogin) -> None:
    said: list[str] = []
    shown = threading.Event()

    def say(text: str) -> None:
        said.append(text)
        shown.set()

    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    thread = threading.Thread(target=login.run, args=(Dialogue(say, lambda _: "", browser=False, port=port),))
    thread.start()
    assert shown.wait(20)
    landed = server.visit(address_in(said[0]))
    page = requests.get(landed, timeout=20)
    thread.join(20)
    assert "You are logged in" in page.text
    assert login.done()


def test_a_refused_consent_changes_nothing(server: AuthorizationServer, login: GoogleLogin) -> None:
    pasting(server, login)
    before = stored(login)
    with pytest.raises(AuthenticationError, match="refused") as caught:
        pasting(server, login, consent=False)
    assert "afterword login" in caught.value.remedy
    assert stored(login) == before


def test_a_grant_of_less_is_named_and_not_kept(server: AuthorizationServer, tmp_path: Path, login: GoogleLogin) -> None:
    wide = make(server, tmp_path, (*GMAIL_SCOPES, "https://www.googleapis.com/auth/calendar.events.readonly"))
    with pytest.raises(AuthenticationError, match=r"calendar\.events\.readonly is missing"):
        pasting(server, wide)
    assert wide.store.load() is None


@pytest.mark.parametrize("answer", ["", "nonsense", "http://localhost:1/?code=x&state=other"])
def test_what_is_no_answer_of_this_login(server: AuthorizationServer, login: GoogleLogin, answer: str) -> None:
    with pytest.raises(AuthenticationError, match="not the address"):
        login.run(Dialogue(lambda _: None, lambda _: answer, browser=False))
    assert login.store.load() is None


def test_a_forged_code_is_refused(server: AuthorizationServer, login: GoogleLogin) -> None:
    said: list[str] = []

    def forged(_: str) -> str:
        state = parse_qs(urlsplit(address_in(said[0])).query)["state"][0]
        return f"http://localhost:1/?code=forged&state={state}"

    with pytest.raises(AuthenticationError) as caught:
        login.run(Dialogue(said.append, forged, browser=False))
    assert "forged" not in str(caught.value)


def test_rotated_tokens_are_stored_before_they_are_used(server: AuthorizationServer, login: GoogleLogin) -> None:
    pasting(server, login)
    first = stored(login)["refresh_token"]
    one, other = credentials(login), credentials(login)
    one.refresh(Request())
    second = stored(login)["refresh_token"]
    assert second != first
    assert one.token
    other.refresh(Request())
    one.refresh(Request())
    assert stored(login)["refresh_token"] not in (first, second)
    assert login.done()


def test_the_use_of_an_old_token_ends_them_all_and_is_told(server: AuthorizationServer, login: GoogleLogin) -> None:
    pasting(server, login)
    old = login.store.load()
    assert old is not None
    credentials(login).refresh(Request())
    login.store.save(old)
    with pytest.raises(AuthenticationError) as caught, translated("sam", "observe"):
        credentials(login).refresh(Request())
    assert "afterword login" in caught.value.remedy
    assert "seven days" in caught.value.remedy
    assert str(json.loads(old)["refresh_token"]) not in str(caught.value)


def test_a_revoked_login_is_told_with_the_remedy(server: AuthorizationServer, login: GoogleLogin) -> None:
    pasting(server, login)
    server.revoke(str(stored(login)["refresh_token"]))
    with pytest.raises(AuthenticationError, match="expired or was revoked"), translated("sam", "pull"):
        credentials(login).refresh(Request())
    pasting(server, login)
    credentials(login).refresh(Request())


def test_a_permission_that_was_added_to_the_config_asks_for_a_login(
    server: AuthorizationServer, login: GoogleLogin
) -> None:
    pasting(server, login)
    wider = (*GMAIL_SCOPES, "https://www.googleapis.com/auth/calendar.events.readonly")
    with pytest.raises(AuthenticationError, match=r"calendar\.events\.readonly"):
        StoredCredentials(login.store, read_client(login.client_file), wider).refresh(Request())


def test_without_a_login_it_says_so(login: GoogleLogin) -> None:
    with pytest.raises(AuthenticationError, match="no login yet"):
        credentials(login).refresh(Request())
    login.forget()


def test_a_login_server_that_is_away(login: GoogleLogin, tmp_path: Path) -> None:
    client = json.loads(login.client_file.read_text())
    client["installed"]["token_uri"] = "https://127.0.0.1:9/token"
    login.client_file.write_text(json.dumps(client))
    said: list[str] = []

    def answer(_: str) -> str:
        state = parse_qs(urlsplit(address_in(said[0])).query)["state"][0]
        return f"http://localhost:1/?code=x&state={state}"

    with pytest.raises(TemporaryError):
        login.run(Dialogue(said.append, answer, browser=False))


def test_a_login_that_could_not_be_renewed_for_now_is_temporary(login: GoogleLogin) -> None:
    with pytest.raises(TemporaryError), translated("sam", "pull"):
        raise google.auth.exceptions.TransportError(requests.ConnectionError("away"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file"),
        ("{", "no JSON"),
        ("[]", "not what the console gives"),
        ('{"web": {"client_id": "x"}}', "of a web app"),
        ('{"installed": {"client_secret": "hush"}}', "no client_id"),
    ],
)
def test_a_client_file_that_cannot_be_used(tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "client.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConnectorError, match=words) as caught:
        read_client(path)
    assert "Desktop app" in caught.value.remedy
    assert "hush" not in str(caught.value)


def test_permissions_are_explained_in_words(login: GoogleLogin) -> None:
    assert [name for name, _ in login.permissions] == ["gmail.compose", "gmail.readonly", "gmail.insert"]
    assert all(reason for _, reason in login.permissions)
    assert {GMAIL_COMPOSE, GMAIL_READONLY, GMAIL_INSERT} == set(login.scopes)
