"""P2, P3, P7 and P13: what became of every value that somebody wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa

from deskweave.connector import Ref
from deskweave.model import FieldId, InquiryId, Value
from deskweave.store import tables
from deskweave.store.events import events_of
from deskweave.store.inquiries import load_documents
from deskweave.store.links import links_of
from deskweave.store.values import decode
from deskweave.sync.merge import same
from deskweave.testing.machine.people import Deed, People
from deskweave.testing.memory import small_mapper
from deskweave.testing.memory.hands import whole
from deskweave.testing.memory.platform import US

NATIVE: Final = {"title": "short", "detail": "long", "priority": "prio", "status": "state"}  #: as the small binding has them


class Values:
    """The values of a machine that has come to rest."""

    def __init__(self, machine: People) -> None:
        self.machine = machine

    def check(self) -> None:
        with self.machine.store.read() as tx:
            ids = [InquiryId(one) for one in tx.execute(sa.select(tables.inquiry.c.id)).scalars()]
            documents, links = load_documents(tx, ids), links_of(tx, ids)
            conflicts = tx.execute(sa.select(tables.conflict)).all()
            events = {one: events_of(tx, one) for one in ids}
        home: dict[tuple[str, str], InquiryId] = {}
        for identifier in ids:
            for link in links[identifier]:
                home[link.conn, str(link.rid)] = identifier
                self._agrees(link.conn, Ref(link.collection, str(link.rid)), documents[identifier].values)
        deeds: dict[tuple[InquiryId, FieldId], list[Deed]] = {}
        for deed in self.machine.deeds:
            deeds.setdefault((home[deed.platform, deed.ref.rid], deed.field), []).append(deed)
        logged: dict[tuple[InquiryId, FieldId], list[Value]] = {}
        for row in conflicts:
            key = InquiryId(row.inquiry), FieldId(row.field)
            ours, theirs = decode(row.ours), decode(row.theirs)
            logged.setdefault(key, []).extend([ours, theirs])
            loser = theirs if row.winner == "ours" else ours
            written = [one for deed in deeds.get(key, []) for one in self._words(deed.field, deed.wrote)]
            assert any(same(loser, one) for one in written), f"P7: nobody wrote the losing value {loser!r} of {row.field}"
        for (inquiry, field), every in deeds.items():
            final = documents[inquiry].values.get(field)
            assert any(same(final, deed.wrote) for deed in every), f"P13: nobody wrote {final!r} into {field}"
            for deed in every:
                stood = any(event.field == field and same(event.new, deed.wrote) for event in events[inquiry])
                if not (stood and self._alike(deed, every)) and not self._unseen(deed) and not self._put_back(deed, every):
                    self._kept(deed, every, final, logged.get((inquiry, field), []))

    def _agrees(self, name: str, ref: Ref, values: Mapping[FieldId, Value]) -> None:
        mapper, platform = small_mapper(self.machine.bindings[name]), self.machine.platforms[name]
        says = mapper.read(whole(platform.records[ref.collection, ref.rid])).values
        hidden = {"long": FieldId("detail")}
        for field, wanted in mapper.project(ref.collection, values).values.items():
            if field == "submitted_at" or field in {hidden[one] for one in platform.switches.unreadable}:
                continue
            assert same(says.get(field), wanted), f"P2: {name} says {says.get(field)!r} where {wanted!r} is meant ({field})"

    def _words(self, field: FieldId, value: Value) -> list[Value]:
        """How each platform would say a value."""
        said = [value]
        for name in self.machine.platforms:
            said.append(small_mapper(self.machine.bindings[name]).project("ticket", {field: value}).values.get(field))
        return said

    def _alike(self, deed: Deed, every: list[Deed]) -> bool:
        """The accepted limit of a merge in the platform's view: another platform says this value just as what is agreed with it.

        Either it has one word for both, or the inquiry has come back to the value its people were shown. It says nothing there,
        so what its people write next replaces it without a conflict. The value has to stand in the events.
        """
        for name in deed.agreed.keys() - {deed.platform}:
            mapper = small_mapper(self.machine.bindings[name])
            shown = mapper.project("ticket", {deed.field: deed.wrote}).values.get(deed.field)
            if same(deed.agreed[name], shown) and not same(deed.said[name], shown):
                return True
            if any(
                one.platform == name and one.number > deed.number and name in one.agreed and same(one.agreed[name], shown)
                for one in every
            ):
                return True
        return False

    def _put_back(self, deed: Deed, every: list[Deed]) -> bool:
        """A value put back to what was agreed before anybody looked: observations are merged, not edits, so nothing was changed.

        Somebody elsewhere who was shown that value, in either platform's words, and whose word had not been carried here then, may
        replace it. Not where a write of ours was unanswered: there it may be a person's word against ours. But a value that is just
        what we had sent is taken for our own coming back (the merge's rule for values in flight), and agrees with us likewise.
        """
        echoed = any(same(one, deed.wrote) for one in deed.sent)
        if not echoed and (deed.sent or not same(deed.agreed.get(deed.platform), deed.wrote)):
            return False
        here = small_mapper(self.machine.bindings[deed.platform])
        for one in every:
            if one.platform == deed.platform or one.platform not in deed.agreed or one.platform not in one.agreed:
                continue
            there = small_mapper(self.machine.bindings[one.platform])
            shown = there.project("ticket", {deed.field: deed.wrote}).values.get(deed.field)
            known = [one.shown, one.agreed[one.platform]]
            knew = any(same(said, shown) for said in known) or any(
                same(here.project("ticket", {deed.field: said}).values.get(deed.field), deed.wrote) for said in known
            )
            carried = here.project("ticket", {deed.field: one.wrote}).values.get(deed.field)
            pending = one.number > deed.number or (same(deed.said[one.platform], one.wrote) and not same(carried, deed.wrote))
            if pending and knew:
                return True
        return False

    def _unseen(self, deed: Deed) -> bool:
        """The window a platform keeps that has neither conditions nor history: our write of this field replaced the value unseen.

        It was written while a run was between its look and its write, or a write of ours was still under way. The platform's own
        lines, which the engine cannot read there, have to show that it was our write that replaced it.
        """
        platform = self.machine.platforms[deed.platform]
        if platform.switches.conditions or platform.switches.history != "none" or not (deed.sent or deed.raced):
            return False
        after = (
            line
            for line in platform.lines[deed.lines :]
            if (line.collection, line.rid) == (deed.ref.collection, deed.ref.rid) and line.field == NATIVE[deed.field]
        )
        replaced = next(after, None)
        return replaced is not None and replaced.by == US

    def _kept(self, deed: Deed, every: list[Deed], final: Value, logged: list[Value]) -> None:
        mapper = small_mapper(self.machine.bindings[deed.platform])
        here = mapper.project("ticket", {deed.field: final}).values.get(deed.field)
        if same(here, deed.wrote) or any(
            same(deed.wrote, one) or same(one, here_) for one in logged for here_ in self._words(deed.field, deed.wrote)
        ):
            return
        for later in every:
            if later.number <= deed.number:
                continue
            shown = (
                small_mapper(self.machine.bindings[later.platform])
                .project("ticket", {deed.field: deed.wrote})
                .values.get(deed.field)
            )
            said_here = mapper.project("ticket", {deed.field: later.shown}).values.get(deed.field)
            if same(later.shown, deed.wrote) or same(later.shown, shown) or same(said_here, deed.wrote):
                return  # they were shown it, or what stands for it on either platform
        raise AssertionError(
            f"P3: {deed.wrote!r} in {deed.field} on {deed.platform} is not final ({final!r}), was not knowingly overwritten, "
            "is in no conflict"
        )
