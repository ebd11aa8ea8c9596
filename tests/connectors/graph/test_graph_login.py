"""Logging in at a third-party authorization server: device code, loopback with PKCE, rotation, revocation, refusals."""

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from config.load import load_account
from connectors.errors import AuthenticationError, ConnectorError, ProtocolViolation, RateLimited, TemporaryError
from connectors.graph.login import SCOPES, BoundedHttp, Identity, StoredLogin, refused
from connectors.graph.wire import Graph
from connectors.oauth_login import logins
from connectors.oauth_tokens import token_source
from connectors.tokens import TokenStore, token_store
from connectors.web_errors import TooLarge
from daemon.cli.login_cmd import context_of
from tests.connectors.graph.conftest import GraphHands
from tests.servers.graph_fake.authority import browse, microsoft_authority
from tests.servers.oidc import AuthorizationServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuthorizationServer]:
    with microsoft_authority(tmp_path_factory.mktemp("oidc")) as running:
        yield running


def store_in(folder: Path) -> TokenStore:
    return token_store("file", provider="microsoft", address="sam@example.org", account="sam", state_dir=folder)


def login_at(server: AuthorizationServer, folder: Path) -> StoredLogin:
    identity = Identity("client-1", email="sam@example.org", authority=server.issuer)
    http = BoundedHttp("sam", ca_file=server.ca_file)
    return StoredLogin(store_in(folder), identity, account="sam", http=http)


def by_device_code(server: AuthorizationServer, folder: Path) -> StoredLogin:
    login = login_at(server, folder)
    people: list[threading.Thread] = []

    def show(text: str) -> None:
        code = re.search(r"[A-Z]{4}-[A-Z]{4}", text)
        assert code is not None
        page = f"{server.issuer}/device?user_code={code.group()}"
        people.append(threading.Thread(target=browse, args=(server, page)))
        people[0].start()

    login.by_device_code(show)
    people[0].join()
    return login


def refresh_token(folder: Path) -> str:
    text = store_in(folder).load()
    assert text is not None
    [token] = json.loads(text)["RefreshToken"].values()
    return str(token["secret"])


def test_a_device_code_logs_in_and_lasts(server: AuthorizationServer, tmp_path: Path) -> None:
    login = by_device_code(server, tmp_path)
    assert login.granted()
    assert login.access_token()
    assert login_at(server, tmp_path).access_token()
    [path] = tmp_path.glob("login-*.json")
    assert path.stat().st_mode & 0o777 == 0o600


def by_loopback(server: AuthorizationServer, folder: Path) -> tuple[StoredLogin, str]:
    login = login_at(server, folder)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    asked: list[str] = []

    def say(text: object) -> None:
        asked.append(str(text).splitlines()[-1])
        threading.Thread(target=browse, args=(server, asked[0])).start()

    login.by_loopback(port=port, seconds=20, say=say)
    return login, asked[0]


def test_a_loopback_with_pkce_logs_in(server: AuthorizationServer, tmp_path: Path) -> None:
    login, asked = by_loopback(server, tmp_path)
    assert "code_challenge_method=S256" in asked
    assert login.access_token()


def test_a_renewed_login_is_written_down_at_once(server: AuthorizationServer, tmp_path: Path) -> None:
    login, _ = by_loopback(server, tmp_path)
    before, first = refresh_token(tmp_path), login.access_token()
    assert login.access_token() == first
    second = login.access_token(renew=True)
    assert second != first
    assert refresh_token(tmp_path) != before
    assert login_at(server, tmp_path).access_token(renew=True) not in (first, second)


def test_a_revoked_login_names_the_next_step(server: AuthorizationServer, tmp_path: Path) -> None:
    login, _ = by_loopback(server, tmp_path)
    token = refresh_token(tmp_path)
    data = {"token": token, "client_id": "client-1"}
    done = requests.post(f"{server.issuer}/token/revocation", data=data, verify=server.ca_file, timeout=20)
    assert done.status_code == 200
    with pytest.raises(AuthenticationError) as caught:
        login.access_token(renew=True)
    assert "afterword login" in caught.value.remedy
    assert token not in str(caught.value) + repr(caught.value)


def test_the_token_opens_graph(server: AuthorizationServer, tmp_path: Path, hands: GraphHands) -> None:
    login, _ = by_loopback(server, tmp_path)
    good = login.access_token()
    hands.fake.allowed = lambda token: token == good
    graph = Graph(login, account="sam", endpoint=hands.fake.url)
    assert graph.call("test", "GET", "me/calendar")["name"] == "Calendar"


def test_without_a_login_the_next_step_is_named(tmp_path: Path) -> None:
    login = StoredLogin(store_in(tmp_path), Identity("client-1"), account="sam")
    assert not login.granted()
    with pytest.raises(AuthenticationError, match="no login yet"):
        login.access_token()


