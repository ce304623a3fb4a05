"""What is promised of a clock: goals of service levels, chosen by what was so when it ran and not by what is so today (C2, K1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Protocol, TypeAlias

from deskweave.clock.timeline import EVER, Timeline
from deskweave.model import CatalogItem, Clock, Field, FieldId, ServiceLevel, Value
from deskweave.model.predicate import fields_of, holds

_KEPT: Final = 4_096  #: sets of values whose goals are remembered

Said: TypeAlias = tuple[Value, ...]  #: the values of the fields that promises depend on
State: TypeAlias = tuple[datetime, Said]  #: from when on they were so


class Target(NamedTuple):
    """The promise in force for one clock of one inquiry.

    Attributes:
        goal: working seconds from the clock's start: what it may take. None: nothing is promised. After a change `from_change` it
            is what had passed by then and the new promise.
        level: id of the service level; None: the clock's own goal.
        rule: slug of the goal in that level.
        promised: the goal as it is written, in seconds.
        at_risk: shares of the goal at which people are told (J6).
        on_change: what a new promise does to this one.
    """

    goal: int | None
    level: str | None = None
    rule: str | None = None
    promised: int | None = None
    at_risk: tuple[float, ...] = ()
    on_change: str = "keep"


class Promises(Protocol):
    """The part of a practice that promises something."""

    @property
    def fields(self) -> Mapping[FieldId, Field]: ...

    @property
    def service_levels(self) -> Mapping[str, ServiceLevel]: ...

    @property
    def catalog(self) -> Mapping[str, CatalogItem]: ...


def goal_of(clock: Clock, values: Mapping[FieldId, Value], practice: Promises) -> Target:
    """What is promised of `clock` to an inquiry with these values.

    The level is the one that the inquiry's catalog item names, else the one marked as default. Of its goals for the clock the first
    counts whose condition holds; where none does, or it states none, nothing is promised and nothing judged. A level that does not
    name the clock leaves the clock its own goal.

    Args:
        clock: of the practice.
        values: as they were at the instant that is asked about.
        practice: whose levels and catalog.
    """
    return Targets(practice).at(clock, values)


class Targets:
    """The promises of a practice, ready to be asked. Pure; safe between threads."""

    def __init__(self, practice: Promises) -> None:
        """Look up levels and items once."""
        self._levels = practice.service_levels
        self._level_of = {slug: item.service_level for slug, item in practice.catalog.items() if item.service_level is not None}
        self._default = next((name for name, level in practice.service_levels.items() if level.default), None)
        self._items = tuple(name for name, field in practice.fields.items() if field.type == "catalog_item")
        goals = [goal for level in practice.service_levels.values() for rules in level.goals.values() for goal in rules]
        asked = frozenset().union(*(fields_of(goal.when) for goal in goals)) if goals else frozenset()
        #: clocks that a level names
        self.named: frozenset[str] = frozenset(clock for level in practice.service_levels.values() for clock in level.goals)
        #: fields whose changes a timeline has to tell
        self.watched: frozenset[FieldId] = (asked | frozenset(self._items)) if practice.service_levels else frozenset()
        self._asked = tuple(sorted(self.watched))
        self._places = {name: place for place, name in enumerate(self._asked)}
        self._nothing: Said = (None,) * len(self._asked)
        self._known: dict[tuple[str, Said], Target] = {}

    def at(self, clock: Clock, values: Mapping[FieldId, Value]) -> Target:
        """What is promised with these values: see `goal_of`."""
        return self._target(clock, tuple(values.get(name) for name in self._asked))

    def _target(self, clock: Clock, said: Said) -> Target:
        key = (clock.id, said)
        target = self._known.get(key)
        if target is None:
            target = self._find(clock, {name: value for name, value in zip(self._asked, said, strict=True) if value is not None})
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[key] = target
        return target

    def _find(self, clock: Clock, values: Mapping[FieldId, Value]) -> Target:
        items = (values.get(name) for name in self._items)
        named = next((self._level_of[item] for item in items if isinstance(item, str) and item in self._level_of), self._default)
        level = self._levels.get(named) if named is not None else None
        if level is None or clock.id not in level.goals:
            own = own_target(clock)
            return own if level is None else own._replace(at_risk=level.at_risk, on_change=level.on_change)
        for goal in level.goals[clock.id]:
            if holds(goal.when, values):
                seconds = _seconds(goal.goal)
                return Target(seconds, level.id, goal.slug, seconds, level.at_risk, level.on_change)
        return Target(None, level.id, at_risk=level.at_risk, on_change=level.on_change)

    def states(self, line: Timeline) -> list[State]:
        """What the promises of an inquiry depended on, from each change of it on; the first holds from the beginning.

        Args:
            line: read with `watched`.
        """
        states: list[State] = [(EVER, self._nothing)]
        if not line.changes:
            return states
        values = list(self._nothing)
        for at, name, value in line.changes:
            values[self._places[name]] = value
            if states[-1][0] == at:  # several fields at one instant change once
                states[-1] = (at, tuple(values))
            else:
                states.append((at, tuple(values)))
        return states

    def in_force(
        self,
        clock: Clock,
        states: Sequence[State],
        started: datetime,
        until: datetime | None,
        passed: Callable[[datetime], int],
    ) -> Target:
        """The promise to a clock that ran from `started` to `until` (None: it runs), by the inquiry's own history.

        It is taken when the clock starts. A later change of what it depends on counts as the level in force at that instant says:
        `keep` leaves it, `retroactive` puts the new goal in place from the start on, `from_change` counts the new goal from the
        change. What changes after the clock has stopped changes nothing.

        Args:
            clock: which.
            states: of the inquiry, from `states`.
            started: when the clock started first.
            until: when it stopped last.
            passed: working seconds that the clock had counted at an instant.

        Raises:
            ClockError: what had passed at a change cannot be measured.
        """
        place = 1
        while place < len(states) and states[place][0] <= started:
            place += 1
        target = self._target(clock, states[place - 1][1])
        for at, said in states[place:]:
            if target.on_change == "keep" or (until is not None and at > until):
                break
            fresh = self._target(clock, said)
            if fresh is target:
                continue
            if fresh.promised == target.promised:
                target = fresh._replace(goal=target.goal)
            elif fresh.promised is None or target.on_change == "retroactive":
                target = fresh
            else:
                target = fresh._replace(goal=passed(at) + fresh.promised)
        return target


def own_target(clock: Clock) -> Target:
    """The goal that stands in the clock itself."""
    own = _seconds(clock.goal)
    return Target(own, promised=own)


def _seconds(goal: timedelta | None) -> int | None:
    return None if goal is None else int(goal.total_seconds())
