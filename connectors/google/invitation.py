"""The mail that brought an invite, for a calendar whose owner's Gmail is used as well: so that a thank-you answers it.

The Calendar API does not tell. Google puts the event's title into the subject and the organizer into From or Reply-To;
of messages with an .ics file attached the header is read, and never a word of the text.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connectors.errors import ConnectorError, TemporaryError
from connectors.evidence import same_company
from connectors.google.mail_message import FIELDS, METADATA_HEADERS, Json, read_message
from connectors.google.mail_view import search
from connectors.google.permissions import GMAIL_READONLY
from connectors.google.service import Api
from connectors.mime import read_headers
from connectors.model import Event, Invite, MailContext, Status

LEAD = timedelta(days=60)
"""How long before the window an invite for an event in it may have been mailed."""
MOST = 300
"""How many of the newest messages with a calendar file are looked at."""
_LEAST_TITLE = 6
_OPERATION = "find the invitation"


@dataclass(frozen=True, slots=True)
class _Mail:
    context: MailContext
    addresses: frozenset[str]
    subject: str


class Invitations:
    """Remembers the headers of invitation mails. One for each login."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._mails: dict[str, _Mail | None] = {}

    def attach(self, invites: Sequence[Invite], since: datetime) -> list[Invite]:
        """The same invites, with the mail that brought each where it is found. Raises TemporaryError.

        Without the permission to read mail, or with Gmail switched off, they stay as they are.
        """
        if not any(_may_have_come_by_mail(event) for invite in invites for event in invite.events):
            return list(invites)
        if not self._api.granted(GMAIL_READONLY):
            return list(invites)
        try:
            mails = self._read(since - LEAD)
        except TemporaryError:
            raise
        except ConnectorError:
            return list(invites)
        return [
            replace(invite, events=tuple(_with_mail(event, mails) for event in invite.events)) for invite in invites
        ]

    def _read(self, since: datetime) -> list[_Mail]:
        """Newest first."""
        ids, _ = search(self._api, _OPERATION, MOST, q=f"filename:ics after:{int(since.timestamp())}")
        fresh = [message for message in ids if message not in self._mails]
        names = [*METADATA_HEADERS, "Sender", "Reply-To"]
        requests = [
            self._api.users.messages().get(
                userId="me", id=message, format="metadata", metadataHeaders=names, fields=FIELDS
            )
            for message in fresh
        ]
        for message, answer in zip(fresh, self._api.gather(_OPERATION, requests), strict=True):
            self._mails[message] = None if answer is None else _mail(answer)
        self._mails = {message: self._mails[message] for message in ids}
        return [mail for mail in self._mails.values() if mail is not None]


def _may_have_come_by_mail(event: Event) -> bool:
    organizer = event.organizer
    return (
        organizer is not None
        and bool(organizer.email)
        and not organizer.is_self
        and not event.recurs
        and event.status is not Status.CANCELLED
        and len(event.summary) >= _LEAST_TITLE
    )


def _with_mail(event: Event, mails: Iterable[_Mail]) -> Event:
    if not _may_have_come_by_mail(event) or event.organizer is None:
        return event
    title, organizer = _squeezed(event.summary), event.organizer.email
    for mail in mails:
        if title in mail.subject and any(_akin(address, organizer) for address in mail.addresses):
            return replace(event, mail=mail.context)
    return event


def _akin(address: str, organizer: str) -> bool:
    return address == organizer or same_company(address, organizer)


def _mail(answer: Json) -> _Mail | None:
    known = read_message(answer)
    headers = known.headers
    if not headers.message_id or known.labels & {"SENT", "DRAFT", "SPAM", "TRASH"}:
        return None
    fields = {
        str(each.get("name", "")).lower(): " ".join(str(each.get("value", "")).split())
        for each in (answer.get("payload") or {}).get("headers") or ()
    }
    # Read as From and To, which is what they are in all but name.
    further = read_headers(f"From: {fields.get('sender', '')}\r\nTo: {fields.get('reply-to', '')}\r\n\r\n".encode())
    context = MailContext(
        message_id=headers.message_id,
        references=headers.references,
        sender=headers.sender,
        technical_sender=further.sender if further.sender != headers.sender else None,
        reply_to=further.to,
        to=headers.to,
        cc=headers.cc,
        subject=headers.subject,
        sent_at=headers.date or known.at,
        automatic=headers.automatic,
    )
    people = [headers.sender, further.sender, *further.to]
    return _Mail(context, frozenset(person.email for person in people if person), _squeezed(headers.subject))


def _squeezed(text: str) -> str:
    return " ".join(text.casefold().split())
