"""Adopting a practice: open inquiries move to its words, nothing is lost, doubled or half moved, and what has no place stops it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskweave.connector import Ref
from deskweave.documents import read
from deskweave.emulation import TurnedTime
from deskweave.ledger import Entry, Ledger, Posting
from deskweave.ledger.fold import fold
from deskweave.measure.facts import FactBuilder
from deskweave.model import (
    Binding,
    CollectionBinding,
    ConnectionName,
    Event,
    FieldBinding,
    FieldId,
    InquiryId,
    Route,
    StatusBinding,
    Value,
)
from deskweave.practice import Practice, compose
from deskweave.store import Store
from deskweave.store.events import events_of, last_seq
from deskweave.store.inquiries import load_documents
from deskweave.sync import Engine, Guard, Side
from deskweave.testing.memory import MemoryConnection, MemoryHands, MemoryPlatform, Switches, small_binding, small_mapper
from deskweave.workspace import adoption
from deskweave.workspace.adoption import Preview, adopt, in_force, preview, require
from deskweave.workspace.stop import Stopped

START = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
STATUS, ITEM, CATEGORY, EMAIL = FieldId("status"), FieldId("service_item"), FieldId("problem_category"), FieldId("email")
HEAD = """apiVersion: deskweave/v1
kind: Practice
id: acme
version: 1.0.0
label: {en: ACME, zh: 艾克米}
languages: [en, zh]
zone: Asia/Shanghai
extends: [deskweave:service-desk@1]
"""
RENAMED = """kind: StatusModel
id: inquiry
statuses: {waiting_for_user: {was: [waiting_on_user]}}
transitions:
  ask_user: {to: waiting_for_user}
  user_answers: {from: [waiting_for_user]}
  resolve: {from: [in_progress, waiting_for_user, waiting_on_third_party]}
  cancel: {from: [awaiting_acceptance, in_progress, waiting_for_user, waiting_on_third_party]}
