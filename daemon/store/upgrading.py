"""From whatever shape a store has to today's, in the caller's transaction: wholly or not at all."""

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from daemon.store import schema
from daemon.store.errors import MOVE_ASIDE, StoreCorrupt, StoreNewer

VERSION_TABLE = "afterword_schema"
MIGRATIONS = Path(__file__).parent / "migrations"

# Alembic keeps the running migration in a module-wide proxy.
_one_at_a_time = threading.Lock()


def revision(connection: Connection) -> str | None:
    """The schema's revision; None for an empty database."""
    heads = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_heads()
    return heads[0] if heads else None


def newest() -> str:
    """The revision that today's code works with."""
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    if head is None:
        raise FileNotFoundError(f"{MIGRATIONS} holds no migration: the installation is incomplete")
    return head


def examine(connection: Connection, where: str) -> str | None:
    """The revision, once it is sure that we may go on from it. Raises StoreNewer, StoreCorrupt."""
    current = revision(connection)
    known = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if current is not None and current not in known:
        raise StoreNewer(
            f"a newer Afterword wrote it (schema {current}; this one knows up to {newest()})",
            where=where,
            remedy="install that version again, or put back the copy that it kept beside the store",
        )
    tables = set(inspect(connection).get_table_names())
    if current is None and tables & schema.metadata.tables.keys():
        raise StoreCorrupt("its tables are there, but not the mark of their version", where=where, remedy=MOVE_ASIDE)
    if current == newest() and (lost := schema.metadata.tables.keys() - tables):
        raise StoreCorrupt(f"it lacks tables: {', '.join(sorted(lost))}", where=where, remedy=MOVE_ASIDE)
    return current


def run(connection: Connection, target: str = "head") -> None:
    """Run every migration from where the store is to `target`; `base` is an empty database."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    with _one_at_a_time:
        (command.downgrade if target == "base" else command.upgrade)(config, target)
