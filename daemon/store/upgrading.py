"""From whatever shape a store has to today's, in the caller's transaction: wholly or not at all."""

import threading
from importlib import import_module
from pathlib import Path
from types import ModuleType

from sqlalchemy import Connection, column, inspect, select, table

from daemon.store import schema
from daemon.store.errors import MOVE_ASIDE, StoreCorrupt, StoreNewer

VERSION_TABLE = "afterword_schema"
MIGRATIONS = Path(__file__).parent / "migrations"

# Alembic keeps the running migration in a module-wide proxy.
_one_at_a_time = threading.Lock()


def _alembic(part: str) -> ModuleType:
    # A service that runs for months need not hold what only a change of the schema asks for.
    return import_module(f"alembic.{part}")


def revision(connection: Connection) -> str | None:
    """The schema's revision; None for an empty database."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found: str | None = connection.execute(select(column("version_num")).select_from(table(VERSION_TABLE))).scalar()
    return found


def newest() -> str:
    """The revision that today's code works with."""
    return schema.REVISION


def examine(connection: Connection, where: str) -> str | None:
    """The revision, once it is sure that we may go on from it. Raises StoreNewer, StoreCorrupt."""
    current = revision(connection)
    if current is not None and current != newest() and current not in _known():
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


def _known() -> set[str]:
    directory = _alembic("script").ScriptDirectory(str(MIGRATIONS))
    return {script.revision for script in directory.walk_revisions()}


def run(connection: Connection, target: str = "head") -> None:
    """Run every migration from where the store is to `target`; `base` is an empty database."""
    command, config = _alembic("command"), _alembic("config").Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    with _one_at_a_time:
        (command.downgrade if target == "base" else command.upgrade)(config, target)
