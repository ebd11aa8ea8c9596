"""Logging in to CalDAV: Basic (RFC 7617), Digest (RFC 7616), Bearer (RFC 6750), or what the server asks for."""

from collections.abc import Callable, Generator
from http import HTTPStatus
from typing import Literal

import httpx

Scheme = Literal["auto", "basic", "digest", "bearer"]


class Login(httpx.Auth):
    """Keeps what `secret` gave until the server refuses it; then asks again, for a token or password may be new."""

    def __init__(self, username: str, secret: Callable[[], str], scheme: Scheme = "auto") -> None:
        self._username = username
        self._secret = secret
        self._scheme: Scheme = scheme
        self._kept: tuple[str, httpx.Auth] | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the login; with `auto`, first ask without one to learn the scheme, once."""
        if self._scheme == "auto":
            response = yield request
            if response.status_code != HTTPStatus.UNAUTHORIZED:
                return
            self._scheme = _wanted(response)
        secret, auth = self._kept = self._kept or self._new()
        response = yield from _through(auth, request)
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            self._kept = None
            fresh, auth = self._new()
            if fresh != secret:
                self._kept = fresh, auth
                yield from _through(auth, request)

    def _new(self) -> tuple[str, httpx.Auth]:
        secret = self._secret()
        if self._scheme == "bearer":
            return secret, _Bearer(secret)
        if self._scheme == "digest":
            return secret, httpx.DigestAuth(self._username, secret)
        return secret, httpx.BasicAuth(self._username, secret)


class _Bearer(httpx.Auth):
    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def _through(auth: httpx.Auth, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, httpx.Response]:
    flow = auth.auth_flow(request)
    response = yield next(flow)
    while True:
        try:
            response = yield flow.send(response)
        except StopIteration:
            return response


def _wanted(response: httpx.Response) -> Scheme:
    offered = {
        part.split()[0].lower()
        for header in response.headers.get_list("WWW-Authenticate")
        for part in header.split(",")
        if part.split()
    }
    schemes: tuple[Scheme, ...] = ("digest", "basic", "bearer")
    # A 401 that offers nothing is Yahoo's (quirks_dav); httpx has seen to TLS or loopback before.
    return next((scheme for scheme in schemes if scheme in offered), "basic")
