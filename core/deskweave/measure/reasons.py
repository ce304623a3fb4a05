"""Why a figure is what it is: what every inquiry gives to it, or for what reason it gives nothing (practice E2-E15).

The rows are judged one by one with the conditions of `plain`, so that what is listed adds up to the figure that SQL computed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, Literal, TypeAlias
from zoneinfo import ZoneInfo

from deskweave.clock.timeline import STATUS, SUBMITTED
from deskweave.measure.backlog import refuse
from deskweave.measure.columns import Column, Kind, fields_of
from deskweave.measure.facts import Problem, Row
from deskweave.measure.periods import Period, ends
from deskweave.measure.plain import PlainTable, holds, is_open
from deskweave.measure.plan import (
    Aggregate,
    AllOf,
    Asked,
    Composite,
    Condition,
    Count,
    Derived,
    Fulfilled,
    Plan,
    Ratio,
    plans_of,
    tested,
)
from deskweave.measure.planner import Planner
from deskweave.measure.records import Records, Table
from deskweave.measure.run import Result, evaluate, figures_of, stamp_of
from deskweave.measure.sources import Rulebook
from deskweave.measure.table import FactTable
from deskweave.model import Clock, Grain, Json, Metric
from deskweave.model.attainment import attainment

Group: TypeAlias = Literal["missed", "kept", "counted", "out"]
"""In a ratio of two numbers of inquiries: in the denominator alone, or in both. `counted`: its value is in the figure, and nothing
judges it. `out`: it gives nothing."""
Why: TypeAlias = Literal["", "condition", "not-asked", "no-value", "not-said", "problem", "no-date", "later", "ended"]
"""Why something gives nothing: the metric's condition is not met; it is not among those the figure is about; there is no value; who
handed the records of the period in has no word for what is asked; its data is wrong; it belongs to no period; its date lies after
the moment that was asked about; it was open in the period and not at its end."""

_EVER = Period(date(1, 1, 1), date(9999, 12, 31))
_ALWAYS = datetime(9999, 12, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """What a clock says in a fact row, in seconds; None: it is not complete, or has no goal."""

    took: int | None
    goal: int | None
    met: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one inquiry (or other record) gives to a figure."""

    key: str  #: id of the inquiry, slug of the channel
    group: Group
    why: Why = ""
    numerator: float | None = None
    denominator: float | None = None
    counted: int = 0
    unmet: tuple[Mapping[str, Json], ...] = ()  #: the conditions that keep it out, or from above the line
    criteria: tuple[str, ...] = ()  #: slugs of agreed criteria it does not fulfil
    problems: tuple[Problem, ...] = ()  #: those that touch what the figure reads
    timings: Mapping[str, Timing] = field(default_factory=dict)  #: by clock, of the clocks the figure reads


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredient:
    """One part of a composite or of a formula: its figure; in a composite how far that reaches its target, and its weight."""

    metric: Metric
    result: Result
    weight: float | None = None
    reached: float | None = None
    previous: bool = False  #: its figure in the period before


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """Everything behind one figure."""

    metric: Metric
    result: Result
    shares: tuple[Share, ...]  #: of everything in the period, or in none
    elsewhere: int  #: records of other periods
    clocks: tuple[str, ...]  #: the clocks it reads
    parts: tuple[Ingredient, ...] = ()  #: of a composite or derived metric

    def of(self, group: Group) -> tuple[Share, ...]:
        """Those of one group, by key."""
        return tuple(one for one in self.shares if one.group == group)


