"""What the calendars said: invites and how far each calendar was read."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, exists, func, select
from sqlalchemy.sql import ColumnElement

from connectors.model import CalendarDelta, Event, Invite, Window
from daemon.store.schema import calendars, followup_uids, invites
from daemon.store.statements import upsert

OPEN_END = datetime(9999, 12, 31, tzinfo=UTC)
"""Where a series ends, as far as finding it goes."""
_FIRST = datetime(1, 1, 1, tzinfo=UTC)


def cursor(connection: Connection, account: str, calendar: str) -> tuple[str, Window] | None:
    row = connection.execute(
        select(calendars.c.cursor, calendars.c.window_start, calendars.c.window_end).where(
            calendars.c.account == account, calendars.c.calendar == calendar
        )
    ).one_or_none()
    return None if row is None else (row.cursor, Window(row.window_start, row.window_end))


def apply(
    connection: Connection, account: str, calendar: str, delta: CalendarDelta, *, window: Window, now: datetime
) -> None:
    upsert(
        connection,
        calendars,
        [
            {
                "account": account,
                "calendar": calendar,
                "cursor": delta.cursor,
                "window_start": window.start,
                "window_end": window.end,
                "pulled_at": now,
            }
        ],
    )
    here = (invites.c.account == account, invites.c.calendar == calendar)
    if delta.full:
        connection.execute(delete(invites).where(*here))
    elif delta.removed:
        connection.execute(
            delete(invites).where(*here, invites.c.key == bindparam("gone")), [{"gone": key} for key in delta.removed]
        )
    latest = {invite.key: invite for invite in delta.invites}
    upsert(connection, invites, [_row(account, calendar, invite, now) for invite in latest.values()])


def _row(account: str, calendar: str, invite: Invite, now: datetime) -> dict[str, object]:
    starts_at, ends_at, open_end = bounds(invite, now)
    return {
        "account": account,
        "calendar": calendar,
        "key": invite.key,
        "uid": invite.uid,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "open_end": open_end,
        "invite": invite,
    }


def bounds(invite: Invite, now: datetime) -> tuple[datetime, datetime, bool]:
    """Earliest start and latest end of its events in UTC, and whether it goes on without an end that we know.

    An instance that moved counts at its old place (RECURRENCE-ID) as well. An invite without events stands where it
    came in, or at `now`.
    """
    if not invite.events:
        moment = _utc(invite.received_at or now)
        return moment, moment, False
    moments = [_utc(moment) for event in invite.events for moment in _moments(event)]
    open_end = any(event.recurs or event.this_and_future for event in invite.events)
    return min(moments), OPEN_END if open_end else max(moments), open_end


def _moments(event: Event) -> Iterator[datetime]:
    yield event.start
    yield event.end
    if event.recurrence_id is not None:
        yield event.recurrence_id


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return _FIRST if moment.year == 1 else OPEN_END + timedelta(hours=23)


def between(connection: Connection, account: str, start: datetime, end: datetime) -> tuple[Invite, ...]:
    touching = select(invites.c.uid).where(
        invites.c.account == account, invites.c.ends_at >= start, invites.c.starts_at < end
    )
    return _read(connection, account, invites.c.uid.in_(touching))


def of_uid(connection: Connection, account: str, uid: str) -> tuple[Invite, ...]:
    return _read(connection, account, invites.c.uid == uid)


def _read(connection: Connection, account: str, which: ColumnElement[bool]) -> tuple[Invite, ...]:
    rows = connection.execute(
        select(invites.c.invite)
        .where(invites.c.account == account, which)
        .order_by(invites.c.starts_at, invites.c.uid, invites.c.calendar, invites.c.key)
    )
    return tuple(rows.scalars())


def known(connection: Connection, account: str) -> tuple[str, ...]:
    rows = connection.execute(
        select(calendars.c.calendar).where(calendars.c.account == account).order_by(calendars.c.calendar)
    )
    return tuple(rows.scalars())


def drop_calendar(connection: Connection, account: str, calendar: str) -> int:
    here = (invites.c.account == account, invites.c.calendar == calendar)
    removed = connection.execute(delete(invites).where(*here)).rowcount
    connection.execute(delete(calendars).where(calendars.c.account == account, calendars.c.calendar == calendar))
    return removed


def drop_ended(connection: Connection, account: str, horizon: datetime, *, referred: bool) -> int:
    """Remove every UID whose every invite ended before; with `referred` also those that a follow-up stands on."""
    over = (
        select(invites.c.uid)
        .where(invites.c.account == account)
        .group_by(invites.c.uid)
        .having(func.max(invites.c.ends_at) < horizon)
    )
    statement = delete(invites).where(invites.c.account == account, invites.c.uid.in_(over))
    if not referred:
        statement = statement.where(
            ~exists().where(followup_uids.c.account == account, followup_uids.c.uid == invites.c.uid)
        )
    return connection.execute(statement).rowcount


def drop_uids(connection: Connection, account: str, uids: ColumnElement[bool]) -> int:
    """Remove invites, but those of a series, which is more than one interview."""
    series = select(invites.c.uid).where(invites.c.account == account, invites.c.open_end)
    return connection.execute(
        delete(invites).where(invites.c.account == account, uids, invites.c.uid.not_in(series))
    ).rowcount
