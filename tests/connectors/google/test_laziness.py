"""Google's libraries are loaded where Google is configured, and nowhere else."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
_PROGRAM = """
import sys
from pathlib import Path
from config.load import load_account
from connectors.model import Address
from connectors.registry import Context, open_calendars, open_mailbox
config = load_account(Path(sys.argv[1]))
owner = config.owner
me = Address(owner.addresses[0], owner.name)
context = Context("sam", me, frozenset(owner.addresses), owner.zone, Path(sys.argv[2]))
mailbox, calendars = open_mailbox(config.mailbox, context), open_calendars(config, context)
print(mailbox.name, [calendar.name for calendar in calendars])
loaded = {name.partition(".")[0] for name in sys.modules}
print(sorted(loaded & {"googleapiclient", "google_auth_oauthlib", "httplib2", "google"}))
"""
_OWNER = '[owner]\nname = "Sam"\naddresses = ["sam@example.org"]\ntimezone = "UTC"\n'
_LOCAL = '[mailbox]\nkind = "maildir"\npath = "Mail"\n'
_GOOGLE = '[mailbox]\nkind = "gmail"\nclient_file = "client.json"\n[[calendars]]\nkind = "google"\n'


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        (_LOCAL, ["maildir ['maildir invites']", "[]"]),
        (_GOOGLE, ["gmail ['google']", "['google', 'googleapiclient', 'httplib2']"]),
    ],
    ids=["local", "google"],
)
def test_only_where_it_is_configured(tmp_path: Path, tables: str, said: list[str]) -> None:
    (tmp_path / "sam.toml").write_text(_OWNER + tables)
    (tmp_path / "client.json").write_text('{"installed": {"client_id": "c"}}')
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(tmp_path / "sam.toml"), str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == said, done.stderr
