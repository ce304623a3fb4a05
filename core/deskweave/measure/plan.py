"""A metric as a small typed plan: names resolved to columns, values checked against their types. No text of a rule goes further."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final, Literal, TypeAlias

from deskweave.measure.columns import Column, Kind
from deskweave.model import Grain, Json, Metric
from deskweave.model.formula import Formula, Term

Engine: TypeAlias = Literal["duckdb", "postgres", "clickhouse"]
Operator: TypeAlias = Literal["eq", "ne", "in", "not_in", "lt", "lte", "gt", "gte", "present"]
Function: TypeAlias = Literal["sum", "average", "min", "max", "interpolated", "discrete"]
Cell: TypeAlias = "bool | int | float | str | date | datetime"


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison. `values`: one, or several for in and not_in; (True,) or (False,) for present."""

    __test__ = False  # not a test case

    column: Column
    operator: Operator
    values: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition


Condition: TypeAlias = Test | AllOf | AnyOf | Not


@dataclass(frozen=True, slots=True)
class Count:
    where: Condition | None


@dataclass(frozen=True, slots=True)
class Aggregate:
    function: Function
    column: Column
    p: float = 0.0


@dataclass(frozen=True, slots=True)
class Ratio:
    of: Count | Aggregate
    over: Count | Aggregate


@dataclass(frozen=True, slots=True)
class Fulfilled:
    """Agreed criteria: the share of rows that fulfil all (`every`), or of fulfilments among rows times criteria (`each`)."""

    how: Literal["every", "each"]
    criteria: tuple[tuple[str, Condition], ...]  #: slug, test


Value: TypeAlias = Count | Aggregate | Ratio | Fulfilled


@dataclass(frozen=True, slots=True)
class Plan:
    """What a metric asks of the facts of its grain."""

    metric: str
    instant: Column  #: the field whose instant, or date, decides the period
    day: Column  #: its local date
    where: Condition | None
    by: tuple[Column, ...]
    value: Value
    grain: Grain = "inquiry"
    zone: str = "UTC"  #: whose dates they are
    totals: tuple[tuple[Column, ...], ...] = ()  #: sub-totals beside the breakdown: each by some of `by`, () by none of them
    turns: Column | None = None  #: a backlog: a row counts where an odd number of its instants here lies before the period ends
    standing: bool = False  #: a row counts in every period from its date on, and without a date in all of them: ratings stand


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a composite."""

    metric: Metric
    weight: float
    plan: Asked


@dataclass(frozen=True, slots=True)
class Composite:
    """A metric that is made of other metrics (E12)."""

    metric: str
    parts: tuple[Part, ...]
    by: tuple[Column, ...] = ()
    totals: tuple[tuple[Column, ...], ...] = ()

    def plans(self) -> Iterator[Plan]:
        """The plans at its bottom."""
        for part in self.parts:
            yield from plans_of(part.plan)


@dataclass(frozen=True, slots=True)
class Ingredient:
    """One figure that a formula reads."""

    term: Term
    metric: Metric
    plan: Asked


@dataclass(frozen=True, slots=True)
class Derived:
    """A metric that is computed from others by a formula (E12)."""

    metric: str
    formula: Formula
    parts: tuple[Ingredient, ...]  #: each figure once
    by: tuple[Column, ...] = ()
    totals: tuple[tuple[Column, ...], ...] = ()

    def plans(self) -> Iterator[Plan]:
        """The plans at its bottom."""
        for part in self.parts:
            yield from plans_of(part.plan)


Asked: TypeAlias = Plan | Composite | Derived


def plans_of(asked: Asked) -> Iterator[Plan]:
    """The plans at the bottom of whatever is asked."""
    if isinstance(asked, Plan):
        yield asked
    else:
        yield from asked.plans()


def tested(condition: Condition) -> Iterator[Column]:
    """Every column that a condition looks at."""
    match condition:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from tested(part)
        case Not(part):
            yield from tested(part)
        case Test():
            yield condition.column


_DURATION: Final = re.compile(r"PT(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?")


def seconds_of(text: str) -> int | None:
    """Seconds of an ISO 8601 duration in hours, minutes and seconds; None: it is none. Days are refused: whose day would it be?"""
    found = _DURATION.fullmatch(text)
    return None if found is None else sum(int(part or 0) * unit for part, unit in zip(found.groups(), (3600, 60, 1), strict=True))


def cell_of(kind: Kind, want: Json) -> Cell | None:
    """What a rule says as a column of that kind holds it; None: it is not of that kind."""
    match kind:
        case Kind.TEXT | Kind.SLUGS:
            return want if isinstance(want, str) else None
        case Kind.BOOLEAN:
            return want if isinstance(want, bool) else None
        case Kind.SECONDS if isinstance(want, str):
            return seconds_of(want)
        case Kind.NUMBER | Kind.INTEGER | Kind.SECONDS:
            return want if isinstance(want, int | float) and not isinstance(want, bool) else None
    try:
        if kind is Kind.DATE:
            return date.fromisoformat(str(want))
        moment = datetime.fromisoformat(str(want))
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
