"""What a text may say of a person, a position or a company: event text made safe to speak, or left out. Pure.

A fact that carries an address, a link, markup, a bracket or a control character was never meant to be read aloud, or
was meant to do harm: the sentence is built without it.
"""

import re
import unicodedata
from dataclasses import dataclass

from daemon.core.model import Fact, Recipient

_LONGEST = 90
_NOT_WORTH_READING = 4 * _LONGEST
_FORBIDDEN = re.compile(r"[<>\[\]{}()|\\^~*_=@`$%\"“”„«»]|://|\bwww\.|\.(?:com|org|net|io|de|co)/|&(?:\w+|#\d+);|--")
_UNSPEAKABLE = frozenset({"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp", "So"})
_NOTHING = frozenset({"none", "null", "nil", "nan", "n/a", "na", "tbd", "tba", "unknown", "undefined", "-", "?", "tbc"})
_BRACKETED_TAIL = re.compile(r"\s*[(\[（【][^()\[\]（）【】<>{}@/\\]*(?:/[^()\[\]（）【】<>{}@/\\]*)*[)\]）】]\s*$")
_GENDER_MARK = re.compile(r"\s*[(\[（](?:\w{1,3}\s*[/|,\-]\s*){1,3}\w{1,3}[)\]）](?=\s|$)", re.IGNORECASE)
_CREDENTIALS = re.compile(
    r",\s*(?:ph\.?\s?d\.?|m\.?d\.?|mba|pmp|cpa|msc|bsc|m\.sc\.|esq\.?|cfa|shrm-\w+|rn|p\.?e\.?)\b.*$", re.IGNORECASE
)
_ARTICLE = re.compile(r"^(?:[Tt]he|an?)\s+(?=\S)")
_LEGAL_TAIL = re.compile(r",\s*(?:Inc|LLC|L\.L\.C|Ltd|Corp|PLC|plc|LP)\.?$")
_POSITION_WORD = re.compile(r"\s+(?:role|position|job|opening|vacancy)$", re.IGNORECASE)
_IDEOGRAPHS = re.compile(r"^[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff々〆ヶ・\s]+$")


@dataclass(frozen=True, slots=True)
class SpokenName:
    """A person's name in the forms a greeting needs; each is empty where it is not known for certain."""

    full: str = ""
    given: str = ""
    family: str = ""
    honorific: str = ""


def speakable(text: str) -> str:
    """`text` as one clean line, or empty where it should not be spoken."""
    line = unicodedata.normalize("NFC", text)
    if any(
        unicodedata.category(c) in {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp", "So"} and c not in "\u200d\u200c"
        for c in line
    ):
        return ""
    line = " ".join(line.split()).strip(" ,;:-–—")
    if not line or len(line) > _LONGEST or _FORBIDDEN.search(line) or line.casefold() in _NOTHING:
        return ""
    return line if any(c.isalnum() for c in line) else ""


def speakable_role(fact: Fact | None) -> str:
    """A role without '(m/f/d)', a bracketed aside at its end, an article or the word 'position'; else empty."""
    if fact is None or len(fact.value) > _NOT_WORTH_READING:
        return ""
    text = _BRACKETED_TAIL.sub("", _GENDER_MARK.sub("", fact.value))
    return _POSITION_WORD.sub("", _ARTICLE.sub("", speakable(text)))


def speakable_company(fact: Fact | None) -> str:
    """A company's name as people say it: without ', Inc.' or a last mark that would end the sentence twice."""
    return _LEGAL_TAIL.sub("", speakable(fact.value)).rstrip(".!") if fact is not None else ""


def is_ideographic(name: str) -> bool:
    """Whether a name is written in Chinese or Japanese characters only."""
    return bool(_IDEOGRAPHS.match(name))


def spoken_name(recipient: Recipient) -> SpokenName:
    """The recipient's name in parts. Nothing is guessed: an unclear part is empty, an unclear name is left out."""
    full = speakable(_CREDENTIALS.sub("", recipient.name[:_NOT_WORTH_READING]))
    if not full or any(c.isdigit() for c in full):
        return SpokenName()
    last, comma, first = full.partition(", ")
    if comma:
        if "," in first or len(last.split()) > 2 or len(first.split()) > 3:
            return SpokenName()
        full = f"{first} {last}"
    elif "," in full:
        return SpokenName()
    family = speakable(recipient.family_name) or (last if comma else "")
    if family and family.casefold() not in full.casefold():
        family = ""
    if is_ideographic(full):
        return SpokenName(full, "", family or _family_by_space(full), speakable(recipient.honorific))
    return SpokenName(full, _given(full, family), family, speakable(recipient.honorific))


def _family_by_space(full: str) -> str:
    parts = full.split()
    return parts[0] if len(parts) == 2 and all(len(part) <= 4 for part in parts) else ""


def _given(full: str, family: str) -> str:
    """The name that friends use; empty where it is an initial or cannot be told from the family name."""
    tokens = full.split()
    shouted = [token for token in tokens if token.isalpha() and token.isupper() and len(token) > 1]
    if shouted == tokens:
        tokens = [token.title() for token in tokens]
    elif any(len(token) > 2 for token in shouted):
        tokens = [token for token in tokens if token not in shouted]
    elif shouted:
        return ""
    elif family and full.casefold().startswith(f"{family.casefold()} "):
        tokens = full[len(family) :].split()
    first = tokens[0]
    return "" if len(first) < 2 or first.endswith(".") else first


def before_vowel(text: str) -> bool:
    """Whether a word before `text` is elided (fr: d'ingénieur): a vowel, accents aside; h counts as sounded."""
    first = unicodedata.normalize("NFD", text[:1]).casefold()[:1]
    return bool(first) and first in "aeiouœæ"
