"""What companies are called: names without legal form and department, and those that a domain is short for."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from daemon.core.domains import (
    ADDRESS,
    is_department_name,
    own_label,
    squeezed,
)
from daemon.core.lexicon import lexicon
from daemon.core.model import Fact
from daemon.core.phrases import fold, has_cjk

_LEGAL = re.compile(
    r"[\s,]+(?:g?gmbh(?:\s*&\s*co\.?(?:\s*kg(?:aa)?)?)?|sp|mbh|mbb|partg|ug|gag|ag|se|kg|ohg|e\.\s?v\.|eg|llp|llc|l\.l\.c\.|"
    r"inc\.?|"
    r"corp\.?|ltd\.?|limited|pvt|private limited|plc|pty|cic|k\.k\.|co\.?|aps|s\.r\.o\.|d\.o\.o\.|"
    r"b\.?v\.?|n\.?v\.?|ab|oy|oyj|a/s|asa|s\.?a\.?s?\.?|sarl|"
    r"s\.à\.?\s?r\.?l\.?|s\.?p\.?a\.?|s\.?r\.?l\.?|s\.?l\.?u?\.?|"
    r"lda\.?|ltda\.?|s\.?\s?c\.?|sp\.?\s*z\s*o\.?\s*o\.?|sp\.\s?[kj]\.|s\.a\.)\.?$",
    re.IGNORECASE,
)
_LEGAL_CJK = re.compile(
    r"^(?:株式会社|有限会社|合同会社|一般社団法人)\s*|\s*(?:株式会社|有限会社|合同会社|（株）|\(株\)|股份有限公司|有限责任公司|有限公司|集团)$"
)
_THROUGH = re.compile(
    r"\s+(?:via|through|über|through|tramite|por meio d[aeo]|door|poprzez)\s+\S+(?:\s\S+)?$", re.IGNORECASE
)
"""Behind it stands the service that sent the invite."""
AGENCY = re.compile(
    r"(?:^|[-.])(?:search|recruit\w*|staffing|headhunt\w*|personnel|resourcing|placements?|zeitarbeit|"
    r"personalberatung|personalvermittlung|manpower|hays|talentsearch|executive|executives|interim\w*|"
    r"detachering|uitzend\w*|bemanning\w*|rekryter\w*|selezione|rekrutacja\w*|recrut\w*|seleccion|selecao|werving)"
    r"(?:[-.]|$)|"
    r"\w(?:recruit(?:ment|ing|ers?)?|staffing|headhunt(?:ers?|ing)|recrutement|rekrytering|personalberatung)$"
)
RUN = re.compile(
    r"[^\W\d_a-zß-öø-ÿ][\w'’.&+]*(?:\s+(?:(?:&|and|und|et|y|e|of|de|du|des|della|di|do|da|dos|van|von|"
    r"voor|för|för|la|le)\s+)?[^\W\d_a-zß-öø-ÿ&][\w'’.&+]*|\s+&\s+[^\W\d_][\w'’.]*)*"
)


def clean_company(raw: str) -> str:
    """A company's name without legal form, department words and location."""
    text = re.sub(r"\s*[（(\[][^()（）\[\]]*[)）\]]\s*", " ", raw)
    text = re.sub(r"\s+", " ", text).strip(" \t\"'“”„«».,;:-–—|・")
    text = _LEGAL_CJK.sub("", text)
    text = re.sub(r"(?:株式会社|有限会社)", "", text)
    while found := _LEGAL.search(text):
        text = text[: found.start()].strip(" ,")
    return text.strip()


@lru_cache(maxsize=1)
def _strips() -> tuple[re.Pattern[str], tuple[str, ...]]:
    words = lexicon().words("company", "strip")
    latin = "|".join(re.escape(fold(word)) for word in sorted(set(words), key=len, reverse=True) if not has_cjk(word))
    return re.compile(rf"(?:^(?:{latin})\s+(?:at\s+|bei\s+)?|\s+(?:{latin})$)"), tuple(
        word for word in words if has_cjk(word)
    )


