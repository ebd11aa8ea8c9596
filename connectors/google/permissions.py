"""What is asked of Google and on which permission. A method that does not stand here cannot be called.

Scopes: https://developers.google.com/identity/protocols/oauth2/scopes. Quota units:
https://developers.google.com/workspace/gmail/api/reference/quota; Calendar counts requests.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_PREFIX = "https://www.googleapis.com/auth/"

GMAIL_COMPOSE = f"{_PREFIX}gmail.compose"
GMAIL_READONLY = f"{_PREFIX}gmail.readonly"
GMAIL_INSERT = f"{_PREFIX}gmail.insert"
CALENDAR_EVENTS = f"{_PREFIX}calendar.events.readonly"
CALENDAR_LIST = f"{_PREFIX}calendar.calendarlist.readonly"

IMAP = "https://mail.google.com/"

GMAIL_SCOPES = (GMAIL_COMPOSE, GMAIL_READONLY, GMAIL_INSERT)

REASONS: Mapping[str, str] = {
    GMAIL_COMPOSE: "put drafts among yours, and take back those that you did not touch (it is never used to send)",
    GMAIL_READONLY: "see what became of a draft, and which mail brought an invite; of other people's mail headers only",
    GMAIL_INSERT: "put the reminder into your own inbox",
    IMAP: "read and write your mail over IMAP, for which Google has no smaller permission; nothing is ever sent",
    CALENDAR_EVENTS: "read the events of your calendars",
    CALENDAR_LIST: "look up the further calendars that the config names",
}


@dataclass(frozen=True, slots=True)
class Method:
    """One API method: the scope it is called on, and what it costs of the quota."""

    scope: str
    units: int


METHODS: Mapping[str, Method] = {
    "gmail.users.getProfile": Method(GMAIL_READONLY, 1),
    "gmail.users.drafts.list": Method(GMAIL_READONLY, 5),
    "gmail.users.drafts.get": Method(GMAIL_READONLY, 5),
    "gmail.users.drafts.create": Method(GMAIL_COMPOSE, 10),
    "gmail.users.drafts.update": Method(GMAIL_COMPOSE, 15),
    "gmail.users.drafts.delete": Method(GMAIL_COMPOSE, 10),
    "gmail.users.history.list": Method(GMAIL_READONLY, 2),
    "gmail.users.messages.list": Method(GMAIL_READONLY, 5),
    "gmail.users.messages.get": Method(GMAIL_READONLY, 5),
    "gmail.users.messages.import": Method(GMAIL_INSERT, 25),
    "calendar.events.list": Method(CALENDAR_EVENTS, 1),
    "calendar.calendarList.list": Method(CALENDAR_LIST, 1),
}


def calendar_scopes(calendars: Iterable[str]) -> tuple[str, ...]:
    """What reading these calendars needs: the list of calendars is asked for only where one beside `primary` is."""
    return (CALENDAR_EVENTS, CALENDAR_LIST) if set(calendars) - {"primary"} else (CALENDAR_EVENTS,)


def explained(scopes: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Short name of each scope, and what it is for in words."""
    return tuple((scope.removeprefix(_PREFIX), REASONS.get(scope, "")) for scope in scopes)
