"""What only Graph has: threads, marks, scheduled and flagged drafts, immutable ids, permissions."""

from dataclasses import replace

import pytest

from connectors.errors import DraftChanged, UnsupportedError
from connectors.graph.message import DEFERRED, MARK, canonical_property, draft_message
from connectors.graph.requests_allowed import MAIL_READ_WRITE, permission_for
from connectors.graph.wire import Graph
from connectors.mime import fingerprint_of, read_headers
from connectors.model import Place, Rung
from tests.conformance.test_mailbox import ADA, DRAFT, FREE, NOTE, PARENT, PROBE, foreign
from tests.connectors.graph.conftest import GraphHands


def invited(hands: GraphHands) -> dict[str, object]:
    return hands.fake.store.put_mime("inbox", foreign("Rae <rae@corp.example>", "sam@example.org", message_id=PARENT))


@pytest.mark.parametrize("honoured", [True, False])
def test_a_draft_lies_in_the_thread_of_what_it_answers(hands: GraphHands, honoured: bool) -> None:
    hands.fake.honours_reply_message = honoured
    parent = invited(hands)
    ref = hands.mailbox().create_draft(DRAFT)
    [draft] = hands.fake.store.within("drafts")
    assert draft["conversationId"] == parent["conversationId"]
    [message] = hands.messages(Place.DRAFTS)
    headers = read_headers(message)
    assert (headers.message_id, headers.in_reply_to, headers.to) == (DRAFT.message_id, PARENT, (ADA,))
    assert headers.references == DRAFT.references
    assert headers.subject == DRAFT.subject
    [sighting] = hands.mailbox().observe([replace(PROBE, ref=ref)]).by_key["k"].sightings
    assert (sighting.rung, sighting.fingerprint) == (Rung.LOCATION, ref.fingerprint)


def test_an_answer_that_was_cut_before_its_mark_is_taken_up_again(hands: GraphHands) -> None:
    parent = invited(hands)
    left = draft_message(DRAFT) | {"singleValueExtendedProperties": [], "internetMessageId": "<server@outlook>"}
    cut = hands.fake.store.put("drafts", left)
    cut["conversationId"] = parent["conversationId"]
    ref = hands.mailbox().create_draft(DRAFT)
    assert ref.locator == cut["id"]
    assert len(hands.messages(Place.DRAFTS)) == 1


def test_the_mark_holds_where_a_client_or_the_server_changes_the_message_id(hands: GraphHands) -> None:
    hands.fake.keeps_message_id = False
    mailbox = hands.mailbox()
    ref = mailbox.create_draft(FREE)
    hands.fake.store.patch(ref.locator, {"internetMessageId": "<outlook-desktop@x>"})
    assert hands.mailbox().create_draft(FREE) == ref
    sent = hands.fake.store.send(ref.locator)
    assert sent["id"] != ref.locator
    probe = replace(PROBE, message_id=FREE.message_id, token="", parent="", ref=ref)
    [sighting] = mailbox.observe([probe]).by_key["k"].sightings
    assert (sighting.place, sighting.rung) == (Place.SENT, Rung.MESSAGE_ID)


def test_a_scheduled_draft_waits_in_a_queue(hands: GraphHands) -> None:
    ref = hands.mailbox().create_draft(DRAFT)
    later = {"id": DEFERRED, "value": "2030-01-01T09:00:00Z"}
    hands.fake.store.patch(ref.locator, {"singleValueExtendedProperties": [later]})
    [sighting] = hands.mailbox().observe([PROBE]).by_key["k"].sightings
    assert sighting.place is Place.QUEUE
    with pytest.raises(DraftChanged):
        hands.mailbox().delete_draft(ref)


@pytest.mark.parametrize("touch", [{"hasAttachments": True}, {"flag": {"flagStatus": "flagged"}}])
def test_an_attachment_or_flag_makes_it_the_owners(hands: GraphHands, touch: dict[str, object]) -> None:
    """Promise 3: the text is as it was, and still it was touched."""
    ref = hands.mailbox().create_draft(DRAFT)
    hands.fake.store.patch(ref.locator, touch)
    with pytest.raises(DraftChanged):
        hands.mailbox().replace_draft(ref, replace(DRAFT, body="Better"))
    with pytest.raises(DraftChanged):
        hands.mailbox().delete_draft(ref)
    assert len(hands.messages(Place.DRAFTS)) == 1


def test_a_save_between_look_and_exchange_wins(hands: GraphHands) -> None:
    """Promise 3, by If-Match."""
    mailbox = hands.mailbox()
    ref = mailbox.create_draft(DRAFT)
    patch = hands.fake.store.patch

    def meanwhile(identity: str, given: dict[str, object], if_match: str | None = None) -> dict[str, object]:
        hands.fake.store.patch = patch  # type: ignore[method-assign]  # the owner's save comes first, once
        patch(identity, {"body": {"contentType": "text", "content": "My own words"}})
        return patch(identity, given, if_match)

    hands.fake.store.patch = meanwhile  # type: ignore[method-assign]
    with pytest.raises(DraftChanged):
        mailbox.replace_draft(ref, replace(DRAFT, body="Better"))
    [message] = hands.fake.store.within("drafts")
    assert message["body"]["content"] == "My own words"


def test_replacing_keeps_the_draft_where_it_is(hands: GraphHands) -> None:
    mailbox = hands.mailbox()
    ref = mailbox.create_draft(DRAFT)
    better = replace(DRAFT, body="Better")
    new = mailbox.replace_draft(ref, better)
    assert (new.locator, new.fingerprint) == (ref.locator, fingerprint_of(better))


