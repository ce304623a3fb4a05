"""The words of a practice that others refer to, and what every check of references needs: a place, a word list, a predicate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from typing import Any, Final, Protocol, TypeVar, cast

from deskweave.documents import as_list, as_map, problem, shown
from deskweave.findings import Finding, Place
from deskweave.model.predicate import OPERATORS

Bodies = Mapping[tuple[str, str], Mapping[str, Any]]
RECORDS: Final = ("inquiry", "contact", "response", "channel")  #: what a Fields document can describe
_Made = TypeVar("_Made")
_CHOSEN: Final = frozenset(("choice", "choices", "status", "catalog_item"))


class Locate(Protocol):
    def __call__(self, *path: str | int, key: bool = False) -> Place: ...


def record_of(body: Mapping[str, Any]) -> str:
    """What the fields of a Fields document belong to."""
    return str(body.get("record", "inquiry"))


def always(rules: Mapping[str, Any]) -> list[str]:
    """The rules without a condition, in the order they are tried."""
    order = {slug: as_map(rule).get("order") for slug, rule in rules.items() if "when" not in as_map(rule)}
    return sorted(order, key=lambda slug: (stated if isinstance(stated := order[slug], int) else 100, slug))


def asked(tree: Any, *path: str | int) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The fields and clocks a predicate asks for, each with its place."""
    for key, body in as_map(tree).items():
        here = (*path, key)
        if key in ("all", "any"):
            for number, part in enumerate(as_list(body)):
                yield from asked(part, *here, number)
        elif key == "not":
            yield from asked(body, *here)
        else:
            yield here, key


