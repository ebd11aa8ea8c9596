"""What a position is called: words for an occupation, where its name ends, and what is no part of it."""

import re
from functools import lru_cache

from daemon.core.lexicon import lexicon
from daemon.core.phrases import any_of, fold, has_cjk
from daemon.core.titles import title_pattern

_GENDER = re.compile(
    r"\s*(?<!\w)[(\[]?\s*(?:all genders|gn|m\s*/\s*w\s*/\s*[dx]|w\s*/\s*m\s*/\s*[dx]|"
    r"d\s*/\s*[mw]\s*/\s*[mw]|m\s*/\s*f\s*/\s*[dx]|f\s*/\s*m\s*/\s*[dx]|m\s*/\s*v(?:\s*/\s*x)?|"
    r"v\s*/\s*m(?:\s*/\s*x)?|h\s*/\s*f(?:\s*/\s*x)?|f\s*/\s*h(?:\s*/\s*x)?|k\s*/\s*m|m\s*/\s*k|"
    r"h\s*/\s*m|m\s*/\s*f|f\s*/\s*m)\s*[)\]]?(?!\w)",
    re.IGNORECASE,
)
_REQUISITION = re.compile(
    r"\s*[(\[]?\s*\b(?:req(?:uisition)?|job|ref|id|kennziffer|ref\.?-?nr|nr|"
    r"no)?\.?\s*(?:id)?\s*[#:.]?\s*(?:[A-Z]{1,4}[-_]?\d{3,}|#?\d{4,}(?![\d/]))[)\]]?\s*[-–:]?\s*",
    re.IGNORECASE,
)
_LEVEL_TAIL = re.compile(
    r"\s*(?:,|[-–—])\s*(?:round|stage|runde|ronda|etapa|etap|steg|step|interview|entretien|entrevista|colloquio)\b.*$",
    re.IGNORECASE,
)
_OFFICE = re.compile(
    r"^(?:(?:the|our|a|an|el|la|le|il|o|a|die|de|het)\s+)?(?:post|position|role|job|vacancy|puesto|plaza|vacante|poste|"
    r"posizione|ruolo|vaga|cargo|functie|stanowisko|stelle|position)\s+(?:of|as|de|di|del|van|als|do|da)\s+|"
    r"^(?:poste|puesto|posizione|ruolo|vaga|functie|stanowisko|stelle|tjänsten?|befattningen?|rollen?|stillingen?|plaza|cargo)"
    r"\s+(?:som\s+|als\s+|av\s+)?",
    re.IGNORECASE,
)
_SHARE = re.compile(r"[\s,(]*\b\d{2,3}\s?(?:[-–]\s?\d{2,3}\s?)?%.*$")
"""How much of a full post it is."""
_APPLICANT = re.compile(
    r"[\s\-]+(?:candidate|applicant|kandidat(?:in)?|bewerber(?:in)?|candidat[oae]?|kandidaat|kandydatk?a?)$",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\s+(?:19|20)\d\d$")
_TERMS = re.compile(
    r"\d|\b(?:contract|permanent|remote|hybrid|full|part|temp|temporary|fixed|maternity|teilzeit|"
    r"vollzeit|befristet|unbefristet|cdi|cdd|alternance|stage|turno|jornada|indefinido|part-time|"
    r"full-time|"
    r"parttime|fulltime|etat|umowa|deltid|heltid|vikariat|onsite|on-site|time|freelance|onshore|tempo|"
    r"smart|homeoffice|home office|grade|band|level|london|berlin|paris|madrid|uk|us|usa|eu|emea|apac|"
    r"dach|nyc|sf)\b|^[A-Z]{2,3}$",
    re.IGNORECASE,
)


@lru_cache(maxsize=1)
def _heads() -> tuple[re.Pattern[str], tuple[str, ...]]:
    words = lexicon().words("role", "heads")
    latin = sorted({word for word in words if not has_cjk(word)}, key=len, reverse=True)
    return re.compile("|".join(f"(?:{_plural(word)})" for word in latin)), tuple(
        word for word in words if has_cjk(word)
    )


def _plural(word: str) -> str:
    if word.startswith("*"):
        return rf"(?<!\w)\w*{re.escape(fold(word[1:]))}(?!\w)"
    return title_pattern(word).replace(r"(?!\w)", r"(?:s|es|a|ę|in|:in|\*in)?(?!\w)")


def has_head(text: str) -> bool:
    """Whether a word for an occupation is in it."""
    pattern, ideographs = _heads()
    if any(word in text for word in ideographs):
        return True
    return pattern.search(fold(text)) is not None


def clean_role(raw: str) -> str:
    """A position without requisition number, gender marker, terms of contract and what else is no part of its name."""
    text = _OFFICE.sub("", raw.strip(" \t\"'“”„«»*.,;:-–—・。、"))
    text = _SHARE.sub("", _APPLICANT.sub("", text))
    text = _GENDER.sub(" ", text)
    text = _REQUISITION.sub(" ", text)
    text = _LEVEL_TAIL.sub("", text)
    for bracket in re.findall(r"\s*[（(\[][^()\[\]（）]*[)\]）]", text):
        inside = bracket.strip(" ()[]（）")
        if (
            not inside
            or _TERMS.search(inside)
            or not inside[0].isupper()
            or has_cjk(inside)
            or fold(inside) in stage_words()
        ):
            text = text.replace(bracket, "")
    text = re.sub(r"\s*[（(\[][^)\]）]*$", "", text)
    text = _YEAR.sub("", text.strip())
    text = re.sub(
        r"\s+(?:with|at|for|in|mit|bei|avec|chez|con|met|bij|com|med|hos|the|and|und|et)$",
        "",
        text.strip(),
        flags=re.IGNORECASE,
    )
    return re.sub(r"\s+", " ", text).strip(" \t\"'“”„«»*.,;:-–—・。、")


@lru_cache(maxsize=1)
def stage_words() -> frozenset[str]:
    """What a round or an interview itself is called, folded: never a position."""
    known = lexicon()
    return frozenset(
        fold(word)
        for language in known.languages
        for key in ("stage", "interview", "job_interview")
        for word in language.words("signals", key)
    )


def names_interview(piece: str) -> bool:
    """Whether a piece of the title holds a word for an interview itself."""
    return _interview_itself().search(fold(piece)) is not None


@lru_cache(maxsize=1)
def _interview_itself() -> re.Pattern[str]:
    known = lexicon()
    return any_of(
        word
        for language in known.languages
        for key in ("interview", "job_interview")
        for word in language.words("signals", key)
        if not has_cjk(word)
    )


@lru_cache(maxsize=1)
def event_name() -> re.Pattern[str]:
    """A line that labels the stage or the session."""
    words = sorted(
        {fold(word) for word in (*lexicon().words("labels", "stage"), *lexicon().words("labels", "session"))},
        key=len,
        reverse=True,
    )
    return re.compile(rf"^(?:{'|'.join(re.escape(word) for word in words)})\s*(?::|：)\s*(?P<value>\S.*)$")


@lru_cache(maxsize=1)
def interview_words() -> re.Pattern[str]:
    """Words of a title that speak of the interview, its invitation or its medium."""
    known = lexicon()
    words = [
        word
        for language in known.languages
        for key in ("interview", "job_interview", "stage", "meet", "hold")
        for word in language.words("signals", key)
        if not word.endswith("...") and not word.endswith(" the")
    ]
    words += list(known.words("cancel", "title"))
    words += [
        "invitation",
        "confirmation",
        "confirmed",
        "scheduled",
        "your",
        "invite",
        "fwd",
        "wg",
        "tr",
        "re",
        "aw",
        "einladung",
        "invito",
        "invitación",
        "convite",
        "zaproszenie",
        "inbjudan",
        "uitnodiging",
        "邀请",
        "通知",
        "安排",
        "のご案内",
        "ご案内",
        "teams",
        "zoom",
        "video",
        "phone",
        "microsoft teams",
        "competency",
        "herr",
        "frau",
        "herrn",
    ]
    latin = [word for word in words if not has_cjk(word)]
    ideographs = sorted({re.escape(fold(word)) for word in words if has_cjk(word)}, key=len, reverse=True)
    return re.compile(any_of(latin).pattern + "|" + "|".join(ideographs))


_STOPS = re.compile(
    r"(?<!\b\w)(?<!\b\w\w)(?<!\b\w\w\w)\.(?=\s|$)|\.\s+(?=[A-ZÀ-Þ])|[;!?:|\n•]|\s[-–—]\s|"
    r",\s+(?=[a-zà-ÿ])|\s+(?:at|with|and we|which|that|who|in the|in our|on our|based|we|you|is|are|"
    r"was|were|will|would|to|from|by|on|opening|position|role|vacancy|job|search|brief|"
    r"has|have|foi|fue|está|esta|ha sido|queda|a été|è stat[oa]|został[ao]?|werd|har|"
    r"bei|beim|mit|und|ist|sind|wurde|wurden|liegt|am|um|wird|werden|sich|findet|zu|vom|in unserem|in unserer|"
    r"chez|avec|au|aux|est|sera|et|dans|qui|que|à|au sujet|"
    r"con|en nuestra|en la empresa|es|será|se|tendrá|y|el próximo|"
    r"presso|è|sarà|si|tramite|che|e con|nella|nel|in data|"
    r"bij|gaat|is|wordt|op|met|en de|vindt|te|"
    r"na empresa|será|é|com|em conjunto|que|da|do|no|na|"
    r"w|jest|odbędzie|które|oraz|będzie|z|"
    r"hos|på|är|kommer|och|vid|den|med)(?=\s|$)",
)


def until_stop(rest: str) -> str:
    """A role from its first word to where the sentence goes on; a comma stays if a capital follows it."""
    end = _STOPS.search(rest)
    span = rest[: end.start()] if end else rest
    span = re.sub(
        r"^(?:(?:a|an|the|our|eine?[nmrs]?|une?|un[oa]?|il|la|le|el|een|de|uma?|en|ett|new|"
        r"neue[rnsm]?|nouveau|nouvelle)\s+)+",
        "",
        span,
        flags=re.IGNORECASE,
    )
    if span.count("(") > span.count(")"):
        span = span[: span.rfind("(")]
    head, comma, tail = re.sub(r"\s*\([^()]*\)\s*$", "", span).partition(", ")
    if comma and (not has_head(head) or len(tail.split()) > 4 or looks_sentence(tail) or not tail[:1].isupper()):
        span = head
    return span.strip()


def looks_sentence(text: str) -> bool:
    """Whether words read as part of a sentence rather than as a name of something."""
    words = [word for word in text.split() if len(word) > 2]
    lower = [word for word in words if word[0].islower()]
    return (len(words) > 4 and len(lower) > len(words) * 0.7) or bool(
        re.search(r"\b(?:you|your|we|our|i|me|my|us|vous|nous|sie|wir|je|du|vi)\b", fold(text))
    )


def capitalised(role: str, sentence: str) -> str:
    """English writes positions with capitals, `product analyst` is Product Analyst; others stay as they are."""
    if role.islower() and role.isascii() and re.search(r"\b(?:the|your|you|for|with)\b", fold(sentence)):
        return " ".join(word if word in {"of", "and", "for", "in"} else word.capitalize() for word in role.split())
    return role
