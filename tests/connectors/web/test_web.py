"""Bounds of one HTTP exchange, against servers that misbehave; and that nothing but the taxonomy comes out."""

import gzip
import inspect
import ssl
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler

import httpx
import pytest

from connectors.errors import (
    AuthenticationError,
    ConnectorError,
    ProtocolViolation,
    RateLimited,
    TemporaryError,
)
from connectors.web import Pace, Web, _kept_secure, is_secure, same_origin
from connectors.web_errors import TooLarge, meaning, refusal, retry_after
from tests.servers.certificates import Authority
from tests.servers.scripted_http import Asked, Scripted, reply, scripted

QUICK = Pace(connect=2, silence=0.3, total=0.8)


PATIENT = Pace(connect=10, silence=30, total=60)


def fetch(
    server: Scripted, path: str = "/", *, most: int = 100_000, pace: Pace = PATIENT, **web: object
) -> httpx.Response:
    client = Web("owner", same_origin, pace=pace, **web)  # type: ignore[arg-type] # test shorthand
    try:
        return client.fetch("GET", httpx.URL(server.url + path), operation="look", most_bytes=most)
    finally:
        client.close()


def test_a_plain_answer_comes_whole() -> None:
    with scripted(lambda asked, h: reply(h, "hello", ETag='"1"')) as server:
        response = fetch(server)
    assert (response.status_code, response.content, response.headers["ETag"]) == (200, b"hello", '"1"')


def test_gzip_is_unpacked() -> None:
    body = gzip.compress(b"x" * 50_000)
    with scripted(lambda asked, h: reply(h, body, Content_Encoding="gzip")) as server:
        assert fetch(server).content == b"x" * 50_000


def test_a_gzip_bomb_is_refused_early() -> None:
    body = gzip.compress(b"\0" * 200_000_000, 9)
    with (
        scripted(lambda asked, h: reply(h, body, Content_Encoding="gzip")) as server,
        pytest.raises(TooLarge, match="larger than 97 KiB"),
    ):
        fetch(server)


def test_ten_megabytes_are_too_many() -> None:
    with scripted(lambda asked, h: reply(h, b"x" * 10_000_000)) as server, pytest.raises(TooLarge):
        fetch(server)


@pytest.mark.parametrize(
    ("body", "encoding", "kind"),
    [
        (b"no gzip at all", "gzip", ProtocolViolation),
        (gzip.compress(b"abc" * 1000)[:-12], "gzip", TemporaryError),
        (b"abc", "br", ProtocolViolation),
    ],
)
def test_damaged_packing(body: bytes, encoding: str, kind: type[ConnectorError]) -> None:
    with scripted(lambda asked, h: reply(h, body, Content_Encoding=encoding)) as server, pytest.raises(kind):
        fetch(server)


def test_a_body_that_ends_too_early() -> None:
    def answer(asked: Asked, handler: BaseHTTPRequestHandler) -> None:
        reply(handler, b"abc", Content_Length="1000")
        handler.close_connection = True

    with scripted(answer) as server, pytest.raises(TemporaryError):
        fetch(server)


def test_silence_ends() -> None:
    with scripted(lambda asked, h: server.stopping.wait(5) and None) as server, pytest.raises(TemporaryError):
        fetch(server, pace=QUICK)


@pytest.mark.parametrize("where", ["headers", "body"])
def test_dripping_ends(where: str) -> None:
    def answer(asked: Asked, handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + (b"\r\n" if where == "body" else b""))
        while not server.stopping.wait(0.05):
            handler.wfile.write(b"X-A: b\r\n")
            handler.wfile.flush()

    with scripted(answer) as server, pytest.raises(TemporaryError, match="in time"):
        fetch(server, pace=QUICK)


def test_what_is_no_http() -> None:
    with (
        scripted(lambda asked, h: h.wfile.write(b"220 smtp ready\r\n") and None) as server,
        pytest.raises(TemporaryError),
    ):
        fetch(server)


def test_redirects_are_bounded() -> None:
    with (
        scripted(lambda asked, h: reply(h, status=302, Location="/again")) as server,
        pytest.raises(ProtocolViolation, match="more than 5 redirects"),
    ):
        fetch(server)
    assert len(server.asked) == 6


