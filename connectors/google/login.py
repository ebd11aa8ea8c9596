"""Logging in with Google: the installed-app flow on a loopback port (RFC 8252) with PKCE (RFC 7636).

Only the scopes that the config needs are asked for, and all of them must be granted: Google lets people untick some.
"""

import contextlib
import json
import socket
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from google_auth_oauthlib.flow import InstalledAppFlow, WSGITimeoutError
from oauthlib.oauth2 import OAuth2Error  # type: ignore[import-untyped]  # it ships no types

from config.connections import GmailMailbox, GoogleCalendar, ImapMailbox
from config.schema import AccountConfig
from connectors.errors import AuthenticationError, ConnectorError, TemporaryError
from connectors.google.access import store_of
from connectors.google.credentials import read_client, stored_login
from connectors.google.opening import store_for
from connectors.google.permissions import GMAIL_SCOPES, IMAP, calendar_scopes, explained
from connectors.oauth_login import Dialogue
from connectors.registry import Context
from connectors.tokens import TokenStore, read_json

_AGAIN = "run `afterword login` again"
_DONE = "You are logged in. You may close this page and go back to the terminal."


@dataclass(frozen=True, slots=True)
class GoogleLogin:
    """The login of one Google account. Fulfils `oauth_login.Login`."""

    address: str
    client_file: Path
    scopes: tuple[str, ...]
    store: TokenStore
    provider: str = "Google"

    @property
    def permissions(self) -> tuple[tuple[str, str], ...]:
        """See the protocol."""
        return explained(self.scopes)

    def done(self) -> bool:
        """See the protocol."""
        text = self.store.load()
        kept = read_json(text) if text is not None else {}
        granted = kept.get("scopes")
        return bool(kept.get("refresh_token")) and isinstance(granted, list) and set(self.scopes) <= set(granted)

    def run(self, dialogue: Dialogue) -> None:
        """See the protocol."""
        read_client(self.client_file)
        with _translated():
            flow = InstalledAppFlow.from_client_secrets_file(
                str(self.client_file), scopes=list(self.scopes), autogenerate_code_verifier=True
            )
            token = _authorize(flow, dialogue, self.address)
        granted = _granted(token, self.scopes)
        missing = [scope for scope in self.scopes if scope not in granted]
        if missing:
            names = ", ".join(name for name, _ in explained(missing))
            raise AuthenticationError(
                f"not every permission was granted: {names} is missing",
                operation="login",
                remedy=f"{_AGAIN} and tick every permission; `afterword login --why` says what each is for",
            )
        refresh_token = token.get("refresh_token")
        if not refresh_token:
            raise AuthenticationError(
                "Google gave no lasting login",
                operation="login",
                remedy=f"remove the app's access at myaccount.google.com/connections, then {_AGAIN}",
            )
        with self.store.exclusive():
            self.store.save(stored_login(str(refresh_token), granted, datetime.now(UTC)))

    def forget(self) -> None:
        """See the protocol."""
        with self.store.exclusive():
            self.store.remove()


def logins(config: AccountConfig, context: Context) -> tuple[GoogleLogin, ...]:
    """One login for each Google account in the config, with the scopes of all that it is used for."""
    tables: dict[str, list[GmailMailbox | GoogleCalendar]] = {}
    for table in (config.mailbox, *config.calendars):
        if isinstance(table, GmailMailbox | GoogleCalendar):
            tables.setdefault(table.address, []).append(table)
    found = [
        GoogleLogin(
            address=address,
            client_file=used[0].client_file,
            scopes=tuple(dict.fromkeys(scope for table in used for scope in _scopes(table))),
            store=store_for(used[0], context),
        )
        for address, used in tables.items()
    ]
    mailbox = config.mailbox
    if isinstance(mailbox, ImapMailbox) and mailbox.oauth and mailbox.oauth.client_file:
        address = mailbox.username or context.owner.email
        store = store_of(mailbox.oauth, address, context)
        found.append(GoogleLogin(address, mailbox.oauth.client_file, (IMAP,), store, "Google, for IMAP"))
    return tuple(found)


def _scopes(table: GmailMailbox | GoogleCalendar) -> tuple[str, ...]:
    return GMAIL_SCOPES if isinstance(table, GmailMailbox) else calendar_scopes(table.calendars)


