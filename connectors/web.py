"""One HTTP exchange with bounds: bytes, total time, redirects. TLS is verified, always.

Compressed answers are unpacked piece by piece under the same bound, so that a small bomb stays small. Nothing is read
from a .netrc or kept as a cookie.
"""

import ipaddress
import logging
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from connectors.errors import ConnectorError, ProtocolViolation, TemporaryError
from connectors.web_errors import TooLarge, translated

REDIRECTS: Final = 5
CONNECT_SECONDS: Final = 15.0
SILENCE_SECONDS: Final = 30.0
TOTAL_SECONDS: Final = 120.0
_PIECE: Final = 64 * 1024
_GZIP_OR_ZLIB: Final = 47
"""wbits of zlib: 32 to tell the format by its head, 15 for the largest window."""
_CUT_ERROR_BODY: Final = 64 * 1024
"""Of an answer that is an error nothing longer than this is of interest."""

for _name in ("httpx", "httpcore"):
    # httpx logs each address at INFO, and some addresses are secrets.
    logging.getLogger(_name).setLevel(logging.WARNING)

Follow = Callable[[httpx.URL, httpx.URL], bool]


@dataclass(frozen=True, slots=True)
class Pace:
    """How long is waited, in seconds: for a connection, for the next byte, for the whole exchange."""

    connect: float = CONNECT_SECONDS
    silence: float = SILENCE_SECONDS
    total: float = TOTAL_SECONDS


