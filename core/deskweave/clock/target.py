"""What is promised of a clock: goals of service levels, chosen by what was so when it ran and not by what is so today (C2, K1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Protocol

from deskweave.clock.timeline import Timeline
from deskweave.model import CatalogItem, Clock, Field, FieldId, ServiceLevel, Value
from deskweave.model.predicate import fields_of, holds

_KEPT: Final = 4_096  #: sets of values whose goals are remembered


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
        self.any = bool(practice.service_levels)  #: whether a clock can have another goal than its own
        self._level_of = {slug: item.service_level for slug, item in practice.catalog.items() if item.service_level is not None}
        self._default = next((name for name, level in practice.service_levels.items() if level.default), None)
        self._items = tuple(name for name, field in practice.fields.items() if field.type == "catalog_item")
        goals = [goal for level in practice.service_levels.values() for rules in level.goals.values() for goal in rules]
        asked = frozenset().union(*(fields_of(goal.when) for goal in goals)) if goals else frozenset()
        #: fields whose changes a timeline has to tell
        self.watched: frozenset[FieldId] = (asked | frozenset(self._items)) if practice.service_levels else frozenset()
        self._asked = tuple(sorted(self.watched))
        self._known: dict[tuple[Value, ...], Target] = {}

    def at(self, clock: Clock, values: Mapping[FieldId, Value]) -> Target:
        """What is promised with these values: see `goal_of`."""
        key = (clock.id, *(values.get(name) for name in self._asked))
        target = self._known.get(key)
        if target is None:
            target = self._find(clock, values)
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

    def in_force(
        self, clock: Clock, line: Timeline, started: datetime, until: datetime | None, passed: Callable[[datetime], int]
    ) -> Target:
        """The promise to a clock that ran from `started` to `until` (None: it runs), by the inquiry's own history.

        It is taken when the clock starts. A later change of what it depends on counts as the level in force at that instant says:
        `keep` leaves it, `retroactive` puts the new goal in place from the start on, `from_change` counts the new goal from the
        change. What changes after the clock has stopped changes nothing.

        Args:
            clock: which.
            line: read with `watched`.
            started: when the clock started first.
            until: when it stopped last.
            passed: working seconds that the clock had counted at an instant.

        Raises:
            ClockError: what had passed at a change cannot be measured.
        """
        values: dict[FieldId, Value] = {}
        changes, place = line.changes, 0
        while place < len(changes) and changes[place].at <= started:
            values[changes[place].field] = changes[place].value
            place += 1
        target = self.at(clock, values)
        while place < len(changes) and target.on_change != "keep":
            at = changes[place].at
            if until is not None and at > until:
                break
            while place < len(changes) and changes[place].at == at:
                values[changes[place].field] = changes[place].value
                place += 1
            fresh = self.at(clock, values)
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
