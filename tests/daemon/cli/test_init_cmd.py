"""`afterword init` as people and scripts use it: in a pseudo-terminal, and with flags alone."""

import json
import re
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.daemon.cli.staging import AFTERWORD, environment, maildir, recent_events
from tests.servers import dovecot

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]")
DOWN, SPACE, ENTER = "\x1b[B", " ", "\r"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    maildir(tmp_path / "Mail")
    (tmp_path / "calendar").mkdir()
    for name, text in recent_events().items():
        (tmp_path / "calendar" / f"{name}.ics").write_text(text, newline="")
    return tmp_path


def _run(home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [AFTERWORD, *map(str, arguments)],
        capture_output=True, text=True, check=False, env=environment(home), stdin=subprocess.DEVNULL, timeout=120,
    )  # fmt: skip


def _config(home: Path) -> dict[str, Any]:
    path = home / ".config/afterword/me.toml"
    assert path.stat().st_mode & 0o777 == 0o600
    return tomllib.loads(path.read_text())


def _drafts(home: Path) -> int:
    return len(list((home / "Mail/.Drafts").glob("[cn]*/*")))


class Terminal:
    """The owner at a pseudo-terminal."""

    def __init__(self, home: Path, *arguments: object) -> None:
        self._child = pexpect.spawn(
            str(AFTERWORD), [str(a) for a in arguments],
            env=environment(home), encoding="utf-8", dimensions=(60, 200), timeout=180,
        )  # fmt: skip

    def answer(self, question: str, keys: str) -> None:
        """Wait for a question; then type."""
        self._child.expect_exact(question)
        if not keys:
            return
        # A prompt asks the terminal where the cursor is before it listens.
        self._child.expect(r"\x1b\[6n|\x1b\[\?25h|\x1b\[\?7h")
        self._child.send(keys)

    def rest(self) -> tuple[str, int]:
        """What else was shown, and the exit code."""
        self._child.expect(pexpect.EOF)
        self._child.close()
        return ANSI.sub("", str(self._child.before)), int(self._child.exitstatus or 0)


def test_a_maildir_is_set_up_at_a_terminal(home: Path) -> None:
    terminal = Terminal(home, "init", "--offline", "--timezone", "UTC")
    terminal.answer("Your e-mail address", "ada example.org\r")
    terminal.answer("no e-mail address", "")
    terminal.answer("Your e-mail address", "ada@example.org\r")
    terminal.answer("Where is your mailbox?", ENTER)
    terminal.answer("Your name", ENTER)
    terminal.answer("Your Maildir", ENTER)
    terminal.answer("A folder of .ics files", f"{home / 'calendar'}\r")
    terminal.answer("Your employer's domain", "current.example\r")
    terminal.answer("Should the mailbox fail", ENTER)
    terminal.answer("not an interview of yours", SPACE + ENTER)
    terminal.answer("Draft a thank-you for any of these?", SPACE + ENTER)
    shown, code = terminal.rest()
    assert code == 0, shown
    assert "Drafts" in shown
    config = _config(home)
    assert config["owner"]["name"] == "Ada"
    assert config["owner"]["employer_domains"] == ["current.example"]
    assert config["mailbox"] == {"kind": "maildir", "path": "~/Mail"}
    assert _drafts(home) == 0
    assert _run(home, "once").returncode == 0
    assert _drafts(home) == 1


