"""Runs inside the booted tree, with Debian's Python and nothing else. Writes one line for each thing seen."""

import imaplib
import os
import signal
import subprocess
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

REPORT = Path("/root/report")
UNIT = "afterword.service"
PASSWORD = "right-horse-of-ada"
CONFIG = """\
[owner]
name = "Ada Example"
addresses = ["ada@example.org"]
timezone = "Europe/Berlin"

[mailbox]
kind = "imap"
host = "127.0.0.1"
security = "plain"
allow_insecure = true
port = 1143
username = "ada"
password = "credential:ada-mail"

[timing]
grace = "0 s"
"""
DOVECOT = """\
disable_plaintext_auth = no
ssl = no
log_path = /var/log/dovecot.log
mail_location = maildir:~/Maildir
first_valid_uid = 1
namespace inbox {
  inbox = yes
  mailbox Drafts {
    auto = create
  }
  mailbox Sent {
    auto = create
  }
  mailbox Trash {
    auto = create
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
From: Jonas Berg <jonas.berg@brightwater.example>
To: Ada Example <ada@example.org>
Subject: Interview: Backend Engineer at Brightwater
Date: {date}
Message-ID: <invite-{number}@brightwater.example>
MIME-Version: 1.0
Content-Type: text/calendar; method=REQUEST; charset=UTF-8

BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Brightwater//Hiring//EN
METHOD:REQUEST
BEGIN:VEVENT
UID:interview-{number}@brightwater.example
DTSTAMP:{stamp}
DTSTART:{start}
DTEND:{end}
SUMMARY:Interview: Backend Engineer at Brightwater
DESCRIPTION:Interview with Ada Example for the position of Backend Engineer.
ORGANIZER;CN=Jonas Berg:mailto:jonas.berg@brightwater.example
ATTENDEE;CN=Ada Example;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED:mailto:ada@example.org
ATTENDEE;CN=Jonas Berg;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED:mailto:jonas.berg@brightwater.example
END:VEVENT
END:VCALENDAR
"""


def run(*argv: str, **more: object) -> subprocess.CompletedProcess[str]:
    """A command, its words kept."""
    return subprocess.run(list(argv), capture_output=True, text=True, check=False, timeout=120, **more)  # type: ignore[call-overload,no-any-return]


def show(key: str, unit: str = UNIT) -> str:
    """One property of a unit."""
    return run("systemctl", "show", "--value", "-p", key, unit).stdout.strip()


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


def drafts() -> int:
    """Messages in ada's Drafts."""
    with imaplib.IMAP4("127.0.0.1", 143) as imap:
        imap.login("ada", PASSWORD)
        return int((imap.select("Drafts", readonly=True)[1][0] or b"0").decode())


def deliver(number: int, ends_in: float, padding: int = 0) -> None:
    """Put an invite into the inbox."""
    now = datetime.now(UTC)
    end = now + timedelta(seconds=ends_in)
    ical = "%Y%m%dT%H%M%SZ"
    text = INVITE.format(
        number=number,
        date=now.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        stamp=now.strftime(ical),
        start=(end - timedelta(minutes=45)).strftime(ical),
        end=end.strftime(ical),
    )
    if padding:
        text = text.replace("END:VEVENT", f"X-PADDING:{'x' * padding}\nEND:VEVENT")
    with imaplib.IMAP4("127.0.0.1", 143) as imap:
        imap.login("ada", PASSWORD)
        imap.append("INBOX", "", None, text.replace("\n", "\r\n").encode())  # type: ignore[arg-type]


def journal(unit: str = UNIT) -> str:
    """What the service said in this boot."""
    return run("journalctl", "-b", "--no-pager", "-o", "cat", "-u", unit).stdout


def package() -> str:
    done = run("dpkg", "-i", "/root/afterword.deb")
    assert done.returncode == 0, done.stdout + done.stderr
    return run("afterword", "--help").stdout.strip().splitlines()[0] and "dpkg -i, afterword --help answers"


def dovecot() -> str:
    Path("/etc/dovecot/dovecot.conf").write_text("protocols = imap\nlisten = 127.0.0.1\n" + DOVECOT)
    Path("/srv/mail").mkdir(exist_ok=True)
    run("chown", "mail:mail", "/srv/mail")
    run("systemctl", "restart", "dovecot", "slow-proxy")
    until(lambda: run("systemctl", "is-active", "dovecot").stdout.strip() == "active", 20)
    time.sleep(1)
    return f"an IMAP account, {drafts()} drafts"


def install() -> str:
    Path("/etc/afterword/ada.toml").write_text(CONFIG)
    Path("/etc/credstore.encrypted").mkdir(mode=0o700, exist_ok=True)
    stored = "/etc/credstore.encrypted/ada-mail"
    done = run("systemd-creds", "encrypt", "--with-key=host", "--name=ada-mail", "-", stored, input=PASSWORD)
    assert done.returncode == 0, done.stderr
    drop_in = Path("/etc/systemd/system/afterword.service.d/test.conf")
    drop_in.parent.mkdir(exist_ok=True)
    # Shorter waits, so that the run is short; nothing else differs from what is shipped.
    drop_in.write_text("[Service]\nWatchdogSec=6\nRestartSec=1\n")
    done = run("afterword", "service", "install", "--system")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip().splitlines()[-1]


