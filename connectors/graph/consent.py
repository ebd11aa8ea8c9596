"""The logins with Microsoft that a config asks for, as `afterword login` sees them."""

from collections.abc import Sequence
from dataclasses import dataclass

from config.connections import GraphCalendar, GraphMailbox, ImapMailbox
from config.schema import AccountConfig
from connectors.graph import access
from connectors.graph.login import Identity, StoredLogin
from connectors.graph.opening import identity_of, scopes_of, store_of
from connectors.graph.requests_allowed import IMAP, REASONS
from connectors.oauth_login import Dialogue
from connectors.registry import Context
from connectors.tokens import TokenStore


@dataclass(frozen=True, slots=True)
class MicrosoftLogin:
    """The login of one Microsoft account. Fulfils `oauth_login.Login`."""

    identity: Identity
    scopes: tuple[str, ...]
    store: TokenStore
    account: str = ""
    provider: str = "Microsoft"

    @property
    def address(self) -> str:
        """See the protocol."""
        return self.identity.email

    @property
    def permissions(self) -> tuple[tuple[str, str], ...]:
        """See the protocol."""
        asked = (*self.scopes, "offline_access")
        return tuple((scope.rpartition("/")[2], REASONS[scope]) for scope in asked)

    def done(self) -> bool:
        """See the protocol."""
        return self._login(self.scopes).granted()

    def run(self, dialogue: Dialogue) -> None:
        """See the protocol: the browser of this machine, or a code that is typed in on any other."""
        login = self._login(self.scopes)
        if dialogue.browser or dialogue.port:
            login.by_loopback(port=dialogue.port, seconds=dialogue.timeout_seconds, say=dialogue.say)
        else:
            login.by_device_code(dialogue.say)

    def forget(self) -> None:
        """See the protocol."""
        with self.store.exclusive():
            self.store.remove()

    def _login(self, scopes: Sequence[str]) -> StoredLogin:
        return StoredLogin(self.store, self.identity, account=self.account, scopes=scopes)


def logins(config: AccountConfig, context: Context) -> tuple[MicrosoftLogin, ...]:
    """One login for each Microsoft account in the config, with the permissions of all that it is used for."""
    tables: dict[str, list[GraphMailbox | GraphCalendar]] = {}
    for table in (config.mailbox, *config.calendars):
        if isinstance(table, GraphMailbox | GraphCalendar):
            tables.setdefault(identity_of(table, context).email, []).append(table)
    found = tuple(
        MicrosoftLogin(
            identity_of(used[0], context),
            tuple(dict.fromkeys(scope for table in used for scope in scopes_of(table))),
            store_of(used[0], context),
            context.account,
        )
        for used in tables.values()
    )
    return (*found, *_over_imap(config, context))


def _over_imap(config: AccountConfig, context: Context) -> tuple[MicrosoftLogin, ...]:
    mailbox = config.mailbox
    if not isinstance(mailbox, ImapMailbox) or mailbox.oauth is None or mailbox.oauth.provider != "microsoft":
        return ()
    address = mailbox.username or context.owner.email
    identity = access.identity_of(mailbox.oauth, address, context)
    return (MicrosoftLogin(identity, (IMAP,), access.store_of(mailbox.oauth, address, context), context.account),)
