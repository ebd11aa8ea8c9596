"""The people whom an event's text names: who interviews, who only arranges, who applies."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from babel import Locale

from daemon.core.domains import ADDRESS
from daemon.core.extract_text import Reading, sentences
from daemon.core.lexicon import Language, lexicon
from daemon.core.names import looks_like_name, read_display_name
from daemon.core.phrases import any_of, fold, has_cjk, phrase_pattern


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


_CAP = r"[^\W\d_a-zß-öø-ÿ](?:[^\W\d_]|['’\-](?=[^\W\d_]))*"
_PARTICLE = r"(?:van|von|der|den|de|del|della|di|da|dos|das|du|la|le|el|al|bin|ibn|ben|zu|ter|ten|te|af|av|y|d'|O')"
_NAME = rf"(?:{_CAP}|[A-Z]\.)(?:\s+(?:{_PARTICLE}\s+){{0,3}}(?:{_CAP}|[A-Z]\.))*"
_TIME = re.compile(
    r"^(?:\d{1,2}(?:[:.h]\d{2})?\s*(?:am|pm|a\.m\.|p\.m\.|uhr|h|uur)?\s*(?:-|–|to|bis|a|à|until|~|〜|"
    r"－)\s*)?\d{1,2}(?:[:.h]\d{2})\s*(?:am|pm|a\.m\.|p\.m\.|uhr|h|uur)?(?:\s*(?:-|–|~|"
    r"〜)\s*\d{1,2}[:.]\d{2}\s*(?:am|pm)?)?\s*[:|)\-–,]?\s*(?=\S)",
    re.IGNORECASE,
)
_MIN_CJK_TITLE = re.compile(r"^[\u3400-\u9fff\u30a0-\u30ffー・A-Za-z&/]{2,24}$")


@lru_cache(maxsize=1)
def _honorific() -> str:
    words = sorted(
        {word for word in lexicon().words("people", "honorifics") if not has_cjk(word)}, key=len, reverse=True
    )
    return r"(?:(?:" + "|".join(re.escape(word) for word in words) + r")\s+)*"


@lru_cache(maxsize=1)
def _person_at() -> re.Pattern[str]:
    """A person with what may follow: a title in brackets or after a comma, an address."""
    article = (
        r"(?:the|our|dem|der|die|den|unserem|unserer|unseren|le|la|el|il|lo|o|a|os|as|l'|het|de|onze|vår|"
        r"naszym|naszą)?\s*"
    )
    return re.compile(
        rf"{article}(?P<honorific>(?i:{_honorific()}))(?P<name>{_NAME})(?P<rest>\s*\([^()\n]{{1,80}}\)|"
        rf"\s*<[^<>\n]{{3,80}}>)?"
    )


@lru_cache(maxsize=1)
def _function_words() -> frozenset[str]:
    """Words such as das, mas, son: in the middle of a name, with a capital, they are somebody's family name."""
    return frozenset(fold(word) for language in lexicon().languages for word in language.words("detect", "words"))


def _ordinary_words(language: Language) -> set[str]:
    """Words of one language that may be capitalised and are no names."""
    words = {fold(word) for word in language.words("detect", "words") if len(word) > 2}
    for phrase in (*language.words("role", "heads"), *language.words("role", "modifiers")):
        if "*" not in phrase:
            words.update(part for part in fold(phrase).split() if len(part) > 2)
    for section in ("labels", "stages"):
        for phrases in language.sections.get(section, {}).values():
            words.update(part.strip("*()") for phrase in phrases for part in fold(phrase).split() if len(part) > 3)
    for phrase in (*language.words("people", "greeting"), *language.words("people", "signoff")):
        words.update(fold(phrase).split())
    locale = Locale.parse(language.code)
    words.update(fold(str(name)) for name in locale.days["format"]["wide"].values())
    words.update(fold(str(name)) for name in locale.months["format"]["wide"].values())
    return words


@lru_cache(maxsize=1)
def no_names() -> frozenset[str]:
    """Words that are capitalised and yet no names: roles, departments, days, months, products."""
    known = lexicon()
    words: set[str] = set()
    for key in ("department_words", "room_words"):
        for phrase in known.domains[key]:
            words.update(fold(phrase).split())
    for language in known.languages:
        words.update(_ordinary_words(language))
    words.update(_PRODUCTS)
    return frozenset(words - _ALSO_NAMES)


