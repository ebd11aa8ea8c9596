"""What an address or a link says by itself: machine, department, private mailbox, applicant system, company."""

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache

from daemon.core.lexicon import lexicon
from daemon.core.phrases import any_of, fold, has_cjk

ADDRESS = re.compile(
    r"(?<![\w.+/=&?%-])[\w.+'%-]{1,64}@(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,62}[a-zA-Z0-9])?\.)+[a-zA-Z]{2,24}(?![\w@])"
)
LINK = re.compile(
    r"\b(?:https?://|www\.)[^\s<>\"'）】」]+|\b(?:[a-z0-9-]+\.)+(?:io|com|hr|co|jp|cn|de|fr|ai)/[^\s<>\"']+",
    re.IGNORECASE,
)


class Nature(StrEnum):
    """What reads the mail at an address."""

    PERSON = "person"
    ROBOT = "robot"
    SHARED = "shared mailbox"
    NOTE_TAKER = "note-taker"
    CALENDAR = "calendar or room"
    GROUP = "mailing list"


def domain_of(address: str) -> str:
    """The part after the last @, or nothing."""
    return address.rpartition("@")[2].lower()


def _is_under(domain: str, known: frozenset[str]) -> bool:
    labels = domain.split(".")
    return any(".".join(labels[index:]) in known for index in range(len(labels) - 1))


@lru_cache(maxsize=32)
def _known(key: str) -> frozenset[str]:
    return frozenset(lexicon().domains.get(key, ()))


@lru_cache(maxsize=4096)
def is_mail_provider(domain: str) -> bool:
    """Whether private people have their mailboxes there."""
    return _is_under(domain, _known("mail_providers"))


@lru_cache(maxsize=4096)
def is_applicant_system(domain: str) -> bool:
    """Whether an applicant tracking system, interview platform or job board sends from there."""
    return _is_under(domain, _known("applicant_systems"))


@lru_cache(maxsize=4096)
def is_third_party(domain: str) -> bool:
    """Whether the domain belongs to a service and therefore names no employer."""
    return any(
        _is_under(domain, _known(key))
        for key in ("mail_providers", "applicant_systems", "schedulers", "machines", "note_takers")
    )


_LIST_HINTS = re.compile(r"(?:^|[.\-])(?:lists?|groups?|listserv|mailman|googlegroups|verteiler)(?:[.\-]|$)")
_TAIL = re.compile(r"[-_.]?\d+$")


@lru_cache(maxsize=8192)
def nature(address: str, name: str = "") -> Nature:
    """What an address is by its spelling and, where given, by the name shown with it."""
    local, _, domain = address.lower().rpartition("@")
    if _is_under(domain, _known("note_takers")) or (name and _note_taker().search(fold(name))):
        return Nature.NOTE_TAKER
    if domain.endswith(("calendar.google.com", "resource.calendar.google.com")):
        return Nature.CALENDAR
    base = local.partition("+")[0]
    stem = _TAIL.sub("", base)
    tagged = local.partition("+")[2]
    robots = _known("robot_mailboxes")
    if {base, stem, tagged} & robots or base.startswith(
        ("no-reply", "noreply", "donotreply", "bounce", "no_reply", "do-not-reply")
    ):
        return Nature.ROBOT
    if is_applicant_system(domain) or _is_under(domain, _known("schedulers")) or _is_under(domain, _known("machines")):
        return Nature.ROBOT
    if _LIST_HINTS.search(domain):
        return Nature.GROUP
    if {base, stem} & _known("shared_mailboxes") or _is_department_local(base):
        return Nature.SHARED
    return Nature.PERSON


def _is_department_local(base: str) -> bool:
    parts = re.split(r"[._\-]", base)
    return len(parts) > 1 and all(part in _known("shared_mailboxes") or part in _FILLER for part in parts)


_FILLER = frozenset(
    {
        "team",
        "ops",
        "uk",
        "us",
        "de",
        "eu",
        "emea",
        "apac",
        "global",
        "office",
        "desk",
        "the",
        "tech",
        "italia",
        "group",
        "dept",
        "it",
        "no",
    }
)


@lru_cache(maxsize=1)
def _note_taker() -> re.Pattern[str]:
    return any_of(lexicon().domains.get("note_taker_words", ()))


@lru_cache(maxsize=1)
def _departments() -> tuple[re.Pattern[str], tuple[str, ...]]:
    words = lexicon().domains.get("department_words", ())
    return any_of(word for word in words if not has_cjk(word)), tuple(word for word in words if has_cjk(word))


@lru_cache(maxsize=4096)
def is_department_name(name: str) -> bool:
    """Whether a display name is that of a department, calendar or list."""
    pattern, ideographs = _departments()
    if any(word in name for word in ideographs):
        return len(re.findall(r"[\s　]", name)) == 0 or not re.search(r"[\s　]\S{1,4}[\s　]\S{1,4}$", name)
    return pattern.search(fold(name)) is not None


@lru_cache(maxsize=1)
def _rooms() -> re.Pattern[str]:
    return any_of(lexicon().domains.get("room_words", ()))


