"""Apprise: brief unless asked, its address in no error, mail to the owner only."""

import inspect
import json
import logging
from datetime import UTC, datetime

import apprise.exception
import pytest

from connectors.errors import ConnectorError, TemporaryError, UnsupportedError
from connectors.model import Note
from connectors.notify.apprise import AppriseNotifier, meaning
from tests.servers.scripted_http import reply, scripted

OWNER = frozenset({"erika@example.com"})
TOKEN = "s3cr3t-token"
NOTE = Note(
    key="k",
    message_id="<note-1@example.com>",
    subject="One draft is still unsent",
    body="Dear Ada, the draft's text",
    brief="Ada, on Monday <b>",
    date=datetime(2026, 11, 24, 9, tzinfo=UTC),
)


@pytest.mark.parametrize("full", [False, True])
def test_brief_unless_the_whole_is_asked_for(full: bool) -> None:
    with scripted(lambda asked, h: reply(h, "ok")) as server:
        AppriseNotifier("hook", lambda: f"json://127.0.0.1:{server.port}/{TOKEN}", OWNER, full_text=full).notify(NOTE)
    (asked,) = server.asked
    sent = json.loads(asked.body)
    assert sent["title"] == NOTE.subject
    assert sent["message"] == (NOTE.body if full else NOTE.brief)


def test_a_refusal_is_temporary_and_keeps_the_secret(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), scripted(lambda asked, h: reply(h, "no", status=500)) as server:
        port = AppriseNotifier("hook", lambda: f"json://127.0.0.1:{server.port}/{TOKEN}", OWNER)
        with pytest.raises(TemporaryError, match="JSON did not take the note") as caught:
            port.notify(NOTE)
    assert TOKEN not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("address", ["", TOKEN, f"nothing://{TOKEN}", f"slack://{TOKEN}"])
def test_an_address_that_is_none(address: str) -> None:
    port = AppriseNotifier("hook", lambda: address, OWNER)
    with pytest.raises(ConnectorError) as caught:
        port.notify(NOTE)
    (line,) = port.check()
    assert line.state == "failing"
    assert TOKEN not in f"{caught.value} {line}"


@pytest.mark.parametrize(
    "address",
    [
        "mailto://u:p@example.com?to=ada@company.example",
        "mailto://u:p@example.com?to=erika@example.com&bcc=ada@company.example",
        "mailtos://u:p@example.com?to=erika@example.com,ada@company.example",
        "sendgrid://abcd123:erika@example.com/ada@company.example",
        "mailgun://erika@example.com/0123456789abcdef0123456789abcdef-01234567-01234567/ada@company.example",
    ],
)
def test_mail_goes_to_the_owner_only(address: str) -> None:
    port = AppriseNotifier("mail", lambda: address, OWNER)
    with pytest.raises(UnsupportedError, match="your own addresses only"):
        port.notify(NOTE)
    assert port.check()[0].state == "failing"


def test_mail_to_the_owner_is_fine() -> None:
    port = AppriseNotifier("mail", lambda: "mailto://u:p@example.com?to=erika@example.com", OWNER)
    assert port.check()[0].state == "ok"


def test_every_exception_of_apprise_has_a_meaning() -> None:
    classes = [c for _, c in inspect.getmembers(apprise.exception, inspect.isclass) if issubclass(c, Exception)]
    assert len(classes) >= 5
    assert [c.__name__ for c in classes if meaning.dispatch(c) is meaning.dispatch(object)] == []
