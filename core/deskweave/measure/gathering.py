"""What a report shows beside the KPIs: figures for its charts, asked of the facts by the same plans as every rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import dropwhile
from typing import Any

from deskweave.clock.timeline import STATUS, SUBMITTED
from deskweave.measure.columns import Column
from deskweave.measure.facts import Problem
from deskweave.measure.periods import Period
from deskweave.measure.plan import Aggregate, Plan
from deskweave.measure.planner import Planner
from deskweave.measure.reasons import columns_of
from deskweave.measure.records import Records
from deskweave.measure.run import Result, evaluate, figures_of, run, stamp_of
from deskweave.measure.segments import problems_of
from deskweave.measure.sources import Rulebook
from deskweave.measure.table import FactTable
from deskweave.model import Clock, Field, FieldId, InquiryId, Json, Metric, rating_field

#: Steps of the response chart, as shares of the goal: of five minutes these are 1, 2, 3, 5, 10, 15 and 30 minutes.
_STEPS = (0.2, 0.4, 0.6, 1.0, 2.0, 3.0, 6.0)
_BROKEN_DOWN = 3  #: KPIs beside the count in the breakdown
_TREND = 6  #: periods of the trend, the reported one included
_WORST = 5  #: inquiries named for each clock whose goal was missed
#: What inquiries are broken down by where they name no service item: the first that tells them apart.
_INSTEAD = ("skill_group", "stream", "channel", "priority", "classification")


@dataclass(frozen=True, slots=True)
class Slice:
    """One bucket of a distribution: longer than `above`, at most `upto` (seconds); None: open."""

    above: int | None
    upto: int | None
    count: int


@dataclass(frozen=True, slots=True)
class Missed:
    """The inquiries that missed a clock's goal: how many, and those that missed it by the most."""

    clock: str
    count: int
    worst: tuple[tuple[InquiryId, int, int], ...]  #: with seconds taken and promised


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything a report is made of."""

    period: Period
    as_of: datetime
    results: Mapping[str, Result]
    before: Mapping[str, Result]
    days: tuple[Period, ...]
    day_field: str | None
    per_day: Mapping[str | None, tuple[int, ...]]  #: by value of `day_field`, most frequent first
    clock: Clock | None
    slices: tuple[Slice, ...]
    status_time: Mapping[str, int]  #: working seconds by status
    rating_field: Field | None
    ratings: Mapping[str, int]
    item_field: Field | None
    by_item: Mapping[str | None, Mapping[str, Result]]  #: by item, then by metric ("" is the count)
    broken_down: tuple[Metric, ...]
    problems: tuple[tuple[InquiryId, Problem], ...]
    periods: tuple[Period, ...]  #: of the trend, the oldest first
    trend: Mapping[str, tuple[Result, ...]]  #: by metric, for each of `periods`
    missed: tuple[Missed, ...]
    unsaid: Mapping[str, tuple[str, ...]]  #: fields that no inquiry says, by the metric that reads nothing else


def gather(practice: Rulebook, facts: FactTable, period: Period, as_of: datetime) -> Gathered:
    """Ask the facts for everything a report of `period` shows.

    Raises:
        DocumentError: a rule of the practice cannot be understood.
    """
    asking = _Asking(practice, facts, period, as_of)
    periods = [period]
    while len(periods) < _TREND:
        periods.insert(0, periods[0].previous)
    totals = run(practice, facts, periods, as_of, by=())
    empty = unsaid(practice, facts, period)
    # what rests on nothing that anybody says is shown, and not judged
    totals = [replace(one, met=None, threshold=None) if one.metric in empty else one for one in totals]
    results = {one.metric: one for one in totals if one.period == period}
    days, per_day = asking.per_day()
    clock = practice.clocks.get("first_response") or next((one for one in practice.clocks.values() if one.goal and one.start), None)
    item = asking.breakdown_field()
    valued = [one for one in practice.metrics.values() if results[one.id].value is not None and one.id not in empty]
    judged = [one for one in valued if _divisible(one)]
    broken_down = tuple(sorted(judged, key=lambda one: one.target is None or one.target.goal is None)[:_BROKEN_DOWN])
    rating = rating_field(practice.fields, practice.feedback.keys())
    registered = asking.ask("registered", {"count": {}}, periods=periods)
    begun = tuple(dropwhile(lambda one: not any(r.counted for r in registered if r.period == one), periods))
    return Gathered(
        period=period,
        as_of=as_of,
        results=results,
        before={one.metric: one for one in totals if one.period == periods[-2]},
        days=days,
        day_field=asking.day_field,
        per_day=per_day,
        clock=clock,
        slices=asking.slices(clock) if clock else (),
        status_time=asking.status_time(),
        rating_field=rating,
        ratings=asking.ratings(rating) if rating else {},
        item_field=item,
        by_item=asking.by_item(item, broken_down) if item else {},
        broken_down=broken_down,
        problems=tuple(problems_of(facts, period, f"{asking.period_by}_day")),
        periods=begun,
        trend={name: tuple(one for one in totals if one.metric == name and one.period in begun) for name in results},
        missed=asking.missed(),
        unsaid={name: fields for name, fields in empty.items() if results[name].value is not None},
    )


class _Asking:
    def __init__(self, practice: Rulebook, facts: FactTable, period: Period, as_of: datetime) -> None:
        self.practice, self.facts, self.period, self.as_of = practice, facts, period, as_of
        self.records = Records(practice, {"inquiry": facts})
        every = [one.period_by for one in practice.metrics.values() if one.grain == "inquiry"]
        instants = [FieldId(one.id) for one in practice.fields.values() if one.type == "datetime"]
        self.period_by = next((name for name in every if name in instants), None) or FieldId("submitted_at")
        if self.period_by not in practice.fields and instants:
            self.period_by = instants[0]
        self.day_field = next(
            (name for name in ("channel", "stream") if name in practice.fields and practice.fields[FieldId(name)].type == "choice"),
            None,
        )

    def ask(self, name: str, value: Mapping[str, Json], *, by: Sequence[str] = (), periods: Sequence[Period] = ()) -> list[Result]:
        metric = _unstated(name, self.period_by, value, tuple(by))
        return run(self.practice, self.facts, periods or [self.period], self.as_of, metrics=[metric])

    def per_day(self) -> tuple[tuple[Period, ...], dict[str | None, tuple[int, ...]]]:
        days = self.period.days()
        by = (self.day_field,) if self.day_field else ()
        counts: dict[Any, dict[Period, int]] = {}
        for one in self.ask("per_day", {"count": {}}, by=by, periods=days):
            counts.setdefault(one.by[self.day_field] if self.day_field else None, {})[one.period] = one.counted
        ordered = sorted(counts.items(), key=lambda pair: (-sum(pair[1].values()), str(pair[0])))
        return tuple(days), {name: tuple(found.get(day, 0) for day in days) for name, found in ordered}

    def slices(self, clock: Clock) -> tuple[Slice, ...]:
        goal = int(clock.goal.total_seconds()) if clock.goal else 300
        edges = [max(int(goal * step), 1) for step in _STEPS]
        asked: list[Metric] = []
        bounds = list(zip([None, *edges], [*edges, None], strict=True))
        for above, upto in bounds:
            where: list[Json] = [{clock.id: {"present": True}}]
            where += [{clock.id: {"gt": above}}] if above is not None else []
            where += [{clock.id: {"lte": upto}}] if upto is not None else []
            asked.append(_unstated("slice", self.period_by, {"count": {"where": {"all": where}}}))
        found = run(self.practice, self.facts, [self.period], self.as_of, metrics=asked)
        return tuple(Slice(above, upto, one.counted) for (above, upto), one in zip(bounds, found, strict=True))

    def status_time(self) -> dict[str, int]:
        columns = self.facts.columns
        stamp = stamp_of(self.practice, self.facts, self.as_of)
        moment, day = columns[self.period_by], columns[f"{self.period_by}_day"]
        plans = {
            status: Plan("spent", moment, day, None, (), Aggregate("sum", columns[f"spent_{status}"]))
            for status in self.practice.statuses.statuses
        }
        figures = figures_of(list(plans.values()), self.records, [self.period], self.as_of)
        found = {}
        for status, plan in plans.items():
            metric = _unstated("spent", self.period_by, {})
            (one,) = evaluate(plan, metric, self.records, [self.period], stamp, figures.get(id(plan)))
            if one.value:
                found[status] = int(one.value)
        return found

    def breakdown_field(self) -> Field | None:
        """The service item, or another field where no inquiry of the period names one."""
        item = next((one for one in self.practice.fields.values() if one.type == "catalog_item"), None)
        fields = [item] if item else []
        fields += [self.practice.fields[FieldId(name)] for name in _INSTEAD if name in self.practice.fields]
        for field in fields:
            if field.id in self.facts.columns.all:
                values = {one.by[field.id] for one in self.ask("", {"count": {}}, by=(field.id,))}
                if len(values) > 1:
                    return field
        return item

    def missed(self) -> tuple[Missed, ...]:
        """Of every clock with a goal, the inquiries that missed it by the most."""
        columns, found = self.facts.columns, []
        day = f'"{columns[f"{self.period_by}_day"].name}"'
        inside = {"since": self.period.since, "until": self.period.until}
        for clock in self.practice.clocks:
            took, goal, met = (f'"{columns[f"{clock}_{what}"].name}"' for what in ("took", "goal", "met"))
            where = f"FROM facts WHERE NOT {met} AND {day} >= $since AND {day} < $until"
            (row,) = self.facts.query(f"SELECT count(*) AS missed {where}", inside)
            if row["missed"]:
                sql = (
                    f"SELECT inquiry, {took} AS took, {goal} AS goal {where} ORDER BY {took} - {goal} DESC, inquiry LIMIT {_WORST}"
                )
                worst = tuple((InquiryId(one["inquiry"]), one["took"], one["goal"]) for one in self.facts.query(sql, inside))
                found.append(Missed(clock, row["missed"], worst))
        return tuple(found)

    def ratings(self, field: Field) -> dict[str, int]:
        counts = {one.by[field.id]: one.counted for one in self.ask("ratings", {"count": {}}, by=(field.id,))}
        return {slug: counts.get(slug, 0) for slug in field.choices}

    def by_item(self, field: Field, metrics: Sequence[Metric]) -> dict[str | None, dict[str, Result]]:
        found: dict[str | None, dict[str, Result]] = {}
        counted = self.ask("", {"count": {}}, by=(field.id,))
        for one in sorted(counted, key=lambda one: (one.by[field.id] is None, -one.counted)):
            found[one.by[field.id]] = {"": one}
        for one in run(self.practice, self.facts, [self.period], self.as_of, by=(field.id,), metrics=[m.id for m in metrics]):
            found.setdefault(one.by[field.id], {})[one.metric] = one
        return found


def unsaid(practice: Rulebook, facts: FactTable, period: Period) -> dict[str, tuple[str, ...]]:
    """Metrics whose value rests on fields alone that no inquiry of the period says: what they show is no result.

    Args:
        practice: whose metrics.
        facts: an open fact table of inquiries.
        period: local dates in the practice's zone.

    Returns:
        The fields by metric; of a computed field those it is computed from. Nothing in a period without inquiries.
    """
    planner = Planner(practice, facts.columns)
    read: dict[str, tuple[Plan, list[Column]]] = {}
    for metric in practice.metrics.values():
        plan = planner.plan(metric, ()) if metric.grain == "inquiry" and not metric.made_of_others else None
        if isinstance(plan, Plan):
            own = (STATUS, SUBMITTED)  # every inquiry has these; clocks are told by what is wrong with them
            columns = [one for one in columns_of(replace(plan, where=None)) if one.of in practice.fields and one.of not in own]
            if columns:
                read[metric.id] = (plan, columns)
    found: dict[str, tuple[str, ...]] = {}
    for days in dict.fromkeys(plan.day.name for plan, _ in read.values()):
        some = {name: columns for name, (plan, columns) in read.items() if plan.day.name == days}
        names = sorted({column.name for columns in some.values() for column in columns})
        # that a field is filled is true or false of every row: what counts is whether it ever is
        counts = ", ".join(
            f'count(CASE WHEN "{name}" THEN 1 END) AS "{name}"' if name.endswith("_filled") else f'count("{name}") AS "{name}"'
            for name in names
        )
        day = f'"{facts.columns[days].name}"'
        (row,) = facts.query(
            f"SELECT count(*) AS _all, {counts} FROM facts WHERE {day} >= $since AND {day} < $until",
            {"since": period.since, "until": period.until},
        )
        for name, columns in some.items():
            if row["_all"] and not any(row[column.name] for column in columns):
                found[name] = tuple(dict.fromkeys(one for column in columns for one in _from(practice, str(column.of))))
    return found


def _from(practice: Rulebook, name: str) -> Sequence[str]:
    """A field, or those that it is computed from."""
    field = practice.fields[FieldId(name)]
    ((way, what),) = field.computed.items() if field.computed else (("", None),)
    if way == "only" and isinstance(what, Mapping):
        return [str(one) for one in what]
    if way == "differs" and isinstance(what, Sequence):
        return [str(one) for one in what]
    return [name]


def _divisible(metric: Metric) -> bool:
    """Whether a KPI says something beside the number of inquiries of a service item: judged, and computed from inquiries."""
    return metric.target is not None and metric.unit != "count" and metric.grain == "inquiry" and not metric.made_of_others


def _unstated(name: str, period_by: FieldId, value: Mapping[str, Json], by: tuple[str, ...] = ()) -> Metric:
    """A metric that no file states: for a chart."""
    return Metric(id=name, label={}, factor=None, judges=None, satisfies=(), period_by=period_by, every="day", by=by, where=None,
                  value=value, unit="count", target=None)  # fmt: skip
