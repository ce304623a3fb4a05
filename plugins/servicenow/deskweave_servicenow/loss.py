"""What ServiceNow's public API cannot make for us, or this release does not make: what a person does, and where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from deskweave.connector import Element, Loss
from deskweave.model import Json

HELD_KINDS: Final = frozenset({"field", "choice"})

#: kind -> (what, English step, Chinese step, menu path)
_BY_HAND: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "status": (
        "the states of incident and interaction are the platform's own; the binding says which of them stand for this status",
        "Look whether the state bound to it exists; add one to the choice list of State only if your reports need it.",
        "请确认绑定的状态值存在；仅当报表确有需要时，才在 State 字段的选项列表中新增。",
        "System Definition > Choice Lists (table incident or interaction, element state)",
    ),
    "transition": (
        "who may change which state is not kept by the Table API",
        "Set up a State Model, or a UI policy and a business rule, that allow this step to the roles named.",
        "请通过 State Model，或 UI Policy 与业务规则，限定哪些角色可以执行该流转。",
        "State Management > State Models; System UI > UI Policies; System Definition > Business Rules",
    ),
    "catalog_item": (
        "catalog items and their variables are not made by this release",
        "Make a record producer or catalog item with this name in its category.",
        "请在对应类别下新建同名的目录项或记录生成器。",
        "Service Catalog > Catalog Definitions > Maintain Items / Record Producers",
    ),
    "request_type": (
        "request types are catalog items here and are not made by this release",
        "Make a record producer with this name.",
        "请新建同名的记录生成器。",
        "Service Catalog > Catalog Definitions > Record Producers",
    ),
    "clock": (
        "SLA definitions are not made by this release; interaction is no task and has none at all",
        "Make an SLA definition on incident with this goal and schedule; to move it to production use an update set.",
        "请在 incident 上新建对应目标和日程的 SLA 定义；迁移到生产环境请使用更新集。",
        "Service Level Management > SLA > SLA Definitions; System Update Sets > Local Update Sets",
    ),
    "service_level": (
        "SLA definitions are not made by this release; interaction is no task and has none at all",
        "Make an SLA definition on incident with this goal and schedule; to move it to production use an update set.",
        "请在 incident 上新建对应目标和日程的 SLA 定义；迁移到生产环境请使用更新集。",
        "Service Level Management > SLA > SLA Definitions; System Update Sets > Local Update Sets",
    ),
    "calendar": (
        "schedules are not made by this release",
        "Make a schedule with these working hours and holidays.",
        "请新建包含这些工作时间和节假日的日程。",
        "System Scheduler > Schedules > Schedules",
    ),
    "metric": (
        "KPIs are computed by Deskweave; indicators of Performance Analytics are not made",
        "Use `deskweave kpi`; make an indicator only if it must be seen in ServiceNow and the licence is there.",
        "指标由 Deskweave 计算（deskweave kpi）；仅当必须在 ServiceNow 中查看且具备许可时再新建指标。",
        "Performance Analytics > Indicators > Automated Indicators",
    ),
}


def _words(label: Json, fallback: str) -> str:
    if isinstance(label, Mapping):
        return str(label.get("en") or next(iter(label.values()), fallback))
    return fallback


def loss_of(element: Element) -> Loss:
    """The by-hand step for an element of a kind that is not held here; an unknown kind is said to be impossible."""
    assert element.id is not None
    name = _words(element.attributes.get("label"), element.id.path)
    found = _BY_HAND.get(element.id.kind)
    if found is None:
        return Loss(
            element=element.id,
            degree="impossible",
            what=f"{name}: ServiceNow has no place for a {element.id.kind} that this connector could use",
            steps={
                "en": "Keep it in the practice; it is used by Deskweave alone.",
                "zh": "保留在实践文件中，仅由 Deskweave 使用。",
            },
            where=None,
            verify=False,
        )
    what, english, chinese, where = found
    return Loss(
        element=element.id,
        degree="by_hand",
        what=f"{name}: {what}",
        steps={"en": english, "zh": chinese},
        where=where,
        verify=False,
    )
