"""Follow-ups and what became of them: the journal, looks, the owner's acts, notes."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select, update

from connectors.model import DraftRef
from daemon.core.facts import (
    AccountFacts,
    Act,
    ActKind,
    FollowUp,
    FollowUpFacts,
    Health,
    Intent,
    JournalEntry,
    Look,
    SentNote,
    Settled,
)
from daemon.core.model import Recipient, RecipientKind
from daemon.store import payload
from daemon.store.schema import accounts, acts, followup_uids, followups, health, journal, looks, notes
from daemon.store.statements import insert_once

FORGOTTEN = "forgotten"
"""The source of the act that stands for a follow-up of which only the key is left."""


def add(connection: Connection, account: str, followup: FollowUp) -> bool:
    added = insert_once(
        connection,
        followups,
        {
            "account": account,
            "key": followup.key,
            "interview_id": followup.interview_id,
            "ended_at": followup.ended_at,
            "followup": followup,
        },
    )
    if added and followup.uids:
        rows = [{"account": account, "key": followup.key, "uid": uid} for uid in dict.fromkeys(followup.uids)]
        connection.execute(followup_uids.insert(), rows)
    return added


def amend(connection: Connection, account: str, followup: FollowUp) -> bool:
    known = connection.execute(
        select(followups.c.followup).where(followups.c.account == account, followups.c.key == followup.key)
    ).scalar_one_or_none()
    if known is None:
        return False
    after = replace(known, ended_at=followup.ended_at, uids=followup.uids, recipient=followup.recipient)
    if after == known:
        return False
    which = (followups.c.account == account, followups.c.key == followup.key)
    connection.execute(followups.update().where(*which).values(ended_at=after.ended_at, followup=after))
    for uid in set(after.uids) - set(known.uids):
        insert_once(connection, followup_uids, {"account": account, "key": followup.key, "uid": uid})
    return True


def begin(
    connection: Connection, account: str, key: str, intent: Intent, *, at: datetime, fingerprint: str
) -> JournalEntry:
    row = {"account": account, "key": key, "intent": intent.value, "at": at, "fingerprint": fingerprint, "detail": ""}
    made = connection.execute(journal.insert().values(**row).returning(journal)).one()
    return _entry(made)


def settle(
    connection: Connection,
    account: str,
    entry: int,
    settled: Settled,
    *,
    at: datetime,
    ref: DraftRef | None,
    detail: str,
) -> JournalEntry:
    here = (journal.c.account == account, journal.c.id == entry)
    connection.execute(
        update(journal)
        .where(*here, journal.c.settled.is_(None))
        .values(settled=settled.value, settled_at=at, ref=ref, detail=detail)
    )
    row = connection.execute(select(journal).where(*here)).one_or_none()
    if row is None:
        raise LookupError(f"the journal has no entry {entry}")
    if row.settled != settled:
        raise ValueError(f"journal entry {entry} was settled as {row.settled} before")
    return _entry(row)


def unsettled(connection: Connection, account: str) -> tuple[JournalEntry, ...]:
    rows = connection.execute(
        select(journal).where(journal.c.account == account, journal.c.settled.is_(None)).order_by(journal.c.id)
    )
    return tuple(_entry(row) for row in rows)


def _entry(row: Row[Any]) -> JournalEntry:
    return JournalEntry(
        id=row.id,
        key=row.key,
        intent=Intent(row.intent),
        at=row.at,
        fingerprint=row.fingerprint,
        settled=Settled(row.settled) if row.settled is not None else None,
        settled_at=row.settled_at,
        ref=row.ref,
        detail=row.detail,
    )


def record_look(connection: Connection, account: str, look: Look) -> None:
    gone = (followups.c.account == account, followups.c.key == look.key, followups.c.forgotten_at.is_not(None))
    if connection.execute(select(followups.c.key).where(*gone)).first() is not None:
        return
    last = connection.execute(
        select(looks).where(looks.c.account == account, looks.c.key == look.key).order_by(looks.c.id.desc()).limit(1)
    ).one_or_none()
    seen = (look.observation, look.unseen, look.suspect)
    if last is not None and (last.observation, last.unseen, last.suspect) == seen:
        connection.execute(update(looks).where(looks.c.id == last.id).values(last_at=look.last_at))
        return
    connection.execute(
        looks.insert().values(
            account=account,
            key=look.key,
            first_at=look.first_at,
            last_at=look.last_at,
            observation=look.observation,
            unseen=look.unseen,
            suspect=look.suspect,
        )
    )


def _look(row: Row[Any]) -> Look:
    return Look(row.key, row.first_at, row.last_at, row.observation, row.unseen, row.suspect)


def add_act(connection: Connection, account: str, act: Act) -> bool:
    return insert_once(
        connection,
        acts,
        {
            "account": account,
            "at": act.at,
            "kind": act.kind.value,
            "interview_id": act.interview_id,
            "digest": hashlib.sha256(payload.dump(Act, act).encode()).hexdigest(),
            "act": act,
        },
    )


def all_acts(connection: Connection, account: str) -> tuple[Act, ...]:
    return tuple(
        connection.execute(select(acts.c.act).where(acts.c.account == account).order_by(acts.c.at, acts.c.id)).scalars()
    )


def add_note(connection: Connection, account: str, note: SentNote) -> bool:
    row = {"account": account, "key": note.key, "at": note.at, "day": note.day, "kind": note.kind, "note": note}
    return insert_once(connection, notes, row)


def notes_since(connection: Connection, account: str, since: datetime | None) -> tuple[SentNote, ...]:
    statement = select(notes.c.note).where(notes.c.account == account).order_by(notes.c.at, notes.c.key)
    if since is not None:
        statement = statement.where(notes.c.at >= since)
    return tuple(connection.execute(statement).scalars())


def all_health(connection: Connection, account: str) -> dict[str, Health]:
    rows = connection.execute(select(health.c.health).where(health.c.account == account).order_by(health.c.port))
    return {found.port: found for found in rows.scalars()}


def facts(connection: Connection, account: str, since: datetime | None) -> AccountFacts:
    owner = connection.execute(select(accounts).where(accounts.c.name == account)).one()
    wanted = select(followups).where(followups.c.account == account)
    if since is not None:
        wanted = wanted.where(followups.c.ended_at >= since)
    keys = wanted.with_only_columns(followups.c.key)
    entries = _by_key(_entry(row) for row in connection.execute(_of_keys(select(journal), journal, account, keys)))
    seen = _by_key(_look(row) for row in connection.execute(_of_keys(select(looks), looks, account, keys)))
    told = all_acts(connection, account)
    sent = notes_since(connection, account, since)
    found: dict[str, FollowUpFacts] = {}
    for row in connection.execute(wanted.order_by(followups.c.ended_at, followups.c.key)):
        followup = row.followup or _tombstone(row)
        found[followup.key] = FollowUpFacts(
            followup=followup,
            journal=tuple(entries[followup.key]),
            looks=tuple(seen[followup.key]),
            acts=tuple(act for act in told if _concerns(act, followup)),
            reminded_on=tuple(
                sorted({note.day for note in sent if note.kind == "reminder" and followup.key in note.items})
            ),
        )
    return AccountFacts(
        set_up_at=owner.set_up_at or owner.born_at,
        store_born_at=owner.born_at,
        followups=found,
        acts=told,
        notes=sent,
        health=all_health(connection, account),
    )


def _of_keys(statement: Select[Any], table: Any, account: str, keys: Select[Any]) -> Select[Any]:
    return statement.where(table.c.account == account, table.c.key.in_(keys)).order_by(table.c.id)


def _by_key(things: Iterable[Any]) -> defaultdict[str, list[Any]]:
    grouped: defaultdict[str, list[Any]] = defaultdict(list)
    for thing in things:
        grouped[thing.key].append(thing)
    return grouped


def _concerns(act: Act, followup: FollowUp) -> bool:
    return act.key == followup.key or (not act.key and act.interview_id == followup.interview_id)


def _tombstone(row: Row[Any]) -> FollowUp:
    return FollowUp(
        key=row.key,
        interview_id=row.interview_id,
        uids=(),
        recipient=Recipient("", "", RecipientKind.ADDRESS_NEEDED, FORGOTTEN),
        title="",
        ended_at=row.ended_at,
        zone="UTC",
        created_at=row.forgotten_at,
        message_id="",
        token="",
        parent="",
    )


def closing_act(interview_id: str, key: str, at: datetime) -> Act:
    """What keeps a forgotten follow-up closed."""
    return Act(at=at, kind=ActKind.DISMISS, interview_id=interview_id, key=key, source=FORGOTTEN)
