"""Whether an event is a job interview of the owner as the candidate, and everything that follows from it.

The score is a sum of log-odds: one weight for each signal found (daemon/lexicon: signals.toml, weights.json), each
with a reason in words. Pure: no clock, no I/O but reading the lexicon once. Hostile text is data here and nothing
else.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from connectors.model import Event, Method, PartStat, Status
from daemon.core.domains import Nature, domain_of, domain_words, organisation, squeezed
from daemon.core.extract import RoleSearch
from daemon.core.extract_company import CompanySearch, Found
from daemon.core.extract_stage import stage_of
from daemon.core.extract_text import Reading, read_event, sentences
from daemon.core.greeted import greets_somebody_else
from daemon.core.guests import Guest, guests_of, is_owner_name, organisations_of, owner_names
from daemon.core.language import detect, plausible
from daemon.core.lexicon import lexicon
from daemon.core.mention import Mention, Part
from daemon.core.model import Assessment, Excluded, Fact, Formality, Outcome, Owner
from daemon.core.names import fits_address, same_person
from daemon.core.people import People
from daemon.core.people_text import mentions
from daemon.core.person_names import names_in_title
from daemon.core.phrases import Hit, any_of, has_cjk
from daemon.core.recognise_signals import OF_THE_OWNER, Signal, owner_says, phrase_hits, structural

_ANY_LANGUAGE = frozenset({"job_interview", "interview"})
_JOINED = re.compile(r"<+>+|\s[x×/&]\s|\s\|\s")
_MANY_MARKS = 3
_JAPAN = frozenset({"Asia/Tokyo", "Japan"})
"""Kanji without kana are Japanese at Japanese time."""
AT_MOST_FOR = 8.0
"""What speaks for an interview comes in bundles (the word, the role, the recruiter), so it counts no further."""
AT_MOST_AGAINST_DIRECTION = 5.5
"""All of it is as true of an interview that the owner holds: a sign that another is the candidate weighs more."""
_DIRECTION = frozenset({"interviewer.title", "interviewer.text", "interviewer_link", "other_candidate", "own_side"})
_SUBJECTS = frozenset(
    f"{kind}.text"
    for kind in (
        "interviewer",
        "media",
        "authority",
        "housing",
        "medical",
        "school",
        "research",
        "sales",
        "leisure",
        "thesis",
    )
)
_SOFTER = 0.4
"""The vacancies of a hospital, a school or a newspaper are full of such words: with an application they say little."""
FAR_FROM = -6.0
"""A first look this low cannot be turned by what a closer look adds (role, names, company)."""


def assess(event: Event, owner: Owner) -> Assessment:
    """Everything concluded about one occurrence. Raises nothing for any event that the reader can produce."""
    reading = read_event(event)
    in_title, in_text = phrase_hits(reading)
    hint = event.language or ("ja" if str(event.start.tzinfo) in _JAPAN and has_cjk(reading.whole) else "")
    spoken = plausible(reading.whole, hint)
    in_title, in_text = (_spoken(hits, spoken) for hits in (in_title, in_text))
    language = detect(reading.whole, [*in_title, *in_text], hint, owner.language)
    signals = _from_phrases(in_title, in_text)
    for signal in (*structural(event, reading, owner), *owner_says(event, reading, owner)):
        signals.setdefault(signal.name, signal)
    score, reasons = weigh(signals.values(), role_searched=False)
    if score < FAR_FROM or not worth_a_closer_look(signals, reading):
        return Assessment(event, False, Outcome.NONE, score, reasons, language)
    return _look_closer(event, reading, owner, language, signals)


def worth_a_closer_look(signals: dict[str, Signal], reading: Reading) -> bool:
    """Whether anything at all speaks for an interview: most events of a calendar end here."""
    if "other_company" in signals and _JOINED.search(reading.title):
        return True
    return any(lexicon().weight(name) > 0 and name != "other_company" for name in signals)


def weigh(signals: Iterable[Signal], *, role_searched: bool = True) -> tuple[float, tuple[str, ...]]:
    """The score of these signals, and the reasons, the heaviest first."""
    known = lexicon()
    signals = list(signals)
    names = {signal.name for signal in signals}
    applied = bool(names & {"application.title", "application.text"}) and ("role" in names or not role_searched)
    speaks_for = speaks_against = said = 0.0
    most = AT_MOST_FOR
    weighed = []
    for signal in signals:
        weight = known.weight(signal.name) * (_SOFTER if applied and signal.name in _SUBJECTS else 1.0)
        if signal.name in OF_THE_OWNER:
            said += weight
        else:
            speaks_for, speaks_against = speaks_for + max(0.0, weight), speaks_against + min(0.0, weight)
        directs = signal.name in _DIRECTION and not (applied and signal.name == "interviewer.text")
        most = min(most, AT_MOST_AGAINST_DIRECTION) if directs else most
        meaning = known.signals[signal.name].reason
        weighed.append((abs(weight), f"{meaning}{f': {signal.evidence}' if signal.evidence else ''} ({weight:+.1f})"))
    total = known.weight("base") + min(most, speaks_for) + speaks_against + said
    return total, tuple(text for _, text in sorted(weighed, key=lambda pair: -pair[0]))


def _spoken(hits: list[Hit], languages: frozenset[str]) -> list[Hit]:
    """The phrases that count: of a language that the text is in, and not inside a longer phrase."""
    kept = [hit for hit in hits if not languages or hit.language in languages or hit.signal in _ANY_LANGUAGE]
    longest = {(hit.start, hit.end) for hit in kept}
    return [
        hit
        for hit in kept
        if not any(
            start <= hit.start and hit.end <= end and end - start > hit.end - hit.start
            for start, end in longest
            if (start, end) != (hit.start, hit.end)
        )
        or hit.signal == "interview"
    ]


def _from_phrases(in_title: list[Hit], in_text: list[Hit]) -> dict[str, Signal]:
    signals: dict[str, Signal] = {}
    known = lexicon().signals
    for place, hits in (("title", in_title), ("text", in_text)):
        for hit in hits:
            name = f"{hit.signal}.{place}"
            if name in known:
                signals.setdefault(name, Signal(name, f"“{hit.phrase}”"))
    scams = {hit.phrase for hit in (*in_title, *in_text) if hit.signal == "scam"}
    if len(scams) >= _MANY_MARKS:
        signals["scam_often"] = Signal("scam_often", ", ".join(sorted(scams)[:_MANY_MARKS]))
    return signals


def _look_closer(event: Event, reading: Reading, owner: Owner, language: str, signals: dict[str, Signal]) -> Assessment:
    guests = guests_of(event, owner)
    named = mentions(reading)
    mine = owner_names(event, owner)
    companies = organisations_of(guests, reading.whole)
    company = CompanySearch(event, reading, owner, guests, companies).find()
    names = (
        *mine,
        *(name.split()[0] for name in mine),
        *(name.split()[-1] for name in mine),
        *(guest.name for guest in guests),
        *(mention.name for mention in named),
    )
    titles = [mention.title for mention in named if mention.title]
    role = RoleSearch(reading, mine, names, company.fact.value if company.fact else "", titles).find()
    hosted = bool(signals.keys() & {"own_employer_hosts", "internal"})
    for signal in _closer(event, reading, guests, named, mine=mine, role=role, company=company, hosted=hosted):
        signals.setdefault(signal.name, signal)
    score, reasons = weigh(signals.values())
    if score <= 0:
        return Assessment(event, False, Outcome.NONE, score, reasons, language, excluded=_nobody(guests))
    why_not = _why_it_does_not_happen(event, reading, owner)
    people = People(
        event,
        reading,
        owner,
        guests=guests,
        mentions=named,
        companies=companies,
        company=company.fact.value if company.fact else "",
        domain=company.domain,
    )
    cast = people.cast(happens=not why_not)
    stage = stage_of(reading, cast.interviewers, _sessions(named), language=language, role=role.value if role else "")
    return Assessment(
        event,
        True,
        Outcome.NONE if why_not else Outcome.THANK,
        score,
        (*((why_not,) if why_not else ()), *reasons),
        language,
        role,
        company.fact,
        stage,
        cast.interviewers,
        cast.recipients,
        cast.excluded,
        _formality(reading, language),
        company.domain,
        company.agency,
        cast.relay,
    )


def _closer(
    event: Event,
    reading: Reading,
    guests: Sequence[Guest],
    named: Sequence[Mention],
    *,
    mine: Sequence[str],
    role: Fact | None,
    company: Found,
    hosted: bool,
) -> Iterable[Signal]:
    if role is not None:
        yield Signal("role", role.value)
    greeted = greets_somebody_else(reading, guests, mine)
    if greeted:
        yield Signal("other_candidate", greeted)
    strangers = [
        mention for mention in named if mention.part is Part.CANDIDATE and not is_owner_name(mention.name, mine)
    ]
    if strangers and not _labels_owner(named, mine):
        yield Signal("other_candidate", strangers[0].name)
    elif hosted and (outsider := _outsider_in_title(reading, guests, company.domain, mine)):
        yield Signal("other_candidate", outsider)
    listed = [mention for mention in named if mention.part in {Part.INTERVIEWER, Part.SHADOW} and mention.listed]
    own = [
        mention
        for mention in listed
        if is_owner_name(mention.name, mine)
        and not any(guest.name and same_person(guest.name, mention.name) for guest in guests)
    ]
    if own:
        yield Signal("own_side", own[0].name)
    elif any(
        mention.full or any(guest.name and same_person(mention.name, guest.name) for guest in guests)
        for mention in named
        if mention.part is Part.INTERVIEWER and mention.source != "the title"
    ):
        yield Signal("interviewers_named")
    if _names_owner(reading.title, mine):
        yield Signal("own_name")
        if company.domain and _names_company(reading.title, company.domain) and _JOINED.search(reading.title):
            yield Signal("outside_title")
    organizer = event.organizer
    if (
        organizer is not None
        and _calendar_name().search(f"{organizer.name} {organizer.email}".lower())
        and any(guest.email == organizer.email and guest.nature is not Nature.PERSON for guest in guests)
    ):
        yield Signal("calendar_name", organizer.name or domain_of(organizer.email))


@lru_cache(maxsize=1)
def _calendar_name() -> re.Pattern[str]:
    words = lexicon().words("signals", "calendar_name")
    latin = any_of(word for word in words if not has_cjk(word)).pattern
    return re.compile("|".join([latin, *(re.escape(word) for word in words if has_cjk(word))]))


def _outsider_in_title(reading: Reading, guests: Sequence[Guest], domain: str, mine: Sequence[str]) -> str:
    """Where the owner's employer hosts: the one from outside whose name is in the title."""
    for name in names_in_title(reading.title):
        if is_owner_name(name, mine):
            continue
        for guest in guests:
            from_outside = guest.nature is Nature.PERSON and organisation(domain_of(guest.email)) != domain
            if from_outside and (same_person(guest.name, name) if guest.name else fits_address(name, guest.email)):
                return name
    return ""


