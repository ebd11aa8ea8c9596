"""Files to accounts: what is filled in, and every problem at once, on its line."""

import traceback
from datetime import time, timedelta
from pathlib import Path
from typing import get_args

import pytest

from config.errors import ConfigError
from config.load import load_account, load_all, load_folder, parse_account
from config.schema import AccountConfig, CaldavCalendar, ImapMailbox, Stage, SubmissionNotifier
from config.secrets import SecretRef
from daemon.core import model

SMALLEST = """\
[owner]
name = "Ada Example"
addresses = ["Ada@Example.org"]

[mailbox]
kind = "imap"
host = "imap.example.org"
password = "keyring:afterword/ada@example.org"
"""
LOCAL = """\
[owner]
name = "Ada Example"
addresses = ["ada@example.org"]
timezone = "Europe/Berlin"
[mailbox]
kind = "maildir"
path = "mail"
"""
FILE = Path("/conf/ada.toml")


def problems(text: str, file: Path = FILE) -> dict[str, tuple[int, str, str]]:
    with pytest.raises(ConfigError) as caught:
        parse_account(text, file)
    return {found.key: (found.line, found.message, found.remedy) for found in caught.value.problems}


def test_smallest_file_has_eight_lines_and_good_defaults() -> None:
    account = parse_account(SMALLEST, FILE)
    assert SMALLEST.count("\n") == 8
    assert (account.name, account.path) == ("ada", FILE)
    assert account.owner.addresses == ("ada@example.org",)
    assert account.owner.zone.key
    mailbox = account.mailbox
    assert isinstance(mailbox, ImapMailbox)
    assert (mailbox.port, mailbox.security, mailbox.username) == (993, "tls", "Ada@Example.org")
    assert mailbox.password == SecretRef("keyring", "afterword/ada@example.org")
    assert mailbox.invites
    assert account.timing.evening == time(18)
    assert account.timing.grace == timedelta(minutes=15)
    assert (account.reminder.at, account.reminder.max_days) == (time(9), 2)


def test_the_system_zone_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tzlocal.get_localzone_name", lambda: "Asia/Tokyo")
    assert parse_account(SMALLEST, FILE).owner.timezone == "Asia/Tokyo"


def test_an_unknown_system_zone_is_a_problem_not_a_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> str:
        raise LookupError

    monkeypatch.setattr("tzlocal.get_localzone_name", fail)
    assert "owner.timezone" in problems(SMALLEST)


def test_starttls_changes_the_port() -> None:
    account = parse_account(SMALLEST + 'security = "starttls"\n', FILE)
    assert isinstance(account.mailbox, ImapMailbox)
    assert account.mailbox.port == 143


def test_paths_start_at_the_file() -> None:
    account = parse_account(LOCAL, FILE)
    assert account.mailbox.kind == "maildir"
    assert account.mailbox.path == Path("/conf/mail")


def test_a_calendar_takes_the_mailbox_connection() -> None:
    text = LOCAL.split("[mailbox]", maxsplit=1)[0] + (
        '[mailbox]\nkind = "exchange"\nserver = "mail.corp.example"\npassword = "env:PW"\n'
        '[[calendars]]\nkind = "exchange"\n'
    )
    calendar = parse_account(text, FILE).calendars[0]
    assert calendar.kind == "exchange"
    assert (calendar.server, calendar.email, calendar.name) == ("mail.corp.example", "ada@example.org", "exchange")


def test_calendars_are_named_apart() -> None:
    text = LOCAL + '[[calendars]]\nkind="vdir"\npath="a"\n[[calendars]]\nkind="vdir"\npath="b"\n'
    assert [calendar.name for calendar in parse_account(text, FILE).calendars] == ["vdir", "vdir-2"]