def without_department(name: str) -> str:
    """`Halvorsen Freight Recruiting` is Halvorsen Freight."""
    pattern, ideographs = _strips()
    text = clean_company(_THROUGH.sub("", name))
    for _ in range(4):
        found = pattern.search(fold(text))
        if found is None:
            break
        text = (text[: found.start()] + text[found.end() :] if found.start() == 0 else text[: found.start()]).strip(
            " ,-–|"
        )
    for word in sorted(ideographs, key=len, reverse=True):
        if text.endswith(word) and len(text) > len(word) + 1:
            text = text[: -len(word)].strip()
    return clean_company(text)


def is_service(name: str) -> bool:
    """Whether a name is that of an applicant system, scheduler or provider."""
    plain = squeezed(name)
    return plain in _services() or any(
        plain == service + tail
        for service in _services()
        for tail in ("events", "talentscheduler", "interview", "calendar", "notifications", "meeting", "meetings")
    )


@lru_cache(maxsize=1)
def _services() -> frozenset[str]:
    domains = lexicon().domains
    return frozenset(
        squeezed(own_label(domain))
        for key in ("applicant_systems", "schedulers", "machines", "mail_providers", "note_takers")
        for domain in domains[key]
    ) | {
        "microsoftteams",
        "googlemeet",
        "googlecalendar",
        "zoom",
        "teams",
        "outlook",
        "calendly",
        "handshake",
        "linkedin",
        "linkedinevents",
        "careerservicesmanager",
        "careerservices",
        "hirevue",
        "greenhouse",
        "lever",
        "ashby",
        "workday",
    }


def without_e(label: str) -> str:
    """A domain spells ö as oe, where a folded name has o."""
    return re.sub(r"([aou])e", r"\1", label)


def exact_runs(text: str, labels: Iterable[str]) -> Iterator[str]:
    """Capitalised words that are a domain letter for letter, whatever those words mean elsewhere."""
    if has_cjk(text):
        return
    wanted = {label for label in labels if len(label) > 3}
    for match in RUN.finditer(ADDRESS.sub(" ", text)):
        words = match.group().rstrip(".").split()
        for start in range(min(len(words), 6)):
            for end in range(len(words), start + 1, -1):
                run = " ".join(words[start:end]).rstrip(".,")
                bare = " ".join(word for word in run.split() if word.islower() is False)
                if squeezed(run) in wanted or squeezed(bare) in wanted:
                    yield run


def abbreviates(label: str, name: str) -> bool:
    """Whether a domain is short for a name: `brackbs` for Brack Building Society, `tidalstats` for Tidal Statistics."""
    words = squeezed_words(name)
    if len(words) > 2 and len(words[0]) > 3 and label == words[0] + words[-1]:
        return True
    return any(
        len(words[start]) > 3
        and label.startswith(words[start])
        and _prefixes(label[len(words[start]) :], words[start + 1 :])
        for start in range(len(words) - 1)
    )


def squeezed_words(name: str) -> list[str]:
    """The words of a name, squeezed, without small ones."""
    return [word for word in (squeezed(part) for part in name.split()) if word]


def _prefixes(rest: str, words: Sequence[str]) -> bool:
    """Whether the rest of a domain is made of the beginnings of exactly these words; a plural s may follow."""
    if not words:
        return rest in {"", "s"}
    return any(
        rest.startswith(words[0][:size]) and _prefixes(rest[size:], words[1:]) for size in range(1, len(words[0]) + 1)
    )


def is_person_in(name: str, people: Iterable[str]) -> bool:
    """Whether a name is, or contains, one of the invited people."""
    folded = fold(name)
    return any(person and (person == folded or person in folded or folded in person.split()) for person in people)


@lru_cache(maxsize=1)
def department_words() -> frozenset[str]:
    """Departments and shared mailboxes, folded."""
    return frozenset(fold(word) for word in lexicon().domains["department_words"]) | frozenset(
        fold(word) for word in lexicon().domains["shared_mailboxes"]
    )


