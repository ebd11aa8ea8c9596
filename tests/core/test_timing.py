"""When a draft and its reminder are due, in the owner's hours and days, across changes of the clock."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from daemon.core.timing import (
    ReminderPolicy,
    Timing,
    When,
    due_at,
    next_reminder_hour,
    remind_at,
    reminder_open,
)

BERLIN = ZoneInfo("Europe/Berlin")
TUESDAY = datetime(2026, 3, 17, 15, 0, tzinfo=BERLIN)
FRIDAY = datetime(2026, 3, 20, 17, 0, tzinfo=BERLIN)

moments = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 # bounds
zones = st.sampled_from([ZoneInfo(n) for n in ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia")])
timings = st.builds(
    Timing,
    when=st.sampled_from(When),
    grace=st.timedeltas(timedelta(0), timedelta(hours=2)),
    delay=st.timedeltas(timedelta(0), timedelta(days=3)),
    working_days_only=st.booleans(),
)


def test_soon_is_the_end_plus_the_grace() -> None:
    assert due_at(TUESDAY, Timing(), BERLIN) == TUESDAY + timedelta(minutes=15)


def test_the_same_evening_never_comes_before_the_grace_is_over() -> None:
    evening = Timing(When.SAME_EVENING)
    assert due_at(TUESDAY, evening, BERLIN) == datetime(2026, 3, 17, 18, 0, tzinfo=BERLIN)
    late = datetime(2026, 3, 17, 19, 30, tzinfo=BERLIN)
    assert due_at(late, evening, BERLIN) == late + timedelta(minutes=15)


def test_the_next_morning_waits_for_a_working_day_if_asked() -> None:
    assert due_at(FRIDAY, Timing(When.NEXT_MORNING), BERLIN) == datetime(2026, 3, 21, 8, 30, tzinfo=BERLIN)
    working = Timing(When.NEXT_MORNING, working_days_only=True)
    assert due_at(FRIDAY, working, BERLIN) == datetime(2026, 3, 23, 8, 30, tzinfo=BERLIN)


def test_working_hours_roll_over_into_the_next_day_and_the_next_week() -> None:
    three = Timing(When.AFTER_HOURS, delay=timedelta(hours=3), grace=timedelta(0))
    assert due_at(TUESDAY, three, BERLIN) == datetime(2026, 3, 17, 18, 0, tzinfo=BERLIN)
    assert due_at(FRIDAY, three, BERLIN) == datetime(2026, 3, 21, 11, 0, tzinfo=BERLIN)
    working = Timing(When.AFTER_HOURS, delay=timedelta(hours=3), grace=timedelta(0), working_days_only=True)
    assert due_at(FRIDAY, working, BERLIN) == datetime(2026, 3, 23, 11, 0, tzinfo=BERLIN)


@given(moments, timings, zones)
def test_no_draft_before_the_end_plus_the_grace_and_none_a_week_late(
    end: datetime, timing: Timing, zone: ZoneInfo
) -> None:
    due = due_at(end, timing, zone)
    assert due >= end + timing.grace
    assert due <= end + timing.grace + timedelta(days=14)
    assert due.tzinfo is not None


def test_the_reminder_comes_at_the_owners_hour_of_the_next_local_day() -> None:
    assert remind_at(TUESDAY, ReminderPolicy(), BERLIN) == datetime(2026, 3, 18, 9, 0, tzinfo=BERLIN)
    just_after_midnight = datetime(2026, 3, 18, 0, 10, tzinfo=BERLIN)
    assert remind_at(just_after_midnight, ReminderPolicy(), BERLIN) == datetime(2026, 3, 19, 9, 0, tzinfo=BERLIN)


def test_weekends_are_left_in_peace_if_asked() -> None:
    quiet = ReminderPolicy(weekends=False)
    assert remind_at(FRIDAY, quiet, BERLIN) == datetime(2026, 3, 23, 9, 0, tzinfo=BERLIN)
    assert not reminder_open(datetime(2026, 3, 21, 12, 0, tzinfo=BERLIN), quiet, BERLIN)
    assert next_reminder_hour(FRIDAY, quiet, BERLIN) == datetime(2026, 3, 23, 9, 0, tzinfo=BERLIN)


def test_an_hour_that_the_clock_change_skips_becomes_the_hour_after_it() -> None:
    before = datetime(2026, 3, 28, 12, 0, tzinfo=BERLIN)
    policy = ReminderPolicy(at=time(2, 30))
    assert remind_at(before, policy, BERLIN) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@given(moments, zones, st.booleans(), st.times(datetime(2026, 1, 1, 0, 0).time(), datetime(2026, 1, 1, 22, 0).time()))  # noqa: DTZ001 # times of day
def test_the_reminder_is_always_on_a_later_local_day(
    drafted: datetime, zone: ZoneInfo, weekends: bool, at: time
) -> None:
    policy = ReminderPolicy(at=at, weekends=weekends)
    moment = remind_at(drafted, policy, zone)
    assert moment.astimezone(zone).date() > drafted.astimezone(zone).date()
    assert reminder_open(moment, policy, zone)
    assert next_reminder_hour(drafted, policy, zone) > drafted