class Asking:
    """Asks one fact table for reasons, and makes nothing twice."""

    def __init__(
        self,
        practice: Rulebook,
        facts: FactTable,
        period: Period,
        as_of: datetime,
        others: Mapping[Grain, FactTable] | None = None,
        among: Collection[str] | None = None,
    ) -> None:
        """Ask about a period.

        Args:
            practice: whose rules.
            facts: an open fact table of inquiries.
            period: local dates in the practice's zone.
            as_of: aware; rows count whose date does not lie after it.
            others: as for `run`.
            among: list only what these inquiries give; the figure itself is of all. None: list every one.
        """
        if as_of.tzinfo is None:
            message = f"as_of {as_of.isoformat()} has no time zone"
            raise ValueError(message)
        self.practice, self.period, self.as_of = practice, period, as_of
        self.among = None if among is None else sorted(among)
        tables: dict[Grain, FactTable] = {**facts.others, **(others or {}), "inquiry": facts}
        self.records = Records(practice, tables)
        self.planner = Planner(practice, facts.columns)
        self.stamp = stamp_of(practice, facts, as_of)

    def ahead(self, metrics: Iterable[Metric]) -> None:
        """Ask for the figures of many metrics, and of their parts, in as few readings as can be; `reasons` then has them.

        Raises:
            DocumentError: a rule cannot be understood.
        """
        found = [self.planner.plan(metric, ()) for metric in metrics]
        plans = [plan for one in found for plan in plans_of(one)]
        figures_of(list(dict.fromkeys(plans)), self.records, [self.period], self.as_of)

    def reasons(self, metric: Metric, only: Mapping[str, str] | None = None) -> Reasons:
        """What is behind a figure.

        Args:
            metric: of the practice, or not.
            only: fields and the value they have to have, as people type it; empty: not given.

        Raises:
            DocumentError: the rule, a field or a value cannot be understood; the findings say where.
        """
        plan = self.planner.plan(metric, ())
        limits = {grain: self._limit(grain, only or {}) for grain in dict.fromkeys(one.grain for one in plans_of(plan))}
        if any(one.turns is not None for one in plans_of(plan)):
            refuse(only or ())
        asked = _narrowed(plan, limits)
        (result,) = evaluate(asked, metric, self.records, [self.period], self.stamp)
        if not isinstance(plan, Plan):
            assert not isinstance(asked, Plan)
            parts = tuple(self._ingredients(asked))
            return Reasons(metric=metric, result=result, shares=(), elsewhere=0, clocks=(), parts=parts)
        table = self.records.get(plan.grain)
        limit = limits[plan.grain]
        shares = self._shares(plan, metric, limit)
        elsewhere = 0 if table is None else self._elsewhere(table, plan, limit, len(shares))
        return Reasons(
            metric=metric, result=result, shares=tuple(shares), elsewhere=elsewhere, clocks=clocks_of(plan, self.practice)
        )

    def shares(self, metric: Metric) -> tuple[tuple[Share, ...], tuple[str, ...]]:
        """What each record gives to a figure, and the metrics that a composite is made of; the figure itself is not asked."""
        plan = self.planner.plan(metric, ())
        if not isinstance(plan, Plan):
            return (), tuple(part.metric.id for part in plan.parts)
        return tuple(self._shares(plan, metric, None)), ()

    def _shares(self, plan: Plan, metric: Metric, limit: Condition | None) -> list[Share]:
        table = self.records.get(plan.grain)
        if table is None:
            return []
        clocks = clocks_of(plan, self.practice)
        rows = (row for row in self._rows(table, plan, limit, clocks) if limit is None or holds(limit, row))
        shares = [self._share(plan, metric, clocks, row, key_of(row, plan.grain, number)) for number, row in enumerate(rows, 1)]
        if self.records.unsayable(metric, self.period):
            shares = [
                one if one.group == "out" else Share(key=one.key, group="out", why="not-said", problems=one.problems)
                for one in shares
            ]
        return sorted(shares, key=lambda one: one.key)

    def _ingredients(self, asked: Composite | Derived) -> Iterator[Ingredient]:
        if isinstance(asked, Derived):
            for one in asked.parts:
                period = self.period.previous if one.term.previous else self.period
                (result,) = evaluate(one.plan, one.metric, self.records, [period], self.stamp)
                yield Ingredient(metric=one.metric, result=result, previous=one.term.previous)
            return
        for part in asked.parts:
            (result,) = evaluate(part.plan, part.metric, self.records, [self.period], self.stamp)
            target, value = part.metric.target, result.value
            reached = None if value is None or target is None else attainment(value, target.better, target.goal)
            yield Ingredient(metric=part.metric, result=result, weight=part.weight, reached=reached)

    def _over(self, plan: Plan) -> datetime | None:
        """When the period is over, as far as it has come: UTC, without a zone; None: it has not begun."""
        return ends([self.period], plan.zone, self.as_of.astimezone(UTC).replace(tzinfo=None))[0]

    def _limit(self, grain: Grain, only: Mapping[str, str]) -> Condition | None:
        """The condition that fields have the values people typed."""
        tests: list[Mapping[str, Json]] = []
        columns = self.planner.columns(grain)
        for name, said in only.items():
            column = columns.get(name)
            tests.append({name: {"eq": self._typed(name, column, said, grain)}} if said else {name: {"present": False}})
        if not tests:
            return None
        stated = next(one for one in self.practice.metrics.values() if one.grain == grain and not one.made_of_others)
        probe = replace(stated, id="by", where={"all": tests}, value={"count": {}}, by=(), totals=(), criteria={})
        plan = self.planner.plan(probe, ())
        assert isinstance(plan, Plan)
        return plan.where

    def _typed(self, name: str, column: Column | None, said: str, grain: Grain) -> Json:
        """What somebody typed, as the column holds it: labels stand for their slugs."""
        if column is not None and column.kind is Kind.BOOLEAN:
            return {"true": True, "yes": True, "是": True, "false": False, "no": False, "否": False}.get(said.lower(), said)
        if column is not None and column.kind in (Kind.NUMBER, Kind.INTEGER, Kind.SECONDS):
            try:
                return int(said) if column.kind is not Kind.NUMBER else float(said)
            except ValueError:
                return said
        field_ = next((one for one in fields_of(self.practice, grain).values() if one.id == name), None)
        if field_ is None:
            return said
        labels = {slug: choice.label for slug, choice in field_.choices.items()}
        if field_.type == "status":
            labels |= {slug: status.label for slug, status in self.practice.statuses.statuses.items()}
        if field_.type == "catalog_item":
            labels |= {slug: item.label for slug, item in self.practice.catalog.items()}
        return next((slug for slug, label in labels.items() if slug != said and said in label.values()), said)

    def _rows(self, table: Table, plan: Plan, limit: Condition | None, clocks: Sequence[str]) -> Iterator[Row]:
        """Rows of the period, and those of none; of a plan whose rows stand, those that began before its end.

        Of a backlog, those that are open at the end of the period or changed in it.
        """
        if isinstance(table, PlainTable):
            yield from (row for row in table.rows if self._here(plan, row))
            return
        columns = table.columns
        names = {column.name for column in columns_of(plan)} | {plan.instant.name, plan.day.name}
        names |= {column.name for column in tested(limit)} if limit is not None else set()
        names |= {f"{clock}_{what}" for clock in clocks for what in ("took", "goal", "met")}
        names |= {name for name in ("inquiry", "channel", "_key", "_problems") if name in columns.all}
        stated = ", ".join(f'"{columns[name].name}"' for name in sorted(names))
        if plan.turns is not None:
            turns = f'"{columns[plan.turns.name].name}"'
            before, here = (
                f"len(list_filter({turns}, lambda one: {which}))" for which in ("one < $over", "one >= $since AND one < $over")
            )
            moments: dict[str, Any] = {"since": self.period.edges(plan.zone)[0], "over": self._over(plan)}
            among = ""
            if self.among is not None:
                among, moments["among"] = " AND inquiry IN (SELECT unnest($among))", self.among
            inside = f"({turns} IS NULL OR {before} % 2 = 1 OR {here} > 0){among}"
            yield from table.query(f"SELECT {stated} FROM facts WHERE {inside}", moments)
            return
        day = f'"{columns[plan.day.name].name}"'
        begun = "" if plan.standing else f"{day} >= $since AND "
        parameters: dict[str, Any] = {"until": self.period.until} | ({} if plan.standing else {"since": self.period.since})
        those = ""
        if self.among is not None and "inquiry" in columns.all:
            those, parameters["among"] = " AND inquiry IN (SELECT unnest($among))", self.among
        yield from table.query(f"SELECT {stated} FROM facts WHERE COALESCE({begun}{day} < $until, TRUE){those}", parameters)

    def _here(self, plan: Plan, row: Row) -> bool:
        if plan.turns is not None:
            turns, over = row.get(plan.turns.name), self._over(plan)
            began = self.period.edges(plan.zone)[0]
            return turns is None or is_open(turns, over) or any(over is not None and began <= at < over for at in turns)
        day = _day(row.get(plan.day.name))
        return day is None or (day < self.period.until and (plan.standing or day >= self.period.since))

    def _elsewhere(self, table: Table, plan: Plan, limit: Condition | None, here: int) -> int:
        """How many records there are in other periods; of a backlog: beside those of `here`."""
        if plan.turns is not None:
            anywhere = replace(plan, metric="", where=limit, value=Count(None), turns=None, standing=True)
            return int(sum(row["_rows"] for row in table.figures(anywhere, [_EVER], _ALWAYS)) - here)
        every = replace(plan, metric="", where=limit, value=Count(None), standing=False)  # the same question for many metrics
        period = Period(date(1, 1, 1), self.period.until) if plan.standing else self.period
        counts = [sum(row["_rows"] for row in table.figures(every, [one], _ALWAYS)) for one in (_EVER, period)]
        return int(counts[0] - counts[1])

    def _share(self, plan: Plan, metric: Metric, clocks: Sequence[str], row: Row, key: str) -> Share:
        problems = _problems(row, plan, self.practice)
        timings = {
            name: Timing(took=row.get(f"{name}_took"), goal=row.get(f"{name}_goal"), met=row.get(f"{name}_met")) for name in clocks
        }
        made = Share(key=key, group="out", problems=problems, timings=timings)
        if plan.turns is not None:
            if row.get(plan.turns.name) is None:
                return replace(made, why="problem" if problems else "no-date")
        elif not plan.standing and row.get(plan.day.name) is None:
            return replace(made, why="problem" if problems else "no-date")
        if not self._known(plan, row):
            return replace(made, why="later")
        if plan.where is not None and not holds(plan.where, row):
            return replace(made, why="problem" if problems else "condition", unmet=_unmet(metric.where, plan.where, row))
        if plan.turns is not None and not is_open(row[plan.turns.name], self._over(plan)):
            return replace(made, why="ended")
        given = _given(plan, row)
        if given is not None:
            below = _unmet_above(plan, metric, row) if given.group == "missed" else ()
            return replace(given, key=key, problems=problems, timings=timings, unmet=below)
        why: Why = "no-value"
        unmet: tuple[Mapping[str, Json], ...] = ()
        asked = _asked(metric)
        if asked is not None:
            why, unmet = "not-asked", (asked,)
        return replace(made, why="problem" if problems else why, unmet=unmet)

    def _known(self, plan: Plan, row: Row) -> bool:
        if plan.turns is not None:
            return True  # what came later is not among the rows
        when = row.get(plan.instant.name)
        if when is None:
            return True
        if plan.instant.kind is Kind.DATE:
            day = _day(when)
            return day is None or day <= self.as_of.astimezone(ZoneInfo(plan.zone)).date()
        known: bool = when <= self.as_of.astimezone(UTC).replace(tzinfo=None)
        return known


