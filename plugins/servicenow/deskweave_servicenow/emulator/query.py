"""Encoded queries as ServiceNow reads them, with what it does to terms it does not understand."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

Row: TypeAlias = Mapping[str, str]

_OPERATORS: Final = (
    "ISNOTEMPTY",
    "EMPTYSTRING",
    "STARTSWITH",
    "NOT LIKE",
    "GT_FIELD",
    "LT_FIELD",
    "ENDSWITH",
    "ANYTHING",
    "CONTAINS",
    "NSAMEAS",
    "ISEMPTY",
    "NOTLIKE",
    "BETWEEN",
    "NOT IN",
    "SAMEAS",
    "NOTIN",
    "LIKE",
    "IN",
    "!=",
    "<=",
    ">=",
    "!*",
    "=",
    "<",
    ">",
    "*",
    "%",
)
_TERM: Final = re.compile(r"^([a-z0-9_.]+)(" + "|".join(re.escape(op) for op in _OPERATORS) + r")(.*)$", re.S)
#: Operators that need the right query_match; all others, and every ORDERBY, need query_range.
MATCHES: Final = frozenset({"=", "!=", "IN", "NOTIN", "SAMEAS", "NSAMEAS", "ANYTHING", "ISEMPTY", "ISNOTEMPTY", "EMPTYSTRING"})


@dataclass(frozen=True, slots=True)
class Condition:
    field: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Query:
    """`groups` are joined by OR (^NQ), the alternatives within a group by AND, the conditions of an alternative by OR (^OR)."""

    groups: tuple[tuple[tuple[Condition, ...], ...], ...]
    order: tuple[tuple[str, bool], ...]  #: column, descending
    malformed: tuple[str, ...] = ()

    @property
    def conditions(self) -> Sequence[Condition]:
        return [condition for group in self.groups for alternatives in group for condition in alternatives]

    def without(self, unknown: frozenset[str]) -> Query:
        """The query an instance runs after it dropped every term on a column it does not know."""
        groups = tuple(
            tuple(kept for alternatives in group if (kept := tuple(one for one in alternatives if one.field not in unknown)))
            for group in self.groups
        )
        return Query(groups, tuple(pair for pair in self.order if pair[0] not in unknown), self.malformed)


def parse(text: str) -> Query:
    """Read an encoded query; parts that are no term are kept in `malformed`."""
    groups: list[list[list[Condition]]] = [[]]
    order: list[tuple[str, bool]] = []
    malformed: list[str] = []
    for part in text.split("^"):
        if not part or part == "EQ":
            continue
        if part.startswith("ORDERBYDESC"):
            order.append((part.removeprefix("ORDERBYDESC"), True))
            continue
        if part.startswith("ORDERBY"):
            order.append((part.removeprefix("ORDERBY"), False))
            continue
        alternative = part.startswith("OR")
        if part.startswith("NQ"):
            groups.append([])
            part = part.removeprefix("NQ")
        elif alternative:
            part = part.removeprefix("OR")
        match = _TERM.match(part)
        if match is None:
            malformed.append(part)
            continue
        operator = {"NOT LIKE": "NOTLIKE", "NOT IN": "NOTIN"}.get(match[2], match[2])
        condition = Condition(match[1], operator, match[3])
        if alternative and groups[-1]:
            groups[-1][-1].append(condition)
        else:
            groups[-1].append([condition])
    return Query(tuple(tuple(tuple(one) for one in group) for group in groups), tuple(order), tuple(malformed))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _compare(have: str, want: str, numeric: bool) -> int | None:
    if have == "" or want == "":
        return None
    if numeric:
        left, right = _number(have), _number(want)
        if left is None or right is None:
            return None
        return (left > right) - (left < right)
    left_text, right_text = have.casefold(), want.casefold()
    return (left_text > right_text) - (left_text < right_text)


def compile_condition(
    condition: Condition, read: Callable[[Row], str], *, other: Callable[[Row], str] | None, numeric: bool
) -> Callable[[Row], bool]:
    """A test of one row. `read` takes the column out of it; `other` the second column of GT_FIELD and its like.

    Comparison ignores case, as the database's collation does. `!=` and NOT IN leave out rows where the column is empty.
    """
    want = condition.value
    folded = want.casefold()
    members = frozenset(part.strip().casefold() for part in want.split(","))
    low, _, high = want.partition("@")
    tests: Mapping[str, Callable[[str], bool]] = {
        "=": lambda have: have.casefold() == folded,
        "!=": lambda have: have != "" and have.casefold() != folded,
        "IN": lambda have: have.casefold() in members,
        "NOTIN": lambda have: have != "" and have.casefold() not in members,
        "LIKE": lambda have: folded in have.casefold(),
        "CONTAINS": lambda have: folded in have.casefold(),
        "*": lambda have: folded in have.casefold(),
        "NOTLIKE": lambda have: have != "" and folded not in have.casefold(),
        "!*": lambda have: have != "" and folded not in have.casefold(),
        "STARTSWITH": lambda have: have.casefold().startswith(folded),
        "ENDSWITH": lambda have: have.casefold().endswith(folded),
        "%": lambda have: have.casefold().endswith(folded),
        "ISEMPTY": lambda have: have == "",
        "EMPTYSTRING": lambda have: have == "",
        "ISNOTEMPTY": lambda have: have != "",
        "ANYTHING": lambda have: True,
        "<": lambda have: _compare(have, want, numeric) == -1,
        "<=": lambda have: _compare(have, want, numeric) in (-1, 0),
        ">": lambda have: _compare(have, want, numeric) == 1,
        ">=": lambda have: _compare(have, want, numeric) in (0, 1),
        "BETWEEN": lambda have: _compare(have, low, numeric) in (0, 1) and _compare(have, high, numeric) in (-1, 0),
    }
    if condition.operator in tests:
        test = tests[condition.operator]
        return lambda row: test(read(row))
    if other is None:
        return lambda row: False
    pairs: Mapping[str, Callable[[str, str], bool]] = {
        "SAMEAS": lambda have, there: have == there,
        "NSAMEAS": lambda have, there: have != there,
        "GT_FIELD": lambda have, there: _compare(have, there, numeric) == 1,
        "LT_FIELD": lambda have, there: _compare(have, there, numeric) == -1,
    }
    pair = pairs[condition.operator]
    second = other
    return lambda row: pair(read(row), second(row))
