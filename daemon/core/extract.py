"""The position that an interview is about, from labels, wording and title; left out where nothing is sure enough."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from daemon.core.domains import squeezed
from daemon.core.extract_text import Reading, sentences
from daemon.core.lexicon import lexicon
from daemon.core.model import Fact
from daemon.core.names import same_person
from daemon.core.person_names import is_person_name
from daemon.core.phrases import any_of, fold, has_cjk, phrase_pattern
from daemon.core.role_phrases import CJK_ROLES, FIRM_LABELS, NOT_FIRST, VAGUE
from daemon.core.role_words import (
    capitalised,
    clean_role,
    event_name,
    has_head,
    interview_words,
    looks_sentence,
    names_interview,
    stage_words,
    until_stop,
)

_SURE_ENOUGH = 0.55
_SEPARATOR = re.compile(
    r"\s*[|｜]\s*|\s+[-–—|·•]+\s*|\s*[-–—|]+\s+|\s*<+>+\s*|\s+/\s+|\s*[:：]\s*|\s+[x×]\s+|\s*//\s*|\s+@\s+|"
    r"\s*[【】「」『』]\s*|\s*,\s+(?=(?:interview|entretien|entrevista)\b)",
    re.IGNORECASE,
)
_COMPOSED = re.compile(rf"{_SEPARATOR.pattern}|[（(]", re.IGNORECASE)


@lru_cache(maxsize=1)
def _label_pattern() -> re.Pattern[str]:
    words = sorted({fold(word) for word in lexicon().words("labels", "role")}, key=len, reverse=True)
    body = "|".join(re.escape(word) for word in words)
    return re.compile(rf"^(?:{body})(?:\s*/\s*\w+)?\s*(?:\?\s*)?(?::|：|\s[-–]\s)\s*(?P<value>\S.*)$")


@lru_cache(maxsize=1)
def _label_alone() -> frozenset[str]:
    return frozenset(fold(word) for word in lexicon().words("labels", "role"))


_ASKED_FOR = re.compile(
    r"^[^:]{0,60}\b(?:roles?|positions?|openings?|jobs?|vacanc(?:y|ies)|posts?|stelle|poste|puesto|posizione|vacature|vaga|"
    r"stanowisko|tjanst)\b[^:]{0,40}\?\s*:\s*(?P<value>\S.*)$"
)
"""A booking page's own question, answered: `Which of our openings is this about?: Senior Buyer`."""
_AT_SOMEBODY = re.compile(r"\s+(?:[Aa]t|@|[Bb]ei|[Cc]hez|[Pp]resso|[Hh]os|[Bb]ij)\s+(?=[^\W\d_a-zß-öø-ÿ])")
"""Where the employer begins behind a position; only words that no position's own name holds."""


_LEGAL_TAIL = (
    r"(?:GmbH|AG|SE|KG|Inc|LLC|Ltd|plc|S\.?A\.?|S\.?L\.?|S\.?r\.?l\.?|S\.?p\.?A\.?|B\.?V\.?|N\.?V\.?|AB|Sp)\b.*"
)


