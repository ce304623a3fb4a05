"""What goes wrong between an intent and its answer, one case each; the stateful machine found most of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from deskweave.connector import Plant
from deskweave.model import FieldId, Policy, Visibility
from deskweave.store import tables
from deskweave.store.values import decode
from deskweave.testing.memory import Crash, MemoryConnection, MemoryPlatform, Switches, small_binding

V = {"title": "VPN drops", "priority": "high", "status": "waiting"}


def links(w, conn):
    with w.store.read() as tx:
        return tx.execute(sa.select(tables.link).where(tables.link.c.conn == conn).order_by(tables.link.c.id)).all()


def conflicts(w):
    with w.store.read() as tx:
        rows = tx.execute(sa.select(tables.conflict)).all()
    return [(row.field, decode(row.ours), decode(row.theirs), row.winner) for row in rows]


def shown(w, name, field="title"):
    return sorted(str(w.hands(name).shows(ref)[FieldId(field)]) for ref in w.refs(name))


def limit_at(platform, what, times):
    """The n-th call of a kind is refused for now."""
    calls = []

    def hook(door):
        if door == f"before {what}":
            calls.append(door)
            if len(calls) in times:
                platform.faults.append("limited_class")

    platform.hook = hook
    return calls


# ------------------------------------------------------------------------------------------------ a limit within a batch
@pytest.mark.parametrize("plant", [Plant.ATOMIC, Plant.KEY, Plant.UPSERT])
def test_creates_behind_a_limit_are_neither_in_flight_nor_lost(world, plant):
    w = world(switches={"b": Switches(batch=1, plant=plant)})
    for n in range(4):
        w.hands("a").create("ticket", {**V, "title": f"t {n}"}, "li")
    calls = limit_at(w.platforms["b"], "sink.create", {2})
    w.sync(1)
    assert len(calls) == 2  # nothing is sent behind the limit
    assert len(w.platforms["b"].records) == 1
    rest = [one for one in links(w, "b") if one.rid is None]
    assert [one.state for one in rest] == ["new"] * 3  # not "creating": there is nothing to look for
    assert sorted(one.not_before is None for one in rest) == [False, True, True]  # the one refused waits as told, the unsent do not
    w.sync(50)  # less than the wait after a lost answer
    assert shown(w, "b") == ["t 0", "t 1", "t 2", "t 3"]


def test_patches_behind_a_limit_are_neither_in_flight_nor_lost(world):
    w = world(switches={"b": Switches(batch=1)})
    refs = [w.hands("a").create("ticket", {**V, "title": f"t {n}"}, "li") for n in range(4)]
    w.sync(1)
    for ref in refs:
        w.hands("a").edit(ref, {"priority": "low"}, "li")
    # one batch of intents, one call each: the platform takes ten records in a look and one in a write
    w.platforms["b"].switches = Switches(batch=10, patch_one=True)
    calls = limit_at(w.platforms["b"], "sink.patch", {2})
    w.sync(5)
    assert len(calls) == 2
    assert shown(w, "b", "priority") == ["high", "high", "high", "low"]
    assert [one.inflight for one in links(w, "b")] == [None] * 4
    # nothing of ours is under way, so the very same word from there is a person's
    w.sync(50)
    assert shown(w, "b", "priority") == ["low"] * 4
    assert conflicts(w) == []


def test_a_value_under_way_stays_so_when_its_repetition_is_refused(world):
    w = world(switches={"b": Switches(history="none", conditions=False)})
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(1)
    w.hands("a").edit(ref, {"title": "first"}, "li")
    w.platforms["b"].faults = ["late_request"]
    w.sync(1)
    w.platforms["b"].late = [(w.clock() + timedelta(seconds=40), act) for _, act in w.platforms["b"].late]
    w.platforms["b"].faults = ["limited_class"]
    w.sync(31)  # it is repeated, and refused; the first one is still under way
    assert [one.inflight for one in links(w, "b")] == [{"title": ["first"]}]
    w.clock.turn(20)  # it arrives
    w.hands("a").edit(ref, {"title": "second"}, "li")
    w.sync(20)
    w.sync(60)
    assert (shown(w, "a"), shown(w, "b")) == (["second"], ["second"])
    assert conflicts(w) == []  # our own word coming back is no person's


# ----------------------------------------------------------------------------------------------------------- lost answers
def test_a_create_that_arrives_late_is_found_where_find_lags(world):
    """It takes effect within `settle`, is listed within `index_lag`, and the wait covers both."""
    w = world(switches={"b": Switches(index_lag=timedelta(seconds=20), find="lagging")})
    w.hands("a").create("ticket", V, "li")
    w.platforms["b"].faults = ["late_request"]
    w.sync(1)
    w.sync(155)  # nobody asked the platform in between
    for _ in range(3):
        w.sync(60)
    assert len(w.platforms["b"].records) == 1
    assert [one.state for one in links(w, "b")] == ["live"]


def test_an_edit_does_not_hide_a_record_from_listings_that_knew_it(world):
    w = world(switches={"a": Switches(index_lag=timedelta(seconds=20))})
    ref = w.hands("a").create("ticket", V, "li")
    for n in range(5):
        w.clock.turn(15)
        w.hands("a").edit(ref, {"title": f"t {n}"}, "li")
    assert w.sync(0).connections["a"].imported == 1


@pytest.mark.parametrize("conditions", [True, False])
@pytest.mark.parametrize("messages", ["feed", "per_record"])
def test_a_person_who_puts_the_old_value_back_over_an_unanswered_write_is_in_the_conflict_log(world, conditions, messages):
    """Without a history the old value looks as if ours had never arrived; the versions tell that more has happened."""
    w = world(switches={"b": Switches(history="none", conditions=conditions, messages=messages)})
    ref = w.hands("a").create("ticket", {**V, "title": "alpha"}, "li")
    w.sync(1)
    w.sync(1)
    (there,) = w.refs("b")
    w.hands("a").edit(ref, {"title": "delta"}, "li")
    w.platforms["b"].faults = ["lost_answer"]
    w.sync(1)
    assert shown(w, "b") == ["delta"]
    w.clock.turn(5)
    w.hands("b").edit(there, {"title": "alpha"}, "chen")
    for _ in range(4):
        w.sync(60)
    assert (shown(w, "a"), shown(w, "b")) == (["delta"], ["delta"])
    assert conflicts(w) == [("title", "delta", "alpha", "ours")]


def test_what_people_put_where_a_create_was_not_kept_is_no_answer_to_it(world):
    """The platform dropped the status, the answer was lost, and somebody filled the empty field: they never saw our word."""
    w = world(switches={"b": Switches(deaf=frozenset({"state"}))})
    ref = w.hands("a").create("ticket", V, "li")
    w.platforms["b"].faults = ["lost_answer"]
    w.sync(1)
    w.clock.turn(5)
    w.hands("b").edit(w.refs("b")[0], {"status": "working"}, "chen")
    for _ in range(4):
        w.sync(60)
    assert conflicts(w) == [("status", "waiting", "working", "ours")]
    assert w.hands("a").shows(ref)["status"] == "waiting"


def test_what_people_changed_after_a_create_whose_answer_was_lost_is_taken(world):
    w = world()
    ref = w.hands("a").create("ticket", V, "li")
    w.platforms["b"].faults = ["lost_answer"]
    w.sync(1)
    w.clock.turn(5)
    w.hands("b").edit(w.refs("b")[0], {"status": "working"}, "chen")
    for _ in range(4):
        w.sync(60)
    assert conflicts(w) == []
    assert w.hands("a").shows(ref)["status"] == "working"


def test_a_write_that_never_arrived_is_no_conflict(world):
    w = world(switches={"b": Switches(history="none")})
    ref = w.hands("a").create("ticket", {**V, "title": "alpha"}, "li")
    w.sync(1)
    (there,) = w.refs("b")
    w.hands("a").edit(ref, {"title": "delta"}, "li")
    w.platforms["b"].faults = ["lost_request"]
    w.sync(1)
    w.hands("b").edit(there, {"priority": "low"}, "chen")
    for _ in range(4):
        w.sync(60)
    assert (shown(w, "a"), shown(w, "b")) == (["delta"], ["delta"])
    assert (shown(w, "a", "priority"), shown(w, "b", "priority")) == (["low"], ["low"])
    assert conflicts(w) == []


def test_a_value_another_platform_shows_alike_gives_way_and_stands_in_the_events(world):
    """The accepted limit: "in progress" and "waiting on user" are one word on b, so b's people never saw the change."""
    w = world(bindings={"b": small_binding("b", coarse=True)}, switches={"a": Switches(history="none")})
    ref = w.hands("a").create("ticket", {**V, "status": "working"}, "li")
    w.sync(1)
    (there,) = w.refs("b")
    w.hands("a").edit(ref, {"status": "asking"}, "li")
    w.hands("b").edit(there, {"status": "closed"}, "chen")
    for _ in range(3):
        w.sync(60)
    assert (shown(w, "a", "status"), shown(w, "b", "status")) == (["closed"], ["closed"])
    assert conflicts(w) == []
    with w.store.read() as tx:
        said = tx.execute(
            sa.select(tables.event.c.new).where(tables.event.c.field == "status").order_by(tables.event.c.seq)
        ).scalars()
        assert [decode(one) for one in said] == ["working", "asking", "closed"]