@pytest.mark.parametrize("kept", ["", "{", "[]", "null", "no"])
def test_a_spoiled_cache_is_told_without_its_content(tmp_path: Path, kept: str) -> None:
    store_in(tmp_path).save(kept)
    with pytest.raises(ConnectorError):
        StoredLogin(store_in(tmp_path), Identity("client-1"), account="sam").granted()


@pytest.mark.parametrize(
    ("status", "kind", "body", "error"),
    [
        (200, "text/html", b"<html>Sign in to the hotel's network</html>", TemporaryError),
        (400, "text/html", b"<html>Blocked by your organisation</html>", TemporaryError),
        (200, "application/json", b'{"access_token": "s3cret-token", "refresh_tok', TemporaryError),
        (200, "application/json", b"[]", TemporaryError),
        (200, "application/json", b"[" * 100_000, TemporaryError),
        (200, "application/json", b" " * 2_000_000, TooLarge),
        (502, "text/html", b"<html>Bad gateway</html>", TemporaryError),
        (503, "application/json", b"{}", TemporaryError),
        (429, "application/json", b"{}", RateLimited),
        (302, "text/html", b"", ProtocolViolation),
    ],
)
def test_a_hostile_login_server_is_told_in_our_words(
    caplog: pytest.LogCaptureFixture, status: int, kind: str, body: bytes, error: type[ConnectorError]
) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if status == 302:
                self.send_header("Location", "/token")
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name in the standard library)
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        http = BoundedHttp("sam")
        with caplog.at_level("DEBUG"), pytest.raises(error) as caught:
            http.post(f"http://127.0.0.1:{server.server_address[1]}/token", data={"refresh_token": "s3cret-old"})
        http.close()
        server.shutdown()
    assert caught.value.account == "sam"
    assert "s3cret" not in caplog.text + str(caught.value) + repr(caught.value)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"error": "invalid_grant", "error_description": "AADSTS700082: The refresh token has expired"}, "expired"),
        ({"error": "interaction_required", "error_description": "AADSTS50076: MFA"}, "second factor"),
        ({"error": "invalid_grant", "error_codes": [53003]}, "conditional access"),
        ({"error": "invalid_grant", "error_description": "AADSTS65001: consent"}, "consent"),
        ({"error": "unauthorized_client", "error_description": "AADSTS700016: app"}, "not known"),
        ({"error": "invalid_client", "error_description": "AADSTS7000218: secret"}, "public client"),
        ({"error": "invalid_request", "error_description": "AADSTS90002: Tenant"}, "directory does not exist"),
        ({"error": "access_denied"}, "refused"),
        ({"error": "invalid_grant", "error_description": "AADSTS99999: new"}, "AADSTS99999"),
        ({}, "refused"),
        (None, "refused"),
    ],
)
def test_a_refusal_is_explained(answer: dict[str, object] | None, words: str) -> None:
    found = refused(answer, "sam")
    assert isinstance(found, AuthenticationError)
    assert words in str(found)
    assert found.remedy


@pytest.mark.parametrize("error", ["temporarily_unavailable", "authorization_pending", "expired_token"])
def test_what_passes_is_temporary(error: str) -> None:
    assert isinstance(refused({"error": error}, "sam"), TemporaryError)


CONFIG = """\
[owner]
name = "Sam"
addresses = ["sam@example.org"]
timezone = "UTC"

[mailbox]
kind = "graph"
client_id = "11111111-2222-3333-4444-555555555555"
tokens = "file"
{calendar}
"""


@pytest.mark.parametrize(
    ("calendar", "scopes"),
    [('[[calendars]]\nkind = "graph"', set(SCOPES)), ('[[calendars]]\nkind = "vdir"\npath = "c"', {"Mail.ReadWrite"})],
)
def test_only_the_permissions_that_the_config_needs_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calendar: str, scopes: set[str]
) -> None:
    monkeypatch.setenv("AFTERWORD_STATE", str(tmp_path / "state"))
    path = tmp_path / "sam.toml"
    path.write_text(CONFIG.format(calendar=calendar))
    config = load_account(path)
    [login] = logins(config, context_of(config))
    assert {name for name, _ in login.permissions} == scopes | {"offline_access"}
    assert all(reason for _, reason in login.permissions)
    assert (login.address, login.done()) == ("sam@example.org", False)
    login.forget()


OVER_IMAP = """\
[owner]
name = "Sam"
addresses = ["sam@example.org"]
timezone = "UTC"

[mailbox]
kind = "imap"
host = "outlook.office365.com"
oauth = { provider = "microsoft", client_id = "11111111-2222-3333-4444-555555555555", tokens = "file" }
"""


def test_imap_takes_its_tokens_from_a_login_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERWORD_STATE", str(tmp_path / "state"))
    path = tmp_path / "sam.toml"
    path.write_text(OVER_IMAP)
    config = load_account(path)
    context = context_of(config)
    [login] = logins(config, context)
    assert [name for name, _ in login.permissions] == ["IMAP.AccessAsUser.All", "offline_access"]
    source = token_source(config.mailbox.oauth, "sam@example.org", context)
    with pytest.raises(AuthenticationError, match="no login yet"):
        source.token()
