"""P1, P14 and P18 of messages: each stands once everywhere, as it was meant, in its order."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from deskweave.model import InquiryId
from deskweave.store import tables
from deskweave.store.links import links_of
from deskweave.testing.machine.people import People
from deskweave.testing.memory.platform import US, Comment


class Messages:
    """What was said, on a machine that has come to rest."""

    def __init__(self, machine: People) -> None:
        self.machine = machine

    def check(self) -> None:
        homes = self._homes()
        for one in self.machine.spoken:
            gone = (one.parent.collection, one.parent.rid) not in self.machine.platforms[one.platform].records
            for other, platform in self.machine.platforms.items():
                found = [said for said in platform.comments if said.body == one.text or said.body.endswith(f"\n{one.text}")]
                assert len(found) <= 1, f"P1: {one.text!r} of {one.platform} stands {len(found)} times on {other}"
                if not found:
                    there = homes.get((one.platform, one.parent.rid), {}).get(other)
                    assert gone or there is None or there not in platform.records, f"P1: {one.text!r} does not stand on {other}"
                    continue
                assert found[0].visibility is one.visibility, "a message changed its visibility"
                assert (found[0].by == US) is (other != one.platform)
                carried = int(other != one.platform)
                assert found[0].body.count(" UTC | ") == carried, "P18: a first line was carried twice"
        for other, platform in self.machine.platforms.items():
            self._in_order(other, [one for one in platform.comments if one.by == US])

    def _homes(self) -> dict[tuple[str, str], dict[str, tuple[str, str]]]:
        """By platform and id of a record: where its inquiry stands."""
        with self.machine.store.read() as tx:
            links = links_of(tx, [InquiryId(one) for one in tx.execute(sa.select(tables.inquiry.c.id)).scalars()])
        return {
            (mine.conn, str(mine.rid)): {
                other.conn: (other.collection, str(other.rid)) for other in every if "frozen" not in (mine.state, other.state)
            }
            for every in links.values()
            for mine in every
        }

    def _in_order(self, other: str, carried: Sequence[Comment]) -> None:
        """What was said on one record stands in its order wherever it was carried to: an index that shows late may change it."""
        if any(platform.switches.index_lag or platform.switches.scan for platform in self.machine.platforms.values()):
            return
        said = {one.text: number for number, one in enumerate(self.machine.spoken)}
        homes = {one.text: one.platform for one in self.machine.spoken}
        for rid in {one.rid for one in carried}:
            for name in self.machine.platforms.keys() - {other}:
                texts = [one.body.rpartition("\n")[2] for one in carried if one.rid == rid]
                numbers = [said[text] for text in texts if homes[text] == name]
                assert numbers == sorted(numbers), f"P14: {texts} of {name} stand on {other} out of their order"
