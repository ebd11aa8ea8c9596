"""Mail to oneself: to the owner and nobody else, encrypted, logged in, its errors in words of ours."""

import ast
import inspect
import smtplib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.errors import (
    AuthenticationError,
    ConnectorError,
    RateLimited,
    TemporaryError,
    UnsupportedError,
)
from connectors.model import Address, Note
from connectors.notify.recipients import only_the_owner
from connectors.notify.submission import SubmissionNotifier, meaning
from tests.servers.certificates import Authority
from tests.servers.submission import PASSWORD, USER, Submission, submission

ROOT = Path(__file__).parents[3]
OWNER = frozenset({USER, "erika@private.example"})
NOTE = Note(
    key="k",
    message_id="<note-1@example.com>",
    subject="Two drafts are still unsent",
    body="Dear Grüße,\n\nthe draft's text\n",
    brief="Ada, on Monday",
    date=datetime(2026, 11, 24, 9, tzinfo=UTC),
)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def server(authority: Authority) -> Iterator[Submission]:
    with submission(authority.issue("smtp")) as running:
        yield running


def notifier(server: Submission, authority: Authority, **changed: object) -> SubmissionNotifier:
    settings: dict[str, object] = {
        "name": "mail",
        "host": "127.0.0.1",
        "port": server.port,
        "sender": Address(USER, "Erika Example"),
        "to": USER,
        "addresses": OWNER,
        "security": "starttls",
        "username": USER,
        "password": lambda: PASSWORD,
        "ca_file": authority.ca_file,
        "account": "erika",
        "seconds": 5.0,
    }
    return SubmissionNotifier(**(settings | changed))  # type: ignore[arg-type] # test shorthand


def test_a_note_arrives_encrypted(server: Submission, authority: Authority) -> None:
    notifier(server, authority, to="ERIKA@private.example").notify(NOTE)
    (mail,) = server.delivered
    assert (mail.sender, mail.recipients, mail.encrypted) == (USER, ["erika@private.example"], True)
    assert mail.message["Subject"] == NOTE.subject
    assert mail.message["Message-ID"] == NOTE.message_id
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert "Grüße" in mail.message.get_payload(decode=True).decode()


def test_implicit_tls(authority: Authority) -> None:
    with submission(authority.issue("smtps"), implicit_tls=True) as server:
        notifier(server, authority, security="tls").notify(NOTE)
        assert len(server.delivered) == 1


@pytest.mark.parametrize(
    "to", ["ada@company.example", "", "erika", f"{USER}, ada@company.example", f"erika+x@{USER.split('@')[1]}"]
)
def test_nobody_but_the_owner(server: Submission, authority: Authority, to: str) -> None:
    with pytest.raises(UnsupportedError, match="your own addresses only"):
        notifier(server, authority, to=to).notify(NOTE)
    assert notifier(server, authority, to=to).check()[0].state == "failing"
    assert server.commands == []


def test_the_sender_is_the_owner_too(server: Submission, authority: Authority) -> None:
    with pytest.raises(UnsupportedError):
        notifier(server, authority, sender=Address("boss@company.example")).notify(NOTE)
    assert server.commands == []


def test_one_function_decides() -> None:
    assert only_the_owner([f" <{USER.upper()}> "], OWNER, account="a") == (USER,)
    with pytest.raises(UnsupportedError):
        only_the_owner([], OWNER, account="a")
    with pytest.raises(UnsupportedError):
        only_the_owner([USER, "x@y.example"], OWNER, account="a")


def test_check_sends_nothing(server: Submission, authority: Authority) -> None:
    assert notifier(server, authority).check(write=True)[0].state == "ok"
    assert server.commands == ["MAIL", "RCPT"]
    assert server.delivered == []


def test_a_wrong_password_is_told_without_it(server: Submission, authority: Authority) -> None:
    with pytest.raises(AuthenticationError) as caught:
        notifier(server, authority, password=lambda: "hunter2").notify(NOTE)
    assert "hunter2" not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"


def test_no_starttls_no_mail(authority: Authority) -> None:
    with submission(authority.issue("plain"), offer_starttls=False) as server:
        with pytest.raises(UnsupportedError):
            notifier(server, authority).notify(NOTE)
        assert (server.commands, server.delivered) == ([], [])


def test_an_untrusted_certificate(server: Submission, authority: Authority) -> None:
    with pytest.raises(ConnectorError, match="certificate is not trusted"):
        notifier(server, authority, ca_file=None).notify(NOTE)
    for leaf in (authority.issue("old", expired=True), authority.issue("other", host="mail.example.net")):
        with submission(leaf) as other, pytest.raises(ConnectorError, match="certificate is not trusted"):
            notifier(other, authority).notify(NOTE)
        assert other.commands == []


@pytest.mark.parametrize(
    ("command", "answer", "kind"),
    [
        ("MAIL", "421 going down", TemporaryError),
        ("RCPT", "450 greylisted", RateLimited),
        ("RCPT", "550 no such user", ConnectorError),
        ("DATA", "452 slow down", RateLimited),
        ("DATA", "552 full", ConnectorError),
        ("DATA", "554 no", ConnectorError),
    ],
)
def test_refusals(server: Submission, authority: Authority, command: str, answer: str, kind: type[Exception]) -> None:
    server.refuse[command] = answer
    with pytest.raises(ConnectorError) as caught:
        notifier(server, authority).notify(NOTE)
    assert type(caught.value) is kind
    if command != "DATA":
        assert notifier(server, authority).check()[0].state == "failing"


def test_nobody_listens(authority: Authority) -> None:
    with pytest.raises(TemporaryError):
        notifier(Submission(port=1), authority).notify(NOTE)


def test_every_exception_of_smtplib_has_a_meaning() -> None:
    classes = [c for _, c in inspect.getmembers(smtplib, inspect.isclass) if issubclass(c, smtplib.SMTPException)]
    assert len(classes) >= 9
    assert [c.__name__ for c in classes if meaning.dispatch(c) is meaning.dispatch(object)] == []


def test_no_other_module_of_ours_can_open_smtp() -> None:
    senders = {"smtplib", "aiosmtplib", "aiosmtpd", "smtpd"}
    found = set()
    for folder in ("config", "connectors", "daemon"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom):
                    names = [node.module or ""]
                if isinstance(node, ast.Constant) and node.value in senders:
                    names = [str(node.value)]
                if any(name.partition(".")[0] in senders for name in names):
                    found.add(path.relative_to(ROOT).as_posix())
    assert found == {"connectors/notify/submission.py"}