def test_flags_alone_set_up_a_maildir_and_draft_nothing_older(home: Path) -> None:
    done = _run(
        home, "init", "ada@example.org", "--maildir", home / "Mail", "--calendar", home / "calendar",
        "--timezone", "UTC", "--name", "Ada Example", "--offline",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Interview: Backend Engineer" in done.stdout
    assert "Left alone" in done.stdout
    assert "(+" not in done.stdout
    _run(home, "once")
    assert _drafts(home) == 0
    shown = _run(home, "status").stdout
    assert "left alone  it ended before Afterword was set up" in shown
    assert "no draft yet" not in shown
    again = _run(home, "init", "ada@example.org", "--maildir", home / "Mail")
    assert again.returncode == 78
    assert "--force" in again.stderr


def test_recent_interviews_are_drafted_where_a_flag_asks_for_it(home: Path) -> None:
    done = _run(
        home, "init", "ada@example.org", "--maildir", home / "Mail", "--calendar", home / "calendar",
        "--timezone", "UTC", "--offline", "--draft-recent",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert _run(home, "once").returncode == 0
    assert _drafts(home) == 1


def test_check_says_what_a_cycle_would_do_and_that_nobody_else_could_tell(home: Path) -> None:
    arguments = ("--maildir", home / "Mail", "--calendar", home / "calendar", "--offline", "--draft-recent")
    _run(home, "init", "ada@example.org", "--timezone", "UTC", "--no-look", *arguments)
    done = _run(home, "check", "--json")
    assert done.returncode == 0, done.stderr
    lines = {line["what"]: line for line in json.loads(done.stdout)["lines"]}
    assert lines["other ways to reach you"]["state"] == "warning"
    assert lines["service"]["remedy"] == "afterword service install"
    assert lines["calendars"]["detail"] == "3 events, 2 interviews, 0 to come"
    assert lines["a cycle now would write 0 messages"]["state"] == "ok"
    assert not (home / ".local/state/afterword").exists()


def test_without_a_terminal_a_missing_answer_names_its_flag(home: Path) -> None:
    done = _run(home, "init", "--offline")
    assert done.returncode == 64
    assert "ADDRESS" in done.stderr
    done = _run(home, "init", "ada@example.org", "--host", "imap.example.org", "--no-look")
    assert done.returncode == 64
    assert "--password-ref" in done.stderr
    assert not (home / ".config/afterword/me.toml").exists()


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("ada@gmail.com", "https://myaccount.google.com/apppasswords"),
        ("ada@icloud.com", "https://account.apple.com/account/manage"),
        ("ada@fastmail.com", "https://app.fastmail.com/settings/security/apps"),
    ],
)
def test_an_app_password_s_page_is_named_before_it_is_asked_for(home: Path, address: str, told: str) -> None:
    terminal = Terminal(home, "init", address, "--name", "Ada", "--offline", "--no-look", "--caldav", "none",
                        "--notify", "none", "--employer", "x.example", "--keep", "file",
                        "--timezone", "UTC")  # fmt: skip
    terminal.answer(told, "")
    terminal.answer("The app password", "abcd efgh\r")
    terminal.answer("The secret iCal address", ENTER)
    shown, code = terminal.rest()
    assert code == 0, shown
    config = _config(home)
    kept = home / ".config/afterword" / config["mailbox"]["password"].removeprefix("file:")
    assert kept.read_text() == "abcd efgh\n"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "abcd" not in (home / ".config/afterword/me.toml").read_text()


