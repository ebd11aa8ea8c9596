"""The fake and what we ask of it, held against the metadata that Microsoft publishes."""

from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

import pytest

from connectors.graph.message import SELECT_CONTENT
from connectors.model import Place, Window
from tests.conformance.test_mailbox import DRAFT, NOTE, PARENT, PROBE, foreign
from tests.connectors.graph.conftest import GraphHands, graph_event
from tests.connectors.graph.life import END
from tests.servers.graph_fake.schema import Csdl, load_csdl

CSDL = Path(__file__).resolve().parents[3].parent / "shared" / "schemas" / "graph" / "v1.0.csdl"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not CSDL.exists(), reason="the published metadata of Graph is not beside the project"),
]


@lru_cache(maxsize=1)
def csdl() -> Csdl:
    return load_csdl(CSDL)


def test_every_request_and_answer_is_what_the_metadata_allows(hands: GraphHands) -> None:
    hands.fake.store.put_mime("inbox", foreign("rae@corp.example", "sam@example.org", message_id=PARENT))
    hands.fake.store.put_event(graph_event("a", END - timedelta(hours=1), END))
    mailbox = hands.mailbox()
    ref = mailbox.create_draft(DRAFT)
    mailbox.observe([replace(PROBE, ref=ref)])
    mailbox.replace_draft(ref, replace(DRAFT, body="Better"))
    mailbox.deliver_note(NOTE)
    mailbox.owner_replies(None, [NOTE.message_id])
    mailbox.find_people(["Ada Lovelace"], ["corp.example"])
    hands.calendar().pull(None, Window(END - timedelta(days=1), END + timedelta(days=1)))
    assert len(hands.messages(Place.DRAFTS)) == 1
    kinds = {(direction, kind) for direction, kind, _ in hands.fake.exchanged}
    assert kinds == {("request", "message"), ("answer", "message"), ("answer", "event"), ("answer", "mailFolder")}
    assert [problem for _, kind, content in hands.fake.exchanged for problem in csdl().problems(kind, content)] == []


def test_what_is_selected_exists() -> None:
    assert set(SELECT_CONTENT.split(",")) <= set(csdl().properties("message"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"inReplyTo": "<x@y>"},
        {"subject": 3},
        {"toRecipients": {"emailAddress": {}}},
        {"toRecipients": [{"emailAddress": {"email": "x@y"}}]},
        {"body": {"contentType": "plain", "content": ""}},
        {"sentDateTime": "yesterday"},
        {"singleValueExtendedProperties": [{"id": "x", "val": "y"}]},
        {"isRead": "yes"},
    ],
)
def test_the_check_can_fail(wrong: dict[str, object]) -> None:
    assert csdl().problems("message", wrong) != []
