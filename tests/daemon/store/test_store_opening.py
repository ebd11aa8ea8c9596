"""Opening a store: made, reopened, refused."""

from datetime import UTC, datetime
from pathlib import Path

from daemon.core.facts import Intent
from daemon.store.store import Store

NOW = datetime(2026, 11, 20, 16, tzinfo=UTC)


def test_a_new_store_is_private_and_reopens(tmp_path: Path) -> None:
    path = tmp_path / "state" / "afterword.sqlite"
    with Store.open(path, now=NOW) as store:
        entry = store.account("me").begin("k", Intent.CREATE, NOW, "f")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    with Store.open(path, now=NOW) as store:
        assert store.account("me").unsettled() == (entry,)
        assert store.account("me").facts(None).store_born_at == NOW