@lru_cache(maxsize=1)
def edge_words() -> frozenset[str]:
    """Words that may be capitalised beside a company's name without being part of it."""
    known = lexicon()
    words: set[str] = set()
    for language in known.languages:
        words.update(fold(word) for word in language.words("detect", "words"))
        for key in ("interview", "job_interview", "stage"):
            for phrase in language.words("signals", key):
                words.update(part.strip("*.") for part in re.split(r"[\s\-]+", fold(phrase)) if len(part) > 3)
        for key in ("greeting", "signoff", "honorifics"):
            for phrase in language.words("people", key):
                words.update(fold(phrase).split())
        words.update(fold(word) for word in language.words("company", "strip") if " " not in word)
        words.update(fold(word) for word in language.words("role", "modifiers"))
    return frozenset(
        (
            words
            | {
                "your",
                "interview",
                "join",
                "zoom",
                "teams",
                "google",
                "meet",
                "microsoft",
                "hirevue",
                "karat",
                "video",
                "position",
                "role",
                "job",
                "team",
                "the",
                "our",
                "with",
                "for",
                "at",
                "re",
                "fwd",
                "invitation",
                "live",
                "phone",
                "online",
                "bcc",
                "cc",
                "subject",
            }
        )
        - {"sky", "bank", "group", "grupo", "gruppo", "groep", "gruppe", "groupe", "grupa"}
    )


_CJK_FIRM = (
    "学校|中学|小学|大学|学院|幼儿园|研究院|研究所|出版社|酒店|餐厅|书店|事务所|设计院|医疗|制药|农业|地产|物业|健康|游戏|科技|公司|集团|银行|网络|信息|传媒|教育|零售|物流|医药|智能|数据|软件|电子|资本|"
    "证券|汽车|能源|食品|电商|医院|保险|基金|咨询|文化|实业|生物|通信|航空"
)


def introduces_firmly(phrase: str) -> bool:
    """Whether words before a name introduce a company rather than anybody."""
    return fold(phrase).strip() not in {
        "with",
        "mit",
        "con",
        "met",
        "com",
        "med",
        "z",
        "at",
        "from",
        "of",
        "bei",
        "di",
        "na",
        "no",
        "da",
        "do",
        "en",
        "call with",
        "chat with",
        "meeting with",
        "conversation with",
        "på",
        "från",
        "von",
        "hos",
    }


def company_in_cjk(text: str) -> Fact | None:
    """The company that a Chinese or Japanese text names by legal form, trade or brackets."""
    for pattern in (
        r"株式会社([^\s、。（）「」【】の]{1,16})",
        r"([^\s、。（）「」【】：:]{1,16}?)株式会社",
        r"株式会社\s*([^\s、。（）「」【】の]{1,16})",
        r"([^\s、。（）「」【】：:]{1,16}?)\s*株式会社",
        rf"(?:参加|加入|应聘|来自|关于|【)\s*([^\s，。、（）的【】]{{2,8}}?(?:{_CJK_FIRM}))",
        rf"(?:^|[-–—|·:：]\s*)([\u3400-\u9fff]{{2,8}}?(?:{_CJK_FIRM}))\s*(?:$|[-–—|·(（\n])",
        (
            r"(?:感谢你投递|感谢您投递|感谢您应聘|感谢你应聘)([^\s，。、（）]{2,8}?(?:学校|中学|小学|大学|学院|幼儿园|研究院|研究所|出版社|酒店|餐厅|书店|事务所|设计院|医疗|制药|农业|地产|物业|健康|游戏|科技|公司|集团|银行|网络|信息|传媒|教育|零售|物流|医药|智能|数据|"
            r"软件|电子|资本|证券|汽车|能源|食品|电商))"
        ),
        r"【([^】]{2,16})】",
        r"（([^（）×x]{1,16}?)\s*[×x]\s*[^（）]{1,16}）",
        r"([^\s，。、（）：:]{2,12}?)(?:有限公司|股份|集团)",
        r"(?:面接|面試|面试|選考)[：:]\s*([^\s　：:（(]{2,16})[\s　]",
    ):
        for match in re.finditer(pattern, text):
            name = without_department(match.group(1))
            if (
                name
                and not is_department_name(name)
                and not is_service(name)
                and not re.search(
                    r"面接|面试|面談|選考|中止|オンライン|重要|株式|様|さん|職|エンジニア|工程师|经理", name
                )
            ):
                return Fact(name, f"text “{match.group()[:20]}”", 0.85)
    return None
