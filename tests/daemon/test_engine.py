"""The whole line on a local Maildir: what one cycle after another does for one owner."""

from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from connectors.model import Place
from daemon.core.actions import CreateDraft, DeliverNote, Wait
from daemon.core.facts import Act, ActKind
from daemon.core.life import State, derive
from daemon.core.model import OwnerNotes
from daemon.engine import Cycle, cycle
from daemon.rehearsal import rehearsed
from tests.daemon.staged import (
    CONFIG,
    END,
    ME,
    SET_UP,
    account_in,
    drafts,
    invite,
    lay_out,
    messages,
    notes,
    put_event,
)

DUE = END + timedelta(minutes=20)
MORNING = END + timedelta(hours=17)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lay_out(tmp_path)
    with account_in(tmp_path) as account:
        cycle(account, SET_UP)
    return tmp_path


def states(folder: Path, now: datetime) -> dict[str, State]:
    with account_in(folder) as account:
        facts = account.store.facts(since=None).followups.values()
        return {f.followup.recipient.email: derive(f, now).state for f in facts}


def run(folder: Path, now: datetime) -> Cycle:
    with account_in(folder) as account:
        return cycle(account, now)


def test_nothing_is_drafted_before_the_end_and_its_grace(folder: Path) -> None:
    put_event(folder, "one", invite("one"))
    run(folder, END - timedelta(minutes=30))
    run(folder, END + timedelta(minutes=5))
    assert drafts(folder) == []
    run(folder, DUE)
    (draft,) = drafts(folder)
    assert draft["To"] == "Helena Frost <helena@frost.example>"
    assert draft["From"] == f"Mara Lindgren <{ME}>"
    assert draft.get_content_type() == "text/plain"
    assert "afterword" not in draft.as_string().casefold()


def test_one_reminder_the_next_day_and_one_the_day_after_and_then_silence(folder: Path) -> None:
    put_event(folder, "one", invite("one"))
    run(folder, DUE)
    for hours in (0, 1, 5, 24, 25, 48, 72, 96):
        run(folder, MORNING + timedelta(hours=hours))
    assert len(notes(folder)) == 2
    text = notes(folder)[0].get_content()
    assert "Helena Frost" in text
    assert drafts(folder)[0].get_content().splitlines()[2][:40] in text


def test_the_reminder_shows_the_words_as_the_owner_changed_them(folder: Path) -> None:
    put_event(folder, "one", invite("one"))
    run(folder, DUE)
    (path, message) = messages(folder, ".Drafts")[0]
    message.set_content(message.get_content().replace("Hi Helena", "Dear Helena"))
    path.write_bytes(message.as_bytes())
    run(folder, MORNING)
    assert "Dear Helena" in notes(folder)[0].get_content()
    assert "below is what it says now" in notes(folder)[0].get_content()
    assert states(folder, MORNING) == {"helena@frost.example": State.EDITED}


def test_what_is_sent_is_not_spoken_of(folder: Path) -> None:
    put_event(folder, "one", invite("one"))
    run(folder, DUE)
    (path, message) = messages(folder, ".Drafts")[0]
    message.replace_header("Date", format_datetime(DUE + timedelta(hours=1)))
    (folder / "Mail" / ".Sent" / "cur" / "sent:2,S").write_bytes(message.as_bytes())
    path.unlink()
    run(folder, MORNING)
    assert notes(folder) == []
    assert states(folder, MORNING) == {"helena@frost.example": State.SENT}


def test_a_draft_of_the_owners_own_is_not_joined_by_ours(folder: Path) -> None:
    own = (
        f"From: {ME}\r\nTo: helena@frost.example\r\nSubject: Thank you\r\nMessage-ID: <own@phone.example>\r\n"
        f"Date: {format_datetime(END + timedelta(minutes=5))}\r\n\r\nDear Helena, thank you\r\n"
    )
    (folder / "Mail" / ".Drafts" / "cur" / "own:2,DS").write_bytes(own.encode())
    put_event(folder, "one", invite("one"))
    run(folder, DUE)
    assert [draft["Message-ID"] for draft in drafts(folder)] == ["<own@phone.example>"]


def test_an_end_that_is_put_past_midnight_makes_no_second_draft(folder: Path) -> None:
    end = END.replace(hour=23, minute=30)
    put_event(folder, "one", invite("one", end=end))
    run(folder, end + timedelta(minutes=20))
    late = end + timedelta(minutes=45)
    longer = invite("one", end=late, length=timedelta(minutes=105), sequence=1, stamped=end + timedelta(minutes=25))
    put_event(folder, "one", longer)
    run(folder, end + timedelta(minutes=30))
    run(folder, late + timedelta(hours=1))
    assert len(drafts(folder)) == 1
    assert states(folder, late + timedelta(hours=1)) == {"helena@frost.example": State.UNTOUCHED}


