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


def without_people(title: str) -> str:
    """`EA to the CEO`: what follows is another person's function."""
    return re.split(r"\b(?:to|of|for|de|von|zu|van)\b", title)[0]


@lru_cache(maxsize=8)
def titles_of(which: str) -> re.Pattern[str]:
    """The titles of one kind in the lexicon, such as `head_titles`."""
    return re.compile(
        "|".join(
            title_pattern(phrase) for phrase in sorted(set(lexicon().words("people", which)), key=len, reverse=True)
        )
    )


def is_head(title: str) -> bool:
    """Whether a title is that of somebody who heads a unit."""
    return bool(title) and titles_of("head_titles").search(fold(title)) is not None


def is_recruiter(title: str) -> bool:
    """Whether a title is that of somebody who recruits."""
    return bool(title) and titles_of("recruiter_titles").search(fold(title)) is not None
