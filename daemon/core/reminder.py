"""What Afterword tells its owner: the daily reminder, the three questions, what was missed, what is broken. Pure.

Every text goes to the owner and to nobody else. `brief` is for ways that are not the owner's own inbox: it says who and
when and holds no draft's text. The words come from `daemon/templates/<language>/owner.toml`.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from daemon.core.dates_in_words import day_in_words, time_in_words
from daemon.core.words_library import FALLBACK, builtin, language_for, render, table


@dataclass(frozen=True, slots=True)
class ReminderItem:
    """One unsent draft. `when` is the interview's start, aware, in the zone in which people speak of it."""

    key: str
    short_id: str
    recipient_name: str
    recipient_email: str
    company: str
    role: str
    when: datetime
    subject: str
    body: str
    where: str
    """Where the draft lies, in words: 'Drafts in Maildir ~/Mail'."""
    state: str
    """untouched, edited, missing, or another of `life.State`."""
    heard: str = ""
    """Who at the company wrote to the owner since, in words; empty where nobody did."""
    address_needed: bool = False
    cancelled_after: bool = False
    """The event was cancelled after its end."""


@dataclass(frozen=True, slots=True)
class InterviewLine:
    """An interview as the owner would recognise it. `when` is its start, aware, in its own zone."""

    short_id: str
    title: str
    when: datetime
    company: str = ""
    role: str = ""
    names: tuple[str, ...] = ()


class Missed(StrEnum):
    """Why interviews were not drafted."""

    DOWNTIME = "downtime"
    LOST_STORE = "lost_store"


class Ailment(StrEnum):
    """What is told about a connection."""

    LOGIN = "login"
    """The login is refused or expired."""
    FAILING = "failing"
    """It has failed for a day or longer."""
    REFUSING = "refusing"
    """It can be read and takes nothing: full, or without the permission."""
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True)
class HealthLine:
    """One connection of an account: what is wrong since when (aware), and what the owner can do."""

    account: str
    connection: str
    ailment: Ailment
    since: datetime
    detail: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class ReminderText:
    """A message to the owner: subject, full text, and the same without any draft's text."""

    subject: str
    body: str
    brief: str


def write_reminder(items: Sequence[ReminderItem], *, language: str, day: date) -> ReminderText:
    """The one message of a day: every unsent draft with its text, where it lies, and how to answer.

    `day` is the owner's local date: it is not spoken of, but tells which interviews are of another year.
    """
    return _written("reminder", language, {"items": [_spoken(item, language, day) for item in items]})


def write_questions(interview: InterviewLine, *, language: str) -> ReminderText:
    """Right after an interview: three questions whose answers can be woven into the drafts."""
    return _written("questions", language, {"item": _spoken(interview, language)})


def write_caught_up(interviews: Sequence[InterviewLine], why: Missed, *, language: str) -> ReminderText:
    """After downtime or with the store lost: what was not drafted, and how to ask for it."""
    items = [_spoken(interview, language) for interview in interviews]
    return _written("caught_up", language, {"items": items, "why": why.value})


def write_health(lines: Sequence[HealthLine], *, language: str) -> ReminderText:
    """A connection that needs the owner, or is well again."""
    items = [_spoken(line, language) for line in lines]
    ailments = {line.ailment for line in lines}
    ending = "meanwhile"
    if ailments == {Ailment.RECOVERED}:
        ending = "meanwhile_well"
    elif ailments == {Ailment.REFUSING}:
        ending = "meanwhile_refusing"
    recovered = ending == "meanwhile_well"
    return _written("health", language, {"items": items, "recovered": recovered, "ending": ending})


def _spoken(
    line: ReminderItem | InterviewLine | HealthLine, language: str, today: date | None = None
) -> Mapping[str, object]:
    spoken = language_for(language)
    when = line.since if isinstance(line, HealthLine) else line.when
    values: dict[str, object] = {name: _calm(name, getattr(line, name)) for name in type(line).__slots__}
    far = today is not None and when.year != today.year
    pattern = str(_owner_words(spoken)["date"]["with_year" if far else "pattern"])
    return {**values, "day": day_in_words(when.date(), pattern, spoken), "time": time_in_words(when, spoken)}


def _calm(name: str, value: object) -> object:
    """One line for everything but a draft's own text: a title from a calendar may hold anything."""
    if not isinstance(value, str) or name == "body" or isinstance(value, StrEnum):
        return value
    return " ".join("".join(" " if unicodedata.category(c)[0] == "C" else c for c in value).split())


def _owner_words(language: str) -> Mapping[str, Mapping[str, str]]:
    return {**table(f"{FALLBACK}/owner.toml"), **table(f"{language}/owner.toml")}


def _written(message: str, language: str, values: Mapping[str, object]) -> ReminderText:
    spoken = language_for(language)
    words = _owner_words(spoken)
    every = {**words["phrases"], **words[message]}
    items = values.get("items")
    context: dict[str, object] = {**values, "count": len(items) if isinstance(items, list) else 1}
    context["say"] = lambda name, **more: render(f"{spoken}: {name}", every[name], {**context, **more})
    subject = render(f"{spoken}: subject", every["subject"], context)
    brief = render(f"{spoken}: brief", every["brief"], context)
    body = render(f"{message}.j2", builtin(f"{message}.j2"), context)
    return ReminderText(" ".join(subject.split()), body.strip() + "\n", " ".join(brief.split()))
