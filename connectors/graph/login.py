"""Logging in to Microsoft: device code, or loopback with PKCE, and a token cache that is written down at once.

Source: https://learn.microsoft.com/en-us/entra/msal/python/ and, for the AADSTS numbers,
https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes. msal is imported when it is used.
"""

import json
import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx

from connectors.errors import AuthenticationError, ConnectorError, TemporaryError
from connectors.graph.errors import LOGIN_REMEDY
from connectors.graph.requests_allowed import CALENDARS_READ, MAIL_READ_WRITE
from connectors.tokens import TokenStore, read_json
from connectors.web import Pace, Web
from connectors.web_errors import refusal

# It logs names of accounts at DEBUG and INFO, and at ERROR whole answers that it cannot read, with tokens in them.
logging.getLogger("msal").setLevel(logging.CRITICAL)

AUTHORITY = "https://login.microsoftonline.com"
SCOPES = (CALENDARS_READ, MAIL_READ_WRITE)
"""msal adds offline_access by itself."""
_BYTES = 1024 * 1024
_EARLY_SECONDS = 300
_NUMBER = re.compile(r"AADSTS(\d{4,7})")

_ADMIN = "ask the administrator of your organisation to consent to the app; docs/microsoft.md has the words"
_MEANINGS: Mapping[int, tuple[str, str]] = {
    50034: ("this account does not exist in the directory", "correct `email` or `tenant`"),
    50020: ("this account is of another directory", "correct `tenant`, or use common"),
    50053: ("the account is locked", "unlock it with your organisation, then run `afterword login`"),
    50057: ("the account is disabled", "ask the administrator of your organisation"),
    50058: ("nobody is logged in", LOGIN_REMEDY),
    50076: ("a second factor is asked for", LOGIN_REMEDY),
    50078: ("the second factor has expired", LOGIN_REMEDY),
    50079: ("a second factor has to be set up", f"set it up at your organisation's page, then {LOGIN_REMEDY}"),
    50105: ("the app is not assigned to you", _ADMIN),
    50126: ("name or password is wrong", LOGIN_REMEDY),
    50158: ("your organisation asks for a further check", LOGIN_REMEDY),
    50173: ("the login was revoked, as after a new password", LOGIN_REMEDY),
    53000: ("your organisation allows managed devices only", "log in from such a device, or ask the administrator"),
    53001: ("your organisation allows joined devices only", "log in from such a device, or ask the administrator"),
    53003: ("your organisation's conditional access blocks this login", "ask the administrator to allow the app"),
    65001: ("the app has no consent", f"{LOGIN_REMEDY} and accept; where that is not possible, {_ADMIN}"),
    65004: ("consent was refused", f"{LOGIN_REMEDY} and accept"),
    90094: ("only an administrator may consent to the app", _ADMIN),
    70000: ("the login is not valid any more", LOGIN_REMEDY),
    70008: ("the login has expired", LOGIN_REMEDY),
    70043: ("the login has expired by your organisation's rule on sign-in frequency", LOGIN_REMEDY),
    700016: ("the app is not known in this directory", "correct `client_id` or `tenant`"),
    700082: ("the login has expired: it was not used for too long", LOGIN_REMEDY),
    90002: ("the directory does not exist", "correct `tenant`"),
    7000218: ("the app is not registered as a public client", "set `Allow public client flows` to yes"),
    50011: ("the app lacks the address to come back to", "add http://localhost under Mobile and desktop applications"),
    9002331: ("this app takes personal accounts only", 'set `tenant = "consumers"`'),
    50194: ("this app takes one directory only", "set `tenant` to the id of your directory"),
}


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose login at which directory, by which app registration of the owner's."""

    client_id: str
    tenant: str = "common"
    email: str = ""
    authority: str = ""
    """An OpenID Connect issuer in place of Microsoft's."""


