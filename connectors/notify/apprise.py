"""Any service that Apprise reaches: ntfy, Slack, Telegram, Matrix, and mail to the owner. Its address is a secret."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import singledispatch
from typing import Any, Final

import apprise
from apprise.exception import AppriseException

from connectors.errors import ConnectorError, ProtocolViolation, TemporaryError, UnsupportedError
from connectors.model import CheckLine, Note
from connectors.notify.recipients import only_the_owner
from connectors.web_errors import meaning as web_meaning

_REMEDY: Final = "check the address where it is kept; Apprise's documentation shows its form for each service"

_MAIL: Final = frozenset(
    {
        *("azure", "brevo", "groundmail", "mailersend", "mailgun", "mailto", "mailtos"),
        *("o365", "postmark", "resend", "sendgrid", "sendpulse", "ses", "smtp2go"),
    }
)
"""Schemes that send mail: theirs may go to the owner only."""

for _name in ("apprise", "urllib3"):
    # They log addresses, tokens included, and answers; what matters of it is told by the errors here.
    logging.getLogger(_name).setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class AppriseNotifier:
    """`address` is asked for the secret for each note. `owner` holds the owner's canonical addresses."""

    name: str
    address: Callable[[], str]
    owner: frozenset[str]
    full_text: bool = False
    """Send the whole note, the drafts' text included; else who and when."""
    account: str = ""

    def notify(self, note: Note) -> None:
        """Raises TemporaryError if the service did not take it, ConnectorError for an address that is none."""
        service = self._service("notify")
        kind = apprise.NotifyType.WARNING if note.urgent else apprise.NotifyType.INFO
        body = note.body if self.full_text else note.brief
        try:
            taken = service.notify(
                body=body, title=note.subject, notify_type=kind, body_format=apprise.NotifyFormat.TEXT
            )
        except Exception as error:  # noqa: BLE001 (plugins raise what they like; a bug of ours comes back unchanged)
            raise self._mapped(error, "notify") from None
        if not taken:
            msg = f"{service.service_name} did not take the note"
            raise TemporaryError(msg, account=self.account, operation="notify", remedy=_REMEDY)

    def check(self, *, write: bool = False) -> Sequence[CheckLine]:  # noqa: ARG002 (a trial would be a real note)
        """Whether the address is one, and of which service."""
        try:
            service = self._service("check")
        except ConnectorError as error:
            return (CheckLine("apprise", "failing", error.message, error.remedy),)
        return (CheckLine("apprise", "ok", f"{service.service_name}; not tried out"),)

    def close(self) -> None:
        """Apprise keeps no connection."""

    def _service(self, operation: str) -> Any:
        address = self.address()
        try:
            service = apprise.Apprise.instantiate(address, suppress_exceptions=True)
        except Exception as error:  # noqa: BLE001 (plugins raise what they like; a bug of ours comes back unchanged)
            raise self._mapped(error, operation) from None
        if service is None:
            msg = "the secret is no address that Apprise knows"
            raise ConnectorError(msg, account=self.account, operation=operation, remedy=_REMEDY)
        if address.partition("://")[0].strip().lower() in _MAIL:
            only_the_owner(_recipients(service), self.owner, account=self.account)
        return service

    def _mapped(self, error: Exception, operation: str) -> Exception:
        found = meaning(error) or ((m := web_meaning(error)) and (m.kind, m.text))
        if not found:
            return error
        kind, text = found
        return kind(text, account=self.account, operation=operation, remedy=_REMEDY)


def _recipients(service: Any) -> list[str]:
    """Of To, Cc and Bcc; Apprise holds some as (name, address)."""
    lists = (getattr(service, field, None) or () for field in ("targets", "cc", "bcc"))
    return [str(entry[1] if isinstance(entry, tuple) else entry) for entries in lists for entry in entries]


@singledispatch
def meaning(_error: BaseException) -> tuple[type[ConnectorError], str] | None:
    """What an exception of Apprise means; None if it is not one of its. Its text may hold the address."""
    return None


@meaning.register(AppriseException)
def _(_error: Exception) -> tuple[type[ConnectorError], str]:
    return ProtocolViolation, "Apprise could not pass the note on"


@meaning.register(TypeError)
def _(_error: Exception) -> tuple[type[ConnectorError], str]:
    # Apprise's plugins raise it for whatever is wrong with an address.
    return UnsupportedError, "the address is not complete"