def _authorize(flow: InstalledAppFlow, dialogue: Dialogue, address: str) -> dict[str, Any]:
    wishes = {"access_type": "offline", "prompt": "consent", "login_hint": address}
    browser = dialogue.browser and _has_browser()
    with _scopes_may_differ() as told:
        if browser or dialogue.port:
            _listen(flow, replace(dialogue, browser=browser), wishes)
        else:
            _paste(flow, dialogue, wishes)
    token: dict[str, Any] = told or dict(flow.oauth2session.token)
    return token


def _listen(flow: InstalledAppFlow, dialogue: Dialogue, wishes: dict[str, str]) -> None:
    with contextlib.redirect_stdout(_Said(dialogue)):
        flow.run_local_server(
            host="localhost",
            bind_addr="127.0.0.1",
            port=dialogue.port,
            authorization_prompt_message="Open this address to log in:\n{url}",
            success_message=_DONE,
            open_browser=dialogue.browser,
            timeout_seconds=dialogue.timeout_seconds,
            **wishes,
        )


def _paste(flow: InstalledAppFlow, dialogue: Dialogue, wishes: dict[str, str]) -> None:
    """Nothing needs to listen: the code stands in the address of the page that the browser fails to show."""
    flow.redirect_uri = f"http://localhost:{_free_port()}/"
    url, state = flow.authorization_url(**wishes)
    dialogue.say(
        "Open this address in a browser, on any machine, and log in:\n"
        f"{url}\n"
        "At the end the browser shows a page that cannot be reached. That is as it should be."
    )
    answer = dialogue.ask("Paste that page's address: ").strip()
    if f"state={state}" not in answer:
        raise AuthenticationError(
            "this is not the address that this login led to",
            operation="login",
            remedy=f"{_AGAIN} and copy the whole address, which begins with {flow.redirect_uri}",
        )
    # oauthlib takes no address without TLS, and browsers like to leave the scheme out of what they show.
    flow.fetch_token(authorization_response=f"https://{answer.removeprefix('http://')}")


class _Said:
    """The flow prints; what it prints goes to the dialogue."""

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue

    def write(self, text: str) -> int:
        """As of a text file."""
        if text.strip():
            self._dialogue.say(text.rstrip("\n"))
        return len(text)

    def flush(self) -> None:
        """Nothing waits."""


@contextmanager
def _scopes_may_differ() -> Iterator[dict[str, Any]]:
    """oauthlib raises a Warning, with the token in it, where other scopes were granted than were asked for."""
    told: dict[str, Any] = {}
    try:
        yield told
    except Warning as warning:
        token = getattr(warning, "token", None)
        if token is None:
            raise
        told.update(token)


def _granted(token: dict[str, Any], asked: Sequence[str]) -> tuple[str, ...]:
    """Which scopes the token is for; a server that does not say grants what was asked (RFC 6749 section 5.1)."""
    said = token.get("scope")
    words = said.split() if isinstance(said, str) else [str(each) for each in said or ()]
    return tuple(words) or tuple(asked)


@contextmanager
def _translated() -> Iterator[None]:
    """What the flow complains about, as the taxonomy. Nothing is chained: answers of a login server hold secrets."""
    try:
        yield
    except ConnectorError:
        raise
    except WSGITimeoutError:
        raise _failed("nobody logged in in time", _AGAIN) from None
    except OAuth2Error as error:
        raise _refused(error) from None
    except requests.exceptions.SSLError:
        raise ConnectorError("the login server's certificate is not trusted", operation="login") from None
    except requests.RequestException:
        raise TemporaryError(
            "the login server cannot be reached", operation="login", remedy="check the network"
        ) from None
    except OSError as error:
        raise _failed(f"the loopback port cannot be used: {error.strerror}", "choose another one with --port") from None
    except (ValueError, KeyError, json.JSONDecodeError):
        raise _failed("the login server's answer cannot be understood", _AGAIN) from None


def _refused(error: OAuth2Error) -> AuthenticationError:
    if error.error == "access_denied":
        return _failed("the permissions were refused", f"{_AGAIN} when you want to grant them")
    if error.error in ("invalid_client", "unauthorized_client", "redirect_uri_mismatch"):
        return _failed("Google does not know this OAuth client", "check `client_file`; it must be of a Desktop app")
    if error.error == "mismatching_state":
        return _failed("the answer belongs to another login", _AGAIN)
    return _failed(f"the login failed ({error.error})", _AGAIN)


def _failed(text: str, remedy: str) -> AuthenticationError:
    return AuthenticationError(text, operation="login", remedy=remedy)


def _has_browser() -> bool:
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
