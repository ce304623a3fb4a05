"""What is offered to whom, and how an inquiry ends (practice B, C4-C6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from deskweave.findings import Finding
from deskweave.model import Phase
from deskweave.model.predicate import holds
from deskweave.practice import Practice, builtin

HEAD = "apiVersion: deskweave/v1\n"
CATALOG = "kind: Catalog\nid: services\n"
STATUS = "kind: StatusModel\nid: inquiry\n"
ITEM = "/categories/desktop_operations/services/software_failure/items/common_software_failure"


def item(words: str) -> str:
    """A share that says `words` of one item."""
    return CATALOG + (
        f"categories: {{desktop_operations: {{services: {{software_failure: {{items: {{common_software_failure: {{{words}}}}}}}}}}}}}\n"
    )


# ------------------------------------------------------------------------------------------------- the built-in practice
@pytest.mark.practice("B1")
@pytest.mark.parametrize(
    ("service", "level"),
    # T2's column 服务级别 as the level that holds: by meeting time for the two rows of meeting support (the second is blank in the table)
    [
        ("操作系统安装", "standard"),
        ("操作系统故障处理", "standard"),
        ("软件安装与卸载", "standard"),
        ("软件故障问题", "standard"),
        ("终端硬件报修", "standard"),
        ("会议室会议软件维护", "meeting"),
        ("高管会议支持", "meeting"),
        ("使用咨询", "standard"),
        ("故障升级处理", "standard"),
        ("应用系统申请", "standard"),
        ("应用系统权限", "standard"),
    ],
)
def test_every_row_names_its_service_level(practice: Practice, service: str, level: str) -> None:
    (row,) = (item for item in practice.catalog.values() if item.service_label["zh"] == service)
    assert row.service_level == level
    assert practice.calendars[row.hours].from_inquiry is (level == "meeting")


@pytest.mark.practice("B6")
def test_the_systems_of_the_catalog_feed_the_ticket(practice: Practice) -> None:
    """B6: one list, a placeholder until a client states its own."""
    assert [system.label["zh"] for system in practice.systems.values()] == ["业务系统"]
    assert practice.fields["system_module"].choices == practice.systems


@pytest.mark.practice("B4")
def test_a_signed_in_user_is_offered_what_asks_for_a_person(practice: Practice) -> None:
    """B4."""
    asks = [slug for slug, item in practice.catalog.items() if item.entitled is not None]
    assert asks == ["business_system_request", "business_system_access"]
    for slug in asks:
        assert holds(practice.catalog[slug].entitled, {"user": "wang"})
        assert not holds(practice.catalog[slug].entitled, {})
    assert not any(item.stock for item in practice.catalog.values())


@pytest.mark.practice("C4")
def test_silence_after_the_solution_closes(practice: Practice) -> None:
    """C4: one message, and silence until a set time counts as solved and closes the record."""
    model = practice.statuses
    ends = model.confirmation
    assert model.statuses[ends.status].phase is Phase.RESOLVED
    assert ends.status in model.transitions[ends.transition].sources
    assert model.statuses[model.transitions[ends.transition].target].phase is Phase.CLOSED
    assert (ends.silence, ends.calendar) == (timedelta(hours=24), "cn_5x8")
    # or the user's silence would be charged to the agent
    assert model.statuses[ends.status].counts_as_waiting
    template = practice.templates[ends.template]
    assert (template.occasion, template.answer, template.audience) == ("resolved", "confirmation", ("user",))


@pytest.mark.practice("C6")
def test_nothing_is_forgotten(practice: Practice) -> None:
    """C6."""
    stale = practice.statuses.stale
    assert (stale.after, stale.calendar, stale.tells) == (timedelta(hours=16), "cn_5x8", ("agent", "manager"))
    assert practice.templates[stale.template].occasion == "stale"
    assert set(stale.tells) <= set(practice.templates[stale.template].audience)


@pytest.mark.practice("C5")
def test_closing_needs_the_solution_and_the_cause(practice: Practice) -> None:
    """C5."""
    assert {slug for slug, field in practice.fields.items() if field.required_entering == "closed"} >= {
        "solution",
        "problem_category",
    }


@pytest.mark.parametrize(
    ("kind", "numbers"), [("Catalog", {"B1", "B2", "B4", "B5", "B6"}), ("StatusModel", {"C1", "C4", "C5", "C6"})]
)
def test_documents_name_the_requirements_they_state(practice: Practice, kind: str, numbers: set[str]) -> None:
    (body,) = (body for (found, _), body in practice.documents.items() if found == kind)
    assert numbers <= set(body["satisfies"])


# ------------------------------------------------------------------------------------------------------ broken and mended
# text, rule, path, message, and the words that mend it
BROKEN = [
    # entitlement
    (
        item("entitled: {departmnt: {eq: Sales}}"),
        "unknown-field",
        f"{ITEM}/entitled/departmnt",
        "'departmnt' is not a field of this practice",
        ("departmnt", "department"),
    ),
    (
        item("entitled: {all: [{user: {present: true}}, {not: {stream: {eq: praise}}}]}"),
        "entitled-by-inquiry",
        f"{ITEM}/entitled/all/1/not/stream",
        "'stream' says nothing about the person; an offer is made before there is an inquiry",
        ("stream: {eq: praise}", "city: {in: [Beijing, Xi'an]}"),
    ),
    # a clock is nothing of a person either
    (
        item("entitled: {any: [{first_response: {met: true}}]}"),
        "unknown-field",
        f"{ITEM}/entitled/any/0/first_response",
        "'first_response' is not a field of this practice",
        ("first_response: {met: true}", "country_region: {ne: Ireland}"),
    ),
    # confirmation
    (
        STATUS + "confirmation: {status: solved}\n",
        "unknown-status",
        "/confirmation/status",
        "'solved' is not a status of this practice",
        ("solved", "resolved"),
    ),
    (
        STATUS + "confirmation: {transition: closing}\n",
        "unknown-transition",
        "/confirmation/transition",
        "'closing' is not a transition of this practice",
        ("closing", "confirm"),
    ),
    (
        STATUS + "confirmation: {transition: reopen}\n",
        "confirmation-from",
        "/confirmation/transition",
        "the transition 'reopen' does not lead from 'resolved'",
        ("reopen", "close"),
    ),
    (
        STATUS + "confirmation: {transition: reject}\n",
        "confirmation-to",
        "/confirmation/transition",
        "silence counts as solved, and 'reject' does not lead to a closed status",
        ("reject", "close"),
    ),
    (
        STATUS + "confirmation: {calendar: cn_5x9}\n",
        "unknown-calendar",
        "/confirmation/calendar",
        "'cn_5x9' is not a calendar of this practice",
        ("cn_5x9", "always"),
    ),
    (
        STATUS + "confirmation: {template: solved}\n",
        "unknown-template",
        "/confirmation/template",
        "'solved' is not a template of this practice",
        ("solved", "resolved_confirmation"),
    ),
    # stale
    (
        STATUS + "stale: {calendar: cn}\n",
        "unknown-calendar",
        "/stale/calendar",
        "'cn' is not a calendar of this practice",
        ("cn", "cn_5x8"),
    ),
    (
        STATUS + "stale: {tells: [manager, boss]}\n",
        "unknown-role",
        "/stale/tells/1",
        "'boss' is not a role of this practice",
        (", boss", ""),
    ),
    (
        STATUS + "stale: {template: dusty}\n",
        "unknown-template",
        "/stale/template",
        "'dusty' is not a template of this practice",
        ("dusty", "stale"),
    ),
]


def mended(text: str, mend: tuple[str, str]) -> str:
    """The last place is meant: words of a rule may stand in its path too."""
    before, _, after = text.rpartition(mend[0])
    return before + mend[1] + after


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
    composed(mended(text, mend))


def test_the_ways_silence_may_take_are_named(findings: Callable[[str], list[Finding]]) -> None:
    (finding,) = findings(STATUS + "confirmation: {transition: cancel}\n")
    assert finding.allowed == ("confirm", "close")


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        (STATUS + "remove: [confirmation]\nconfirmation: {status: resolved, transition: close, calendar: cn_5x8}\n", "silence"),
        (STATUS + "remove: [stale]\nstale: {after: PT4H, calendar: cn_5x8}\n", "tells"),
        (CATALOG + "systems: {erp: {}}\n", "label"),
    ],
)
def test_what_must_be_there_once_composed(text: str, missing: str, findings: Callable[[str], list[Finding]]) -> None:
    assert [finding.message for finding in findings(text)] == [f"the key {missing!r} is missing"]


def test_wrong_shapes_are_told_and_nothing_raises(findings: Callable[[str], list[Finding]]) -> None:
    text = (
        STATUS + "confirmation: {status: [a], transition: {x: y}}\nstale: 5\n---\n" + item("entitled: [1], service_level: {x: y}")
    )
    assert {"wrong-type"} <= {finding.rule for finding in findings(text)}


# -------------------------------------------------------------------------------------------------------- a client's share
ACME = (
    CATALOG
    + """\