class RoleSearch:
    """Looks for the position in one reading; a short-lived worksheet."""

    def __init__(
        self, reading: Reading, own: Sequence[str], names: Sequence[str], company: str, titles: Sequence[str] = ()
    ) -> None:
        self.reading = reading
        self.own = own
        self.names = [name for name in names if name]
        self.company = company
        self.titles = frozenset(fold(title) for title in titles)
        """Functions of the people named: a loose line that repeats one says nothing about the position."""

    def find(self) -> Fact | None:
        """The surest position, if any is sure enough."""
        best: Fact | None = None
        loose = (fact for fact in self._in_lines() if fold(fact.value) not in self.titles)
        titled = list(self._in_title())
        for fact in (*self._labelled(), *self._in_prose(), *titled, *loose):
            if fact.sure >= _SURE_ENOUGH and (best is None or fact.sure > best.sure):
                best = fact
        if best is not None:
            # `Fachkraft (m/w/d) in der Krippe` in the text, `Fachkraft (m/w/d)` in the title: the rest says where.
            shorter = (f for f in titled if f.sure >= _SURE_ENOUGH and _says_where(best.value, f.value))
            best = next(shorter, best)
        return best

    def _accept(self, raw: str, *, need_head: bool = True) -> str:
        role = self._without_company(clean_role(raw))
        if not 2 <= len(role) <= 90 or len(role.split()) > 10:
            return ""
        if need_head and not has_head(role):
            return ""
        folded = fold(role)
        if any(folded == fold(name) or same_person(role, name) for name in self.names) or folded in stage_words():
            return ""
        if self.company and squeezed(role) in squeezed(self.company):
            return ""
        if any(re.match(phrase_pattern(word), folded) for word in _not_roles()) or NOT_FIRST.match(folded):
            return ""
        if re.search(r"\b(?:" + "|".join(re.escape(word) for word in _verbs()) + r")\b", folded):
            return ""
        return role

    def _without_company(self, role: str) -> str:
        if self.company:
            pattern = re.escape(self.company)
            role = re.sub(
                rf"^{pattern}[\s,:–\-]*|[\s,–\-]*(?:\b(?:at|bei|beim|chez|en|presso|bij|na|w|hos|på|no|da|do|in)\b\s+)?"
                rf"(?:(?:der|dem|den|the|la|le|el|il|het|de)\s+)?{pattern}(?:\s+{_LEGAL_TAIL})?$",
                "",
                role,
                flags=re.IGNORECASE,
            ).strip()
        employer = _AT_SOMEBODY.search(role)
        if employer and has_head(role[: employer.start()]):
            role = role[: employer.start()]
        return role.strip(" ,-–")

    def _labelled(self) -> Iterator[Fact]:
        lines = self.reading.body.split("\n")
        for index, raw in enumerate(lines):
            line = raw.strip(" \t•·*")
            folded = fold(line)
            match = _label_pattern().match(folded)
            match = match or _ASKED_FOR.match(folded)
            if match:
                value = line[match.start("value") :]
                role = self._accept(value, need_head=False)
                label = line[: match.start("value")].strip(" :：-")
                if (
                    role
                    and (has_head(role) or fold(label) in FIRM_LABELS or has_cjk(label))
                    and not is_person_name(role)
                ):
                    yield Fact(role, f"“{label}”", 0.95 if has_head(role) else 0.8)
            elif folded.rstrip(":") in _label_alone() and index + 1 < len(lines):
                below = next((other.strip() for other in lines[index + 1 : index + 3] if other.strip()), "")
                role = self._accept(below)
                if role:
                    yield Fact(role, f"below “{line}”", 0.9)

    def _in_prose(self) -> Iterator[Fact]:
        for place, text in (("text", self.reading.body), ("title", self.reading.title)):
            if has_cjk(text):
                yield from self._in_cjk(text, place)
            for sentence in sentences(text):
                yield from self._in_sentence(sentence, place)

    def _in_sentence(self, sentence: str, place: str) -> Iterator[Fact]:
        folded = fold(sentence)
        for match in _between().finditer(folded):
            role = self._last_role(sentence[match.start("role") : match.end("role")])
            if role and role[0].isalnum():
                yield Fact(capitalised(role, sentence), f"{place} “{sentence[match.start() : match.end()][:60]}”", 0.88)
        for match in _before().finditer(folded):
            rest = sentence[match.end() :].lstrip(" :„“\"'«")
            span = until_stop(rest)
            role = self._accept(span)
            behind = re.match(r"\s+[-–—]\s+(?=\S)", rest[len(span) :])
            if not role and behind:
                role = self._accept(until_stop(rest[len(span) + behind.end() :]))
            if role:
                firm = match.group().strip() not in VAGUE
                yield Fact(capitalised(role, sentence), f"{place} “{match.group().strip()} …”", 0.84 if firm else 0.66)

    def _of_a_job(self, line: str) -> Iterator[Fact]:
        """A note to oneself: `quality technician job, from the advert`."""
        match = re.match(
            r"(?P<role>[^\W\d_][\w /&-]{3,45}?)\s+(?:job|role|position|post|vacancy)\b", line, re.IGNORECASE
        )
        role = self._accept(match.group("role")) if match else ""
        if role and not looks_sentence(role):
            yield Fact(role, f"text “{line[:40]}”", 0.62)

    def _last_role(self, span: str) -> str:
        """The position at the end of a span that may begin too early: `technical screen for the X`."""
        pieces = [piece for part in re.split(r"\s+[-–—|]\s+", span) for piece in _INNER_ARTICLE.split(part)]
        for index in range(len(pieces) - 1, -1, -1):
            role = self._accept(pieces[index])
            if role:
                return role
        return ""

    def _in_cjk(self, text: str, place: str) -> Iterator[Fact]:
        for pattern, sure in CJK_ROLES:
            for match in re.finditer(pattern, text):
                role = self._accept(match.group(1))
                if role:
                    yield Fact(role, f"{place} “{match.group()[:30]}”", sure)

    def _in_title(self) -> Iterator[Fact]:
        yield from self._in_pieces(self.reading.title)
        for line in self.reading.lines:
            match = event_name().match(fold(line))
            if match:
                yield from self._in_pieces(line[match.start("value") :])

    def _in_pieces(self, title: str) -> Iterator[Fact]:
        pieces = [piece for piece in _SEPARATOR.split(title) if piece]
        flat: list[str] = []
        for piece in pieces:
            flat.append(piece)
            inner = re.search(r"[（(]([^()（）]{3,60})[)）]\s*$", piece)
            if inner:
                before = piece[: inner.start()].strip()
                own = any(same_person(before, name) for name in self.own)
                if own or self._is_company(before) or not is_person_name(before):
                    flat.append(inner.group(1))
                flat.remove(piece)
                flat.append(piece if not is_person_name(before) else piece[: inner.start()])
            before, comma, behind = piece.partition(", ")
            if comma and names_interview(before) and not has_head(self._strip_interview(before)):
                flat.append(behind)
                flat.remove(piece)
        for piece in flat:
            stripped = self._strip_interview(piece)
            role = self._accept(stripped)
            if role:
                yield Fact(role, "the title", 0.82 if not looks_sentence(role) else 0.5)
                continue
        for piece in pieces:
            stripped = self._strip_interview(piece)
            if stripped == piece or len(stripped.split()) > 4 or has_cjk(stripped) or re.search(r"\d", stripped):
                continue
            role = self._accept(stripped, need_head=False)
            if (
                role
                and role[0].isupper()
                and names_interview(piece)
                and not _WITH_SOMEBODY.search(fold(piece))
                and not is_person_name(role, single=True)
                and not self._is_company(role)
            ):
                yield Fact(role, "the title", 0.58)

    def _is_company(self, text: str) -> bool:
        one, other = squeezed(text), squeezed(self.company)
        return bool(one) and bool(other) and (one in other or other in one)

    def _strip_interview(self, piece: str) -> str:
        """A piece of the title without the words for an interview, greeting, names and titles around them."""
        text = piece.strip()
        folded = fold(text)
        spans = [match.span() for match in interview_words().finditer(folded)]
        for start, end in reversed(spans):
            text = text[:start] + " " + text[end:]
        for name in self.names:
            pattern = rf"\b(?:mit\s+|with\s+|w/\s*)?(?:herrn?\s+|frau\s+|mr\.?\s+|ms\.?\s+)?{re.escape(fold(name))}\b"
            for match in reversed(list(re.finditer(pattern, fold(text)))):
                text = f"{text[: match.start()]} {text[match.end() :]}"
        text = re.sub(r"\s+", " ", text).strip(" ,;:-–—|/()[]（）【】・")
        return re.sub(
            r"^(?i:for|für|zur|pour|para|per|voor|na|för|als|de|the|a|an|with|w/)\s+(?:(?i:the|den|"
            r"die|das|le|la|el|il|de|o|a)\s+)?",
            "",
            text,
        ).strip()

    def _in_lines(self) -> Iterator[Fact]:
        lines = self.reading.lines
        for index, line in enumerate(lines):
            first = re.split(r"[.!]\s", line)[0]
            if len(first) > 70 or first.endswith(("?", ",", "!")) or ":" in first:
                continue
            after_label = index > 0 and lines[index - 1].endswith(":")
            if (index == 0 or after_label) and interview_words().search(fold(first)) and _COMPOSED.search(first):
                yield from (replace(fact, source=f"text “{first[:40]}”") for fact in self._in_pieces(first))
                continue
            if index == 0 or after_label:
                role = self._accept(first)
                if (
                    role
                    and not is_person_name(role)
                    and (role[0].isupper() or after_label)
                    and not looks_sentence(role)
                ):
                    yield Fact(
                        role,
                        "first line of the text" if index == 0 else f"below “{lines[index - 1]}”",
                        0.75 if index == 0 else 0.6,
                    )
        yield from (fact for line in lines for fact in self._of_a_job(line))
        for line in lines:
            pieces = re.split(r"\s[-–—]\s", re.sub(r"^[^:：]{2,24}[:：]\s*", "", line))
            if 2 <= len(pieces) <= 3 and len(line) < 110 and not re.match(r"\d", line):
                for piece in pieces[1:]:
                    role = self._accept(re.split(r"[.!]\s", piece)[0])
                    if (
                        role
                        and role[0].isupper()
                        and not is_person_name(role)
                        and not looks_sentence(role)
                        and not is_person_name(pieces[0].strip())
                    ):
                        yield Fact(role, f"text “{line[:50]}”", 0.6)
        yield from self._in_brackets()

    def _in_brackets(self) -> Iterator[Fact]:
        """`your manager (Partner Manager, EMEA)`: a position in brackets that belongs to no name."""
        for match in re.finditer(r"(?<=[a-zà-ÿ]\s)[(]([A-ZÀ-Þ][^()\n]{4,60})[)]", self.reading.body):
            role = self._accept(match.group(1))
            if role and not looks_sentence(role):
                yield Fact(role, f"text “{match.group()}”", 0.6)


