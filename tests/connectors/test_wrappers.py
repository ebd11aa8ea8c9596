"""Trying again, and looking without touching."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.dry_run import DryRunMailbox
from connectors.errors import AuthenticationError, ConnectorError, RateLimited, TemporaryError
from connectors.memory import MemoryMailbox, MemoryStore
from connectors.model import Address, Draft, Note, Place, Probe
from connectors.ports import Watchable
from connectors.retrying import Patience, RetryingMailbox

OWNER = Address("sam@example.org")
NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
DRAFT = Draft("<k@example.org>", OWNER, (Address("ada@corp.example"),), "Thank you", "Dear Ada", NOW)


def patient(waits: list[float], **wishes: float) -> Patience:
    return Patience(sleep=waits.append, **wishes)  # type: ignore[arg-type] # attempts is an int, waits are floats


@pytest.mark.parametrize("step", [1, 2])
def test_a_broken_connection_is_tried_again_and_makes_one_draft(step: int) -> None:
    """Step 1 breaks before the write, step 2 after it: the outcome of that one is unknown to the caller."""
    waits: list[float] = []
    store = MemoryStore(fail_at=step)
    ref = RetryingMailbox(MemoryMailbox(store, OWNER), patient(waits)).create_draft(DRAFT)
    assert [stored.locator for stored in store.listed(Place.DRAFTS)] == [ref.locator]
    assert len(waits) == 1


@pytest.mark.parametrize("failure", [AuthenticationError("no"), ConnectorError("no"), ValueError("bug")])
def test_nothing_else_is_tried_again(failure: Exception) -> None:
    waits: list[float] = []
    store = MemoryStore(fail_at=1, failure=failure)
    with pytest.raises(type(failure)):
        RetryingMailbox(MemoryMailbox(store, OWNER), patient(waits)).create_draft(DRAFT)
    assert (waits, store.steps) == ([], 1)


def test_the_last_error_comes_through_after_a_bounded_number_of_tries() -> None:
    waits: list[float] = []
    tries: list[int] = []

    def fail() -> None:
        tries.append(1)
        raise TemporaryError("still down")

    with pytest.raises(TemporaryError, match="still down"):
        patient(waits).call(fail)
    assert (len(tries), len(waits)) == (4, 3)
    assert all(0 <= wait <= 20 for wait in waits)


def test_the_servers_wish_is_honoured_or_left_to_the_next_cycle() -> None:
    waits: list[float] = []
    store = MemoryStore(fail_at=1, failure=RateLimited("slow down", retry_after=timedelta(seconds=7)))
    RetryingMailbox(MemoryMailbox(store, OWNER), patient(waits)).create_draft(DRAFT)
    assert len(waits) == 1
    assert waits[0] >= 7
    far = MemoryStore(fail_at=1, failure=RateLimited("slow down", retry_after=timedelta(hours=1)))
    with pytest.raises(RateLimited):
        RetryingMailbox(MemoryMailbox(far, OWNER), patient(waits)).create_draft(DRAFT)
    assert len(waits) == 1


def test_what_cannot_be_watched_does_not_pretend() -> None:
    assert not isinstance(RetryingMailbox(MemoryMailbox(MemoryStore(), OWNER)), Watchable)


def test_a_dry_run_takes_note_and_touches_nothing() -> None:
    store = MemoryStore()
    mailbox = DryRunMailbox(MemoryMailbox(store, OWNER))
    ref = mailbox.create_draft(DRAFT)
    mailbox.replace_draft(ref, DRAFT)
    mailbox.delete_draft(ref)
    mailbox.deliver_note(Note("n", "<n@example.org>", "s", "b", "b", NOW))
    mailbox.check(write=True)
    assert store.messages == {}
    operations = [intended.operation for intended in mailbox.intended]
    assert operations == ["create_draft", "replace_draft", "delete_draft", "deliver_note"]
    assert mailbox.observe([Probe("k", "<k@x>", "", "", "", NOW)]).by_key["k"].sightings == ()
