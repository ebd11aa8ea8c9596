"""The Maildir on disk: layouts, other programs' hands, crashes at every system call, several processes."""

import multiprocessing
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.errors import DraftChanged, TemporaryError
from connectors.local.folder import deliver, entries, make_folder
from connectors.local.layout import look
from connectors.local.mailbox import MaildirMailbox
from connectors.mime import fingerprint, fingerprint_of, write_draft
from connectors.model import Address, Draft, Place, Probe, Rung

OWNER = Address("sam@example.org", "Sam")
NOW = datetime.now(UTC)
DRAFT = Draft("<k@example.org>", OWNER, (Address("ada@corp.example"),), "Thank you", "Dear Ada", NOW)
PROBE = Probe("k", DRAFT.message_id, "", "", "ada@corp.example", NOW - timedelta(hours=2))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("", ".Drafts", ".Sent"):
        make_folder(tmp_path / "Maildir" / name)
    return tmp_path / "Maildir"


@pytest.mark.parametrize(
    ("folders", "drafts"),
    [
        (["", ".Drafts", ".INBOX.Drafts.Old"], ".Drafts"),
        (["", ".INBOX.Drafts"], ".INBOX.Drafts"),
        (["", ".Entw&APw-rfe"], ".Entw&APw-rfe"),
        (["", "Drafts"], "Drafts"),
        (["INBOX", "[Gmail]/Drafts"], "[Gmail]/Drafts"),
        (["INBOX", "INBOX/.Brouillons"], "INBOX/.Brouillons"),
    ],
)
def test_drafts_are_found_by_their_name(tmp_path: Path, folders: list[str], drafts: str) -> None:
    for name in folders:
        make_folder(tmp_path / name)
    layout = look(tmp_path, {})
    assert layout.path(Place.DRAFTS) == tmp_path / drafts
    assert layout.path(Place.INBOX) is not None


@pytest.mark.parametrize("wish", ["Later", ".Later", "later/../x"])
def test_a_configured_name_wins(tmp_path: Path, wish: str) -> None:
    for name in ("", ".Drafts", ".Later"):
        make_folder(tmp_path / name)
    found = look(tmp_path, {Place.DRAFTS: wish}).path(Place.DRAFTS)
    assert found == (tmp_path / ".Later" if "x" not in wish else None)


@pytest.mark.parametrize(("neighbour", "made"), [("", ".Drafts"), ("Sent", "Drafts"), (".Sent", ".Drafts")])
def test_missing_drafts_are_made_as_their_neighbours_are(tmp_path: Path, neighbour: str, made: str) -> None:
    make_folder(tmp_path)
    make_folder(tmp_path / neighbour)
    MaildirMailbox(tmp_path, OWNER).create_draft(DRAFT)
    assert len(entries(tmp_path / made)) == 1


def test_the_draft_is_flagged_as_seen_and_draft_and_private(root: Path) -> None:
    MaildirMailbox(root, OWNER).create_draft(DRAFT)
    [entry] = entries(root / ".Drafts")
    assert (entry.flags, entry.path.parent.name) == ("DS", "cur")
    assert entry.path.stat().st_mode & 0o077 == 0
    assert b"\r" not in entry.path.read_bytes()
    assert list((root / ".Drafts" / "tmp").iterdir()) == []


def test_other_programs_may_rename_the_file(root: Path) -> None:
    mailbox = MaildirMailbox(root, OWNER)
    ref = mailbox.create_draft(DRAFT)
    [entry] = entries(root / ".Drafts")
    entry.path.rename(entry.path.with_name(f"{entry.unique},U=7:2,DFS"))
    seen = mailbox.observe([replace(PROBE, ref=ref)]).by_key["k"]
    assert [sighting.rung for sighting in seen.sightings] == [Rung.LOCATION]
    mailbox.delete_draft(ref)
    assert entries(root / ".Drafts") == []


def test_an_edit_in_place_is_noticed(root: Path) -> None:
    mailbox = MaildirMailbox(root, OWNER)
    ref = mailbox.create_draft(DRAFT)
    mailbox.observe([replace(PROBE, ref=ref)])
    [entry] = entries(root / ".Drafts")
    entry.path.write_bytes(entry.path.read_bytes() + b"PS\n")
    [sighting] = mailbox.observe([replace(PROBE, ref=ref)]).by_key["k"].sightings
    assert sighting.fingerprint != ref.fingerprint
    with pytest.raises(DraftChanged):
        mailbox.replace_draft(ref, replace(DRAFT, body="Better"))