def test_messages_of_a_page_are_read_after_a_crash_behind_its_commit(world, monkeypatch):
    """The page is committed with the stream's position, its messages are read after it: it is not listed again."""
    w = world(switches={"a": Switches(messages="per_record", page=1)})
    for n in range(3):
        ref = w.hands("a").create("ticket", {**V, "title": f"t {n}"}, "li")
        w.hands("a").write(ref, Visibility.PUBLIC, f"message {n}", "li")
    w.clock.turn(86_000)

    def crash(_self, _parent):
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(MemoryConnection, "messages_of", crash)
        with pytest.raises(Crash):
            w.sync(1)
    for _ in range(3):
        w.sync(600)
    assert sorted(one.body.splitlines()[-1] for one in w.platforms["b"].comments) == ["message 0", "message 1", "message 2"]


def test_an_earlier_write_that_comes_late_over_a_later_one_gives_way(world):
    """Without conditions the platform takes it; it may have been a person's word, so it stands in the conflict log."""
    w = world(switches={"b": Switches(conditions=False, history="none")})
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(1)
    w.hands("a").edit(ref, {"title": "first"}, "li")
    w.platforms["b"].faults = ["late_request"]
    w.sync(1)
    w.platforms["b"].late = [(w.clock() + timedelta(seconds=50), act) for _, act in w.platforms["b"].late]
    w.hands("a").edit(ref, {"title": "second"}, "li")
    w.sync(40)
    assert shown(w, "b") == ["second"]
    for _ in range(4):
        w.sync(30)
    assert (shown(w, "a"), shown(w, "b")) == (["second"], ["second"])
    assert conflicts(w) == [("title", "second", "first", "ours")]
    assert links(w, "b")[0].inflight is None


