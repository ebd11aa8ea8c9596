"""A cycle over a calendar folder of many events: the first one and an unchanged one, beside peers on the same folder.

    python bench/cycle.py [--events 10000] [--khal PATH_OF_KHAL]

Each measurement is a process of its own; wall and CPU seconds and peak memory are the operating system's. `khal` is
another program that reads such folders (its first listing fills its own database); give its path to have it measured.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

NOW = datetime.now(UTC).replace(microsecond=0)
KINDS = ("Standup", "Design review", "Lunch", "1:1", "Dentist", "Sprint planning", "Flight to Oslo", "Focus time")
CONFIG = """\
[owner]
name = "Mara Lindgren"
addresses = ["mara@lindgren.example"]
timezone = "Europe/Berlin"
employer_domains = ["work.example"]

[mailbox]
kind = "maildir"
path = "Mail"

[[calendars]]
kind = "vdir"
path = "calendar"
"""
KHAL = """\
[calendars]
[[one]]
path = {folder}/calendar
[locale]
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
[sqlite]
path = {folder}/khal.db
"""
ICALENDAR = (
    "import sys, pathlib, icalendar\n"
    "for p in pathlib.Path(sys.argv[1]).iterdir(): icalendar.Calendar.from_ical(p.read_bytes())\n"
)


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%SZ")


def write_events(folder: Path, count: int) -> None:
    """Three years of an employee's calendar, every fiftieth event recurring, every hundredth an interview."""
    folder.mkdir(parents=True)
    for n in range(count):
        start = NOW - timedelta(days=1000) + timedelta(minutes=n * 1_600_000 // count)
        rule = "RRULE:FREQ=WEEKLY;COUNT=20\r\n" if n % 50 == 0 else ""
        summary = f"Interview: Engineer {n} at Frost Energy" if n % 100 == 7 else KINDS[n % len(KINDS)]
        host = "helena@frost.example" if n % 100 == 7 else "olof@work.example"
        me = "mara@lindgren.example" if n % 100 == 7 else "m.lindgren@work.example"
        (folder / f"event-{n}.ics").write_text(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Google Inc//Google Calendar 70.9054//EN\r\nBEGIN:VEVENT\r\n"
            f"UID:event-{n}@bench.example\r\nDTSTAMP:{stamp(start - timedelta(days=9))}\r\nDTSTART:{stamp(start)}\r\n"
            f"DTEND:{stamp(start + timedelta(minutes=45))}\r\n{rule}SUMMARY:{summary}\r\nSEQUENCE:0\r\n"
            f"DESCRIPTION:Agenda and notes for number {n}\\, as always.\r\n"
            f"ORGANIZER;CN=Host:mailto:{host}\r\nATTENDEE;CN=Host;PARTSTAT=ACCEPTED:mailto:{host}\r\n"
            f"ATTENDEE;CN=Mara Lindgren;PARTSTAT=ACCEPTED:mailto:{me}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
            newline="",
        )


def measure(name: str, command: list[str], environment: dict[str, str]) -> None:
    """Run once and print what it took."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        started = time.monotonic()
        done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        line = f"{time.monotonic() - started} {used.ru_utime + used.ru_stime} {used.ru_maxrss} {done.returncode}"
        os.write(write_end, line.encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as stream:
        wall, cpu, peak, code = stream.read().split()
    os.waitpid(child, 0)
    failed = "" if code == "0" else f"  (exit {code})"
    print(f"| {name} | {float(wall):.2f} | {float(cpu):.2f} | {int(peak) // 1024} |{failed}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--khal", help="path of the khal program")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        write_events(folder / "calendar", said.events)
        for box in ("", ".Drafts", ".Sent"):
            for part in ("cur", "new", "tmp"):
                (folder / "Mail" / box / part).mkdir(parents=True)
        (folder / "mara.toml").write_text(CONFIG, encoding="utf-8")
        (folder / "khal.conf").write_text(KHAL.format(folder=folder), encoding="utf-8")
        environment = {
            **os.environ,
            "AFTERWORD_CONFIG": str(folder / "mara.toml"),
            "AFTERWORD_STATE": str(folder / "state"),
        }
        once = [sys.executable, "-m", "daemon.cli.main", "once", "--json"]
        print(f"{said.events} events, one file each\n")
        print("| what | wall s | CPU s | peak MB |\n|---|---|---|---|")
        measure("afterword --help (start-up alone)", [*once[:3], "--help"], environment)
        measure("afterword once, first", once, environment)
        measure("afterword once, unchanged", once, environment)
        measure(
            "icalendar alone, parse every file",
            [sys.executable, "-c", ICALENDAR, str(folder / "calendar")],
            environment,
        )
        if said.khal:
            khal = [said.khal, "-c", str(folder / "khal.conf"), "list", "today", "7d"]
            measure("khal list, first", khal, environment)
            measure("khal list, unchanged", khal, environment)


if __name__ == "__main__":
    main()