def _given(plan: Plan, row: Row) -> Share | None:
    """What a row that is in scope gives; None: nothing."""
    value = plan.value
    if isinstance(value, Fulfilled):
        lacking = tuple(slug for slug, test in value.criteria if not holds(test, row))
        of, over = (
            (float(not lacking), 1.0)
            if value.how == "every"
            else (float(len(value.criteria) - len(lacking)), float(len(value.criteria)))
        )
        return Share(key="", group="missed" if lacking else "kept", numerator=of, denominator=over, counted=1, criteria=lacking)
    if isinstance(value, Ratio):
        top, bottom = _amount(value.of, row), _amount(value.over, row)
        if top is None and bottom is None:
            return None
        group: Group = "counted"
        if isinstance(value.of, Count) and isinstance(value.over, Count) and bottom is not None:
            group = "kept" if top is not None else "missed"
        return Share(key="", group=group, numerator=top, denominator=bottom, counted=int(bottom is not None))
    amount = _amount(value, row)
    if amount is None:
        return None
    if isinstance(value, Aggregate) and value.function == "average":
        return Share(key="", group="counted", numerator=amount, denominator=1.0, counted=1)
    return Share(key="", group="counted", numerator=amount, counted=1)


def _amount(value: Count | Aggregate, row: Row) -> float | None:
    if isinstance(value, Count):
        return 1.0 if value.where is None or holds(value.where, row) else None
    cell = row.get(value.column.name)
    return None if cell is None else float(cell)