"""
GONE = "kind: Fields\nid: inquiry\nremove: [fields/problem_category/choices/hardware]\n"
BECOMES = GONE + "fields: {problem_category: {becomes: {hardware: software}}}\n"


@lru_cache
def practice(*more: str) -> Practice:
    return compose(read("---\n".join([HEAD, *more]), "acme.yaml"))


def write(store: Store, practice: Practice, number: int, **values: Value) -> InquiryId:
    """An inquiry that holds these values; what it held before moves."""
    identifier = InquiryId(f"{number:026d}")
    ledger = Ledger(store, fields=practice.fields, statuses=practice.statuses, practice=practice.digest)
    with store.write() as tx:
        new = identifier not in load_documents(tx, [identifier])
        entries = [
            Entry(field=FieldId(name), new=value, at=store.now(), source="person:p1", origin_id=store.new_id())
            for name, value in values.items()
        ]
        ledger.commit(tx, [Posting(inquiry=identifier, entries=entries, new=new)])
    return identifier


def values(store: Store, identifier: InquiryId) -> Mapping[FieldId, Value]:
    with store.read() as tx:
        return load_documents(tx, [identifier])[identifier].values


def history(store: Store, identifier: InquiryId) -> list[Event]:
    with store.read() as tx:
        return events_of(tx, identifier)


def seq(store: Store) -> int:
    with store.read() as tx:
        return last_seq(tx)


# ----------------------------------------------------------------------------------------------------------------- renames
def test_open_inquiries_move_to_the_new_word_and_history_keeps_the_old_one(store: Store, clock: TurnedTime) -> None:
    old, new = practice(), practice(RENAMED)
    adopt(store, old)
    waiting = write(store, old, 1, status="waiting_on_user")
    working = write(store, old, 2, status="in_progress")
    clock.advance(timedelta(minutes=5))
    found = preview(store, new)
    assert [(one.field, one.value, one.into, one.count) for one in found.carried] == [
        (STATUS, "waiting_on_user", "waiting_for_user", 1)
    ]
    assert found.difference is not None
    assert [(change.key, found.count(change)) for change in found.difference.changes] == [("status", 1)]
    assert adopt(store, new) == found.carried
    assert values(store, waiting)[STATUS] == "waiting_for_user"
    assert values(store, working)[STATUS] == "in_progress"
    first, moved = history(store, waiting)
    assert first.new == "waiting_on_user"
    assert (moved.old, moved.new, moved.source, moved.actor) == ("waiting_on_user", "waiting_for_user", "adoption", "deskweave")
    assert (moved.practice, moved.at) == (new.digest, clock())
    require(store, new)


def test_closed_inquiries_are_left_alone(store: Store) -> None:
    old, new = practice(), practice(BECOMES)
    adopt(store, old)
    closed = write(store, old, 1, status="closed", problem_category="hardware")
    adopt(store, new)
    assert values(store, closed)[CATEGORY] == "hardware"


def test_adopting_again_writes_nothing(store: Store) -> None:
    old, new = practice(), practice(RENAMED, BECOMES)
    adopt(store, old)
    write(store, old, 1, status="waiting_on_user", problem_category="hardware")
    assert len(adopt(store, new)) == 2
    after = seq(store)
    assert adopt(store, new) == ()
    assert seq(store) == after


def test_going_back_moves_values_back(store: Store) -> None:
    """A practice whose term was called otherwise knows nothing of the later name: the value is stranded and said so."""
    old, new = practice(), practice(RENAMED)
    adopt(store, old)
    one = write(store, old, 1, status="waiting_on_user")
    adopt(store, new)
    with pytest.raises(Stopped) as stopped:
        adopt(store, old)
    assert stopped.value.rule == "becomes-missing"
    back = practice(
        "kind: StatusModel\nid: inquiry\nbecomes: {waiting_for_user: waiting_on_user}\n",
    )
    adopt(store, back)
    assert values(store, one)[STATUS] == "waiting_on_user"


def test_a_renamed_field_takes_its_value_along(store: Store) -> None:
    old = practice("kind: Fields\nid: inquiry\nfields: {cost: {label: {en: Cost, zh: 成本}, type: text}}\n")
    new = practice("kind: Fields\nid: inquiry\nfields: {cost_center: {label: {en: Cost, zh: 成本}, type: text, was: [cost]}}\n")
    adopt(store, old)
    one = write(store, old, 1, status="in_progress", cost="CC-1")
    both = write(store, old, 2, status="in_progress", cost="CC-2")
    assert [(c.field, c.into_field, c.count) for c in preview(store, new).carried] == [("cost", "cost_center", 2)]
    adopt(store, new)
    for identifier, value in ((one, "CC-1"), (both, "CC-2")):
        held = values(store, identifier)
        assert held[FieldId("cost_center")] == value
        assert FieldId("cost") not in held
        assert fold(history(store, identifier)) == held


def test_personal_values_stay_beside_the_events_when_their_field_is_renamed(store: Store) -> None:
    old = practice("kind: Fields\nid: inquiry\nfields: {mail: {label: {en: Mail, zh: 邮箱}, type: email, personal: contact}}\n")
    new = practice(
        "kind: Fields\nid: inquiry\nfields: {mailbox: {label: {en: Mail, zh: 邮箱}, type: email, personal: contact, was: [mail]}}\n"
    )
    adopt(store, old)
    one = write(store, old, 1, status="in_progress", mail="li@acme.cn")
    adopt(store, new)
    assert values(store, one)[FieldId("mailbox")] == "li@acme.cn"
    with store.read() as tx:
        raw = tx.exec_driver_sql("SELECT doc FROM inquiry").scalar_one() + "".join(
            f"{row[0]}{row[1]}" for row in tx.exec_driver_sql("SELECT old, new FROM event")
        )
    assert "li@acme.cn" not in raw


# ------------------------------------------------------------------------------------------------------------ removed terms
def test_what_has_no_place_stops_it_and_the_line_to_write_is_given(store: Store) -> None:
    old, new = practice(), practice(GONE)
    adopt(store, old)
    for number in range(3):
        write(store, old, number, status="in_progress", problem_category="hardware")
    write(store, old, 9, status="in_progress", problem_category="usage")
    before = seq(store)
    (stranded,) = preview(store, new).stranded
    assert (stranded.field, stranded.value, stranded.count) == (CATEGORY, "hardware", 3)
    finding = stranded.finding()
    assert (finding.rule, finding.found) == ("becomes-missing", "hardware")
    assert "3 open inquiries hold 'hardware'" in finding.message
    assert stranded.document == "Fields/inquiry"
    with pytest.raises(Stopped) as stopped:
        adopt(store, new)
    assert stopped.value.next == stranded.line
    assert seq(store) == before
    known = in_force(store)
    assert known is not None
    assert known.digest == old.digest
    # the line does it
    mended = practice(GONE + stranded.line + "\n")
    assert preview(store, mended).stranded == ()
    adopt(store, mended)
    assert values(store, InquiryId(f"{0:026d}"))[CATEGORY] == mended.fields[CATEGORY].becomes["hardware"]


def test_a_removed_term_that_only_closed_inquiries_hold_stops_nothing(store: Store) -> None:
    adopt(store, practice())
    write(store, practice(), 1, status="closed", problem_category="hardware")
    assert preview(store, practice(GONE)).stranded == ()
    adopt(store, practice(GONE))


def test_a_word_no_practice_ever_had_stops_nothing(store: Store) -> None:
    adopt(store, practice())
    one = write(store, practice(), 1, status="in_progress", problem_category="from_an_import")
    adopt(store, practice(GONE))
    assert values(store, one)[CATEGORY] == "from_an_import"


def test_a_removed_item_and_a_removed_status_say_where_to_write(store: Store) -> None:
    item = "{label: {en: VPN access, zh: VPN权限}, served: user, channels: [phone], stream: service_request}"
    old = practice(
        "kind: Catalog\nid: services\n"
        f"categories: {{desktop_operations: {{services: {{os_installation: {{items: {{vpn_access: {item}}}}}}}}}}}\n"
    )
    new = practice(
        """kind: StatusModel
