"""Connecting and logging in: TLS by default, nothing that falls back, passwords and tokens."""

import base64
import logging
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from imapclient import IMAPClient

from connectors.errors import AuthenticationError, ConnectorError, TemporaryError, UnsupportedError
from connectors.imap.connection import Login, Security, Server, connect, tls_context
from tests.connectors.imap.conftest import Account
from tests.connectors.imap.jwt import jwt
from tests.servers import dovecot
from tests.servers.dovecot import Dovecot


@dataclass(frozen=True)
class FixedToken:
    value: str

    def token(self) -> str:
        return self.value


def login(account: Account, password: str | None = None) -> Login:
    return Login(account.user.name, lambda: password or account.user.password)


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_tls_and_starttls_with_an_authority_of_ones_own(account: Account, security: Security) -> None:
    port = account.server.tls_port if security is Security.TLS else account.server.port
    where = Server("localhost", port, security, account.server.authority.ca_file)
    connection = connect(where, login(account))
    assert connection.wire.run(b"NOOP")
    assert connection.wire.sock.version() in {"TLSv1.2", "TLSv1.3"}  # type: ignore[attr-defined]
    connection.close()


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_an_unknown_authority_is_refused(account: Account, security: Security) -> None:
    port = account.server.tls_port if security is Security.TLS else account.server.port
    with pytest.raises(ConnectorError, match="certificate") as caught:
        connect(Server("localhost", port, security), login(account))
    assert not isinstance(caught.value, TemporaryError)
    assert "ca_file" in caught.value.remedy


@pytest.mark.parametrize(
    ("host", "expired", "words"), [("elsewhere.example", False, "match"), ("localhost", True, "expired")]
)
def test_a_certificate_that_names_another_host_or_expired(host: str, expired: bool, words: str) -> None:
    if not dovecot.available():
        pytest.skip("Dovecot is not installed (Debian: dovecot-imapd)")
    folder = Path(tempfile.mkdtemp(prefix="afterword-dovecot-"))
    try:
        server = Dovecot(folder)
        leaf = server.authority.issue("server", host=host, expired=expired)
        assert leaf == server.leaf
        with server:
            user = server.add_user("alice")
            where = Server("localhost", server.tls_port, Security.TLS, server.authority.ca_file)
            with pytest.raises(ConnectorError, match=words) as caught:
                connect(where, Login("alice", lambda: user.password))
            assert caught.value.remedy
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_a_missing_ca_file_is_named() -> None:
    with pytest.raises(ConnectorError, match=r"no-such\.pem"):
        connect(Server("localhost", 1, ca_file=Path("no-such.pem")), Login("a", lambda: "b"))


def test_nobody_there_is_temporary() -> None:
    with pytest.raises(TemporaryError):
        connect(Server("127.0.0.1", dovecot.free_port(), Security.PLAIN), Login("a", lambda: "b"))


def test_one_context_serves_all(account: Account) -> None:
    assert tls_context(None) is tls_context(None)
    assert tls_context(account.server.authority.ca_file) is tls_context(account.server.authority.ca_file)


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_a_token_logs_in(account: Account, mechanism: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if mechanism == "OAUTHBEARER":
        usual = IMAPClient.capabilities
        monkeypatch.setattr(
            IMAPClient, "capabilities", lambda self: tuple(word for word in usual(self) if word != b"AUTH=XOAUTH2")
        )
    token = FixedToken(jwt(account.server.oauth_key, account.user.name))
    where = Server("127.0.0.1", account.server.port, Security.PLAIN)
    connection = connect(where, Login(account.user.name, None, token))
    assert connection.features.idle
    connection.close()


def test_a_bad_token_is_a_login_error_that_does_not_show_it(account: Account, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = jwt(b"another key altogether, 32 bytes", account.user.name)
    where = Server("127.0.0.1", account.server.port, Security.PLAIN)
    with pytest.raises(AuthenticationError) as caught:
        connect(where, Login(account.user.name, None, FixedToken(token)))
    assert token not in str(caught.value)
    assert token not in caplog.text
    assert token not in repr(Login("a", None, FixedToken(token)))


def test_no_secret_in_the_log(account: Account, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    connect(Server("127.0.0.1", account.server.port, Security.PLAIN), login(account)).close()
    coded = base64.b64encode(f"\0{account.user.name}\0{account.user.password}".encode()).decode()
    assert account.user.password not in caplog.text
    assert coded not in caplog.text


def test_a_password_outside_of_ascii(account: Account) -> None:
    account.server.add_user("umlaut", password="pässwörd-日本")
    where = Server("127.0.0.1", account.server.port, Security.PLAIN)
    connect(where, Login("umlaut", lambda: "pässwörd-日本")).close()


def test_neither_password_nor_token(account: Account) -> None:
    with pytest.raises(AuthenticationError):
        connect(Server("127.0.0.1", account.server.port, Security.PLAIN), Login("a"))


def test_starttls_that_is_not_offered_is_no_reason_to_go_without() -> None:
    if not dovecot.available():
        pytest.skip("Dovecot is not installed (Debian: dovecot-imapd)")
    folder = Path(tempfile.mkdtemp(prefix="afterword-dovecot-"))
    try:
        server = Dovecot(folder)
        settings = folder / "dovecot.conf"
        settings.write_text(settings.read_text().replace("ssl = yes", "ssl = no", 1))
        with server:
            server.add_user("alice")
            with pytest.raises(UnsupportedError):
                connect(Server("127.0.0.1", server.port, Security.STARTTLS), Login("alice", lambda: "right horse"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
