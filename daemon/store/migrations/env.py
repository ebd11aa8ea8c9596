"""Alembic's entry: it migrates on the connection, and in the transaction, that `opening` hands over."""

from alembic import context

from daemon.store.schema import metadata
from daemon.store.upgrading import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
