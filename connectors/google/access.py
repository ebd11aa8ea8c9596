"""Access tokens of a Google login for a protocol other than Google's API: IMAP (XOAUTH2, OAUTHBEARER)."""

from google_auth_httplib2 import Request  # type: ignore[import-untyped]  # it ships no types

from config.connections import OAuth
from connectors.errors import ConnectorError
from connectors.google.credentials import StoredCredentials, read_client
from connectors.google.errors import translated
from connectors.google.permissions import IMAP
from connectors.google.service import Usage, Wire
from connectors.registry import Context
from connectors.tokens import TokenStore, token_store


class GoogleTokens:
    """Fulfils `connectors.imap.connection.TokenSource`."""

    def __init__(self, credentials: StoredCredentials, *, account: str = "") -> None:
        self._credentials = credentials
        self._account = account
        self._request = Request(Wire(Usage(), frozenset(), credentials.token_uri))

    def token(self) -> str:
        """See the protocol."""
        with translated(self._account, "log in"):
            if not self._credentials.valid:
                self._credentials.refresh(self._request)
            return str(self._credentials.token)


def open_tokens(settings: OAuth, address: str, context: Context) -> GoogleTokens:
    """The tokens for logging in as `address`. Raises ConnectorError for a client file that cannot be used."""
    if settings.client_file is None:
        raise ConnectorError("provider google needs client_file", account=context.account, remedy="add client_file")
    credentials = StoredCredentials(store_of(settings, address, context), read_client(settings.client_file), (IMAP,))
    return GoogleTokens(credentials, account=context.account)


def store_of(settings: OAuth, address: str, context: Context) -> TokenStore:
    """Where this login is kept: apart from one for the API, whose permissions are smaller."""
    return token_store(
        settings.tokens,
        provider="google-imap",
        address=address,
        account=context.account,
        state_dir=context.state_dir,
    )