class BoundedHttp:
    """msal's HTTP client in our bounds: no redirects, sizes and times limited, errors of the taxonomy."""

    def __init__(self, account: str, *, ca_file: Path | None = None, pace: Pace | None = None) -> None:
        self._account = account
        self._web = Web(account, lambda _from, _to: False, ca_file=ca_file, pace=pace or Pace())

    def get(
        self, url: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None, **_: Any
    ) -> httpx.Response:
        """As requests.get, in the part that msal uses. Raises ConnectorError."""
        target = httpx.URL(url, params=params) if params else httpx.URL(url)
        return self._told("GET", target, headers)

    def post(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | str | None = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> httpx.Response:
        """As requests.post, in the part that msal uses. Raises ConnectorError."""
        target = httpx.URL(url, params=params) if params else httpx.URL(url)
        content = data.encode() if isinstance(data, str) else urlencode(data or {}).encode()
        sent = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        return self._told("POST", target, sent, content)

    def _told(
        self, method: str, url: httpx.URL, headers: Mapping[str, str] | None, content: bytes | None = None
    ) -> httpx.Response:
        """An answer that msal can read: it takes any other for a fault of the program's, or of the owner's `tenant`."""
        answer = self._web.fetch(method, url, operation="login", most_bytes=_BYTES, headers=headers, content=content)
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS or answer.is_server_error:
            raise refusal(answer.status_code, answer.headers, self._account, "login")
        try:
            read = json.loads(answer.content)
        except (ValueError, RecursionError):
            read = None
        if isinstance(read, dict):
            return answer
        words = "what came is no answer of a login server; a proxy or a login to the network?"
        raise TemporaryError(words, account=self._account, operation="login")

    def close(self) -> None:
        """Let go of connections."""
        self._web.close()


class StoredLogin:
    """Access tokens out of msal's cache, which lies in a `TokenStore`. Fulfils `wire.Tokens`.

    A refresh token may be good for one use only, so the cache is read, used and written under one lock.
    """

    def __init__(
        self,
        store: TokenStore,
        identity: Identity,
        *,
        account: str = "",
        scopes: Sequence[str] = SCOPES,
        http: BoundedHttp | None = None,
    ) -> None:
        """Opens nothing: the stored login is read when a token is needed for the first time."""
        self._store = store
        self._identity = identity
        self._account = account
        self._scopes = list(scopes)
        self._http = http or BoundedHttp(account)
        self._token_now = ""
        self._good_until = 0.0

    def access_token(self, *, renew: bool = False) -> str:
        """See `wire.Tokens`. Raises AuthenticationError with the next step, ConnectorError."""
        if not renew and time.monotonic() < self._good_until:
            return self._token_now
        self._good_until = 0.0
        with self._store.exclusive():
            kept = self._store.load()
            if kept is None:
                raise self._fault("there is no login yet", LOGIN_REMEDY)
            app, cache = self._app(kept)
            known = app.get_accounts(self._identity.email or None) or app.get_accounts()
            if not known:
                raise self._fault("there is no login yet", LOGIN_REMEDY)
            answer = app.acquire_token_silent_with_error(self._scopes, known[0], force_refresh=renew)
            # Written also after a refusal: msal drops what is no longer good.
            self._keep(cache)
        self._token_now = self._token(answer)
        self._good_until = time.monotonic() + float(answer.get("expires_in") or 0) - _EARLY_SECONDS
        return self._token_now

    def by_device_code(self, show: Callable[[str], None]) -> str:
        """Log in with a code that the owner types in on any device; `show` tells them where. The account's name.

        Raises AuthenticationError, TemporaryError when nobody typed it in, ConnectorError.
        """
        app, cache = self._app(None)
        flow = app.initiate_device_flow(scopes=self._scopes)
        if "user_code" not in flow:
            raise refused(flow, self._account)
        show(str(flow.get("message") or f"Open {flow['verification_uri']} and type in {flow['user_code']}"))
        return self._accept(app, cache, app.acquire_token_by_device_flow(flow))

    def by_loopback(self, *, port: int = 0, seconds: int = 300, say: Callable[[str], object] | None = None) -> str:
        """Log in with the browser of this machine (RFC 8252, PKCE). The account's name. Errors as for device code.

        With `port` no browser is opened: that port is waited on, and the address told to `say`.
        """
        app, cache = self._app(None)
        told = {"auth_uri_callback": lambda url: say and say(f"Open this address to log in:\n{url}")} if port else {}
        try:
            answer = app.acquire_token_interactive(
                self._scopes,
                port=port or None,
                login_hint=self._identity.email or None,
                timeout=seconds,
                **told,
            )
        except OSError as error:
            raise self._fault(f"the loopback port cannot be used: {error.strerror}", "choose another --port") from None
        return self._accept(app, cache, answer)

    def granted(self) -> bool:
        """Whether a login with all these permissions is kept. Asks nobody. Raises ConnectorError."""
        kept = self._store.load()
        tokens = read_json(kept).get("RefreshToken") if kept is not None else None
        targets = [str(each.get("target", "")) for each in tokens.values()] if isinstance(tokens, dict) else []
        wanted = {scope.lower() for scope in self._scopes}
        return any(wanted <= {word.rpartition("/")[2].lower() for word in target.split()} for target in targets)

    def _accept(self, app: Any, cache: Any, answer: Mapping[str, Any] | None) -> str:
        self._token(answer)
        with self._store.exclusive():
            self._keep(cache)
        names = [str(known.get("username", "")) for known in app.get_accounts()]
        return names[0] if names else ""

    def _app(self, kept: str | None) -> tuple[Any, Any]:
        import msal  # noqa: PLC0415 (imported only where it is configured)

        cache = msal.SerializableTokenCache()
        if kept is not None:
            try:
                cache.deserialize(kept)
            except (ValueError, TypeError, AttributeError):
                raise self._fault("the stored login cannot be understood", LOGIN_REMEDY) from None
        own = self._identity.authority
        where = {"oidc_authority": own} if own else {"authority": f"{AUTHORITY}/{self._identity.tenant}"}
        try:
            app = msal.PublicClientApplication(
                self._identity.client_id, token_cache=cache, http_client=self._http, **where
            )
        except ConnectorError:
            raise
        except (ValueError, KeyError, TypeError):
            # What msal says may hold the address of the answer's page.
            remedy = "correct `tenant`: the id or domain of a directory, common, organizations or consumers"
            raise ConnectorError("the directory is not found", account=self._account, remedy=remedy) from None
        return app, cache

    def _keep(self, cache: Any) -> None:
        if cache.has_state_changed:
            self._store.save(cache.serialize())
            cache.has_state_changed = False

    def _token(self, answer: Mapping[str, Any] | None) -> str:
        token = (answer or {}).get("access_token")
        if isinstance(token, str) and token:
            return token
        raise refused(answer, self._account)

    def _fault(self, what: str, remedy: str) -> AuthenticationError:
        return AuthenticationError(what, account=self._account, operation="login", remedy=remedy)


def refused(answer: Mapping[str, Any] | None, account: str) -> ConnectorError:
    """What a refusal of the token endpoint (RFC 6749 section 5.2, RFC 8628 section 3.5) means, and the next step."""
    told = answer or {}
    error, description = str(told.get("error", "")), str(told.get("error_description", ""))
    numbers = [int(found) for found in _NUMBER.findall(description)]
    numbers += [int(number) for number in told.get("error_codes") or () if str(number).isdigit()]
    where = {"account": account, "operation": "login"}
    for number in numbers:
        if number in _MEANINGS:
            what, remedy = _MEANINGS[number]
            return AuthenticationError(f"{what} (AADSTS{number})", remedy=remedy, **where)
    if error in ("temporarily_unavailable", "server_error", "request_timeout"):
        return TemporaryError("Microsoft cannot log anybody in at the moment", **where)
    if error in ("authorization_pending", "expired_token", "code_expired", "timeout") or "timed out" in description:
        return TemporaryError("nobody finished the login in time", remedy=LOGIN_REMEDY, **where)
    what = {
        "access_denied": "the login was refused at the page of the provider",
        "authorization_declined": "the login was refused at the page of the provider",
        "invalid_grant": "the login has expired or was revoked",
        "interaction_required": "the provider wants you to log in again",
        "consent_required": "the app has no consent",
        "invalid_client": "the app registration is not accepted",
        "unauthorized_client": "the app registration does not allow this way to log in",
    }.get(error, "the login is refused")
    numbered = f" (AADSTS{numbers[0]})" if numbers else ""
    return AuthenticationError(f"{what}{numbered}", remedy=LOGIN_REMEDY, **where)
