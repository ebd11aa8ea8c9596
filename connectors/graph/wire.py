"""Requests to Graph: one door through which each goes, counted, bounded, and held to the list of what is allowed.

Source: https://learn.microsoft.com/en-us/graph/use-the-api, /graph/json-batching, /graph/outlook-immutable-id.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx

from connectors.errors import AuthenticationError, ConnectorError, ProtocolViolation, TemporaryError, UnsupportedError
from connectors.graph.errors import error_code, graph_error
from connectors.graph.requests_allowed import permission_for
from connectors.web import Pace, Web, is_secure, same_origin

ENDPOINT = "https://graph.microsoft.com/v1.0/"
MOST_BYTES = 8 * 1024 * 1024
BATCH = 20
"""Graph takes no more requests in one batch."""
MOST_PAGES = 400
_PREFER = 'IdType="ImmutableId"'

Json = Mapping[str, Any]


class Tokens(Protocol):
    """Where access tokens come from."""

    def access_token(self, *, renew: bool = False) -> str:
        """One that is good now; with `renew` a new one, as the last was refused. Raises ConnectorError."""
        ...


@dataclass(slots=True)
class Usage:
    """What was spent since the port was opened. Bytes are those of bodies, unpacked."""

    requests: int = 0
    sent: int = 0
    received: int = 0


@dataclass(frozen=True, slots=True)
class Ask:
    """One request of a batch. `path` is relative to the version's root, query included."""

    path: str
    method: str = "GET"
    body: Json | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Graph:
    """Graph for one login. Not for several threads at once."""

    def __init__(
        self,
        tokens: Tokens,
        *,
        account: str = "",
        endpoint: str = ENDPOINT,
        ca_file: Path | None = None,
        pace: Pace | None = None,
    ) -> None:
        """`endpoint` ends in the version; http is possible to this very machine only. Opens nothing yet."""
        self.account = account
        self.usage = Usage()
        self._tokens = tokens
        self._root = httpx.URL(endpoint.rstrip("/") + "/")
        if not is_secure(self._root, allow_loopback=True):
            raise UnsupportedError("an address without TLS is not used", account=account, operation="open")
        self._web = Web(account, same_origin, ca_file=ca_file, pace=pace or Pace())

    def call(
        self,
        operation: str,
        method: str,
        path: str,
        body: Json | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        """One request; `path` is relative, or a link that Graph gave. Raises ConnectorError, NotFound for 404."""
        url = self._url(path, operation)
        self._permit(method, url, operation)
        answer = self._exchange(operation, method, url, body, headers)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            answer = self._exchange(operation, method, url, body, headers, renew=True)
        content = self._json(answer, operation)
        if not answer.is_success:
            raise graph_error(
                answer.status_code, error_code(content), answer.headers, account=self.account, operation=operation
            )
        if not isinstance(content, dict):
            raise self._violation(operation, "the answer is no JSON object")
        return content

    def pages(self, operation: str, path: str, headers: Mapping[str, str] | None = None) -> Iterator[Json]:
        """Every page of a collection. Raises ConnectorError."""
        yield from self.further(operation, self.call(operation, "GET", path, headers=headers), headers)

    def further(self, operation: str, page: Json, headers: Mapping[str, str] | None = None) -> Iterator[Json]:
        """This page of a collection and those after it. Raises ConnectorError."""
        for _ in range(MOST_PAGES):
            yield page
            link = page.get("@odata.nextLink")
            if not isinstance(link, str) or not link:
                return
            page = self.call(operation, "GET", link, headers=headers)
        raise self._violation(operation, f"more than {MOST_PAGES} pages")

    def batch(self, operation: str, asks: Sequence[Ask], *, in_order: bool = False) -> list[Json | ConnectorError]:
        """What each request was answered, in order; an answer that is no success is its exception, not raised.

        `in_order`: each begins when the one before has ended. Raises ConnectorError for a batch that fails as a whole.
        """
        found: list[Json | ConnectorError] = []
        for start in range(0, len(asks), BATCH):
            found += self._batch(operation, asks[start : start + BATCH], in_order=in_order)
        return found

    def gather(self, operation: str, asks: Sequence[Ask], *, in_order: bool = False) -> list[Json]:
        """As `batch`, but the first failure is raised."""
        found: list[Json] = []
        for answer in self.batch(operation, asks, in_order=in_order):
            if isinstance(answer, ConnectorError):
                raise answer
            found.append(answer)
        return found

    def close(self) -> None:
        """Let go of connections; further requests open new ones."""
        self._web.close()

    def _batch(self, operation: str, asks: Sequence[Ask], *, in_order: bool) -> list[Json | ConnectorError]:
        requests: list[dict[str, Any]] = []
        for number, ask in enumerate(asks):
            self._permit(ask.method, self._url(ask.path, operation), operation)
            headers = {"Prefer": _PREFER, **ask.headers}
            one: dict[str, Any] = {"id": str(number), "method": ask.method, "url": f"/{ask.path}", "headers": headers}
            if ask.body is not None:
                headers["Content-Type"] = "application/json"
                one["body"] = ask.body
            if in_order and number:
                one["dependsOn"] = [str(number - 1)]
            requests.append(one)
        answer = self.call(operation, "POST", "$batch", {"requests": requests})
        listed = answer.get("responses")
        by_id = (
            {str(each.get("id")): each for each in listed if isinstance(each, dict)} if isinstance(listed, list) else {}
        )
        return [self._answered(operation, by_id.get(str(number))) for number in range(len(asks))]

    def _answered(self, operation: str, one: Json | None) -> Json | ConnectorError:
        if one is None or not isinstance(one.get("status"), int):
            return self._violation(operation, "the batch answer lacks one of its parts")
        body, headers = one.get("body"), one.get("headers")
        if 200 <= one["status"] < 300:
            return body if isinstance(body, dict) else {}
        told = {str(name): str(value) for name, value in headers.items()} if isinstance(headers, dict) else {}
        return graph_error(one["status"], error_code(body), told, account=self.account, operation=operation)

    def _exchange(
        self,
        operation: str,
        method: str,
        url: httpx.URL,
        body: Json | None,
        headers: Mapping[str, str] | None,
        *,
        renew: bool = False,
    ) -> httpx.Response:
        sent = {
            "Authorization": f"Bearer {self._tokens.access_token(renew=renew)}",
            "Accept": "application/json",
            "Prefer": _PREFER,
            **(headers or {}),
        }
        content = None
        if body is not None:
            content = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        self.usage.requests += 1
        self.usage.sent += len(content or b"")
        answer = self._web.fetch(method, url, operation=operation, most_bytes=MOST_BYTES, headers=sent, content=content)
        self.usage.received += len(answer.content)
        return answer

    def _json(self, answer: httpx.Response, operation: str) -> object:
        if not answer.content:
            return {}
        try:
            return json.loads(answer.content)
        except (ValueError, RecursionError):
            if not answer.is_success:
                return {}
        if "json" in answer.headers.get("Content-Type", ""):
            raise TemporaryError("the answer ends too early", account=self.account, operation=operation)
        raise self._violation(operation, "a page that is no answer of Graph came; a proxy or a login to the network?")

    def _url(self, path: str, operation: str) -> httpx.URL:
        try:
            url = self._root.join(path)
        except httpx.InvalidURL:
            url = httpx.URL("invalid:")
        if not same_origin(url, self._root) or not url.path.startswith(self._root.path):
            # The token would go along.
            raise self._violation(operation, "Graph gave a link to somewhere else")
        return url

    def _permit(self, method: str, url: httpx.URL, operation: str) -> None:
        path = url.path.removeprefix(self._root.path)
        if permission_for(method, path) is None:
            raise UnsupportedError(
                f"{method} is not among the requests that are ever made", account=self.account, operation=operation
            )

    def _violation(self, operation: str, what: str) -> ProtocolViolation:
        return ProtocolViolation(what, account=self.account, operation=operation)


class FixedToken:
    """An access token that cannot be renewed."""

    def __init__(self, token: str) -> None:
        self._token = token

    def access_token(self, *, renew: bool = False) -> str:
        """It, once. Raises AuthenticationError when it was refused."""
        if renew:
            raise AuthenticationError("Microsoft refuses the login", operation="login", remedy="run `afterword login`")
        return self._token
