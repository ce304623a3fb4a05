"""How far a figure reaches its target, and which figures can be made of others: composites and derived ones (practice E12).

The sources ask that figures combine and leave the way open. Ours: every part is put on one scale from 0 to 1, its attainment, and a
composite is the weighted mean of the attainments of those parts that have data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeGuard

from deskweave.model.formula import Misshapen, formula_of, terms
from deskweave.model.practice import Metric
from deskweave.model.value import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredient:
    """What of a metric decides whether it can be part of another, and what it is itself made of."""

    every: str
    unit: str
    better: str | None = None
    goal: float | None = None
    parts: Mapping[str, float] = field(default_factory=dict)  #: metric id -> weight; empty: no composite
    terms: tuple[str, ...] = ()  #: metrics that its formula reads; empty: not derived


def ingredient(metric: Metric) -> Ingredient:
    """What of a metric decides whether it can be part of another; of a misshapen one, as much as can be read."""
    parts, target = metric.value.get("composite"), metric.target
    read: tuple[str, ...] = ()
    if "derived" in metric.value:
        with suppress(Misshapen):
            read = tuple(dict.fromkeys(term.metric for term in terms(formula_of(metric.value["derived"]))))
    return Ingredient(
        every=metric.every,
        unit=metric.unit,
        better=target.better if target else None,
        goal=target.goal if target else None,
        parts={name: weight for name, weight in parts.items() if is_weight(weight)} if isinstance(parts, Mapping) else {},
        terms=read,
    )


def is_weight(value: Json) -> TypeGuard[float]:
    """Whether a value can be the weight of a part."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a part cannot be combined."""

    rule: str
    part: str
    message: str
    remedy: str
    allowed: tuple[str, ...] = ()


def attainment(value: float, better: str, goal: float | None) -> float:
    """How far `value` goes towards its target, from 0 to 1.

    With a goal it is the share of the goal that is reached: value over goal where higher is better, goal over value where lower is
    better, never above 1. A ratio without a goal stands for itself, or for what is left of 1 where lower is better.

    Args:
        value: a ratio, a count or seconds.
        better: higher or lower.
        goal: in the same unit; above 0 where higher is better (`faults` says so beforehand).
    """
    if goal is None:
        reached = value if better == "higher" else 1 - value
    elif better == "higher":
        reached = value / goal
    else:
        reached = goal / value if value > 0 else 1.0
    return min(1.0, max(0.0, reached))


def faults(name: str, metrics: Mapping[str, Ingredient]) -> Iterator[Fault]:
    """Everything that keeps the parts of composite or derived metric `name` from making it: at most one fault for each part."""
    whole = metrics[name]
    for part in dict.fromkeys((*whole.parts, *whole.terms)):
        one = metrics.get(part)
        if one is None:
            yield Fault(
                rule="unknown-metric",
                part=part,
                message=f"{part!r} is not a metric of this practice",
                remedy="name one that is, or take the part out",
                allowed=tuple(other for other in metrics if other != name),
            )
        elif name in _reached(part, metrics):
            yield Fault(
                rule="composite-circle",
                part=part,
                message=f"{part!r} is made of {name!r} itself, so neither could ever be computed",
                remedy="take one of the two out of the other",
            )
        elif one.every != whole.every:
            yield Fault(
                rule="composite-period",
                part=part,
                message=f"{part!r} is computed for every {one.every}, "
                + ("the composite" if whole.parts else repr(name))
                + f" for every {whole.every}",
                remedy="give both the same `period: {every}`",
            )
        elif part not in whole.parts:
            continue  # a formula asks for a figure, not for a target
        elif one.better is None:
            yield Fault(
                rule="composite-part",
                part=part,
                message=f"{part!r} does not say whether higher or lower is better",
                remedy="give it a `target: {better}`, or take it out",
            )
        elif one.goal is None and one.unit != "ratio":
            yield Fault(
                rule="composite-part",
                part=part,
                message=f"{part!r} is a {one.unit} without a goal: nothing says how far along it is",
                remedy="give it a `target: {goal}`, or take it out; only a ratio stands for itself",
            )
        elif one.goal is not None and (one.goal < 0 or (one.goal == 0 and one.better == "higher")):
            yield Fault(
                rule="composite-part",
                part=part,
                message=f"{part!r} has the goal {one.goal:g}, of which no share can be reached",
                remedy="give it a goal above 0, or take it out",
            )


def _reached(part: str, metrics: Mapping[str, Ingredient]) -> frozenset[str]:
    """Every metric that `part` is made of, itself included."""
    found: set[str] = set()
    fresh = [part]
    while fresh:
        name = fresh.pop()
        if name not in found:
            found.add(name)
            fresh.extend((*metrics[name].parts, *metrics[name].terms) if name in metrics else ())
    return frozenset(found)
