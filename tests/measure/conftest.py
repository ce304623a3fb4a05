"""A small practice and inquiries for it, without any file."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

import pytest

from deskweave.model import (
    Calendar,
    CalendarVersion,
    CatalogItem,
    Channel,
    Choice,
    Clock,
    ClockEdge,
    Event,
    Field,
    FieldId,
    Holidays,
    InquiryId,
    Metric,
    MetricTarget,
    Phase,
    Rating,
    Role,
    Status,
    StatusModel,
)


def label(en: str, zh: str) -> dict[str, str]:
    return {"en": en, "zh": zh}


def choices(**words: str) -> dict[str, Choice]:
    return {slug: Choice(slug=slug, label=label(slug.replace("_", " ").capitalize(), zh)) for slug, zh in words.items()}


FIELDS = {
    one.id: one
    for one in (
        Field(id=FieldId("title"), label=label("Subject", "标题"), type="text", personal="content"),
        Field(id=FieldId("city"), label=label("City", "城市"), type="text"),
        Field(id=FieldId("symptom"), label=label("Symptom", "问题描述"), type="long_text"),
        Field(id=FieldId("email"), label=label("E-mail", "邮箱"), type="email", personal="contact"),
        Field(id=FieldId("agent"), label=label("Agent", "客服姓名"), type="person", personal="identity"),
        Field(id=FieldId("submitted_at"), label=label("Submitted at", "用户登记时间"), type="datetime"),
        Field(id=FieldId("status"), label=label("Status", "状态"), type="status"),
        Field(id=FieldId("channel"), label=label("Channel", "渠道"), type="choice",
              choices=choices(feishu="飞书", self_service="智能自助服务台", phone="电话", email="邮件")),
        Field(id=FieldId("service_item"), label=label("Service item", "服务项"), type="catalog_item"),
        Field(id=FieldId("classification"), label=label("Classification", "问询分类"), type="choice", choices=choices(hardware="电脑硬件问题", usage="使用咨询")),
        Field(id=FieldId("business_category"), label=label("Business category", "业务类别"), type="choice", choices=choices(hardware="电脑硬件问题", usage="使用咨询")),
        Field(id=FieldId("user_satisfaction"), label=label("User satisfaction", "用户满意度"), type="choice",
              choices=choices(satisfied="满意", neutral="一般", dissatisfied="不满意")),
        Field(id=FieldId("tags"), label=label("Tags", "标签"), type="choices", choices=choices(first_line="一线支持", second_line="二线支持")),
        Field(id=FieldId("returned"), label=label("Returned", "被退回"), type="boolean"),
        Field(id=FieldId("flagged"), label=label("Flagged misclassified", "标记分类错误"), type="boolean"),
        Field(id=FieldId("reclassified"), label=label("Classified anew at closure", "结束时重新分类"), type="boolean", entry="computed",
              computed={"differs": ["classification", "business_category"]}),
        Field(id=FieldId("current_tier"), label=label("Current tier", "当前支持层级"), type="choice",
              choices=choices(first_line="一线", second_line="二线")),
        Field(id=FieldId("solved_at_desk"), label=label("Solved at the desk", "一线解决"), type="boolean", entry="computed",
              computed={"only": {"current_tier": ["first_line"]}}),
        Field(id=FieldId("waiting_duration"), label=label("Waiting duration", "工单等待时长"), type="duration", entry="computed",
              computed={"clock": "waiting"}),
        Field(id=FieldId("ring_time"), label=label("Ring time", "响铃时长"), type="duration"),
        Field(id=FieldId("answered"), label=label("Answered", "已接听"), type="boolean"),
        Field(id=FieldId("effort"), label=label("Effort", "工作量"), type="number"),
        Field(id=FieldId("due_on"), label=label("Due on", "到期日"), type="date"),
    )
}  # fmt: skip

RECORDS = {
    "contact": (
        Field(id=FieldId("contact_at"), label=label("Contacted at", "联络时间"), type="datetime"),
        Field(id=FieldId("ring_time"), label=label("Ring time", "振铃时长"), type="duration"),
        Field(id=FieldId("answered"), label=label("Answered", "已接听"), type="boolean"),
        Field(id=FieldId("channel"), label=label("Channel", "渠道"), type="choice", choices=choices(phone="电话", email="邮件")),
        Field(id=FieldId("content"), label=label("Content", "联络内容"), type="long_text", personal="content"),
    ),
    "channel": (
        Field(id=FieldId("channel"), label=label("Channel", "渠道"), type="choice", choices=choices(feishu="飞书", phone="电话", email="邮件")),
        Field(id=FieldId("rated_on"), label=label("Rated on", "评价日期"), type="date"),
        Field(id=FieldId("convenience"), label=label("Convenience", "便利性"), type="integer"),
        Field(id=FieldId("usable"), label=label("Usable", "易用性"), type="boolean"),
    ),
}  # fmt: skip

WORDS = {
    "awaiting_acceptance": ("Awaiting acceptance", "待受理", Phase.NEW),
    "in_progress": ("In progress", "处理中", Phase.ACTIVE),
    "waiting_on_user": ("Waiting on user", "待用户反馈", Phase.WAITING),
    "resolved": ("Resolved", "已解决待确认", Phase.RESOLVED),
    "closed": ("Closed", "已关闭", Phase.CLOSED),
}
STATUSES = StatusModel(
    id="inquiry", initial="awaiting_acceptance", transitions={},
    statuses={slug: Status(slug=slug, label=label(en, zh), phase=phase) for slug, (en, zh, phase) in WORDS.items()},
)  # fmt: skip

DAY = ((time(9), time(12)), (time(13), time(18)))
CALENDAR = Calendar(
    id="cn_5x8", label=label("Five days by eight hours", "5x8"), zone="Asia/Shanghai", holidays="cn_statutory",
    versions=(CalendarVersion(since=date(2024, 1, 1), week=dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), DAY)),),
)  # fmt: skip
HOLIDAYS = Holidays(
    id="cn_statutory", since=date(2024, 1, 1), until=date(2026, 12, 31), revision="2025-11-04", off=frozenset(), working={}
)

CLOCKS = {
    clock.id: clock
    for clock in (
        Clock(id="first_response", label=label("First response", "首次响应时长"), calendar="cn_5x8", goal=timedelta(minutes=5),
              start=ClockEdge(submitted=True), stop=ClockEdge(phase=Phase.ACTIVE)),
        Clock(id="resolution", label=label("Resolution", "解决时长"), calendar="cn_5x8", start=ClockEdge(status="in_progress"),
              stop=ClockEdge(phase=Phase.CLOSED, pick="last", require_current=True)),
        Clock(id="waiting", label=label("Waiting", "等待时长"), calendar="cn_5x8", sum_statuses=("waiting_on_user", "resolved"),
              within="resolution"),
        Clock(id="handling", label=label("Handling", "处理时长"), calendar=None, minus=("resolution", "waiting")),
    )
}  # fmt: skip

ITEMS = {
    slug: CatalogItem(slug=slug, label=label(en, zh), category="desktop", category_label=label("Desktop", "桌面"), service=slug,
                      service_label=label(en, zh), classification=None, served="user", channels=(), delivery=(), hours=None, stream=None)
    for slug, en, zh in (
        ("os_level_failure", "OS-level failure", "操作系统级别故障处理"),
        ("software_install", "Software installation and removal", "应用软件安装与卸载"),
        ("hardware_repair", "Hardware repair", "终端硬件问题报修跟进"),
        ("meeting_software", "Meeting software", "会议软件保障"),
        ("system_usage", "Questions about business systems", "各业务系统问题咨询"),
        ("system_access", "Access to business systems", "各业务系统权限处理"),
    )
}  # fmt: skip


def metric(
    id, value, *, en="", zh="", unit="count", target=None, where=None, by=(), every="week", factor="communication", examples=()
):
    return Metric(id=id, label=label(en or id, zh or id), factor=factor, judges="desk", satisfies=(), period_by=FieldId("submitted_at"),
                  every=every, by=tuple(by), where=where, value=value, unit=unit, target=target, examples=tuple(examples))  # fmt: skip


SIGNS = {"any": [{"returned": {"eq": True}}, {"flagged": {"eq": True}}, {"reclassified": {"eq": True}}]}
METRICS = {
    one.id: one
    for one in (
        metric("inquiries_registered", {"count": {}}, en="Inquiries registered", zh="工单总数"),
        metric("average_first_response", {"average": "first_response"}, en="Average first response", zh="平均响应时间", unit="duration",
               where={"phase": {"eq": "closed"}}, target=MetricTarget(better="lower", goal=300)),
        metric("first_response_on_time", {"ratio": {"of": {"count": {"where": {"first_response": {"met": True}}}},
                                                    "over": {"count": {"where": {"first_response": {"present": True}}}}}},
               en="First response within 5m", zh="5分钟内响应率", unit="ratio", target=MetricTarget(better="higher", goal=0.95, warn=0.9)),
        metric("waiting_share", {"ratio": {"of": {"sum": "waiting"}, "over": {"sum": "resolution"}}}, en="Waiting share of handling",
               zh="等待时长占处理时长", unit="ratio", target=MetricTarget(better="lower")),
        metric("mean_time_to_resolve", {"average": "resolution"}, en="Mean time to resolve", zh="平均解决时长", unit="duration",
               target=MetricTarget(better="lower", goal=8 * 3600)),
        metric("resolved_at_desk", {"ratio": {"of": {"count": {"where": {"tags": {"eq": "first_line"}}}}, "over": {"count": {}}}},
               where={"phase": {"eq": "closed"}}, en="Resolved at the desk", zh="服务台解决率", unit="ratio",
               target=MetricTarget(better="higher", goal=0.75)),
        metric("users_satisfied", {"ratio": {"of": {"count": {"where": {"user_satisfaction": {"eq": "satisfied"}}}},
                                             "over": {"count": {"where": {"user_satisfaction": {"present": True}}}}}},
               en="Users satisfied", zh="用户满意度", unit="ratio", target=MetricTarget(better="higher", goal=0.85)),
        metric("calls_abandoned", {"ratio": {"of": {"count": {"where": {"all": [{"answered": {"eq": False}}, {"ring_time": {"gt": "PT25S"}}]}}},
                                             "over": {"count": {"where": {"ring_time": {"present": True}}}}}},
               en="Calls abandoned", zh="电话放弃率", unit="ratio", target=MetricTarget(better="lower", goal=0.05)),
        metric("wrongly_classified", {"ratio": {"of": {"count": {"where": SIGNS}}, "over": {"count": {}}}}, en="Wrongly classified",
               zh="问询分类不正确", unit="ratio", factor="value_streams", target=MetricTarget(better="lower")),
    )
}  # fmt: skip

FACTORS = {
    slug: Choice(slug=slug, label=label(en, zh))
    for slug, en, zh in (
        ("communication", "Communication: effective, efficient, convenient", "沟通有效、高效、便利"),
        ("value_streams", "Communication joined to the value streams", "沟通融入价值流"),
    )
}


@dataclass
class Practice:
    id: str = "acme"
    label: dict = field(default_factory=lambda: label("ACME service desk", "艾克米服务台"))
    zone: str = "Asia/Shanghai"
    digest: str = "p1"
    languages: tuple = ("en", "zh")
    fields: dict = field(default_factory=lambda: FIELDS)
    records: dict = field(default_factory=lambda: {name: {one.id: one for one in fields} for name, fields in RECORDS.items()})
    factors: dict = field(default_factory=lambda: FACTORS)
    statuses: StatusModel = STATUSES
    clocks: dict = field(default_factory=lambda: CLOCKS)
    service_levels: dict = field(default_factory=dict)
    calendars: dict = field(default_factory=lambda: {"cn_5x8": CALENDAR})
    holidays: dict = field(default_factory=lambda: {"cn_statutory": HOLIDAYS})
    metrics: dict = field(default_factory=lambda: METRICS)
    catalog: dict = field(default_factory=lambda: ITEMS)
    roles: dict = field(default_factory=lambda: {"manager": Role(slug="manager", label=label("Service manager", "服务经理"))})
    channels: dict = field(default_factory=lambda: {"feishu": Channel(slug="feishu", label=label("Feishu", "飞书"))})
    surveys: dict = field(default_factory=dict)
    feedback: dict = field(
        default_factory=lambda: {
            slug: Rating(slug=slug, label=label(slug.capitalize(), zh), code=code)
            for code, (slug, zh) in enumerate({"satisfied": "满意", "neutral": "一般", "dissatisfied": "不满意"}.items(), 1)
        }
    )


@pytest.fixture
def practice() -> Practice:
    return Practice()


@pytest.fixture(scope="session")
def new_practice():
    """For tests that need a fresh one for every example."""
    return Practice


@pytest.fixture(scope="session")
def new_log():
    return Log


class Log:
    """Writes events as a ledger would: seq ascending, whatever the times say."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def add(self, inquiry: str, name: str, value, at: datetime, **more) -> Event:
        made = Event(
            seq=len(self.events) + 1, inquiry=InquiryId(inquiry), field=FieldId(name), old=None, new=value, at=at, recorded_at=at, actor=None,
            source="connection:x", origin_id=str(len(self.events) + 1), cause=None, practice="p1",
            **{"order": 0, "precise": True, "refines": None} | more,
        )  # fmt: skip
        self.events.append(made)
        return made

    def inquiry(self, name: str, submitted: datetime, *steps: tuple[datetime, str], **values) -> None:
        self.add(name, "submitted_at", submitted, submitted)
        for key, value in values.items():
            self.add(name, key, value, submitted)
        for at, status in steps:
            self.add(name, "status", status, at)


