"""The way to one mailbox on one Exchange server: address, login, and the account object of exchangelib."""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from exchangelib import (
    BASIC,
    DELEGATE,
    IMPERSONATION,
    NTLM,
    OAUTH2,
    UTC,
    Account,
    Configuration,
    Credentials,
    FailFast,
    Identity,
    OAuth2Credentials,
)
from exchangelib.autodiscover import cache as discoveries
from exchangelib.protocol import BaseProtocol
from exchangelib.version import EXCHANGE_2013_SP1, Version

from connectors.errors import UnsupportedError
from connectors.exchange.errors import translated
from connectors.exchange.transport import BoundedAdapter, trust

for _name in ("exchangelib", "oauthlib", "requests_oauthlib", "urllib3"):
    # They log whole envelopes, with mail and tokens in them: at DEBUG, and exchangelib at ERROR when it does not know
    # an exception, as those of our transport.
    logging.getLogger(_name).setLevel(logging.CRITICAL)

# A zone that it does not know is no news: the owner's is taken.
warnings.filterwarnings("ignore", category=UserWarning, module="exchangelib")

BaseProtocol.HTTP_ADAPTER_CLS = BoundedAdapter
BaseProtocol.USERAGENT = "afterword"

_ONLINE = ("office365.com", "outlook.com", "office.com", "office365.us", "partner.outlook.cn", "microsoft365.com")
_AUTH = {"basic": BASIC, "ntlm": NTLM, "oauth": OAUTH2}
_SPOKEN = Version(build=EXCHANGE_2013_SP1)
"""Asking which version it is takes a request that some servers do not know; exchangelib falls back to older ones."""


@dataclass(frozen=True, slots=True, repr=False)
class Login:
    """How to log in. `password` is asked for late; with oauth it is the secret of the app."""

    username: str
    password: Callable[[], str]
    auth: str = "ntlm"
    client_id: str = ""
    tenant: str = ""


class Session:
    """One mailbox, opened when it is first used. Not for several threads at once."""

    def __init__(
        self,
        email: str,
        login: Login,
        *,
        account: str = "",
        server: str = "",
        endpoint: str = "",
        ca_file: Path | None = None,
    ) -> None:
        """`endpoint` is the whole address, in place of the usual one at `server`; with neither, autodiscover."""
        self.account = account
        self.email = email
        self._login = login
        self._server = server
        self._endpoint = endpoint
        self._ca_file = ca_file
        self._opened: Any = None

    @contextmanager
    def use(self, operation: str) -> Iterator[Any]:
        """exchangelib's Account. Raises ConnectorError only, whatever happens within."""
        with translated(self.account, operation):
            yield self._open()

    def close(self) -> None:
        """Let go of connections; the next use opens new ones."""
        if self._opened is not None:
            self._opened.protocol.close()
            self._opened = None

    @property
    def server(self) -> str:
        """The server's name, once it is known."""
        return self._opened.protocol.server if self._opened is not None else self._host()

    def _open(self) -> Any:
        if self._opened is None:
            refuse_online(self._host(), self.account)
            if self._host():
                trust(self._host(), self._ca_file, self._login.auth)
            else:
                keep_discoveries_private()
            login = self._login
            oauth = login.auth == "oauth"
            config = Configuration(
                credentials=self._credentials(),
                auth_type=_AUTH[login.auth],
                version=_SPOKEN if self._host() else None,
                retry_policy=FailFast(),
                max_connections=1,
                **self._where(),
            )
            self._opened = Account(
                self.email,
                config=config,
                autodiscover=not self._host(),
                access_type=IMPERSONATION if oauth else DELEGATE,
                default_timezone=UTC,
                locale="en_US",
            )
            refuse_online(self._opened.protocol.server or "", self.account)
        return self._opened

    def _where(self) -> dict[str, str]:
        if self._endpoint:
            return {"service_endpoint": self._endpoint}
        return {"server": self._server} if self._server else {}

    def _host(self) -> str:
        return urlsplit(self._endpoint).hostname or "" if self._endpoint else self._server

    def _credentials(self) -> Any:
        login = self._login
        if login.auth == "oauth":
            return OAuth2Credentials(
                client_id=login.client_id,
                client_secret=login.password(),
                tenant_id=login.tenant,
                identity=Identity(primary_smtp_address=self.email),
            )
        return Credentials(username=login.username, password=login.password())


@cache
def keep_discoveries_private() -> TemporaryDirectory[str]:
    """exchangelib keeps what autodiscover found as a pickle of a known name in the folder that all users share.

    Whoever puts one there first runs code as us and tells where the password goes; so it lies in a folder of our own,
    for as long as this process lives.
    """
    folder = TemporaryDirectory(prefix="afterword-")
    discoveries.AUTODISCOVER_PERSISTENT_STORAGE = Path(folder.name) / "discovered"
    return folder


def refuse_online(host: str, account: str) -> None:
    """Exchange Online has no EWS any more. Raises UnsupportedError that names the other kind."""
    name = host.rstrip(".").lower()
    if any(name == domain or name.endswith(f".{domain}") for domain in _ONLINE):
        raise UnsupportedError(
            f"{name} is Exchange Online, which has switched EWS off",
            account=account,
            operation="open",
            remedy='use kind = "graph" instead; docs/microsoft.md leads through it',
        )
