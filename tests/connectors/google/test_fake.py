"""The judge is awake: what Google's documents do not allow is refused, in requests and in answers."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httplib2
import pytest

from connectors.errors import AuthenticationError, ProtocolViolation, RateLimited, TemporaryError, UnsupportedError
from connectors.google.permissions import CALENDAR_EVENTS, GMAIL_COMPOSE, METHODS
from connectors.google.service import Api
from tests.connectors.google.conftest import ALL, Setting
from tests.servers.google_fake.mail import Refusal
from tests.servers.google_fake.schema import Violation, apply_mask, parse_mask, routes
from tests.servers.google_fake.server import Access

Judge = Callable[[], list[str]]


def send(setting: Setting, verb: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Past the library, which would refuse most of it by itself."""
    token = "test-access"
    setting.fake.access_tokens[token] = Access(frozenset(ALL), datetime.now(UTC) + timedelta(hours=1))
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    raw = None if body is None else json.dumps(body)
    response, content = httplib2.Http().request(setting.fake.url.rstrip("/") + path, verb, body=raw, headers=headers)
    return int(response.status), json.loads(content) if content else None


@pytest.mark.parametrize(
    ("verb", "path", "body", "words"),
    [
        ("GET", "/gmail/v1/users/me/drafts?maxresults=5", None, "no parameter maxresults"),
        ("GET", "/gmail/v1/users/me/drafts?maxResults=many", None, "no integer"),
        ("GET", "/gmail/v1/users/me/drafts?includeSpamTrash=yes", None, "no boolean"),
        ("GET", "/gmail/v1/users/me/messages/1?format=everything", None, "none of"),
        ("GET", "/gmail/v1/users/me/drafts?fields=drafts(ident)", None, "there is no ident"),
        ("GET", "/gmail/v1/users/me/drafts?fields=drafts(id", None, "bracket"),
        ("GET", "/gmail/v1/users/me/draughts", None, "no method"),
        ("PATCH", "/gmail/v1/users/me/drafts/1", {}, "no method"),
        ("POST", "/gmail/v1/users/me/drafts", {"message": {"raw": "a b"}}, "no byte"),
        ("POST", "/gmail/v1/users/me/drafts", {"message": {"text": "x"}}, "no property text"),
        ("POST", "/gmail/v1/users/me/drafts", {"message": []}, "should be object"),
        ("GET", "/calendar/v3/calendars/primary/events?maxResults=x", None, "no integer"),
        ("GET", "/calendar/v3/calendars/primary/events?timeMin=yesterday", None, "no date-time"),
    ],
)
def test_a_wrong_request_is_refused(
    setting: Setting, judge: Judge, verb: str, path: str, body: Any, *, words: str
) -> None:
    status, _ = send(setting, verb, path, body)
    [violation] = judge()
    assert status == 400
    assert words in violation


@pytest.mark.parametrize(
    "answer",
    [
        {"drafts": [{"id": 7}]},
        {"drafts": {"id": "7"}},
        {"drafts": [{"ident": "7"}]},
        {"drafts": [{"id": "7", "message": {"historyId": "minus one"}}]},
        {"resultSizeEstimate": "many"},
    ],
)
def test_a_wrong_answer_is_caught(setting: Setting, judge: Judge, answer: Any) -> None:
    setting.fake.spoil["gmail.users.drafts.list"] = answer
    api = setting.api()
    with pytest.raises(ProtocolViolation):
        api.call("test", api.users.drafts().list(userId="me"))
    assert len(judge()) == 1


def test_masks_cut_as_google_does() -> None:
    [route] = [route for route in routes() if route.id == "gmail.users.drafts.list"]
    spec = {"$ref": route.response}
    answer = {"drafts": [{"id": "1", "message": {"id": "2", "snippet": "words"}}], "resultSizeEstimate": 1}
    assert apply_mask(answer, parse_mask("drafts(id,message/id)"), spec, route.schemas) == {
        "drafts": [{"id": "1", "message": {"id": "2"}}]
    }
    with pytest.raises(Violation):
        parse_mask("a(b))")


def test_an_expired_token_is_renewed_and_a_revoked_login_is_told(setting: Setting) -> None:
    api = setting.api()
    request = api.users.getProfile(userId="me")
    assert api.call("test", request)["emailAddress"] == "sam@example.org"
    setting.fake.expire_access()
    assert api.call("test", request)["emailAddress"] == "sam@example.org"
    assert setting.fake.token_requests == api.usage.renewals == 2
    setting.fake.expire_access()
    setting.fake.refresh_tokens.clear()
    with pytest.raises(AuthenticationError, match="expired or was revoked"):
        api.call("test", request)


