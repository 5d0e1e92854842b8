"""The definition and the people that a schedule makes the programs of a scheme of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007_schemes"
down_revision = "0006_journal_indexes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this migration."""
    op.create_table(
        "schemes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("rhythm", sa.JSON(), nullable=False),
        sa.Column("people_from", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "scheme_people",
        sa.Column("scheme_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("profile", sa.JSON(), nullable=False),
        sa.Column("eligible_roles", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"]),
        sa.ForeignKeyConstraint(["scheme_id"], ["schemes.id"]),
        sa.PrimaryKeyConstraint("scheme_id", "person_id"),
    )


def downgrade() -> None:
    """Back to the one before."""
    op.drop_table("scheme_people")
    op.drop_table("schemes")
