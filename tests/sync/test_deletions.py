"""What a deletion on one platform means for the others: told, noted, closed, deleted; and never by mistake."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from deskweave.connector import Absent, Plant
from deskweave.errors import SafetyStop
from deskweave.model import Deletes, FieldId, Transition, Visibility
from deskweave.store import explain, find_inquiry, list_parked
from deskweave.store.deletions import list_deletions
from deskweave.sync import Guard
from deskweave.sync.deletion import ending
from deskweave.testing.memory import STATUSES, Crash, MemoryConnection, Switches, small_binding

V = {"title": "VPN drops", "priority": "high", "status": "waiting"}
DAY = 86_400
WEEK = timedelta(days=7)
DELETE = Deletes(policy="delete", retention=WEEK)


def doing(name, deletes, **more):
    bound = small_binding(name, **more)
    deletes = Deletes(policy=deletes) if isinstance(deletes, str) else deletes
    return replace(bound, collections={key: replace(one, deletes=deletes) for key, one in bound.collections.items()})


def desk(world, names="ab", n=1, guard=None, switches=None, **policies):
    """Inquiries that began on a, with counterparts everywhere, whose first census is due."""
    can = {name: Switches(deletes=True, **(switches or {})) for name in names}
    more = {} if guard is None else {"guard": guard}
    w = world(names=names, bindings={name: doing(name, policy) for name, policy in policies.items()}, switches=can, **more)
    for number in range(n):
        w.hands("a").create("ticket", {**V, "title": f"t {number}"}, "li")
    w.hands("a").create("ticket", {**V, "title": "stays"}, "li")
    w.sync(1)
    w.sync(60)
    return w


def lose(w, name="a", n=0):
    """Somebody deletes a record, and two censuses miss it."""
    ref = w.refs(name)[n]
    record = w.platforms[name].records[ref.collection, ref.rid]
    w.hands(name).remove(ref)
    w.sync(DAY)
    report = w.sync(DAY)
    assert [note.connection for note in report.gone] == [name]
    return record, report


def notes(w, name):
    return [(one.visibility, one.body) for one in w.platforms[name].comments]


def listed(w):
    with w.store.read() as tx:
        return list_deletions(tx)


def titles(w, name):
    return [record.fields["short"] for record in w.platforms[name].records.values()]


def test_ignored_it_is_told_and_nothing_more(world):
    w = desk(world, b="ignore")
    lose(w)
    writes = w.platforms["b"].writes
    w.sync(60 * DAY)
    assert w.platforms["b"].writes == writes
    assert titles(w, "b") == ["t 0", "stays"]


def test_marked_the_counterpart_gets_an_internal_note_once(world):
    w = desk(world, b="mark")
    lose(w)
    ((visibility, body),) = notes(w, "b")
    assert visibility is Visibility.INTERNAL
    assert "A-1 (a) was deleted there; noticed 2026-11-24" in body
    assert "A-1（a）已在其平台上删除" in body
    for _ in range(3):
        assert not w.sync(DAY).written
    assert titles(w, "b") == ["t 0", "stays"]
    assert w.hands("b").shows(w.refs("b")[0])["status"] == "waiting"
    told = [event for event in explain(w.store, find_inquiry(w.store, "1").id) if event.source == "deletion:a"]
    assert [event.field for event in told] == ["message_log"]


def test_the_policy_stands_where_the_record_is_that_does_something(world):
    """a is deleted: b leaves a note, c does nothing. b is deleted: c does nothing, and so does a."""
    w = desk(world, names="abc", n=2, a="ignore", b="mark", c="ignore")
    lose(w)
    assert [len(notes(w, name)) for name in "abc"] == [0, 1, 0]
    lose(w, "b", 1)
    assert [len(notes(w, name)) for name in "abc"] == [0, 1, 0]


def test_three_platforms_each_with_its_own(world):
    w = desk(world, names="abc", b="mark", c=DELETE)
    lose(w)
    assert [len(notes(w, name)) for name in "abc"] == [0, 1, 1]
    w.sync(8 * DAY)
    assert [titles(w, name) for name in "abc"] == [["stays"], ["t 0", "stays"], ["stays"]]
    for _ in range(4):
        assert not w.sync(DAY).gone  # what we deleted ourselves tells nobody anything
    assert [len(notes(w, name)) for name in "ab"] == [0, 1]


def test_closed_the_inquiry_ends_everywhere_else(world):
    w = desk(world, names="abc", b="close")
    lose(w)
    assert [w.hands(name).shows(w.refs(name)[0])["status"] for name in "bc"] == ["closed", "closed"]
    assert [len(notes(w, name)) for name in "bc"] == [1, 0]
    last = explain(w.store, find_inquiry(w.store, "1").id, FieldId("status"))[-1]
    assert (last.source, last.new, last.precise) == ("deletion:a", "closed", False)
    assert w.hands("b").shows(w.refs("b")[1])["status"] == "waiting"


def test_the_status_model_decides_how_an_inquiry_ends():
    def to(target, *sources):
        return Transition(slug=target, label={"en": target}, sources=sources, target=target, by=())

    closing = replace(STATUSES, transitions={"close": to("closed", "working"), "begin": to("working", "waiting")})
    assert ending(closing, "working") == "closed"
    assert ending(closing, "waiting") is None
    assert ending(closing, "closed") is None
    assert ending(STATUSES, "asking") == "closed"


def test_where_no_transition_ends_it_a_note_and_a_finding_say_so(world):
    w = desk(world, b="close")
    model = replace(
        STATUSES, transitions={"begin": Transition(slug="begin", label={}, sources=("waiting",), target="working", by=())}
    )
    w.bindings = {name: replace(bound, statuses=model) for name, bound in w.bindings.items()}
    _, report = lose(w)
    assert [finding.rule for finding in report.findings] == ["close-not-allowed"]
    assert w.hands("b").shows(w.refs("b")[0])["status"] == "waiting"
    assert len(notes(w, "b")) == 1


def test_a_record_that_cannot_be_read_when_its_day_comes_stays_and_stops_no_other(world, monkeypatch):
    w = desk(world, names="abc", b=DELETE, c=DELETE)
    lose(w)
    w.sync(6 * DAY)
    w.clock.turn(2 * DAY)
    mapper = type(w.mapper(w.bindings["b"]))
    plain = mapper.read

    def read(self, record):
        if self._binding.connection == "b":
            raise ZeroDivisionError
        return plain(self, record)

    monkeypatch.setattr(mapper, "read", read)
    report = w.sync(0)
    assert ("delete-held", "B-1 is not deleted: it cannot be read") in [(one.rule, one.message) for one in report.findings]
    assert (titles(w, "b"), titles(w, "c")) == (["t 0", "stays"], ["stays"])
    monkeypatch.undo()
    w.sync(DAY)
    assert titles(w, "b") == ["stays"]


def test_deleted_after_its_retention_and_not_a_day_before(world):
    w = desk(world, b=DELETE)
    lose(w)
    assert "deleted from 2026-12-01 on" in notes(w, "b")[0][1]
    w.sync(6 * DAY)
    assert titles(w, "b") == ["t 0", "stays"]
    plan = w.engine().plan()
    assert [(one.verb, one.label, one.waits_until is not None) for one in plan.records] == [("delete", "B-1", True)]
    w.clock.turn(2 * DAY)
    plan = w.engine().plan()
    assert [(one.verb, one.label, one.waits_until) for one in plan.records] == [("delete", "B-1", None)]
    assert titles(w, "b") == ["t 0", "stays"]
    report = w.sync(0)
    assert report.connections["b"].deleted == 1
    assert titles(w, "b") == ["stays"]
    for _ in range(3):
        report = w.sync(DAY)
        assert (report.written, report.gone, report.findings) == (0, [], [])
    assert not listed(w)
    assert not list_parked(w.store)


@pytest.mark.parametrize("how", ["restored", "edited", "commented", "changed at the last moment"])
def test_who_goes_on_working_keeps_the_record(world, how):
    w = desk(world, b=DELETE)
    record, _ = lose(w)
    ref = w.refs("b")[0]
    if how == "restored":
        w.platforms["a"].records[record.collection, record.rid] = record
        w.platforms["a"].touch(record, "restore")
    elif how == "edited":
        w.hands("b").edit(ref, {"priority": "low"}, "chen")
    elif how == "commented":
        w.hands("b").write(ref, Visibility.PUBLIC, "I am on it", "chen")
    else:
        seen = []

        def hook(door):
            if door == "before records.fetch" and not seen:
                seen.append(door)
                w.hands("b").edit(ref, {"priority": "low"}, "chen")

        w.clock.turn(8 * DAY)
        w.platforms["a"].hook = hook  # while we ask whether its counterpart is still gone
    reports = [w.sync(10 * DAY) for _ in range(4)]
    assert titles(w, "b") == ["t 0", "stays"]
    assert not listed(w)
    held = [finding.rule for report in reports for finding in report.findings]
    assert held == ([] if how == "restored" else ["delete-held"])


@pytest.mark.parametrize("made", ["ours", "all"])
def test_what_we_did_not_create_is_deleted_only_where_the_policy_says_all(world, made):
    w = desk(world, a=Deletes(policy="delete", retention=WEEK, made=made))
    reports = [lose(w, "b")[1], *(w.sync(8 * DAY) for _ in range(2))]
    assert titles(w, "a") == (["stays"] if made == "all" else ["t 0", "stays"])
    held = [finding for report in reports for finding in report.findings if finding.rule == "delete-held"]
    assert len(held) == (0 if made == "all" else 1)


def test_another_word_in_the_binding_before_the_day_comes_counts(world):
    w = desk(world, b=DELETE)
    lose(w)
    w.bindings["b"] = doing("b", "mark")
    w.sync(30 * DAY)
    w.bindings["b"] = doing("b", DELETE)
    w.sync(30 * DAY)
    assert titles(w, "b") == ["t 0", "stays"]


def test_no_more_than_the_guard_allows(world):
    w = desk(world, n=5, b=DELETE, guard=Guard(update_records=10_000, max_notices=10_000, delete_records=10))
    for ref in w.refs("a")[:5]:
        w.hands("a").remove(ref)
    w.sync(DAY)
    w.sync(DAY)
    w.guard = Guard(update_records=10_000, max_notices=10_000)
    w.clock.turn(8 * DAY)
    assert "5 records of b would be deleted; the limit is 3" in w.engine().plan().stop
    for _ in range(2):
        with pytest.raises(SafetyStop, match=r"5 records of b would be deleted; the limit is 3.*--max-changes 5"):
            w.sync(60)
    assert len(titles(w, "b")) == 6
    w.guard = w.guard.allowing(5)
    w.sync(60)
    assert titles(w, "b") == ["stays"]


def test_an_account_that_cannot_delete_is_told(world):
    w = desk(world, b=DELETE)
    lose(w)
    w.platforms["b"].switches = replace(w.platforms["b"].switches, deletes=False)
    report = w.sync(8 * DAY)
    assert [finding.rule for finding in report.findings] == ["delete-not-allowed"]
    assert titles(w, "b") == ["t 0", "stays"]
    w.platforms["b"].switches = replace(w.platforms["b"].switches, deletes=True)
    w.sync(DAY)
    assert titles(w, "b") == ["stays"]


def test_read_only_nothing_is_noted_closed_or_deleted(world):
    w = desk(world, b=DELETE)
    w.access = {"b": "read"}
    lose(w)
    w.sync(30 * DAY)
    assert titles(w, "b") == ["t 0", "stays"]
    assert not notes(w, "b")


@pytest.mark.parametrize("why", ["hidden", "unclear"])
def test_a_counterpart_that_is_only_hidden_by_then_is_not_followed(world, monkeypatch, why):
    w = desk(world, b=DELETE)
    lose(w)
    plain = MemoryConnection.fetch
    monkeypatch.setattr(
        MemoryConnection,
        "fetch",
        lambda self, refs: [Absent(one.ref, why) if isinstance(one, Absent) else one for one in plain(self, refs)],
    )
    w.sync(8 * DAY)
    assert titles(w, "b") == ["t 0", "stays"]


@pytest.mark.parametrize("fault", ["lost_request", "lost_answer", "limited", "rejected", "down", "late_request", "bug"])
def test_an_answer_that_is_lost_or_a_no(world, fault):
    w = desk(world, b=DELETE)
    lose(w)
    w.platforms["b"].faults = [fault]
    first = w.sync(8 * DAY)
    assert ("delete-refused" in {finding.rule for finding in first.findings}) == (fault in ("rejected", "down"))
    for _ in range(4):
        report = w.sync(3600)
        assert not report.gone
    assert titles(w, "b") == ["stays"]
    assert not listed(w)
    for _ in range(3):
        assert not w.sync(DAY).gone


def test_a_record_that_is_put_back_after_our_delete_stays(world):
    w = desk(world, b=DELETE)
    lose(w)
    ref = w.refs("b")[0]
    record = w.platforms["b"].records[ref.collection, ref.rid]
    w.platforms["b"].faults = ["lost_answer"]
    w.sync(8 * DAY)
    assert titles(w, "b") == ["stays"]
    w.platforms["b"].records[ref.collection, ref.rid] = record
    w.platforms["b"].touch(record, "restore")
    for _ in range(4):
        w.sync(10 * DAY)
    assert titles(w, "b") == ["stays", "t 0"]


def test_nothing_is_created_anew_for_an_inquiry_whose_records_are_gone(world):
    w = desk(world, names="abc", b=DELETE, c=DELETE)
    lose(w)
    w.sync(8 * DAY)
    w.sync(DAY)
    assert [titles(w, name) for name in "abc"] == [["stays"]] * 3


@pytest.mark.parametrize(("crashes", "every"), [(DAY, 3), (8 * DAY, 2)], ids=["it is confirmed", "it is carried out"])
def test_killed_anywhere_it_is_deleted_once_and_nothing_else(new_world, crashes, every):
    """At the doors of calls and at commits: where the census confirms it, and where the record is deleted."""
    for number in range(1, 1000, every):
        w = desk(new_world, b=DELETE, a="close")
        try:
            w.hands("a").remove(w.refs("a")[0])
            w.sync(DAY)
            ended = True
            for step in (DAY, 8 * DAY):
                w.crash_at([number] if step == crashes else None)
                try:
                    w.sync(step)
                except Crash:
                    ended = False
                w.crash_at(None)
            w.sync(3600)
            w.sync(8 * DAY)
            w.sync(8 * DAY)
            assert [titles(w, name) for name in "ab"] == [["stays"], ["stays"]], number
            assert [len(notes(w, name)) for name in "ab"] == [0, 1], number
            assert not listed(w)
            assert not list_parked(w.store)
        finally:
            w.store.close()
        if ended:
            assert number > 10
            return


@pytest.mark.parametrize("plant", [Plant.UPSERT, Plant.KEY, Plant.AFTER])
def test_what_counts_as_ours_however_it_was_planted(world, plant):
    w = desk(world, b=DELETE, switches={"plant": plant})
    lose(w)
    w.sync(8 * DAY)
    assert titles(w, "b") == ["stays"]
