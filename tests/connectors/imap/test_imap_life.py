"""The whole life by mail: an invite comes in by LMTP, and the owner works on the drafts with neomutt over IMAP."""

import email
import email.policy
import imaplib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pexpect
import pytest

from config.load import load_account
from daemon.accounts import build, open_store
from daemon.engine import Cycle, cycle
from tests.servers import dovecot
from tests.servers.dovecot import PASSWORD, Dovecot

pytestmark = [
    pytest.mark.skipif(not dovecot.delivers(), reason="Dovecot is missing: install dovecot-imapd and dovecot-lmtpd"),
    pytest.mark.skipif(shutil.which("neomutt") is None, reason="neomutt is missing: install neomutt"),
]

ME = "mara@lindgren.example"
PEOPLE = {
    "helena@frost.example": "Helena Frost",
    "ivo@frost.example": "Ivo Marek",
    "noor@frost.example": "Noor Haddad",
}
IN_THE_MAIL = ("helena@frost.example", "ivo@frost.example")
"""Whose draft answers the invite: the third never saw that mail, and is not to be shown an answer to it."""
INVITE_ID = "<invite-1@frost.example>"
EARLIER_ID = "<application-7@frost.example>"
NOW = datetime.now(UTC).replace(microsecond=0)
END = NOW - timedelta(hours=2)
SET_UP = NOW - timedelta(days=2)

CONFIG = """\
[owner]
name = "Mara Lindgren"
addresses = ["mara@lindgren.example"]
timezone = "UTC"

[mailbox]
kind = "imap"
host = "localhost"
port = {port}
security = "tls"
ca_file = "{ca_file}"
password = "env:TEST_LIFE_PASSWORD"

[timing]
when = "soon"

[reminder]
at = "09:00"
"""


def invite() -> bytes:
    """A request (RFC 6047) for an hour that ended at END, in a thread that the company began."""
    people = "".join(f"ATTENDEE;PARTSTAT=ACCEPTED;CN={name}:mailto:{at}\r\n" for at, name in PEOPLE.items())
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = "Helena Frost <helena@frost.example>"
    message["To"] = f"Mara Lindgren <{ME}>"
    message["Cc"] = "Ivo Marek <ivo@frost.example>"
    message["Subject"] = "Interview: Data Engineer at Frost Energy"
    message["Message-ID"] = INVITE_ID
    message["In-Reply-To"] = message["References"] = EARLIER_ID
    message["Date"] = SET_UP
    message.set_content("Dear Mara,\n\nwe look forward to meeting you.\n\nHelena")
    message.add_alternative(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Google Inc//Google Calendar 70.9054//EN\r\nMETHOD:REQUEST\r\n"
        f"BEGIN:VEVENT\r\nUID:one@frost.example\r\nDTSTAMP:{SET_UP:%Y%m%dT%H%M%SZ}\r\n"
        f"DTSTART:{END - timedelta(hours=1):%Y%m%dT%H%M%SZ}\r\nDTEND:{END:%Y%m%dT%H%M%SZ}\r\n"
        "SEQUENCE:0\r\nSTATUS:CONFIRMED\r\nSUMMARY:Interview: Data Engineer at Frost Energy\r\n"
        f"ORGANIZER;CN=Helena Frost:mailto:helena@frost.example\r\n{people}"
        f"ATTENDEE;PARTSTAT=ACCEPTED;CN=Mara Lindgren:mailto:{ME}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        subtype="calendar",
        params={"method": "REQUEST"},
    )
    return message.as_bytes()


