"""Another instance at an address we know: a clone, a restored copy. Nothing is taken in from it and nothing is written anywhere."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from deskweave.errors import Executed, SafetyStop, TransientError
from deskweave.model import ConnectionName, Visibility
from deskweave.store import tables
from deskweave.testing.memory import Switches

V = {"title": "VPN drops", "priority": "high", "status": "waiting"}
DAY = 86_400


def watched(w, asked):
    """An engine that asks each platform for its name before it trusts it, and notes that it did."""
    engine = w.engine()

    def verify(name, connection):
        def ask():
            asked.append(name)
            if connection.identity.instance != name:
                message = f"{name}: this folder was made for {name}, and {connection.identity.instance} answers"
                raise SafetyStop(message)

        return ask

    for name, side in engine._sides.items():
        engine._sides[name] = replace(side, verify=verify(str(name), side.connection))
    return engine


def swap(w, engine, name):
    """A clone takes the place of a platform, behind the same connection."""
    origin = w.platforms[name]
    clone = replace(
        origin, name=f"{name}-clone", **{what: deepcopy(getattr(origin, what)) for what in ("records", "comments", "lines")}
    )
    engine._sides[ConnectionName(name)].connection.platform = clone
    w.platforms[name] = clone
    return clone


def rows(w):
    with w.store.read() as tx:
        return [tx.execute(sa.select(sa.func.count()).select_from(table)).scalar() for table in (tables.event, tables.link)]


def on_the_clone(w):
    w.hands("b").edit(w.refs("b")[0], {"priority": "low"}, "chen")


def new_on_the_clone(w):
    w.hands("b").create("ticket", {**V, "title": "new"}, "chen")


def said_on_the_clone(w):
    w.hands("b").write(w.refs("b")[0], Visibility.PUBLIC, "hello", "chen")


def said_without_a_trace(w):
    """Only the feed of messages tells: the record does not count them among its changes."""
    (ref, *_) = w.refs("b")
    record = w.platforms["b"].records[ref.collection, ref.rid]
    before = record.version, record.updated_at, list(record.index)
    w.hands("b").write(ref, Visibility.PUBLIC, "hello", "chen")
    record.version, record.updated_at, record.index = before


def gone_on_the_clone(w):
    w.hands("b").remove(w.refs("b")[0])
    w.clock.turn(DAY)


@pytest.mark.practice("M1")
@pytest.mark.parametrize("news", [on_the_clone, new_on_the_clone, said_on_the_clone, gone_on_the_clone])
@pytest.mark.parametrize("messages", ["feed", "per_record"])
def test_nothing_is_taken_in_from_a_clone(world, news, messages):
    w = world(switches={"b": Switches(messages=messages)})
    asked: list[str] = []
    engine = watched(w, asked)
    for n in range(3):
        w.hands("a").create("ticket", {**V, "title": f"t {n}"}, "li")
    for _ in range(2):
        w.clock.turn(60)
        engine.run()
    clone = swap(w, engine, "b")
    news(w)
    before = rows(w), clone.writes, w.platforms["a"].writes
    for _ in range(2):
        w.clock.turn(60)
        with pytest.raises(SafetyStop, match=r"made for b, and b-clone answers"):
            engine.run()
    assert (rows(w), clone.writes, w.platforms["a"].writes) == before


def test_nothing_is_taken_in_from_a_clones_feed(world):
    w = world()
    engine = watched(w, [])
    w.hands("a").create("ticket", V, "li")
    for _ in range(2):
        w.clock.turn(60)
        engine.run()
    swap(w, engine, "b")
    said_without_a_trace(w)
    before = rows(w)
    w.clock.turn(60)
    with pytest.raises(SafetyStop, match="b-clone answers"):
        engine.run()
    assert rows(w) == before


@pytest.mark.parametrize("what", ["records", "messages"])
def test_no_position_is_moved_by_a_clone(world, what):
    """It tells what we know already: without a look at who tells it, what happens on the right one meanwhile would be passed over."""
    w = world()
    engine = watched(w, [])
    ref = w.hands("a").create("ticket", V, "li")
    for _ in range(2):
        w.clock.turn(60)
        engine.run()
    (record,) = w.platforms["b"].records.values()
    known = record.version, record.updated_at, list(record.index)
    if what == "records":
        w.hands("a").edit(ref, {"priority": "low"}, "li")
    else:
        w.hands("a").write(ref, Visibility.PUBLIC, "hello", "li")
    w.clock.turn(60)
    engine.run()
    swap(w, engine, "b")
    if what == "messages":
        for record in w.platforms["b"].records.values():  # its listing brings nothing, its feed our own word
            record.version, record.updated_at, record.index = known
    w.clock.turn(60)
    with pytest.raises(SafetyStop, match="b-clone answers"):
        engine.run()


def test_a_clones_history_explains_nothing(world):
    w = world(switches={"a": Switches(history_lag=timedelta(seconds=150))})
    engine = watched(w, [])
    ref = w.hands("a").create("ticket", V, "li")
    w.clock.turn(60)
    engine.run()
    for status in ("working", "asking"):
        w.clock.turn(5)
        w.hands("a").edit(ref, {"status": status}, "li")
    for _ in range(2):
        w.clock.turn(60)
        engine.run()
    before = rows(w)
    swap(w, engine, "a")
    w.clock.turn(60)
    with pytest.raises(SafetyStop, match="a-clone answers"):
        engine.run()
    assert rows(w) == before


def changed(w):
    w.hands("a").edit(w.refs("a")[0], {"priority": "low"}, "li")


def added(w):
    w.hands("a").create("ticket", {**V, "title": "new"}, "li")


def said(w):
    w.hands("a").write(w.refs("a")[0], Visibility.INTERNAL, "hello", "li")


@pytest.mark.parametrize("due", [changed, added, said])
def test_nothing_is_written_to_a_clone_nor_to_anybody_else_then(world, due):
    w = world(names=("a", "c", "b"))
    asked: list[str] = []
    engine = watched(w, asked)
    w.hands("a").create("ticket", V, "li")
    for _ in range(2):
        w.clock.turn(60)
        engine.run()
    asked.clear()
    w.clock.turn(60)
    engine.run()
    assert asked == []  # a quiet run asks nobody
    clone = swap(w, engine, "b")
    due(w)
    before = [platform.writes for platform in w.platforms.values()]
    w.clock.turn(60)
    with pytest.raises(SafetyStop, match=r"made for b, and b-clone answers"):
        engine.run()
    assert [platform.writes for platform in w.platforms.values()] == before
    assert all(comment.by != "deskweave.bot" for comment in clone.comments)
    clone.name = "b"  # it was the right one after all
    w.clock.turn(600)
    engine.run()
    assert [platform.writes for platform in w.platforms.values()] == [before[0], before[1] + 1, before[2] + 1]


def test_a_long_run_asks_again(world):
    w = world(switches={"b": Switches(batch=1)})
    asked: list[str] = []
    engine = watched(w, asked)
    for n in range(40):
        w.hands("a").create("ticket", {**V, "title": f"t {n}"}, "li")
    b = w.platforms["b"]
    b.hook = lambda door: w.clock.turn(60) if door == "before sink.create" else None
    engine.run()
    assert asked.count("b") == 2  # once a batch of twenty at the most
    for n in range(40):
        w.hands("a").edit(w.refs("a")[n], {"priority": "low"}, "li")
    b.hook = lambda door: w.clock.turn(60) if door == "before sink.patch" else None
    w.clock.turn(60)
    asked.clear()
    engine.run()
    assert 4 <= asked.count("b") <= 5  # forty minutes of writing
    for n in range(40):
        w.hands("a").write(w.refs("a")[n], Visibility.PUBLIC, "hello", "li")
    b.hook = lambda door: w.clock.turn(60) if door == "before messages.say" else None
    w.clock.turn(60)
    asked.clear()
    engine.run()
    assert 4 <= asked.count("b") <= 5
    b.name, before = "b-clone", b.writes
    w.hands("a").edit(w.refs("a")[0], {"priority": "high"}, "li")
    w.clock.turn(60)
    with pytest.raises(SafetyStop):
        engine.run()
    assert b.writes == before


def test_a_platform_that_cannot_say_who_it_is_pauses_alone(world):
    w = world(names=("a", "b", "c"))
    engine = w.engine()

    def silent():
        raise TransientError("no answer", executed=Executed.NO)

    name = ConnectionName("b")
    engine._sides[name] = replace(engine._sides[name], verify=silent)
    w.hands("a").create("ticket", V, "li")
    report = engine.run()
    assert report.connections["b"].paused == "no answer"
    assert [len(platform.records) for platform in w.platforms.values()] == [1, 0, 1]