def ready() -> str:
    took = until(lambda: show("ActiveState") == "active", 30)
    assert show("Type") == "notify"
    seen = until(lambda: "all is well" in show("StatusText"), 60)
    return f"READY seen, active after {took:.1f} s; status line after {seen:.1f} s: {show('StatusText')}"


def draft() -> str:
    deliver(1, ends_in=8)
    took = until(lambda: drafts() == 1, 90)
    return f"one draft {took:.0f} s after the invite came, for an interview that ended 8 s after it"


def credentials() -> str:
    path = Path("/run/credentials/afterword.service/ada-mail")
    assert path.read_text() == PASSWORD
    assert run("runuser", "-u", "nobody", "--", "cat", str(path)).returncode != 0
    assert run("runuser", "-u", "nobody", "--", "ls", "/var/lib/private/afterword").returncode != 0
    pid = show("MainPID")
    assert PASSWORD not in Path(f"/proc/{pid}/environ").read_text()
    assert PASSWORD not in journal()
    uid = Path(f"/proc/{pid}").stat().st_uid
    assert uid != 0
    return f"credential and state unreadable to others; runs as {uid}; no secret in environment or journal"


def watchdog() -> str:
    pid, restarts = show("MainPID"), int(show("NRestarts"))
    os.kill(int(pid), signal.SIGSTOP)
    killed = until(lambda: int(show("NRestarts")) > restarts, 60)
    back = until(lambda: show("ActiveState") == "active" and "all is well" in show("StatusText"), 60)
    assert show("MainPID") != pid
    assert "Watchdog timeout" in journal()
    time.sleep(3)
    assert drafts() == 1, f"{drafts()} drafts"
    return f"stopped process killed after {killed:.0f} s, back {back:.1f} s later, still one draft"


def reload() -> str:
    pid = show("MainPID")
    Path("/etc/afterword/ada.toml").write_text(CONFIG + '\n[reminder]\nat = "10:30"\n')
    done = run("systemctl", "reload", UNIT)
    assert done.returncode == 0, done.stderr
    took = until(lambda: "configuration read again: 1 accounts" in journal(), 30)
    until(lambda: show("ActiveState") == "active", 30)
    assert show("MainPID") == pid
    return f"changed configuration read again after {took:.1f} s by the same process"


def slow_stop() -> str:
    Path("/run/slow").touch()
    for number in range(2, 12):
        deliver(number, ends_in=86400 * number, padding=20_000)
    run("systemctl", "restart", "--no-block", UNIT)
    until(lambda: "1 not looked at yet" in show("StatusText"), 30)
    time.sleep(4)
    assert "all is well" not in show("StatusText")
    started = time.monotonic()
    run("systemctl", "stop", UNIT)
    took = time.monotonic() - started
    Path("/run/slow").unlink()
    assert took < 10.5, took
    assert show("Result") == "success", show("Result")
    return f"stopped {took:.1f} s after being told, in the middle of a transfer of 20 bytes/s; result success"


def bad_config() -> str:
    good = Path("/etc/afterword/ada.toml").read_text()
    Path("/etc/afterword/ada.toml").write_text(good + "\n[remindr]\n")
    run("systemctl", "reset-failed", UNIT)
    done = run("systemctl", "start", UNIT)
    time.sleep(6)
    status, restarts, state = show("ExecMainStatus"), show("NRestarts"), show("ActiveState")
    Path("/etc/afterword/ada.toml").write_text(good)
    assert (done.returncode != 0, status, restarts, state) == (True, "78", "0", "failed"), (status, restarts, state)
    assert "remindr" in journal()
    run("systemctl", "reset-failed", UNIT)
    assert run("systemctl", "start", UNIT).returncode == 0
    return "exit 78, failed, no restart; the faulty key is named in the journal; mended, it starts"


def maildir_user() -> str:
    run("useradd", "-m", "-s", "/bin/sh", "bea")
    home = Path("/home/bea")
    for box in ("", ".Drafts", ".Sent"):
        for part in ("cur", "new", "tmp"):
            (home / "Maildir" / box / part).mkdir(parents=True)
    text = CONFIG.partition("[mailbox]")[0].replace("ada@", "bea@") + '[mailbox]\nkind = "maildir"\n'
    Path("/etc/afterword/bea").mkdir()
    Path("/etc/afterword/bea/bea.toml").write_text(text + f'path = "{home}/Maildir"\n\n[timing]\ngrace = "0 s"\n')
    run("chown", "-R", "bea:bea", str(home), "/etc/afterword/bea")
    done = run("afterword", "service", "install", "--system", "--run-as", "bea")
    assert done.returncode == 0, done.stdout + done.stderr
    unit = "afterword@bea.service"
    until(lambda: "all is well" in show("StatusText", unit), 60)
    now = datetime.now(UTC)
    end = now + timedelta(seconds=6)
    ical = "%Y%m%dT%H%M%SZ"
    mail = INVITE.replace("ada@", "bea@").format(
        number=99,
        date=now.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        stamp=now.strftime(ical),
        start=(end - timedelta(minutes=45)).strftime(ical),
        end=end.strftime(ical),
    )
    run("runuser", "-u", "bea", "--", "tee", str(home / "Maildir/new/1.eml"), input=mail)
    took = until(lambda: len(list((home / "Maildir/.Drafts/cur").iterdir())) == 1, 90)
    owner = next((home / "Maildir/.Drafts/cur").iterdir()).owner()
    assert owner == "bea"
    return f"afterword@bea serves a Maildir: a draft after {took:.0f} s, owned by {owner}"


