"""The first shape: accounts, calendars and invites, follow-ups, the journal, looks, acts, notes, health, settings."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.String(27).with_variant(sa.DateTime(timezone=True), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("born_at", INSTANT, nullable=False),
        sa.Column("set_up_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_accounts")),
    )
    op.create_table(
        "acts",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("interview_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.name"], name=op.f("fk_acts_account_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acts")),
        sa.UniqueConstraint("account", "digest", name=op.f("uq_acts_account_digest")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_acts_account_interview_id"), "acts", ["account", "interview_id"], unique=False)
    op.create_table(
        "addresses",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("found_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.name"], name=op.f("fk_addresses_account_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account", "name", "domain", name=op.f("pk_addresses")),
    )
    op.create_table(
        "calendars",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("window_start", INSTANT, nullable=False),
        sa.Column("window_end", INSTANT, nullable=False),
        sa.Column("pulled_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.name"], name=op.f("fk_calendars_account_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account", "calendar", name=op.f("pk_calendars")),
    )
    op.create_table(
        "followups",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("interview_id", sa.Text(), nullable=False),
        sa.Column("ended_at", INSTANT, nullable=False),
        sa.Column("followup", sa.Text(), nullable=True),
        sa.Column("forgotten_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.name"], name=op.f("fk_followups_account_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account", "key", name=op.f("pk_followups")),
    )
    op.create_index(op.f("ix_followups_account_ended_at"), "followups", ["account", "ended_at"], unique=False)
    op.create_index(op.f("ix_followups_account_interview_id"), "followups", ["account", "interview_id"], unique=False)
    op.create_table(
        "health",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("port", sa.Text(), nullable=False),
        sa.Column("health", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.name"], name=op.f("fk_health_account_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account", "port", name=op.f("pk_health")),
    )
    op.create_table(
        "journal",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("intent", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("settled", sa.Text(), nullable=True),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.Column("ref", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.name"], name=op.f("fk_journal_account_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_journal_account_key"), "journal", ["account", "key"], unique=False)
    op.create_index(
        "ix_journal_unsettled",
        "journal",
        ["account", "id"],
        unique=False,
        sqlite_where=sa.text("settled IS NULL"),
        postgresql_where=sa.text("settled IS NULL"),
    )
    op.create_table(
        "looks",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("first_at", INSTANT, nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.Column("observation", sa.Text(), nullable=False),
        sa.Column("unseen", sa.Text(), nullable=False),
        sa.Column("suspect", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.name"], name=op.f("fk_looks_account_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_looks")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_looks_account_key_id"), "looks", ["account", "key", "id"], unique=False)
    op.create_table(
        "notes",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.name"], name=op.f("fk_notes_account_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account", "key", name=op.f("pk_notes")),
    )
    op.create_index(op.f("ix_notes_account_at"), "notes", ["account", "at"], unique=False)
    op.create_table(
        "settings",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.name"], name=op.f("fk_settings_account_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account", "name", name=op.f("pk_settings")),
    )
    op.create_table(
        "followup_uids",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account", "key"],
            ["followups.account", "followups.key"],
            name=op.f("fk_followup_uids_account_key_followups"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account", "uid", "key", name=op.f("pk_followup_uids")),
    )
    op.create_index(op.f("ix_followup_uids_account_key"), "followup_uids", ["account", "key"], unique=False)
    op.create_table(
        "invites",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("open_end", sa.Boolean(), nullable=False),
        sa.Column("invite", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account", "calendar"],
            ["calendars.account", "calendars.calendar"],
            name=op.f("fk_invites_account_calendar_calendars"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account", "calendar", "key", name=op.f("pk_invites")),
    )
    op.create_index(
        op.f("ix_invites_account_ends_at_starts_at"), "invites", ["account", "ends_at", "starts_at"], unique=False
    )
    op.create_index(op.f("ix_invites_account_uid"), "invites", ["account", "uid"], unique=False)


def downgrade() -> None:
    for table in (
        "invites",
        "followup_uids",
        "settings",
        "notes",
        "looks",
        "journal",
        "health",
        "followups",
        "calendars",
        "addresses",
        "acts",
        "accounts",
    ):
        op.drop_table(table)
