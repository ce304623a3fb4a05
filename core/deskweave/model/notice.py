"""What people are told, when, and what such a message may speak of (practice G)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Literal

from deskweave.model.practice import FieldType, Label

About = Literal["inquiry", "notice"]


@dataclass(frozen=True, slots=True)
class OccasionKind:
    """An occasion to write, and what it carries: `inquiry` occasions carry every field of the inquiry besides `data`."""

    name: str
    label: Label
    about: About
    data: Mapping[str, FieldType] = field(default_factory=dict)


def _occasion(name: str, en: str, zh: str, about: About = "inquiry", **data: FieldType) -> tuple[str, OccasionKind]:
    return name, OccasionKind(name, {"en": en, "zh": zh}, about, data)


OCCASIONS: Final[Mapping[str, OccasionKind]] = dict(
    (
        # the record's life, in its order (G3)
        _occasion("registered", "Registered", "已登记"),
        _occasion("known_solution", "Known solution offered", "已有解决方案", article="text", article_link="link"),
        _occasion("verification_failed", "Verification failed", "核实未通过", missing="text"),
        _occasion("accepted", "Accepted", "已受理"),
        _occasion("classified", "Classified", "已分类"),
        _occasion("handed_over", "Handed over", "已移交", practice="text"),
        _occasion("assigned", "Assigned", "已分派", group="text"),
        _occasion("dispatched", "Engineer dispatched", "已派单", engineer="person", visit_at="datetime"),
        _occasion("progress", "Progress", "进展", progress="long_text"),
        _occasion("question", "Question to the user", "向用户询问", question="long_text"),
        _occasion("reminder", "Reminder", "催办", question="long_text", attempt="integer", attempts="integer"),
        _occasion("priority_changed", "Priority changed", "优先级变更", old_priority="choice"),
        _occasion("at_risk", "Goal at risk", "时限将至", clock="text", due_at="datetime"),
        _occasion("breached", "Goal missed", "已超时", clock="text", due_at="datetime"),
        _occasion("escalated", "Escalated", "已升级", to="text", reason="text"),
        _occasion("stale", "No movement", "长时间无进展", idle="duration"),
        _occasion("resolved", "Resolved, to be confirmed", "已解决，待确认", confirm_by="datetime"),
        _occasion("closed", "Closed", "已关闭"),
        _occasion("reopened", "Reopened", "重新打开"),
        _occasion("cancelled", "Cancelled", "已取消"),
        _occasion("rating_asked", "Rating asked", "邀请评价", rating_link="link"),
        # not about one inquiry (G6, D2, H3, J10)
        _occasion(
            "outage",
            "Outage",
            "服务中断",
            "notice",
            service="text",
            since="datetime",
            expected_until="datetime",
            workaround="long_text",
        ),
        _occasion("outage_over", "Outage over", "服务恢复", "notice", service="text", since="datetime", until="datetime"),
        _occasion(
            "planned_change",
            "Planned change",
            "变更通知",
            "notice",
            service="text",
            begins_at="datetime",
            ends_at="datetime",
            effect="text",
        ),
        _occasion(
            "service_level_changed",
            "Service level changed",
            "服务级别变更",
            "notice",
            service="text",
            change="text",
            valid_from="date",
        ),
        _occasion("survey", "Survey", "满意度调查", "notice", survey="text", survey_link="link", answer_by="date"),
        _occasion("improvement", "Improvement report", "改进通报", "notice", improvement="text", report_link="link"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A message for one occasion and audience (G1, G3). `{field}` and `{field|format}` stand for what the occasion carries.

    Where a field is empty its text of `without` stands instead of the placeholder; a template that could leave a blank is refused.
    """

    id: str
    label: Label
    occasion: str
    audience: tuple[str, ...]  #: roles
    body: Label
    subject: Label = field(default_factory=dict)
    without: Mapping[str, Label] = field(default_factory=dict)
    channels: tuple[str, ...] = ()  #: in order of preference; empty: the user's choice (G2)
    reliability: Literal["ordinary", "assured"] = "ordinary"  #: G4, G11
    answer: Literal["none", "receipt", "confirmation", "rating"] = "none"  #: G12
    unanswered_after: timedelta | None = None  #: working time (G5)
    attempts: int = 1  #: how often it is tried in all, other channels included (G5)
    approval: str | None = None  #: role that approves before it goes out (G6, G10)
    description: Label = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRule:
    """G11: which delivery fits which message; tried by `order`, the first that fits decides."""

    slug: str
    order: int
    channels: tuple[str, ...]
    occasions: tuple[str, ...] = ()  #: empty: any
    audience: tuple[str, ...] = ()  #: empty: anyone
    reliability: Literal["ordinary", "assured"] = "ordinary"
    description: Label = field(default_factory=dict)
