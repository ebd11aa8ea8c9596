"""What is Gmail's own: draft ids, labels, threads, history, and whose words are read."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from connectors.errors import AuthenticationError, DraftChanged, DraftNotFound, RateLimited, TemporaryError
from connectors.google.mailbox import GmailMailbox
from connectors.google.permissions import METHODS
from connectors.mime import fingerprint, read_headers, write_draft
from connectors.model import Address, Draft, Note, Observation, Place, Probe, Rung, Sighting
from tests.conformance.test_mailbox import foreign
from tests.connectors.google.conftest import Setting
from tests.servers.google_fake.mail import Refusal, Stored

NOW = datetime.now(UTC).replace(microsecond=0)
END = NOW - timedelta(hours=2)
SAM = Address("sam@example.org", "Sam Øst")
ADA = Address("ada@corp.example", "Ada Lovelace")
TOKEN, PARENT = "<t-7f3a@example.org>", "<invite-1@corp.example>"
DRAFT = Draft(
    "<k-1@example.org>", SAM, (ADA,), "Re: Interview", "Dear Ada,\n\nThank you.\n\nSam", NOW, PARENT, (TOKEN, PARENT)
)
PROBE = Probe("k", DRAFT.message_id, TOKEN, PARENT, ADA.email, END)
NOTE = Note("n", "<n-1@example.org>", "A draft waits", "Its text", "A draft", NOW)


@pytest.fixture
def mailbox(setting: Setting) -> GmailMailbox:
    return opened(setting)


def opened(setting: Setting) -> GmailMailbox:
    return GmailMailbox(
        setting.api(), name="gmail", owner=SAM, owners=frozenset({SAM.email}), login=SAM.email, account="sam"
    )


def arrived(
    setting: Setting, *, sender: str = "Ada <ada@corp.example>", message_id: str = PARENT, **more: str
) -> Stored:
    fields = {"From": sender, "To": SAM.email, "Message-ID": message_id, "Subject": "Interview", **more}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    return setting.fake.mail.put(f"{head}\r\nPrivate words\r\n".encode(), {"INBOX", "UNREAD"})


def look(mailbox: GmailMailbox, probe: Probe) -> Observation:
    seen = mailbox.observe([probe])
    assert seen.unseen == ()
    return seen.by_key["k"]


def only(setting: Setting) -> str:
    [draft_id] = setting.fake.mail.drafts
    return draft_id


def test_an_answer_stands_in_the_thread_of_what_it_answers(setting: Setting, mailbox: GmailMailbox) -> None:
    invite = arrived(setting)
    ref = mailbox.create_draft(DRAFT)
    stored = setting.fake.mail.messages[setting.fake.mail.drafts[only(setting)]]
    assert stored.thread == invite.thread
    mailbox.replace_draft(ref, replace(DRAFT, body="Better"))
    again = setting.fake.mail.messages[setting.fake.mail.drafts[only(setting)]]
    assert again.id != stored.id
    assert again.thread == invite.thread


def test_what_it_answers_may_be_gone(setting: Setting, mailbox: GmailMailbox) -> None:
    mailbox.create_draft(DRAFT)
    assert len(setting.fake.mail.drafts) == 1


def test_the_thread_is_thrown_away_just_before_the_draft_is_put(
    setting: Setting, mailbox: GmailMailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    invite, answer = arrived(setting), setting.fake.answer

    def late(verb: str, *args: object, **more: object) -> object:
        if verb == "POST" and invite.id in setting.fake.mail.messages:
            setting.fake.mail.drop(invite.id)
        return answer(verb, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(setting.fake, "answer", late)
    ref = mailbox.create_draft(DRAFT)
    assert invite.id not in setting.fake.mail.messages
    assert ref.locator == f"draft/{only(setting)}"


def test_the_draft_id_outlives_an_edit_in_gmails_own_app(setting: Setting, mailbox: GmailMailbox) -> None:
    ref = mailbox.create_draft(DRAFT)
    probe = replace(PROBE, ref=ref)
    look(mailbox, probe)
    edited = write_draft(replace(DRAFT, message_id="<CA-new@mail.gmail.com>", body="My words"))
    setting.fake.mail.change_draft(only(setting), edited)
    [sighting] = look(mailbox, probe).sightings
    assert (sighting.place, sighting.rung) == (Place.DRAFTS, Rung.LOCATION)
    assert sighting.fingerprint == fingerprint(edited)
    assert sighting.text.strip() == "My words"
    with pytest.raises(DraftChanged):
        mailbox.replace_draft(ref, replace(DRAFT, body="Better"))
    with pytest.raises(DraftChanged):
        mailbox.delete_draft(ref)


def test_a_draft_that_is_saved_unchanged_stays_ours(setting: Setting, mailbox: GmailMailbox) -> None:
    ref = mailbox.create_draft(DRAFT)
    setting.fake.mail.change_draft(only(setting), write_draft(replace(DRAFT, message_id="<CA-2@mail.gmail.com>")))
    new = mailbox.replace_draft(ref, replace(DRAFT, body="Better"))
    assert new.locator == ref.locator
    mailbox.delete_draft(new)
    assert setting.fake.mail.drafts == {}


@pytest.mark.parametrize("label", ["STARRED", "Label_7"])
def test_a_star_or_a_label_says_that_it_is_the_owners_now(setting: Setting, mailbox: GmailMailbox, label: str) -> None:
    ref = mailbox.create_draft(DRAFT)
    setting.fake.mail.label(setting.fake.mail.drafts[only(setting)], {label})
    with pytest.raises(DraftChanged):
        mailbox.delete_draft(ref)


def test_sent_is_told_from_gone_and_from_scheduled(setting: Setting, mailbox: GmailMailbox) -> None:
    ref = mailbox.create_draft(DRAFT)
    probe = replace(PROBE, ref=ref)
    assert [s.rung for s in look(mailbox, probe).sightings] == [Rung.LOCATION]
    scheduled = setting.fake.mail.schedule_draft(only(setting))
    assert [(s.place, s.rung) for s in look(mailbox, probe).sightings] == [(Place.QUEUE, Rung.MESSAGE_ID)]
    setting.fake.mail.label(scheduled.id, {"SENT"}, {"SCHEDULED"})
    assert [(s.place, s.rung) for s in look(mailbox, probe).sightings] == [(Place.SENT, Rung.MESSAGE_ID)]
    setting.fake.mail.label(scheduled.id, {"TRASH"})
    assert [s.place for s in look(mailbox, probe).sightings] == [Place.SENT]


def test_a_discarded_draft_is_known_by_its_id_and_asked_for_once(setting: Setting, mailbox: GmailMailbox) -> None:
    ref = mailbox.create_draft(DRAFT)
    probe = replace(PROBE, ref=ref)
    look(mailbox, probe)
    setting.fake.mail.delete_draft(only(setting))
    for looking in (mailbox, opened(setting)):
        [sighting] = look(looking, probe).sightings
        assert sighting == Sighting(Place.DRAFTS, Rung.LOCATION, ref.locator, DRAFT.message_id, flagged_deleted=True)
    setting.fake.asked.clear()
    look(mailbox, probe)
    assert setting.fake.methods() == ["gmail.users.history.list"]
    with pytest.raises(DraftNotFound):
        mailbox.replace_draft(ref, replace(DRAFT, body="Better"))
    mailbox.delete_draft(ref)


def test_a_list_that_lacks_a_draft_is_not_believed_alone(setting: Setting, mailbox: GmailMailbox) -> None:
    ref = mailbox.create_draft(DRAFT)
    setting.fake.spoil["gmail.users.drafts.list"] = {"resultSizeEstimate": 0}
    seen = opened(setting).observe([replace(PROBE, ref=ref)])
    assert seen.unseen == (Place.DRAFTS,)
    assert [s for s in seen.by_key["k"].sightings if s.flagged_deleted] == []


def test_a_stale_wrapper_never_costs_the_sent_message(setting: Setting, mailbox: GmailMailbox) -> None:
    ref = mailbox.create_draft(DRAFT)
    sent = setting.fake.mail.send_draft(only(setting), stale_wrapper=True)
    mailbox.delete_draft(ref)
    with pytest.raises(DraftNotFound):
        mailbox.replace_draft(ref, replace(DRAFT, body="Better"))
    assert sent.id in setting.fake.mail.messages
    assert [s.place for s in look(mailbox, replace(PROBE, ref=ref)).sightings] == [Place.SENT]
    assert not {"gmail.users.drafts.delete", "gmail.users.drafts.update"} & set(setting.fake.methods())


def test_a_sent_mail_with_gmails_own_message_id(setting: Setting, mailbox: GmailMailbox) -> None:
    arrived(setting)
    ref = mailbox.create_draft(DRAFT)
    rewritten = write_draft(replace(DRAFT, message_id="<CA-3@mail.gmail.com>", body="My words", date=NOW))
    setting.fake.mail.send_draft(only(setting), rewritten)
    assert [(s.place, s.rung) for s in look(mailbox, replace(PROBE, ref=ref)).sightings] == [(Place.SENT, Rung.TOKEN)]


def test_a_second_draft_is_not_made_where_gmail_renames_the_first(setting: Setting, mailbox: GmailMailbox) -> None:
    setting.fake.mail.rewrites_message_ids = True
    first = mailbox.create_draft(DRAFT)
    assert opened(setting).create_draft(DRAFT) == first
    assert len(setting.fake.mail.drafts) == 1


def test_a_list_that_lags_behind_does_not_lose_the_new_draft(setting: Setting, mailbox: GmailMailbox) -> None:
    setting.fake.spoil["gmail.users.drafts.list"] = {"resultSizeEstimate": 0}
    first = mailbox.create_draft(DRAFT)
    assert first.locator == f"draft/{only(setting)}"
    setting.fake.spoil.clear()
    assert mailbox.create_draft(DRAFT) == first


def test_a_lost_answer_makes_no_second_draft(setting: Setting, mailbox: GmailMailbox) -> None:
    setting.fake.cuts.append("gmail.users.drafts.create")
    with pytest.raises(TemporaryError):
        mailbox.create_draft(DRAFT)
    assert len(setting.fake.mail.drafts) == 1
    mailbox.create_draft(DRAFT)
    assert len(setting.fake.mail.drafts) == 1


def test_nothing_changed_costs_one_request_for_the_whole_mailbox(setting: Setting, mailbox: GmailMailbox) -> None:
    arrived(setting)
    ref = mailbox.create_draft(DRAFT)
    mailbox.deliver_note(NOTE)
    probe = replace(PROBE, ref=ref)
    look(mailbox, probe)
    cursor = mailbox.owner_replies(None, [NOTE.message_id]).cursor
    requests, units = setting.fake.http_requests, mailbox.usage.units
    setting.fake.asked.clear()
    look(mailbox, probe)
    assert mailbox.owner_replies(cursor, [NOTE.message_id]).replies == ()
    assert setting.fake.methods() == ["gmail.users.history.list"]
    assert setting.fake.http_requests - requests == 1
    assert mailbox.usage.units - units == 2


def test_where_history_no_longer_reaches_back_it_looks_anew(setting: Setting, mailbox: GmailMailbox) -> None:
    ref = mailbox.create_draft(DRAFT)
    probe = replace(PROBE, ref=ref)
    look(mailbox, probe)
    setting.fake.mail.send_draft(only(setting))
    setting.fake.mail.forget_history()
    assert [s.place for s in look(mailbox, probe).sightings] == [Place.SENT]
    setting.fake.asked.clear()
    look(mailbox, probe)
    assert setting.fake.methods() == ["gmail.users.history.list"]


def test_a_new_interview_with_another_company_asks_for_its_mail_only(setting: Setting, mailbox: GmailMailbox) -> None:
    arrived(setting, sender="eve@other.example", message_id="<o@x>")
    look(mailbox, PROBE)
    setting.fake.asked.clear()
    other = replace(PROBE, key="o", message_id="<k-2@example.org>", recipient="eve@other.example", since=END)
    seen = mailbox.observe([PROBE, other])
    assert [heard.sender.email for heard in seen.by_key["o"].heard] == ["eve@other.example"]
    assert setting.fake.methods() == [
        "gmail.users.history.list",
        "gmail.users.messages.list",
        "gmail.users.messages.get",
    ]


def test_words_of_other_people_are_never_asked_for(setting: Setting, mailbox: GmailMailbox) -> None:
    """Not even the snippet, which holds the first of them."""
    others = [arrived(setting)]
    others += [arrived(setting, message_id=f"<a-{n}@x>", In_Reply_To=DRAFT.message_id) for n in range(3)]
    ref = mailbox.create_draft(DRAFT)
    mailbox.deliver_note(NOTE)
    look(mailbox, replace(PROBE, ref=ref))
    sent = setting.fake.mail.send_draft(only(setting))
    mailbox.find_people(["Ada"], ["corp.example"])
    others.append(arrived(setting, message_id="<late@x>"))
    look(mailbox, replace(PROBE, ref=ref))
    mailbox.owner_replies(None, [NOTE.message_id])
    mailbox.check()
    served = {message for message, _ in setting.fake.mail.served}
    assert served.isdisjoint({each.id for each in others} | {sent.id})
    for asked in setting.fake.asked:
        if asked.method == "gmail.users.messages.get":
            assert "fields" in asked.query
            assert "snippet" not in asked.query["fields"][0]


def test_every_request_is_on_the_list_and_within_its_scope(setting: Setting, mailbox: GmailMailbox) -> None:
    ref = mailbox.create_draft(DRAFT)
    mailbox.deliver_note(NOTE)
    look(mailbox, replace(PROBE, ref=ref))
    ref = mailbox.replace_draft(ref, replace(DRAFT, body="Better"))
    mailbox.delete_draft(ref)
    mailbox.find_people(["Ada"], ["corp.example"])
    mailbox.check(write=True)
    assert set(setting.fake.methods()) <= set(METHODS)
    assert not [method for method in setting.fake.methods() if "send" in method or method.endswith("messages.delete")]
    assert all(asked.path["userId"] == "me" for asked in setting.fake.asked)


def test_a_note_is_unread_in_the_inbox_and_nowhere_else(setting: Setting, mailbox: GmailMailbox) -> None:
    mailbox.deliver_note(NOTE)
    [stored] = setting.fake.mail.messages.values()
    assert stored.labels == {"INBOX", "UNREAD"}
    assert read_headers(stored.raw).recipients == {SAM.email}
    setting.fake.mail.label(stored.id, {"TRASH"}, {"INBOX"})
    mailbox.deliver_note(NOTE)
    assert len(setting.fake.mail.messages) == 1


def test_an_answer_to_oneself_lies_in_the_inbox_as_well(setting: Setting, mailbox: GmailMailbox) -> None:
    answer = foreign("sam@example.org", "sam@example.org", In_Reply_To=NOTE.message_id)
    setting.fake.mail.put(answer.replace(b"Hello", b"snooze"), {"SENT", "INBOX", "UNREAD"})
    [reply] = mailbox.owner_replies(None, [NOTE.message_id]).replies
    assert reply.text == "snooze"


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (Refusal(429, "rateLimitExceeded", "Slow", {"Retry-After": "7"}), RateLimited),
        (Refusal(403, "userRateLimitExceeded", "Slow"), RateLimited),
        (Refusal(503, "backendError", "Later"), TemporaryError),
        (Refusal(403, "insufficientPermissions", "No"), AuthenticationError),
    ],
)
@pytest.mark.parametrize(
    "call",
    [
        lambda m: m.observe([PROBE]),
        lambda m: m.create_draft(DRAFT),
        lambda m: m.deliver_note(NOTE),
        lambda m: m.owner_replies(None, [NOTE.message_id]),
        lambda m: m.find_people(["Ada"], ["corp.example"]),
    ],
    ids=["observe", "create", "note", "replies", "people"],
)
def test_refusals_are_told_in_the_taxonomy(
    setting: Setting, mailbox: GmailMailbox, refusal: Refusal, kind: type, call: Callable[[GmailMailbox], object]
) -> None:
    setting.fake.refusals.append(refusal)
    with pytest.raises(kind) as caught:
        call(mailbox)
    assert caught.value.account == "sam"
    assert "secret" not in str(caught.value)
    call(mailbox)


def test_a_fault_in_the_middle_of_a_look_leaves_nothing_half_known(setting: Setting, mailbox: GmailMailbox) -> None:
    ref = mailbox.create_draft(DRAFT)
    probe = replace(PROBE, ref=ref)
    for step in range(8):
        fresh = opened(setting)
        before = len(setting.fake.asked)
        _fail_at(setting, step, partial(fresh.observe, [probe]))
        assert [s.rung for s in look(fresh, probe).sightings] == [Rung.LOCATION]
        assert len(setting.fake.asked) > before


def test_a_fault_while_the_history_is_applied_loses_no_draft(setting: Setting, mailbox: GmailMailbox) -> None:
    ref = mailbox.create_draft(DRAFT)
    probe = replace(PROBE, ref=ref)
    for step in range(6):
        look(mailbox, probe)
        setting.fake.mail.label(setting.fake.mail.drafts[only(setting)], {"IMPORTANT"})
        setting.fake.mail.label(setting.fake.mail.drafts[only(setting)], set(), {"IMPORTANT"})
        _fail_at(setting, step, partial(mailbox.observe, [probe]))
        assert [(s.place, s.rung) for s in look(mailbox, probe).sightings] == [(Place.DRAFTS, Rung.LOCATION)]


def _fail_at(setting: Setting, step: int, call: Callable[[], object]) -> None:
    answer = setting.fake.answer
    calls = 0

    def failing(*args: object, **more: object) -> object:
        nonlocal calls
        calls += 1
        if calls == step + 1:
            setting.fake.refusals.append(Refusal(500, "backendError", "Oops"))
        return answer(*args, **more)  # type: ignore[arg-type]

    setting.fake.answer = failing  # type: ignore[method-assign]
    try:
        call()
    except TemporaryError:
        pass
    finally:
        setting.fake.answer = answer  # type: ignore[method-assign]


def test_check_warns_of_another_account(setting: Setting, mailbox: GmailMailbox) -> None:
    setting.fake.mail.address = "somebody@example.org"
    [first, *_] = mailbox.check()
    assert first.state == "warning"
    assert "somebody@example.org" in first.detail
    setting.fake.refresh_tokens.clear()
    setting.fake.expire_access()
    [only_line] = mailbox.check()
    assert (only_line.state, "afterword login" in only_line.remedy) == ("failing", True)
