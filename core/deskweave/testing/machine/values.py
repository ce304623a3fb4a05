"""P2, P3, P7 and P13: what became of every value that somebody wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import sqlalchemy as sa

from deskweave.connector import Ref
from deskweave.model import ConnectionName, FieldId, InquiryId, Policy, Value
from deskweave.store import tables
from deskweave.store.events import events_of
from deskweave.store.inquiries import load_documents
from deskweave.store.links import links_of
from deskweave.store.values import decode
from deskweave.sync.merge import EMPTY, same
from deskweave.testing.machine.people import WORDS, Deed, People
from deskweave.testing.machine.witness import NATIVE, Witness
from deskweave.testing.memory import small_mapper
from deskweave.testing.memory.hands import whole
from deskweave.testing.memory.platform import US

LIMITS: Final = ("alike", "unseen", "put back", "only read")  #: by which a value may be lost without a conflict
SHORT: Final = 5  #: of a title, as some bindings shorten it


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
        refs: dict[InquiryId, dict[str, Ref]] = {}
        frozen: set[tuple[str, str]] = set()
        for identifier in ids:
            for link in links[identifier]:
                ref = Ref(link.collection, str(link.rid))
                home[link.conn, ref.rid] = identifier
                refs.setdefault(identifier, {})[link.conn] = ref
                if link.state == "frozen":
                    frozen.add((link.conn, ref.rid))
                elif self._stands(link.conn, ref):
                    self._agrees(link.conn, ref, documents[identifier].values)
        deeds: dict[tuple[InquiryId, FieldId], list[Deed]] = {}
        for deed in self.machine.deeds:
            if (deed.platform, deed.ref.rid) not in home:
                assert not self._stands(deed.platform, deed.ref), f"P1: {deed.ref} on {deed.platform} was not taken in"
                continue
            deeds.setdefault((home[deed.platform, deed.ref.rid], deed.field), []).append(deed)
        logged: dict[tuple[InquiryId, FieldId], list[Value]] = {}
        for row in conflicts:
            key = InquiryId(row.inquiry), FieldId(row.field)
            ours, theirs = decode(row.ours), decode(row.theirs)
            logged.setdefault(key, []).extend([ours, theirs])
            loser = theirs if row.winner == "ours" else ours
            written = [one for deed in deeds.get(key, []) for one in self._words(deed.field, deed.wrote)]
            if row.winner == "ours" and loser in EMPTY and NATIVE[key[1]] in self.machine.platforms[row.conn].switches.deaf:
                self.machine.tally["deaf"] += 1  # found empty after a create without an answer: a person might have emptied it
                continue
            assert any(self._same(loser, one) for one in written), f"P7: nobody wrote the losing value {loser!r} of {row.field}"
        for (inquiry, field), every in deeds.items():
            final = documents[inquiry].values.get(field)
            assert any(self._same(final, deed.wrote) for deed in every), f"P13: nobody wrote {final!r} into {field}"
            stood = [event.new for event in events[inquiry] if event.field == field]
            for deed in every:
                self.machine.tally["values"] += 1
                if not self._stands(deed.platform, deed.ref) or (deed.platform, deed.ref.rid) in frozen:
                    continue  # deleted, perhaps before anybody looked; or off its route, where nobody looks
                if self._accounted(deed, every, final, logged.get((inquiry, field), [])):
                    continue
                excuse = self._excuse(deed, every, refs[inquiry], stood)
                assert excuse is not None, (
                    f"P3: {deed.wrote!r} in {deed.field} on {deed.platform} is not final ({final!r}), was not knowingly "
                    "overwritten, is in no conflict"
                )
                self.machine.tally[excuse] += 1

    def _same(self, one: Value, other: Value) -> bool:
        """Equal as values; where bindings change, as far as any of them would have told them apart."""
        if "remaps" in self.machine.on and isinstance(one, str) and isinstance(other, str):
            return one[:SHORT] == other[:SHORT]
        return same(one, other)

    def _stands(self, name: str, ref: Ref) -> bool:
        return (ref.collection, ref.rid) in self.machine.platforms[name].records

    def _agrees(self, name: str, ref: Ref, values: Mapping[FieldId, Value]) -> None:
        mapper, platform = small_mapper(self.machine.bindings[name]), self.machine.platforms[name]
        says = mapper.read(whole(platform.records[ref.collection, ref.rid])).values
        for field, wanted in mapper.project(ref.collection, values).values.items():
            native = NATIVE.get(field)
            if native is None or native in platform.switches.unreadable or native in platform.switches.deaf:
                continue
            if field in self._kept_from(name) or self._policy(name, field) in (Policy.READ_ONLY, Policy.WRITE_IF_EMPTY):
                continue  # what we write there is looked at by itself
            assert same(says.get(field), wanted), f"P2: {name} says {says.get(field)!r} where {wanted!r} is meant ({field})"

    def _policy(self, name: str, field: FieldId) -> Policy:
        at = self.machine.bindings[name].collections["ticket"].fields.get(field)
        return Policy.SHARED if at is None else at.policy

    def _kept_from(self, name: str) -> frozenset[FieldId]:
        """Fields that never go to a platform."""
        return frozenset(field for route in self.machine.routes for field in route.withhold.get(ConnectionName(name), ()))

    def check_writes(self) -> None:
        """P15: nothing is written where nothing may be: a field that is only read, or withheld, or filled once already."""
        for name, platform in self.machine.platforms.items():
            for field, native in NATIVE.items():
                kept, policy = field in self._kept_from(name), self._policy(name, field)
                if kept or policy is Policy.READ_ONLY:
                    lines = [line for line in platform.lines if line.by == US and line.field == native]
                    assert not lines, f"P15: {field} was written on {name}: {lines[0].new!r}"
                    for record in platform.records.values():
                        if record.key:  # only ours have one
                            born = Witness(platform, self.machine.bindings[name], Ref(record.collection, record.rid), field).first()
                            assert born in EMPTY, f"P15: {field} went to {name} with a create: {born!r}"
                elif policy is Policy.WRITE_IF_EMPTY:
                    for line in platform.lines:
                        if line.by == US and line.field == native:
                            seen = Witness(
                                platform, self.machine.bindings[name], Ref(line.collection, line.rid), field
                            ).seen_before(line)
                            assert seen in EMPTY, f"P15: {field} on {name} was filled and written over: {seen!r} by {line.new!r}"
            if "withheld" in self.machine.on and self._kept_from(name):
                told = [str(value) for one in platform.passed for value in (one.asked or {}).values()]
                told += [one.body for one in platform.comments if one.by == US]
                for title in WORDS["title"]:
                    assert not any(title[:5] in text for text in told), f"P15: {title!r} went to {name}"

    def _words(self, field: FieldId, value: Value) -> list[Value]:
        """How each platform would say a value."""
        said = [value]
        for name in self.machine.platforms:
            said.append(small_mapper(self.machine.bindings[name]).project("ticket", {field: value}).values.get(field))
        return said

    def _accounted(self, deed: Deed, every: list[Deed], final: Value, logged: list[Value]) -> bool:
        """Whether a value is final, in the conflict log, or was overwritten by somebody who was shown it."""
        here = self._spelled(deed.platform, deed.field, final)
        if (
            self._same(here, deed.wrote)
            or self._same(final, deed.wrote)
            or any(
                self._same(deed.wrote, one) or self._same(one, word)
                for one in logged
                for word in self._words(deed.field, deed.wrote)
            )
        ):
            return True
        for later in every:
            if later.number <= deed.number:
                continue
            shown = self._spelled(later.platform, deed.field, deed.wrote)
            said_here = self._spelled(deed.platform, deed.field, later.shown)
            if self._same(later.shown, deed.wrote) or self._same(later.shown, shown) or self._same(said_here, deed.wrote):
                return True  # they were shown it, or what stands for it on either platform
        return False

    def _spelled(self, name: str, field: FieldId, value: Value) -> Value:
        """How a platform would say a value."""
        return small_mapper(self.machine.bindings[name]).project("ticket", {field: value}).values.get(field)

    # ------------------------------------------------------------------------------------------------------------- excuses
    def _excuse(self, deed: Deed, every: list[Deed], places: Mapping[str, Ref], stood: Sequence[Value]) -> str | None:
        """The accepted limit by which a value was lost, by what the platforms themselves bear witness to; None: there is none."""
        witnesses = {
            name: Witness(self.machine.platforms[name], self.machine.bindings[name], ref, deed.field)
            for name, ref in places.items()
        }
        if any(same(one, deed.wrote) for one in stood):
            if self._alike(deed, every, witnesses):
                return "alike"
            if any(one.number > deed.number and self._policy(one.platform, one.field) is Policy.READ_ONLY for one in every):
                return "only read"  # by a later word from where nobody can be shown ours
        if self._unseen(deed, witnesses[deed.platform]):
            return "unseen"
        return "put back" if self._put_back(deed, every, witnesses) else None

    def _alike(self, deed: Deed, every: list[Deed], witnesses: Mapping[str, Witness]) -> bool:
        """The accepted limit of a merge in the platform's view: another platform says this value just as what it had shown us.

        Either it has one word for both, or the inquiry has come back to the value its people were shown. It says nothing there,
        so what its people write next replaces it without a conflict. The value has to stand in the events.
        """
        for name in witnesses.keys() - {deed.platform}:
            there, shown = witnesses[name], self._spelled(name, deed.field, deed.wrote)
            at = deed.moments[name]
            if any(same(one, shown) for one in there.agreed(at)) and not same(there.said(at), shown):
                return True
            later = (one for one in every if one.platform == name and one.number > deed.number)
            if any(same(known, shown) for one in later for known in there.agreed(one.moments[name])):
                return True
        return False

    def _put_back(self, deed: Deed, every: list[Deed], witnesses: Mapping[str, Witness]) -> bool:
        """A value put back to what we were shown before we looked again: observations are merged, not edits, so nothing changed.

        Somebody elsewhere who was shown that value, in either platform's words, and whose word had not been carried here then, may
        replace it. Not where a write of ours was unanswered: there it may be a person's word against ours. But a value that is just
        what we had sent is taken for our own coming back (the merge's rule for values in flight), and agrees with us likewise.
        """
        here, at = witnesses[deed.platform], deed.moments[deed.platform]
        sent = self._sent(deed, here)
        echoed = any(same(one, deed.wrote) for one in sent)
        if not echoed and (sent or not any(same(one, deed.wrote) for one in here.agreed(at))):
            return False
        for one in every:
            if one.platform == deed.platform or one.platform not in witnesses:
                continue
            shown = self._spelled(one.platform, deed.field, deed.wrote)
            known = [one.shown, *witnesses[one.platform].agreed(one.moments[one.platform])]
            knew = any(same(said, shown) or same(self._spelled(deed.platform, deed.field, said), deed.wrote) for said in known)
            carried = self._spelled(deed.platform, deed.field, one.wrote)
            here_then = one.moments[deed.platform]
            pending = one.number > deed.number or (not here.written_by_us(here_then, at) and not same(carried, deed.wrote))
            if pending and knew:
                return True
        return False

    def _sent(self, deed: Deed, here: Witness) -> list[Value]:
        settle = self.machine.platforms[deed.platform].switches.settle
        return here.sent(deed.moments[deed.platform], lambda one: one.at + settle)

    def _unseen(self, deed: Deed, here: Witness) -> bool:
        """The window a platform keeps that has neither conditions nor history: our write of this field replaced the value unseen.

        It was written while a run was between its look and its write, or a write of ours was still under way. The platform's own
        lines, which the engine cannot read there, have to show that it was our write that replaced it.
        """
        switches = self.machine.platforms[deed.platform].switches
        if switches.conditions or switches.history != "none" or not (deed.raced or self._sent(deed, here)):
            return False
        return here.replaced_by_us(deed.moments[deed.platform])
