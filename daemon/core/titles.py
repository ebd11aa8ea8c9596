"""What people's functions are called, and which of them head a unit, recruit or arrange."""

import re
from functools import lru_cache

from daemon.core.lexicon import lexicon
from daemon.core.phrases import fold, phrase_pattern


@lru_cache(maxsize=1)
def any_title() -> re.Pattern[str]:
    """Every function that the lexicon knows."""
    known = lexicon()
    phrases: list[str] = []
    for key in ("coordinator_titles", "recruiter_titles", "head_titles"):
        phrases.extend(known.words("people", key))
    phrases.extend(known.words("role", "heads"))
    return re.compile("|".join(title_pattern(phrase) for phrase in sorted(set(phrases), key=len, reverse=True)))


def title_pattern(phrase: str) -> str:
    """The pattern of a title of the lexicon; `*word` matches at the end of a compound, too."""
    if phrase.startswith("*"):
        return rf"\w*{re.escape(fold(phrase[1:]))}(?!\w)"
    return phrase_pattern(phrase)


def is_title(text: str) -> bool:
    """Whether words are somebody's function rather than anything else."""
    return (
        any_title().search(fold(text)) is not None
        or re.search(r"\b(?:team|engineering|our|my|co-founder|validation|sales|product)\b", fold(text)) is not None
    )
