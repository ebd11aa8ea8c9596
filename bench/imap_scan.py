"""The first scan of a large mailbox, beside what other clients do, over the same messages on the same server.

    python bench/imap_scan.py MAILDIR [--repeat 3] [--imap-tools PYTHON]

MAILDIR holds the mail (the docs say which generator wrote it); a Dovecot of its own is started on a hard-linked copy in
a temporary folder beside it. Every way runs in a fresh process; wall and CPU are medians. PYTHON is an interpreter that
has imap_tools, to run that peer as well.
"""

import argparse
import imaplib
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from imapclient import IMAPClient

from connectors.imap.calendar import ImapCalendar
from connectors.imap.connection import Login, Security, Server
from connectors.imap.listing import select
from connectors.imap.scan import chunks, fetch_found, find
from connectors.imap.session import Session
from connectors.model import Window
from tests.servers.dovecot import Dovecot

USER = "bench"


def limit(host: str, port: int, password: str) -> int:
    """The floor: one streamed FETCH BODYSTRUCTURE read as lines, nothing done but counting the calendars."""
    client = imaplib.IMAP4(host, port)
    client.login(USER, password)
    client.select("INBOX", readonly=True)
    client.send(b"x UID FETCH 1:* (UID BODYSTRUCTURE)\r\n")
    found = 0
    while not (line := client.readline()).startswith(b"x "):
        low = line.lower()
        found += b"calendar" in low or b".ics" in low
    return found


def ours(host: str, port: int, password: str, *, parse: bool) -> int:
    """Afterword's scan; with `parse`, the whole of `pull`, iCalendar reading included."""
    session = Session(Server(host, port, Security.PLAIN), Login(USER, lambda: password), account="bench")
    if not parse:
        with session.use("scan") as connection:
            chosen = select(connection.wire, "INBOX")
            plans = list(find(connection.wire, chunks(range(1, chosen.uid_next or 1)), [], "INBOX"))
            return sum(1 for _ in fetch_found(connection.wire, plans, [], "INBOX"))
    calendar = ImapCalendar(session, name="mail", zone=ZoneInfo("UTC"), lead=timedelta(days=60))
    window = Window(datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))
    cursor, found, more = None, set(), True
    while more:
        delta = calendar.pull(cursor, window)
        cursor, more = delta.cursor, delta.more
        found |= {invite.key for invite in delta.invites}
    return len(found)


def unchanged(host: str, port: int, password: str) -> int:
    """Twenty cycles over a mailbox that does not change, after a first look at nothing."""
    session = Session(Server(host, port, Security.PLAIN), Login(USER, lambda: password), account="bench")
    calendar = ImapCalendar(session, name="mail", zone=ZoneInfo("UTC"), lead=timedelta(0))
    now = datetime.now(UTC)
    window = Window(now, now + timedelta(days=30))
    cursor = calendar.pull(None, window).cursor
    times = []
    for _ in range(20):
        started = time.perf_counter()
        found = len(calendar.pull(cursor, window).invites)
        times.append(time.perf_counter() - started)
    print(f"an unchanged cycle: {statistics.median(times) * 1000:.1f} ms", file=sys.stderr)
    return found


def by_imapclient(host: str, port: int, password: str) -> int:
    """IMAPClient's own fetch and parser: BODYSTRUCTURE of all, then the calendar parts."""
    client = IMAPClient(host, port, ssl=False)
    client.login(USER, password)
    client.select_folder("INBOX", readonly=True)
    uids = client.search("ALL")
    found = 0
    for start in range(0, len(uids), 5_000):
        wanted: dict[str, list[int]] = {}
        for uid, data in client.fetch(uids[start : start + 5_000], ["BODYSTRUCTURE"]).items():
            if section := _calendar_section(data[b"BODYSTRUCTURE"], ""):
                wanted.setdefault(section, []).append(uid)
        for section, some in wanted.items():
            found += len(client.fetch(some, [f"BODY.PEEK[{section}]"]))
    return found


