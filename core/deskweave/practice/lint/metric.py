"""Rules of sense about metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deskweave.findings import Finding, Severity
from deskweave.model import FieldId, Metric
from deskweave.model.predicate import fields_of
from deskweave.practice.lint.sense import Path, Sense


def metrics(sense: Sense) -> Iterator[Finding]:
    """metric-never-filled, target-out-of-range, target-order, metric-without-example."""
    for slug, metric in sense.practice.metrics.items():
        path: Path = ("Metric", slug)
        yield from _filled(sense, metric, path)
        yield from _target(sense, metric, path)
        if not metric.examples:
            message = f"{slug!r} states no example: nobody can see what it counts and what it leaves out"
            remedy = "state rows under `examples:` and what comes out"
            yield sense.warn("metric-without-example", path, slug, message, remedy, severity=Severity.NOTE)


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
        elif word not in ("composite", "fulfilled"):
            yield from _measured(inner)


def _target(sense: Sense, metric: Metric, path: Path) -> Iterator[Finding]:
    target = metric.target
    if target is None:
        return
    stated = sense.practice.documents["Metric", metric.id].get("target", {})
    for word, amount in (("goal", target.goal), ("warn", target.warn)):
        if amount is None:
            continue
        if metric.unit == "ratio" and not 0 <= amount <= 1:
            message = f"{metric.id!r} is a share between 0 and 1, and its {word} is {amount:g}"
            remedy = f"write {amount / 100:g}" if 1 < amount <= 100 else "state a share between 0 and 1"
            yield sense.warn(
                "target-out-of-range", (*path, "target", word), stated[word], message, remedy, key=False, metric=metric.id
            )
        elif (metric.unit == "duration") is not isinstance(stated.get(word), str) and metric.unit in ("ratio", "count", "duration"):
            takes = "a span of time such as PT5M" if metric.unit == "duration" else "a number"
            message = f"{metric.id!r} is a {metric.unit}, and its {word} is {stated[word]!r}: {takes} is meant"
            yield sense.warn(
                "target-unit", (*path, "target", word), stated[word], message, f"write {takes}", key=False, metric=metric.id
            )
    if target.goal is None or target.warn is None or target.goal == target.warn:
        return
    if (target.warn > target.goal) is (target.better == "higher"):
        message = f"{target.better} is better, and the warning of {metric.id!r} lies beyond its goal: it can never be seen"
        remedy = "state the warning on the other side of the goal"
        yield sense.warn("target-order", (*path, "target", "warn"), stated["warn"], message, remedy, key=False, metric=metric.id)
