"""A connection that a person holds: by whom, since when and why. The engine's own pauses stand beside it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("held_by", "held_at", "held_why"):
        op.add_column("connection", sa.Column(name, sa.Text(), nullable=True))
