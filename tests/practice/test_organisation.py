"""Who works at a desk: roles, tiers, groups, assignment, escalation, desks (practice J, F8)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskweave.model.predicate import holds
from deskweave.practice import Practice, builtin
from deskweave.practice.build.organisation import routing_of
from deskweave_schemas import load

HEAD = "apiVersion: deskweave/v1\n"


# ------------------------------------------------------------------------------------------------- the built-in practice
@pytest.mark.practice("J1")
def test_roles_of_the_sources(practice: Practice) -> None:
    """J1: those responsible for steps, those who ask, and those who help."""
    assert {slug: role.label["zh"] for slug, role in practice.roles.items()} == {
        "user": "用户",
        "authorised_representative": "授权代表",
        "agent": "服务台座席",
        "manager": "服务台经理",
        "second_line": "二线支持",
        "third_line": "三线专家或开发人员",
        "on_site_engineer": "现场工程师",
        "third_party": "第三方",
        "virtual_desk_manager": "虚拟服务台经理",
    }
    assert all(set(role.description) == {"en", "zh"} for role in practice.roles.values())


@pytest.mark.practice("F8", "J2")
def test_three_tiers_and_a_limit_for_the_first(practice: Practice) -> None:
    """J2, F8: three tiers; only the first one has a time limit, on a calendar."""
    tiers = practice.routing.tiers
    assert [(tier.slug, tier.rank) for tier in tiers.values()] == [("first_line", 1), ("second_line", 2), ("third_line", 3)]
    assert tiers["first_line"].roles == ("agent",)
    assert [tier.time_limit is not None for tier in tiers.values()] == [True, False, False]
    assert tiers["first_line"].calendar in practice.calendars
    # the same words feed the field that says where an inquiry is
    assert [choice.label for choice in practice.fields["current_tier"].choices.values()] == [tier.label for tier in tiers.values()]


def first_fit(practice: Practice, inquiry: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The group and skills of the first rule that holds, as J4 says they are tried."""
    rule = next(rule for rule in practice.routing.assignment if holds(rule.when, inquiry))
    return rule.to, rule.skills


@pytest.mark.practice("B5", "F8", "J4")
@pytest.mark.parametrize(
    ("inquiry", "group", "skills"),
    [
        # nothing is known yet: the first line
        ({}, "service_desk", ()),
        # the first line takes every classification first
        ({"current_tier": "first_line", "classification": "computer_hardware"}, "service_desk", ()),
        # what it hands on goes by classification (B5, F8)
        ({"current_tier": "second_line", "classification": "os_install_and_failure"}, "desktop_support", ("operating_systems",)),
        ({"current_tier": "second_line", "classification": "software_setup_and_failure"}, "desktop_support", ("common_software",)),
        ({"current_tier": "second_line", "classification": "computer_hardware"}, "desktop_support", ("computer_hardware",)),
        ({"current_tier": "second_line", "classification": "meeting_support"}, "on_site_support", ("meetings",)),
        ({"current_tier": "second_line", "classification": "usage_advice"}, "business_system_support", ("business_systems",)),
        ({"current_tier": "second_line", "classification": "program_bug"}, "business_system_support", ("business_systems",)),
        ({"current_tier": "second_line", "classification": "access_rights"}, "business_system_support", ("access_rights",)),
        ({"current_tier": "third_line", "classification": "program_bug"}, "development", ()),
        # delivered on site only: help from afar cannot come first
        ({"service_item": "meeting_software_assurance"}, "on_site_support", ()),
        # no classification: it stays with the desk, which tracks it
        ({"current_tier": "second_line"}, "service_desk", ()),
    ],
)
def test_where_an_inquiry_goes(practice: Practice, inquiry: dict[str, Any], group: str, skills: tuple[str, ...]) -> None:
    assert first_fit(practice, inquiry) == (group, skills)


@pytest.mark.practice("B5", "J2")
def test_every_classification_has_a_way_through_the_tiers(practice: Practice) -> None:
    for classification in practice.classifications:
        way = [first_fit(practice, {"current_tier": tier, "classification": classification})[0] for tier in practice.routing.tiers]
        assert [practice.routing.groups[group].tier for group in way] == list(practice.routing.tiers)


