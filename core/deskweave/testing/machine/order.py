"""P12: in whatever order sides are read and written, the inquiries come to the same, unless they are in conflict."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from random import Random
from typing import Any

import sqlalchemy as sa

from deskweave.model import FieldId, InquiryId, Value
from deskweave.store import tables
from deskweave.store.inquiries import load_documents
from deskweave.testing.machine.door import HookedStore
from deskweave.testing.machine.ground import Ground
from deskweave.testing.memory import MemoryPlatform

Said = Mapping[tuple[str, str], tuple[Mapping[FieldId, Value], frozenset[FieldId]]]


class Twin:
    """Store and platforms of a machine once more, settled with the sides in the opposite order."""

    def __init__(self, machine: Ground) -> None:
        self.machine = machine
        self.store = _copied(machine.store)
        self.known = {(name, key[1]) for name, platform in machine.platforms.items() for key in platform.records}
        self.platforms = {name: _apart(machine.platforms[name]) for name in reversed(machine.platforms)}

    def settle(self) -> Said:
        """What the inquiry of every record there was says in the end, and its fields in conflict. The clock is where it was."""
        at = self.machine.at
        try:
            quiet = 0
            while quiet < 2 and self.machine.at - at < 40 * (self.machine.PAUSE):
                self.machine.at += self.machine.PAUSE
                report = self.machine.engine(self.store, self.platforms).run()
                quiet = quiet + 1 if not (report.written or report.waiting or report.failed) else 0
            return {key: one for key, one in said(self.store).items() if key in self.known}
        finally:
            self.machine.at = at
            self.store.close()


def said(store: HookedStore) -> Said:
    """By connection and id of a record: the values of its inquiry, and which of them are in conflict."""
    with store.read() as tx:
        link, conflict = tables.link, tables.conflict
        rows = tx.execute(
            sa.select(link.c.conn, link.c.rid, link.c.inquiry).where(link.c.kind == "inquiry", link.c.inquiry.is_not(None))
        ).all()
        documents = load_documents(tx, [InquiryId(row.inquiry) for row in rows])
        fought: dict[str, set[FieldId]] = {}
        for row in tx.execute(sa.select(conflict.c.inquiry, conflict.c.field)):
            fought.setdefault(row.inquiry, set()).add(FieldId(row.field))
    return {
        (row.conn, str(row.rid)): (documents[InquiryId(row.inquiry)].values, frozenset(fought.get(row.inquiry, ()))) for row in rows
    }


def _copied(store: HookedStore) -> HookedStore:
    copy = HookedStore.open(":memory:", now=store.now, entropy=Random(1).randbytes, install=store.install)
    assert isinstance(copy, HookedStore)
    source: Any = store.engine.raw_connection().dbapi_connection
    target: Any = copy.engine.raw_connection().dbapi_connection
    source.backup(target)
    return copy


def _apart(platform: MemoryPlatform) -> MemoryPlatform:
    """The same platform with a life of its own from now on."""
    return replace(
        platform,
        records=deepcopy(platform.records),
        removed=deepcopy(platform.removed),
        comments=deepcopy(platform.comments),
        lines=list(platform.lines),
        passed=[],
        refused=[],
        counted=[],
        rates=[],
        hook=lambda _door: None,
    )