def test_an_untouched_draft_that_outlook_saved_as_html_is_untouched(hands: GraphHands) -> None:
    mailbox = hands.mailbox()
    ref = mailbox.create_draft(DRAFT)
    paragraphs = "".join(f"<div>{line or '<br>'}</div>" for line in DRAFT.body.split("\n"))
    html = f"<html><head><style>p {{}}</style></head><body>{paragraphs}</body></html>"
    hands.fake.store.patch(ref.locator, {"body": {"contentType": "html", "content": html}})
    [sighting] = mailbox.observe([PROBE]).by_key["k"].sightings
    assert sighting.fingerprint == ref.fingerprint


def test_a_server_that_overlooks_filters_endangers_nobody_elses_mail(hands: GraphHands) -> None:
    """Promises 2 and 3: what is ours is told by us."""
    theirs = hands.fake.store.put_mime("drafts", foreign("sam@example.org", "bob@else.example"))
    invited(hands)
    hands.fake.overlooks_filters = True
    mailbox = hands.mailbox()
    ref = mailbox.create_draft(DRAFT)
    assert ref.locator != theirs["id"]
    mailbox.replace_draft(ref, replace(DRAFT, body="Better"))
    mailbox.deliver_note(NOTE)
    assert len(hands.messages(Place.INBOX)) == 2
    mailbox.delete_draft(mailbox.create_draft(FREE))
    assert theirs["id"] in {message["id"] for message in hands.fake.store.within("drafts")}
    assert hands.fake.store.found(str(theirs["id"]))["subject"] == "About us"


def test_a_note_is_no_draft_and_unread(hands: GraphHands) -> None:
    hands.mailbox().deliver_note(NOTE)
    [note] = hands.fake.store.within("inbox")
    assert (note["isDraft"], note["isRead"]) == (False, False)


def test_the_mark_is_named_alike_however_graph_spells_it() -> None:
    assert canonical_property("String 0x001A") == canonical_property("String 0x1a")
    assert canonical_property(MARK) == canonical_property(MARK.upper())
    assert canonical_property("String 0xZZ") == "string 0xzz"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "me/sendMail"),
        ("POST", "me/messages/x/send"),
        ("POST", "me/messages/x/reply"),
        ("POST", "me/messages/x/replyAll"),
        ("POST", "me/messages/x/forward"),
        ("POST", "users/x/messages/y/send"),
        ("POST", "me/messages('x')/send"),
        ("POST", "me/messages/x/microsoft.graph.send"),
        ("POST", "me/events"),
        ("POST", "me/events/x/accept"),
        ("PATCH", "me/events/x"),
        ("DELETE", "me/events/x"),
        ("POST", "me/messages/x/createForward"),
        ("PATCH", "me/mailFolders/drafts"),
    ],
)
def test_nothing_that_sends_or_writes_calendars_can_be_asked(hands: GraphHands, method: str, path: str) -> None:
    """Promises 1 and 7."""
    assert permission_for(method, path) is None
    graph: Graph = hands.graph()
    with pytest.raises(UnsupportedError):
        graph.call("test", method, path, {})
    assert hands.fake.asked == []


def test_links_that_graph_spells_its_own_way_are_followed() -> None:
    path = "users('sam')/mailFolders('AQMk')/messages/delta()"
    assert permission_for("GET", path) == MAIL_READ_WRITE


def test_the_whole_mailbox_suite_asks_for_nothing_more_than_the_least_permissions(hands: GraphHands) -> None:
    mailbox = hands.mailbox()
    ref = mailbox.create_draft(DRAFT)
    mailbox.observe([replace(PROBE, ref=ref)])
    mailbox.replace_draft(ref, replace(DRAFT, body="Better"))
    mailbox.deliver_note(NOTE)
    mailbox.owner_replies(None, [NOTE.message_id])
    mailbox.find_people(["Ada Lovelace"], ["corp.example"])
    mailbox.check(write=True)
    asked = {(one.method, permission_for(one.method, one.path)) for one in hands.fake.asked}
    assert {scope for _, scope in asked} == {MAIL_READ_WRITE, ""}
    assert all("ImmutableId" in one.headers.get("prefer", "") for one in hands.fake.asked)


def test_pages_of_a_full_mailbox_are_read_to_their_end(hands: GraphHands) -> None:
    hands.fake.page = 3
    for number in range(10):
        mail = foreign(f"p{number}@corp.example", "sam@example.org", message_id=f"<m{number}@x>")
        hands.fake.store.put_mime("inbox", mail)
    assert len(hands.mailbox().observe([PROBE]).by_key["k"].heard) == 10


def test_junk_is_nobodys_word(hands: GraphHands) -> None:
    hands.fake.store.put_mime("junkemail", foreign("rae@corp.example", "sam@example.org"))
    assert hands.mailbox().observe([PROBE]).by_key["k"].heard == ()


def test_answers_are_told_once_also_when_microsoft_forgot_the_link(hands: GraphHands) -> None:
    hands.fake.store.put_mime(
        "sentitems", foreign("sam@example.org", "sam@example.org", message_id="<r@x>", In_Reply_To=NOTE.message_id)
    )
    found = hands.mailbox().owner_replies(None, [NOTE.message_id])
    assert len(found.replies) == 1
    hands.fake.store.epoch += 1
    again = hands.mailbox().owner_replies(found.cursor, [NOTE.message_id])
    assert again.replies == ()
