"""What Feishu's API cannot hold of a practice, and what a person does instead (practice M2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from deskweave.connector import Element, ElementId, Loss

ADMIN: Final = "服务台管理后台 (feishu.cn/helpdesk/admin)"
SETTINGS: Final = f"{ADMIN} > 设置中心"


@dataclass(frozen=True, slots=True)
class _Lack:
    degree: Literal["narrowed", "by_hand", "impossible"]
    what: str
    en: str
    zh: str
    where: str | None


_KINDS: Final[Mapping[str, _Lack]] = {
    "status": _Lack(
        "narrowed",
        "A status is an option of the ledger's status column; phases are not kept. Helpdesk statuses are fixed by Feishu.",
        "Nothing to do for the ledger. Helpdesk tickets keep Feishu's eight statuses; the binding says how they read.",
        "台账无需操作。服务台工单沿用飞书固定的八种状态，对应关系写在绑定文件中。",
        None,
    ),
    "transition": _Lack(
        "by_hand",
        "A base lets anybody who may edit choose any status.",
        "To be told of a forbidden step, add an automation on the status column; to forbid it, limit who may edit the column.",
        "如需提醒，请为状态列添加自动化；如需禁止，请用高级权限限制可编辑该列的角色。",
        "多维表格 > 自动化；多维表格 > 高级权限",
    ),
    "catalog_item": _Lack(
        "narrowed",
        "A catalog item is an option of the service item column; its category, hours, channels and delivery are not kept.",
        "Nothing to do: the option is created with the field. Entry points of the helpdesk are made by hand.",
        "无需操作：选项随字段创建。服务台的入口分类需手工设置。",
        f"{SETTINGS} > 常用设置 > 初始化体验",
    ),
    "request_type": _Lack(
        "by_hand",
        "The scenes in which users reach agents cannot be made through the API.",
        "Make the scene and assign its agents by hand.",
        "请手工新建用户场景并分配客服。",
        f"{SETTINGS} > 管理",
    ),
    "clock": _Lack(
        "by_hand",
        "Feishu has no service levels in its API; its own measures count from when an agent enters, not from the request.",
        "Reminders to agents can be set by hand; Deskweave measures the clocks itself.",
        "可手工设置提醒客服回复与工单升级的时间；时钟由 Deskweave 自行计量。",
        f"{SETTINGS} > 高级设置",
    ),
    "calendar": _Lack(
        "by_hand",
        "Only each agent's week can be set, and only with a person's login; holidays are not known.",
        "Set the agents' hours by hand.",
        "请手工设置客服的服务时间。",
        ADMIN,
    ),
    "metric": _Lack(
        "narrowed",
        "KPIs are computed and shown by Deskweave; charts cannot be made through a documented API.",
        "Add a dashboard over the ledger by hand, or use `deskweave kpi`.",
        "请在多维表格中手工添加仪表盘，或使用 deskweave kpi。",
        "多维表格 > 新建 > 仪表盘",
    ),
    "feedback": _Lack(
        "impossible",
        "The helpdesk's rating has three fixed steps and is given by the guest; it can be read, never written.",
        "Nothing to do: the binding maps the three steps by meaning (3 is satisfied).",
        "无需操作：绑定按含义对应三级评价（3 为满意）。",
        None,
    ),
}
_OTHER: Final = _Lack(
    "by_hand",
    "Feishu's API has no place for it.",
    "Keep it in the practice; where users need to see it, write it into the helpdesk's description by hand.",
    "请保留在实践文件中；如需用户可见，请手工写入服务台说明。",
    f"{SETTINGS} > 常用设置 > 基础信息",
)
_ALIKE: Final = {
    "service_level": "clock",
    "priority_matrix": "clock",
    "holidays": "calendar",
    "service": "catalog_item",
    "category": "catalog_item",
    "rating": "feedback",
}


def loss_of(element: Element) -> Loss:
    """The loss for an element of a kind that this connector does not create."""
    assert element.id is not None
    lack = _KINDS.get(_ALIKE.get(element.id.kind, element.id.kind), _OTHER)
    return _loss(element.id, lack)


def ticket_field(id_: ElementId) -> Loss:
    """A field bound to the helpdesk: creating it takes a person's login, which this release does not have."""
    lack = _Lack(
        "by_hand",
        "A helpdesk's ticket fields can only be changed with the login of its owner or an admin; the app's own token is refused.",
        "Add the ticket field by hand; its key (not its name) is what the binding names after customized_fields.",
        "请手工添加工单自定义字段；绑定中 customized_fields. 之后写的是字段的键名。",
        SETTINGS,
    )
    return _loss(id_, lack)


def ticket_choice(id_: ElementId) -> Loss:
    """A choice of a ticket's field: Feishu's own values, or options that are made with the field."""
    lack = _Lack(
        "narrowed",
        "A ticket's own fields have Feishu's fixed values; the binding says which of them is read as which choice.",
        "Nothing to do; the options of a field added by hand are made with it.",
        "无需操作；手工添加的字段请同时添加选项。",
        None,
    )
    return _loss(id_, lack)


def message_field(id_: ElementId) -> Loss:
    """The exchange of messages, which a row of a table has no place for."""
    lack = _Lack(
        "impossible",
        "A row of a base has no messages that the API can read or write.",
        "Messages stay in the helpdesk ticket and on the other platforms; the cross-reference column links to them.",
        "消息保留在服务台工单和其他平台；互查列提供链接。",
        None,
    )
    return _loss(id_, lack)


def person_as_text(id_: ElementId) -> Loss:
    lack = _Lack(
        "narrowed",
        "People are kept as text (name or address), not as members of the tenant.",
        "Nothing to do.",
        "无需操作。",
        None,
    )
    return _loss(id_, lack)


def _loss(id_: ElementId, lack: _Lack) -> Loss:
    return Loss(
        element=id_, degree=lack.degree, what=lack.what, steps={"en": lack.en, "zh": lack.zh}, where=lack.where, verify=False
    )
