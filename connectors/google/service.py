"""Calls to Google's API: one door through which every request goes, counted and held to the list of permissions."""

import http.client
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httplib2
from google_auth_httplib2 import AuthorizedHttp, Request  # type: ignore[import-untyped]  # it ships no types
from googleapiclient.discovery import build_from_document
from googleapiclient.discovery_cache import get_static_doc
from googleapiclient.http import BatchHttpRequest, HttpRequest

from connectors.errors import ConnectorError, ProtocolViolation, RateLimited, UnsupportedError
from connectors.google.credentials import StoredCredentials
from connectors.google.errors import NotFound, translate, translated
from connectors.google.permissions import METHODS
from connectors.web import is_this_machine

TIMEOUT_SECONDS = 30
BATCH = 25
"""Google advises against more than 50 calls in one batch, and refuses some where too many come at once."""

Json = Mapping[str, Any]


@dataclass(slots=True)
class Usage:
    """What was spent since the port was opened. Bytes are those of bodies, unpacked."""

    requests: int = 0
    renewals: int = 0
    sent: int = 0
    received: int = 0
    units: int = 0
    """Quota units of Gmail; for Calendar, requests."""

    def told(self) -> Mapping[str, int]:
        """The same by name, for `status`."""
        return {"requests": self.requests, "bytes": self.sent + self.received, "quota units": self.units}


class _OnceTls(httplib2.HTTPSConnectionWithTimeout):  # type: ignore[misc]  # httplib2 has no types
    """httplib2 sends a request again whose answer was cut off, also a writing one; an OSError it lets through."""

    def getresponse(self) -> Any:
        """As http.client.HTTPConnection. Raises ConnectionResetError where the answer did not come."""
        with _cut_is_an_oserror():
            return super().getresponse()


class _OncePlain(httplib2.HTTPConnectionWithTimeout):  # type: ignore[misc]  # as above
    """The same without TLS, to this very machine."""

    def getresponse(self) -> Any:
        """As http.client.HTTPConnection. Raises ConnectionResetError where the answer did not come."""
        with _cut_is_an_oserror():
            return super().getresponse()


@contextmanager
def _cut_is_an_oserror() -> Iterator[None]:
    try:
        yield
    except http.client.BadStatusLine:
        raise ConnectionResetError("the connection was cut") from None


class Wire:
    """httplib2.Http in a guard: only Google's hosts (or the endpoint given), no redirects, everything counted.

    What writes is sent exactly once, on a connection of its own: one that was kept may have gone stale.
    """

    def __init__(self, usage: Usage, hosts: frozenset[str], token_uri: str) -> None:
        self._reading, self._writing = (httplib2.Http(timeout=TIMEOUT_SECONDS) for _ in range(2))
        self._reading.follow_redirects = self._writing.follow_redirects = False
        self._usage = usage
        self._hosts = hosts
        self._token_uri = token_uri

    def request(self, uri: str, method: str = "GET", body: Any = None, headers: Any = None, **rest: Any) -> Any:
        """As httplib2.Http.request. Raises UnsupportedError for an address that nothing should go to."""
        parts = urlsplit(uri)
        if parts.scheme != "https" and not is_this_machine(parts.hostname or ""):
            raise UnsupportedError("an address without TLS is not used")
        if uri != self._token_uri and parts.hostname not in self._hosts:
            raise UnsupportedError("an address that is not Google's is not used")
        if method == "GET":
            response, content = self._reading.request(uri, method, body=body, headers=headers, **rest)
        else:
            rest["connection_type"] = _OnceTls if parts.scheme == "https" else _OncePlain
            try:
                response, content = self._writing.request(uri, method, body=body, headers=headers, **rest)
            finally:
                self._writing.close()
        if uri == self._token_uri:
            self._usage.renewals += 1
        else:
            self._usage.requests += 1
            self._usage.sent += len(body or b"")
            self._usage.received += len(content)
        return response, content

    def close(self) -> None:
        """Let go of connections; further requests open new ones."""
        self._reading.close()


