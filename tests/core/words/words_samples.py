"""Interviews, people and checks that the tests of the words share."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from daemon.core.model import Fact, Formality, Interview, Outcome, Recipient, RecipientKind, Stage, Voice, Words

LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "ja", "zh")
SPACELESS = ("ja", "zh")
STAGES = (None, *Stage)
OWNER = "Alex Kim"
VOICE = Voice(OWNER)

_RELATIVE_DAYS = {
    "en": r"\b(?:today|yesterday|tomorrow|tonight|this (?:morning|afternoon|evening)|last night)\b",
    "de": r"\b(?:heute|gestern|vorgestern|morgen|übermorgen|heutigen?|gestrigen?)\b",
    "fr": r"aujourd.hui|\b(?:hier|demain|avant-hier|ce matin|ce soir)\b",
    "es": r"\b(?:hoy|ayer|mañana|anoche|anteayer|esta (?:tarde|mañana|noche))\b",
    "it": r"\b(?:oggi|ieri|domani|stamattina|stasera|odiern[oa])\b",
    "nl": r"\b(?:vandaag|gisteren|morgen|vanochtend|vanmiddag|vanavond)\b",
    "pt": r"\b(?:hoje|ontem|amanhã|esta (?:manhã|tarde|noite))\b",
    "pl": r"\b(?:dziś|dzisiaj|dzisiejsz\w+|wczoraj\w*|jutro|jutrzejsz\w+)\b",
    "sv": r"\b(?:i ?dag|i ?går|i ?morgon|i ?kväll|dagens|gårdagens)\b",
    "ja": r"今日|本日|昨日|明日|今朝|今晩|昨晩|きょう|きのう",
    "zh": r"今天|今日|昨天|昨日|明天|今早|今晚|昨晚",
}
_MARKS = re.compile(
    r"[\[\]{}<>]|%[}{]|\bNone\b|\bnull\b|\bundefined\b|afterword|\bdraft(?:ed)? by\b|  |://", re.IGNORECASE
)
_REPEATED = re.compile(r"\b([^\W\d]+)\W+\1\b", re.IGNORECASE)
_STRAY = re.compile(r"\s[,.;!?](?!\w)|,,|\.\.|,\.|\(\s*\)|[-–,]$")
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s*")


def fact(value: str | None) -> Fact | None:
    return Fact(value, "test", 1.0) if value else None


def interview(
    language: str = "en",
    *,
    stage: str | None = None,
    role: str | None = "Data Engineer",
    company: str | None = "Acme",
    formality: Formality | None = None,
    zone: str = "Europe/Berlin",
    id: str = "k7dq2",  # noqa: A002 - it is the field's name
    start: datetime | None = None,
) -> Interview:
    tz = ZoneInfo(zone)
    begin = start or datetime(2026, 11, 20, 15, tzinfo=tz)
    return Interview(
        id=id,
        parts=(),
        start=begin,
        end=begin + timedelta(hours=1),
        zone=tz,
        outcome=Outcome.THANK,
        language=language,
        role=fact(role),
        company=fact(company),
        stage=fact(stage),
        formality=formality,
    )


def person(name: str = "Jane Doe", kind: RecipientKind = RecipientKind.INTERVIEWER, **more: object) -> Recipient:
    return Recipient(name, "jane.doe@acme.example", kind, "was in the room", **more)  # type: ignore[arg-type]


def length(text: str, language: str) -> int:
    """Words, or characters without white space where a language has no spaces."""
    return len(re.sub(r"\s", "", text)) if language in SPACELESS else len(text.split())


def bounds(language: str) -> tuple[int, int]:
    return (120, 400) if language in SPACELESS else (60, 150)


def sentences(body: str) -> list[str]:
    """What stands between greeting and close, sentence by sentence."""
    inside = body.split("\n\n")[1:-1]
    return [part.strip() for paragraph in inside for part in _SENTENCE_END.split(paragraph) if part.strip()]


def faults(words: Words, language: str, owner: str = OWNER) -> list[str]:
    """Why a draft is not ready to send; empty if it is."""
    found = []
    low, high = bounds(language)
    text = f"{words.subject}\n{words.body}"
    if words.problems:
        found.append(f"problems: {words.problems}")
    if match := _MARKS.search(text):
        found.append(f"mark {match[0]!r}")
    if match := re.search(_RELATIVE_DAYS[language], text, re.IGNORECASE):
        found.append(f"relative day {match[0]!r}")
    if not low <= length(words.body, language) <= high:
        found.append(f"length {length(words.body, language)}")
    if not words.body.endswith(f"\n{owner}"):
        found.append("does not end with the owner's name")
    if not words.subject or "\n" in words.subject or words.subject.count(":"):
        found.append(f"subject {words.subject!r}")
    if any(_STRAY.search(sentence.replace(" ;", ";").replace(" ?", "?")) for sentence in sentences(words.body)):
        found.append("stray punctuation")
    paragraphs = words.body.split("\n\n")
    if any("\n" in paragraph for paragraph in paragraphs[1:-1]):
        found.append("a paragraph of several lines")
    if any(_REPEATED.search(sentence) for sentence in sentences(words.body)):
        found.append("a word twice")
    return found
