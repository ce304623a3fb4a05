"""Metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from deskweave.model import Criterion, FieldId, Metric, MetricTarget, Threshold
from deskweave.practice.build.parts import Body, duration, label_of

_UNITS: Final[Mapping[str, Any]] = {"ratio": "ratio", "count": "count", "fulfilled": "ratio", "composite": "ratio"}


def metric_of(slug: str, body: Body) -> Metric:
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
        unit=unit_of(body),
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


def unit_of(body: Body) -> Any:
    """The unit that is stated, else what the value tree says."""
    return body.get("unit") or _UNITS.get(next(iter(body["value"])), "duration")


def amount(value: float | str | None) -> float | None:
    """A ratio, a count, or a duration in seconds."""
    return duration(value).total_seconds() if isinstance(value, str) else value
