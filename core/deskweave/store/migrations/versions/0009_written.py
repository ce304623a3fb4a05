"""A column of its own for messages that stand there without an id; budgets of calls are kept in the process, not in a table."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("link", sa.Column("written", sa.Boolean(), nullable=False, server_default="0"))
    op.execute("UPDATE link SET written = 1, seen_version = NULL WHERE kind = 'message' AND seen_version = 'written'")
    op.drop_table("bucket")
