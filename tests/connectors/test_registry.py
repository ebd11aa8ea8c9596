"""Kinds are opened lazily: what is not configured is not imported."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from config.connections import MaildirMailbox
from connectors.errors import UnsupportedError
from connectors.model import Address
from connectors.ports import Watchable
from connectors.registry import Context, open_mailbox

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from pathlib import Path
from zoneinfo import ZoneInfo
from config.connections import MaildirMailbox
from connectors.model import Address
from connectors.registry import Context, open_mailbox
context = Context("a", Address("sam@example.org"), frozenset(), ZoneInfo("UTC"), Path("state"))
open_mailbox(MaildirMailbox(kind="maildir", path=Path("mail")), context)
heavy = ("imapclient", "exchangelib", "googleapiclient", "msal", "caldav", "apprise", "watchfiles")
print(sorted(name for name in sys.modules if name.split(".")[0] in heavy))
print(sorted({name.split(".")[1] for name in sys.modules if name.startswith("connectors.") and name.count(".") > 1}))
"""


def test_only_the_configured_kind_is_imported() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "['local']"]


def test_an_unknown_kind_is_refused_with_what_there_is(tmp_path: Path) -> None:
    context = Context("anna", Address("sam@example.org"), frozenset(), ZoneInfo("UTC"), tmp_path)
    with pytest.raises(UnsupportedError, match=r"anna: open: .*pigeon.*maildir"):
        open_mailbox(SimpleNamespace(kind="pigeon"), context)


def test_a_maildir_can_be_watched_through_its_wrapper(tmp_path: Path) -> None:
    context = Context("anna", Address("sam@example.org"), frozenset(), ZoneInfo("UTC"), tmp_path)
    assert isinstance(open_mailbox(MaildirMailbox(kind="maildir", path=tmp_path), context), Watchable)
