"""The tables, as today's code sees them; `migrations` leads there from every older shape. docs/store.md lists them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from connectors.model import Address, DraftRef, Invite, Observation, Place
from daemon.core.facts import Act, FollowUp, Health, SentNote
from daemon.store.columns import Name, Payload, UtcDateTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

REVISION = "0001"
"""The newest migration: what these tables are. A test holds it to `migrations/versions`."""

_Serial = BigInteger().with_variant(Integer(), "sqlite")


def _account() -> Column[str]:
    return Column("account", Name, ForeignKey("accounts.name", ondelete="CASCADE"), primary_key=True)


def _of_account() -> Column[str]:
    return Column("account", Name, ForeignKey("accounts.name", ondelete="CASCADE"), nullable=False)


accounts = Table(
    "accounts",
    metadata,
    Column("name", Name, primary_key=True),
    Column("born_at", UtcDateTime, nullable=False),
    Column("set_up_at", UtcDateTime),
)

calendars = Table(
    "calendars",
    metadata,
    _account(),
    Column("calendar", Name, primary_key=True),
    Column("cursor", Text, nullable=False),
    Column("window_start", UtcDateTime, nullable=False),
    Column("window_end", UtcDateTime, nullable=False),
    Column("pulled_at", UtcDateTime, nullable=False),
)

invites = Table(
    "invites",
    metadata,
    Column("account", Name, primary_key=True),
    Column("calendar", Name, primary_key=True),
    Column("key", Name, primary_key=True),
    Column("uid", Name, nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("open_end", Boolean(create_constraint=False), nullable=False),
    Column("invite", Payload(Invite), nullable=False),
    ForeignKeyConstraint(["account", "calendar"], ["calendars.account", "calendars.calendar"], ondelete="CASCADE"),
    Index(None, "account", "uid"),
    Index(None, "account", "ends_at", "starts_at"),
)

followups = Table(
    "followups",
    metadata,
    _account(),
    Column("key", Name, primary_key=True),
    Column("interview_id", Name, nullable=False),
    Column("ended_at", UtcDateTime, nullable=False),
    Column("followup", Payload(FollowUp)),
    Column("forgotten_at", UtcDateTime),
    Index(None, "account", "ended_at"),
    Index(None, "account", "interview_id"),
)

followup_uids = Table(
    "followup_uids",
    metadata,
    Column("account", Name, primary_key=True),
    Column("uid", Name, primary_key=True),
    Column("key", Name, primary_key=True),
    ForeignKeyConstraint(["account", "key"], ["followups.account", "followups.key"], ondelete="CASCADE"),
    Index(None, "account", "key"),
)

journal = Table(
    "journal",
    metadata,
    Column("id", _Serial, primary_key=True),
    _of_account(),
    Column("key", Name, nullable=False),
    Column("intent", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("settled", Text),
    Column("settled_at", UtcDateTime),
    Column("ref", Payload(DraftRef)),
    Column("detail", Text, nullable=False),
    Index(None, "account", "key"),
    sqlite_autoincrement=True,
)
Index(
    "ix_journal_unsettled",
    journal.c.account,
    journal.c.id,
    sqlite_where=journal.c.settled.is_(None),
    postgresql_where=journal.c.settled.is_(None),
)

looks = Table(
    "looks",
    metadata,
    Column("id", _Serial, primary_key=True),
    _of_account(),
    Column("key", Name, nullable=False),
    Column("first_at", UtcDateTime, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    Column("observation", Payload(Observation), nullable=False),
    Column("unseen", Payload(tuple[Place, ...]), nullable=False),
    Column("suspect", Boolean(create_constraint=False), nullable=False),
    Index(None, "account", "key", "id"),
    sqlite_autoincrement=True,
)

acts = Table(
    "acts",
    metadata,
    Column("id", _Serial, primary_key=True),
    _of_account(),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", Text, nullable=False),
    Column("interview_id", Name, nullable=False),
    Column("digest", Text, nullable=False),
    Column("act", Payload(Act), nullable=False),
    UniqueConstraint("account", "digest"),
    Index(None, "account", "interview_id"),
    sqlite_autoincrement=True,
)

notes = Table(
    "notes",
    metadata,
    _account(),
    Column("key", Name, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("day", Date, nullable=False),
    Column("kind", Text, nullable=False),
    Column("note", Payload(SentNote), nullable=False),
    Index(None, "account", "at"),
)

health = Table(
    "health",
    metadata,
    _account(),
    Column("port", Name, primary_key=True),
    Column("health", Payload(Health), nullable=False),
)

addresses = Table(
    "addresses",
    metadata,
    _account(),
    Column("name", Name, primary_key=True),
    Column("domain", Name, primary_key=True),
    Column("email", Name, nullable=False),
    Column("address", Payload(Address), nullable=False),
    Column("found_at", UtcDateTime, nullable=False),
)

settings = Table(
    "settings",
    metadata,
    _account(),
    Column("name", Name, primary_key=True),
    Column("value", Text, nullable=False),
)
