"""What becomes an event: history's lines, coarse observations and their refinement, and no echo."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from deskweave.ledger import fold
from deskweave.model import ConnectionName, FieldId, Policy
from deskweave.model.desk import Amend, Hold
from deskweave.store import explain, find_inquiry, list_conflicts, list_parked, release
from deskweave.sync import Hooks
from deskweave.testing.memory import MemoryPlatform, Switches, small_binding

V = {"title": "VPN drops", "priority": "high", "status": "waiting"}
STATUS = FieldId("status")


def events(w, field="status"):
    row = find_inquiry(w.store, "INQ-1")
    return explain(w.store, row.id, FieldId(field))


@pytest.mark.practice("A12")
def test_history_tells_every_state_between_two_looks(world):
    w = world()
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(1)
    for status in ("working", "asking", "working", "closed"):
        w.clock.turn(60)
        w.hands("a").edit(ref, {"status": status}, "li")
    w.sync(60)
    found = events(w)
    assert [(e.old, e.new, e.precise) for e in found] == [
        (None, "waiting", False),
        ("waiting", "working", True),
        ("working", "asking", True),
        ("asking", "working", True),
        ("working", "closed", True),
    ]
    assert found[1].at == w.clock() - timedelta(seconds=240)
    assert found[1].actor == "a:li"
    assert found[1].origin_id == "ticket/000001/1/status"
    # our own write on b, and history read again, add nothing
    for _ in range(4):
        w.sync(60)
    assert len(events(w)) == 5


def test_a_state_that_came_and_went_is_kept(world):
    w = world()
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(1)
    for status in ("working", "waiting"):
        w.clock.turn(60)
        w.hands("a").edit(ref, {"status": status}, "li")
    w.sync(60)
    assert [e.new for e in events(w)] == ["waiting", "working", "waiting"]


def test_without_history_one_coarse_event(world):
    w = world(switches={"a": Switches(history="none")})
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(1)
    for status in ("working", "asking"):
        w.clock.turn(60)
        w.hands("a").edit(ref, {"status": status}, "li")
    w.sync(60)
    assert [(e.new, e.precise) for e in events(w)] == [("waiting", False), ("asking", False)]


def test_lagging_history_refines_later_and_the_fold_skips_it(world):
    w = world(switches={"a": Switches(history_lag=timedelta(seconds=100), index_lag=timedelta(0))})
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(1)
    for status in ("working", "asking"):
        w.clock.turn(30)
        w.hands("a").edit(ref, {"status": status}, "li")
    w.sync(1)
    assert [(e.new, e.precise) for e in events(w)] == [("waiting", False), ("asking", False)]
    w.sync(200)
    found = events(w)
    assert [(e.old, e.new, e.refines) for e in found[2:]] == [
        ("waiting", "working", found[1].seq),
        ("working", "asking", found[1].seq),
    ]
    assert fold(found) == {STATUS: "asking"}
    w.sync(200)
    assert len(events(w)) == 4


def test_a_lossy_platform_changes_nothing_by_what_it_cannot_say(world):
    w = world(bindings={"b": small_binding("b", title_length=5, coarse=True)})
    ref = w.hands("a").create("ticket", {**V, "title": "a long title", "status": "asking"}, "li")
    w.sync(1)
    (there,) = w.refs("b")
    assert w.hands("b").shows(there)["title"] == "a lon"
    w.hands("b").edit(there, {"priority": "low"}, "chen")
    for _ in range(3):
        w.sync(60)
    assert w.hands("a").shows(ref)["title"] == "a long title"
    assert w.hands("a").shows(ref)["status"] == "asking"
    assert w.hands("a").shows(ref)["priority"] == "low"
    assert len(events(w)) == 1


def shaping(monkeypatch, name, shape):
    """Have one platform change every title it takes."""
    plain = MemoryPlatform.update

    def update(self, record, fields, by):
        plain(self, record, {k: shape(v) if k == "short" and self.name == name else v for k, v in fields.items()}, by)

    monkeypatch.setattr(MemoryPlatform, "update", update)


def test_what_a_platform_makes_of_a_text_is_its_form_and_no_edit(world, monkeypatch):
    """Upper case there, as typed here: no war, no conflict, and an edit there is still an edit."""
    shaping(monkeypatch, "b", str.upper)
    w = world()
    b = w.platforms["b"]
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(1)
    (there,) = w.refs("b")
    w.hands("a").edit(ref, {"title": "printer"}, "li")
    report = w.sync(60)
    assert any(finding.rule == "value-shaped" for finding in report.findings)
    shown = [w.hands("a").shows(ref)["title"], w.hands("b").shows(there)["title"]]
    assert shown == ["printer", "PRINTER"]
    writes = b.writes
    for _ in range(3):
        assert not w.sync(600).values_merged
    assert b.writes == writes
    w.hands("b").edit(there, {"title": "scanner"}, "chen")
    w.sync(60)
    assert w.hands("a").shows(ref)["title"] == "SCANNER"
    w.hands("a").edit(ref, {"title": "printer"}, "li")
    w.sync(60)
    assert (w.hands("a").shows(ref)["title"], w.hands("b").shows(there)["title"]) == ("printer", "PRINTER")
    assert not list_conflicts(w.store)


@pytest.mark.parametrize("history", ["full", "none"])
def test_a_status_a_platform_has_no_own_word_for_comes_back_to_where_it_was(world, history):
    w = world(bindings={"b": small_binding("b", coarse=True)}, switches={"b": Switches(history=history)})
    ref = w.hands("a").create("ticket", {**V, "status": "asking"}, "li")
    w.sync(1)
    (there,) = w.refs("b")
    for status, held in (("closed", "closed"), ("working", "asking"), ("waiting", "waiting"), ("working", "asking")):
        w.hands("b").edit(there, {"status": status}, "chen")
        w.sync(60)
        assert w.hands("a").shows(ref)["status"] == held
    w.hands("a").edit(ref, {"status": "working"}, "li")  # said by a platform that can tell them apart: that is held from now on
    w.sync(60)
    w.hands("b").edit(there, {"status": "closed"}, "chen")
    w.hands("b").edit(there, {"status": "working"}, "chen")
    w.sync(60)
    assert w.hands("a").shows(ref)["status"] == "working"
    assert not list_conflicts(w.store)
    writes = [platform.writes for platform in w.platforms.values()]
    w.sync(600)
    assert [platform.writes for platform in w.platforms.values()] == writes


def test_a_value_without_a_word_is_kept_raw_and_never_overwritten(world):
    w = world()
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(1)
    (there,) = w.refs("b")
    raw = w.platforms["b"].records[there.collection, there.rid]
    w.platforms["b"].update(raw, {"prio": "77"}, "chen")
    report = w.sync(60)
    assert report.unknown_values == {"b/priority": "77"}
    w.hands("a").edit(ref, {"priority": "low", "title": "new"}, "li")
    w.sync(60)
    assert raw.fields["prio"] == "77"
    assert raw.fields["short"] == "new"
    assert find_inquiry(w.store, "1").inquiry.unknown == {"b/priority": "77"}
    w.platforms["b"].update(raw, {"prio": "2"}, "chen")  # a word again: what was missed is written, both are kept
    w.sync(60)
    w.sync(60)
    assert find_inquiry(w.store, "1").inquiry.unknown == {}
    (conflict,) = list_conflicts(w.store)
    assert (conflict.ours, conflict.theirs) == ("low", "medium")


def test_the_fields_owner_wins_and_both_values_are_kept(world):
    for owner, final in ((None, "low"), ("b", "medium")):
        policies = {FieldId("priority"): Policy.OWNER}
        w = world(bindings={owner: small_binding(owner, policies=policies)} if owner else {})
        ref = w.hands("a").create("ticket", V, "li")
        w.sync(1)
        (there,) = w.refs("b")
        w.hands("a").edit(ref, {"priority": "low"}, "li")
        w.hands("b").edit(there, {"priority": "medium"}, "chen")
        for _ in range(3):
            w.sync(60)
        assert w.hands("a").shows(ref)["priority"] == w.hands("b").shows(there)["priority"] == final
        (conflict,) = list_conflicts(w.store)
        assert {conflict.ours, conflict.theirs} == {"low", "medium"}


def test_policies_say_who_may_write(world):
    policies = {FieldId("priority"): Policy.READ_ONLY, FieldId("title"): Policy.WRITE_IF_EMPTY}
    w = world(bindings={"b": small_binding("b", policies=policies)})
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(1)
    (there,) = w.refs("b")
    shown = w.hands("b").shows(there)
    assert (shown["title"], shown.get("priority")) == ("VPN drops", None)
    w.hands("a").edit(ref, {"priority": "low", "title": "changed", "status": "working"}, "li")
    w.sync(60)
    shown = w.hands("b").shows(there)
    assert (shown["title"], shown.get("priority"), shown["status"]) == ("VPN drops", None, "working")
    w.hands("b").edit(there, {"priority": "medium"}, "chen")
    w.sync(60)
    assert list_conflicts(w.store)


def test_a_field_the_platform_drops_is_reported_and_not_sent_for_ever(world):
    w = world(switches={"b": Switches(deaf=frozenset({"prio"}))})
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(1)
    w.hands("a").edit(ref, {"priority": "low"}, "li")
    report = w.sync(60)
    assert any(finding.rule == "field-dropped" for finding in report.findings)
    writes = w.platforms["b"].writes
    for _ in range(3):
        w.sync(60)
    assert w.platforms["b"].writes == writes
    assert w.hands("a").shows(ref)["priority"] == "low"


def test_gates_hold_and_amend(world):
    def incoming(inquiry, change):
        if change.values.get("title") == "spam":
            return [Hold("looks like spam")]
        return [Amend({FieldId("title"): "checked"}, "r")] if change.values.get("title") == "check" else []

    def outgoing(inquiry, write):
        if write.values.get("priority") == "low":
            raise ZeroDivisionError
        return []

    w = world(more={"hooks": Hooks(incoming=incoming, outgoing=outgoing)})
    w.hands("a").create("ticket", {**V, "title": "spam"}, "li")
    ref = w.hands("a").create("ticket", {**V, "title": "check"}, "li")
    w.sync(1)
    w.sync(1)
    assert [r.fields["short"] for r in w.platforms["b"].records.values()] == ["checked"]
    assert w.hands("a").shows(ref)["title"] == "checked"
    w.hands("a").edit(ref, {"priority": "low"}, "li")
    w.sync(60)
    assert sorted((one.connection, one.parked_reason) for one in list_parked(w.store)) == [
        ("a", "looks like spam"),
        ("b", "a plugin raised ZeroDivisionError"),
    ]
    w.more = {}
    for one in list_parked(w.store):
        assert release(w.store, one.id)
    for _ in range(3):
        w.sync(60)
    assert len(w.platforms["b"].records) == 2
    assert list_parked(w.store) == ()
    assert sorted(r.fields["prio"] for r in w.platforms["b"].records.values()) == ["1", "3"]


def test_a_ticket_that_is_only_read_has_a_main_record_beside_it(world):
    from deskweave.testing.memory import MemoryPlatform

    collections = {"ticket": {"role": "ticket", "creates": False}, "ledger": {}}
    w = world(bindings={"b": small_binding("b", collections=collections)})
    kind = Switches()
    w.platforms["b"] = MemoryPlatform(
        name="b", now=w.clock, switches=kind, collections={"ticket": Switches(patches=False, plant=None), "ledger": kind}
    )
    w.hands("b").create("ticket", V, "user")
    w.sync(1)
    assert sorted(key[0] for key in w.platforms["b"].records) == ["ledger", "ticket"]
    assert len(w.platforms["a"].records) == 1
    w.hands("a").edit(w.refs("a")[0], {"status": "closed"}, "li")
    w.sync(60)
    assert w.platforms["b"].records["ticket", "000001"].fields["state"] == "1"
    assert w.platforms["b"].records["ledger", "000002"].fields["state"] == "9"


def test_a_value_that_was_not_kept_once_is_written_when_the_inquiry_comes_back_to_it(world):
    w = world()
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(1)
    there = w.refs("b")[0]
    w.platforms["b"].switches = replace(w.platforms["b"].switches, deaf=frozenset({"state"}))
    w.hands("a").edit(ref, {"status": "closed"}, "li")
    for _ in range(5):
        w.sync(600)
    assert w.hands("b").shows(there)["status"] != "closed"  # a rule there does not allow it yet
    w.platforms["b"].switches = replace(w.platforms["b"].switches, deaf=frozenset())
    for status in ("working", "closed"):
        w.hands("a").edit(ref, {"status": status}, "li")
        w.sync(600)
        assert w.hands("b").shows(there)["status"] == status


def test_routes_and_homes_choose(world):
    from deskweave.model import Route
    from deskweave.testing.memory import MemoryPlatform

    route = Route(id="r", when={"priority": {"ne": "low"}}, among=(ConnectionName("a"), ConnectionName("b")))
    collections = {
        "incident": {"holds": {"priority": {"eq": "high"}}},
        "request": {"holds": {"priority": {"ne": "high"}}},
    }
    w = world(routes=[route], bindings={"b": small_binding("b", collections=collections)})
    w.platforms["b"] = MemoryPlatform(
        name="b", now=w.clock, switches=Switches(), collections={"incident": Switches(), "request": Switches()}
    )
    for priority in ("high", "medium", "low"):
        w.hands("a").create("ticket", {**V, "priority": priority}, "li")
    w.sync(1)
    assert sorted(key[0] for key in w.platforms["b"].records) == ["incident", "request"]
    w.hands("a").edit(w.refs("a")[2], {"priority": "medium"}, "li")
    w.sync(60)
    assert sorted(key[0] for key in w.platforms["b"].records) == ["incident", "request", "request"]
