"""When a series takes place: recurring-ical-events over the text that the reader made safe (`ics_rules`)."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

import icalendar
import recurring_ical_events

from connectors.model import Event, Window

_MARGIN = timedelta(days=1)
FAR = timedelta(days=3653)
"""How far an endless series is looked at where no window bounds it."""


@lru_cache(maxsize=512)
def _query(source: str) -> recurring_ical_events.CalendarQuery:
    return recurring_ical_events.of(icalendar.Calendar.from_ical(source))


def length(event: Event) -> timedelta:
    """From start to end: exact time, or whole local days of an all-day event."""
    if event.all_day:
        return event.end.replace(tzinfo=None) - event.start.replace(tzinfo=None)
    return event.end.astimezone(UTC) - event.start.astimezone(UTC)


def ending(event: Event, start: datetime) -> datetime:
    """The end of an occurrence of `event` that begins at `start`; days of an all-day event are local ones."""
    if event.all_day:
        return (start.replace(tzinfo=None) + length(event)).replace(tzinfo=event.end.tzinfo)
    return (start.astimezone(UTC) + length(event)).astimezone(event.end.tzinfo)


def starts(event: Event, source: str, window: Window, limit: int) -> tuple[datetime, ...]:
    """Starts of all occurrences of a master that touch the window, in its own zone, ascending, at most `limit`.

    Without `source` the master's own start alone. What recurring-ical-events cannot expand counts as not recurring.
    """
    if not source:
        return (event.start,)
    moments: set[datetime] = set()
    low = window.start
    step = timedelta(days=400)
    while low < window.end and len(moments) <= limit:
        high = window.end if window.end - low <= step else low + step
        moments |= _between(event, source, Window(low, high))
        low, step = high, 2 * step
    return tuple(sorted(moments)[:limit])


def _between(event: Event, source: str, window: Window) -> set[datetime]:
    low = window.start.astimezone(UTC) - length(event) - _MARGIN
    try:
        found = _query(source).between(low, window.end.astimezone(UTC) + _MARGIN)
        moments = {_moment(component["DTSTART"].dt, event) for component in found}
    except Exception:  # noqa: BLE001 - the expansion library raises many kinds on odd dates; one event must not stop the rest
        moments = {event.start}
    return {moment for moment in moments if touches(moment, ending(event, moment), window)}


def _moment(value: date | datetime, event: Event) -> datetime:
    if isinstance(value, datetime):
        return value.astimezone(event.start.tzinfo) if value.tzinfo else value.replace(tzinfo=event.start.tzinfo)
    return datetime.combine(value, time(), event.start.tzinfo)


def snap(master: Event, recurrence_id: datetime) -> datetime:
    """The slot, UTC, that a RECURRENCE-ID stands for.

    Of an all-day series the nearest local midnight, for its file may have been read in another zone; of a timed one
    that day's time where a producer gave a mere date (RFC 5545 section 3.8.4.4 wants the type of DTSTART).
    """
    local = recurrence_id.astimezone(master.start.tzinfo)
    if local.time() == master.start.time():
        return recurrence_id
    if master.all_day:
        day = (local + timedelta(hours=12)).date()
    elif time() in (local.time(), recurrence_id.time()):
        day = local.date() if local.time() == time() else recurrence_id.date()
    else:
        return recurrence_id
    return datetime.combine(day, master.start.time(), master.start.tzinfo).astimezone(UTC)


def touches(start: datetime, end: datetime, window: Window) -> bool:
    """Whether [start, end) meets the window; an event without length counts where it stands."""
    return start < window.end and (end > window.start or start == end == window.start)


def from_start(event: Event) -> Window:
    """The window of an event's whole life, bounded."""
    start = event.start.astimezone(UTC)
    try:
        return Window(start, start + FAR)
    except OverflowError:
        return Window(start, datetime.max.replace(tzinfo=UTC))