class Api:
    """Gmail and Calendar of one login. Not for several threads at once."""

    def __init__(
        self,
        credentials: StoredCredentials,
        *,
        account: str = "",
        endpoint: str = "",
        batch: int = BATCH,
    ) -> None:
        """`endpoint` stands in for Google's own root addresses; `batch` 1 asks one by one."""
        self._account = account
        self._endpoint = endpoint.rstrip("/") + "/" if endpoint else ""
        self._batch = batch
        self._credentials = credentials
        self.usage = Usage()
        hosts = frozenset({urlsplit(endpoint).hostname or ""} if endpoint else _google_hosts())
        self._wire = Wire(self.usage, hosts, credentials.token_uri)
        self._http = AuthorizedHttp(credentials, http=self._wire)

    @cached_property
    def users(self) -> Any:
        """`gmail.users` of the discovery document."""
        return self._built("gmail", "v1").users()

    @cached_property
    def calendar(self) -> Any:
        """The Calendar API of the discovery document."""
        return self._built("calendar", "v3")

    def granted(self, scope: str) -> bool:
        """Whether the login is for this, too; False until the first request was made."""
        return scope in self._credentials.granted

    def call(self, operation: str, request: HttpRequest) -> Json:
        """Send one request. Raises ConnectorError; NotFound for 404."""
        with translated(self._account, operation):
            self._spend(request)
            answer = request.execute(num_retries=0)
            if answer == "":
                return {}
            if not isinstance(answer, dict):
                raise ProtocolViolation("the answer is no JSON object")
            return answer

    def gather(self, operation: str, requests: Sequence[HttpRequest]) -> list[Json | None]:
        """Answers in order, in batches; None for what is not found (404). Raises ConnectorError."""
        if self._batch < 2 or len(requests) < 2:
            return [self._one(operation, request) for request in requests]
        found: list[Json | None] = []
        for start in range(0, len(requests), self._batch):
            found += self._gathered(operation, requests[start : start + self._batch])
        return found

    def close(self) -> None:
        """Let go of connections."""
        self._wire.close()

    def _one(self, operation: str, request: HttpRequest) -> Json | None:
        try:
            return self.call(operation, request)
        except NotFound:
            return None

    def _gathered(self, operation: str, requests: Sequence[HttpRequest]) -> list[Json | None]:
        answers: dict[str, Json | ConnectorError] = {}

        def take(key: str, answer: Any, error: Exception | None) -> None:
            answers[key] = answer if error is None else translate(error, self._account, operation)

        batch = BatchHttpRequest(callback=take, batch_uri=f"{self._root('gmail', 'v1')}batch")
        for index, request in enumerate(requests):
            self._spend(request)
            batch.add(request, request_id=str(index))
        with translated(self._account, operation):
            # The batch would renew the login on a connection of its own, past the counter and the guard.
            if not self._credentials.valid:
                self._credentials.refresh(Request(self._wire))
            batch.execute(http=self._http)
        return [self._settled(operation, request, answers[str(index)]) for index, request in enumerate(requests)]

    def _settled(self, operation: str, request: HttpRequest, answer: Json | ConnectorError) -> Json | None:
        if isinstance(answer, NotFound):
            return None
        if isinstance(answer, RateLimited):
            # Refused for coming with too many others: alone it may pass.
            return self._one(operation, request)
        if isinstance(answer, ConnectorError):
            raise answer
        return answer

    def _spend(self, request: HttpRequest) -> None:
        method = METHODS.get(request.methodId)
        if method is None:
            raise UnsupportedError(f"{request.methodId} is not among the methods that are ever used")
        self.usage.units += method.units

    def _root(self, name: str, version: str) -> str:
        return self._endpoint or str(_document(name, version)["rootUrl"])

    def _built(self, name: str, version: str) -> Any:
        document = {**_document(name, version), "rootUrl": self._root(name, version)}
        with translated(self._account, "open"):
            return build_from_document(document, http=self._http)


def _document(name: str, version: str) -> dict[str, Any]:
    text = get_static_doc(name, version)
    if text is None:
        raise UnsupportedError(f"google-api-python-client has no discovery document of {name} {version}")
    found: dict[str, Any] = json.loads(text)
    return found


def _google_hosts() -> set[str]:
    return {"gmail.googleapis.com", "www.googleapis.com"}
