"""Tell where a program stands without reading its journal and its ledger whole.

The table begins empty; `store.migrate` fills it from the journal, in transactions of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011_pair_standings"
down_revision = "0010_acts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this migration."""
    op.create_table(
        "pair_standings",
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("pair_id", sa.Text(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fold", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "pair_id", name=op.f("pk_pair_standings")),
    )
    op.create_index(
        "ix_pair_standings_rank", "pair_standings", ["program_id", "rank", "pair_id", "state"]
    )
    op.create_index("ix_journal_program_pair", "journal", ["program_id", "pair_id"])
    op.create_index("ix_messages_program_state", "messages", ["program_id", "state", "recipient"])
    op.create_index("ix_messages_program_person", "messages", ["program_id", "person_id"])
    op.drop_index("ix_messages_program_id", "messages")


def downgrade() -> None:
    """Back to the one before."""
    op.create_index("ix_messages_program_id", "messages", ["program_id"])
    op.drop_index("ix_messages_program_person", "messages")
    op.drop_index("ix_messages_program_state", "messages")
    op.drop_index("ix_journal_program_pair", "journal")
    op.drop_table("pair_standings")