def is_room_name(name: str) -> bool:
    """Whether a display name is that of a room or a thing."""
    return _rooms().search(fold(name)) is not None


@lru_cache(maxsize=8192)
def organisation(domain: str) -> str:
    """The domain under which an organisation registered: `bio.northern.example` is `northern.example`."""
    labels = domain.lower().split(".")
    if len(labels) <= 2:
        return domain.lower()
    keep = 3 if labels[-2] in _known("public_second_levels") and len(labels[-1]) == 2 else 2
    return ".".join(labels[-keep:])


def own_label(domain: str) -> str:
    """The name that an organisation registered: `northern` of `bio.northern.example`."""
    return organisation(domain).partition(".")[0]


@lru_cache(maxsize=4096)
def domain_words(domain: str) -> tuple[str, ...]:
    """The words of an organisation's domain, without what is no name: `larch-ai.example` is (larch,)."""
    words = [word for word in re.split(r"[-_]", own_label(domain)) if word]
    affixes = _known("domain_affixes")
    while len(words) > 1 and words[-1] in affixes:
        words.pop()
    while len(words) > 1 and words[0] in affixes and words[0] not in {"my", "go"}:
        words.pop(0)
    return tuple(words)


def domain_as_name(domain: str) -> str:
    """The domain read as words: `northwind-analytics.example` is Northwind Analytics."""
    words = domain_words(domain)
    small = {
        "and",
        "und",
        "et",
        "en",
        "och",
        "de",
        "du",
        "des",
        "di",
        "da",
        "do",
        "dos",
        "das",
        "del",
        "della",
        "van",
        "von",
        "of",
        "the",
        "for",
        "la",
        "le",
    }
    return " ".join(
        word if word in small and index else word[:1].upper() + word[1:] for index, word in enumerate(words)
    )


def squeezed(text: str) -> str:
    """Letters and digits only, folded: for comparing a name with a domain or tenant."""
    return re.sub(r"\b(?:and|et|und|e|y|en|och|i)\b|[^\w]", "", fold(text).replace("&", " ")).replace("_", "")


_TENANT_PATHS = re.compile(
    r"(?:jobs\.lever\.co|jobs\.ashbyhq\.com|you\.ashbyhq\.com|boards\.greenhouse\.io|"
    r"job-boards\.greenhouse\.io|apply\.workable\.com|"
    r"jobs\.jobvite\.com|jobs\.smartrecruiters\.com|careers\.smartrecruiters\.com|join\.com/companies|"
    r"www\.welcometothejungle\.com/[a-z]{2}/companies)/([\w-]+)",
    re.IGNORECASE,
)
_TENANT_HOSTS = re.compile(
    r"https?://(?:careers-|jobs-)?([a-z0-9-]+)\.(?:zoom\.us|teamtailor\.com|hirevue-app\.com|"
    r"hirevue\.com|icims\.com|recruitee\.com|breezy\.hr|bamboohr\.com|personio\.de|"
    r"jobs\.personio\.de|jobs\.personio\.com|personio\.com|gupy\.io|goodtime\.io|"
    r"wd\d+\.myworkdayjobs\.com|wd\d+\.myworkday\.com|myworkdayjobs\.com|softgarden\.io|"
    r"applytojob\.com|"
    r"workable\.com|homerun\.co|webex\.com|joinhandshake\.com|traffit\.com|pinpointhq\.com|jobs\.cz|"
    r"successfactors\.eu|taleo\.net|avature\.net)\b",
    re.IGNORECASE,
)
_NO_TENANT = frozenset(
    {
        "app",
        "www",
        "us02web",
        "us06web",
        "us04web",
        "jobs",
        "careers",
        "support",
        "hire",
        "my",
        "interview",
        "m",
        "us05web",
        "us",
        "eu",
        "go",
        "teams",
        "talent",
        "status",
        "help",
    }
)


def tenants(text: str) -> tuple[str, ...]:
    """The customers that links of applicant systems and conferences name: `acme` of `https://acme.zoom.us/j/1`."""
    found = [*_TENANT_PATHS.findall(text), *_TENANT_HOSTS.findall(text)]
    return tuple(
        dict.fromkeys(
            name.lower()
            for name in found
            if name.lower() not in _NO_TENANT and not re.fullmatch(r"us\d+web", name.lower())
        )
    )


def mentions(text: str, key: str) -> bool:
    """Whether a link in lower-case `text` contains a fragment of the list `key` of domains.toml."""
    return any(fragment in text for fragment in lexicon().domains.get(key, ()))


def addresses_in(text: str) -> tuple[str, ...]:
    """Every address written in a text, canonical, in order; not those inside links."""
    return tuple(dict.fromkeys(found.group().lower() for found in ADDRESS.finditer(text)))


def common_organisations(addresses: Iterable[str]) -> tuple[str, ...]:
    """The organisations of these addresses that are no service, most frequent first."""
    counts: dict[str, int] = {}
    for address in addresses:
        domain = domain_of(address)
        if domain and not is_third_party(domain):
            key = organisation(domain)
            counts[key] = counts.get(key, 0) + 1
    return tuple(sorted(counts, key=lambda key: -counts[key]))
