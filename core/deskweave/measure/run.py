"""Run the KPI rules of a practice over its facts (practice E2-E15)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Literal, TypeAlias

from deskweave.measure.columns import Column
from deskweave.measure.periods import Period
from deskweave.measure.plan import Asked, Composite, Count, Derived, Fulfilled, Ingredient, Plan
from deskweave.measure.planner import Planner
from deskweave.measure.records import Records
from deskweave.measure.sources import Rulebook
from deskweave.measure.table import FactTable
from deskweave.model import Grain, Level, Metric, Threshold
from deskweave.model.attainment import attainment
from deskweave.model.formula import Operation, computed

Reason: TypeAlias = Literal[
    "",
    "not-collected",
    "not-said",
    "not-rated",
    "not-begun",
    "nothing-counted",
    "no-parts",
    "part-missing",
    "divided-by-zero",
    "not-finite",
]
"""Why a figure has no value: nobody collects such records; what was handed in has no word for what is asked; no channel is rated;
the period has not begun; nothing in the period to compute it from; no part of a composite has one; a part of a formula has none; it
divides by zero, or exceeds all numbers. Empty: it has a value."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """By what a figure was judged: the practices and calendars that its rows name, and how far events were known."""

    practice: str
    judged_by: tuple[str, ...]
    calendars: tuple[str, ...]
    position: int
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One figure: a metric in a period, for one combination of what it is broken down by, or a total of several.

    `by` says of which values it is, None for one that nobody gave; `over`, over which fields it is a total; `fields`, both in the
    order of the breakdown. `threshold` is the first of the metric's that its value lies beyond.

    `value` is a ratio, a count, seconds or a number, by the metric's unit; None: there was nothing to compute it from, and `reason`
    says what was lacking. `counted` is what it is computed from (a ratio's denominator, the durations of an average, the parts of a
    composite or of a formula), `beside` what is in scope and not among them. `parts`: the share of rows that fulfil each criterion,
    how far each part of a composite reaches its target, or each figure that a formula reads (`formula.Term.key`); None for a part
    without data. `unsaid`: the fields that records of the period have no word for, where `reason` is that.
    """

    metric: str
    period: Period
    by: Mapping[str, Any] = field(default_factory=dict)
    over: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    value: float | None
    numerator: float | None = None
    denominator: float | None = None
    counted: int
    beside: int
    met: bool | None
    stamp: Stamp
    reason: Reason = ""
    parts: Mapping[str, float | None] = field(default_factory=dict)
    threshold: Threshold | None = None
    unsaid: tuple[str, ...] = ()

    @property
    def level(self) -> Level | None:
        """The level of the threshold that is reached, if one is."""
        return None if self.threshold is None else self.threshold.level


def run(
    practice: Rulebook,
    facts: FactTable,
    periods: Sequence[Period],
    as_of: datetime,
    by: Sequence[str] | None = None,
    metrics: Iterable[str | Metric] | None = None,
    others: Mapping[Grain, FactTable] | None = None,
    totals: Sequence[Sequence[str]] | None = None,
) -> list[Result]:
    """Compute metrics.

    Args:
        practice: whose rules.
        facts: an open fact table of inquiries (`Facts.open`).
        periods: local dates in the practice's zone; each metric is computed for each.
        as_of: rows whose period field lies after it are left out; stamped on every result.
        by: break down by these fields in place of each metric's own; () gives totals. Of all metrics of the practice, those whose
            records do not have these fields are left out; a field that no record has is told.
        metrics: ids, or metrics that are not in the practice; default: all of the practice.
        others: open fact tables of contacts and responses, where somebody collects them; default: those of `facts.others`. Metrics
            about records that nobody collects have no value and say so.
        totals: sub-totals beside the breakdown, each by some of its fields, () by none; default: each metric's own where `by` is
            its own too, else none. They are computed from the rows, never from the figures above them.

    Returns:
        By metric, period, then breakdown, a total after what it is made of. A total over no row is there too: 0 for a count (unless
        the metric fills with none), None for all else; so is a combination that has rows in another of `periods`.

    Raises:
        DocumentError: a rule cannot be understood; the findings say where.
        KeyError: `metrics` names one that the practice does not have.
    """
    if as_of.tzinfo is None:
        message = f"as_of {as_of.isoformat()} has no time zone"
        raise ValueError(message)
    planner = Planner(practice, facts.columns)
    if metrics is None:
        known = practice.metrics.values()
        elsewhere = any(all(name in fields for name in by or ()) for fields in practice.records.values())
        # a field of inquiries is none of channels, one of contacts none of inquiries
        wanted = [
            one
            for one in known
            if (one.grain == "inquiry" and not one.made_of_others and "backlog" not in one.value and (not by or not elsewhere))
            or planner.divides(one, by or ())
        ]
    else:
        wanted = [practice.metrics[one] if isinstance(one, str) else one for one in metrics]
    stamp = stamp_of(practice, facts, as_of)
    found: list[Result] = []
    tables: dict[Grain, FactTable] = {**facts.others, **(others or {}), "inquiry": facts}
    records = Records(practice, tables)
    plans = [planner.plan(metric, by, totals) for metric in wanted]
    figures = figures_of(plans, records, periods, as_of)
    for plan, metric in zip(plans, wanted, strict=True):
        found.extend(evaluate(plan, metric, records, periods, stamp, figures.get(id(plan))))
    return found


