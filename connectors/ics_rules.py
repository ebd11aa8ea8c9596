"""Recurrence rules made safe to expand: what never ends in practice or never matches is refused before expansion.

dateutil, on which expansion rests, tests UNTIL only when a rule yields something, so a rule that can yield nothing runs
to the year 9999, and a SECONDLY one yields 86,400 a day. There is no way to interrupt it, hence these checks.
"""

import calendar
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from icalendar.prop import vRecur

from connectors import quirks

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_SUB_DAILY = ("SECONDLY", "MINUTELY", "HOURLY")
_SET_SIZE = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 31, "YEARLY": 366}
MAX_BY_VALUES = 400
MAX_TIMES_A_DAY = 24
FIRST_YEAR = 1600
"""Of a DAILY rule: from earlier years it takes too long to count up to today."""


def _numbers(rule: Mapping[str, Sequence[object]], part: str) -> set[int]:
    return {int(str(value)) for value in rule.get(part, ())}


def _ordinal_too_high(rule: Mapping[str, Sequence[object]], frequency: str) -> bool:
    """BYDAY=99MO: no month has more than five of a weekday, no year more than 53."""
    most = 5 if frequency == "MONTHLY" or "BYMONTH" in rule else 53
    ordinals = (str(value)[:-2].lstrip("+-") for value in rule.get("BYDAY", ()))
    return any(int(ordinal or 0) > most for ordinal in ordinals)


def _matches_some_day(rule: Mapping[str, Sequence[object]]) -> bool:
    """Whether any day of 28 years, a whole cycle of weekdays and leap years, passes every BY part at once."""
    months, days = _numbers(rule, "BYMONTH"), _numbers(rule, "BYMONTHDAY")
    year_days, weeks = _numbers(rule, "BYYEARDAY"), _numbers(rule, "BYWEEKNO")
    weekdays = {_DAYS.index(str(value)[-2:].upper()) for value in rule.get("BYDAY", ())}
    if not (months or days or year_days or weeks):
        return True
    day = date(2000, 1, 1)
    while day.year < 2028:
        length = calendar.monthrange(day.year, day.month)[1]
        year_day = day.timetuple().tm_yday
        year_length = 366 if calendar.isleap(day.year) else 365
        if (
            (not months or day.month in months)
            and (not days or day.day in days or day.day - length - 1 in days)
            and (not year_days or year_day in year_days or year_day - year_length - 1 in year_days)
            and (not weekdays or day.weekday() in weekdays)
            and (
                not weeks or {day.isocalendar().week, day.isocalendar().week - 54, day.isocalendar().week - 53} & weeks
            )
        ):
            return True
        day += timedelta(days=1)
    return False


def _never(rule: Mapping[str, Sequence[object]], frequency: str) -> bool:
    return _ordinal_too_high(rule, frequency) or not _matches_some_day(rule)


def safe_rule(text: str, start: date | datetime, occurrences: int) -> tuple[str, str]:
    """The rule to expand, and a note; the rule is empty where it is refused, and the first occurrence alone counts.

    `start` is DTSTART: a date, or aware. UNTIL is brought to its type (RFC 5545 section 3.3.10): a date for dates, UTC
    for times; a local UNTIL is read in the zone of DTSTART and a date means the whole of that day.
    """
    fixed = quirks.recurrence_rule(text)
    try:
        rule = vRecur.from_ical(re.sub(r"UNTIL=[^;]*;?", "", fixed).strip(";"))
        frequency = str(rule["FREQ"][0]).upper()
        count = int(rule["COUNT"][0]) if "COUNT" in rule else None
        if sum(len(values) for values in rule.values()) > MAX_BY_VALUES:
            return "", f"RRULE has more than {MAX_BY_VALUES} values: only the first occurrence is read"
        if frequency in _SUB_DAILY and (count is None or count > occurrences or any(k.startswith("BY") for k in rule)):
            return "", f"RRULE:FREQ={frequency} repeats within a day: only the first occurrence is read"
        size = _SET_SIZE.get(frequency, 1) * MAX_TIMES_A_DAY
        if any(abs(position) > size for position in _numbers(rule, "BYSETPOS")) or _never(rule, frequency):
            return "", "RRULE matches no day at all: only the first occurrence is read"
        times = (
            max(1, len(rule.get("BYHOUR", ())))
            * max(1, len(rule.get("BYMINUTE", ())))
            * max(1, len(rule.get("BYSECOND", ())))
        )
        if times > MAX_TIMES_A_DAY:
            return "", f"RRULE gives {times} times a day: only the first occurrence is read"
        if frequency == "DAILY" and start.year < FIRST_YEAR:
            return "", f"RRULE:FREQ=DAILY starts in the year {start.year}: only the first occurrence is read"
        if frequency not in _SUB_DAILY and frequency not in _SET_SIZE:
            return "", f"RRULE:FREQ={frequency[:20]} is unknown: only the first occurrence is read"
    except Exception as error:  # noqa: BLE001 - vRecur raises many kinds on hostile values
        return "", f"RRULE {text[:60]!r} cannot be read ({type(error).__name__}): only the first occurrence is read"
    until = re.search(r"UNTIL=([^;]*)", fixed)
    if until is None:
        return fixed, ""
    bare = re.sub(r"UNTIL=[^;]*;?", "", fixed).strip(";")
    try:
        limit = _until(until.group(1), start)
    except (ValueError, OverflowError):
        return "", f"RRULE has UNTIL={until.group(1)[:30]}, which is no date: only the first occurrence is read"
    return f"{bare};UNTIL={limit}", ""


def _until(value: str, start: date | datetime) -> str:
    limit = quirks.loose_time(value)
    if not isinstance(start, datetime):
        return f"{limit:%Y%m%d}"
    if not isinstance(limit, datetime):
        limit = datetime(limit.year, limit.month, limit.day, 23, 59, 59)  # noqa: DTZ001 - the zone follows
    if limit.tzinfo is None:
        limit = limit.replace(tzinfo=start.tzinfo)
    return f"{limit.astimezone(UTC):%Y%m%dT%H%M%SZ}"
