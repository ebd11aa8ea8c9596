"""The follow-up itself: one interview, one recipient, one voice in; subject and body out, ready to send. Pure.

What is not known is left out and the sentence reads well without it. The wording comes from `daemon/templates`, through
`words_library`; which of several wordings a draft gets is for `variants` to say.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from daemon.core.dates_in_words import day_in_words, list_in_words
from daemon.core.model import Formality, Interview, OwnerNotes, Recipient, RecipientKind, Voice, Words
from daemon.core.variants import choose
from daemon.core.words_facts import before_vowel, speakable_company, speakable_role, spoken_name
from daemon.core.words_library import (
    NATIVE_REVIEWED,
    BrokenTemplate,
    Library,
    builtin,
    language_for,
    languages,
    library,
    render,
)

__all__ = ["NATIVE_REVIEWED", "compose", "languages", "reply_subject"]

NO_NOTES = OwnerNotes()
NO_OVERRIDES: Mapping[str, str] = MappingProxyType({})

_LEFTOVER = re.compile(r"\{\{|\}\}|\{%|%\}|\bNone\b|\bnull\b")
_REPLY_MARK = re.compile(r"^(?:(?:re|aw|sv|antw|odp|rv|res|回复|答复|返信)(?:\[\d+\])?\s*[:：]\s*)+", re.IGNORECASE)
_LONGEST_SUBJECT = 200
_NOTES = ("talked_about", "slipped_my_mind", "would_correct")
_SPOKEN = ("greeting", "opening", "thanks", "middle", *_NOTES, "interest", "offer", "close", "owner")
_BULLET = re.compile(r"^\s*(?:[-*•–・]\s+|\d{1,2}[.)]\s+)(?=\S)")
_CLOSING_MARKS = "\"'”’»)」』"
_ENDINGS = ".!?…。！？"


def compose(
    interview: Interview,
    recipient: Recipient,
    voice: Voice,
    *,
    variant: int = 0,
    panel: int = 1,
    notes: OwnerNotes = NO_NOTES,
    overrides: Mapping[str, str] = NO_OVERRIDES,
) -> Words:
    """The draft for one recipient.

    `variant` counts the people of a panel from 0, `panel` says how many there are: their drafts share no sentence but
    greeting and close, up to four. `overrides` holds the owner's own templates by name (docs/words.md); what is wrong
    with one is said in `problems` and the built-in one is used. The day is spoken of in `interview.zone`.
    """
    language = language_for(voice.language, interview.language)
    request = _Request(interview, recipient, voice, notes, variant % max(panel, 1))
    words = library(language, overrides)
    try:
        return _written(words, request)
    except BrokenTemplate as fault:
        templates = {name: text for name, text in overrides.items() if not name.endswith(".toml")}
        written = _written(library(language, templates), request)
        problem = f"{language}/phrases.toml: {fault}; the built-in words were used"
        return Words(written.subject, written.body, (problem, *written.problems))


def reply_subject(original: str) -> str:
    """The subject of an answer to `original` (RFC 5322 section 3.6.5): one 'Re: ', whatever marks it had."""
    text = _one_line(original)
    text = _REPLY_MARK.sub("", text)
    return f"Re: {text[:_LONGEST_SUBJECT].rstrip()}" if text else ""


@dataclass(frozen=True, slots=True)
class _Request:
    interview: Interview
    recipient: Recipient
    voice: Voice
    notes: OwnerNotes
    variant: int

    @property
    def kind(self) -> str:
        """Which of the three layouts: to one person, through a coordinator, or one note to a group."""
        if self.recipient.kind is RecipientKind.RELAY:
            return "relay"
        return "group" if self.recipient.copies or self.recipient.on_behalf_of else "draft"

    @property
    def stage(self) -> str:
        """The stage's value; empty where it is not known."""
        return self.interview.stage.value if self.interview.stage else ""


def _written(words: Library, request: _Request) -> Words:
    values = _facts(words, request)
    tables = _tables(request)

    def chosen(slot: str, *, order: str, among: tuple[str, ...] = tables) -> str:
        wordings = words.wordings(slot, *among)
        if not wordings:
            return ""
        wording = choose(wordings, seed=request.interview.id, slot=order, variant=request.variant)
        return render(slot, wording, values)

    sentences = {slot: chosen(slot, order="opening") for slot in ("opening", "thanks", "middle")}
    sentences |= {slot: chosen(slot, order="ending") for slot in ("interest", "offer")}
    for slot in _NOTES:
        note = _after_a_lead_in(_points(getattr(request.notes, slot)), words, slot)
        said = _as_sentence(note, words.setting("language", "stop", "."))
        sentences[slot] = f"{chosen(slot, order='notes', among=('notes',))}{said}" if said else ""
    values |= sentences
    values["greeting"] = _greeting(words, values, request)
    values["close"] = render("close", words.wording(str(values["formality"]), "close"), values)
    values["more"] = chosen("more", order="ending") if _is_short(words, values) else ""
    gap = words.setting("language", "gap", " ")
    values["paragraph"] = lambda *parts: gap.join(part for part in parts if part)

    body, body_problems = _laid_out(words, values, _layouts(words, request), builtin(f"{request.kind}.j2"))
    subject_text = chosen("subject", order="subject")
    values["subject"] = subject_text
    subject, subject_problems = _laid_out(words, values, (f"{words.language}/subject", "subject"), "{{ subject }}")
    missing = _missing_template(words, request)
    return Words(_one_line(subject), body, (*words.problems, *missing, *body_problems, *subject_problems))


