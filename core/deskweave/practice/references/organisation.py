"""References of routing and desks, and what only the whole of one shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from deskweave.documents import as_list, as_map, problem, shown
from deskweave.findings import Finding
from deskweave.practice.references.terms import References, always

_PARTS: Final = ("roles", "tiers", "skills", "groups", "assignment", "escalations")
_TRIGGERS: Final = (("clock", "used"), ("idle", "calendar"))
_SHARED: Final = ("tool", "records", "process", "routing")


# ------------------------------------------------------------------------------------------------------------- routing
def check_routing(r: References, at: tuple[str, str], body: Mapping[str, Any]) -> Iterator[Finding]:
    """Everything of one Routing document; several of them are one routing."""
    yield from _stated_once(r, at, body)
    yield from _tiers(r, at, as_map(body.get("tiers")))
    for slug, group in as_map(body.get("groups")).items():
        path, spec = (*at, "groups", slug), as_map(group)
        yield from r.known("tier", spec.get("tier"), r.terms.tiers, *path, "tier")
        yield from r.all_known("skill", spec.get("skills"), r.terms.skills, *path, "skills")
        yield from r.known("role", spec.get("manager"), r.terms.roles, *path, "manager")
        if slug in r.terms.tiers:
            message = "a group and a tier cannot share a name: an escalation would not know which is meant"
            yield problem("group-is-tier", r.place(*path, key=True), slug, message, remedy="rename one of them")
    yield from _assignment(r, at, as_map(body.get("assignment")))
    for slug, rule in as_map(body.get("escalations")).items():
        yield from _escalation(r, as_map(rule), *at, "escalations", slug)


def _stated_once(r: References, at: tuple[str, str], body: Mapping[str, Any]) -> Iterator[Finding]:
    for part in _PARTS:
        for slug in as_map(body.get(part)):
            first = next(name for name, other in r.terms.of("Routing") if slug in as_map(other.get(part)))
            if first != at[1]:
                message = f"{slug!r} stands in Routing/{first} already"
                yield problem("routing-twice", r.place(*at, part, slug, key=True), slug, message, remedy="keep one of them")


def _tiers(r: References, at: tuple[str, str], tiers: Mapping[str, Any]) -> Iterator[Finding]:
    ranked = [
        (as_map(spec).get("rank"), slug) for _, body in r.terms.of("Routing") for slug, spec in as_map(body.get("tiers")).items()
    ]
    ranks = [rank for rank, _ in ranked if isinstance(rank, int)]
    for slug, tier in tiers.items():
        path, spec = (*at, "tiers", slug), as_map(tier)
        rank = spec.get("rank")
        yield from r.all_known("role", spec.get("roles"), r.terms.roles, *path, "roles")
        yield from r.known("calendar", spec.get("calendar"), r.terms.calendars, *path, "calendar")
        first = next(name for held, name in ranked if held == rank)
        if first != slug and isinstance(rank, int):
            message = f"the rank belongs to {first!r} already"
            yield problem("rank-twice", r.place(*path, "rank"), shown(rank), message)
        if "time_limit" in spec and rank == max(ranks, default=None):
            message = f"there is no tier above {slug!r} to hand on to"
            remedy = "take `time_limit` out, or add a tier of a higher rank"
            yield problem("time-limit-last", r.place(*path, "time_limit"), shown(spec["time_limit"]), message, remedy=remedy)
    if tiers and 1 not in ranks:
        message = "no tier has rank 1: the first line tracks every inquiry to its end"
        yield problem("no-first-line", r.place(*at, "tiers", key=True), shown(min(ranks, default="")), message)


def _assignment(r: References, at: tuple[str, str], rules: Mapping[str, Any]) -> Iterator[Finding]:
    every = {slug: as_map(rule) for _, body in r.terms.of("Routing") for slug, rule in as_map(body.get("assignment")).items()}
    last = always(every)
    if rules and not last:
        message = "every rule has a condition: an inquiry that fulfils none finds no group"
        remedy = "add a rule without `when:`; it is tried last"
        yield problem("assignment-open", r.place(*at, "assignment", key=True), "assignment", message, remedy=remedy)
    for slug, rule in rules.items():
        path, spec = (*at, "assignment", slug), as_map(rule)
        yield from r.known("support group", spec.get("to"), r.terms.groups, *path, "to")
        yield from r.predicate(spec.get("when"), *path, "when", clocks=False)
        yield from r.all_known("skill", spec.get("skills"), r.terms.skills, *path, "skills")
        yield from _skills_of_group(r, spec, *path)
        if slug in last[1:]:
            yield r.never_tried(slug, last[0], *path)


def _skills_of_group(r: References, rule: Mapping[str, Any], *path: str | int) -> Iterator[Finding]:
    group = rule.get("to")
    if group not in r.terms.groups:
        return
    has = [
        skill for _, body in r.terms.of("Routing") for skill in as_list(as_map(as_map(body.get("groups")).get(group)).get("skills"))
    ]
    for number, skill in enumerate(as_list(rule.get("skills"))):
        if skill in r.terms.skills and skill not in has:
            message = f"the group {group!r} does not have the skill {skill!r}"
            remedy = "add it to the group's `skills:`, or send the work to another group"
            yield problem("skill-not-in-group", r.place(*path, "skills", number), skill, message, allowed=has, remedy=remedy)


def _escalation(r: References, rule: Mapping[str, Any], *path: str | int) -> Iterator[Finding]:
    terms, words = r.terms, [word for trigger in _TRIGGERS for word in trigger]
    if {word for word in words if word in rule} not in [set(trigger) for trigger in _TRIGGERS]:
        message = "an escalation has exactly one trigger: `clock` and `used`, or `idle` and `calendar`"
        yield problem("escalation-trigger", r.last(rule, words, *path), str(path[-1]), message)
    yield from r.predicate(rule.get("when"), *path, "when")
    yield from r.promised(rule.get("clock"), *path, "clock")
    yield from r.known("calendar", rule.get("calendar"), terms.calendars, *path, "calendar")
    if rule.get("type") == "hierarchical":
        yield from r.known("role", rule.get("to"), terms.roles, *path, "to")
    else:
        yield from r.known("tier or group", rule.get("to"), [*terms.tiers, *terms.groups], *path, "to")


# ---------------------------------------------------------------------------------------------------------------- desk
def check_desk(r: References, at: tuple[str, str], body: Mapping[str, Any]) -> Iterator[Finding]:
    sites, terms = as_map(body.get("sites")), r.terms
    yield from r.known("role", body.get("manager"), terms.roles, *at, "manager")
    yield from r.all_known("support group", body.get("groups"), terms.groups, *at, "groups")
    yield from r.all_known("channel", body.get("channels"), terms.channels, *at, "channels")
    own = as_list(body.get("groups"))
    for slug, site in sites.items():
        yield from _groups_of(r, as_map(site).get("groups"), own, "the desk", *at, "sites", slug, "groups")
    for slug, shift in as_map(body.get("shifts")).items():
        path, spec = (*at, "shifts", slug), as_map(shift)
        yield from r.known("calendar", spec.get("calendar"), terms.calendars, *path, "calendar")
        yield from r.known("site", spec.get("site"), sites, *path, "site")
        at_site = as_list(as_map(sites.get(str(spec.get("site")))).get("groups"))
        whose = f"the site {spec.get('site')!r}" if at_site else "the desk"
        yield from _groups_of(r, spec.get("groups"), at_site or own, whose, *path, "groups")
    yield from _structure(r, at, body)


def _groups_of(r: References, groups: Any, allowed: list[Any], whose: str, *path: str | int) -> Iterator[Finding]:
    """Groups that are there, and belong to the desk or site they are named for."""
    yield from r.all_known("support group", groups, r.terms.groups, *path)
    for number, group in enumerate(as_list(groups)):
        if allowed and group in r.terms.groups and group not in allowed:
            message = f"{group!r} is not among the groups of {whose}"
            yield problem("group-elsewhere", r.place(*path, number), group, message, allowed=allowed)


def _structure(r: References, at: tuple[str, str], body: Mapping[str, Any]) -> Iterator[Finding]:
    structure, sites, shares = body.get("structure"), as_map(body.get("sites")), as_list(body.get("shares"))
    if structure == "centralised" and len(sites) > 1:
        message = "a centralised desk is at one site; several sites are a distributed or a virtual desk"
        yield problem("desk-sites", r.place(*at, "structure"), structure, message, allowed=("distributed", "virtual"))
    if structure == "virtual":
        if len(sites) < 2:
            message = "a virtual desk has two sites or more"
            yield problem("desk-sites", r.place(*at, "structure"), structure, message, remedy="add `sites:`")
        missing = [word for word in _SHARED if word not in shares]
        if missing:
            message = f"the sites of a virtual desk share {', '.join(_SHARED)}; here {', '.join(missing)} is missing"
            place = r.place(*at, "shares" if "shares" in body else "structure")
            yield problem(
                "desk-shares", place, shown(shares), message, allowed=_SHARED, remedy=f"add {', '.join(missing)} to `shares:`"
            )