def _labels_owner(named: Sequence[Mention], mine: Sequence[str]) -> bool:
    return any(mention.part is Part.CANDIDATE and is_owner_name(mention.name, mine) for mention in named)


def _names_owner(title: str, mine: Sequence[str]) -> bool:
    return any(
        re.search(rf"(?<!\w){re.escape(word)}(?!\w)", title, re.IGNORECASE)
        for name in mine
        for word in name.split()
        if len(word) > 2 or has_cjk(word)
    )


def _names_company(title: str, domain: str) -> bool:
    return squeezed(domain_words(domain)[0])[:12] in squeezed(title)


def _sessions(named: Sequence[Mention]) -> int:
    return len({mention.source for mention in named if mention.source.startswith("agenda")})


def _nobody(guests: Sequence[Guest]) -> tuple[Excluded, ...]:
    return tuple(Excluded(guest.email, "no interview of yours", guest.name) for guest in guests)


def _why_it_does_not_happen(event: Event, reading: Reading, owner: Owner) -> str:
    if event.status is Status.CANCELLED or event.method is Method.CANCEL:
        return "It was cancelled"
    if any(
        person.partstat is PartStat.DECLINED and (owner.owns(person.email) or person.is_self)
        for person in event.attendees
    ) and not any(person.partstat is PartStat.ACCEPTED and owner.owns(person.email) for person in event.attendees):
        return "You declined"
    title = reading.folded_title.lstrip(" [(【*!#")
    found = _cancel_title().match(title)
    if found:
        return f"The title says that it is off: “{found.group()}”"
    for sentence in sentences(reading.folded_body):
        found = _cancel_text().search(sentence)
        if found and not _IF.search(sentence):
            return f"The text says that it is off: “{found.group()}”"
    return ""


