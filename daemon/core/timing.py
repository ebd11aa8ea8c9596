"""When a draft is due and when its reminder is: local hours and working days of the owner, given back in UTC."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

SATURDAY = 5


class When(StrEnum):
    """At what time after the interview the draft is put into the mailbox."""

    SOON = "soon"
    SAME_EVENING = "same_evening"
    NEXT_MORNING = "next_morning"
    AFTER_HOURS = "after_hours"


@dataclass(frozen=True, slots=True)
class Timing:
    """The owner's wish. Hours are local to the owner."""

    when: When = When.SOON
    grace: timedelta = timedelta(minutes=15)
    """Interviews run over: nothing is drafted before the end plus this."""
    evening: time = time(18)
    morning: time = time(8, 30)
    delay: timedelta = timedelta(hours=3)
    """For AFTER_HOURS: time between `workday_start` and `workday_end`, Monday to Friday if `working_days_only`."""
    workday_start: time = time(9)
    workday_end: time = time(18)
    working_days_only: bool = False


@dataclass(frozen=True, slots=True)
class ReminderPolicy:
    """How the owner is reminded. Days and hours are local to the owner."""

    at: time = time(9)
    weekends: bool = True
    days_each: int = 2
    """On at most this many days one draft is listed."""
    nag_for: timedelta = timedelta(days=7)
    """Counted from the interview's end; afterwards nobody is nagged."""
    enabled: bool = True
    ask_questions: bool = False
    """Send three questions right after the interview."""


def _is_free(day: date) -> bool:
    return day.weekday() >= SATURDAY


def _at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    # Through UTC and back, so that an hour that a clock change skips becomes the hour after it.
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def _next_working_day(day: date) -> date:
    while _is_free(day):
        day += timedelta(days=1)
    return day


def due_at(ended_at: datetime, timing: Timing, zone: ZoneInfo) -> datetime:
    """When the draft for an interview with this end is to be made, in UTC; never before the end plus the grace."""
    earliest = (ended_at + timing.grace).astimezone(UTC)
    local = earliest.astimezone(zone)
    match timing.when:
        case When.SOON:
            due = earliest
        case When.SAME_EVENING:
            due = max(earliest, _at(ended_at.astimezone(zone).date(), timing.evening, zone))
        case When.NEXT_MORNING:
            due = _at(ended_at.astimezone(zone).date() + timedelta(days=1), timing.morning, zone)
        case When.AFTER_HOURS:
            due = _after_working_hours(local, timing, zone)
    if timing.working_days_only and _is_free(due.astimezone(zone).date()):
        due = _at(_next_working_day(due.astimezone(zone).date()), timing.morning, zone)
    return max(due, earliest)


def _after_working_hours(local: datetime, timing: Timing, zone: ZoneInfo) -> datetime:
    left = timing.delay
    day = local.date()
    cursor = local.astimezone(UTC)
    while True:
        if not (timing.working_days_only and _is_free(day)):
            start = max(cursor, _at(day, timing.workday_start, zone))
            end = _at(day, timing.workday_end, zone)
            room = max(end - start, timedelta(0))
            if left <= room:
                return start + left
            left -= room
        day += timedelta(days=1)


def remind_at(drafted_at: datetime, policy: ReminderPolicy, zone: ZoneInfo) -> datetime:
    """The owner's hour on the local calendar day after the draft was made, in UTC."""
    day = drafted_at.astimezone(zone).date() + timedelta(days=1)
    if not policy.weekends:
        day = _next_working_day(day)
    return _at(day, policy.at, zone)


def reminder_open(now: datetime, policy: ReminderPolicy, zone: ZoneInfo) -> bool:
    """Whether reminders may go out at this moment of the owner's day."""
    local = now.astimezone(zone)
    if not policy.weekends and _is_free(local.date()):
        return False
    return now >= _at(local.date(), policy.at, zone)


def next_reminder_hour(now: datetime, policy: ReminderPolicy, zone: ZoneInfo) -> datetime:
    """The next moment, strictly after `now`, at which a day's reminder may go out, in UTC."""
    day = now.astimezone(zone).date()
    while True:
        moment = _at(day, policy.at, zone)
        if moment > now and (policy.weekends or not _is_free(day)):
            return moment
        day += timedelta(days=1)
