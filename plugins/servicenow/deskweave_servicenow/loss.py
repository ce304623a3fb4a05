"""What ServiceNow's public API cannot make for us, or this release does not make: what a person does, and where (practice M2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from deskweave.connector import Element, Loss

HELD_KINDS: Final = frozenset({"field", "choice"})

#: kind -> (degree, what, English step, Chinese step, menu path). No name in any of it: what is worded alike is one step for all.
_BY_HAND: Final[Mapping[str, tuple[Literal["narrowed", "by_hand"], str, str, str, str]]] = {
    "status": (
        "by_hand",
        "the states of incident and interaction are the platform's own; the binding says which of them stand for these statuses",
        "Look whether the states bound to them exist; add one to the choice list of State only if your reports need it.",
        "请确认绑定的状态值存在；仅当报表确有需要时，才在 State 字段的选项列表中新增。",
        "System Definition > Choice Lists (table incident or interaction, element state)",
    ),
    "transition": (
        "by_hand",
        "who may change which state is not kept by the Table API",
        "Only where a step must be forbidden: a UI policy or a business rule on incident that allows it to the roles named.",
        "仅当必须禁止某些流转时：在 incident 上用 UI Policy 或业务规则限定可执行该流转的角色。",
        "System UI > UI Policies; System Definition > Business Rules",
    ),
    "catalog_item": (
        "by_hand",
        "catalog items and their variables are not made by this release; they are choices of the column for the service item",
        "Only if users are to pick them in the portal: make a record producer of the same name for each, in its category.",
        "仅当用户需要在门户中选择时：在对应类别下为每一项新建同名的记录生成器。",
        "Service Catalog > Catalog Definitions > Record Producers",
    ),
    "request_type": (
        "by_hand",
        "request types are catalog items here and are not made by this release",
        "Make a record producer of the same name for each.",
        "请为每一项新建同名的记录生成器。",
        "Service Catalog > Catalog Definitions > Record Producers",
    ),
    "clock": (
        "by_hand",
        "SLA definitions are not made by this release; interaction has none at all. Deskweave measures by its own clocks",
        "Only if agents are to see them there: an SLA definition on incident for each goal; move them in an update set.",
        "仅当需要在平台中显示时：在 incident 上为每个目标和日程新建 SLA 定义；迁移到生产环境请使用更新集。",
        "Service Level Management > SLA > SLA Definitions; System Update Sets > Local Update Sets",
    ),
    "calendar": (
        "by_hand",
        "schedules are not made by this release; Deskweave counts by its own calendars",
        "Only where an SLA definition needs one: a schedule with these working hours and holidays.",
        "仅当 SLA 定义需要时：新建包含这些工作时间和节假日的日程。",
        "System Scheduler > Schedules > Schedules",
    ),
    "metric": (
        "narrowed",
        "KPIs are computed and shown by Deskweave; indicators of Performance Analytics are not made",
        "Use `deskweave kpi`; make an indicator only if it must be seen in ServiceNow and the licence is there.",
        "指标由 Deskweave 计算（deskweave kpi）；仅当必须在 ServiceNow 中查看且具备许可时再新建指标。",
        "Performance Analytics > Indicators > Automated Indicators",
    ),
}
_ALIKE: Final[Mapping[str, str]] = {"service_level": "clock"}


def loss_of(element: Element) -> Loss:
    """What is lost of an element of a kind that is not held here; an unknown kind is said to be impossible."""
    assert element.id is not None
    kind = element.id.kind
    found = _BY_HAND.get(_ALIKE.get(kind, kind))
    if found is None:
        return Loss(
            element=element.id,
            degree="impossible",
            what=f"ServiceNow has no place for a {kind} that this connector could use",
            steps={
                "en": "Keep it in the practice; it is used by Deskweave alone.",
                "zh": "保留在实践文件中，仅由 Deskweave 使用。",
            },
            where=None,
            verify=False,
        )
    degree, what, english, chinese, where = found
    return Loss(
        element=element.id,
        degree=degree,
        what=what,
        steps={"en": english, "zh": chinese},
        where=where,
        verify=False,
    )
