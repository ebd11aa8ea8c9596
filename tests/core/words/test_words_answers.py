"""The owner's answers: understood, or left alone; never destructive by guess."""

from datetime import date, timedelta

import pytest

from daemon.core.answers import Answer, read_answer, read_answers
from daemon.core.model import OwnerNotes
from daemon.core.words_library import table
from tests.core.words.words_samples import LANGUAGES

SATURDAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("snooze 2 days", Answer(snooze=timedelta(days=2))),
        ("Snooze a week, please", Answer(snooze=timedelta(weeks=1))),
        ("2 snooze 3d", Answer(item="2", snooze=timedelta(days=3))),
        ("k7dq2 snooze 1 day", Answer(item="k7dq2", snooze=timedelta(days=1))),
        ("in 4 hours", Answer(snooze=timedelta(hours=4))),
        ("later", Answer(snooze=timedelta(days=1))),
        ("snooze until Friday", Answer(until=date(2026, 11, 27))),
        ("snooze until saturday", Answer(until=date(2026, 11, 28))),
        ("1 snooze until tomorrow", Answer(item="1", until=date(2026, 11, 22))),
        ("snooze until 2026-12-01", Answer(until=date(2026, 12, 1))),
        ("dismiss", Answer(dismiss=True)),
        ("Dismiss 2.", Answer(item="2", dismiss=True)),
        ("#3: dismiss", Answer(item="3", dismiss=True)),
        ("Not an interview.", Answer(not_an_interview=True)),
        ("1) not an interview\n\nThanks\n-- \nAlex", Answer(item="1", not_an_interview=True)),
        ("dismiss\n\nSent from my phone", Answer(dismiss=True)),
        ("1 draft", Answer(item="1", draft=True)),
        (
            "a) the move to Kafka,\nand why it took a year\n\nb) I speak Dutch\nc) twelve nodes, not twenty",
            Answer(
                notes=OwnerNotes(
                    "the move to Kafka, and why it took a year", "I speak Dutch", "twelve nodes, not twenty"
                )
            ),
        ),
        ("2 talked: their first hire", Answer(item="2", notes=OwnerNotes(talked_about="their first hire"))),
    ],
)
def test_what_is_understood(text: str, answer: Answer) -> None:
    assert read_answer(text, today=SATURDAY) == answer


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "I would not dismiss this",
        "do not dismiss",
        "please don't dismiss it",
        "snooze",
        "snooze 2",
        "snooze 5000 days",
        "snooze until the cows come home",
        "snooze until 2026-13-45",
        "dismiss\nor maybe keep it?",
        "dismiss\nsnooze 2 days",
        "a) good talk\ndismiss",
        "dismiss\n2 snooze 1 day",
        "was this not an interview?",
        "1 2 dismiss",
        "{{ 7*7 }}",
    ],
)
def test_what_is_unclear_destroys_nothing(text: str) -> None:
    for answer in (read_answer(text, today=SATURDAY), *read_answers(text, today=SATURDAY)):
        assert not answer.dismiss
        assert not answer.not_an_interview
    if text not in ("", "snooze"):
        assert any(answer.unknown for answer in read_answers(text, today=SATURDAY))


def test_several_drafts_in_one_answer() -> None:
    answers = read_answers("1 dismiss\n2 snooze 1 week\n3 forgot: I speak Dutch")
    assert [(a.item, a.dismiss, a.snooze, a.notes) for a in answers] == [
        ("1", True, None, None),
        ("2", False, timedelta(weeks=1), None),
        ("3", False, None, OwnerNotes(slipped_my_mind="I speak Dutch")),
    ]
    assert read_answer("1 dismiss\n2 snooze 1 week").unknown == "1 dismiss\n2 snooze 1 week"


def test_without_a_calendar_day_no_weekday_is_guessed() -> None:
    assert read_answer("snooze until friday") == Answer(unknown="snooze until friday")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_understands_its_own_words_and_english(language: str) -> None:
    words = table(f"{language}/answers.toml")
    for wording in words["dismiss"]:
        assert read_answer(f"2 {wording.capitalize()}!", language) == Answer(item="2", dismiss=True)
    for wording in words["not_an_interview"]:
        assert read_answer(wording, language).not_an_interview
    for wording in words["draft"]:
        assert read_answer(f"1 {wording}", language).draft
    for unit, length in (("hours", timedelta(hours=2)), ("days", timedelta(days=2)), ("weeks", timedelta(weeks=2))):
        for wording in (*words["snooze"], *words.get("within", [])):
            assert {read_answer(f"{wording} 2 {name}", language).snooze for name in words[unit]} == {length}, wording
    for slot in ("talked_about", "slipped_my_mind", "would_correct"):
        for label in words[slot]:
            assert getattr(read_answer(f"{label.capitalize()}: Kafka", language).notes, slot) == "Kafka"
    assert read_answer("dismiss", language).dismiss


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_reminder_explains_is_understood(language: str) -> None:
    said = table(f"{language}/owner.toml")["reminder"]
    plain = "{% if count > 1 %}1 {% endif %}"
    assert read_answer(said["answer_later"].replace(plain, "1 "), language) == Answer(
        item="1", snooze=timedelta(days=2)
    )
    no, _, rest = said["answer_no"].replace(plain, "1 ").partition("    (")
    assert read_answer(no, language) == Answer(item="1", dismiss=True)
    not_one = rest.replace("：", ": ").partition(": ")[2].rstrip(")")
    assert read_answer(not_one, language) == Answer(item="1", not_an_interview=True)
    note = read_answer(said["answer_add"].replace(plain, "1 ").partition("    (")[0], language)
    assert note.notes is not None
    assert note.notes.talked_about