def test_all_problems_at_once_each_on_its_line() -> None:
    found = problems(
        """\
[owner]
name = "A"
adresses = ["A@x.org"]
timezone = "Mars/Base"
[mailbox]
kind = "imap"
host = "imap://h.org"
password = "hunter2-is-my-password"
port = 99999999
pus = true
push = "yes"
folders = { sent = 3 }
[[calendars]]
kind = "vdirr"
[[calendars]]
kind = "caldav"
url = "https://u:swordfish@x.org"
[[calendars]]
path = "x"
[[rules]]
when = "now"
match = { stage = [
  "final",
  "finaly",
] }
[[rules]]
match = { role = ["engineer"] }
[timing]
grace = 5
evening = "25:00"
[reminder]
max_days = 0
[recognition]
never = [{}]
[[notify]]
kind = "desktop"
[[notify]]
kind = "smoke"
[tming]
"""
    )
    assert {key: line for key, (line, _, _) in found.items()} == {
        "owner.addresses": 1,
        "owner.adresses": 3,
        "owner.timezone": 4,
        "mailbox.host": 7,
        "mailbox.password": 8,
        "mailbox.port": 9,
        "mailbox.pus": 10,
        "mailbox.push": 11,
        "mailbox.folders.sent": 12,
        "calendars[0].kind": 14,
        "calendars[1].password": 15,
        "calendars[1].url": 17,
        "calendars[2]": 18,
        "rules[0].when": 21,
        "rules[0].match.stage[1]": 24,
        "rules[1]": 26,
        "timing.grace": 29,
        "timing.evening": 30,
        "reminder.max_days": 32,
        "recognition.never[0]": 34,
        "notify[1].kind": 38,
        "tming": 39,
    }
    assert found["owner.adresses"][2] == "did you mean addresses?"
    assert found["mailbox.pus"][2] == "did you mean push?"
    assert found["tming"][2] == "did you mean timing?"
    assert found["calendars[0].kind"][2].startswith("did you mean vdir?")
    for kind in ("vdir", "caldav", "ics_url", "google", "exchange", "graph"):
        assert kind in found["calendars[0].kind"][2]
        assert kind in found["calendars[2]"][2]
    assert "keyring:" in found["mailbox.password"][2]
    assert "same_evening" in found["rules[0].when"][2]
    assert all(message and remedy for _, message, remedy in found.values())


def test_one_mistake_is_one_problem() -> None:
    assert list(problems(SMALLEST.replace("Ada@Example.org", "ada"))) == ["owner.addresses[0]"]
    assert list(problems(SMALLEST.replace("imap.example.org", "imap://x"))) == ["mailbox.host"]
    assert list(problems(SMALLEST.replace('["Ada@Example.org"]', "[]"))) == ["owner.addresses"]
    graph = (
        LOCAL.split("[mailbox]", maxsplit=1)[0] + '[mailbox]\nkind="graph"\nclient_id=""\n[[calendars]]\nkind="graph"\n'
    )
    assert list(problems(graph)) == ["mailbox.client_id"]


@pytest.mark.parametrize(
    ("text", "key", "word"),
    [
        ('security = "plain"', "mailbox.security", "this machine"),
        ('auth = "xoauth2"', "mailbox.auth", "oauth"),
        ("[mailbox.oauth]\nprovider='google'", "mailbox.oauth.provider", "client_file"),
        ("invites = false", "mailbox", "source"),
        ("[[notify]]\nkind='submission'\nhost='h.org'\nto='boss@corp.example'", "notify[0].to", "yourself"),
        ("[[notify]]\nkind='apprise'\nurl='ntfy://tok:swordfish@ntfy.sh/x'", "notify[0].url", "secret"),
        ("[[notify]]\nkind='desktop'\nname='a'\n[[notify]]\nkind='desktop'\nname='a'", "notify[1].name", "same name"),
        (
            "[[calendars]]\nkind='ics_url'\nurl='https://x.org/private-swordfish/basic.ics'",
            "calendars[0].url",
            "secret",
        ),
        ("[[calendars]]\nkind='caldav'\nurl='http://x.org/'\npassword='env:A'", "calendars[0].url", "TLS"),
        ("[[calendars]]\nkind='google'", "calendars[0].client_file", "missing"),
        ("calendars = 3", "mailbox.calendars", "not known"),
        ("[store]\npath='a'\nurl='env:B'", "store.url", "exclude"),
        ("[timing]\ngrace='100 days'", "timing.grace", "bounds"),
        ("[timing]\ngrace='2 fortnights'", "timing.grace", "unit"),
        ("[service]\nlog_level='loud'", "service.log_level", "possible"),
        ("[[rules]]\nmatch = {}\nwhen='next_morning'", "rules[0].match", "nothing"),
    ],
)
def test_each_problem_is_told(text: str, key: str, word: str) -> None:
    found = problems(SMALLEST + text + "\n")
    assert list(found) == [key]
    assert word in found[key][1]
    assert found[key][0] > 0
    assert found[key][2]


