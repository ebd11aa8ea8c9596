"""The whole life of an interview at Microsoft, through the real engine."""

from pathlib import Path

from tests.connectors.graph.conftest import GraphHands
from tests.connectors.graph.life import cancelled_meeting, whole_life


def test_invite_drafts_restart_lost_store_edited_sent_deleted_and_one_reminder(
    tmp_path: Path, hands: GraphHands
) -> None:
    whole_life(tmp_path, hands)
    assert all("send" not in asked.path.lower() for asked in hands.fake.asked)


def test_a_cancelled_meeting_takes_back_the_untouched_draft_alone(tmp_path: Path, hands: GraphHands) -> None:
    cancelled_meeting(tmp_path, hands)