@pytest.fixture
def log() -> Log:
    return Log()


def week(log: Log, inquiries: int = 120, seed: int = 7) -> Log:
    """One week of a desk, Monday 16 to Friday 20 November 2026 in Shanghai: what the report is looked at with."""
    dice = random.Random(seed)
    monday = datetime(2026, 11, 16, 1, tzinfo=UTC)
    starts = sorted(monday + timedelta(days=dice.choice((0, 0, 0, 1, 1, 2, 3, 3, 4)), minutes=min(539, dice.choice((dice.gauss(90, 40), dice.gauss(330, 80)))) // 1)
                    for _ in range(inquiries))  # fmt: skip
    for number, at in enumerate(starts, 1):
        at += timedelta(seconds=dice.randrange(60))
        name = f"INQ-{number:03}"
        answered = at + timedelta(seconds=dice.lognormvariate(4.9, 0.55) // 1)
        closed = dice.random() < 0.93
        steps = [(at, "awaiting_acceptance"), (answered, "in_progress")]
        now = answered + timedelta(minutes=dice.randrange(5, 200))
        if dice.random() < 0.45:
            steps.append((now, "waiting_on_user"))
            now += timedelta(minutes=dice.randrange(10, 260))
            steps.append((now, "in_progress"))
            now += timedelta(minutes=dice.randrange(5, 90))
        if closed:
            steps.append((now, "resolved"))
            now += timedelta(minutes=dice.randrange(5, 120))
            steps.append((now, "closed"))
        values = {
            "channel": dice.choices(("feishu", "self_service", "phone", "email"), (74, 20, 15, 11))[0],
            "service_item": dice.choices(tuple(ITEMS), (22, 31, 17, 9, 25, 16))[0],
            "classification": dice.choice(("hardware", "usage")),
            "returned": dice.random() < 0.03,
            "agent": dice.choice(("per_1", "per_2", "per_3")),
        }
        if closed:
            values["tags"] = (dice.choices(("first_line", "second_line"), (80, 20))[0],)
            values["business_category"] = values["classification"] if dice.random() < 0.97 else "usage"
            if dice.random() < 0.7:
                values["user_satisfaction"] = dice.choices(("satisfied", "neutral", "dissatisfied"), (86, 9, 5))[0]
        log.inquiry(name, at, *steps, **values)
    late = monday + timedelta(days=2, hours=3)
    log.inquiry("INQ-BAD-1", late, (late - timedelta(minutes=9), "in_progress"), channel="email", service_item="system_access")
    log.inquiry("INQ-BAD-2", late, (late, "limbo"), channel="feishu", service_item="system_usage")
    return log


@pytest.fixture
def busy_week(log: Log) -> Log:
    return week(log)
