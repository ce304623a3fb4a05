"""References of priority matrices and service levels, and what only the whole of one shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deskweave.documents import as_list, as_map, problem, shown
from deskweave.findings import Finding
from deskweave.practice.references.terms import References, always


# -------------------------------------------------------------------------------------------------------------- matrix
def check_priority_matrix(r: References, at: tuple[str, str], body: Mapping[str, Any]) -> Iterator[Finding]:
    names = ("impact", "urgency", "sets")
    chosen = [field for field, spec in r.terms.fields.items() if spec.get("type") == "choice"]
    for name in names:
        yield from r.known("choice field", body.get(name), chosen, *at, name)
    fields = [str(body.get(name)) for name in names]
    for number, name in enumerate(names):
        if name in body and fields[number] in fields[:number]:
            message = "impact, urgency and the result are three fields"
            yield problem("matrix-fields", r.place(*at, name), fields[number], message)
    first = next(name for name, other in r.terms.of("PriorityMatrix") if other.get("sets") == body.get("sets"))
    if first != at[1] and "sets" in body:
        message = f"PriorityMatrix/{first} sets {fields[2]!r} already"
        yield problem("set-by-two", r.place(*at, "sets"), fields[2], message, remedy="keep one matrix for a field")
    if all(field in chosen for field in fields):
        yield from _cells(r, at, as_map(body.get("matrix")), *fields)
    for slug, rise in as_map(body.get("rises")).items():
        spec = as_map(rise)
        yield from r.promised(spec.get("clock"), *at, "rises", slug, "clock")
        yield from r.predicate(spec.get("when"), *at, "rises", slug, "when")


def _cells(
    r: References, at: tuple[str, str], matrix: Mapping[str, Any], impact: str, urgency: str, sets: str
) -> Iterator[Finding]:
    """Rows and cells are choices of their fields, and every pair has its cell (K3: nothing is left to a mood)."""
    rows, columns = r.terms.choices(impact), r.terms.choices(urgency)
    for row, cells in matrix.items():
        path = (*at, "matrix", row)
        yield from _choice(r, impact, row, *path, key=True)
        for column, value in as_map(cells).items():
            yield from _choice(r, urgency, column, *path, column, key=True)
            yield from _choice(r, sets, value, *path, column)
    for row in rows:
        missing = [column for column in columns if column not in as_map(matrix.get(row))]
        if missing:
            message = f"no {sets} for {impact} {row!r} with {urgency} {', '.join(map(repr, missing))}"
            place = r.place(*at, "matrix", *([row] if row in matrix else ()), key=True)
            yield problem("matrix-gap", place, row, message, remedy=f"add the cells: choices of {sets}")


def _choice(r: References, field: str, value: Any, *path: str | int, key: bool = False) -> Iterator[Finding]:
    words = r.terms.choices(field)
    if value not in words:
        message = f"{shown(value)!r} is not a choice of {field}"
        yield problem("unknown-choice", r.place(*path, key=key), shown(value), message, allowed=words, word=value)


# ------------------------------------------------------------------------------------------------------- service level
def check_service_level(r: References, at: tuple[str, str], body: Mapping[str, Any]) -> Iterator[Finding]:
    for clock, goals in as_map(body.get("goals")).items():
        path = (*at, "goals", clock)
        if clock not in r.terms.clocks:
            message = f"{clock!r} is not a clock of this practice"
            yield problem("unknown-clock", r.place(*path, key=True), clock, message, allowed=r.terms.clocks, word=clock)
        last = always(as_map(goals))
        for slug, goal in as_map(goals).items():
            # a goal that asked for clocks could depend on being met
            yield from r.predicate(as_map(goal).get("when"), *path, slug, "when", clocks=False)
            if slug in last[1:]:
                yield r.never_tried(slug, last[0], *path, slug)
    before = 0.0
    for number, share in enumerate(as_list(body.get("at_risk"))):
        if isinstance(share, (int, float)):
            if share <= before:
                message = "shares of a goal stand in ascending order, each once"
                yield problem("at-risk-order", r.place(*at, "at_risk", number), shown(share), message)
            before = share
    defaults = [name for name, other in r.terms.of("ServiceLevel") if other.get("default") is True]
    if at[1] in defaults[1:]:
        message = f"ServiceLevel/{defaults[0]} is the default already"
        remedy = "state `default: false` in one of them"
        yield problem("default-twice", r.place(*at, "default"), at[1], message, remedy=remedy)
