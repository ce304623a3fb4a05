"""References of calendars, holidays and clocks, and what only the whole of one shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from deskweave.documents import as_list, as_map, problem, shown
from deskweave.findings import Finding
from deskweave.practice.references.terms import References

_EDGES: Final = ("submitted", "enter", "enter_phase")
_CLOCK_FORMS: Final = {"edges": ("start", "stop"), "sum_of": ("sum_of",), "minus": ("minus",)}


def check_calendar(r: References, at: tuple[str, str], body: Mapping[str, Any]) -> Iterator[Finding]:
    yield from r.known("holidays document", body.get("holidays"), r.terms.holidays, *at, "holidays")
    versions = as_list(body.get("versions"))
    if bool(versions) is bool(body.get("from_inquiry")):
        message = "a calendar has versions, or takes its window from the inquiry: one of the two"
        yield problem(
            "calendar-form",
            r.last(body, ("versions", "from_inquiry"), *at),
            at[1],
            message,
            remedy="state `versions:` or `from_inquiry: true`",
        )
    before = ""
    for number, version in enumerate(versions):
        since = str(as_map(version).get("from", ""))
        if since <= before:
            message = "versions stand in the order of their dates, each date once"
            yield problem("version-order", r.place(*at, "versions", number, "from"), since, message)
        before = since
        for day, windows in as_map(as_map(version).get("week")).items():
            yield from _windows(r, as_list(windows), *at, "versions", number, "week", day)


def _windows(r: References, windows: list[Any], *path: str | int) -> Iterator[Finding]:
    last = ""
    for number, window in enumerate(windows):
        pair = [str(edge) for edge in as_list(window)]
        if len(pair) != 2:
            continue
        if pair[0] >= pair[1]:
            message = "a window ends after it begins; one over midnight is two windows"
            remedy = 'write ["22:00", "24:00"] and, on the next day, ["00:00", "06:00"]'
            yield problem("window-order", r.place(*path, number), shown(window), message, remedy=remedy)
        elif pair[0] < last:
            yield problem("window-overlap", r.place(*path, number), shown(window), "windows stand in order and do not overlap")
        last = max(last, pair[1])


def check_holidays(r: References, at: tuple[str, str], body: Mapping[str, Any]) -> Iterator[Finding]:
    coverage = as_map(body.get("coverage"))
    since, until = str(coverage.get("from", "")), str(coverage.get("to", "9999"))
    if since > until:
        yield problem("coverage-order", r.place(*at, "coverage", "to"), until, "the coverage ends before it begins")
    groups: list[tuple[tuple[str, ...], Mapping[str, Any]]] = [((), body)]
    groups += [(("years", year), as_map(spec)) for year, spec in as_map(body.get("years")).items()]
    off = {str(day) for _, spec in groups for day in as_list(spec.get("off"))}
    for path, spec in groups:
        days: list[tuple[tuple[str | int, ...], Any]] = [
            (("off", number), day) for number, day in enumerate(as_list(spec.get("off")))
        ]
        days += [(("working", day), day) for day in as_map(spec.get("working"))]
        for inner, day in days:
            if not since <= str(day) <= until:
                message = f"the day is outside the coverage, {since} to {until}"
                yield problem("outside-coverage", r.place(*at, *path, *inner), shown(day), message)
            if inner[0] == "working" and day in off:
                yield problem(
                    "off-and-working", r.place(*at, *path, *inner, key=True), shown(day), "the day is off and a working day"
                )


def check_clock(r: References, at: tuple[str, str], body: Mapping[str, Any]) -> Iterator[Finding]:
    terms, others = r.terms, [name for name in r.terms.clocks if name != at[1]]
    forms = [form for form, words in _CLOCK_FORMS.items() if any(word in body for word in words)]
    if len(forms) != 1 or not all(word in body for word in _CLOCK_FORMS[forms[0]]):
        message = "a clock runs from `start` to `stop`, or is a `sum_of` statuses, or one clock `minus` another"
        yield problem("clock-form", r.last(body, [word for words in _CLOCK_FORMS.values() for word in words], *at), at[1], message)
    if "minus" not in forms and body.get("calendar") is None:
        message = "the key 'calendar' is missing"
        yield problem("missing-key", r.place(*at, key=True), "calendar", message, allowed=terms.calendars, remedy="add `calendar:`")
    yield from r.known("calendar", body.get("calendar"), terms.calendars, *at, "calendar")
    for edge in ("start", "stop"):
        spec = as_map(body.get(edge))
        if edge in body and len([word for word in _EDGES if word in spec]) != 1:
            place = r.last(spec, _EDGES, *at, edge)
            yield problem("clock-edge", place, shown(spec), "an edge says exactly one of three", allowed=_EDGES)
        if "submitted" in spec and "by" in spec:
            message = "the submission is nobody's change of status: `by` goes with `enter` or `enter_phase`"
            yield problem("clock-edge-by", r.place(*at, edge, "by", key=True), shown(spec["by"]), message, remedy="remove `by:`")
        yield from r.known("status", spec.get("enter"), terms.statuses, *at, edge, "enter")
    yield from r.all_known("status", as_map(body.get("sum_of")).get("statuses"), terms.statuses, *at, "sum_of", "statuses")
    yield from r.known("clock", body.get("within"), others, *at, "within")
    yield from r.all_known("clock", body.get("minus"), others, *at, "minus")
    if _reaches(r, at[1], at[1], set()):
        yield problem("clock-circle", r.place(*at, key=True), at[1], "the clock is defined by itself")


def _reaches(r: References, start: str, goal: str, seen: set[str]) -> bool:
    body = r.terms.bodies.get(("Clock", start), {})
    following = [name for name in (body.get("within"), *as_list(body.get("minus"))) if isinstance(name, str)]
    if goal in following:
        return True
    fresh = [name for name in following if name not in seen]
    seen.update(fresh)
    return any(_reaches(r, name, goal, seen) for name in fresh)
