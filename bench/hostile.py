"""What hostile invites cost: each kind in a process of its own, wall seconds and peak memory of `explain`.

    python bench/hostile.py

Goal: a decision or a clear error within 2 s and 300 MB, start-up included.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HEAD = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\nUID:hostile\r\nDTSTAMP:20260301T000000Z\r\n"
    "DTSTART:20260317T140000Z\r\nDTEND:20260317T150000Z\r\nORGANIZER;CN=Eve:mailto:eve@evil.example\r\n"
)
ME = "ATTENDEE;CN=Mara:mailto:mara@lindgren.example\r\n"
TAIL = "END:VEVENT\r\nEND:VCALENDAR\r\n"


def event(body: str) -> bytes:
    return (HEAD + ME + body + TAIL).encode()


def bomb(depth: int) -> bytes:
    inner = event("SUMMARY:Interview\r\n")
    part = b"Content-Type: text/calendar; method=REQUEST\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    message = part + base64.encodebytes(inner)
    for level in range(depth):
        mark = f"b{level}".encode()
        message = b"Content-Type: multipart/mixed; boundary=%s\r\n\r\n--%s\r\n%s\r\n--%s--\r\n" % (
            mark,
            mark,
            message,
            mark,
        )
    return b"From: Eve <eve@evil.example>\r\nTo: mara@lindgren.example\r\nMIME-Version: 1.0\r\n" + message


def wide(parts: int) -> bytes:
    one = b"--b\r\nContent-Type: text/calendar\r\n\r\n" + event("SUMMARY:Interview\r\n") + b"\r\n"
    return (
        b"From: e@evil.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + one * parts
    )


def cases() -> dict[str, tuple[str, bytes]]:
    """Name, file ending, content."""
    guests = "".join(f"ATTENDEE;CN=Guest {n}:mailto:guest{n}@evil.example\r\n" for n in range(5000))
    interview = "SUMMARY:Interview\r\n"
    short = b"BEGIN:VEVENT\r\nUID:u%d\r\nDTSTART:20260317T140000Z\r\nEND:VEVENT\r\n"
    many = (HEAD + ME + interview + "END:VEVENT\r\n").encode() + b"".join(short % n for n in range(20_000))
    many += b"END:VCALENDAR\r\n"
    return {
        "5,000 attendees": ("ics", event(interview + guests)),
        "10 MB description": ("ics", event(interview + "DESCRIPTION:" + "interview at 10 " * 650_000 + "\r\n")),
        "10 MB HTML description": ("ics", event(interview + "DESCRIPTION:" + "<b><i>x</i>" * 950_000 + "\r\n")),
        "RRULE FREQ=SECONDLY": ("ics", event("SUMMARY:Interview\r\nRRULE:FREQ=SECONDLY\r\n")),
        "RRULE with every BY part": (
            "ics",
            event("SUMMARY:Interview\r\nRRULE:FREQ=MINUTELY;BYSECOND=1,2,3;BYHOUR=1;BYMONTHDAY=31;BYMONTH=2\r\n"),
        ),
        "CRLF, script and templates in names": (
            "ics",
            event(
                "SUMMARY:Interview\\r\\nBcc: a@b\\, {{ 7*7 }} ${HOME} <script>\r\n"
                'ATTENDEE;CN="{% x %}":mailto:a@b.example\r\n'
            ),
        ),
        "one line of 20 MB": ("ics", event("SUMMARY:" + "A" * 20_000_000 + "\r\n")),
        "100,000 properties": ("ics", event("SUMMARY:Interview\r\n" + "X-EVIL:1\r\n" * 100_000)),
        "MIME nested 200 deep": ("eml", bomb(200)),
        "2,000 calendar parts": ("eml", wide(2000)),
        "20,000 events in one file": ("ics", many),
        "zeros": ("ics", bytes(5_000_000)),
    }  # fmt: skip


def main() -> None:
    print("| case | wall s | peak MB | answer |\n|---|---|---|---|")
    for name, (ending, data) in cases().items():
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            path = Path(folder) / f"hostile.{ending}"
            path.write_bytes(data)
            command = [
                sys.executable,
                "-m",
                "daemon.cli.main",
                "explain",
                "--json",
                "--me",
                "mara@lindgren.example",
                str(path),
            ]
            started = time.monotonic()
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            assert process.stdout is not None
            answer = process.stdout.read()
            _, _, used = os.wait4(process.pid, 0)
            wall = time.monotonic() - started
            found = json.loads(answer) if answer else {"error": "no answer"}
            said = found.get("error") or f"interview: {found['interview']}, outcome: {found['outcome']}"
            print(f"| {name} | {wall:.2f} | {used.ru_maxrss // 1024} | {said[:90]} |", flush=True)


if __name__ == "__main__":
    main()
