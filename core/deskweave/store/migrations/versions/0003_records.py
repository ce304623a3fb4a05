"""Records that are no inquiries: contacts, answers to surveys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "record",
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("grain", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.Text(), nullable=False),
        sa.Column("doc", sa.Text(), nullable=True),
        sa.Column("practice", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_record")),
    )
    op.create_index("ix_record_grain_n", "record", ["grain", "n"], unique=False)
    op.create_index("ix_record_source_key", "record", ["source", "key"], unique=False)
