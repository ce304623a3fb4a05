"""A stateful machine: people edit on every platform while the engine is crashed, cut off and raced. Run it with hypothesis.

Properties, checked when things are let to settle:
P0 it becomes quiet. P1 nothing is lost, nothing doubled. P2 every platform says what the inquiry says, in its own words.
P3 every value somebody wrote is final, was knowingly overwritten, or is in the conflict log. P4 a quiet run writes nothing
remotely. P5 there is no echo storm. P6 a quiet run writes one row per connection. P7 there is no false conflict. P8 tokens only
rise. P9 no window holds more calls of one process than a rate says. P10 we delete nothing, and nobody is taken for gone whom two
censuses did not miss. P11 what was set aside goes on once its reason is gone. P12 the order of sides makes no difference where
there is no conflict. P13 a platform that can say less changes nothing by saying it. P14 messages keep their order. P15 nothing is
written where nothing may be. And the document is the fold of its events.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from hypothesis.stateful import invariant

from deskweave.ledger import fold
from deskweave.model import FieldId, InquiryId, Value
from deskweave.model.predicate import holds
from deskweave.store import tables
from deskweave.store.events import events_of
from deskweave.store.inquiries import load_documents
from deskweave.store.links import links_of
from deskweave.store.lookup import LinkRow
from deskweave.store.parked import join_record, list_parked, release, repeat_create
from deskweave.sync.merge import same
from deskweave.sync.run import key_of
from deskweave.testing.machine.messages import Messages
from deskweave.testing.machine.order import Said, Twin, said
from deskweave.testing.machine.values import Values
from deskweave.testing.machine.weather import Weather


class SyncMachine(Weather):
    """Platforms joined by an engine under attack. Subclasses change what they attack (`pinned`, `sides`)."""

    def __init__(self) -> None:
        super().__init__()
        self.dead: set[tuple[str, str]] = set()  #: records taken for gone

    def teardown(self) -> None:
        try:
            if self.platforms:
                self.settle()
        finally:
            self.store.close()
            if self.folder is not None:
                self.folder.cleanup()

    def settle(self) -> None:
        """No more faults: let it become quiet, then look at everything."""
        self.plans = []
        for platform in self.platforms.values():
            platform.faults.clear()
            platform.read_faults.clear()
        other = Twin(self).settle() if self.orderly() else {}
        self.become_quiet()
        self.check_order(other)
        if "deletes" in self.on:
            for _ in range(3):
                self.tick_by(86_400)
                self.become_quiet()
                self.nobody_is_taken_for_gone()
        if list_parked(self.store):
            self.mend()
        self.check_quiet()
        self.check_bijection()
        self.check_calls()
        Values(self).check()
        Values(self).check_writes()
        Messages(self).check()

    def orderly(self) -> bool:
        """Whether things can be settled a second time: nothing is under way that would arrive only once."""
        under_way = any(platform.late for platform in self.platforms.values())
        return "order" in self.on and not self.on & {"remaps", "second"} and not under_way

    def check_order(self, other: Said) -> None:
        """P12: the inquiries of records there were say the same when sides are taken in another order."""
        mine = said(self.store) if other else {}
        for key in mine.keys() & other.keys():
            (values, fought), (others, fought_there) = mine[key], other[key]
            for field in (values.keys() | others.keys()) - fought - fought_there:
                one, two = values.get(field), others.get(field)
                assert same(one, two), f"P12: {field} of {key} is {one!r}, and {two!r} in the opposite order of sides"

    def become_quiet(self) -> None:
        quiet = 0
        for _ in range(40):
            self.tick_by(120)
            before = self.writes
            report = self.run()
            if self.remapped and "remaps" in self.on:
                self.look()
                continue
            if report is None and self.other is not None:
                continue
            assert report is not None
            assert report.rounds < 12, "P0: a run does not come to an end"
            late = any(platform.late for platform in self.platforms.values())
            idle = report.written == 0 and report.waiting == 0 and self.writes == before and not report.failed
            quiet = quiet + 1 if idle and not late else 0
            if quiet == 2:
                return
        raise AssertionError("P0: not quiet after 40 rounds")

    def mend(self) -> None:
        """P11: what kept records from being written is taken away, a person lets them go on, and all of it comes together."""
        for platform in self.platforms.values():
            platform.refuses = frozenset()
        for _ in range(4):  # a create that nothing can recognise may be open again
            parked = list_parked(self.store)
            unknown = [one for one in parked if one.state == "unknown"]
            for one in unknown:
                self.decide(one)
            for one in parked if not unknown else ():
                release(self.store, one.id)
            self.become_quiet()
        left = [one for one in list_parked(self.store) if self._stands(one)]
        assert not left, f"P11: parked again: {left}"

    def decide(self, row: LinkRow) -> None:
        """A person looks whether a create took effect of which the engine does not know: on the platform they can see that."""
        key = key_of(row.id, 0)
        made = next((one for one in self.platforms[row.connection].records.values() if one.key == key), None)
        if made is None:
            assert repeat_create(self.store, row.id)
            return
        twin = next((one for one in list_parked(self.store) if (one.connection, one.rid) == (row.connection, made.rid)), None)
        assert twin is not None, f"P1: {made.label} on {row.connection} was created for {row.id} and taken for another inquiry"
        assert join_record(self.store, row.id, twin)

    def _stands(self, row: LinkRow) -> bool:
        return row.rid is None or (row.collection, row.rid) in self.platforms[row.connection].records

    def check_quiet(self) -> None:
        self.tick_by(120)
        writes, rows = self.writes, self.store.rows_written
        self.run()
        assert self.writes == writes, "P4: a quiet run wrote remotely"
        lease = int(self.other is not None)  # only a store on disk has one
        assert self.store.rows_written - rows == len(self.platforms) + lease, "P6: a quiet run wrote rows beside its heartbeats"
        others = len(self.platforms)
        most = 3 * others * (self.edits + len(self.spoken)) + 3 * self.faults + 8
        assert writes <= most, f"P5: {writes} writes for {self.edits} edits, {len(self.spoken)} messages, {self.faults} faults"

    def check_bijection(self) -> None:
        with self.store.read() as tx:
            ids = [InquiryId(one) for one in tx.execute(sa.select(tables.inquiry.c.id)).scalars()]
            links = links_of(tx, ids)
            documents = load_documents(tx, ids)
            for identifier, document in documents.items():
                assert fold(events_of(tx, identifier)) == document.values, "the document is not the fold of its events"
        joined: dict[str, list[tuple[str, str]]] = {name: [] for name in self.platforms}
        for identifier in ids:
            where = sorted(link.conn for link in links[identifier] if link.rid is not None)
            assert len(set(where)) == len(where), f"P1: an inquiry stands on {where}"
            assert self.wanted(documents[identifier].values) <= set(where), f"P1: an inquiry stands on {where} only"
            for link in links[identifier]:
                key = link.collection, str(link.rid)
                if key in self.platforms[link.conn].records:
                    assert link.state in ("live", "frozen"), f"P1: a record of {link.conn} that is there is {link.state}"
                    joined[link.conn].append(key)
                else:
                    gone = self.platforms[link.conn].switches.absent == "gone"
                    assert (link.state == "tombstone") is gone, f"P10: a deleted record of {link.conn} is {link.state}"
        for name, platform in self.platforms.items():
            assert sorted(joined[name]) == sorted(platform.records), (
                f"P1: {len(platform.records)} records on {name}, not all joined once"
            )

    def wanted(self, values: Mapping[FieldId, Value]) -> set[str]:
        """Where an inquiry has to exist by its routes."""
        return {str(name) for route in self.routes if holds(route.when, values) for name in route.among}

    @invariant()
    def nobody_is_taken_for_gone(self) -> None:
        """P10: nothing is deleted by us, and a record counts as gone only when two censuses a day apart did not list it."""
        if "deletes" not in self.on:
            return
        with self.store.read() as tx:
            statement = sa.select(tables.link.c.conn, tables.link.c.rid).where(tables.link.c.state == "tombstone")
            dead = {(row.conn, row.rid) for row in tx.execute(statement)}
        for name, rid in dead - self.dead:
            counted = self.platforms[name].counted[-2:]
            assert len(counted) == 2, f"P10: {rid} of {name} was taken for gone after {len(counted)} censuses"
            (first, one), (second, two) = counted
            assert rid not in one | two, f"P10: {rid} of {name} was taken for gone and listed"
            assert second - first >= timedelta(days=1), f"P10: the censuses of {name} are {second - first} apart"
            assert (name, rid) in self.deleted, f"P10: {rid} of {name} was taken for gone and never deleted"
        self.dead = dead
        for name, platform in self.platforms.items():
            assert {(name, key[1]) for key in platform.removed} <= self.deleted, "P10: we deleted a record"

    def check_calls(self) -> None:
        """P9: no more calls within any window than the rate says, as the platform counts them; a new process has to learn that."""
        for name, platform in self.platforms.items():
            for rate in platform.rates:
                for at in platform.refused:
                    new = any(begun <= at < begun + rate.per for begun in self.begun[1:])
                    assert new, f"P9: {name} was called more than {rate.calls} times within {rate.per} by one process"


def bind(machine: type[SyncMachine], **changes: Any) -> type[SyncMachine]:
    """A machine with other attributes, such as `sides`."""
    return type(machine.__name__, (machine,), changes)
