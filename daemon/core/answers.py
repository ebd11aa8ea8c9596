"""The owner's answer to a note of ours, understood or left alone. Pure.

A reply is read line by line. A line that is wholly understood counts; anything else is kept as `unknown`, and beside
something unknown nothing destructive is taken: 'dismiss' followed by a question is no 'dismiss'. English is understood
in every language.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache

from babel.dates import get_day_names

from daemon.core.dates_in_words import locale_of
from daemon.core.model import OwnerNotes
from daemon.core.words_facts import is_ideographic
from daemon.core.words_library import FALLBACK, language_for, table

LONGEST_SNOOZE = timedelta(days=90)

_REFERENCE = r"(?:#?(?P<ref>\d{1,3}|[a-z2-7]{5,12})\s*[.):]?\s+)?"
_LETTERS = {"a": "talked_about", "b": "slipped_my_mind", "c": "would_correct"}
_NOTE_FIELDS = ("talked_about", "slipped_my_mind", "would_correct")
_SIGNED_BY_A_PHONE = re.compile(
    r"^(?:sent from|von meinem|gesendet|envoyé de|enviado|inviato da|verzonden|wysłane|skickat)\b.{0,60}$",
    re.IGNORECASE,
)
_UNITS = {"hours": timedelta(hours=1), "days": timedelta(days=1), "weeks": timedelta(weeks=1)}


@dataclass(frozen=True, slots=True)
class Answer:
    """What one reply says about one draft."""

    item: str = ""
    """The number in the note, or a short id; empty where none was given: the only one, or unclear."""
    notes: OwnerNotes | None = None
    snooze: timedelta | None = None
    until: date | None = None
    """Snoozed until this local day of the owner's."""
    dismiss: bool = False
    not_an_interview: bool = False
    draft: bool = False
    """Wanted: a draft for an interview that was only listed."""
    unknown: str = ""
    """What was not understood, as it was written."""


def read_answer(text: str, language: str = "en", *, today: date | None = None) -> Answer:
    """The reply as one answer. Where it speaks of several drafts, all of it is `unknown`: use `read_answers` for those.

    `text` is what the owner wrote, the quoted note removed. `today` is the owner's local date; without it 'until
    Friday' is not understood.
    """
    answers = read_answers(text, language, today=today)
    if len(answers) == 1:
        return answers[0]
    return Answer(unknown=text.strip())


def read_answers(text: str, language: str = "en", *, today: date | None = None) -> tuple[Answer, ...]:
    """One answer for each draft that the reply speaks of, in the order of the reply; at least one."""
    words = _Words.of(language_for(language))
    by_item: dict[str, Answer] = {}
    unknown: list[str] = []
    noting: tuple[str, str] | None = None
    for line in _lines(text):
        if not line:
            noting = None
            continue
        if words.is_polite(line):
            continue
        said = words.note(line) or words.command(line, today)
        if isinstance(said, tuple):
            item, slot, note = said
            noting = (item, slot)
            by_item[item] = _with_note(by_item.get(item, Answer(item=item)), slot, note)
        elif said is not None:
            noting = None
            by_item[said.item] = _merged(by_item.get(said.item, Answer(item=said.item)), said)
        elif noting is not None:
            by_item[noting[0]] = _with_note(by_item[noting[0]], noting[1], line)
        else:
            unknown.append(line)
    return _settled(by_item, "\n".join(unknown))


def _settled(by_item: Mapping[str, Answer], unknown: str) -> tuple[Answer, ...]:
    if not by_item:
        return (Answer(unknown=unknown),)
    answers = tuple(by_item.values())
    mixed = len(answers) > 1 and "" in by_item
    if unknown or mixed or any(_contradicts_itself(answer) for answer in answers):
        answers = tuple(_harmless(answer, unknown) for answer in answers)
    return answers


def _contradicts_itself(answer: Answer) -> bool:
    ends = answer.dismiss or answer.not_an_interview
    return ends and bool(answer.notes or answer.snooze or answer.until or answer.draft)


def _harmless(answer: Answer, unknown: str) -> Answer:
    refused = [name for name in ("dismiss", "not_an_interview") if getattr(answer, name)]
    said = "\n".join(part for part in (unknown, *(name.replace("_", " ") for name in refused)) if part)
    return replace(answer, dismiss=False, not_an_interview=False, unknown=said)


def _with_note(answer: Answer, slot: str, text: str) -> Answer:
    notes = answer.notes or OwnerNotes()
    joined = f"{getattr(notes, slot)} {text}".strip()
    return replace(answer, notes=replace(notes, **{slot: joined})) if joined else answer


def _merged(before: Answer, said: Answer) -> Answer:
    return replace(
        before,
        snooze=said.snooze or before.snooze,
        until=said.until or before.until,
        dismiss=before.dismiss or said.dismiss,
        not_an_interview=before.not_an_interview or said.not_an_interview,
        draft=before.draft or said.draft,
    )


def _lines(text: str) -> Iterator[str]:
    for raw in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if raw.rstrip() == "--":
            return
        line = " ".join("".join(" " if unicodedata.category(c)[0] == "C" else c for c in raw).split())
        if not _SIGNED_BY_A_PHONE.match(line):
            yield line


