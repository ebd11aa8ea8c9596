"""Answers that Google's documents do not allow: the ports say so in the taxonomy, and nothing else gets out."""

import itertools
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from connectors.errors import ConnectorError
from connectors.google.calendar import GoogleCalendar
from connectors.google.mailbox import GmailMailbox
from connectors.model import DraftRef
from tests.connectors.google.conftest import Setting
from tests.connectors.google.test_calendar import WINDOW
from tests.connectors.google.test_mailbox import DRAFT, NOTE, PROBE, opened

ODD = [
    None,
    7,
    [],
    "words",
    {},
    {"drafts": [{}]},
    {"drafts": 7},
    {"drafts": [{"id": "r-1", "message": None}]},
    {"messages": [{}]},
    {"messages": ["x"]},
    {"historyId": None, "history": [{"messagesAdded": [{}]}]},
    {"history": [7]},
    {"history": [{"messagesAdded": [{"message": {}}]}]},
    {"id": "x", "payload": 7},
    {"id": "x", "payload": {"headers": 7}},
    {"id": "x", "payload": {"headers": [7]}},
    {"id": "x", "message": {"labelIds": ["DRAFT"], "raw": "a"}},
    {"id": "x", "message": {"labelIds": 7, "raw": 7}},
    {"items": [7]},
    {"items": 7},
    {"items": [{}]},
    {"items": [{"id": 7, "iCalUID": "u", "start": 7}]},
    {"items": [{"id": "e", "iCalUID": "u", "start": {"date": "2026-02-30"}}]},
    {"items": [{"id": "e", "iCalUID": "u", "start": {"dateTime": "0001-01-01T00:00:00+14:00"}, "end": 7}]},
    {"items": [{"id": "e", "iCalUID": "u", "start": {"date": "2026-11-20"}, "sequence": "x", "attendees": [7]}]},
    {"items": [{"id": "e", "iCalUID": "u", "start": {"date": "2026-11-20"}, "organizer": 7, "attendees": 7}]},
    {"timeZone": 7, "nextSyncToken": 7},
]
REF = DraftRef(DRAFT.message_id, "draft/r-1", "f")
MAIL: list[Callable[[GmailMailbox], Any]] = [
    lambda m: m.observe([PROBE]),
    lambda m: m.create_draft(DRAFT),
    lambda m: m.replace_draft(REF, DRAFT),
    lambda m: m.delete_draft(REF),
    lambda m: m.deliver_note(NOTE),
    lambda m: m.owner_replies(None, [NOTE.message_id]),
    lambda m: m.find_people(["Ada"], ["corp.example"]),
    lambda m: m.check(),
]


def refusal(call: Callable[[], Any]) -> str:
    """The account that a ConnectorError names; empty where there was none. Anything else fails the test."""
    try:
        call()
    except ConnectorError as error:
        return error.account or "nobody"
    return ""


def answering(setting: Setting, answer: Any, after: int, times: int = 1) -> None:
    """From the request after the first `after` on, this is what comes, so many times."""
    answered = setting.fake.answer
    calls = itertools.count()

    def odd(*args: Any, **more: Any) -> Any:
        if after <= next(calls) < after + times:
            return 200, answer, {}
        return answered(*args, **more)

    setting.fake.answer = odd  # type: ignore[method-assign]


@pytest.mark.parametrize(
    "call", MAIL, ids=["observe", "create", "replace", "delete", "note", "replies", "people", "check"]
)
@pytest.mark.parametrize("after", [0, 1, 3])
def test_mail(setting: Setting, call: Callable[[GmailMailbox], Any], after: int) -> None:
    opened(setting).create_draft(DRAFT)
    good = setting.fake.answer
    for answer in ODD:
        for times in (1,) if after else (1, 9):
            answering(setting, answer, after, times)
            mailbox = opened(setting)
            assert refusal(partial(call, mailbox)) in ("", "sam"), json.dumps(answer)
            setting.fake.answer = good  # type: ignore[method-assign]
            mailbox.close()


@pytest.mark.parametrize("answer", ODD, ids=lambda answer: json.dumps(answer)[:60])
def test_calendar(setting: Setting, answer: Any) -> None:
    calendar: GoogleCalendar = setting.calendar()
    cursor = calendar.pull(None, WINDOW).cursor
    good = setting.fake.answer
    for known in (None, cursor):
        answering(setting, answer, 0)
        assert refusal(partial(calendar.pull, known, WINDOW)) in ("", "sam")
        answering(setting, answer, 0, 2)
        assert len(calendar.check()) == 1
        setting.fake.answer = good  # type: ignore[method-assign]
