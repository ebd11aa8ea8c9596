"""The desktop notifier over a real D-Bus, with a notification server of the test's own."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jeepney
import pytest
from jeepney import DBusErrorResponse, message_bus
from jeepney.auth import AuthenticationError as BusRefused
from jeepney.io.blocking import Proxy, open_dbus_connection
from jeepney.io.common import RouterClosed
from jeepney.wrappers import SizeLimitError

from connectors.errors import TemporaryError
from connectors.model import Note
from connectors.notify.desktop import DesktopNotifier, meaning

NOTE = Note(
    key="k",
    message_id="<note-1@example.com>",
    subject="One draft is still unsent",
    body="Dear Ada, the draft's text",
    brief="Ada & Bob, on Monday <img src=x>",
    date=datetime(2026, 11, 24, 9, tzinfo=UTC),
)


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    if shutil.which("dbus-daemon") is None:
        pytest.skip("dbus-daemon is not installed")
    address = f"unix:path={tmp_path}/bus"
    process = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", f"--address={address}", "--print-address=1"],
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline()
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield address
    finally:
        process.terminate()
        process.wait(5)


@pytest.fixture
def shown(bus: str) -> Iterator[list[tuple[Any, ...]]]:
    calls: list[tuple[Any, ...]] = []
    connection = open_dbus_connection(bus=bus)
    Proxy(message_bus, connection).RequestName("org.freedesktop.Notifications")
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            try:
                message = connection.receive(timeout=0.1)
            except TimeoutError:
                continue
            method = message.header.fields.get(jeepney.HeaderFields.member)
            if method == "Notify":
                calls.append(message.body)
                connection.send(jeepney.new_method_return(message, "u", (1,)))
            elif method == "GetServerInformation":
                connection.send(jeepney.new_method_return(message, "ssss", ("Test shell", "test", "1.0", "1.2")))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield calls
    finally:
        stop.set()
        thread.join()
        connection.close()


def test_who_and_when_are_shown_and_nothing_is_markup(shown: list[tuple[Any, ...]]) -> None:
    DesktopNotifier("screen").notify(NOTE)
    ((application, _, _, title, body, _, hints, _),) = shown
    assert (application, title) == ("Afterword", NOTE.subject)
    assert body == "Ada &amp; Bob, on Monday &lt;img src=x&gt;"
    assert hints["urgency"] == ("y", 1)


def test_check_names_the_desktop(shown: list[tuple[Any, ...]]) -> None:
    (line,) = DesktopNotifier("screen").check()
    assert (line.state, line.detail) == ("ok", "Test shell 1.0")
    assert shown == []


def test_a_bus_without_a_desktop(bus: str) -> None:
    with pytest.raises(TemporaryError, match="no desktop shows notifications"):
        DesktopNotifier("screen").notify(NOTE)


@pytest.mark.parametrize("address", [None, "", "unix:path=/nonexistent/bus", "tcp:nonsense", "rubbish"])
def test_no_session_at_all(address: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    if address is not None:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    port = DesktopNotifier("screen")
    with pytest.raises(TemporaryError, match="no desktop session"):
        port.notify(NOTE)
    assert port.check()[0].state == "failing"


@pytest.mark.parametrize("kind", [DBusErrorResponse, RouterClosed, BusRefused, SizeLimitError, TimeoutError])
def test_every_exception_of_jeepney_has_a_meaning(kind: type[Exception]) -> None:
    assert meaning.dispatch(kind) is not meaning.dispatch(object)
