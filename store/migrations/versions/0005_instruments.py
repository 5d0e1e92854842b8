"""Surveys as they were asked, who was asked which version, and what was first answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005_instruments"
down_revision = "0004_outcomes"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """To this migration."""
    op.create_table(
        "instruments",
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("survey", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"]),
        sa.PrimaryKeyConstraint("program_id", "survey", "version", "language"),
    )
    op.create_table(
        "asked",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("survey", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"]),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_asked_person_id"), "asked", ["person_id"], unique=False)
    op.create_index(op.f("ix_asked_program_id"), "asked", ["program_id"], unique=False)
    op.add_column("answers", sa.Column("first_content", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("answers", sa.Column("first_answered_at", _INSTANT, nullable=True))


def downgrade() -> None:
    """Back to the one before."""
    for column in ("first_answered_at", "first_content"):
        op.drop_column("answers", column)
    op.drop_table("asked")
    op.drop_table("instruments")
