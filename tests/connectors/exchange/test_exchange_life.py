"""The whole life of an interview on Exchange, through the real engine."""

from pathlib import Path

from connectors.mime import read_headers
from connectors.model import Place
from tests.connectors.exchange.conftest import ExchangeHands
from tests.connectors.graph.life import cancelled_meeting, whole_life


def test_invite_drafts_restart_lost_store_edited_sent_deleted_and_one_reminder(
    tmp_path: Path, hands: ExchangeHands
) -> None:
    whole_life(tmp_path, hands)
    [sent] = hands.messages(Place.SENT)
    assert read_headers(sent).in_reply_to == "<invite-77@frost.example>"
    assert set(hands.fake.asked) <= {
        "GetFolder", "FindFolder", "FindItem", "GetItem", "CreateItem", "DeleteItem", "SyncFolderItems",
    }  # fmt: skip


def test_a_cancelled_meeting_takes_back_the_untouched_draft_alone(tmp_path: Path, hands: ExchangeHands) -> None:
    cancelled_meeting(tmp_path, hands)