def test_the_draft_for_a_second_round_is_no_change_of_the_first(folder: Path) -> None:
    put_event(folder, "one", invite("one"))
    put_event(folder, "two", invite("two", end=END + timedelta(days=1)))
    run(folder, DUE)
    run(folder, DUE + timedelta(days=1))
    morning = MORNING + timedelta(days=1)
    run(folder, morning)
    assert len(drafts(folder)) == 2
    with account_in(folder) as account:
        facts = account.store.facts(since=None).followups.values()
        assert [derive(f, morning).state for f in facts] == [State.UNTOUCHED, State.UNTOUCHED]
    text = notes(folder)[-1].get_content()
    assert "You have changed this draft" not in text
    assert [text.count(draft.get_content().splitlines()[2]) for draft in drafts(folder)] == [1, 1]


def test_of_two_who_interviewed_at_once_the_one_who_cancelled_in_time_gets_none(folder: Path) -> None:
    priya = (("Priya Raman", "priya@cobalt.example"),)
    put_event(folder, "one", invite("one"))
    put_event(folder, "two", invite("two", people=priya))
    run(folder, DUE)
    assert len(drafts(folder)) == 2
    put_event(
        folder, "two", invite("two", people=priya, sequence=1, stamped=END - timedelta(hours=2), status="CANCELLED")
    )
    for minutes in (5, 10):
        run(folder, DUE + timedelta(minutes=minutes))
    assert [str(draft["To"]) for draft in drafts(folder)] == ["Helena Frost <helena@frost.example>"]


def test_put_off_and_then_cancelled_both_in_time_withdraws_the_draft(folder: Path) -> None:
    put_event(folder, "one", invite("one"))
    run(folder, DUE)
    late = END + timedelta(days=1)
    put_event(folder, "one", invite("one", end=late, sequence=2, stamped=END - timedelta(hours=1), status="CANCELLED"))
    for minutes in (5, 10):
        run(folder, DUE + timedelta(minutes=minutes))
    assert drafts(folder) == []


def test_a_recruiter_with_two_applications_on_one_day_is_thanked_for_each(folder: Path) -> None:
    rita = (("Rita Vogel", "rita@talentbridge-recruiting.example"),)

    def about(company: str, interviewer: str) -> str:
        words = f"Rita Vogel\\, Talentbridge Recruiting\\, on behalf of our client {company}."
        return f"DESCRIPTION:Interview with {interviewer} (Head of Data) of {company}. {words}\r\n"

    frost = invite("one", end=END - timedelta(hours=4), people=rita, extra=about("Frost Energy", "Helena Frost"))
    cobalt = invite(
        "two",
        people=rita,
        summary="Interview: Analytics Engineer at Cobalt Harbor",
        extra=about("Cobalt Harbor", "Priya Raman"),
    )
    put_event(folder, "one", frost)
    put_event(folder, "two", cobalt)
    run(folder, DUE - timedelta(hours=4))
    assert [str(draft["To"]) for draft in drafts(folder)] == ["Rita Vogel <rita@talentbridge-recruiting.example>"]
    for minutes in (0, 5, 10):
        run(folder, DUE + timedelta(minutes=minutes))
    texts = [draft.get_content() for draft in drafts(folder)]
    assert sorted("Cobalt Harbor" in text for text in texts) == [False, True]
    assert sorted("Frost Energy" in text for text in texts) == [False, True]


def test_a_calendar_that_cannot_be_read_again_holds_the_draft_back(folder: Path) -> None:
    put_event(folder, "one", invite("one"))
    run(folder, END - timedelta(hours=2))
    (folder / "calendar").rename(folder / "away")
    done = run(folder, DUE)
    assert drafts(folder) == []
    assert any(isinstance(action, Wait) for action in done.plan.actions)
    (folder / "away").rename(folder / "calendar")
    run(folder, DUE + timedelta(minutes=5))
    assert len(drafts(folder)) == 1


def test_nothing_that_ended_before_the_set_up_is_drafted_unless_asked(folder: Path) -> None:
    put_event(folder, "old", invite("old", end=SET_UP - timedelta(hours=3), stamped=SET_UP - timedelta(days=3)))
    run(folder, SET_UP + timedelta(hours=1))
    assert drafts(folder) == []
    with account_in(folder) as account:
        (facts,) = account.store.facts(since=None).followups.values()
        account.store.add_act(Act(SET_UP, ActKind.WANTED, facts.followup.interview_id))
    run(folder, SET_UP + timedelta(hours=2))
    assert len(drafts(folder)) == 1


