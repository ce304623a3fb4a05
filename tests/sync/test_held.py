"""A connection that nobody may, or nobody can, speak with for a while: nothing of the meantime is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deskweave.errors import Executed, TransientError
from deskweave.model import ConnectionName, Visibility
from deskweave.model.desk import Hold
from deskweave.store.parked import list_parked, release
from deskweave.store.streams import Held, hold_connection
from deskweave.sync import Engine
from deskweave.sync.run import Hooks
from deskweave.testing.memory import Switches
from deskweave.workspace.guarded import SilentConnection

V = {"title": "VPN drops", "priority": "high", "status": "waiting"}


def hold(w, name, by="li"):
    with w.store.write() as tx:
        hold_connection(tx, name, None if by is None else Held(by, w.clock(), "upgrade"))


def without(w, name, *, silent):
    """A run in which the platform is left out, or did not answer when its connection was opened."""
    engine = w.engine()
    side = engine._sides.pop(ConnectionName(name))
    if silent:
        error = TransientError("no route to host", executed=Executed.NO)
        engine._sides[side.name] = replace(side, connection=SilentConnection(side.connection, error), access="read")
    assert isinstance(engine, Engine)
    return engine


def test_a_held_connection_is_neither_read_nor_written_until_it_is_resumed(world):
    w = world(names=("a", "b", "c"))
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(1)
    hold(w, "b")
    calls = w.platforms["b"].calls
    w.hands("a").edit(ref, {"priority": "low"}, "li")
    w.hands("a").write(ref, Visibility.PUBLIC, "restart it", "li")
    w.hands("a").create("ticket", {**V, "title": "another"}, "li")
    w.hands("b").edit(w.refs("b")[0], {"status": "closed"}, "chen")
    for _ in range(3):
        report = w.sync(600)
    assert w.platforms["b"].calls == calls
    assert (report.connections["b"].held_by, report.connections["b"].held_why) == ("li", "upgrade")
    assert not report.failed
    assert not report.needs_person
    assert w.hands("c").shows(w.refs("c")[0])["priority"] == "low"  # the others go on
    assert not [record for record in w.engine().plan().records if record.connection == "b"]
    hold(w, "b", by=None)
    w.sync(60)
    w.sync(60)
    assert w.hands("b").shows(w.refs("b")[0])["priority"] == "low"
    assert [body.splitlines()[-1] for _, body in w.hands("b").said(w.refs("b")[0])] == ["restart it"]
    assert len(w.platforms["b"].records) == 2
    assert w.hands("a").shows(ref)["status"] == "closed"


def test_an_end_of_a_run_does_not_let_go_of_what_a_person_holds(world):
    w = world()
    w.hands("a").create("ticket", V, "li")
    w.platforms["b"].read_faults = ["forbidden"]
    w.sync(1)  # the engine's own pause, which the next good run clears
    hold(w, "b")
    for _ in range(2):
        assert w.sync(60).connections["b"].held_by == "li"
    assert not w.platforms["b"].records


@pytest.mark.parametrize("silent", [False, True], ids=["left out", "silent"])
def test_what_changed_while_a_platform_was_not_there_reaches_it_later(world, silent):
    w = world()
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(1)
    w.hands("a").edit(ref, {"priority": "low"}, "li")
    w.hands("a").write(ref, Visibility.PUBLIC, "restart it", "li")
    w.clock.turn(60)
    without(w, "b", silent=silent).run()
    w.clock.turn(60)
    without(w, "b", silent=silent).run()  # a quiet one in between
    w.sync(60)
    (there,) = w.refs("b")
    assert w.hands("b").shows(there)["priority"] == "low"
    assert [body.splitlines()[-1] for _, body in w.hands("b").said(there)] == ["restart it"]


@pytest.mark.parametrize("messages", ["feed", "per_record"])
def test_what_was_said_on_a_record_that_was_set_aside_is_carried_once_it_is_let_go_on(world, messages):
    held = [Hold("somebody has to look")]
    hooks = Hooks(incoming=lambda inquiry, change: held)
    w = world(switches={"a": Switches(messages=messages)}, more={"hooks": hooks})
    ref = w.hands("a").create("ticket", V, "li")
    w.hands("a").write(ref, Visibility.PUBLIC, "the lift is stuck", "li")
    for _ in range(3):
        w.sync(600)
    held.clear()
    (parked,) = list_parked(w.store)
    assert release(w.store, parked.id)
    for _ in range(3):
        w.sync(600)
    assert [body.splitlines()[-1] for _, body in w.hands("b").said(w.refs("b")[0])] == ["the lift is stuck"]
