"""What platforms send by themselves: kept, worked on once, in whatever order it comes, and lost nowhere."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from random import Random

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from deskweave.connector import Plant, RawReply, RawRequest, Ref, RemoteRecord
from deskweave.model import FieldId, Policy, Visibility
from deskweave.model.desk import Amend, Hold
from deskweave.store import list_parked, release, tables
from deskweave.store.inbox import KEPT, Content, finish, list_deliveries, purge, reopen, reopen_records, save_delivery
from deskweave.store.inquiries import load_documents
from deskweave.store.streams import Held, hold_connection
from deskweave.sync.run import Hooks
from deskweave.testing.memory import Crash, MemoryConnection, MemoryHands, MemoryReceiver, Switches, small_binding, small_mapper
from deskweave.workspace.receiving import receive

V = {"title": "VPN drops", "priority": "high", "status": "waiting"}
CALLS = Switches(callback=True)
#: nothing can be asked for at all: a telephone system
MUTE = Switches(callback=True, fetches=False, plant=None, patches=False, conditions=False)


def receiver_of(w, name="a", kind=MemoryReceiver):
    connection = MemoryConnection(w.platforms[name], small_mapper)
    connection.receives = kind
    return connection.webhooks


def carry(w, name="a", kind=MemoryReceiver, **how):
    """Everything the platform has to say, to our receiver."""
    receiver = receiver_of(w, name, kind)
    return w.platforms[name].posts.deliver(lambda request: receive(w.store, name, receiver, request).reply, **how)


def count(w, table):
    with w.store.read() as tx:
        return tx.execute(sa.select(sa.func.count()).select_from(table)).scalar()


def values(w):
    with w.store.read() as tx:
        ids = tx.execute(sa.select(tables.inquiry.c.id)).scalars().all()
        return [dict(one.values) for one in load_documents(tx, ids).values()]


def states(w):
    return [one.state for one in list_deliveries(w.store)]


# --------------------------------------------------------------------------------------------------------------- the truth
def test_a_source_that_only_calls_back_crosses_either_way(world):
    w = world(switches={"a": CALLS})
    a, b = w.hands("a"), w.hands("b")
    ref = a.create("ticket", V, "li.wei")
    w.sync(1)
    assert not w.refs("b"), "nothing was delivered, and something was known"
    assert carry(w) == 0
    report = w.sync(1)
    assert report.connections["a"].received == 1
    assert not report.failed
    assert not report.findings
    (there,) = w.refs("b")
    assert b.shows(there)["title"] == "VPN drops"
    a.edit(ref, {"status": "working"}, "li.wei")
    a.write(ref, Visibility.PUBLIC, "Hello", "li.wei")
    w.clock.turn(1)
    b.edit(there, {"priority": "low"}, "chen")
    b.write(there, Visibility.INTERNAL, "psst", "chen")
    for _ in range(4):
        carry(w)
        w.sync(120)
    assert b.shows(there)["status"] == "working"
    assert a.shows(ref)["priority"] == "low"
    assert [kind for kind, _ in a.said(ref)] == [Visibility.PUBLIC, Visibility.INTERNAL]
    assert [body.rpartition("\n")[2] for _, body in b.said(there)] == ["psst", "Hello"]
    assert set(states(w)) == {"done"}
    written = [one.writes for one in w.platforms.values()]
    carry(w)
    assert w.sync(120).written == 0
    assert written == [one.writes for one in w.platforms.values()]


def test_a_source_of_which_nothing_can_be_asked(world):
    w = world(switches={"a": MUTE})
    a = w.hands("a")
    ref = a.create("ticket", V, "li.wei")
    a.write(ref, Visibility.PUBLIC, "Are you there?", "li.wei")
    carry(w)
    for _ in range(3):
        report = w.sync(120)
        assert not report.failed, report
    (there,) = w.refs("b")
    w.hands("b").edit(there, {"priority": "low"}, "chen")  # nothing can be written there: it stays with us
    report = w.sync(120)
    assert not report.failed
    assert report.waiting == 0
    assert [body.rpartition("\n")[2] for _, body in w.hands("b").said(there)] == ["Are you there?"]
    calls = w.platforms["a"].calls
    w.clock.turn(90_000)
    w.sync(1)
    assert w.platforms["a"].calls == calls, "a census of what cannot be listed"


def test_events_carry_the_times_of_the_platform(world):
    w = world(switches={"a": CALLS})
    a = w.hands("a")
    ref = a.create("ticket", V, "li.wei")
    w.clock.turn(60)
    at = w.clock()
    a.edit(ref, {"status": "working"}, "chen")
    w.clock.turn(600)
    carry(w)
    w.sync(5)
    with w.store.read() as tx:
        rows = tx.execute(sa.select(tables.event).where(tables.event.c.field == "status").order_by(tables.event.c.seq)).all()
    assert [(row.new, row.at) for row in rows][-1] == ("working", at)
    assert rows[-1].actor == "a:chen"


def test_what_is_delivered_twice_counts_once(world):
    w = world(switches={"a": CALLS})
    ref = w.hands("a").create("ticket", V, "li.wei")
    w.hands("a").write(ref, Visibility.PUBLIC, "Hello", "li.wei")
    carry(w, times=3)
    w.sync(1)
    events = count(w, tables.event)
    w.hands("a").edit(ref, {"title": "VPN"}, "li.wei")
    w.platforms["a"].posts.waiting *= 2
    carry(w)
    w.sync(1)
    assert (count(w, tables.inquiry), count(w, tables.message), count(w, tables.event)) == (1, 1, events + 1)


def test_a_reply_that_is_lost_is_repeated_and_counts_once(world):
    w = world(switches={"a": CALLS})
    w.hands("a").create("ticket", V, "li.wei")
    receiver = receiver_of(w)

    def late(request):
        assert receive(w.store, "a", receiver, request).reply.status == 200
        # and the platform has hung up after 3 s

    assert w.platforms["a"].posts.deliver(late) == 1
    w.clock.turn(15)
    assert carry(w) == 0
    assert states(w) == ["waiting"]
    w.sync(1)
    assert count(w, tables.inquiry) == 1


edits = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(["title", "priority", "status", "say"]), st.integers(0, 3)),
    min_size=1,
    max_size=10,
)


@settings(max_examples=12, deadline=None)
@given(edits=edits, seed=st.integers(0, 999), crashes=st.sets(st.integers(0, 40), max_size=3))
def test_in_whatever_order_it_comes_both_platforms_end_alike(new_world, edits, seed, crashes):
    """Doubled, late, overtaken, unanswered, with the process gone at any commit: the same in the end."""
    w = new_world(switches={"a": CALLS})
    random, commits = Random(seed), [0]

    def crash(_connection):
        commits[0] += 1
        if commits[0] in crashes:
            crashes.discard(commits[0])
            raise Crash

    try:
        sa.event.listen(w.store.engine, "commit", crash)
        a = w.hands("a")
        refs = [a.create("ticket", {**V, "title": f"n{number}"}, "li") for number in range(3)]
        words = {
            "title": "abcd",
            "priority": ["low", "medium", "high", "low"],
            "status": ["waiting", "working", "asking", "closed"],
        }
        receiver = receiver_of(w)

        def to(request):
            told = receive(w.store, "a", receiver, request).reply
            return None if random.random() < 0.3 else told

        def shuffled(posts):
            random.shuffle(posts)
            return posts

        def attempt(step):
            try:
                step()
            except Crash:
                w.clock.turn(1)

        for which, what, word in edits:
            w.clock.turn(random.choice([0, 1]))
            if what == "say":
                a.write(refs[which], Visibility.PUBLIC, f"m{word}", "li")
            else:
                a.edit(refs[which], {FieldId(what): words[what][word]}, "li")
            if random.random() < 0.5:
                attempt(lambda: w.platforms["a"].posts.deliver(to, order=shuffled, times=random.choice([1, 2])))
            if random.random() < 0.3:
                attempt(lambda: w.sync(random.choice([0, 60])))
        for _ in range(8):
            attempt(lambda: carry(w, order=shuffled))
            attempt(lambda: w.sync(120))
        assert count(w, tables.inquiry) == 3
        assert set(states(w)) == {"done"}
        b, there = w.hands("b"), counterparts(w)
        assert len(w.refs("b")) == 3
        told = 0
        for ref in refs:
            mine, theirs = a.shows(ref), b.shows(there[ref.rid])
            assert {name: theirs[name] for name in words} == {name: mine[name] for name in words}
            said = [body for _, body in a.said(ref)]
            assert sorted(body.rpartition("\n")[2] for _, body in b.said(there[ref.rid])) == sorted(said)
            told += len(said)
        assert count(w, tables.message) == told
    finally:
        sa.event.remove(w.store.engine, "commit", crash)
        w.store.close()


def counterparts(w):
    """The record on b of each on a."""
    with w.store.read() as tx:
        rows = tx.execute(sa.select(tables.link).where(tables.link.c.kind == "inquiry")).all()
    there = {row.inquiry: Ref(row.collection, row.rid) for row in rows if row.conn == "b"}
    return {row.rid: there[row.inquiry] for row in rows if row.conn == "a"}


def test_what_was_overtaken_is_no_news(world):
    w = world(switches={"a": CALLS})
    ref = w.hands("a").create("ticket", V, "li.wei")
    w.hands("a").edit(ref, {"status": "working"}, "li.wei")  # of the same instant: the version tells
    w.clock.turn(5)
    w.hands("a").edit(ref, {"status": "closed"}, "li.wei")
    posts = w.platforms["a"].posts
    first, second, third = posts.waiting
    for late in (third, second, first):
        posts.waiting = [late]
        carry(w)
        w.sync(1)
        assert values(w)[0]["status"] == "closed"


def test_what_was_overtaken_by_a_change_back_is_no_news_either(world):
    w = world(switches={"a": CALLS})
    ref = w.hands("a").create("ticket", V, "li.wei")
    for status in ("working", "waiting"):
        w.clock.turn(5)
        w.hands("a").edit(ref, {"status": status}, "li.wei")
    posts = w.platforms["a"].posts
    first, second, third = posts.waiting
    for late in (first, third, second):
        posts.waiting = [late]
        carry(w)
        w.sync(1)
    assert values(w)[0]["status"] == "waiting"


# ------------------------------------------------------------------------------------------------------------- out of order
def test_a_message_waits_for_its_record(world):
    w = world(switches={"a": MUTE})
    ref = w.hands("a").create("ticket", V, "li.wei")
    w.hands("a").write(ref, Visibility.PUBLIC, "Hello", "li.wei")
    posts = w.platforms["a"].posts
    record, message = posts.waiting
    posts.waiting = [
        type(message)(message.id, message.body.replace(message.body[: message.body.index(b', "messages"')], b'{"records": []'))
    ]
    carry(w)
    report = w.sync(60)
    assert states(w) == ["waiting"]
    assert not report.needs_person
    posts.waiting = [record]
    carry(w)
    w.sync(60)
    assert states(w) == ["done", "done"]
    assert count(w, tables.message) == 1


def test_a_message_whose_record_never_comes_is_parked_and_stays(world):
    w = world(switches={"a": MUTE})
    posts = w.platforms["a"].posts
    ref = w.hands("a").create("ticket", V, "li.wei")
    w.hands("a").write(ref, Visibility.PUBLIC, "Hello", "li.wei")
    record, message = posts.waiting
    posts.waiting = [
        type(message)(message.id, message.body.replace(message.body[: message.body.index(b', "messages"')], b'{"records": []'))
    ]
    carry(w)
    w.sync(60)
    report = w.sync(24 * 3600)
    (note,) = report.deliveries
    assert report.needs_person
    assert "ticket/000001" in note.reason
    assert states(w) == ["parked"]
    assert not w.sync(60).deliveries, "said once"
    posts.waiting = [record]
    carry(w)
    w.sync(60)
    with w.store.write() as tx:
        assert reopen(tx, "a", [note.id]) == 1
    w.sync(60)
    assert count(w, tables.message) == 1


# -------------------------------------------------------------------------------------------------------------------- hints
def test_a_hint_is_looked_up_before_the_listing_knows(world):
    w = world(switches={"a": Switches(hints=True, index_lag=timedelta(hours=1), find="lagging")})
    w.hands("a").create("ticket", V, "li.wei")
    w.sync(1)
    assert not w.refs("b")
    carry(w, times=2)
    w.sync(1)
    assert len(w.refs("b")) == 1
    assert states(w) == ["done"]
    w.hands("a").create("ticket", V, "li.wei")
    w.platforms["a"].posts.waiting.clear()  # lost
    w.sync(3700)
    assert len(w.refs("b")) == 2


def test_a_hint_waits_while_the_platform_is_away_and_a_senseless_one_keeps_nobody_waiting(world):
    w = world(switches={"a": Switches(hints=True)})
    w.hands("a").create("ticket", V, "li.wei")
    w.platforms["a"].posts.tell({"hints": [["ticket", "no such"], ["elsewhere", "1"], ["ticket", None]]})
    carry(w)
    w.platforms["a"].read_faults = ["down"]
    assert w.sync(1).failed
    assert states(w) == ["waiting", "waiting"]
    w.sync(3600)
    assert states(w) == ["done", "done"]
    assert len(w.refs("b")) == 1
    w.platforms["a"].posts.tell({"hints": [["ticket", "odd"]]})
    carry(w)
    w.platforms["a"].read_faults = ["rejected"]
    report = w.sync(3600)
    assert not report.failed
    assert [one.rule for one in report.findings] == ["hint-unread"]
    assert set(states(w)) == {"done"}


def test_a_record_told_of_where_telling_is_not_the_truth_is_only_a_hint(world):
    w = world(switches={"a": Switches(hints=True)})
    ref = w.hands("a").create("ticket", V, "li.wei")
    post = {"collection": "ticket", "rid": ref.rid, "fields": {"short": "a lie"}, "corr": None, "at": "2026-11-22T09:00:00+00:00",
            "version": "9", "by": "x", "label": "A-1"}  # fmt: skip
    w.platforms["a"].posts.tell({"records": [post]})
    carry(w)
    w.sync(1)
    assert [one["title"] for one in values(w)] == ["VPN drops"]


# ------------------------------------------------------------------------------------------------------------------ answers
def asked(w):
    """An inquiry on both platforms, and the mark something of it was sent with."""
    w.hands("a").create("ticket", V, "li.wei")
    carry(w)
    w.sync(1)
    with w.store.read() as tx:
        return tx.execute(sa.select(tables.link.c.corr).where(tables.link.c.conn == "b")).scalar_one()


def test_answers_become_events_of_the_inquiry_they_answer_to(world):
    w = world(switches={"a": CALLS}, more={"rating": FieldId("priority")})
    corr = asked(w)
    a = w.hands("a")
    a.answer(corr, "replied", "It works again", "li.wei")
    w.clock.turn(1)
    a.answer(corr, "confirmed", None, "li.wei")
    w.clock.turn(1)
    a.answer(corr, "rated", "low", "li.wei")
    a.answer(corr, "rated", "beyond words", "li.wei")
    carry(w, times=2)
    w.sync(60)
    w.sync(120)
    assert values(w)[0]["priority"] == "low"
    said = w.hands("b").said(w.refs("b")[0])
    assert [(kind.value, body.rpartition("\n")[2]) for kind, body in said] == [
        ("public", "It works again"),
        ("internal", "confirmed | 已确认"),
        ("internal", "rated | 已评价: beyond words"),
    ]
    assert said[0][1].startswith("[a:li.wei | ")
    assert w.hands("b").shows(w.refs("b")[0])["priority"] == "low"
    events = count(w, tables.event)
    every = [one.id for one in list_deliveries(w.store)]
    with w.store.write() as tx:
        reopen(tx, "a", every)
    w.sync(60)
    assert count(w, tables.event) == events, "replayed, and the same"
    assert set(states(w)) == {"done"}


def test_an_answer_to_nothing_is_parked_and_what_came_with_it_counts(world):
    w = world(switches={"a": CALLS})
    corr = asked(w)
    w.platforms["a"].posts.tell(
        {"answers": [
            {"corr": mark, "kind": "replied", "value": "yes", "account": "li.wei", "at": "2026-11-22T09:00:00+00:00"}
            for mark in ("nobody knows", corr)
        ]}
    )  # fmt: skip
    carry(w)
    report = w.sync(1)
    assert [one.reason for one in report.deliveries] == ["it answers to something this store has never sent"]
    assert count(w, tables.message) == 1


def test_a_plugin_may_hold_a_rating_or_amend_it(world):
    verdict = [Hold("not from him")]
    w = world(switches={"a": CALLS}, more={"rating": FieldId("priority"), "hooks": Hooks(incoming=lambda inquiry, change: verdict)})
    verdict[0] = None
    corr = asked(w)
    verdict[0] = Hold("not from him")
    w.hands("a").answer(corr, "rated", "low", "li.wei")
    carry(w)
    report = w.sync(1)
    assert [one.reason for one in report.deliveries] == ["not from him"]
    assert values(w)[0]["priority"] == "high"
    verdict[0] = Amend({FieldId("title"): "amended"}, "a rule")
    with w.store.write() as tx:
        reopen(tx, "a", [report.deliveries[0].id])
    w.sync(1)
    assert (values(w)[0]["priority"], values(w)[0]["title"]) == ("low", "amended")


# ------------------------------------------------------------------------------------------------------------ nothing is lost
class Falls(MemoryReceiver):
    """A mistake in the connector."""

    def record(self, told):
        raise KeyError(told["label"])


class TellsNoTime(MemoryReceiver):
    """A naive stamp: another mistake."""

    def record(self, told):
        found = super().record(told)
        return type(found)(
            **{name: getattr(found, name) for name in found.__slots__} | {"updated_at": found.updated_at.replace(tzinfo=None)}
        )


class CountsDeliveries(MemoryReceiver):
    """An id that is no text."""

    def known_by(self, request):
        return {"number": 1}


@pytest.mark.parametrize("kind", [Falls, TellsNoTime, CountsDeliveries])
def test_what_a_connector_falls_over_is_kept_and_read_when_it_is_mended(world, kind):
    w = world(switches={"a": CALLS})
    w.hands("a").create("ticket", V, "li.wei")
    assert carry(w, kind=kind, times=2) == 0, "answered: it would only fall over it again"
    assert states(w) == ["unread"]
    report = w.sync(3600)
    assert states(w) == ["done"], report.deliveries
    assert len(w.refs("b")) == 1


def test_a_store_in_trouble_parks_nothing(world, monkeypatch):
    from deskweave.sync import inbox

    def locked(*_):
        raise sa.exc.OperationalError("", {}, Exception("database is locked"))

    w = world(switches={"a": CALLS})
    w.hands("a").create("ticket", V, "li.wei")
    carry(w, kind=Falls)
    monkeypatch.setattr(inbox, "keep_content", locked)
    with pytest.raises(sa.exc.OperationalError):
        w.sync(1)
    assert states(w) == ["unread"]
    monkeypatch.undo()
    w.sync(1)
    assert states(w) == ["done"]


def test_what_nobody_can_read_is_parked_with_its_reason_and_others_go_on(world, monkeypatch):
    w = world(switches={"a": CALLS})
    monkeypatch.setattr(MemoryConnection, "receives", Falls)
    w.hands("a").create("ticket", V, "li.wei")
    carry(w, kind=Falls)
    w.hands("a").create("ticket", {**V, "title": "two"}, "li.wei")
    carry(w)
    report = w.sync(1)
    (note,) = report.deliveries
    assert note.reason.startswith("the connector cannot read it")
    assert report.needs_person
    assert [one["title"] for one in values(w)] == ["two"]
    monkeypatch.setattr(MemoryConnection, "receives", MemoryReceiver)
    assert not w.sync(1).deliveries, "parked: it waits for a person"
    with w.store.write() as tx:
        reopen(tx, "a", [note.id])
    w.sync(1)
    assert {one["title"] for one in values(w)} == {"VPN drops", "two"}


def test_a_record_that_a_plugin_held_back_comes_again_when_it_is_released(world):
    verdict = [Hold("not yet")]
    w = world(switches={"a": CALLS}, more={"hooks": Hooks(incoming=lambda inquiry, change: verdict)})
    ref = w.hands("a").create("ticket", V, "li.wei")
    w.hands("a").write(ref, Visibility.PUBLIC, "Hello", "li.wei")
    carry(w)
    w.sync(1)
    (parked,) = list_parked(w.store)
    assert count(w, tables.inquiry) == 0
    w.clock.turn(KEPT.total_seconds() + 10)
    w.sync(1)
    assert states(w), "what a record that waits was told by is not forgotten"
    verdict[0] = None
    assert release(w.store, parked.id)
    w.sync(1)
    w.sync(1)
    assert len(w.refs("b")) == 1
    assert count(w, tables.message) == 1


def test_news_of_a_parked_record_comes_again_when_it_is_released(world):
    verdict = [None]
    w = world(switches={"a": CALLS}, more={"hooks": Hooks(incoming=lambda inquiry, change: verdict)})
    ref = w.hands("a").create("ticket", V, "li.wei")
    carry(w)
    w.sync(1)
    verdict[0] = Hold("not like this")
    w.clock.turn(1)
    w.hands("a").edit(ref, {"title": "one"}, "li.wei")
    carry(w)
    w.sync(1)
    verdict[0] = None
    w.clock.turn(1)
    w.hands("a").edit(ref, {"priority": "low"}, "li.wei")
    carry(w)
    w.sync(1)
    (parked,) = list_parked(w.store)
    assert release(w.store, parked.id)
    w.sync(60)
    assert (values(w)[0]["title"], values(w)[0]["priority"]) == ("one", "low")


def test_a_record_with_the_mark_of_another_store_waits(world):
    w = world(switches={"a": CALLS})
    w.hands("a").create("ticket", V, "li.wei")
    record = next(iter(w.platforms["a"].records.values()))
    record.corr = "01JD7Q00000000000000000001:01JD7Q00000000000000000002"
    w.platforms["a"].posts.tell_record(w.platforms["a"], record)
    w.platforms["a"].posts.waiting = w.platforms["a"].posts.waiting[-1:]
    carry(w)
    w.engine().plan()
    assert states(w) == ["waiting"]
    assert count(w, tables.inquiry) == 0


def test_a_new_mapping_reads_what_was_delivered_once_more(world):
    w = world(switches={"a": CALLS}, bindings={"a": small_binding("a", title_length=3)})
    w.hands("a").create("ticket", {**V, "title": "VPN"}, "li.wei")
    carry(w)
    w.sync(1)
    w.bindings["a"] = small_binding("a", policies={FieldId("detail"): Policy.OWNER})
    w.engine().plan()
    with w.store.read() as tx:
        seen = tx.execute(sa.select(tables.link.c.seen_fp).where(tables.link.c.conn == "a")).scalar_one()
    assert seen.startswith(small_mapper(w.bindings["a"]).digest[:12])
    assert not w.sync(1).conflicts


def test_what_a_platform_cannot_be_asked_about_now_waits(world):
    w = world(switches={"a": CALLS})
    w.hands("a").create("ticket", V, "li.wei")
    carry(w)
    w.platforms["a"].collections = {"other": CALLS}  # a right was lost: nobody knows whether this is the truth
    w.sync(1)
    assert states(w) == ["waiting"]
    w.platforms["a"].collections = {}
    w.sync(1)
    assert states(w) == ["done"]
    assert len(w.refs("b")) == 1


def test_what_is_told_of_a_collection_nobody_bound_counts_once_it_is_bound(world):
    every = {"ticket": {}, "chat": {"role": "chat"}}
    w = world(switches={"a": CALLS})
    w.platforms["a"].collections = {"ticket": CALLS, "chat": CALLS}
    both = small_binding("a", collections=every)
    MemoryHands(w.platforms["a"], small_mapper(both)).create("chat", V, "li.wei")
    carry(w)
    w.sync(1)
    assert states(w) == ["done"]
    assert count(w, tables.inquiry) == 0
    w.bindings["a"] = both
    with w.store.write() as tx:
        reopen(tx, "a", ["post-000001"])
    w.engine().plan()
    assert count(w, tables.inquiry) == 1


def test_done_deliveries_go_after_a_month(world):
    w = world(switches={"a": CALLS})
    w.hands("a").create("ticket", V, "li.wei")
    carry(w)
    w.sync(1)
    w.sync(KEPT.total_seconds() - 60)
    assert states(w) == ["done"]
    w.sync(120)
    assert states(w) == []
    assert count(w, tables.inquiry) == 1


def test_a_held_connection_takes_deliveries_and_works_on_none(world):
    w = world(switches={"a": CALLS})
    w.sync(1)
    with w.store.write() as tx:
        hold_connection(tx, "a", Held("li", w.clock(), None))
    w.hands("a").create("ticket", V, "li.wei")
    assert carry(w) == 0
    w.sync(1)
    assert states(w) == ["waiting"]
    with w.store.write() as tx:
        hold_connection(tx, "a", None)
    w.sync(1)
    assert states(w) == ["done"]


def test_a_message_of_ours_without_an_answer_is_told_by_its_echo(world):
    w = world(switches={"a": CALLS})
    ref = w.hands("a").create("ticket", V, "li.wei")
    carry(w)
    w.sync(1)
    w.hands("b").write(w.refs("b")[0], Visibility.PUBLIC, "Hello", "chen")
    w.platforms["a"].faults = ["lost_answer"]
    w.sync(1)
    carry(w)
    w.sync(3600)
    assert len(w.hands("a").said(ref)) == 1
    assert not list_parked(w.store)
    w.hands("b").write(w.refs("b")[0], Visibility.PUBLIC, "Are you there?", "chen")
    w.platforms["a"].faults = ["lost_request"]
    w.sync(3600)
    w.sync(3600)
    assert [one.state for one in list_parked(w.store)] == ["unknown"], "no echo, nothing to look at: a person has to"
    assert len(w.hands("a").said(ref)) == 1


# ---------------------------------------------------------------------------------------------------------------- receiving
def test_nothing_is_answered_before_it_is_saved(world):
    w = world(switches={"a": CALLS})
    w.hands("a").create("ticket", V, "li.wei")
    said = []

    def power_cut(_connection):
        raise Crash

    sa.event.listen(w.store.engine, "commit", power_cut)
    receiver = receiver_of(w)
    with pytest.raises(Crash):
        w.platforms["a"].posts.deliver(lambda request: said.append(receive(w.store, "a", receiver, request).reply))
    sa.event.remove(w.store.engine, "commit", power_cut)
    assert said == []
    assert states(w) == []


def test_what_cannot_be_saved_is_not_taken(world):
    w = world(switches={"a": CALLS})
    w.hands("a").create("ticket", V, "li.wei")
    with w.store.write() as tx:
        tx.execute(sa.text("ALTER TABLE inbox RENAME TO away"))
    (request,) = w.platforms["a"].posts.take()
    told = receive(w.store, "a", receiver_of(w), request)
    assert (told.reply.status, told.outcome) == (503, "not-saved")
    with pytest.raises(sa.exc.OperationalError) as caught, w.store.write() as tx:
        save_delivery(tx, "a", "one", request, Content())
    assert "webhook-signature" not in str(caught.value), "what was sent is in the error, and so in a crash file"


def test_forged_deliveries_leave_nothing_behind(world):
    w = world(switches={"a": CALLS})
    w.hands("a").create("ticket", V, "li.wei")
    (request,) = w.platforms["a"].posts.take()
    receiver = receiver_of(w)
    from dataclasses import replace

    for forged in (
        replace(request, body=request.body + b" "),
        replace(request, headers={}),
        replace(request, received_at=request.received_at + timedelta(minutes=6)),
    ):
        told = receive(w.store, "a", receiver, forged)
        assert told.reply == RawReply(401, {}, b"")
    large = replace(request, body=b" " * (1024 * 1024 + 1))
    assert receive(w.store, "a", receiver, large).reply.status == 413
    assert states(w) == []


def test_there_is_an_end_to_what_is_kept_unread(world, monkeypatch):
    from dataclasses import replace

    from deskweave.workspace import receiving

    monkeypatch.setattr(receiving, "UNREAD_MOST", 2)
    w = world(switches={"a": CALLS})
    w.hands("a").create("ticket", V, "li.wei")
    (request,) = w.platforms["a"].posts.take()

    class Careless(MemoryReceiver):
        def receive(self, request):
            raise KeyError

    told = [receive(w.store, "a", receiver_of(w, kind=Careless), replace(request, body=bytes([n]))).reply.status for n in range(4)]
    assert told == [200, 200, 503, 503]


@pytest.mark.parametrize(
    "given",
    [
        RawReply(200, {"x": "a\r\nset-cookie: b"}, b""),
        RawReply("200", {}, b""),
        RawReply(200, {}, "text"),
        RawReply(99, {}, b""),
        None,
    ],
)
def test_a_reply_that_cannot_be_sent_does_not_undo_what_was_saved(world, given):
    from dataclasses import replace

    class Odd(MemoryReceiver):
        def receive(self, request):
            return replace(super().receive(request), reply=given)

    w = world(switches={"a": CALLS})
    w.hands("a").create("ticket", V, "li.wei")
    (request,) = w.platforms["a"].posts.take()
    told = receive(w.store, "a", receiver_of(w, kind=Odd), request)
    assert (told.reply.status, told.outcome) == (200, "kept")


def test_a_delivery_without_an_id_is_known_by_its_body(world):
    class Nameless(MemoryReceiver):
        def known_by(self, request):
            return None

    w = world(switches={"a": CALLS})
    w.hands("a").create("ticket", V, "li.wei")
    carry(w, kind=Nameless, times=2)
    assert states(w) == ["waiting"]


def test_a_row_is_what_came_in(world):
    from deskweave.store.inbox import request_of

    w = world(switches={"a": CALLS})
    w.hands("a").create("ticket", V, "li.wei")
    (request,) = w.platforms["a"].posts.take()
    with w.store.write() as tx:
        assert save_delivery(tx, "a", "one", request, Content())
        assert not save_delivery(tx, "a", "one", request, Content())
    with w.store.read() as tx:
        assert request_of(tx, "a", "one") == request
    with w.store.write() as tx:
        finish(tx, "a", ["one"])
    assert states(w) == ["done"]


def test_creates_there_are_recognised_by_what_comes_back(world):
    w = world(switches={"a": Switches(callback=True, plant=Plant.ATOMIC)})
    w.hands("b").create("ticket", V, "chen")
    w.platforms["a"].faults = ["lost_answer"]
    w.sync(1)
    carry(w)
    w.sync(3600)
    assert len(w.refs("a")) == 1
    assert not list_parked(w.store)


def test_deliveries_are_opened_again_and_forgotten_however_many_they_are_and_however_much_they_tell(world):
    """More than a statement of the database takes: thirty days of a busy desk, one delivery of thousands of records."""
    w, names = world(), [str(n) for n in range(6_000)]
    records = [
        RemoteRecord(ref=Ref("ticket", n), fields={}, corr=None, updated_at=None, version=None, updated_by=None, label=f"A-{n}")
        for n in names
    ]
    with w.store.write() as tx:
        driver = tx.connection.dbapi_connection
        most = driver.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 5_100)
        try:
            for name in names:
                request = RawRequest(method="POST", path="/", query="", headers={}, body=b"", received_at=w.clock())
                save_delivery(tx, "a", name, request, Content(records=records if name == "0" else records[:1]))
            finish(tx, "a", names)
            assert reopen_records(tx, "a") == len(names)
            finish(tx, "a", names)
            assert purge(tx, w.clock() + KEPT) == len(names)
        finally:
            driver.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, most)
