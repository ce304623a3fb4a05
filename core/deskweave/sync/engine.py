"""The engine: pull, reconcile, push, until nothing is due now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from deskweave.connector import Connection, Mapper
from deskweave.model import Binding, ConnectionName, Field, FieldId, Inquiry, Route, StatusModel
from deskweave.model.desk import Amend, Hold, ObservedChange, PlannedWrite
from deskweave.store import Store
from deskweave.sync.report import Guard, SyncPlan, SyncReport, Timing


@dataclass(frozen=True, kw_only=True)
class Side:
    """One connection as the engine works with it. `access` "read": nothing is ever written there, not even a mark."""

    name: ConnectionName
    connection: Connection
    binding: Binding
    mapper: Mapper
    access: Literal["read", "write"] = "read"


Gate: TypeAlias = Sequence[Amend | Hold | None]


def _open(*_: object) -> Gate:
    return ()


@dataclass(frozen=True, kw_only=True)
class Hooks:
    """The two gates of sync, already guarded: every answer counts, one Hold parks, two different Amends of a field are a Hold."""

    incoming: Callable[[Inquiry | None, ObservedChange], Gate] = _open
    outgoing: Callable[[Inquiry, PlannedWrite], Gate] = _open


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One step of a run, for live lines: `done` of `total` where the platform counts."""

    connection: ConnectionName
    step: Literal["read", "merge", "write"]
    done: int
    total: int | None = None


class Engine:
    """Joins the same inquiries on several platforms. One engine, one run at a time; the store's lease sees to it.

    Args:
        store: open store; the engine takes its lease for the length of a run.
        sides: connections by name, with binding and mapper.
        routes: which inquiries exist where.
        fields: the practice's fields (types, `personal`).
        statuses: the practice's status model.
        practice_digest: of the practice in force; events carry it.
        since: counterparts are made only for inquiries opened at or after this instant; older ones are imported for measuring.
        guard: how much may be written unasked.
        now: the clock, aware UTC.
        hooks: the gates for plugins.
        progress: called now and then with a `Progress`.
        timing: waits and attempts.
    """

    def __init__(
        self,
        *,
        store: Store,
        sides: Mapping[ConnectionName, Side],
        routes: Sequence[Route],
        fields: Mapping[FieldId, Field],
        statuses: StatusModel | None,
        practice_digest: str,
        since: datetime,
        now: Callable[[], datetime],
        guard: Guard | None = None,
        hooks: Hooks | None = None,
        progress: Callable[[Progress], None] | None = None,
        timing: Timing | None = None,
    ) -> None:
        raise NotImplementedError

    def run(self, only: Sequence[ConnectionName] | None = None) -> SyncReport:
        """Pull, merge and write until nothing is due now; what has to wait is left with its moment, nothing sleeps.

        Args:
            only: read and write these connections only; None: all.

        Raises:
            SafetyStop: a guard said no (nothing more is written), or another process holds the store.
        """
        raise NotImplementedError

    def plan(self, only: Sequence[ConnectionName] | None = None) -> SyncPlan:
        """What `run` would write, per record and field. Platforms are read, nothing is written to them.

        Raises:
            SafetyStop: another process holds the store, or a platform's records carry marks this store does not know.
        """
        raise NotImplementedError
