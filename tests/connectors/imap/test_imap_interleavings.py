"""Random interleavings of the service and another mail program in one mailbox hold promises 2, 3 and 6.

The model knows what the owner did; the machine says after each step what must hold: never two drafts of one follow-up
that are ours and untouched, never an edit of the owner's lost, never a draft back that they threw away, nothing of
others changed, and every trace told by the right evidence.
"""

import itertools
from collections.abc import Callable
from imaplib import IMAP4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from connectors.errors import DraftChanged, DraftNotFound
from connectors.imap.mailbox import ImapMailbox
from connectors.mime import fingerprint_of, write_draft
from connectors.model import DraftRef, Place
from tests.connectors.imap.conftest import Account
from tests.connectors.imap.mails import draft, plain, probe, put

_numbers = itertools.count(1)
_BODIES = ("Thank you for your time.\n", "Better words.\n")


class FolderMachine(RuleBasedStateMachine):
    new_account: Callable[..., Account]

    @initialize()
    def open(self) -> None:
        self.account = self.new_account()
        self.client: IMAP4 = self.account.other_client()
        self.mailbox: ImapMailbox = self.account.mailbox()
        self.ref: DraftRef | None = None
        self.edits: set[str] = set()
        self.strangers: set[str] = set()
        self.thrown_away = False
        self.sent = False
        self.stranger_appends()

    def teardown(self) -> None:
        if hasattr(self, "client"):
            self.client.logout()
            self.mailbox.close()

    # --- the service ---

    @precondition(lambda self: self.ref is None and not self.thrown_away and not self.sent)
    @rule()
    def service_creates(self) -> None:
        self.ref = self.mailbox.create_draft(draft("one", _BODIES[0]))

    @precondition(lambda self: self.ref is not None)
    @rule()
    def service_creates_again_after_an_unknown_outcome(self) -> None:
        """What the journal does not know it looks for first; here the draft has been there or is there."""
        if self.drafts("one", deleted=True):
            self.mailbox.create_draft(draft("one", _BODIES[0]))

    @precondition(lambda self: self.ref is not None)
    @rule(body=st.sampled_from(_BODIES))
    def service_replaces(self, body: str) -> None:
        assert self.ref is not None
        try:
            self.ref = self.mailbox.replace_draft(self.ref, draft("one", body))
        except DraftChanged:
            assert self.edits
        except DraftNotFound:
            assert self.thrown_away or self.sent

    @precondition(lambda self: self.ref is not None)
    @rule()
    def service_withdraws(self) -> None:
        assert self.ref is not None
        try:
            self.mailbox.delete_draft(self.ref)
        except DraftChanged:
            assert self.edits
        else:
            assert not self.edits
            self.thrown_away = True

    @rule()
    def service_restarts(self) -> None:
        self.mailbox.close()
        self.mailbox = self.account.mailbox()

    # --- the owner, by another mail program ---

    @rule()
    def stranger_appends(self) -> None:
        number = next(_numbers)
        put(self.client, "Drafts", plain(number), flags=r"\Deleted" if number % 2 else "")
        self.strangers.add(f"<plain.{number}@example.net>")

    @precondition(lambda self: self.lying())
    @rule()
    def owner_edits(self) -> None:
        """APPEND the new text, then expunge the old, as Roundcube does."""
        body = f"My own words, number {next(_numbers)}.\n"
        put(self.client, "Drafts", write_draft(draft("one", body)))
        self.expunge([uid for uid, text in self.drafts("one") if body.strip() not in text])
        self.edits = {body}

    @precondition(lambda self: self.lying())
    @rule()
    def owner_flags_deleted(self) -> None:
        self.client.select("Drafts")
        for uid, _ in self.drafts("one"):
            self.client.uid("STORE", str(uid), "+FLAGS", r"(\Deleted)")
        self.thrown_away, self.edits = True, set()

    @precondition(lambda self: self.lying())
    @rule()
    def owner_moves_to_trash(self) -> None:
        self.client.select("Drafts")
        for uid, _ in self.drafts("one"):
            self.client.uid("MOVE", str(uid), "Trash")
        self.thrown_away, self.edits = True, set()

    @precondition(lambda self: self.lying())
    @rule()
    def owner_sends(self) -> None:
        """Another Message-ID, a copy in Sent, the draft expunged: Thunderbird."""
        (_, text), *_ = self.drafts("one")
        number = next(_numbers)
        put(self.client, "Sent", text.replace("Message-ID: <one@", f"Message-ID: <sent.{number}@").encode())
        self.expunge([uid for uid, _ in self.drafts("one")])
        self.sent, self.edits = True, set()

    @rule()
    def owner_renames_a_folder(self) -> None:
        number = next(_numbers)
        self.client.create(f"Folder{number}")
        self.client.rename(f"Folder{number}", f"Renamed{number}")

    # --- what must hold ---

    @invariant()
    def at_most_one_untouched_draft_of_ours(self) -> None:
        if hasattr(self, "client"):
            ours = [text for _, text in self.drafts("one") if any(body.strip() in text for body in _BODIES)]
            assert len(ours) <= 1

    @invariant()
    def no_edit_is_lost(self) -> None:
        if hasattr(self, "client"):
            lying = [text for _, text in self.drafts("one")]
            for edit in self.edits:
                assert any(edit.strip() in text for text in lying)

    @invariant()
    def nothing_of_others_is_touched(self) -> None:
        if hasattr(self, "client"):
            there = " ".join(text for _, text in self.everything(deleted=True))
            assert all(name in there for name in self.strangers)

    @invariant()
    def what_was_thrown_away_stays_away(self) -> None:
        if hasattr(self, "client") and self.thrown_away:
            assert not self.drafts("one")

    @invariant()
    def the_evidence_is_right(self) -> None:
        if not hasattr(self, "client") or self.ref is None:
            return
        observed = self.mailbox.observe([probe("one", self.ref)])
        assert observed.complete
        seen = observed.by_key["one"].sightings
        living = [each for each in seen if each.place is Place.DRAFTS and not each.flagged_deleted]
        assert bool(living) == bool(self.drafts("one"))
        assert any(each.place is Place.SENT for each in seen) == self.sent
        if self.edits:
            assert all(
                each.fingerprint not in map(fingerprint_of, (draft("one", b) for b in _BODIES)) for each in living
            )

    # --- hands ---

    def lying(self) -> bool:
        return hasattr(self, "client") and self.ref is not None and bool(self.drafts("one"))

    def drafts(self, name: str, *, deleted: bool = False) -> list[tuple[int, str]]:
        return [(uid, text) for uid, text in self.everything(deleted=deleted) if f"<{name}@example.org>" in text]

    def everything(self, *, deleted: bool) -> list[tuple[int, str]]:
        self.client.select("Drafts")
        _, found = self.client.uid("SEARCH", "ALL" if deleted else "UNDELETED")
        uids = found[0].decode().replace(" ", ",")
        if not uids:
            return []
        _, data = self.client.uid("FETCH", uids, "(UID BODY.PEEK[])")
        return [
            (int(head.split(b"UID ")[1].split()[0]), body.decode()) for head, body in (d for d in data if len(d) == 2)
        ]

    def expunge(self, uids: list[int]) -> None:
        self.client.select("Drafts")
        for uid in uids:
            self.client.uid("STORE", str(uid), "+FLAGS", r"(\Deleted)")
            self.client.uid("EXPUNGE", str(uid))


def test_interleavings(new_account: Callable[..., Account]) -> None:
    machine = type("BoundMachine", (FolderMachine,), {"new_account": staticmethod(new_account)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=10,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
    assert machine is not None


@pytest.mark.parametrize("body", _BODIES)
def test_the_model_tells_our_texts_from_edits(body: str) -> None:
    assert fingerprint_of(draft("one", body)) != fingerprint_of(draft("one", "My own words.\n"))
