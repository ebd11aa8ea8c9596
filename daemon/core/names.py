"""Names of people: taken out of display names and text, compared, put in order. Never a guess at gender."""

import base64
import binascii
import quopri
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from nameparser import HumanName

from daemon.core.lexicon import lexicon
from daemon.core.phrases import fold, has_cjk

_ENCODED = re.compile(r"=\?([\w.-]+)\?([QqBb])\?([^?]*)\?=")
_HOSTILE = re.compile(r"\{\{|\{%|\$\{|<%|%>|\}\}|<\w|</|\$\(|://|[\x00-\x08\x0b-\x1f]")
_PARTICLES = frozenset(
    [
        "van",
        "von",
        "der",
        "den",
        "de",
        "del",
        "della",
        "di",
        "da",
        "dos",
        "das",
        "do",
        "du",
        "la",
        "le",
        "los",
        "las",
        "el",
        "al",
        "bin",
        "ibn",
        "ben",
        "zu",
        "zum",
        "zur",
        "ter",
        "ten",
        "te",
        "af",
        "av",
        "y",
        "e",
        "i",
        "o'",
        "d'",
        "mac",
    ]
)
_INITIAL = re.compile(r"^[^\W\d_]\.?$")
_NAME_WORD = re.compile(r"^[^\W\d_](?:[^\W\d_]|['’\-.·])*$")
_CJK_HONORIFIC = re.compile(r"(?:様|さま|さん|氏|先生|殿|君|くん|女士|先生|小姐|老师|总|经理|主任|部長|課長|社長)+$")
_CJK_NAME = re.compile(r"^[\u3400-\u9fff々\u3040-\u30ff]{1,5}(?:[ 　・·][\u3400-\u9fff々\u3040-\u30ff]{1,8})?$")
_LATIN_SUFFIX = re.compile(
    r",?\s+(?:ph\.?d\.?|md|m\.d\.|mba|msc|m\.sc\.|bsc|cpa|cfa|phr|sphr|shrm-\w+|esq\.?|jr\.?|sr\.?|ii|"
    r"iii|iv|dipl\.-ing\.|ll\.?m\.?|\(?(?:she|he|they)/(?:her|him|them)(?:/\w+)?\)?)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ReadName:
    """A person's name without titles, and what stood around it."""

    name: str
    honorific: str = ""
    title: str = ""
    """A job or note in parentheses or before the name."""
    family_name: str = ""


@lru_cache(maxsize=1)
def _honorifics() -> re.Pattern[str]:
    words = sorted({fold(word) for word in lexicon().words("people", "honorifics")}, key=len, reverse=True)
    return re.compile(
        r"^(?:(" + "|".join(re.escape(word) for word in words if not has_cjk(word)) + r")(?:\s+|(?<=\.)))+"
    )


def decoded(text: str) -> str:
    """A display name with encoded words (RFC 2047) that somebody left in a parameter, in plain."""

    def plain(found: re.Match[str]) -> str:
        charset, kind, payload = found.groups()
        try:
            raw = (
                quopri.decodestring(payload.replace("_", " "))
                if kind in "Qq"
                else base64.b64decode(payload, validate=True)
            )
            return raw.decode(charset)
        except (LookupError, ValueError, binascii.Error):
            return found.group()

    return _ENCODED.sub(plain, text)


def is_hostile(text: str) -> bool:
    """Whether a display name carries template, markup or header syntax and is therefore no name."""
    return _HOSTILE.search(text) is not None


def read_display_name(raw: str) -> ReadName:
    """The person in a display name: "Doe, Jane (HR)", "Dr. Jane Doe", "HR 刘敏"; empty if none is in it."""
    text = unicodedata.normalize("NFC", decoded(raw)).strip().strip("\"'")
    text = re.split(r"[\r\n]|\\n|\s(?:Bcc|Cc|To|From|Subject|Content-Type|X-[\w-]+):", text, maxsplit=1)[0].strip()
    if not text or "@" in text or is_hostile(text):
        return ReadName("")
    title = ""
    bracket = re.search(r"\s*[(\[（【]([^)\]）】]*)[)\]）】]\s*", text)
    if bracket:
        title = bracket.group(1).strip()
        text = (text[: bracket.start()] + " " + text[bracket.end() :]).strip()
    text, _, after = text.partition(" | ")
    title = title or after.strip()
    text, _, after = text.partition(" via ")
    if has_cjk(text):
        return _read_cjk(text, title)
    return _read_western(text, title)


def _read_cjk(text: str, title: str) -> ReadName:
    text = re.sub(r"^(?:HR|hr|Hr)\s*", "", text).strip()
    parts = re.split(r"[\s　/／]+", text)
    roles: list[str] = []
    while len(parts) >= 2 and len(parts[0]) >= 2 and _is_cjk_role(parts[0]):
        roles.append(parts.pop(0))
    title = title or " ".join(roles)
    if len(parts) > 2 and all(has_cjk(part) for part in parts):
        title = title or " ".join(parts[:-2])
        parts = parts[-2:]
    name = " ".join(parts)
    honorific = _CJK_HONORIFIC.search(name)
    if honorific and len(name) > len(honorific.group()):
        name = name[: honorific.start()].strip()
    if not _CJK_NAME.match(name):
        return ReadName("", title=title)
    family = parts[0] if len(parts) == 2 else ""
    return ReadName(name, honorific.group() if honorific else "", title, family)


_CJK_ROLE = re.compile(
    r"(?:担当|部|課|室|人事|採用|者|長|役|員|グループ|チーム|マネージャー|リーダー|エンジニア|招聘|总监|经理|主管|研究员|工程师|总裁|部门|顾问|专员|课长|组长|总监|创始人|^[A-Z]{2,4}$)"
)


def _is_cjk_role(word: str) -> bool:
    return _CJK_ROLE.search(word) is not None


def _read_western(text: str, title: str) -> ReadName:
    text = re.sub(r"\s+", " ", text).strip(" ,;:-–—")
    honorific = ""
    while found := _honorifics().match(fold(text)):
        honorific = (honorific + " " + text[: found.end()].strip()).strip()
        text = text[found.end() :].strip()
    while suffix := _LATIN_SUFFIX.search(text):
        text = text[: suffix.start()].strip(" ,")
    if text.count(",") == 1:
        last, first = (part.strip() for part in text.split(","))
        if last and first and looks_like_name(f"{first} {last}"):
            name = f"{first} {last}"
            words = first.split()
            while len(words) > 1 and words[-1].lower() in _PARTICLES:
                last = f"{words.pop()} {last}"
            return ReadName(name, honorific, title, last)
    if text.isupper() and len(text) > 3:
        text = " ".join(word if len(word) <= 2 and "." in word else word.capitalize() for word in text.split())
    if not looks_like_name(text):
        return ReadName("", honorific, title)
    return ReadName(text, honorific, title, family_name(text))


def looks_like_name(text: str) -> bool:
    """Whether words can be the name of one person, in Latin letters or Han and Kana."""
    if has_cjk(text):
        return _CJK_NAME.match(text) is not None
    words = text.replace("’", "'").split()
    if not 1 <= len(words) <= 5 or len(text) > 60:
        return False
    seen_capital = False
    for word in words:
        if not _NAME_WORD.match(word):
            return False
        if word.lower() in _PARTICLES or _INITIAL.match(word):
            continue
        if not word[0].isupper() and not word.startswith(("d'", "o'")):
            return False
        if word.isupper() and len(word) > 3:
            return False
        seen_capital = True
    return seen_capital


@lru_cache(maxsize=4096)
def family_name(name: str) -> str:
    """The family name of a Western name of two or more words, by nameparser; empty where it is unsure."""
    if has_cjk(name):
        parts = re.split(r"[ 　]", name)
        return parts[0] if len(parts) == 2 else ""
    if len(name.split()) < 2:
        return ""
    parsed = HumanName(name)
    return str(parsed.last)


def given_name(name: str) -> str:
    """The first word of a Western name, or what follows the family name in Han and Kana."""
    parts = re.split(r"[ 　]", name)
    return parts[-1] if has_cjk(name) else parts[0]


def key(name: str) -> str:
    """A name for comparison: folded, letters only, words in order."""
    return " ".join(re.sub(r"[^\w\s]", " ", fold(name)).split())


def _tokens(name: str) -> frozenset[str]:
    return frozenset(word for word in key(name).split() if word not in _PARTICLES)


def same_person(one: str, other: str) -> bool:
    """Whether two spellings can be one person: all words of the shorter occur in the longer."""
    if not one or not other:
        return False
    if has_cjk(one) or has_cjk(other):
        left, right = (re.sub(r"[\s　・·]", "", text) for text in (one, other))
        return left == right or (min(len(left), len(right)) >= 1 and (left.startswith(right) or right.startswith(left)))
    left_words, right_words = _tokens(one), _tokens(other)
    if not left_words or not right_words:
        return False
    if left_words <= right_words or right_words <= left_words:
        return True
    left_list, right_list = key(one).split(), key(other).split()
    return (
        left_list[-1] == right_list[-1]
        and left_list[0][0] == right_list[0][0]
        and 1 in (len(left_list[0]), len(right_list[0]))
    )


_ENDING = 3
_SPELLED_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "å": "aa", "ø": "oe", "æ": "ae"})