def figures_of(
    plans: Sequence[Asked], records: Records, periods: Sequence[Period], as_of: datetime
) -> dict[int, list[dict[str, Any]]]:
    """What the facts answer to plans that can be asked in one reading, by the plan's id."""
    alike: dict[tuple[object, ...], list[Plan]] = {}  # by what lets one statement answer them
    if any(period.until > following.since for period, following in pairwise(periods)):
        return {}  # a row may lie in several periods
    for plan in plans:
        if isinstance(plan, Plan) and not plan.standing and plan.turns is None:
            alike.setdefault((plan.grain, plan.instant, plan.day, plan.by, plan.totals, plan.zone), []).append(plan)
    found: dict[int, list[dict[str, Any]]] = {}
    for some in alike.values():
        facts = records.get(some[0].grain)
        if periods and len(some) > 1 and isinstance(facts, FactTable):
            rows = facts.figures_together(some, periods, as_of)
            found |= {id(plan): answer for plan, answer in zip(some, rows, strict=True)}
    return found


def evaluate(
    plan: Asked,
    metric: Metric,
    records: Records,
    periods: Sequence[Period],
    stamp: Stamp,
    figures: list[dict[str, Any]] | None = None,
) -> list[Result]:
    """One plan, for each of `periods`; `metric` says target and unit. `figures`: what the facts answer to it, if that is known."""
    if not periods:
        return []
    if isinstance(plan, Composite):
        return _combined(plan, metric, records, periods, stamp)
    if isinstance(plan, Derived):
        return _derived(plan, metric, records, periods, stamp)
    facts = records.get(plan.grain)
    if facts is None:
        return [
            _result(plan, metric, period, ((), names), None, stamp, reason="not-collected")
            for period in periods
            for names in _always(plan)
        ]
    rows = facts.figures(plan, periods, stamp.as_of) if figures is None else figures
    here: dict[int, dict[_Place, Mapping[str, Any]]] = {number: {} for number in range(len(periods))}
    for row in rows:
        over = tuple(column.name for number, column in enumerate(plan.by) if row.get(f"_total{number}"))
        here[row["period"]][_place(row, plan.by, over)] = row
    some = {place for row in here.values() for place in row} | {((), names) for names in _always(plan)}
    places = sorted(some, key=lambda place: _order(plan.by, place))
    empty = {"_value": None, "_numerator": None, "_denominator": None, "_counted": 0, "_rows": 0}
    found: list[Result] = []
    for number, period in enumerate(periods):
        unsaid = records.unsayable(metric, period)
        reason: Reason = "not-said" if unsaid else "" if _begun(plan, period, stamp) else "not-begun"
        for place in places:
            given = here[number].get(place) or empty | {"_value": _of_nothing(plan, metric, period, stamp)}
            if unsaid:
                given = {**empty, "_rows": given["_rows"]}
            found.append(_result(plan, metric, period, place, given, stamp, reason, unsaid))
    return found


