"""What the owner is told: complete, quiet, and safe against what a calendar may hold."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from daemon.core.reminder import (
    Ailment,
    HealthLine,
    InterviewLine,
    Missed,
    ReminderItem,
    write_caught_up,
    write_health,
    write_questions,
    write_reminder,
)
from daemon.core.words_library import table
from tests.core.words.words_samples import LANGUAGES

WHEN = datetime(2026, 11, 20, 15, tzinfo=ZoneInfo("Europe/Berlin"))
DAY = date(2026, 11, 21)
BODY = "Hi Jane,\n\nThe text.\n\nBest,\nAlex"
ITEM = ReminderItem(
    key="key1",
    short_id="k7dq2",
    recipient_name="Jane Doe",
    recipient_email="jane@acme.example",
    company="Acme",
    role="Data Engineer",
    when=WHEN,
    subject="Thank you",
    body=BODY,
    where="Drafts in Maildir ~/Mail",
    state="untouched",
)
LINE = InterviewLine("k7dq2", "Interview with Acme", WHEN, "Acme", "Data Engineer", ("Jane Doe",))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_all_words_of_the_english(language: str) -> None:
    english, own = table("en/owner.toml"), table(f"{language}/owner.toml")
    assert {name: set(lines) for name, lines in own.items()} == {name: set(lines) for name, lines in english.items()}
    assert set(table("en/answers.toml")) - {"within"} <= set(table(f"{language}/answers.toml"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reminder_holds_every_draft_and_the_brief_none(language: str) -> None:
    other = replace(
        ITEM,
        key="key2",
        recipient_name="Ben Cole",
        recipient_email="",
        body="Hi Ben,\n\nAnother text.",
        address_needed=True,
    )
    text = write_reminder([ITEM, other], language=language, day=DAY)
    assert "The text." in text.body
    assert "Another text." in text.body
    assert "Drafts in Maildir ~/Mail" in text.body
    assert "\n1. Jane Doe" in text.body
    assert "\n2. Ben Cole" in text.body
    assert "Jane Doe" in text.brief
    assert "Ben Cole" in text.brief
    assert "text" not in text.brief
    assert "2" in text.subject
    assert "{" not in text.subject + text.body + text.brief
    assert "\n\n\n" not in text.body


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_changes_the_advice_comes_before_the_draft(language: str) -> None:
    plain = write_reminder([ITEM], language=language, day=DAY).body
    assert "Sam Lee" not in plain
    changed = replace(ITEM, heard="Sam Lee, 21 November", cancelled_after=True, address_needed=True, state="edited")
    body = write_reminder([changed], language=language, day=DAY).body
    said = table(f"{language}/owner.toml")["reminder"]
    positions = [body.index("Sam Lee, 21 November"), body.index(said["cancelled_after"]), body.index(said["edited"])]
    assert positions == sorted(positions)
    assert positions[-1] < body.index("The text.")
    assert said["missing"] in write_reminder([replace(ITEM, state="missing")], language=language, day=DAY).body
    assert said["missing"] not in body


def test_one_draft_is_spoken_of_by_name() -> None:
    text = write_reminder([ITEM], language="en", day=DAY)
    assert text.subject == "Still in your drafts: your note to Jane Doe"
    assert "Friday, November 20" in text.body
    assert "2026" not in text.body
    assert "2026" in write_reminder([ITEM], language="en", day=date(2027, 1, 2)).body
    assert "\nsnooze 2 days" in text.body


def test_an_unknown_language_is_english() -> None:
    assert write_reminder([ITEM], language="tlh", day=DAY) == write_reminder([ITEM], language="en", day=DAY)


@pytest.mark.parametrize("language", LANGUAGES)
def test_calendar_text_stays_one_line_of_data(language: str) -> None:
    hostile = "Interview\r\nBcc: all@x.example\n\n{{ 7*7 }}\u202e{% for i in range(9) %}"
    line = replace(LINE, title=hostile)
    caught = write_caught_up([line, LINE], Missed.LOST_STORE, language=language)
    item = replace(ITEM, recipient_name=hostile, company=hostile)
    reminder = write_reminder([item], language=language, day=DAY)
    for text in (caught, reminder, write_questions(replace(LINE, company=hostile), language=language)):
        assert "\n" not in text.subject
        assert "\r" not in text.body
        assert "\nBcc" not in text.body
        assert "49" not in text.body
        assert "\u202e" not in text.body + text.subject + text.brief


@pytest.mark.parametrize("language", LANGUAGES)
def test_questions_are_lettered_as_answers_are_read(language: str) -> None:
    body = write_questions(LINE, language=language).body
    assert "\na) " in body
    assert "\nb) " in body
    assert "\nc) " in body
    assert "Acme" in body


@pytest.mark.parametrize("language", LANGUAGES)
def test_health_says_since_when_and_what_to_do(language: str) -> None:
    ill = HealthLine("me", "imap mail.example", Ailment.LOGIN, WHEN, "password refused", "afterword login")
    text = write_health([ill, replace(ill, ailment=Ailment.FAILING)], language=language)
    assert text.body.count("imap mail.example") == 2
    assert "afterword login" in text.body
    assert "20" in text.brief
    well = write_health([replace(ill, ailment=Ailment.RECOVERED, detail="", remedy="")], language=language)
    assert well.subject != text.subject
    assert table(f"{language}/owner.toml")["health"]["meanwhile_well"] in well.body
    full = write_health([replace(ill, ailment=Ailment.REFUSING, detail="the mailbox is full")], language=language)
    assert full.subject == text.subject
    assert full.body.count("imap mail.example") == 1
    assert table(f"{language}/owner.toml")["health"]["meanwhile_refusing"] in full.body


@pytest.mark.parametrize("language", LANGUAGES)
def test_caught_up_lists_each_interview_and_tells_the_two_reasons_apart(language: str) -> None:
    down = write_caught_up([LINE], Missed.DOWNTIME, language=language)
    lost = write_caught_up([LINE], Missed.LOST_STORE, language=language)
    assert "Interview with Acme" in down.body
    assert "Interview with Acme" in down.brief
    assert down.body != lost.body
