"""A plan as SQL, through SQLGlot's builder. Values are bound parameters, names come from the closed list of columns.

Conditions have two values here, as in `model.predicate`: a missing field fulfils `ne` and `not_in` and nothing else. Every figure
is a numerator over a denominator, cast to double before it is divided, so that engines agree and a total is never an average of
averages. What engines say differently stands in `dialect`. Imported only when something is measured: SQLGlot is heavy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlglot import exp

from deskweave.measure.columns import Column, Kind
from deskweave.measure.dialect import dialect_of
from deskweave.measure.periods import Period, ends
from deskweave.measure.plan import Aggregate, AllOf, AnyOf, Condition, Count, Engine, Fulfilled, Not, Plan, Ratio, Test, Value

_NOTHING_YET: Final = datetime(1900, 1, 1)  #: the end of a period that has not begun: facts hold no earlier moment


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with named parameters.

    Columns: period, the plan's `by`, then value, numerator, denominator, counted, rows; of criteria also how many rows fulfil each:
    _part0, _part1 ... A plan with totals has _total0, _total1 ... after `by`: 1 where the row is a total over that column, whatever
    the column itself says there.
    """

    sql: str
    parameters: dict[str, Any]


def compiled(
    plan: Plan, periods: Sequence[Period], as_of: datetime | None = None, engine: Engine = "duckdb", *, pretty: bool = False
) -> Statement:
    """The statement that answers a plan.

    Args:
        plan: of one metric.
        periods: local dates; the column `period` counts them from 0.
        as_of: UTC, without a zone: inquiries up to then. None: all.
        engine: whose SQL.
        pretty: over several lines, for people.

    Raises:
        DocumentError: rules are not compiled for this engine; the finding says why.
    """
    return _Writer(engine, pretty).statement(plan, periods, as_of)


def compiled_together(
    plans: Sequence[Plan],
    periods: Sequence[Period],
    as_of: datetime | None = None,
    engine: Engine = "duckdb",
    *,
    pretty: bool = False,
) -> Statement:
    """One statement that answers several plans in one reading of the facts.

    Args:
        plans: of one grain, by the same moment, broken down and summed up alike; none about what stands.
        periods: ascending; none overlaps another.
        as_of: as for `compiled`.
        engine: whose SQL.
        pretty: over several lines, for people.

    Returns:
        Columns: period, the plans' `by` (and `_total`s), then those of each plan with its number in front: 0_value, 0_numerator ...
        A plan whose `_rows` are 0 has no row there. Where the period is empty, the day lies between two of them.
    """
    return _Writer(engine, pretty).together(plans, periods, as_of)


