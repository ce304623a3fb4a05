"""Run the KPI rules of a practice over its facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from deskweave.measure.periods import Period
from deskweave.measure.plan import Count, Plan, Planner
from deskweave.measure.sources import Rulebook
from deskweave.measure.table import FactTable
from deskweave.model import Metric


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

    `value` is a ratio, a count, or seconds, by the metric's unit; None: there was nothing to compute it from. `counted` is what it
    is computed from (a ratio's denominator, the durations of an average), `beside` the inquiries in scope that are not among them.
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


def run(
    practice: Rulebook,
    facts: FactTable,
    periods: Sequence[Period],
    as_of: datetime,
    by: Sequence[str] | None = None,
    metrics: Iterable[str | Metric] | None = None,
) -> list[Result]:
    """Compute metrics.

    Args:
        practice: whose rules.
        facts: an open fact table (`Facts.open`).
        periods: local dates in the practice's zone; each metric is computed for each.
        as_of: inquiries whose period field lies after it are left out; stamped on every result.
        by: break down by these fields in place of each metric's own; () gives totals.
        metrics: ids, or metrics that are not in the practice; default: all of the practice.

    Returns:
        By metric, period, then breakdown. A total over no inquiry is there too: 0 for a count, None for all else.

    Raises:
        DocumentError: a rule cannot be understood; the findings say where.
        KeyError: `metrics` names one that the practice does not have.
    """
    if as_of.tzinfo is None:
        message = f"as_of {as_of.isoformat()} has no time zone"
        raise ValueError(message)
    planner = Planner(practice, facts.columns)
    wanted = [practice.metrics[one] if isinstance(one, str) else one for one in (practice.metrics if metrics is None else metrics)]
    stamp = _stamp(practice, facts, as_of)
    found: list[Result] = []
    for metric in wanted:
        found.extend(evaluate(planner.plan(metric, by), metric, facts, periods, stamp))
    return found


def evaluate(plan: Plan, metric: Metric, facts: FactTable, periods: Sequence[Period], stamp: Stamp) -> list[Result]:
    """One plan, for each of `periods`; `metric` says target and unit."""
    if not periods:
        return []
    from deskweave.measure.compiler import compiled  # brings SQLGlot

    statement = compiled(plan, periods, stamp.as_of.astimezone(UTC).replace(tzinfo=None))
    rows = facts.query(statement.sql, statement.parameters)
    found: list[Result] = []
    for number, period in enumerate(periods):
        here = [row for row in rows if row["period"] == number]
        if not here and not plan.by:
            here = [{"_value": 0.0 if isinstance(plan.value, Count) else None, "_numerator": None, "_denominator": None,
                     "_counted": 0, "_rows": 0}]  # fmt: skip
        here.sort(key=lambda row: [(row[column.name] is None, str(row[column.name])) for column in plan.by])
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
                )
            )
    return found


def verdict(metric: Metric, value: float | None) -> bool | None:
    """Whether `value` reaches the target; None without a goal or a value. Reaching it exactly is reaching it."""
    if value is None or metric.target is None or metric.target.goal is None:
        return None
    return value >= metric.target.goal if metric.target.better == "higher" else value <= metric.target.goal


def _stamp(practice: Rulebook, facts: FactTable, as_of: datetime) -> Stamp:
    rows = facts.query("SELECT DISTINCT _practice, _calendars FROM facts WHERE _practice IS NOT NULL")
    calendars = {one for row in rows for one in str(row["_calendars"] or "").split()}
    return Stamp(
        practice.digest, tuple(sorted({row["_practice"] for row in rows})), tuple(sorted(calendars)), facts.position, as_of
    )