def test_the_login_never_follows_to_another_host() -> None:
    with scripted(lambda asked, h: reply(h, "caught")) as other:
        where = other.url.replace("127.0.0.1", "localhost")
        with (
            scripted(lambda asked, h: reply(h, status=302, Location=where)) as server,
            pytest.raises(ProtocolViolation, match="is not followed"),
        ):
            fetch(server, auth=httpx.BasicAuth("me", "secret"))
    assert other.asked == []


def test_digest_login() -> None:
    def answer(asked: Asked, handler: BaseHTTPRequestHandler) -> None:
        if asked.headers.get("Authorization", "").startswith("Digest "):
            reply(handler, "in")
        else:
            challenge = 'Digest realm="r", nonce="abc", qop="auth", algorithm=MD5'
            reply(handler, b"no" * 100_000, status=401, WWW_Authenticate=challenge)

    with scripted(answer) as server:
        assert fetch(server, auth=httpx.DigestAuth("me", "secret")).content == b"in"


def test_certificates_are_verified() -> None:
    with scripted(lambda asked, h: reply(h)) as server:
        url = httpx.URL(server.url.replace("http://", "https://"))
        client = Web("owner", same_origin, pace=PATIENT)
        with pytest.raises(ConnectorError):
            client.fetch("GET", url, operation="look", most_bytes=100)


def test_a_missing_authority_file_is_named(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("ca")
    client = Web("owner", same_origin, ca_file=folder / "none.pem")
    with pytest.raises(ConnectorError, match=r"none\.pem"):
        client.fetch("GET", httpx.URL("https://127.0.0.1:1/"), operation="look", most_bytes=100)
    client = Web("owner", same_origin, ca_file=Authority(folder).ca_file)
    with pytest.raises(TemporaryError):
        client.fetch("GET", httpx.URL("https://127.0.0.1:1/"), operation="look", most_bytes=100)


def test_every_exception_of_httpx_has_a_meaning() -> None:
    classes = [c for _, c in inspect.getmembers(httpx, inspect.isclass) if issubclass(c, Exception)]
    assert len(classes) > 20
    missing = [c.__name__ for c in classes if meaning.dispatch(c) is meaning.dispatch(object)]
    assert missing == []


def test_every_exception_of_tls_has_a_meaning() -> None:
    classes = [c for _, c in inspect.getmembers(ssl, inspect.isclass) if issubclass(c, Exception)]
    assert [c.__name__ for c in classes if meaning.dispatch(c) is meaning.dispatch(object)] == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, AuthenticationError),
        (403, AuthenticationError),
        (404, ConnectorError),
        (429, RateLimited),
        (500, TemporaryError),
        (503, TemporaryError),
        (418, ProtocolViolation),
    ],
)
def test_statuses(status: int, kind: type[ConnectorError]) -> None:
    error = refusal(status, {}, "owner", "look")
    assert type(error) is kind


def test_retry_after_is_read_and_bounded() -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert retry_after("120", now) == timedelta(minutes=2)
    assert retry_after("Mon, 23 Nov 2026 12:10:00 GMT", now) == timedelta(minutes=10)
    assert retry_after("99999999", now) == timedelta(days=1)
    assert retry_after("soon", now) is None


@pytest.mark.parametrize(
    ("target", "followed"),
    [
        ("http://dav.example.com/x", "https://dav.example.com:8443/x"),
        ("http://dav.example.com:8080/x", "http://dav.example.com:8080/x"),
        ("http://evil.example.com/x", "http://evil.example.com/x"),
        ("https://dav.example.com/x", "https://dav.example.com/x"),
    ],
)
def test_https_stays_https_on_the_same_host(target: str, followed: str) -> None:
    assert str(_kept_secure(httpx.URL("https://dav.example.com:8443/"), httpx.URL(target))) == followed


@pytest.mark.parametrize(
    ("url", "allowed", "secure"),
    [
        ("https://cal.example.com/", False, True),
        ("http://cal.example.com/", True, False),
        ("http://127.0.0.1:80/", True, True),
        ("http://127.0.0.1:80/", False, False),
        ("http://localhost.evil.example/", True, False),
    ],
)
def test_what_is_secure(url: str, allowed: bool, secure: bool) -> None:
    assert is_secure(httpx.URL(url), allow_loopback=allowed) is secure
