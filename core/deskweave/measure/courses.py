"""How the clocks of an inquiry came to what they say: the events that started, stopped and held them (practice C2, E2-E15)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from deskweave.clock import clock_events
from deskweave.clock.timeline import STATUS, SUBMITTED
from deskweave.measure.facts import FactBuilder
from deskweave.model import Clock, Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How one clock of one inquiry ran, by today's rules, with the events that made it so."""

    clock: str
    started_at: datetime | None
    stopped_at: datetime | None
    took: int | None
    goal: int | None
    running: bool
    level: str | None  #: the service level whose goal it is
    events: tuple[Event, ...]  #: in the order of time


def courses(builder: FactBuilder, events: Sequence[Event], clocks: Sequence[str]) -> tuple[Course, ...]:
    """Evaluate some clocks of one inquiry and say which events started, stopped or held them.

    Args:
        builder: of the practice.
        events: all of the inquiry's, in any order.
        clocks: which.
    """
    known = builder.succession.events(events)
    facts = builder.clocks.evaluate(builder.line(events)).facts
    told = clock_events(known)
    found = []
    for name in clocks:
        fact = facts[name]
        edges = {at for span in fact.spans for at in span if at is not None} | {fact.started_at, fact.stopped_at}
        held = _held(name, builder.practice.clocks)
        made: list[Event] = []
        before: object = None
        for event in told:
            if event.field == STATUS:
                # entering or leaving a status that counts moves a clock that adds statuses up
                if event.new != before and (event.at in edges or event.new in held or before in held):
                    made.append(event)
                before = event.new
            elif event.field == SUBMITTED and event.new in edges:
                made.append(event)
        found.append(
            Course(
                clock=name,
                started_at=fact.started_at,
                stopped_at=fact.stopped_at,
                took=fact.took,
                goal=fact.goal,
                running=fact.running,
                level=fact.level,
                events=tuple(made),
            )
        )
    return tuple(found)


def _held(name: str, clocks: Mapping[str, Clock]) -> frozenset[str]:
    """The statuses that a clock adds up, or that are taken from it."""
    clock = clocks[name]
    found = frozenset(clock.sum_statuses)
    for part in clock.minus or ():
        found |= _held(part, clocks)
    return found