systems: {erp: {label: {en: ERP, zh: ERP系统}}, crm: {label: {en: CRM, zh: 客户关系管理系统}}}
categories:
  desktop_operations:
    services:
      equipment:
        label: {en: Equipment, zh: 设备领用}
        items:
          loan_laptop:
            label: {en: Loan laptop, zh: 借用笔记本电脑}
            served: user
            stream: service_request
            channels: [self_service]
            delivery: [on_site]
            entitled: {all: [{grade: {gte: 3}}, {city: {eq: Beijing}}]}
            stock: true
---
kind: Fields
id: inquiry
fields: {grade: {label: {en: Grade, zh: 职级}, type: integer, group: people}}
---
"""
    + STATUS
    + "confirmation: {silence: PT16H, calendar: always}\nstale: {after: PT8H}\n"
)


@pytest.mark.practice("B4")
@pytest.mark.parametrize(
    ("person", "offered"),
    [
        ({"grade": 3, "city": "Beijing"}, True),
        ({"grade": 2, "city": "Beijing"}, False),
        ({"grade": 5, "city": "Shanghai"}, False),
        # what is not known of a person entitles to nothing
        ({}, False),
    ],
)
def test_a_client_entitles_by_fields_of_its_own(person: dict[str, Any], offered: bool, composed: Callable[[str], Practice]) -> None:
    laptop = composed(ACME).catalog["loan_laptop"]
    assert laptop.stock
    assert holds(laptop.entitled, person) is offered


@pytest.mark.practice("B6")
def test_a_client_states_its_systems_and_spans(composed: Callable[[str], Practice]) -> None:
    acme, base = composed(ACME), builtin()
    assert list(acme.fields["system_module"].choices) == ["business_system", "erp", "crm"]
    assert acme.statuses.confirmation.silence == timedelta(hours=16)
    assert acme.statuses.confirmation.template == base.statuses.confirmation.template
    assert acme.statuses.stale.after == timedelta(hours=8)
    removed = composed(CATALOG + "remove: [systems/business_system]\nsystems: {erp: {label: {en: ERP}}}\n")
    assert list(removed.fields["system_module"].choices) == ["erp"]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("Catalog/services/systems/erp/label/en", "f.yaml"),
        ("Catalog/services/categories/desktop_operations/services/equipment/items/loan_laptop/entitled/all", "f.yaml"),
        ("StatusModel/inquiry/confirmation/silence", "f.yaml"),
        ("StatusModel/inquiry/confirmation/transition", "deskweave:service-desk/statuses.yaml"),
        ("StatusModel/inquiry/stale/after", "f.yaml"),
        ("StatusModel/inquiry/stale/tells", "deskweave:service-desk/statuses.yaml"),
    ],
)
def test_origin_names_the_layer(path: str, source: str, composed: Callable[[str], Practice]) -> None:
    assert composed(ACME).origin(path).source == source


# ------------------------------------------------------------------------------------------------------------ forms (F6)
def _asking(fields: str) -> str:
    where = "categories: {desktop_operations: {services: {hardware_repair: {items: {device_hardware_repair: {asks: %s}}}}}}"
    return CATALOG + where % fields + "\n"


@pytest.mark.practice("F6")
def test_an_item_says_what_its_form_asks_besides(composed: Callable[[str], Practice]) -> None:
    asked = composed(_asking("[system_module, symptom]")).catalog["device_hardware_repair"].asks
    assert asked == ("system_module", "symptom")
    assert {item.asks for item in builtin().catalog.values()} == {()}  # what every inquiry needs is enough for the eleven rows


@pytest.mark.parametrize(
    ("fields", "rule", "found", "nearest"),
    [
        ("[sympton]", "unknown-field", "sympton", "symptom"),
        ("[symptom, created_at]", "asks-of-system", "created_at", None),  # nobody types when a ticket was made
    ],
)
def test_a_form_asks_fields_that_people_can_fill_in(
    fields: str, rule: str, found: str, nearest: str | None, findings: Callable[[str], list[Finding]]
) -> None:
    (told,) = findings(_asking(fields))
    assert (told.rule, told.found, told.nearest) == (rule, found, nearest)
    assert told.place.path.endswith(f"device_hardware_repair/asks/{fields.count(',')}")
