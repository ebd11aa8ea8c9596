"""What the calendar suite needs where the calendar is mail: invites as messages, and what does not hold for them."""

from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import SMTP

_REMOVES_NOTHING = "throwing an invite mail away cancels nothing: only a CANCEL does, so nothing is ever removed"
_NEVER_FULL = "mail is only ever added to, so no pull claims to be all there is"
_BESIDE = "a change is a mail of its own beside the old one, and the newer counts once both are folded"
EXEMPT: Mapping[str, str] = {
    "test_added_changed_and_removed": _REMOVES_NOTHING,
    "test_a_cursor_outlives_the_service": _REMOVES_NOTHING,
    "test_a_cursor_may_be_used_again": _REMOVES_NOTHING,
    "test_everything_gone_at_once_is_a_fault": _REMOVES_NOTHING,
    "test_one_that_is_removed_may_be_the_last": _REMOVES_NOTHING,
    "test_the_first_pull_gives_all_that_touches_the_window": _NEVER_FULL,
    "test_an_empty_calendar_is_no_fault": _NEVER_FULL,
    "test_what_is_moved_out_of_the_window_does_not_stay_as_it_was": _BESIDE,
}
"""Test of the suite -> why it does not hold for invites in mail."""


def as_mail(data: str) -> bytes:
    """One iCalendar object as an organizer mails it (RFC 6047)."""
    message = EmailMessage(policy=SMTP)
    message["From"] = "Erika <erika@corp.example>"
    message["To"] = "sam@example.org"
    message["Subject"] = "Invitation"
    message.set_content("Please come.")
    request = data.replace("VERSION:2.0\r\n", "VERSION:2.0\r\nMETHOD:REQUEST\r\n", 1)
    message.add_alternative(request, subtype="calendar", params={"method": "REQUEST"})
    return message.as_bytes()
