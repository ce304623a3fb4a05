"""Goals of service levels as SQL: what was promised when a clock started, and what a change before it stopped made of that.

Each field that a goal depends on is expected to be set once; an inquiry in which one changed again is the builder's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from deskweave.errors import DeskweaveError
from deskweave.measure.columns import Kind
from deskweave.measure.facts import FactBuilder
from deskweave.model import Clock, FieldId, Json, ServiceLevel


class Inexpressible(DeskweaveError):
    """The practice asks for something that only the builder can answer, so every row is made by it."""


def text(value: str) -> str:
    """A literal of SQL."""
    return "'" + value.replace("'", "''") + "'"


def seconds(goal: timedelta | None) -> str:
    """A goal as a literal."""
    return "NULL::BIGINT" if goal is None else f"{int(goal.total_seconds())}::BIGINT"


@dataclass(frozen=True, slots=True)
class Goal:
    """`said`: the goal of a clock that has started; `odd`: where that is not so; `fields`: whose history it looks at."""

    said: str
    odd: tuple[str, ...] = ()
    fields: tuple[FieldId, ...] = ()


def at_of(name: str, fields: Sequence[FieldId]) -> str:
    """The column that says when a field was set."""
    return f"set{fields.index(FieldId(name))}"


def goal_of(clock: Clock, builder: FactBuilder, started: str, until: str) -> Goal:
    """The goal of a clock between two moments in SQL.

    Raises:
        Inexpressible: it depends on what SQL is not told.
    """
    practice = builder.practice
    default = next((level for level in practice.service_levels.values() if level.default), None)
    named = {
        slug: practice.service_levels[item.service_level]
        for slug, item in practice.catalog.items()
        if item.service_level is not None and item.service_level in practice.service_levels
    }
    levels: dict[str, ServiceLevel | None] = {level.id: level for level in named.values()}
    if default is None or any(item.service_level not in (None, *practice.service_levels) for item in practice.catalog.values()):
        levels[""] = None
    if default is not None:
        levels[default.id] = default
    fixed = {_fixed(clock, level) for level in levels.values()}
    if len(fixed) == 1 and (one := fixed.pop()) is not None:
        return Goal(one)
    return _Judged(clock, builder, named, default, levels).goal(started, until)


def _fixed(clock: Clock, level: ServiceLevel | None) -> str | None:
    """The goal if it depends on nothing."""
    if level is None or clock.id not in level.goals:
        return seconds(clock.goal)
    said = {seconds(goal.goal) for goal in level.goals[clock.id]}
    certain = any(goal.when is None for goal in level.goals[clock.id])
    if not certain:
        said.add(seconds(None))
    return said.pop() if len(said) == 1 else None


class _Judged:
    def __init__(
        self,
        clock: Clock,
        builder: FactBuilder,
        named: Mapping[str, ServiceLevel],
        default: ServiceLevel | None,
        levels: Mapping[str, ServiceLevel | None],
    ) -> None:
        self.clock, self.builder, self.named, self.default, self.levels = clock, builder, named, default, levels
        items = [name for name, field in builder.practice.fields.items() if field.type == "catalog_item"]
        if len(items) > 1:
            raise Inexpressible("several fields name a catalog item")
        self.item = items[0] if items else None
        if any(item.service_level not in (None, *builder.practice.service_levels) for item in builder.practice.catalog.values()):
            raise Inexpressible("a catalog item names a service level that is not there")
        self.fields = tuple(sorted(builder.clocks.watched))
        kinds = {name: kind for name, _, kind in builder.stated}
        if any(kinds.get(name) is not Kind.TEXT for name in self.fields):
            raise Inexpressible("a goal depends on a field that holds no words")

    def goal(self, started: str, until: str) -> Goal:
        ever = f"COALESCE({until}, TIMESTAMP 'infinity')"
        inside = " OR ".join(
            f"({at_of(name, self.fields)} > {started} AND {at_of(name, self.fields)} <= {ever})" for name in self.fields
        )
        odd = [f"set{number}_times > 1" for number in range(len(self.fields))]
        before, after = self._level(started), self._level(ever)
        change, later = self._change(started), self._change(ever)
        odd.append(f"{change} = 'from_change' AND ({inside})")
        if self.item is None:
            said = f"CASE WHEN {change} = 'keep' THEN {self._goal(started)} ELSE {self._goal(ever)} END"
            return Goal(said, tuple(odd), self.fields)
        at_item = at_of(self.item, self.fields)
        odd.append(f"{change} = 'retroactive' AND {before} <> {after} AND {later} = 'from_change'")
        said = (
            f"CASE WHEN {change} = 'keep' THEN {self._goal(started)} "
            f"WHEN {before} <> {after} AND {later} = 'keep' THEN {self._goal(at_item)} ELSE {self._goal(ever)} END"
        )
        return Goal(said, tuple(odd), self.fields)

    def _value(self, name: FieldId, when: str) -> str:
        return f'(CASE WHEN {at_of(name, self.fields)} <= {when} THEN v."{name}" END)'

    def _by_level(self, said: Mapping[str, str], when: str) -> str:
        """One expression for each level."""
        last = said[self.default.id if self.default else ""]
        if self.item is None:
            return f"({last})"
        cases = []
        for level in dict.fromkeys(level.id for level in self.named.values()):
            slugs = ", ".join(text(slug) for slug, one in self.named.items() if one.id == level)
            cases.append(f"WHEN {self._value(self.item, when)} IN ({slugs}) THEN {said[level]}")
        return f"(CASE {' '.join(cases)} ELSE {last} END)" if cases else f"({last})"

    def _level(self, when: str) -> str:
        return self._by_level({name: text(name) for name in self.levels}, when)

    def _change(self, when: str) -> str:
        """What a change does: a level that does not name the clock leaves it its own goal, and still says so."""
        return self._by_level({name: text(level.on_change if level else "keep") for name, level in self.levels.items()}, when)

    def _goal(self, when: str) -> str:
        return self._by_level({name: self._of_level(level, when) for name, level in self.levels.items()}, when)

    def _of_level(self, level: ServiceLevel | None, when: str) -> str:
        if level is None or self.clock.id not in level.goals:
            return seconds(self.clock.goal)
        cases = [
            f"WHEN {'TRUE' if goal.when is None else self._holds(goal.when, when)} THEN {seconds(goal.goal)}"
            for goal in level.goals[self.clock.id]
        ]
        return f"CASE {' '.join(cases)} ELSE {seconds(None)} END" if cases else seconds(None)

    def _holds(self, predicate: Json, when: str) -> str:
        if not isinstance(predicate, Mapping) or len(predicate) != 1:
            raise Inexpressible("a condition of a goal is not of the grammar")
        ((key, body),) = predicate.items()
        if key in ("all", "any") and isinstance(body, Sequence):
            parts = [self._holds(part, when) for part in body]
            return f"({(' AND ' if key == 'all' else ' OR ').join(parts)})" if parts else ("TRUE" if key == "all" else "FALSE")
        if key == "not":
            return f"(NOT {self._holds(body, when)})"
        if not isinstance(body, Mapping) or len(body) != 1:
            raise Inexpressible("a condition of a goal is not of the grammar")
        ((operator, want),) = body.items()
        value = self._value(FieldId(key), when)
        if operator == "present":
            return f"(COALESCE({value} <> '', FALSE) = {str(bool(want)).upper()})"
        if operator not in ("eq", "ne", "in", "not_in"):
            raise Inexpressible(f"a goal depends on {key} by {operator}")
        wanted = want if operator in ("in", "not_in") else [want]
        if not isinstance(wanted, Sequence) or not all(isinstance(one, str) for one in wanted):
            raise Inexpressible(f"a goal depends on {key} by what is no word")
        words = ", ".join(text(str(one)) for one in wanted) or "NULL"
        found = f"COALESCE({value} IN ({words}), FALSE)"
        return found if operator in ("eq", "in") else f"(NOT {found})"
