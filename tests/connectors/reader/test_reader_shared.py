"""The corpus and the real files beside the repository."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pytest

from connectors.ics import Reading, read_calendar
from connectors.imip import read_message
from connectors.itip import all_occurrences, subject_occurrence
from connectors.model import Invite
from connectors.scan import scan

SHARED = Path(__file__).parents[4] / "shared"
ZONE = ZoneInfo("UTC")
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason="../shared is absent"),
]


def read_any(data: bytes, name: str) -> Reading:
    is_mail = not name.endswith((".ics", ".vcs")) and not data.lstrip().startswith(b"BEGIN:VCALENDAR")
    return (read_message if is_mail else read_calendar)(data, key=name, zone=ZONE)


def test_the_end_of_every_case_of_the_corpus() -> None:
    root = SHARED / "corpus"
    wrong = []
    for case in json.loads((root / "labels.json").read_text("utf-8")):
        invites: list[Invite] = []
        for name in case["files"]:
            invites += read_any((root / "cases" / name).read_bytes(), name).invites
        event = subject_occurrence(invites, case["me"])
        end = event.end.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if event else None
        if end != case["end"]:
            wrong.append((case["id"], end, case["end"]))
    assert wrong == []


def test_every_real_file_is_read_or_refused_in_words() -> None:
    silent, crashed, narrow = [], [], []
    files = [
        path for path in sorted((SHARED / "ics-real").rglob("*")) if path.is_file() and path.parent.name != "LICENSES"
    ]
    assert len(files) > 1_000
    for path in files:
        data = path.read_bytes()
        reading = read_any(data, path.name)
        crashed += [
            (path.name, p.what) for p in reading.problems if "cannot be read:" in p.what and "line" not in p.what
        ]
        subject_occurrence(reading.invites, ())
        explained = reading.invites or reading.problems or reading.notes
        if path.suffix in (".ics", ".vcs") and not explained:
            silent.append(path.name)
        found = scan(data) if path.suffix == ".ics" else None
        events = [event for invite in reading.invites for event in invite.events]
        if found is not None and any(not found.start <= e.start <= e.end <= found.end for e in events if not e.recurs):
            narrow.append(path.name)
    assert (crashed, silent, narrow) == ([], [], [])


def test_events_that_icalendar_reads_are_not_lost() -> None:
    lost = []
    for path in sorted((SHARED / "ics-real").rglob("*.ics")):
        data = path.read_bytes()
        try:
            calendars = icalendar.Calendar.from_ical(data, multiple=True)
            theirs = {str(e["UID"]) for c in calendars for e in c.walk("VEVENT") if "UID" in e and e.start}
        except Exception:  # noqa: BLE001, S112 - what icalendar cannot read is no measure
            continue
        reading = read_calendar(data, key=path.name, zone=ZONE)
        ours = {invite.uid for invite in reading.invites}
        if len(theirs) > len(ours) + len(reading.problems):
            lost.append((path.name, len(theirs), len(ours)))
    assert lost == []


def test_expansion_of_real_files_is_bounded() -> None:
    for path in sorted((SHARED / "ics-real").rglob("*.ics"))[::25]:
        for invite in read_calendar(path.read_bytes(), key=path.name, zone=ZONE).invites:
            found = all_occurrences([invite], ())
            assert len(found) <= 500
            assert all(event.end - event.start < timedelta(days=40_000) for event in found)
            assert all(isinstance(event.start, datetime) and event.start.tzinfo for event in found)
