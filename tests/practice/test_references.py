"""Every reference of a practice that can lead nowhere, and things only the whole can show."""

from __future__ import annotations

import pytest

from deskweave.documents import read
from deskweave.errors import DocumentError
from deskweave.findings import Finding
from deskweave.practice import compose

HEAD = "apiVersion: deskweave/v1\n"
TOP = (
    HEAD
    + "kind: Practice\nid: acme\nversion: '1'\nlabel: {en: A, zh: 甲}\nlanguages: [en]\nzone: Asia/Shanghai\nextends: [deskweave:service-desk@1]\n"
)
METRIC = "kind: Metric\nid: m\nlabel: {en: M}\nperiod: {by: submitted_at, every: month}\n"


def findings(text: str) -> list[Finding]:
    with pytest.raises(DocumentError) as caught:
        compose([*read(TOP, "practice.yaml"), *read(HEAD + text, "f.yaml")])
    return list(caught.value.findings)


@pytest.mark.parametrize(
    ("text", "rule", "at", "nearest"),
    [
        # fields
        ("kind: Fields\nid: inquiry\nfields: {title: {group: intak}}\n", "unknown-group", "/fields/title/group", "intake"),
        (
            "kind: Fields\nid: inquiry\nfields: {title: {writers: [user, agnt]}}\n",
            "unknown-role",
            "/fields/title/writers/1",
            "agent",
        ),
        (
            "kind: Fields\nid: inquiry\nfields: {title: {required: {entering: close}}}\n",
            "unknown-status",
            "/fields/title/required/entering",
            "closed",
        ),
        (
            "kind: Fields\nid: inquiry\nfields: {waiting_duration: {computed: {clock: wating}}}\n",
            "unknown-clock",
            "/fields/waiting_duration/computed/clock",
            "waiting",
        ),
        (
            "kind: Fields\nid: inquiry\nfields: {reclassified: {computed: {differs: [classification, busines_category]}}}\n",
            "unknown-field",
            "/fields/reclassified/computed/differs/1",
            "business_category",
        ),
        (
            "kind: Fields\nid: inquiry\nfields: {solved_at_desk: {computed: {only: {current_tier: [firstline]}}}}\n",
            "unknown-choice",
            "/fields/solved_at_desk/computed/only/current_tier/0",
            "first_line",
        ),
        ("kind: Fields\nid: more\nfields: {title: {label: {en: T}, type: text}}\n", "field-twice", "/fields/title", None),
        ("kind: Fields\nid: inquiry\nfields: {waiting: {label: {en: W}, type: text}}\n", "field-is-clock", "/fields/waiting", None),
        ("kind: Fields\nid: inquiry\nfields: {floor: {label: {en: F}, type: choice}}\n", "no-choices", "/fields/floor", None),
        # catalog
        (
            "kind: Catalog\nid: services\ncategories: {desktop_operations: {services: {software_failure: {items: {common_software_failure: {hours: 5*8}}}}}}\n",
            "unknown-calendar",
            "/categories/desktop_operations/services/software_failure/items/common_software_failure/hours",
            None,
        ),
        (
            "kind: Catalog\nid: services\ncategories: {desktop_operations: {services: {software_failure: {items: {common_software_failure: {hours: cn_5x9}}}}}}\n",
            "unknown-calendar",
            "/categories/desktop_operations/services/software_failure/items/common_software_failure/hours",
            "cn_5x8",
        ),
        (
            "kind: Catalog\nid: services\ncategories: {desktop_operations: {services: {software_failure: {items: {common_software_failure: {channels: [phones]}}}}}}\n",
            "unknown-channel",
            "/categories/desktop_operations/services/software_failure/items/common_software_failure/channels/0",
            "phone",
        ),
        (
            "kind: Catalog\nid: services\ncategories: {desktop_operations: {services: {software_failure: {items: {common_software_failure: {classification: hardware}}}}}}\n",
            "unknown-classification",
            "/categories/desktop_operations/services/software_failure/items/common_software_failure/classification",
            "computer_hardware",
        ),
        (
            "kind: Catalog\nid: services\ncategories: {desktop_operations: {services: {software_failure: {items: {common_software_failure: {stream: incidents}}}}}}\n",
            "unknown-value-stream",
            "/categories/desktop_operations/services/software_failure/items/common_software_failure/stream",
            "incident",
        ),
        (
            "kind: Catalog\nid: services\ncategories: {desktop_operations: {services: {software_failure: {items: {common_software_failure: {served: usr}}}}}}\n",
            "unknown-role",
            "/categories/desktop_operations/services/software_failure/items/common_software_failure/served",
            "user",
        ),
        (
            "kind: Catalog\nid: more\ncategories: {c: {label: {en: C}, services: {s: {label: {en: S}, items: {os_level_failure: {label: {en: O}, served: user, channels: []}}}}}}\n",
            "item-twice",
            "/categories/c/services/s/items/os_level_failure",
            None,
        ),
        # statuses
        ("kind: StatusModel\nid: inquiry\ninitial: new\n", "unknown-status", "/initial", None),
        (
            "kind: StatusModel\nid: inquiry\ntransitions: {accept: {to: in_progres}}\n",
            "unknown-status",
            "/transitions/accept/to",
            "in_progress",
        ),
        (
            "kind: StatusModel\nid: inquiry\ntransitions: {accept: {from: [waiting]}}\n",
            "unknown-status",
            "/transitions/accept/from/0",
            "waiting_on_user",
        ),
        (
            "kind: StatusModel\nid: inquiry\ntransitions: {accept: {by: [agents]}}\n",
            "unknown-role",
            "/transitions/accept/by/0",
            "agent",
        ),
        ("kind: StatusModel\nid: inquiry\nstatuses: {closed: {waits_on: user}}\n", "waits-on", "/statuses/closed/waits_on", None),
        (
            "kind: StatusModel\nid: other\ninitial: a\nstatuses: {a: {label: {en: A}, phase: new}}\ntransitions: {}\n",
            "status-model-twice",
            "",
            None,
        ),
        (
            "kind: Feedback\nid: satisfaction\nscale: {superb: {code: 1, label: {en: S}}}\n",
            "code-twice",
            "/scale/superb/code",
            None,
        ),
        # time
        ("kind: Calendar\nid: cn_5x8\nholidays: cn_statutary\n", "unknown-holidays-document", "/holidays", "cn_statutory"),
        ("kind: Calendar\nid: c\nlabel: {en: C}\nzone: UTC\n", "calendar-form", "", None),
        ("kind: Calendar\nid: cn_5x8\nfrom_inquiry: true\n", "calendar-form", "/from_inquiry", None),
        (
            "kind: Calendar\nid: cn_5x8\nversions: [{from: 2026-01-01, week: {}}, {from: 2025-01-01, week: {}}]\n",
            "version-order",
            "/versions/1/from",
            None,
        ),
        (
            "kind: Calendar\nid: cn_5x8\nversions: [{from: 2026-01-01, week: {mon: [['22:00', '06:00']]}}]\n",
            "window-order",
            "/versions/0/week/mon/0",
            None,
        ),
        (
            "kind: Calendar\nid: cn_5x8\nversions: [{from: 2026-01-01, week: {mon: [['09:00', '12:00'], ['11:00', '18:00']]}}]\n",
            "window-overlap",
            "/versions/0/week/mon/1",
            None,
        ),
        ("kind: Holidays\nid: cn_statutory\nyears: {'2027': {off: [2027-01-01]}}\n", "outside-coverage", "/years/2027/off/0", None),
        (
            "kind: Holidays\nid: cn_statutory\nyears: {'2026': {working: {2026-01-01: mon}}}\n",
            "off-and-working",
            "/years/2026/working/2026-01-01",
            None,
        ),
        (
            "kind: Holidays\nid: h\ncoverage: {from: 2026-01-01, to: 2025-01-01}\nrevision: 2025-01-01\n",
            "coverage-order",
            "/coverage/to",
            None,
        ),
        # clocks
        ("kind: Clock\nid: waiting\nwithin: resolutions\n", "unknown-clock", "/within", "resolution"),
        ("kind: Clock\nid: handling\nminus: [resolution, wait]\n", "unknown-clock", "/minus/1", "waiting"),
        ("kind: Clock\nid: resolution\nstop: {enter: close}\n", "unknown-status", "/stop/enter", "closed"),
        (
            "kind: Clock\nid: waiting\nremove: [sum_of]\nsum_of: {statuses: [waiting_on_usr]}\n",
            "unknown-status",
            "/sum_of/statuses/0",
            "waiting_on_user",
        ),
        ("kind: Clock\nid: waiting\nstart: {submitted: true}\n", "clock-form", "/start", None),
        ("kind: Clock\nid: resolution\nstop: {submitted: true}\n", "clock-edge", "/stop/submitted", None),
        ("kind: Clock\nid: c\nlabel: {en: C}\nstart: {submitted: true}\nstop: {enter: closed}\n", "missing-key", "", None),
        ("kind: Clock\nid: resolution\nwithin: waiting\n", "clock-circle", "", None),
        # metrics
        (METRIC + "value: {sum: waitng}\n", "unknown-clock-or-number", "/value/sum", "waiting"),
        (METRIC + "value: {average: title}\n", "unknown-clock-or-number", "/value/average", None),
        (
            METRIC + "value: {percentile: {of: resolutions, p: 0.9}}\n",
            "unknown-clock-or-number",
            "/value/percentile/of",
            "resolution",
        ),
        (
            METRIC + "value: {ratio: {of: {count: {where: {strem: {eq: incident}}}}, over: {count: {}}}}\n",
            "unknown-field-or-clock",
            "/value/ratio/of/count/where/strem",
            "stream",
        ),
        (
            METRIC + "value: {count: {}}\nwhere: {all: [{not: {stream: {eq: incidents}}}]}\n",
            "unknown-choice",
            "/where/all/0/not/stream/eq",
            "incident",
        ),
        (
            METRIC + "value: {count: {}}\nwhere: {status: {in: [closed, cancled]}}\n",
            "unknown-choice",
            "/where/status/in/1",
            "cancelled",
        ),
        (METRIC + "value: {count: {}}\nwhere: {title: {met: true}}\n", "met-of-field", "/where/title/met", None),
        (METRIC + "value: {count: {}}\nby: [servce_item]\n", "unknown-field", "/by/0", "service_item"),
        (METRIC + "value: {count: {}}\njudges: agnet\n", "unknown-role", "/judges", "agent"),
        (METRIC.replace("submitted_at", "title") + "value: {count: {}}\n", "unknown-field-that-holds-a-moment", "/period/by", None),
        (
            METRIC + "value: {count: {}}\nexamples: [{given: [{statuss: closed}], expect: [{value: 1}]}]\n",
            "unknown-field-or-clock",
            "/examples/0/given/0/statuss",
            "status",
        ),
        (
            METRIC + "value: {count: {}}\nexamples: [{given: [{waiting: 5}], expect: [{value: 1}]}]\n",
            "example-cell",
            "/examples/0/given/0/waiting",
            None,
        ),
    ],
)
def test_one_finding_with_the_nearest_right_word(text: str, rule: str, at: str, nearest: str | None) -> None:
    found = [finding for finding in findings(text) if finding.rule == rule]
    assert [(finding.place.path, finding.nearest) for finding in found[:1]] == [(at, nearest)]
    assert found[0].place.source == "f.yaml" or not at


def test_the_file_and_line_of_a_wrong_reference() -> None:
    (finding,) = findings("kind: Clock\nid: resolution\ncalendar: cn_5x9\n")
    assert finding.message == "'cn_5x9' is not a calendar of this practice"
    assert (finding.place.source, finding.place.line, finding.place.column) == ("f.yaml", 4, 11)
    assert finding.allowed == ("cn_5x8", "always", "by_meeting_time")
    assert finding.nearest == "cn_5x8"


def test_removing_a_term_that_is_used_points_at_its_users() -> None:
    found = findings("kind: Routing\nid: routing\nremove: [roles/manager]\n")
    assert {finding.rule for finding in found} == {"unknown-role"}
    users = {f"deskweave:service-desk/{name}.yaml" for name in ("fields", "routing", "statuses", "desks")}
    assert users <= {finding.place.source for finding in found}
