"""A plan by plain Python over rows in memory: what every engine must answer, and how a rule's own examples are run.

Slow and obvious on purpose: one row after another, one condition at a time. Tests hold DuckDB and PostgreSQL to it on random rows.
No engine is loaded for it, so that checking a practice of a hundred rules with their examples takes moments.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from deskweave.measure.columns import Columns, Kind
from deskweave.measure.facts import Row
from deskweave.measure.periods import Period, ends
from deskweave.measure.plan import Aggregate, AllOf, AnyOf, Condition, Count, Fulfilled, Not, Plan, Ratio, Test, Value

if TYPE_CHECKING:
    from deskweave.measure.collected import Collector


class PlainTable:
    """Rows in memory that answer plans, as `FactTable` does."""

    def __init__(self, columns: Columns, rows: Sequence[Row]) -> None:
        self.columns, self._rows = columns, rows
        self.collectors: Sequence[Collector] = ()

    @property
    def rows(self) -> Sequence[Row]:
        """All of them."""
        return self._rows

    def figures(self, plan: Plan, periods: Sequence[Period], as_of: datetime) -> list[dict[str, Any]]:
        """What the compiled statement would answer, row by row; `as_of` is aware."""
        found: list[dict[str, Any]] = []
        known = [row for row in self._rows if _known(plan, row, as_of) and (plan.where is None or holds(plan.where, row))]
        over: list[datetime | None] = [None] * len(periods)
        if plan.turns is not None:
            over = ends(periods, plan.zone, as_of.astimezone(UTC).replace(tzinfo=None))
        for number, period in enumerate(periods):
            here = [
                row
                for row in known
                if (_inside(plan, row, period) if plan.turns is None else is_open(row.get(plan.turns.name), over[number]))
            ]
            for columns in (plan.by, *plan.totals):
                groups: dict[tuple[Any, ...], list[Row]] = {}
                for row in here:
                    groups.setdefault(tuple(_key(row.get(column.name)) for column in columns), []).append(row)
                marks = {f"_total{n}": int(column not in columns) for n, column in enumerate(plan.by)} if plan.totals else {}
                for key, rows in groups.items():
                    cells = dict.fromkeys(column.name for column in plan.by) | {
                        column.name: cell for column, cell in zip(columns, key, strict=True)
                    }
                    found.append({"period": number, **cells, **marks, **_figures(plan.value, rows), "_rows": len(rows)})
        return found


def _key(cell: Any) -> Any:
    return tuple(cell) if isinstance(cell, list) else cell


def _day(cell: Any) -> date | None:
    return date.fromisoformat(cell) if isinstance(cell, str) else cell


def _inside(plan: Plan, row: Row, period: Period) -> bool:
    day = _day(row.get(plan.day.name))
    if day is None:
        return plan.standing
    return day < period.until and (plan.standing or period.since <= day)


def is_open(turns: Sequence[datetime] | None, before: datetime | None) -> bool:
    """Whether an odd number of instants lies before a moment (UTC, without a zone). None: that was never, or is not yet."""
    return turns is not None and before is not None and sum(at < before for at in turns) % 2 == 1


def _known(plan: Plan, row: Row, as_of: datetime) -> bool:
    if plan.turns is not None:
        return True  # its instants are looked at up to then
    when = row.get(plan.instant.name)
    if when is None:
        return plan.standing
    if plan.instant.kind is Kind.DATE:
        day = _day(when)
        return day is not None and day <= as_of.astimezone(ZoneInfo(plan.zone)).date()
    return bool(when <= as_of.astimezone(UTC).replace(tzinfo=None))


def holds(condition: Condition, row: Mapping[str, Any]) -> bool:
    """Whether a row fulfils a condition. A missing value fulfils `ne`, `not_in` and `present: false`, and nothing else."""
    match condition:
        case AllOf(parts):
            return all(holds(part, row) for part in parts)
        case AnyOf(parts):
            return any(holds(part, row) for part in parts)
        case Not(part):
            return not holds(part, row)
        case Test():
            return _fulfils(condition, row.get(condition.column.name))


def _fulfils(test: Test, cell: Any) -> bool:
    wanted = test.values
    slugs = test.column.kind is Kind.SLUGS
    match test.operator:
        case "present":
            return (cell is not None and not (cell == "" or (slugs and not cell))) is wanted[0]
        case "lt":
            return cell is not None and bool(cell < wanted[0])
        case "lte":
            return cell is not None and bool(cell <= wanted[0])
        case "gt":
            return cell is not None and bool(cell > wanted[0])
        case "gte":
            return cell is not None and bool(cell >= wanted[0])
    found = cell is not None and (any(value in cell for value in wanted) if slugs else cell in wanted)
    return found if test.operator in ("eq", "in") else not found


def _figures(value: Value, rows: Sequence[Row]) -> dict[str, Any]:
    """Value, numerator, denominator, counted, and of criteria how many rows fulfil each."""
    if isinstance(value, Fulfilled):
        parts = [sum(holds(test, row) for row in rows) for _, test in value.criteria]
        if value.how == "every":
            of, over = sum(all(holds(test, row) for _, test in value.criteria) for row in rows), len(rows)
        else:
            of, over = sum(parts), len(rows) * len(parts)
        return _said(_share(of, over), of, over, len(rows)) | {f"_part{number}": part for number, part in enumerate(parts)}
    if isinstance(value, Ratio):
        top, bottom = _amount(value.of, rows), _amount(value.over, rows)
        counted = bottom if isinstance(value.over, Count) else len(_cells(value.over, rows))
        return _said(_share(top, bottom), top, bottom, int(counted or 0))
    if isinstance(value, Count):
        total = _amount(value, rows)
        return _said(float(total or 0), total, None, int(total or 0))
    cells = _cells(value, rows)
    total = math.fsum(cells) if cells else None
    match value.function:
        case "average":
            return _said(_share(total, len(cells)), total, len(cells), len(cells))
        case "sum":
            return _said(total, total, None, len(cells))
        case "min" | "max":
            pick = min if value.function == "min" else max
            return _said(pick(cells) if cells else None, None, None, len(cells))
        case _:
            return _said(_percentile(value, sorted(cells)), None, None, len(cells))


def _said(value: float | None, numerator: float | None, denominator: float | None, counted: int) -> dict[str, Any]:
    return {"_value": value, "_numerator": numerator, "_denominator": denominator, "_counted": counted}


def _amount(value: Count | Aggregate, rows: Iterable[Row]) -> float | None:
    if isinstance(value, Count):
        return sum(value.where is None or holds(value.where, row) for row in rows)
    cells = _cells(value, rows)
    return math.fsum(cells) if cells else None


def _cells(value: Aggregate, rows: Iterable[Row]) -> list[float]:
    return [float(row[value.column.name]) for row in rows if row.get(value.column.name) is not None]


def _share(of: float | None, over: float | None) -> float | None:
    return None if of is None or not over else of / over


def _percentile(value: Aggregate, cells: Sequence[float]) -> float | None:
    if not cells:
        return None
    if value.function == "discrete":
        return cells[max(0, math.ceil(Fraction(repr(value.p)) * len(cells)) - 1)]  # as a float 0.07 * 100 is more than 7
    place = value.p * (len(cells) - 1)
    low = math.floor(place)
    high = min(low + 1, len(cells) - 1)
    return cells[low] + (cells[high] - cells[low]) * (place - low)
