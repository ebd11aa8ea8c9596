"""Whether an event is a job interview of the owner as the candidate, and everything that follows from it.

The score is a sum of log-odds: one weight for each signal found (daemon/lexicon/signals.toml, weights.json), each with a
reason in words. Pure: no clock, no I/O but reading the lexicon once. Hostile text is data here and nothing else.
"""

from collections.abc import Iterable

from connectors.model import Event, PartStat, Status
from daemon.core.domains import Nature, nature
from daemon.core.extract_text import read_event
from daemon.core.lexicon import lexicon
from daemon.core.model import Assessment, Interviewer, Outcome, Owner, Recipient, RecipientKind
from daemon.core.names import from_address, read_display_name
from daemon.core.recognise_signals import Signal, owner_says, people_of, phrase_hits, structural


def _score(signals: Iterable[Signal]) -> tuple[float, tuple[str, ...]]:
    known = lexicon()
    total = known.weight("base")
    weighed = []
    for signal in signals:
        weight = known.weight(signal.name)
        total += weight
        meaning = known.signals[signal.name].reason
        weighed.append((abs(weight), f"{meaning}{f': {signal.evidence}' if signal.evidence else ''} ({weight:+.1f})"))
    return total, tuple(text for _, text in sorted(weighed, key=lambda pair: -pair[0]))


def assess(event: Event, owner: Owner) -> Assessment:
    """Everything concluded about one occurrence. Raises nothing for any event that the reader can produce."""
    reading = read_event(event)
    in_title, in_text = phrase_hits(reading)
    signals: dict[str, Signal] = {}
    for place, hits in (("title", in_title), ("text", in_text)):
        for hit in hits:
            name = f"{hit.signal}.{place}"
            if name in lexicon().signals:
                signals.setdefault(name, Signal(name, f"“{hit.phrase}”"))
    for signal in (*structural(event, reading, owner), *owner_says(event, reading, owner)):
        signals.setdefault(signal.name, signal)
    score, reasons = _score(signals.values())
    interview = score > 0
    declined = any(person.partstat is PartStat.DECLINED and owner.owns(person.email) for person in event.attendees)
    happens = interview and event.status is not Status.CANCELLED and not declined
    interviewers = []
    seen: set[str] = set()
    for person in people_of(event) if interview else ():
        if not person.email or owner.owns(person.email) or person.email in seen or person.partstat is PartStat.DECLINED:
            continue
        seen.add(person.email)
        if nature(person.email, person.name) is Nature.PERSON:
            read = read_display_name(person.name)
            interviewers.append(
                Interviewer(
                    read.name or from_address(person.email), person.email, "invited", 0.7, family_name=read.family_name
                )
            )
    recipients = (
        tuple(
            Recipient(one.name, one.email, RecipientKind.INTERVIEWER, "was invited", one.family_name)
            for one in interviewers
        )
        if happens
        else ()
    )
    return Assessment(
        event,
        interview,
        Outcome.THANK if happens else Outcome.NONE,
        score,
        reasons,
        "en",
        interviewers=tuple(interviewers),
        recipients=recipients,
    )