_PRODUCTS = frozenset(
    [
        "google",
        "meet",
        "zoom",
        "teams",
        "microsoft",
        "webex",
        "skype",
        "slack",
        "whatsapp",
        "telegram",
        "calendly",
        "cal",
        "outlook",
        "linkedin",
        "indeed",
        "handshake",
        "hirevue",
        "karat",
        "coderpad",
        "hackerrank",
        "greenhouse",
        "lever",
        "ashby",
        "workday",
        "icims",
        "goodtime",
        "modernloop",
        "bamboohr",
        "personio",
        "teamtailor",
        "smartrecruiters",
        "excalidraw",
        "miro",
        "figma",
        "github",
        "sql",
        "python",
        "java",
        "spark",
        "excel",
        "powerpoint",
        "docs",
        "candidate",
        "link",
        "video",
        "call",
        "phone",
        "id",
        "passcode",
        "password",
        "pin",
        "street",
        "road",
        "avenue",
        "floor",
        "building",
        "campus",
        "gate",
        "room",
        "suite",
        "hq",
        "gmbh",
        "ag",
        "inc",
        "ltd",
        "llc",
        "llp",
        "sa",
        "srl",
        "bv",
        "ab",
        "oy",
        "spa",
        "plc",
        "corp",
        "company",
        "group",
        "bank",
        "university",
        "college",
        "school",
        "hospital",
        "museum",
        "europe",
        "germany",
        "france",
        "spain",
        "italy",
        "london",
        "berlin",
        "paris",
        "madrid",
        "new",
        "york",
        "please",
        "thanks",
        "thank",
        "good",
        "great",
        "level",
        "team",
        "time",
        "data",
        "stack",
        "product",
        "design",
        "engineering",
        "marketing",
        "sales",
        "finance",
        "legal",
        "operations",
        "infrastructure",
        "platform",
        "bring",
        "best",
        "dear",
        "kind",
        "regards",
    ]
)
_ALSO_NAMES = frozenset(
    [
        "mei",
        "baker",
        "cook",
        "porter",
        "carpenter",
        "guard",
        "driver",
        "head",
        "steward",
        "page",
        "handler",
        "ranger",
        "captain",
        "boulanger",
        "fellow",
        "host",
        "han",
        "hon",
        "kan",
        "son",
        "ton",
        "vid",
        "maj",
        "juni",
        "julia",
        "marzo",
        "abril",
        "avril",
        "mars",
        "may",
        "mai",
        "juni",
        "august",
        "april",
        "mar",
        "jan",
        "dan",
        "sol",
        "dom",
        "ann",
        "grace",
        "hope",
        "joy",
        "will",
        "mark",
        "bill",
        "art",
        "rob",
        "drew",
        "frank",
        "guy",
        "chase",
        "summer",
        "june",
        "sam",
        "sab",
        "mon",
        "don",
        "van",
        "dean",
    ]
)


def is_person_name(name: str, *, single: bool = False) -> bool:
    """Whether words are a person's name and not a product, day, role or department; one word only if `single`."""
    if has_cjk(name):
        return looks_like_name(name) and not any(head in name for head in _cjk_heads())
    words = name.split()
    if (len(words) < 2 and not single) or not looks_like_name(name):
        return False
    stop = no_names()
    if fold(words[0]) in stop:
        return False
    return not any(fold(word) in stop and fold(word) not in _function_words() for word in words[1:])