class Owner:
    """The owner's mailbox on the server, and their neomutt."""

    def __init__(self, server: Dovecot, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.outgoing = folder / "outgoing"
        server.add_user(ME)
        sendmail, editor = folder / "sendmail", folder / "editor"
        sendmail.write_text(f"#!/bin/sh\ncat > {self.outgoing}\n")
        editor.write_text(
            f"#!{sys.executable}\nimport sys\nopen(sys.argv[1], 'a').write('PS: one more thought of mine\\n')\n"
        )
        for program in (sendmail, editor):
            program.chmod(0o755)
        root = f"imap://127.0.0.1:{server.port}"
        (folder / "muttrc").write_text(
            f"""set folder="{root}" spoolfile="{root}/INBOX" imap_user="{ME}" imap_pass="{PASSWORD}"
set imap_authenticators=login
set postponed="{root}/Drafts" record="{root}/Sent" trash="{root}/Trash" ssl_starttls=no ssl_force_tls=no
set sendmail="{sendmail}" editor=true from="{ME}" realname="Mara Lindgren" use_from=yes header_cache=""
set charset=utf-8 send_charset=utf-8 confirmappend=no recall=yes postpone=yes quit=yes sleep_time=0 edit_headers=no
set move=no help=no signature="" fast_reply=yes include=yes abort_unmodified=no abort_nosubject=no delete=yes
"""
        )

    def _neomutt(self, *arguments: str) -> pexpect.spawn:
        environment = {"HOME": str(self.folder), "TERM": "xterm", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
        settings = ["-n", "-F", str(self.folder / "muttrc")]
        return pexpect.spawn(
            "neomutt", [*settings, *arguments], env=environment, timeout=30, dimensions=(40, 120), encoding="utf-8"
        )

    def delete_first(self) -> None:
        """Delete the first message of Drafts in the index; neomutt moves it to Trash."""
        program = self._neomutt("-f", f"imap://127.0.0.1:{self.server.port}/Drafts")
        program.expect("Helena|Ivo|Noor")
        program.send("dq")
        program.expect(pexpect.EOF)
        program.close()

    def send_first(self) -> None:
        """Send the first of several postponed messages as it stands."""
        program = self._neomutt("-p")
        program.expect("Helena|Ivo|Noor")
        program.send("\r")
        program.expect("Security")
        program.send("y")
        program.expect(pexpect.EOF)
        program.close()

    def edit_the_last(self) -> None:
        """Open the only postponed message, add a line, and postpone it again."""
        program = self._neomutt("-e", f'set editor="{self.folder / "editor"}"', "-p")
        program.expect("Security")
        program.send("P")
        program.expect(pexpect.EOF)
        program.close()

    def messages(self, box: str) -> list[EmailMessage]:
        """What lies in a folder and is not marked as deleted."""
        with imaplib.IMAP4("127.0.0.1", self.server.port, timeout=10) as client:
            client.login(ME, PASSWORD)
            client.select(box, readonly=True)
            found = client.search(None, "UNDELETED")[1][0].split()
            raw = [client.fetch(number.decode(), "(BODY.PEEK[])")[1][0] for number in found]
        read = [item[1] for item in raw if isinstance(item, tuple)]
        assert len(read) == len(found)
        return [email.message_from_bytes(item, policy=email.policy.default) for item in read]

    def marks(self, box: str) -> list[set[str]]:
        """The flags of its messages."""
        with imaplib.IMAP4("127.0.0.1", self.server.port, timeout=10) as client:
            client.login(ME, PASSWORD)
            client.select(box, readonly=True)
            lines = [line.decode() for line in client.fetch("1:*", "(FLAGS)")[1] if isinstance(line, bytes)]
        return [set(line.partition("FLAGS (")[2].partition(")")[0].split()) for line in lines]

    def texts(self, box: str) -> dict[str, str]:
        """Recipient -> text."""
        return {one["To"].addresses[0].addr_spec: one.get_content() for one in self.messages(box)}

    def notes(self) -> list[str]:
        """What the owner was told, in their inbox."""
        return [one.get_content() for one in self.messages("INBOX") if ME in one["From"]]


class Service:
    """The account as the service opens it, a new one for each cycle."""

    def __init__(self, folder: Path, server: Dovecot) -> None:
        self.folder = folder
        self.file = folder / "mara.toml"
        self.file.write_text(CONFIG.format(port=server.tls_port, ca_file=server.authority.ca_file))

    def run(self, now: datetime) -> Cycle:
        """One cycle of a service that was just started."""
        config = load_account(self.file)
        with open_store(config, self.folder / "state", now=now) as store:
            account = build(config, store, self.folder / "state", now=now)
            try:
                done = cycle(account, now)
            finally:
                for port in (*account.calendars, account.mailbox):
                    port.close()
        assert done.errors == ()
        return done

    def lose_store(self) -> None:
        """The SQLite files are gone; the key beside them stays."""
        lost = list((self.folder / "state").rglob("store.sqlite*"))
        assert lost
        for path in lost:
            path.unlink()


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[Owner]:
    folder = Path(tempfile.mkdtemp(prefix="afterword-life-"))  # sockets need a short path, open to Dovecot's users
    try:
        with Dovecot(folder, lmtp=True) as server:
            home = tmp_path / "owner"
            home.mkdir()
            yield Owner(server, home)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_the_whole_life_by_mail(owner: Owner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_LIFE_PASSWORD", PASSWORD)
    service = Service(tmp_path, owner.server)
    service.run(SET_UP)
    owner.server.deliver(ME, invite(), sender="helena@frost.example")
    service.run(END - timedelta(minutes=30))
    assert owner.messages("Drafts") == []

    service.run(NOW)
    written = owner.texts("Drafts")
    assert set(written) == set(PEOPLE)
    assert len(set(written.values())) == len(PEOPLE)
    drafts = {draft["To"].addresses[0].addr_spec: draft for draft in owner.messages("Drafts")}
    for reader in IN_THE_MAIL:
        draft = drafts.pop(reader)
        first, token, last = draft["References"].split()
        assert (first, last) == (EARLIER_ID, INVITE_ID)
        assert draft["In-Reply-To"] == INVITE_ID
        assert token.endswith("@lindgren.example>")
    [other] = drafts.values()
    assert (other["In-Reply-To"], other["References"]) == (None, None)
    assert all({"\\Draft", "\\Seen"} <= marks for marks in owner.marks("Drafts"))

    service.run(NOW + timedelta(minutes=1))
    service.lose_store()
    service.run(NOW + timedelta(minutes=5))
    assert owner.texts("Drafts") == written
    assert len(owner.messages("Drafts")) == len(PEOPLE)

    owner.delete_first()
    service.run(NOW + timedelta(minutes=6))
    owner.send_first()
    service.run(NOW + timedelta(minutes=7))
    owner.edit_the_last()
    service.run(NOW + timedelta(minutes=8))
    [deleted], [sent], [edited] = owner.texts("Trash"), owner.texts("Sent"), owner.texts("Drafts")
    assert {deleted, sent, edited} == set(PEOPLE)
    assert sent in owner.outgoing.read_text()
    assert "one more thought of mine" in owner.texts("Drafts")[edited]
    assert owner.notes() == []

    morning = (NOW + timedelta(days=1)).replace(hour=9, minute=1)
    for minutes in (0, 5, 60):
        service.run(morning + timedelta(minutes=minutes))
    [note] = owner.notes()
    assert PEOPLE[edited] in note
    assert "one more thought of mine" in note
    assert PEOPLE[sent] not in note
    assert PEOPLE[deleted] not in note
    assert set(owner.texts("Drafts")) == {edited}
    assert len(owner.messages("Drafts")) == 1
    assert len(owner.messages("Sent")) == 1
