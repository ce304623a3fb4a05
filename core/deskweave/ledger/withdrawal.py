"""Taking an import out again, whole: a copy of a file that can be read anew is no history that would be lost.

Only inquiries that nothing but the import has ever touched go. What a platform, a rule or a person has said stays for good.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from deskweave.model import InquiryId
from deskweave.store import tables
from deskweave.store.events import last_seq
from deskweave.store.inquiries import chunks, references
from deskweave.store.values import reference_of

_ADOPTION = "adoption"  #: its events carry words into a new practice and speak of nothing new
_ROUTES = "route:%"  #: positions that say what was reached once, not how far somebody has read


def inquiries_of(tx: sa.Connection, source: str) -> list[InquiryId]:
    """Inquiries that have events of a source, sorted."""
    rows = tx.execute(sa.select(tables.event.c.inquiry).where(tables.event.c.source == source).distinct())
    return sorted(InquiryId(one) for one in rows.scalars())


def first_seq(tx: sa.Connection, source: str, only: Collection[InquiryId] | None = None) -> int | None:
    """The earliest event of these inquiries; None: they have none."""
    if only is None:
        only = inquiries_of(tx, source)
    seen = [
        tx.execute(sa.select(sa.func.min(tables.event.c.seq)).where(tables.event.c.inquiry.in_(part))).scalar()
        for part in chunks(only)
    ]
    return min((int(one) for one in seen if one is not None), default=None)


def withdraw(
    tx: sa.Connection, source: str, only: Collection[InquiryId] | None = None, *, empty: bool = False
) -> tuple[list[InquiryId], list[InquiryId]]:
    """Take out the inquiries that one import made, with their events and personal values.

    Readers of events go on from the last event that is left: what they have read beyond it is no more. Facts keep a position of
    their own: `Facts.forget` comes first.

    Args:
        tx: a transaction of `Store.write`.
        source: `log:<name>`.
        only: of these inquiries; None: of all.
        empty: keep the inquiries themselves, with their numbers and without a value, to be told anew.

    Returns:
        The inquiries taken out, and those that stay because a platform, a rule, a person or a message has touched them.

    Raises:
        ValueError: the source is no import.
    """
    if not source.startswith("log:"):
        message = f"{source} is no import: its events stay"
        raise ValueError(message)
    found = [one for one in inquiries_of(tx, source) if only is None or one in only]
    gone: list[InquiryId] = []
    stays: list[InquiryId] = []
    for part in chunks(found):
        touched = _touched(tx, source, part)
        gone += [one for one in part if one not in touched]
        stays += [one for one in part if one in touched]
    with _bodies_indexed(tx):
        for part in chunks(gone):
            _remove(tx, part, empty=empty)
    last = last_seq(tx)
    table = tables.position
    tx.execute(sa.update(table).where(table.c.seq > last, table.c.reader.not_like(_ROUTES)).values(seq=last))
    return gone, stays


@contextmanager
def _bodies_indexed(tx: sa.Connection) -> Iterator[None]:
    """A foreign key is looked up for every row that goes; without an index each look-up reads the whole table. Nobody else needs
    this one, so it lives as long as the transaction.
    """
    made = sa.Index("ix_withdrawal_message_body", tables.message.c.body)
    try:
        made.create(tx)
        yield
        made.drop(tx)
    finally:
        tables.message.indexes.discard(made)


def _touched(tx: sa.Connection, source: str, part: list[InquiryId]) -> set[str]:
    event, link, message = tables.event, tables.link, tables.message
    found: set[str] = set()
    for asked in (
        sa.select(event.c.inquiry).where(event.c.inquiry.in_(part), event.c.source.not_in([source, _ADOPTION])),
        sa.select(link.c.inquiry).where(link.c.inquiry.in_(part)),
        sa.select(message.c.inquiry).where(message.c.inquiry.in_(part)),
    ):
        found.update(tx.execute(asked.distinct()).scalars())
    return found


def _remove(tx: sa.Connection, part: list[InquiryId], *, empty: bool) -> None:
    event, inquiry = tables.event, tables.inquiry
    personal: dict[str, None] = {}
    for row in tx.execute(sa.select(event.c.old, event.c.new).where(event.c.inquiry.in_(part))):
        for raw in (row.old, row.new):
            if (reference := reference_of(raw)) is not None:
                personal[reference] = None
    doc: Any
    for doc in tx.execute(sa.select(inquiry.c.doc).where(inquiry.c.id.in_(part))).scalars():
        personal.update(dict.fromkeys(references(doc.get("values", {}))))
    tx.execute(sa.delete(tables.timer).where(tables.timer.c.inquiry.in_(part)))
    tx.execute(sa.delete(event).where(event.c.inquiry.in_(part)))
    if empty:
        tx.execute(sa.update(inquiry).where(inquiry.c.id.in_(part)).values(doc={"values": {}}, seq=0, closed_at=None))
    else:
        tx.execute(sa.delete(inquiry).where(inquiry.c.id.in_(part)))
    for some in chunks(personal):
        tx.execute(sa.delete(tables.personal).where(tables.personal.c.id.in_(some)))
