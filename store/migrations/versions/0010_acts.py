"""The record of who did what, which the database itself keeps from being changed.

A migration that makes the table anew on SQLite, as Alembic does to change a column there, has to
make the triggers anew as well.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010_acts"
down_revision = "0009_retention"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)

_CHANGED = "an act in the record is finished and is not changed any more"
_YOUNG = "an act stays in the record for 1095 days"

_SQLITE = (
    "CREATE TRIGGER acts_are_not_changed BEFORE UPDATE ON acts WHEN OLD.outcome <> 'began' "
    f"BEGIN SELECT RAISE(ABORT, '{_CHANGED}'); END",
    "CREATE TRIGGER acts_are_not_deleted BEFORE DELETE ON acts "
    f"WHEN OLD.at > datetime('now', '-1095 days') BEGIN SELECT RAISE(ABORT, '{_YOUNG}'); END",
)

_POSTGRESQL = (
    "CREATE OR REPLACE FUNCTION acts_stay() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"IF TG_OP = 'UPDATE' THEN IF OLD.outcome <> 'began' THEN RAISE EXCEPTION '{_CHANGED}'; "
    "END IF; RETURN NEW; END IF; "
    f"IF OLD.at > now() - interval '1095 days' THEN RAISE EXCEPTION '{_YOUNG}'; END IF; "
    "RETURN OLD; END $$",
    "CREATE TRIGGER acts_stay BEFORE UPDATE OR DELETE ON acts "
    "FOR EACH ROW EXECUTE FUNCTION acts_stay()",
)


def upgrade() -> None:
    """To this migration."""
    op.create_table(
        "acts",
        sa.Column("position", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("through", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=True),
        sa.Column("pair_id", sa.Text(), nullable=True),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("ended_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_index(op.f("ix_acts_at"), "acts", ["at"], unique=False)
    op.create_index(op.f("ix_acts_program_id"), "acts", ["program_id"], unique=False)
    for statement in _POSTGRESQL if _is_postgresql() else _SQLITE:
        op.execute(statement)


def downgrade() -> None:
    """Back to the one before."""
    op.drop_table("acts")  # its triggers go with it
    if _is_postgresql():
        op.execute("DROP FUNCTION IF EXISTS acts_stay()")


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
