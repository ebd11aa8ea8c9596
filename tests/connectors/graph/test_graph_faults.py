"""Hostile, slow and busy servers: mapped to the taxonomy, bounded in time and memory, no secret told."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler

import pytest

from connectors.errors import (
    AuthenticationError,
    ConnectorError,
    CursorExpired,
    PreconditionFailed,
    ProtocolViolation,
    RateLimited,
    TemporaryError,
    UnsupportedError,
)
from connectors.graph import wire
from connectors.graph.errors import NotFound, graph_error
from connectors.graph.wire import Ask, FixedToken, Graph
from connectors.model import Window
from connectors.web import Pace
from tests.conformance.test_mailbox import DRAFT, PROBE
from tests.connectors.graph.conftest import GraphHands

NOW = datetime.now(UTC)
WINDOW = Window(NOW, NOW + timedelta(days=30))


def answering(body: bytes, *, status: int = 200, kind: str = "application/json", **headers: str) -> Callable[..., bool]:
    def answer(handler: BaseHTTPRequestHandler) -> bool:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", headers.pop("length", str(len(body))))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)
        return True

    return answer


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (answering(b'{"value": [{"id": "x"'), TemporaryError),
        (answering(b"[]"), ProtocolViolation),
        (answering(b"<html>Sign in to the hotel's network</html>", kind="text/html"), ProtocolViolation),
        (answering(b"<html>Bad gateway</html>", status=502, kind="text/html"), TemporaryError),
        (answering(b"", status=302, Location="/v1.0/me/calendar"), ProtocolViolation),
        (answering(b"", status=302, Location="https://evil.example/"), ProtocolViolation),
        (answering(b"[" * 200_000), TemporaryError),
        (answering(b"\xff\xfe{}"), TemporaryError),
        (answering(b'{"value": "none"}'), None),
        (answering(b'{"value": [1, null, "x", {"id": 3}]}'), None),
    ],
)
def test_a_strange_answer_is_told_in_our_words(
    hands: GraphHands, answer: Callable[..., bool], error: type[ConnectorError] | None
) -> None:
    hands.fake.raw = answer
    if error is None:
        assert hands.calendar().pull(None, WINDOW).invites == ()
        return
    with pytest.raises(error):
        hands.calendar().pull(None, WINDOW)


def test_an_answer_that_is_too_large_is_cut_off(hands: GraphHands) -> None:
    hands.fake.raw = answering(b'{"value": "' + b"x" * 10_000_000 + b'"}')
    with pytest.raises(ProtocolViolation, match="larger"):
        hands.calendar().pull(None, WINDOW)


def test_a_large_error_page_is_no_trouble(hands: GraphHands) -> None:
    hands.fake.raw = answering(b"<p>" * 3_000_000, status=503, kind="text/html")
    with pytest.raises(TemporaryError):
        hands.calendar().pull(None, WINDOW)


def test_a_stall_ends_in_time(hands: GraphHands) -> None:
    def stall(handler: BaseHTTPRequestHandler) -> bool:
        time.sleep(1.5)
        return True

    hands.fake.raw = stall
    graph = Graph(FixedToken("token"), account="sam", endpoint=hands.fake.url, pace=Pace(0.3, 0.3, 0.6))
    with pytest.raises(TemporaryError, match="in time"):
        graph.call("test", "GET", "me/calendar")


def test_endless_pages_end(hands: GraphHands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MOST_PAGES", 5)
    link = f"{hands.fake.url}me/messages"
    hands.fake.raw = answering(f'{{"value": [], "@odata.nextLink": "{link}"}}'.encode())
    with pytest.raises(ProtocolViolation, match="pages"):
        list(hands.graph().pages("test", "me/messages"))


@pytest.mark.parametrize(("header", "wish"), [({"Retry-After": "7"}, timedelta(seconds=7)), ({}, None)])
def test_throttling_says_how_long(hands: GraphHands, header: dict[str, str], wish: timedelta | None) -> None:
    hands.fake.faults.append((429, "TooManyRequests", header))
    with pytest.raises(RateLimited) as caught:
        hands.calendar().pull(None, WINDOW)
    assert caught.value.retry_after == wish


def test_throttling_within_a_batch_is_the_same(hands: GraphHands) -> None:
    hands.fake.faults.extend([(0, "", {}), (0, "", {}), (429, "ApplicationThrottled", {"Retry-After": "3"})])
    with pytest.raises(RateLimited) as caught:
        hands.mailbox().observe([PROBE])
    assert caught.value.retry_after == timedelta(seconds=3)


def test_a_batch_that_lacks_an_answer_is_noticed(hands: GraphHands) -> None:
    hands.fake.raw = answering(b'{"responses": [{"id": "0", "status": 200, "body": {}}]}')
    first, second = hands.graph().batch("test", [Ask("me/calendar"), Ask("me/calendar")])
    assert first == {}
    assert isinstance(second, ProtocolViolation)


def test_a_refused_token_is_renewed_once(hands: GraphHands) -> None:
    class Renewing:
        given: tuple[str, ...] = ()

        def access_token(self, *, renew: bool = False) -> str:
            self.given = (*self.given, "token" if renew else "stale")
            return self.given[-1]

    tokens = Renewing()
    graph = Graph(tokens, endpoint=hands.fake.url)
    assert graph.call("test", "GET", "me/calendar")["name"] == "Calendar"
    assert tokens.given == ("stale", "token")


def test_a_login_that_stays_refused_names_the_next_step(hands: GraphHands) -> None:
    graph = Graph(FixedToken("s3cret"), account="sam", endpoint=hands.fake.url)
    with pytest.raises(AuthenticationError) as caught:
        graph.call("test", "GET", "me/calendar")
    assert "afterword login" in caught.value.remedy
    assert "s3cret" not in repr(caught.value) + str(caught.value)


def test_one_accounts_outage_is_nobody_elses(hands: GraphHands) -> None:
    broken = Graph(FixedToken("token"), account="other", endpoint="http://127.0.0.1:1/v1.0/", pace=Pace(1, 1, 1))
    with pytest.raises(TemporaryError):
        broken.call("test", "GET", "me/calendar")
    assert hands.mailbox().create_draft(DRAFT).message_id == DRAFT.message_id


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (410, "", CursorExpired),
        (400, "syncStateNotFound", CursorExpired),
        (412, "ErrorIrresolvableConflict", PreconditionFailed),
        (409, "", PreconditionFailed),
        (404, "ErrorItemNotFound", NotFound),
        (404, "MailboxNotEnabledForRESTAPI", UnsupportedError),
        (403, "ErrorAccessDenied", AuthenticationError),
        (503, "ErrorServerBusy", RateLimited),
        (504, "", TemporaryError),
        (424, "FailedDependency", TemporaryError),
        (500, "ErrorInternalServerError", TemporaryError),
        (507, "ErrorQuotaExceeded", ConnectorError),
        (400, "BadRequest", ProtocolViolation),
    ],
)
def test_errors_have_their_class(status: int, code: str, kind: type[ConnectorError]) -> None:
    found = graph_error(status, code, {}, account="sam", operation="test")
    assert type(found) is kind
    assert found.account == "sam"


def test_an_address_without_tls_is_refused() -> None:
    with pytest.raises(UnsupportedError):
        Graph(FixedToken("token"), endpoint="http://graph.example/v1.0/")
