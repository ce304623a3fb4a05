"""What a run may not do: write where access is read, create what is too old, exceed its limits, double what another store marked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from deskweave.connector import Plant
from deskweave.errors import SafetyStop
from deskweave.model import ConnectionName, Field, FieldBinding, FieldId, Policy, Route, Visibility
from deskweave.store import Store, find_inquiry, list_parked, release
from deskweave.store.parked import give_up, join_record, repeat_create
from deskweave.sync import Guard, GuardStop
from deskweave.testing.memory import FIELDS, Crash, Switches, small_binding

V = {"title": "VPN drops", "priority": "high", "status": "waiting"}


def test_a_connection_with_access_read_is_never_written(world):
    w = world(access={"b": "read"})
    a, b = w.hands("a"), w.hands("b")
    a.create("ticket", V, "li")
    ref = b.create("ticket", V, "chen")
    w.sync(1)
    b.write(ref, Visibility.PUBLIC, "hello", "chen")
    w.sync(5)
    w.hands("a").edit(w.refs("a")[1], {"status": "closed"}, "li")
    w.sync(5)
    assert w.platforms["b"].writes == 0
    assert len(w.platforms["a"].records) == 2


def test_only_inquiries_opened_since_get_counterparts(world):
    w = world(since=None)
    w.since = w.clock() + timedelta(hours=1)
    for n in range(60):
        w.hands("a").create("ticket", {**V, "title": f"old {n}"}, "li")
    w.clock.turn(7200)
    for n in range(10):
        w.hands("a").create("ticket", {**V, "title": f"new {n}"}, "li")
    # an old one that changes later is still an old one
    w.hands("a").edit(w.refs("a")[0], {"status": "working"}, "li")
    report = w.sync(1)
    assert report.inquiries_total == 70
    assert sorted(r.fields["short"] for r in w.platforms["b"].records.values()) == [f"new {n}" for n in range(10)]


def test_updates_beyond_the_limit_stop_the_run_before_the_first_write(world):
    w = world(guard=Guard(update_records=5, max_notices=1000))
    for n in range(30):
        w.hands("a").create("ticket", {**V, "title": f"t {n}"}, "li")
    w.sync(1)  # creates are free in a route's first pass
    assert len(w.platforms["b"].records) == 30
    w.clock.turn(60)
    for ref in w.refs("a"):
        w.hands("a").edit(ref, {"priority": "low"}, "li")
    before = w.platforms["b"].writes
    with pytest.raises(SafetyStop, match=r"30 records of b would change .* the limit is 5"):
        w.sync(60)
    assert w.platforms["b"].writes == before
    w.guard = Guard(update_records=30, max_notices=1000)
    assert w.sync(1).connections["b"].updated == 30


def test_creates_count_once_a_route_is_complete(world):
    w = world(guard=Guard(update_records=5, max_notices=1000))
    w.hands("a").create("ticket", V, "li")
    w.sync(1)
    for n in range(6):
        w.hands("a").create("ticket", {**V, "title": f"t {n}"}, "li")
    with pytest.raises(SafetyStop, match="6 records of b would change"):
        w.sync(60)
    assert len(w.platforms["b"].records) == 1


def test_notices_are_counted_before_the_first_write(world):
    w = world(guard=Guard(max_notices=3), switches={"b": Switches(notifies=True)})
    for n in range(4):
        w.hands("a").create("ticket", {**V, "title": f"t {n}"}, "li")
    with pytest.raises(SafetyStop, match=r"up to 4 mails to 4 people .* the limit is 3"):
        w.sync(1)
    assert not w.platforms["b"].records
    plan = w.engine().plan()
    assert plan.counts() == {("b", "create"): 4}
    assert "limit is 3" in plan.stop
    assert all(record.notifies for record in plan.records)


USER = FieldId("user")


def test_people_are_counted_and_not_what_they_get(world, monkeypatch):
    """`sync --plan` of many creates says how many mails that is, and how many people."""
    known = {**FIELDS, USER: Field(id=USER, label={"en": "User"}, type="person")}
    monkeypatch.setattr("tests.sync.conftest.FIELDS", known)
    plain = small_binding("a")
    fields = {**plain.collections["ticket"].fields, USER: FieldBinding(at="who", native="who", policy=Policy.SHARED)}
    bindings = {
        name: replace(small_binding(name, collections={"ticket": {"fields": fields}}), fields=known, digest=name) for name in "ab"
    }
    w = world(guard=Guard(max_notices=2), switches={"b": Switches(notifies=True)}, bindings=bindings)
    for n, who in enumerate(["Li Wei", "li wei ", "Chen Mei", "Li Wei", None]):
        w.hands("a").create("ticket", {**V, "title": f"t {n}", **({USER: who} if who else {})}, "li")
    w.hands("a").write(w.refs("a")[0], Visibility.PUBLIC, "hello", "li")
    with pytest.raises(GuardStop, match=r"up to 6 mails to 3 people .* the limit is 2 people") as raised:
        w.sync(1)
    (stop,) = raised.value.stops
    assert (stop.count, stop.mails, stop.limit) == (3, 6, 2)
    assert "--max-notices 3" in str(raised.value)
    assert not w.platforms["b"].records
    plan = w.engine().plan()
    assert len({record.person for record in plan.records if record.notifies}) == 3
    assert "Li Wei" not in str([record.person for record in plan.records])
    w.guard = Guard(max_notices=3)
    w.sync(1)
    assert len(w.platforms["b"].records) == 5


def test_notices_of_earlier_runs_of_one_command_count(world):
    w = world(guard=Guard(max_notices=3), switches={"b": Switches(notifies=True)})
    engine = w.engine()
    for n in range(2):
        w.hands("a").create("ticket", {**V, "title": f"t {n}"}, "li")
        w.clock.turn(60)
        engine.run()
    w.hands("a").write(w.refs("a")[0], Visibility.PUBLIC, "one", "li")
    w.hands("a").write(w.refs("a")[0], Visibility.INTERNAL, "not for the user", "li")
    w.clock.turn(60)
    engine.run()
    w.hands("a").write(w.refs("a")[0], Visibility.PUBLIC, "two", "li")
    w.clock.turn(60)
    with pytest.raises(SafetyStop, match=r"up to 4 mails to 4 people .* the limit is 3"):
        engine.run()
    assert len(w.platforms["b"].comments) == 2
    w.engine().run()  # another command has limits of its own
    assert len(w.platforms["b"].comments) == 3


def test_a_conflict_that_a_plan_or_a_stopped_run_merged_is_told_by_the_next_run(world):
    w = world()
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(1)
    w.clock.turn(60)

    def disagree(ours, theirs):
        w.hands("a").edit(ref, {"priority": ours}, "li")
        w.hands("b").edit(w.refs("b")[0], {"priority": theirs}, "chen")
        w.clock.turn(60)

    disagree("low", "medium")
    assert len(w.engine().plan().report.conflicts) == 1
    report = w.sync(60)
    assert [(note.field, note.ours, note.theirs) for note in report.conflicts] == [("priority", "low", "medium")]
    assert report.needs_person
    disagree("medium", "high")
    w.guard = Guard(update_records=0, update_share=0)
    with pytest.raises(SafetyStop):
        w.sync()
    w.guard = Guard()
    assert len(w.sync(60).conflicts) == 1
    assert not w.sync(60).needs_person


def test_marks_of_another_store_stop_the_run(world):
    w = world()
    w.hands("a").create("ticket", V, "li")
    w.sync(1)
    w.store = Store.open(":memory:", now=w.clock)
    writes = w.platforms["a"].writes + w.platforms["b"].writes
    for _ in range(3):  # the next run lists them again, or it would know nothing of them
        with pytest.raises(SafetyStop, match="marks this store does not know: 1 on b"):
            w.sync(1)
    assert w.platforms["a"].writes + w.platforms["b"].writes == writes
    w.store.close()


def test_a_second_writer_is_told_who_holds_the_store(world, tmp_path):
    w = world()
    first = Store.open(tmp_path / "state.db", now=w.clock)
    second = Store.open(tmp_path / "state.db", now=w.clock)
    w.store = second
    with first.lease("sync"), pytest.raises(SafetyStop, match=r"process \d+ \(sync\) since 2026"):
        w.sync(1)
    w.sync(1)
    first.close()
    second.close()


def test_withheld_fields_never_leave_and_what_is_typed_there_is_kept(world):
    route = Route(
        id="r",
        when=None,
        among=(ConnectionName("a"), ConnectionName("b")),
        withhold={ConnectionName("b"): frozenset({FieldId("priority"), FieldId("message_log")})},
    )
    w = world(routes=[route])
    ref = w.hands("a").create("ticket", V, "li")
    w.hands("a").write(ref, Visibility.PUBLIC, "secret", "li")
    w.sync(1)
    (there,) = w.refs("b")
    assert w.platforms["b"].records[there.collection, there.rid].fields.get("prio") is None
    w.hands("b").edit(there, {"priority": "low"}, "chen")
    w.sync(60)
    assert w.hands("a").shows(ref)["priority"] == "high"
    assert w.hands("b").shows(there)["priority"] == "low"
    assert not w.platforms["b"].comments


def test_a_refused_record_is_parked_after_three_and_others_go_on(world):
    w = world()
    w.hands("a").create("ticket", {**V, "title": "refused"}, "li")
    w.hands("a").create("ticket", V, "li")
    reports = [w.sync(600) for _ in range(4)]
    assert len(w.platforms["b"].records) == 1
    assert [len(report.parked) for report in reports] == [0, 0, 1, 0]
    (parked,) = list_parked(w.store)
    assert "refused is not allowed" in parked.parked_reason


def test_a_create_that_nothing_can_recognise_is_never_repeated(world):
    w = world(switches={"b": Switches(plant=Plant.NONE)})
    w.hands("a").create("ticket", V, "li")
    w.platforms["b"].faults = ["lost_request"]
    for _ in range(4):
        w.sync(600)
    assert not w.platforms["b"].records
    (waiting,) = list_parked(w.store)
    assert waiting.state == "unknown"


@pytest.mark.parametrize("fault", ["lost_request", "lost_answer"])
def test_a_person_decides_about_a_create_that_nothing_can_recognise(world, fault):
    w = world(switches={"b": Switches(plant=Plant.NONE)})
    ref = w.hands("a").create("ticket", V, "li")
    w.platforms["b"].faults = [fault]
    for _ in range(4):
        w.sync(600)
    waiting, *alike = sorted(list_parked(w.store), key=lambda one: one.inquiry is None)
    assert waiting.state == "unknown"
    if fault == "lost_request":
        assert not alike
        assert repeat_create(w.store, waiting.id)
    else:  # what says the same is no new inquiry before a person has looked
        (twin,) = alike
        assert twin.label == "B-1"
        assert "deskweave parked INQ-1 --is B-1" in twin.parked_reason
        assert not join_record(w.store, twin.id, waiting)
        assert join_record(w.store, waiting.id, twin)
    w.hands("a").edit(ref, {"priority": "low"}, "li")
    for _ in range(3):
        report = w.sync(600)
    assert report.inquiries_total == 1
    assert not list_parked(w.store)
    assert [record.fields["prio"] for record in w.platforms["b"].records.values()] == ["3"]
    w.hands("b").edit(w.refs("b")[0], {"status": "closed"}, "chen")
    w.sync(60)
    assert w.hands("a").shows(ref)["status"] == "closed"


@pytest.mark.parametrize("lag", [0, 180])
def test_a_create_whose_mark_was_to_follow_and_did_not_is_neither_doubled_nor_a_new_inquiry(world, lag):
    w = world(switches={"b": Switches(plant=Plant.AFTER, index_lag=timedelta(seconds=lag))})
    w.hands("a").create("ticket", V, "li")

    def crash(door):
        if door == "between sink.create and its mark":
            raise Crash

    w.platforms["b"].hook = crash
    with pytest.raises(Crash):
        w.sync(1)
    w.platforms["b"].hook = lambda _door: None
    for _ in range(6):
        w.sync(70)
    assert len(w.platforms["a"].records) == len(w.platforms["b"].records) == 1
    waiting, twin = sorted(list_parked(w.store), key=lambda one: one.inquiry is None)
    assert (waiting.state, twin.label) == ("unknown", "B-1")
    assert join_record(w.store, waiting.id, twin)
    assert w.sync(60).inquiries_total == 1
    assert not list_parked(w.store)


def test_what_somebody_else_made_alike_is_an_inquiry_once_a_person_says_so(world):
    w = world(switches={"b": Switches(plant=Plant.NONE)})
    w.hands("a").create("ticket", V, "li")
    opened = w.clock()
    w.platforms["b"].faults = ["lost_request"]
    w.sync(600)
    w.hands("b").create("ticket", {**V, "submitted_at": opened}, "chen")
    w.hands("b").create("ticket", {**V, "title": "another"}, "chen")
    w.sync(600)
    w.sync(600)
    waiting, twin = sorted(list_parked(w.store), key=lambda one: one.inquiry is None)
    assert release(w.store, twin.id)
    assert give_up(w.store, waiting.id)
    report = w.sync(600)
    assert report.inquiries_total == 3
    assert not list_parked(w.store)
    assert len(w.platforms["b"].records) == 2


@pytest.mark.parametrize("plant", [Plant.UPSERT, Plant.KEY, Plant.ATOMIC, Plant.AFTER])
@pytest.mark.parametrize("fault", ["lost_request", "late_request", "lost_answer"])
def test_a_lost_create_is_made_once(world, plant, fault):
    w = world(switches={"b": Switches(plant=plant, index_lag=timedelta(seconds=90), find="lagging")})
    w.hands("a").create("ticket", V, "li")
    w.platforms["b"].faults = [fault]
    first = w.sync(1)
    assert first.waiting == 1
    assert first.waiting_until is not None
    for _ in range(6):
        w.sync(100)
    assert len(w.platforms["b"].records) == 1
    assert w.engine().run().waiting == 0


def test_an_expired_credential_pauses_one_connection_only(world):
    w = world(names=("a", "b", "c"))
    w.hands("a").create("ticket", V, "li")
    w.platforms["b"].read_faults = ["forbidden"]
    report = w.sync(1)
    assert report.failed
    assert "expired" in report.connections["b"].paused
    assert (len(w.platforms["b"].records), len(w.platforms["c"].records)) == (0, 1)
    report = w.sync(1)  # somebody renewed it
    assert not report.failed
    assert len(w.platforms["b"].records) == 1


def test_a_limit_says_until_when_and_holds(world):
    w = world()
    w.hands("a").create("ticket", V, "li")
    w.platforms["b"].faults = ["limited"]
    report = w.sync(1)
    until = w.clock() + timedelta(seconds=45)
    assert report.connections["b"].paused_until == report.waiting_until == until
    calls = w.platforms["b"].calls
    w.sync(10)
    assert w.platforms["b"].calls == calls
    w.sync(40)
    assert len(w.platforms["b"].records) == 1


def test_a_connector_that_raises_anything_stops_only_itself(world):
    w = world()
    w.hands("a").create("ticket", V, "li")
    w.platforms["a"].read_faults = ["bug"]
    report = w.sync(1)
    assert "records.changes" in report.connections["a"].paused
    assert report.connections["b"].paused is None


def test_a_key_of_any_platform_names_the_inquiry(world):
    w = world(bindings={"b": small_binding("b", cross_reference="links"), "a": small_binding("a", cross_reference="links")})
    w.hands("a").create("ticket", V, "li")
    w.sync(1)
    for key in ("INQ-1", "1", "A-1", "b-1", "memory://b/B-1", "https://x/y/A-1/"):
        assert find_inquiry(w.store, key).number == 1, key
    assert "A-1" in find_inquiry(w.store, "A-7").nearest
    assert w.platforms["b"].records["ticket", "000001"].fields["links"] == "A-1 memory://a/A-1"
    assert w.platforms["a"].records["ticket", "000001"].fields["links"] == "B-1 memory://b/B-1"
    w.sync(100)
    writes = w.platforms["a"].writes + w.platforms["b"].writes
    w.sync(100)
    assert w.platforms["a"].writes + w.platforms["b"].writes == writes


def test_a_stop_says_what_most_of_it_is_and_whose_word(world):
    w = world(names=("a", "b"), guard=Guard(update_records=5, max_notices=1000))
    for n in range(12):
        w.hands("a").create("ticket", {**V, "title": f"t {n}"}, "li")
    w.sync(1)
    w.clock.turn(60)
    for ref in w.refs("a"):
        w.hands("a").edit(ref, {"priority": None}, "li")  # as a right that was taken away looks like
    w.hands("a").edit(w.refs("a")[0], {"title": "other"}, "li")
    with pytest.raises(GuardStop, match=r"almost all: a priority, high to empty \(12 inquiries\)") as raised:
        w.sync(60)
    (stop,) = raised.value.stops
    assert (stop.kind, stop.connection, stop.count, stop.limit, stop.updated, stop.created) == ("changes", "b", 12, 5, 12, 0)
    assert stop.likely.emptied
    assert "--max-changes 12" in str(raised.value)
    assert list(w.engine().plan().stops) == [stop]
    w.guard = w.guard.allowing(11)
    with pytest.raises(GuardStop):
        w.sync(1)
    w.guard = w.guard.allowing(12)  # what was counted, and no more
    assert w.sync(1).connections["b"].updated == 12


def test_a_stop_of_many_different_changes_gives_no_cause(world):
    w = world(guard=Guard(update_records=2, max_notices=1000))
    for n in range(6):
        w.hands("a").create("ticket", {**V, "title": f"t {n}"}, "li")
    w.sync(1)
    for n, ref in enumerate(w.refs("a")):
        w.hands("a").edit(ref, [{"priority": "low"}, {"title": f"other {n}"}, {"status": "closed"}][n % 3], "li")
    with pytest.raises(GuardStop) as raised:
        w.sync(60)
    assert raised.value.stops[0].likely is None
    assert "almost all" not in str(raised.value)


def test_creates_have_a_limit_of_their_own_where_one_is_stated(world):
    w = world(guard=Guard(update_records=5, create_records=2, max_notices=1000))
    w.hands("a").create("ticket", V, "li")
    w.sync(1)  # the route's first pass
    for n in range(3):
        w.hands("a").create("ticket", {**V, "title": f"t {n}"}, "li")
    with pytest.raises(GuardStop, match=r"3 records would be created on b; the limit is 2") as raised:
        w.sync(60)
    assert [one.kind for one in raised.value.stops] == ["creates"]
    w.guard = w.guard.allowing(1.0).allowing(3)
    assert w.sync(60).connections["b"].created == 3


@pytest.mark.parametrize("most", [0, 3, 0.0, 0.5])
def test_one_limit_for_all_changes(most):
    guard = Guard(create_records=1).allowing(most)
    # a number is meant exactly; a share leaves the floor for small desks
    assert guard.updates(10) == (most if isinstance(most, int) else 20)
    assert guard.updates(1000) == (most if isinstance(most, int) else max(20, int(most * 1000)))
    assert guard.creates(1000) is None
    assert guard.deletes(1000) == (most if isinstance(most, int) else max(3, int(most * 1000)))


def test_a_limit_on_one_class_of_reading_leaves_the_rest_of_the_connection_alone(world, monkeypatch):
    """`paused_until` is for limits of the whole connection."""
    from deskweave.errors import RateLimited, Scope
    from deskweave.testing.memory import MemoryConnection

    two = {"ticket": {}, "chat": {"creates": False}}
    w = world(bindings={"a": small_binding("a", collections=two), "b": small_binding("b")})
    w.platforms["a"].collections = {"ticket": Switches(), "chat": Switches()}
    plain, limited = MemoryConnection.changes, [True]

    def changes(self, collection, since, resume):
        if self.platform.name == "a" and collection == "ticket" and limited[0]:
            text = "search: 5 calls a second are used up"
            raise RateLimited(text, scope=Scope.RATE_CLASS, rate_class="search", retry_at=w.clock() + timedelta(seconds=30))
        return plain(self, collection, since, resume)

    monkeypatch.setattr(MemoryConnection, "changes", changes)
    w.hands("a").create("ticket", V, "li")
    w.hands("a").create("chat", {**V, "title": "said in a chat"}, "li")
    w.hands("b").create("ticket", {**V, "title": "from b"}, "chen")
    report = w.sync(1)
    assert report.connections["a"].imported == 1
    assert "used up" in report.connections["a"].paused
    assert report.waiting_until == w.clock() + timedelta(seconds=30)
    assert [record.fields["short"] for record in w.platforms["b"].records.values()] == ["from b", "said in a chat"]
    assert len(w.platforms["a"].records) == 2  # not all of it was seen: nothing is written there
    limited[0] = False
    w.sync(1)  # nothing kept it from being asked at once
    assert len(w.platforms["a"].records) == len(w.platforms["b"].records) == 3


def test_what_was_said_while_a_record_was_set_aside_follows_when_it_goes_on(world):
    w = world()
    ref = w.hands("a").create("ticket", V, "li")
    w.sync(1)
    w.platforms["b"].refuses = frozenset({("short", "no")})
    w.hands("a").edit(ref, {"title": "no"}, "li")
    for _ in range(3):
        w.sync(600)
    (parked,) = list_parked(w.store)
    w.hands("a").write(ref, Visibility.PUBLIC, "meanwhile", "li")
    w.sync(60)
    w.hands("b").edit(w.refs("b")[0], {"priority": "low"}, "chen")
    w.platforms["b"].refuses = frozenset()
    assert release(w.store, parked.id)
    w.sync(60)
    assert [body.splitlines()[-1] for _, body in w.hands("b").said(w.refs("b")[0])] == ["meanwhile"]


def test_what_was_said_while_nobody_knew_of_a_create_follows_once_a_person_says_so(world):
    w = world(switches={"b": Switches(plant=Plant.NONE)})
    ref = w.hands("a").create("ticket", V, "li")
    w.platforms["b"].faults = ["lost_answer"]
    for _ in range(4):
        w.sync(600)
    waiting, twin = sorted(list_parked(w.store), key=lambda one: one.inquiry is None)
    w.hands("a").write(ref, Visibility.INTERNAL, "meanwhile", "li")
    w.sync(60)
    assert join_record(w.store, waiting.id, twin)
    w.sync(60)
    assert [body.splitlines()[-1] for _, body in w.hands("b").said(w.refs("b")[0])] == ["meanwhile"]
