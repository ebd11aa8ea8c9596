"""What time a server thinks it is; and where a typed password goes."""

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail
from keyring.errors import PasswordSetError

from config.errors import SecretError
from config.load import parse_account
from config.secrets import SecretRef, resolve
from daemon.setup.clocks import hosts_of, server_time
from daemon.setup.keeping import keep, unkeep
from tests.servers.certificates import Authority

CONFIG = """\
[owner]
name = "Ada Example"
addresses = ["ada@example.org"]
timezone = "UTC"
[mailbox]
kind = "imap"
host = "imap.example.org"
password = "env:MAIL"
[[calendars]]
kind = "caldav"
url = "https://dav.example.org:8443/ada/"
password = "env:MAIL"
[[calendars]]
kind = "caldav"
url = "http://localhost:5232/"
allow_insecure = true
password = "env:MAIL"
[[calendars]]
kind = "ics_url"
url = "env:SECRET_ADDRESS"
"""


class _Late(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_response_only(404)
        self.send_header("Date", "Fri, 20 Nov 2026 11:00:00 GMT")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the parent's name)
        """Quiet."""


def test_only_hosts_that_speak_https_and_stand_in_the_configuration_are_asked(tmp_path: Path) -> None:
    config = parse_account(CONFIG, tmp_path / "ada.toml")
    assert list(hosts_of(config)) == ["dav.example.org:8443"]


def test_a_server_s_time_is_its_date_whatever_it_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(tmp_path)
    leaf = authority.issue("server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf.certificate, leaf.key)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Late) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        host = f"127.0.0.1:{server.server_address[1]}"
        unknown = server_time(host)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
        monkeypatch.setenv("NO_PROXY", "*")
        known = server_time(host)
        server.shutdown()
        thread.join()
    assert unknown is None
    assert known == datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
    assert server_time(host) is None


class _Memory(KeyringBackend):
    priority = 1.0

    def __init__(self, *, locked: bool = False) -> None:
        super().__init__()
        self._kept: dict[tuple[str, str], str] = {}
        self._locked = locked

    def get_password(self, service: str, username: str) -> str | None:
        return self._kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self._locked:
            raise PasswordSetError
        self._kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self._kept[service, username]


@pytest.fixture
def restored() -> Iterator[None]:
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


@pytest.mark.usefixtures("restored")
def test_a_password_goes_into_the_keyring_and_comes_back_by_its_reference(tmp_path: Path) -> None:
    keyring.set_keyring(_Memory())
    ref = keep("right horse", user="ada@example.org", purpose="mail", folder=tmp_path)
    assert ref == "keyring:afterword-mail/ada@example.org"
    assert resolve(SecretRef.parse(ref)).reveal() == "right horse"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("backend", [fail.Keyring(), _Memory(locked=True)], ids=["none", "locked"])
def test_without_a_keyring_it_goes_into_a_file_of_the_owner_s_alone(tmp_path: Path, backend: KeyringBackend) -> None:
    keyring.set_keyring(backend)
    ref = keep("right horse", user="a/../b", purpose="mail", folder=tmp_path)
    assert resolve(SecretRef.parse(ref, tmp_path)).reveal() == "right horse"
    (kept,) = (tmp_path / "secrets").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    with pytest.raises(SecretError):
        keep("right horse", user="ada", purpose="mail", folder=tmp_path, where="keyring")


def test_what_was_kept_for_an_owner_is_removed_and_nothing_else(tmp_path: Path) -> None:
    keep("right horse", user="ada@example.org", purpose="mail", folder=tmp_path, where="file")
    keep("ntfys://ntfy.example/x", user="ada@example.org", purpose="notify", folder=tmp_path, where="file")
    keep("hers", user="bea@example.org", purpose="mail", folder=tmp_path, where="file")
    (tmp_path / "secrets" / "my-own").write_text("put here by hand")
    gone = unkeep(user="ada@example.org", folder=tmp_path)
    assert gone == ("file:secrets/ada@example.org-mail", "file:secrets/ada@example.org-notify")
    assert sorted(path.name for path in (tmp_path / "secrets").iterdir()) == ["bea@example.org-mail", "my-own"]
