"""One WebDAV request and its answer: the caldav library above, bounded HTTP below."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import httpx
from caldav.davclient import DAVClient

from connectors.caldav import multistatus
from connectors.caldav.errors import TokenExpired, translated
from connectors.caldav.login import Login
from connectors.caldav.multistatus import MultiStatus
from connectors.errors import ConnectorError, ProtocolViolation, TemporaryError
from connectors.quirks_dav import is_partition
from connectors.web import Pace, Web, is_secure, same_origin
from connectors.web_errors import refusal

WELL_KNOWN: Final = "/.well-known/caldav"
"""RFC 6764 section 5."""
MOST_BYTES: Final = 32 * 1024 * 1024
_XML: Final = "application/xml; charset=utf-8"


class NotFound(ConnectorError):
    """Nothing is at this address of the server; another one may be right."""


class ServerFault(TemporaryError):
    """The server failed over this very question (500); a smaller one may be answered."""


@dataclass(slots=True)
class Wire:
    """Requests to one server with one login. The login goes to that server alone, and to iCloud's partitions."""

    name: str
    """Of the calendar in the config."""
    server: httpx.URL
    login: Login
    account: str = ""
    ca_file: Path | None = None
    allow_loopback_http: bool = False
    pace: Pace = field(default_factory=Pace)
    _adopted: list[httpx.URL] = field(default_factory=list)
    _web: Web | None = None
    _session: "_Session | None" = None
    _client: DAVClient | None = None

    @property
    def where(self) -> str:
        """For errors: the account and the calendar."""
        return f"{self.account}, {self.name}" if self.account else self.name

    def ask(self, method: str, url: httpx.URL, body: bytes, *, depth: int | None, operation: str) -> MultiStatus:
        """PROPFIND or REPORT. `depth` None leaves the header out (calendar-multiget, RFC 4791 section 7.9).

        Raises NotFound, TokenExpired, and what `caldav.errors` and `web_errors` map to.
        """
        self._refuse_strangers(url, operation)
        headers = {"Content-Type": _XML}
        if depth is not None:
            headers["Depth"] = str(depth)
        with translated(self.where, operation):
            library, session = self._library()
            session.operation = operation
            response = library.request(str(url), method, body.decode(), headers)
            status = int(response.status)
            if status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.GONE):
                msg = f"nothing is found at {url.path} ({status})"
                raise NotFound(msg, account=self.where, operation=operation, remedy="check `url` in the config")
            if status not in (HTTPStatus.OK, HTTPStatus.MULTI_STATUS):
                if "valid-sync-token" in str(response.raw)[:4096]:
                    msg = "the sync token has expired"
                    raise TokenExpired(msg, account=self.where, operation=operation)
                if status == HTTPStatus.INTERNAL_SERVER_ERROR:
                    msg = "the server answers with an error (500)"
                    raise ServerFault(msg, account=self.where, operation=operation)
                raise refusal(status, response.headers, self.where, operation)
            return multistatus.read(response.tree, session.answered or url)

    def join(self, base: httpx.URL, href: str, operation: str) -> httpx.URL:
        """The address that an href means; one on another server is refused."""
        with translated(self.where, operation):
            url = base.join(href)
        self._refuse_strangers(url, operation)
        return url

    def adopt(self, url: httpx.URL) -> bool:
        """Trust a host within the configured domain, to which its well-known address leads (RFC 6764 section 8)."""
        if url.scheme != "https" or not url.host.endswith(f".{self.server.host}"):
            return False
        self._adopted.append(url)
        return True

    def trusts(self, url: httpx.URL) -> bool:
        """Whether the login may go there."""
        if not is_secure(url, allow_loopback=self.allow_loopback_http):
            return False
        return is_partition(self.server, url) or any(same_origin(url, known) for known in (self.server, *self._adopted))

    def close(self) -> None:
        """Let go of connections."""
        if self._web is not None:
            self._web.close()
        self._web = self._session = self._client = None

    def _refuse_strangers(self, url: httpx.URL, operation: str) -> None:
        if not self.trusts(url):
            msg = f"the server leads to {url.scheme}://{url.host}, and the login does not go there"
            raise ProtocolViolation(
                msg, account=self.where, operation=operation, remedy="if you trust it, set `url` to that address"
            )

    def _may_follow(self, asked: httpx.URL, to: httpx.URL) -> bool:
        return self.trusts(to) or (asked.path == WELL_KNOWN and self.adopt(to))

    def _library(self) -> tuple[DAVClient, "_Session"]:
        if self._client is None or self._session is None:
            self._web = Web(self.where, self._may_follow, auth=self.login, ca_file=self.ca_file, pace=self.pace)
            client: Any = DAVClient(url=str(self.server), enable_rfc6764=False)
            client.session.close()
            client.session = self._session = _Session(self._web)
            self._client = client
        return self._client, self._session


@dataclass(slots=True)
class _Session:
    """What DAVClient asks of its HTTP session. The login, redirects and bounds are Web's."""

    web: Web
    operation: str = ""
    """What is being done, for errors."""
    answered: httpx.URL | None = None
    """Where the last answer came from, after redirects: its hrefs are relative to that."""

    def request(
        self, method: str, url: str, *, data: bytes = b"", headers: Mapping[str, str] | None = None, **_: Any
    ) -> httpx.Response:
        response = self.web.fetch(
            method, httpx.URL(url), operation=self.operation, most_bytes=MOST_BYTES, headers=headers, content=data
        )
        self.answered = response.request.url
        if response.is_success and b"multistatus" not in response.content[:4096]:
            msg = "what came is no WebDAV answer"
            raise ProtocolViolation(msg, remedy="check `url`: is this the CalDAV address?")
        # The library logs the body of what claims to be XML and is not; the owner's events belong in no log.
        response.headers["Content-Type"] = "text/plain"
        return response

    def close(self) -> None:
        self.web.close()
