"""A machine of one's own for the command line: a home, a Maildir, a calendar folder with what happened lately."""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

AFTERWORD = Path(sys.executable).with_name("afterword")
EVENT = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Brightwater//Hiring//EN
METHOD:REQUEST
BEGIN:VEVENT
UID:{uid}
DTSTAMP:{start}
DTSTART:{start}
DTEND:{end}
SUMMARY:{title}
DESCRIPTION:{text}
ORGANIZER;CN=Jonas Berg:mailto:jonas.berg@brightwater.example
ATTENDEE;CN=Ada Example;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED:mailto:{owner}
ATTENDEE;CN=Jonas Berg;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED:mailto:jonas.berg@brightwater.example
END:VEVENT
END:VCALENDAR
"""


def event(uid: str, title: str, text: str, ended_ago: timedelta, owner: str = "ada@example.org") -> str:
    """An event of three quarters of an hour, as iCalendar."""
    end = datetime.now(UTC) - ended_ago
    form = "%Y%m%dT%H%M%SZ"
    return EVENT.format(
        uid=uid, title=title, text=text, owner=owner,
        start=(end - timedelta(minutes=45)).strftime(form), end=end.strftime(form),
    ).replace("\n", "\r\n")  # fmt: skip


def recent_events(owner: str = "ada@example.org") -> dict[str, str]:
    """An interview of yesterday, one of last week, and a dentist."""
    about = "Interview with Ada Example for the position of Backend Engineer at Brightwater."
    return {
        "fresh": event("fresh@x", "Interview: Backend Engineer at Brightwater", about, timedelta(hours=20), owner),
        "old": event("old@x", "Interview: Data Engineer at Brightwater", about, timedelta(days=6), owner),
        "dentist": event("dentist@x", "Dentist", "", timedelta(hours=30), owner),
    }


def maildir(path: Path) -> Path:
    """An empty Maildir with the usual folders."""
    for box in ("", ".Drafts", ".Sent", ".Trash"):
        for part in ("cur", "new", "tmp"):
            (path / box / part).mkdir(parents=True)
    return path


def environment(home: Path) -> dict[str, str]:
    """A user who has nothing yet: no configuration, no keyring, no desktop."""
    return {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "COLUMNS": "200",
        "LINES": "60",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "NO_PROXY": "*",
    }
