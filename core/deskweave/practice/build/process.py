"""Processes, their steps, and what makes a problem candidate."""

from __future__ import annotations

from deskweave.model import Candidate, Check, FieldId, Process, Step
from deskweave.practice.build.parts import Body, choices_of, days, label_of


def process_of(slug: str, body: Body) -> Process:
    steps = [_step(name, spec) for name, spec in body["steps"].items()]
    return Process(
        id=slug,
        number=body["number"],
        label=label_of(body),
        steps={step.slug: step for step in sorted(steps, key=lambda step: [int(part) for part in step.number.split(".")])},
        inputs=choices_of(body, "inputs"),
        outputs=choices_of(body, "outputs"),
        hands_over=choices_of(body, "hands_over"),
        human_fallback=body.get("human_fallback"),
        rules=choices_of(body, "rules"),
        reviews=choices_of(body, "reviews"),
        candidates={name: _candidate(name, spec) for name, spec in body.get("candidates", {}).items()},
        description=body.get("description", {}),
    )


def _step(slug: str, spec: Body) -> Step:
    return Step(
        slug=slug,
        number=spec["number"],
        label=label_of(spec),
        responsible=spec["responsible"],
        automation=spec.get("automation", "none"),
        automations=choices_of(spec, "automations"),
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
    )
