"""What the emulated tenant looks like before anybody works in it: a ledger made by hand, and other people's tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from deskweave.model import Binding
from deskweave_feishu.config import TABLE
from deskweave_feishu.configuration import definition
from deskweave_feishu.emulator.columns import UI_TYPES
from deskweave_feishu.emulator.state import Column, Table
from deskweave_feishu.ledger import CORRELATION, CROSS_REFERENCE, LEDGER

if TYPE_CHECKING:
    from deskweave_feishu.emulator.platform import FeishuPlatform

STATUSES: Final = ("待受理", "处理中", "待用户反馈", "待第三方处理", "已解决", "已关闭", "已取消")
#: name, type, options or what the column is set to: what a ledger made by hand has before `apply` completes it.
CORE: Final[Sequence[tuple[str, int, Any]]] = (
    ("标题", 1, None),
    (
        "编号",
        1005,
        {
            "auto_serial": {
                "type": "custom",
                "options": [{"type": "fixed_text", "value": "FS-"}, {"type": "system_number", "value": "4"}],
            }
        },
    ),
    ("状态", 3, STATUSES),
    ("问题描述", 1, None),
    ("用户", 1, None),
    ("邮箱", 1, None),
    ("用户登记时间", 5, {"date_formatter": "yyyy/MM/dd HH:mm", "auto_fill": True}),
    (CORRELATION, 1, None),
    (CROSS_REFERENCE, 1, None),
    ("负责人", 11, {"multiple": False}),
)
OTHERS: Final = (("采购申请", ("物品", "数量", "申请人")), ("值班表", ("日期", "值班人")))
#: The company whose desk this is: its people are on every platform they work with.
STAFF: Final = (
    ("林涛", "lin.tao@acme.example", "采购部"),
    ("何雪", "he.xue@desk.acme.example", "IT 服务台"),
    ("李伟", "li.wei@desk.acme.example", "IT 服务台"),
    ("Chen Jing", "chen.jing@desk.acme.example", "IT 服务台"),
    ("Jonas Wolf", "jonas.wolf@desk.acme.example", "IT 服务台"),
    ("张伟", "zhang.wei@acme.example", "财务部"),
    ("王芳", "wang.fang@acme.example", "人力资源部"),
    ("李娜", "li.na@acme.example", "市场部"),
    ("刘洋", "liu.yang@acme.example", "研发中心"),
    ("陈静", "chen.jing@acme.example", "采购部"),
    ("赵磊", "zhao.lei@acme.example", "客服中心"),
    ("孙丽", "sun.li@acme.example", "法务部"),
    ("周强", "zhou.qiang@acme.example", "生产部"),
    ("吴敏", "wu.min@acme.example", "质量部"),
    ("Anna Berg", "anna.berg@acme.example", "Sales"),
    ("Tom Fischer", "tom.fischer@acme.example", "Logistics"),
    ("Maria Silva", "maria.silva@acme.example", "Finance"),
)


def seed(platform: FeishuPlatform, ledger: str) -> None:
    """Fill the tenant. `ledger`: "core" makes the ledger table with a few columns, "none" leaves the base without one."""
    staff = [platform.add_person(name, email, department=department) for name, email, department in STAFF]
    for name, columns in OTHERS:
        table = add_table(platform, name, [(column, 1, None) for column in columns])
        for number in range(3):
            cells: Mapping[str, Any] = {table.columns[0].field_id: f"{columns[0]} {number + 1}"}
            platform.bitable.add(platform.base, table, cells, staff[0])
    if ledger == "core":
        add_table(platform, TABLE, CORE)
    platform.helpdesk.fields.append(
        {
            "ticket_customized_field_id": platform.ids.long(),
            "helpdesk_id": platform.helpdesk.helpdesk_id,
            "key_name": "asset",
            "display_name": "资产编号",
            "position": "1",
            "field_type": "string",
            "description": "",
            "visible": True,
            "editable": True,
            "required": False,
            "created_at": str(platform.milliseconds()),
            "updated_at": str(platform.milliseconds()),
            "dropdown_allow_multiple": False,
        }
    )


def add_table(platform: FeishuPlatform, name: str, columns: Sequence[tuple[str, int, Any]]) -> Table:
    """A table as a person makes it."""
    table = Table(platform.ids.made("tbl", 14), name)
    for column, kind, setup in columns:
        add_column(platform, table, column, kind, setup)
    platform.base.tables[table.table_id] = table
    return table


def add_column(platform: FeishuPlatform, table: Table, name: str, kind: int, setup: Any = None) -> Column:
    """A column as a person makes it; for a select `setup` is the names of its options."""
    if kind in (3, 4):
        options = [{"id": platform.ids.made("opt", 8), "name": option, "color": at} for at, option in enumerate(setup or ())]
        setup = {"options": options}
    column = Column(platform.ids.made("fld", 8), name, kind, UI_TYPES[kind], setup, primary=not table.columns)
    table.columns.append(column)
    return column


def prepare(platform: FeishuPlatform, table_name: str, binding: Binding) -> None:
    """Make every column and option that a binding's ledger speaks of, as somebody who sets the table up by hand would."""
    bound = binding.collections[LEDGER]
    table = platform.base.table_named(table_name) or add_table(platform, table_name, CORE[:1])
    for name, at in bound.fields.items():
        field = binding.fields.get(name)
        if field is None or field.type == "messages":
            continue
        column = table.find(at.native) or table.named(at.at)
        if column is None:
            wanted = definition(at.at, field.type)
            setup = () if wanted["type"] in (3, 4) else wanted.get("property")
            column = add_column(platform, table, at.at, int(str(wanted["type"])), setup)
        for raw in at.choices.values():
            _offer(platform, column, str(raw))
    for said in bound.statuses.values():
        for native, raw in said.is_.items():
            column = table.find(native) or add_column(platform, table, native, 3)
            _offer(platform, column, str(raw))
    for extra in (bound.correlation, bound.cross_reference):
        if extra and table.find(extra) is None:
            add_column(platform, table, extra, 1)


def _offer(platform: FeishuPlatform, column: Column, name: str) -> None:
    if column.type in (3, 4) and column.option(name=name) is None:
        options = [*column.options, {"id": platform.ids.made("opt", 8), "name": name, "color": len(column.options) % 55}]
        column.setup = {**(column.setup or {}), "options": options}