def test_a_plain_connection_to_this_machine_must_be_allowed() -> None:
    local = SMALLEST.replace("imap.example.org", "127.0.0.1") + 'security = "plain"\n'
    assert "allow_insecure" in problems(local)["mailbox.security"][2]
    assert parse_account(local + "allow_insecure = true\n", FILE).mailbox.kind == "imap"
    proton = '[[calendars]]\nkind="caldav"\nurl="http://[::1]:5232/"\npassword="env:P"\nallow_insecure=true\n'
    assert isinstance(parse_account(SMALLEST + proton, FILE).calendars[0], CaldavCalendar)


def test_submission_goes_to_the_first_address() -> None:
    account = parse_account(SMALLEST + '[[notify]]\nkind="submission"\nhost="smtp.example.org"\n', FILE)
    notifier = account.notify[0]
    assert isinstance(notifier, SubmissionNotifier)
    assert (notifier.to, notifier.port) == ("ada@example.org", 465)


SECRETS = ("swordfish", "hunter2")
LEAKY = (
    SMALLEST.replace("keyring:afterword/ada@example.org", "swordfish hunter2"),
    SMALLEST + 'oauth = "swordfish"\n',
    SMALLEST.replace('"keyring:afterword/ada@example.org"', '{ swordfish = "hunter2" }').replace("swordfish", "x"),
    SMALLEST.replace('"keyring:afterword/ada@example.org"', 'swordfish"'),
    SMALLEST.replace('"keyring:afterword/ada@example.org"', '"swordfish'),
    SMALLEST.replace('"keyring:afterword/ada@example.org"', '"swordfish\\q"'),
    SMALLEST.replace("imap.example.org", "https://ada:swordfish@h.org"),
    SMALLEST + '[store]\nurl = "postgresql://ada:swordfish@db/afterword"\n',
    SMALLEST + '[[calendars]]\nkind = "ics_url"\nurl = ["https://x.org/swordfish"]\n',
)


@pytest.mark.parametrize("text", LEAKY)
def test_no_value_leaks_through_an_error_or_its_traceback(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_account(text, FILE)
    seen: BaseException | None = caught.value
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(caught.value.problems)
    assert not any(secret in shown for secret in SECRETS)
    assert seen is not None
    assert seen.__context__ is None
    assert seen.__cause__ is None


def test_pydantic_itself_does_not_show_the_input() -> None:
    with pytest.raises(ValueError, match="mailbox") as caught:
        AccountConfig.model_validate(
            {"owner": {"name": "A", "addresses": ["a@b.c"]}, "mailbox": {"kind": "imap", "password": "swordfish"}}
        )
    assert "swordfish" not in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "line", "word"),
    [
        (b"[owner]\nname = \n", 2, "TOML"),
        (b"[owner]\nname = 'a'\nname = 'b'\n", 3, "TOML"),
        (b"[owner\n", 1, "TOML"),
        (b"a = " + b"[" * 100_000, 0, "nested"),
        (b"a = " + b"9" * 10_000, 0, "TOML"),
        (b"[owner]\nname = '\xff'\n", 2, "UTF-8"),
        (b"# " + b"x" * 2_000_000, 0, "larger"),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path, raw: bytes, line: int, word: str) -> None:
    file = tmp_path / "ada.toml"
    file.write_bytes(raw)
    with pytest.raises(ConfigError) as caught:
        load_account(file)
    (found,) = caught.value.problems
    assert found.line in {line, line + 1} if word == "TOML" else found.line == line
    assert word in found.message
    assert found.remedy