def _of_nothing(plan: Plan, metric: Metric, period: Period, stamp: Stamp) -> float | None:
    """What a figure is where no row is: a number of nothing is 0, unless the metric says that it was not counted."""
    counts = isinstance(plan.value, Count) and metric.fill_empty != "none"
    return 0.0 if counts and _begun(plan, period, stamp) else None


def _begun(plan: Plan, period: Period, stamp: Stamp) -> bool:
    """Whether a figure can be told: nobody knows what is open at the end of a period that has not begun."""
    return plan.turns is None or period.edges(plan.zone)[0] <= stamp.as_of.astimezone(UTC).replace(tzinfo=None)


_Place: TypeAlias = "tuple[tuple[Any, ...], tuple[str, ...]]"
"""Where a figure stands in a breakdown: the values it is of, and the fields it is a total over."""


def _place(row: Mapping[str, Any], by: Sequence[Column], over: tuple[str, ...]) -> _Place:
    return tuple(row[column.name] for column in by if column.name not in over), over


def _always(plan: Plan) -> list[tuple[str, ...]]:
    """What the total of all is a total over, if the plan asks for one: it is there even without a row."""
    return [tuple(column.name for column in plan.by)] if not plan.by or () in plan.totals else []


def _by(by: Sequence[Column], place: _Place) -> dict[str, Any]:
    cells, over = place
    return dict(zip((column.name for column in by if column.name not in over), cells, strict=True))


def _result(
    plan: Plan,
    metric: Metric,
    period: Period,
    place: _Place,
    row: Mapping[str, Any] | None,
    stamp: Stamp,
    reason: Reason = "",
    unsaid: tuple[str, ...] = (),
) -> Result:
    """One row of a statement as a result; without a row there is nobody who collects any."""
    row = row or {"_value": None, "_numerator": None, "_denominator": None, "_counted": 0, "_rows": 0}
    value = row["_value"]
    lacking: Reason = "not-rated" if plan.standing else "nothing-counted"
    return Result(
        metric=metric.id,
        period=period,
        by=_by(plan.by, place),
        over=place[1],
        fields=tuple(column.name for column in plan.by),
        value=value,
        numerator=row["_numerator"],
        denominator=row["_denominator"],
        counted=row["_counted"],
        beside=row["_rows"] - row["_counted"],
        met=verdict(metric, value),
        stamp=stamp,
        reason=reason or ("" if value is not None else lacking),
        parts={} if unsaid else _fulfilments(plan, row),
        threshold=threshold(metric, value),
        unsaid=unsaid,
    )


def _fulfilments(plan: Plan, row: Mapping[str, Any]) -> dict[str, float | None]:
    """The share of rows that fulfil each criterion."""
    if not isinstance(plan.value, Fulfilled) or not row["_rows"]:
        return {}
    return {slug: row[f"_part{number}"] / row["_rows"] for number, (slug, _) in enumerate(plan.value.criteria)}


def _combined(plan: Composite, metric: Metric, records: Records, periods: Sequence[Period], stamp: Stamp) -> list[Result]:
    """The weighted mean of how far the parts reach their targets (E12); parts without data are left out with their weight."""
    weights = {part.metric.id: part.weight for part in plan.parts}
    reached: dict[tuple[Period, _Place], dict[str, float | None]] = {}
    for part in plan.parts:
        for one in evaluate(part.plan, part.metric, records, periods, stamp):
            place = (tuple(one.by.values()), one.over)
            row = reached.setdefault((one.period, place), dict.fromkeys(weights))
            target = part.metric.target
            if one.value is not None and target is not None:
                row[part.metric.id] = attainment(one.value, target.better, target.goal)
    found: list[Result] = []
    ordered = sorted(reached, key=lambda key: (periods.index(key[0]), _order(plan.by, key[1])))
    for period, place in ordered:
        parts = reached[period, place]
        total = math.fsum(weights[name] * value for name, value in parts.items() if value is not None)
        weight = math.fsum(weights[name] for name, value in parts.items() if value is not None)
        counted = sum(value is not None for value in parts.values())
        value = total / weight if weight else None
        found.append(
            Result(
                metric=metric.id,
                period=period,
                by=_by(plan.by, place),
                over=place[1],
                fields=tuple(column.name for column in plan.by),
                value=value,
                numerator=total if weight else None,
                denominator=weight if weight else None,
                counted=counted,
                beside=len(parts) - counted,
                met=verdict(metric, value),
                stamp=stamp,
                reason="" if weight else "no-parts",
                parts=parts,
                threshold=threshold(metric, value),
            )
        )
    return found


