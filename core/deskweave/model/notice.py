"""What people are told, when, and what such a message may speak of (practice G)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Literal

from deskweave.model.label import Label
from deskweave.model.practice import FieldType, Phase

About = Literal["inquiry", "notice"]


@dataclass(frozen=True, slots=True)
class OccasionKind:
    """An occasion to write, and what it carries: `inquiry` occasions carry every field of the inquiry besides `data`.

    Whoever writes on the occasion hands over all of `data`; only what is `optional` may be empty. `past` is a phase the record has
    been in by then, so that what is mandatory on entering it is known to be filled. `like` names the field whose choices a value of
    `data` is one of.
    """

    name: str
    label: Label
    about: About
    data: Mapping[str, FieldType] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    past: Phase | None = None
    like: Mapping[str, str] = field(default_factory=dict)


def _inquiry(
    name: str,
    en: str,
    zh: str,
    *,
    past: Phase | None = None,
    optional: str = "",
    like: Mapping[str, str] | None = None,
    **data: FieldType,
) -> OccasionKind:
    return OccasionKind(name, {"en": en, "zh": zh}, "inquiry", data, frozenset(optional.split()), past, like or {})


def _notice(name: str, en: str, zh: str, *, optional: str = "", **data: FieldType) -> OccasionKind:
    """A notice to many (G6): `reference` is what replies quote, so that they are linked to it."""
    return OccasionKind(name, {"en": en, "zh": zh}, "notice", {"reference": "text", **data}, frozenset(optional.split()))


ALWAYS_THERE: Final = frozenset(("number", "status", "submitted_at", "created_at", "updated_at"))
"""Fields of an inquiry that are filled from its first moment on, whatever the practice says about them."""

OCCASIONS: Final[Mapping[str, OccasionKind]] = {
    kind.name: kind
    for kind in (
        # the record's life, in its order (G3)
        _inquiry("registered", "Registered", "已登记"),
        _inquiry("known_solution", "Known solution offered", "已有解决方案", article="text", article_link="link"),
        _inquiry("verification_failed", "Verification failed", "核实未通过", missing="text"),
        _inquiry("accepted", "Accepted", "已受理", past=Phase.ACTIVE),
        _inquiry("classified", "Classified", "已分类"),
        _inquiry("handed_over", "Handed over", "已移交", practice="text"),
        _inquiry("assigned", "Assigned", "已分派", group="text"),
        _inquiry("dispatched", "Engineer dispatched", "已派单", engineer="person", visit_at="datetime", optional="visit_at"),
        _inquiry("progress", "Progress", "进展", progress="long_text"),
        _inquiry("question", "Question to the user", "向用户询问", question="long_text"),
        _inquiry("acceptance_asked", "Acceptance asked", "请求用户同意", offer="long_text", answer_by="datetime"),
        _inquiry("reminder", "Reminder", "催办", question="long_text", attempt="integer", attempts="integer"),
        _inquiry("priority_changed", "Priority changed", "优先级变更", old_priority="choice", like={"old_priority": "priority"}),
        _inquiry("at_risk", "Goal at risk", "时限将至", clock="text", due_at="datetime"),
        _inquiry("breached", "Goal missed", "已超时", clock="text", due_at="datetime"),
        _inquiry("escalated", "Escalated", "已升级", to="text", reason="text"),
        _inquiry("stale", "No movement", "长时间无进展", idle="duration"),
        _inquiry("resolved", "Resolved, to be confirmed", "已解决，待确认", past=Phase.RESOLVED, confirm_by="datetime"),
        _inquiry("closed", "Closed", "已关闭", past=Phase.CLOSED),
        _inquiry("reopened", "Reopened", "重新打开", past=Phase.CLOSED),
        _inquiry("cancelled", "Cancelled", "已取消", past=Phase.CANCELLED),
        _inquiry("rating_asked", "Rating asked", "邀请评价", rating_link="link", optional="rating_link"),
        # written by hand (G10)
        _inquiry("by_hand", "Written by hand", "人工沟通", purpose="text", content="long_text"),
        # not about one inquiry (G6, D2, H3, J10)
        _notice(
            "outage",
            "Outage",
            "服务中断",
            service="text",
            since="datetime",
            expected_until="datetime",
            workaround="long_text",
            optional="expected_until workaround",
        ),
        _notice("outage_over", "Outage over", "服务恢复", service="text", since="datetime", until="datetime"),
        _notice(
            "planned_change", "Planned change", "变更通知", service="text", begins_at="datetime", ends_at="datetime", effect="text"
        ),
        _notice("service_level_changed", "Service level changed", "服务级别变更", service="text", change="text", valid_from="date"),
        _notice("survey", "Survey", "满意度调查", survey="text", survey_link="link", answer_by="date"),
        _notice("improvement", "Improvement report", "改进通报", improvement="text", report_link="link", optional="report_link"),
        _notice("announcement", "Announcement", "通知", topic="text", content="long_text"),
    )
}


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
    answer: Literal["none", "receipt", "reply", "confirmation", "rating"] = "none"  #: G12
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
    reliability: Literal["ordinary", "assured"] = "ordinary"  #: the messages it is for
    label: Label = field(default_factory=dict)
    description: Label = field(default_factory=dict)
