"""Whether what constrains a field's values goes with its type, can be met at all, and is safe to ask (practice A9)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, Final

from deskweave.documents import as_map, problem, shown
from deskweave.findings import Finding
from deskweave.model.constraint import KEYWORDS
from deskweave.practice.pattern import doubt_about
from deskweave.practice.references.terms import References

_SHORT: Final = {"pattern": "pattern", "max_length": "maxLength"}
_EVERY: Final = frozenset(keyword for keywords in KEYWORDS.values() for keyword in keywords)
_LOWER: Final = ("minimum", "exclusiveMinimum")
_UPPER: Final = ("maximum", "exclusiveMaximum")


def check_constraints(r: References, spec: Mapping[str, Any], *path: str | int) -> Iterator[Finding]:
    """Findings about `constraints`, `pattern` and `max_length` of one field."""
    constraints, kind = as_map(spec.get("constraints")), spec.get("type")
    stated = {key: ((*path, key), spec[key]) for key in _SHORT if spec.get(key) is not None}
    stated |= {f"constraints/{key}": ((*path, "constraints", key), value) for key, value in constraints.items()}
    if isinstance(kind, str):
        allowed = KEYWORDS.get(kind, ())
        for key, (where, _) in stated.items():
            keyword = _SHORT.get(key, key.removeprefix("constraints/"))
            if keyword in _EVERY and keyword not in allowed:  # what is no keyword at all has been told
                message = f"{where[-1]!r} says nothing of a field of type {kind}"
                remedy = "take it out" if allowed else f"take it out: values of type {kind} have no constraints of their own"
                found = str(where[-1])
                yield problem(
                    "constraint-of-type", r.place(*where, key=True), found, message, allowed=allowed, word=found, remedy=remedy
                )
    yield from _contradictions(r, spec, constraints, *path)
    for key, (where, value) in stated.items():
        if key in ("pattern", "constraints/pattern") and isinstance(value, str):
            yield from _pattern(r, value, *where)


def _pattern(r: References, pattern: str, *path: str | int) -> Iterator[Finding]:
    doubt = doubt_about(pattern)
    if doubt is not None:
        rule, reason = doubt
        remedies = {
            "pattern-slow": "begin with ^, let one letter decide what comes next, or give repetitions an end ({1,8})",
            "pattern-not-portable": "keep to letters, classes, groups, | and repetitions",
        }
        yield problem(rule, r.place(*path), shown(pattern), f"this pattern is not taken: {reason}", remedy=remedies[rule])


def _contradictions(r: References, spec: Mapping[str, Any], constraints: Mapping[str, Any], *path: str | int) -> Iterator[Finding]:
    def contradiction(low: str, high: str, message: str) -> Finding:
        """At the key that was added last, the short form counting as older."""
        stated = [key for key in constraints if key in (low, high)]
        where = (*path, "constraints", stated[-1]) if stated else path
        found = f"{_said(constraints, spec, low)}, {_said(constraints, spec, high)}"
        return problem("no-value-possible", r.place(*where), found, message, remedy="correct one of the two")

    lower = [(value, key) for key in _LOWER if (value := _number(constraints.get(key))) is not None]
    upper = [(value, key) for key in _UPPER if (value := _number(constraints.get(key))) is not None]
    for low, at_least in lower:
        for high, at_most in upper:
            strict = at_least.startswith("exclusive") or at_most.startswith("exclusive")
            if low > high or (strict and low == high):
                yield contradiction(at_least, at_most, f"no number fulfils both {at_least} {low} and {at_most} {high}")
    if lower and upper and not any(low > high for low, _ in lower for high, _ in upper):
        yield from _no_step(r, spec, constraints, max(lower), min(upper), *path)
    longest = [value for value in (_number(spec.get("max_length")), _number(constraints.get("maxLength"))) if value is not None]
    shortest = _number(constraints.get("minLength"))
    if shortest is not None and longest and shortest > min(longest):
        message = f"no text has at least {shortest} and at most {min(longest)} characters"
        yield contradiction("minLength", "maxLength", message)
    fewest, most = _number(constraints.get("minItems")), _number(constraints.get("maxItems"))
    if fewest is not None and most is not None and fewest > most:
        yield contradiction("minItems", "maxItems", f"nobody chooses at least {fewest} and at most {most}")
    choices = len(r.terms.choices_of(spec))
    if fewest is not None and constraints.get("uniqueItems") is True and choices and fewest > choices:
        yield contradiction("minItems", "uniqueItems", f"there are {choices} choices: nobody chooses {fewest} different ones")


def _no_step(
    r: References,
    spec: Mapping[str, Any],
    constraints: Mapping[str, Any],
    lowest: tuple[float, str],
    highest: tuple[float, str],
    *path: str | int,
) -> Iterator[Finding]:
    """A step, or whole numbers, with none between the bounds."""
    whole = spec.get("type") == "integer"
    step = _number(constraints.get("multipleOf")) or (1 if whole else None)
    if step is None or step <= 0 or (whole and not float(step).is_integer()):
        return
    (low, at_least), (high, at_most) = lowest, highest
    least, most = (Fraction(str(bound)) / Fraction(str(step)) for bound in (low, high))  # 0.3 is three times 0.1
    first = math.ceil(least) + (at_least.startswith("exclusive") and math.ceil(least) == least)
    last = math.floor(most) - (at_most.startswith("exclusive") and math.floor(most) == most)
    strict = low == high and (at_least.startswith("exclusive") or at_most.startswith("exclusive"))
    if first > last and not strict:
        message = f"no multiple of {step} lies between {low} and {high}"
        where = r.place(*path, "constraints", [key for key in constraints if key in (at_least, at_most, "multipleOf")][-1])
        yield problem("no-value-possible", where, str(step), message, remedy="widen the bounds")


def _number(value: Any) -> int | float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) else None


def _said(constraints: Mapping[str, Any], spec: Mapping[str, Any], key: str) -> str:
    short = "max_length" if key == "maxLength" else key
    return f"{key} {shown(constraints[key])}" if key in constraints else f"{short} {shown(spec.get(short))}"
