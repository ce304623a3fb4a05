"""Metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from deskweave.model import Criterion, FieldId, Metric, MetricTarget, Threshold
from deskweave.model.formula import Misshapen, formula_of
from deskweave.model.formula import unit_of as formula_unit
from deskweave.practice.build.parts import Body, duration, label_of

_UNITS: Final[Mapping[str, Any]] = {
    "ratio": "ratio",
    "count": "count",
    "backlog": "count",
    "fulfilled": "ratio",
    "composite": "ratio",
}


def metric_of(slug: str, body: Body, others: Mapping[str, Body]) -> Metric:
    """`others`: all metrics by id, among which a derived one finds its unit."""
    target = body.get("target")
    return Metric(
        id=slug,
        label=label_of(body),
        factor=body.get("factor"),
        judges=body.get("judges"),
        satisfies=tuple(body.get("satisfies", ())),
        period_by=FieldId(body["period"]["by"]),
        every=body["period"]["every"],
        by=tuple(body.get("by", ())),
        where=body.get("where"),
        value=body["value"],
        unit=unit_of(body, others),
        target=None
        if target is None
        else MetricTarget(better=target["better"], goal=amount(target.get("goal")), warn=amount(target.get("warn"))),
        examples=tuple(body.get("examples", ())),
        grain=body.get("grain", "inquiry"),
        criteria={
            name: Criterion(slug=name, label=label_of(spec), where=spec["where"], trait=spec.get("trait"))
            for name, spec in body.get("criteria", {}).items()
        },
        formula=body.get("formula", {}),
        description=body.get("description", {}),
        totals=tuple(tuple(one) for one in body.get("totals", ())),
        thresholds=tuple(_threshold(one) for one in body.get("thresholds", ())),
        fill_empty=body["period"].get("fill_empty", "zero"),
    )


def _threshold(body: Body) -> Threshold:
    ((operator, bound),) = body["when"].items()
    value = duration(bound).total_seconds() if isinstance(bound, str) else float(bound)
    return Threshold(operator=operator, value=value, level=body["level"], notify=body.get("notify"))


def unit_of(body: Body, others: Mapping[str, Body]) -> Any:
    """The unit that is stated, else what the value tree says; a number where a formula leaves it open."""
    if "derived" in body["value"]:
        return body.get("unit") or derived_unit(body, others) or "number"
    return body.get("unit") or _UNITS.get(next(iter(body["value"])), "duration")


def derived_unit(body: Body, others: Mapping[str, Body], above: tuple[str, ...] = ()) -> str | None:
    """The unit that the formula of a derived metric certainly gives; None: it has to be stated."""

    def known(name: str) -> str | None:
        other = others.get(name)
        value = other.get("value") if other is not None else None
        if other is None or not isinstance(value, Mapping) or not value or name in above:
            return None
        if other.get("unit") or "derived" not in value:
            return str(unit_of(other, others))
        return derived_unit(other, others, (*above, name))

    try:
        formula = formula_of(body["value"]["derived"])
    except Misshapen:
        return None
    return formula_unit(formula, known)


def amount(value: float | str | None) -> float | None:
    """A ratio, a count, or a duration in seconds."""
    return duration(value).total_seconds() if isinstance(value, str) else value