def _unmet_above(plan: Plan, metric: Metric, row: Row) -> tuple[Mapping[str, Json], ...]:
    """What keeps a row that is counted below a ratio's line from being counted above it."""
    ratio = metric.value.get("ratio")
    above = ratio["of"] if isinstance(ratio, Mapping) else None
    count = above.get("count") if isinstance(above, Mapping) else None
    where = count.get("where") if isinstance(count, Mapping) else None
    if not isinstance(where, Mapping) or not isinstance(plan.value, Ratio) or not isinstance(plan.value.of, Count):
        return ()
    return () if plan.value.of.where is None else _unmet(where, plan.value.of.where, row)


def _asked(metric: Metric) -> Mapping[str, Json] | None:
    """The condition of those a count, or the number below a ratio's line, is about."""
    ratio = metric.value.get("ratio")
    below: Json = ratio["over"] if isinstance(ratio, Mapping) else None
    value = below if isinstance(below, Mapping) else metric.value
    body = value.get("count", value.get("backlog"))
    where = body.get("where") if isinstance(body, Mapping) else None
    return where if isinstance(where, Mapping) else None


def _unmet(tree: Mapping[str, Json] | None, condition: Condition, row: Row) -> tuple[Mapping[str, Json], ...]:
    """Of a condition in several parts, those that a row does not fulfil; the condition as the metric states it."""
    if tree is None:
        return ()
    body = tree.get("all")
    if isinstance(condition, AllOf) and isinstance(body, Sequence) and not isinstance(body, str):
        stated = [part for part in body if isinstance(part, Mapping)]
        return tuple(part for part, test in zip(stated, condition.parts, strict=True) if not holds(test, row))
    return (tree,)


