"""Doors: the moments of a run at which something can happen to it, before and after every call and every commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from deskweave.store import Store
from deskweave.store.lease import Lease
from deskweave.testing.memory import Crash


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

    def locked_by(self, file: Path) -> HookedStore:
        """Hold a lock file for the length of a run, as a store on disk does; answers the store as another process has it."""
        self._lease = Lease(file)
        other = HookedStore(self.engine, None, now=self.now, entropy=self._entropy)
        other._lease, other._install = Lease(file), self.install
        return other

    @property
    def rows_written(self) -> int:
        with self.engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            return int(raw.total_changes)


@dataclass(slots=True)
class Plan:
    """What is to happen at the k-th door of a run, or at the next one of a name."""

    at: int | str
    act: Callable[[], None]


def crash() -> None:
    raise Crash
