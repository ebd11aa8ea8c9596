"""In which language the human-written words of an event are."""

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from daemon.core.lexicon import lexicon
from daemon.core.phrases import Hit, fold, has_cjk

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_HINT = 1.5
_LEXICON_HIT = 1.0


@lru_cache(maxsize=1)
def _function_words() -> dict[str, tuple[str, ...]]:
    words: dict[str, list[str]] = {}
    for language in lexicon().languages:
        for word in language.words("detect", "words"):
            words.setdefault(fold(word), []).append(language.code)
    return {word: tuple(codes) for word, codes in words.items()}


def scores(text: str, hits: Iterable[Hit] = (), hint: str = "") -> defaultdict[str, float]:
    """How much speaks for each language: function words, words of the lexicon, a LANGUAGE parameter."""
    counts: defaultdict[str, float] = defaultdict(float)
    if has_cjk(text):
        han, kana = len(_HAN.findall(text)), len(_KANA.findall(text))
        latin = len(_WORD.findall(re.sub(r"[\u3040-\u9fff]", " ", text)))
        counts["ja" if kana * 12 > han or (hint.startswith("ja") and kana) else "zh"] += (han + kana) * 0.6
        if kana == 0 and hint.startswith("ja"):
            counts["ja"] += han * 0.7
        if latin < (han + kana) * 2:
            return counts
    known = _function_words()
    for found in _WORD.finditer(fold(text[:6000])):
        codes = known.get(found.group())
        if codes:
            for code in codes:
                counts[code] += 1 / len(codes)
    lowered = text.lower()
    for code, phrase in {(hit.language, hit.phrase) for hit in hits if len(hit.phrase) > 3}:
        spelled_otherwise = fold(phrase) != phrase.lower() and phrase.rstrip("*").lower() not in lowered
        counts[code] += _LEXICON_HIT * (0.4 if spelled_otherwise else 1)
    if hint:
        counts[hint[:2].lower()] += _HINT
    return counts


def detect(text: str, hits: Iterable[Hit] = (), hint: str = "", fallback: str = "en") -> str:
    """BCP 47 primary subtag of the language; the fallback where nothing tells."""
    counts = scores(text, hits, hint)
    known = {language.code for language in lexicon().languages}
    best = [(score, code) for code, score in counts.items() if code in known and score > 0]
    if not best:
        return fallback
    best.sort(key=lambda pair: (-pair[0], pair[1] != fallback, pair[1]))
    return best[0][1]


def plausible(text: str, hint: str = "") -> frozenset[str]:
    """The languages whose ordinary words may be meant: English always, all where too little is written."""
    counts = scores(text, hint=hint)
    if not counts or max(counts.values()) < 3:
        return frozenset()
    best = max(counts.values())
    return frozenset({"en"} | {code for code, score in counts.items() if score >= best * 0.6})
