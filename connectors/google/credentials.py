"""A login that renews itself and writes down at once what the server gave."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import google.auth.transport
from google.oauth2.credentials import Credentials

from connectors.errors import AuthenticationError, ConnectorError
from connectors.google.errors import LOGIN_REMEDY
from connectors.google.permissions import explained
from connectors.tokens import TokenStore, read_json

GOOGLE_TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 (an address)
_CLIENT_REMEDY = "download the JSON file of a client of the type Desktop app from the Google console"


@dataclass(frozen=True, slots=True, repr=False)
class Client:
    """The owner's own OAuth client (RFC 8252: of an installed app, so its secret is none)."""

    id: str
    secret: str
    token_uri: str


def read_client(path: Path) -> Client:
    """The client file as the Google console gives it. Raises ConnectorError, without any of its content."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConnectorError(f"the client_file {path}: {error.strerror}", remedy=_CLIENT_REMEDY) from None
    except ValueError:
        raise ConnectorError(f"the client_file {path} is no JSON", remedy=_CLIENT_REMEDY) from None
    table = raw.get("installed") if isinstance(raw, dict) else None
    if not isinstance(table, dict):
        kind = "of a web app" if isinstance(raw, dict) and "web" in raw else "not what the console gives"
        raise ConnectorError(f"the client_file {path} is {kind}", remedy=_CLIENT_REMEDY)
    client = Client(
        str(table.get("client_id") or ""),
        str(table.get("client_secret") or ""),
        str(table.get("token_uri") or GOOGLE_TOKEN_URI),
    )
    if not client.id:
        raise ConnectorError(f"the client_file {path} has no client_id", remedy=_CLIENT_REMEDY)
    return client


def stored_login(refresh_token: str, scopes: Sequence[str], now: datetime) -> str:
    """What is kept of a login: never the access token, which lives an hour."""
    kept = {"refresh_token": refresh_token, "scopes": sorted(scopes), "saved_at": now.isoformat()}
    return json.dumps(kept)


class StoredCredentials(Credentials):
    """The library's credentials with its one extension point used: a renewed login is stored before it is used."""

    def __init__(self, store: TokenStore, client: Client, needed: Sequence[str]) -> None:
        """Opens nothing: the stored login is read when a token is needed for the first time."""
        super().__init__(  # type: ignore[no-untyped-call]  # google-auth is typed in part only
            token=None,
            refresh_token="",
            token_uri=client.token_uri,
            client_id=client.id,
            client_secret=client.secret,
        )
        self._store = store
        self._needed = tuple(needed)
        self.granted: frozenset[str] = frozenset()
        """What the login is for, as far as it was read: known once there is an access token."""

    def refresh(self, request: google.auth.transport.Request) -> None:
        """Get an access token. Raises AuthenticationError if there is no login or it lacks a permission."""
        with self._store.exclusive():
            kept = self._kept()
            scopes = tuple(str(scope) for scope in _listed(kept.get("scopes")))
            missing = [scope for scope in self._needed if scope not in scopes]
            if missing:
                names = ", ".join(name for name, _ in explained(missing))
                raise AuthenticationError(
                    f"the login lacks permissions: {names}", remedy=f"{LOGIN_REMEDY} and tick every permission"
                )
            self.granted = frozenset(scopes)
            before = self._refresh_token = str(kept.get("refresh_token") or "")
            super().refresh(request)  # type: ignore[no-untyped-call]  # as above
            if self._refresh_token and self._refresh_token != before:
                self._store.save(stored_login(self._refresh_token, scopes, datetime.now(UTC)))

    def _kept(self) -> "dict[str, object]":
        text = self._store.load()
        kept = dict(read_json(text)) if text is not None else {}
        if not kept.get("refresh_token"):
            raise AuthenticationError("there is no login yet", remedy=LOGIN_REMEDY)
        return kept


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()
