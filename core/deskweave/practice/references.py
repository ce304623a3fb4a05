"""Whether what a composed practice refers to is there: slugs, ids, fields, and things only the whole can show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Protocol

from deskweave.documents import problem, shown
from deskweave.findings import Finding, Place
from deskweave.model.predicate import OPERATORS

Bodies = Mapping[tuple[str, str], Mapping[str, Any]]
_MEASURABLE: Final = frozenset(("number", "integer", "duration"))
_EDGES: Final = ("submitted", "enter", "enter_phase")
_CLOCK_FORMS: Final = {"edges": ("start", "stop"), "sum_of": ("sum_of",), "minus": ("minus",)}
_CHOSEN: Final = frozenset(("choice", "choices", "status", "catalog_item"))


class Locate(Protocol):
    def __call__(self, *path: str | int, key: bool = False) -> Place: ...


def check_references(bodies: Bodies, place: Locate) -> list[Finding]:
    """Every reference that leads nowhere, with the nearest right word. Tolerates documents of a wrong shape."""
    return list(_References(bodies, place).check())


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else []


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
        self.fields = {name: _map(spec) for _, body in self.of("Fields") for name, spec in _map(body.get("fields")).items()}
        self.items = {slug: item for *_, slug, item in self.catalog()}

    def of(self, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        return ((name, body) for (found, name), body in self.bodies.items() if found == kind)

    def ids(self, kind: str) -> list[str]:
        return [name for name, _ in self.of(kind)]

    def keys(self, kind: str, key: str) -> list[str]:
        return [slug for _, body in self.of(kind) for slug in _map(body.get(key))]

    def catalog(self) -> Iterator[tuple[str, str, str, str, Mapping[str, Any]]]:
        """Document, category, service, item slug, item."""
        for name, body in self.of("Catalog"):
            for category, inner in _map(body.get("categories")).items():
                for service, held in _map(_map(inner).get("services")).items():
                    for slug, item in _map(_map(held).get("items")).items():
                        yield name, category, service, slug, _map(item)

    def choices(self, field: str) -> list[str]:
        """The slugs a field may hold; empty where any value goes."""
        spec = self.fields.get(field, {})
        kind = spec.get("type")
        if kind == "status":
            return self.statuses
        if kind == "catalog_item":
            return list(self.items)
        shared = {"classifications": self.classifications, "channels": self.channels, "feedback": self.ratings}
        return [*shared.get(str(spec.get("choices_of")), ()), *_map(spec.get("choices"))]


class _References:
    def __init__(self, bodies: Bodies, place: Locate) -> None:
        self.terms, self.place = Terms(bodies), place

    def check(self) -> Iterator[Finding]:
        terms = self.terms
        for kind in ("Practice", "StatusModel"):
            if not terms.ids(kind):
                message = f"a practice needs a {kind} document"
                yield problem(
                    "missing-document", Place("practice", ""), kind, message, remedy="write one, or extend deskweave:service-desk@1"
                )
        models = terms.ids("StatusModel")
        for name in models[1:]:
            message = f"a practice has one status model; there is {models[0]!r} already"
            yield problem("status-model-twice", self.place("StatusModel", name, key=True), name, message)
        yield from self.fields()
        yield from self.catalog()
        yield from self.statuses()
        yield from self.feedback()
        for name, body in terms.of("Calendar"):
            yield from self.calendar(("Calendar", name), body)
        for name, body in terms.of("Holidays"):
            yield from self.holidays(("Holidays", name), body)
        for name, body in terms.of("Clock"):
            yield from self.clock(("Clock", name), body)
        for name, body in terms.of("Metric"):
            yield from self.metric(("Metric", name), body)

    def known(self, what: str, value: Any, allowed: Iterable[str], *path: str | int) -> Iterator[Finding]:
        """A finding unless `value` is one of `allowed` (None: not stated)."""
        words = list(allowed)
        if value is not None and value not in words:
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
        words = list(allowed)
        for number, value in enumerate(_list(values)):
            yield from self.known(what, value, words, *path, number)

    # ---------------------------------------------------------------------------------------------------------- inquiry
    def fields(self) -> Iterator[Finding]:
        terms, seen = self.terms, dict[str, str]()
        for name, body in terms.of("Fields"):
            groups = list(_map(body.get("groups"))) or [
                slug for _, other in terms.of("Fields") for slug in _map(other.get("groups"))
            ]
            for field, spec in _map(body.get("fields")).items():
                path = ("Fields", name, "fields", field)
                spec = _map(spec)
                if field in seen:
                    message = f"the field stands in Fields/{seen[field]} already"
                    yield problem("field-twice", self.place(*path, key=True), field, message)
                seen.setdefault(field, name)
                if field in terms.clocks:
                    message = "a field and a clock cannot share a name: rules would not know which is meant"
                    yield problem("field-is-clock", self.place(*path, key=True), field, message, remedy="rename one of them")
                yield from self.known("group", spec.get("group"), groups, *path, "group")
                yield from self.all_known("role", spec.get("writers"), terms.roles, *path, "writers")
                yield from self.known(
                    "status", _map(spec.get("required")).get("entering"), terms.statuses, *path, "required", "entering"
                )
                yield from self.computed(_map(spec.get("computed")), *path, "computed")
                if spec.get("type") in ("choice", "choices") and not terms.choices(field):
                    message = "a choice field needs choices"
                    yield problem(
                        "no-choices", self.place(*path, key=True), field, message, remedy="add `choices:` or `choices_of:`"
                    )

    def computed(self, spec: Mapping[str, Any], *path: str | int) -> Iterator[Finding]:
        yield from self.known("clock", spec.get("clock"), self.terms.clocks, *path, "clock")
        yield from self.all_known("field", spec.get("differs"), self.terms.fields, *path, "differs")
        for field, values in _map(spec.get("only")).items():
            yield from self.known("field", field, self.terms.fields, *path, "only", field)
            if field in self.terms.fields:
                yield from self.all_known("choice", values, self.terms.choices(field), *path, "only", field)

    def catalog(self) -> Iterator[Finding]:
        terms, seen = self.terms, dict[str, str]()
        for name, category, service, slug, item in terms.catalog():
            path = ("Catalog", name, "categories", category, "services", service, "items", slug)
            if slug in seen:
                message = f"the item stands under {seen[slug]} already; an item's slug is its own in the whole catalog"
                yield problem("item-twice", self.place(*path, key=True), slug, message)
            seen.setdefault(slug, f"{category}/{service}")
            yield from self.known("classification", item.get("classification"), terms.classifications, *path, "classification")
            yield from self.known("role", item.get("served"), terms.roles, *path, "served")
            yield from self.known("calendar", item.get("hours"), terms.calendars, *path, "hours")
            yield from self.known("value stream", item.get("stream"), terms.choices("stream"), *path, "stream")
            yield from self.all_known("channel", item.get("channels"), terms.channels, *path, "channels")

    def statuses(self) -> Iterator[Finding]:
        terms = self.terms
        for name, body in terms.of("StatusModel"):
            own = list(_map(body.get("statuses")))
            yield from self.known("status", body.get("initial"), own, "StatusModel", name, "initial")
            for slug, status in _map(body.get("statuses")).items():
                if _map(status).get("waits_on") and _map(status).get("phase") != "waiting":
                    message = "only a status of phase waiting says whom it waits on"
                    yield problem(
                        "waits-on",
                        self.place("StatusModel", name, "statuses", slug, "waits_on"),
                        shown(_map(status)["waits_on"]),
                        message,
                    )
            for slug, transition in _map(body.get("transitions")).items():
                path, spec = ("StatusModel", name, "transitions", slug), _map(transition)
                yield from self.all_known("status", spec.get("from"), own, *path, "from")
                yield from self.known("status", spec.get("to"), own, *path, "to")
                yield from self.all_known("role", spec.get("by"), terms.roles, *path, "by")

    def feedback(self) -> Iterator[Finding]:
        seen: dict[int, str] = {}
        for name, body in self.terms.of("Feedback"):
            for slug, rating in _map(body.get("scale")).items():
                code = _map(rating).get("code")
                if not isinstance(code, int):
                    continue
                if code in seen:
                    message = f"the code belongs to {seen[code]!r} already"
                    yield problem("code-twice", self.place("Feedback", name, "scale", slug, "code"), shown(code), message)
                seen.setdefault(code, slug)

    # ------------------------------------------------------------------------------------------------------------- time
    def calendar(self, at: tuple[str, str], body: Mapping[str, Any]) -> Iterator[Finding]:
        yield from self.known("holidays document", body.get("holidays"), self.terms.holidays, *at, "holidays")
        versions = _list(body.get("versions"))
        if bool(versions) is bool(body.get("from_inquiry")):
            message = "a calendar has versions, or takes its window from the inquiry: one of the two"
            yield problem(
                "calendar-form",
                self.last(body, ("versions", "from_inquiry"), *at),
                at[1],
                message,
                remedy="state `versions:` or `from_inquiry: true`",
            )
        before = ""
        for number, version in enumerate(versions):
            since = str(_map(version).get("from", ""))
            if since <= before:
                message = "versions stand in the order of their dates, each date once"
                yield problem("version-order", self.place(*at, "versions", number, "from"), since, message)
            before = since
            for day, windows in _map(_map(version).get("week")).items():
                yield from self.windows(_list(windows), *at, "versions", number, "week", day)

    def windows(self, windows: list[Any], *path: str | int) -> Iterator[Finding]:
        last = ""
        for number, window in enumerate(windows):
            pair = [str(edge) for edge in _list(window)]
            if len(pair) != 2:
                continue
            if pair[0] >= pair[1]:
                message = "a window ends after it begins; one over midnight is two windows"
                remedy = 'write ["22:00", "24:00"] and, on the next day, ["00:00", "06:00"]'
                yield problem("window-order", self.place(*path, number), shown(window), message, remedy=remedy)
            elif pair[0] < last:
                yield problem(
                    "window-overlap", self.place(*path, number), shown(window), "windows stand in order and do not overlap"
                )
            last = max(last, pair[1])

    def holidays(self, at: tuple[str, str], body: Mapping[str, Any]) -> Iterator[Finding]:
        coverage = _map(body.get("coverage"))
        since, until = str(coverage.get("from", "")), str(coverage.get("to", "9999"))
        if since > until:
            yield problem("coverage-order", self.place(*at, "coverage", "to"), until, "the coverage ends before it begins")
        groups: list[tuple[tuple[str, ...], Mapping[str, Any]]] = [((), body)]
        groups += [(("years", year), _map(spec)) for year, spec in _map(body.get("years")).items()]
        off = {str(day) for _, spec in groups for day in _list(spec.get("off"))}
        for path, spec in groups:
            days: list[tuple[tuple[str | int, ...], Any]] = [
                (("off", number), day) for number, day in enumerate(_list(spec.get("off")))
            ]
            days += [(("working", day), day) for day in _map(spec.get("working"))]
            for inner, day in days:
                if not since <= str(day) <= until:
                    message = f"the day is outside the coverage, {since} to {until}"
                    yield problem("outside-coverage", self.place(*at, *path, *inner), shown(day), message)
                if inner[0] == "working" and day in off:
                    yield problem(
                        "off-and-working", self.place(*at, *path, *inner, key=True), shown(day), "the day is off and a working day"
                    )

    def clock(self, at: tuple[str, str], body: Mapping[str, Any]) -> Iterator[Finding]:
        terms, others = self.terms, [name for name in self.terms.clocks if name != at[1]]
        forms = [form for form, words in _CLOCK_FORMS.items() if any(word in body for word in words)]
        if len(forms) != 1 or not all(word in body for word in _CLOCK_FORMS[forms[0]]):
            message = "a clock runs from `start` to `stop`, or is a `sum_of` statuses, or one clock `minus` another"
            yield problem(
                "clock-form", self.last(body, [word for words in _CLOCK_FORMS.values() for word in words], *at), at[1], message
            )
        if "minus" not in forms and body.get("calendar") is None:
            message = "the key 'calendar' is missing"
            yield problem(
                "missing-key", self.place(*at, key=True), "calendar", message, allowed=terms.calendars, remedy="add `calendar:`"
            )
        yield from self.known("calendar", body.get("calendar"), terms.calendars, *at, "calendar")
        for edge in ("start", "stop"):
            spec = _map(body.get(edge))
            if edge in body and len([word for word in _EDGES if word in spec]) != 1:
                place = self.last(spec, _EDGES, *at, edge)
                yield problem("clock-edge", place, shown(spec), "an edge says exactly one of three", allowed=_EDGES)
            yield from self.known("status", spec.get("enter"), terms.statuses, *at, edge, "enter")
        yield from self.all_known("status", _map(body.get("sum_of")).get("statuses"), terms.statuses, *at, "sum_of", "statuses")
        yield from self.known("clock", body.get("within"), others, *at, "within")
        yield from self.all_known("clock", body.get("minus"), others, *at, "minus")
        if self.reaches(at[1], at[1], set()):
            yield problem("clock-circle", self.place(*at, key=True), at[1], "the clock is defined by itself")

    def reaches(self, start: str, goal: str, seen: set[str]) -> bool:
        body = self.terms.bodies.get(("Clock", start), {})
        following = [name for name in (body.get("within"), *_list(body.get("minus"))) if isinstance(name, str)]
        if goal in following:
            return True
        fresh = [name for name in following if name not in seen]
        seen.update(fresh)
        return any(self.reaches(name, goal, seen) for name in fresh)

    # ---------------------------------------------------------------------------------------------------------- metrics
    def metric(self, at: tuple[str, str], body: Mapping[str, Any]) -> Iterator[Finding]:
        terms = self.terms
        by = _map(body.get("period")).get("by")
        instants = [name for name, spec in terms.fields.items() if spec.get("type") in ("datetime", "date")]
        yield from self.known("field that holds a moment", by, instants, *at, "period", "by")
        yield from self.all_known("field", body.get("by"), terms.fields, *at, "by")
        yield from self.known("role", body.get("judges"), [*terms.roles, "desk"], *at, "judges")
        yield from self.predicate(body.get("where"), *at, "where")
        yield from self.value(_map(body.get("value")), *at, "value")
        names = [*terms.fields, *terms.clocks]
        for number, example in enumerate(_list(body.get("examples"))):
            for row, cells in enumerate(_list(_map(example).get("given"))):
                for name, cell in _map(cells).items():
                    path = (*at, "examples", number, "given", row, name)
                    yield from self.known("field or clock", name, names, *path)
                    if isinstance(cell, Mapping) is not (name in terms.clocks) and name in names and cell is not None:
                        message = "a clock's cell is {took, goal}, a field's is a value"
                        yield problem("example-cell", self.place(*path), shown(cell), message)

    def value(self, tree: Mapping[str, Any], *path: str | int) -> Iterator[Finding]:
        measurable = [name for name, spec in self.terms.fields.items() if str(spec.get("type")) in _MEASURABLE] + self.terms.clocks
        for word, inner in tree.items():
            if word == "ratio":
                for part in ("of", "over"):
                    yield from self.value(_map(_map(inner).get(part)), *path, word, part)
            elif word == "count":
                yield from self.predicate(_map(inner).get("where"), *path, word, "where")
            elif word == "percentile":
                yield from self.known("clock or number", _map(inner).get("of"), measurable, *path, word, "of")
            elif word in ("sum", "average", "min", "max"):
                yield from self.known("clock or number", inner, measurable, *path, word)

    def predicate(self, tree: Any, *path: str | int) -> Iterator[Finding]:
        return check_predicate(tree, self.terms, self.place, *path)


def check_predicate(tree: Any, terms: Terms, place: Locate, *path: str | int, clocks: bool = True) -> Iterator[Finding]:
    """Fields, choices and operators of a predicate. With `clocks` it may ask for clocks as well."""
    for key, body in _map(tree).items():
        here = (*path, key)
        if key in ("all", "any"):
            for number, part in enumerate(_list(body)):
                yield from check_predicate(part, terms, place, *here, number, clocks=clocks)
        elif key == "not":
            yield from check_predicate(body, terms, place, *here, clocks=clocks)
        elif key in terms.fields:
            yield from _test(_map(body), key, terms, place, *here)
        elif not clocks or key not in terms.clocks:
            names = [*terms.fields, *(terms.clocks if clocks else ())]
            what = "field or clock" if clocks else "field"
            rule = f"unknown-{what.replace(' ', '-')}"
            yield problem(rule, place(*here, key=True), key, f"{key!r} is not a {what} of this practice", allowed=names, word=key)


def _test(test: Mapping[str, Any], field: str, terms: Terms, place: Locate, *path: str | int) -> Iterator[Finding]:
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
            values = _list(want) if operator in ("in", "not_in") else [want]
            for number, value in enumerate(values):
                if value not in words:
                    where = (*path, operator, number) if operator in ("in", "not_in") else (*path, operator)
                    message = f"{shown(value)!r} is not a choice of {field}"
                    yield problem("unknown-choice", place(*where), shown(value), message, allowed=words, word=value)
