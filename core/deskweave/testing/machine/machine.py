"""A stateful machine: people edit on every platform while the engine is crashed, cut off and raced. Run it with hypothesis.

Properties, checked when things are let to settle:
P0 it becomes quiet. P1 nothing is lost, nothing doubled. P2 every platform says what the inquiry says, in its own words.
P3 every value somebody wrote is final, was knowingly overwritten, or is in the conflict log. P4 a quiet run writes nothing
remotely. P5 there is no echo storm. P6 a quiet run writes one row per connection. P7 there is no false conflict. P8 tokens only
rise. P13 a platform that can say less changes nothing by saying it. P14 messages keep their order. And the document is the fold of
its events.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from deskweave.ledger import fold
from deskweave.model import InquiryId
from deskweave.store import tables
from deskweave.store.events import events_of
from deskweave.store.inquiries import load_documents
from deskweave.store.links import links_of
from deskweave.testing.machine.messages import Messages
from deskweave.testing.machine.values import Values
from deskweave.testing.machine.weather import Weather


class SyncMachine(Weather):
    """Platforms joined by an engine under attack. Subclasses change what they attack (`pinned`, `sides`)."""

    def teardown(self) -> None:
        try:
            if self.platforms:
                self.settle()
        finally:
            self.store.close()

    def settle(self) -> None:
        """No more faults: let it become quiet, then look at everything."""
        self.plans = []
        for platform in self.platforms.values():
            platform.faults.clear()
        quiet = 0
        for _ in range(40):
            self.tick_by(120)
            before = self.writes
            report = self.run()
            assert report is not None
            assert report.rounds < 12, "P0: a run does not come to an end"
            late = any(platform.late for platform in self.platforms.values())
            idle = report.written == 0 and report.waiting == 0 and self.writes == before and not report.failed
            quiet = quiet + 1 if idle and not late else 0
            if quiet == 2:
                break
        else:
            raise AssertionError("P0: not quiet after 40 rounds")
        self.check_quiet()
        self.check_bijection()
        Values(self).check()
        Messages(self).check()

    def check_quiet(self) -> None:
        self.tick_by(120)
        writes, rows = self.writes, self.store.rows_written
        self.run()
        assert self.writes == writes, "P4: a quiet run wrote remotely"
        assert self.store.rows_written - rows == len(self.platforms), "P6: a quiet run wrote rows beside its heartbeats"
        others = len(self.platforms)
        most = 3 * others * (self.edits + len(self.spoken)) + 3 * self.faults + 8
        assert writes <= most, f"P5: {writes} writes for {self.edits} edits, {len(self.spoken)} messages, {self.faults} faults"

    def check_bijection(self) -> None:
        with self.store.read() as tx:
            ids = [InquiryId(one) for one in tx.execute(sa.select(tables.inquiry.c.id)).scalars()]
            links = links_of(tx, ids)
            for identifier, document in load_documents(tx, ids).items():
                assert fold(events_of(tx, identifier)) == document.values, "the document is not the fold of its events"
        for identifier in ids:
            where = sorted(link.conn for link in links[identifier] if link.state == "live" and link.rid is not None)
            assert where == sorted(self.platforms), f"P1: an inquiry stands on {where}"
        for name, platform in self.platforms.items():
            assert len(platform.records) == len(ids), f"P1: {len(platform.records)} records on {name} for {len(ids)} inquiries"


def bind(machine: type[SyncMachine], **changes: Any) -> type[SyncMachine]:
    """A machine with other attributes, such as `sides`."""
    return type(machine.__name__, (machine,), changes)
