"""What no weather of the machine leads to, played by hand: an intact engine comes through each of these scenes.

P15 nothing that follows from a changed mapping is written before a person has seen it. The others are the machine's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final

import sqlalchemy as sa

from deskweave.connector import Plant, Ref
from deskweave.errors import SafetyStop
from deskweave.model import Binding, ConnectionName, FieldId, Route, Value
from deskweave.store import tables
from deskweave.testing.machine import SyncMachine
from deskweave.testing.machine.door import Plan
from deskweave.testing.memory import MemoryPlatform, Switches, small_binding

DAY: Final = 86_400
SAID: Final[Mapping[FieldId, Value]] = {FieldId("title"): "alpha", FieldId("priority"): "high", FieldId("status"): "waiting"}


def stage(**habits: Switches) -> SyncMachine:
    """Two platforms joined by an engine; nothing happens to them by itself."""
    machine = SyncMachine()
    for number, name in enumerate(machine.sides):
        machine.platforms[name] = MemoryPlatform(
            name=name,
            now=partial(machine.clock_of, name),
            switches=habits.get(name, Switches()),
            seed=number,
            hook=partial(machine.door_of, name),
        )
        machine.bindings[name] = small_binding(name)
    machine.routes = [Route(id="all", when=None, among=tuple(map(ConnectionName, machine.sides)))]
    machine.restart()
    return machine


def run(machine: SyncMachine, seconds: int) -> None:
    """A run some time later, be it stopped by a guard."""
    machine.tick_by(seconds)
    with contextlib.suppress(SafetyStop):
        machine.run()


def an_edit_behind_the_page() -> None:
    """A listing that goes by number: what was told on its first page is changed again before its last one, and that later still."""
    machine = stage(a=Switches(ordered=False, page=1, settle=timedelta(seconds=1)))
    title = FieldId("title")
    refs = []
    for number in range(2):
        refs.append(machine.hands("a").create("ticket", SAID, "someone"))
        machine.tick_by(number)
    run(machine, 60)
    run(machine, 60)
    for ref in refs:
        machine.change("a", ref, title, "beta")

    def meanwhile() -> None:
        machine.change("a", refs[0], title, "gamma")
        machine.tick_by(15)
        machine.change("a", refs[1], title, "gamma")

    machine.plans = [Plan("a after records.changes", meanwhile)]
    run(machine, 60)
    machine.settle()


def an_edit_before_the_look() -> None:
    """Somebody edits a record after it was listed and before we look at it once more to write to it."""
    bare = Switches(conditions=False, history="full")
    machine = stage(a=bare, b=bare)
    title = FieldId("title")
    ref = machine.hands("a").create("ticket", SAID, "someone")
    run(machine, 60)
    run(machine, 200)
    other = Ref(*next(iter(machine.platforms["b"].records)))
    machine.change("a", ref, title, "beta")
    machine.plans = [Plan("b before records.fetch", lambda: machine.change("b", other, title, "gamma"))]
    run(machine, 60)
    machine.settle()


def an_unrecognisable_create() -> None:
    """The answer to a create is lost where nothing could tell whether it took effect."""
    machine = stage(b=Switches(plant=Plant.NONE))
    machine.hands("a").create("ticket", SAID, "someone")
    there = machine.platforms["b"]
    there.faults = ["lost_answer"]
    for _ in range(4):
        run(machine, 600)
    assert len(there.records) == 1, f"P1: {len(there.records)} records on b for one inquiry"


def a_limit() -> None:
    """A platform says that it was asked too much, and from when on it may be asked again."""
    machine = stage(b=Switches(batch=1))
    for number in range(2):
        machine.hands("a").create("ticket", {**SAID, FieldId("title"): f"t {number}"}, "someone")
    there = machine.platforms["b"]
    there.faults = ["limited"]
    run(machine, 60)
    asked = there.calls
    run(machine, 10)
    assert there.calls == asked, "P9: asked again before the moment that a limit gave"
    machine.settle()


def an_emptied_platform() -> None:
    """For two days a platform shows none of its records, and says that they are gone."""
    machine = stage()
    for number in range(5):
        machine.hands("a").create("ticket", {**SAID, FieldId("title"): f"t {number}"}, "someone")
    run(machine, 60)
    run(machine, 60)
    there = machine.platforms["b"]
    kept = dict(there.records)
    there.records.clear()
    for _ in range(3):
        run(machine, DAY + 60)
    there.records.update(kept)
    with machine.store.read() as tx:
        dead = tx.execute(sa.select(sa.func.count()).where(tables.link.c.state == "tombstone")).scalar()
    assert not dead, f"P10: {dead} records were taken for gone, of all there are"


def a_changed_mapping() -> None:
    """Somebody edits what the words of a platform mean."""
    machine = stage()
    machine.hands("a").create("ticket", SAID, "someone")
    for seconds in (60, 3600, 3600):
        run(machine, seconds)
    before = machine.writes
    machine.bindings["b"] = reworded(machine.bindings["b"], low="1", medium="2", high="3")
    machine.remapped = True
    run(machine, 60)
    run(machine, 60)
    assert machine.writes == before, "P15: written before a person has seen what a changed mapping does"


def reworded(binding: Binding, **choices: str) -> Binding:
    """The binding with other raw words for priorities."""
    ticket, name = binding.collections["ticket"], FieldId("priority")
    fields = {**ticket.fields, name: replace(ticket.fields[name], choices=choices)}
    return replace(binding, digest=f"{binding.digest}+{choices}", collections={"ticket": replace(ticket, fields=fields)})
