"""The built-in practice against the numbered requirements: the tables are written out here from them, not read from the files."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from deskweave.model import Phase
from deskweave.practice import Practice, builtin, lint


@pytest.fixture(scope="module")
def practice() -> Practice:
    return builtin()


# T1: group, zh label, slug, zh description, entry ("" where the table is blank), zh data source
T1 = """
工单信息|编号|number|工单流水号||
工单信息|类型|service_form|该工单的服务形式|system|人工服务/机器人
工单信息|状态|status|参见“问询状态”定义|filled|系统自动分配
工单信息|用户满意度|user_satisfaction||chosen|满意/一般/不满意
工单信息|渠道|channel|通过何种方式建立的工单/会话|system|分享、搜索
工单信息|用户场景|user_scenario||system|
工单信息|创建人|created_by|工单创建人|system|
工单信息|创建时间|created_at||system|
工单信息|更新时间|updated_at|工单最新操作时间|system|
工单信息|结束时间|ended_at|工单结束时间|system|
工单信息|结束人|ended_by|谁结束的工单|system|
工单信息|首次响应时长|first_response_duration|从用户提出申请到工程师介入时长|system|
工单信息|解决时长|resolution_duration|首次工程师响应到工单关闭用时|system|
工单信息|处理时长|handling_duration|解决时长-工单等待时长|system|
工单信息|标签|tags|用于统计,确定工单分类|dropdown|一线支持、二线支持
人员信息|用户|user||filled|系统自动分配
人员信息|邮箱|email||filled|一线人员
人员信息|国家/地区|country_region||filled|系统自动分配
人员信息|城市|city||filled|系统自动分配
人员信息|部门|department||filled|系统自动分配
处理人信息|客服姓名|agent_name|||
处理人信息|技能名称|skill_group|该处理人所属的技能组||
处理人信息|机器人|bot|||
处理人信息|消息记录|message_log|用户与支持工程师的沟通记录|system|
工单结束信息|所属系统模块|system_module|请求与业务系统关联|dropdown|
工单结束信息|问题分类|problem_category|工单结束时的归因,用于统计|dropdown|
工单结束信息|问题是否重复|is_repeat|工单结束时填写,用于统计|dropdown|
工单结束信息|问题描述|symptom|描述故障的现象,用于沉淀知识|typed|
工单结束信息|业务类别|business_category|用于结束时工单重新分类|dropdown|
工单结束信息|工单备注|remarks|||
""".strip().splitlines()


@pytest.mark.practice("A1", "A2", "A3", "A4", "A5", "A6")
@pytest.mark.parametrize("row", T1, ids=lambda row: row.split("|")[2])
def test_every_row_of_the_ticket_table(practice: Practice, row: str) -> None:
    group, label, slug, description, entry, source = row.split("|")
    field = practice.fields[slug]
    assert practice.groups[field.group]["zh"] == group
    assert field.label["zh"] == label
    assert field.description.get("zh", "") == description
    assert field.source.get("zh", "") == source
    assert not entry or field.entry == entry


def test_the_ticket_table_in_its_order(practice: Practice) -> None:
    tabled = [row.split("|")[2] for row in T1]
    assert len(tabled) == 30
    assert [slug for slug in practice.fields if slug in tabled] == tabled


def test_what_the_table_lacks_is_marked_as_ours(practice: Practice) -> None:
    tabled = {row.split("|")[2] for row in T1}
    raw = practice.documents["Fields", "inquiry"]["fields"]
    added = {slug for slug, spec in raw.items() if spec.get("ours")}
    assert added & tabled == {"symptom"} - {"symptom"}
    later_parts = {"solution", "steps_taken", "people_involved"}  # A12
    assert later_parts <= added
    assert set(raw) == tabled | added


@pytest.mark.practice("A1", "F3")
def test_choices_of_the_ticket_table(practice: Practice) -> None:
    def words(slug: str) -> list[str]:
        return [choice.label["zh"] for choice in practice.fields[slug].choices.values()]

    assert words("service_form") == ["人工服务", "机器人"]
    assert words("tags") == ["一线支持", "二线支持"]
    assert words("user_satisfaction") == ["满意", "一般", "不满意"]
    # A1: the channel's choices are the two of the table and the channels of B3
    assert {"分享", "搜索", "智能自助服务台", "飞书", "电话", "邮件", "企业微信", "走访", "驻场"} <= set(words("channel"))
    assert (
        list(practice.fields["business_category"].choices)
        == list(practice.fields["classification"].choices)
        == list(practice.classifications)
    )
    assert {"incident", "service_request", "consultation", "problem", "complaint", "praise"} == set(
        practice.fields["stream"].choices
    )


@pytest.mark.parametrize(
    "slug",
    # A8, A10, A11, A12, A13: what other parts of the sources ask for, and what the key figures read
    [
        "title",
        "occurred_at",
        "scope_of_impact",
        "systems_concerned",
        "contact_phone",
        "stream",
        "service_item",
        "classification",
        "priority",
        "impact",
        "urgency",
        "current_tier",
        "major_incident",
        "submitted_at",
        "accepted_at",
        "waiting_duration",
        "returned",
        "misclassified",
        "solved_at_desk",
        "ring_time",
        "answered",
        "solution",
        "steps_taken",
        "people_involved",
        "related_incident",
        "related_request",
        "related_problem",
        "related_change",
        "configuration_item",
        "asset",
    ],
)
def test_fields_of_other_requirements(practice: Practice, slug: str) -> None:
    assert slug in practice.fields


@pytest.mark.practice("A1", "A11")
def test_durations_are_those_of_clocks(practice: Practice) -> None:
    computed = {
        slug: field.computed["clock"] for slug, field in practice.fields.items() if field.computed and "clock" in field.computed
    }
    assert computed == {
        "first_response_duration": "first_response",
        "resolution_duration": "resolution",
        "handling_duration": "handling",
        "waiting_duration": "waiting",
    }


# T2: category, service, item, classification, delivery, hours
T2 = """
桌面IT运维管理|操作系统安装|操作系统安装与离职系统重置|操作系统安装与故障处理|on_site|5x8
桌面IT运维管理|操作系统故障处理|操作系统级别故障处理|操作系统安装与故障处理|remote,on_site|5x8
桌面IT运维管理|软件安装与卸载|应用软件安装与卸载|软件安装调试与故障处理|remote,on_site|5x8
桌面IT运维管理|软件故障问题|通用软件故障处理|软件安装调试与故障处理|remote,on_site|5x8
桌面IT运维管理|终端硬件报修|终端硬件问题报修跟进|电脑硬件问题|remote,on_site|5x8
会议支持|会议室会议软件维护|会议软件保障|会议支持|on_site|根据会议时间
会议支持|高管会议支持|会议效果测试、保障|会议支持|on_site|根据会议时间
业务系统(系统详细清单)|使用咨询|各业务系统问题咨询|使用咨询|remote|5x8
业务系统(系统详细清单)|故障升级处理|各业务系统故障、bug类上升|程序bug|remote|5x8
业务系统(系统详细清单)|应用系统申请|各业务系统申请处理|权限问题|remote|5x8
业务系统(系统详细清单)|应用系统权限|各业务系统权限处理|权限问题|remote|5x8
""".strip().splitlines()


@pytest.mark.practice("B1", "B2")
def test_the_catalog_has_its_eleven_rows(practice: Practice) -> None:
    found = [
        "|".join(
            (
                item.category_label["zh"],
                item.service_label["zh"],
                item.label["zh"],
                practice.classifications[item.classification].label["zh"],
                ",".join(item.delivery),
                practice.calendars[item.hours].label["zh"],
            )
        )
        for item in practice.catalog.values()
    ]
    assert found == T2
    assert len(practice.classifications) == 7


@pytest.mark.practice("B1", "B2")
def test_every_item_serves_users_by_the_four_channels(practice: Practice) -> None:
    for item in practice.catalog.values():
        assert practice.roles[item.served].label["zh"] == "用户"
        assert [practice.channels[slug].label["zh"] for slug in item.channels] == ["智能自助服务台", "飞书", "电话", "邮件"]
        assert item.remarks == {}
        assert item.stream in practice.fields["stream"].choices


def test_channels(practice: Practice) -> None:
    words = [channel.label["zh"] for channel in practice.channels.values()]
    assert words[:4] == ["智能自助服务台", "飞书", "电话", "邮件"]
    assert {
        "企业微信",
        "智能客服",
        "服务大厅",
        "门户",
        "语音",
        "走访",
        "驻场",
        "社交媒体",
        "移动应用",
        "聊天机器人",
        "论坛",
        "视频",
        "快递",
    } <= set(words)


@pytest.mark.practice("C1", "C2")
def test_statuses(practice: Practice) -> None:
    model = practice.statuses
    assert (model.initial, model.statuses["awaiting_acceptance"].label["zh"], model.statuses["in_progress"].label["zh"]) == (
        "awaiting_acceptance",
        "待受理",
        "处理中",
    )
    assert {slug: status.phase.value for slug, status in model.statuses.items()} == {
        "awaiting_acceptance": "new",
        "in_progress": "active",
        "waiting_on_user": "waiting",
        "waiting_on_third_party": "waiting",
        "resolved": "resolved",
        "closed": "closed",
        "cancelled": "cancelled",
    }
    # C1: awaiting confirmation counts as waiting, or C4's silence would be charged to the agent
    waiting = {"waiting_on_user", "waiting_on_third_party", "resolved"}
    assert {slug for slug, status in model.statuses.items() if status.counts_as_waiting} == waiting
    assert set(practice.clocks["waiting"].sum_statuses) == waiting
    assert set(model.statuses) >= waiting
    # C2: nobody but a person accepts
    into_work = [
        transition
        for transition in model.transitions.values()
        if "awaiting_acceptance" in transition.sources and transition.target == "in_progress"
    ]
    assert {role for transition in into_work for role in transition.by} == {"agent", "second_line"}
    assert "user" in model.transitions["reopen"].by
    assert all(transition.by for transition in model.transitions.values())


@pytest.mark.practice("C1")
def test_every_open_status_leads_to_an_end(practice: Practice) -> None:
    model = practice.statuses
    ends = {slug for slug, status in model.statuses.items() if status.phase in (Phase.CLOSED, Phase.CANCELLED)}
    for _ in model.statuses:
        ends |= {source for transition in model.transitions.values() if transition.target in ends for source in transition.sources}
    assert ends == set(model.statuses)


@pytest.mark.practice("D1")
def test_feedback(practice: Practice) -> None:
    assert [(rating.code, rating.label["zh"]) for rating in practice.feedback.values()] == [(1, "满意"), (2, "一般"), (3, "不满意")]


def test_roles(practice: Practice) -> None:
    assert {"user": "用户", "agent": "服务台座席", "manager": "服务台经理"}.items() <= {
        slug: role.label["zh"] for slug, role in practice.roles.items()
    }.items()


@pytest.mark.practice("A1", "C2")
def test_clocks(practice: Practice) -> None:
    clocks = practice.clocks
    first, resolution = clocks["first_response"], clocks["resolution"]
    assert (first.start.submitted, first.stop.status, first.stop.pick, first.goal) == (
        True,
        "in_progress",
        "first",
        timedelta(minutes=5),
    )
    assert (resolution.start.status, resolution.start.pick) == ("in_progress", "first")
    assert (resolution.stop.status, resolution.stop.pick, resolution.stop.require_current) == ("closed", "last", True)
    assert clocks["waiting"].within == "resolution"
    assert clocks["handling"].minus == ("resolution", "waiting")
    assert {clock.calendar for clock in clocks.values()} == {"cn_5x8", None}


@pytest.mark.practice("C3")
def test_calendars(practice: Practice) -> None:
    week = practice.calendars["cn_5x8"].versions[0].week
    assert set(week) == {"mon", "tue", "wed", "thu", "fri"}
    assert [(start.hour, end.hour) for start, end in week["wed"]] == [(9, 12), (13, 18)]
    assert {windows[0][1] for windows in practice.calendars["always"].versions[0].week.values()} == {None}
    assert practice.calendars["by_meeting_time"].from_inquiry
    assert {calendar.zone for calendar in practice.calendars.values()} == {"Asia/Shanghai"}


def working_days(practice: Practice, since: date, until: date) -> int:
    holidays = practice.holidays["cn_statutory"]
    days = [since + timedelta(days=number) for number in range((until - since).days + 1)]
    return sum((day.weekday() < 5 and day not in holidays.off) or day in holidays.working for day in days)


@pytest.mark.practice("C3")
@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        # working days of a year in mainland China, by the yearly notices: statutory days were 11 up to 2024 and 13 from 2025
        (date(2016, 1, 1), date(2016, 12, 31), 250),
        (date(2019, 1, 1), date(2019, 12, 31), 250),
        (date(2024, 1, 1), date(2024, 12, 31), 251),
        (date(2025, 1, 1), date(2025, 12, 31), 248),
        (date(2026, 1, 1), date(2026, 12, 31), 248),
        # February 2024 with Spring Festival (10th to 17th off, 4th and 18th worked)
        (date(2024, 2, 1), date(2024, 2, 29), 18),
        # Spring Festival 2025: 28 January to 4 February off
        (date(2025, 1, 27), date(2025, 2, 5), 2),
        # February 2016: 7th to 13th off, 6th and 14th worked
        (date(2016, 2, 1), date(2016, 2, 29), 18),
        # Qingming and Labour Day 2016: both Mondays
        (date(2016, 4, 1), date(2016, 5, 3), 21),
    ],
)
def test_holidays(practice: Practice, since: date, until: date, expected: int) -> None:
    assert working_days(practice, since, until) == expected


def test_holidays_are_consistent(practice: Practice) -> None:
    holidays = practice.holidays["cn_statutory"]
    assert (holidays.since, holidays.until, holidays.revision) == (date(2016, 1, 1), date(2026, 12, 31), "2025-11-04")
    assert all(day.weekday() >= 5 for day in holidays.working)  # a make-up day is a weekend day that is worked
    assert not holidays.off & set(holidays.working)
    for year in range(2016, 2027):
        off = {day for day in holidays.off if day.year == year}
        assert {
            date(year, 1, 1),
            date(year, 5, 1),
            *(date(year, 10, day) for day in range(1, 7)),
        } <= off  # the 7th was worked in 2023
        worked = [day for day in holidays.working if day.year == year]
        assert 5 <= len(worked) <= 8
    assert date(2026, 1, 4) in holidays.working
    assert date(2024, 10, 12) in holidays.working


@pytest.mark.contracts
def test_holidays_agree_with_a_second_source(practice: Practice) -> None:
    second = pytest.importorskip("chinese_calendar", reason="pip install deskweave[contracts]")
    holidays = practice.holidays["cn_statutory"]
    for number in range((holidays.until - holidays.since).days + 1):
        day = holidays.since + timedelta(days=number)
        assert ((day.weekday() < 5 and day not in holidays.off) or day in holidays.working) == second.is_workday(day), day


# ---------------------------------------------------------------------------------------------------------------- whole
def test_every_label_in_english_and_chinese(practice: Practice) -> None:
    found = 0

    def walk(value: object, path: str) -> None:
        nonlocal found
        if isinstance(value, dict):
            for key, item in value.items():
                if (
                    key in ("label", "description", "source")
                    and isinstance(item, dict)
                    and not path.endswith(("/fields", "/roles", "/choices"))
                ):
                    assert set(item) == {"en", "zh"}, path
                    assert item["en"].isascii(), path
                    (item["zh"] + item["en"]).encode("gbk")
                    found += 1
                walk(item, f"{path}/{key}")

    for key, body in practice.documents.items():
        walk(body, "/".join(key))
    assert found > 200


def test_every_document_but_the_head_names_its_requirements(practice: Practice) -> None:
    for (kind, _), body in practice.documents.items():
        assert kind == "Practice" or body.get("satisfies")
    stated = {number for body in practice.documents.values() for number in body.get("satisfies", ())}
    wanted = [
        "A1",
        "A2",
        "A3",
        "A4",
        "A5",
        "A6",
        "A10",
        "A11",
        "A12",
        "A13",
        "B1",
        "B2",
        "B3",
        "C1",
        "C2",
        "C3",
        "D1",
        "D3",
        "E4",
        "E5",
        "E6",
        "E7",
        "E8",
        "E10",
        "J1",
    ]
    assert set(wanted) <= stated


def test_lint_has_nothing_to_say_but_when_holidays_run_out(practice: Practice) -> None:
    assert lint(practice, today=date(2026, 10, 1)) == []
    assert [finding.rule for finding in lint(practice, today=date(2026, 11, 22))] == ["calendar-coverage-ends"]
