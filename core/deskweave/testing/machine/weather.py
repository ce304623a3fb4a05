"""What goes wrong while a run carries what people did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from deskweave.connector import Ref
from deskweave.model import FieldId
from deskweave.testing.machine.door import Plan, crash
from deskweave.testing.machine.people import WORDS, People
from deskweave.testing.memory import small_binding

FAULTS: Final = ("lost_request", "late_request", "lost_answer", "lost_answer", "limited", "down", "limited_class")
READ_FAULTS: Final = ("down", "limited", "limited_class", "forbidden", "stuck", "stuck", "bug")


class Weather(People):
    """Runs that are crashed, cut off and raced."""

    racing = True  #: people edit between the calls of a run
    wrong: tuple[str, ...] = ("crash", "crash", "edit", "edit", "edit", "tick")  #: what happens at a door, drawn evenly
    losses: tuple[str, ...] = FAULTS  #: what happens to calls
    races = 1  #: so many in a row; with more than one, an inquiry stands on every platform from the start

    @initialize(data=st.data())
    def build(self, data: st.DataObject) -> None:
        super().build(data)
        if self.races > 1:
            self.create(data)
            for _ in range(3):
                self.at += timedelta(seconds=200)
                self.run()

    @precondition(lambda self: self.racing and len(self.platforms) > 1)
    @rule(data=st.data(), seconds=st.sampled_from([1, 61, 200]))
    def race(self, data: st.DataObject, seconds: int) -> None:
        """One changes an inquiry, and while a run carries that, another changes it where it is carried to."""
        for _ in range(self.races):
            places = self.joined(data)
            if places:
                self._race(data, data.draw(st.permutations(places[:2])), seconds)

    def _race(self, data: st.DataObject, places: Sequence[tuple[str, Ref]], seconds: int) -> None:
        (here, ref), (there, other) = places
        field = FieldId(data.draw(st.sampled_from(self.edited)))
        self.change(here, ref, field, data.draw(st.sampled_from(WORDS[field])))
        self.at += timedelta(seconds=seconds)
        field = FieldId(data.draw(st.sampled_from(self.edited)))
        value = data.draw(st.sampled_from(WORDS[field]))
        when = data.draw(st.sampled_from(("after records.fetch", "before sink.patch", "")))
        at = f"{there} {when}" if when else self.doors + data.draw(st.integers(1, 40))
        self.plans = [Plan(at, partial(self.change, there, other, field, value))]
        if data.draw(st.integers(0, 3)) == 0:
            self.platforms[there].faults.append(data.draw(st.sampled_from(self.losses)))
            self.faults += 1
        self.run()

    @rule(data=st.data())
    def sync(self, data: st.DataObject) -> None:
        """One run, with whatever goes wrong in it."""
        self.plans = []
        for _ in range(data.draw(st.integers(0, 3))):
            kind = data.draw(st.sampled_from(self.wrong))
            at = self.doors + data.draw(st.integers(1, 25))
            if kind == "crash":
                self.plans.append(Plan(at, crash))
            elif kind == "tick":
                self.plans.append(Plan(at, lambda: self.tick_by(15)))
            else:
                self._plan_race(at, data)
        for _ in range(data.draw(st.integers(0, 2))):
            name = data.draw(st.sampled_from(sorted(self.platforms)))
            self.platforms[name].faults.append(data.draw(st.sampled_from(self.losses)))
            self.faults += 1
        if "reads" in self.on:
            for _ in range(data.draw(st.integers(0, 2))):
                name = data.draw(st.sampled_from(sorted(self.platforms)))
                self.platforms[name].read_faults.append(data.draw(st.sampled_from(READ_FAULTS)))
        if "plants" in self.on and data.draw(st.booleans()):
            self.plans.append(Plan(f"{data.draw(st.sampled_from(sorted(self.platforms)))} between sink.create and its mark", crash))
        if "second" in self.on and data.draw(st.booleans()):
            act = data.draw(st.sampled_from([self.second, self.take_over]))
            self.plans.append(Plan(self.doors + data.draw(st.integers(1, 25)), act))
        self.run()

    def _plan_race(self, at: int, data: st.DataObject) -> None:
        name, which, field, value = self.draw_edit(data)
        if self.racing:
            self.plans.append(Plan(at, lambda: self.edit_one(name, which, field, value)))

    @precondition(lambda self: "remaps" in self.on)
    @rule(data=st.data())
    def remap(self, data: st.DataObject) -> None:
        """Somebody edits a binding: its texts may be longer or shorter, its statuses finer."""
        name = data.draw(st.sampled_from(sorted(self.platforms)))
        at = self.bindings[name].collections["ticket"].statuses
        coarse = at["asking"].is_ == at["working"].is_ and data.draw(st.booleans())  # a coarser one would have no word for some
        self.bindings[name] = small_binding(
            name,
            title_length=data.draw(st.sampled_from([None, 5])),
            coarse=coarse,
            cross_reference=self.bindings[name].collections["ticket"].cross_reference,
        )
        self.remapped = True

    @precondition(lambda self: self.remapped)
    @rule()
    def look_at_plan(self) -> None:
        self.look()
