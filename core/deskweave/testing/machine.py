"""A stateful machine: people edit on every platform while the engine is crashed, cut off and raced. Run it with hypothesis.

Properties, checked when things are let to settle:
P0 it becomes quiet. P1 nothing is lost, nothing doubled. P2 every platform says what the inquiry says, in its own words.
P3 every value somebody wrote is final, was knowingly overwritten, or is in the conflict log. P4 a quiet run writes nothing
remotely. P5 there is no echo storm. P6 a quiet run writes one row per connection. P7 there is no false conflict. P8 tokens only
rise. P13 a platform that can say less changes nothing by saying it. P14 messages keep their order. And the document is the fold of
its events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any, Final

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from deskweave.connector import Plant, Ref
from deskweave.ledger import fold
from deskweave.model import Binding, ConnectionName, FieldId, InquiryId, Route, Value, Visibility
from deskweave.store import Store, tables
from deskweave.store.events import events_of
from deskweave.store.inquiries import load_documents
from deskweave.store.links import links_of
from deskweave.store.values import decode
from deskweave.sync import Engine, Guard, Side, SyncReport, Timing
from deskweave.sync.merge import same
from deskweave.testing.memory import (
    FIELDS,
    STATUSES,
    Crash,
    MemoryConnection,
    MemoryHands,
    MemoryPlatform,
    Switches,
    small_binding,
    small_mapper,
)
from deskweave.testing.memory.hands import whole
from deskweave.testing.memory.platform import US, Comment

START: Final = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
FAULTS: Final = ("lost_request", "late_request", "lost_answer", "lost_answer", "limited", "down", "limited_class")
WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "title": ("alpha one", "alpha two", "beta", "gamma ray", "delta"),
    "detail": ("long text", "other text", "third\ntext"),
    "priority": ("low", "medium", "high"),
    "status": ("waiting", "working", "asking", "closed"),
}
NATIVE: Final = {"title": "short", "detail": "long", "priority": "prio", "status": "state"}  #: as the small binding has them


class HookedStore(Store):
    """A store with a door before and after every commit."""

    door: Callable[[str], None] | None = None

    def write(self) -> AbstractContextManager[sa.Connection]:
        return self._hooked()

    @contextmanager
    def _hooked(self) -> Iterator[sa.Connection]:
        self._pass("begin")
        with super().write() as tx:
            yield tx
            self._pass("before commit")
        self._pass("after commit")

    def _pass(self, where: str) -> None:
        if self.door is not None:
            self.door(where)

    @property
    def rows_written(self) -> int:
        with self.engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            return int(raw.total_changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One value a person wrote, what stood there when they did, and how matters stood.

    `agreed` is what the engine held for agreed with each platform then, `said` what each showed; `sent` are
    values of ours under way there or without an answer. Empty where the engine did not know the record.
    """

    number: int
    platform: str
    ref: Ref
    field: FieldId
    shown: Value
    wrote: Value
    agreed: Mapping[str, Value]
    said: Mapping[str, Value]
    sent: tuple[Value, ...]
    raced: bool  #: at a door of a run
    lines: int  #: so many changes had been made on that platform


@dataclass(slots=True)
class Plan:
    """What is to happen at the k-th door of a run, or at the next one of a name."""

    at: int | str
    act: Callable[[], None]


