"""Which inquiries a predicate can be about: whether one can fulfil it at all, and whether several leave one out.

A field takes few values that a predicate can tell apart: the choices it names, the numbers on either side of a bound, some other
text. Each of those is a bit of the field's mask, a test is the mask of the values that pass it, and a search over masks finds an
inquiry or shows that there is none. What a test compares that has no such values (a clock, a date, words in alphabetical order) is
a coin of its own, so "there is none" is always true, and an example that rests on a coin says so (`exact`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil, floor
from typing import Any, Final, Literal, TypeAlias

from deskweave.model import Field, FieldId, Json, Value
from deskweave.model.predicate import holds

STEPS: Final = 2000
"""How many ways a search tries before it gives up and says that there may be a case."""

_NUMBERS: Final = frozenset(("number", "integer", "duration"))
_WORDS: Final = frozenset(("text", "long_text", "email", "phone", "person", "link"))
_CHOSEN: Final = frozenset(("choice", "status", "catalog_item"))
_EQUAL: Final = frozenset(("eq", "ne", "in", "not_in"))

Predicate: TypeAlias = Mapping[str, Json] | None
Name: TypeAlias = str | tuple[str, str]  #: a field; of a field of several choices, one choice
Tree: TypeAlias = tuple[Literal["test"], Name, int] | tuple[Literal["all", "any"], tuple["Tree", ...]]


@dataclass(frozen=True, slots=True)
class Case:
    """The answer of a search.

    Attributes:
        possible: whether there is such an inquiry; False is certain.
        values: one, by the fields that matter; empty where any will do or none was built.
        exact: whether `values` surely is one.
    """

    possible: bool
    values: Mapping[FieldId, Value] = field(default_factory=dict)
    exact: bool = True


class Cases:
    """The values that a set of predicates tells apart, and searches among them.

    Args:
        predicates: all that will be asked about, or they are compiled when they come.
        fields: of the inquiry.
        words: what fields hold that take their words from elsewhere: statuses, catalog items.
    """

    def __init__(
        self, predicates: Iterable[Predicate], fields: Mapping[FieldId, Field], words: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self._fields, self._words = fields, words or {}
        self._tests: dict[str, list[tuple[str, Any]]] = {}
        self._values: dict[Name, Sequence[Value]] = {}
        self._bits: dict[str, dict[str, int]] = {}
        self._coins: dict[str, str] = {}
        self._trees: dict[int, tuple[Predicate, Tree]] = {}
        kept = list(predicates)
        for predicate in kept:
            self._collect(predicate)
        for predicate in kept:
            if predicate is not None:
                self._trees[id(predicate)] = predicate, self._tree(predicate)

    def find(self, *inside: Predicate, outside: Iterable[Predicate] = ()) -> Case:
        """An inquiry that fulfils all of `inside` and none of `outside`; each of them was given at the start."""
        wanted = [self._of(predicate) for predicate in inside]
        search = _Search(self._values, self._coins)
        return search.run([*wanted, *(_opposite(self._of(predicate), self._values) for predicate in outside)])

    def _of(self, predicate: Predicate) -> Tree:
        return ("all", ()) if predicate is None else self._trees[id(predicate)][1]

    # --------------------------------------------------------------------------------------------------------- the values
    def _collect(self, predicate: Predicate) -> None:
        for key, body in (predicate or {}).items():
            if key in ("all", "any") and isinstance(body, (list, tuple)):
                for part in body:
                    self._collect(part)
            elif key == "not" and isinstance(body, Mapping):
                self._collect(body)
            elif isinstance(body, Mapping):
                self._tests.setdefault(key, []).extend(body.items())

    def _taken(self, name: str) -> Sequence[Value]:
        """The values of a field that its tests may tell apart; empty: not to be told."""
        if name not in self._values:
            term = self._fields.get(FieldId(name))
            self._values[name] = () if term is None else tuple(self._apart(term))
        return self._values[name]

    def _apart(self, term: Field) -> Iterable[Value]:
        tests = self._tests.get(term.id, [])
        wanted = [
            one
            for word, want in tests
            for one in (want if word in ("in", "not_in") and isinstance(want, (list, tuple)) else [want])
        ]
        if term.type in _CHOSEN:
            own = tuple(self._words.get(term.type, ())) or tuple(term.choices)
            return own if term.type == "status" else (*own, None)
        if term.type == "boolean":
            return (True, False, None)
        if term.type in _NUMBERS:
            whole = term.type == "integer"
            stated = [one for one in wanted if isinstance(one, (int, float)) and not isinstance(one, bool)]
            bounds = sorted({near for one in stated for near in ((floor(one), ceil(one)) if whole else (one,))})
            between = [low + 1 if whole else (low + high) / 2 for low, high in pairwise(bounds) if not whole or high - low > 1]
            return (*bounds, *between, *((bounds[0] - 1, bounds[-1] + 1) if bounds else (0,)), None)
        if term.type == "datetime":
            moments = {moment for one in wanted if (moment := _moment(one)) is not None}
            step = timedelta(microseconds=1)
            return (*sorted({near for one in moments for near in (one - step, one, one + step)}), None) if moments else ()
        if term.type in _WORDS and all(word in _EQUAL or word == "present" for word, _ in tests):
            named = dict.fromkeys(one for one in wanted if isinstance(one, str))
            other = "other"
            while other in named:
                other += "."
            return (*named, *({"": None} if "" not in named else {}), other, None)
        return ()

    # ---------------------------------------------------------------------------------------------------------- the trees
    def _tree(self, predicate: Mapping[str, Json]) -> Tree:
        ((key, body),) = predicate.items()
        if key in ("all", "any") and isinstance(body, (list, tuple)):
            return key, tuple(self._tree(part) for part in body)  # type: ignore[return-value]
        if key == "not" and isinstance(body, Mapping):
            return _opposite(self._tree(body), self._values)
        assert isinstance(body, Mapping)
        ((operator, want),) = body.items()
        term = self._fields.get(FieldId(key))
        if term is not None and term.type == "choices":
            return self._among(term, operator, want)
        values = self._taken(key)
        if not values:
            coin = f"{key} {operator} {want!r}"
            self._values.setdefault(coin, (False, True))
            self._coins[coin] = key
            return "test", coin, 2
        return "test", key, self._mask(key, values, operator, want, named=term is not None and term.type in _CHOSEN | _WORDS)

    def _mask(self, name: str, values: Sequence[Value], operator: str, want: Json, *, named: bool) -> int:
        if named and operator in _EQUAL:
            bits = self._bits.get(name)
            if bits is None:
                bits = self._bits[name] = {value: 1 << place for place, value in enumerate(values) if isinstance(value, str)}
            found = 0
            for one in want if operator in ("in", "not_in") and isinstance(want, (list, tuple)) else [want]:
                found |= bits.get(one, 0) if isinstance(one, str) else 0
            return found if operator in ("eq", "in") else ((1 << len(values)) - 1) & ~found
        test: Mapping[str, Json] = {name: {operator: want}}
        return sum(1 << place for place, value in enumerate(values) if holds(test, {FieldId(name): value}))

    def _among(self, term: Field, operator: str, want: Json) -> Tree:
        """A field of several choices: each choice is there or not, whatever the others are."""

        def has(choice: object) -> Tree:
            if choice not in term.choices:
                return "any", ()
            self._values.setdefault((term.id, str(choice)), (False, True))
            return "test", (term.id, str(choice)), 2

        match operator:
            case "eq" | "ne":
                found = has(want)
            case "in" | "not_in" if isinstance(want, (list, tuple)):
                found = "any", tuple(has(one) for one in want)
            case "present":
                found = "any", tuple(has(one) for one in term.choices)
                return found if want else _opposite(found, self._values)
            case _:
                return "any", ()
        return _opposite(found, self._values) if operator in ("ne", "not_in") else found


class _Search:
    """One value of every field: what must hold narrows the masks, what may hold in several ways is tried one by one."""

    def __init__(self, values: Mapping[Name, Sequence[Value]], coins: Mapping[str, str]) -> None:
        self.values, self.coins, self.steps = values, coins, 0

    def run(self, trees: Sequence[Tree]) -> Case:
        found = self._search({}, list(trees))
        if self.steps > STEPS:
            return Case(True, exact=False)
        if found is None:
            return Case(False)
        plain: dict[FieldId, Value] = {}
        several: dict[str, list[str]] = {}
        for name, mask in found.items():
            value = self.values[name][(mask & -mask).bit_length() - 1]
            if isinstance(name, tuple):
                several.setdefault(name[0], []).extend([name[1]] if value else [])
            elif name not in self.coins:
                plain[FieldId(name)] = value
        plain |= {FieldId(name): tuple(chosen) for name, chosen in several.items()}
        return Case(True, plain, exact=not any(name in self.coins for name in found))

    def _search(self, masks: dict[Name, int], todo: list[Tree]) -> dict[Name, int] | None:
        self.steps += 1
        if self.steps > STEPS:
            return masks
        ways: list[tuple[Tree, ...]] = []
        while todo or ways:
            while todo:
                tree = todo.pop()
                if tree[0] == "test":
                    left = self._left(masks, tree[1]) & tree[2]
                    if not left:
                        return None
                    masks[tree[1]] = left
                elif tree[0] == "all":
                    todo += tree[1]
                else:
                    ways.append(tree[1])
            open_ways: list[tuple[Tree, ...]] = []
            for parts in ways:
                possible = [part for part in parts if not self._dead(masks, part)]
                if not possible:
                    return None
                if any(self._sure(masks, part) for part in possible):
                    continue
                if len(possible) == 1:
                    todo.append(possible[0])
                else:
                    open_ways.append(tuple(possible))
            ways = open_ways
            if ways and not todo:
                chosen = min(ways, key=len)
                others: list[Tree] = [("any", parts) for parts in ways if parts is not chosen]
                for part in chosen:
                    found = self._search(dict(masks), [*others, part])
                    if found is not None:
                        return found
                return None
        return masks

    def _left(self, masks: Mapping[Name, int], name: Name) -> int:
        return masks.get(name, (1 << len(self.values[name])) - 1)

    def _dead(self, masks: Mapping[Name, int], tree: Tree) -> bool:
        if tree[0] == "test":
            return not self._left(masks, tree[1]) & tree[2]
        parts = [self._dead(masks, part) for part in tree[1]]
        return any(parts) if tree[0] == "all" else all(parts)

    def _sure(self, masks: Mapping[Name, int], tree: Tree) -> bool:
        if tree[0] == "test":
            return not self._left(masks, tree[1]) & ~tree[2]
        parts = [self._sure(masks, part) for part in tree[1]]
        return all(parts) if tree[0] == "all" else any(parts)


def _opposite(tree: Tree, values: Mapping[Name, Sequence[Value]]) -> Tree:
    if tree[0] == "test":
        return "test", tree[1], ((1 << len(values[tree[1]])) - 1) & ~tree[2]
    return ("any" if tree[0] == "all" else "all"), tuple(_opposite(part, values) for part in tree[1])


def _moment(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def satisfiable(predicate: Predicate, fields: Mapping[FieldId, Field], words: Mapping[str, Sequence[str]] | None = None) -> Case:
    """Whether an inquiry can fulfil a predicate."""
    return Cases([predicate], fields, words).find(predicate)


def uncovered(
    predicates: Sequence[Predicate], fields: Mapping[FieldId, Field], words: Mapping[str, Sequence[str]] | None = None
) -> Case:
    """An inquiry that fulfils none of the predicates; not `possible`: they cover every inquiry."""
    return Cases(predicates, fields, words).find(outside=predicates)
