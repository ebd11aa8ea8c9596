"""The contract of `explain --json` and `preview --json` (docs/design.md), to the letter, on the real command."""

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.staged import END, invite

ROOT = Path(__file__).resolve().parents[2]
EXPLAIN_KEYS = {
    "path", "interview", "outcome", "role", "company", "stage", "interviewers", "recipients", "excluded", "end",
    "language", "score", "reasons", "error",
}  # fmt: skip
PREVIEW_KEYS = {"to", "subject", "body", "message_id", "in_reply_to", "kind", "due", "remind"}


def afterword(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(folder), "AFTERWORD_CONFIG": str(folder / "none")}
    command = [sys.executable, "-m", "daemon.cli.main", *arguments]
    return subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


def lines(run: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert run.stderr == ""
    assert run.returncode == 0
    return [json.loads(line) for line in run.stdout.splitlines()]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "one.ics").write_bytes(invite("one").encode())
    moved = invite("two", sequence=1, end=END + timedelta(days=1))
    folder = tmp_path / "messages"
    folder.mkdir()
    (folder / "01-request.ics").write_bytes(invite("two").encode())
    (folder / "02-update.ics").write_bytes(moved.encode())
    (tmp_path / "broken.ics").write_bytes(b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:x\r\n")
    (tmp_path / "many.ics").write_bytes(
        invite("three").replace("END:VCALENDAR\r\n", "").encode()
        + b"BEGIN:VEVENT\r\nUID:walk\r\nDTSTAMP:20260301T000000Z\r\nDTSTART:20260317T090000Z\r\n"
        + b"DTEND:20260317T093000Z\r\nRRULE:FREQ=DAILY;COUNT=3\r\nSUMMARY:Walk\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    return tmp_path


ME = ("--me", "mara@lindgren.example", "--name", "Mara Lindgren", "--timezone", "Europe/Berlin")


def test_one_object_a_path_in_order_and_a_broken_one_stops_nobody(files: Path) -> None:
    found = lines(afterword(files, "explain", "--json", *ME, "one.ics", "absent.ics", "broken.ics", "messages"))
    assert [item["path"] for item in found] == ["one.ics", "absent.ics", "broken.ics", "messages"]
    assert all(set(item) == EXPLAIN_KEYS for item in found)
    assert found[0]["interview"] is True
    assert found[0]["outcome"] == "thank"
    assert found[0]["interviewers"] == [{"name": "Helena Frost", "email": "helena@frost.example"}]
    recipient = found[0]["recipients"][0]
    assert (recipient["email"], recipient["kind"]) == ("helena@frost.example", "interviewer")
    assert recipient["reason"]
    assert found[0]["end"] == "2026-03-17T15:00:00Z"
    assert found[0]["language"] == "en"
    assert isinstance(found[0]["score"], float)
    assert found[0]["reasons"]
    assert found[0]["error"] is None
    assert "absent.ics" in found[1]["error"]
    assert found[2]["error"]
    assert found[3]["end"] == "2026-03-18T15:00:00Z"


def test_all_gives_every_event_with_its_identity(files: Path) -> None:
    found = lines(afterword(files, "explain", "--json", "--all", *ME, "many.ics"))
    assert all(set(item) == EXPLAIN_KEYS | {"uid", "recurrence_id"} for item in found)
    walks = sorted(item["recurrence_id"] for item in found if item["uid"] == "walk")
    assert len(walks) == 3
    assert walks[0] == "2026-03-17T09:00:00Z"
    assert [item["interview"] for item in found if item["uid"] == "three"] == [True]


def test_preview_gives_the_drafts(files: Path) -> None:
    found = lines(afterword(files, "preview", "--json", *ME, "--now", "2026-03-17T18:00:00Z", "one.ics", "broken.ics"))
    (draft,) = found[0]["drafts"]
    assert set(draft) == PREVIEW_KEYS
    assert draft["to"] == ["helena@frost.example"]
    assert draft["kind"] == "interviewer"
    assert draft["due"] == "2026-03-17T15:15:00Z"
    assert draft["remind"] == "2026-03-18T08:00:00Z"
    assert draft["body"].rstrip().endswith("Mara Lindgren")
    assert draft["message_id"].startswith("<")
    assert draft["in_reply_to"] is None
    assert datetime.fromisoformat(draft["due"])
    assert found[1]["drafts"] == []


def test_an_event_that_is_not_ours_has_no_drafts(files: Path) -> None:
    found = lines(afterword(files, "preview", "--json", "--me", "helena@frost.example", "one.ics"))
    assert found[0]["drafts"] == []


def test_without_a_path_it_says_how_and_exits_64(tmp_path: Path) -> None:
    run = afterword(tmp_path, "explain", "--json")
    assert run.returncode == 64
    assert "PATH" in run.stderr
    assert run.stdout == ""


def test_a_wrong_zone_is_named(files: Path) -> None:
    run = afterword(files, "explain", "--me", "mara@lindgren.example", "--timezone", "Europe/Atlantis", "one.ics")
    assert run.returncode == 64
    assert "Europe/Atlantis" in run.stderr


HOSTILE = {
    "markup": "SUMMARY:Interview: <script>alert(1)</script> {{ 7*7 }} ${HOME} [red]x[/red]",
    "injection": "SUMMARY:Interview for Engineer\\nBcc: everybody@evil.example\\r\\nX-Evil: 1",
    "template": "SUMMARY:Interview {% for x in range(9) %}a{% endfor %} at {{ config }}",
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_text_reaches_no_header_template_or_terminal_code(tmp_path: Path, name: str) -> None:
    people = (("Helena {{ 6*7 }} Frost\x1b[31m", "helena@frost.example"),)
    text = invite("evil", people=people).replace("SUMMARY:Interview: Data Engineer at Frost Energy", HOSTILE[name])
    (tmp_path / "evil.ics").write_bytes(text.encode())
    (shown,) = lines(afterword(tmp_path, "preview", "--json", *ME, "evil.ics"))
    for draft in shown["drafts"]:
        for part in (draft["subject"], *draft["to"]):
            assert "\n" not in part
            assert "\r" not in part
        whole = draft["subject"] + draft["body"]
        for mark in ("{{", "{%", "${", "<script", "42", "49", "evil.example", "[red]", "\x1b"):
            assert mark not in whole
    for command in ("explain", "preview"):
        run = afterword(tmp_path, command, *ME, "evil.ics")
        assert run.returncode == 0
        assert "\x1b[31m" not in run.stdout


def test_a_file_that_is_not_there_is_told_as_such_and_not_looked_up_as_an_interview(tmp_path: Path) -> None:
    run = afterword(tmp_path, "explain", "missing.ics")
    assert "missing.ics" in run.stdout
    assert "No such file" in run.stdout
