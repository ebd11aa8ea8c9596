"""Finding many phrases of many languages in a text at once, in time that grows with the text alone.

A phrase of the lexicon is words; `word*` matches every word that begins so, `...` up to six words in between, a
space also a hyphen. Case and accents do not count. Scripts without spaces between words are matched anywhere.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

_SPECIAL = {
    "ł": "l",
    "Ł": "l",
    "ø": "o",
    "Ø": "o",
    "đ": "d",
    "Đ": "d",
    "ı": "i",
    "İ": "i",
    "’": "'",
    "‘": "'",
    "´": "'",
    "`": "'",
}
_DASHES = "‐‑‒–—―−"
_PREFIX = 3
_CJK = re.compile(r"[\u3005-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_WORD = re.compile(r"\w+")


def _table() -> dict[int, str]:
    table = {ord(char): base for char, base in _SPECIAL.items()}
    table.update({ord(dash): "-" for dash in _DASHES})
    for code in [*range(0xC0, 0x250), *range(0x1E00, 0x1F00)]:
        if code not in table and chr(code).isalpha():
            table[code] = unicodedata.normalize("NFD", chr(code))[0].lower()
    table.update({code: chr(code - 0xFEE0).lower() for code in range(0xFF01, 0xFF5F)})
    table[0x3000] = table[0xA0] = table[0x202F] = " "
    return table


_TABLE = _table()


def fold(text: str) -> str:
    """Lower case without accents, fullwidth as plain; of the same length, so that positions stay valid."""
    folded = text.translate(_TABLE)
    lowered = folded.lower()
    if len(lowered) == len(folded):
        return lowered
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in folded)


def has_cjk(text: str) -> bool:
    """Whether a Han or Kana character occurs."""
    return _CJK.search(text) is not None


@lru_cache(maxsize=16_384)
def phrase_pattern(phrase: str) -> str:
    """The regular expression of a phrase, for folded text, word boundaries included."""
    folded = fold(phrase.strip())
    if has_cjk(folded):
        return re.escape(folded).replace(r"\.\.\.", r"[^\n。]{0,16}").replace(r"\*", "")
    words = []
    for word in re.split(r"[\s\-]+", folded):
        if word == "...":
            words.append(r"(?:[\w',.&()\-]+\s+){0,6}?")
        elif word.endswith("*"):
            words.append(re.escape(word[:-1]) + r"\w*" + _GAP)
        else:
            words.append(re.escape(word) + _GAP)
    body = "".join(words).removesuffix(_GAP)
    return rf"(?<!\w){body}(?!\w)"


_GAP = r"(?:\s+|-)"


def any_of(phrases: Iterable[str]) -> re.Pattern[str]:
    """One pattern that matches any of the phrases, longest first; nothing if there are none."""
    ordered = sorted({phrase for phrase in phrases if phrase}, key=len, reverse=True)
    return re.compile("|".join(phrase_pattern(phrase) for phrase in ordered) or r"(?!)")


@lru_cache(maxsize=16_384)
def _compiled(phrase: str) -> re.Pattern[str]:
    return re.compile(phrase_pattern(phrase))


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase found: what it speaks for, where, and the lexicon's wording."""

    signal: str
    start: int
    end: int
    phrase: str
    language: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """One entry of a lexicon."""

    text: str
    signal: str
    language: str


class Matcher:
    """All phrases, found through the first letters of each word; compiled when a text first has those letters."""

    __slots__ = ("_by_prefix", "_ready")

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        self._by_prefix: dict[str, list[Phrase]] = {}
        self._ready: dict[str, tuple[tuple[re.Pattern[str], Phrase], ...]] = {}
        for phrase in phrases:
            first = _WORD.search(fold(phrase.text))
            if first is None:
                continue
            word = first.group()
            prefix = word[:1] if has_cjk(word) else word[:_PREFIX]
            self._by_prefix.setdefault(prefix, []).append(phrase)

    def find(self, folded: str) -> Iterator[Hit]:
        """Every phrase in a folded text; overlapping ones, too."""
        for word in _WORD.finditer(folded):
            start = word.start()
            text = word.group()
            if text.isascii() or not has_cjk(text):
                yield from self._at(folded, start, text[:_PREFIX])
                continue
            for offset, char in enumerate(text):
                yield from self._at(folded, start + offset, char)
                if char.isascii() and (offset == 0 or not text[offset - 1].isascii()):
                    yield from self._at(folded, start + offset, text[offset : offset + _PREFIX])

    def _at(self, folded: str, start: int, prefix: str) -> Iterator[Hit]:
        ready = self._ready.get(prefix)
        if ready is None:
            if prefix not in self._by_prefix:
                return
            ready = self._ready[prefix] = tuple((_compiled(one.text), one) for one in self._by_prefix[prefix])
        for pattern, phrase in ready:
            found = pattern.match(folded, start)
            if found:
                yield Hit(phrase.signal, start, found.end(), phrase.text, phrase.language)
