"""What becomes of counterparts once their inquiry no longer fulfils its route, where the route says `afterwards: freeze`.

A frozen record stays as it is: nothing is written to it, and nothing that people do on it reaches the inquiry. When the inquiry
fulfils the route again, the record is read anew, with its history and everything said on it meanwhile, and merged like after any
other absence. The record an inquiry began with is never frozen: it has to be able to say that the inquiry fulfils the route again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from deskweave.connector import Ref, RemoteRecord, View
from deskweave.model import ConnectionName, FieldId, Value
from deskweave.model.predicate import fields_of
from deskweave.store.inbox import reopen_records
from deskweave.store.links import Link, hush_messages, save_links, thawing_links
from deskweave.sync.merge import same

if TYPE_CHECKING:
    from deskweave.sync.run import Run, Side


def freeze(run: Run, tx: sa.Connection, links: Sequence[Link], values: Mapping[FieldId, Value]) -> None:
    """Freeze the counterparts of an inquiry that no route leads to any more, and have those looked at to which one does again.

    Args:
        run: of this run.
        tx: open for writing.
        links: all records of one inquiry; changed in place.
        values: of the inquiry.
    """
    first = min((one.id for one in links), default=None)  # ids sort by when they were made: where the inquiry began
    for one in links:
        if one.id == first or one.role != "main" or one.state not in ("live", "frozen"):
            continue
        left = run.freezes(ConnectionName(one.conn), values)
        if one.state == "frozen":
            one.push = not left
        elif left:
            one.state, one.push, one.not_before, one.attempts = "frozen", False, None, 0
            hush_messages(tx, one.id, hushed=True)


def stand(run: Run, link: Link, view: View) -> None:
    """Have the inquiry's word count for what its routes ask, on a record that is about to be live again.

    It is live because the inquiry says so. A word against it from the time when nobody listened would take it off the route at
    once: it is a conflict instead, kept like any other.
    """
    asked = {name for route in run.routes if link.conn in route.among for name in fields_of(route.when)}
    for name in asked & view.values.keys():
        if not same(view.values[name], link.base.get(name)):
            link.base.pop(name, None)


def thaw(run: Run, side: Side) -> None:
    """Read the records of a connection that are to be live again; from then on they are. Before anything else is read of it."""
    from deskweave.sync.messages import read_of
    from deskweave.sync.pull import take_page
    from deskweave.sync.reconcile import Reconciliation
    from deskweave.sync.run import fetch

    with run.store.read() as tx:
        links = thawing_links(tx, side.name)
    for name in side.binding.collections if links else ():
        mine, capabilities = [one for one in links if one.collection == name], side.capabilities(name)
        if not mine or capabilities is None or not run.works(side):
            continue
        refs = [Ref(name, str(one.rid)) for one in mine]
        if capabilities.changes == "callback":
            _deliver_again(run, side, mine, refs)
            continue
        with run.containing(side):
            found = fetch(run, side, refs)
            there = [one for one in found.values() if isinstance(one, RemoteRecord)]
            if capabilities.messages == "feed":  # it has moved on; before the record is live, as a crash in between must lose none
                read_of(run, side, name, [one.ref for one in there])
            take_page(run, side, name, there, thaw=True)
            gone = {ref.rid: one.why for ref, one in found.items() if not isinstance(one, RemoteRecord)}
            if not gone:
                continue
            with run.store.write() as tx:
                rows = Reconciliation(run, tx)
                rows.load(one.inquiry for one in mine if one.inquiry is not None and str(one.rid) in gone)
                for one in mine:
                    if one.inquiry is not None and str(one.rid) in gone:
                        rows.park(
                            rows.link(one.inquiry, one.id),
                            f"it was left as it was, and is not there any more ({gone[str(one.rid)]}); deletions are never "
                            "carried over by themselves",
                        )
                rows.flush()


def _deliver_again(run: Run, side: Side, links: Sequence[Link], refs: Sequence[Ref]) -> None:
    """Nothing lists what a source that calls back has said meanwhile: what it delivered is worked on once more."""
    with run.store.write() as tx:
        for one in links:
            one.state, one.push, one.dirty, one.seen_fp = "live", False, True, None
            hush_messages(tx, one.id, hushed=False)
        save_links(tx, links)
        reopen_records(tx, side.name, refs)
