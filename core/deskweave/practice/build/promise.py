"""Priority matrices and service levels."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from deskweave.model import Clock, FieldId, Goal, PriorityMatrix, PriorityRise, ServiceLevel
from deskweave.practice.build.parts import Body, choices_of, in_order, label_of, span


def priority_matrix_of(slug: str, body: Body) -> PriorityMatrix:
    return PriorityMatrix(
        id=slug,
        label=label_of(body),
        impact=FieldId(body["impact"]),
        urgency=FieldId(body["urgency"]),
        sets=FieldId(body["sets"]),
        matrix={impact: dict(row) for impact, row in body["matrix"].items()},
        rises={
            name: PriorityRise(
                slug=name,
                label=label_of(spec),
                clock=spec["clock"],
                left=spec["left"],
                steps=spec.get("steps", 1),
                when=spec.get("when"),
                description=spec.get("description", {}),
            )
            for name, spec in body.get("rises", {}).items()
        },
        weighs={name: choices_of(body["weighs"], name) for name in body.get("weighs", {})},
        description=body.get("description", {}),
    )


def service_level_of(slug: str, body: Body, clocks: Mapping[str, Clock]) -> ServiceLevel:
    """A service level; a goal that is not stated is that of its clock."""
    return ServiceLevel(
        id=slug,
        label=label_of(body),
        goals={
            clock: tuple(_goal(name, spec, clocks[clock]) for name, spec in in_order(goals))
            for clock, goals in body["goals"].items()
        },
        default=bool(body.get("default", False)),
        at_risk=tuple(body.get("at_risk", ())),
        on_change=body.get("on_change", "keep"),
        description=body.get("description", {}),
    )


def _goal(slug: str, spec: Body, clock: Clock) -> Goal:
    return Goal(
        slug=slug,
        order=spec.get("order", 100),
        goal=_promised(spec, clock),
        when=spec.get("when"),
        label=label_of(spec),
        description=spec.get("description", {}),
    )


def _promised(spec: Body, clock: Clock) -> timedelta | None:
    stated = spec.get("goal")
    if stated is None:
        return clock.goal
    return None if stated == "none" else span(stated)
