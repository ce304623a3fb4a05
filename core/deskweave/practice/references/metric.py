"""References of metrics: fields, clocks, roles, criteria, the metrics they are made of, and the rows of their examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from deskweave.documents import as_list, as_map, problem, shown
from deskweave.findings import Finding
from deskweave.model.attainment import Ingredient, faults
from deskweave.model.formula import Misshapen, Term, formula_of, terms
from deskweave.practice.build.metric import amount, derived_unit, unit_of
from deskweave.practice.references.terms import RECORDS, References

_MEASURABLE: Final = frozenset(("number", "integer", "duration"))
At = tuple[str, str]


def check_metric(r: References, at: At, body: Mapping[str, Any]) -> Iterator[Finding]:
    whole, value = r, as_map(body.get("value"))
    r = whole.of_record(str(body.get("grain", "inquiry")))
    terms = r.terms
    by = as_map(body.get("period")).get("by")
    yield from r.known("field that holds a moment", by, r.once(_moments), *at, "period", "by")
    yield from r.known("role", body.get("judges"), [*terms.roles, "desk"], *at, "judges")
    yield from r.predicate(body.get("where"), *at, "where")
    yield from _criteria(r, at, body)
    made = "composite" in value or "derived" in value
    if made:
        yield from _made(whole, at, body)
    else:
        yield from r.all_known("field", body.get("by"), terms.fields, *at, "by")
        yield from _value(r, value, *at, "value")
    yield from _totals(r, at, body)
    for number, one in enumerate(as_list(body.get("thresholds"))):
        yield from r.known("role", as_map(one).get("notify"), terms.roles, *at, "thresholds", number, "notify")
    for number, example in enumerate(as_list(body.get("examples"))):
        path: tuple[str | int, ...] = (*at, "examples", number, "given")
        given = as_map(example).get("given")
        if not isinstance(given, Mapping):
            yield from _rows(r, given, *path)
        elif made:
            for record, rows in given.items():
                if record in RECORDS:
                    yield from _rows(whole.of_record(record), rows, *path, record)
        else:
            message = "only a metric made of others reads several records; the rows of this one are all of one"
            yield problem("example-records", r.place(*path), shown(given), message, remedy="write the rows as a list")


def _totals(r: References, at: At, body: Mapping[str, Any]) -> Iterator[Finding]:
    """Each sub-total is by some of the fields of the breakdown: by none of them is the total, by all of them is no total."""
    by = [name for name in as_list(body.get("by")) if isinstance(name, str)]
    for number, names in enumerate(as_list(body.get("totals"))):
        some = as_list(names)
        for place, name in enumerate(some):
            if isinstance(name, str) and name not in by:
                here = r.place(*at, "totals", number, place)
                message = f"{shown(name)!r} is not among what this figure is broken down by"
                remedy = "break the figure down by it too, or take it out"
                yield problem("totals-unknown", here, shown(name), message, allowed=by, word=name, remedy=remedy)
        if {one for one in some if isinstance(one, str)} >= set(by):
            message = (
                "this is the breakdown itself, not a total of it" if by else "a figure that is not broken down is its own total"
            )
            remedy = "name fewer fields than `by:` does, [] for the total" if by else "state what it is broken down by under `by:`"
            yield problem("totals-whole", r.place(*at, "totals", number), shown(some), message, allowed=by, remedy=remedy)


def _criteria(r: References, at: At, body: Mapping[str, Any]) -> Iterator[Finding]:
    criteria, value = as_map(body.get("criteria")), as_map(body.get("value"))
    for slug, criterion in criteria.items():
        yield from r.predicate(as_map(criterion).get("where"), *at, "criteria", slug, "where")
    if "fulfilled" in value and not criteria:
        message = "no criterion is stated that could be fulfilled"
        remedy = "state them under `criteria:`, each with `label` and `where`"
        yield problem("criteria-missing", r.place(*at, "value", "fulfilled"), shown(value["fulfilled"]), message, remedy=remedy)
    if criteria and value and "fulfilled" not in value:
        message = "criteria that the value does not count"
        remedy = "write `value: {fulfilled: every}` or `{fulfilled: each}`, or take the criteria out"
        yield problem("criteria-unused", r.place(*at, "criteria", key=True), shown(next(iter(criteria))), message, remedy=remedy)


def _made(r: References, at: At, body: Mapping[str, Any]) -> Iterator[Finding]:
    """A composite or derived metric: what it is made of, and what it cannot say itself."""
    metrics = dict(r.terms.of("Metric"))
    known = {name: _ingredient(metric, metrics) for name, metric in metrics.items()}
    derived = "derived" in as_map(body.get("value"))
    kind, path = ("derived metric", (*at, "value", "derived")) if derived else ("composite", (*at, "value", "composite"))
    for key in ("where", "criteria"):
        if body.get(key):
            message = f"a {kind} reads no rows itself, so {key} would say nothing"
            yield problem(
                "composite-rows",
                r.place(*at, key, key=True),
                key,
                message,
                remedy=f"state {key} in the parts, and take it out here",
            )
    read = _terms(body)
    for fault in faults(at[1], known):
        places: list[tuple[str | int, ...]] = [(*path, fault.part)]
        if derived:
            places = [(*path, *map(_step, term.path)) for term in read if term.metric == fault.part]
        for place in places:
            yield problem(
                fault.rule,
                r.place(*place, key=not derived),
                fault.part,
                fault.message,
                allowed=fault.allowed,
                remedy=fault.remedy,
                word=fault.part if fault.allowed else None,
            )
    if read and not body.get("unit") and derived_unit(body, metrics) is None:
        message = "what this formula makes of the units of its parts is not certain"
        remedy = "write `unit:` ratio, count, duration or number"
        yield problem("derived-unit", r.place(*path), at[1], message, remedy=remedy)
    for number, name in enumerate(as_list(body.get("by"))):
        for part in dict.fromkeys((*known[at[1]].parts, *known[at[1]].terms)):
            of_part = metrics.get(part, {})
            if not {"composite", "derived"}.isdisjoint(as_map(of_part.get("value"))):
                continue  # it says so itself of its own parts
            fields = r.of_record(str(of_part.get("grain", "inquiry"))).terms.fields
            if part in metrics and name not in fields:
                message = f"{part!r} cannot be broken down by {name!r}, so neither can a {kind} of it"
                remedy = "break down by a field that the records of all parts have, or take the part out"
                yield problem("composite-by", r.place(*at, "by", number), shown(name), message, allowed=fields, remedy=remedy)


def _step(word: str) -> str | int:
    """A step of a path: places in lists are numbers."""
    return int(word) if word.isdigit() else word


def _terms(body: Mapping[str, Any]) -> tuple[Term, ...]:
    """The metrics that a formula reads; of a misshapen one, of which another finding tells, none."""
    try:
        return tuple(terms(formula_of(as_map(body.get("value")).get("derived"))))
    except Misshapen:
        return ()


def _ingredient(body: Mapping[str, Any], metrics: Mapping[str, Any]) -> Ingredient:
    """What of a metric decides whether it can be a part; what is misshapen has been told already."""
    target, value = as_map(body.get("target")), as_map(body.get("value"))
    goal = target.get("goal")
    try:
        reached = amount(goal)
    except ValueError:
        reached = None
    return Ingredient(
        every=str(as_map(body.get("period")).get("every")),
        unit=str(unit_of(body, metrics)) if value else "",
        better=target.get("better"),
        goal=reached if isinstance(reached, (int, float)) else None,
        parts={name: weight for name, weight in as_map(value.get("composite")).items() if isinstance(weight, (int, float))},
        terms=tuple(dict.fromkeys(term.metric for term in _terms(body))),
    )


def _rows(r: References, rows: Any, *path: str | int) -> Iterator[Finding]:
    terms = r.terms
    names = [*terms.fields, *terms.clocks]
    for row, cells in enumerate(as_list(rows)):
        for name, cell in as_map(cells).items():
            here = (*path, row, name)
            yield from r.known("field or clock", name, names, *here)
            if name == "status" and isinstance(cell, list):
                for number, move in enumerate(cell):
                    slug = as_map(move).get("status")
                    yield from r.known("status", slug, terms.statuses, *here, number, "status")
            if isinstance(cell, Mapping) is not (name in terms.clocks) and name in names and cell is not None:
                message = "a clock's cell is {took, goal}, a field's is a value"
                yield problem("example-cell", r.place(*here), shown(cell), message)


def _value(r: References, tree: Mapping[str, Any], *path: str | int) -> Iterator[Finding]:
    measurable = r.once(_numbers)
    for word, inner in tree.items():
        if word == "ratio":
            for part in ("of", "over"):
                yield from _value(r, as_map(as_map(inner).get(part)), *path, word, part)
        elif word in ("count", "backlog"):
            yield from r.predicate(as_map(inner).get("where"), *path, word, "where")
        elif word == "percentile":
            yield from r.known("clock or number", as_map(inner).get("of"), measurable, *path, word, "of")
        elif word in ("sum", "average", "min", "max"):
            yield from r.known("clock or number", inner, measurable, *path, word)


def _moments(r: References) -> list[str]:
    return [name for name, spec in r.terms.fields.items() if spec.get("type") in ("datetime", "date")]


def _numbers(r: References) -> list[str]:
    return [name for name, spec in r.terms.fields.items() if _measurable(spec)] + r.terms.clocks


def _measurable(spec: Mapping[str, Any]) -> bool:
    """Whether figures can be made of a field: a number, or a choice whose steps have codes, such as the feedback scale (D1)."""
    coded = any(as_map(choice).get("code") is not None for choice in as_map(spec.get("choices")).values())
    scale = spec.get("choices_of") == "feedback"
    return str(spec.get("type")) in _MEASURABLE or (spec.get("type") == "choice" and (coded or scale))
