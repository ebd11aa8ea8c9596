"""Access tokens of a Microsoft login for a protocol other than Graph: IMAP (XOAUTH2) at Outlook's servers."""

from config.connections import OAuth
from connectors.errors import ConnectorError
from connectors.graph.login import Identity, StoredLogin
from connectors.graph.requests_allowed import IMAP
from connectors.registry import Context
from connectors.tokens import TokenStore, token_store


class MicrosoftTokens:
    """Fulfils `connectors.imap.connection.TokenSource`."""

    def __init__(self, login: StoredLogin) -> None:
        self._login = login

    def token(self) -> str:
        """See the protocol."""
        return self._login.access_token()


def open_tokens(settings: OAuth, address: str, context: Context) -> MicrosoftTokens:
    """The tokens for logging in as `address`. Raises ConnectorError where there is no app registration."""
    login = StoredLogin(
        store_of(settings, address, context),
        identity_of(settings, address, context),
        account=context.account,
        scopes=(IMAP,),
    )
    return MicrosoftTokens(login)


def identity_of(settings: OAuth, address: str, context: Context) -> Identity:
    """Whom to log in as. Raises ConnectorError."""
    if settings.client_id is None:
        raise ConnectorError("provider microsoft needs client_id", account=context.account, remedy="add client_id")
    return Identity(settings.client_id, settings.tenant, address)


def store_of(settings: OAuth, address: str, context: Context) -> TokenStore:
    """Where this login is kept: apart from one for Graph, whose permissions are others."""
    return token_store(
        settings.tokens,
        provider="microsoft-imap",
        address=address,
        account=context.account,
        state_dir=context.state_dir,
    )
