"""The store's events as measuring reads them: measure knows no store, and the store no measure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from deskweave.model import Event, InquiryId
from deskweave.store import Store
from deskweave.store.events import events_after, events_of_all
from deskweave.store.inquiries import chunks

BATCH = 2_000  #: events read in one transaction
INQUIRIES = 100  #: whose events are read in one transaction: about as many events


class StoreEvents:
    """`measure.EventSource` over a store. Each batch is a short transaction of its own, so that nobody waits for it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def events(self, after_seq: int) -> Iterator[Event]:
        """Every event whose `seq` is larger, ascending."""
        while True:
            with self._store.read() as tx:
                found = events_after(tx, after_seq, BATCH)
            yield from found
            if len(found) < BATCH:
                return
            after_seq = found[-1].seq

    def events_of(self, inquiries: Collection[InquiryId]) -> Iterator[Event]:
        """Every event of these inquiries."""
        for some in chunks(inquiries, INQUIRIES):
            with self._store.read() as tx:
                found = events_of_all(tx, some)
            yield from found
