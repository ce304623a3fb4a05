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

from deskweave.findings import Finding
from deskweave.model.predicate import holds
from deskweave.practice import Practice, builtin
from deskweave.practice.build.organisation import routing_of
from deskweave_schemas import load

HEAD = "apiVersion: deskweave/v1\n"
ROUTING = "kind: Routing\nid: routing\n"
DESK = "kind: Desk\nid: service_desk\n"


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


# ------------------------------------------------------------------------------------------------------ broken and mended
# text, rule, path, message, and the words that mend it
BROKEN = [
    # tiers
    (
        ROUTING + "tiers: {second_line: {roles: [second_lin]}}\n",
        "unknown-role",
        "/tiers/second_line/roles/0",
        "'second_lin' is not a role of this practice",
        ("second_lin]", "second_line]"),
    ),
    (
        ROUTING + "tiers: {first_line: {calendar: cn_5x9}}\n",
        "unknown-calendar",
        "/tiers/first_line/calendar",
        "'cn_5x9' is not a calendar of this practice",
        ("cn_5x9", "always"),
    ),
    (
        ROUTING + "tiers: {fourth_line: {label: {en: F}, rank: 3}}\n",
        "rank-twice",
        "/tiers/fourth_line/rank",
        "the rank belongs to 'third_line' already",
        ("rank: 3", "rank: 4"),
    ),
    (
        ROUTING + "tiers: {third_line: {time_limit: PT2H}}\n",
        "time-limit-last",
        "/tiers/third_line/time_limit",
        "there is no tier above 'third_line' to hand on to",
        ("third_line", "second_line"),
    ),
    (
        ROUTING + "remove: [tiers/first_line/time_limit]\ntiers: {first_line: {rank: 4}}\n",
        "no-first-line",
        "/tiers",
        "no tier has rank 1: the first line tracks every inquiry to its end",
        ("rank: 4", "rank: 1"),
    ),
    # groups
    (
        ROUTING + "groups: {service_desk: {tier: firstline}}\n",
        "unknown-tier",
        "/groups/service_desk/tier",
        "'firstline' is not a tier of this practice",
        ("firstline", "first_line"),
    ),
    (
        ROUTING + "groups: {development: {skills: [databases]}}\n",
        "unknown-skill",
        "/groups/development/skills/0",
        "'databases' is not a skill of this practice",
        ("databases", "meetings"),
    ),
    (
        ROUTING + "groups: {development: {manager: boss}}\n",
        "unknown-role",
        "/groups/development/manager",
        "'boss' is not a role of this practice",
        ("boss", "manager"),
    ),
    (
        ROUTING + "groups: {third_line: {label: {en: T}, tier: third_line}}\n",
        "group-is-tier",
        "/groups/third_line",
        "a group and a tier cannot share a name: an escalation would not know which is meant",
        ("{third_line: {label", "{experts: {label"),
    ),
    # assignment
    (
        ROUTING + "assignment: {otherwise: {to: servicedesk}}\n",
        "unknown-support-group",
        "/assignment/otherwise/to",
        "'servicedesk' is not a support group of this practice",
        ("servicedesk", "service_desk"),
    ),
    (
        ROUTING + "assignment: {vip: {when: {departmnt: {eq: Board}}, to: service_desk}}\n",
        "unknown-field",
        "/assignment/vip/when/departmnt",
        "'departmnt' is not a field of this practice",
        ("departmnt", "department"),
    ),
    # a clock has not run when the work is given out
    (
        ROUTING + "assignment: {late: {when: {resolution: {met: false}}, to: service_desk}}\n",
        "unknown-field",
        "/assignment/late/when/resolution",
        "'resolution' is not a field of this practice",
        ("resolution: {met: false}", "returned: {eq: true}"),
    ),
    (
        ROUTING + "assignment: {bugs: {when: {classification: {eq: program_bugs}}, to: development}}\n",
        "unknown-choice",
        "/assignment/bugs/when/classification/eq",
        "'program_bugs' is not a choice of classification",
        ("program_bugs", "program_bug"),
    ),
    (
        ROUTING + "assignment: {bugs: {when: {major_incident: {eq: true}}, to: development, skills: [busines_systems]}}\n",
        "unknown-skill",
        "/assignment/bugs/skills/0",
        "'busines_systems' is not a skill of this practice",
        ("busines_systems", "business_systems"),
    ),
    (
        ROUTING + "assignment: {bugs: {when: {major_incident: {eq: true}}, to: development, skills: [meetings]}}\n",
        "skill-not-in-group",
        "/assignment/bugs/skills/0",
        "the group 'development' does not have the skill 'meetings'",
        ("to: development", "to: on_site_support"),
    ),
    (
        ROUTING + "assignment: {otherwise: {when: {stream: {eq: incident}}}}\n",
        "assignment-open",
        "/assignment",
        "every rule has a condition: an inquiry that fulfils none finds no group",
        ("otherwise: {when", "incidents: {to: service_desk, when"),
    ),
    (
        ROUTING + "assignment: {catch_all: {order: 1, to: development}}\n",
        "never-tried",
        "/assignment/otherwise",
        "never tried: 'catch_all' before it takes everything",
        ("order: 1,", "order: 1, when: {major_incident: {eq: true}},"),
    ),
    # two layers' conditions merge key by key, and both together are none
    (
        ROUTING + "assignment: {experts: {when: {impact: {eq: high}}}}\n",
        "condition-twice",
        "/assignment/experts/when/impact",
        "a condition has one key, here are current_tier, impact",
        ("assignment: {experts", "remove: [assignment/experts/when]\nassignment: {experts"),
    ),
    (
        ROUTING + "assignment: {experts: {when: {current_tier: {ne: first_line}}}}\n",
        "condition-twice",
        "/assignment/experts/when/current_tier/ne",
        "a condition has one key, here are eq, ne",
        ("ne: first_line", "eq: second_line"),
    ),
    # escalations
    (
        ROUTING + "escalations: {no_progress: {clock: resolution}}\n",
        "escalation-trigger",
        "/escalations/no_progress/clock",
        "an escalation has exactly one trigger: `clock` and `used`, or `idle` and `calendar`",
        ("escalations: {no_progress: {clock: resolution", "escalations: {no_progress: {idle: PT4H"),
    ),
    (
        ROUTING + "escalations: {e: {label: {en: E}, type: functional, to: third_line, idle: PT1H}}\n",
        "escalation-trigger",
        "/escalations/e/idle",
        "an escalation has exactly one trigger: `clock` and `used`, or `idle` and `calendar`",
        ("idle: PT1H", "idle: PT1H, calendar: always"),
    ),
    (
        ROUTING + "escalations: {e: {label: {en: E}, type: functional, to: third_line}}\n",
        "escalation-trigger",
        "/escalations/e",
        "an escalation has exactly one trigger: `clock` and `used`, or `idle` and `calendar`",
        ("to: third_line", "to: third_line, clock: resolution, used: 1"),
    ),
    (
        ROUTING + "escalations: {no_progress: {calendar: cn5x8}}\n",
        "unknown-calendar",
        "/escalations/no_progress/calendar",
        "'cn5x8' is not a calendar of this practice",
        ("cn5x8", "cn_5x8"),
    ),
    (
        ROUTING + "escalations: {response_at_risk: {clock: firstresponse}}\n",
        "unknown-clock",
        "/escalations/response_at_risk/clock",
        "'firstresponse' is not a clock of this practice",
        ("firstresponse", "first_response"),
    ),
    (
        ROUTING + "escalations: {response_at_risk: {clock: waiting}}\n",
        "clock-without-goal",
        "/escalations/response_at_risk/clock",
        "nothing is promised for the clock 'waiting', so no share of its goal is ever used",
        ("clock: waiting}}", "clock: resolution}}"),
    ),
    # functional: a tier or a group; hierarchical: a role
    (
        ROUTING + "escalations: {second_line_to_third: {to: manager}}\n",
        "unknown-tier-or-group",
        "/escalations/second_line_to_third/to",
        "'manager' is not a tier or group of this practice",
        ("to: manager", "to: development"),
    ),
    (
        ROUTING + "escalations: {no_progress: {to: development}}\n",
        "unknown-role",
        "/escalations/no_progress/to",
        "'development' is not a role of this practice",
        ("to: development", "to: virtual_desk_manager"),
    ),
    (
        ROUTING + "escalations: {no_progress: {when: {stats: {eq: closed}}}}\n",
        "unknown-field-or-clock",
        "/escalations/no_progress/when/stats",
        "'stats' is not a field or clock of this practice",
        ("stats: {eq: closed}", "status: {ne: closed}"),
    ),
    # several documents are one routing
    (
        "kind: Routing\nid: more\nroles: {agent: {label: {en: A}}}\n",
        "routing-twice",
        "/roles/agent",
        "'agent' stands in Routing/routing already",
        ("roles: {agent", "roles: {trainee"),
    ),
    # desks
    (DESK + "manager: bos\n", "unknown-role", "/manager", "'bos' is not a role of this practice", ("bos", "virtual_desk_manager")),
    (
        DESK + "groups: [service_desk, on_site]\n",
        "unknown-support-group",
        "/groups/1",
        "'on_site' is not a support group of this practice",
        ("on_site]", "on_site_support]"),
    ),
    (
        DESK + "channels: [phones]\n",
        "unknown-channel",
        "/channels/0",
        "'phones' is not a channel of this practice",
        ("phones", "phone"),
    ),
    (
        DESK + "shifts: {night: {label: {en: N}, calendar: nights}}\n",
        "unknown-calendar",
        "/shifts/night/calendar",
        "'nights' is not a calendar of this practice",
        ("nights", "always"),
    ),
    (
        DESK + "sites: {main: {label: {en: M}, zone: Asia/Shanghai}}\nshifts: {day: {site: mian}}\n",
        "unknown-site",
        "/shifts/day/site",
        "'mian' is not a site of this practice",
        ("mian", "main"),
    ),
    (
        DESK + "sites: {main: {label: {en: M}, zone: Asia/Shanghai, groups: [development]}}\n",
        "group-elsewhere",
        "/sites/main/groups/0",
        "'development' is not among the groups of the desk",
        ("[development]", "[service_desk]"),
    ),
    (
        DESK + "shifts: {day: {groups: [development]}}\n",
        "group-elsewhere",
        "/shifts/day/groups/0",
        "'development' is not among the groups of the desk",
        ("[development]", "[on_site_support]"),
    ),
    (
        DESK
        + "sites: {main: {label: {en: M}, zone: Asia/Shanghai, groups: [service_desk]}}\nshifts: {day: {site: main, groups: [on_site_support]}}\n",
        "group-elsewhere",
        "/shifts/day/groups/0",
        "'on_site_support' is not among the groups of the site 'main'",
        ("groups: [service_desk]", "groups: [service_desk, on_site_support]"),
    ),
    (
        DESK + "sites: {a: {label: {en: A}, zone: Asia/Shanghai}, b: {label: {en: B}, zone: Europe/Dublin}}\n",
        "desk-sites",
        "/structure",
        "a centralised desk is at one site; several sites are a distributed or a virtual desk",
        ("sites:", "structure: distributed\nsites:"),
    ),
    (
        DESK + "structure: virtual\nsites: {a: {label: {en: A}, zone: Asia/Shanghai}}\n",
        "desk-sites",
        "/structure",
        "a virtual desk has two sites or more",
        ("sites: {", "sites: {b: {label: {en: B}, zone: Europe/Dublin}, "),
    ),
    (
        DESK
        + "structure: virtual\nsites: {a: {label: {en: A}, zone: Asia/Shanghai}, b: {label: {en: B}, zone: Europe/Dublin}}\nshares: [tool, process]\n",
        "desk-shares",
        "/shares",
        "the sites of a virtual desk share tool, records, process, routing; here records, routing is missing",
        ("shares: [tool, process]", "shares: [routing, tool, records, process]"),
    ),
]