@lru_cache(maxsize=1)
def _cjk_heads() -> tuple[str, ...]:
    known = lexicon()
    heads = [
        word
        for code in ("ja", "zh")
        for language in known.languages
        if language.code == code
        for key in (("role", "heads"), ("people", "recruiter_titles"))
        for word in language.words(*key)
    ]
    return tuple(word for word in heads if len(word) >= 2 and has_cjk(word))


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
def _and() -> re.Pattern[str]:
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
    pattern = _person_at()
    while position < len(chunk):
        function, taken = _before_name(chunk[position:])
        position += taken
        match = pattern.match(chunk, position)
        if match is None or not match.group("name"):
            break
        name = match.group("name").strip()
        honorific = match.group("honorific").strip()
        name = _trim_name(name)
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
        separator = re.match(r"\s*,\s*(?!\s)", chunk[position:]) or _and().match(chunk[position:])
        if separator is None:
            break
        position += separator.end()
        joined = _and().match(" " + chunk[position:])
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
    for name in _full_name().finditer(text, 0, 120):
        first, _, others = name.group("name").partition(" ")
        if _titles().fullmatch(fold(first)) and _ARTICLE.fullmatch(text[: name.start()]) and is_person_name(others):
            return first, name.start("name") + len(first) + 1
        found = _FUNCTION_BEFORE.match(text, 0, name.start())
        if found is None:
            continue
        title = found.group("title")
        is_known = _titles().search(fold(title)) is not None
        if found.group("end").startswith(","):
            fits = is_known or (_INDEFINITE.match(text) is not None and title.islower())
        else:
            fits = is_known and (title.islower() or (found.group("article") is not None and " " not in title))
        if fits and not looks_like_people(title) and is_person_name(_trim_name(name.group("name"))):
            return title, found.end()
    return "", 0


@lru_cache(maxsize=1)
def _full_name() -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?i:{_honorific()})(?P<name>{_CAP}(?:\s+(?:{_PARTICLE}\s+){{0,3}}{_CAP})+)")


def names_in_title(title: str) -> list[str]:
    """Every run of words in a title that can be somebody's full name."""
    found = []
    for match in _full_name().finditer(title):
        words = match.group("name").split()
        spans = [" ".join(words[i : i + size]) for size in (3, 2) for i in range(len(words) - size + 1)]
        found += [span for span in dict.fromkeys([match.group("name"), *spans]) if is_person_name(span)]
    return found


def _trim_name(name: str) -> str:
    """Cut a run of capitalised words where a word begins that is no name."""
    kept: list[str] = []
    stop = no_names()
    for word in name.split():
        if fold(word) in stop and not (kept and fold(word) in _function_words()):
            break
        kept.append(word)
    return " ".join(kept)


_TITLE_AFTER_COMMA = re.compile(
    r"\s*,\s+(?P<title>[^,;\n()]{3,70}?)(?=\s*(?:[,;.\n]|$|\s+(?:and|und|et|y|e|en|och|i)\s+[A-Z]))"
)


def _after_name(rest: str) -> tuple[str, str, int]:
    """Title and address after a name, and how many characters they took."""
    title, email, used = "", "", 0
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


def looks_like_people(text: str) -> bool:
    """Whether words after a comma are another person."""
    match = _person_at().match(text.strip())
    return match is not None and is_person_name(_trim_name(match.group("name")))


@lru_cache(maxsize=1)
def _titles() -> re.Pattern[str]:
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
        _titles().search(fold(text)) is not None
        or re.search(r"\b(?:team|engineering|our|my|co-founder|validation|sales|product)\b", fold(text)) is not None
    )


def _parse_cjk(text: str, part: Part, source: str, *, listed: bool) -> list[Mention]:
    found = []
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


@lru_cache(maxsize=1)
def _labels() -> re.Pattern[str]:
    groups = []
    for name in ("interviewer", "coordinator", "candidate", "shadow"):
        words = sorted({fold(word) for word in lexicon().words("labels", name)}, key=len, reverse=True)
        groups.append(f"(?P<{name}>" + "|".join(re.escape(word) for word in words) + ")")
    return re.compile(
        r"^(?:" + "|".join(groups) + r")\s*(?:\([^()]{0,40}\)|（[^（）]{0,20}）)?\s*(?::|：|\s[-–]\s)\s*(?P<value>.*)$"
    )


_LABEL_PARTS = {
    "interviewer": Part.INTERVIEWER,
    "coordinator": Part.COORDINATOR,
    "candidate": Part.CANDIDATE,
    "shadow": Part.SHADOW,
}


