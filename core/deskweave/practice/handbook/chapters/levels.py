"""What is promised (practice C2, K1): goals by priority, and the rules they come from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from deskweave.model import FieldId, Goal, ServiceLevel
from deskweave.model.predicate import fields_of, holds
from deskweave.practice.handbook.tree import Row, Section, Table, cell, group, points, row, say, section, table
from deskweave.practice.handbook.voice import Voice
from deskweave.practice.wording import say_share

_MANY = 40  #: combinations beyond which a table says less than the rules


def chapter(voice: Voice) -> Section | None:
    return section(
        "levels",
        voice("Service levels", "服务级别"),
        [],
        [_level(voice, one) for one in voice.practice.service_levels.values()],
    )


def _level(voice: Voice, level: ServiceLevel) -> Section | None:
    items = [item for item in voice.practice.catalog.values() if item.service_level == level.id]
    said = [
        voice("Holds for every service item that names no other level.", "适用于未指定其他服务级别的全部服务项。")
        if level.default
        else "",
        voice("Named by {count} service items.", "有 {count} 个服务项指定了本级别。", count=len(items))
        if len(items) > 1
        else voice("Named by one service item.", "有 1 个服务项指定了本级别。")
        if items
        else "",
        voice(
            "People are told when {shares} of a goal is used up.",
            "目标时长用去 {shares} 时发出提醒。",
            shares=voice.list((say_share(one) for one in level.at_risk), "and"),
        )
        if level.at_risk
        else "",
        _on_change(voice, level),
    ]
    by_priority = _by_priority(voice, level)
    return section(
        f"level-{level.id}",
        voice.aside(voice.label(level.label, level.id), level.id),
        [say(voice.text(level.description)), points(said)],
        [
            section(f"level-{level.id}-goals", voice("Goals by priority", "按优先级的目标"), [by_priority]),
            section(f"level-{level.id}-rules", voice("Rules", "规则"), [_rules(voice, level)]),
        ],
    )


def _on_change(voice: Voice, level: ServiceLevel) -> str:
    if level.on_change == "retroactive":
        return voice(
            "A new priority gives a running clock its new goal, counted from the clock's start.",
            "优先级变更后，正在计时的时钟改用新目标，自计时开始起算。",
        )
    if level.on_change == "from_change":
        return voice(
            "A new priority gives a running clock its new goal, counted from the change.",
            "优先级变更后，正在计时的时钟改用新目标，自变更时起算。",
        )
    return voice("A new priority leaves the goal of a running clock as it is.", "优先级变更后，正在计时的时钟沿用原目标。")


def _rules(voice: Voice, level: ServiceLevel) -> Table | None:
    rows: list[Row] = []
    for clock, goals in level.goals.items():
        rows.append(group(voice.clock(clock)))
        for goal in goals:
            when = voice("Otherwise", "其他情况") if goal.when is None and len(goals) > 1 else voice.when(goal.when)
            rows.append(
                row(
                    cell(voice.label(goal.label, goal.slug) if goal.label else "", code=goal.slug),
                    when,
                    cell(_goal(voice, goal.goal), notes=[voice.text(goal.description)]),
                )
            )
    return table((voice("Rule", "规则"), voice("When", "适用条件"), voice("Goal", "目标")), rows)


def _goal(voice: Voice, goal: timedelta | None) -> str:
    return voice("nothing is promised", "不作承诺") if goal is None else voice.span(goal)


def _by_priority(voice: Voice, level: ServiceLevel) -> Table | None:
    """The goals as a client asks for them: a line for each priority, found by trying the rules themselves.

    Only where rules look at nothing but priority and value stream, so that the table says all there is.
    """
    practice = voice.practice
    sets = next((one.sets for one in practice.priority_matrices.values()), FieldId("priority"))
    stream = FieldId("stream")
    looked = {name for goals in level.goals.values() for goal in goals for name in fields_of(goal.when)}
    priority = practice.fields.get(sets)
    if priority is None or not priority.choices or sets not in looked or not looked <= {sets, stream}:
        return None
    streams: list[str | None] = [None]
    field = practice.fields.get(stream)
    if stream in looked and field is not None:
        streams = [*field.choices, None]
    clocks = list(level.goals)
    if len(priority.choices) * len(streams) > _MANY:
        return None
    answers: dict[tuple[tuple[str, ...], ...], list[str | None]] = {}
    for one in streams:
        lines = tuple(
            tuple(_promised(voice, level.goals[clock], {sets: slug, stream: one}) for clock in clocks) for slug in priority.choices
        )
        answers.setdefault(lines, []).append(one)
    rows: list[Row] = []
    for lines, same in answers.items():
        if len(answers) > 1:
            names = [voice("not yet known", "尚未确定") if one is None else voice.value("stream", one) for one in same]
            rows.append(group(voice.colon(voice.field("stream"), voice.list(names))))
        if len(set(lines)) == 1:
            rows.append(row(voice("any priority", "全部优先级"), *lines[0]))
            continue
        for slug, said in zip(priority.choices, lines, strict=True):
            rows.append(row(voice.value(str(sets), slug), *said))
    heads = (voice.field(str(sets)), *(voice.clock(clock) for clock in clocks))
    return table(heads, rows, keep=range(len(heads)))


def _promised(voice: Voice, goals: tuple[Goal, ...], values: Mapping[FieldId, str | None]) -> str:
    found = next((goal for goal in goals if holds(goal.when, values)), None)
    return _goal(voice, found.goal) if found is not None else voice("nothing is promised", "不作承诺")