@pytest.mark.parametrize("fault", ["lost_request", "late_request", "lost_answer", "limited", "rejected"])
def test_messages_of_a_record_are_written_in_the_order_they_were_said(world, fault):
    w = world(switches={"b": Switches(message_plant=Plant.AFTER)})
    ref, other = (w.hands("a").create("ticket", {**V, "title": title}, "li") for title in ("one", "other"))
    w.sync(1)
    for n, where in enumerate((ref, ref, other, ref)):
        w.hands("a").write(where, Visibility.PUBLIC, f"said {n}", "li")
        w.clock.turn(1)
    w.platforms["b"].faults = [fault]
    w.sync(30)
    for _ in range(8):
        w.sync(60)
    said = {}
    for comment in w.platforms["b"].comments:
        said.setdefault(comment.rid, []).append(comment.body.splitlines()[-1])
    assert sorted(said.values()) == [["said 0", "said 1", "said 3"], ["said 2"]]


def test_a_field_that_rules_change_back_and_forth_is_set_aside(world, monkeypatch):
    """Each platform appends to every title it takes, without telling in its answer: without an end to it the titles grow for ever."""
    plain = MemoryPlatform.update

    def update(self, record, fields, by):
        plain(self, record, {k: f"{v}{self.name}" if k == "short" else v for k, v in fields.items()}, by)

    monkeypatch.setattr(MemoryPlatform, "update", update)
    w = world(switches={name: Switches(tells=False, versions=False) for name in "ab"})
    ref = w.hands("a").create("ticket", V, "li")
    other = w.hands("a").create("ticket", {**V, "title": "quiet"}, "li")
    w.sync(1)
    w.hands("a").edit(ref, {"title": "x"}, "li")
    reports = [w.sync(60) for _ in range(6)]
    parked = [note for report in reports for note in report.parked]
    assert parked
    assert all("title was written 6 times within 60 minutes" in note.reason for note in parked)
    writes = [platform.writes for platform in w.platforms.values()]
    assert not w.sync(60).written
    w.hands("a").edit(other, {"priority": "low"}, "li")  # other records go on
    w.sync(60)
    assert [platform.writes for platform in w.platforms.values()] == [writes[0], writes[1] + 1]


