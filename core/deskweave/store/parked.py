"""What waits for a person: records that were set aside, and creates of which nobody knows whether they took effect."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from deskweave.connector import Ref
from deskweave.model import InquiryId
from deskweave.store.database import Store
from deskweave.store.inbox import reopen_records
from deskweave.store.links import Link
from deskweave.store.lookup import LINKS, LinkRow, link_row
from deskweave.store.tables import link, snapshot, stream

#: `seen_version` of a record, or of a counterpart to be made, of which a person has said that it is no other than itself; that
#: nothing is to become of it. "=<id>": that it is this inquiry.
ALONE: Final = "alone"
DROPPED: Final = "dropped"


def is_decided(said: str | None) -> bool:
    """Whether a person has said what a record without an inquiry is."""
    return said is not None and (said == ALONE or said.startswith("="))


def decided(link: Link) -> InquiryId | None:
    """The inquiry that a person has said it is."""
    said = link.seen_version or ""
    return InquiryId(said[1:]) if said.startswith("=") else None


def list_parked(store: Store) -> tuple[LinkRow, ...]:
    """Links in state parked or unknown; a message is called as the record it belongs to."""
    parent = link.alias("parent")
    with store.read() as tx:
        rows = [link_row(row) for row in tx.execute(LINKS.where(link.c.state.in_(["parked", "unknown"])))]
        statement = sa.select(link.c.id, parent.c.label).join(parent, parent.c.id == link.c.parent)
        above = {row.id: row.label for row in tx.execute(statement.where(link.c.state.in_(["parked", "unknown"])))}
    return tuple(row.called(above[row.id]) if row.id in above else row for row in rows)


def release(store: Store, identifier: str) -> bool:
    """Let a parked link go on: it is tried anew with the next run. False: there is no such parked link."""
    with store.write() as tx:
        row = tx.execute(
            sa.select(link.c.conn, link.c.collection, link.c.rid, link.c.inquiry, link.c.state).where(link.c.id == identifier)
        ).first()
        if row is None or row.state != "parked":
            return False
        if row.rid is not None:
            reopen_records(tx, row.conn, [Ref(row.collection, row.rid)])
        if row.inquiry is None:  # it never became an inquiry: forget it, and have its collection listed from the start
            _forget(tx, identifier)
            return True
        _renew(tx, identifier, "live" if row.rid is not None else "new")
        return True


def repeat_create(store: Store, identifier: str) -> bool:
    """A person has looked: it was not written there. It is written again. False: it is not one of those nobody knows about."""
    with store.write() as tx:
        row = _unknown(tx, identifier)
        if row is None:
            return False
        _thaw(tx, identifier)
        _renew(tx, identifier, "new")
        return True


def give_up(store: Store, identifier: str) -> bool:
    """It shall not be written there at all. False: it is not one of those nobody knows about."""
    with store.write() as tx:
        row = _unknown(tx, identifier)
        if row is None:
            return False
        done = {"state": "tombstone", "push": False, "dirty": False, "not_before": None, "parked_reason": None}
        tx.execute(sa.update(link).where(link.c.id == identifier).values(**done))
        return True


def join_record(store: Store, identifier: str, found: LinkRow) -> bool:
    """A person has looked: `found`, which was set aside, is the record that was created. They are joined by the next run.

    False: the first is none of those nobody knows about, or the second is no record of its collection that was set aside.
    """
    with store.write() as tx:
        row = _unknown(tx, identifier)
        if row is None or row.kind != "inquiry" or (found.connection, found.collection) != (row.conn, row.collection):
            return False
        if found.inquiry is not None or found.rid is None or found.state != "parked":
            return False
        _forget(tx, found.id)
        reopen_records(tx, found.connection, [Ref(found.collection, found.rid)])
        _renew(tx, identifier, "live")
        tx.execute(sa.update(link).where(link.c.id == identifier).values(rid=found.rid, label=found.label, push=False))
        return True


def say_what_it_is(store: Store, identifier: str, inquiry: InquiryId | None) -> bool:
    """A person decides about a record that looked like several inquiries, or a counterpart that may be there already.

    Args:
        store: whose.
        identifier: of a link that was set aside, either without an inquiry or without a record.
        inquiry: what it is; None: no other than itself, so that a record begins an inquiry and a counterpart is created.

    Returns:
        False: it is neither.
    """
    said = ALONE if inquiry is None else f"={inquiry}"
    with store.write() as tx:
        row = tx.execute(_SIDES.where(link.c.id == identifier)).first()
        if row is None or row.state != "parked" or (row.rid is None) == (row.inquiry is None):
            return False
        if row.rid is None:
            _renew(tx, identifier, "new")
            tx.execute(sa.update(link).where(link.c.id == identifier).values(seen_version=said))
            return True
        if inquiry is not None and _has_record(tx, inquiry, row.conn, row.role):
            return False
        fresh = {"state": "tombstone", "seen_fp": None, "seen_version": said, "parked_reason": None}
        tx.execute(sa.update(link).where(link.c.id == identifier).values(**fresh))
        reopen_records(tx, row.conn, [Ref(row.collection, row.rid)])
        _list_anew(tx, row.conn, row.collection)
        return True


def leave_alone(store: Store, identifier: str) -> bool:
    """Nothing is to become of a record, or of a counterpart, that was set aside. False: it is neither."""
    with store.write() as tx:
        row = tx.execute(_SIDES.where(link.c.id == identifier)).first()
        if row is None or row.state != "parked" or (row.rid is None) == (row.inquiry is None):
            return False
        done = {"state": "tombstone", "push": False, "dirty": False, "not_before": None, "parked_reason": None}
        tx.execute(sa.update(link).where(link.c.id == identifier).values(**done, seen_version=DROPPED))
        return True


_SIDES: Final = sa.select(link.c.rid, link.c.inquiry, link.c.state, link.c.conn, link.c.collection, link.c.role).where(
    link.c.kind == "inquiry"
)


def _has_record(tx: sa.Connection, inquiry: InquiryId, conn: str, role: str) -> bool:
    asked = sa.select(link.c.id).where(
        link.c.inquiry == inquiry, link.c.conn == conn, link.c.role == role, link.c.kind == "inquiry", link.c.rid.is_not(None)
    )
    return tx.execute(asked).first() is not None


def _unknown(tx: sa.Connection, identifier: str) -> Any:
    statement = sa.select(link.c.conn, link.c.collection, link.c.kind).where(link.c.id == identifier, link.c.state == "unknown")
    return tx.execute(statement).first()


def _renew(tx: sa.Connection, identifier: str, state: str) -> None:
    fresh = {"seen_fp": None, "attempts": 0, "not_before": None, "parked_reason": None, "push": True, "dirty": True}
    tx.execute(sa.update(link).where(link.c.id == identifier).values(state=state, **fresh))


def _thaw(tx: sa.Connection, identifier: str) -> None:
    """The draft was never sent: a new one is made."""
    base = tx.execute(sa.select(snapshot.c.base).where(snapshot.c.link == identifier)).scalar()
    if isinstance(base, dict) and "frozen" in base:
        rest = {name: value for name, value in base.items() if name != "frozen"}
        tx.execute(sa.update(snapshot).where(snapshot.c.link == identifier).values(base=rest))


def _forget(tx: sa.Connection, identifier: str) -> None:
    row = tx.execute(sa.select(link.c.conn, link.c.collection).where(link.c.id == identifier)).one()
    tx.execute(sa.delete(snapshot).where(snapshot.c.link == identifier))
    tx.execute(sa.delete(link).where(link.c.id == identifier))
    _list_anew(tx, row.conn, row.collection)


def _list_anew(tx: sa.Connection, conn: str, collection: str) -> None:
    """Records and messages: what was said on a record while it was set aside had no inquiry to go to, and was passed over."""
    tx.execute(
        sa.update(stream)
        .where(stream.c.conn == conn, stream.c.collection == collection, stream.c.feed.in_(["records", "messages"]))
        .values(watermark=None, resume=None)
    )