def mentions(reading: Reading) -> list[Mention]:
    """Everybody whom title and text name with what they do."""
    found = [
        *_from_labels(reading),
        *_from_agenda(reading),
        *_from_prose(reading),
        *_from_title(reading),
        *_from_signature(reading),
        *_from_inviter(reading),
    ]
    return list(dict.fromkeys(found))


_LABEL_INSIDE = re.compile(r"(?<=[a-zà-ÿ)\d][.!?])[ \t]+(?=[A-ZÀ-Þ][^.:!?\n]{2,30}:\s)")


def _from_labels(reading: Reading) -> Iterator[Mention]:
    lines = _LABEL_INSIDE.sub("\n", reading.body).split("\n")
    for index, raw in enumerate(lines):
        line = raw.strip(" \t•·*-–")
        folded = fold(line)
        match = _labels().match(folded)
        if match is None and folded in _candidate_headers():
            yield from _from_list_below(lines[index + 1 :], Part.CANDIDATE, f"“{line}”")
        if match is None and not re.search(r"(?::|：)\s*$", folded):
            continue
        if match is not None:
            label = next(name for name in _LABEL_PARTS if match.group(name))
            value = line[match.start("value") :].strip()
        else:
            label, value = ("interviewer", "") if _with_at_end().search(folded) else ("", "")
        if not label:
            continue
        part = _LABEL_PARTS[label]
        source = f"“{line[:40]}”"
        if value:
            people = parse_people(value, part, source, listed=True)
            if part is Part.INTERVIEWER and match is not None and match.group("interviewer") in _LOOSE_LABELS:
                people = [one for one in people if one.full]
            yield from people
            continue
        yield from _from_list_below(lines[index + 1 :], part, source)


@lru_cache(maxsize=1)
def _candidate_headers() -> frozenset[str]:
    return frozenset(fold(word) for word in lexicon().words("labels", "candidate"))


_LOOSE_LABELS = frozenset({"with", "mit", "avec", "con", "met", "com", "z", "med", "host", "hosts", "担当者", "担当"})


@lru_cache(maxsize=1)
def _with_at_end() -> re.Pattern[str]:
    words = sorted(
        {
            fold(word)
            for word in (
                *lexicon().words("people", "with"),
                *lexicon().words("labels", "interviewer"),
                "real people",
                "people",
            )
        },
        key=len,
        reverse=True,
    )
    return re.compile(r"(?:" + "|".join(re.escape(word) for word in words) + r")\s*[:：]\s*$")


def _from_list_below(lines: list[str], part: Part, source: str) -> Iterator[Mention]:
    blank = 0
    seen = False
    for raw in lines:
        line = raw.strip(" \t•·*-–")
        if not line:
            blank += 1
            if seen or blank > 1:
                return
            continue
        name, comma, title = line.partition(", ")
        alone = (
            parse_people(name, part, source, listed=True, single=False)
            if comma and len(title) < 70 and not _and().search(f" {title} ")
            else []
        )
        people = (
            [replace(alone[0], title=title)]
            if len(alone) == 1
            else parse_people(line, part, source, listed=True, single=False)
        )
        if not people:
            return
        seen = True
        yield from people


def _from_agenda(reading: Reading) -> Iterator[Mention]:
    """Lines that begin with a time: the people at their end are met."""
    for line in reading.lines:
        time = _TIME.match(line)
        if time is None or time.end() < 4 or len(line) > 200:
            continue
        content = line[time.end() :].strip()
        source = f"agenda “{line[:50]}”"
        people = _prose_people(content, source, listed=True)
        if not people:
            for separator in (r"\s[-–—|]\s", r":\s+", r",\s+"):
                pieces = re.split(separator, content, maxsplit=1)
                if len(pieces) == 2:
                    people = parse_people(pieces[1], Part.INTERVIEWER, source, listed=True, single=False)
                    if people:
                        if separator == r",\s+" and is_title(pieces[0]) and len(people) == 1 and not people[0].title:
                            people = [replace(people[0], title=pieces[0].strip())]
                        break
        if not people:
            people = parse_people(content, Part.INTERVIEWER, source, listed=True, single=False)
        yield from people


@lru_cache(maxsize=1)
def _with() -> re.Pattern[str]:
    return re.compile(any_of(word for word in lexicon().words("people", "with") if not has_cjk(word)).pattern)


