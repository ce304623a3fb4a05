"""Rules of sense about metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from deskweave.documents import as_list
from deskweave.findings import Finding, Severity
from deskweave.model import FieldId, Metric, Threshold
from deskweave.model.predicate import fields_of
from deskweave.practice.lint.sense import Path, Sense

_WHOLE: Final = ("label", "period", "value")  #: a document that states these could stand by itself


def metrics(sense: Sense) -> Iterator[Finding]:
    """metric-never-filled, target-out-of-range, target-unit, target-order, threshold-swallowed, metric-without-example."""
    for slug, metric in sense.practice.metrics.items():
        path: Path = ("Metric", slug)
        yield from _filled(sense, metric, path)
        yield from _amounts(sense, metric, path)
        yield from _target(sense, metric, path)
        yield from _thresholds(sense, metric, path)
        if not metric.examples:
            message = f"{slug!r} states no example: nobody can see what it counts and what it leaves out"
            remedy = "state rows under `examples:` and what comes out"
            yield sense.warn("metric-without-example", path, slug, message, remedy, severity=Severity.NOTE)


def taken(sense: Sense) -> Iterator[Finding]:
    """metric-id-taken: a whole metric under the id of one below. Layers merge, so what it leaves out stays from the other."""
    below: dict[str, str] = {}
    for layer in sense.practice.layers:
        gone = {
            str(path).removeprefix("/")
            for document in layer.documents
            if document.kind == "Practice"
            for path in as_list(document.body.get("remove"))
        }
        stated = [document for document in layer.documents if document.kind == "Metric"]
        for document in stated:
            first = below.get(document.id)
            if first is None or f"Metric/{document.id}" in gone or not all(key in document.body for key in _WHOLE):
                continue
            yield Finding(
                rule="metric-id-taken",
                severity=Severity.WARNING,
                place=document.place("/id"),
                found=document.id,
                message=f"{document.id!r} is a metric of {first} already: they become one, and what is left out here stays",
                remedy=f"give it another id, or begin afresh with `remove: [Metric/{document.id}]` in the Practice document",
                values={"layer": first},
            )
        below |= {document.id: layer.title for document in stated}


def _filled(sense: Sense, metric: Metric, path: Path) -> Iterator[Finding]:
    """A field that is typed or chosen by people, none of whom may: the metric is empty for ever."""
    terms = sense.practice.records.get(metric.grain, sense.practice.fields)
    for name in dict.fromkeys([*sorted(fields_of(metric.where)), *_measured(metric.value), metric.period_by]):
        term = terms.get(FieldId(name))
        if term is None or term.writers or term.computed is not None or term.entry in ("system", "filled", "computed"):
            continue
        message = f"{metric.id!r} reads {name!r}, which no role may write: it will never count anything"
        remedy = f"name roles in `writers:` of {name}, or read another field"
        yield sense.warn("metric-never-filled", path, name, message, remedy, metric=metric.id)


def _measured(value: Any) -> Iterator[str]:
    """The fields and clocks that a value's tree reads."""
    if not isinstance(value, Mapping):
        return
    for word, inner in value.items():
        if word == "where" and isinstance(inner, Mapping):
            yield from sorted(fields_of(inner))
        elif word in ("sum", "average", "min", "max") and isinstance(inner, str):
            yield inner
        elif word == "percentile" and isinstance(inner, Mapping):
            yield str(inner.get("of"))
        elif word not in ("composite", "derived", "fulfilled"):
            yield from _measured(inner)


def _amounts(sense: Sense, metric: Metric, path: Path) -> Iterator[Finding]:
    """Targets and thresholds in the metric's unit."""
    body = sense.practice.documents["Metric", metric.id]
    stated: list[tuple[str, Path, Any, float]] = []
    if metric.target is not None:
        for word, value in (("goal", metric.target.goal), ("warn", metric.target.warn)):
            if value is not None:
                stated.append((word, ("target", word), body["target"][word], value))
    for number, one in enumerate(metric.thresholds):
        bound = body["thresholds"][number]["when"][one.operator]
        stated.append(("threshold", ("thresholds", str(number), "when", one.operator), bound, one.value))
    for word, place, said, value in stated:
        share = metric.unit == "ratio" and "derived" not in metric.value  # growth may be more than one, or less than none
        if share and not 0 <= value <= 1:
            message = f"{metric.id!r} is a share between 0 and 1, and its {word} is {value:g}"
            remedy = f"write {value / 100:g}" if 1 < value <= 100 else "state a share between 0 and 1"
            yield sense.warn("target-out-of-range", (*path, *place), said, message, remedy, key=False, metric=metric.id)
        elif (metric.unit == "duration") is not isinstance(said, str) and metric.unit in ("ratio", "count", "duration"):
            takes = "a span of time such as PT5M" if metric.unit == "duration" else "a number"
            message = f"{metric.id!r} is a {metric.unit}, and its {word} is {said!r}: {takes} is meant"
            yield sense.warn("target-unit", (*path, *place), said, message, f"write {takes}", key=False, metric=metric.id)


def _target(sense: Sense, metric: Metric, path: Path) -> Iterator[Finding]:
    target = metric.target
    if target is None or target.goal is None or target.warn is None or target.goal == target.warn:
        return
    if (target.warn > target.goal) is (target.better == "higher"):
        stated = sense.practice.documents["Metric", metric.id]["target"]
        message = f"{target.better} is better, and the warning of {metric.id!r} lies beyond its goal: it can never be seen"
        remedy = "state the warning on the other side of the goal"
        yield sense.warn("target-order", (*path, "target", "warn"), stated["warn"], message, remedy, key=False, metric=metric.id)


def _thresholds(sense: Sense, metric: Metric, path: Path) -> Iterator[Finding]:
    stated = sense.practice.documents["Metric", metric.id].get("thresholds", ())
    for number, one in enumerate(metric.thresholds):
        if _covered(one, metric.thresholds[:number]):
            message = f"whatever this threshold of {metric.id!r} matches, those above it match first: it never gives its level"
            remedy = "state the narrower threshold first, or take this one out"
            place = (*path, "thresholds", str(number), "when", one.operator)
            bound = stated[number]["when"][one.operator]
            yield sense.warn("threshold-swallowed", place, bound, message, remedy, key=False, metric=metric.id)


def _covered(one: Threshold, before: Sequence[Threshold]) -> bool:
    """Whether every value that `one` matches is matched before it: by a wider one on its side, or by two that leave no gap."""
    rising = [other for other in before if other.operator in ("gt", "gte")]
    falling = [other for other in before if other.operator in ("lt", "lte")]
    same = rising if one.operator in ("gt", "gte") else falling
    sign = 1 if same is rising else -1
    if any(
        sign * other.value < sign * one.value
        or (other.value == one.value and (other.operator in ("gte", "lte") or one.operator in ("gt", "lt")))
        for other in same
    ):
        return True
    return any(
        low.value < high.value or (low.value == high.value and (low.operator == "gte" or high.operator == "lte"))
        for low in rising
        for high in falling
    )
