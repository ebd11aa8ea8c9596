"""How far along the process an interview is: the most specific thing that the invite says."""

import re
from functools import lru_cache

from daemon.core.extract_text import Reading
from daemon.core.lexicon import lexicon
from daemon.core.model import Fact, Interviewer, Stage
from daemon.core.phrases import any_of, fold, has_cjk
from daemon.core.titles import is_head, is_recruiter

_ORDER = (
    Stage.TAKE_HOME_REVIEW,
    Stage.FINAL,
    Stage.RECRUITER_SCREEN,
    Stage.ONSITE,
    Stage.TECHNICAL,
    Stage.PHONE_SCREEN,
    Stage.HIRING_MANAGER,
    Stage.PANEL,
    Stage.INFORMATIONAL,
)


@lru_cache(maxsize=16)
def _patterns(code: str) -> dict[Stage, tuple[re.Pattern[str], tuple[str, ...]]]:
    """The phrases of one language, and the English ones that everybody uses."""
    spoken = [language for language in lexicon().languages if language.code in {code, "en"}]
    words = {stage: [word for language in spoken for word in language.words("stages", stage.value)] for stage in Stage}
    return {
        stage: (any_of(word for word in some if not has_cjk(word)), tuple(fold(word) for word in some if has_cjk(word)))
        for stage, some in words.items()
    }


def _says(stage: Stage, folded: str, language: str) -> str:
    pattern, ideographs = _patterns(language)[stage]
    found = pattern.search(folded)
    if found:
        return found.group()
    return next((word for word in ideographs if word in folded), "")


def stage_of(
    reading: Reading, interviewers: tuple[Interviewer, ...], sessions: int, *, language: str, role: str
) -> Fact | None:
    """The stage, with what said so; None where nothing does."""
    return _said(reading, interviewers, sessions, language, role) or _shown(reading, interviewers, sessions)


def _said(
    reading: Reading, interviewers: tuple[Interviewer, ...], sessions: int, language: str, role: str
) -> Fact | None:
    """What title or text names; words of the position itself do not count."""
    named = fold(role)
    for text, where, sure in ((reading.folded_title, "title", 0.9), (reading.folded_body, "text", 0.75)):
        without = text.replace(named, " ") if named else text
        for stage in _ORDER:
            phrase = _says(stage, without, language)
            if not phrase or _overruled(stage, where, interviewers, sessions):
                continue
            if stage is Stage.PHONE_SCREEN and len(interviewers) == 1 and _is_recruiter(interviewers[0], reading):
                return Fact(Stage.RECRUITER_SCREEN.value, f"a recruiter, {where} “{phrase}”", sure)
            return Fact(stage.value, f"{where} “{phrase}”", sure)
    return None


def _overruled(stage: Stage, where: str, interviewers: tuple[Interviewer, ...], sessions: int) -> bool:
    """Whether what is known of sessions and people says more than this phrase."""
    if stage is Stage.PANEL:
        return len(interviewers) == 1
    if stage is Stage.TECHNICAL:
        return sessions > 1
    return stage is Stage.HIRING_MANAGER and (sessions > 1 or (where == "text" and len(interviewers) > 1))


def _shown(reading: Reading, interviewers: tuple[Interviewer, ...], sessions: int) -> Fact | None:
    """What links, sessions and people show."""
    if re.search(r"coderpad\.io|hackerrank\.com|codility\.com|codesignal\.com|karat\.com", reading.links):
        return Fact(Stage.TECHNICAL.value, "a link to a coding pad", 0.8)
    if sessions > 1 and len(interviewers) > 1:
        return Fact(Stage.ONSITE.value, f"{sessions} sessions in the agenda", 0.85)
    if len(interviewers) > 1:
        return Fact(Stage.PANEL.value, f"{len(interviewers)} interviewers", 0.9)
    return _by_function(interviewers[0], reading) if interviewers else None


def _by_function(one: Interviewer, reading: Reading) -> Fact | None:
    """What the function of a single interviewer shows."""
    if _is_recruiter(one, reading):
        return Fact(Stage.RECRUITER_SCREEN.value, f"{one.title or 'the interviewer'} recruits", 0.75)
    if is_head(one.title):
        return Fact(Stage.HIRING_MANAGER.value, one.title, 0.75)
    head = _own_head(reading)
    return Fact(Stage.HIRING_MANAGER.value, f"text “{head}”", 0.7) if head else None


@lru_cache(maxsize=1)
def _first_person_head() -> re.Pattern[str]:
    return re.compile(
        r"\bi (?:lead|run|manage|head|direct|own)\b|"
        r"\bi(?:'m| am) (?:the |a |one of the )?(?:co-?)?(?:founder|owner|ceo|cto|coo|cfo|head of|director|vp|"
        r"hiring manager|manager of|managing director)\b|\b(?:report to me|my direct report)|\bich leite\b|"
        r"\bje (?:dirige|gere|pilote|manage)\b|\bmon associee?\b|\bmon equipe\b|"
        r"\b(?:dirijo|lidero)\b|\b(?:dirigo|guido)\b|\bik leid\b|\bik ben (?:de )?(?:manager|"
        r"teamleider|directeur)|\b(?:kieruje|zarzadzam)\b|\bjag (?:leder|ar chef)|"
        r"\bsono (?:il|la) (?:responsabile|direttore|direttrice|titolare)|\bsoy (?:el|"
        r"la) (?:responsable|jefe|jefa|director|directora)|\bsou (?:o|a) (?:gestor|gestora|diretor|"
        r"diretora|lider|responsavel|gerente)|"
        r"\bwith me \((?:head|director|vp|chief|manager)[^)]*\)|\bjestem (?:kierowni|dyrektor|szef|liderem|menedzer)"
    )


def _own_head(reading: Reading) -> str:
    found = _first_person_head().search(reading.folded_body)
    return found.group() if found else ""


@lru_cache(maxsize=1)
def _first_person_recruiter() -> re.Pattern[str]:
    words = "|".join(
        re.escape(fold(word))
        for word in sorted(lexicon().words("people", "recruiter_titles"), key=len, reverse=True)
        if not has_cjk(word)
    )
    return re.compile(
        rf"\b(?:i am|i'm|ich bin|je suis|soy|sono|ik ben|sou|jestem|jag ar)\s+"
        rf"(?:\w+(?:\s\w+){{0,2}},\s+)?(?:the|a|an|your|"
        rf"your in-house|an in-house|the in-house|die|der|la|le|el|il|de|en|een|o)?\s*(?:in-house\s+|"
        rf"corporate\s+|technical\s+)?(?:{words})\b"
    )


def _is_recruiter(one: Interviewer, reading: Reading) -> bool:
    if one.title and is_recruiter(one.title):
        return True
    if one.title:
        return False
    if _first_person_recruiter().search(reading.folded_body):
        return True
    first = fold(one.name.split()[0]) if one.name else ""
    for line in reading.body.split("\n"):
        folded = fold(line)
        position = folded.find(first) if first else -1
        if position >= 0 and re.match(
            r"[^.]{0,40}(?:talent (?:team|acquisition|partner)|recruit(?:er|ing)|people team|hr[ -]team)",
            folded[position + len(first) :],
        ):
            return True
    return False