@pytest.mark.parametrize("depth", range(60, 1000, 13))
def test_any_depth_of_nesting_is_told(depth: int) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_account(SMALLEST + "x = " + "[" * depth + "]" * depth, FILE)
    assert len(caught.value.problems) == 1


def test_a_key_with_control_characters_is_quoted() -> None:
    assert list(problems(SMALLEST + '"a\\n\\u001b[31m" = 1\n')) == ['mailbox."a\\n\\u001b[31m"']


def test_the_words_of_a_syntax_error_are_kept() -> None:
    assert "Expected '='" in problems("[owner]\nname\n")[""][1]
    assert "second time" in problems("a = 1\na = 2\n")[""][1]
    assert "swordfish" not in str(problems("[swordfish]\n[swordfish]\n"))


def test_a_byte_order_mark_is_no_problem(tmp_path: Path) -> None:
    file = tmp_path / "ada.toml"
    file.write_bytes(b"\xef\xbb\xbf" + LOCAL.encode())
    assert load_account(file).owner.timezone == "Europe/Berlin"


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(ConfigError) as caught:
            load_all(path)
        assert "afterword init" in caught.value.problems[0].remedy


def test_a_file_name_that_is_no_account_name(tmp_path: Path) -> None:
    file = tmp_path / "ada lovelace.toml"
    file.write_text(LOCAL, encoding="utf-8")
    with pytest.raises(ConfigError, match="rename"):
        load_account(file)


def test_one_broken_file_leaves_the_others_served(tmp_path: Path) -> None:
    (tmp_path / "ada.toml").write_text(LOCAL, encoding="utf-8")
    (tmp_path / "bob.toml").write_text("[owner]\n", encoding="utf-8")
    (tmp_path / "eve.toml").write_text(LOCAL.replace("ada@", "eve@"), encoding="utf-8")
    (tmp_path / "zoe.toml").write_text(LOCAL.replace("ada@", "zoe@").replace('"mail"', '"zoe"'), encoding="utf-8")
    (tmp_path / ".hidden.toml").write_text("nonsense", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("nonsense", encoding="utf-8")
    loaded = load_folder(tmp_path)
    assert [account.name for account in loaded.good] == ["ada", "zoe"]
    assert [error.problems[0].file.name for error in loaded.errors] == ["bob.toml", "eve.toml"]
    clash = loaded.errors[1].problems[0]
    assert (clash.key, clash.line) == ("mailbox", 5)
    assert "ada.toml" in clash.message
    with pytest.raises(ConfigError) as caught:
        load_all(tmp_path)
    assert {found.file.name for found in caught.value.problems} == {"bob.toml", "eve.toml"}


def test_two_files_of_one_address_clash(tmp_path: Path) -> None:
    (tmp_path / "ada.toml").write_text(LOCAL, encoding="utf-8")
    (tmp_path / "work.toml").write_text(LOCAL.replace('"mail"', '"other"'), encoding="utf-8")
    (found,) = load_folder(tmp_path).errors[0].problems
    assert (found.key, found.line) == ("owner.addresses", 3)


def test_a_file_alone_and_a_sound_folder_load(tmp_path: Path) -> None:
    file = tmp_path / "ada.toml"
    file.write_text(LOCAL, encoding="utf-8")
    assert [account.name for account in load_all(file)] == ["ada"]
    assert load_all(tmp_path)[0] == load_account(file)


def test_stages_are_those_of_the_core() -> None:
    assert set(get_args(Stage)) == {stage.value for stage in model.Stage}
