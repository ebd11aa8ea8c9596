"""A Maildir as mbsync writes it with `SubFolders Verbatim`, with German folder names in modified UTF-7."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connectors.model import Place
from tests.conformance.harness_maildir import MaildirHarness


@contextmanager
def open_harness(tmp_path: Path) -> Iterator[MaildirHarness]:
    names = {Place.INBOX: "", Place.DRAFTS: "Entw&APw-rfe", Place.SENT: "Gesendet", Place.TRASH: "Papierkorb"}
    yield MaildirHarness(tmp_path / "Maildir", names)