def test_after_a_long_absence_it_asks_instead_of_drafting_and_says_so_once(folder: Path) -> None:
    put_event(folder, "one", invite("one"))
    for days in (4, 5, 6):
        run(folder, END + timedelta(days=days))
    assert drafts(folder) == []
    (note,) = notes(folder)
    assert "Frost" in note.get_content()


def test_with_the_store_lost_the_older_ones_are_listed_and_the_fresh_ones_drafted_once(folder: Path) -> None:
    put_event(folder, "fresh", invite("fresh"))
    older = (("Priya Raman", "priya@cobalt.example"),)
    put_event(folder, "older", invite("older", people=older, end=END - timedelta(hours=30), stamped=SET_UP))
    with account_in(folder) as account:
        # The account was set up before either of them; then the store is lost before anything was drafted.
        key = account.key
    for path in (folder / "state" / "mara").glob("store.sqlite*"):
        path.unlink()
    key_file = folder / "state" / "mara" / "account.key"
    early = (SET_UP - timedelta(days=3)).isoformat()
    key_file.write_text(key_file.read_text().replace(SET_UP.isoformat(), early))
    with account_in(folder, DUE) as account:
        assert account.key == key
        cycle(account, DUE)
    assert [draft["To"] for draft in drafts(folder)] == ["Helena Frost <helena@frost.example>"]
    (note,) = notes(folder)
    assert "Data Engineer" in note.get_content()


def test_notes_are_woven_in_once_and_an_edited_draft_is_left_alone(folder: Path) -> None:
    put_event(folder, "one", invite("one"))
    run(folder, DUE)
    said = OwnerNotes(slipped_my_mind="I ran the migration to Kafka at my last employer.")
    with account_in(folder) as account:
        (facts,) = account.store.facts(since=None).followups.values()
        account.store.add_act(Act(DUE + timedelta(minutes=1), ActKind.NOTE, facts.followup.interview_id, notes=said))
    run(folder, DUE + timedelta(minutes=2))
    (draft,) = drafts(folder)
    assert "Kafka" in draft.get_content()
    (path, message) = messages(folder, ".Drafts")[0]
    message.set_content("My own words.\n")
    path.write_bytes(message.as_bytes())
    later = OwnerNotes(talked_about="the new data centre")
    with account_in(folder) as account:
        (facts,) = account.store.facts(since=None).followups.values()
        account.store.add_act(Act(DUE + timedelta(minutes=4), ActKind.NOTE, facts.followup.interview_id, notes=later))
    run(folder, DUE + timedelta(minutes=5))
    assert [draft.get_content() for draft in drafts(folder)] == ["My own words.\n"]


def answer(folder: Path, text: str, now: datetime) -> None:
    """The owner answers the newest note of ours, as a mail program does."""
    note = notes(folder)[-1]
    reply = (
        f"From: {ME}\r\nTo: {ME}\r\nSubject: Re: {note['Subject']}\r\nIn-Reply-To: {note['Message-ID']}\r\n"
        f"References: {note['Message-ID']}\r\nMessage-ID: <answer-{len(text)}@phone.example>\r\n"
        f"Date: {format_datetime(now)}\r\n\r\n{text}\r\n\r\n"
        f"On Wed, 18 Mar 2026 at 09:00, Mara Lindgren <{ME}> wrote:\r\n> quoted\r\n"
    )
    (folder / "Mail" / ".Sent" / "cur" / f"answer{len(text)}:2,S").write_bytes(reply.encode())


def test_an_answer_to_the_reminder_snoozes(folder: Path) -> None:
    put_event(folder, "one", invite("one"))
    run(folder, DUE)
    run(folder, MORNING)
    answer(folder, "snooze 2 days", MORNING + timedelta(hours=1))
    for hours in (2, 24, 30, 47):
        run(folder, MORNING + timedelta(hours=hours))
    assert len(notes(folder)) == 1
    run(folder, MORNING + timedelta(hours=50))
    assert len(notes(folder)) == 2


def test_an_answer_may_say_that_it_was_no_interview(folder: Path) -> None:
    put_event(folder, "one", invite("one"))
    run(folder, DUE)
    run(folder, MORNING)
    answer(folder, "not an interview", MORNING + timedelta(hours=1))
    run(folder, MORNING + timedelta(hours=2))
    run(folder, MORNING + timedelta(hours=30))
    assert drafts(folder) == []
    assert len(notes(folder)) == 1


