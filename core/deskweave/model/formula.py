"""A figure made of other figures: the closed tree under `value: {derived: ...}` (practice E12). No text is ever interpreted.

A node is the id of a metric, a number, `{previous: id}` (that metric in the period before), or one operation over nodes: `add` and
`multiply` of two or more, `subtract` and `divide` of two.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, cast

from deskweave.model.value import Json

Operator: TypeAlias = Literal["add", "subtract", "multiply", "divide"]
OPERATORS: Final[Mapping[str, tuple[int, int | None]]] = {
    "add": (2, None),
    "subtract": (2, 2),
    "multiply": (2, None),
    "divide": (2, 2),
}
"""How many parts each takes, at least and at most."""
_SIGNS: Final = {"add": " + ", "subtract": " - ", "multiply": " × ", "divide": " ÷ "}
_TIGHT: Final = ("multiply", "divide")
_DEPTH: Final = 20  #: nodes below one another; nobody reads more


@dataclass(frozen=True, slots=True)
class Number:
    value: float


@dataclass(frozen=True, slots=True)
class Term:
    """A metric's figure, in the period that is asked about or in the one before."""

    metric: str
    previous: bool = False
    path: tuple[str, ...] = ()  #: where in the tree it stands

    @property
    def key(self) -> str:
        """What it is called among the parts of a result."""
        return f"previous:{self.metric}" if self.previous else self.metric


@dataclass(frozen=True, slots=True)
class Operation:
    operator: Operator
    parts: tuple[Formula, ...]


Formula: TypeAlias = Number | Term | Operation


class Misshapen(ValueError):
    """A tree that is none: what was found where, what is to be told of it, and what may stand there."""

    def __init__(self, path: tuple[str, ...], found: object, message: str, allowed: Sequence[str] = ()) -> None:
        """See the class."""
        super().__init__(message)
        self.path, self.found, self.allowed = path, found, tuple(allowed)


def formula_of(tree: Json, path: tuple[str, ...] = ()) -> Formula:
    """The tree as typed nodes.

    Raises:
        Misshapen: it is none.
    """
    if isinstance(tree, str) and tree:
        return Term(tree, path=path)
    if isinstance(tree, int | float) and not isinstance(tree, bool):
        if not math.isfinite(tree):
            raise Misshapen(path, tree, "is no finite number")
        return Number(float(tree))
    if len(path) > 2 * _DEPTH:
        raise Misshapen(path, "...", f"stands more than {_DEPTH} operations deep")
    words = ("previous", *OPERATORS)
    if not isinstance(tree, Mapping) or len(tree) != 1:
        raise Misshapen(path, tree, "is neither a metric, nor a number, nor exactly one operation", words)
    ((word, body),) = tree.items()
    below = (*path, word)
    if word == "previous":
        if not isinstance(body, str) or not body:
            raise Misshapen(below, body, "is no id of a metric")
        return Term(body, previous=True, path=below)
    if word not in OPERATORS:
        raise Misshapen(path, word, "is neither a metric, nor a number, nor exactly one operation", words)
    least, most = OPERATORS[word]
    if not isinstance(body, Sequence) or isinstance(body, str) or len(body) < least or len(body) > (most or len(body)):
        raise Misshapen(below, body, "is no list of two" if most else "is no list of two or more")
    return Operation(cast(Operator, word), tuple(formula_of(part, (*below, str(n))) for n, part in enumerate(body)))


def terms(formula: Formula) -> Iterator[Term]:
    """The metrics it reads, from left to right, each as often as it stands there."""
    match formula:
        case Term():
            yield formula
        case Operation(parts=parts):
            for part in parts:
                yield from terms(part)


def computed(formula: Formula, figures: Mapping[str, float | None]) -> float | None:
    """Its value; None: a figure is missing, or something is divided by zero.

    Args:
        formula: to be computed.
        figures: by `Term.key`.
    """
    match formula:
        case Number(value):
            return value
        case Term():
            return figures[formula.key]
        case Operation(operator, parts):
            values = [computed(part, figures) for part in parts]
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return None
    first, *rest = known
    match operator:
        case "add":
            return sum(known)
        case "multiply":
            return math.prod(known)
        case "subtract":
            return first - rest[0]
        case "divide":
            return None if rest[0] == 0 else first / rest[0]


def unit_of(formula: Formula, unit: Callable[[str], str | None]) -> str | None:
    """The unit that its value certainly has; None: nobody can tell, so the metric has to state one.

    Args:
        formula: whose.
        unit: of a metric; None if it is not known.
    """
    match formula:
        case Number():
            return None
        case Term():
            return unit(formula.metric)
        case Operation(operator, parts):
            units = [unit_of(part, unit) for part in parts if not isinstance(part, Number)]
            plain = len(units) < len(parts)
    if not units or len(set(units)) > 1 or units[0] is None:
        return None
    match operator:
        case "add" | "subtract":
            return None if plain else units[0]
        case "multiply":
            return units[0] if len(units) == 1 else None
        case "divide":
            if plain:  # a figure over a number keeps its unit; a number over a figure has none that we know
                return None if isinstance(parts[0], Number) else units[0]
            return "ratio" if units[0] in ("count", "duration") else None


def say(formula: Formula, name: Callable[[Term], str], number: Callable[[float], str] = "{:g}".format) -> str:
    """The formula in signs, `(A - B) ÷ C`, with as few brackets as its meaning allows.

    Args:
        formula: to be said.
        name: what stands for a term.
        number: how numbers are written.
    """
    match formula:
        case Number(value):
            return number(value)
        case Term():
            return name(formula)
        case Operation(operator, parts):
            said = [
                f"({one})" if isinstance(part, Operation) and _bracketed(operator, part.operator, place) else one
                for place, part in enumerate(parts)
                for one in (say(part, name, number),)
            ]
            return _SIGNS[operator].join(said)


def _bracketed(outer: Operator, inner: Operator, place: int) -> bool:
    if outer in _TIGHT:
        return inner not in _TIGHT or (place > 0 and (outer == "divide" or inner == "divide"))
    return inner not in _TIGHT and outer == "subtract" and place > 0
