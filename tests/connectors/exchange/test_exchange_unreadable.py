"""What a server cannot read, carry over or answer at once: it stops nothing else, and nothing is guessed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import ConnectorError, DraftChanged, TemporaryError
from connectors.exchange import transport
from connectors.mime import write_draft
from connectors.model import Place, Rung, Window
from tests.conformance.test_mailbox import DRAFT, PROBE, foreign
from tests.connectors.exchange.conftest import ExchangeHands
from tests.connectors.exchange.test_exchange_calendar import RULE, TEN, WINDOW, mailed, put

BROKEN = ("ErrorItemCorrupt", "ErrorCorruptData", "ErrorItemPropertyRequestFailed", "ErrorInternalServerError")


@pytest.mark.parametrize("code", BROKEN)
def test_a_broken_event_is_named_and_stops_no_other(hands: ExchangeHands, code: str) -> None:
    put(hands, "a@x")
    bad = put(hands, "b@x")
    hands.fake.store.change(bad, broken=code)
    put(hands, "c@x")
    delta = hands.calendar().pull(None, WINDOW)
    assert [invite.uid for invite in delta.invites] == ["a@x", "c@x"]
    assert [problem.where for problem in delta.problems] == [f"/{bad}"]


def test_an_event_that_makes_no_sense_to_the_library_stops_no_other(hands: ExchangeHands) -> None:
    """exchangelib fails over an organizer without a mailbox, and with it over all that came in the same answer."""
    put(hands, "a@x")
    bad = put(hands, "b@x", organizer=None)
    put(hands, "c@x")
    delta = hands.calendar().pull(None, WINDOW)
    assert [invite.uid for invite in delta.invites] == ["a@x", "c@x"]
    assert [problem.where for problem in delta.problems] == [f"/{bad}"]


def test_a_zone_without_a_name_is_the_owners(hands: ExchangeHands) -> None:
    put(hands, "a@x", zone="")
    [invite] = hands.calendar().pull(None, WINDOW).invites
    assert str(invite.events[0].start.tzinfo) == "Europe/Oslo"


def test_an_error_for_everything_is_the_servers(hands: ExchangeHands) -> None:
    for name in "ab":
        hands.fake.store.change(put(hands, f"{name}@x"), broken="ErrorInternalServerError")
    with pytest.raises(TemporaryError):
        hands.calendar().pull(None, WINDOW)


def test_an_event_without_uid_is_an_event(hands: ExchangeHands) -> None:
    identity = put(hands, "")
    [invite] = hands.calendar().pull(None, WINDOW).invites
    assert (invite.uid, invite.events[0].uid, invite.events[0].start) == (identity, identity, TEN)


def test_a_series_whose_content_cannot_be_made_is_read_from_its_fields(hands: ExchangeHands) -> None:
    identity = put(hands, "s@x", type="RecurringMaster", ics=RULE.encode())
    hands.fake.store.change(identity, without_mime=True)
    delta = hands.calendar().pull(None, WINDOW)
    assert [invite.uid for invite in delta.invites] == ["s@x"]


def test_an_invite_whose_content_cannot_be_made_is_named(hands: ExchangeHands) -> None:
    good = hands.fake.store.put("inbox", mailed("REQUEST"), kind="MeetingRequest", at=WINDOW.start)
    bad = hands.fake.store.put(
        "inbox", mailed("CANCEL"), kind="MeetingCancellation", at=WINDOW.start, without_mime=True
    )
    delta = hands.calendar().pull(None, WINDOW)
    assert [invite.key for invite in delta.invites] == [f"inbox/{good.id}"]
    assert [problem.where for problem in delta.problems] == [f"inbox/{bad.id}"]
    assert hands.calendar().pull(delta.cursor, WINDOW).problems == ()


def test_a_broken_mail_leaves_its_folder_unseen_and_the_rest_is_seen(hands: ExchangeHands) -> None:
    ref = hands.mailbox().create_draft(DRAFT)
    hands.fake.store.put("sentitems", foreign("sam@example.org", "rae@corp.example"), broken="ErrorItemCorrupt")
    seen = hands.mailbox().observe([replace(PROBE, ref=ref)])
    assert seen.unseen == (Place.SENT,)
    [sighting] = seen.by_key[PROBE.key].sightings
    assert (sighting.place, sighting.rung, sighting.fingerprint) == (Place.DRAFTS, Rung.LOCATION, ref.fingerprint)


def test_a_broken_message_among_the_drafts_may_be_ours(hands: ExchangeHands) -> None:
    """Promise 2: in doubt none rather than two."""
    ref = hands.mailbox().create_draft(DRAFT)
    hands.fake.store.change(ref.locator, broken="ErrorItemCorrupt")
    for _ in range(2):
        with pytest.raises(ConnectorError) as caught:
            hands.mailbox().create_draft(DRAFT)
        assert "Outlook" in caught.value.remedy
    assert len(hands.messages(Place.DRAFTS)) == 1
    assert hands.mailbox().observe([replace(PROBE, ref=ref)]).unseen == (Place.DRAFTS,)


def test_a_draft_whose_mime_content_cannot_be_made_is_read_by_its_body(hands: ExchangeHands) -> None:
    ref = hands.mailbox().create_draft(DRAFT)
    hands.fake.store.change(ref.locator, without_mime=True)
    assert hands.mailbox().create_draft(DRAFT) == ref
    [sighting] = hands.mailbox().observe([replace(PROBE, ref=ref)]).by_key[PROBE.key].sightings
    assert sighting.fingerprint == ref.fingerprint


def test_an_edit_of_the_html_alone_is_an_edit(hands: ExchangeHands) -> None:
    """Promise 3, on a server that leaves the plain text beside it as it was."""
    ref = hands.mailbox().create_draft(DRAFT)
    assert hands.mailbox().create_draft(DRAFT) == ref
    item = hands.fake.store.found(ref.locator)
    html = "<html><body><p>My own words.</p></body></html>"
    hands.fake.store.items[item.id] = replace(item, html=html)
    if not hands.fake.odd:
        return
    with pytest.raises(DraftChanged):
        hands.mailbox().delete_draft(ref)
    [sighting] = hands.mailbox().observe([replace(PROBE, ref=ref)]).by_key[PROBE.key].sightings
    assert sighting.fingerprint != ref.fingerprint


def test_an_edit_that_leaves_the_change_key_is_seen(hands: ExchangeHands) -> None:
    mailbox = hands.mailbox()
    ref = mailbox.create_draft(DRAFT)
    probe = replace(PROBE, ref=ref)
    mailbox.observe([probe])
    item = hands.fake.store.found(ref.locator)
    hands.fake.store.items[item.id] = replace(item, mime=write_draft(replace(DRAFT, body="My own words")))
    [sighting] = mailbox.observe([probe]).by_key[PROBE.key].sightings
    assert sighting.fingerprint != ref.fingerprint
    with pytest.raises(DraftChanged):
        mailbox.replace_draft(ref, replace(DRAFT, body="Better"))


def test_large_mails_are_asked_for_fewer_at_a_time(hands: ExchangeHands, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = transport.Limits()
    monkeypatch.setattr(transport, "LIMITS", replace(limits, most_bytes=400_000))
    at = datetime.now(UTC)
    for number in range(5):
        mail = mailed("REQUEST").replace(b"inv-1@", f"inv-{number}@".encode())
        size = 600_000 if number == 3 else 100_000
        padded = mail.replace(b"SUMMARY:Interview", b"SUMMARY:Interview\r\nDESCRIPTION:" + b"x" * size)
        hands.fake.store.put("inbox", padded, kind="MeetingRequest", at=at)
    delta = hands.calendar().pull(None, Window(at - timedelta(days=10), at + timedelta(days=30)))
    assert len(delta.invites) == 4
    assert len(delta.problems) == 1