def _calendar_section(body: tuple[object, ...], section: str) -> str:
    first = body[0]
    children = first if isinstance(first, list) else body if isinstance(first, tuple) else None
    if children is not None:
        for number, child in enumerate(children, start=1):
            if isinstance(child, tuple) and (
                inside := _calendar_section(child, f"{section}.{number}" if section else str(number))
            ):
                return inside
        return ""
    kind = f"{body[0]!r}/{body[1]!r}".lower()
    if "rfc822" in kind and len(body) > 8 and isinstance(body[8], tuple):
        return _calendar_section(body[8], section)
    return (section or "1") if "calendar" in kind or b".ics" in repr(body).encode() else ""


IMAP_TOOLS = """
import sys
from imap_tools import MailBoxUnencrypted
box = MailBoxUnencrypted(sys.argv[1], int(sys.argv[2])).login("bench", sys.argv[3], "INBOX")
found = 0
for message in box.fetch(mark_seen=False, bulk=500):
    found += any(p.get_content_type() == "text/calendar" or (p.get_filename() or "").endswith(".ics")
                 for p in message.obj.walk())
print(found)
"""

WAYS: dict[str, Callable[[str, int, str], int]] = {
    "limit: BODYSTRUCTURE read as lines, no more": limit,
    "afterword: find and fetch the parts": lambda *where: ours(*where, parse=False),
    "afterword: the same, calendars read (pull)": lambda *where: ours(*where, parse=True),
    "afterword: twenty unchanged cycles": unchanged,
    "imapclient: its own parser, then the parts": by_imapclient,
}


def child(way: str, host: str, port: int, password: str) -> None:
    """In a fresh process: run one way and print its figures as JSON."""
    idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started, cpu = time.perf_counter(), time.process_time()
    found = WAYS[way](host, port, password)
    print(
        json.dumps(
            {
                "found": found,
                "wall": time.perf_counter() - started,
                "cpu": time.process_time() - cpu,
                "rss": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - idle) / 1024,
            }
        )
    )


def measure(command: list[str], log: Path) -> dict[str, float]:
    """Run one process; its figures, and the megabytes that Dovecot says it sent."""
    before = log.stat().st_size
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    wall = time.perf_counter() - started
    if done.stderr:
        print(f"    {done.stderr.strip()}")
    last = done.stdout.strip().splitlines()[-1]
    figures = json.loads(last) if last.startswith("{") else {"found": int(last), "wall": wall, "cpu": 0, "rss": 0}
    time.sleep(0.3)
    sent = sum(int(out) for out in re.findall(r"imap\(bench\).* out=(\d+)", log.read_text()[before:]))
    return {**figures, "mb": sent / 1e6}


def main() -> None:
    """Start the server, run every way, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("maildir", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--imap-tools", default="", metavar="PYTHON")
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--password", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way:
        child(arguments.way, "127.0.0.1", arguments.port, arguments.password)
        return
    folder = Path(tempfile.mkdtemp(prefix="afterword-bench-", dir=arguments.maildir.resolve().parent))
    try:
        with Dovecot(folder, compress=False) as server:
            user = server.add_user(USER)
            subprocess.run(["cp", "-al", str(arguments.maildir), str(user.maildir)], check=True)
            if os.geteuid() == 0:
                subprocess.run(["chown", "-R", "nobody", str(user.maildir)], check=True)
            server.doveadm("index", "-u", USER, "INBOX", timeout=600)
            base = [sys.executable, __file__, str(arguments.maildir)]
            where = ["--port", str(server.port), "--password", user.password]
            log = folder / "dovecot.log"
            measure([*base, *where, "--way", "afterword: find and fetch the parts"], log)
            print("| way | wall s | CPU s | MB over the wire | peak MB over the start | found |")
            print("|---|---|---|---|---|---|")
            for way in WAYS:
                show(way, [measure([*base, *where, "--way", way], log) for _ in range(arguments.repeat)])
            if arguments.imap_tools:
                command = [arguments.imap_tools, "-c", IMAP_TOOLS, "127.0.0.1", str(server.port), user.password]
                show("imap_tools: fetch all and parse", [measure(command, log)])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def show(way: str, runs: list[dict[str, float]]) -> None:
    """One line of the table."""
    middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    print(
        f"| {way} | {middle['wall']:.2f} | {middle['cpu']:.2f} | {middle['mb']:.1f} | {middle['rss']:.0f} |"
        f" {middle['found']:.0f} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
