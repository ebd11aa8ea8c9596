"""From stored invites to interviews, with the conclusions about an unchanged event kept from cycle to cycle."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from connectors.itip import occurrences
from connectors.model import Event, Invite, Window
from daemon.core.facts import Act, ActKind
from daemon.core.join import join
from daemon.core.model import Assessment, Interview, Owner
from daemon.core.recognise import assess

log = logging.getLogger("afterword.interviews")

REMEMBERED = 20_000
"""Assessments kept: some 3 kB each in the rare case of an interview, far less for an ordinary event."""


@dataclass(frozen=True, slots=True)
class Concluded:
    """Every event of a window with its verdict, and the interviews among them."""

    assessments: tuple[Assessment, ...]
    interviews: tuple[Interview, ...]


class Reader:
    """Remembers what was concluded; safe to be used by one worker at a time for each account."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[Owner, Event], Assessment] = OrderedDict()

    def read(
        self, invites: Sequence[Invite], window: Window, owner: Owner, account_key: bytes, acts: Sequence[Act]
    ) -> Concluded:
        """What the window's events are, with what the owner said about them weighed in."""
        informed = with_acts(owner, acts)
        events = occurrences(invites, window, addresses=informed.addresses)
        judged = (self._assess_safely(event, informed) for event in events)
        assessments = tuple(assessment for assessment in judged if assessment is not None)
        return Concluded(assessments, join(assessments, informed, account_key))

    def _assess_safely(self, event: Event, owner: Owner) -> Assessment | None:
        try:
            return self._assess(event, owner)
        except Exception:
            # One strange event must not keep the others from being served; what it did to us is worth a report.
            log.exception("the event %s could not be judged and is left alone", event.uid)
            return None

    def _assess(self, event: Event, owner: Owner) -> Assessment:
        key = (owner, event)
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                self._known.move_to_end(key)
                return known
        assessment = assess(event, owner)
        with self._lock:
            self._known[key] = assessment
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return assessment


def with_acts(owner: Owner, acts: Sequence[Act]) -> Owner:
    """The owner together with the events that they called an interview, or none."""
    no = {act.uid for act in acts if act.kind is ActKind.NOT_AN_INTERVIEW and act.uid}
    yes = {act.uid for act in acts if act.kind is ActKind.WANTED and act.uid}
    if not no and not yes:
        return owner
    return replace(
        owner,
        not_interviews=owner.not_interviews | frozenset(no - yes),
        is_interviews=owner.is_interviews | frozenset(yes),
    )
