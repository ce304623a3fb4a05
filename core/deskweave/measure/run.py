"""Run the KPI rules of a practice over its facts (practice E2-E15)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any, Literal, TypeAlias

from deskweave.measure.periods import Period
from deskweave.measure.plan import Composite, Count, Fulfilled, Plan
from deskweave.measure.planner import Planner
from deskweave.measure.records import Records
from deskweave.measure.sources import Rulebook
from deskweave.measure.table import FactTable
from deskweave.model import Grain, Metric
from deskweave.model.attainment import attainment

Reason: TypeAlias = Literal["", "not-collected", "not-rated", "nothing-counted", "no-parts"]
"""Why a figure has no value: nobody collects such records; no channel is rated; nothing in the period to compute it from; no part
of a composite has one. Empty: it has a value."""


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
    """One figure: a metric in a period, for one combination of what it is broken down by.

    `value` is a ratio, a count, seconds or a number, by the metric's unit; None: there was nothing to compute it from, and `reason`
    says what was lacking. `counted` is what it is computed from (a ratio's denominator, the durations of an average, the parts of a
    composite), `beside` what is in scope and not among them. `parts`: the share of rows that fulfil each criterion, or how far each
    part of a composite reaches its target, None for a part without data.
    """

    metric: str
    period: Period
    by: Mapping[str, Any] = field(default_factory=dict)
    value: float | None
    numerator: float | None = None
    denominator: float | None = None
    counted: int
    beside: int
    met: bool | None
    stamp: Stamp
    reason: Reason = ""
    parts: Mapping[str, float | None] = field(default_factory=dict)


def run(
    practice: Rulebook,
    facts: FactTable,
    periods: Sequence[Period],
    as_of: datetime,
    by: Sequence[str] | None = None,
    metrics: Iterable[str | Metric] | None = None,
    others: Mapping[Grain, FactTable] | None = None,
) -> list[Result]:
    """Compute metrics.

    Args:
        practice: whose rules.
        facts: an open fact table of inquiries (`Facts.open`).
        periods: local dates in the practice's zone; each metric is computed for each.
        as_of: rows whose period field lies after it are left out; stamped on every result.
        by: break down by these fields in place of each metric's own; () gives totals. Of all metrics of the practice, those whose
            records do not have these fields are left out.
        metrics: ids, or metrics that are not in the practice; default: all of the practice.
        others: open fact tables of contacts and responses, where somebody collects them. Metrics about records that nobody collects
            have no value and say so.

    Returns:
        By metric, period, then breakdown. A total over no row is there too: 0 for a count, None for all else.

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
        # a field of inquiries is none of channels; a field that no inquiry has is told, as ever
        wanted = [
            one for one in known if (one.grain == "inquiry" and "composite" not in one.value) or planner.divides(one, by or ())
        ]
    else:
        wanted = [practice.metrics[one] if isinstance(one, str) else one for one in metrics]
    stamp = stamp_of(practice, facts, as_of)
    found: list[Result] = []
    tables: dict[Grain, FactTable] = {**(others or {}), "inquiry": facts}
    records = Records(practice, tables)
    plans = [planner.plan(metric, by) for metric in wanted]
    figures = figures_of(plans, records, periods, as_of)
    for plan, metric in zip(plans, wanted, strict=True):
        found.extend(evaluate(plan, metric, records, periods, stamp, figures.get(id(plan))))
    return found


def figures_of(
    plans: Sequence[Plan | Composite], records: Records, periods: Sequence[Period], as_of: datetime
) -> dict[int, list[dict[str, Any]]]:
    """What the facts answer to plans that can be asked in one reading, by the plan's id."""
    alike: dict[tuple[object, ...], list[Plan]] = {}  # by what lets one statement answer them
    if any(period.until > following.since for period, following in pairwise(periods)):
        return {}  # a row may lie in several periods
    for plan in plans:
        if isinstance(plan, Plan) and not plan.standing:
            alike.setdefault((plan.grain, plan.instant, plan.day, plan.by, plan.zone), []).append(plan)
    found: dict[int, list[dict[str, Any]]] = {}
    for some in alike.values():
        facts = records.get(some[0].grain)
        if periods and len(some) > 1 and isinstance(facts, FactTable):
            rows = facts.figures_together(some, periods, as_of)
            found |= {id(plan): answer for plan, answer in zip(some, rows, strict=True)}
    return found


