"""A plugin that fails where it is asked what it can do, and a platform that tells less than it counts: each is said, others go on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deskweave.connector import Page, Ref
from deskweave.errors import Executed, TransientError
from deskweave.model import Visibility
from deskweave.testing.memory import MemoryConnection, Switches

V = {"title": "VPN drops", "priority": "high", "status": "waiting"}


class Unable(MemoryConnection):
    """A connection that cannot say what it can do; from the n-th time on it is asked."""

    error: Exception = ZeroDivisionError()
    after = 0
    asked = 0

    @property
    def capabilities(self):
        self.asked += 1
        if self.asked > self.after:
            raise self.error
        return super().capabilities


def spoil(engine, name, error, after=0):
    for key, side in engine._sides.items():
        if key == name:
            broken = Unable(side.connection.platform, side.connection._mapper)
            broken.error, broken.after = error, after
            engine._sides[key] = replace(side, connection=broken)
    return engine


@pytest.mark.parametrize(
    ("error", "said"),
    [(ZeroDivisionError(), "ZeroDivisionError was raised"), (TransientError("no answer", executed=Executed.NO), "no answer")],
)
def test_a_plugin_that_cannot_say_what_it_can_do_stops_only_itself(world, error, said):
    w = world(names=("a", "b", "c"))
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(60)
    w.hands("a").edit(ref, {"priority": "low"}, "li")
    w.hands("a").write(ref, Visibility.PUBLIC, "hello", "li")
    w.clock.turn(60)
    calls = w.platforms["b"].calls
    report = spoil(w.engine(), "b", error).run()
    assert said in report.connections["b"].paused
    assert report.connections["a"].paused is report.connections["c"].paused is None
    assert w.platforms["b"].calls == calls
    assert w.hands("c").shows(w.refs("c")[0])["priority"] == "low"
    w.clock.turn(60)
    assert spoil(w.engine(), "b", error).plan().records == []
    w.sync(600)  # put right: nothing of the meantime is lost
    assert w.hands("b").shows(w.refs("b")[0])["priority"] == "low"
    assert [one.body.splitlines()[-1] for one in w.platforms["b"].comments] == ["hello"]


def test_what_a_connection_can_do_is_asked_once_a_run(world):
    """What raises in the middle of a run, or changes its mind, has been asked before."""
    w = world()
    w.hands("a").create("ticket", V, "li")
    engine = spoil(w.engine(), "b", ZeroDivisionError(), after=1)
    assert engine.run().connections["b"].created == 1
    assert "ZeroDivisionError" in engine.run().connections["b"].paused


@pytest.mark.parametrize(
    ("method", "kind", "what"),
    [("changes", {}, "the listing of ticket"), ("messages_changes", {}, "the feed of ticket"),
     ("messages_of", {"messages": "per_record"}, "the messages of ticket/000001")],
)  # fmt: skip
def test_a_listing_that_brings_less_than_the_platform_counts_is_a_finding(world, monkeypatch, method, kind, what):
    w = world(switches={"a": Switches(**kind, page=2)})
    for n in range(3):
        ref = w.hands("a").create("ticket", {**V, "title": f"t {n}"}, "li")
        w.hands("a").write(ref, Visibility.PUBLIC, "hello", "li")
    plain = getattr(MemoryConnection, method)

    def one_hidden(self, *arguments):
        page = plain(self, *arguments)
        return Page(items=page.items[1:], resume=page.resume, covers_until=page.covers_until, expected=len(page.items))

    with monkeypatch.context() as patch:
        patch.setattr(MemoryConnection, method, one_hidden)
        report = w.sync(60)
    findings = [one for one in report.findings if one.rule == "listing-incomplete" and one.place.source == "connection:a"]
    assert what in {one.place.path for one in findings}
    assert all("told" in one.message for one in findings)
    assert not [one for one in w.sync(60).findings if one.rule == "listing-incomplete"]


@pytest.mark.parametrize("bad", ["VPN \ud83d", 2**70])
@pytest.mark.parametrize("native", ["short", "state", "prio"])
def test_a_record_that_no_store_can_hold_is_set_aside_and_stops_no_other(world, native, bad):
    """A text that a platform has cut in the middle of a character, a number of 70 bits."""
    w = world()
    ref = w.hands("a").create("ticket", V, "li")
    w.hands("a").create("ticket", {**V, "title": "fine"}, "li")
    record = w.platforms["a"].records[ref.collection, ref.rid]
    record.fields[native] = bad
    report = w.sync(60)
    titles = [w.hands("b").shows(one)["title"] for one in w.refs("b")]
    assert "fine" in titles
    assert len(titles) + len(report.parked) == 2
    w.sync(60)


@pytest.mark.parametrize("extra", ["\ud83d", 2**70, object()])
def test_a_record_that_is_no_json_as_it_came_is_still_read_each_time(world, extra):
    w = world(switches={"a": Switches(history="none")})
    ref = w.hands("a").create("ticket", V, "li")
    w.platforms["a"].records[ref.collection, ref.rid].fields["unbound"] = extra
    w.sync(60)
    w.hands("a").edit(ref, {"priority": "low"}, "li")
    w.sync(60)
    assert w.hands("b").shows(w.refs("b")[0])["priority"] == "low"


def test_an_edit_that_cannot_be_read_is_said_and_the_next_one_is_taken(world):
    w = world()
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(60)
    w.hands("a").edit(ref, {"priority": "low"}, "li")
    record = w.platforms["a"].records[ref.collection, ref.rid]
    record.fields["state"] = 2**70
    (finding,) = w.sync(60).findings
    assert (finding.rule, finding.found) == ("record-unreadable", "A-1")
    assert w.hands("b").shows(w.refs("b")[0])["priority"] == "high"
    record.fields["state"] = "1"
    w.hands("a").edit(ref, {"title": "VPN"}, "li")
    assert not w.sync(60).findings
    assert w.hands("b").shows(w.refs("b")[0])["priority"] == "low"


def test_half_a_character_in_a_message_stops_nothing(world):
    w = world()
    ref = w.hands("a").create("ticket", V, "li")
    w.hands("a").write(ref, Visibility.PUBLIC, "cut \ud83d", "li")
    w.hands("a").write(ref, Visibility.PUBLIC, "hello", "li")
    w.sync(60)
    assert [one.body.splitlines()[-1] for one in w.platforms["b"].comments] == ["cut ?", "hello"]
    assert not w.sync(60).written


@pytest.mark.parametrize("when", ["before it is written to", "in the answer to a create"])
def test_a_record_that_cannot_be_read_where_it_is_written_stops_no_other(world, monkeypatch, when):
    """The mapper raises at one record only, and only on b."""
    w = world()
    first = w.hands("a").create("ticket", V, "li")
    other = w.hands("a").create("ticket", {**V, "title": "fine"}, "li")
    plain = type(w.mapper(w.bindings["b"])).read
    created = when == "in the answer to a create"
    if not created:
        w.sync(60)
        w.hands("a").edit(first, {"title": "bad"}, "li")
        w.hands("a").edit(other, {"priority": "low"}, "li")

    def read(self, record):
        if record.ref.rid and record.ref == bad and self._binding.connection == "b":
            raise ZeroDivisionError
        return plain(self, record)

    bad = Ref("ticket", "000001")
    monkeypatch.setattr(type(w.mapper(w.bindings["b"])), "read", read)
    w.sync(60)
    shown = [(record.fields["short"], record.fields["prio"]) for record in w.platforms["b"].records.values()]
    assert ("fine", "1" if created else "3") in shown
    assert len(shown) == 2
    monkeypatch.undo()
    w.sync(60)
    assert len(w.refs("b")) == 2


def test_a_connector_that_answers_for_fewer_records_pauses_only_itself(world, monkeypatch):
    w = world(names=("a", "b", "c"))
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(60)
    w.hands("a").edit(ref, {"priority": "low"}, "li")
    plain = MemoryConnection.fetch
    monkeypatch.setattr(MemoryConnection, "fetch", lambda self, refs: plain(self, refs) if self.platform.name != "b" else [])
    report = w.sync(60)
    assert "0 answers for 1 records" in report.connections["b"].paused
    assert w.hands("c").shows(w.refs("c")[0])["priority"] == "low"
