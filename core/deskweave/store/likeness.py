"""Which inquiries would say the same on a collection: an index over digests, so that nobody reads a hundred thousand documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import sqlalchemy as sa

from deskweave.model import FieldId, InquiryId
from deskweave.store.inquiries import chunks
from deskweave.store.tables import event, inquiry, likeness, link

JOINED_INTO: Final = FieldId("joined_into")  #: field of the event that ends an inquiry which turned out to be another one
_ENDS: Final = event.c.field == sa.literal_column(f"'{JOINED_INTO}'")  #: spelled out: only then its partial index is used


def alike(tx: sa.Connection, conn: str, collection: str, keys: Iterable[str]) -> dict[str, list[InquiryId]]:
    """Inquiries by key, in the order in which they were opened."""
    found: dict[str, list[InquiryId]] = {}
    for part in chunks(dict.fromkeys(keys)):
        asked = sa.select(likeness.c.key, likeness.c.inquiry).where(
            likeness.c.conn == conn, likeness.c.collection == collection, likeness.c.key.in_(part)
        )
        for row in tx.execute(asked.order_by(likeness.c.inquiry)):
            found.setdefault(row.key, []).append(InquiryId(row.inquiry))
    return found


def keys_of(tx: sa.Connection, inquiries: Iterable[InquiryId]) -> dict[tuple[str, str, InquiryId], str]:
    """The keys of these inquiries, by connection, collection and inquiry."""
    found: dict[tuple[str, str, InquiryId], str] = {}
    for part in chunks(inquiries):
        for row in tx.execute(sa.select(likeness).where(likeness.c.inquiry.in_(part))):
            found[row.conn, row.collection, InquiryId(row.inquiry)] = row.key
    return found


def save_keys(
    tx: sa.Connection,
    wanted: Mapping[tuple[str, str, InquiryId], str | None],
    known: Mapping[tuple[str, str, InquiryId], str],
) -> None:
    """Write what differs; None: it says nothing there."""
    moved = [place for place, key in wanted.items() if known.get(place) != key]
    for conn, collection, identifier in [place for place in moved if place in known]:
        tx.execute(
            sa.delete(likeness).where(
                likeness.c.conn == conn, likeness.c.collection == collection, likeness.c.inquiry == identifier
            )
        )
    rows = [
        {"conn": conn, "collection": collection, "inquiry": identifier, "key": key}
        for conn, collection, identifier in moved
        if (key := wanted[conn, collection, identifier]) is not None
    ]
    if rows:
        tx.execute(likeness.insert(), rows)


def forget_keys(tx: sa.Connection, conn: str, collection: str) -> None:
    """Empty the index of one collection."""
    tx.execute(sa.delete(likeness).where(likeness.c.conn == conn, likeness.c.collection == collection))


def forget_key(tx: sa.Connection, identifier: str) -> None:
    """What stood for a record that was set aside."""
    tx.execute(sa.delete(likeness).where(likeness.c.inquiry == identifier))


def linked_inquiries(tx: sa.Connection, size: int) -> Iterator[Sequence[InquiryId]]:
    """Every inquiry that has a record anywhere and was not joined into another one, some at a time."""
    after = ""
    ended = sa.exists().where(event.c.inquiry == inquiry.c.id, _ENDS)
    joined = sa.exists().where(link.c.inquiry == inquiry.c.id, link.c.kind == "inquiry", link.c.rid.is_not(None))
    while True:
        asked = sa.select(inquiry.c.id).where(inquiry.c.id > after, joined, ~ended, inquiry.c.erased_at.is_(None))
        part = [InquiryId(one) for one in tx.execute(asked.order_by(inquiry.c.id).limit(size)).scalars()]
        if not part:
            return
        yield part
        after = part[-1]
