"""Since when nothing is held of somebody, and the proofs of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008_erasures"
down_revision = "0007_schemes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this migration."""
    op.add_column("people", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("participants", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "erasures",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proof", sa.JSON(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
    )
    op.create_index("ix_erasures_person_id", "erasures", ["person_id"])


def downgrade() -> None:
    """Back to the one before."""
    op.drop_table("erasures")
    op.drop_column("participants", "erased_at")
    op.drop_column("people", "erased_at")
