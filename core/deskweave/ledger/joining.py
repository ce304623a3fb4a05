"""Two inquiries turn out to be one: what was said of one, and what is open about it, belongs to the other from then on.

Nothing is rewritten. The events of the one that ends stay its own, the last of them says into which it went; messages and
conflicts, which people go on working with, move.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from deskweave.ledger.fold import MESSAGE_LOG
from deskweave.model import InquiryId
from deskweave.store import tables


def refile(tx: sa.Connection, other: InquiryId, into: InquiryId, at: datetime) -> None:
    """Move the messages and open conflicts of `other` to `into`, and close it; the event that says so is the caller's."""
    tx.execute(sa.update(tables.message).where(tables.message.c.inquiry == other).values(inquiry=into))
    said = tables.event.c
    tx.execute(sa.update(tables.event).where(said.inquiry == other, said.field == MESSAGE_LOG).values(inquiry=into))
    tx.execute(sa.update(tables.conflict).where(tables.conflict.c.inquiry == other).values(inquiry=into))
    tx.execute(sa.delete(tables.timer).where(tables.timer.c.inquiry == other))
    tx.execute(
        sa.update(tables.inquiry).where(tables.inquiry.c.id == other, tables.inquiry.c.closed_at.is_(None)).values(closed_at=at)
    )