def _says_where(longer: str, shorter: str) -> bool:
    rest = longer[len(shorter) :]
    return longer.startswith(shorter) and re.match(r"\s+[a-zß-ÿ]+\s", rest) is not None and has_head(shorter)


_INNER_ARTICLE = re.compile(
    r"\b(?:for the|for our|for an?|for|about the|about our|about|the|our|an?|as|als|zur|your|this|with)\s+",
    re.IGNORECASE,
)


@lru_cache(maxsize=1)
def _verbs() -> tuple[str, ...]:
    return ("will", "would", "should", "could", "please", "bitte", "merci", "reports", "please")


@lru_cache(maxsize=1)
def _not_roles() -> tuple[str, ...]:
    return tuple(word for word in lexicon().words("role", "not_roles") if not has_cjk(word))


@lru_cache(maxsize=1)
def _before() -> re.Pattern[str]:
    return re.compile(any_of(word for word in lexicon().words("role", "before") if not has_cjk(word)).pattern)


_ROLE_SPAN = r"(?P<role>[a-z0-9][^\n.;!?:|]{1,80}?)"


@lru_cache(maxsize=1)
def _between() -> re.Pattern[str]:
    """`the X position`, `our X opening`: an article before, a word for a vacancy after."""
    after = "|".join(
        re.escape(fold(word))
        for word in sorted(
            {word for word in lexicon().words("role", "after") if not has_cjk(word)}, key=len, reverse=True
        )
    )
    return re.compile(
        rf"(?:(?<!\w)(?:for the|for our|for a|for an|about the|about our|for this|regarding the|on the|"
        rf"the|our|die|zur|a|an|de|voor de|for)\s+){_ROLE_SPAN}\s+(?:{after})(?!\w)"
    )


_WITH_SOMEBODY = re.compile(r"\b(?:with|w/|mit|bei|avec|chez|con|presso|met|bij|com|med|hos|z|w)\b")
