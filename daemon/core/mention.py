"""Somebody whom the text names, and how a list of people with titles and addresses reads."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from daemon.core.domains import ADDRESS
from daemon.core.lexicon import lexicon
from daemon.core.names import read_display_name
from daemon.core.person_names import full_name, is_person_name, looks_like_people, person_at, trim_name
from daemon.core.phrases import fold, has_cjk
from daemon.core.titles import any_title, is_title


class Part(StrEnum):
    """What the text says that somebody does."""

    INTERVIEWER = "interviewer"
    COORDINATOR = "coordinator"
    CANDIDATE = "candidate"
    SHADOW = "shadow"
    SIGNER = "signer"
    INVITER = "inviter"


@dataclass(frozen=True, slots=True)
class Mention:
    """Somebody named in the text."""

    name: str
    part: Part
    source: str
    title: str = ""
    email: str = ""
    honorific: str = ""
    listed: bool = False
    """From a list that says who will be there, so that it is complete."""

    @property
    def full(self) -> bool:
        """Whether given and family name are there."""
        return len(self.name.split()) > 1 or (has_cjk(self.name) and len(self.name) >= 3)


def parse_people(text: str, part: Part, source: str, *, listed: bool = False, single: bool = True) -> list[Mention]:
    """The people in a list such as "Ana Ruiz (CTO), Bo Li" or "Jane Roe, Head of Claims; John Doe"."""
    text = text.strip(" \t-–•*:：,;")
    if has_cjk(text):
        return _parse_cjk(text, part, source, listed=listed)
    found: list[Mention] = []
    for chunk in re.split(r"\s*(?:;|\||\n|\s/\s)\s*", text):
        found.extend(_parse_chunk(chunk, part, source, listed=listed, single=single))
    return found


@lru_cache(maxsize=1)
def and_words() -> re.Pattern[str]:
    """The words that join two names."""
    words = sorted(
        {fold(word) for word in lexicon().words("people", "and") if not has_cjk(word)}, key=len, reverse=True
    )
    return re.compile(
        r"\s*,?\s+(?:"
        + "|".join(re.escape(word) for word in words)
        + r")\s+(?:with\s+|mit\s+|con\s+|avec\s+|met\s+|com\s+|med\s+|ze?\s+)?",
        re.IGNORECASE,
    )


def _parse_chunk(chunk: str, part: Part, source: str, *, listed: bool, single: bool) -> list[Mention]:
    """Names in sequence from the start of a chunk; stops at the first words that are none."""
    found: list[Mention] = []
    position = 0
    pattern = person_at()
    while position < len(chunk):
        function, taken = _before_name(chunk[position:])
        position += taken
        match = pattern.match(chunk, position)
        if match is None or not match.group("name"):
            break
        name = match.group("name").strip()
        honorific = match.group("honorific").strip()
        name = trim_name(name)
        if not is_person_name(name, single=single or bool(honorific)):
            break
        end = match.start("name") + len(name)
        rest = chunk[end:]
        title, email, used = _after_name(rest)
        read = read_display_name(f"{honorific} {name}".strip())
        if not read.name:
            break
        title = title or function
        found.append(Mention(read.name, part, source, title, email, honorific or read.honorific, listed))
        position = end + used
        separator = re.match(r"\s*,\s*(?!\s)", chunk[position:]) or and_words().match(chunk[position:])
        if separator is None:
            break
        position += separator.end()
        joined = and_words().match(" " + chunk[position:])
        if joined is not None:
            position += joined.end() - 1
    return found


_ARTICLES = (
    r"(?:the|our|your|my|an?|dem|der|die|den|unsere[nmrs]?|le|la|notre|nos|nuestr[oa]|el|il|lo|nostr[oa]|"
    r"het|de|onze|een|vår|o|a|os|as|noss[oa]|eine?[nmr]?|une?|un[oa]?|uma?|ett|one of (?:our|the))\s+|l'\s*"
)
_ARTICLE = re.compile(rf"(?:{_ARTICLES})?(?:[A-Z]\w{{0,3}}\.[ªº]?\s+)?")
_FUNCTION_BEFORE = re.compile(rf"(?P<article>{_ARTICLES})?(?P<title>[^\W\d_][^,;:()\n.!?]{{2,60}}?)(?P<end>,\s+|\s+)$")
_INDEFINITE = re.compile(r"(?:an?|one of (?:our|the)|eine?[nmr]?|une?|un[oa]?|een|uma?|en|ett)\s")


def _before_name(text: str) -> tuple[str, int]:
    """A function before the name and where it ends: `the Headteacher, Mrs Jane Roe`, `our director John Doe`."""
    for name in full_name().finditer(text, 0, 120):
        first, _, others = name.group("name").partition(" ")
        if any_title().fullmatch(fold(first)) and _ARTICLE.fullmatch(text[: name.start()]) and is_person_name(others):
            return first, name.start("name") + len(first) + 1
        found = _FUNCTION_BEFORE.match(text, 0, name.start())
        if found is None:
            continue
        title = found.group("title")
        is_known = any_title().search(fold(title)) is not None
        if found.group("end").startswith(","):
            fits = is_known or (_INDEFINITE.match(text) is not None and title.islower())
        else:
            fits = is_known and (title.islower() or (found.group("article") is not None and " " not in title))
        if fits and not looks_like_people(title) and is_person_name(trim_name(name.group("name"))):
            return title, found.end()
    return "", 0


_TITLE_AFTER_COMMA = re.compile(
    r"\s*,\s+(?P<title>[^,;\n()]{3,70}?)(?=\s*(?:[,;.\n(]|$|\s+(?:and|und|et|y|e|en|och|i)\s+[A-Z]))"
)
_POST_NOMINALS = re.compile(r"(?:\s*,\s*(?:[A-Z]{2,6}|Ph\.?D\.?|[MB]\.?[AS]c?\.?|[A-Z]\.[A-Z]\.))+(?=\s*,)")
"""`Deb Roe, RRT, Manager`: degrees and licences stand between a name and its function."""


def _after_name(rest: str) -> tuple[str, str, int]:
    """Title and address after a name, and how many characters they took."""
    title, email, used = "", "", 0
    letters = _POST_NOMINALS.match(rest)
    if letters:
        used = letters.end()
    while True:
        bracket = re.match(r"\s*[(<\[]([^()<>\[\]\n]{1,120})[)>\]]", rest[used:])
        if bracket is None:
            break
        inside = bracket.group(1)
        address = ADDRESS.search(inside)
        if address:
            email = address.group().lower()
        words = ADDRESS.sub("", inside).strip(" ,;")
        title = title or words
        used += bracket.end()
    if not title:
        comma = _TITLE_AFTER_COMMA.match(rest[used:])
        if comma and not looks_like_people(comma.group("title")) and is_title(comma.group("title")):
            title = comma.group("title").strip()
            used += comma.end()
    return title, email, used


def _parse_cjk(text: str, part: Part, source: str, *, listed: bool) -> list[Mention]:
    found = []
    text = re.sub(r"[/／](?![^（(]*[)）])(?=\s*[\u3400-\u9fff])", "、", text)
    text = re.sub(
        r"[（(]([^（）()]*)[)）]", lambda match: f"（{match.group(1).replace('、', '/').replace('，', '/')}）", text
    )
    for piece in re.split(
        r"[、，,;；]|\s*(?:および|ならびに|及び|以及|和)\s*|と(?=[\u3400-\u9fff])|・(?=[\u3400-\u9fff]{1,4}(?:$|[、，（]))",
        text,
    ):
        bracket = re.search(r"（([^）]*)）", piece)
        title = bracket.group(1) if bracket else ""
        bare = re.sub(r"（[^）]*）", "", piece).strip(" 　。.")
        email = ADDRESS.search(piece)
        bare = ADDRESS.sub("", bare).strip()
        if not has_cjk(bare):
            found.extend(_parse_chunk(bare, part, source, listed=listed, single=False))
            continue
        read = read_display_name(bare)
        name = read.name
        latin = re.match(r"^([\u3400-\u9fff]{2,12})[ 　]*([A-Z][\w'’-]+(?:\s+[A-Z][\w'’-]+)+)$", bare)
        if not name and latin:
            name, title = latin.group(2), title or latin.group(1)
        if not name:
            fused = re.match(
                r"^(.*?(?:总监|经理|主管|部长|課長|部長|社長|総監|工程师|マネージャー|リーダー|担当|CTO|CEO|CPO|同事|老师))([\u3400-\u9fff]{2,4})$",
                bare,
            )
            if fused:
                name, title = fused.group(2), title or fused.group(1)
        if name and is_person_name(name):
            found.append(
                Mention(
                    name,
                    part,
                    source,
                    title or read.title,
                    email.group().lower() if email else "",
                    read.honorific,
                    listed,
                )
            )
    return found
