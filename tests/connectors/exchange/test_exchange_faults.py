"""Hostile, slow and foreign servers: mapped to the taxonomy, bounded in time and memory, no secret told."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from exchangelib import errors as ews
from exchangelib.autodiscover import autodiscover_cache

from connectors.errors import (
    AuthenticationError,
    ConnectorError,
    CursorExpired,
    DraftChanged,
    PreconditionFailed,
    ProtocolViolation,
    RateLimited,
    TemporaryError,
    UnsupportedError,
)
from connectors.exchange import transport
from connectors.exchange.errors import NotFound, translate
from connectors.exchange.mailbox import ExchangeMailbox
from connectors.exchange.session import Login, Session, keep_discoveries_private, refuse_online
from connectors.mime import read_headers
from connectors.model import Address, Place
from tests.conformance.test_mailbox import DRAFT, PROBE
from tests.connectors.exchange.conftest import ExchangeHands
from tests.connectors.graph.life import ME, OWNER
from tests.servers.ews_fake.server import PASSWORD, USER

ROOT = Path(__file__).resolve().parents[3]
SOAP = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "LIMITS", transport.Limits(0.5, 0.5, 1.0, 4 * 1024 * 1024))


def answering(body: bytes, *, status: int = 200, kind: str = "text/xml", **headers: str) -> Callable[..., bool]:
    def answer(handler: BaseHTTPRequestHandler) -> bool:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)
        return True

    return answer


@pytest.mark.parametrize(
    ("answer", "kinds"),
    [
        (answering(b"<s:Envelope"), (ProtocolViolation, TemporaryError)),
        (answering(f"{SOAP}<m:X/>".encode()), (ProtocolViolation, TemporaryError)),
        (answering(f"{SOAP}</s:Body></s:Envelope>".encode()), (ProtocolViolation, TemporaryError)),
        (answering(b"<html>Sign in to the network</html>", kind="text/html"), (ProtocolViolation, TemporaryError)),
        (answering(b"<html>Bad gateway</html>", status=502, kind="text/html"), (TemporaryError,)),
        (answering(b"", status=503), (TemporaryError,)),
        (answering(b"", status=302, Location="/EWS/Exchange.asmx"), (ProtocolViolation, TemporaryError)),
        (answering(b"", status=302, Location="https://evil.example/"), (ProtocolViolation,)),
        (answering(b"\x00\xff" * 1000), (ProtocolViolation, TemporaryError)),
    ],
)
def test_a_strange_answer_is_told_in_our_words(
    hands: ExchangeHands, answer: Callable[..., bool], kinds: tuple[type[ConnectorError], ...]
) -> None:
    hands.fake.raw = answer
    with pytest.raises(kinds) as caught:
        hands.mailbox().observe([PROBE])
    assert caught.value.account == "sam"
    assert PASSWORD not in str(caught.value)


@pytest.mark.usefixtures("quick")
def test_an_answer_that_is_too_large_is_cut_off(hands: ExchangeHands) -> None:
    hands.fake.raw = answering(b"<x>" * 4_000_000)
    with pytest.raises(ProtocolViolation, match="larger"):
        hands.mailbox().observe([PROBE])


@pytest.mark.usefixtures("quick")
def test_a_stall_ends_in_time(hands: ExchangeHands) -> None:
    def stall(handler: BaseHTTPRequestHandler) -> bool:
        time.sleep(2)
        return True

    hands.fake.raw = stall
    begun = time.monotonic()
    with pytest.raises(TemporaryError):
        hands.mailbox().observe([PROBE])
    assert time.monotonic() - begun < 2


@pytest.mark.usefixtures("quick")
def test_a_server_that_drips_ends_in_time(hands: ExchangeHands) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> bool:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/xml")
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(b"<")
            handler.wfile.flush()
            time.sleep(0.05)
        return True

    hands.fake.raw = drip
    with pytest.raises(TemporaryError):
        hands.mailbox().observe([PROBE])


def test_a_wrong_password_is_told_without_it(hands: ExchangeHands) -> None:
    mailbox = ExchangeMailbox(hands.session("another-s3cret"), OWNER)
    with pytest.raises(AuthenticationError) as caught:
        mailbox.observe([PROBE])
    assert caught.value.remedy
    assert "s3cret" not in str(caught.value) + repr(caught.value)
    assert [line.state for line in mailbox.check()] == ["failing"]


def test_a_login_that_the_server_does_not_have_is_told_from_a_refused_one(hands: ExchangeHands) -> None:
    """The fake offers Basic alone; the names of hosts have no case."""
    endpoint = hands.fake.url.replace("127.0.0.1", "LocalHost")
    session = Session(ME, Login(USER, lambda: PASSWORD, auth="ntlm"), account="sam", endpoint=endpoint)
    with pytest.raises(AuthenticationError, match="no login by ntlm") as caught:
        ExchangeMailbox(session, OWNER).observe([PROBE])
    assert caught.value.remedy == 'set `auth = "basic"`'


def test_nothing_of_the_mail_or_the_login_is_logged(hands: ExchangeHands, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        hands.mailbox().create_draft(DRAFT)
        mailbox = hands.mailbox()
        mailbox.observe([PROBE])
        hands.fake.raw = answering(b"<html>down</html>", status=503, kind="text/html")
        with pytest.raises(TemporaryError):
            mailbox.observe([PROBE])
    assert "compilers" not in caplog.text
    assert "Envelope" not in caplog.text
    assert PASSWORD not in caplog.text
    assert "Basic " not in caplog.text


def test_one_accounts_outage_is_nobody_elses(hands: ExchangeHands) -> None:
    login = Login(USER, lambda: PASSWORD, auth="basic")
    broken = Session(ME, login, account="other", endpoint="http://127.0.0.1:1/EWS/Exchange.asmx")
    with pytest.raises(TemporaryError):
        ExchangeMailbox(broken, OWNER).observe([PROBE])
    assert hands.mailbox().create_draft(DRAFT).message_id == DRAFT.message_id


def test_an_attachment_makes_it_the_owners(hands: ExchangeHands) -> None:
    """Promise 3."""
    ref = hands.mailbox().create_draft(DRAFT)
    hands.fake.store.change(ref.locator, attached=True)
    with pytest.raises(DraftChanged):
        hands.mailbox().replace_draft(ref, replace(DRAFT, body="Better"))
    with pytest.raises(DraftChanged):
        hands.mailbox().delete_draft(ref)
    assert len(hands.messages(Place.DRAFTS)) == 1


def test_a_draft_from_another_address_is_made_where_the_server_allows_only_its_own(hands: ExchangeHands) -> None:
    draft = replace(DRAFT, sender=Address("sam@private.example", "Sam"))
    ref = hands.mailbox().create_draft(draft)
    [message] = hands.messages(Place.DRAFTS)
    headers = read_headers(message)
    assert (headers.sender is None) is hands.fake.odd
    assert (headers.message_id, headers.to, headers.references) == (draft.message_id, draft.to, draft.references)
    assert hands.mailbox().create_draft(draft) == ref


def test_the_mark_holds_where_a_client_changes_the_message_id(hands: ExchangeHands) -> None:
    ref = hands.mailbox().create_draft(DRAFT)
    hands.fake.store.change(ref.locator, message_id="<outlook@x>")
    assert hands.mailbox().create_draft(DRAFT) == ref
    assert hands.mailbox().replace_draft(ref, replace(DRAFT, body="Better")).message_id == DRAFT.message_id


@pytest.mark.parametrize(
    "host", ["outlook.office365.com", "Outlook.Office.com", "smtp.outlook.com", "x.mail.outlook.com."]
)
def test_exchange_online_names_the_other_kind(host: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        refuse_online(host, "sam")
    assert 'kind = "graph"' in caught.value.remedy
    session = Session(ME, Login(USER, lambda: PASSWORD), account="sam", server=host)
    with pytest.raises(UnsupportedError):
        ExchangeMailbox(session, OWNER).observe([PROBE])


def test_what_autodiscover_finds_is_not_shared_with_other_users() -> None:
    folder = Path(keep_discoveries_private().name)
    assert folder.stat().st_mode & 0o777 == 0o700
    discovered = autodiscover_cache._storage_file
    assert discovered.parent == folder
    key = ("corp.example", None)
    assert key not in autodiscover_cache
    assert all(path.name.startswith("discovered") for path in folder.iterdir())


def test_a_server_of_ones_own_is_not_exchange_online() -> None:
    for host in ("mail.example.org", "outlook.com.example.org", "notoutlook.com", ""):
        refuse_online(host, "sam")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ews.ErrorServerBusy("x"), RateLimited),
        (ews.ErrorInvalidSyncStateData("x"), CursorExpired),
        (ews.ErrorItemNotFound("x"), NotFound),
        (ews.ErrorIrresolvableConflict("x"), PreconditionFailed),
        (ews.UnauthorizedError("x"), AuthenticationError),
        (ews.ErrorAccessDenied("x"), AuthenticationError),
        (ews.ErrorQuotaExceeded("x"), ConnectorError),
        (ews.ErrorNonExistentMailbox("x"), ConnectorError),
        (ews.AutoDiscoverFailed("x"), ConnectorError),
        (ews.ErrorInternalServerTransientError("x"), TemporaryError),
        (ews.ErrorTimeoutExpired("x"), TemporaryError),
        (ews.MalformedResponseError("x"), ProtocolViolation),
        (ews.ErrorInvalidRequest("x"), UnsupportedError),
        (RuntimeError("x"), ProtocolViolation),
    ],
)
def test_errors_have_their_class(error: Exception, kind: type[ConnectorError]) -> None:
    found = translate(error, "sam", "test")
    assert type(found) is kind
    assert "x" not in found.message.split()


def test_a_certificate_that_is_not_trusted_says_so() -> None:
    found = translate(ews.TransportError("[SSL: CERTIFICATE_VERIFY_FAILED] ..."), "sam", "test")
    assert "certificate" in found.message
    assert "ca_file" in found.remedy


def test_times_with_many_digits_are_read() -> None:
    given = b"<a>2026-11-23T10:00:00.123456789Z</a><b>2026-11-23T10:00:00.5+01:00</b><c>v2026.1</c>"
    assert transport._FRACTION.sub(rb">\1", given) == (
        b"<a>2026-11-23T10:00:00Z</a><b>2026-11-23T10:00:00+01:00</b><c>v2026.1</c>"
    )


def test_the_libraries_are_not_imported_where_they_are_not_configured() -> None:
    heavy = "print([name for name in ('exchangelib', 'msal') if name in sys.modules])"
    code = f"import sys, connectors.registry, daemon.cli.main; {heavy}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