def test_a_scope_that_was_not_granted_is_enforced(setting: Setting) -> None:
    setting.store.remove()
    setting.log_in(GMAIL_COMPOSE, CALENDAR_EVENTS)
    api = setting.api(GMAIL_COMPOSE)
    with pytest.raises(AuthenticationError, match="permission is missing"):
        api.call("test", api.users.history().list(userId="me", startHistoryId="1"))
    assert api.call("test", api.users.drafts().list(userId="me")) == {"resultSizeEstimate": 0}


def test_what_is_not_on_the_list_cannot_be_called(setting: Setting) -> None:
    """Promise 1: no way to send, nor to delete by message id, even for a bug."""
    api = setting.api()
    for request in (
        api.users.drafts().send(userId="me", body={"id": "1"}),
        api.users.messages().send(userId="me", body={"raw": ""}),
        api.users.messages().delete(userId="me", id="1"),
        api.users.messages().trash(userId="me", id="1"),
        api.calendar.events().delete(calendarId="primary", eventId="1"),
    ):
        for call in (
            lambda request=request: api.call("test", request),
            lambda request=request: api.gather("test", [request] * 2),
        ):
            with pytest.raises(UnsupportedError):
                call()
    assert setting.fake.asked == []


def test_every_method_used_is_one_of_googles_on_a_scope_that_allows_it() -> None:
    known = {route.id: route for route in routes()}
    for name, method in METHODS.items():
        assert method.scope in known[name].scopes
        assert "send" not in name.rpartition(".")[2]
    assert {known[name].verb for name in METHODS if name.startswith("calendar.")} == {"GET"}


@pytest.mark.parametrize("uri", ["http://gmail.googleapis.com/x", "https://evil.example/x", "ftp://127.0.0.1/"])
def test_nothing_goes_to_other_addresses(setting: Setting, uri: str) -> None:
    wire = Api(setting.api()._credentials)._wire
    with pytest.raises(UnsupportedError):
        wire.request(uri)


def test_a_batch_is_one_request_with_several_calls(setting: Setting) -> None:
    raw = b"From: a@x.example\r\nMessage-ID: <1@x>\r\nSubject: Hi\r\n\r\nText\r\n"
    ids = [setting.fake.mail.put(raw, {"INBOX"}).id for _ in range(120)]
    api = setting.api()
    answers = api.gather(
        "test", [api.users.messages().get(userId="me", id=each, format="raw") for each in [*ids, "gone"]]
    )
    assert [answer["id"] for answer in answers[:-1] if answer] == ids
    assert answers[-1] is None
    assert setting.fake.http_requests == api.usage.requests == 5
    assert api.usage.units == 121 * 5


def test_a_call_refused_for_coming_with_too_many_is_made_alone(setting: Setting) -> None:
    raw = b"From: a@x.example\r\nMessage-ID: <1@x>\r\n\r\nText\r\n"
    ids = [setting.fake.mail.put(raw, {"INBOX"}).id for _ in range(3)]
    api = setting.api()
    crowded = Refusal(429, "rateLimitExceeded", "Too many concurrent requests for user")
    setting.fake.refusals.append(crowded)
    answers = api.gather("test", [api.users.messages().get(userId="me", id=each) for each in ids])
    assert [answer["id"] for answer in answers if answer] == ids
    assert setting.fake.http_requests == 2
    setting.fake.refusals += [crowded] * 4
    with pytest.raises(RateLimited):
        api.gather("test", [api.users.messages().get(userId="me", id=each) for each in ids])


def test_a_page_of_the_networks_own_is_no_answer(setting: Setting) -> None:
    api = setting.api()
    setting.fake.pages.append(b"<html>Welcome to the hotel</html>")
    with pytest.raises(ProtocolViolation, match="no JSON"):
        api.call("test", api.users.getProfile(userId="me"))


def test_what_writes_is_sent_once_and_what_reads_may_be_sent_again(setting: Setting) -> None:
    """httplib2 by itself would send a draft twice whose answer was lost."""
    api = setting.api()
    setting.fake.cuts += ["gmail.users.drafts.create", "gmail.users.getProfile"]
    with pytest.raises(TemporaryError):
        api.call("test", api.users.drafts().create(userId="me", body={"message": {"raw": "RnJvbTogYQ0KDQo="}}))
    assert len(setting.fake.mail.drafts) == 1
    assert api.call("test", api.users.getProfile(userId="me"))["emailAddress"] == "sam@example.org"
