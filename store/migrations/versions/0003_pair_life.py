"""A pair's whole life: proposed times, signatures, held messages, approval, selection, leave."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_pair_life"
down_revision = "0002_edits"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def _json() -> sa.JSON:
    return sa.JSON(none_as_null=True)


_ADDED: tuple[tuple[str, sa.Column[object]], ...] = (
    ("participants", sa.Column("approved", sa.Boolean(), nullable=True)),
    ("participants", sa.Column("approved_at", _INSTANT, nullable=True)),
    ("participants", sa.Column("selected", sa.Boolean(), nullable=True)),
    ("participants", sa.Column("away_until", _INSTANT, nullable=True)),
    ("participants", sa.Column("preferences", _json(), nullable=True)),
    ("sessions", sa.Column("proposal", sa.Integer(), nullable=False, server_default="0")),
    ("sessions", sa.Column("proposed_by", sa.Text(), nullable=True)),
    ("sessions", sa.Column("proposed_times", _json(), nullable=True)),
    ("sessions", sa.Column("proposed_place", sa.Text(), nullable=True)),
    ("sessions", sa.Column("cancelled", sa.Integer(), nullable=False, server_default="0")),
    ("messages", sa.Column("send_after", _INSTANT, nullable=True)),
    ("messages", sa.Column("letter", _json(), nullable=True)),
)


def upgrade() -> None:
    """To this migration."""
    for table, column in _ADDED:
        op.add_column(table, column)
    op.create_table(
        "signatures",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("pair_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("terms", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("signed_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["pair_id"], ["pairs.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_signatures_pair_id"), "signatures", ["pair_id"], unique=False)
    op.create_index(op.f("ix_signatures_person_id"), "signatures", ["person_id"], unique=False)


def downgrade() -> None:
    """Back to the one before."""
    op.drop_index(op.f("ix_signatures_person_id"), table_name="signatures")
    op.drop_index(op.f("ix_signatures_pair_id"), table_name="signatures")
    op.drop_table("signatures")
    for table, column in reversed(_ADDED):
        op.drop_column(table, column.name)
