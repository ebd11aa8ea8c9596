"""The example and the reference page say what the schema says, and the example loads, whole and in parts."""

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config import example, reference
from config.dump import as_data, as_toml
from config.errors import ConfigError
from config.load import load_account, parse_account
from config.positions import key_lines
from config.problems import KINDS
from config.schema import AccountConfig
from config.walk import tables

FILE = Path("/conf/ada.toml")
TEXT = example.render()


def blocks() -> list[str]:
    """The example with every key uncommented, cut at its table headers."""
    bare = "\n".join(line.removeprefix("#") for line in TEXT.split("\n") if re.match(r"#?[a-z\[]", line))
    return [block for block in re.split(r"^(?=\[)", bare, flags=re.MULTILINE) if block]


def whole(**wanted: str) -> str:
    """Every table once, of those with kinds only the wanted one."""
    kept: list[str] = []
    kind: dict[str, str] = {}
    for block in blocks():
        header = re.match(r"\[+([a-z]+)", block)
        assert header
        name = header[1]
        if name in KINDS:
            said = re.search(r'^kind = "(\w+)"', block, re.MULTILINE)
            kind[name] = said[1] if said else kind[name]
            if kind[name] != wanted.get(name):
                continue
        kept.append(block)
    return "\n".join(kept)


def test_the_files_are_as_generated() -> None:
    assert example.EXAMPLE.read_text(encoding="utf-8") == TEXT, "run: python -m config.example"
    assert reference.PAGE.read_text(encoding="utf-8") == reference.render(), "run: python -m config.reference"


def test_the_example_loads_as_it_stands() -> None:
    account = load_account(example.EXAMPLE)
    assert (account.mailbox.kind, [calendar.kind for calendar in account.calendars]) == ("maildir", ["vdir"])


@pytest.mark.parametrize("kind", KINDS["mailbox"])
def test_every_mailbox_loads_uncommented(kind: str) -> None:
    account = load(whole(mailbox=kind, calendars="caldav", notify="desktop"))
    assert account.mailbox.kind == kind
    assert len(account.rules) > 3


@pytest.mark.parametrize("kind", KINDS["calendars"])
def test_every_calendar_loads_uncommented(kind: str) -> None:
    assert load(whole(mailbox="maildir", calendars=kind, notify="apprise")).calendars[0].kind == kind


@pytest.mark.parametrize("kind", KINDS["notify"])
def test_every_notifier_loads_uncommented(kind: str) -> None:
    assert load(whole(mailbox="imap", calendars="vdir", notify=kind)).notify[0].kind == kind


def load(text: str) -> AccountConfig:
    # The only two keys that exclude each other.
    return parse_account(text.replace('path = "afterword.sqlite"\n', ""), FILE)


def test_every_key_of_the_schema_is_in_the_example_and_on_the_page() -> None:
    page = reference.render()
    uncommented = "\n".join(blocks())
    for table in tables():
        assert table.model.__doc__
        for key, info in table.keys.items():
            assert info.description or key == "kind", (table.header, key)
            assert f"`{key}`" in page or key == "kind"
            assert table.header == "rules" or re.search(rf"^{key} = ", uncommented, re.MULTILINE)


@pytest.mark.parametrize("mailbox", KINDS["mailbox"])
def test_what_show_prints_loads_as_the_same_account(mailbox: str) -> None:
    account = load(whole(mailbox=mailbox, calendars="caldav", notify="submission"))
    again = parse_account(as_toml(account), FILE)
    assert as_data(again) == as_data(account)
    assert again == account


def test_lines_are_those_of_the_text() -> None:
    text = whole(mailbox="imap", calendars="caldav", notify="desktop")
    rows = text.split("\n")
    lines = key_lines(text)
    assert set(paths(tomllib.loads(text))) == set(lines)
    for path, line in lines.items():
        names = [part for part in path if isinstance(part, str)]
        assert names[-1] in rows[line - 1], path


def test_lines_of_awkward_toml() -> None:
    text = '''a."b.c".'d' = 1
"q\\"\\u0041" = """
x = 1
\\""" # no
""""
m = [ # one
  1, [2,
  3], { k = "]", l.m = '}' },
]
[[t]]
[t.u] # sub
v = 1979-05-27T07:32:00Z
[[t]]
[[t.w]]
x = \'\'\'
y = 2\'\'\'
z = 1
'''
    lines = key_lines(text)
    assert set(lines) == set(paths(tomllib.loads(text)))
    assert lines["a", "b.c", "d"] == 1
    assert lines['q"A',] == 2
    assert lines["m", 2, "l", "m"] == 8
    assert lines["t", 0, "u", "v"] == 12
    assert (lines["t", 1], lines["t", 1, "w", 0, "x"], lines["t", 1, "w", 0, "z"]) == (13, 15, 17)


def paths(data: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [found for key, value in inner for found in [(*path, key), *paths(value, (*path, key))]]


ROWS = whole(mailbox="imap", calendars="caldav", notify="submission").split("\n")
VALUES = st.sampled_from(
    ['""', '"x"', "0", "-1", "true", "[]", "{}", "[[]]", "inf", "nan", "1979-05-27", "07:32:00", '"\\u0000"',
     '["a", 1]', '"file:~nobody/x"', '{ kind = "imap" }', '[{ kind = "graph" }]', "'''", '"', "99999999999999999999",
     '"env:A"', '"~"']
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_mutation_gives_a_config_or_a_config_error(data: st.DataObject) -> None:
    rows = list(ROWS)
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(rows) - 1))
        match data.draw(st.sampled_from(["value", "drop", "twice", "key", "text", "noise"])):
            case "value" if " = " in rows[at]:
                rows[at] = f"{rows[at].split(' = ')[0]} = {data.draw(VALUES)}"
            case "drop":
                rows[at] = ""
            case "twice":
                rows.insert(data.draw(st.integers(0, len(rows))), rows[at])
            case "key":
                rows[at] = "x" + rows[at]
            case "text" if '"' in rows[at]:
                rows[at] = rows[at].replace('"', f'"{data.draw(st.text(max_size=3))}', 1)
            case _:
                rows[at] = rows[at][: data.draw(st.integers(0, 20))] + data.draw(st.text(max_size=5))
    text = "\n".join(rows)
    result: AccountConfig | ConfigError
    try:
        result = parse_account(text, FILE)
    except ConfigError as error:
        result = error
    if isinstance(result, AccountConfig):
        assert result.owner.addresses
    else:
        assert result.problems
        assert all(0 <= found.line <= text.count("\n") + 1 and found.message for found in result.problems)
        assert result.__context__ is None
