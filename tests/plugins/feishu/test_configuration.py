"""The practice's fields and choices as columns and options, made by an account that may."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from deskweave.connector import Element, ElementChange, ElementId
from deskweave.errors import Executed, PermissionMissing, Rejected, TransientError
from deskweave.findings import Severity
from deskweave_feishu.emulator import FeishuEmulator, RunningFeishu

FIELDS = [
    # slug, type, column
    ("title", "text", "标题"),
    ("status", "status", "状态"),
    ("service_item", "catalog_item", "服务项"),
    ("tags", "choices", "标签"),
    ("submitted_at", "datetime", "用户登记时间"),
    ("due", "date", "期限"),
    ("effort", "duration", "工时"),
    ("is_repeat", "boolean", "问题是否重复"),
    ("asset", "link", "资产"),
    ("contact_phone", "phone", "联系电话"),
    ("user", "person", "用户"),
]
CHOICES = [
    ("status", "awaiting_acceptance", "待受理"),
    ("status", "in_progress", "处理中"),
    ("service_item", "os_level_failure", "操作系统级别故障处理"),
    ("tags", "first_line", "一线支持"),
]


@pytest.fixture
def running(clock, closing) -> Iterator[RunningFeishu]:
    emulator = FeishuEmulator().start(port=0, seed=11, now=clock, ledger="none")
    yield emulator
    closing.submit(emulator.stop)


def field(slug, type_, name, **more):
    attributes = {"label": {"zh": name}, "type": type_, "name": name, "collection": "ledger", **more}
    return Element(id=ElementId("field", f"fields/{slug}"), native=None, attributes=attributes)


def choice(slug, option, name, order=0):
    attributes = {"label": {"zh": name}, "name": name, "order": order, "collection": "ledger"}
    return Element(id=ElementId("choice", f"fields/{slug}/choices/{option}"), native=None, attributes=attributes)


WANTED = [*(field(*one) for one in FIELDS), *(choice(*one) for one in CHOICES)]


def live(connection):
    found = [*connection.configuration.elements("field", None).items, *connection.configuration.elements("choice", None).items]
    return [element for element in found if element.attributes["collection"] == "ledger"]


def plan(connection, wanted=WANTED):
    """What a host does: leaf by leaf, in the leaves that the platform shows."""
    there = live(connection)
    by_native = {element.native: element for element in there}
    changes = []
    for element in connection.target.express(wanted, there).elements:
        before = by_native.get(element.native)
        if before is None:
            changes.append(ElementChange(verb="create", before=None, after=element))
        elif any(element.attributes.get(name) != value for name, value in before.attributes.items()):
            changes.append(ElementChange(verb="change", before=before, after=element))
    return changes


def apply(connection, changes):
    return [connection.target.apply(change, key=f"plan/{number}") for number, change in enumerate(changes)]


def table(running):
    return running.platform.base.table_named("服务台账")


def test_a_base_without_a_table_gets_one_and_the_next_plan_is_empty(running, connect):
    connection = connect("admin")
    assert live(connection) == []
    changes = plan(connection)
    assert len(changes) == len(FIELDS) + len(CHOICES)
    assert [finding.rule for finding in connection.target.preflight(changes)] == ["table-made"]
    outcomes = apply(connection, changes)
    assert all(outcome.executed is Executed.YES and outcome.error is None for outcome in outcomes)
    assert plan(connection) == []
    assert plan(connect("admin")) == []
    shown = {column.name: column.ui_type for column in table(running).columns}
    assert shown == {
        "标题": "Text",
        "关联标识": "Text",
        "互查": "Text",
        "状态": "SingleSelect",
        "服务项": "SingleSelect",
        "标签": "MultiSelect",
        "用户登记时间": "DateTime",
        "期限": "DateTime",
        "工时": "Number",
        "问题是否重复": "Checkbox",
        "资产": "Url",
        "联系电话": "Text",
        "用户": "Text",
    }
    assert table(running).columns[0].name == "标题"  # the first column is what people see
    assert table(running).named("用户登记时间").setup["auto_fill"] is True
    assert table(running).named("期限").setup["date_formatter"] == "yyyy/MM/dd"
    assert [option["name"] for option in table(running).named("状态").options] == ["待受理", "处理中"]


def test_natives_are_what_the_platform_calls_them(running, connect):
    connection = connect("admin")
    changes = plan(connection)
    outcomes = apply(connection, changes)
    natives = {change.after.id.path: outcome.ref.rid for change, outcome in zip(changes, outcomes, strict=True)}
    column = table(running).named("状态")
    assert natives["fields/status"] == column.field_id
    assert natives["fields/status/choices/in_progress"] == f"{column.field_id}/{column.options[1]['id']}"


def test_applying_twice_is_applying_once(running, connect):
    connection = connect("admin")
    changes = plan(connection)
    first = apply(connection, changes)
    again = apply(connect("admin"), changes)
    assert [outcome.ref for outcome in again] == [outcome.ref for outcome in first]
    assert len(table(running).columns) == len(FIELDS) + 2


@pytest.mark.parametrize("fault", ["lost_answer", "timed_out"])
def test_an_answer_lost_in_mid_apply_makes_nothing_twice(running, connect, fault):
    connection = connect("admin")
    changes = plan(connection)
    apply(connection, changes[:1])
    running.faults.arm(fault, method="POST", path="/fields")
    with pytest.raises(TransientError) as caught:
        connection.target.apply(changes[1], key="k")
    assert caught.value.executed is Executed.MAYBE
    outcome = connect("admin").target.apply(changes[1], key="k")
    assert outcome.ref.rid == table(running).named("状态").field_id
    assert [column.name for column in table(running).columns].count("状态") == 1


def test_an_option_is_added_without_touching_the_others(running, connect):
    """PUT replaces a column's definition: an option sent without its id would be a new one, and its cells empty."""
    connection = connect("admin")
    apply(connection, plan(connection))
    column = table(running).named("状态")
    running.platform.bitable.add(
        running.platform.base, table(running), {column.field_id: "处理中"}, running.platform.person("林涛")
    )
    before = [dict(option) for option in column.options]
    column.description = "谁都可以看"
    apply(connection, plan(connection, [*WANTED, choice("status", "closed", "已关闭")]))
    column = table(running).named("状态")
    assert column.options[:2] == before
    assert [option["name"] for option in column.options] == ["待受理", "处理中", "已关闭"]
    assert column.description == "谁都可以看"
    assert [row.cells[column.field_id] for row in table(running).rows.values()] == [before[1]["id"]]