def _plain(line: str) -> str:
    folded = unicodedata.normalize("NFKC", line).casefold().replace("’", "'")
    return " ".join(folded.split()).strip(" .!,;。！、，")


@dataclass(frozen=True, slots=True)
class _Words:
    """The vocabulary of one language, English included."""

    by_meaning: Mapping[str, tuple[str, ...]]
    weekdays: Mapping[str, int]
    """Name in the language to Monday = 0."""

    @staticmethod
    @cache
    def of(language: str) -> "_Words":
        english, own = table(f"{FALLBACK}/answers.toml"), table(f"{language}/answers.toml")
        meanings = {name: _longest_first([*own.get(name, []), *english[name]]) for name in english}
        days = {
            name.casefold().rstrip("."): number
            for tag in (FALLBACK, language)
            for width in ("wide", "abbreviated")
            for number, name in get_day_names(width, locale=locale_of(tag)).items()
        }
        return _Words(meanings, days)

    def is_polite(self, line: str) -> bool:
        """Whether the line is nothing but a courtesy."""
        return _plain(line) in self.by_meaning["polite"]

    def _without_courtesy(self, plain: str) -> str:
        for word in self.by_meaning["polite"]:
            plain = plain.removesuffix(f" {word}").removeprefix(f"{word} ").strip(" ,，、")
        return plain

    def note(self, line: str) -> tuple[str, str, str] | None:
        """Item, field and words of a line such as `2 talked: the migration` or `a) the migration`."""
        for slot in _NOTE_FIELDS:
            labels = "|".join(re.escape(label) for label in self.by_meaning[slot])
            match = re.match(rf"{_REFERENCE}(?:{labels})\s*[:：]\s*(?P<words>.*)$", line, re.IGNORECASE)
            if match:
                return match["ref"] or "", slot, match["words"]
        match = re.match(rf"{_REFERENCE}\(?(?P<letter>[abc])\s*[):：.）]\s*(?P<words>.*)$", line, re.IGNORECASE)
        return (match["ref"] or "", _LETTERS[match["letter"].lower()], match["words"]) if match else None

    def command(self, line: str, today: date | None) -> Answer | None:
        """The act that a whole line names, or None."""
        said = _plain(line)
        for plain in dict.fromkeys((said, self._without_courtesy(said))):
            for item, rest in _item_and_rest(plain):
                act = self._act(rest, today)
                if act is not None and not (act.snooze and plain == f"{rest} {item}"):
                    return replace(act, item=item)
        return None

    def _act(self, rest: str, today: date | None) -> Answer | None:
        if rest in self.by_meaning["dismiss"]:
            return Answer(dismiss=True)
        if rest in self.by_meaning["not_an_interview"]:
            return Answer(not_an_interview=True)
        if rest in self.by_meaning["draft"]:
            return Answer(draft=True)
        for word in self.by_meaning["until"]:
            until = self._day(_after(word, rest), today)
            if until is not None:
                return Answer(until=until)
        if rest in self.by_meaning["snooze"]:
            return Answer(snooze=timedelta(days=1))
        for word in (*self.by_meaning["snooze"], *self.by_meaning["within"]):
            length = self._length(_after(word, rest)) or self._length(_before(word, rest))
            if length:
                return Answer(snooze=length)
        return None

    def _length(self, text: str) -> timedelta | None:
        match = re.fullmatch(r"(\d{1,3})\s*(\D+)|(\w+) (\w+)", text)
        if match is None:
            return None
        number, unit = (match[1], match[2]) if match[1] else (match[3], match[4])
        count = int(number) if match[1] else int(number in self.by_meaning["one"])
        for name, length in _UNITS.items():
            if count and unit in self.by_meaning[name] and count * length <= LONGEST_SNOOZE:
                return count * length
        return None

    def _day(self, text: str, today: date | None) -> date | None:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            try:
                return date.fromisoformat(text)
            except ValueError:
                return None
        if today is None:
            return None
        if text in self.by_meaning["tomorrow"]:
            return today + timedelta(days=1)
        weekday = self.weekdays.get(text)
        return None if weekday is None else today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def _item_and_rest(plain: str) -> Iterator[tuple[str, str]]:
    yield "", plain
    before = re.match(r"^#?(\d{1,3}|[a-z2-7]{5,12})\s*[.):]?\s+(.+)$", plain)
    if before:
        yield before[1], before[2]
    after = re.match(r"^(\D+?)\s+#?(\d{1,3})$", plain)
    if after:
        yield after[2], after[1]


def _after(word: str, rest: str) -> str:
    gap = "" if is_ideographic(word) else " "
    return rest.removeprefix(f"{word}{gap}").strip() if rest.startswith(f"{word}{gap}") else ""


def _before(word: str, rest: str) -> str:
    gap = "" if is_ideographic(word) else " "
    return rest.removesuffix(f"{gap}{word}").strip() if rest.endswith(f"{gap}{word}") else ""


def _longest_first(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(dict.fromkeys(words), key=len, reverse=True))
