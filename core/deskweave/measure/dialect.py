"""What engines say differently, in one place: the five or six parts of a statement that no transpiler carries over faithfully.

Each is written here for each engine, and tests hold what it answers to `plain`. An engine that is not here is refused: SQLGlot
would write something for it, and nobody would know whether it means the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, Literal, get_args

from sqlglot import exp

from deskweave.errors import DocumentError
from deskweave.findings import Finding, Place, Severity
from deskweave.measure.columns import Column, Kind
from deskweave.measure.plan import Engine

ENGINES: Final[tuple[Engine, ...]] = get_args(Engine)


class Dialect:
    """DuckDB, and what the others share with it."""

    name: Engine = "duckdb"
    title: str = "DuckDB"
    joins_by_order: bool = True  #: a join may compare with < and >= alone
    filters_anew: bool = True  #: works out the condition of each FILTER for itself, however many are the same
    settings: tuple[tuple[str, int], ...] = ()  #: that a statement needs to mean what it says

    def parameter(self, name: str, value: object) -> exp.Expr:
        """The place of a bound value."""
        return exp.Placeholder(this=name)

    def day(self, bound: exp.Expr) -> exp.Expr:
        """A bound date, of the type date."""
        return exp.cast(bound, "date", copy=False)

    def moment(self, bound: exp.Expr) -> exp.Expr:
        """A bound moment, of the type that moments have."""
        return exp.cast(bound, "timestamp", copy=False)

    def double(self, made: exp.Expr) -> exp.Expr:
        """As a float of 64 bits: whole numbers divide as whole numbers in PostgreSQL."""
        return exp.cast(made, "double", copy=False)

    def never_null(self, made: exp.Expr) -> exp.Expr:
        """A condition, false where nobody knows."""
        return exp.Is(this=exp.paren(made, copy=False), expression=exp.true())

    def sum(self, column: Column, made: exp.Expr) -> exp.Expr:
        """The sum of a column; NULL where there is nothing to add."""
        return self.double(exp.Sum(this=made))

    def percentile(self, function: Literal["interpolated", "discrete"], p: float, made: exp.Expr) -> exp.Expr:
        """The exact percentile.

        Interpolated (SQL's PERCENTILE_CONT): at the place p * (n - 1), between two values on the straight line. Discrete
        (PERCENTILE_DISC): the smallest value that at least the share p of all values does not exceed.
        """
        kind = exp.PercentileCont if function == "interpolated" else exp.PercentileDisc
        order = exp.Order(expressions=[exp.Ordered(this=self.double(made))])
        # the share is a checked float: DuckDB takes no parameter there
        return exp.WithinGroup(this=kind(this=exp.Literal.number(repr(p))), expression=order)

    def contains(self, slugs: exp.Expr, bound: exp.Expr) -> exp.Expr:
        """Whether a list has a bound slug among its own; may be NULL."""
        return exp.ArrayContains(this=slugs, expression=exp.cast(bound, "varchar", copy=False))

    def filled(self, slugs: exp.Expr) -> exp.Expr:
        """Whether a list has anything in it; may be NULL."""
        return exp.GT(this=exp.ArraySize(this=slugs), expression=exp.Literal.number(0))

    def table(self, alias: str, columns: Sequence[str], rows: Sequence[Sequence[exp.Expr]]) -> exp.Expr:
        """Rows as a table to join."""
        return exp.values([tuple(row) for row in rows], alias=alias, columns=list(columns))

    def type_of(self, column: Column) -> str:
        """How a column of facts is stated."""
        return column.kind.value.strip()


class PostgreSQL(Dialect):
    """PostgreSQL; parameters as psycopg reads them."""

    name = "postgres"
    title = "PostgreSQL"
    filters_anew = False

    def percentile(self, function: Literal["interpolated", "discrete"], p: float, made: exp.Expr) -> exp.Expr:
        return super().percentile(function, below(p) if function == "discrete" else p, made)

    def contains(self, slugs: exp.Expr, bound: exp.Expr) -> exp.Expr:
        return exp.EQ(this=exp.cast(bound, "varchar", copy=False), expression=exp.Any(this=exp.paren(slugs, copy=False)))

    def filled(self, slugs: exp.Expr) -> exp.Expr:
        # an empty list has no ARRAY_LENGTH at all
        return exp.GT(this=exp.Anonymous(this="CARDINALITY", expressions=[slugs]), expression=exp.Literal.number(0))

    def type_of(self, column: Column) -> str:
        return "DOUBLE PRECISION" if column.kind is Kind.NUMBER else super().type_of(column).replace("VARCHAR", "TEXT")


class ClickHouse(Dialect):
    """ClickHouse; parameters carry their type, as its clients send them.

    Columns have to be Nullable, but lists, which cannot be: an empty one is a missing one.
    """

    name = "clickhouse"
    title = "ClickHouse"
    joins_by_order = False
    filters_anew = False
    settings = (
        ("aggregate_functions_null_for_empty", 1),  # else a sum of nothing is 0, and the greatest of nothing too
        ("group_by_use_nulls", 1),  # else a sub-total stands under "" and 0, among the real ones
    )
    _TYPES: Final = {
        Kind.TEXT: "Nullable(String)",
        Kind.NUMBER: "Nullable(Float64)",
        Kind.INTEGER: "Nullable(Int64)",
        Kind.SECONDS: "Nullable(Int64)",
        Kind.BOOLEAN: "Nullable(Bool)",
        Kind.DATE: "Nullable(Date32)",
        Kind.INSTANT: "Nullable(DateTime64(6, 'UTC'))",
        Kind.SLUGS: "Array(String)",
        Kind.INSTANTS: "Array(DateTime64(6, 'UTC'))",
    }

    def parameter(self, name: str, value: object) -> exp.Expr:
        match value:
            case bool():
                type_ = "Bool"
            case int():
                type_ = "Int64"
            case float():
                type_ = "Float64"
            case datetime():
                type_ = "DateTime64(6, 'UTC')"
            case date():
                type_ = "Date32"
            case _:
                type_ = "String"
        return exp.Placeholder(this=name, kind=exp.Var(this=type_))

    def day(self, bound: exp.Expr) -> exp.Expr:
        return bound

    def never_null(self, made: exp.Expr) -> exp.Expr:
        return exp.Coalesce(this=made, expressions=[exp.false()])

    def moment(self, bound: exp.Expr) -> exp.Expr:
        return bound

    def sum(self, column: Column, made: exp.Expr) -> exp.Expr:
        if column.kind is Kind.NUMBER:
            return super().sum(column, made)
        return super().sum(column, exp.cast(made, "int128", copy=False))  # Int64 would go round beyond its end, and say nothing

    def percentile(self, function: Literal["interpolated", "discrete"], p: float, made: exp.Expr) -> exp.Expr:
        value = self.double(made)
        if function == "interpolated":
            return exp.ParameterizedAgg(this="quantileExactInclusive", expressions=[exp.Literal.number(repr(p))], params=[value])
        # quantileExact and its kin take another place: of 1..10 the 0.9 is 10 there, and 9 by the standard
        place = exp.Ceil(this=exp.Mul(this=exp.Literal.number(repr(below(p))), expression=exp.Count(this=value.copy())))
        values = exp.Anonymous(this="arraySort", expressions=[exp.AnonymousAggFunc(this="groupArray", expressions=[value.copy()])])
        # past its end an array answers with a default, in front of its beginning with an error
        found = exp.Anonymous(this="arrayElementOrNull", expressions=[values, exp.Anonymous(this="toUInt64", expressions=[place])])
        return exp.Case(ifs=[exp.If(this=exp.GT(this=exp.Count(this=value), expression=exp.Literal.number(0)), true=found)])

    def contains(self, slugs: exp.Expr, bound: exp.Expr) -> exp.Expr:
        return exp.Anonymous(this="has", expressions=[slugs, bound])

    def table(self, alias: str, columns: Sequence[str], rows: Sequence[Sequence[exp.Expr]]) -> exp.Expr:
        first, *others = [
            exp.select(*(exp.alias_(cell, name, copy=False) for cell, name in zip(row, columns, strict=True)), copy=False)
            for row in rows
        ]
        made: exp.Query = first
        for other in others:
            made = exp.union(made, other, distinct=False, copy=False)
        return made.subquery(alias, copy=False)

    def type_of(self, column: Column) -> str:
        return self._TYPES[column.kind]


def below(p: float) -> float:
    """The share `p`, less than itself by two steps.

    The place of a discrete percentile is p * n, rounded up. As floats 0.07 * 100 is a trifle more than 7, and the eighth value
    would be taken for the seventh.
    """
    return math.nextafter(math.nextafter(p, 0.0), 0.0)


_DIALECTS: Final[dict[str, Dialect]] = {one.name: one for one in (Dialect(), PostgreSQL(), ClickHouse())}
#: Engines that people have and that cannot do one thing exactly: which.
_INEXACT: Final = {
    "trino": "has no exact percentile, only APPROX_PERCENTILE",
    "presto": "has no exact percentile, only APPROX_PERCENTILE",
    "athena": "has no exact percentile, only APPROX_PERCENTILE",
    "mysql": "has no percentile",
    "sqlite": "has no percentile and no lists",
}


def dialect_of(engine: str) -> Dialect:
    """The dialect of an engine.

    Raises:
        DocumentError: it is none of `ENGINES`; the finding says why another is refused, and what can be done.
    """
    found = _DIALECTS.get(engine)
    if found is None:
        raise DocumentError([refusal(engine)])
    return found


def refusal(engine: str) -> Finding:
    """Why rules are not compiled for an engine."""
    from sqlglot.dialects import DIALECTS

    stated = engine.lower()
    if stated in _INEXACT:
        return _refused("engine-inexact", engine, f"{stated} {_INEXACT[stated]}: the same rule would give another figure there")
    if stated in {one.lower() for one in DIALECTS}:
        message = f"rules are not compiled for {stated}: no test holds its figures to those of the others"
        return _refused("engine-untested", engine, message)
    return _refused("engine-unknown", engine, "there is no such engine")


def _refused(rule: str, engine: str, message: str) -> Finding:
    return Finding(
        rule=rule,
        severity=Severity.ERROR,
        place=Place("engine", ""),
        found=engine[:80],
        message=message,
        allowed=ENGINES,
        remedy="Take one of the engines allowed, or compute the figures here and load them there: deskweave kpi --csv=raw.",
    )
