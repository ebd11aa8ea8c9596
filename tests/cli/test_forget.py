"""`forget --all` leaves no state behind, names the drafts that stay, and leaves the mailbox as it is."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from daemon.engine import cycle
from tests.daemon.staged import account_in, drafts, invite, lay_out, put_event
from tests.daemon.test_kill import environment


def afterword(folder: Path, *said: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "daemon.cli.main", *said]
    return subprocess.run(command, env=environment(folder), capture_output=True, text=True, timeout=60, check=False)


def test_everything_is_forgotten_and_the_mailbox_stays(tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    lay_out(tmp_path)
    with account_in(tmp_path, now - timedelta(days=1)):
        pass
    put_event(tmp_path, "one", invite("one", end=now - timedelta(hours=1), stamped=now - timedelta(days=3)))
    with account_in(tmp_path) as account:
        cycle(account, now)
    before = [draft.as_bytes() for draft in drafts(tmp_path)]
    assert len(before) == 1
    done = afterword(tmp_path, "forget", "--all", "--yes")
    assert done.returncode == 0, done.stderr
    assert "Helena Frost" in done.stdout
    assert not (tmp_path / "state" / "mara").exists()
    assert [draft.as_bytes() for draft in drafts(tmp_path)] == before


def test_one_interview_is_forgotten_and_not_drafted_again(tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    lay_out(tmp_path)
    with account_in(tmp_path, now - timedelta(days=1)):
        pass
    put_event(tmp_path, "one", invite("one", end=now - timedelta(hours=1), stamped=now - timedelta(days=3)))
    with account_in(tmp_path) as account:
        cycle(account, now)
        (facts,) = account.store.facts(since=None).followups.values()
    done = afterword(tmp_path, "forget", facts.followup.interview_id)
    assert done.returncode == 0, done.stderr
    for path in (tmp_path / "Mail" / ".Drafts").glob("*/*"):
        path.unlink()
    with account_in(tmp_path) as account:
        cycle(account, now + timedelta(minutes=5))
    assert drafts(tmp_path) == []
