"""A metric as a small typed plan: names resolved to columns, values checked against their types. No text of a rule goes further.

What cannot be understood is a finding with its place, and no plan comes out.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final, Literal, TypeAlias

from deskweave.errors import DocumentError
from deskweave.findings import Finding, Place, Severity
from deskweave.measure.columns import Column, Columns, Kind
from deskweave.measure.sources import Rulebook
from deskweave.model import FieldId, Json, Metric, Phase
from deskweave.model.predicate import OPERATORS

Operator: TypeAlias = Literal["eq", "ne", "in", "not_in", "lt", "lte", "gt", "gte", "present"]
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
    function: Literal["sum", "average", "min", "max", "interpolated", "discrete"]
    column: Column
    p: float = 0.0


@dataclass(frozen=True, slots=True)
class Ratio:
    of: Count | Aggregate
    over: Count | Aggregate


@dataclass(frozen=True, slots=True)
class Plan:
    """What a metric asks of the facts."""

    metric: str
    instant: Column  #: the field whose instant decides the period
    day: Column  #: its local date
    where: Condition | None
    by: tuple[Column, ...]
    value: Count | Aggregate | Ratio


_DURATION: Final = re.compile(r"PT(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?")
_ORDERED: Final = frozenset({Kind.NUMBER, Kind.INTEGER, Kind.SECONDS, Kind.DATE, Kind.INSTANT})
_NUMBERS: Final = frozenset({Kind.NUMBER, Kind.INTEGER, Kind.SECONDS})
_KINDS_IN_WORDS: Final[Mapping[Kind, str]] = {
    Kind.TEXT: "text or a slug",
    Kind.NUMBER: "a number",
    Kind.INTEGER: "a whole number",
    Kind.SECONDS: "a duration such as PT5M",
    Kind.BOOLEAN: "true or false",
    Kind.DATE: 'a date such as "2026-11-20"',
    Kind.INSTANT: 'an instant with its offset such as "2026-11-20T09:00:00+08:00"',
    Kind.SLUGS: "a slug",
}


def seconds_of(text: str) -> int | None:
    """Seconds of an ISO 8601 duration in hours, minutes and seconds; None: it is none. Days are refused: whose day would it be?"""
    found = _DURATION.fullmatch(text)
    return None if found is None else sum(int(part or 0) * unit for part, unit in zip(found.groups(), (3600, 60, 1), strict=True))


class Planner:
    """Turns metrics into plans, under one practice."""

    def __init__(self, practice: Rulebook, columns: Columns | None = None) -> None:
        """`columns` saves making them again."""
        self.practice = practice
        self.columns = columns or Columns(practice)

    def plan(self, metric: Metric, by: Sequence[str] | None = None) -> Plan:
        """The plan of `metric`; `by` replaces its own breakdown, empty gives the total.

        Raises:
            DocumentError: with every finding about the rule.
        """
        reading = _Reading(self.practice, self.columns, metric.id)
        path = f"/metrics/{metric.id}"
        day = self.columns.get(f"{metric.period_by}_day")
        instant = self.columns.get(metric.period_by)
        if day is None or instant is None or instant.kind is not Kind.INSTANT:
            reading.find(
                "unknown-name",
                f"{path}/period/by",
                metric.period_by,
                "is no field that holds an instant",
                reading.names(Kind.INSTANT),
            )
        where = None if metric.where is None else reading.condition(metric.where, f"{path}/where")
        broken = [reading.dimension(name, f"{path}/by/{n}") for n, name in enumerate(metric.by if by is None else by)]
        value = reading.value(metric.value, f"{path}/value")
        if reading.findings or day is None or instant is None or value is None:
            raise DocumentError(reading.findings)
        return Plan(metric.id, instant, day, where, tuple(column for column in broken if column), value)


class _Reading:
    """One metric being read; findings are collected, so that all of them are told at once."""

    def __init__(self, practice: Rulebook, columns: Columns, metric: str) -> None:
        self.practice, self.columns, self.metric = practice, columns, metric
        self.findings: list[Finding] = []

    def find(self, rule: str, path: str, found: object, message: str, allowed: Sequence[str] = (), remedy: str = "") -> None:
        near = difflib.get_close_matches(str(found), allowed, n=1)
        self.findings.append(
            Finding(
                rule=rule,
                severity=Severity.ERROR,
                place=Place("practice", path),
                found=str(found)[:80],
                message=message,
                allowed=tuple(allowed),
                nearest=near[0] if near else None,
                remedy=remedy,
            )
        )

    def names(self, *kinds: Kind) -> tuple[str, ...]:
        """Names a rule may use: fields that are kept, derived columns, and clocks where a duration is wanted."""
        own = [name for name in self.columns.all if name in self.practice.fields or name == "phase"]
        fields = [name for name in own if not kinds or self.columns[name].kind in kinds]
        clocks = list(self.practice.clocks) if not kinds or Kind.SECONDS in kinds else []
        return tuple(sorted({*fields, *clocks}))

    def value(self, tree: Json, path: str) -> Count | Aggregate | Ratio | None:
        one = self._one(tree, path, ("count", "sum", "average", "min", "max", "percentile", "ratio"))
        if one is None:
            return None
        key, body = one
        if key != "ratio":
            return self._aggregate(key, body, f"{path}/{key}")
        if not isinstance(body, Mapping) or set(body) != {"of", "over"}:
            self.find("value-shape", f"{path}/ratio", _shown(body), "takes of and over", ("of", "over"))
            return None
        parts = []
        for side in ("of", "over"):
            at = f"{path}/ratio/{side}"
            one = self._one(body[side], at, ("count", "sum"), "a ratio is sum over sum, so that it can be rolled up")
            parts.append(None if one is None else self._aggregate(one[0], one[1], f"{at}/{one[0]}"))
        of, over = parts
        return None if of is None or over is None else Ratio(of, over)

    def _aggregate(self, key: str, body: Json, path: str) -> Count | Aggregate | None:
        if key == "count":
            if not isinstance(body, Mapping) or set(body) - {"where"}:
                self.find("value-shape", path, _shown(body), "takes nothing, or where", ("where",))
                return None
            where = body.get("where")
            if where is None:
                return Count(None)
            condition = self.condition(where, f"{path}/where")
            return None if condition is None else Count(condition)
        p = 0.0
        name = body
        function = key
        if key == "percentile":
            if not isinstance(body, Mapping) or not {"of", "p"} <= set(body) <= {"of", "p", "method"}:
                self.find("value-shape", path, _shown(body), "takes of, p and method", ("of", "p", "method"))
                return None
            name, share, method = body["of"], body["p"], body.get("method", "interpolated")
            if not isinstance(share, int | float) or isinstance(share, bool) or not 0 < share < 1:
                self.find("value-type", f"{path}/p", _shown(share), "is no share between 0 and 1")
                return None
            if method not in ("interpolated", "discrete"):
                self.find("method-unsupported", f"{path}/method", _shown(method), "is not computed exactly here",
                          ("interpolated", "discrete"))  # fmt: skip
                return None
            p, function = float(share), str(method)
        column = self._number(name, path)
        return None if column is None else Aggregate(function, column, p)  # type: ignore[arg-type]

    def _number(self, name: Json, path: str) -> Column | None:
        """The column a figure is made of: a clock's duration, a number, or the code of a choice that has codes."""
        if isinstance(name, str):
            if name in self.practice.clocks:
                return self.columns.get(f"{name}_took")
            column = self.columns.get(name) if name in self.practice.fields else None
            if column is not None and column.kind in _NUMBERS:
                return column
            coded = self.columns.get(f"{name}_code") if name in self.practice.fields else None
            if coded is not None:
                return coded
        self.find("unknown-name", path, _shown(name), "is no clock and no field that holds a number", self.names(*_NUMBERS))
        return None

    def dimension(self, name: str, path: str) -> Column | None:
        column = self._field(name)
        if column is None or column.kind in (Kind.SLUGS, Kind.INSTANT):
            allowed = tuple(n for n in self.names() if (c := self._field(n)) and c.kind not in (Kind.SLUGS, Kind.INSTANT))
            self.find("unknown-name", path, name, "is nothing to break a figure down by", allowed, self._why(name))
            return None
        return column

    def condition(self, tree: Json, path: str) -> Condition | None:
        if not isinstance(tree, Mapping) or len(tree) != 1:
            self.find("predicate-shape", path, _shown(tree), "a condition has exactly one key: all, any, not, or a field")
            return None
        ((key, body),) = tree.items()
        if key in ("all", "any"):
            if not isinstance(body, Sequence) or isinstance(body, str) or not body:
                self.find("predicate-shape", f"{path}/{key}", _shown(body), "takes a list of conditions")
                return None
            parts = [self.condition(part, f"{path}/{key}/{n}") for n, part in enumerate(body)]
            known = tuple(part for part in parts if part is not None)
            return None if len(known) != len(parts) else AllOf(known) if key == "all" else AnyOf(known)
        if key == "not":
            part = self.condition(body, f"{path}/not")
            return None if part is None else Not(part)
        return self._test(key, body, f"{path}/{key}")

    def _test(self, name: str, body: Json, path: str) -> Condition | None:
        one = self._one(body, path, OPERATORS)
        if one is None:
            return None
        operator, want = one
        clock = name in self.practice.clocks
        if operator == "met":
            column = self.columns.get(f"{name}_met") if clock else self._field(name)
            if column is None or column.kind is not Kind.BOOLEAN:
                allowed = tuple(sorted({*self.practice.clocks, *self.names(Kind.BOOLEAN)}))
                self.find("unknown-name", path, name, "is no clock and no yes-or-no field: neither met nor missed", allowed)
                return None
            operator = "eq"
        else:
            column = self.columns.get(f"{name}_took") if clock else self._field(name)
        if column is None:
            self.find("unknown-name", path, name, "is no field and no clock of this practice", self.names(), self._why(name))
            return None
        if operator == "present":
            if not isinstance(want, bool):
                self.find("value-type", f"{path}/present", _shown(want), "is not true or false", ("true", "false"))
                return None
            return Test(column, "present", (want,))
        if operator in ("lt", "lte", "gt", "gte") and column.kind not in _ORDERED:
            message = f"does not apply to {name}, which holds {_KINDS_IN_WORDS[column.kind]}"
            self.find("operator-type", f"{path}/{operator}", operator, message, ("eq", "ne", "in", "not_in", "present"))
            return None
        if operator in ("in", "not_in"):
            if not isinstance(want, Sequence) or isinstance(want, str) or not want:
                self.find("value-type", f"{path}/{operator}", _shown(want), "takes a list of values")
                return None
            wants: Sequence[Json] = want
        else:
            wants = (want,)
        cells = [self._value(column, item, f"{path}/{operator}") for item in wants]
        known = tuple(cell for cell in cells if cell is not None)
        return Test(column, operator, known) if len(known) == len(cells) else None  # type: ignore[arg-type]

    def _value(self, column: Column, want: Json, path: str) -> Cell | None:
        cell = _typed(column.kind, want)
        if cell is None:
            self.find("value-type", path, _shown(want), f"is not {_KINDS_IN_WORDS[column.kind]}")
            return None
        known = self._slugs(column)
        if known and cell not in known:
            self.find("unknown-slug", path, cell, f"is no value of {column.of}", known)
            return None
        return cell

    def _slugs(self, column: Column) -> tuple[str, ...]:
        """What a column of slugs may hold; empty: anything."""
        if column.name == "phase" and column.of == "status":
            return tuple(phase.value for phase in Phase)
        field = self.practice.fields.get(FieldId(column.name))
        if field is None:
            return ()
        match field.type:
            case "choice" | "choices":
                return tuple(field.choices)
            case "status":
                return tuple(self.practice.statuses.statuses)
            case "catalog_item":
                return tuple(self.practice.catalog)
            case _:
                return ()

    def _field(self, name: str) -> Column | None:
        if name in self.practice.fields or name == "phase":
            return self.columns.get(name)
        return None

    def _why(self, name: str) -> str:
        field = self.practice.fields.get(FieldId(name))
        if field is None:
            return ""
        return f"{name} holds {field.type}, which is not kept where figures are made: break down by a choice or a person."

    def _one(
        self, tree: Json, path: str, allowed: Sequence[str], why: str = "takes exactly one of them"
    ) -> tuple[str, Json] | None:
        if isinstance(tree, Mapping) and len(tree) == 1:
            ((key, body),) = tree.items()
            if key in allowed:
                return key, body
            self.find("unknown-operator", path, key, why, allowed)
            return None
        self.find("value-shape", path, _shown(tree), "takes exactly one of them", allowed)
        return None


def _typed(kind: Kind, want: Json) -> Cell | None:
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


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(sorted(map(str, value))) + "}"
    return str(value)
