"""The service as a process: it starts, notices, re-reads, finishes and stops as it is told."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.daemon.staged import CONFIG, account_in, drafts, invite, lay_out, put_event
from tests.daemon.test_kill import environment

RUN = [sys.executable, "-m", "daemon.cli.main", "run"]


def until(happened: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@contextmanager
def supervisor(folder: Path) -> Iterator[tuple[socket.socket, dict[str, str]]]:
    """Listens where a service manager would."""
    address = folder / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(address))
        listener.settimeout(60)
        yield listener, {"NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": "20000000"}


@contextmanager
def service(folder: Path, extra: dict[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        RUN, env={**environment(folder), **(extra or {})}, stderr=subprocess.PIPE, text=True, cwd=folder
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)
        if process.stderr is not None:
            process.stderr.close()


def set_up(folder: Path) -> None:
    lay_out(folder)
    with account_in(folder, datetime.now(UTC) - timedelta(days=1)):
        pass


def ended(minutes_ago: int) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=minutes_ago)


def heard(listener: socket.socket, wanted: str) -> list[str]:
    said: list[str] = []
    while not any(wanted in message for message in said):
        said.append(listener.recv(4096).decode())
    return said


def test_it_reports_to_its_supervisor_and_acts_within_seconds_on_a_changed_folder(tmp_path: Path) -> None:
    set_up(tmp_path)
    with supervisor(tmp_path) as (listener, extra), service(tmp_path, extra) as process:
        said = heard(listener, "READY=1")
        said += heard(listener, "all is well")
        said += heard(listener, "WATCHDOG=1")
        assert drafts(tmp_path) == []
        put_event(tmp_path, "one", invite("one", end=ended(60), stamped=ended(6000)))
        until(lambda: len(drafts(tmp_path)) == 1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        heard(listener, "STOPPING=1")


def test_a_reload_takes_in_another_account_and_a_broken_one_changes_nothing(tmp_path: Path) -> None:
    accounts = tmp_path / "accounts"
    accounts.mkdir()
    set_up(tmp_path)
    one = CONFIG.replace('"Mail"', f'"{tmp_path}/Mail"').replace('"calendar"', f'"{tmp_path}/calendar"')
    (accounts / "mara.toml").write_text(one, encoding="utf-8")
    with supervisor(tmp_path) as (listener, extra):
        extra["AFTERWORD_CONFIG"] = str(accounts)
        with service(tmp_path, extra) as process:
            heard(listener, "READY=1")
            heard(listener, "1 account")
            second = tmp_path / "second"
            lay_out(second)
            other = one.replace(str(tmp_path / "Mail"), str(second / "Mail")).replace("mara@lindgren", "olof@ek")
            (accounts / "olof.toml").write_text(other, encoding="utf-8")
            process.send_signal(signal.SIGHUP)
            said = heard(listener, "2 accounts")
            assert any("RELOADING=1" in message for message in said)
            (accounts / "olof.toml").write_text("[owner\n", encoding="utf-8")
            process.send_signal(signal.SIGHUP)
            heard(listener, "2 accounts; served as before, its new configuration has faults: olof")
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
            assert process.stderr is not None
            assert "olof.toml" in process.stderr.read()


def test_a_broken_configuration_ends_with_78_and_names_every_problem(tmp_path: Path) -> None:
    lay_out(tmp_path)
    broken = CONFIG.replace("Europe/Berlin", "Europe/Atlantis").replace('kind = "vdir"', 'kind = "vdri"')
    (tmp_path / "mara.toml").write_text(broken, encoding="utf-8")
    run = subprocess.run(RUN, env=environment(tmp_path), capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 78
    assert "Europe/Atlantis" in run.stderr or "timezone" in run.stderr
    assert "vdir" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_store_of_another_program_is_left_alone_and_said_so(tmp_path: Path) -> None:
    lay_out(tmp_path)
    (tmp_path / "state" / "mara").mkdir(parents=True)
    store = tmp_path / "state" / "mara" / "store.sqlite"
    store.write_bytes(b"this is no database at all" * 100)
    run = subprocess.run(RUN, env=environment(tmp_path), capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 78
    assert "store.sqlite" in run.stderr
    assert store.read_bytes().startswith(b"this is no database")


def test_what_the_owner_says_on_the_command_line_reaches_a_running_service_at_once(tmp_path: Path) -> None:
    set_up(tmp_path)
    put_event(tmp_path, "one", invite("one", end=ended(60), stamped=ended(6000)))
    with service(tmp_path) as process:
        until(lambda: len(drafts(tmp_path)) == 1)
        with account_in(tmp_path) as account:
            (facts,) = account.store.facts(since=None).followups.values()
        said = ["dismiss", facts.followup.interview_id]
        command = [sys.executable, "-m", "daemon.cli.main", *said]
        told = subprocess.run(
            command, env=environment(tmp_path), capture_output=True, text=True, timeout=60, check=False
        )
        assert told.returncode == 0, told.stderr
        until(lambda: drafts(tmp_path) == [], 30)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_one_account_with_a_dead_mailbox_stops_no_other(tmp_path: Path) -> None:
    accounts = tmp_path / "accounts"
    accounts.mkdir()
    set_up(tmp_path)
    one = CONFIG.replace('"Mail"', f'"{tmp_path}/Mail"').replace('"calendar"', f'"{tmp_path}/calendar"')
    (accounts / "mara.toml").write_text(one, encoding="utf-8")
    dead = one.replace(f"{tmp_path}/Mail", f"{tmp_path}/nowhere").replace("mara@lindgren", "olof@ek")
    (accounts / "a-dead-one.toml").write_text(dead, encoding="utf-8")
    put_event(tmp_path, "one", invite("one", end=ended(60), stamped=ended(6000)))
    extra = {"AFTERWORD_CONFIG": str(accounts), "PATH": os.environ["PATH"]}
    with service(tmp_path, extra) as process:
        until(lambda: len(drafts(tmp_path)) == 1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert "nowhere" in process.stderr.read()


def test_one_account_with_a_broken_store_stops_no_other(tmp_path: Path) -> None:
    accounts = tmp_path / "accounts"
    accounts.mkdir()
    set_up(tmp_path)
    one = CONFIG.replace('"Mail"', f'"{tmp_path}/Mail"').replace('"calendar"', f'"{tmp_path}/calendar"')
    (accounts / "mara.toml").write_text(one, encoding="utf-8")
    second = tmp_path / "second"
    lay_out(second)
    other = one.replace(str(tmp_path / "Mail"), str(second / "Mail")).replace("mara@lindgren", "olof@ek")
    (accounts / "a-broken-one.toml").write_text(other, encoding="utf-8")
    (tmp_path / "state" / "a-broken-one").mkdir()
    (tmp_path / "state" / "a-broken-one" / "store.sqlite").write_bytes(b"no database" * 200)
    put_event(tmp_path, "one", invite("one", end=ended(60), stamped=ended(6000)))
    with service(tmp_path, {"AFTERWORD_CONFIG": str(accounts)}) as process:
        until(lambda: len(drafts(tmp_path)) == 1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert "a-broken-one: this account is not served" in process.stderr.read()
