"""The people whom an event's text names: who interviews, who only arranges, who applies, line by line."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from daemon.core.extract_text import Reading, sentences
from daemon.core.lexicon import lexicon
from daemon.core.mention import Mention, Part, and_words, parse_people
from daemon.core.person_names import CAP, NAME, full_name, is_person_name, no_names, person_at
from daemon.core.phrases import any_of, fold, has_cjk
from daemon.core.titles import is_title

_TIME = re.compile(
    r"^(?:\d{1,2}(?:[:.h]\d{2})?\s*(?:am|pm|a\.m\.|p\.m\.|uhr|h|uur)?\s*(?:-|–|to|bis|a|à|until|~|〜|"
    r"－)\s*)?\d{1,2}(?:[:.h]\d{2})\s*(?:am|pm|a\.m\.|p\.m\.|uhr|h|uur)?(?:\s*(?:-|–|~|"
    r"〜)\s*\d{1,2}[:.]\d{2}\s*(?:am|pm)?)?(?:\s+\(?(?-i:[A-Z]{2,5})\)?(?=\s*[:|,–-]))?\s*[:|)\-–,]?\s*(?=\S)",
    re.IGNORECASE,
)


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
            yield from _from_plain_list(line, lines[index + 1 :])
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


def _from_plain_list(line: str, below: list[str]) -> Iterator[Mention]:
    """A list of nothing but full names with their functions, under words that name no other part."""
    people = list(_from_list_below(below, Part.INTERVIEWER, f"“{line[:40]}”"))
    known = all(one.full and one.title and is_title(one.title) for one in people)
    if len(people) > 1 and known and not _arranging().search(fold(line)):
        yield from people


@lru_cache(maxsize=1)
def _arranging() -> re.Pattern[str]:
    known = lexicon()
    words = (
        *known.words("labels", "coordinator"),
        *known.words("labels", "candidate"),
        *known.words("labels", "shadow"),
    )
    return any_of(word for word in words if not has_cjk(word))


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
            if comma and len(title) < 70 and not and_words().search(f" {title} ")
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
    for index, line in enumerate(reading.lines):
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
        if not people:
            people = _alone_with_title(reading.lines[index + 1 : index + 2], source)
        yield from people


def _alone_with_title(below: Sequence[str], source: str) -> list[Mention]:
    """Whom the line below a time names: one person with a function, and nothing else."""
    people = [one for line in below if len(line) < 90 for one in _from_list_below([line], Part.INTERVIEWER, source)]
    return people if len(people) == 1 and people[0].full and is_title(people[0].title) else []


@lru_cache(maxsize=1)
def _with() -> re.Pattern[str]:
    return re.compile(any_of(word for word in lexicon().words("people", "with") if not has_cjk(word)).pattern)


@lru_cache(maxsize=1)
def _will() -> re.Pattern[str]:
    return re.compile(any_of(word for word in lexicon().words("people", "will") if not has_cjk(word)).pattern)


_BEFORE_WILL = re.compile(
    rf"(?P<people>{NAME}(?:\s*\([^()\n]{{1,80}}\)|,\s+[^,.\n]{{3,60}},?|"
    rf"\s+from\s+[^,.\n]{{2,40}})?(?:\s*(?:,|\b(?:and|und|et|y|e|en|och|i|"
    rf"oraz)\b)\s*{NAME}(?:\s*\([^()\n]{{1,80}}\))?)*)[\s,]*$"
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
    pieces = (
        [piece for piece in re.split(r"\s*[,;]\s*", and_words().sub(", ", found.group(1))) if piece] if found else []
    )
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
    bracket = re.search(r"\(([^()]{5,40})\)\s*$", reading.title)
    if bracket and is_person_name(bracket.group(1)) and full_name().fullmatch(bracket.group(1)):
        yield Mention(bracket.group(1), Part.INTERVIEWER, source)
    for piece in re.split(r"\s[-–—|]\s|\s<>\s|:\s", reading.title):
        match = person_at().match(piece.strip())
        if match and match.group("rest") and match.group("rest").strip().startswith("("):
            people = parse_people(piece, Part.INTERVIEWER, source, single=False)
            yield from (one for one in people if one.title and is_title(one.title))


_SIGN_LINE = re.compile(
    rf"^[/\-–—]?\s*(?P<name>{NAME})\s*(?:\((?P<bracket>[^()]{{2,60}})\)|[,|]\s*(?P<after>[^|"
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
        inline = re.search(rf"\s[-–—/]\s?({CAP})$", line)
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
    rf"^(?P<name>{NAME})\s+(?:is inviting you|invites you|le está invitando|te está invitando|"
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
