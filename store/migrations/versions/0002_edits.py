"""HR's edits of a proposal; pairs that began late, or that break a rule by now."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_edits"
down_revision = "0001_initial"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this migration."""
    op.create_table(
        "edits",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_edits_program_id"), "edits", ["program_id"], unique=False)
    op.add_column("pairs", sa.Column("sessions", sa.Integer(), nullable=True))
    op.add_column("pairs", sa.Column("broken", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    """Back to the one before."""
    op.drop_column("pairs", "broken")
    op.drop_column("pairs", "sessions")
    op.drop_index(op.f("ix_edits_program_id"), table_name="edits")
    op.drop_table("edits")
