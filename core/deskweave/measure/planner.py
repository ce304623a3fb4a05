"""Reads metrics as plans. What cannot be understood is a finding with its place, and no plan comes out."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, get_args

from deskweave.errors import DocumentError
from deskweave.findings import Finding, Place, Severity
from deskweave.measure.backlog import MOMENTARY, faults
from deskweave.measure.columns import KINDS_IN_WORDS, OPEN, Column, Columns, Kind, fields_of, kept, told
from deskweave.measure.plan import (
    Aggregate,
    AllOf,
    AnyOf,
    Asked,
    Cell,
    Composite,
    Condition,
    Count,
    Derived,
    Fulfilled,
    Function,
    Ingredient,
    Not,
    Operator,
    Part,
    Plan,
    Ratio,
    Test,
    Value,
    cell_of,
)
from deskweave.measure.sources import Rulebook
from deskweave.model import FieldId, Grain, Json, Metric, Phase, attainment
from deskweave.model.formula import Formula, Misshapen, Term, formula_of, terms
from deskweave.model.predicate import OPERATORS

_ORDERED: Final = frozenset({Kind.NUMBER, Kind.INTEGER, Kind.SECONDS, Kind.DATE, Kind.INSTANT})
_NUMBERS: Final = frozenset({Kind.NUMBER, Kind.INTEGER, Kind.SECONDS})
_FUNCTIONS: Final[Mapping[str, Function]] = {name: name for name in get_args(Function)}
_COMPARISONS: Final[Mapping[str, Operator]] = {name: name for name in get_args(Operator)}


class Planner:
    """Turns metrics into plans, under one practice."""

    def __init__(self, practice: Rulebook, columns: Columns | None = None) -> None:
        """`columns`: those of inquiries; saves making them again."""
        self.practice = practice
        self._columns: dict[Grain, Columns] = {} if columns is None else {"inquiry": columns}

    def columns(self, grain: Grain = "inquiry") -> Columns:
        """The columns of one kind of record."""
        if grain not in self._columns:
            self._columns[grain] = Columns(self.practice, grain)
        return self._columns[grain]

    def plan(self, metric: Metric, by: Sequence[str] | None = None, totals: Sequence[Sequence[str]] | None = None) -> Asked:
        """The plan of `metric`.

        Args:
            metric: the rule.
            by: in place of its own breakdown; empty gives the total.
            totals: sub-totals beside the breakdown, each by some of its fields, () by none; default: the metric's own with its own
                breakdown, and none with another.

        Raises:
            DocumentError: with every finding about the rule, and about the parts it is made of.
        """
        totals = totals if totals is not None else metric.totals if by is None else ()
        by = metric.by if by is None else by
        if "derived" in metric.value:
            return self._derived(metric, by, totals)
        return self._composite(metric, by, totals) if "composite" in metric.value else self._plan(metric, by, totals)

    def divides(self, metric: Metric, by: Sequence[str]) -> bool:
        """Whether the records of `metric` and of all its parts have the fields of a breakdown; a backlog knows no status."""
        seen: set[str] = set()
        fresh = [metric]
        while fresh:
            one = fresh.pop()
            if one.id in seen:
                continue
            seen.add(one.id)
            if one.made_of_others:
                made = attainment.ingredient(one)
                fresh.extend(self.practice.metrics[part] for part in (*made.parts, *made.terms) if part in self.practice.metrics)
            elif ("backlog" in one.value and not MOMENTARY.isdisjoint(by)) or not all(
                name in fields_of(self.practice, one.grain) for name in by
            ):
                return False
        return True

    def _plan(self, metric: Metric, by: Sequence[str], totals: Sequence[Sequence[str]]) -> Plan:
        reading = _Reading(self.practice, self.columns(metric.grain), metric)
        path = f"/metrics/{metric.id}"
        instant, day = reading.moment(metric.period_by, f"{path}/period/by")
        where = None if metric.where is None else reading.condition(metric.where, f"{path}/where")
        broken = [reading.dimension(name, f"{path}/by/{n}") for n, name in enumerate(by)]
        known = {name: column for name, column in zip(by, broken, strict=True) if column}
        summed = reading.totals(totals, by, known, f"{path}/totals")
        value = reading.value(metric.value, f"{path}/value")
        backlog = "backlog" in metric.value
        if backlog:
            for fault in faults(reading.columns, where, value, broken):
                reading.find(fault.rule, f"{path}/{fault.path}", fault.found, fault.said, remedy=fault.remedy)
        if reading.findings or day is None or instant is None or value is None:
            raise DocumentError(reading.findings)
        return Plan(
            metric.id,
            instant,
            day,
            where,
            tuple(known.values()),
            value,
            metric.grain,
            self.practice.zone,
            summed,
            turns=self.columns()[OPEN] if backlog else None,
            standing=metric.grain == "channel",
        )

    def _composite(self, metric: Metric, by: Sequence[str], totals: Sequence[Sequence[str]]) -> Composite:
        reading = _Reading(self.practice, self.columns(metric.grain), metric)
        path = f"/metrics/{metric.id}/value"
        weights = reading.weights(metric.value, path)
        for fault in self._faults(metric):
            reading.tell(fault.rule, f"{path}/composite/{fault.part}", fault.part, fault.message, fault.allowed, fault.remedy)
        if reading.findings:
            raise DocumentError(reading.findings)
        parts: list[Part] = []
        for name, weight in weights.items():
            one = self.practice.metrics[name]
            try:
                parts.append(Part(one, weight, self.plan(one, by, totals)))
            except DocumentError as error:
                reading.findings.extend(error.findings)
        if reading.findings:
            raise DocumentError(reading.findings)
        return Composite(metric.id, tuple(parts), parts[0].plan.by, parts[0].plan.totals)

    def _faults(self, metric: Metric) -> Iterator[attainment.Fault]:
        """What keeps a metric from being made of the others that it names."""
        known = {one.id: attainment.ingredient(one) for one in (*self.practice.metrics.values(), metric)}
        return attainment.faults(metric.id, known)

    def _derived(self, metric: Metric, by: Sequence[str], totals: Sequence[Sequence[str]]) -> Derived:
        reading = _Reading(self.practice, self.columns(metric.grain), metric)
        path = f"/metrics/{metric.id}/value"
        formula = reading.formula(metric.value, path)
        read = [] if formula is None else list(terms(formula))
        wrong = {fault.part: fault for fault in self._faults(metric)}
        for term in read:
            if term.metric in wrong:
                fault = wrong[term.metric]
                at = "/".join((path, "derived", *term.path))
                reading.tell(fault.rule, at, fault.part, fault.message, fault.allowed, fault.remedy)
        if reading.findings or formula is None:
            raise DocumentError(reading.findings)
        parts: dict[str, Ingredient] = {}
        plans: dict[str, Asked] = {}
        for term in read:
            one = self.practice.metrics[term.metric]
            try:
                if one.id not in plans:
                    plans[one.id] = self.plan(one, by, totals)
                parts.setdefault(term.key, Ingredient(Term(term.metric, term.previous), one, plans[one.id]))
            except DocumentError as error:
                reading.findings.extend(error.findings)
        if reading.findings:
            raise DocumentError(reading.findings)
        first = next(iter(parts.values())).plan
        return Derived(metric.id, formula, tuple(parts.values()), first.by, first.totals)


class _Reading:
    """One metric being read; findings are collected, so that all of them are told at once."""

    def __init__(self, practice: Rulebook, columns: Columns, metric: Metric) -> None:
        self.practice, self.columns, self.metric = practice, columns, metric
        self.fields = fields_of(practice, columns.grain)
        self.clocks = practice.clocks if columns.grain == "inquiry" else {}
        self.findings: list[Finding] = []

    def find(self, rule: str, path: str, found: object, said: str, allowed: Sequence[str] = (), remedy: str = "") -> None:
        """A finding; `said` is what is to be told of `found`, as the rest of a sentence."""
        self.tell(rule, path, found, f"{str(found)[:80]!r} {said}", allowed, remedy)

    def tell(self, rule: str, path: str, found: object, message: str, allowed: Sequence[str] = (), remedy: str = "") -> None:
        """A finding with a sentence of its own."""
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
        own = [name for name in self.columns.all if name in self.fields or name == "phase"]
        fields = [name for name in own if not kinds or self.columns[name].kind in kinds]
        clocks = list(self.clocks) if not kinds or Kind.SECONDS in kinds else []
        return tuple(sorted({*fields, *clocks}))

    def moment(self, name: str, path: str) -> tuple[Column | None, Column | None]:
        """The column that decides the period, and its local day: two of a moment, one of a date."""
        column = self._field(name)
        if column is not None and column.kind is Kind.DATE:
            return column, column
        day = self.columns.get(f"{name}_day")
        if column is None or day is None or column.kind is not Kind.INSTANT:
            allowed = tuple(name for name in self.names(Kind.INSTANT, Kind.DATE) if name not in self.clocks)
            self.find("unknown-name", path, name, "is no field that holds a moment", allowed)
            return None, None
        return column, day

    def value(self, tree: Json, path: str) -> Value | None:
        one = self._one(
            tree,
            path,
            ("count", "sum", "average", "min", "max", "percentile", "ratio", "fulfilled", "backlog", "composite", "derived"),
        )
        if one is None:
            return None
        key, body = one
        if key == "backlog":
            return self._aggregate("count", body, f"{path}/backlog")
        if key == "fulfilled":
            return self._fulfilled(body, f"{path}/fulfilled")
        if key != "ratio":
            return self._aggregate(key, body, f"{path}/{key}")
        if not isinstance(body, Mapping) or set(body) != {"of", "over"}:
            self.find("value-shape", f"{path}/ratio", _shown(body), "is no ratio: that has of and over", ("of", "over"))
            return None
        parts = []
        for side in ("of", "over"):
            at = f"{path}/ratio/{side}"
            one = self._one(
                body[side], at, ("count", "sum"), "cannot stand in a ratio: that is sum over sum, so that it can be rolled up"
            )
            parts.append(None if one is None else self._aggregate(one[0], one[1], f"{at}/{one[0]}"))
        of, over = parts
        return None if of is None or over is None else Ratio(of, over)

    def _fulfilled(self, body: Json, path: str) -> Fulfilled | None:
        if body not in ("every", "each"):
            self.find("value-type", path, _shown(body), "says neither how rows nor how criteria are counted", ("every", "each"))
            return None
        if not self.metric.criteria:
            remedy = "state `criteria:`, each with a `where`"
            self.find("criteria-missing", path, str(body), "needs criteria to be fulfilled", remedy=remedy)
            return None
        at = f"/metrics/{self.metric.id}/criteria"
        tests = [(slug, self.condition(one.where, f"{at}/{slug}/where")) for slug, one in self.metric.criteria.items()]
        known = tuple((slug, test) for slug, test in tests if test is not None)
        return Fulfilled("every" if body == "every" else "each", known) if len(known) == len(tests) else None

    def formula(self, tree: Json, path: str) -> Formula | None:
        """The formula of a derived metric; it reads at least one metric."""
        one = self._one(tree, path, ("derived",))
        if one is None:
            return None
        try:
            made = formula_of(one[1])
        except Misshapen as error:
            self.find("value-shape", "/".join((path, "derived", *error.path)), _shown(error.found), str(error), error.allowed)
            return None
        if not any(terms(made)):
            self.find("derived-constant", f"{path}/derived", _shown(one[1]), "reads no metric, so it would always be the same")
            return None
        return made

    def weights(self, tree: Json, path: str) -> dict[str, float]:
        """The parts of a composite, each with its weight."""
        one = self._one(tree, path, ("composite",))
        body = None if one is None else one[1]
        if one is not None and (not isinstance(body, Mapping) or not body):
            self.find("value-shape", f"{path}/composite", _shown(body), "is no composite: that has metrics, each with its weight")
        found: dict[str, float] = {}
        for name, weight in body.items() if isinstance(body, Mapping) else ():
            if attainment.is_weight(weight):
                found[name] = float(weight)
            else:
                self.find("value-type", f"{path}/composite/{name}", _shown(weight), "is no weight: a number above 0")
        return found

    def _aggregate(self, key: str, body: Json, path: str) -> Count | Aggregate | None:
        if key == "count":
            if not isinstance(body, Mapping) or set(body) - {"where"}:
                self.find(
                    "value-shape",
                    path,
                    _shown(body),
                    "says nothing of what is counted: a count takes nothing, or where",
                    ("where",),
                )
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
                self.find(
                    "value-shape",
                    path,
                    _shown(body),
                    "is no percentile: that has of and p, and maybe method",
                    ("of", "p", "method"),
                )
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
        return None if column is None else Aggregate(_FUNCTIONS[function], column, p)

    def _number(self, name: Json, path: str) -> Column | None:
        """The column a figure is made of: a clock's duration, a number, or the code of a choice that has codes."""
        if isinstance(name, str):
            if name in self.clocks:
                return self.columns.get(f"{name}_took")
            column = self.columns.get(name) if name in self.fields else None
            if column is not None and column.kind in _NUMBERS:
                return column
            coded = self.columns.get(f"{name}_code") if name in self.fields else None
            if coded is not None:
                return coded
        self.find("unknown-name", path, _shown(name), "is no clock and no field that holds a number", self.names(*_NUMBERS))
        return None

    def dimension(self, name: str, path: str) -> Column | None:
        column = self._field(name)
        if column is None or column.kind in (Kind.SLUGS, Kind.INSTANT):
            allowed = tuple(n for n in self.names() if (c := self._field(n)) and c.kind not in (Kind.SLUGS, Kind.INSTANT))
            self.unnamed(name, path, "is nothing to break a figure down by", allowed)
            return None
        return column

    def totals(
        self, wanted: Sequence[Sequence[str]], by: Sequence[str], columns: Mapping[str, Column], path: str
    ) -> tuple[tuple[Column, ...], ...]:
        """Each sub-total in the order of the breakdown, none twice, and none that is the breakdown itself."""
        found: dict[tuple[Column, ...], None] = {}
        for n, names in enumerate(wanted):
            for m, name in enumerate(names):
                if name not in by:
                    message = "is no field that this figure is broken down by, so there is no sub-total of it"
                    self.find("unknown-name", f"{path}/{n}/{m}", name, message, tuple(by))
            found[tuple(column for name, column in columns.items() if name in names)] = None
        return tuple(one for one in found if len(one) < len(columns))

    def condition(self, tree: Json, path: str) -> Condition | None:
        if not isinstance(tree, Mapping) or len(tree) != 1:
            self.find(
                "predicate-shape",
                path,
                _shown(tree),
                "is no condition: that has exactly one key, which is all, any, not, or a field",
            )
            return None
        ((key, body),) = tree.items()
        if key in ("all", "any"):
            if not isinstance(body, Sequence) or isinstance(body, str) or not body:
                self.find("predicate-shape", f"{path}/{key}", _shown(body), "is no list of conditions")
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
        clock = name in self.clocks
        filled = self.columns.get(f"{name}_filled") if operator == "present" and name in self.fields else None
        if filled is not None and isinstance(want, bool):
            return Test(filled, "eq" if want else "ne", (True,))
        if operator == "met":
            column = self.columns.get(f"{name}_met") if clock else self._field(name)
            if column is None or column.kind is not Kind.BOOLEAN:
                allowed = tuple(sorted({*self.clocks, *self.names(Kind.BOOLEAN)}))
                self.find("unknown-name", path, name, "is no clock and no yes-or-no field: neither met nor missed", allowed)
                return None
            operator = "eq"
        else:
            column = self.columns.get(f"{name}_took") if clock else self._field(name)
        if column is None:
            self.unnamed(name, path, "is no field and no clock of this practice", self.names())
            return None
        if operator == "present":
            if not isinstance(want, bool):
                self.find("value-type", f"{path}/present", _shown(want), "is not true or false", ("true", "false"))
                return None
            return Test(column, "present", (want,))
        if operator in ("lt", "lte", "gt", "gte") and column.kind not in _ORDERED:
            message = f"does not apply to {name}, which holds {KINDS_IN_WORDS[column.kind]}"
            self.find("operator-type", f"{path}/{operator}", operator, message, ("eq", "ne", "in", "not_in", "present"))
            return None
        if operator in ("in", "not_in"):
            if not isinstance(want, Sequence) or isinstance(want, str) or not want:
                self.find("value-type", f"{path}/{operator}", _shown(want), "is no list of values")
                return None
            wants: Sequence[Json] = want
        else:
            wants = (want,)
        cells = [self._value(column, item, f"{path}/{operator}") for item in wants]
        known = tuple(cell for cell in cells if cell is not None)
        return Test(column, _COMPARISONS[operator], known) if len(known) == len(cells) else None

    def _value(self, column: Column, want: Json, path: str) -> Cell | None:
        cell = cell_of(column.kind, want)
        if cell is None:
            self.find("value-type", path, _shown(want), f"is not {KINDS_IN_WORDS[column.kind]}")
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
        field = self.fields.get(FieldId(column.name))
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
        return self.columns.get(name) if name in self.fields or name == "phase" else None

    def unnamed(self, name: str, path: str, said: str, allowed: Sequence[str] = ()) -> None:
        """A finding about a name that cannot be used here: one that is not there, or a field that is and does not serve."""
        field = self.fields.get(FieldId(name))
        if field is None:
            self.find("unknown-name", path, name, said, allowed)
            return
        if told(field):
            kind = f"{field.type} that is marked personal" if field.personal is not None else field.type
            reason = f"holds {kind}: figures know only whether it is there"
            self.find("field-not-kept", path, name, reason, allowed, "ask for `present`")
        elif not kept(field):
            self.find("field-not-kept", path, name, f"holds {field.type}, which is not kept where figures are made", allowed)
        else:
            self.find("unknown-name", path, name, said, allowed)

    def _one(
        self, tree: Json, path: str, allowed: Sequence[str], why: str = "is none of what can stand here"
    ) -> tuple[str, Json] | None:
        if isinstance(tree, Mapping) and len(tree) == 1:
            ((key, body),) = tree.items()
            if key in allowed:
                return key, body
            self.find("unknown-operator", path, key, why, allowed)
            return None
        self.find("value-shape", path, _shown(tree), "is not exactly one of what can stand here", allowed)
        return None


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(sorted(map(str, value))) + "}"
    return str(value)