@given(
    tier=st.sampled_from([None, "first_line", "second_line", "third_line"]),
    classification=st.sampled_from([None, *builtin().classifications]),
    item=st.sampled_from([None, *builtin().catalog]),
    stream=st.sampled_from([None, *builtin().fields["stream"].choices]),
)
def test_no_inquiry_is_left_without_a_group(
    tier: str | None, classification: str | None, item: str | None, stream: str | None
) -> None:
    inquiry = {"current_tier": tier, "classification": classification, "service_item": item, "stream": stream}
    group, skills = first_fit(builtin(), inquiry)
    assert set(skills) <= set(builtin().routing.groups[group].skills)


@pytest.mark.practice("J4")
def test_people_are_found_by_skill_and_workload(practice: Practice) -> None:
    assert {rule.choose for rule in practice.routing.assignment} == {("skill", "workload")}
    assert practice.routing.assignment[-1].when is None


def test_on_site_only_names_what_is_delivered_on_site_only(practice: Practice) -> None:
    (rule,) = (rule for rule in practice.routing.assignment if rule.slug == "on_site_only")
    assert rule.when == {"service_item": {"in": [item.slug for item in practice.catalog.values() if item.delivery == ("on_site",)]}}


@pytest.mark.practice("J3", "J6", "J7")
def test_escalation_goes_both_ways(practice: Practice) -> None:
    """J3: to experts and to management; J6: before the promise is missed; J7: dispatched after help from afar."""
    rules = practice.routing.escalations
    assert {rule.type for rule in rules.values()} == {"functional", "hierarchical"}
    early = [rule for rule in rules.values() if rule.type == "hierarchical" and rule.used is not None and 0 < rule.used < 1]
    assert {rule.clock for rule in early} == {"first_response", "resolution"}
    idle = rules["no_progress"]
    assert (idle.type, idle.to, idle.idle, idle.calendar) == ("hierarchical", "manager", timedelta(hours=8), "cn_5x8")
    assert (rules["weighs_heavily"].type, rules["weighs_heavily"].used) == ("hierarchical", 0)
    dispatch = rules["dispatch_on_site"]
    either = [item.slug for item in practice.catalog.values() if item.delivery == ("remote", "on_site")]
    for slug, item in practice.catalog.items():
        assert holds(dispatch.when, {"current_tier": "second_line", "service_item": slug}) is (slug in either), item
    assert 0 < dispatch.used < rules["second_line_to_third"].used < 1
    assert not holds(dispatch.when, {"current_tier": "first_line", "service_item": either[0]})


@pytest.mark.practice("F7", "J5")
def test_the_desk(practice: Practice) -> None:
    """J5: the sources' advice is a central desk with engineers on site; F7: phone, e-mail and walk-in stay possible."""
    (desk,) = practice.desks.values()
    assert (desk.structure, desk.manager) == ("centralised", "manager")
    assert {"phone", "email", "walk_in"} <= set(desk.channels)
    item_channels = {channel for item in practice.catalog.values() for channel in item.channels}
    assert item_channels <= set(desk.channels)
    assert {practice.routing.groups[group].tier for group in desk.groups} == {"first_line", "second_line"}


@pytest.mark.parametrize("number", ["B5", "F4", "F7", "F8", "J1", "J2", "J3", "J4", "J5", "J6", "J7", "J8", "J9", "J10"])
def test_documents_name_the_requirements_they_state(practice: Practice, number: str) -> None:
    assert any(
        number in body.get("satisfies", ())
        for (kind, _), body in practice.documents.items()
        if kind in ("Routing", "Desk", "Catalog")
    )