def test_a_renamed_column_and_option_keep_their_ids(running, connect):
    connection = connect("admin")
    apply(connection, plan(connection))
    native = table(running).named("工时").field_id
    option = f"{table(running).named('状态').field_id}/{table(running).named('状态').options[0]['id']}"
    wanted = [
        replace(field("effort", "duration", "耗时"), native=native),
        field("status", "status", "状态"),
        replace(choice("status", "awaiting_acceptance", "待接单"), native=option),
    ]
    changes = plan(connection, wanted)
    assert [change.verb for change in changes] == ["change", "change"]
    apply(connection, changes)
    assert table(running).named("耗时").field_id == native
    assert table(running).named("耗时").setup == {"formatter": "0"}
    assert table(running).named("状态").options[0]["name"] == "待接单"
    assert plan(connection, wanted) == []


def test_removal_is_told_and_done(running, connect):
    connection = connect("admin")
    apply(connection, plan(connection))
    column = table(running).named("状态")
    for _ in range(3):
        running.platform.bitable.add(
            running.platform.base, table(running), {column.field_id: "处理中"}, running.platform.person("林涛")
        )
    there = {str(element.attributes["name"]): element for element in live(connection)}
    assert connection.configuration.usage([there["处理中"], there["待受理"], there["状态"], there["问题是否重复"]]) == [
        3,
        0,
        3,
        None,
    ]
    doomed = [ElementChange(verb="remove", before=there[name], after=None) for name in ("处理中", "工时", "标题")]
    findings = connection.target.preflight(doomed[:2])
    assert [(finding.severity, finding.found) for finding in findings] == [(Severity.WARNING, "处理中")]
    outcomes = apply(connection, doomed)
    assert [outcome.error is None for outcome in outcomes] == [True, True, False]
    assert "first column" in str(outcomes[2].error)
    assert table(running).named("工时") is None
    assert [option["name"] for option in table(running).named("状态").options] == ["待受理"]
    assert all(column.field_id not in row.cells for row in table(running).rows.values())
    assert all(outcome.error is None for outcome in apply(connection, doomed[:2]))  # again: nothing is left to do


def test_retiring_changes_nothing_there(running, connect):
    connection = connect("admin")
    apply(connection, plan(connection))
    writes = running.platform.traffic.writes
    there = live(connection)
    outcomes = apply(connection, [ElementChange(verb="retire", before=element, after=element) for element in there])
    assert all(outcome.executed is Executed.YES for outcome in outcomes)
    assert running.platform.traffic.writes == writes


def test_a_column_of_another_type_is_not_converted(running, connect):
    connection = connect("admin")
    apply(connection, plan(connection))
    outcomes = apply(connection, plan(connection, [field("title", "datetime", "标题")]))
    assert isinstance(outcomes[0].error, Rejected)
    assert table(running).named("标题").type == 1


