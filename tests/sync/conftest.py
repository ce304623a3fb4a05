"""Two or three platforms in memory, a store in memory, and an engine between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from deskweave.connector import Ref
from deskweave.model import Binding, ConnectionName, Route
from deskweave.store import Store
from deskweave.sync import Engine, Guard, Side, SyncReport
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

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
FREE = Guard(update_records=10_000, max_notices=10_000)


class Clock:
    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def turn(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class World:
    """Everything one test works with; `sync()` is a fresh engine each time, as after a restart."""

    clock: Clock
    store: Store
    platforms: dict[str, MemoryPlatform]
    bindings: dict[str, Binding]
    routes: Sequence[Route]
    access: Mapping[str, str] = field(default_factory=dict)
    since: datetime = START - timedelta(days=1)
    guard: Guard = FREE
    more: dict[str, Any] = field(default_factory=dict)
    fields: Mapping[Any, Any] = field(default_factory=lambda: FIELDS)
    mapper: Callable[[Binding], Any] = small_mapper
    connection: Callable[..., MemoryConnection] = MemoryConnection

    def engine(self) -> Engine:
        sides = {
            ConnectionName(name): Side(
                name=ConnectionName(name),
                connection=self.connection(platform, self.mapper),
                binding=self.bindings[name],
                mapper=self.mapper(self.bindings[name]),
                access=self.access.get(name, "write"),
            )
            for name, platform in self.platforms.items()
        }
        return Engine(
            store=self.store,
            sides=sides,
            routes=self.routes,
            fields=self.fields,
            statuses=STATUSES,
            practice_digest="p1",
            since=self.since,
            guard=self.guard,
            now=self.clock,
            **self.more,
        )

    def sync(self, seconds: float = 0) -> SyncReport:
        self.clock.turn(seconds)
        return self.engine().run()

    def crash_at(self, left: list[int] | None) -> None:
        """Kill the engine at the door of the k-th call or commit from now, `[k]`; None: no more."""
        plain = type(self.store).write

        def strike(_: object = None) -> None:
            if left is not None:
                left[0] -= 1
                if left[0] < 0:
                    raise Crash

        @contextmanager
        def write() -> Iterator[Any]:
            with plain(self.store) as tx:
                yield tx
                strike()
            strike()

        for platform in self.platforms.values():
            platform.hook = strike
        self.store.__dict__.pop("write", None)
        if left is not None:
            self.store.__dict__["write"] = write

    def hands(self, name: str) -> MemoryHands:
        return MemoryHands(self.platforms[name], self.mapper(self.bindings[name]))

    def refs(self, name: str) -> list[Ref]:
        return [Ref(*key) for key in self.platforms[name].records]


def make_world(
    *,
    names: Sequence[str] = ("a", "b"),
    switches: Mapping[str, Switches] | None = None,
    bindings: Mapping[str, Binding] | None = None,
    **more: Any,
) -> World:
    """Platforms of these names and an empty store; whoever calls closes it."""
    clock = Clock()
    random = Random(7)
    platforms = {
        name: MemoryPlatform(name=name, now=clock, switches=(switches or {}).get(name, Switches()), seed=number)
        for number, name in enumerate(names)
    }
    routes = more.pop("routes", [Route(id="all", when=None, among=tuple(ConnectionName(name) for name in names))])
    return World(
        clock=clock,
        store=Store.open(":memory:", now=clock, entropy=random.randbytes),
        platforms=platforms,
        bindings={name: (bindings or {}).get(name, small_binding(name)) for name in names},
        routes=routes,
        **more,
    )


@pytest.fixture
def world() -> Iterator[Callable[..., World]]:
    made: list[Store] = []

    def make(**how: Any) -> World:
        found = make_world(**how)
        made.append(found.store)
        return found

    yield make
    for store in made:
        store.close()


@pytest.fixture(scope="session")
def new_world() -> Callable[..., World]:
    """As `world`, for examples of one test: each closes its own store."""
    return make_world
