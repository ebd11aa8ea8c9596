"""Promise 2: one draft per follow-up, whatever kills the process and wherever; and with two services at once."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.daemon.staged import account_in, drafts, invite, lay_out, put_event

ROOT = Path(__file__).resolve().parents[2]


def test_killed_at_every_boundary_of_a_cycle_there_is_one_draft_and_none_is_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.daemon.kill_histories", str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        timeout=840,
        check=True,
    )
    report = json.loads(run.stdout)
    with capsys.disabled():
        print()
        for scenario, told in report.items():
            kinds = Counter(name.replace("before ", "").replace("after ", "") for name in told["boundaries"])
            print(f"{scenario}: {told['histories']} histories, killed at each of")
            print("   " + ", ".join(f"{name} x{count}" for name, count in sorted(kinds.items())))
    for scenario, told in report.items():
        assert told["histories"] > 30, scenario
        assert told["faults"] == [], scenario


def environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "AFTERWORD_CONFIG": str(folder / "mara.toml"),
        "AFTERWORD_STATE": str(folder / "state"),
        "PYTHONPATH": str(ROOT),
    }


def set_up_yesterday(folder: Path) -> None:
    """An account that was set up a day ago, and an interview of two that ended an hour ago."""
    now = datetime.now(UTC)
    lay_out(folder)
    with account_in(folder, now - timedelta(days=1)):
        pass
    people = (("Priya Raman", "priya@cobalt.example"), ("Laura Benedetti", "laura@cobalt.example"))
    ended = now.replace(microsecond=0) - timedelta(hours=1)
    summary = "Panel interview - Analytics Engineer - Cobalt"
    put_event(
        folder, "panel", invite("panel", end=ended, people=people, summary=summary, stamped=now - timedelta(days=3))
    )


def wait_for_drafts(folder: Path, count: int) -> None:
    deadline = time.monotonic() + 60
    while len(drafts(folder)) < count and time.monotonic() < deadline:
        time.sleep(0.1)


def test_two_services_started_at_once_make_each_draft_once(tmp_path: Path) -> None:
    set_up_yesterday(tmp_path)
    command = [sys.executable, "-m", "daemon.cli.main", "run"]
    both = [subprocess.Popen(command, env=environment(tmp_path), stderr=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        wait_for_drafts(tmp_path, 2)
        loser = None
        deadline = time.monotonic() + 30
        while loser is None and time.monotonic() < deadline:
            loser = next((process for process in both if process.poll() is not None), None)
            time.sleep(0.05)
        assert loser is not None, "two services serve one account"
        assert loser.returncode == 75
        assert loser.stderr is not None
        assert "is serving mara" in loser.stderr.read()
        assert sorted(str(draft["To"]) for draft in drafts(tmp_path)) == [
            "Laura Benedetti <laura@cobalt.example>",
            "Priya Raman <priya@cobalt.example>",
        ]
    finally:
        for process in both:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        codes = [process.wait(15) for process in both]
        for process in both:
            if process.stderr is not None:
                process.stderr.close()
    assert sorted(codes) == [0, 75]


def test_many_single_cycles_at_once_make_each_draft_once(tmp_path: Path) -> None:
    set_up_yesterday(tmp_path)
    command = [sys.executable, "-m", "daemon.cli.main", "once", "--json"]
    crowd = [
        subprocess.Popen(command, env=environment(tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(4)
    ]
    codes = [process.wait(60) for process in crowd]
    assert 0 in codes
    assert set(codes) <= {0, 75}
    found = Counter(str(draft["To"]) for draft in drafts(tmp_path))
    assert set(found.values()) == {1}
    assert len(found) == 2
