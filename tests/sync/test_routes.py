"""Which inquiries exist where, and what becomes of a counterpart once its inquiry no longer fulfils the route."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskweave.connector import Plant, Ref
from deskweave.model import ConnectionName, Route, Visibility
from deskweave.store import find_inquiry
from deskweave.testing.memory import Crash, MemoryConnection, MemoryPlatform, Switches, small_binding, small_mapper
from deskweave.workspace.receiving import receive
from deskweave.workspace.syncing import reach

A, B, C = ConnectionName("a"), ConnectionName("b"), ConnectionName("c")
V = {"title": "VPN drops", "priority": "high", "status": "waiting"}
URGENT = {"priority": {"eq": "high"}}


def routes(afterwards="freeze", among=(A, C)):
    return [
        Route(id="all", when=None, among=(A, B)),
        Route(id="urgent", when=URGENT, among=among, afterwards=afterwards),
    ]


def texts(w, name, ref):
    return [body.splitlines()[-1] for _, body in w.hands(name).said(ref)]


def state_of(w, name):
    row = find_inquiry(w.store, "INQ-1")
    return next(link.state for link in row.links if link.connection == name)


def test_of_120_inquiries_the_17_of_a_route_exist_on_its_platform(world):
    w = world(names=("a", "b", "c"), routes=routes())
    for number in range(120):
        w.hands("a").create("ticket", {**V, "title": f"no {number}", "priority": "high" if number % 7 == 1 else "low"}, "li")
    w.sync(1)
    assert len(w.platforms["b"].records) == 120
    urgent = {f"no {number}" for number in range(120) if number % 7 == 1}
    assert len(urgent) == 17
    assert {w.hands("c").shows(ref)["title"] for ref in w.refs("c")} == urgent


def test_a_counterpart_goes_on_after_its_inquiry_has_left_the_route_unless_the_route_freezes_it(world):
    for afterwards in ("keep", "freeze"):
        w = world(names=("a", "b", "c"), routes=routes(afterwards))
        ref = w.hands("a").create("ticket", V, "li")
        w.sync(1)
        w.hands("a").edit(ref, {"priority": "low", "title": "VPN is slow"}, "li")
        w.sync(60)
        shown, kept = w.hands("c").shows(w.refs("c")[0]), afterwards == "keep"
        assert (shown["priority"], shown["title"]) == (("low", "VPN is slow") if kept else ("high", "VPN drops"))
        assert w.hands("b").shows(w.refs("b")[0])["title"] == "VPN is slow"
        assert state_of(w, "c") == ("live" if kept else "frozen")
        w.hands("a").create("ticket", {**V, "title": "it is low", "priority": "low"}, "li")
        w.sync(60)
        assert len(w.platforms["c"].records) == 1  # what never fulfilled it goes nowhere, whatever comes afterwards


@pytest.mark.parametrize("messages", ["feed", "per_record"])
@pytest.mark.parametrize("history", ["full", "none"])
def test_a_frozen_counterpart_is_neither_written_nor_read_until_its_inquiry_fulfils_the_route_again(world, messages, history):
    switches = {"c": Switches(messages=messages, history=history)}
    w = world(names=("a", "b", "c"), routes=routes(), switches=switches)
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(1)
    (there,) = w.refs("c")
    w.hands("a").edit(ref, {"priority": "low"}, "li")
    w.sync(60)
    before = dict(w.platforms["c"].records[there.collection, there.rid].fields)
    w.hands("a").write(ref, Visibility.PUBLIC, "restart it", "li")
    w.hands("a").edit(ref, {"title": "VPN is slow"}, "li")
    for _ in range(3):
        w.sync(600)
    assert w.platforms["c"].records[there.collection, there.rid].fields == before
    assert texts(w, "c", there) == []
    w.hands("c").edit(there, {"status": "working"}, "chen")
    w.hands("c").write(there, Visibility.PUBLIC, "we look into it", "chen")
    w.hands("c").write(there, Visibility.INTERNAL, "an old router", "chen")
    for _ in range(3):
        w.sync(3 * 86_400)  # its listing and its feed move on meanwhile
    assert w.hands("a").shows(ref)["status"] == "waiting"
    assert texts(w, "a", ref) == ["restart it"]
    assert len(find_inquiry(w.store, "INQ-1").links) == 3
    w.hands("a").edit(ref, {"priority": "high"}, "li")
    w.sync(60)
    w.sync(60)
    for name, one in (("a", ref), ("b", w.refs("b")[0]), ("c", there)):
        shown = w.hands(name).shows(one)
        assert (shown["title"], shown["status"], shown["priority"]) == ("VPN is slow", "working", "high"), name
        assert sorted(texts(w, name, one)) == ["an old router", "restart it", "we look into it"], name
    assert state_of(w, "c") == "live"
    report = w.sync(60)
    assert not report.conflicts
    assert not report.parked
    assert not any(part.updated for part in report.connections.values())


def test_a_frozen_record_of_a_source_that_calls_back_is_caught_up_from_what_it_delivered(world):
    def carry(seconds):
        w.clock.turn(seconds)
        receiver = MemoryConnection(w.platforms["c"], small_mapper).webhooks
        w.platforms["c"].posts.deliver(lambda request: receive(w.store, "c", receiver, request).reply)
        return w.sync(1)

    w = world(names=("a", "c"), routes=routes(among=(A, C))[1:], switches={"c": Switches(callback=True, plant=Plant.ATOMIC)})
    ref = w.hands("a").create("ticket", V, "li")
    carry(1)
    carry(600)
    (there,) = w.refs("c")
    w.hands("a").edit(ref, {"priority": "low"}, "li")
    carry(60)
    w.hands("c").edit(there, {"status": "working"}, "chen")
    w.hands("c").write(there, Visibility.PUBLIC, "we look into it", "chen")
    carry(60)
    carry(40 * 86_400)  # deliveries are forgotten after a month, but for those of frozen records
    assert w.hands("a").shows(ref)["status"] == "waiting"
    assert texts(w, "a", ref) == []
    w.hands("a").edit(ref, {"priority": "high"}, "li")
    for _ in range(3):
        carry(600)
    assert state_of(w, "c") == "live"
    assert w.hands("a").shows(ref)["status"] == "working"
    assert texts(w, "a", ref) == ["we look into it"]
    assert w.hands("c").shows(there)["priority"] == "high"


@pytest.mark.parametrize("messages", ["feed", "per_record"])
def test_a_crash_while_it_comes_back_loses_nothing_that_was_said_meanwhile(world, messages):
    for number in range(1, 40, 3):
        w = world(names=("a", "c"), routes=routes(among=(A, C))[1:], switches={"c": Switches(messages=messages)})
        ref = w.hands("a").create("ticket", V, "li")
        w.sync(1)
        (there,) = w.refs("c")
        w.hands("a").edit(ref, {"priority": "low"}, "li")
        w.sync(60)
        w.hands("c").edit(there, {"status": "working"}, "chen")
        w.hands("c").write(there, Visibility.PUBLIC, "we look into it", "chen")
        w.hands("a").write(ref, Visibility.PUBLIC, "still slow", "li")
        w.sync(3 * 86_400)
        w.hands("a").edit(ref, {"priority": "high"}, "li")
        left = [number]

        def crash(_what, left=left):
            left[0] -= 1
            if left[0] == 0:
                raise Crash

        w.platforms["c"].hook = crash
        crashed = False
        for _ in range(3):
            try:
                w.sync(600)
            except Crash:
                crashed = True
        w.platforms["c"].hook = lambda _what: None
        for _ in range(3):
            w.sync(600)
        assert state_of(w, "c") == "live"
        for name, one in (("a", ref), ("c", there)):
            assert w.hands(name).shows(one)["status"] == "working", (number, name)
            assert sorted(texts(w, name, one)) == ["still slow", "we look into it"], (number, name)
        if not crashed:
            break
    assert number > 5


def test_what_both_sides_said_while_it_was_frozen_is_a_conflict_that_keeps_both(world):
    w = world(names=("a", "c"), routes=routes(among=(A, C))[1:])
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(1)
    (there,) = w.refs("c")
    w.hands("a").edit(ref, {"priority": "low", "status": "asking"}, "li")
    w.sync(60)
    w.hands("c").edit(there, {"status": "working"}, "chen")
    w.sync(60)
    w.hands("a").edit(ref, {"priority": "high"}, "li")
    reports = [w.sync(60), w.sync(60)]
    (conflict,) = [one for report in reports for one in report.conflicts]
    assert (conflict.field, conflict.ours, conflict.theirs) == ("status", "asking", "working")
    assert w.hands("c").shows(there)["status"] == w.hands("a").shows(ref)["status"] == "asking"


def test_a_word_said_against_the_route_while_it_was_frozen_does_not_take_it_off_the_route_again(world):
    w = world(names=("a", "c"), routes=routes(among=(A, C))[1:])
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(1)
    (there,) = w.refs("c")
    w.hands("a").edit(ref, {"priority": "low"}, "li")
    w.sync(60)
    w.hands("c").edit(there, {"priority": "medium"}, "chen")
    w.sync(60)
    w.hands("a").edit(ref, {"priority": "high"}, "li")
    reports = [w.sync(60), w.sync(60)]
    (conflict,) = [one for report in reports for one in report.conflicts]
    assert (conflict.field, conflict.ours, conflict.theirs) == ("priority", "high", "medium")
    assert w.hands("c").shows(there)["priority"] == w.hands("a").shows(ref)["priority"] == "high"
    assert state_of(w, "c") == "live"


def test_the_record_an_inquiry_began_with_is_never_frozen_so_that_it_can_come_back(world):
    w = world(names=("a", "c"), routes=routes(among=(A, C))[1:])
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(1)
    (there,) = w.refs("c")
    w.hands("c").edit(there, {"priority": "low"}, "chen")  # a person there says that it is none of theirs
    w.sync(60)
    assert w.hands("a").shows(ref)["priority"] == "low"
    assert (state_of(w, "a"), state_of(w, "c")) == ("live", "frozen")
    w.hands("c").edit(there, {"priority": "high"}, "chen")  # nobody listens there any more
    w.sync(60)
    assert w.hands("a").shows(ref)["priority"] == "low"
    w.hands("a").edit(ref, {"priority": "high"}, "li")
    w.sync(60)
    w.sync(60)
    assert state_of(w, "c") == "live"


def test_a_counterpart_that_was_never_sent_is_not_made_once_no_route_leads_there(world):
    for afterwards in ("keep", "freeze"):
        w = world(names=("a", "b", "c"), routes=routes(afterwards))
        w.platforms["c"].faults = ["rejected"]
        ref = w.hands("a").create("ticket", V, "li")
        w.sync(1)
        assert not w.platforms["c"].records
        w.hands("a").edit(ref, {"priority": "low"}, "li")
        for _ in range(3):
            w.sync(3600)
        assert not w.platforms["c"].records
        w.hands("a").edit(ref, {"priority": "high"}, "li")
        w.sync(3600)
        assert len(w.platforms["c"].records) == 1


def test_a_frozen_counterpart_that_is_gone_when_it_is_wanted_again_waits_for_a_person(world):
    w = world(names=("a", "c"), routes=routes(among=(A, C))[1:])
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(1)
    w.hands("a").edit(ref, {"priority": "low"}, "li")
    w.sync(60)
    w.hands("c").remove(w.refs("c")[0])
    w.hands("a").edit(ref, {"priority": "high"}, "li")
    reports = [w.sync(60), w.sync(60)]
    (note,) = [one for report in reports for one in report.parked]
    assert "not there any more (gone)" in note.reason
    assert state_of(w, "c") == "parked"
    assert not w.platforms["c"].records


def test_a_frozen_number_stays_in_the_cross_reference(world):
    w = world(names=("a", "c"), routes=routes(among=(A, C))[1:], bindings={"a": small_binding("a", cross_reference="links")})
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(1)
    w.sync(60)
    named = w.platforms["a"].records[ref.collection, ref.rid].fields.get("links")
    assert named
    w.hands("a").edit(ref, {"priority": "low"}, "li")
    w.sync(60)
    w.sync(60)
    assert w.platforms["a"].records[ref.collection, ref.rid].fields["links"] == named


def reached(w, tmp_path):
    engine = w.engine()
    folder = SimpleNamespace(routes=tuple(w.routes), state_folder=tmp_path)
    reach(SimpleNamespace(folder=folder, store=w.store, since=w.since), engine._sides)
    return engine.run()


def test_a_chat_gets_its_row_on_its_own_platform_once_that_may_be_written(world, tmp_path):
    collections = {"ticket": {"role": "ticket", "creates": False}, "ledger": {}}
    w = world(names=("a", "b"), routes=[Route(id="all", when=None, among=(A, B))], access={"b": "read"},
              bindings={"b": small_binding("b", collections=collections)})  # fmt: skip
    w.platforms["b"] = MemoryPlatform(
        name="b", now=w.clock, switches=Switches(), collections={"ticket": Switches(), "ledger": Switches()}
    )
    w.hands("b").create("ticket", V, "li")
    reached(w, tmp_path)
    assert (len(w.platforms["a"].records), [key[0] for key in w.platforms["b"].records]) == (1, ["ticket"])
    w.access = {}
    w.clock.turn(60)
    reached(w, tmp_path)
    assert [key[0] for key in w.platforms["b"].records] == ["ticket", "ledger"]


def test_what_was_frozen_goes_on_when_the_file_says_keep(world, tmp_path):
    w = world(names=("a", "c"), routes=routes(among=(A, C))[1:])
    ref = w.hands("a").create("ticket", V, "li")
    reached(w, tmp_path)
    w.hands("a").edit(ref, {"priority": "low"}, "li")
    w.clock.turn(60)
    reached(w, tmp_path)
    assert state_of(w, "c") == "frozen"
    w.routes = routes("keep", among=(A, C))[1:]
    for _ in range(2):
        w.clock.turn(60)
        reached(w, tmp_path)
    assert state_of(w, "c") == "live"
    assert w.hands("c").shows(w.refs("c")[0])["priority"] == "low"


@settings(max_examples=6, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from("ac"), st.sampled_from(["low", "high"]), st.sampled_from(["working", "asking", "closed"])),
        min_size=1,
        max_size=6,
    )
)
def test_however_an_inquiry_leaves_and_comes_back_both_sides_agree_in_the_end(new_world, steps):
    w = new_world(names=("a", "c"), routes=routes(among=(A, C))[1:])
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(1)
    (there,) = w.refs("c")
    for name, priority, status in steps:
        one: Ref = ref if name == "a" else there
        w.hands(name).edit(one, {"priority": priority, "status": status}, "li")
        w.sync(60)
    w.hands("a").edit(ref, {"priority": "low"}, "li")
    w.sync(60)
    w.hands("a").edit(ref, {"priority": "high"}, "li")
    w.sync(60)
    for _ in range(3):
        w.sync(120)
    assert state_of(w, "c") == "live"
    mine, theirs = w.hands("a").shows(ref), w.hands("c").shows(there)
    assert {name: mine[name] for name in V} == {name: theirs[name] for name in V}
    assert len(w.platforms["a"].records) == len(w.platforms["c"].records) == 1
    w.store.close()
