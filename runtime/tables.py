"""Whether the store's tables serve this version, asked by worker and portal when they start."""

from __future__ import annotations

import structlog
from sqlalchemy.exc import SQLAlchemyError

from store.database import Database
from store.migrate import need_tables

log = structlog.get_logger(__name__)


def check_tables(database: Database) -> None:
    """Raise BadInput, with what to do, where the tables don't serve this version.

    While the store is away nobody can tell; it is waited for as at any other time.
    """
    try:
        need_tables(database)
    except SQLAlchemyError:
        log.warning("tables not looked at: the store is away")
