"""What waits for a person: records that were set aside, and creates of which nobody knows whether they took effect."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from deskweave.connector import Ref
from deskweave.store.database import Store
from deskweave.store.inbox import reopen_records
from deskweave.store.lookup import LINKS, LinkRow, link_row
from deskweave.store.tables import link, snapshot, stream


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
    tx.execute(
        sa.update(stream)
        .where(stream.c.conn == row.conn, stream.c.collection == row.collection, stream.c.feed == "records")
        .values(watermark=None, resume=None)
    )
