"""Rules of sense about routing, escalation and desks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from deskweave.findings import Finding, Severity
from deskweave.model import EscalationRule, FieldId, Json, Phase, Value
from deskweave.practice.lint.inquiry import item_path
from deskweave.practice.lint.promise import never
from deskweave.practice.lint.sense import Path, Sense, quoted
from deskweave.practice.lint.week import hours_in, week_of


def assignment(sense: Sense) -> Iterator[Finding]:
    """assignment-gap, assignment-never, item-not-routed, group-without-skills, group-unreached."""
    routing = sense.practice.routing
    rules = [(rule.slug, rule.when) for rule in routing.assignment]
    paths = sense.at("Routing", "assignment")
    for slug, reason in never(sense, rules):
        message = f"the assignment {slug!r} never happens: {reason}"
        remedy = "give it an earlier `order:`, or mend its `when:`"
        yield sense.warn("assignment-never", paths[slug], slug, message, remedy)
    if rules and all(when is not None for _, when in rules):
        yield from _gap(sense, rules, paths)
    for rule in routing.assignment:
        group = routing.groups.get(rule.to)
        if "skill" in rule.choose and group is not None and not group.skills:
            message = f"{rule.slug!r} chooses by skill, and the group {rule.to!r} has none"
            remedy = f"name skills of {rule.to}, or choose by workload alone"
            yield sense.warn("group-without-skills", (*paths[rule.slug], "choose"), rule.to, message, remedy, by=rule.slug)
    if rules:
        yield from _unreached(sense)


def _gap(sense: Sense, rules: list[tuple[str, Mapping[str, Json] | None]], paths: Mapping[str, Path]) -> Iterator[Finding]:
    predicates = [when for _, when in rules]
    cases = sense.cases(predicates)
    found = cases.find(outside=predicates)
    if not found.possible:
        return
    last = rules[-1][0]
    item = str(found.values.get(FieldId("service_item")) or "")
    if item in sense.practice.catalog and found.exact:
        message = f"nobody is there for {item!r}: no assignment takes it ({_shown(found.values)})"
        remedy = "name it in a `when:`, or add an assignment without `when:`, which is tried last"
        yield sense.warn("item-not-routed", item_path(sense, item), item, message, remedy, case=_shown(found.values))
        return
    example = f", such as {_shown(found.values)}" if found.values and found.exact else ""
    may = "can" if found.exact else "may"
    message = f"an inquiry {may} be left with nobody: no assignment takes every one{example}"
    remedy = "add an assignment without `when:`; it is tried last"
    yield sense.warn("assignment-gap", paths[last][:3], last, message, remedy, case=_shown(found.values) if found.exact else "")


def _shown(values: Mapping[FieldId, Value]) -> str:
    return ", ".join(f"{name}: {'empty' if value is None or value == () else value}" for name, value in values.items())


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
    """escalation-not-upwards, escalation-without-goal, escalation-never (practice J3, J6)."""
    practice = sense.practice
    promised = {clock.id for clock in practice.clocks.values() if clock.goal is not None}
    promised |= {
        clock
        for level in practice.service_levels.values()
        for clock, goals in level.goals.items()
        if any(goal.goal for goal in goals)
    }
    cases = sense.cases(rule.when for rule in practice.routing.escalations.values())
    paths = sense.at("Routing", "escalations")
    for slug, rule in practice.routing.escalations.items():
        if not cases.find(rule.when).possible:
            message = f"the escalation {slug!r} never happens: its condition contradicts itself"
            yield sense.warn("escalation-never", (*paths[slug], "when"), slug, message, "mend its `when:`")
        if rule.clock is not None and rule.clock not in promised:
            message = f"{slug!r} waits for a share of a goal, and no goal is stated for the clock {rule.clock!r}"
            remedy = "state a goal in a service level or at the clock"
            yield sense.warn("escalation-without-goal", (*paths[slug], "clock"), rule.clock, message, remedy, by=slug)
        yield from _upwards(sense, rule, paths[slug])


def _upwards(sense: Sense, rule: EscalationRule, path: Path) -> Iterator[Finding]:
    """A functional escalation out of a known tier has to lead to a higher one."""
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
    lowest = min(possible, key=lambda slug: routing.tiers[slug].rank)
    if routing.tiers[lowest].rank >= target.rank or any(routing.tiers[slug].rank >= target.rank for slug in possible):
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
