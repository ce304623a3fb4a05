"""The only conditional grammar of the practice, and its one evaluator.

A predicate is `{all: [...]}`, `{any: [...]}`, `{not: ...}`, or `{<field>: {<op>: value}}` with exactly one field and one operator.
Routes, `holds`, metrics and, later, entitlement and routing use it; `deskweave.measure` compiles the same tree to SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from deskweave.model.value import FieldId, Json, Value

OPERATORS: Final = ("eq", "ne", "in", "not_in", "lt", "lte", "gt", "gte", "present", "met")


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def test(have: Any, want: Any) -> bool:
        if have is None:
            return False
        if isinstance(have, datetime) and isinstance(want, str):
            want = datetime.fromisoformat(want)
        try:
            return compare(have, want)
        except TypeError:
            return False

    return test


def _contains(have: Any, want: Any) -> bool:
    return want in have if isinstance(have, tuple) else have == want


_TESTS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "eq": _contains,
    "ne": lambda have, want: not _contains(have, want),
    "in": lambda have, want: any(_contains(have, item) for item in want),
    "not_in": lambda have, want: not any(_contains(have, item) for item in want),
    "lt": _ordered(lambda a, b: a < b),
    "lte": _ordered(lambda a, b: a <= b),
    "gt": _ordered(lambda a, b: a > b),
    "gte": _ordered(lambda a, b: a >= b),
    "present": lambda have, want: (have is not None and have not in ((), "")) is bool(want),
    "met": lambda have, want: have is not None and bool(have) is bool(want),
}


def holds(predicate: Mapping[str, Json] | None, values: Mapping[FieldId, Value]) -> bool:
    """Whether `values` fulfil `predicate`; None is fulfilled by everything. A field that is absent is empty.

    Raises:
        ValueError: the tree is not of the grammar (files are checked against the schema before they come here).
    """
    if predicate is None:
        return True
    if len(predicate) != 1:
        message = f"a predicate has exactly one key, not {sorted(predicate)}"
        raise ValueError(message)
    ((key, body),) = predicate.items()
    if key in ("all", "any"):
        if not isinstance(body, (list, tuple)):
            message = f"{key} takes a list"
            raise ValueError(message)
        parts = (holds(part, values) for part in body)
        return all(parts) if key == "all" else any(parts)
    if not isinstance(body, Mapping):
        message = f"{key} takes a mapping"
        raise ValueError(message)
    if key == "not":
        return not holds(body, values)
    if len(body) != 1:
        message = f"{key} takes exactly one operator, not {sorted(body)}"
        raise ValueError(message)
    ((operator, want),) = body.items()
    if operator not in _TESTS:
        message = f"{operator} is no operator; allowed: {', '.join(OPERATORS)}"
        raise ValueError(message)
    return _TESTS[operator](values.get(FieldId(key)), want)


def fields_of(predicate: Mapping[str, Json] | None) -> frozenset[FieldId]:
    """Every field a predicate looks at: for reference checks, and to know when an inquiry may change where it lives."""
    if predicate is None:
        return frozenset()
    found: set[FieldId] = set()
    for key, body in predicate.items():
        if key in ("all", "any") and isinstance(body, (list, tuple)):
            for part in body:
                if isinstance(part, Mapping):
                    found |= fields_of(part)
        elif key == "not" and isinstance(body, Mapping):
            found |= fields_of(body)
        else:
            found.add(FieldId(key))
    return frozenset(found)
