"""A store that was lost is made whole from what stands on the platforms: nothing is doubled, nothing is said twice."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskweave.connector import Plant
from deskweave.errors import RateLimited, SafetyStop, Scope
from deskweave.model import FieldId, Policy, Visibility
from deskweave.store import Store, inquiry_messages, list_conflicts
from deskweave.store.joined import list_inquiries
from deskweave.sync import Decisions
from deskweave.sync.run import WAITS
from deskweave.testing.memory import MemoryConnection, Switches, small_binding

V = {"title": "VPN drops", "priority": "high", "status": "waiting"}


def joined(names=("a", "b")):
    return {name: small_binding(name, cross_reference="links") for name in names}


def lose(w, seed=11):
    """The store is gone; the clock has gone on."""
    w.clock.turn(3600)
    w.store = Store.open(":memory:", now=w.clock, entropy=Random(seed).randbytes)


def stands(w):
    """Everything people can see on the platforms."""
    return {
        name: (
            {key: dict(record.fields) for key, record in platform.records.items()},
            [(one.rid, one.visibility, one.body) for one in platform.comments],
        )
        for name, platform in w.platforms.items()
    }


def rebuild_and_prove_it_quiet(w, decisions=None):
    before, writes = stands(w), {name: one.writes for name, one in w.platforms.items()}
    lose(w)
    with pytest.raises(SafetyStop, match="marks this store does not know"):
        w.sync(1)
    lose(w)  # what that run has read is nothing anybody would miss
    result = w.engine().rebuild(decisions)
    assert result.done, result.undecided
    assert {name: one.writes for name, one in w.platforms.items()} == writes
    plan = w.engine().plan()
    assert not plan.records
    assert plan.stop is None
    report = w.sync(60)
    assert (report.written, stands(w)) == (0, before)
    assert not report.conflicts
    return result


def history(w, messages=True):
    for n in range(3):
        w.hands("a").create("ticket", {**V, "title": f"from a {n}"}, "li")
    w.hands("b").create("ticket", {**V, "title": "from b"}, "chen")
    for _ in range(3):
        w.sync(100)
    w.hands("a").edit(w.refs("a")[0], {"priority": "low"}, "li")
    w.hands("b").edit(w.refs("b")[1], {"status": "closed"}, "chen")
    if messages:
        w.hands("a").write(w.refs("a")[0], Visibility.PUBLIC, "restart it", "li")
        w.hands("b").write(w.refs("b")[0], Visibility.INTERNAL, "known fault", "chen")
    for _ in range(3):
        w.sync(100)


@pytest.mark.parametrize("names", [("a", "b"), ("a", "b", "c")])
@pytest.mark.parametrize("messages", ["feed", "per_record"])
def test_a_lost_store_is_made_whole(world, names, messages):
    w = world(names=names, bindings=joined(names), switches={name: Switches(messages=messages) for name in names})
    history(w)
    install = w.store.install
    result = rebuild_and_prove_it_quiet(w)
    assert (result.inquiries, result.joined, result.messages) == (4, 4, 2)
    assert (w.store.install.id, w.store.install.epoch) == (install.id, install.epoch + 1)
    rows = list_inquiries(w.store)
    assert all({link.connection for link in row.links} == set(names) for row in rows)
    assert sorted(row.inquiry.values[FieldId("title")] for row in rows) == ["from a 0", "from a 1", "from a 2", "from b"]
    said = [one for row in rows for one in inquiry_messages(w.store, row.id)]
    assert sorted((one.body, one.visibility, len(one.connections)) for one in said) == [
        ("known fault", "internal", len(names)),
        ("restart it", "public", len(names)),
    ]
    # and it goes on: what people do now is carried once
    w.hands("b").edit(w.refs("b")[0], {"title": "renamed"}, "chen")
    w.hands("b").write(w.refs("b")[0], Visibility.PUBLIC, "thanks", "chen")
    w.sync(60)
    w.sync(60)
    shown = [w.hands("a").shows(ref)["title"] for ref in w.refs("a")]
    assert shown.count("renamed") == 1
    assert [one.body.splitlines()[-1] for one in w.platforms["a"].comments].count("thanks") == 1


def test_a_quota_is_waited_for(world):
    """Half of what stands there would join nothing, and a rebuild that never ends is none."""
    w = world(bindings=joined())
    history(w)
    lose(w)
    plain, waited = MemoryConnection.changes, []

    def changes(self, collection, since, resume):
        if len(waited) < 3:
            text = "5 calls a second are used up"
            raise RateLimited(text, scope=Scope.RATE_CLASS, rate_class="x", retry_at=w.clock() + timedelta(seconds=1))
        return plain(self, collection, since, resume)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MemoryConnection, "changes", changes)
        with pytest.raises(RateLimited):
            w.engine().rebuild()
        assert w.engine().rebuild(wait=waited.append).joined == 4
    assert len(waited) == 3


@pytest.mark.parametrize(
    ("ahead", "moves", "waits"),
    [
        (timedelta(seconds=1), True, 60 * 60),  # a clock that goes on: an hour of them
        (timedelta(seconds=1), False, WAITS),  # a platform whose time stands
        (timedelta(days=9), True, 0),  # a month's quota
    ],
)
def test_a_limit_that_does_not_end_is_told(world, ahead, moves, waits):
    """Nobody sits before a terminal that says nothing for ever."""
    w = world(bindings=joined())
    history(w)
    lose(w)
    waited, told = [], []

    def wait(until):
        waited.append(until)
        w.clock.turn((until - w.clock()).total_seconds() * 40 if moves else 0)

    def changes(self, collection, since, resume):
        text = "the quota is used up"
        raise RateLimited(text, scope=Scope.RATE_CLASS, rate_class="x", retry_at=w.clock() + ahead)

    w.more["progress"] = told.append
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MemoryConnection, "changes", changes)
        with pytest.raises(RateLimited):
            w.engine().rebuild(wait=wait)
    assert len(waited) == (waits // 40 if moves else waits)
    assert [one.until for one in told if one.step == "wait"] == waited
    assert not list_inquiries(w.store)
    assert w.engine().rebuild().joined == 4  # later: nothing of it is left over


def test_a_record_that_is_only_read_does_not_have_to_agree(world):
    """A helpdesk's ticket keeps the status it had when its inquiry went on elsewhere: nobody's word is undone by it."""
    names = ("a", "b", "c")
    w = world(names=names, bindings=joined(names), switches={"a": Switches(patches=False)})
    history(w, messages=False)
    w.hands("c").edit(w.refs("c")[0], {"status": "closed", "priority": "low"}, "chen")
    for _ in range(3):
        w.sync(100)
    assert w.hands("a").shows(w.refs("a")[0])["status"] == "waiting"
    rebuild_and_prove_it_quiet(w)
    assert not list_conflicts(w.store)
    (row,) = [row for row in list_inquiries(w.store) if row.inquiry.values[FieldId("title")] == "from a 0"]
    assert row.inquiry.values[FieldId("status")] == "closed"
    w.hands("a").edit(w.refs("a")[0], {"status": "asking"}, "li")  # from now on what changes there is seen, as ever
    w.sync(60)
    assert [(one.field, one.ours, one.theirs) for one in list_conflicts(w.store)] == [("status", "closed", "asking")]


def test_without_cross_reference_carried_messages_join(world):
    w = world()
    w.hands("a").create("ticket", V, "li")
    w.sync(1)
    w.hands("a").write(w.refs("a")[0], Visibility.PUBLIC, "restart it", "li")
    w.sync(100)
    assert rebuild_and_prove_it_quiet(w).joined == 1


def test_a_mark_without_a_partner_is_for_a_person(world):
    w = world()
    for n in range(2):
        w.hands("a").create("ticket", {**V, "title": f"t {n}"}, "li")
    w.sync(1)
    (same, other) = sorted(w.refs("b"), key=lambda ref: w.hands("b").shows(ref)["title"])
    w.hands("b").edit(other, {"title": "renamed"}, "chen")  # and never carried back
    lose(w)
    result = w.engine().rebuild()
    assert not result.done
    alike, changed = (w.platforms["b"].records[ref.collection, ref.rid].label for ref in (same, other))
    assert {(one.label, one.why, one.others) for one in result.undecided} == {
        (alike, "partner", ("A-1",)),
        (changed, "partner", ()),
    }
    with w.store.read() as tx:
        assert tx.exec_driver_sql("SELECT count(*) FROM inquiry").scalar() == 0  # nothing was stored
    assert [one.label for one in w.engine().rebuild(Decisions(suggested=True)).undecided] == [changed]
    result = w.engine().rebuild(Decisions(suggested=True, joins=[("A-2", f"b {changed}")]))
    assert (result.done, result.joined, result.conflicts) == (True, 2, 1)
    (conflict,) = list_conflicts(w.store)
    assert (conflict.field, conflict.ours, conflict.theirs, conflict.winner) == ("title", "t 1", "renamed", "ours")
    w.sync(60)
    assert sorted(w.hands("b").shows(ref)["title"] for ref in w.refs("b")) == ["t 0", "t 1"]
    assert len(w.platforms["a"].records) == len(w.platforms["b"].records) == 2


def test_the_owners_value_stands_and_the_other_is_kept(world):
    b = small_binding("b", cross_reference="links", policies={FieldId("priority"): Policy.OWNER})
    w = world(bindings={"a": small_binding("a", cross_reference="links"), "b": b})
    w.hands("a").create("ticket", V, "li")
    w.sync(1)
    w.sync(100)
    w.hands("b").edit(w.refs("b")[0], {"priority": "low"}, "chen")
    lose(w)
    assert w.engine().rebuild().conflicts == 1
    w.sync(60)
    assert w.hands("a").shows(w.refs("a")[0])["priority"] == "low"
    assert [(one.ours, one.theirs) for one in list_conflicts(w.store)] == [("low", "high")]


def test_a_platform_that_can_say_less_does_not_disagree(world):
    a = small_binding("a", cross_reference="links", title_length=5, coarse=True)
    w = world(bindings={"a": a, "b": small_binding("b", cross_reference="links")})
    w.hands("a").create("ticket", V, "li")
    w.sync(1)
    w.hands("b").edit(w.refs("b")[0], {"title": "VPN d and more", "status": "asking"}, "chen")
    w.sync(100)
    assert rebuild_and_prove_it_quiet(w).conflicts == 0
    (row,) = list_inquiries(w.store)
    assert (row.inquiry.values[FieldId("title")], row.inquiry.values[FieldId("status")]) == ("VPN d and more", "asking")


def test_a_copied_record_is_for_a_person(world):
    w = world(bindings=joined())
    w.hands("a").create("ticket", V, "li")
    w.sync(1)
    w.sync(100)
    platform = w.platforms["b"]
    (original,) = platform.records.values()
    platform.insert("ticket", original.fields, "chen", corr=original.corr, key=None)
    lose(w)
    (undecided,) = w.engine().rebuild().undecided
    assert undecided.why == "several"
    assert w.engine().rebuild(Decisions(alone=["B-2"])).done
    assert {len(row.links) for row in list_inquiries(w.store)} >= {2}


def test_marks_of_several_stores_want_a_word(world):
    w = world(bindings=joined())
    w.hands("a").create("ticket", V, "li")
    w.sync(1)
    w.sync(100)
    ours = w.store.install.id
    lose(w)
    w.platforms["b"].insert("ticket", {"short": "x"}, "chen", corr=f"{w.store.new_id()}:{w.store.new_id()}", key=None)
    result = w.engine().rebuild(Decisions(alone=["B-2"]))
    assert not result.done
    assert sorted(result.installs.values()) == [1, 1]
    assert w.engine().rebuild(Decisions(alone=["B-2"], install=ours)).install.id == ours


def test_a_message_whose_original_was_rewritten_is_not_said_again(world):
    w = world(bindings=joined())
    w.hands("a").create("ticket", V, "li")
    w.sync(1)
    for n in range(2):
        w.hands("a").write(w.refs("a")[0], Visibility.PUBLIC, f"said {n}", "li")
    w.sync(100)
    w.platforms["a"].comments[0].body = "rewritten"  # beyond what anybody is told of
    del w.platforms["a"].comments[1]
    rebuild_and_prove_it_quiet(w)
    assert len(w.platforms["b"].comments) == 2


def test_a_restored_copy_is_made_whole_too(world, tmp_path):
    """What was created after the copy was made carries marks it does not know."""
    w = world(bindings=joined())
    old = Store.open(tmp_path / "state.db", now=w.clock)
    w.store = old
    history(w)
    old.backup(tmp_path / "copy.db")
    w.hands("a").create("ticket", {**V, "title": "after"}, "li")
    w.hands("a").edit(w.refs("a")[0], {"title": "edited after"}, "li")
    w.sync(100)
    w.hands("a").write(w.refs("a")[-1], Visibility.PUBLIC, "and said", "li")
    w.sync(100)
    w.sync(100)
    old.close()
    w.store = Store.open(tmp_path / "copy.db", now=w.clock)
    before = stands(w)
    with pytest.raises(SafetyStop, match="marks this store does not know"):
        w.sync(100)
    result = w.engine().rebuild()
    assert result.done
    assert w.store.install.epoch == 2
    assert not w.engine().plan().records
    w.sync(60)
    assert stands(w) == before
    assert len(list_inquiries(w.store)) == 5
    w.store.close()


KINDS = st.sampled_from(["create", "edit", "say", "sync", "sync"])


@pytest.mark.slow  # five runs an example, and many examples
@given(data=st.data())
def test_any_history_survives_the_loss_of_its_store(new_world, data):
    """Two or three platforms with habits of their own, people on all of them, then the store is gone."""
    names = data.draw(st.sampled_from([("a", "b"), ("a", "b", "c")]))
    switches = {
        name: Switches(
            ordered=data.draw(st.booleans()),
            messages=data.draw(st.sampled_from(["feed", "per_record"])),
            plant=data.draw(st.sampled_from([Plant.ATOMIC, Plant.UPSERT])),
            precision=data.draw(st.sampled_from([timedelta(milliseconds=1), timedelta(seconds=1)])),
            conditions=data.draw(st.booleans()),
            page=data.draw(st.sampled_from([1, 3, 50])),
        )
        for name in names
    }
    bindings = {
        name: small_binding(
            name,
            cross_reference="links",
            title_length=data.draw(st.sampled_from([None, 5])),
            coarse=data.draw(st.booleans()),
        )
        for name in names
    }
    w = new_world(names=names, switches=switches, bindings=bindings)
    words = {"title": ["alpha one", "alpha two", "beta"], "priority": ["low", "high"], "status": ["waiting", "asking", "closed"]}
    for number in range(data.draw(st.integers(3, 12))):
        kind = data.draw(KINDS)
        name = data.draw(st.sampled_from(names))
        refs = w.refs(name)
        w.clock.turn(data.draw(st.sampled_from([1, 20, 100])))
        if kind == "create":
            w.hands(name).create("ticket", {key: data.draw(st.sampled_from(some)) for key, some in words.items()}, "li")
        elif kind == "edit" and refs:
            field = data.draw(st.sampled_from(sorted(words)))
            w.hands(name).edit(data.draw(st.sampled_from(refs)), {FieldId(field): data.draw(st.sampled_from(words[field]))}, "li")
        elif kind == "say" and refs:
            w.hands(name).write(data.draw(st.sampled_from(refs)), data.draw(st.sampled_from(list(Visibility))), f"m {number}", "li")
        else:
            w.sync()
    for _ in range(4):
        w.sync(100)
    before, inquiries = stands(w), list_inquiries(w.store)
    conflicted = bool(list_conflicts(w.store))
    w.store.close()
    lose(w)
    result = w.engine().rebuild()
    assert result.done, result.undecided
    assert result.inquiries == len(inquiries)
    w.sync(60)
    w.sync(60)
    after = stands(w)
    for name in names:
        assert after[name][0].keys() == before[name][0].keys()  # 0 created
        assert after[name][1] == before[name][1]  # nothing is said again
    if not conflicted and not result.conflicts:
        assert after == before
    homes = sorted(sorted(link.label for link in row.links) for row in list_inquiries(w.store))
    assert homes == sorted(sorted(link.label for link in row.links) for row in inquiries)  # joined as they were
    w.store.close()
