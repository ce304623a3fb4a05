"""Routing and desks."""

from __future__ import annotations

from collections.abc import Iterable

from deskweave.model import AssignmentRule, Desk, EscalationRule, Group, Role, Routing, Shift, Site, Skill, Tier
from deskweave.practice.build.parts import Body, in_order, label_of, span


def routing_of(bodies: Iterable[Body]) -> Routing:
    """All Routing documents as one."""
    merged: dict[str, dict[str, Body]] = {}
    for body in bodies:
        for key in ("roles", "tiers", "skills", "groups", "assignment", "escalations"):
            merged.setdefault(key, {}).update({slug: spec or {} for slug, spec in body.get(key, {}).items()})
    tiers = {
        slug: Tier(
            slug=slug,
            label=label_of(spec),
            rank=spec["rank"],
            roles=tuple(spec.get("roles", ())),
            time_limit=span(spec.get("time_limit")),
            calendar=spec.get("calendar"),
            description=spec.get("description", {}),
        )
        for slug, spec in merged.get("tiers", {}).items()
    }
    return Routing(
        roles={
            slug: Role(slug=slug, label=label_of(spec), description=spec.get("description", {}))
            for slug, spec in merged.get("roles", {}).items()
        },
        tiers=dict(sorted(tiers.items(), key=lambda tier: tier[1].rank)),
        skills={
            slug: Skill(slug=slug, label=label_of(spec), description=spec.get("description", {}))
            for slug, spec in merged.get("skills", {}).items()
        },
        groups={
            slug: Group(
                slug=slug,
                label=label_of(spec),
                tier=spec["tier"],
                skills=tuple(spec.get("skills", ())),
                manager=spec.get("manager"),
                description=spec.get("description", {}),
            )
            for slug, spec in merged.get("groups", {}).items()
        },
        assignment=tuple(
            AssignmentRule(
                slug=slug,
                order=spec.get("order", 100),
                to=spec["to"],
                when=spec.get("when"),
                choose=tuple(spec.get("choose", ())),
                skills=tuple(spec.get("skills", ())),
                label=label_of(spec),
                description=spec.get("description", {}),
            )
            for slug, spec in in_order(merged.get("assignment", {}))
        ),
        escalations={slug: _escalation(slug, spec) for slug, spec in merged.get("escalations", {}).items()},
    )


def _escalation(slug: str, spec: Body) -> EscalationRule:
    return EscalationRule(
        slug=slug,
        label=label_of(spec),
        type=spec["type"],
        to=spec["to"],
        when=spec.get("when"),
        clock=spec.get("clock"),
        used=spec.get("used"),
        idle=span(spec.get("idle")),
        calendar=spec.get("calendar"),
        description=spec.get("description", {}),
    )


def desk_of(slug: str, body: Body) -> Desk:
    return Desk(
        id=slug,
        label=label_of(body),
        structure=body["structure"],
        manager=body["manager"],
        groups=tuple(body.get("groups", ())),
        sites={
            name: Site(
                slug=name,
                label=label_of(spec),
                zone=spec["zone"],
                groups=tuple(spec.get("groups", ())),
                description=spec.get("description", {}),
            )
            for name, spec in body.get("sites", {}).items()
        },
        shifts={
            name: Shift(
                slug=name,
                label=label_of(spec),
                calendar=spec["calendar"],
                site=spec.get("site"),
                groups=tuple(spec.get("groups", ())),
                description=spec.get("description", {}),
            )
            for name, spec in body.get("shifts", {}).items()
        },
        channels=tuple(body.get("channels", ())),
        shares=tuple(body.get("shares", ())),
        description=body.get("description", {}),
    )
