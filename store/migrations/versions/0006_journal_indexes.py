"""Find out without reading it all when something last happened in a program, and whether it did."""

from __future__ import annotations

from alembic import op

revision = "0006_journal_indexes"
down_revision = "0005_instruments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this migration."""
    op.create_index("ix_journal_program_at", "journal", ["program_id", "at"])
    op.create_index("ix_journal_program_kind", "journal", ["program_id", "kind"])
    op.drop_index("ix_journal_program_id", "journal")


def downgrade() -> None:
    """Back to the one before."""
    op.create_index("ix_journal_program_id", "journal", ["program_id"])
    op.drop_index("ix_journal_program_kind", "journal")
    op.drop_index("ix_journal_program_at", "journal")
