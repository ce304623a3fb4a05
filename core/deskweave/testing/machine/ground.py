"""What the machine stands on: a clock, a store, platforms, and an engine made anew for every run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Final, Literal

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant

from deskweave.connector import Plant, RateClass
from deskweave.errors import SafetyStop
from deskweave.http import MemoryBudget
from deskweave.model import Binding, ConnectionName, FieldId, Policy, Route
from deskweave.store import tables
from deskweave.store.lease import LeaseLost
from deskweave.sync import Engine, Guard, Side, SyncReport, Timing
from deskweave.sync.stops import GuardStop
from deskweave.testing.machine.door import HookedStore, Plan, crash
from deskweave.testing.machine.witness import DONE
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
from deskweave.testing.memory.platform import Passed

#: What an example may have beside what every one has; a few are drawn for each.
WEATHER: Final[Mapping[str, str]] = {
    "budget": "calls are counted, by us and by the platform",
    "deaf": "a field is written with success and keeps what it had",
    "deletes": "people delete records and take them back out of the bin",
    "late history": "lines of history show late",
    "order": "what is settled is settled once more with the sides in the opposite order",
    "plants": "a create carries no mark, or gets it by a second call",
    "policies": "platforms own fields, fill them once, or let them only be read",
    "reads": "reading calls fail, and listings stay where they are",
    "refusals": "a rule refuses a value for as long as nobody mends it",
    "remaps": "a binding is changed, and nothing is written before somebody has seen the plan",
    "routes": "an inquiry exists on some platforms only while it says so",
    "second": "another engine is started on the same store",
    "skew": "the platforms' clocks are not ours",
    "unversioned": "records have no version",
    "withheld": "titles never go to one platform",
}
START: Final = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
RULED: Final = (FieldId("title"), FieldId("priority"), FieldId("status"))  #: fields a policy is drawn for
REFUSED: Final = (
    frozenset[tuple[str, str]](),
    frozenset({("short", "beta")}),
    frozenset({("prio", "1")}),
    frozenset({("state", "9")}),
)


class Ground(RuleBasedStateMachine):
    """Platforms joined by an engine. Subclasses say what happens to them."""

    sides: tuple[str, ...] = ("a", "b")
    pinned: Mapping[str, Any] = {}  #: switches that are not drawn
    swarm: tuple[str, ...] = tuple(WEATHER)  #: of these every example has up to two
    always: tuple[str, ...] = ()  #: every example has these
    PAUSE: Final = timedelta(seconds=120)  #: between two runs that let things settle
    tally: ClassVar[Counter[str]] = Counter()  #: over all examples: values that were judged, and how often each excuse was taken

    def __init__(self) -> None:
        super().__init__()
        self.at = START
        self.doors = 0
        self.sends = 0  #: writing calls
        self.plans: list[Plan] = []
        self.faults = 0
        self.running = False
        self.tokens: dict[str, int] = {}
        self.random = Random(0)
        store = HookedStore.open(":memory:", now=self.now, entropy=self.random.randbytes)
        assert isinstance(store, HookedStore)
        self.store: HookedStore = store
        self.store.door = self.door
        self.platforms: dict[str, MemoryPlatform] = {}
        self.bindings: dict[str, Binding] = {}
        self.routes: list[Route] = []
        self.on: frozenset[str] = frozenset()
        self.skews: dict[str, timedelta] = {}
        self.budgets: dict[str, MemoryBudget] = {}
        self.begun: list[datetime] = []  #: when processes began: what one has counted the next does not know
        self.folder: TemporaryDirectory[str] | None = None
        self.other: HookedStore | None = None  #: the store as another process has it open
        self.taken_over = False  #: in this run
        self.remapped = False  #: a binding was changed, and nobody has seen what follows from it

    def now(self) -> datetime:
        return self.at

    def build(self, data: st.DataObject) -> None:
        """Platforms with habits and bindings of their own."""
        drawn = data.draw(st.lists(st.sampled_from(self.swarm), max_size=2, unique=True), label="weather") if self.swarm else []
        self.on = frozenset([*drawn, *self.always])
        for number, name in enumerate(self.sides):
            if "skew" in self.on:
                self.skews[name] = timedelta(seconds=data.draw(st.sampled_from([0, -200, 200])))
            self.platforms[name] = MemoryPlatform(
                name=name,
                now=partial(self.clock_of, name),
                switches=data.draw(self.switches(), label=name),
                seed=number,
                hook=partial(self.door_of, name),
            )
            self.bindings[name] = small_binding(
                name,
                title_length=data.draw(st.sampled_from([None, 5])),
                coarse=data.draw(st.booleans()),
                cross_reference=data.draw(st.sampled_from([None, "links"])),
                policies=data.draw(st.dictionaries(st.sampled_from(RULED), st.sampled_from(Policy)))
                if "policies" in self.on
                else None,
            )
            if "budget" in self.on:
                self.platforms[name].rates = [RateClass("calls", data.draw(st.sampled_from([15, 40])), timedelta(minutes=1))]
            if "refusals" in self.on:
                self.platforms[name].refuses = data.draw(st.sampled_from(REFUSED))
        self.routes = self.draw_routes(data)
        if "second" in self.on:
            self.folder = TemporaryDirectory()
            self.other = self.store.locked_by(Path(self.folder.name) / "store.lock")
        self.restart()

    def draw_routes(self, data: st.DataObject) -> list[Route]:
        """One for all, but for the last platform where the weather says so."""
        *most, last = every = tuple(ConnectionName(name) for name in self.sides)
        withhold = {last: frozenset({FieldId("title")})} if "withheld" in self.on else {}
        if "routes" not in self.on:
            return [Route(id="all", when=None, among=every, withhold=withhold)]
        when = {"priority": {"in": data.draw(st.sampled_from([["high"], ["high", "medium"]]))}}
        afterwards: Literal["keep", "freeze"] = data.draw(st.sampled_from(["keep", "freeze"]))
        some = Route(id="some", when=when, among=(every[0], last), afterwards=afterwards, withhold=withhold)
        return [some, Route(id="most", when=None, among=tuple(most), withhold=withhold)]

    def clock_of(self, name: str) -> datetime:
        return self.at + self.skews.get(name, timedelta(0))

    def restart(self) -> None:
        """A new process: it has counted no calls yet."""
        self.begun.append(self.at)
        self.budgets = {name: MemoryBudget(platform.rates, now=self.now) for name, platform in self.platforms.items()}

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
        if "deaf" in self.on:
            free["deaf"] = st.sampled_from([frozenset(), frozenset({"short"}), frozenset({"prio"}), frozenset({"state"})])
        if "deletes" in self.on:
            free["absent"] = st.sampled_from(["gone", "gone", "gone", "hidden"])
        if "late history" in self.on:
            free["history_lag"] = st.sampled_from([timedelta(seconds=20), timedelta(minutes=5)])
        if "plants" in self.on:
            free["plant"] = st.sampled_from([Plant.NONE, Plant.AFTER])
        if "unversioned" in self.on:
            free["versions"] = st.sampled_from([False, True])
        return st.builds(Switches, **{**free, **{name: st.just(value) for name, value in self.pinned.items()}})

    def connection(self, name: str, platform: MemoryPlatform | None = None) -> MemoryConnection:
        connection = MemoryConnection(platform or self.platforms[name], small_mapper)
        connection.budget = self.budgets[name]
        return connection

    def engine(self, store: HookedStore | None = None, platforms: Mapping[str, MemoryPlatform] | None = None) -> Engine:
        platforms = platforms or self.platforms
        names = [ConnectionName(name) for name in platforms]
        return Engine(
            store=store or self.store,
            sides={
                name: Side(
                    name=name,
                    connection=self.connection(name, platforms[name]),
                    binding=self.bindings[name],
                    mapper=small_mapper(self.bindings[name]),
                    access="write",
                )
                for name in names
            },
            routes=self.routes,
            fields=FIELDS,
            statuses=STATUSES,
            practice_digest="p",
            since=START - timedelta(days=1),
            guard=Guard(update_records=10_000, delete_records=10_000, max_notices=10_000),
            timing=Timing(war_after=10_000),  # people here change one field more often than rules do elsewhere
            now=self.now,
        )

    def hands(self, name: str) -> MemoryHands:
        return MemoryHands(self.platforms[name], small_mapper(self.bindings[name]))

    def second(self) -> None:
        """Somebody starts another run on this store while one is under way: it is refused, and has done nothing."""
        assert self.other is not None
        rows, writes = self.store.rows_written, self.writes
        try:
            self.engine(self.other).run()
        except SafetyStop:
            assert (self.store.rows_written, self.writes) == (rows, writes), "a refused run did something"
        else:
            raise AssertionError("two runs on one store at the same time")

    def take_over(self) -> None:
        """The process of a run stands still for longer than its lease: another one's run takes the store over from it."""
        assert self.other is not None
        if self.taken_over:
            return
        self.taken_over = True
        self.tick_by(400)
        with suppress(SafetyStop):  # at its very first door the run has no lease yet that could pass
            self.engine(self.other).run()

    def door_of(self, name: str, where: str) -> None:
        self.sends += where.startswith(("before sink", "before messages.say"))
        self.door(f"{name} {where}")

    def door(self, where: str) -> None:
        self.doors += 1
        # an edit looks into the store for what was agreed: not within a transaction, and behind it is the same to a platform
        reached = [plan for plan in self.plans if (where == plan.at if isinstance(plan.at, str) else plan.at <= self.doors)]
        due = [plan for plan in reached if plan.act is crash or where != "before commit"]
        self.plans = [plan for plan in self.plans if plan not in due]
        for plan in due:
            plan.act()

    def tick_by(self, seconds: int) -> None:
        self.at += timedelta(seconds=seconds)

    def run(self) -> SyncReport | None:
        """One run of the engine; None: it was crashed."""
        self.running = True
        sends = self.sends
        try:
            report = self.engine().run()
            for name, platform in self.platforms.items():
                if report.connections[ConnectionName(name)].paused is None:
                    platform.passed.append(Passed(key=DONE, at=self.at))
            return report
        except GuardStop as stop:
            if not self.remapped or stop.rule != "guard-mapping":
                raise
            assert self.sends == sends, "a changed mapping was written by before anybody had seen what follows from it"
            return None
        except Crash:
            self.faults += 1
            self.restart()
            return None
        except LeaseLost:
            assert self.taken_over, "a lease was lost that nobody took"
            self.faults += 1
            return None
        except SafetyStop:
            if self.other is None:
                raise
            return None  # until the lease of a process has passed that took over and is gone; that it does is P0
        finally:
            self.plans, self.running, self.taken_over = [], False, False

    def look(self) -> None:
        """A person has a look at what would be written."""
        try:
            report = self.engine().plan().report
            self.remapped = any(part.paused is not None for part in report.connections.values())  # of those nothing was seen
        except Crash:
            self.faults += 1
            self.restart()
        finally:
            self.plans = []

    @invariant()
    def tokens_only_rise(self) -> None:
        with self.store.read() as tx:
            for row in tx.execute(sa.select(tables.link.c.id, tables.link.c.token)):
                assert row.token >= self.tokens.get(row.id, 0), "P8: a token went back"
                self.tokens[row.id] = row.token

    @property
    def writes(self) -> int:
        """Calls' items that took effect on any platform."""
        return sum(platform.writes for platform in self.platforms.values())
