"""A company's name in full, where the text says more than a domain or a display name: `Yarra Bend University`."""

import re
from functools import lru_cache

from daemon.core.company_names import clean_company
from daemon.core.extract_text import sentences
from daemon.core.lexicon import lexicon
from daemon.core.phrases import fold, has_cjk

_PLACE = re.compile(
    r"^\W*(?:venue|where|location|address|room|ort|adresse|raum|treffpunkt|lieu|salle|lugar|direccion|luogo|sede|"
    r"indirizzo|locatie|adres|waar|local|endereco|miejsce|plats|adress|var|場所|会場|地点|地址)\b\s*[:：-]"
)
_SMALL = (
    r"(?:of|for|the|de|des|du|del|della|di|do|da|dos|der|die|das|den|dem|am|an|im|für|van|voor|het|och|la|le|les|el|w)"
)
_CAPITAL = r"[^\W\d_a-zß-öø-ÿ][\w'’&-]*"


def in_full(name: str, text: str) -> str:
    """The name with the kind of organisation that stands with it in the text, or the name itself."""
    if not name or has_cjk(name):
        return name
    best = name
    pattern = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    for sentence in sentences(text):
        if _PLACE.match(fold(sentence)):
            continue
        for found in pattern.finditer(sentence):
            left = _kind_before().search(sentence, 0, found.start())
            right = _kind_behind().match(sentence, found.end())
            full = f"{left.group('kind') if left else ''}{name}{right.group() if right else ''}"
            if len(full) > len(best):
                best = clean_company(full)
    return best


def named_by_kind(text: str) -> str:
    """The first organisation that its kind makes one: `Zahnarztpraxis am Rheinbord`, `Yarra Bend University`."""
    for sentence in sentences(text):
        found = None if _PLACE.match(fold(sentence)) else _by_kind().search(sentence)
        if found is not None:
            return clean_company(found.group())
    return ""


@lru_cache(maxsize=1)
def _by_kind() -> re.Pattern[str]:
    kinds = _kinds()
    return re.compile(
        rf"(?<!\w){kinds}(?:\s+{_SMALL}){{0,2}}(?:\s+{_CAPITAL}){{1,3}}|(?<!\w){_CAPITAL}(?:\s+{_CAPITAL}){{0,2}}\s+{kinds}(?!\w)"
    )


@lru_cache(maxsize=1)
def _kinds() -> str:
    words = sorted(set(lexicon().words("company", "nouns")), key=len, reverse=True)
    known = "|".join(rf"\w+{re.escape(word[1:])}" if word.startswith("*") else re.escape(word) for word in words)
    return rf"(?=[^\W\d_a-zß-öø-ÿ])(?i:{known})"


@lru_cache(maxsize=1)
def _kind_before() -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?P<kind>{_kinds()}(?:\s+{_CAPITAL}){{0,2}}(?:\s+d['’]\w+)?(?:\s+{_SMALL}){{0,2}}\s+)$")


@lru_cache(maxsize=1)
def _kind_behind() -> re.Pattern[str]:
    return re.compile(rf"(?:\s+{_CAPITAL}){{0,2}}?\s+{_kinds()}(?!\w)")
