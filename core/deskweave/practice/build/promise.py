"""Priority matrices and service levels."""

from __future__ import annotations

from deskweave.model import FieldId, Goal, PriorityMatrix, PriorityRise, ServiceLevel
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
            )
            for name, spec in body.get("rises", {}).items()
        },
        weighs={name: choices_of(body["weighs"], name) for name in body.get("weighs", {})},
        description=body.get("description", {}),
    )


def service_level_of(slug: str, body: Body) -> ServiceLevel:
    return ServiceLevel(
        id=slug,
        label=label_of(body),
        goals={
            clock: tuple(
                Goal(slug=name, order=spec.get("order", 100), goal=span(spec.get("goal")), when=spec.get("when"))
                for name, spec in in_order(goals)
            )
            for clock, goals in body["goals"].items()
        },
        default=bool(body.get("default", False)),
        at_risk=tuple(body.get("at_risk", ())),
        on_change=body.get("on_change", "retarget"),
        description=body.get("description", {}),
    )
