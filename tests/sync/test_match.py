"""Two desks that hold the same inquiries already are joined, not doubled."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from deskweave.connector import Plant
from deskweave.model import FieldId, Match, Policy, Route, Visibility
from deskweave.store import explain, find_inquiry, inquiry_messages, list_conflicts, list_parked
from deskweave.store.joined import list_inquiries
from deskweave.store.likeness import JOINED_INTO
from deskweave.store.parked import leave_alone, say_what_it_is
from deskweave.sync import Guard
from deskweave.testing.memory import Crash, Switches, small_binding

TITLE, DETAIL, PRIORITY = FieldId("title"), FieldId("detail"), FieldId("priority")
V = {"title": "VPN drops", "priority": "high", "status": "waiting"}


def matching(name, *fields, on_none="create", **more):
    bound = small_binding(name, **more)
    match = Match(find_by=fields or (TITLE,), on_none=on_none)
    return replace(bound, collections={key: replace(one, match=match) for key, one in bound.collections.items()})


def both(w, n=3, names=("a", "b")):
    """The same inquiries on every platform, as after a migration."""
    for name in names:
        for number in range(n):
            w.hands(name).create("ticket", {**V, "title": f"t {number}"}, "li")


def groups(w):
    """Which records are one inquiry, by the titles that stand there."""
    return sorted(
        sorted(f"{link.connection} {link.label}" for link in row.links if link.rid is not None)
        for row in list_inquiries(w.store)
        if row.links
    )


def pairs(w, names=("a", "b"), n=3):
    return sorted(sorted(f"{name} {name.upper()}-{number + 1}" for name in names) for number in range(n))


def quiet(w, names=("a", "b")):
    w.sync(600)
    writes = [w.platforms[name].writes for name in names]
    assert not w.sync(600).written
    assert [w.platforms[name].writes for name in names] == writes


@pytest.mark.parametrize("where", ["a", "b", "ab"])
def test_records_that_say_the_same_are_joined_and_nothing_is_written(world, where):
    w = world(bindings={name: matching(name) for name in where})
    both(w)
    report = w.sync(1)
    assert groups(w) == pairs(w)
    assert [w.platforms[name].writes for name in "ab"] == [0, 0]
    assert not report.conflicts
    assert [(note.connection, note.label, note.fields) for note in report.joined] == [
        ("b", f"B-{n + 1}", (TITLE,)) for n in range(3)
    ]
    quiet(w)
    w.hands("b").edit(w.refs("b")[1], {"priority": "low"}, "chen")
    w.sync(60)
    assert w.hands("a").shows(w.refs("a")[1])["priority"] == "low"


def test_without_match_they_are_doubled(world):
    """What this is for."""
    w = world()
    both(w)
    w.sync(1)
    assert [len(w.platforms[name].records) for name in "ab"] == [6, 6]


def test_differences_keep_both_values_and_what_one_lacks_is_taken(world):
    w = world(bindings={"b": matching("b", policies={PRIORITY: Policy.OWNER})})
    w.hands("a").create("ticket", {**V, "detail": "since noon"}, "li")
    w.hands("b").create("ticket", {**V, "priority": "low", "status": "working"}, "chen")
    report = w.sync(1)
    assert {(note.field, note.ours, note.theirs, note.winner) for note in report.conflicts} == {
        ("priority", "high", "low", "theirs"),
        ("status", "waiting", "working", "ours"),
    }
    quiet(w)
    for name in "ab":
        shown = w.hands(name).shows(w.refs(name)[0])
        assert {key: shown[key] for key in ("title", "detail", "priority", "status")} == {
            "title": "VPN drops",
            "detail": "since noon",
            "priority": "low",
            "status": "waiting",
        }
    assert len(list_conflicts(w.store)) == 2


def test_the_event_says_by_what_it_was_joined(world):
    w = world(bindings={"b": matching("b")})
    both(w, 1)
    w.sync(1)
    told = [event for event in explain(w.store, find_inquiry(w.store, "1").id) if event.field == "record_log"]
    assert [(event.source, event.new) for event in told] == [("match:title", "b B-1")]
    assert "record_log" not in find_inquiry(w.store, "1").inquiry.values


@pytest.mark.parametrize("names", [("a", "b", "c"), ("c", "a", "b")])
def test_three_platforms(world, names):
    w = world(names=names, bindings={name: matching(name) for name in "bc"})
    both(w, names=names)
    w.sync(1)
    assert groups(w) == pairs(w, "abc")
    assert [w.platforms[name].writes for name in names] == [0, 0, 0]
    quiet(w, names)


def test_only_one_of_three_matches_and_the_third_gets_its_counterparts(world):
    w = world(names="abc", bindings={"b": matching("b")})
    both(w)
    w.sync(1)
    assert [len(w.platforms[name].records) for name in "abc"] == [3, 3, 3]
    assert len(list_inquiries(w.store)) == 3
    quiet(w, "abc")


def test_several_that_look_alike_are_for_a_person(world):
    w = world(bindings={"b": matching("b")})
    both(w, 1)
    w.hands("a").create("ticket", {**V, "title": "t 0"}, "li")
    report = w.sync(1)
    (note,) = report.parked
    assert note.label == "B-1"
    assert "INQ-1, INQ-2" in note.reason
    assert "deskweave parked B-1 --is INQ-1" in note.reason
    w.sync(60)
    (row,) = list_parked(w.store)
    assert (row.label, row.inquiry) == ("B-1", None)
    assert len(w.platforms["b"].records) == 1  # neither gets a counterpart before somebody has decided whose it is
    assert leave_alone(w.store, row.id)
    w.sync(60)
    assert len(w.platforms["b"].records) == 3


@pytest.mark.parametrize("where", ["a", "b"])
def test_inquiries_read_before_of_which_several_look_alike_wait_for_a_person(world, where):
    w = world()
    read_only_first(w, ("same", "same"))
    w.bindings[where] = matching(where)
    touch(w)
    assert len(w.sync(60).parked) == 4
    assert [len(w.platforms[name].records) for name in "ab"] == [2, 2]
    rows = {row.inquiry: row for row in list_parked(w.store)}
    one, other = find_inquiry(w.store, "A-1"), find_inquiry(w.store, "B-2")
    assert say_what_it_is(w.store, rows[one.id].id, other.id)
    for _ in range(2):
        w.sync(60)
    assert groups(w) == [["a A-1", "b B-2"], ["a A-2"], ["b B-1"]]
    for row in list_parked(w.store):  # what is left looks like one only
        assert say_what_it_is(w.store, row.id, None)
    w.sync(60)
    assert [len(w.platforms[name].records) for name in "ab"] == [3, 3]
    quiet(w)


def test_two_records_that_both_look_like_one_inquiry_are_for_a_person(world):
    w = world(bindings={"b": matching("b")})
    both(w, 1)
    w.hands("b").create("ticket", {**V, "title": "t 0"}, "li")
    report = w.sync(1)
    assert sorted(note.label for note in report.parked) == ["B-1", "B-2"]
    assert "B-2 says the same (title), and so does INQ-1" in report.parked[0].reason


def read_only_first(w, titles=("t 0", "t 1", "t 2")):
    """Both were read before anybody thought of joining them."""
    w.access = {"a": "read", "b": "read"}
    for name in "ab":
        for title in titles:
            w.hands(name).create("ticket", {**V, "title": title}, "li")
    w.sync(1)
    assert len(list_inquiries(w.store)) == 2 * len(titles)
    w.access = {}


@pytest.mark.parametrize("later", ["a", "b"])
def test_inquiries_that_were_read_before_become_one(world, later):
    w = world()
    read_only_first(w)
    w.hands("a").create("ticket", V, "li")
    w.hands("b").write(w.refs("b")[0], Visibility.PUBLIC, "since noon", "chen")
    w.access = {"a": "read", "b": "read"}
    w.sync(600)
    w.access = {}
    w.bindings[later] = matching(later)
    touch(w)
    report = w.sync(60)
    assert len(report.joined) == 3
    assert [len(w.platforms[name].records) for name in "ab"] == [4, 4]  # the one more is the one that a alone had
    assert sorted(map(len, groups(w))) == [2] * 4
    ended = [row for row in list_inquiries(w.store) if not row.links]
    assert len(ended) == 3
    assert all(row.closed_at is not None and row.inquiry.values[JOINED_INTO] for row in ended)
    assert [comment.body for comment in w.platforms["a"].comments] == []  # it stays where it was said
    said = [one.body for row in list_inquiries(w.store) if row.links for one in inquiry_messages(w.store, row.id)]
    assert said == ["since noon"]
    quiet(w)
    w.hands("b").write(w.refs("b")[0], Visibility.PUBLIC, "thanks", "chen")
    w.sync(60)
    assert [comment.body.splitlines()[-1] for comment in w.platforms["a"].comments] == ["thanks"]


def touch(w):
    """As `Workspace.engine` does when what may be written where has changed."""
    from deskweave.ledger import mark_dirty

    every = [row.id for row in list_inquiries(w.store)]
    with w.store.write() as tx:
        mark_dirty(tx, every)


def test_nothing_is_created_before_the_collection_was_read_to_its_end(world):
    w = world(bindings={"b": matching("b")}, switches={"b": Switches(page=2)})
    both(w, 7)
    seen = []

    def hook(door):
        seen.append(door)
        if door == "after records.changes" and seen.count(door) == 2:
            raise Crash

    w.platforms["b"].hook = hook
    with pytest.raises(Crash):
        w.sync(1)
    w.platforms["b"].hook = lambda door: None
    w.platforms["b"].read_faults = ["limited_class"]
    report = w.sync(60)
    assert [w.platforms[name].writes for name in "ab"] == [0, 0]
    assert any(finding.rule == "match-waits" for finding in report.findings) or not report.connections["b"].created
    w.sync(600)
    assert groups(w) == pairs(w, n=7)
    quiet(w)
    assert [len(w.platforms[name].records) for name in "ab"] == [7, 7]


def test_a_collection_that_is_down_makes_creates_wait(world):
    w = world(bindings={"b": matching("b")})
    both(w, 2)
    w.platforms["b"].read_faults = ["bug"]
    w.sync(1)
    assert len(w.platforms["b"].records) == 2
    w.sync(3600)
    assert groups(w) == pairs(w, n=2)


def test_leave_makes_no_counterpart_and_joins_the_record_when_it_appears(world):
    w = world(bindings={"b": matching("b", on_none="leave")})
    w.hands("a").create("ticket", V, "li")
    w.sync(1)
    w.sync(60)
    assert not w.platforms["b"].records
    ref = w.hands("b").create("ticket", V, "chen")
    w.sync(60)
    assert groups(w) == [["a A-1", "b B-1"]]
    w.hands("a").edit(w.refs("a")[0], {"priority": "low"}, "li")
    w.sync(60)
    assert w.hands("b").shows(ref)["priority"] == "low"
    quiet(w)


def test_error_sets_it_aside_until_it_appears_or_a_person_decides(world):
    w = world(bindings={"b": matching("b", on_none="error")})
    for title in ("one", "two", "three"):
        w.hands("a").create("ticket", {**V, "title": title}, "li")
    report = w.sync(1)
    assert len(report.parked) == 3
    assert "no record in ticket of b says the same (title)" in report.parked[0].reason
    assert not w.platforms["b"].records
    assert not w.sync(60).parked
    w.hands("b").create("ticket", {**V, "title": "one"}, "chen")
    w.sync(60)
    rows = {row.inquiry: row for row in list_parked(w.store)}
    two, three = (next(row for row in list_inquiries(w.store) if row.inquiry.values[TITLE] == title) for title in ("two", "three"))
    assert set(rows) == {two.id, three.id}
    assert say_what_it_is(w.store, rows[two.id].id, None)
    assert leave_alone(w.store, rows[three.id].id)
    for _ in range(2):
        w.sync(60)
    assert [record.fields["short"] for record in w.platforms["b"].records.values()] == ["one", "two"]
    quiet(w)


def test_a_person_says_which_inquiry_a_record_is(world):
    w = world(bindings={"a": matching("a"), "b": matching("b", on_none="error")})
    w.hands("a").create("ticket", V, "li")
    w.hands("a").create("ticket", V, "li")
    for _ in range(3):
        w.hands("b").create("ticket", V, "chen")
    w.sync(1)
    rows = {row.label: row for row in list_parked(w.store) if row.label}
    second = find_inquiry(w.store, "A-2")
    assert say_what_it_is(w.store, rows["B-1"].id, second.id)
    assert say_what_it_is(w.store, rows["B-2"].id, None)
    assert leave_alone(w.store, rows["B-3"].id)
    w.sync(60)
    assert ["a A-2", "b B-1"] in groups(w)
    assert ["a A-3", "b B-2"] in groups(w)  # an inquiry of its own, with a counterpart of its own
    assert ["a A-1"] in groups(w)
    assert len(w.platforms["b"].records) == 3
    told = [event.source for event in explain(w.store, second.id) if event.field == "record_log"]
    assert told == ["person:parked"]
    quiet(w)


def test_a_person_joins_two_inquiries(world):
    w = world(bindings={"b": matching("b", on_none="error")})
    w.hands("a").create("ticket", V, "li")
    w.hands("b").create("ticket", {**V, "title": "the VPN"}, "chen")
    w.routes = [Route(id="all", when={"title": {"eq": "VPN drops"}}, among=("a", "b"))]
    w.sync(1)
    (row,) = list_parked(w.store)
    other = find_inquiry(w.store, "B-1")
    assert say_what_it_is(w.store, row.id, other.id)
    report = w.sync(60)
    assert groups(w) == [["a A-1", "b B-1"]]
    assert [(note.field, note.ours, note.theirs) for note in report.conflicts] == [("title", "VPN drops", "the VPN")]
    assert not list_parked(w.store)
    quiet(w)


def test_what_is_said_while_they_are_joined_is_carried_whatever_the_clock_of_the_platform(world):
    w = world(bindings={"b": matching("b")}, switches={"b": Switches(precision=timedelta(minutes=1))})
    both(w, 1)
    w.hands("a").write(w.refs("a")[0], Visibility.PUBLIC, "long ago", "li")
    w.sync(3599)
    w.clock.turn(0.5)
    w.hands("b").write(w.refs("b")[0], Visibility.PUBLIC, "just now", "chen")  # stamped with the minute that has begun before
    w.sync(60)
    assert [comment.body.splitlines()[-1] for comment in w.platforms["a"].comments] == ["long ago", "just now"]
    assert [comment.body for comment in w.platforms["b"].comments] == ["just now"]


def test_a_decision_that_came_too_late_is_asked_again(world):
    w = world(bindings={"b": matching("b")})
    both(w, 1)
    w.hands("b").create("ticket", {**V, "title": "t 0"}, "chen")
    w.sync(1)
    first = find_inquiry(w.store, "A-1")
    for row in list_parked(w.store):  # two people, one inquiry
        assert say_what_it_is(w.store, row.id, first.id)
    report = w.sync(60)
    assert len(report.joined) == 1
    (note,) = report.parked
    assert "has a record on b by now" in note.reason
    assert [len(w.platforms[name].records) for name in "ab"] == [1, 2]


def test_looking_up_reads_no_documents(world):
    """Through the index, however many inquiries there are."""
    w = world(bindings={"b": matching("b")})
    both(w)
    w.sync(1)
    with w.store.read() as tx:
        asked = "SELECT inquiry FROM likeness WHERE conn = 'b' AND collection = 'ticket' AND key IN ('x', 'y')"
        (row,) = tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}").all()
        assert "USING INDEX ix_likeness_key" in row[-1]
        ended = "SELECT 1 FROM event ended WHERE ended.field = 'joined_into' AND ended.inquiry = 'x'"
        (row,) = tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {ended}").all()
        assert "ix_event_joined" in row[-1]


def test_a_plan_tells_and_changes_nothing(world):
    w = world(bindings={"b": matching("b")})
    both(w)
    w.hands("a").create("ticket", {**V, "title": "only there"}, "li")
    w.clock.turn(1)
    for _ in range(2):
        plan = w.engine().plan()
        assert [(note.label, note.number) for note in plan.report.joined] == [("B-1", 1), ("B-2", 2), ("B-3", 3)]
        assert [(one.verb, one.number) for one in plan.records] == [("create", 4)]
        assert all(len(group) == 1 for group in groups(w))
    w.bindings["b"] = matching("b", DETAIL)  # a better idea
    assert not w.engine().plan().report.joined
    w.bindings["b"] = matching("b")
    w.hands("b").write(w.refs("b")[0], Visibility.INTERNAL, "known fault", "chen")
    w.engine().plan()
    w.sync(60)
    assert len(groups(w)) == 4
    assert [one.body for one in inquiry_messages(w.store, find_inquiry(w.store, "B-1").id)] == ["known fault"]


def test_a_plan_tells_inquiries_that_will_become_one(world):
    w = world()
    read_only_first(w)
    w.bindings["b"] = matching("b")
    touch(w)
    w.clock.turn(60)
    plan = w.engine().plan()
    assert [(note.label, note.other is not None) for note in plan.report.joined] == [(f"B-{n + 1}", True) for n in range(3)]
    assert not [one for one in plan.records if one.connection == "b"]
    assert all(len(group) == 1 for group in groups(w))


def test_joins_do_not_count_as_creates(world):
    w = world(bindings={"b": matching("b")}, guard=Guard(max_notices=0), switches={"b": Switches(notifies=True)})
    both(w)
    w.sync(1)
    assert groups(w) == pairs(w)


def test_empty_values_and_blanks_match_nothing(world):
    w = world(bindings={"b": matching("b", TITLE, DETAIL)})
    for detail in (None, "", "   "):
        for name in "ab":
            w.hands(name).create("ticket", {**V, **({} if detail is None else {"detail": detail})}, "li")
    assert not w.sync(1).joined


@pytest.mark.parametrize("text", ["'; DROP TABLE link; --", "\udcff\ud800", "名称\u200b", "{$ref: 1}", "x" * 100_000, "\x00"])
def test_hostile_values_match_only_themselves(world, text):
    from deskweave.sync.likeness import key_of

    match = Match(find_by=(TITLE,))
    assert key_of(match, {TITLE: text}) == key_of(match, {TITLE: text})
    assert key_of(match, {TITLE: text}) != key_of(match, {TITLE: text + "x"})


def test_numbers_and_flags_are_told_apart():
    from deskweave.sync.likeness import key_of

    match = Match(find_by=(TITLE,))
    keys = [key_of(match, {TITLE: value}) for value in (1, True, "1", 1.5, ("1",), False)]
    assert len(set(keys)) == len(keys)
    assert key_of(match, {TITLE: 1.0}) == keys[0]


def test_the_platforms_own_words_are_compared(world):
    w = world(bindings={"b": matching("b", title_length=8)})
    w.hands("a").create("ticket", {**V, "title": "VPN drops every day"}, "li")
    w.hands("b").create("ticket", {**V, "title": "VPN drop"}, "chen")
    w.sync(1)
    assert groups(w) == [["a A-1", "b B-1"]]
    assert w.hands("a").shows(w.refs("a")[0])["title"] == "VPN drops every day"


def test_history_is_joined_too_and_its_earliest_submission_stands(world):
    w = world(bindings={"b": matching("b")}, since=None)
    first = w.hands("b").create("ticket", V, "chen")
    began = w.clock()
    w.clock.turn(3600)
    w.since = w.clock() + timedelta(days=1)
    w.hands("a").create("ticket", V, "li")
    w.sync(60)
    assert groups(w) == [["a A-1", "b B-1"]]
    assert find_inquiry(w.store, "1").inquiry.values[FieldId("submitted_at")] == began
    w.hands("a").edit(w.refs("a")[0], {"priority": "low"}, "li")
    w.sync(60)
    assert w.hands("b").shows(first)["priority"] == "low"
    assert not list_conflicts(w.store)


def test_a_record_with_our_mark_is_not_looked_at(world):
    w = world(bindings={name: matching(name) for name in "ab"})
    w.hands("a").create("ticket", V, "li")
    w.sync(1)
    w.hands("a").create("ticket", V, "li")  # the same words again: another one
    report = w.sync(60)
    assert not report.joined
    assert [len(w.platforms[name].records) for name in "ab"] == [2, 2]
    quiet(w)


def test_a_create_without_an_answer_is_not_joined_away(world):
    w = world(bindings={"b": matching("b")}, switches={"b": Switches(plant=Plant.ATOMIC)})
    w.hands("a").create("ticket", V, "li")
    w.sync(0)
    w.hands("a").create("ticket", {**V, "title": "other"}, "li")
    w.platforms["b"].faults = ["lost_answer"]
    w.sync(60)
    w.sync(600)
    w.sync(600)
    assert [len(w.platforms[name].records) for name in "ab"] == [2, 2]
    assert len(groups(w)) == 2


@pytest.mark.parametrize("before", [False, True])
def test_killed_anywhere_and_run_again_nothing_is_doubled(new_world, before):
    """Every door of every call, and every commit; both for records just read and for inquiries that were read before."""
    number = 0
    while True:
        w = new_world(names="abc", bindings={} if before else {name: matching(name) for name in "bc"})
        try:
            both(w, 2, names="abc")
            if before:
                w.access = dict.fromkeys("abc", "read")
                w.sync(1)
                w.access = {}
                w.bindings |= {name: matching(name) for name in "bc"}
                touch(w)
            left = [number]
            w.crash_at(left)
            try:
                w.sync(1)
                ended = True
            except Crash:
                ended = False
            w.crash_at(None)
            for _ in range(3):
                w.sync(3600)
            assert groups(w) == pairs(w, "abc", 2), number
            assert [w.platforms[name].writes for name in "abc"] == [0, 0, 0]
            assert not list_conflicts(w.store)
        finally:
            w.store.close()
        if ended:
            assert number > 10
            return
        number += 1 if number < 40 else 7