def test_people_who_change_a_field_often_are_at_no_war(world):
    w = world()
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(1)
    for n in range(20):
        w.hands("a").edit(ref, {"title": f"title {n}"}, "li")
        assert not w.sync(60).parked
    assert w.hands("b").shows(w.refs("b")[0])["title"] == "title 19"


@pytest.mark.parametrize(
    ("method", "kind", "said"),
    [
        ("changes", {}, "the listing of ticket did not move on from here"),
        ("messages_changes", {"messages": "feed"}, "the feed of ticket did not move on from here"),
        ("messages_of", {"messages": "per_record"}, "the messages of ticket/000001 did not move on from here"),
        ("history", {}, "the history of ticket did not move on from here"),
        ("census", {}, "the census of ticket did not move on from here"),
    ],
)
def test_a_listing_that_stays_where_it_is_pauses_its_connection(world, monkeypatch, method, kind, said):
    w = world(switches={"a": Switches(**kind)})
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(1)
    w.hands("a").edit(ref, {"priority": "low"}, "li")
    w.hands("a").write(ref, Visibility.PUBLIC, "hello", "li")
    plain = getattr(MemoryConnection, method)

    def stays(self, *arguments):
        page = plain(self, *arguments)
        return replace(page, resume="here") if self.platform.name == "a" else page

    monkeypatch.setattr(MemoryConnection, method, stays)
    report = w.sync(86_400)
    assert said in report.connections["a"].paused
    assert report.connections["b"].paused is None


@pytest.mark.parametrize("pause", [60, 3600])
def test_a_message_of_the_minute_of_our_last_look_is_read_however_late_we_come_again(world, pause):
    """Without versions a stamp in minutes is all that tells of a change: the record says what it said when it was seen."""
    dim = Switches(versions=False, precision=timedelta(minutes=1), messages="per_record", history="none")
    w = world(switches={"a": dim})
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(10)
    w.sync(600)
    w.hands("a").write(ref, Visibility.PUBLIC, "first", "li")
    w.sync(1)
    w.clock.turn(20)
    w.hands("a").write(ref, Visibility.PUBLIC, "in the same minute", "li")
    w.sync(pause)
    assert [one.body.rpartition("\n")[2] for one in w.platforms["b"].comments] == ["first", "in the same minute"]
    asked = w.platforms["a"].calls
    w.sync(7200)
    w.sync(60)
    assert w.platforms["a"].calls - asked <= 5  # it is not asked for for ever


@pytest.mark.parametrize("field", ["title", "priority", "status"])
def test_a_field_that_is_only_read_does_not_go_with_a_create_either(world, field):
    native = {"title": "short", "priority": "prio", "status": "state"}[field]
    w = world(bindings={"b": small_binding("b", policies={FieldId(field): Policy.READ_ONLY})})
    ref = w.hands("a").create("ticket", V, "li")
    w.clock.turn(1)
    assert field not in {one.field for record in w.engine().plan().records for one in record.fields}
    w.sync()
    made = w.refs("b")[0]
    assert native not in w.platforms["b"].records["ticket", made.rid].fields
    w.hands("b").edit(made, {FieldId(field): {"title": "theirs", "priority": "low", "status": "closed"}[field]}, "wang")
    w.sync(60)
    assert w.hands("a").shows(ref)[FieldId(field)] in ("theirs", "low", "closed")  # it is read as ever


def test_a_record_that_is_deleted_before_its_messages_are_read_stops_nothing(world):
    w = world(switches={"a": Switches(messages="per_record", batch=5)})
    refs = [w.hands("a").create("ticket", {**V, "title": f"t {n}"}, "li") for n in range(2)]
    w.sync(1)
    w.hands("a").write(refs[1], Visibility.PUBLIC, "hello", "li")

    def delete(door):
        if door == "after records.changes" and len(w.platforms["a"].records) == 2:
            w.hands("a").remove(refs[0])

    w.hands("a").edit(refs[0], {"title": "changed"}, "li")
    w.platforms["a"].hook = delete
    for _ in range(2):
        assert not w.sync(60).failed
    assert len(w.platforms["b"].comments) == 1
