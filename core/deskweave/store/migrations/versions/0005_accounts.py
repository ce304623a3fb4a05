"""What a platform tells about an account, and when it was asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("name", "told", "asked_at"):
        op.add_column("account", sa.Column(name, sa.Text(), nullable=True))