def evaluate(
    plan: Plan | Composite,
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
    facts = records.get(plan.grain)
    if facts is None:
        if plan.by:
            return []
        return [
            Result(metric=metric.id, period=period, value=None, counted=0, beside=0, met=None, stamp=stamp, reason="not-collected")
            for period in periods
        ]
    rows = facts.figures(plan, periods, stamp.as_of) if figures is None else figures
    found: list[Result] = []
    for number, period in enumerate(periods):
        here = [row for row in rows if row["period"] == number]
        if not here and not plan.by:
            here = [{"_value": 0.0 if isinstance(plan.value, Count) else None, "_numerator": None, "_denominator": None,
                     "_counted": 0, "_rows": 0}]  # fmt: skip
        here.sort(key=lambda row: _order(row[column.name] for column in plan.by))
        for row in here:
            value = row["_value"]
            found.append(
                Result(
                    metric=metric.id,
                    period=period,
                    by={column.name: row[column.name] for column in plan.by},
                    value=value,
                    numerator=row["_numerator"],
                    denominator=row["_denominator"],
                    counted=row["_counted"],
                    beside=row["_rows"] - row["_counted"],
                    met=verdict(metric, value),
                    stamp=stamp,
                    reason="" if value is not None else "not-rated" if plan.standing else "nothing-counted",
                    parts=_fulfilments(plan, row),
                )
            )
    return found


def _fulfilments(plan: Plan, row: Mapping[str, Any]) -> dict[str, float | None]:
    """The share of rows that fulfil each criterion."""
    if not isinstance(plan.value, Fulfilled) or not row["_rows"]:
        return {}
    return {slug: row[f"_part{number}"] / row["_rows"] for number, (slug, _) in enumerate(plan.value.criteria)}


def _combined(plan: Composite, metric: Metric, records: Records, periods: Sequence[Period], stamp: Stamp) -> list[Result]:
    """The weighted mean of how far the parts reach their targets (E12); parts without data are left out with their weight."""
    names = [column.name for column in plan.by]
    weights = {part.metric.id: part.weight for part in plan.parts}
    reached: dict[tuple[Period, tuple[Any, ...]], dict[str, float | None]] = {}
    for part in plan.parts:
        for one in evaluate(part.plan, part.metric, records, periods, stamp):
            row = reached.setdefault((one.period, tuple(one.by[name] for name in names)), dict.fromkeys(weights))
            target = part.metric.target
            if one.value is not None and target is not None:
                row[part.metric.id] = attainment(one.value, target.better, target.goal)
    found: list[Result] = []
    for (period, cells), parts in sorted(reached.items(), key=lambda pair: (periods.index(pair[0][0]), _order(pair[0][1]))):
        total = math.fsum(weights[name] * value for name, value in parts.items() if value is not None)
        weight = math.fsum(weights[name] for name, value in parts.items() if value is not None)
        counted = sum(value is not None for value in parts.values())
        value = total / weight if weight else None
        found.append(
            Result(
                metric=metric.id,
                period=period,
                by=dict(zip(names, cells, strict=True)),
                value=value,
                numerator=total if weight else None,
                denominator=weight if weight else None,
                counted=counted,
                beside=len(parts) - counted,
                met=verdict(metric, value),
                stamp=stamp,
                reason="" if weight else "no-parts",
                parts=parts,
            )
        )
    return found


def _order(cells: Iterable[Any]) -> list[tuple[bool, str]]:
    """Values of a breakdown in order, those not given last."""
    return [(cell is None, str(cell)) for cell in cells]


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