class _Writer:
    """Every part of the tree is made once and put in one place, so the builder need not copy; what stands twice is copied here."""

    def __init__(self, engine: Engine, pretty: bool = False) -> None:
        self.dialect, self.pretty = dialect_of(engine), pretty
        self.parameters: dict[str, Any] = {}
        self._bound: dict[tuple[type, object], str] = {}

    def statement(self, plan: Plan, periods: Sequence[Period], as_of: datetime | None) -> Statement:
        table = self._periods(plan, periods, as_of)
        day = self._column(plan.day)
        begun = exp.LT(this=day.copy(), expression=exp.column("until", table="period"))
        inside: exp.Expr = exp.and_(exp.GTE(this=day, expression=exp.column("since", table="period")), begun, copy=False)
        if plan.standing:
            inside = exp.Coalesce(this=begun.copy(), expressions=[exp.true()])
        if plan.turns is not None:
            inside = self._open(plan.turns)
        groups = [exp.column("n", table="period"), *(self._column(column) for column in plan.by)]
        value, numerator, denominator, counted = self._figures(plan.value)
        query = exp.select(
            self._named(groups[0], "period"),
            *(self._named(group, column.name) for group, column in zip(groups[1:], plan.by, strict=True)),
            *self._totals(plan),
            self._named(value, "_value"),
            self._named(numerator, "_numerator"),
            self._named(denominator, "_denominator"),
            self._named(counted, "_counted"),
            self._named(exp.Count(this=exp.Star()), "_rows"),
            *(self._named(one, f"_part{n}") for n, one in enumerate(self._fulfilments(plan.value))),
            copy=False,
        ).from_(exp.alias_(exp.to_table("facts"), "f", table=True), copy=False)
        if self.dialect.joins_by_order:
            query = query.join(table, on=inside, copy=False)
        else:
            query = query.join(table, join_type="cross", copy=False).where(inside, copy=False)
        if plan.where is not None:
            query = query.where(self._condition(plan.where), copy=False)
        if as_of is not None and plan.turns is None:
            query = query.where(self._known(plan, as_of), copy=False)
        query = query.group_by(*self._sets(plan, groups[0]), copy=False)
        return self._made(query)

    def _periods(self, plan: Plan, periods: Sequence[Period], as_of: datetime | None) -> exp.Expr:
        """The periods as a table: number, first day, day after the last; of a backlog also the moment at which each ends."""
        rows = [
            [exp.Literal.number(number), self._day(period.since), self._day(period.until)] for number, period in enumerate(periods)
        ]
        if plan.turns is None:
            return self.dialect.table("period", ("n", "since", "until"), rows)
        for row, moment in zip(rows, ends(periods, plan.zone, as_of), strict=True):
            row.append(self.dialect.moment(self._bind(moment or _NOTHING_YET)))
        return self.dialect.table("period", ("n", "since", "until", "ends_at"), rows)

    def _open(self, turns: Column) -> exp.Expr:
        """Whether a row is open when the period ends: it was opened and ended by turns an odd number of times before."""
        one = exp.to_identifier("one")
        before = exp.LT(this=exp.column("one"), expression=exp.column("ends_at", table="period"))
        past = exp.ArrayFilter(this=self._column(turns), expression=exp.Lambda(this=before, expressions=[one]))
        odd = exp.Mod(this=exp.ArraySize(this=past), expression=exp.Literal.number(2))
        return exp.EQ(this=odd, expression=exp.Literal.number(1))

    def together(self, plans: Sequence[Plan], periods: Sequence[Period], as_of: datetime | None) -> Statement:
        plan = plans[0]
        day = self._column(plan.day)
        # no join: each row lies in one period at most, which its day tells
        number = exp.Case(
            ifs=[
                exp.If(
                    this=exp.LT(this=day.copy(), expression=self._day(period.until)),
                    true=exp.Case(
                        ifs=[
                            exp.If(
                                this=exp.GTE(this=day.copy(), expression=self._day(period.since)),
                                true=exp.Literal.number(n),
                            )
                        ]
                    ),
                )
                for n, period in enumerate(periods)
            ]
        )
        groups = [number, *(self._column(column) for column in plan.by)]
        columns: list[exp.Expr] = []
        for place, one in enumerate(plans):
            figures = [*self._figures(one.value), exp.Count(this=exp.Star()), *self._fulfilments(one.value)]
            names = ["_value", "_numerator", "_denominator", "_counted", "_rows"]
            names += [f"_part{n}" for n in range(len(figures) - len(names))]
            if one.where is not None:
                condition = self._condition(one.where)
                figures = [self._where(figure, condition) for figure in figures]
            columns += [self._named(figure, f"{place}{name}") for figure, name in zip(figures, names, strict=True)]
        query = exp.select(
            self._named(groups[0], "period"),
            *(self._named(group, column.name) for group, column in zip(groups[1:], plan.by, strict=True)),
            *self._totals(plan),
            *columns,
            copy=False,
        ).from_(exp.alias_(exp.to_table("facts"), "f", table=True), copy=False)
        inside = exp.and_(
            exp.GTE(this=day.copy(), expression=self._day(periods[0].since)),
            exp.LT(this=day, expression=self._day(periods[-1].until)),
            copy=False,
        )
        query = query.where(inside, copy=False)
        if as_of is not None:
            query = query.where(self._known(plan, as_of), copy=False)
        query = query.group_by(*self._sets(plan, groups[0]), copy=False)
        return self._made(self._conditions_once(query) if self.dialect.filters_anew else query)

    def _conditions_once(self, query: exp.Select) -> exp.Select:
        """The same with conditions as columns of what it reads, each worked out once for all aggregates that look at it."""
        said, names = query.args.pop("from_"), dict[exp.Expr, str]()
        where = query.args.pop("where")
        for node in list(query.find_all(exp.Filter)):
            condition = node.expression.this
            flag = exp.column(names.setdefault(condition, f"_{len(names)}"), table="f", quoted=True)
            if node.this == exp.Count(this=exp.Star()):
                node.replace(exp.CountIf(this=flag))
            else:
                node.expression.set("this", flag)
        columns = {column.name: column for column in query.find_all(exp.Column) if column.name not in names.values()}
        inner = exp.select(
            *(column.copy() for _, column in sorted(columns.items())),
            *(self._named(condition, name) for condition, name in names.items()),
            copy=False,
        )
        inner.set("from_", said)
        inner.set("where", where)
        return query.from_(inner.subquery("f", copy=False), copy=False)

    def _totals(self, plan: Plan) -> list[exp.Expr]:
        """Over what a row is a total. A key that is empty does not tell: it may be a value that nobody gave."""
        if not plan.totals:
            return []
        return [self._named(exp.Grouping(expressions=[self._column(one)]), f"_total{n}") for n, one in enumerate(plan.by)]

    def _sets(self, plan: Plan, period: exp.Expr) -> list[exp.Expr]:
        """What to group by: the period and the breakdown, and with totals these and every sub-total in the same reading."""
        if not plan.totals:
            return [period.copy(), *(self._column(column) for column in plan.by)]
        sets = [
            exp.Tuple(expressions=[period.copy(), *(self._column(column) for column in columns)])
            for columns in (plan.by, *plan.totals)
        ]
        return [exp.GroupingSets(expressions=sets)]

    def _where(self, made: exp.Expr, condition: exp.Expr) -> exp.Expr:
        """`made` over the rows that fulfil a condition: every aggregate in it looks at these alone."""

        def narrowed(node: exp.Expr) -> exp.Expr:
            if isinstance(node, exp.Filter):
                both = exp.and_(exp.paren(node.expression.this, copy=False), exp.paren(condition.copy(), copy=False), copy=False)
                return exp.Filter(this=node.this, expression=exp.Where(this=both))
            if isinstance(node, exp.WithinGroup | exp.AggFunc):
                return exp.Filter(this=node, expression=exp.Where(this=condition.copy()))
            return node

        return made.transform(narrowed)

    def _known(self, plan: Plan, as_of: datetime) -> exp.Expr:
        """Rows up to `as_of`; a date up to the day that it is in the plan's zone."""
        until: object = as_of
        if plan.instant.kind is Kind.DATE:
            until = as_of.replace(tzinfo=UTC).astimezone(ZoneInfo(plan.zone)).date()
        known = exp.LTE(this=self._column(plan.instant), expression=self._bind(until))
        return exp.Coalesce(this=known, expressions=[exp.true()]) if plan.standing else known

    def _fulfilments(self, value: Value) -> list[exp.Expr]:
        """How many rows fulfil each criterion."""
        return [self._additive(Count(test)) for _, test in value.criteria] if isinstance(value, Fulfilled) else []

    def _figures(self, value: Value) -> tuple[exp.Expr, ...]:
        """value, numerator, denominator, counted."""
        if isinstance(value, Fulfilled):
            rows: exp.Expr = exp.Count(this=exp.Star())
            if value.how == "every":
                of, over = self._additive(Count(AllOf(tuple(test for _, test in value.criteria)))), rows
            else:
                of = _sum(self._fulfilments(value))
                over = exp.Mul(this=rows, expression=exp.Literal.number(len(value.criteria)))
            return self._share(of, over), of.copy(), over.copy(), rows.copy()
        if isinstance(value, Ratio):
            of, over = self._additive(value.of), self._additive(value.over)
            counted = over if isinstance(value.over, Count) else exp.Count(this=self._column(value.over.column))
            return self._share(of, over), of.copy(), over.copy(), counted.copy()
        if isinstance(value, Count):
            total = self._additive(value)
            return self._double(total), total.copy(), exp.null(), total.copy()
        column = self._column(value.column)
        counted = exp.Count(this=column.copy())
        match value.function:
            case "average":
                total = self._additive(value)
                return self._share(total, counted), total.copy(), counted.copy(), counted.copy()
            case "sum":
                total = self._additive(value)
                return total, total.copy(), exp.null(), counted
            case "min" | "max":
                made: exp.Expr = exp.Min(this=column) if value.function == "min" else exp.Max(this=column)
            case _:
                made = self.dialect.percentile(value.function, value.p, column)
        return self._double(made), exp.null(), exp.null(), counted

    def _additive(self, value: Count | Aggregate) -> exp.Expr:
        if isinstance(value, Aggregate):
            return self.dialect.sum(value.column, self._column(value.column))
        everything = exp.Count(this=exp.Star())
        if value.where is None:
            return everything
        return exp.Filter(this=everything, expression=exp.Where(this=self._condition(value.where)))

    def _share(self, of: exp.Expr, over: exp.Expr) -> exp.Expr:
        return exp.Div(
            this=self._double(of.copy()), expression=exp.Nullif(this=self._double(over.copy()), expression=exp.Literal.number(0))
        )

    def _double(self, made: exp.Expr) -> exp.Expr:
        return self.dialect.double(made)

    def _condition(self, condition: Condition) -> exp.Expr:
        match condition:
            case AllOf(parts):
                return exp.and_(*(self._condition(part) for part in parts), copy=False)
            case AnyOf(parts):
                return exp.or_(*(self._condition(part) for part in parts), copy=False)
            case Not(part):
                return self._not(self._condition(part))
            case Test():
                return self._test(condition)

    def _test(self, test: Test) -> exp.Expr:
        column = self._column(test.column)
        if test.operator == "present":
            here: exp.Expr = exp.not_(exp.Is(this=column.copy(), expression=exp.null()), copy=False)
            if test.column.kind is Kind.TEXT:
                here = self.dialect.never_null(exp.NEQ(this=column, expression=self._bind("")))
            if test.column.kind is Kind.SLUGS:
                here = self.dialect.never_null(self.dialect.filled(column))
            return exp.paren(here, copy=False) if test.values[0] else self._not(here)
        if test.operator in ("lt", "lte", "gt", "gte"):
            compare = {"lt": exp.LT, "lte": exp.LTE, "gt": exp.GT, "gte": exp.GTE}[test.operator]
            return self.dialect.never_null(compare(this=column, expression=self._bind(test.values[0])))
        if test.column.kind is Kind.SLUGS:
            found: exp.Expr = exp.or_(
                *(self.dialect.never_null(self.dialect.contains(column.copy(), self._bind(str(value)))) for value in test.values),
                copy=False,
            )
        elif test.column.kind is Kind.BOOLEAN and len(test.values) == 1:
            found = self.dialect.never_null(column if test.values[0] else self._not(column))
        else:
            found = self.dialect.never_null(exp.In(this=column, expressions=[self._bind(value) for value in test.values]))
        return self._not(found) if test.operator in ("ne", "not_in") else exp.paren(found, copy=False)

    def _not(self, made: exp.Expr) -> exp.Expr:
        return exp.not_(exp.paren(made, copy=False), copy=False)

    def _named(self, made: exp.Expr, name: str) -> exp.Expr:
        return exp.alias_(made, name, quoted=True, copy=False)

    def _column(self, column: Column) -> exp.Expr:
        return exp.column(column.name, table="f", quoted=True)

    def _bind(self, value: object) -> exp.Expr:
        # what is the same is called the same, so that equal conditions are equal
        name = self._bound.setdefault((type(value), value), f"p{len(self.parameters)}")
        self.parameters[name] = value
        return self.dialect.parameter(name, value)

    def _day(self, day: date) -> exp.Expr:
        return self.dialect.day(self._bind(day))

    def _made(self, query: exp.Select) -> Statement:
        if self.dialect.settings:
            said = [exp.EQ(this=exp.var(name), expression=exp.Literal.number(value)) for name, value in self.dialect.settings]
            query.set("settings", said)
        return Statement(query.sql(dialect=self.dialect.name, pretty=self.pretty), self.parameters)


def _sum(parts: Sequence[exp.Expr]) -> exp.Expr:
    total = parts[0]
    for part in parts[1:]:
        total = exp.Add(this=total, expression=part)
    return total