class SyncMachine(RuleBasedStateMachine):
    """Platforms joined by an engine under attack. Subclasses change what they attack (`kinds`, `sides`)."""

    sides: tuple[str, ...] = ("a", "b")
    racing = True  #: people edit between the calls of a run
    most_records = 7
    pinned: Mapping[str, Any] = {}  #: switches that are not drawn
    wrong: tuple[str, ...] = ("crash", "crash", "edit", "edit", "edit", "tick")  #: what happens at a door, drawn evenly
    losses: tuple[str, ...] = FAULTS  #: what happens to calls
    edited: tuple[str, ...] = ("title", "title", "priority", "status", "status")  #: fields people change
    talkative = False  #: people say more than they change
    races = 1  #: so many in a row; with more than one, an inquiry stands on every platform from the start

    def __init__(self) -> None:
        super().__init__()
        self.at = START
        self.doors = 0
        self.plans: list[Plan] = []
        self.deeds: list[Deed] = []
        self.spoken: list[tuple[str, str, Visibility]] = []
        self.faults = 0
        self.edits = 0
        self.running = False
        self.tokens: dict[str, int] = {}
        self.random = Random(0)
        store = HookedStore.open(":memory:", now=self.now, entropy=self.random.randbytes)
        assert isinstance(store, HookedStore)
        self.store: HookedStore = store
        self.store.door = self.door
        self.platforms: dict[str, MemoryPlatform] = {}
        self.bindings: dict[str, Binding] = {}

    def now(self) -> datetime:
        return self.at

    def teardown(self) -> None:
        try:
            if self.platforms:
                self.settle()
        finally:
            self.store.close()

    # -------------------------------------------------------------------------------------------------------------- set-up
    @initialize(data=st.data())
    def build(self, data: st.DataObject) -> None:
        for number, name in enumerate(self.sides):
            self.platforms[name] = MemoryPlatform(
                name=name,
                now=self.now,
                switches=data.draw(self.switches(), label=name),
                seed=number,
                hook=partial(self.door_of, name),
            )
            self.bindings[name] = small_binding(
                name,
                title_length=data.draw(st.sampled_from([None, 5])),
                coarse=data.draw(st.booleans()),
                cross_reference=data.draw(st.sampled_from([None, "links"])),
            )

        if self.races > 1:
            self.create(data)
            for _ in range(3):
                self.at += timedelta(seconds=200)
                self._run()

    def switches(self) -> st.SearchStrategy[Switches]:
        """Habits to draw from; subclasses pin some of them down by `pinned`."""
        free: dict[str, st.SearchStrategy[Any]] = dict(
            ordered=st.booleans(),
            scan=st.sampled_from([False, False, True]),
            precision=st.sampled_from([timedelta(milliseconds=1), timedelta(seconds=1), timedelta(minutes=1)]),
            index_lag=st.sampled_from([timedelta(0), timedelta(seconds=20), timedelta(minutes=3)]),
            history=st.sampled_from(["full", "none"]),
            conditions=st.booleans(),
            plant=st.sampled_from([Plant.ATOMIC, Plant.KEY, Plant.UPSERT]),
            find=st.sampled_from(["strong", "lagging"]),
            messages=st.sampled_from(["feed", "per_record"]),
            message_plant=st.sampled_from([Plant.ATOMIC, Plant.AFTER, Plant.KEY]),
            unreadable=st.sampled_from([frozenset(), frozenset(), frozenset({"long"})]),
            tells=st.sampled_from([True, True, False]),
            page=st.sampled_from([1, 3, 50]),
            batch=st.sampled_from([1, 5]),
        )
        return st.builds(Switches, **{**free, **{name: st.just(value) for name, value in self.pinned.items()}})

    def engine(self) -> Engine:
        names = [ConnectionName(name) for name in self.platforms]
        return Engine(
            store=self.store,
            sides={
                name: Side(
                    name=name,
                    connection=MemoryConnection(self.platforms[name], small_mapper),
                    binding=self.bindings[name],
                    mapper=small_mapper(self.bindings[name]),
                    access="write",
                )
                for name in names
            },
            routes=[Route(id="all", when=None, among=tuple(names))],
            fields=FIELDS,
            statuses=STATUSES,
            practice_digest="p",
            since=START - timedelta(days=1),
            guard=Guard(update_records=10_000, max_notices=10_000),
            timing=Timing(war_after=10_000),  # people here change one field more often than rules do elsewhere
            now=self.now,
        )

    def hands(self, name: str) -> MemoryHands:
        return MemoryHands(self.platforms[name], small_mapper(self.bindings[name]))

    def door_of(self, name: str, where: str) -> None:
        self.door(f"{name} {where}")

    def door(self, where: str) -> None:
        self.doors += 1
        # an edit looks into the store for what was agreed: not within a transaction, and behind it is the same to a platform
        reached = [plan for plan in self.plans if (where == plan.at if isinstance(plan.at, str) else plan.at <= self.doors)]
        due = [plan for plan in reached if plan.act is _crash or where != "before commit"]
        self.plans = [plan for plan in self.plans if plan not in due]
        for plan in due:
            plan.act()

    # --------------------------------------------------------------------------------------------------------------- people
    @precondition(lambda self: sum(len(platform.records) for platform in self.platforms.values()) < self.most_records)
    @rule(data=st.data())
    def create(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.platforms)))
        values: dict[FieldId, Value] = {
            FieldId(field): data.draw(st.sampled_from(words)) for field, words in WORDS.items() if field != "detail"
        }
        ref = self.hands(name).create("ticket", values, "someone")
        self._wrote(name, ref, {}, self.hands(name).shows(ref))

    @precondition(lambda self: any(platform.records for platform in self.platforms.values()))
    @rule(data=st.data())
    def edit(self, data: st.DataObject) -> None:
        self._edit(*self._draw_edit(data))

    @precondition(lambda self: any(platform.records for platform in self.platforms.values()))
    @rule(data=st.data(), visibility=st.sampled_from(list(Visibility)))
    def speak(self, data: st.DataObject, visibility: Visibility) -> None:
        name = data.draw(st.sampled_from(sorted(name for name, platform in self.platforms.items() if platform.records)))
        key = data.draw(st.sampled_from(sorted(self.platforms[name].records)))
        for _ in range(data.draw(st.integers(1, 3)) if self.talkative else 1):
            text = f"message {len(self.spoken)}"
            self.spoken.append((name, text, visibility))
            self.hands(name).write(Ref(*key), visibility, text, "someone")
            self.at += timedelta(seconds=1)

    @precondition(lambda self: len(self.platforms) > 1 and all(platform.records for platform in self.platforms.values()))
    @rule(data=st.data())
    def disagree(self, data: st.DataObject) -> None:
        """Two people change one inquiry on two platforms before either can see the other."""
        places = self._joined(data)
        if places:
            field = FieldId(data.draw(st.sampled_from(["title", "priority", "status"])))
            for name, ref in places[:2]:
                self._change(name, ref, field, data.draw(st.sampled_from(WORDS[field])))

    @precondition(lambda self: self.racing and len(self.platforms) > 1)
    @rule(data=st.data(), seconds=st.sampled_from([1, 61, 200]))
    def race(self, data: st.DataObject, seconds: int) -> None:
        """One changes an inquiry, and while a run carries that, another changes it where it is carried to."""
        for _ in range(self.races):
            places = self._joined(data)
            if places:
                self._race(data, data.draw(st.permutations(places[:2])), seconds)

    def _race(self, data: st.DataObject, places: Sequence[tuple[str, Ref]], seconds: int) -> None:
        (here, ref), (there, other) = places
        field = FieldId(data.draw(st.sampled_from(self.edited)))
        self._change(here, ref, field, data.draw(st.sampled_from(WORDS[field])))
        self.at += timedelta(seconds=seconds)
        field = FieldId(data.draw(st.sampled_from(self.edited)))
        value = data.draw(st.sampled_from(WORDS[field]))
        when = data.draw(st.sampled_from(("after records.fetch", "before sink.patch", "")))
        at = f"{there} {when}" if when else self.doors + data.draw(st.integers(1, 40))
        self.plans = [Plan(at, partial(self._change, there, other, field, value))]
        if data.draw(st.integers(0, 3)) == 0:
            self.platforms[there].faults.append(data.draw(st.sampled_from(self.losses)))
            self.faults += 1
        self._run()

    def _joined(self, data: st.DataObject) -> list[tuple[str, Ref]]:
        """The records of one inquiry that stands on several platforms; none: there is no such yet."""
        with self.store.read() as tx:
            rows = tx.execute(
                sa.select(tables.link.c.inquiry, tables.link.c.conn, tables.link.c.collection, tables.link.c.rid).where(
                    tables.link.c.kind == "inquiry", tables.link.c.rid.is_not(None)
                )
            ).all()
        homes: dict[str, list[tuple[str, Ref]]] = {}
        for row in rows:
            homes.setdefault(row.inquiry, []).append((row.conn, Ref(row.collection, row.rid)))
        joined = sorted(key for key, places in homes.items() if len(places) > 1)
        return sorted(homes[data.draw(st.sampled_from(joined))], key=lambda place: place[0]) if joined else []

    def _draw_edit(self, data: st.DataObject) -> tuple[str, int, FieldId, str]:
        name = data.draw(st.sampled_from(sorted(self.platforms)))
        field = data.draw(st.sampled_from(self.edited))
        return name, data.draw(st.integers(0, 30)), FieldId(field), data.draw(st.sampled_from(WORDS[field]))

    def _edit(self, name: str, which: int, field: FieldId, value: str) -> None:
        platform = self.platforms[name]
        if not platform.records:
            return
        keys = sorted(platform.records)
        self._change(name, Ref(*keys[which % len(keys)]), field, value)

    def _change(self, name: str, ref: Ref, field: FieldId, value: str) -> None:
        before = dict(self.hands(name).shows(ref))
        if same(before.get(field), value):
            return
        self.hands(name).edit(ref, {field: value}, "someone")
        self._wrote(name, ref, before, {field: self.hands(name).shows(ref).get(field)})

    def _wrote(self, name: str, ref: Ref, before: Mapping[FieldId, Value], after: Mapping[FieldId, Value]) -> None:
        self.edits += 1
        for field, value in after.items():
            if field != "submitted_at" and not same(before.get(field), value):
                agreed, said, sent = self._state_of(name, ref, field)
                self.deeds.append(
                    Deed(
                        number=len(self.deeds),
                        platform=name,
                        ref=ref,
                        field=field,
                        shown=before.get(field),
                        wrote=value,
                        agreed=agreed,
                        said=said,
                        sent=sent,
                        raced=self.running,
                        lines=len(self.platforms[name].lines),
                    )
                )

    def _state_of(self, name: str, ref: Ref, field: FieldId) -> tuple[dict[str, Value], dict[str, Value], tuple[Value, ...]]:
        with self.store.read() as tx:
            inquiry = tx.execute(
                sa.select(tables.link.c.inquiry).where(tables.link.c.conn == name, tables.link.c.rid == ref.rid)
            ).scalar()
            links = [] if inquiry is None else links_of(tx, [InquiryId(inquiry)])[InquiryId(inquiry)]
        known = [one for one in links if one.rid is not None]
        return (
            {one.conn: one.base.get(field) for one in known},
            {one.conn: self.hands(one.conn).shows(Ref(one.collection, str(one.rid))).get(field) for one in known},
            tuple(value for one in known if one.conn == name for value in one.may_have_written(field)),
        )

    @rule(seconds=st.sampled_from([1, 20, 61, 200]))
    def tick(self, seconds: int) -> None:
        self.at += timedelta(seconds=seconds)

    # --------------------------------------------------------------------------------------------------------------- engine
    @rule(data=st.data())
    def sync(self, data: st.DataObject) -> None:
        """One run, with whatever goes wrong in it."""
        self.plans = []
        for _ in range(data.draw(st.integers(0, 3))):
            kind = data.draw(st.sampled_from(self.wrong))
            at = self.doors + data.draw(st.integers(1, 25))
            if kind == "crash":
                self.plans.append(Plan(at, _crash))
            elif kind == "tick":
                self.plans.append(Plan(at, lambda: self.tick_by(15)))
            else:
                self._plan_race(at, data)
        for _ in range(data.draw(st.integers(0, 2))):
            name = data.draw(st.sampled_from(sorted(self.platforms)))
            self.platforms[name].faults.append(data.draw(st.sampled_from(self.losses)))
            self.faults += 1
        self._run()

    def _plan_race(self, at: int, data: st.DataObject) -> None:
        name, which, field, value = self._draw_edit(data)
        if self.racing:
            self.plans.append(Plan(at, lambda: self._edit(name, which, field, value)))

    def tick_by(self, seconds: int) -> None:
        self.at += timedelta(seconds=seconds)

    def _run(self) -> SyncReport | None:
        self.running = True
        try:
            return self.engine().run()
        except Crash:
            self.faults += 1
            return None
        finally:
            self.plans, self.running = [], False

    @invariant()
    def tokens_only_rise(self) -> None:
        with self.store.read() as tx:
            for row in tx.execute(sa.select(tables.link.c.id, tables.link.c.token)):
                assert row.token >= self.tokens.get(row.id, 0), "P8: a token went back"
                self.tokens[row.id] = row.token

    # ------------------------------------------------------------------------------------------------------------ settling
    def settle(self) -> None:
        """No more faults: let it become quiet, then look at everything."""
        self.plans = []
        for platform in self.platforms.values():
            platform.faults.clear()
        quiet = 0
        for _ in range(40):
            self.at += timedelta(seconds=120)
            before = self.calls_that_wrote()
            report = self._run()
            assert report is not None
            assert report.rounds < 12, "P0: a run does not come to an end"
            late = any(platform.late for platform in self.platforms.values())
            idle = report.written == 0 and report.waiting == 0 and self.calls_that_wrote() == before and not report.failed
            quiet = quiet + 1 if idle and not late else 0
            if quiet == 2:
                break
        else:
            raise AssertionError("P0: not quiet after 40 rounds")
        self.check_quiet()
        self.check_bijection()
        self.check_values()
        self.check_messages()

    def calls_that_wrote(self) -> int:
        return sum(platform.writes for platform in self.platforms.values())

    def check_quiet(self) -> None:
        self.at += timedelta(seconds=120)
        writes, rows = self.calls_that_wrote(), self.store.rows_written
        self._run()
        assert self.calls_that_wrote() == writes, "P4: a quiet run wrote remotely"
        assert self.store.rows_written - rows == len(self.platforms), "P6: a quiet run wrote rows beside its heartbeats"
        others = len(self.platforms)
        most = 3 * others * (self.edits + len(self.spoken)) + 3 * self.faults + 8
        assert writes <= most, f"P5: {writes} writes for {self.edits} edits, {len(self.spoken)} messages, {self.faults} faults"

    def check_bijection(self) -> None:
        with self.store.read() as tx:
            ids = [InquiryId(one) for one in tx.execute(sa.select(tables.inquiry.c.id)).scalars()]
            links = links_of(tx, ids)
            for identifier, document in load_documents(tx, ids).items():
                assert fold(events_of(tx, identifier)) == document.values, "the document is not the fold of its events"
        for identifier in ids:
            where = sorted(link.conn for link in links[identifier] if link.state == "live" and link.rid is not None)
            assert where == sorted(self.platforms), f"P1: an inquiry stands on {where}"
        for name, platform in self.platforms.items():
            assert len(platform.records) == len(ids), f"P1: {len(platform.records)} records on {name} for {len(ids)} inquiries"

    def check_values(self) -> None:
        with self.store.read() as tx:
            ids = [InquiryId(one) for one in tx.execute(sa.select(tables.inquiry.c.id)).scalars()]
            documents, links = load_documents(tx, ids), links_of(tx, ids)
            conflicts = tx.execute(sa.select(tables.conflict)).all()
            events = {one: events_of(tx, one) for one in ids}
        home: dict[tuple[str, str], InquiryId] = {}
        for identifier in ids:
            for link in links[identifier]:
                home[link.conn, str(link.rid)] = identifier
                self._agrees(link.conn, Ref(link.collection, str(link.rid)), documents[identifier].values)
        deeds: dict[tuple[InquiryId, FieldId], list[Deed]] = {}
        for deed in self.deeds:
            deeds.setdefault((home[deed.platform, deed.ref.rid], deed.field), []).append(deed)
        logged: dict[tuple[InquiryId, FieldId], list[Value]] = {}
        for row in conflicts:
            key = InquiryId(row.inquiry), FieldId(row.field)
            ours, theirs = decode(row.ours), decode(row.theirs)
            logged.setdefault(key, []).extend([ours, theirs])
            loser = theirs if row.winner == "ours" else ours
            written = [one for deed in deeds.get(key, []) for one in self._words(deed.field, deed.wrote)]
            assert any(same(loser, one) for one in written), f"P7: nobody wrote the losing value {loser!r} of {row.field}"
        for (inquiry, field), every in deeds.items():
            final = documents[inquiry].values.get(field)
            assert any(same(final, deed.wrote) for deed in every), f"P13: nobody wrote {final!r} into {field}"
            for deed in every:
                stood = any(event.field == field and same(event.new, deed.wrote) for event in events[inquiry])
                if not (stood and self._alike(deed, every)) and not self._unseen(deed) and not self._put_back(deed, every):
                    self._kept(deed, every, final, logged.get((inquiry, field), []))

    def _agrees(self, name: str, ref: Ref, values: Mapping[FieldId, Value]) -> None:
        mapper, platform = small_mapper(self.bindings[name]), self.platforms[name]
        says = mapper.read(whole(platform.records[ref.collection, ref.rid])).values
        hidden = {"long": FieldId("detail")}
        for field, wanted in mapper.project(ref.collection, values).values.items():
            if field == "submitted_at" or field in {hidden[one] for one in platform.switches.unreadable}:
                continue
            assert same(says.get(field), wanted), f"P2: {name} says {says.get(field)!r} where {wanted!r} is meant ({field})"

    def _words(self, field: FieldId, value: Value) -> list[Value]:
        """How each platform would say a value."""
        said = [value]
        for name in self.platforms:
            said.append(small_mapper(self.bindings[name]).project("ticket", {field: value}).values.get(field))
        return said

    def _alike(self, deed: Deed, every: list[Deed]) -> bool:
        """The accepted limit of a merge in the platform's view: another platform says this value just as what is agreed with it.

        Either it has one word for both, or the inquiry has come back to the value its people were shown. It says nothing there,
        so what its people write next replaces it without a conflict. The value has to stand in the events.
        """
        for name in deed.agreed.keys() - {deed.platform}:
            mapper = small_mapper(self.bindings[name])
            shown = mapper.project("ticket", {deed.field: deed.wrote}).values.get(deed.field)
            if same(deed.agreed[name], shown) and not same(deed.said[name], shown):
                return True
            if any(
                one.platform == name and one.number > deed.number and name in one.agreed and same(one.agreed[name], shown)
                for one in every
            ):
                return True
        return False

    def _put_back(self, deed: Deed, every: list[Deed]) -> bool:
        """A value put back to what was agreed before anybody looked: observations are merged, not edits, so nothing was changed.

        Somebody elsewhere who was shown that value, in either platform's words, and whose word had not been carried here then, may
        replace it. Not where a write of ours was unanswered: there it may be a person's word against ours. But a value that is just
        what we had sent is taken for our own coming back (the merge's rule for values in flight), and agrees with us likewise.
        """
        echoed = any(same(one, deed.wrote) for one in deed.sent)
        if not echoed and (deed.sent or not same(deed.agreed.get(deed.platform), deed.wrote)):
            return False
        here = small_mapper(self.bindings[deed.platform])
        for one in every:
            if one.platform == deed.platform or one.platform not in deed.agreed or one.platform not in one.agreed:
                continue
            there = small_mapper(self.bindings[one.platform])
            shown = there.project("ticket", {deed.field: deed.wrote}).values.get(deed.field)
            known = [one.shown, one.agreed[one.platform]]
            knew = any(same(said, shown) for said in known) or any(
                same(here.project("ticket", {deed.field: said}).values.get(deed.field), deed.wrote) for said in known
            )
            carried = here.project("ticket", {deed.field: one.wrote}).values.get(deed.field)
            pending = one.number > deed.number or (same(deed.said[one.platform], one.wrote) and not same(carried, deed.wrote))
            if pending and knew:
                return True
        return False

    def _unseen(self, deed: Deed) -> bool:
        """The window a platform keeps that has neither conditions nor history: our write of this field replaced the value unseen.

        It was written while a run was between its look and its write, or a write of ours was still under way. The platform's own
        lines, which the engine cannot read there, have to show that it was our write that replaced it.
        """
        platform = self.platforms[deed.platform]
        if platform.switches.conditions or platform.switches.history != "none" or not (deed.sent or deed.raced):
            return False
        after = (
            line
            for line in platform.lines[deed.lines :]
            if (line.collection, line.rid) == (deed.ref.collection, deed.ref.rid) and line.field == NATIVE[deed.field]
        )
        replaced = next(after, None)
        return replaced is not None and replaced.by == US

    def _kept(self, deed: Deed, every: list[Deed], final: Value, logged: list[Value]) -> None:
        mapper = small_mapper(self.bindings[deed.platform])
        here = mapper.project("ticket", {deed.field: final}).values.get(deed.field)
        if same(here, deed.wrote) or any(
            same(deed.wrote, one) or same(one, here_) for one in logged for here_ in self._words(deed.field, deed.wrote)
        ):
            return
        for later in every:
            if later.number <= deed.number:
                continue
            shown = small_mapper(self.bindings[later.platform]).project("ticket", {deed.field: deed.wrote}).values.get(deed.field)
            said_here = mapper.project("ticket", {deed.field: later.shown}).values.get(deed.field)
            if same(later.shown, deed.wrote) or same(later.shown, shown) or same(said_here, deed.wrote):
                return  # they were shown it, or what stands for it on either platform
        raise AssertionError(
            f"P3: {deed.wrote!r} in {deed.field} on {deed.platform} is not final ({final!r}), was not knowingly overwritten, "
            "is in no conflict"
        )

    def check_messages(self) -> None:
        for name, text, visibility in self.spoken:
            for other, platform in self.platforms.items():
                found = [one for one in platform.comments if one.body == text or one.body.endswith(f"\n{text}")]
                assert len(found) == 1, f"P1: {text!r} of {name} stands {len(found)} times on {other}"
                assert found[0].visibility is visibility, "a message changed its visibility"
                assert (found[0].by == US) is (other != name)
                assert found[0].body.count(" UTC | ") == (1 if other != name else 0), "P18: a first line was carried twice"
        for other, platform in self.platforms.items():
            self._in_order(other, [one for one in platform.comments if one.by == US])

    def _in_order(self, other: str, carried: Sequence[Comment]) -> None:
        """What was said on one record stands in its order wherever it was carried to: an index that shows late may change it."""
        if any(platform.switches.index_lag or platform.switches.scan for platform in self.platforms.values()):
            return
        said = {text: number for number, (_, text, _) in enumerate(self.spoken)}
        homes = {text: name for name, text, _ in self.spoken}
        for rid in {one.rid for one in carried}:
            for name in self.platforms.keys() - {other}:
                texts = [one.body.rpartition("\n")[2] for one in carried if one.rid == rid]
                numbers = [said[text] for text in texts if homes[text] == name]
                assert numbers == sorted(numbers), f"P14: {texts} of {name} stand on {other} out of their order"


def _crash() -> None:
    raise Crash


def bind(machine: type[SyncMachine], **changes: Any) -> type[SyncMachine]:
    """A machine with other attributes, such as `sides`."""
    return type(machine.__name__, (machine,), changes)
