"""How users say whether they are content (practice D)."""

from __future__ import annotations

from deskweave.practice.handbook.tree import Section, row, say, section, table
from deskweave.practice.handbook.voice import Voice


def chapter(voice: Voice) -> Section | None:
    return section("feedback", voice("Feedback and surveys", "用户反馈与调查"), [], [_scale(voice), _surveys(voice)])


def _scale(voice: Voice) -> Section | None:
    scale = sorted(voice.practice.feedback.values(), key=lambda one: one.code)
    rows = (row(str(one.code), voice.term(one.label, one.slug)) for one in scale)
    return section(
        "scale",
        voice("Scale", "评价等级"),
        [
            say(
                voice(
                    "Platforms are matched by what a step means, never by its number: some count the other way round.",
                    "各平台按含义对应，不按代码对应：有的平台代码顺序相反。",
                )
            )
            if scale
            else None,
            table((voice("Code", "代码"), voice("Step", "等级")), rows, centred=(0,)),
        ],
    )


def _surveys(voice: Voice) -> Section | None:
    rows = (
        row(
            voice.term(one.label, one.slug),
            voice.roles(one.audience),
            voice.every(one.every) if one.every else voice("on each inquiry", "每条问询"),
            voice("the desk", "服务台") if one.by == "desk" else voice("an outside firm", "外部机构"),
            [voice.label(label, slug) for slug, label in one.asks.items()],
            voice.template(one.template) if one.template else "",
        )
        for one in voice.practice.surveys.values()
    )
    heads = (
        voice("Survey", "调查"),
        voice("Asked", "调查对象"),
        voice("How often", "频率"),
        voice("Carried out by", "执行方"),
        voice("Questions", "问题"),
        voice("Message", "消息模板"),
    )
    return section("surveys", voice("Surveys", "调查"), [table(heads, rows)])
