"""The mail that brought an event is found by its header, so that the thank-you stands in its thread."""

import pytest

from connectors.errors import TemporaryError
from connectors.google.calendar import GoogleCalendar
from connectors.google.permissions import CALENDAR_EVENTS
from connectors.model import Address, MailContext
from tests.connectors.google.conftest import Setting
from tests.connectors.google.test_calendar import WINDOW, interview, primary
from tests.servers.google_fake.mail import Refusal, Stored

INVITE = (
    "From: Rita Recruiter <rita@corp.example>\r\n"
    "Sender: Google Calendar <calendar-notification@google.com>\r\n"
    "Reply-To: Rita Recruiter <rita@corp.example>\r\n"
    "To: sam@example.org\r\n"
    "Message-ID: <calendar-1@google.com>\r\n"
    "References: <thread-1@corp.example>\r\n"
    "Date: Mon, 02 Nov 2026 10:00:00 +0000\r\n"
    "Subject: =?utf-8?q?Invitation=3A_Interview=3A_Compiler_Engineer_=40_Fri_20_Nov_2026?=\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: text/plain\r\n\r\nPrivate words\r\n"
    "--b\r\nContent-Type: application/ics\r\n"
    'Content-Disposition: attachment; filename="invite.ics"\r\n\r\nX\r\n--b--\r\n'
)


def mailed(setting: Setting, text: str = INVITE, label: str = "INBOX") -> Stored:
    return setting.fake.mail.put(text.encode(), {label}, from_date=True)


def found(calendar: GoogleCalendar) -> MailContext | None:
    [invite] = calendar.pull(None, WINDOW).invites
    return invite.events[0].mail


def test_the_invitation_is_attached_and_its_words_are_not_read(setting: Setting) -> None:
    stored = mailed(setting)
    primary(setting).put(interview())
    calendar = setting.calendar()
    mail = found(calendar)
    assert mail is not None
    assert (mail.message_id, mail.references) == ("<calendar-1@google.com>", ("<thread-1@corp.example>",))
    assert mail.sender == Address("rita@corp.example", "Rita Recruiter")
    assert mail.technical_sender == Address("calendar-notification@google.com", "Google Calendar")
    assert mail.reply_to == (Address("rita@corp.example", "Rita Recruiter"),)
    assert mail.text == ""
    assert stored.id not in {message for message, _ in setting.fake.mail.served}


def test_each_mail_is_read_once_and_an_unchanged_calendar_asks_for_none(setting: Setting) -> None:
    mailed(setting)
    primary(setting).put(interview())
    calendar = setting.calendar()
    cursor = calendar.pull(None, WINDOW).cursor
    setting.fake.asked.clear()
    cursor = calendar.pull(cursor, WINDOW).cursor
    assert setting.fake.methods() == ["calendar.events.list"]
    primary(setting).put(interview(sequence=2))
    assert calendar.pull(cursor, WINDOW).invites[0].events[0].mail is not None
    assert setting.fake.methods()[1:] == ["calendar.events.list", "gmail.users.messages.list"]


@pytest.mark.parametrize(
    "text",
    [
        INVITE.replace("Compiler_Engineer", "Gardener"),
        INVITE.replace("rita@corp.example", "rita@else.example"),
        INVITE.replace("invite.ics", "invite.pdf"),
        INVITE.replace("Message-ID: <calendar-1@google.com>\r\n", ""),
    ],
    ids=["other title", "other company", "no calendar file", "no Message-ID"],
)
def test_another_mail_is_not_taken_for_it(setting: Setting, text: str) -> None:
    mailed(setting, text)
    primary(setting).put(interview())
    assert found(setting.calendar()) is None


def test_the_owners_own_events_and_sent_mail_are_none(setting: Setting) -> None:
    mailed(setting, label="SENT")
    primary(setting).put(interview())
    assert found(setting.calendar()) is None
    primary(setting).put(interview(organizer={"email": "sam@example.org", "self": True}))
    setting.fake.asked.clear()
    assert found(setting.calendar()) is None
    assert setting.fake.methods() == ["calendar.events.list"]


def test_without_the_permission_no_mail_is_asked_for(setting: Setting) -> None:
    setting.store.remove()
    setting.log_in(CALENDAR_EVENTS)
    mailed(setting)
    primary(setting).put(interview())
    assert found(setting.calendar()) is None
    assert setting.fake.methods() == ["calendar.events.list"]


def test_gmail_switched_off_costs_the_thread_and_an_outage_comes_again(setting: Setting) -> None:
    mailed(setting)
    primary(setting).put(interview())
    calendar = setting.calendar()
    answer = setting.fake.answer

    def refusing(verb: str, target: str, *args: object, **more: object) -> object:
        if "gmail" in target:
            setting.fake.refusals.append(refusal)
        return answer(verb, target, *args, **more)  # type: ignore[arg-type]

    setting.fake.answer = refusing  # type: ignore[method-assign, assignment]
    refusal = Refusal(403, "accessNotConfigured", "Gmail API has not been used")
    assert found(calendar) is None
    refusal = Refusal(500, "backendError", "Oops")
    with pytest.raises(TemporaryError):
        calendar.pull(None, WINDOW)