def is_inflected(one: str, other: str) -> bool:
    """Whether two full names differ in their endings only, as a case makes them: Anną Nowak is Anna Nowak."""
    left, right = key(one).split(), key(other).split()
    return 2 <= len(left) == len(right) and all(
        a[:stem] == b[:stem] and abs(len(a) - len(b)) <= _ENDING
        for a, b in zip(left, right, strict=True)
        for stem in [max(_ENDING, max(len(a), len(b)) - _ENDING)]
    )


def fits_address(name: str, address: str) -> bool:
    """Whether an address can be this person's, by its local part; ö may be o or oe there."""
    spelled_out = name.lower().translate(_SPELLED_OUT)
    return _fits(name, address) or (spelled_out != name.lower() and _fits(spelled_out, address))


def _fits(name: str, address: str) -> bool:
    local = re.sub(r"[^a-z0-9]", " ", fold(address.partition("@")[0].partition("+")[0]))
    tokens = [word for word in key(name).split() if word.isascii()]
    if not tokens or not local.strip():
        return False
    parts = [re.sub(r"\d+$", "", part) for part in local.split()]
    squeezed = "".join(parts)
    joined = "".join(tokens)
    if squeezed in (joined, "".join(reversed(tokens))):
        return True
    if any(len(token) > 2 and token in parts for token in tokens):
        return all(any(token.startswith(part) or part.startswith(token) for token in tokens) for part in parts if part)
    last = tokens[-1]
    for initial in tokens[:-1]:
        if squeezed in (initial[0] + last, last + initial[0], initial + last[0], initial + last[:2]):
            return True
    return len(tokens) > 1 and squeezed in {tokens[0], last}


def from_address(address: str) -> str:
    """The name that `first.last@` spells; empty for every other form."""
    local = address.partition("@")[0].partition("+")[0]
    parts = local.split(".")
    if len(parts) == 2 and all(re.fullmatch(r"[a-z]{2,}(?:-[a-z]{2,})?", part) for part in parts):
        return " ".join("-".join(piece.capitalize() for piece in part.split("-")) for part in parts)
    return ""