@dataclass(slots=True)
class Web:
    """An HTTP client for one account. `follow` says whether a redirect may be followed, from where to where."""

    account: str
    follow: Follow
    auth: httpx.Auth | None = None
    ca_file: Path | None = None
    pace: Pace = field(default_factory=Pace)
    _client: httpx.Client | None = None
    _stream: object = None

    def fetch(
        self,
        method: str,
        url: httpx.URL,
        *,
        operation: str,
        most_bytes: int,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        """The answer, wholly read and unpacked, whatever its status.

        Raises TooLarge, ProtocolViolation for a redirect that may not be followed, TemporaryError and ConnectorError
        as `web_errors` says. The method and the body stay the same across redirects (RFC 4918 has no other use).
        """
        bounds = _Bounds(most_bytes, time.monotonic() + self.pace.total, self.account, operation)
        with translated(self.account, operation):
            for _ in range(REDIRECTS + 1):
                request = self._open().build_request(method, url, headers=dict(headers or {}), content=content)
                response = self._authenticated(request, bounds)
                location = response.headers.get("Location")
                if response.status_code not in (301, 302, 303, 307, 308) or not location:
                    return response
                target = _kept_secure(url, url.join(location))
                if not self.follow(url, target):
                    what = f"a redirect from {url.host} to {target.scheme}://{target.host} is not followed"
                    raise bounds.fault(ProtocolViolation, what, "if you trust it, put that address into the config")
                url = target
            raise bounds.fault(ProtocolViolation, f"more than {REDIRECTS} redirects", "check the address in the config")

    def close(self) -> None:
        """Let go of connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _open(self) -> httpx.Client:
        if self._client is None:
            self._client = httpx.Client(
                verify=tls_context(self.ca_file),
                timeout=httpx.Timeout(self.pace.silence, connect=self.pace.connect),
                limits=httpx.Limits(max_connections=2, max_keepalive_connections=1, keepalive_expiry=60),
                headers={"User-Agent": "afterword", "Accept-Encoding": "gzip"},
                follow_redirects=False,
            )
        return self._client

    def _authenticated(self, request: httpx.Request, bounds: "_Bounds") -> httpx.Response:
        # The flow is driven here and not by httpx, which would read the refusal in between without a bound.
        flow: Generator[httpx.Request, httpx.Response, None] = (self.auth or httpx.Auth()).auth_flow(request)
        try:
            request = next(flow)
            while True:
                response = self._exchange(request, bounds)
                try:
                    request = flow.send(response)
                except StopIteration:
                    return response
        finally:
            flow.close()

    def _exchange(self, request: httpx.Request, bounds: "_Bounds") -> httpx.Response:
        client = self._open()
        client.cookies.clear()
        request.extensions = {**request.extensions, "trace": self._trace}
        with bounds.watched(lambda: self._stream):
            response = client.send(request, stream=True, auth=httpx.Auth(), follow_redirects=False)
            try:
                body = _body(response, bounds)
            finally:
                response.close()
        kept = [(k, v) for k, v in response.headers.raw if k.lower() not in _NOT_KEPT]
        return httpx.Response(response.status_code, headers=kept, content=body, request=request)

    def _trace(self, event: str, info: Mapping[str, object]) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._stream = info.get("return_value")


_NOT_KEPT: Final = frozenset({b"content-encoding", b"content-length", b"transfer-encoding", b"set-cookie"})


@dataclass(frozen=True, slots=True)
class _Bounds:
    """Of one exchange: how many bytes, until when (`time.monotonic`); and where it happens, for errors."""

    most_bytes: int
    ends: float
    account: str
    operation: str

    def fault(self, kind: type[ConnectorError], what: str, remedy: str = "") -> ConnectorError:
        return kind(what, account=self.account, operation=self.operation, remedy=remedy)

    def late(self) -> ConnectorError:
        return self.fault(TemporaryError, "no whole answer in time")

    @contextmanager
    def watched(self, stream: Callable[[], object]) -> Iterator[None]:
        """Break the connection once the time is over: a server that drips byte by byte never falls silent."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise self.late()
        broken = threading.Event()

        def cut() -> None:
            broken.set()
            found = getattr(stream(), "get_extra_info", lambda _: None)("socket")
            if isinstance(found, socket.socket):
                with suppress(OSError):
                    socket.socket.shutdown(found, socket.SHUT_RDWR)

        timer = threading.Timer(left, cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        except httpx.TransportError:
            if not broken.is_set():
                raise
        finally:
            timer.cancel()
        if broken.is_set():
            raise self.late()


def _body(response: httpx.Response, bounds: _Bounds) -> bytes:
    failed = response.status_code >= 300
    most = min(bounds.most_bytes, _CUT_ERROR_BODY) if failed else bounds.most_bytes
    body = bytearray()
    for piece in _unpacked(response, bounds):
        body += piece
        if len(body) > most:
            if failed:
                return bytes(body[:most])
            raise bounds.fault(TooLarge, f"the answer is larger than {most // 1024} KiB")
        if time.monotonic() > bounds.ends:
            raise bounds.late()
    return bytes(body)


def _unpacked(response: httpx.Response, bounds: _Bounds) -> Iterator[bytes]:
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if coding in ("", "identity"):
        yield from response.iter_raw()
        return
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise bounds.fault(ProtocolViolation, "the answer is packed in a way that was not asked for")
    unpacker = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        for raw in response.iter_raw():
            rest = raw
            while rest:
                yield unpacker.decompress(rest, _PIECE)
                rest = unpacker.unconsumed_tail
    except zlib.error:
        raise bounds.fault(ProtocolViolation, "the packed answer is damaged") from None
    if not unpacker.eof:
        raise bounds.fault(TemporaryError, "the packed answer ends too early")


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Verified, TLS 1.2 or later; the system's authorities, and those of `ca_file` beside them.

    Raises ConnectorError if the file cannot be used.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError):
            msg = f"the ca_file {ca_file} cannot be read"
            raise ConnectorError(msg, remedy="name a PEM file with the authority's certificate") from None
    return context


def _kept_secure(asked: httpx.URL, target: httpx.URL) -> httpx.URL:
    """A redirect of https to http on the same host is followed as https.

    A server behind a proxy that ends TLS writes such ones (Nextcloud without `overwriteprotocol`: its admin manual).
    """
    if asked.scheme == "https" and target.scheme == "http" and target.host == asked.host and target.port is None:
        return target.copy_with(scheme="https", port=asked.port)
    return target


def is_secure(url: httpx.URL, *, allow_loopback: bool) -> bool:
    """Whether it is https, or http to this very machine where that is allowed."""
    return url.scheme == "https" or (allow_loopback and url.scheme == "http" and is_this_machine(url.host))


def is_this_machine(host: str) -> bool:
    """Whether a host name or address literal is loopback."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    """RFC 6454: scheme, host and port are equal."""
    return (one.scheme, one.host, _port(one)) == (other.scheme, other.host, _port(other))


def _port(url: httpx.URL) -> int | None:
    return url.port or {"https": 443, "http": 80}.get(url.scheme)
