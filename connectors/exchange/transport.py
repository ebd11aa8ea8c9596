"""The HTTP below exchangelib, in our bounds: bytes, time, TLS; and two repairs of what servers answer.

exchangelib takes its transport from a class attribute of the whole process, so what differs between accounts (the
authority of a certificate) is looked up by host. Nothing is followed to another address.
"""

import io
import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.response import HTTPResponse

from connectors.errors import AuthenticationError, TemporaryError
from connectors.web import tls_context
from connectors.web_errors import TooLarge, refusal

MOST_BYTES: Final = 48 * 1024 * 1024
"""Fifty items of the usual kind are a few megabytes; of more, fewer are asked for at once."""
_MEANT: Final = frozenset((200, 301, 302, 303, 307, 308, 401))
"""What exchangelib and the login understand; other answers without SOAP in them are a proxy's or web server's."""
_PIECE: Final = 64 * 1024
_FRACTION = re.compile(rb">(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d+(?=(?:Z|[+-]\d\d:\d\d)?<)")
"""xs:dateTime may have fraction digits, as many as it likes; exchangelib reads None where there are any."""

_NAMELESS = re.compile(
    rb'<(?:\w+:)?(?:Start|End)TimeZone(?:\s+(?:Id|Name)="")*\s*(?:/>|></(?:\w+:)?(?:Start|End)TimeZone>)'
)
"""A time zone without a name: exchangelib fails over it."""


@dataclass(slots=True)
class Limits:
    """Seconds for a connection, until the next byte, and for the whole exchange; bytes of an answer."""

    connect: float = 15.0
    silence: float = 60.0
    total: float = 180.0
    most_bytes: int = MOST_BYTES


LIMITS = Limits()
_AUTHORITIES: dict[str, Path] = {}
_LOGINS: dict[str, str] = {}
_SCHEMES = {"basic": ("basic",), "ntlm": ("ntlm", "negotiate"), "oauth": ("bearer",)}
"""What a login of the config needs the server to offer (RFC 9110 section 11.6.1)."""


def trust(host: str, ca_file: Path | None, auth: str = "") -> None:
    """Which authority, beside the system's, vouches for this host, and by which login it is gone to.

    Raises ConnectorError for an unusable file.
    """
    host = host.lower()
    _LOGINS[host] = auth
    if ca_file is None:
        _AUTHORITIES.pop(host, None)
        return
    tls_context(ca_file)
    _AUTHORITIES[host] = ca_file


class BoundedAdapter(HTTPAdapter):
    """requests' adapter, which has to be subclassed for exchangelib to use another transport at all."""

    def get_connection_with_tls_context(self, request: Any, verify: Any, proxies: Any = None, cert: Any = None) -> Any:
        """The connection pool of a host, with the authority that was named for it."""
        host = urlsplit(request.url).hostname or ""
        ca_file = _AUTHORITIES.get(host)
        if ca_file is None:
            return super().get_connection_with_tls_context(request, verify, proxies=proxies, cert=cert)
        parts = urlsplit(request.url)
        return self.poolmanager.connection_from_host(
            parts.hostname,
            parts.port or 443,
            parts.scheme,
            pool_kwargs={"ssl_context": tls_context(ca_file), "cert_reqs": ssl.CERT_REQUIRED},
        )

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """TLS is verified, always; a context of our own already says by what."""
        if urlsplit(url).hostname in _AUTHORITIES:
            return
        super().cert_verify(conn, url, verify or True, cert)

    def send(  # noqa: PLR0917 (requests' own signature)
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002
        timeout: Any = None,  # noqa: ARG002
        verify: Any = True,
        cert: Any = None,
        proxies: dict[str, str] | None = None,
    ) -> requests.Response:
        """The whole answer, read within the bounds. Raises TooLarge, ConnectorError, and as requests does."""
        ends = time.monotonic() + LIMITS.total
        response = super().send(
            request,
            stream=True,
            timeout=(LIMITS.connect, LIMITS.silence),
            verify=verify,
            cert=cert,
            proxies=proxies,
        )
        body = _read(response, ends)
        if response.status_code == requests.codes.unauthorized:
            _compare(urlsplit(str(request.url)).hostname or "", response.headers.get("WWW-Authenticate", ""))
        if response.status_code not in _MEANT and b"Envelope" not in body[:4096]:
            response.raw.release_conn()
            raise refusal(response.status_code, response.headers, "", "")
        connection = response.raw
        response.raw = HTTPResponse(
            body=io.BytesIO(body),
            headers=_unpacked_headers(response.headers),
            status=response.status_code,
            preload_content=False,
        )
        response.headers = requests.structures.CaseInsensitiveDict(_unpacked_headers(response.headers))
        connection.release_conn()
        return response


def _compare(host: str, offers: str) -> None:
    """Tell a login that the server does not have from one that it refuses. Raises AuthenticationError."""
    needed = _SCHEMES.get(_LOGINS.get(host, ""), ())
    offered = {name for name, words in _SCHEMES.items() if any(word in offers.lower() for word in words)}
    if needed and offered and _LOGINS[host] not in offered:
        ways = " or ".join(f'`auth = "{name}"`' for name in sorted(offered))
        raise AuthenticationError(f"the server has no login by {_LOGINS[host]}", remedy=f"set {ways}")


def _read(response: requests.Response, ends: float) -> bytes:
    body = bytearray()
    try:
        while True:
            piece = response.raw.read1(_PIECE, decode_content=True)
            if not piece:
                break
            body += piece
            if len(body) > LIMITS.most_bytes:
                response.close()
                raise TooLarge(f"the answer is larger than {LIMITS.most_bytes // 1024} KiB")
            if time.monotonic() > ends:
                response.close()
                raise TemporaryError("no whole answer in time")
    except ReadTimeoutError:
        raise TemporaryError("no answer in time") from None
    except (HTTPError, OSError):
        raise TemporaryError("the connection was cut") from None
    return _NAMELESS.sub(b"", _FRACTION.sub(rb">\1", bytes(body)))


def _unpacked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    left_out = ("content-encoding", "content-length", "transfer-encoding")
    return {name: value for name, value in headers.items() if name.lower() not in left_out}
