"""What a field's value has to meet besides its type (practice A6, A9): JSON Schema keywords, made into one quick question."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, TypeAlias

from deskweave.model.practice import Field
from deskweave.model.value import Value

#: Answers the keyword a value does not meet ("type" for a value of another type), None where all is well. Never raises.
Constraint: TypeAlias = Callable[[Value], str | None]
_Test: TypeAlias = Callable[[Any], bool]  #: asked only of a value of the right type

LONGEST_MATCHED: Final = 1_000
"""Characters a pattern is held against. A longer text does not meet any pattern: the work a value can cause has a bound."""

_NUMBERS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_LINES: Final = ("minLength", "maxLength", "pattern")
KEYWORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "text": _LINES,
    "long_text": ("minLength", "maxLength"),
    "email": _LINES,
    "phone": _LINES,
    "link": _LINES,
    "number": _NUMBERS,
    "integer": _NUMBERS,
    "duration": _NUMBERS,  # seconds
    "choices": ("minItems", "maxItems", "uniqueItems"),
}
"""Which keywords go with which type of field; the others go with none."""


def keywords_of(field: Field) -> dict[str, object]:
    """The keywords in force: `pattern` and `max_length` are short forms, of two lengths the smaller counts.

    A second pattern stands under `allOf`, as JSON Schema says it.
    """
    found: dict[str, object] = dict(field.constraints)
    if field.max_length is not None:
        stated = found.get("maxLength")
        found["maxLength"] = min(field.max_length, stated) if isinstance(stated, int) else field.max_length
    if field.pattern is not None and field.pattern != found.get("pattern"):
        if "pattern" in found:
            found["allOf"] = [{"pattern": found.pop("pattern")}]
        found["pattern"] = field.pattern
    return found


def constraint_of(field: Field) -> Constraint | None:
    """The question whether a value of this field meets its constraints; None where it has none.

    Empty values (None, "", ()) meet every constraint: `required` says when a field may not be empty.
    """
    found = keywords_of(field)
    tests = [(keyword, test) for keyword, wanted in found.items() for test in _tests(keyword, wanted)]
    if not tests:
        return None
    right = _RIGHT_TYPE.get(field.type, _is_text)

    def violated(value: Value) -> str | None:
        if value is None or value == "" or value == ():
            return None
        if not right(value):
            return "type"
        for keyword, test in tests:
            if not test(value):
                return keyword
        return None

    return violated


def _tests(keyword: str, wanted: object) -> list[_Test]:
    if keyword == "allOf" and isinstance(wanted, list):
        return [test for inner in wanted for test in _tests("pattern", inner["pattern"])]
    if keyword == "pattern":
        search = re.compile(str(wanted), re.ASCII).search
        return [lambda value: len(value) <= LONGEST_MATCHED and search(value) is not None]
    if keyword == "uniqueItems":
        return [lambda value: len(set(value)) == len(value)] if wanted else []
    make = _TESTS.get(keyword)
    return [make(wanted)] if make is not None and isinstance(wanted, (int, float)) else []


_TESTS: Final[Mapping[str, Callable[[float], _Test]]] = {
    "minimum": lambda bound: lambda value: value >= bound,
    "maximum": lambda bound: lambda value: value <= bound,
    "exclusiveMinimum": lambda bound: lambda value: value > bound,
    "exclusiveMaximum": lambda bound: lambda value: value < bound,
    "multipleOf": lambda step: lambda value: _multiple(value, step),
    "minLength": lambda bound: lambda value: len(value) >= bound,
    "maxLength": lambda bound: lambda value: len(value) <= bound,
    "minItems": lambda bound: lambda value: len(value) >= bound,
    "maxItems": lambda bound: lambda value: len(value) <= bound,
}


def _multiple(value: float, step: float) -> bool:
    """By the digits people write: 0.3 is a multiple of 0.1."""
    if isinstance(value, int) and isinstance(step, int):
        return value % step == 0
    try:
        return Decimal(str(value)) % Decimal(str(step)) == 0
    except ArithmeticError:  # a quotient with more digits than are kept
        return False


def _is_number(value: Value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_integer(value: Value) -> bool:
    return isinstance(value, (int, float)) and _is_number(value) and float(value).is_integer()


def _is_text(value: Value) -> bool:
    return isinstance(value, str)


def _is_tuple(value: Value) -> bool:
    return isinstance(value, tuple) and all(isinstance(one, str) for one in value)


_RIGHT_TYPE: Final[Mapping[str, _Test]] = {
    "number": _is_number,
    "duration": _is_number,
    "integer": _is_integer,
    "choices": _is_tuple,
}
