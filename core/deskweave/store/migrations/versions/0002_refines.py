"""An index on what an event refines: asked when history is explained, and for every event that is withdrawn."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_event_refines",
        "event",
        ["refines"],
        unique=False,
        sqlite_where=sa.text("refines IS NOT NULL"),
        postgresql_where=sa.text("refines IS NOT NULL"),
    )
