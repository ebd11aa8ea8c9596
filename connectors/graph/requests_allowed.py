"""What is asked of Graph and on which permission. A request that does not stand here cannot be made. Pure.

Permissions: https://learn.microsoft.com/en-us/graph/permissions-reference. Nothing here needs Mail.Send, and nothing
here could use it: no path that sends, answers or forwards matches.
"""

import re
from collections.abc import Mapping

CALENDARS_READ = "Calendars.Read"
MAIL_READ_WRITE = "Mail.ReadWrite"
IMAP = "https://outlook.office.com/IMAP.AccessAsUser.All"

REASONS: Mapping[str, str] = {
    CALENDARS_READ: "read the events of your calendars",
    MAIL_READ_WRITE: "put drafts among yours and reminders into your inbox, and see what became of them; not to send",
    IMAP: "read your mail and put drafts there over IMAP; Microsoft has no smaller permission for it",
    "offline_access": "stay logged in",
}

_ID = r"[^/?]+"
_ALLOWED = (
    ("GET", rf"me(/calendars/{_ID})?/calendarView/delta", CALENDARS_READ),
    ("GET", rf"me/events/{_ID}", CALENDARS_READ),
    ("GET", rf"me/calendars(/{_ID})?|me/calendar", CALENDARS_READ),
    ("GET", rf"me/messages(/{_ID})?", MAIL_READ_WRITE),
    ("GET", rf"me/mailFolders/{_ID}(/messages(/delta)?)?", MAIL_READ_WRITE),
    ("POST", rf"me/messages|me/mailFolders/{_ID}/messages|me/messages/{_ID}/createReply", MAIL_READ_WRITE),
    ("PATCH", rf"me/messages/{_ID}", MAIL_READ_WRITE),
    ("DELETE", rf"me/messages/{_ID}", MAIL_READ_WRITE),
    ("POST", r"\$batch", ""),
)
_COMPILED = tuple((method, re.compile(path, re.IGNORECASE), scope) for method, path, scope in _ALLOWED)
_KEY = re.compile(r"\('([^'()/]+)'\)")
_USER = re.compile(r"^users/[^/]+/", re.IGNORECASE)


def permission_for(method: str, path: str) -> str | None:
    """The permission that a request is made on, empty for one that only bundles others; None if it may not be made.

    `path` is relative to the version's root and bears no query. Links that Graph gives write `mailFolders('id')` and
    `users('id')` where we write `mailFolders/id` and `me`.
    """
    plain = _USER.sub("me/", _KEY.sub(r"/\1", path.strip("/").replace("()", "")))
    for allowed, pattern, scope in _COMPILED:
        if method == allowed and pattern.fullmatch(plain):
            return scope
    return None
