"""The durable state: facts, one account apart from the other. Every datetime is aware and comes back in UTC.

Every method raises `StoreError` or a subclass when the database fails, and ValueError for a naive datetime.
"""

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine, delete, select, update

from connectors.model import Address, CalendarDelta, DraftRef, Invite, Window
from daemon.core.facts import (
    AccountFacts,
    Act,
    FollowUp,
    Health,
    Intent,
    JournalEntry,
    Look,
    SentNote,
    Settled,
)
from daemon.store import followups, forgetting, invites, opening, schema
from daemon.store.errors import translated
from daemon.store.statements import insert_once, upsert

PATIENCE = timedelta(seconds=10)


class Store:
    """One database. Safe to share between threads."""

    def __init__(self, engine: Engine, opened_at: datetime) -> None:
        self.engine = engine
        self.opened_at = opened_at
        self.where = opening.shown(engine.url)

    @classmethod
    def open(cls, url_or_path: str | os.PathLike[str], *, now: datetime, patience: timedelta = PATIENCE) -> Self:
        """Open a store; make it where there is none, migrate an older one, of which a copy stays beside the file.

        `url_or_path` is a file for SQLite or a postgresql:// URL, `patience` how long to wait for another process.
        Raises StoreCorrupt, StoreNewer, StoreLocked, StoreUnavailable, and then leaves all as it was.
        """
        if now.utcoffset() is None:
            raise ValueError("`now` is naive")
        return cls(opening.open_engine(opening.location(url_or_path), patience=patience), now)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()

    @property
    def path(self) -> Path | None:
        """The SQLite file; None for a server."""
        return opening.file_of(self.engine.url)

    def accounts(self) -> tuple[str, ...]:
        """Names of the accounts of which anything is kept."""
        with self.reading() as connection:
            return tuple(connection.execute(select(schema.accounts.c.name).order_by(schema.accounts.c.name)).scalars())

    def account(self, name: str, *, now: datetime | None = None) -> "AccountStore":
        """The part of the store that belongs to one account. One that is new is born `now`, or when this was opened."""
        with self.reading() as connection:
            found = connection.execute(select(schema.accounts).where(schema.accounts.c.name == name)).one_or_none()
        if found is None:
            with self.writing(name) as connection:
                insert_once(connection, schema.accounts, {"name": name, "born_at": now or self.opened_at})
        return AccountStore(self, name)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state throughout."""
        with translated(self.where), opening.reading(self.engine) as connection:
            yield connection

    @contextmanager
    def writing(self, account: str) -> Iterator[Connection]:
        """A transaction that is on the disk once the block is left."""
        with translated(self.where), opening.writing(self.engine, account) as connection:
            yield connection

    def scrub(self) -> None:
        """Let nothing that was removed linger: in the write-ahead log, or in the copies that upgrades kept."""
        if self.path is None:
            return
        for copy in opening.copies(self.path):
            copy.unlink(missing_ok=True)
        with translated(self.where), self.engine.connect() as connection:
            connection.rollback()
            raw = connection.connection.driver_connection
            if raw is not None:
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class AccountStore:
    """What is kept of one account."""

    def __init__(self, store: Store, name: str) -> None:
        self.name = name
        self._store = store

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with self._store.writing(self.name) as connection:
            yield connection

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with self._store.reading() as connection:
            yield connection

    def set_up(self, at: datetime) -> None:
        """When the account's key was made."""
        with self._write() as connection:
            table = schema.accounts
            connection.execute(update(table).where(table.c.name == self.name).values(set_up_at=at))

    def cursor(self, port: str) -> tuple[str, Window] | None:
        """How far a calendar was read, and which window that covers; None before the first delta."""
        with self._read() as connection:
            return invites.cursor(connection, self.name, port)

    def apply_delta(self, calendar: str, delta: CalendarDelta, window: Window, now: datetime) -> None:
        """Take in what changed in a calendar, its cursor included, wholly or not at all."""
        with self._write() as connection:
            invites.apply(connection, self.name, calendar, delta, window=window, now=now)

    def invites_between(self, start: datetime, end: datetime) -> tuple[Invite, ...]:
        """Every invite, of every calendar, of each UID of which any one touches [start, end]. A series has no end."""
        with self._read() as connection:
            return invites.between(connection, self.name, start, end)

    def invites_of(self, uid: str) -> tuple[Invite, ...]:
        """Every invite of one UID, of every calendar."""
        with self._read() as connection:
            return invites.of_uid(connection, self.name, uid)

    def calendars_known(self) -> tuple[str, ...]:
        """Names of the calendars that were ever read and not dropped since."""
        with self._read() as connection:
            return invites.known(connection, self.name)

    def drop_calendar(self, calendar: str) -> int:
        """Forget a calendar that is no longer configured: its invites and its cursor. Returns how many invites."""
        with self._write() as connection:
            return invites.drop_calendar(connection, self.name, calendar)

    def forget_before(self, horizon: datetime) -> int:
        """Prune what nothing needs any more: UIDs that wholly ended before `horizon` and looks, unless a follow-up
        refers to them. Returns how many rows."""
        with self._write() as connection:
            return forgetting.prune(connection, self.name, horizon)

    def add_followup(self, followup: FollowUp) -> bool:
        """Keep a follow-up. One with its key that is there, or was forgotten, stays as it is; then False."""
        with self._write() as connection:
            return followups.add(connection, self.name, followup)

    def amend_followup(self, followup: FollowUp) -> bool:
        """Keep the end, the UIDs and the recipient as they are known now; whether that changed anything."""
        with self._write() as connection:
            return followups.amend(connection, self.name, followup)

    def facts(self, since: datetime | None) -> AccountFacts:
        """All of the account but its invites, of one moment; follow-ups and notes only from `since` on, None for all.

        A forgotten follow-up comes with its key, its interview's id and a DISMISS, and otherwise empty: without a
        Message-ID there is nothing to look for.
        """
        with self._read() as connection:
            return followups.facts(connection, self.name, since)

    def begin(self, key: str, intent: Intent, at: datetime, fingerprint: str = "") -> JournalEntry:
        """Journal an intent. It is on the disk when this returns."""
        with self._write() as connection:
            return followups.begin(connection, self.name, key, intent, at=at, fingerprint=fingerprint)

    def settle(
        self, entry_id: int, settled: Settled, at: datetime, ref: DraftRef | None = None, detail: str = ""
    ) -> JournalEntry:
        """Journal an outcome. The same one twice is one. Raises LookupError, or ValueError where another is there."""
        with self._write() as connection:
            return followups.settle(connection, self.name, entry_id, settled, at=at, ref=ref, detail=detail)

    def unsettled(self) -> tuple[JournalEntry, ...]:
        """Intents with an unknown outcome, oldest first."""
        with self._read() as connection:
            return followups.unsettled(connection, self.name)

    def record_look(self, look: Look) -> None:
        """Keep what was seen. If it is what was seen last, only `last_at` moves; a forgotten follow-up takes none."""
        with self._write() as connection:
            followups.record_look(connection, self.name, look)

    def add_act(self, act: Act) -> bool:
        """Keep an act of the owner's. The very same twice is one; then False."""
        with self._write() as connection:
            return followups.add_act(connection, self.name, act)

    def acts(self) -> tuple[Act, ...]:
        """Every act, oldest first."""
        with self._read() as connection:
            return followups.all_acts(connection, self.name)

    def add_note(self, note: SentNote) -> bool:
        """Keep that a note went out. One with its key stays as it is; then False."""
        with self._write() as connection:
            return followups.add_note(connection, self.name, note)

    def notes(self, since: datetime | None = None) -> tuple[SentNote, ...]:
        """Notes that went out, oldest first."""
        with self._read() as connection:
            return followups.notes_since(connection, self.name, since)

    def health(self) -> Mapping[str, Health]:
        """How each port fares, by its name."""
        with self._read() as connection:
            return followups.all_health(connection, self.name)

    def set_health(self, health: Health) -> None:
        """Keep how a port fares."""
        with self._write() as connection:
            upsert(connection, schema.health, [{"account": self.name, "port": health.port, "health": health}])

    def addresses(self) -> Mapping[tuple[str, str], Address]:
        """Addresses found for people, by name and domain as they were looked for."""
        table = schema.addresses
        with self._read() as connection:
            rows = connection.execute(
                select(table).where(table.c.account == self.name).order_by(table.c.name, table.c.domain)
            )
            return {(row.name, row.domain): row.address for row in rows}

    def add_address(self, name: str, domain: str, address: Address, at: datetime) -> None:
        """Keep an address that was found; a later one for the same name and domain takes its place."""
        row = {
            "account": self.name,
            "name": name,
            "domain": domain,
            "email": address.email,
            "address": address,
            "found_at": at,
        }
        with self._write() as connection:
            upsert(connection, schema.addresses, [row])

    def setting(self, name: str) -> str | None:
        """A small thing that was kept under this name."""
        table = schema.settings
        with self._read() as connection:
            found: str | None = connection.execute(
                select(table.c.value).where(table.c.account == self.name, table.c.name == name)
            ).scalar_one_or_none()
            return found

    def set_setting(self, name: str, value: str | None) -> None:
        """Keep a small thing; None removes it."""
        table = schema.settings
        with self._write() as connection:
            if value is None:
                connection.execute(delete(table).where(table.c.account == self.name, table.c.name == name))
            else:
                upsert(connection, table, [{"account": self.name, "name": name, "value": value}])

    def forget(
        self,
        *,
        before: datetime | None = None,
        interview_id: str | None = None,
        everything: bool = False,
        uids: Collection[str] = (),
        now: datetime | None = None,
    ) -> int:
        """Remove what is kept: all, or what ended before a time, or one interview (`uids`: also invites of these).

        Returns how many rows. What was forgotten is not drafted again; docs/store.md says what stays for that. `now`
        is taken to be when the store was opened, unless it is given.
        """
        moment = now or self._store.opened_at
        removed = 0
        with self._write() as connection:
            if everything:
                removed += forgetting.everything(connection, self.name, moment)
            if before is not None:
                removed += forgetting.older_than(connection, self.name, before, moment)
            if interview_id is not None:
                removed += forgetting.interview(connection, self.name, interview_id, uids, moment)
        self._store.scrub()
        return removed
