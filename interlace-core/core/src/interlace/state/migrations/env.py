"""What Alembic imports to run migrations: over the connection that `interlace.state.migrate` hands in."""

from __future__ import annotations

from alembic import context

from interlace.state.migrate import VERSION_TABLE
from interlace.state.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    # SQLite alters a table by copying it, and its DDL is transactional here (see `migrate.upgrade_sqlite`).
    render_as_batch=True,
    transactional_ddl=True,
)

with context.begin_transaction():
    context.run_migrations()
