"""The commented example file, from the schema. `python -m config.example` writes it anew."""

import textwrap
from pathlib import Path
from typing import Any, Final

import tomlkit

from config.walk import TableOfKeys, default, tables

EXAMPLE: Final = Path(__file__).with_name("example.toml")

_INTRO: Final = """\
Afterword: one file is one person. The file's name is the account's name; a folder of such files is many
people, served by one process. What is commented out shows the default, or an example where there is none.

A span of time is a number and a unit: "30 s", "15 min", "2 hours", "7 days". A time of day is "HH:MM",
local to you. A path starts at this file's folder; ~ is your home folder.

No secret stands in this file, only where it is kept, as one of:
  "keyring:SERVICE/USER"    the desktop's keyring
  "file:PATH"               a file with mode 0600
  "command:PROGRAM ARGS"    what a program prints, such as "command:pass show mail" (no shell)
  "credential:NAME"         a systemd credential of the service
  "env:NAME"                an environment variable

Check it with `afterword config check`. Drafts are written in en, de, fr, es, it, nl, pt, pl, sv, ja and zh.
"""

_ACTIVE: Final = {("owner", ""), ("mailbox", "maildir"), ("calendars", "vdir")}

_SAMPLES: Final[dict[tuple[str, str], Any]] = {
    ("owner", "name"): "Ada Example",
    ("owner", "addresses"): ["ada@example.org"],
    ("owner", "timezone"): "Europe/Berlin",
    ("owner", "formality"): "formal",
    ("owner", "employer_domains"): ["current-employer.example"],
    ("owner", "signature"): "+49 30 1234567\nhttps://ada.example.org",
    ("mailbox", "path"): "~/Mail",
    ("mailbox", "host"): "imap.example.org",
    ("mailbox", "password"): "keyring:afterword/ada@example.org",
    ("mailbox", "server"): "mail.example.org",
    ("mailbox", "endpoint"): "https://mail.example.org/EWS/Exchange.asmx",
    ("mailbox", "folders.drafts"): "Drafts",
    ("mailbox", "folders.sent"): "Sent",
    ("mailbox", "folders.trash"): "Trash",
    ("mailbox", "folders.invites"): ["INBOX", "Archive"],
    ("mailbox", "oauth.provider"): "google",
    ("calendars", "path"): "~/Calendars",
    ("calendars", "url"): "https://dav.example.org/",
    ("calendars", "password"): "keyring:afterword/ada@example.org",
    ("calendars", "server"): "mail.example.org",
    ("calendars", "endpoint"): "https://mail.example.org/EWS/Exchange.asmx",
    ("calendars", "calendars"): ["Personal", "Job search"],
    ("calendars", "name"): "personal",
    ("reminder", "language"): "en",
    ("recognition", "always"): [{"domain": "dreamjob.example"}, {"text": "coffee with the team"}],
    ("recognition", "never"): [{"organizer": "coach@example.org"}, {"text": "mock interview"}],
    ("notify", "url"): "file:secrets/apprise-url",
    ("notify", "host"): "smtp.example.org",
    ("notify", "password"): "keyring:afterword/ada@example.org",
    ("notify", "to"): "ada@example.org",
    ("notify", "name"): "phone",
    ("service", "metrics"): "127.0.0.1:9464",
    ("store", "path"): "afterword.sqlite",
    ("store", "url"): "credential:afterword-database-url",
    ("", "username"): "ada@example.org",
    ("", "address"): "ada@example.org",
    ("", "email"): "ada@example.org",
    ("", "client_file"): "google-client.json",
    ("", "client_id"): "00000000-0000-0000-0000-000000000000",
    ("", "tenant"): "example.onmicrosoft.com",
    ("", "ca_file"): "/etc/ssl/certs/own-ca.pem",
}

_RULES: Final = (
    (
        "Banks, insurers and law firms: formal, and on a working day.",
        {
            "match": {"industry": ["bank", "insurance", "law firm"]},
            "when": "next_morning",
            "working_days_only": True,
            "formality": "formal",
        },
    ),
    (
        "Start-ups and engineers: the same evening, informal.",
        {"match": {"role": ["engineer", "developer"]}, "when": "same_evening", "formality": "informal"},
    ),
    ("A recruiter's call: soon after it.", {"match": {"stage": ["recruiter_screen"]}, "when": "after_hours"}),
    ("A big panel: one note to all.", {"match": {"stage": ["panel", "onsite"]}, "one_draft": "group"}),
    (
        "An agency that wants everything to go through it.",
        {"match": {"domain": ["agency.example"]}, "through_recruiter": True},
    ),
)


def render() -> str:
    """The whole file. It loads as it stands: a Maildir and a folder of .ics files."""
    parts = [_comment(_INTRO)]
    seen: set[str] = set()
    for table in tables():
        if table.header == "rules":
            parts.append(_rules(table))
        else:
            parts.append(_block(table, first=table.header not in seen))
        seen.add(table.header)
    return "\n\n".join(parts) + "\n"


def _block(table: TableOfKeys, *, first: bool) -> str:
    top, _, inner = table.header.partition(".")
    active = (table.header, table.kind) in _ACTIVE
    doc = " ".join((table.model.__doc__ or "").split())
    title = f'kind = "{table.kind}": {doc}' if table.kind and not inner else doc
    lines = [_comment("-" * 100)] if first and not inner else []
    lines += [_comment(title), _mark(active, f"[[{table.header}]]" if table.array else f"[{table.header}]")]
    for key, info in table.keys.items():
        if key == "kind":
            lines.append(_mark(active, f'kind = "{table.kind}"'))
            continue
        value = default(info)
        if value in (None, "", []):
            name = f"{inner}.{key}" if inner else key
            value = _SAMPLES.get((top, name), _SAMPLES.get(("", key), value))
        if table.kind == "ics_url" and key == "url":
            value = "file:secrets/calendar-address"
        lines.append(_comment(info.description or ""))
        lines.append(_mark(active and info.is_required(), f"{key} = {toml_value(value)}"))
    return "\n".join(lines)


def _rules(table: TableOfKeys) -> str:
    lines = [_comment("-" * 100), _comment(" ".join((table.model.__doc__ or "").split()))]
    lines += [_comment(f"  {key}: {info.description}") for key, info in table.keys.items()]
    for said, rule in _RULES:
        lines += ["", _comment(said), "#[[rules]]"]
        lines += [f"#{key} = {toml_value(value)}" for key, value in rule.items()]
    return "\n".join(lines)


def toml_value(value: Any) -> str:
    """One value on one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    return tomlkit.item("" if value is None else value).as_string()


def _mark(active: bool, line: str) -> str:
    return line if active else f"#{line}"


def _comment(text: str) -> str:
    lines = []
    for line in text.rstrip().split("\n"):
        lines += textwrap.wrap(line, 108, subsequent_indent=line[: len(line) - len(line.lstrip())]) or [""]
    return "\n".join(f"# {line}".rstrip() for line in lines)


if __name__ == "__main__":
    EXAMPLE.write_text(render(), encoding="utf-8")
