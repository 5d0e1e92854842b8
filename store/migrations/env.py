"""How Alembic runs our migrations: always on the connection that `store.migrate` gives it."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from store.tables import Base, Instant


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write our own column type as the plain one, so that a migration outlives our code."""
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_item=render_item,
    render_as_batch=True,  # SQLite can't alter a column in place
    transactional_ddl=True,  # true of SQLite too, once its driver doesn't interfere
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