id: inquiry
remove: [statuses/waiting_on_third_party, transitions/hand_to_third_party, transitions/third_party_answers]
transitions: {resolve: {from: [in_progress, waiting_on_user]}, cancel: {from: [awaiting_acceptance, in_progress, waiting_on_user]}}
"""
    )
    adopt(store, old)
    write(store, old, 1, status="waiting_on_third_party", service_item="vpn_access")
    assert {(one.field, one.document) for one in preview(store, new).stranded} == {
        (STATUS, "StatusModel/inquiry"),
        (ITEM, "Catalog/services"),
    }
    lines = {one.document.split("/")[0]: one.line for one in preview(store, new).stranded}
    assert lines["StatusModel"] == "becomes: {waiting_on_third_party: waiting_on_user}"
    assert lines["Catalog"].startswith("becomes: {vpn_access: ")


# ------------------------------------------------------------------------------------------------------------------ counts
def test_a_new_goal_matters_to_inquiries_whose_clock_runs(store: Store) -> None:
    old, new = practice(), practice("kind: Clock\nid: first_response\ngoal: PT10M\n")
    adopt(store, old)
    for number, status in enumerate(["awaiting_acceptance", "awaiting_acceptance", "in_progress", "closed"]):
        write(store, old, number, submitted_at=START, status="awaiting_acceptance")
        write(store, old, number, status=status)
    found = preview(store, new)
    assert found.open == 3
    assert counts(found) == {"clock.goal": 2}


def counts(found: Preview) -> dict[str, int | None]:
    assert found.difference is not None
    return {change.key: found.count(change) for change in found.difference.changes}


# --------------------------------------------------------------------------------------------------------- what figures say
def test_clocks_read_the_same_before_and_after_a_rename(store: Store, clock: TurnedTime) -> None:
    old, new = practice(), practice(RENAMED)
    adopt(store, old)
    done, open_ = (InquiryId(f"{number:026d}") for number in (1, 2))
    for number in (1, 2):
        write(store, old, number, submitted_at=clock(), status="awaiting_acceptance")
        clock.advance(timedelta(minutes=3))
        write(store, old, number, status="in_progress")
        clock.advance(timedelta(minutes=7))
        write(store, old, number, status="waiting_on_user")
        clock.advance(timedelta(minutes=11))
        if number == 1:
            write(store, old, number, status="in_progress")
            clock.advance(timedelta(minutes=13))
            write(store, old, number, status="closed")
    before = {one: FactBuilder(old).row(one, history(store, one)) for one in (done, open_)}
    adopt(store, new)
    clock.advance(timedelta(minutes=5))
    write(store, new, 2, status="in_progress")
    for one in (done, open_):
        row, problems = FactBuilder(new).row(one, history(store, one))
        assert problems == before[one][1] == []
        for name in ("first_response_took", "resolution_took", "waiting_took"):
            assert row[name] == before[one][0][name]
    row, _ = FactBuilder(new).row(done, history(store, done))
    assert row["spent_waiting_for_user"] == 11 * 60
    row, _ = FactBuilder(new).row(open_, history(store, open_))
    assert row["spent_waiting_for_user"] == 16 * 60  # adopting in between neither stops nor restarts anything


def test_a_closed_inquiry_counts_under_the_word_that_took_the_place_of_its_own(store: Store) -> None:
    adopt(store, practice())
    closed = write(store, practice(), 1, submitted_at=START, status="closed", problem_category="hardware")
    row, _ = FactBuilder(practice(BECOMES)).row(closed, history(store, closed))
    assert row["problem_category"] == "software"


# -------------------------------------------------------------------------------------------------------------- properties
STATUSES = ("awaiting_acceptance", "in_progress", "waiting_on_user", "waiting_on_third_party", "resolved", "closed", "cancelled")
CATEGORIES = ("hardware", "software", "access", "usage", None)


class Killed(BaseException):
    """The process is gone; nothing catches it."""


class Fragile(Store):
    """A store whose process is killed in its n-th transaction that writes, after its statements and before its commit."""

    left: int | None = None

    @contextmanager
    def _dying(self) -> Iterator[Any]:
        with Store.write(self) as tx:
            yield tx
            if self.left is not None:
                self.left -= 1
                if self.left < 0:
                    raise Killed

    def write(self) -> Any:
        return self._dying()


@settings(max_examples=10)
@given(
    st.lists(st.tuples(st.sampled_from(STATUSES), st.sampled_from(CATEGORIES)), max_size=7),
    st.sampled_from([(RENAMED,), (BECOMES,), (RENAMED, BECOMES)]),
    st.integers(min_value=0, max_value=9),
)
def test_killed_anywhere_adopting_goes_on_where_it_was(
    held: list[tuple[str, str | None]], files: tuple[str, ...], kill: int
) -> None:
    clock = TurnedTime(START)
    old, new = practice(), practice(*files)
    store = Fragile.open(":memory:", now=clock, entropy=Random(7).randbytes)
    assert isinstance(store, Fragile)
    renamed = {"waiting_on_user": "waiting_for_user"} if RENAMED in files else {}
    merged = {"hardware": "software"} if BECOMES in files else {}
    batch = adoption.BATCH
    try:
        adoption.BATCH = 2  # type: ignore[misc]  # small stores, many transactions
        adopt(store, old)
        wanted: dict[InquiryId, tuple[str, str | None]] = {}
        moves = 0
        for number, (status, category) in enumerate(held):
            given = {"status": status} | ({"problem_category": category} if category else {})
            identifier = write(store, old, number, **given)
            if status in ("closed", "cancelled"):
                wanted[identifier] = (status, category)
            else:
                wanted[identifier] = (renamed.get(status, status), merged.get(category, category) if category else None)
                moves += (status in renamed) + (category in merged)
        before = seq(store)
        expected = {(one.field, one.value): one.count for one in preview(store, new).carried}
        assert sum(expected.values()) == moves
        store.left = kill
        try:
            adopt(store, new)
        except Killed:
            known = in_force(store)
            assert known is not None
            assert known.digest == old.digest  # not in force before every value has moved
        store.left = None
        adopt(store, new)
        require(store, new)
        assert seq(store) == before + moves  # nothing twice
        for identifier, (status, category) in wanted.items():
            now = values(store, identifier)
            assert (now[STATUS], now.get(CATEGORY)) == (status, category)
            assert fold(history(store, identifier)) == now
    finally:
        adoption.BATCH = batch  # type: ignore[misc]
        store.close()


# -------------------------------------------------------------------------------------------------------------------- sync
def _binding(name: str, wait: str, network: str) -> Binding:
    """A platform that says waiting as 3 and hardware as "hw", whatever the practice calls them."""
    small = small_binding(name)
    fields = {
        CATEGORY: FieldBinding(at="cat", native="cat", choices={network: "hw", "usage": "use"}),
        FieldId("title"): FieldBinding(at="short", native="short"),
    }
    statuses = {
        "awaiting_acceptance": StatusBinding(is_={"state": "1"}),
        "in_progress": StatusBinding(is_={"state": "2"}),
        wait: StatusBinding(is_={"state": "3"}),
        "closed": StatusBinding(is_={"state": "9"}),
    }
    practice_ = practice() if wait == "waiting_on_user" else practice(RENAMED, BECOMES)
    one = next(iter(small.collections.values()))
    return Binding(
        connection=ConnectionName(name),
        digest=f"{name}-{wait}-{network}",
        collections={
            "ticket": CollectionBinding(
                name="ticket", holds=None, fields=fields, statuses=statuses, messages=one.messages, cross_reference=None
            )
        },
        fields=practice_.fields,
        statuses=practice_.statuses,
    )


@pytest.mark.parametrize("history_", ["full", "none"])
def test_after_a_rename_sync_loses_and_doubles_nothing(store: Store, clock: TurnedTime, history_: str) -> None:
    old, new = practice(), practice(RENAMED, BECOMES)
    adopt(store, old)
    platforms = {
        name: MemoryPlatform(name=name, now=clock, switches=Switches(history=history_), seed=number)  # type: ignore[arg-type]
        for number, name in enumerate(("a", "b"))
    }

    def sync(practice_: Practice, bind: Callable[[str], Binding]) -> Any:
        clock.advance(timedelta(minutes=10))
        sides = {
            ConnectionName(name): Side(
                name=ConnectionName(name),
                connection=MemoryConnection(platform, small_mapper),
                binding=bind(name),
                mapper=small_mapper(bind(name)),
                access="write",
            )
            for name, platform in platforms.items()
        }
        engine = Engine(
            store=store,
            sides=sides,
            routes=[Route(id="all", when=None, among=tuple(sides))],
            fields=practice_.fields,
            statuses=practice_.statuses,
            practice_digest=practice_.digest,
            since=START - timedelta(days=1),
            guard=Guard(update_records=10_000, max_notices=10_000),
            now=clock,
        )
        return engine.run()

    def before(name: str) -> Binding:
        return _binding(name, "waiting_on_user", "hardware")

    def after(name: str) -> Binding:
        return _binding(name, "waiting_for_user", "software")

    hands = MemoryHands(platforms["a"], small_mapper(before("a")))
    hands.create("ticket", {FieldId("title"): "VPN", STATUS: "waiting_on_user", CATEGORY: "hardware"}, by="li")
    hands.create("ticket", {FieldId("title"): "Mail", STATUS: "in_progress", CATEGORY: "usage"}, by="li")
    hands.create("ticket", {FieldId("title"): "Done", STATUS: "closed", CATEGORY: "hardware"}, by="li")
    sync(old, before)
    sync(old, before)
    stands = {name: records(platform) for name, platform in platforms.items()}
    writes = seq(store)
    carried = adopt(store, new)
    assert {(one.value, one.into) for one in carried} == {("waiting_on_user", "waiting_for_user"), ("hardware", "software")}
    moved = seq(store)
    assert moved == writes + 2
    # nothing changes on any platform, and no open inquiry hears of it again
    for _ in range(3):
        report = sync(new, after)
        assert not report.conflicts
    assert {name: records(platform) for name, platform in platforms.items()} == stands
    # one closed long ago takes the new word once its record is read again, as after any change of a binding
    (event,) = late(store, moved)
    assert event.inquiry == inquiry_of(store, "Done")
    assert (event.field, event.old, event.new, event.source) == (CATEGORY, "hardware", "software", f"practice:{new.digest}")
    # and the desk works on in the new words
    MemoryHands(platforms["b"], small_mapper(after("b"))).edit(ref_of(platforms["b"], "VPN"), {STATUS: "in_progress"}, by="li")
    sync(new, after)
    sync(new, after)
    assert {
        record.fields["state"]
        for platform in platforms.values()
        for record in platform.records.values()
        if record.fields["short"] == "VPN"
    } == {"2"}


def records(platform: MemoryPlatform) -> dict[Any, Any]:
    return {key: (record.fields, record.version) for key, record in platform.records.items()}


def late(store: Store, after: int) -> list[Event]:
    from deskweave.store.events import events_after

    with store.read() as tx:
        return events_after(tx, after, 1000)


def inquiry_of(store: Store, title: str) -> InquiryId:
    with store.read() as tx:
        rows = [InquiryId(row[0]) for row in tx.exec_driver_sql("SELECT id FROM inquiry")]
        return next(one for one, doc in load_documents(tx, rows).items() if doc.values.get(FieldId("title")) == title)


def ref_of(platform: MemoryPlatform, title: str) -> Ref:
    return next(Ref(*key) for key, record in platform.records.items() if record.fields["short"] == title)
