"""Inquiries with everything that is joined to them: all of them, or the one a platform's record belongs to."""

from __future__ import annotations

import sqlalchemy as sa

from deskweave.store.database import Store
from deskweave.store.inquiries import load_documents
from deskweave.store.links import scan_links
from deskweave.store.lookup import InquiryRow, LinkRow, Nearest, find_inquiry, link_row
from deskweave.store.tables import inquiry, link, message


def find_inquiry_of(store: Store, connection: str, collection: str, rid: str) -> InquiryRow | None:
    """The inquiry that one record of a platform is joined with; None: this store does not know the record."""
    with store.read() as tx:
        if rid not in scan_links(tx, connection, collection, [rid]):
            return None
        statement = sa.select(link.c.inquiry).where(link.c.conn == connection, link.c.collection == collection, link.c.rid == rid)
        number = tx.execute(sa.select(inquiry.c.number).where(inquiry.c.id == statement.scalar_subquery())).scalar()
    if number is None:
        return None
    found = find_inquiry(store, f"INQ-{number}")
    return None if isinstance(found, Nearest) else found


def list_inquiries(store: Store) -> list[InquiryRow]:
    """Every inquiry by number, with its record links; personal values are resolved."""
    with store.read() as tx:
        ids = list(tx.execute(sa.select(inquiry.c.id).order_by(inquiry.c.number)).scalars())
        documents = load_documents(tx, ids)
        links: dict[str, list[LinkRow]] = {}
        for row in tx.execute(sa.select(link).where(link.c.kind == "inquiry").order_by(link.c.id)):
            links.setdefault(row.inquiry, []).append(link_row(row))
        counts: dict[str, int] = dict(tx.execute(sa.select(message.c.inquiry, sa.func.count()).group_by(message.c.inquiry)).all())
    return [
        InquiryRow(
            id=one,
            number=documents[one].number,
            inquiry=documents[one].inquiry(),
            seq=documents[one].seq,
            links=tuple(links.get(one, ())),
            messages=counts.get(one, 0),
            closed_at=documents[one].closed_at,
            erased_at=documents[one].erased_at,
        )
        for one in ids
    ]