@lru_cache(maxsize=1)
def _will() -> re.Pattern[str]:
    return re.compile(any_of(word for word in lexicon().words("people", "will") if not has_cjk(word)).pattern)


_BEFORE_WILL = re.compile(
    rf"(?P<people>{_NAME}(?:\s*\([^()\n]{{1,80}}\)|,\s+[^,.\n]{{3,60}},?|"
    rf"\s+from\s+[^,.\n]{{2,40}})?(?:\s*(?:,|\b(?:and|und|et|y|e|en|och|i|"
    rf"oraz)\b)\s*{_NAME}(?:\s*\([^()\n]{{1,80}}\))?)*)[\s,]*$"
)


def _prose_people(sentence: str, source: str, *, listed: bool = False) -> list[Mention]:
    folded = fold(sentence)
    found: list[Mention] = []
    for match in _with().finditer(folded):
        start = match.end()
        while start < len(sentence) and sentence[start] in " \t:":
            start += 1
        people = parse_people(sentence[start:], Part.INTERVIEWER, source, listed=listed, single=True)
        if len(people) < 2 and not any(one.full for one in people):
            people = _in_bracket(sentence[start:], source, listed=listed) or people
        for person in people:
            if not any(person.name == other.name for other in found):
                found.append(person)
    return found


def _in_bracket(text: str, source: str, *, listed: bool) -> list[Mention]:
    """`with the purchasing team (Ana Ruiz, Bo Li)`: a bracket that holds nothing but full names."""
    found = re.match(r"[^()\n.:]{2,50}\(([^()\n]{5,160})\)", text)
    pieces = [piece for piece in re.split(r"\s*[,;]\s*", _and().sub(", ", found.group(1))) if piece] if found else []
    if not pieces or not all(is_person_name(piece) for piece in pieces):
        return []
    return [Mention(piece, Part.INTERVIEWER, source, listed=listed) for piece in pieces]


def _from_prose(reading: Reading) -> Iterator[Mention]:
    if has_cjk(reading.body):
        yield from _from_cjk_prose(reading)
    for sentence in sentences(reading.body):
        if len(sentence) > 600:
            continue
        source = f"text “{sentence[:60]}”"
        yield from _prose_people(sentence, source)
        folded = fold(sentence)
        for match in _will().finditer(folded):
            before = _BEFORE_WILL.search(sentence[: match.start()])
            if before:
                people = parse_people(_from_first_name(before.group("people")), Part.INTERVIEWER, source, single=True)
                yield from people


def _from_first_name(text: str) -> str:
    """Drop leading capitalised words that are no name ("Tomorrow Jane Roe")."""
    words = text.split()
    stop = no_names()
    while words and fold(words[0].strip(",")) in stop:
        words.pop(0)
    return " ".join(words)


_CJK_NAME_IN_PROSE = re.compile(
    r"(?:由|与|和|跟|、)([^，。、\s]{2,24}?)(?=(?:两位|三位)?(?:同事)?(?:主持|负责|面试|担任|将|会|和|与|、|跟))"
)
_CJK_BY = re.compile(
    r"由[ 　]?([A-Za-z]{2,5}[ 　]?|[\u3400-\u9fff]{2,10}?(?:总监|经理|主管|总裁|总|负责人|创始人)[ 　]?|"
    r"[\u3400-\u9fff]{2,8}[ 　])?([\u3400-\u9fff]{2,3})[ 　]?(?:与|和|跟|为)(?:您|你)"
)
_CJK_IS = re.compile(
    r"面[试接][官者](?:为|是|は)[ 　]?([\u3400-\u9fffA-Za-z]{2,12}?[ 　])?([\u3400-\u9fff々]{2,4}"
    r"(?:[ 　][\u3400-\u9fff々]{1,3})?)(?=[ 　]*(?:[，。、,;；！]|$|です|でございます|が|老师|先生|女士|さん|様))"
)
_CJK_WILL = re.compile(
    r"([\u3400-\u9fff々]{1,4}[ 　]?[\u3400-\u9fff々\u3040-\u30ff]{0,4}?)(?:（([^）]*)）)?[ 　]?(?:が|より|"
    r"様が)(?:面接を担当|担当|対応|同席|面接いた|お話|お電話)"
)


