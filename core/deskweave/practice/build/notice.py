"""Channels, templates, delivery rules."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from deskweave.model import Challenge, Channel, DeliveryRule, Template
from deskweave.practice.build.parts import Body, label_of, span


def channel_of(slug: str, spec: Body) -> Channel:
    rated = spec.get("rated_on")
    return Channel(
        slug=slug,
        label=label_of(spec),
        description=spec.get("description", {}),
        use=spec.get("use", "both"),
        served_by=spec.get("served_by"),
        reliability=spec.get("reliability", "ordinary"),
        traits=dict(spec.get("traits", {})),
        rated_on=None if rated is None else date.fromisoformat(rated),
        challenges={
            name: Challenge(slug=name, label=label_of(challenge), remedy=challenge["remedy"])
            for name, challenge in spec.get("challenges", {}).items()
        },
    )


def delivery_rules_of(bodies: Iterable[Body]) -> tuple[DeliveryRule, ...]:
    """The delivery rules of all Channels documents, as they are tried."""
    rules = {slug: spec for body in bodies for slug, spec in body.get("delivery", {}).items()}
    return tuple(
        DeliveryRule(
            slug=slug,
            order=spec.get("order", 100),
            channels=tuple(spec["channels"]),
            occasions=tuple(spec.get("occasions", ())),
            audience=tuple(spec.get("audience", ())),
            reliability=spec.get("reliability", "ordinary"),
            label=label_of(spec),
            description=spec.get("description", {}),
        )
        for slug, spec in sorted(rules.items(), key=lambda rule: (rule[1].get("order", 100), rule[0]))
    )


def template_of(slug: str, body: Body) -> Template:
    return Template(
        id=slug,
        label=label_of(body),
        occasion=body["occasion"],
        audience=tuple(body["audience"]),
        body=body["body"],
        subject=body.get("subject", {}),
        without={field: dict(words) for field, words in body.get("without", {}).items()},
        channels=tuple(body.get("channels", ())),
        reliability=body.get("reliability", "ordinary"),
        answer=body.get("answer", "none"),
        unanswered_after=span(body.get("unanswered_after")),
        attempts=body.get("attempts", 1),
        approval=body.get("approval"),
        description=body.get("description", {}),
    )
