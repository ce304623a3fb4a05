"""What is wrong in documents of the organisation: told at its line, and mended by the words given."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from deskweave.findings import Finding
from deskweave.practice import Practice

HEAD = "apiVersion: deskweave/v1\n"
ROUTING = "kind: Routing\nid: routing\n"
DESK = "kind: Desk\nid: service_desk\n"


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
