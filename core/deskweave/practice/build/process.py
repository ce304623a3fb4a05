"""Processes, their steps, and what makes a problem candidate."""

from __future__ import annotations

from deskweave.model import Candidate, Check, FieldId, Point, Process, Step
from deskweave.practice.build.parts import Body, days, label_of


def process_of(slug: str, body: Body) -> Process:
    steps = [_step(name, spec) for name, spec in body["steps"].items()]
    return Process(
        id=slug,
        number=body["number"],
        label=label_of(body),
        steps={step.slug: step for step in sorted(steps, key=lambda step: [int(part) for part in step.number.split(".")])},
        inputs=_points(body, "inputs"),
        outputs=_points(body, "outputs"),
        hands_over=_points(body, "hands_over"),
        elsewhere=_points(body, "elsewhere"),
        human_fallback=body.get("human_fallback"),
        rules=_points(body, "rules"),
        reviews=_points(body, "reviews"),
        candidates={name: _candidate(name, spec) for name, spec in body.get("candidates", {}).items()},
        description=body.get("description", {}),
    )


def _points(body: Body, key: str) -> dict[str, Point]:
    return {
        slug: Point(slug=slug, label=label_of(spec), description=spec.get("description", {}))
        for slug, spec in body.get(key, {}).items()
    }


def _step(slug: str, spec: Body) -> Step:
    return Step(
        slug=slug,
        number=spec["number"],
        label=label_of(spec),
        responsible=spec["responsible"],
        automation=spec.get("automation", "none"),
        automations=_points(spec, "automations"),
        checks={
            name: Check(slug=name, label=label_of(check), when=check.get("when"), description=check.get("description", {}))
            for name, check in spec.get("checks", {}).items()
        },
        templates=tuple(spec.get("templates", ())),
        description=spec.get("description", {}),
    )


def _candidate(slug: str, spec: Body) -> Candidate:
    return Candidate(
        slug=slug,
        label=label_of(spec),
        when=spec.get("when"),
        by=tuple(FieldId(name) for name in spec.get("by", ())),
        at_least=spec.get("at_least", 1),
        within=days(spec.get("within")),
        leads_to=spec.get("leads_to", "problem"),
        description=spec.get("description", {}),
    )
