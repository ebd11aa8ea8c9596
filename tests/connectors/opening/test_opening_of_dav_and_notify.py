"""From a config file's tables to ports: nothing is connected, imported or revealed before its time."""

import logging
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config.connections import (
    AppriseNotifier,
    CaldavCalendar,
    DesktopNotifier,
    IcsUrlCalendar,
    LogNotifier,
    SubmissionNotifier,
)
from config.secrets import SecretRef
from connectors.caldav.opening import open_calendar as open_caldav
from connectors.errors import AuthenticationError
from connectors.ics_url.opening import open_calendar as open_ics_url
from connectors.model import Address, Note, Window
from connectors.notify.opening import open_apprise, open_desktop, open_log, open_submission
from connectors.registry import Context

WINDOW = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
NOTE = Note("k", "<k@example.com>", "Subject", "whole text", "brief text", datetime(2026, 11, 24, tzinfo=UTC))
MISSING = SecretRef("env", "AFTERWORD_TEST_NO_SUCH_SECRET")


@pytest.fixture
def context(tmp_path: Path) -> Context:
    owner = Address("erika@example.com", "Erika Example")
    return Context("erika", owner, frozenset({owner.email}), ZoneInfo("Europe/Berlin"), tmp_path)


def test_caldav(context: Context) -> None:
    table = CaldavCalendar.model_validate(
        {"kind": "caldav", "url": "https://127.0.0.1:1/dav/", "password": MISSING, "name": "work", "auth": "basic"}
    )
    port = open_caldav(table, context)
    assert port.name == "work"
    with pytest.raises(AuthenticationError, match="AFTERWORD_TEST_NO_SUCH_SECRET") as caught:
        port.pull(None, WINDOW)
    assert caught.value.remedy
    assert port.check()[0].state == "failing"


def test_ics_url(context: Context) -> None:
    port = open_ics_url(IcsUrlCalendar.model_validate({"kind": "ics_url", "url": MISSING}), context)
    assert port.name == "ics_url"
    with pytest.raises(AuthenticationError, match="AFTERWORD_TEST_NO_SUCH_SECRET"):
        port.pull(None, WINDOW)


def test_submission(context: Context) -> None:
    table = SubmissionNotifier.model_validate({"kind": "submission", "host": "127.0.0.1", "port": 1})
    port = open_submission(table, context)
    assert port.check()[0].state == "failing"


def test_apprise(context: Context) -> None:
    port = open_apprise(AppriseNotifier.model_validate({"kind": "apprise", "url": MISSING}), context)
    with pytest.raises(AuthenticationError):
        port.notify(NOTE)


def test_desktop(context: Context) -> None:
    port = open_desktop(DesktopNotifier.model_validate({"kind": "desktop", "name": "screen"}), context)
    assert port.name == "screen"


def test_log_gets_the_brief_form(context: Context, caplog: pytest.LogCaptureFixture) -> None:
    port = open_log(LogNotifier.model_validate({"kind": "log"}), context)
    with caplog.at_level(logging.INFO):
        port.notify(NOTE)
    assert "brief text" in caplog.text
    assert "whole text" not in caplog.text
    assert port.check()[0].state == "ok"


def test_what_is_not_configured_is_not_imported() -> None:
    code = (
        "import sys, connectors.registry, connectors.notify.opening;"
        "print([m for m in ('caldav', 'lxml', 'apprise', 'smtplib', 'jeepney', 'httpx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
