"""When a promise to an open inquiry falls due, and what other rules or a new year's holidays make of it (practice C3, J6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from deskweave.clock import due_of, moved
from deskweave.clock.moments import BREACH
from deskweave.measure.facts import FactBuilder
from deskweave.model import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class DueMoment:
    """The last instant at which a running clock's goal is met.

    `at` None: no instant comes by itself, and `why` says the reason (`deskweave.clock.Moment`). `provisional`: it lies past the
    last day whose holidays are known, and is counted by the plain week.
    """

    clock: str
    at: datetime | None
    provisional: bool
    why: str = ""


def due_moments(builder: FactBuilder, events: Sequence[Event]) -> tuple[DueMoment, ...]:
    """Of the clocks that run and have a goal, in the practice's order.

    Args:
        builder: of the practice.
        events: all of the inquiry's, in any order.
    """
    found = []
    for name, run in builder.clocks.runs(builder.line(events)).items():
        due = due_of(run) if run.running else None
        if due is not None:
            found.append(DueMoment(clock=name, at=due.at, provisional=due.provisional, why=due.why))
    return tuple(found)


def moved_moments(before: FactBuilder, now: FactBuilder, events: Sequence[Event]) -> tuple[tuple[DueMoment, DueMoment], ...]:
    """Of the clocks that run under both practices, the due moments that fall on another instant.

    Args:
        before: of the practice by which the moments were told.
        now: of the one that counts from now on.
        events: all of the inquiry's, in any order.
    """
    old, new = (builder.clocks.runs(builder.line(events)) for builder in (before, now))
    found = []
    for name, run in new.items():
        if name in old and old[name].running and run.running:
            for was, is_ in moved(old[name], run, (BREACH,)):
                pair = tuple(DueMoment(clock=name, at=one.at, provisional=one.provisional, why=one.why) for one in (was, is_))
                found.append((pair[0], pair[1]))
    return tuple(found)