def _from_cjk_prose(reading: Reading) -> Iterator[Mention]:
    for sentence in sentences(reading.body):
        source = f"text “{sentence[:40]}”"
        for match in _CJK_NAME_IN_PROSE.finditer(sentence):
            yield from parse_people(match.group(1), Part.INTERVIEWER, source)
        for match in (*_CJK_BY.finditer(sentence), *_CJK_IS.finditer(sentence)):
            yield Mention(match.group(2), Part.INTERVIEWER, source, (match.group(1) or "").strip())
        for match in _CJK_WILL.finditer(sentence):
            name = match.group(1).strip()
            if is_person_name(name) and len(name) > 1:
                yield Mention(name, Part.INTERVIEWER, source, match.group(2) or "")


def _from_title(reading: Reading) -> Iterator[Mention]:
    source = "the title"
    if has_cjk(reading.title):
        return
    yield from _prose_people(reading.title, source)
    for piece in re.split(r"\s[-–—|]\s|\s<>\s|:\s", reading.title):
        match = _person_at().match(piece.strip())
        if match and match.group("rest") and match.group("rest").strip().startswith("("):
            people = parse_people(piece, Part.INTERVIEWER, source, single=False)
            yield from (one for one in people if one.title and is_title(one.title))


_SIGN_LINE = re.compile(
    rf"^[/\-–—]?\s*(?P<name>{_NAME})\s*(?:\((?P<bracket>[^()]{{2,60}})\)|[,|]\s*(?P<after>[^|"
    rf"\n]{{2,90}}))?\s*(?:\|\s*(?P<bar>[^\n]{{2,90}}))?$"
)


def _from_signature(reading: Reading) -> Iterator[Mention]:
    """Lines that hold nothing but a name, and perhaps a function: who wrote this."""
    lines = [line.strip() for line in reading.body.split("\n")]
    for index, line in enumerate(lines):
        if has_cjk(line):
            match = re.match(
                r"^(?:HR\s*)?([\u3400-\u9fff々]{1,4}[ 　]?[\u3400-\u9fff々\u3040-\u30ff]{0,4})"
                r"(?:[（(]([^）)]+)[)）])?$",
                line,
            )
            if match and is_person_name(match.group(1)) and index > 0:
                yield Mention(
                    match.group(1), Part.SIGNER, "signature", match.group(2) or ("HR" if line.startswith("HR") else "")
                )
            continue
        if not line or len(line) > 120 or index == 0:
            continue
        inline = re.search(rf"\s[-–—/]\s?({_CAP})$", line)
        if inline and is_person_name(inline.group(1), single=True):
            yield Mention(inline.group(1), Part.SIGNER, "signature")
            continue
        match = _SIGN_LINE.match(line)
        if match is None or not is_person_name(match.group("name"), single=True):
            continue
        title = match.group("bracket") or match.group("after") or match.group("bar") or ""
        below = next((other for other in lines[index + 1 : index + 2] if other), "")
        if not title and below and len(below) < 90 and (is_title(below)):
            title = below
        yield Mention(match.group("name"), Part.SIGNER, "signature", title)


_INVITER = re.compile(
    rf"^(?P<name>{_NAME})\s+(?:is inviting you|invites you|le está invitando|te está invitando|"
    rf"lädt Sie|vous invite|ti sta invitando|nodigt|convida|está convidando|zaprasza|bjuder in|"
    rf"has invited you)",
    re.MULTILINE,
)


def _from_inviter(reading: Reading) -> Iterator[Mention]:
    for match in _INVITER.finditer(reading.body):
        if is_person_name(match.group("name")):
            yield Mention(match.group("name"), Part.INVITER, "who sent the meeting")
    for match in re.finditer(
        r"^([\u3400-\u9fff々]{1,4}[ 　][\u3400-\u9fff々\u3040-\u30ff]{1,4})さんがあなたを", reading.body, re.MULTILINE
    ):
        yield Mention(match.group(1), Part.INVITER, "who sent the meeting")
