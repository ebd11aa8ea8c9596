"""Which words of a text are a person's name, and which are capitalised and yet none."""

import re
from functools import lru_cache

from babel import Locale

from daemon.core.lexicon import Language, lexicon
from daemon.core.names import looks_like_name
from daemon.core.phrases import fold, has_cjk

CAP = r"[^\W\d_a-zß-öø-ÿ](?:[^\W\d_]|['’\-](?=[^\W\d_]))*"
_PARTICLE = r"(?:van|von|der|den|de|del|della|di|da|dos|das|du|la|le|el|al|bin|ibn|ben|zu|ter|ten|te|af|av|y|d'|O')"
NAME = rf"(?:{CAP}|[A-Z]\.)(?:\s+(?:{_PARTICLE}\s+){{0,3}}(?:{CAP}|[A-Z]\.))*"


@lru_cache(maxsize=1)
def _honorific() -> str:
    words = sorted(
        {word for word in lexicon().words("people", "honorifics") if not has_cjk(word)}, key=len, reverse=True
    )
    return r"(?:(?:" + "|".join(re.escape(word) for word in words) + r")\s+)*"


@lru_cache(maxsize=1)
def person_at() -> re.Pattern[str]:
    """A person with what may follow: a title in brackets or after a comma, an address."""
    article = (
        r"(?:the|our|dem|der|die|den|unserem|unserer|unseren|le|la|el|il|lo|o|a|os|as|l'|het|de|onze|vår|"
        r"naszym|naszą)?\s*"
    )
    return re.compile(
        rf"{article}(?P<honorific>(?i:{_honorific()}))(?P<name>{NAME})(?P<rest>\s*\([^()\n]{{1,80}}\)|"
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
        "marco",
        "mason",
        "turner",
        "farmer",
        "singer",
        "butler",
        "usher",
        "weaver",
        "cutter",
        "glazier",
        "forester",
        "painter",
        "judge",
        "priest",
        "pastor",
        "miner",
        "sergeant",
        "constable",
        "chaplain",
        "verger",
        "warden",
        "gardener",
        "tailor",
        "bishop",
        "canon",
        "father",
        "brother",
        "major",
        "general",
        "bakker",
        "visser",
        "slager",
        "kok",
        "schipper",
        "boer",
        "schilder",
        "timmerman",
        "metselaar",
        "matroos",
        "boucher",
        "charpentier",
        "marin",
        "peintre",
        "couturier",
        "sommelier",
        "facteur",
        "zapatero",
        "marinero",
        "portero",
        "sarto",
        "fabbro",
        "malarz",
        "stolarz",
        "rolnik",
        "krawiec",
        "rybak",
        "tokarz",
        "murarz",
        "kucharz",
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


@lru_cache(maxsize=1)
def full_name() -> re.Pattern[str]:
    """Given and family name, with whatever honorific is before them."""
    return re.compile(rf"(?<!\w)(?i:{_honorific()})(?P<name>{CAP}(?:\s+(?:{_PARTICLE}\s+){{0,3}}{CAP})+)")


def names_in_title(title: str) -> list[str]:
    """Every run of words in a title that can be somebody's full name."""
    found = []
    for match in full_name().finditer(title):
        words = match.group("name").split()
        spans = [" ".join(words[i : i + size]) for size in (3, 2) for i in range(len(words) - size + 1)]
        found += [span for span in dict.fromkeys([match.group("name"), *spans]) if is_person_name(span)]
    return found


def trim_name(name: str) -> str:
    """Cut a run of capitalised words where a word begins that is no name."""
    kept: list[str] = []
    stop = no_names()
    for word in name.split():
        if fold(word) in stop and not (kept and fold(word) in _function_words()):
            break
        kept.append(word)
    return " ".join(kept)


def looks_like_people(text: str) -> bool:
    """Whether words after a comma are another person."""
    match = person_at().match(text.strip())
    return match is not None and is_person_name(trim_name(match.group("name")))
