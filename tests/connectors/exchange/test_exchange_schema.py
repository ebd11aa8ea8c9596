"""Every request and every answer of the fake, held against the schema that Microsoft publishes."""

from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

import pytest

from connectors.model import Window
from tests.conformance.test_mailbox import DRAFT, FREE, NOTE, PROBE, foreign
from tests.connectors.exchange.conftest import ExchangeHands
from tests.connectors.graph.life import END
from tests.servers.ews_fake.schema import EwsSchema

FOLDER = Path(__file__).resolve().parents[3].parent / "shared" / "schemas" / "ews"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not FOLDER.exists(), reason="the published schema of EWS is not beside the project"),
]


@lru_cache(maxsize=1)
def schema() -> EwsSchema:
    return EwsSchema(FOLDER)


def used(hands: ExchangeHands) -> None:
    """Everything that the connectors ever ask, once."""
    hands.fake.store.put("inbox", foreign("rae@corp.example", "sam@example.org", Cc="bob@corp.example"))
    hands.fake.calendars["hunt"] = "Job hunt"
    hands.put_event("a@x", END - timedelta(hours=1), END)
    item = hands.put_event("b@x", END - timedelta(hours=1), END, folder="hunt")
    mailbox, calendar = hands.mailbox(), hands.calendar("", "Job hunt")
    ref = mailbox.create_draft(DRAFT)
    other = mailbox.create_draft(FREE)
    mailbox.observe([replace(PROBE, ref=ref)])
    mailbox.replace_draft(ref, replace(DRAFT, body="Better"))
    mailbox.delete_draft(other)
    mailbox.deliver_note(NOTE)
    mailbox.owner_replies(None, [NOTE.message_id])
    mailbox.find_people(["Ada Lovelace"], ["corp.example"])
    window = Window(END - timedelta(days=1), END + timedelta(days=1))
    cursor = calendar.pull(None, window).cursor
    hands.fake.store.take(item.id)
    calendar.pull(cursor, window)
    hands.fake.faults.append("ErrorServerBusy")
    mailbox.check()


def test_every_request_and_answer_is_what_the_schema_allows(hands: ExchangeHands) -> None:
    used(hands)
    told = [f"{kind}: {problem}" for kind, envelope in hands.fake.exchanged for problem in schema().problems(envelope)]
    assert told == []
    assert len(hands.fake.exchanged) > 30


@pytest.mark.parametrize("kind", ["request", "answer"])
@pytest.mark.parametrize(
    ("right", "wrong"), [(b"ItemId ", b"ItemIdd "), (b'Key="', b'Kex="'), (b":Items", b":Itemz"), (b"Save", b"Safe")]
)
def test_the_check_can_fail(hands: ExchangeHands, kind: str, right: bytes, wrong: bytes) -> None:
    used(hands)
    spoiled = [e.replace(right, wrong) for k, e in hands.fake.exchanged if k == kind and right in e]
    if not spoiled:
        assert (kind, right) == ("answer", b"Save")
        return
    assert all(schema().problems(envelope) for envelope in spoiled)
