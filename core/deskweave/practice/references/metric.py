"""References of metrics: fields, clocks, roles, and the rows of their examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from deskweave.documents import problem, shown
from deskweave.findings import Finding
from deskweave.practice.references.terms import References, as_list, as_map

_MEASURABLE: Final = frozenset(("number", "integer", "duration"))


def check_metric(r: References, at: tuple[str, str], body: Mapping[str, Any]) -> Iterator[Finding]:
    terms = r.terms
    by = as_map(body.get("period")).get("by")
    instants = [name for name, spec in terms.fields.items() if spec.get("type") in ("datetime", "date")]
    yield from r.known("field that holds a moment", by, instants, *at, "period", "by")
    yield from r.all_known("field", body.get("by"), terms.fields, *at, "by")
    yield from r.known("role", body.get("judges"), [*terms.roles, "desk"], *at, "judges")
    yield from r.predicate(body.get("where"), *at, "where")
    yield from _value(r, as_map(body.get("value")), *at, "value")
    names = [*terms.fields, *terms.clocks]
    for number, example in enumerate(as_list(body.get("examples"))):
        for row, cells in enumerate(as_list(as_map(example).get("given"))):
            for name, cell in as_map(cells).items():
                path = (*at, "examples", number, "given", row, name)
                yield from r.known("field or clock", name, names, *path)
                if isinstance(cell, Mapping) is not (name in terms.clocks) and name in names and cell is not None:
                    message = "a clock's cell is {took, goal}, a field's is a value"
                    yield problem("example-cell", r.place(*path), shown(cell), message)


def _value(r: References, tree: Mapping[str, Any], *path: str | int) -> Iterator[Finding]:
    measurable = [name for name, spec in r.terms.fields.items() if str(spec.get("type")) in _MEASURABLE] + r.terms.clocks
    for word, inner in tree.items():
        if word == "ratio":
            for part in ("of", "over"):
                yield from _value(r, as_map(as_map(inner).get(part)), *path, word, part)
        elif word == "count":
            yield from r.predicate(as_map(inner).get("where"), *path, word, "where")
        elif word == "percentile":
            yield from r.known("clock or number", as_map(inner).get("of"), measurable, *path, word, "of")
        elif word in ("sum", "average", "min", "max"):
            yield from r.known("clock or number", inner, measurable, *path, word)