# -------------------------------------------------------------------------------------------------------- a client's share
ACME = """\
kind: Routing
id: routing
skills: {payroll: {label: {en: Payroll, zh: 薪资系统}}}
groups:
  payroll_early_support: {label: {en: Payroll early support, zh: 薪资早期支持组}, tier: second_line, skills: [payroll], manager: manager}
  dublin_desk: {label: {en: Dublin desk, zh: 都柏林服务台}, tier: first_line, manager: manager}
assignment:
  new_payroll: {order: 5, when: {system_module: {eq: payroll}}, to: payroll_early_support, skills: [payroll], choose: [skill, workload]}
escalations:
  resolution_at_risk: {used: 0.7}
---
kind: Catalog
id: services
systems: {payroll: {label: {en: Payroll, zh: 薪资系统}}}
---
kind: Calendar
id: beijing_day
label: {en: Beijing day, zh: 北京白班}
zone: Asia/Shanghai
versions: [{from: 2026-01-01, week: &bj {mon: &b [["08:00", "20:00"]], tue: *b, wed: *b, thu: *b, fri: *b, sat: *b, sun: *b}}]
---
kind: Calendar
id: dublin_day
label: {en: Dublin day, zh: 都柏林白班}
zone: Europe/Dublin
versions: [{from: 2026-01-01, week: {mon: &d [["00:00", "01:00"], ["11:00", "24:00"]], tue: *d, wed: *d, thu: *d, fri: *d, sat: *d, sun: *d}}]
---
kind: Desk
id: service_desk
structure: virtual
manager: virtual_desk_manager
groups: [service_desk, on_site_support, dublin_desk]
remove: [shifts/day]
sites:
  beijing: {label: {en: Beijing, zh: 北京}, zone: Asia/Shanghai, groups: [service_desk, on_site_support]}
  dublin: {label: {en: Dublin, zh: 都柏林}, zone: Europe/Dublin, groups: [dublin_desk]}
shifts:
  beijing_day: {label: {en: Beijing day, zh: 北京白班}, site: beijing, calendar: beijing_day, groups: [service_desk]}
  dublin_day: {label: {en: Dublin day, zh: 都柏林白班}, site: dublin, calendar: dublin_day}
"""


@pytest.mark.practice("F4", "J4")
def test_a_client_adds_a_group_and_a_rule_before_the_others(composed: Callable[[str], Practice]) -> None:
    acme, base = composed(ACME), builtin()
    # F4: a newly launched service goes straight to its early-support team
    assert first_fit(acme, {"system_module": "payroll"}) == ("payroll_early_support", ("payroll",))
    assert first_fit(acme, {"system_module": "business_system"}) == ("service_desk", ())
    assert [rule.slug for rule in acme.routing.assignment] == ["new_payroll", *(rule.slug for rule in base.routing.assignment)]
    assert set(acme.routing.groups) == set(base.routing.groups) | {"payroll_early_support", "dublin_desk"}
    changed, old = acme.routing.escalations["resolution_at_risk"], base.routing.escalations["resolution_at_risk"]
    assert (changed.used, changed.to, changed.label) == (0.7, old.to, old.label)


@pytest.mark.practice("J5", "J8")
def test_a_virtual_desk_of_two_zones_answers_round_the_clock(composed: Callable[[str], Practice]) -> None:
    """J5, J8: shifts of two sites; on every hour of the year one of them is on duty.

    Dublin's clocks change and Beijing's do not: without Dublin's hour after midnight, summer would have a gap.
    """
    acme = composed(ACME)
    desk = acme.desks["service_desk"]
    assert (desk.structure, desk.manager, desk.shifts["dublin_day"].groups) == ("virtual", "virtual_desk_manager", ())
    assert set(desk.shares) == {"tool", "records", "process", "routing"}
    zones = {acme.calendars[shift.calendar].zone for shift in desk.shifts.values()}
    assert (
        zones == {desk.sites[shift.site].zone for shift in desk.shifts.values() if shift.site} == {"Asia/Shanghai", "Europe/Dublin"}
    )

    def on_duty(calendar: str, moment: datetime) -> bool:
        local = moment.astimezone(ZoneInfo(acme.calendars[calendar].zone))
        day = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[local.weekday()]
        windows = acme.calendars[calendar].versions[0].week[day]
        return any(start <= local.time() and (end is None or local.time() < end) for start, end in windows)

    start = datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC"))
    for hours in range(365 * 24):
        moment = start + timedelta(hours=hours)
        assert any(on_duty(shift.calendar, moment) for shift in desk.shifts.values()), moment