def _problems(row: Row, plan: Plan, practice: Rulebook) -> tuple[Problem, ...]:
    """What is wrong with a row in anything that the plan reads."""
    if not row.get("_problems"):
        return ()
    columns = [*columns_of(plan), plan.instant]
    names = {str(column.of) for column in columns}
    names |= {part for name in tuple(names) if name in practice.clocks for part in _beneath(practice.clocks[name])}
    timed = plan.turns is not None or any(column.name.startswith("spent_") for column in columns)
    if timed or any(name in practice.clocks for name in names):
        names |= {STATUS, SUBMITTED}
    return tuple(one for one in (Problem(**said) for said in json.loads(row["_problems"])) if one.at in names)


def _beneath(clock: Clock) -> tuple[str, ...]:
    return (*(clock.minus or ()), *((clock.within,) if clock.within else ()))


def columns_of(plan: Plan) -> Iterator[Column]:
    """Every column that a plan's conditions and value read."""
    if plan.turns is not None:
        yield plan.turns
    if plan.where is not None:
        yield from tested(plan.where)
    parts = [plan.value.of, plan.value.over] if isinstance(plan.value, Ratio) else [plan.value]
    for part in parts:
        if isinstance(part, Fulfilled):
            for _, test in part.criteria:
                yield from tested(test)
        elif isinstance(part, Aggregate):
            yield part.column
        elif part.where is not None:
            yield from tested(part.where)


def clocks_of(plan: Plan, practice: Rulebook) -> tuple[str, ...]:
    """The clocks whose durations or goals a plan reads, also by way of computed fields."""
    if plan.grain != "inquiry":
        return ()
    computed = {str(one.id): one.computed.get("clock") for one in practice.fields.values() if one.computed is not None}
    names = (computed.get(column.of) or column.of for column in columns_of(plan))
    return tuple(dict.fromkeys(str(name) for name in names if name in practice.clocks))


def key_of(row: Row, grain: Grain, number: int) -> str:
    """What a record is called: an inquiry's id, a channel's slug, a contact's or an answer's own name, else its place."""
    named = {"inquiry": "inquiry", "channel": "channel"}.get(grain, "_key")
    return str(row.get(named) or f"{grain} {number}")


def _narrowed(plan: Asked, limits: Mapping[Grain, Condition | None]) -> Asked:
    if isinstance(plan, Derived):
        return replace(plan, parts=tuple(replace(part, plan=_narrowed(part.plan, limits)) for part in plan.parts))
    if isinstance(plan, Composite):
        return replace(plan, parts=tuple(replace(part, plan=_narrowed(part.plan, limits)) for part in plan.parts))
    limit = limits[plan.grain]
    if limit is None:
        return plan
    return replace(plan, where=limit if plan.where is None else AllOf((plan.where, limit)))


def _day(cell: Any) -> date | None:
    return date.fromisoformat(cell) if isinstance(cell, str) else cell
