"""The ladder of evidence on facts alone, with what real mail programs were seen to do."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors import folders
from connectors.evidence import Candidate, same_company, weigh
from connectors.mime import Headers
from connectors.model import Address, DraftRef, Place, Probe, Rung

END = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
LATER = END + timedelta(hours=3)
ADA = Address("ada@corp.example", "Ada")
ME = Address("sam@example.org")
OWNERS = frozenset({ME.email})
PROBE = Probe(
    key="k",
    message_id="<k@example.org>",
    token="<t@example.org>",
    parent="<invite@corp.example>",
    recipient=ADA.email,
    since=END,
    ref=DraftRef("<k@example.org>", "Drafts/1", "f"),
)
OURS = Headers(
    "<k@example.org>", "<invite@corp.example>", ("<t@example.org>", "<invite@corp.example>"), ME, (ADA,), date=LATER
)
RESAVED = replace(OURS, message_id="<new@client>")
FREE = Headers("<free@client>", sender=ME, to=(ADA,), date=LATER)
ANSWER = Headers("<a@corp.example>", "<new@client>", ("<t@example.org>", "<new@client>"), ADA, (ME,), date=LATER)


def rungs(headers: Headers, place: Place, locator: str = "x", probe: Probe = PROBE) -> list[Rung]:
    found = weigh(probe, [Candidate(place, headers, locator, at=LATER)], OWNERS)
    return [sighting.rung for sighting in found.sightings]


def test_each_rung() -> None:
    assert rungs(FREE, Place.DRAFTS, "Drafts/1") == [Rung.LOCATION]
    assert rungs(OURS, Place.SENT) == [Rung.MESSAGE_ID]
    assert rungs(RESAVED, Place.SENT) == [Rung.TOKEN]
    assert rungs(FREE, Place.SENT) == [Rung.CORRESPONDENCE]
    assert rungs(ANSWER, Place.INBOX) == [Rung.ANSWERED]


def test_token_alone_is_no_proof() -> None:
    follow_up = replace(RESAVED, in_reply_to="<a@corp.example>", to=(Address("other@corp.example"),))
    assert rungs(follow_up, Place.SENT) == []
    without_parent = replace(PROBE, parent="", recipient="")
    assert rungs(RESAVED, Place.SENT, probe=without_parent) == []


def test_the_invite_as_last_reference_stands_in_for_a_lost_in_reply_to() -> None:
    assert rungs(replace(RESAVED, in_reply_to="", to=()), Place.DRAFTS) == [Rung.TOKEN]


@pytest.mark.parametrize("automatic", [True, False])
@pytest.mark.parametrize("minutes", [-1, 0, 1])
def test_correspondence_is_the_owners_own_mail_after_the_end(automatic: bool, minutes: int) -> None:
    mail = replace(FREE, automatic=automatic, date=END + timedelta(minutes=minutes))
    assert rungs(mail, Place.SENT) == ([Rung.CORRESPONDENCE] if minutes > 0 and not automatic else [])


@pytest.mark.parametrize("field", ["to", "cc", "bcc"])
def test_any_recipient_field_counts(field: str) -> None:
    mail = replace(FREE, **({"to": ()} | {field: (ADA,)}))
    assert rungs(mail, Place.SENT) == [Rung.CORRESPONDENCE]
    assert rungs(mail, Place.TRASH) == []


def test_nobody_corresponds_with_an_unknown_address() -> None:
    assert rungs(replace(FREE, to=()), Place.SENT, probe=replace(PROBE, recipient="")) == []


def test_a_follow_up_that_answers_nothing_is_not_seen_in_mail_without_references() -> None:
    bare = replace(PROBE, token="", parent="", recipient="")
    assert rungs(Headers("<x@y>", sender=ADA, date=LATER), Place.INBOX, probe=bare) == []


def test_strongest_first_and_marked_as_deleted_is_told() -> None:
    candidates = [
        Candidate(Place.SENT, FREE, "Sent/9", at=LATER),
        Candidate(Place.DRAFTS, OURS, "Drafts/1", at=LATER, flagged_deleted=True),
        Candidate(Place.SENT, OURS, "Sent/1", at=LATER),
    ]
    found = weigh(PROBE, candidates, OWNERS).sightings
    assert [sighting.rung for sighting in found] == [Rung.LOCATION, Rung.MESSAGE_ID, Rung.CORRESPONDENCE]
    assert found[0].flagged_deleted


@pytest.mark.parametrize(
    ("sender", "known"),
    [("ada@corp.example", True), ("hr@mail.corp.example", True), ("x@other.example", False), (ME.email, False)],
)
def test_heard_from_them_or_their_company(sender: str, known: bool) -> None:
    mail = Headers("<m@x>", sender=Address(sender), to=(ME,), subject="News", date=LATER)
    found = weigh(PROBE, [Candidate(Place.INBOX, mail, "INBOX/1", at=LATER)], OWNERS)
    assert bool(found.heard) is known
    early = weigh(PROBE, [Candidate(Place.INBOX, mail, "INBOX/1", at=END)], OWNERS)
    assert early.heard == ()
    robot = weigh(PROBE, [Candidate(Place.INBOX, replace(mail, automatic=True), "INBOX/1", at=LATER)], OWNERS)
    assert robot.heard == ()


def test_public_domains_make_no_colleagues() -> None:
    assert not same_company("a@gmail.com", "b@gmail.com")
    assert not same_company("a@corp.example", "a@notcorp.example")
    assert same_company("a@eu.corp.example", "b@corp.example")


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("INBOX.Drafts", Place.DRAFTS),
        ("Entwürfe", Place.DRAFTS),
        ("[Gmail].Sent Mail", Place.SENT),
        ("送信済み", Place.SENT),
        ("Corbeille", Place.TRASH),
        ("Outbox", Place.QUEUE),
        ("Projects", None),
    ],
)
def test_folders_by_name(name: str, place: Place | None) -> None:
    assert folders.place_of(name, ".") is place


def test_the_folder_nearest_to_the_root_wins() -> None:
    assert folders.best(["a/Drafts", "Entwürfe", "Drafts", "b/c"], Place.DRAFTS) == "Drafts"
    assert folders.best(["b/c"], Place.DRAFTS) is None


def test_names_of_imap_on_disk() -> None:
    assert folders.decode_utf7("Entw&APw-rfe") == "Entwürfe"
    assert folders.decode_utf7("a &- b") == "a & b"
    assert folders.decode_utf7("&!!-") == "&!!-"