def test_the_agent_may_not_change_the_structure(running, connect):
    apply(connect("admin"), plan(connect("admin")))
    connection = connect("agent")
    changes = plan(connection, [*WANTED, field("remarks", "long_text", "工单备注")])
    with pytest.raises(PermissionMissing, match="1254302"):
        connection.target.apply(changes[0], key="k")
    assert table(running).named("工单备注") is None


def test_foreign_columns_and_tables_are_left_alone(running, connect):
    """Expectation: what the practice did not make is byte-equal afterwards."""
    connection = connect("admin")
    apply(connection, plan(connection))
    foreign = {
        name: one
        for name, one in ((t.name, t) for t in running.platform.base.tables.values())
        if name not in ("服务台账", "deskweave")
    }
    before = repr(foreign)
    mine = table(running)
    running.platform.bitable.add(running.platform.base, mine, {}, running.platform.person("林涛"))
    with running.platform.lock:
        from deskweave_feishu.emulator.seed import add_column

        add_column(running.platform, mine, "老板看板", 3, ["红", "绿"])
    column = repr(mine.named("老板看板"))
    apply(
        connection,
        plan(connection, [*WANTED, choice("tags", "second_line", "二线支持"), field("remarks", "long_text", "工单备注")]),
    )
    assert repr(mine.named("老板看板")) == column
    assert repr(foreign) == before


def test_what_is_there_is_recognised_by_name(running, connect):
    running.platform.lock.acquire()
    try:
        from deskweave_feishu.emulator.seed import add_table

        add_table(running.platform, "服务台账", [("标题", 1, None), ("状态", 3, ["待受理"]), ("资产", 1, None)])
    finally:
        running.platform.lock.release()
    connection = connect("admin")
    expression = connection.target.express(WANTED, live(connection))
    known = {element.id.path: element.native for element in expression.elements if element.native}
    column = table(running).named("状态")
    assert known["fields/status"] == column.field_id
    assert known["fields/status/choices/awaiting_acceptance"] == f"{column.field_id}/{column.options[0]['id']}"
    asset = next(element for element in expression.elements if element.id.path == "fields/asset")
    assert asset.attributes["type"] == "text"  # a text column holds links as well: nothing to change
    rules = [finding.found for finding in connection.target.preflight(plan(connection))]
    assert rules == ["关联标识", "互查"]


LOSSES = [
    # kind, path, collection, type, degree
    ("transition", "transitions/accept", "", "", "by_hand"),
    ("clock", "clocks/first_response", "", "", "by_hand"),
    ("metric", "metrics/mttr", "", "", "narrowed"),
    ("calendar", "calendars/cn_5x8", "", "", "by_hand"),
    ("status", "statuses/closed", "", "", "narrowed"),
    ("catalog_item", "catalog/os", "", "", "narrowed"),
    ("feedback", "feedback/satisfied", "", "", "impossible"),
    ("something_new", "x/y", "", "", "by_hand"),
    ("field", "fields/asset", "ticket", "text", "by_hand"),
    ("choice", "fields/asset/choices/a", "ticket", "", "narrowed"),
    ("field", "fields/message_log", "ledger", "messages", "impossible"),
    ("field", "fields/user", "ledger", "person", "narrowed"),
]


@pytest.mark.practice("M2")
@pytest.mark.parametrize(("kind", "path", "collection", "type_", "degree"), LOSSES)
def test_losses_say_what_to_do(running, connect, kind, path, collection, type_, degree):
    attributes = {name: value for name, value in (("collection", collection), ("type", type_)) if value}
    element = Element(id=ElementId(kind, path), native=None, attributes=attributes)
    losses = connect("admin").target.express([element], []).losses
    assert [loss.degree for loss in losses] == [degree]
    assert set(losses[0].steps) == {"en", "zh"}
    (losses[0].what + losses[0].steps["zh"] + (losses[0].where or "")).encode("gbk")
    assert running.platform.traffic.writes == 0


def test_what_every_ticket_has_is_no_loss(running, connect):
    connection = connect("admin")
    there = connection.configuration.elements("field", None).items
    names = ("created_at", "guest.name", "customized_fields.asset", "customized_fields.missing")
    wanted = [field(name.replace(".", "_"), "text", name, collection="ticket") for name in names]
    expression = connection.target.express(wanted, there)
    assert {element.native for element in expression.elements} == set(names[:3])
    assert all(element.locked for element in expression.elements)
    assert [loss.element.path for loss in expression.losses] == ["fields/customized_fields_missing"]
    for bad in (connect("admin", helpdesk=None), connect("admin", helpdesk={"token": "ht-wrong"})):
        assert list(bad.configuration.elements("field", None).items) == []