@pytest.mark.parametrize(("text", "rule", "at", "message", "mend"), BROKEN, ids=[f"{row[1]}{row[2]}" for row in BROKEN])
def test_broken_and_mended(
    text: str,
    rule: str,
    at: str,
    message: str,
    mend: tuple[str, str],
    composed: Callable[[str], Practice],
    findings: Callable[[str], list[Finding]],
) -> None:
    assert [(finding.rule, finding.place.path, finding.message) for finding in findings(text)] == [(rule, at, message)]
    assert text.replace(*mend) != text
    composed(text.replace(*mend))


@pytest.mark.parametrize(
    ("text", "at"),
    [
        (ROUTING + "tiers: {first_line: {rank: 0}}\n", "/tiers/first_line/rank"),
        (ROUTING + "tiers: {first_line: {time_limit: P1D}}\n", "/tiers/first_line/time_limit"),
        (ROUTING + "assignment: {otherwise: {choose: [luck]}}\n", "/assignment/otherwise/choose/0"),
        (ROUTING + "escalations: {response_at_risk: {used: -0.1}}\n", "/escalations/response_at_risk/used"),
        (ROUTING + "escalations: {response_at_risk: {type: sideways}}\n", "/escalations/response_at_risk/type"),
        (DESK + "structure: central\n", "/structure"),
        (DESK + "sites: {a: {label: {en: A}, zone: Asia/Beijing}}\n", "/sites/a/zone"),
        (DESK + "shares: [tools]\n", "/shares/0"),
    ],
)
def test_values_the_schema_refuses(text: str, at: str, findings: Callable[[str], list[Finding]]) -> None:
    assert at in [finding.place.path for finding in findings(text)]


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        (ROUTING + "tiers: {fourth_line: {label: {en: F}}}\n", "rank"),
        (ROUTING + "groups: {g: {label: {en: G}}}\n", "tier"),
        (ROUTING + "assignment: {a: {when: {stream: {eq: incident}}}}\n", "to"),
        (ROUTING + "escalations: {e: {label: {en: E}, to: manager, clock: resolution, used: 1}}\n", "type"),
        ("kind: Desk\nid: d\nlabel: {en: D}\nstructure: distributed\n", "manager"),
        (DESK + "shifts: {night: {label: {en: N}}}\n", "calendar"),
    ],
)
def test_what_must_be_there_once_composed(text: str, missing: str, findings: Callable[[str], list[Finding]]) -> None:
    assert f"the key {missing!r} is missing" in [finding.message for finding in findings(text)]


def test_a_removed_group_points_at_its_users(findings: Callable[[str], list[Finding]]) -> None:
    found = findings(ROUTING + "remove: [groups/on_site_support]\n")
    assert {(finding.rule, finding.place.source) for finding in found} == {
        ("unknown-support-group", "deskweave:service-desk/routing.yaml"),
        ("unknown-support-group", "deskweave:service-desk/desks.yaml"),
        ("unknown-tier-or-group", "deskweave:service-desk/routing.yaml"),
    }


def test_wrong_shapes_are_told_and_nothing_raises(findings: Callable[[str], list[Finding]]) -> None:
    text = ROUTING + "tiers: [a]\ngroups: 3\nassignment: {x: 5, y: {when: 7, to: [1]}}\nescalations: {e: [1]}\n---\n"
    text += "kind: Desk\nid: d\nsites: {a: {groups: {x: y}}}\nshifts: {s: {site: {x: y}, calendar: [1]}}\nshares: {a: b}\n"
    assert {"wrong-type"} <= {finding.rule for finding in findings(text)}


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
