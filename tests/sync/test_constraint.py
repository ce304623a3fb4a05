"""A value that does not meet its field's constraints (practice A9), end to end: it stays where it was typed, and people see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from deskweave.store import unknown_values
from deskweave.testing.memory import FIELDS
from deskweave.testing.memory.practice import DETAIL, PRIORITY, STATUS, TITLE

V = {TITLE: "printer", DETAIL: "paper", PRIORITY: "low", STATUS: "waiting"}
BOUND = {**FIELDS, TITLE: replace(FIELDS[TITLE], constraints={"maxLength": 10})}


@pytest.mark.practice("A9")
def test_it_stays_where_it_was_typed_until_it_is_put_right(world: Callable[..., Any]) -> None:
    w = world()
    w.bindings = {name: replace(binding, fields=BOUND) for name, binding in w.bindings.items()}
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(60)
    (there,) = w.refs("b")
    w.platforms["a"].update(w.platforms["a"].records[ref.collection, ref.rid], {"short": "much too long a title"}, "li")
    report = w.sync(60)
    assert report.unknown_values == {"a/title": "much too long a title"}  # said once in the run's report
    (kept,) = unknown_values(w.store)["a/title"].values()
    assert kept == "much too long a title"  # and in status until it is gone
    assert w.hands("b").shows(there)[TITLE] == "printer"
    assert w.platforms["a"].records[ref.collection, ref.rid].fields["short"] == "much too long a title"  # nobody wrote over it
    w.hands("b").edit(there, {DETAIL: "more"}, "chen")  # other fields go on
    w.sync(60)
    assert w.hands("a").shows(ref)[DETAIL] == "more"
    w.platforms["a"].update(w.platforms["a"].records[ref.collection, ref.rid], {"short": "short one"}, "li")
    w.sync(60)
    assert w.hands("b").shows(there)[TITLE] == "short one"
    assert unknown_values(w.store) == {}


def test_an_inquiry_may_begin_with_one(world: Callable[..., Any]) -> None:
    w = world()
    w.bindings = {name: replace(binding, fields=BOUND) for name, binding in w.bindings.items()}
    record = w.platforms["a"].insert("ticket", {"short": "much too long a title", "prio": "3"}, "li", corr=None, key=None)
    w.sync(60)
    w.sync(60)
    (there,) = w.refs("b")
    assert w.platforms["b"].records[there.collection, there.rid].fields.get("short") is None
    assert w.hands("b").shows(there)[PRIORITY] == "low"
    assert record.fields["short"] == "much too long a title"