def _derived(plan: Derived, metric: Metric, records: Records, periods: Sequence[Period], stamp: Stamp) -> list[Result]:
    """A formula over other figures (E12). Where one of them has no value, the formula has none."""
    read: dict[tuple[int, _Place], dict[str, float | None]] = {}
    asked = {part.term.key: [one.previous if part.term.previous else one for one in periods] for part in plan.parts}
    for some in {part.metric.id: part for part in plan.parts}.values():  # a metric and what it was before are asked in one go
        terms = [part.term.key for part in plan.parts if part.metric.id == some.metric.id]
        wanted = list(dict.fromkeys(period for term in terms for period in asked[term]))
        for one in evaluate(some.plan, some.metric, records, wanted, stamp):
            place = (tuple(one.by.values()), one.over)
            for term in terms:
                for number, period in enumerate(asked[term]):
                    if period == one.period:
                        read.setdefault((number, place), {})[term] = one.value
    found: list[Result] = []
    for number, place in sorted(read, key=lambda key: (key[0], _order(plan.by, key[1]))):
        figures = read[number, place]
        parts = {
            (key := part.term.key): figures[key] if key in figures else _elsewhere(part, records, asked[key][number], stamp)
            for part in plan.parts
        }
        value = computed(plan.formula, parts)
        counted = sum(one is not None for one in parts.values())
        reason: Reason = "" if value is not None else "part-missing" if counted < len(parts) else "divided-by-zero"
        if value is not None and not math.isfinite(value):
            value, reason = None, "not-finite"
        above = below = None
        if isinstance(plan.formula, Operation) and plan.formula.operator == "divide":
            above, below = (computed(one, parts) for one in plan.formula.parts)
        if any(one is not None and not math.isfinite(one) for one in (above, below)):
            above = below = None
        found.append(
            Result(
                metric=metric.id,
                period=periods[number],
                by=_by(plan.by, place),
                over=place[1],
                fields=tuple(column.name for column in plan.by),
                value=value,
                numerator=above,
                denominator=below,
                counted=counted,
                beside=len(parts) - counted,
                met=verdict(metric, value),
                stamp=stamp,
                reason=reason,
                parts=parts,
                threshold=threshold(metric, value),
            )
        )
    return found


def _elsewhere(part: Ingredient, records: Records, period: Period, stamp: Stamp) -> float | None:
    """What a part is in a group that only other parts have: a number of nothing is 0, everything else is missing."""
    if not isinstance(part.plan, Plan) or records.get(part.plan.grain) is None:
        return None
    return _of_nothing(part.plan, part.metric, period, stamp)


def _order(by: Sequence[Column], place: _Place) -> list[tuple[bool, bool, str]]:
    """Values of a breakdown in order, those not given after them, then the total over them."""
    cells = _by(by, place)
    return [(name in place[1], cells.get(name) is None, str(cells.get(name))) for name in (column.name for column in by)]


def threshold(metric: Metric, value: float | None) -> Threshold | None:
    """The first of a metric's thresholds that `value` lies beyond."""
    return None if value is None else next((one for one in metric.thresholds if one.matches(value)), None)


def verdict(metric: Metric, value: float | None) -> bool | None:
    """Whether `value` reaches the target; None without a goal or a value. Reaching it exactly is reaching it."""
    if value is None or metric.target is None or metric.target.goal is None:
        return None
    return value >= metric.target.goal if metric.target.better == "higher" else value <= metric.target.goal


def stamp_of(practice: Rulebook, facts: FactTable, as_of: datetime) -> Stamp:
    """By what the rows of `facts` were judged."""
    rows = facts.query("SELECT DISTINCT _practice, _calendars FROM facts WHERE _practice IS NOT NULL")
    calendars = {one for row in rows for one in str(row["_calendars"] or "").split()}
    return Stamp(
        practice.digest, tuple(sorted({row["_practice"] for row in rows})), tuple(sorted(calendars)), facts.position, as_of
    )
