"""What an inquiry would say where records are matched, deletions that are to be carried over, and inquiries that became another."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "likeness",
        sa.Column("conn", sa.Text(), nullable=False),
        sa.Column("collection", sa.Text(), nullable=False),
        sa.Column("inquiry", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("conn", "collection", "inquiry", name=op.f("pk_likeness")),
    )
    op.create_index("ix_likeness_key", "likeness", ["conn", "collection", "key"], unique=False)
    op.create_index("ix_likeness_inquiry", "likeness", ["inquiry"], unique=False)
    op.create_table(
        "deletion",
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("gone", sa.Text(), nullable=False),
        sa.Column("conn", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.Text(), nullable=True),
        sa.Column("version", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["link"], ["link.id"], name=op.f("fk_deletion_link")),
        sa.PrimaryKeyConstraint("link", name=op.f("pk_deletion")),
    )
    op.create_index(
        "ix_event_joined",
        "event",
        ["inquiry"],
        unique=False,
        sqlite_where=sa.text("field = 'joined_into'"),
        postgresql_where=sa.text("field = 'joined_into'"),
    )
