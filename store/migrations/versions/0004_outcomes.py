"""What a people file that was imported after a program says of those who were in it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_outcomes"
down_revision = "0003_pair_life"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this migration."""
    op.create_table(
        "outcomes",
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("level", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"]),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"]),
        sa.PrimaryKeyConstraint("program_id", "person_id"),
    )


def downgrade() -> None:
    """Back to the one before."""
    op.drop_table("outcomes")