def _facts(words: Library, request: _Request) -> dict[str, object]:
    interview, recipient, voice = request.interview, request.recipient, request.voice
    formality = voice.formality or interview.formality or Formality(words.setting("language", "formality", "formal"))
    name = spoken_name(recipient)
    others = (replace(recipient, name=other, family_name="", honorific="") for other in recipient.on_behalf_of)
    thanked = tuple(full for full in (spoken_name(other).full for other in others) if full)
    day = interview.start.astimezone(interview.zone).date()
    values: dict[str, object] = {
        "role": speakable_role(interview.role),
        "company": speakable_company(interview.company),
        "stage": request.stage,
        "day": day_in_words(day, _date_pattern(words, interview, first=day.day == 1), words.language),
        "name": name.full,
        "given": name.given or name.full,
        "family": name.family,
        "honorific": name.honorific,
        "thanked": thanked,
        "names": list_in_words(thanked, words.language) if thanked else "",
        "owner": _one_line(voice.owner_name),
        "signature": voice.signature.strip(),
        "formality": formality.value,
        "formal": formality is Formality.FORMAL,
        "you": _address_forms(formality),
        "before_vowel": before_vowel,
    }
    for fragment, wording in words.phrases.get("facts", {}).items():
        values[fragment] = render(fragment, wording, values)
    return values


def _address_forms(formality: Formality) -> Callable[[str, str], str]:
    """What templates call as `you('Ihre', 'deine')`: the formal words or the informal ones."""
    return lambda formal, informal: formal if formality is Formality.FORMAL else informal


def _date_pattern(words: Library, interview: Interview, *, first: bool) -> str:
    if first and (pattern := words.setting("date", "first")):
        return pattern
    continent = interview.zone.key.partition("/")[0].lower()
    return words.setting("date", continent) or words.setting("date", "pattern", "d MMMM")


def _tables(request: _Request) -> tuple[str, ...]:
    if request.kind == "draft":
        return (request.stage, "any")
    return (f"{request.kind}.{request.stage}", request.kind, request.stage, "any")


def _greeting(words: Library, values: Mapping[str, object], request: _Request) -> str:
    slot = "group" if request.kind == "group" else str(values["formality"])
    return render(f"greeting.{slot}", words.wording(slot, "greeting"), values)


def _layouts(words: Library, request: _Request) -> tuple[str, ...]:
    names = [request.voice.template.removesuffix(".j2")] if request.voice.template else []
    names += [f"{request.kind}.{request.stage}"] if request.stage else []
    names.append(request.kind)
    return tuple(full for name in names for full in (f"{words.language}/{name}", name))


def _missing_template(words: Library, request: _Request) -> tuple[str, ...]:
    name = request.voice.template.removesuffix(".j2")
    if not name or name in words.overrides or f"{words.language}/{name}" in words.overrides:
        return ()
    return (f"template {name!r} is not among your own templates; the built-in one was used",)


def _is_short(words: Library, values: Mapping[str, object]) -> bool:
    """Whether the draft falls so far short of the usual length that it would read as curt: facts were missing."""
    text = " ".join(str(values[slot]) for slot in _SPOKEN)
    length = len(text.split()) if words.setting("language", "gap", " ") else len("".join(text.split()))
    return length < int(words.setting("language", "short", "0"))


def _laid_out(
    words: Library, values: Mapping[str, object], names: tuple[str, ...], fallback: str
) -> tuple[str, tuple[str, ...]]:
    problems: list[str] = []
    for name in names:
        own = words.overrides.get(name)
        if own is None:
            continue
        try:
            text = _tidy(render(name, own, values))
        except BrokenTemplate as fault:
            problems.append(f"{fault}; the built-in one was used")
            continue
        if not text or _LEFTOVER.search(text):
            what = "leaves template marks or 'None' in the text" if text else "writes nothing"
            problems.append(f"template {name!r} {what}; the built-in one was used")
            continue
        return text, tuple(problems)
    inherited = builtin(f"{words.language}/{names[-1]}.j2")
    return _tidy(render(names[-1], inherited or fallback, values)), tuple(problems)


def _tidy(text: str) -> str:
    lines = (line.rstrip() for line in text.replace("\r\n", "\n").split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _as_sentence(note: str, stop: str) -> str:
    text = " ".join(note.split())
    last = text.rstrip(_CLOSING_MARKS)[-1:]
    return text if not text or last in _ENDINGS else f"{text}{stop}"


def _after_a_lead_in(note: str, words: Library, slot: str) -> str:
    """`note` without a beginning such as 'we talked about', which the lead-in has just said; 'The' becomes 'the'."""
    text = note.strip()
    for opening in sorted(words.wordings(slot, "openings"), key=len, reverse=True):
        rest = text[len(opening) :]
        separated = rest[:1].isspace() or not opening[-1:].isascii()
        if text.lower().startswith(opening) and separated and any(c.isalnum() for c in rest):
            text = rest.strip()
            break
    first, space, rest = text.partition(" ")
    lowered = first[:1].lower() + first[1:]
    return f"{lowered}{space}{rest}" if lowered in words.wordings("lower", "openings") else text


def _points(note: str) -> str:
    """A list of points as one run of text, `a; b; c`: dashes in mid-sentence, after a lead-in, would read as noise."""
    lines = [line for line in note.splitlines() if line.strip()]
    if not all(_BULLET.match(line) for line in lines):
        return note
    points = [_BULLET.sub("", line).strip() for line in lines]
    return "; ".join([*(point.rstrip(".;,。；、") for point in points[:-1]), *points[-1:]])


def _one_line(text: str) -> str:
    return " ".join("".join(" " if unicodedata.category(c)[0] == "C" else c for c in text).split())
