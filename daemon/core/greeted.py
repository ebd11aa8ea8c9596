"""Whom the text greets: an invite that is worded to somebody else has that person for its candidate."""

import re
from collections.abc import Sequence
from functools import lru_cache

from daemon.core.domains import Nature
from daemon.core.extract_text import Reading
from daemon.core.guests import Guest, is_named_in
from daemon.core.lexicon import lexicon
from daemon.core.names import key
from daemon.core.phrases import fold, has_cjk

_FIRST_LINES = 3
_NAME_CHARS = 60


def greets_somebody_else(reading: Reading, guests: Sequence[Guest], mine: Sequence[str]) -> str:
    """The invited person whom the text greets, if it greets one and not the owner, who is named further below."""
    for line in reading.lines[:_FIRST_LINES]:
        found = _greeting().match(fold(line))
        if found is None:
            continue
        greeted = found.group("name")
        below = reading.folded_body[reading.folded_body.find(found.group()) + len(found.group()) :]
        if _names_any(mine, greeted) or not _names_any(mine, below):
            return ""
        return next(
            (
                guest.name
                for guest in guests
                if guest.attendee
                and not guest.organizer
                and guest.nature is Nature.PERSON
                and is_named_in(guest, greeted)
            ),
            "",
        )
    return ""


def _names_any(names: Sequence[str], folded: str) -> bool:
    return any(
        re.search(rf"(?<!\w){re.escape(word)}(?!\w)", folded)
        for name in names
        for word in key(name).split()
        if len(word) > 2
    )


@lru_cache(maxsize=1)
def _greeting() -> re.Pattern[str]:
    words = {fold(word) for word in lexicon().words("people", "greeting") if not has_cjk(word)}
    longest = sorted(words, key=len, reverse=True)
    return re.compile(rf"^(?:{'|'.join(map(re.escape, longest))})\s+(?P<name>[^\n,:!.]{{2,{_NAME_CHARS}}})")
