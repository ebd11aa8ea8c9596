"""Who a message of ours is, so that it is found again and nobody else can make it (docs/design.md, Identity).

Everything is derived from the account's key: the same interview gives the same names from two calendars, on two
machines and after a lost store.
"""

import base64
import hashlib
import hmac
from datetime import UTC, date, datetime

from daemon.core.model import Recipient


def _mac(account_key: bytes, *parts: str) -> str:
    message = "\x1f".join(parts).encode()
    digest = hmac.new(account_key, message, hashlib.sha256).digest()
    return base64.b32encode(digest[:20]).decode("ascii").lower()


def recipient_identity(recipient: Recipient, company: str) -> str:
    """The canonical address, or name and company where no address is known."""
    if recipient.copies:
        return f"group of {company.casefold()}"
    if recipient.email:
        return recipient.email
    return f"{' '.join(recipient.name.split()).casefold()} of {company.casefold()}"


def followup_key(
    account_key: bytes, recipient: Recipient, company: str, ended_at: datetime, *, application: str = ""
) -> str:
    """Identity of what is owed to one recipient for the interview that ended on that day (UTC).

    `application` tells a second one apart that the same recruiter looks after on the same day.
    """
    day = ended_at.astimezone(UTC).date().isoformat()
    whom = recipient_identity(recipient, company)
    return _mac(account_key, "follow-up", whom, day, *([application.casefold()] if application else []))


def message_id(account_key: bytes, key: str, domain: str) -> str:
    """Message-ID (RFC 5322 section 3.6.4) of the draft of a follow-up, with its brackets."""
    return f"<{_mac(account_key, 'message', key)}@{domain}>"


def token(account_key: bytes, key: str, domain: str) -> str:
    """A second identifier among the References of a reply; mail clients keep those when they rename a draft."""
    return f"<{_mac(account_key, 'token', key)}@{domain}>"


def note_key(kind: str, day: date, *parts: str) -> str:
    """A note of this kind about these things goes out once a day."""
    return "-".join((kind, day.isoformat(), *parts))


def note_message_id(account_key: bytes, key: str, domain: str) -> str:
    """Message-ID of a note to the owner."""
    return f"<{_mac(account_key, 'note', key)}@{domain}>"
