"""A config's reference to a secret, as the connectors ask for it: late, and in the words of the taxonomy."""

from collections.abc import Callable

from config.errors import SecretError
from config.secrets import SecretRef, resolve
from connectors.errors import AuthenticationError


def asked(ref: SecretRef, account: str) -> Callable[[], str]:
    """A function that fetches the secret each time it is called. It raises AuthenticationError if there is none."""

    def ask() -> str:
        try:
            return resolve(ref).reveal()
        except SecretError as error:
            raise AuthenticationError(error.message, account=account, operation="login", remedy=error.remedy) from None

    return ask
