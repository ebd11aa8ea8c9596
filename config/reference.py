"""The page of every setting, from the schema. `python -m config.reference` writes docs/configuration.md anew."""

from pathlib import Path
from typing import Final

from pydantic.fields import FieldInfo

from config.example import toml_value
from config.schema import RuleMatch
from config.walk import TableOfKeys, default, form, tables

PAGE: Final = Path(__file__).parent.parent / "docs" / "configuration.md"

_INTRO: Final = """\
# Every setting

One TOML file is one person, and the file's name is the account's name. A folder of such files is many people, served by
one process. Without `--config`, Afterword reads `$AFTERWORD_CONFIG`, else systemd's `$CONFIGURATION_DIRECTORY`, else
`~/.config/afterword/`. The smallest useful file:

```toml
[owner]
name = "Ada Example"
addresses = ["ada@example.org"]

[mailbox]
kind = "imap"
host = "imap.example.org"
password = "keyring:afterword/ada@example.org"
```

`afterword config example` prints a commented file with every key, `config check` lists all that is wrong with yours
(file, line, key, remedy; exit code 78), and `config show` prints what is in force, defaults included. An unknown key is
an error: a misspelt wish is not silently ignored.

## How values are written

| Form | Written as |
|---|---|
| span of time | text, a number and a unit: `"30 s"`, `"15 min"`, `"2 hours"`, `"7 days"` |
| time of day | text, `"18:30"`, local to the owner |
| path | text; `~` is the home folder, a relative path starts at the config file's folder |
| secret reference | text that says where the secret is kept, never the secret itself (below) |

| Secret reference | Where the secret is kept |
|---|---|
| `keyring:SERVICE/USER` | the desktop's keyring (`keyring set SERVICE USER`) |
| `file:PATH` | a file; refused if group or others can read it |
| `command:PROGRAM ARGS` | standard output of a program, run without a shell, within 30 s |
| `credential:NAME` | a systemd credential (`LoadCredential=`, `LoadCredentialEncrypted=`) |
| `env:NAME` | an environment variable |

A trailing newline is not part of a secret. No secret is shown by `config show`, in an error or in the log.

Login names that are left out are your first address. A `google`, `exchange` or `graph` calendar takes what it leaves
out from the mailbox of the same provider, so that `kind = "google"` beside a Gmail mailbox is a whole table.
"""


def render() -> str:
    """The whole page, as Markdown."""
    parts = [_INTRO]
    for table in tables():
        header = f"[[{table.header}]]" if table.array else f"[{table.header}]"
        kind = f', kind = "{table.kind}"' if table.kind else ""
        parts.append(f"## `{header}`{kind}\n\n{' '.join((table.model.__doc__ or '').split())}\n\n{_table(table)}")
        if table.header == "rules":
            parts.append("### `match` of a rule\n\n" + _rows(RuleMatch.model_fields))
    return "\n".join(parts)


def _table(table: TableOfKeys) -> str:
    return _rows({key: info for key, info in table.keys.items() if key != "kind"}) if len(table.keys) > 1 else ""


def _rows(keys: dict[str, FieldInfo]) -> str:
    rows = [
        f"| `{key}` | {form(info.annotation)} | {_default(info)} | {info.description} |" for key, info in keys.items()
    ]
    return "\n".join(["| Key | Form | Default | Meaning |", "|---|---|---|---|", *rows, ""])


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "**needed**"
    value = default(info)
    return "" if value in (None, "", []) else f"`{toml_value(value)}`"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