@pytest.mark.parametrize(
    ("path", "key", "source"),
    [
        ("Routing/routing/groups/dublin_desk/tier", False, "f.yaml"),
        ("Routing/routing/groups/service_desk/tier", False, "deskweave:service-desk/routing.yaml"),
        ("Routing/routing/assignment/new_payroll/order", True, "f.yaml"),
        ("Routing/routing/assignment/otherwise/to", False, "deskweave:service-desk/routing.yaml"),
        ("Routing/routing/escalations/resolution_at_risk/used", False, "f.yaml"),
        ("Routing/routing/escalations/resolution_at_risk/to", False, "deskweave:service-desk/routing.yaml"),
        ("Desk/service_desk/structure", False, "f.yaml"),
        ("Desk/service_desk/channels", False, "deskweave:service-desk/desks.yaml"),
        ("Desk/service_desk/shifts/dublin_day/calendar", False, "f.yaml"),
        ("Catalog/services/systems/payroll", True, "f.yaml"),
        ("Catalog/services/systems/business_system", True, "deskweave:service-desk/catalog.yaml"),
    ],
)
def test_origin_names_the_layer(path: str, key: bool, source: str, composed: Callable[[str], Practice]) -> None:
    assert composed(ACME).origin(path, key=key).source == source


# ---------------------------------------------------------------------------------------------------- examples and orders
SITES = (
    "kind: Routing\nid: more\ngroups: {south_desk: {label: {en: S}, tier: first_line}, dublin_desk: {label: {en: D}, tier: first_line}}\n"
    + "".join(
        f"---\nkind: Calendar\nid: {name}\nlabel: {{en: C}}\nzone: {zone}\nversions: [{{from: 2026-01-01, week: {{}}}}]\n"
        for name, zone in (("beijing_day", "Asia/Shanghai"), ("dublin_day", "Europe/Dublin"))
    )
)


@pytest.mark.parametrize("example", load("Desk")["examples"], ids=lambda example: example["structure"])
def test_each_structure_of_the_schemas_examples_composes(composed: Callable[[str], Practice], example: dict[str, Any]) -> None:
    stated = json.dumps(example)  # JSON is YAML
    desk = composed(f"{SITES}---\n{stated}\n").desks[example["id"]]
    assert desk.structure == example["structure"]
    assert list(desk.sites) == list(example.get("sites", {}))


@pytest.mark.practice("J5")
def test_the_structures_of_the_sources_are_all_shown() -> None:
    assert {example["structure"] for example in load("Desk")["examples"]} == {"distributed", "centralised", "virtual"}


@given(
    rules=st.dictionaries(
        st.text("abcdef", min_size=1, max_size=3), st.tuples(st.none() | st.integers(0, 300), st.booleans()), min_size=1, max_size=6
    ),
    shuffle=st.randoms(use_true_random=False),
)
def test_rules_are_tried_by_order_then_slug_and_the_open_one_last(rules: dict[str, tuple[int | None, bool]], shuffle: Any) -> None:
    """Whatever the order of the file."""
    slugs = list(rules)
    shuffle.shuffle(slugs)
    body = {
        "assignment": {
            slug: {"to": "g"}
            | ({} if rules[slug][0] is None else {"order": rules[slug][0]})
            | ({"when": {"stream": {"eq": "incident"}}} if rules[slug][1] else {})
            for slug in slugs
        }
    }
    tried = routing_of([body]).assignment
    assert [rule.when is None for rule in tried] == sorted(rule.when is None for rule in tried)
    for part in ([rule for rule in tried if rule.when], [rule for rule in tried if rule.when is None]):
        assert [(rule.order, rule.slug) for rule in part] == sorted((rule.order, rule.slug) for rule in part)
    assert {rule.slug: rule.order for rule in tried} == {
        slug: 100 if order is None else order for slug, (order, _) in rules.items()
    }