_IF = re.compile(
    r"\b(?:if|unless|should you|in case|falls|wenn|sollten|si|en caso|se|in caso|als|indien|mocht|"
    r"caso|jesli|gdyby|om du|ifall|previous|earlier|last|once|vorherige\w*|fruhere\w*)\b|場合|如果|若|如需"
)


@lru_cache(maxsize=1)
def _cancel_title() -> re.Pattern[str]:
    words = lexicon().words("cancel", "title")
    latin = any_of(word.rstrip(":") for word in words if not has_cjk(word)).pattern
    return re.compile("|".join([latin, *(re.escape(word) for word in words if has_cjk(word))]))


@lru_cache(maxsize=1)
def _cancel_text() -> re.Pattern[str]:
    words = lexicon().words("cancel", "text")
    latin = any_of(word for word in words if not has_cjk(word)).pattern
    return re.compile("|".join([latin, *(re.escape(word) for word in words if has_cjk(word))]))


@lru_cache(maxsize=16)
def _address_forms(code: str) -> tuple[re.Pattern[str], re.Pattern[str], bool]:
    language = next((one for one in lexicon().languages if one.code == code), None)
    formal = language.words("address", "formal") if language else ()
    informal = language.words("address", "informal") if language else ()
    cjk = code in {"ja", "zh"}
    if cjk:
        return (
            re.compile("|".join(map(re.escape, formal)) or r"(?!)"),
            re.compile("|".join(map(re.escape, informal)) or r"(?!)"),
            cjk,
        )
    return any_of(formal), any_of(informal), cjk


def _formality(reading: Reading, code: str) -> Formality | None:
    formal, informal, cjk = _address_forms(code)
    text = reading.body if cjk else reading.folded_body
    for_formal, for_informal = len(formal.findall(text)), len(informal.findall(text))
    if for_formal == for_informal:
        return None
    return Formality.FORMAL if for_formal > for_informal else Formality.INFORMAL