def test_a_microsoft_account_is_led_to_login(home: Path) -> None:
    done = _run(
        home, "init", "ada@outlook.com", "--client-id", "00000000-0000-0000-0000-000000000001", "--offline",
        "--timezone", "UTC",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "afterword login" in done.stdout
    assert [table["kind"] for table in (_config(home)["mailbox"], *_config(home)["calendars"])] == ["graph", "graph"]


@pytest.fixture(scope="module")
def server() -> Iterator[dovecot.Dovecot]:
    if not dovecot.available():
        pytest.skip("Dovecot is not installed (Debian: dovecot-imapd)")
    folder = Path(tempfile.mkdtemp(prefix="afterword-dovecot-"))  # open to Dovecot's own users
    try:
        with dovecot.Dovecot(folder, oauth=False) as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_a_real_imap_account_is_set_up_at_a_terminal(home: Path, server: dovecot.Dovecot) -> None:
    user = server.add_user("ada")
    terminal = Terminal(
        home, "init", "ada@example.org", "--host", "127.0.0.1", "--port", server.tls_port, "--username", "ada",
        "--ca-file", server.authority.ca_file, "--timezone", "UTC", "--keep", "file",
        "--calendar", home / "calendar",
    )  # fmt: skip
    terminal.answer("Your name", "Ada Example\r")
    terminal.answer("The password", f"{user.password}\r")
    terminal.answer("Your employer's domain", ENTER)
    terminal.answer("Should the mailbox fail", ENTER)
    terminal.answer("not an interview of yours", ENTER)
    terminal.answer("Draft a thank-you for any of these?", SPACE + ENTER)
    shown, code = terminal.rest()
    assert code == 0, shown
    assert "drafts folder" in shown
    assert "sent folder" in shown
    assert user.password not in shown
    done = _run(home, "once")
    assert done.returncode == 0, done.stderr
    listed = server.doveadm("search", "-u", "ada", "mailbox", "Drafts", "all").splitlines()
    assert len(listed) == 1


def test_a_wrong_password_and_a_wrong_server_can_be_mended_at_once(home: Path, server: dovecot.Dovecot) -> None:
    user = server.add_user("cleo")
    terminal = Terminal(
        home, "init", "cleo@example.org", "--host", "localhost.invalid", "--port", server.tls_port,
        "--username", "cleo", "--name", "Cleo", "--ca-file", server.authority.ca_file, "--timezone", "UTC",
        "--keep", "file", "--calendar", home / "calendar", "--employer", "x.example", "--notify", "none",
    )  # fmt: skip
    terminal.answer("The password", "wrong\r")
    terminal.answer("the host is not found", "")
    terminal.answer("What now?", DOWN + DOWN + ENTER)
    terminal.answer("server's name", "\x15127.0.0.1\r")
    terminal.answer("login refused", "")
    terminal.answer("What now?", ENTER)
    terminal.answer("The password", f"{user.password}\r")
    terminal.answer("not an interview of yours", ENTER)
    terminal.answer("Draft a thank-you for any of these?", ENTER)
    shown, code = terminal.rest()
    assert code == 0, shown
    assert "logged in" in shown
    mailbox = _config(home)["mailbox"]
    assert mailbox["host"] == "127.0.0.1"
    kept = home / ".config/afterword" / mailbox["password"].removeprefix("file:")
    assert kept.read_text() == f"{user.password}\n"


def test_the_address_of_another_way_is_kept_as_a_secret(home: Path) -> None:
    done = _run(
        home, "init", "ada@example.org", "--maildir", home / "Mail", "--calendar", home / "calendar",
        "--timezone", "UTC", "--offline", "--keep", "file", "--notify", "ntfys://ntfy.example/a-topic",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "a-topic" not in done.stdout + (home / ".config/afterword/me.toml").read_text()
    (table,) = _config(home)["notify"]
    kept = home / ".config/afterword" / table["url"].removeprefix("file:")
    assert kept.read_text() == "ntfys://ntfy.example/a-topic\n"


def test_an_employer_s_mailbox_is_spoken_of(home: Path) -> None:
    terminal = Terminal(home, "init", "ada@corp.example", "--maildir", home / "Mail", "--calendar", home / "calendar",
                        "--name", "Ada", "--offline", "--no-look", "--notify", "none", "--timezone", "UTC")  # fmt: skip
    terminal.answer("Your employer's domain", "ada@Corp.example\r")
    terminal.answer("this is your employer's mailbox", "")
    shown, code = terminal.rest()
    assert code == 0, shown
    assert _config(home)["owner"]["employer_domains"] == ["corp.example"]


def test_a_wrong_password_is_told_and_the_configuration_stays(home: Path, server: dovecot.Dovecot) -> None:
    server.add_user("bea")
    done = _run(
        home, "init", "bea@example.org", "--host", "127.0.0.1", "--port", server.tls_port, "--username", "bea",
        "--ca-file", server.authority.ca_file, "--timezone", "UTC", "--password-command", "echo wrong",
    )  # fmt: skip
    assert done.returncode == 77, done.stdout
    assert "afterword check" in done.stdout
    assert _config(home)["mailbox"]["password"] == "command:echo wrong"


@pytest.mark.parametrize(
    ("arguments", "mailbox"),
    [
        (
            ("--provider", "exchange", "--host", "mail.corp.example", "--username", r"CORP\ada"),
            {"kind": "exchange", "server": "mail.corp.example", "username": r"CORP\ada"},
        ),
        (
            ("--provider", "proton", "--ca-file", "bridge.pem"),
            {"kind": "imap", "host": "127.0.0.1", "port": 1143, "security": "starttls", "ca_file": "bridge.pem"},
        ),
        (("--provider", "mailbox.org", "--caldav", "none"), {"kind": "imap", "host": "imap.mailbox.org"}),
        (
            ("--host", "localhost", "--security", "plain", "--port", "1143", "--drafts", "Entwürfe"),
            {
                "kind": "imap", "host": "localhost", "port": 1143, "security": "plain", "allow_insecure": True,
                "folders": {"drafts": "Entwürfe"},
            },
        ),
    ],
)  # fmt: skip
def test_every_kind_of_mailbox_is_written_from_flags(
    home: Path, arguments: tuple[str, ...], mailbox: dict[str, Any]
) -> None:
    done = _run(
        home, "init", "ada@corp.example", "--offline", "--no-look", "--password-ref", "env:MAIL", "--timezone", "UTC",
        *arguments,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert _config(home)["mailbox"] == {**mailbox, "password": "env:MAIL"}
    assert _run(home, "config", "check").returncode == 0


def test_an_unknown_provider_or_place_is_refused_with_those_that_are_known(home: Path) -> None:
    done = _run(home, "init", "ada@corp.example", "--provider", "lotus")
    assert done.returncode == 64
    assert "fastmail" in done.stderr
    done = _run(home, "init", "ada@corp.example", "--host", "imap.corp.example", "--keep", "cloud")
    assert done.returncode == 64
    assert "keyring or file" in done.stderr
