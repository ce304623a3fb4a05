"""A record in whose status nobody has put anything: a row added by hand begins as the practice says, and gets it written."""

from __future__ import annotations

import pytest

from deskweave.model import FieldId, Policy
from deskweave.store import explain, find_inquiry, list_conflicts, unknown_values
from deskweave.testing.memory import Switches, small_binding

STATUS = FieldId("status")
ROW = {"short": "VPN drops", "prio": "1", "opened": "2026-11-22T08:00:00+00:00"}


def by_hand(w, name, **more):
    return w.platforms[name].insert("ticket", {**ROW, **more}, "chen", corr=None, key=None)


@pytest.mark.practice("B1")
@pytest.mark.parametrize("blank", [None, ""])
@pytest.mark.parametrize("history", ["full", "none"])
def test_a_row_added_by_hand_begins_as_the_practice_says(world, blank, history):
    w = world(switches={"a": Switches(history=history)})
    record = by_hand(w, "a", state=blank)
    report = w.sync(60)
    assert report.unknown_values == {} == unknown_values(w.store)
    assert record.fields["state"] == "1"
    assert w.hands("b").shows(w.refs("b")[0])[STATUS] == "waiting"
    (event,) = explain(w.store, find_inquiry(w.store, "INQ-1").id, STATUS)
    assert (event.new, event.source) == ("waiting", "practice:p1")
    w.hands("b").edit(w.refs("b")[0], {STATUS: "working"}, "li")
    w.sync(60)
    assert record.fields["state"] == "2"
    assert not list_conflicts(w.store)
    writes = [platform.writes for platform in w.platforms.values()]
    w.sync(600)
    assert [platform.writes for platform in w.platforms.values()] == writes


def test_a_status_that_is_emptied_is_put_back(world):
    w = world()
    record = by_hand(w, "a", state="2")
    w.sync(60)
    w.platforms["a"].update(record, {"state": None}, "chen")
    for _ in range(2):
        w.sync(60)
    assert record.fields["state"] == "2"
    assert w.hands("b").shows(w.refs("b")[0])[STATUS] == "working"
    assert not list_conflicts(w.store)
    # emptied here while it was changed there: the word counts
    w.platforms["a"].update(record, {"state": ""}, "chen")
    w.hands("b").edit(w.refs("b")[0], {STATUS: "closed"}, "li")
    for _ in range(2):
        w.sync(60)
    assert record.fields["state"] == "9"
    assert not list_conflicts(w.store)


def test_nothing_is_written_where_the_field_may_not_be(world):
    w = world(bindings={"a": small_binding("a", policies={STATUS: Policy.READ_ONLY})})
    record = by_hand(w, "a", state=None)
    w.sync(60)
    w.sync(60)
    assert record.fields["state"] is None
    assert w.hands("b").shows(w.refs("b")[0])[STATUS] == "waiting"


def test_a_word_nobody_knows_is_still_kept_and_never_written_over(world):
    w = world()
    record = by_hand(w, "a", state="77")
    w.sync(60)
    w.sync(60)
    assert record.fields["state"] == "77"
    assert list(unknown_values(w.store)) == ["a/status"]
    assert w.hands("b").shows(w.refs("b")[0]).get(STATUS) is None  # and nobody guesses on the other side
    w.platforms["a"].update(record, {"state": "2"}, "chen")
    w.sync(60)
    w.sync(60)
    assert w.hands("b").shows(w.refs("b")[0])[STATUS] == "working"
    assert not list_conflicts(w.store)
