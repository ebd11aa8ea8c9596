"""The account's key: made once, never made again over what is there."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.store.errors import StoreCorrupt, StoreUnavailable
from daemon.store.keyfile import load_or_create

NOW = datetime(2026, 11, 20, 16, tzinfo=UTC)


def test_a_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "me.json"
    made = load_or_create(path, now=NOW)
    assert (len(made.key), made.created_at) == (32, NOW)
    assert load_or_create(path, now=NOW + timedelta(days=1)) == made
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert list(path.parent.iterdir()) == [path]
    assert load_or_create(tmp_path / "other.json", now=NOW).key != made.key


def test_a_copied_key_is_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "me.json"
    load_or_create(path, now=NOW)
    path.chmod(0o644)
    load_or_create(path, now=NOW)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_key_is_not_shown(tmp_path: Path) -> None:
    made = load_or_create(tmp_path / "me.json", now=NOW)
    assert repr(made.key) not in repr(made)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"key": 7, "created_at": "2026-11-20T16:00:00+00:00"}',
        '{"key": "c2hvcnQ=", "created_at": "2026-11-20T16:00:00+00:00"}',
        json.dumps({"key": "A" * 43 + "=", "created_at": "2026-11-20T16:00:00"}),
        json.dumps({"key": "A" * 43 + "=", "created_at": "yesterday"}),
        "\ufffd" * 9,
    ],
)
def test_a_file_without_a_key_is_refused_and_left_alone(tmp_path: Path, content: str) -> None:
    path = tmp_path / "me.json"
    path.write_text(content)
    with pytest.raises(StoreCorrupt, match=r"me\.json") as caught:
        load_or_create(path, now=NOW)
    assert "copy" in caught.value.remedy
    assert path.read_text() == content


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file" / "me.json"):
        with pytest.raises(StoreUnavailable, match=str(tmp_path)):
            load_or_create(path, now=NOW)
