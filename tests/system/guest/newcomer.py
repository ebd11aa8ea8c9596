"""Runs inside the booted tree: somebody who types the documented commands at a terminal, and nothing else."""

import imaplib
import os
import pty
import select
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

REPORT = Path("/root/report")
PASSWORD = "right-horse-of-ada"
DOVECOT = """\
protocols = imap
listen = 127.0.0.1
disable_plaintext_auth = no
ssl = no
mail_location = maildir:~/Maildir
first_valid_uid = 1
namespace inbox {
  inbox = yes
  mailbox Drafts {
    auto = create
    special_use = \\Drafts
  }
  mailbox Sent {
    auto = create
    special_use = \\Sent
  }
}
passdb {
  driver = static
  args = password=right-horse-of-ada
}
userdb {
  driver = static
  args = uid=mail gid=mail home=/srv/mail/%u
}
"""
INVITE = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Brightwater//Hiring//EN
METHOD:REQUEST
BEGIN:VEVENT
UID:interview@brightwater.example
DTSTAMP:{stamp}
DTSTART:{start}
DTEND:{end}
SUMMARY:Interview: Backend Engineer at Brightwater
DESCRIPTION:Interview with Ada Example for the position of Backend Engineer.
ORGANIZER;CN=Jonas Berg:mailto:jonas.berg@brightwater.example
ATTENDEE;CN=Ada Example;PARTSTAT=ACCEPTED:mailto:ada@example.org
ATTENDEE;CN=Jonas Berg;PARTSTAT=ACCEPTED:mailto:jonas.berg@brightwater.example
END:VEVENT
END:VCALENDAR
"""
COMMANDS = (
    ("afterword init ada@example.org --host 127.0.0.1 --security plain",
     (("Your name", "Ada Example"), ("The password", PASSWORD), ("The secret iCal address", ""),
      ("Your employer's domain", ""), ("Should the mailbox fail", ""), ("not an interview of yours", ""),
      ("Draft a thank-you for any of these?", " "))),
    ("afterword service install", ()),
)  # fmt: skip
"""Each with the questions that are asked, in order, and what is typed."""


def report(line: str) -> None:
    """One line of what was seen."""
    with REPORT.open("a") as file:
        file.write(line + "\n")


def until(true: Callable[[], object], seconds: float) -> float:
    """How long it took; raises AssertionError if it never came true."""
    started = time.monotonic()
    while not true():
        assert time.monotonic() - started < seconds, f"not within {seconds} s"
        time.sleep(0.1)
    return time.monotonic() - started


def mailbox() -> imaplib.IMAP4:
    """Ada's, as her mail program sees it."""
    imap = imaplib.IMAP4("127.0.0.1", 143)
    imap.login("ada@example.org", PASSWORD)
    return imap


def drafts() -> int:
    """Messages in her Drafts."""
    with mailbox() as imap:
        return int((imap.select("Drafts", readonly=True)[1][0] or b"0").decode())


def provider() -> None:
    """A mail provider with one account, and in it an invite to an interview that ended an hour ago."""
    Path("/etc/dovecot/dovecot.conf").write_text(DOVECOT)
    Path("/srv/mail").mkdir(exist_ok=True)
    subprocess.run(["chown", "mail:mail", "/srv/mail"], check=True)
    subprocess.run(["systemctl", "restart", "dovecot"], check=True)
    now = datetime.now(UTC)
    end, ical = now - timedelta(hours=1), "%Y%m%dT%H%M%SZ"
    message = EmailMessage()
    message["From"], message["To"] = "Jonas Berg <jonas.berg@brightwater.example>", "Ada Example <ada@example.org>"
    message["Subject"], message["Date"] = "Interview", now - timedelta(days=1)
    message["Message-ID"] = "<invite@brightwater.example>"
    start = (end - timedelta(minutes=45)).strftime(ical)
    text = INVITE.format(stamp=start, start=start, end=end.strftime(ical)).replace("\n", "\r\n")
    message.set_content(text, subtype="calendar", params={"method": "REQUEST"})

    def delivered() -> bool:
        try:
            with mailbox() as imap:
                return imap.append("INBOX", "", "", message.as_bytes())[0] == "OK"
        except OSError:
            return False

    until(delivered, 30)


def typed(command: str, answers: tuple[tuple[str, str], ...]) -> tuple[float, str]:
    """Run it at a terminal as cai, answer what is asked; seconds and what was shown."""
    uid = subprocess.run(["id", "-u", "cai"], capture_output=True, text=True, check=True).stdout.strip()
    as_cai = ["runuser", "-u", "cai", "--", "env", f"XDG_RUNTIME_DIR=/run/user/{uid}", "HOME=/home/cai", "TERM=xterm"]
    started = time.monotonic()
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir("/home/cai")
        os.execvp("runuser", [*as_cai, *command.split()])  # noqa: S606
    shown, asked = "", list(answers)
    while True:
        try:
            ready = select.select([terminal], [], [], 120)[0]
            assert ready, f"nothing more came after: {shown[-300:]}"
            data = os.read(terminal, 65536).decode(errors="replace")
        except OSError:
            break
        if not data:
            break
        shown += data
        # A prompt asks where the cursor is, and this terminal says so.
        if "\x1b[6n" in data:
            os.write(terminal, b"\x1b[1;1R")
        if asked and asked[0][0] in shown:
            time.sleep(0.7)
            os.write(terminal, asked.pop(0)[1].encode())
            time.sleep(0.3)
            os.write(terminal, b"\r")
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code == 0, f"exit {code}: {shown[-1500:]}"
    assert asked == [], f"never asked: {asked[0][0]}"
    return time.monotonic() - started, shown


def main() -> None:
    """The commands, and whether it works then."""
    provider()
    subprocess.run(["useradd", "-m", "-s", "/bin/bash", "cai"], check=True)
    subprocess.run(["loginctl", "enable-linger", "cai"], check=True)
    uid = subprocess.run(["id", "-u", "cai"], capture_output=True, text=True, check=True).stdout.strip()
    until(lambda: Path(f"/run/user/{uid}/systemd/private").exists(), 60)
    for command, answers in COMMANDS:
        seconds, _ = typed(command, answers)
        report(f"typed    {seconds:.0f} s, {len(answers)} questions: {command}")
    report(f"draft    {until(lambda: drafts() == 1, 120):.0f} s after that, in Drafts")
    report("the end")


if __name__ == "__main__":
    try:
        main()
    except Exception as error:  # noqa: BLE001 (whatever it is goes into the report)
        report(f"FAIL     {type(error).__name__} {error} (line {traceback.extract_tb(error.__traceback__)[-1].lineno})")
        sys.exit(1)