def test_a_missing_root_or_one_that_is_no_maildir_is_a_fault(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(TemporaryError, match="mounted"):
            MaildirMailbox(path, OWNER).observe([PROBE])
        with pytest.raises(TemporaryError):
            MaildirMailbox(path, OWNER).create_draft(DRAFT)
    assert list(tmp_path.iterdir()) == []


def test_vanished_drafts_folder_is_no_deletion(root: Path) -> None:
    mailbox = MaildirMailbox(root, OWNER)
    ref = mailbox.create_draft(DRAFT)
    (root / ".Drafts").rename(root / "away")
    for looking in (mailbox, MaildirMailbox(root, OWNER)):
        seen = looking.observe([replace(PROBE, ref=ref)])
        assert Place.DRAFTS in seen.unseen
        assert seen.drafts_total is None


def test_folders_that_never_were_hold_nothing(tmp_path: Path) -> None:
    make_folder(tmp_path)
    assert MaildirMailbox(tmp_path, OWNER).observe([PROBE]).complete
    assert [item.name for item in sorted(tmp_path.iterdir())] == ["cur", "new", "tmp"]


def test_an_unchanged_cycle_opens_no_file(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        deliver(root / ".Sent", write_draft(replace(DRAFT, message_id=f"<s{number}@x>")), flags="S")
    mailbox = MaildirMailbox(root, OWNER)
    mailbox.create_draft(DRAFT)
    first = mailbox.observe([PROBE])
    opened: list[str] = []
    monkeypatch.setattr(Path, "open", lambda self, *a, **k: opened.append(str(self)))
    second = mailbox.observe([PROBE])
    assert opened == []
    assert second.by_key == first.by_key


def test_a_calendar_reply_is_known_as_one_also_after_a_look_at_its_header_alone(root: Path) -> None:
    reply = (
        f"From: sam@example.org\nTo: ada@corp.example\nDate: {NOW:%d %b %Y %H:%M:%S} +0000\nMessage-ID: <acc@x>\n"
        'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/calendar; method=REPLY\n\n'
        "BEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR\n--b--\n"
    )
    deliver(root / ".Sent", reply.encode(), flags="S")
    mailbox = MaildirMailbox(root, OWNER)
    assert mailbox.find_people(["Ada"], ["corp.example"]) == ()
    assert mailbox.observe([PROBE]).by_key["k"].sightings == ()


KILLED = """
import os, sys
from pathlib import Path
from connectors.local.mailbox import MaildirMailbox
from connectors.mime import fingerprint_of
from connectors.model import Address, Draft, DraftRef
from dataclasses import replace
from datetime import UTC, datetime
OWNER = Address("sam@example.org", "Sam")
DRAFT = Draft("<k@example.org>", OWNER, (Address("ada@corp.example"),), "Thank you", "Dear Ada", datetime.now(UTC))
at, count = int(sys.argv[2]), 0
def dying(event, _):
    global count
    if event in ("open", "os.mkdir", "os.rename", "os.remove", "os.scandir", "os.listdir", "fcntl.flock"):
        count += 1
        if count == at:
            os._exit(9)
root = Path(sys.argv[1])
mailbox = MaildirMailbox(root, OWNER)
draft = replace(DRAFT, body=sys.argv[3])
sys.addaudithook(dying)
if sys.argv[3] == DRAFT.body:
    mailbox.create_draft(draft)
else:
    mailbox.replace_draft(DraftRef(DRAFT.message_id, "Drafts/x", fingerprint_of(DRAFT)), draft)
"""


@pytest.mark.parametrize("body", [DRAFT.body, "Better"])
def test_killed_at_any_system_call_there_is_one_draft_after_the_next_call(root: Path, body: str) -> None:
    """Promise 2, and the replacement's promise; the kill comes right before each call in turn."""
    repository = Path(__file__).parents[3]
    ran = 0
    for at in range(1, 40):
        mailbox = MaildirMailbox(root, OWNER)
        for entry in entries(root / ".Drafts"):
            entry.path.unlink()
        ref = mailbox.create_draft(DRAFT) if body != DRAFT.body else None
        command = [sys.executable, "-c", KILLED, str(root), str(at), body]
        code = subprocess.run(command, cwd=repository, check=False).returncode
        assert code in (0, 9)
        wanted = replace(DRAFT, body=body)
        if ref is None:
            mailbox.create_draft(wanted)
        else:
            mailbox.replace_draft(ref, wanted)
        lying = [fingerprint(entry.path.read_bytes()) for entry in entries(root / ".Drafts")]
        assert lying == [fingerprint_of(wanted)]
        if code == 0:
            break
        ran += 1
    assert ran >= 5
    assert code == 0


def _create(root: str) -> str:
    return MaildirMailbox(Path(root), OWNER).create_draft(DRAFT).locator


def test_two_processes_make_one_draft(root: Path) -> None:
    """Promise 2."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        locators = set(pool.map(_create, [str(root)] * 8, chunksize=1))
    assert len(locators) == 1
    assert len(entries(root / ".Drafts")) == 1


def test_a_folder_that_cannot_be_written_is_told(root: Path) -> None:
    (root / ".Drafts" / "tmp").rmdir()
    (root / ".Drafts" / "tmp").write_text("in the way")
    with pytest.raises(TemporaryError, match="permissions"):
        MaildirMailbox(root, OWNER).create_draft(DRAFT)
    assert entries(root / ".Drafts") == []
