"""The path of a change, step by step."""

from __future__ import annotations

import pytest

from deskweave.model import Visibility

V = {"title": "VPN drops", "priority": "high", "status": "waiting"}


@pytest.mark.practice("F1", "M1")
def test_a_record_gets_its_counterpart_and_edits_cross(world):
    w = world()
    a, b = w.hands("a"), w.hands("b")
    ref = a.create("ticket", V, "li.wei")
    report = w.sync(1)
    assert [report.connections[n].created for n in ("a", "b")] == [0, 1], report
    (there,) = w.refs("b")
    assert b.shows(there)["title"] == "VPN drops"
    w.clock.turn(5)
    b.edit(there, {"status": "working"}, "chen")
    w.sync(5)
    assert a.shows(ref)["status"] == "working"
    w.sync(5)
    writes = w.platforms["a"].writes + w.platforms["b"].writes
    report = w.sync(5)
    assert report.written == 0
    assert writes == w.platforms["a"].writes + w.platforms["b"].writes


@pytest.mark.practice("A4", "G5", "G7", "M1")
def test_messages_cross_once_with_one_first_line(world):
    w = world()
    a = w.hands("a")
    ref = a.create("ticket", V, "li.wei")
    w.sync(1)
    a.write(ref, Visibility.PUBLIC, "Hello", "li.wei")
    w.clock.turn(1)
    a.write(ref, Visibility.INTERNAL, "psst", "li.wei")
    for _ in range(4):
        assert w.sync(5).findings == [], "a message we wrote is not known again"
    said = [(c.visibility.value, c.body) for c in w.platforms["b"].comments]
    assert len(said) == 2, said
    assert len(w.platforms["a"].comments) == 2
    assert said[0][0] == "public"
    assert said[0][1].startswith("[a:li.wei | a A-1 | 2026-11-22 09:00:01 UTC | ")
    assert said[0][1].endswith("]\nHello")
