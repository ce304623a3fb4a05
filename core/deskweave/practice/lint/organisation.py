"""Rules of sense about routing, escalation and desks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from deskweave.findings import Finding, Severity
from deskweave.model import EscalationRule, Phase
from deskweave.practice.lint.promise import never
from deskweave.practice.lint.sense import Path, Sense, quoted
from deskweave.practice.lint.week import hours_in, week_of


def assignment(sense: Sense) -> Iterator[Finding]:
    """assignment-never, group-without-skills, group-unreached."""
    routing = sense.practice.routing
    rules = [(rule.slug, rule.when) for rule in routing.assignment]
    paths = sense.at("Routing", "assignment")
    for slug, reason in never(sense, rules):
        message = f"the assignment {slug!r} never happens: {reason}"
        remedy = "give it an earlier `order:`, or mend its `when:`"
        yield sense.warn("assignment-never", paths[slug], slug, message, remedy)
    for rule in routing.assignment:
        group = routing.groups.get(rule.to)
        if "skill" in rule.choose and group is not None and not group.skills:
            message = f"{rule.slug!r} chooses by skill, and the group {rule.to!r} has none"
            remedy = f"name skills of {rule.to}, or choose by workload alone"
            yield sense.warn("group-without-skills", (*paths[rule.slug], "choose"), rule.to, message, remedy, by=rule.slug)
    if rules:
        yield from _unreached(sense)


def _unreached(sense: Sense) -> Iterator[Finding]:
    routing = sense.practice.routing
    ranked = {tier for rule in routing.escalations.values() for tier in (rule.to,)}
    used = {rule.to for rule in routing.assignment} | ranked
    for slug, path in sense.at("Routing", "groups").items():
        if slug not in used and routing.groups[slug].tier not in ranked:
            message = f"no assignment and no escalation leads to the group {slug!r}"
            remedy = "name it in `to:`, or remove it"
            yield sense.warn("group-unreached", path, slug, message, remedy, severity=Severity.NOTE)


def tiers(sense: Sense) -> Iterator[Finding]:
    """tier-without-roles, first-line-cannot-close (practice J2: the first line tracks to the end)."""
    practice = sense.practice
    paths = sense.at("Routing", "tiers")
    for slug, tier in practice.routing.tiers.items():
        if not tier.roles:
            message = f"nobody is in the tier {slug!r}: it names no role"
            yield sense.warn("tier-without-roles", paths[slug], slug, message, "name roles in `roles:`")
    first = min(practice.routing.tiers.values(), key=lambda tier: tier.rank, default=None)
    if first is None or not first.roles:
        return
    ends = {slug for slug, status in practice.statuses.statuses.items() if status.phase is Phase.CLOSED}
    closing = {role for transition in practice.statuses.transitions.values() if transition.target in ends for role in transition.by}
    if not closing & set(first.roles):
        message = f"the tier {first.slug!r} tracks inquiries to the end, and none of its roles may close one"
        remedy = f"let one of {', '.join(first.roles)} make a transition to a closed status"
        yield sense.warn("first-line-cannot-close", paths[first.slug], first.slug, message, remedy, roles=", ".join(first.roles))


def escalations(sense: Sense) -> Iterator[Finding]:
    """escalation-not-upwards, escalation-never (practice J3, J6)."""
    practice = sense.practice
    cases = sense.cases(rule.when for rule in practice.routing.escalations.values())
    paths = sense.at("Routing", "escalations")
    for slug, rule in practice.routing.escalations.items():
        if not cases.find(rule.when).possible:
            message = f"the escalation {slug!r} never happens: its condition contradicts itself"
            yield sense.warn("escalation-never", (*paths[slug], "when"), slug, message, "mend its `when:`")
        yield from _upwards(sense, rule, paths[slug])


def _upwards(sense: Sense, rule: EscalationRule, path: Path) -> Iterator[Finding]:
    """A functional escalation out of a known tier leads to a higher one, or to a group that is not of a lower one."""
    routing = sense.practice.routing
    if rule.type != "functional" or rule.when is None:
        return
    group = routing.groups.get(rule.to)
    target = routing.tiers.get(group.tier if group is not None else rule.to)
    if target is None:
        return
    tests = [{"current_tier": {"eq": slug}} for slug in routing.tiers]
    cases = sense.cases([rule.when, *tests])
    possible = [slug for slug, test in zip(routing.tiers, tests, strict=True) if cases.find(rule.when, test).possible]
    if not possible or len(possible) == len(routing.tiers):
        return  # not about tiers
    allowed = target.rank - 1 if group is None else target.rank  # a group of the same tier may know more, or be on site (J3, J7)
    if any(routing.tiers[slug].rank > allowed for slug in possible):
        worst = max(possible, key=lambda slug: routing.tiers[slug].rank)
        message = f"{rule.slug!r} leads from {worst!r} to {rule.to!r}, which is no higher tier"
        remedy = "let it lead to a tier of a higher rank"
        yield sense.warn("escalation-not-upwards", (*path, "to"), rule.to, message, remedy, key=False, by=rule.slug, tier=worst)


def desks(sense: Sense, today: date) -> Iterator[Finding]:
    """desk-hours-uncovered: nobody of the shifts is there while something is offered through the desk's channels (practice J5)."""
    practice = sense.practice
    weeks = {name: week_of(calendar, today) for name, calendar in practice.calendars.items()}
    for slug, desk in practice.desks.items():
        shifts = [weeks.get(shift.calendar) for shift in desk.shifts.values()]
        if not shifts or None in shifts:
            continue
        covered = 0
        for week in shifts:
            covered |= week or 0
        promised: dict[str, list[str]] = {}
        for item in practice.catalog.values():
            if item.hours and (not desk.channels or set(item.channels) & set(desk.channels)):
                promised.setdefault(item.hours, []).append(item.slug)
        for hours, items in promised.items():
            bare = (weeks.get(hours) or 0) & ~covered
            if bare:
                zone = practice.calendars[hours].zone
                spans = hours_in(bare, zone, today)
                message = f"{hours!r} promises {quoted(items, 3)}, and no shift of {slug!r} is there on {spans} ({zone})"
                remedy = "add a shift, or offer less"
                yield sense.warn("desk-hours-uncovered", ("Desk", slug, "shifts"), hours, message, remedy, desk=slug, hours=spans)
