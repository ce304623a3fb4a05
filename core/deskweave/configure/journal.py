"""The journal of an apply: each step's intent is on disk before its request, its outcome soon after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol

from deskweave.configure.key import ElementKey
from deskweave.model import Json

if TYPE_CHECKING:
    from deskweave.store import Store

State = Literal["planned", "sent", "done", "failed", "skipped", "unknown", "settled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One step as it is journalled: element by connection and key, the change, where it stands."""

    connection: str
    key: ElementKey
    change: Mapping[str, Json]
    state: State = "planned"
    outcome: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class Marked:
    """What became of the step at `number` (from 0) of a run."""

    run: str
    number: int
    state: State
    outcome: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A write that may have been sent, not after `sent_at`, and whose outcome nobody knows. `run` and `number` say which row."""

    run: str
    number: int
    connection: str
    key: ElementKey
    verb: str
    sent_at: datetime


class Journal(Protocol):
    """Where an apply writes what it is about to do. Every method is one commit."""

    def begin(self, rows: Sequence[Row]) -> str:
        """Note all steps of a run before the first is tried; answers with the run's id."""

    def mark(self, marks: Sequence[Marked]) -> None:
        """Note what becomes of some steps; all of it or nothing. Of two marks of one step the later one stands."""

    def unanswered(self) -> Sequence[Unanswered]:
        """Steps of any run that were sent and never settled: a crash or a lost answer."""


class StoreJournal:
    """The journal in the store's table `apply_step`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(self, rows: Sequence[Row]) -> str:
        from deskweave.store.tables import apply_step

        run = self._store.new_id()
        if rows:
            with self._store.write() as tx:
                tx.execute(
                    apply_step.insert(),
                    [
                        {
                            "plan": run,
                            "ord": number,
                            "element": f"{row.connection} {row.key}",
                            "change": dict(row.change),
                            "state": row.state,
                            "outcome": row.outcome,
                        }
                        for number, row in enumerate(rows)
                    ],
                )
        return run

    def mark(self, marks: Sequence[Marked]) -> None:
        import sqlalchemy as sa

        from deskweave.store.tables import apply_step

        if not marks:
            return
        statement = (
            apply_step.update()
            .where(apply_step.c.plan == sa.bindparam("of_run"), apply_step.c.ord == sa.bindparam("at"))
            .values(state=sa.bindparam("becomes"), outcome=sa.bindparam("said"))
        )
        with self._store.write() as tx:
            tx.execute(
                statement,
                [{"of_run": one.run, "at": one.number, "becomes": one.state, "said": dict(one.outcome)} for one in marks],
            )

    def unanswered(self) -> Sequence[Unanswered]:
        import sqlalchemy as sa

        from deskweave.store.tables import apply_step

        with self._store.read() as tx:
            rows = tx.execute(
                sa.select(apply_step)
                .where(apply_step.c.state.in_(("sent", "unknown")))
                .order_by(apply_step.c.plan, apply_step.c.ord)
            ).all()
        found = [unanswered(row.plan, row.ord, row.element, row.change, row.outcome) for row in rows]
        return [one for one in found if one is not None]


def unanswered(run: str, number: int, element: str, change: object, outcome: object) -> Unanswered | None:
    """A journal row as an unanswered write; None where the row is not readable as one."""
    connection, _, text = element.partition(" ")
    said, verb = (outcome if isinstance(outcome, Mapping) else {}), (change if isinstance(change, Mapping) else {}).get("verb")
    try:
        return Unanswered(
            run, number, connection, ElementKey.parse(text), str(verb), datetime.fromisoformat(str(said.get("sent_at")))
        )
    except ValueError:
        return None
