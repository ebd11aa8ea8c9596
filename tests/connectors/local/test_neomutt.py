"""A real mail program on the same Maildir: our draft opens in neomutt, and what it makes of it is recognised."""

import shutil
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pexpect
import pytest

from connectors.local.folder import entries, make_folder
from connectors.local.mailbox import MaildirMailbox
from connectors.model import Address, Draft, DraftRef, Observation, Place, Probe, Rung

pytestmark = pytest.mark.skipif(shutil.which("neomutt") is None, reason="neomutt is missing: install neomutt")

OWNER = Address("sam@example.org", "Sam Øst")
NOW = datetime.now(UTC)
DRAFT = Draft(
    "<k-91c2@example.org>",
    OWNER,
    (Address("ada@corp.example", "Ada Lovelace"),),
    "Thank you – compiler engineer",
    "Dear Ada,\n\nThank you for your time; I enjoyed talking about compilers – and about the tests around them.\n\nSam",
    NOW,
    "<invite-1@corp.example>",
    ("<t-7f3a@example.org>", "<invite-1@corp.example>"),
)
PROBE = Probe(
    "k", DRAFT.message_id, DRAFT.references[0], DRAFT.in_reply_to, "ada@corp.example", NOW - timedelta(hours=2)
)


class Neomutt:
    """The program in a terminal, on a Maildir with a Drafts and a Sent folder."""

    def __init__(self, folder: Path, edit: str) -> None:
        self.folder = folder
        self.root = folder / "Maildir"
        self.sent_by = folder / "sent"
        for name in ("", ".Drafts", ".Sent"):
            make_folder(self.root / name)
        sendmail, editor = folder / "sendmail", folder / "editor"
        sendmail.write_text(f"#!/bin/sh\ncat > {self.sent_by}\n")
        editor.write_text(f"#!{sys.executable}\nimport sys\n{edit}")
        for program in (sendmail, editor):
            program.chmod(0o755)
        self.settings = folder / "muttrc"
        self.settings.write_text(
            f"""set mbox_type=Maildir folder="{self.root}" spoolfile="{self.root}"
set postponed="{self.root}/.Drafts" record="{self.root}/.Sent" header_cache=""
set sendmail="{sendmail}" editor="{editor}" from="sam@example.org" realname="Sam" use_from=yes
set charset=utf-8 send_charset=utf-8 confirmappend=no recall=yes postpone=yes quit=yes sleep_time=0 edit_headers=no
set move=no help=no signature="" fast_reply=yes include=yes abort_unmodified=no abort_nosubject=no
"""
        )

    def recall_and(self, key: str) -> None:
        """Open the postponed message, leave the editor, press a key in the compose menu, and wait for the end."""
        environment = {"HOME": str(self.folder), "TERM": "xterm", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
        program = pexpect.spawn(
            "neomutt", ["-n", "-F", str(self.settings), "-p"], env=environment, timeout=30, dimensions=(40, 120)
        )
        program.expect(["Compose", "Send"])
        program.send(key)
        program.expect(pexpect.EOF)
        program.close()


def put(neomutt: Neomutt) -> tuple[MaildirMailbox, DraftRef]:
    mailbox = MaildirMailbox(neomutt.root, OWNER)
    return mailbox, mailbox.create_draft(DRAFT)


def look(mailbox: MaildirMailbox, ref: DraftRef) -> Observation:
    return mailbox.observe([replace(PROBE, ref=ref)]).by_key["k"]


APPEND = "open(sys.argv[1], 'a').write('PS: one more thought\\n')\n"


def test_sent_as_it_stands(tmp_path: Path) -> None:
    neomutt = Neomutt(tmp_path, "")
    mailbox, ref = put(neomutt)
    neomutt.recall_and("y")
    [sighting] = look(mailbox, ref).sightings
    assert (sighting.place, sighting.rung) == (Place.SENT, Rung.MESSAGE_ID)
    assert entries(neomutt.root / ".Drafts") == []
    assert "ada@corp.example" in neomutt.sent_by.read_text()


def test_postponed_again_without_an_edit_is_untouched(tmp_path: Path) -> None:
    neomutt = Neomutt(tmp_path, "")
    mailbox, ref = put(neomutt)
    neomutt.recall_and("P")
    [sighting] = look(mailbox, ref).sightings
    assert (sighting.place, sighting.rung) == (Place.DRAFTS, Rung.MESSAGE_ID)
    assert sighting.fingerprint == ref.fingerprint


def test_edited_and_postponed(tmp_path: Path) -> None:
    neomutt = Neomutt(tmp_path, APPEND)
    mailbox, ref = put(neomutt)
    neomutt.recall_and("P")
    [sighting] = look(mailbox, ref).sightings
    assert (sighting.place, sighting.rung) == (Place.DRAFTS, Rung.MESSAGE_ID)
    assert sighting.fingerprint != ref.fingerprint
    assert "one more thought" in sighting.text
