"""A store that cannot be written is told in a sentence, whenever it shows."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from daemon.lock import serving
from tests.cli.test_forget import afterword
from tests.daemon.staged import account_in, invite, lay_out, put_event


def test_a_store_that_fails_in_the_middle_of_a_cycle_is_told_without_a_traceback(tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    lay_out(tmp_path)
    with account_in(tmp_path, now - timedelta(days=1)):
        pass
    put_event(tmp_path, "one", invite("one", end=now - timedelta(hours=1), stamped=now - timedelta(days=3)))
    with sqlite3.connect(tmp_path / "state" / "mara" / "store.sqlite") as database:
        database.execute(
            "CREATE TRIGGER full BEFORE INSERT ON invites BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
    database.close()
    done = afterword(tmp_path, "once")
    assert done.returncode in {75, 78}
    assert "Traceback" not in done.stderr
    assert "store.sqlite" in "".join(done.stderr.split())


def test_the_lock_is_held_where_there_is_no_room_to_say_by_whom(tmp_path: Path) -> None:
    (tmp_path / "mara.pid").mkdir()
    with serving("mara", tmp_path):
        pass
