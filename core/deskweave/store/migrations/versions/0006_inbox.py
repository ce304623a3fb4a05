"""What deliveries hold beside hints and answers: records, messages, and why nothing could be made of one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("records", "messages", "parked_reason"):
        op.add_column("inbox", sa.Column(name, sa.Text(), nullable=True))
    op.create_index("ix_inbox_done_received_at", "inbox", ["done", "received_at"], unique=False)