class Terms:
    """The words of a practice that others refer to."""

    def __init__(self, bodies: Bodies) -> None:
        self.bodies = bodies
        self.roles = self.keys("Routing", "roles")
        self.channels = self.keys("Channels", "channels")
        self.classifications = self.keys("Catalog", "classifications")
        self.statuses = self.keys("StatusModel", "statuses")
        self.ratings = self.keys("Feedback", "scale")
        self.calendars = self.ids("Calendar")
        self.holidays = self.ids("Holidays")
        self.clocks = self.ids("Clock")
        self.service_levels = self.ids("ServiceLevel")
        self.templates = self.ids("Template")
        self.promised = self._promised()
        self.systems = self.keys("Catalog", "systems")
        self.tiers = self.keys("Routing", "tiers")
        self.skills = self.keys("Routing", "skills")
        self.groups = self.keys("Routing", "groups")
        self.fields = self._fields("inquiry")
        self.records = {record: self._fields(record) for record in RECORDS if record != "inquiry"}
        self.items = {slug: item for *_, slug, item in self.catalog()}

    def of(self, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        return ((name, body) for (found, name), body in self.bodies.items() if found == kind)

    def ids(self, kind: str) -> list[str]:
        return [name for name, _ in self.of(kind)]

    def keys(self, kind: str, key: str) -> list[str]:
        return [slug for _, body in self.of(kind) for slug in as_map(body.get(key))]

    def _fields(self, record: str) -> dict[str, Mapping[str, Any]]:
        """The fields of one record over all documents."""
        bodies = (body for _, body in self.of("Fields") if record_of(body) == record)
        return {name: as_map(spec) for body in bodies for name, spec in as_map(body.get("fields")).items()}

    def _promised(self) -> list[str]:
        """The clocks that have a goal, of their own or by a service level."""
        own = {name for name, body in self.of("Clock") if body.get("goal") is not None}
        by_level = {
            clock
            for _, body in self.of("ServiceLevel")
            for clock, rules in as_map(body.get("goals")).items()
            if any(as_map(rule).get("goal", "none") != "none" for rule in as_map(rules).values())
        }
        return [clock for clock in self.clocks if clock in own | by_level]

    def catalog(self) -> Iterator[tuple[str, str, str, str, Mapping[str, Any]]]:
        """Document, category, service, item slug, item."""
        for name, body in self.of("Catalog"):
            for category, inner in as_map(body.get("categories")).items():
                for service, held in as_map(as_map(inner).get("services")).items():
                    for slug, item in as_map(as_map(held).get("items")).items():
                        yield name, category, service, slug, as_map(item)

    def choices(self, field: str) -> list[str]:
        """The slugs a field of the inquiry may hold; empty where any value goes."""
        return self.choices_of(self.fields.get(field, {}))

    def choices_of(self, spec: Mapping[str, Any]) -> list[str]:
        """The slugs that a field so described may hold; empty where any value goes."""
        kind = spec.get("type")
        if kind == "status":
            return self.statuses
        if kind == "catalog_item":
            return list(self.items)
        shared = {
            "classifications": self.classifications,
            "channels": self.channels,
            "feedback": self.ratings,
            "systems": self.systems,
            "tiers": self.tiers,
            "skills": self.skills,
            "groups": self.groups,
        }
        return [*shared.get(str(spec.get("choices_of")), ()), *as_map(spec.get("choices"))]


class References:
    """What a check is handed: the terms, and where things stand."""

    def __init__(self, bodies: Bodies, place: Locate) -> None:
        self.terms, self.place = Terms(bodies), place
        self._records: dict[str, References] = {"inquiry": self}
        self._made: dict[object, object] = {}

    def of_record(self, record: str) -> References:
        """The same check, where names mean the fields of a record; clocks are an inquiry's alone."""
        if record not in self._records:
            terms = copy(self.terms)
            terms.fields, terms.clocks = self.terms.records.get(record, {}), []
            found = self._records[record] = copy(self)
            found.terms, found._made = terms, {}
        return self._records[record]

    def once(self, make: Callable[..., _Made], *given: Any) -> _Made:
        """`make(self, *given)`, made the first time: many documents ask for the same thing, and the terms do not change."""
        key = (make, *given)
        if key not in self._made:
            self._made[key] = make(self, *given)
        return cast(_Made, self._made[key])

    def known(self, what: str, value: Any, allowed: Iterable[str], *path: str | int) -> Iterator[Finding]:
        """A finding where `value` is a word and none of `allowed`. What is no word at all is told by its shape."""
        if isinstance(value, str) and value not in (words := list(allowed)):
            rule = f"unknown-{what.replace(' ', '-')}"
            yield problem(
                rule,
                self.place(*path),
                shown(value),
                f"{shown(value)!r} is not a {what} of this practice",
                allowed=words,
                word=value,
            )

    def last(self, spec: Mapping[str, Any], words: Iterable[str], *path: str | int) -> Place:
        """Of several keys that do not go together, the place of the one that was added last."""
        stated = [key for key in spec if key in set(words)]
        return self.place(*path, stated[-1], key=True) if stated else self.place(*path, key=True)

    def all_known(self, what: str, values: Any, allowed: Iterable[str], *path: str | int) -> Iterator[Finding]:
        words = list(allowed) if values else []
        for number, value in enumerate(as_list(values)):
            yield from self.known(what, value, words, *path, number)

    def predicate(self, tree: Any, *path: str | int, clocks: bool = True) -> Iterator[Finding]:
        return check_predicate(tree, self.terms, self.place, *path, clocks=clocks)

    def promised(self, clock: Any, *path: str | int) -> Iterator[Finding]:
        """A finding unless the clock is there and has a goal: a share of nothing never comes."""
        yield from self.known("clock", clock, self.terms.clocks, *path)
        if clock in self.terms.clocks and clock not in self.terms.promised:
            message = f"nothing is promised for the clock {clock!r}, so no share of its goal is ever used"
            remedy = "state a `goal:` in the clock or in a service level"
            yield problem(
                "clock-without-goal", self.place(*path), shown(clock), message, allowed=self.terms.promised, remedy=remedy
            )

    def never_tried(self, slug: str, before: str, *path: str | int) -> Finding:
        """Of a rule behind one that takes everything."""
        message = f"never tried: {before!r} before it takes everything"
        return problem("never-tried", self.place(*path, key=True), slug, message, remedy="give one of them a `when:`")


def check_predicate(tree: Any, terms: Terms, place: Locate, *path: str | int, clocks: bool = True) -> Iterator[Finding]:
    """Fields, choices and operators of a predicate. With `clocks` it may ask for clocks as well."""
    yield from _one_condition(as_map(tree), place, *path)
    for key, body in as_map(tree).items():
        here = (*path, key)
        if key in ("all", "any"):
            for number, part in enumerate(as_list(body)):
                yield from check_predicate(part, terms, place, *here, number, clocks=clocks)
        elif key == "not":
            yield from check_predicate(body, terms, place, *here, clocks=clocks)
        elif key in terms.fields:
            yield from _test(as_map(body), key, terms, place, *here)
        elif not clocks or key not in terms.clocks:
            names = [*terms.fields, *(terms.clocks if clocks else ())]
            what = "field or clock" if clocks else "field"
            rule = f"unknown-{what.replace(' ', '-')}"
            yield problem(rule, place(*here, key=True), key, f"{key!r} is not a {what} of this practice", allowed=names, word=key)


def _one_condition(tree: Mapping[str, Any], place: Locate, *path: str | int) -> Iterator[Finding]:
    """Maps of layers merge: a layer that states another condition than the one below it leaves two, and neither counts."""
    if len(tree) > 1:
        added = list(tree)[-1]
        message = f"a condition has one key, here are {', '.join(map(str, tree))}"
        remedy = "join them by `all:`; what a lower layer states is taken away with `remove:`"
        yield problem("condition-twice", place(*path, added, key=True), str(added), message, remedy=remedy)


def _test(test: Mapping[str, Any], field: str, terms: Terms, place: Locate, *path: str | int) -> Iterator[Finding]:
    yield from _one_condition(test, place, *path)
    chosen = str(terms.fields[field].get("type")) in _CHOSEN
    for operator, want in test.items():
        if operator == "met":
            message = "only a clock is met or missed"
            yield problem(
                "met-of-field",
                place(*path, operator, key=True),
                field,
                message,
                allowed=tuple(op for op in OPERATORS if op != "met"),
            )
        elif chosen and operator in ("eq", "ne", "in", "not_in"):
            words = terms.choices(field)
            values = as_list(want) if operator in ("in", "not_in") else [want]
            for number, value in enumerate(values):
                if value not in words:
                    where = (*path, operator, number) if operator in ("in", "not_in") else (*path, operator)
                    message = f"{shown(value)!r} is not a choice of {field}"
                    yield problem("unknown-choice", place(*where), shown(value), message, allowed=words, word=value)
