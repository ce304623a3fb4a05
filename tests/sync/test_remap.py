"""A mapping that is changed is nobody's edit: what follows from it is shown before anything is written."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import timedelta

import pytest

from deskweave.errors import SafetyStop
from deskweave.model import FieldId
from deskweave.store import explain, find_inquiry
from deskweave.testing.memory import Switches, small_binding

V = {"title": "VPN drops", "priority": "high", "status": "waiting"}
PRIORITY = FieldId("priority")


def remapped(binding, **choices):
    """The binding with other raw words for priorities, as somebody edits it."""
    ticket = binding.collections["ticket"]
    fields = {**ticket.fields, PRIORITY: replace(ticket.fields[PRIORITY], choices=choices)}
    return replace(binding, digest=f"{binding.digest}+{choices}", collections={"ticket": replace(ticket, fields=fields)})


def test_nothing_is_written_before_the_plan_was_seen(world):
    w = world(switches={"b": Switches(index_lag=timedelta(0))})
    refs = [w.hands("a").create("ticket", {**V, "title": f"t {n}"}, "li") for n in range(3)]
    w.sync(1)
    w.sync(3600)
    w.sync(3600)  # far behind the listing: only reading everything again finds these records
    w.bindings["b"] = remapped(w.bindings["b"], low="1", medium="2", high="3")  # what meant high means low
    writes = [platform.writes for platform in w.platforms.values()]
    with pytest.raises(SafetyStop, match="the mapping of b has changed"):
        w.sync(60)
    with pytest.raises(SafetyStop, match="sync --plan"):  # not by trying again
        w.sync(60)
    assert [platform.writes for platform in w.platforms.values()] == writes
    plan = w.engine().plan()
    assert (
        sorted((one.connection, one.fields[0].field, one.fields[0].wanted) for one in plan.records)
        == [("a", "priority", "low")] * 3
    )
    w.sync(60)
    assert [w.hands("a").shows(ref)["priority"] for ref in refs] == ["low"] * 3
    assert [w.hands("b").shows(ref)["priority"] for ref in w.refs("b")] == ["low"] * 3
    last = explain(w.store, find_inquiry(w.store, "1").inquiry.id, PRIORITY)[-1]
    assert last.source == "practice:p1"


def test_a_mapping_that_changes_nothing_passes(world):
    w = world()
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(1)
    w.bindings["b"] = replace(w.bindings["b"], digest="another word in a comment")
    w.hands("a").edit(ref, {"title": "new"}, "li")
    assert w.sync(60).connections["b"].updated == 1
    assert not w.sync(60).written


def test_a_field_that_is_newly_mapped_is_shown_first(world):
    full = small_binding("b")
    ticket = full.collections["ticket"]
    less = {name: at for name, at in ticket.fields.items() if name != PRIORITY}
    w = world(bindings={"b": replace(full, digest="less", collections={"ticket": replace(ticket, fields=less)})})
    w.hands("a").create("ticket", V, "li")
    w.sync(1)
    w.bindings["b"] = full
    with pytest.raises(SafetyStop, match="the mapping of b has changed"):
        w.sync(60)
    assert [one.fields[0].wanted for one in w.engine().plan().records] == ["high"]
    w.sync(60)
    assert w.hands("b").shows(w.refs("b")[0])["priority"] == "high"


def test_a_remap_that_was_cut_off_is_still_looked_at(world):
    w = world(switches={"b": Switches(page=1)})
    for n in range(4):
        w.hands("a").create("ticket", {**V, "title": f"t {n}"}, "li")
    w.sync(1)
    w.bindings["b"] = remapped(w.bindings["b"], low="1", medium="2", high="3")
    doors = iter(range(100))

    def cut(_door):
        if next(doors) == 6:
            w.platforms["b"].read_faults = ["down"]

    w.platforms["b"].hook = cut
    w.clock.turn(60)
    with contextlib.suppress(SafetyStop):
        assert w.sync(60).connections["b"].paused
    w.platforms["b"].hook = lambda _door: None
    w.platforms["b"].read_faults = []
    with pytest.raises(SafetyStop, match="the mapping of b has changed"):
        w.sync(7200)
    assert len(w.engine().plan().records) == 4
    w.sync(60)
    assert {w.hands("a").shows(ref)["priority"] for ref in w.refs("a")} == {"low"}
