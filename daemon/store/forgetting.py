"""Removing what is kept: by age, by interview, or all of an account. docs/store.md says what each leaves behind."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Table, delete, or_, select, update

from daemon.core.facts import Act, ActKind, FollowUp
from daemon.core.model import OwnerNotes
from daemon.store import followups as facts
from daemon.store import invites as calendar
from daemon.store.schema import (
    accounts,
    acts,
    addresses,
    calendars,
    followup_uids,
    followups,
    health,
    invites,
    journal,
    looks,
    notes,
    settings,
)

_LASTING = frozenset({ActKind.DISMISS, ActKind.NOT_AN_INTERVIEW})


def prune(connection: Connection, account: str, horizon: datetime) -> int:
    """What serves nothing any more: invites that ended before and looks, as far as no follow-up refers to them."""
    removed = calendar.drop_ended(connection, account, horizon, referred=False)
    owed = select(followups.c.key).where(followups.c.account == account, followups.c.followup.is_not(None))
    stale = delete(looks).where(looks.c.account == account, looks.c.last_at < horizon, looks.c.key.not_in(owed))
    return removed + connection.execute(stale).rowcount


def everything(connection: Connection, account: str, now: datetime) -> int:
    """All but the account's name. It counts as a new store from now on: old interviews are not drafted again."""
    removed = 0
    for table in (
        invites,
        calendars,
        followup_uids,
        followups,
        journal,
        looks,
        acts,
        notes,
        health,
        addresses,
        settings,
    ):
        removed += connection.execute(delete(table).where(table.c.account == account)).rowcount
    connection.execute(update(accounts).where(accounts.c.name == account).values(born_at=now))
    return removed


def older_than(connection: Connection, account: str, before: datetime, now: datetime) -> int:
    """Everything about what ended before: its follow-ups become tombstones."""
    old = connection.execute(
        select(followups.c.interview_id, followups.c.key).where(
            followups.c.account == account, followups.c.ended_at < before, followups.c.forgotten_at.is_(None)
        )
    ).all()
    removed = 0
    for past in sorted({row.interview_id for row in old}):
        keys = {row.key for row in old if row.interview_id == past}
        removed += _interview(connection, account, past, keys=keys, uids=(), now=now)
    removed += calendar.drop_ended(connection, account, before, referred=True)
    removed += prune(connection, account, before)
    for table, moment in ((notes, notes.c.at), (addresses, addresses.c.found_at)):
        removed += connection.execute(delete(table).where(table.c.account == account, moment < before)).rowcount
    done = delete(journal).where(journal.c.account == account, journal.c.settled_at < before)
    removed += connection.execute(done).rowcount
    living = select(followups.c.interview_id).where(followups.c.account == account, followups.c.forgotten_at.is_(None))
    stray = select(acts).where(acts.c.account == account, acts.c.at < before, acts.c.interview_id.not_in(living))
    return removed + _strip(connection, account, [(row.id, row.act) for row in connection.execute(stray)])


def interview(connection: Connection, account: str, interview_id: str, uids: Collection[str], now: datetime) -> int:
    """Everything about one interview; a tombstone stays, so that it is not drafted again."""
    keys = connection.execute(
        select(followups.c.key).where(
            followups.c.account == account,
            followups.c.interview_id == interview_id,
            followups.c.forgotten_at.is_(None),
        )
    ).scalars()
    return _interview(connection, account, interview_id, keys=set(keys), uids=uids, now=now)


def _interview(
    connection: Connection, account: str, interview_id: str, *, keys: set[str], uids: Collection[str], now: datetime
) -> int:
    here = (followups.c.account == account, followups.c.key.in_(keys))
    known = tuple(connection.execute(select(followups.c.followup).where(*here)).scalars())
    theirs = select(followup_uids.c.uid).where(followup_uids.c.account == account, followup_uids.c.key.in_(keys))
    removed = calendar.drop_uids(connection, account, or_(invites.c.uid.in_(theirs), invites.c.uid.in_(uids)))
    removed += _addresses_of(connection, account, known)
    for table in (looks, journal):
        removed += _of_keys(connection, table, account, keys)
    _of_keys(connection, followup_uids, account, keys)
    told = select(acts).where(acts.c.account == account, acts.c.interview_id == interview_id)
    mine = [(row.id, row.act) for row in connection.execute(told) if not row.act.key or row.act.key in keys]
    removed += _strip(connection, account, mine)
    removed += connection.execute(update(followups).where(*here).values(followup=None, forgotten_at=now)).rowcount
    for key in sorted(keys):
        facts.add_act(connection, account, facts.closing_act(interview_id, key, now))
    return removed


def _of_keys(connection: Connection, table: Table, account: str, keys: set[str]) -> int:
    return connection.execute(delete(table).where(table.c.account == account, table.c.key.in_(keys))).rowcount


def _addresses_of(connection: Connection, account: str, known: Collection[FollowUp]) -> int:
    removed = 0
    for followup in known:
        recipient = followup.recipient
        names = [name for name in (recipient.name, *recipient.on_behalf_of) if name]
        theirs = or_(addresses.c.email == recipient.email, addresses.c.name.in_(names))
        removed += connection.execute(delete(addresses).where(addresses.c.account == account, theirs)).rowcount
    return removed


def _strip(connection: Connection, account: str, told: Collection[tuple[int, Act]]) -> int:
    """Drop acts; of a dismissal keep that it was made, without the owner's words or where they came from."""
    removed = 0
    for identity, act in told:
        bare = replace(act, notes=OwnerNotes(), source=facts.FORGOTTEN)
        if act == bare:
            continue
        connection.execute(delete(acts).where(acts.c.account == account, acts.c.id == identity))
        if act.kind in _LASTING:
            facts.add_act(connection, account, bare)
        removed += 1
    return removed