def user_manager() -> str:
    run("useradd", "-m", "-s", "/bin/sh", "cai")
    uid = run("id", "-u", "cai").stdout.strip()
    run("loginctl", "enable-linger", "cai")
    until(lambda: Path(f"/run/user/{uid}/systemd/private").exists(), 30)
    home = Path("/home/cai")
    for box in ("", ".Drafts", ".Sent"):
        for part in ("cur", "new", "tmp"):
            (home / "Maildir" / box / part).mkdir(parents=True)
    folder = home / ".config/afterword"
    folder.mkdir(parents=True)
    text = CONFIG.partition("[mailbox]")[0].replace("ada@", "cai@")
    (folder / "me.toml").write_text(text + f'[mailbox]\nkind = "maildir"\npath = "{home}/Maildir"\n')
    run("chown", "-R", "cai:cai", str(home))
    as_cai = ("runuser", "-u", "cai", "--", "env", f"XDG_RUNTIME_DIR=/run/user/{uid}", f"HOME={home}")
    done = run(*as_cai, "afterword", "service", "install", "--user")
    assert done.returncode == 0, done.stdout + done.stderr
    seen = (*as_cai, "systemctl", "--user", "show", "--value", "-p", "StatusText", UNIT)
    until(lambda: "all is well" in run(*seen).stdout, 60)
    status = run(*seen).stdout.strip()
    told = run(*as_cai, "afterword", "status", "--json")
    assert '"port": "maildir"' in told.stdout, told.stdout + told.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["me.toml"]
    gone = run(*as_cai, "afterword", "service", "remove", "--user")
    assert gone.returncode == 0, gone.stdout + gone.stderr
    left = [str(path) for path in (home / ".config/systemd").rglob("*") if not path.is_dir()]
    assert left == [], left
    return f"the user unit under a real user manager: {status}; removed without a trace"


def after_reboot() -> str:
    took = until(lambda: "all is well" in show("StatusText"), 60)
    until(lambda: "all is well" in show("StatusText", "afterword@bea.service"), 60)
    time.sleep(3)
    assert drafts() == 1, f"{drafts()} drafts"
    return f"both units run again {took:.0f} s after this test began, still one draft"


def gone() -> str:
    for more in ((), ("--run-as", "bea")):
        done = run("afterword", "service", "remove", "--system", *more)
        assert done.returncode == 0, done.stdout + done.stderr
    Path("/etc/systemd/system/afterword.service.d/test.conf").unlink()
    done = run("dpkg", "--purge", "afterword")
    assert done.returncode == 0, done.stdout + done.stderr
    found = run(
        "sh", "-c", "find / -xdev -path /proc -prune -o -path /root -prune -o -name '*afterword*' -print"
    ).stdout
    kept = {"/etc/afterword", "/home/cai/.config/afterword", "/home/cai/.local/state/afterword"}
    left = [
        path
        for path in found.split()
        if path not in kept and not path.startswith(("/sys", "/var/lib/dpkg", "/var/log", "/run", "/home/cai/.local"))
    ]
    assert [path for path in left if path != "/etc/systemd/system/afterword.service.d"] == [], left
    assert drafts() == 1
    return "service remove and dpkg --purge leave no unit, no state and no program; the draft is still there"


FIRST = (package, dovecot, install, ready, draft, credentials, watchdog, reload, slow_stop, bad_config, maildir_user)


def main() -> None:
    """The first boot, or the second."""
    again = REPORT.exists()
    if not again:
        report(f"systemd  {run('systemctl', '--version').stdout.splitlines()[0]}")
        report(f"python   {run('python3', '--version').stdout.strip()}")
    for step in (after_reboot, gone) if again else (*FIRST, user_manager):
        try:
            report(f"ok       {step.__name__}: {step()}")
        except Exception as error:  # noqa: BLE001 (whatever it is goes into the report)
            place = traceback.extract_tb(error.__traceback__)[-1]
            report(f"FAIL     {step.__name__}: {type(error).__name__} {error} (line {place.lineno})")
            said = [*journal().splitlines()[-12:], *journal("afterword@bea.service").splitlines()[-12:]]
            report("\n".join(f"         | {line}" for line in said))

    report("the end" if again else "reboot")


main()
