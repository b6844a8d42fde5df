"""Alembic's entry point: runs on the connection that `services.database.migrations` hands over."""

from alembic import context

import models

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=models.metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
    compare_type=True,
)
context.run_migrations()
