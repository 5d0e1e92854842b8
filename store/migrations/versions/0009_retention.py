"""Consents, legal holds, and the deletion of personal data when its time is over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009_retention"
down_revision = "0008_erasures"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this migration."""
    op.create_table(
        "consents",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_consents_person_id_people"),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name="fk_consents_program_id_programs"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_consents"),
    )
    op.create_index("ix_consents_program_id", "consents", ["program_id"])
    op.create_index("ix_consents_person_id", "consents", ["person_id"])
    op.create_table(
        "holds",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name="fk_holds_program_id_programs"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_holds"),
    )
    op.create_index("ix_holds_program_id", "holds", ["program_id"])
    op.create_table(
        "deletions",
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name="fk_deletions_program_id_programs"
        ),
        sa.PrimaryKeyConstraint("program_id", name="pk_deletions"),
    )


def downgrade() -> None:
    """Back to the one before."""
    op.drop_table("deletions")
    op.drop_index("ix_holds_program_id", "holds")
    op.drop_table("holds")
    op.drop_index("ix_consents_person_id", "consents")
    op.drop_index("ix_consents_program_id", "consents")
    op.drop_table("consents")