def test_somebody_elses_answer_changes_nothing(folder: Path) -> None:
    put_event(folder, "one", invite("one"))
    run(folder, DUE)
    run(folder, MORNING)
    note = notes(folder)[-1]
    forged = (
        f"From: {ME}\r\nTo: {ME}\r\nSubject: Re\r\nIn-Reply-To: {note['Message-ID']}\r\n"
        f"Message-ID: <forged@evil.example>\r\nDate: {format_datetime(MORNING)}\r\n\r\ndismiss\r\n"
    )
    (folder / "Mail" / "new" / "forged").write_bytes(forged.encode())
    run(folder, MORNING + timedelta(hours=2))
    assert len(drafts(folder)) == 1


def test_if_they_wrote_first_the_reminder_says_so(folder: Path) -> None:
    put_event(folder, "one", invite("one"))
    run(folder, DUE)
    theirs = (
        f"From: Helena Frost <helena@frost.example>\r\nTo: {ME}\r\nSubject: Next steps\r\n"
        f"Message-ID: <next@frost.example>\r\nDate: {format_datetime(DUE + timedelta(hours=2))}\r\n\r\nHello Mara\r\n"
    )
    (folder / "Mail" / "new" / "theirs").write_bytes(theirs.encode())
    run(folder, MORNING)
    told = [note for note in notes(folder) if "drafts" in note["Subject"] or "draft" in note["Subject"]]
    text = told[0].get_content()
    assert "wrote" in text
    assert text.index("wrote") < text.index("Subject:")


def test_a_name_without_an_address_is_looked_for_in_the_owners_own_mail(folder: Path) -> None:
    earlier = (
        f"From: Priya Raman <priya.raman@frost.example>\r\nTo: {ME}\r\nSubject: Hello\r\n"
        f"Message-ID: <hello@frost.example>\r\nDate: {format_datetime(SET_UP - timedelta(days=2))}\r\n\r\nHi\r\n"
    )
    (folder / "Mail" / "cur" / "earlier:2,S").write_bytes(earlier.encode())
    coordinator = (("Frost Recruiting", "recruiting@frost.example"),)
    text = "DESCRIPTION:You will meet with Priya Raman\\, Head of Data.\r\n"
    put_event(folder, "one", invite("one", people=coordinator, extra=text))
    run(folder, DUE)
    assert [draft["To"] for draft in drafts(folder)] == ["Priya Raman <priya.raman@frost.example>"]


def test_a_dry_run_plans_the_same_and_touches_nothing(folder: Path) -> None:
    put_event(folder, "one", invite("one"))
    before = sorted((path, path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file())
    with account_in(folder) as account:
        config_name = account.name
    assert config_name == "mara"
    from config.load import load_account  # noqa: PLC0415 # beside its only use

    with rehearsed(load_account(folder / "mara.toml"), folder / "state", now=DUE) as account:
        planned = cycle(account, DUE, apply=False)
    assert [type(action) for action in planned.plan.actions] == [CreateDraft]
    files = {path for path, _ in before if "state" not in path.parts}
    after = {(path, path.stat().st_mtime_ns) for path in files}
    assert after == {(path, stamp) for path, stamp in before if path in files}
    assert drafts(folder) == []
    done = run(folder, DUE)
    assert [type(action) for action in done.plan.actions] == [CreateDraft]


def test_a_folder_that_cannot_be_seen_is_no_reason_to_draft(folder: Path) -> None:
    put_event(folder, "one", invite("one"))
    with account_in(folder) as account:
        seen = account.mailbox.observe(())
        assert Place.DRAFTS not in seen.unseen
    (folder / "Mail").rename(folder / "Mail-away")
    done = run(folder, DUE)
    assert done.failed
    (folder / "Mail-away").rename(folder / "Mail")
    run(folder, DUE + timedelta(minutes=5))
    assert len(drafts(folder)) == 1


def test_questions_are_asked_right_after_the_interview_where_wanted(folder: Path) -> None:
    (folder / "mara.toml").write_text(CONFIG + "\n[reminder]\nask_questions = true\n", encoding="utf-8")
    put_event(folder, "one", invite("one"))
    done = run(folder, DUE)
    assert sum(isinstance(a, DeliverNote) and a.kind == "questions" for a in done.plan.actions) == 1
    run(folder, DUE + timedelta(hours=1))
    assert len(notes(folder)) == 1


def test_facts_and_states_are_one_thing(folder: Path) -> None:
    put_event(folder, "one", invite("one"))
    run(folder, DUE)
    with account_in(folder) as account:
        (facts,) = account.store.facts(since=None).followups.values()
    assert derive(replace(facts, looks=()), DUE).state is State.UNTOUCHED
