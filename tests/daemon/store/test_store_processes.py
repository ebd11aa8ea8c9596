"""Threads, several processes at once, and a kill between an intent and its outcome."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from daemon.core.facts import Intent, JournalEntry, Settled
from daemon.store.keyfile import load_or_create
from daemon.store.store import AccountStore, Store

NOW = datetime(2026, 11, 20, 16, tzinfo=UTC)

OPEN = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from daemon.core.facts import Intent, Settled
from daemon.store.store import Store
from daemon.store.keyfile import load_or_create
NOW = datetime(2026, 11, 20, 16, tzinfo=UTC)
url, name = sys.argv[1:]
"""
WRITE = """
account = Store.open(url, now=NOW).account("me")
for n in range(20):
    entry = account.begin(f"{name}{n}", Intent.CREATE, NOW)
    if n % 2:
        account.settle(entry.id, Settled.DONE, NOW)
"""
BEGIN = """
account = Store.open(url, now=NOW).account("me")
first = account.begin("first", Intent.CREATE, NOW, "f1")
account.settle(first.id, Settled.DONE, NOW)
account.begin("second", Intent.REPLACE, NOW, "f2")
print("begun", flush=True)
sys.stdin.read()
"""
KEY = "print(load_or_create(Path(url), now=NOW).key.hex())"


def start(program: str, url: str, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", OPEN + program, url, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_two_processes_make_and_fill_one_store(url: str) -> None:
    running = [start(WRITE, url, name) for name in "ab"]
    assert [process.communicate(timeout=60) and process.returncode for process in running] == [0, 0]
    with Store.open(url, now=NOW) as store:
        unsettled = store.account("me").unsettled()
        assert sorted(entry.key for entry in unsettled) == sorted(
            f"{name}{n}" for name in "ab" for n in range(0, 20, 2)
        )
        assert len({entry.id for entry in unsettled}) == 20


def test_an_intent_outlives_a_kill(url: str) -> None:
    process = start(BEGIN, url, "")
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    with Store.open(url, now=NOW) as store:
        account = store.account("me")
        (left,) = account.unsettled()
        assert (left.key, left.intent, left.at, left.fingerprint) == ("second", Intent.REPLACE, NOW, "f2")
        account.settle(left.id, Settled.ABSENT, NOW)
        assert account.unsettled() == ()


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    running = [start(KEY, str(tmp_path / "me.key"), "") for _ in range(3)]
    keys = {process.communicate(timeout=60)[0].strip() for process in running}
    assert keys == {load_or_create(tmp_path / "me.key", now=NOW).key.hex()}
    assert [file.name for file in tmp_path.iterdir()] == ["me.key"]


def test_threads_share_a_store(account: AccountStore) -> None:
    def work(name: int) -> list[JournalEntry]:
        return [account.begin(f"{name}-{n}", Intent.CREATE, NOW) for n in range(5)]

    with ThreadPoolExecutor(8) as pool:
        made = [entry for entries in pool.map(work, range(8)) for entry in entries]
    assert set(account.unsettled()) == set(made)
    assert len(made) == 40
