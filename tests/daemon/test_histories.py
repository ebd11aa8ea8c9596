"""Random histories of an account: whatever organisers, owners, mail programs and clocks do, the promises hold.

The mailbox is the reference connector, whose store other clients may change; the store is a real SQLite file.
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.utils import format_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from connectors.ics import read_calendar
from connectors.memory import MemoryCalendar, MemoryMailbox, MemoryStore, Stored
from connectors.mime import fingerprint, read_headers
from connectors.model import Address, Place
from daemon.account import Account
from daemon.core.followups import SAME_OCCASION
from daemon.core.model import Owner, Voice
from daemon.core.policy import Policy, Wishes
from daemon.engine import Cycle, cycle
from daemon.store.store import Store
from tests.daemon.staged import ME, invite

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 3, 26, 7, 0, tzinfo=UTC)
"""Three days before the clocks change in Berlin."""
PEOPLE = (("Helena Frost", "helena@frost.example"), ("Priya Raman", "priya@cobalt.example"))
UIDS = ("a", "b")
KEY = b"k" * 32


@dataclass(frozen=True)
class Version:
    """The truth about one event, as its organiser and the owner see it."""

    uid: str
    person: int
    end: datetime
    sequence: int
    stamped: datetime
    cancelled_at: datetime | None = None
    declined: bool = False


class Histories(RuleBasedStateMachine):
    """One account, its mailbox and everybody who touches it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="histories-"))
        self.now = self.latest = START
        self.server = MemoryStore(clock=lambda: self.now)
        self.calendar = MemoryCalendar("calendar")
        self.other = MemoryCalendar("other")
        self.truth: dict[str, Version] = {}
        self.past: list[Version] = []
        self.unheard: dict[str, Version] = {}
        """Moved or cancelled in time, but nobody has read the calendar since."""
        self.created: dict[str, list[str]] = {}
        self.origin: dict[str, str] = {}
        self.taken_back: Counter[str] = Counter()
        self.said_no: set[str] = set()
        self.sent_to: dict[str, datetime] = {}
        self.touched: set[str] = set()
        self.reminded: dict[date, tuple[str, ...]] = {}
        self.stash: list[Stored] = []
        self.store = Store.open(self.folder / "store.sqlite", now=START)
        self.account = self._open()

    def _open(self) -> Account:
        owner = Owner(frozenset({ME}), BERLIN, primary=ME, name="Mara Lindgren")
        mine = self.store.account("mara")
        mine.set_up(START)
        mailbox = MemoryMailbox(self.server, Address(ME, "Mara Lindgren"))
        calendars = [self.calendar, self.other]
        return Account("mara", owner, Wishes(Policy(Voice("Mara Lindgren"))), KEY, mine, calendars, mailbox)

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    # What organisers do.

    def _publish(self, version: Version, calendar: MemoryCalendar | None = None, key: str = "") -> None:
        text = invite(
            version.uid,
            end=version.end,
            people=(PEOPLE[version.person],),
            sequence=version.sequence,
            stamped=version.cancelled_at or version.stamped,
            status="CANCELLED" if version.cancelled_at else "CONFIRMED",
            mine="DECLINED" if version.declined else "ACCEPTED",
        )
        target = calendar or self.calendar
        reading = read_calendar(text.encode(), key=key or version.uid, zone=BERLIN, calendar=target.name)
        for one in reading.invites:
            target.put(one)

    @initialize(
        people=st.tuples(st.sampled_from([0, 1]), st.sampled_from([0, 1])),
        hours=st.integers(1, 30),
        served=st.sampled_from([0, 80, 80, 1500]),
    )
    def two_interviews_are_ahead(self, people: tuple[int, int], hours: int, served: int) -> None:
        self.invites("a", people[0], 1)
        self.invites("b", people[1], hours)
        self.a_cycle_runs()
        if served:
            self._pass(served, cycles=2)

    @precondition(lambda self: len(self.truth) < len(UIDS))
    @rule(uid=st.sampled_from(UIDS), person=st.sampled_from([0, 1]), hours=st.integers(1, 40))
    def invites(self, uid: str, person: int, hours: int) -> None:
        if uid in self.truth:
            return
        end = (self.now + timedelta(hours=hours)).replace(minute=0, second=0, microsecond=0)
        self.truth[uid] = Version(uid, person, end, 0, self.now)
        self._publish(self.truth[uid])

    @rule(uid=st.sampled_from(UIDS), hours=st.integers(1, 60), late=st.booleans())
    def moves_or_drags(self, uid: str, hours: int, late: bool) -> None:  # drawn by hypothesis
        """Before the end it is a move, though word of it may come late; after it, a second round under the same UID."""
        old = self.truth.get(uid)
        if old is None or old.cancelled_at:
            return
        stamped = self._word_of(old, late=late)
        if stamped >= old.end:
            self.past.append(old)
        self._overtaken(old)
        end = (max(self.now, old.end) + timedelta(hours=hours)).replace(minute=0, second=0, microsecond=0)
        self.truth[uid] = replace(old, end=end, sequence=old.sequence + 1, stamped=stamped)
        self._publish(self.truth[uid])

    def _overtaken(self, old: Version) -> None:
        """What was never heard of before the next change came cannot be told from a change after the end."""
        if old.uid in self.unheard:
            self.past.append(self.unheard[old.uid])
        elif old.end <= self.now:
            self.unheard[old.uid] = old

    @rule(uid=st.sampled_from(UIDS), late=st.booleans())
    def cancels(self, uid: str, late: bool) -> None:  # drawn by hypothesis
        old = self.truth.get(uid)
        if old is None or old.cancelled_at:
            return
        self._overtaken(old)
        self.truth[uid] = replace(old, sequence=old.sequence + 1, cancelled_at=self._word_of(old, late=late))
        self._publish(self.truth[uid])

    def _word_of(self, old: Version, *, late: bool) -> datetime:
        """When a change was made: now, or in time with the word of it arriving only now."""
        return min(self.now, old.end - timedelta(minutes=10)) if late else self.now

    @rule(uid=st.sampled_from(UIDS))
    def shows_in_a_second_calendar(self, uid: str) -> None:
        if uid in self.truth:
            self._publish(self.truth[uid], self.other)

    @rule(uid=st.sampled_from(UIDS))
    def is_invited_again_under_another_uid(self, uid: str) -> None:
        version = self.truth.get(uid)
        if version is not None and not version.cancelled_at:
            self._publish(replace(version, uid=f"twin-of-{uid}-{version.sequence}"), self.other)
            # The twin is an event of its own: from here on the organiser no longer moves or cancels this one.
            self.past.append(version)
            del self.truth[uid]

    # What the owner does.

    @rule(uid=st.sampled_from(UIDS))
    def declines(self, uid: str) -> None:
        old = self.truth.get(uid)
        if old is not None and self.now < old.end and not old.cancelled_at:
            self.truth[uid] = replace(old, declined=True)
            self._publish(self.truth[uid])

    def _draft(self, pick: int) -> Stored | None:
        lying = [s for s in self.server.listed(Place.DRAFTS) if not s.flagged_deleted]
        return lying[pick % len(lying)] if lying else None

    @precondition(lambda self: bool(self.server.listed(Place.DRAFTS)))
    @rule(pick=st.integers(0, 5), renamed=st.booleans(), reworded=st.booleans())
    def saves(self, pick: int, renamed: bool, reworded: bool) -> None:  # drawn by hypothesis
        draft = self._draft(pick)
        if draft is None:
            return
        message = message_from_bytes(draft.data, policy=policy.SMTP)
        if reworded:
            message.set_content(f"{message.get_content()}\nOne more thing.\n")
        if renamed:
            del message["Message-ID"]
            message["Message-ID"] = f"<resaved-{self.now.timestamp()}-{pick}@client.example>"
        self.server.take(draft.locator)
        saved = self.server.put(Place.DRAFTS, message.as_bytes())
        self.origin[saved.locator] = self.origin.get(draft.locator, "")
        if reworded or renamed:
            self.touched.add(saved.locator)

    @precondition(lambda self: bool(self.server.listed(Place.DRAFTS)))
    @rule(pick=st.integers(0, 5), renamed=st.booleans())
    def sends(self, pick: int, renamed: bool) -> None:  # drawn by hypothesis
        draft = self._draft(pick)
        if draft is None:
            return
        message = message_from_bytes(draft.data, policy=policy.SMTP)
        del message["Date"]
        message["Date"] = format_datetime(self.now)
        if renamed:
            del message["Message-ID"]
            message["Message-ID"] = f"<sent-{self.now.timestamp()}@client.example>"
        self.server.take(draft.locator)
        self.server.put(Place.SENT, message.as_bytes())
        self.sent_to[_recipient(draft)] = self.now

    @rule(person=st.sampled_from([0, 1]))
    def writes_from_elsewhere(self, person: int) -> None:
        text = (
            f"From: {ME}\r\nTo: {PEOPLE[person][1]}\r\nSubject: Thanks\r\nDate: {format_datetime(self.now)}\r\n"
            f"Message-ID: <own-{self.now.timestamp()}@phone.example>\r\n\r\nThank you!\r\n"
        )
        self.server.put(Place.SENT, text.encode())
        self.sent_to[PEOPLE[person][1]] = self.now

    @precondition(lambda self: bool(self.server.listed(Place.DRAFTS)))
    @rule(pick=st.integers(0, 5), to_trash=st.booleans())
    def deletes(self, pick: int, to_trash: bool) -> None:  # drawn by hypothesis
        draft = self._draft(pick)
        if draft is None:
            return
        self.server.take(draft.locator)
        if to_trash:
            self.server.put(Place.TRASH, draft.data)
        self.said_no.add(self.origin.get(draft.locator, ""))

    @precondition(lambda self: not self.stash and len(self.server.listed(Place.DRAFTS)) > 1)
    @rule()
    def all_drafts_vanish(self) -> None:
        self.stash = self.server.listed(Place.DRAFTS)
        for draft in self.stash:
            self.server.take(draft.locator)

    @precondition(lambda self: bool(self.stash))
    @rule()
    def all_drafts_come_back(self) -> None:
        for draft in self.stash:
            self.server.messages[draft.locator] = draft
        self.stash = []

    # Time and the service.

    def _pass(self, minutes: int, cycles: int = 1) -> None:
        self.now += timedelta(minutes=minutes)
        self.latest = max(self.latest, self.now)
        for _ in range(cycles):
            self.a_cycle_runs()

    @rule()
    def a_minute_passes(self) -> None:
        self._pass(1)

    @rule()
    def time_passes_unserved(self) -> None:
        self._pass(90, cycles=0)

    @rule(minutes=st.sampled_from([45, 90]))
    def an_hour_passes(self, minutes: int) -> None:
        self._pass(minutes)

    @rule(minutes=st.sampled_from([300, 600]))
    def half_a_day_passes(self, minutes: int) -> None:
        self._pass(minutes)

    @rule(minutes=st.sampled_from([1440, 2900]))
    def a_day_passes(self, minutes: int) -> None:
        self._pass(minutes, cycles=2)

    @rule(minutes=st.sampled_from([50, 2900]))
    def the_clock_is_set_back(self, minutes: int) -> None:
        self.now -= timedelta(minutes=minutes)

    @rule()
    def the_service_restarts(self) -> None:
        self.store.close()
        self.store = Store.open(self.folder / "store.sqlite", now=self.now)
        self.account = self._open()

    @rule()
    def a_cycle_runs(self) -> None:
        before = dict(self.server.messages)
        done = cycle(self.account, self.now)
        self.unheard.clear()
        assert not done.errors
        after = self.server.messages
        self._nothing_of_others_changed(before, after)
        self._taken_back_is_ours_and_untouched(before, after)
        self._drafts_are_owed(before, after, done)
        self._reminder_is_right(before, after)
        self._nothing_untouched_lies_there_without_cause(after)
        self._none_is_lost(after)

    def _nothing_untouched_lies_there_without_cause(self, after: dict[str, Stored]) -> None:
        if self.now != self.latest:
            return  # With the clock behind the last writing, no look is newer than it, and nothing is taken back.
        for locator, stored in after.items():
            mark, recipient = read_headers(stored.data).message_id, _recipient(stored)
            if stored.place is not Place.DRAFTS or locator in self.touched or mark not in self.created:
                continue
            event("an untouched draft lies in Drafts")
            if recipient in self.sent_to or mark in self.said_no:
                continue
            if stored.at >= self.now:
                continue  # Written in this very instant: no look is newer than it.
            assert any(_took_place(v, recipient, self.latest) for v in self._versions()), "nothing took place after all"

    def _none_is_lost(self, after: dict[str, Stored]) -> None:
        """What took place and has been over for a while has been drafted, unless the owner was quicker."""
        if self.now != self.latest:
            return
        facts = self.account.store.facts(since=None).followups.values()
        drafted = [f.followup for f in facts if f.followup.message_id in self.created]
        settled = self.now - timedelta(minutes=20)
        for version in self.truth.values():
            recipient = PEOPLE[version.person][1]
            if not _took_place(version, recipient, settled) or version.end < self.now - timedelta(days=2):
                continue
            if version.cancelled_at is not None:
                continue  # Read as cancelled before anything was drafted: promise 5 drafts nothing.
            day = _day(version)
            if any(v.end > settled and _day(v) == day for v in self._versions()):
                continue  # The blocks of one day are thanked for after the last.
            if recipient in self.sent_to or any(
                s.place is Place.DRAFTS and _recipient(s) == recipient and not self.origin.get(s.locator)
                for s in after.values()
            ):
                continue
            assert any(
                f.recipient.email == recipient
                and (_day_of(f.ended_at) == day or abs(f.ended_at - version.end) <= SAME_OCCASION)
                for f in drafted
            ), "a follow-up was lost"
            event("what took place was drafted")

    def _ends(self) -> dict[str, datetime]:
        facts = self.account.store.facts(since=None).followups.values()
        return {f.followup.message_id: f.followup.ended_at for f in facts}

    # The promises.

    def _nothing_of_others_changed(self, before: dict[str, Stored], after: dict[str, Stored]) -> None:
        for locator, stored in before.items():
            if locator in after:
                assert after[locator] == stored

    def _taken_back_is_ours_and_untouched(self, before: dict[str, Stored], after: dict[str, Stored]) -> None:
        for locator in before.keys() - after.keys():
            assert before[locator].place is Place.DRAFTS
            assert locator not in self.touched, "a draft that the owner touched was removed"
            mark = self.origin.get(locator, "")
            assert mark, "something that Afterword did not make was removed"
            ended, recipient = self._ends()[mark], _recipient(before[locator])
            assert not any(v.end == ended and _took_place(v, recipient, self.now) for v in self._versions()), "it did"
            self.taken_back[mark] += 1
            event("a draft was taken back")

    def _drafts_are_owed(self, before: dict[str, Stored], after: dict[str, Stored], done: Cycle) -> None:
        for locator in after.keys() - before.keys():
            stored = after[locator]
            if stored.place is not Place.DRAFTS:
                continue
            mark = read_headers(stored.data).message_id
            made = self.created.setdefault(mark, [])
            assert len(made) == self.taken_back[mark], f"a second draft of {mark}"
            assert mark not in self.said_no, "a draft that the owner deleted came back"
            made.append(fingerprint(stored.data))
            self.origin[locator] = mark
            event("a draft was made")
            recipient = _recipient(stored)
            assert any(_took_place(v, recipient, self.now) for v in self._versions()), "nothing took place"
            assert sum(1 for d in done.done if d.error is None) > 0

    def _reminder_is_right(self, before: dict[str, Stored], after: dict[str, Stored]) -> None:
        told = [after[locator] for locator in after.keys() - before.keys() if after[locator].place is Place.INBOX]
        assert len(told) <= 1
        for note in self.account.store.notes():
            if note.kind != "reminder" or note.day in self.reminded:
                continue
            assert told, "a note is on record that was not delivered"
            self.reminded[note.day] = note.items
            event("a reminder went out")
            facts = self.account.store.facts(since=None).followups
            for key in note.items:
                followup = facts[key].followup
                lying = [
                    s for s in after.values() if s.place is Place.DRAFTS and _recipient(s) == followup.recipient.email
                ]
                lying = [s for s in lying if self.origin.get(s.locator) == followup.message_id]
                assert lying, "a reminder about a draft that does not lie there"
                words = _text(told[0])
                assert any(_text(s).splitlines()[2] in words for s in lying), "it shows other words than the draft's"
                sent = self.sent_to.get(followup.recipient.email)
                assert sent is None or sent <= followup.ended_at or sent > self.now, (
                    "a reminder about one that was sent"
                )

    def _versions(self) -> Iterable[Version]:
        return [*self.truth.values(), *self.past]

    @invariant()
    def nobody_is_reminded_on_more_than_two_days(self) -> None:
        days: Counter[str] = Counter(key for keys in self.reminded.values() for key in keys)
        assert not days or max(days.values()) <= 2


def _recipient(stored: Stored) -> str:
    to = read_headers(stored.data).to
    return to[0].email if to else ""


def _text(stored: Stored) -> str:
    return str(message_from_bytes(stored.data, policy=policy.default).get_content())


def _day(version: Version) -> date:
    return _day_of(version.end)


def _day_of(end: datetime) -> date:
    """The owner's day on which an interview of an hour began."""
    return (end - timedelta(hours=1)).astimezone(BERLIN).date()


def _took_place(version: Version, recipient: str, now: datetime) -> bool:
    if PEOPLE[version.person][1] != recipient or version.end > now or version.declined:
        return False
    return version.cancelled_at is None or version.cancelled_at >= version.end


Histories.TestCase.settings = settings(
    max_examples=60,
    derandomize=True,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
TestHistories = Histories.TestCase
