"""The statuses of an inquiry (practice C1), who may move it, how it is confirmed (C4, C5) and how nothing is forgotten (C6)."""

from __future__ import annotations

from deskweave.model import StatusModel
from deskweave.practice.handbook.tree import Drawing, Edge, Node, Section, cell, row, say, section, table
from deskweave.practice.handbook.voice import Voice
from deskweave.practice.wording import say_phase


def chapter(voice: Voice) -> Section | None:
    model = voice.practice.statuses
    return section(
        "statuses",
        voice("Status model", "状态模型"),
        [
            say(
                voice(
                    "Every inquiry is in exactly one status; it begins as {status}. Under each status stands a phase, which is the "
                    "same on every platform, whatever the status is called there.",
                    "每条问询任一时刻只处于一个状态，初始状态为“{status}”。每个状态归属一个阶段；"
                    "无论状态在平台上叫什么，阶段含义一致。",
                    status=voice.status(model.initial),
                )
            ),
        ],
        [
            _drawing(voice, model),
            _statuses(voice, model),
            _transitions(voice, model),
            _confirmation(voice, model),
            _stale(voice, model),
        ],
    )


def _statuses(voice: Voice, model: StatusModel) -> Section | None:
    parties = {"user": voice("user", "用户"), "third_party": voice("third party", "第三方")}
    needed: dict[str, list[str]] = {}
    for field in voice.practice.fields.values():
        if field.required_entering:
            needed.setdefault(field.required_entering, []).append(voice.field(str(field.id)))
    rows = (
        row(
            voice.term(status.label, slug, voice.said("StatusModel", model.id, "statuses", slug)),
            say_phase(status.phase.value, voice.language),
            parties.get(status.waits_on or "", ""),
            voice.yes(status.counts_as_waiting),
            cell(voice.list(needed.get(slug, ())), notes=[voice.about("StatusModel", model.id, "statuses", slug)]),
        )
        for slug, status in model.statuses.items()
    )
    heads = (
        voice("Status", "状态"),
        voice("Phase", "阶段"),
        voice("Waits on", "等待对象"),
        voice("Counts as waiting", "计入等待"),
        voice("To be filled in before", "进入前须填写"),
    )
    return section("status-list", voice("Statuses", "状态"), [table(heads, rows, centred=(3,))])


def _drawing(voice: Voice, model: StatusModel) -> Section | None:
    title = voice("Ways through the statuses", "状态流转图")
    drawing = Drawing(
        nodes=tuple(Node(name=slug, label=voice.status(slug), phase=one.phase.value) for slug, one in model.statuses.items()),
        edges=tuple(
            Edge(sources=one.sources, target=one.target, label=voice.transition(slug)) for slug, one in model.transitions.items()
        ),
        initial=model.initial,
        title=title,
    )
    return section("status-drawing", title, [drawing] if drawing.edges else [])


def _transitions(voice: Voice, model: StatusModel) -> Section | None:
    rows = (
        row(
            voice.term(one.label, slug, voice.said("StatusModel", model.id, "transitions", slug)),
            voice.list(voice.status(source) for source in one.sources),
            voice.status(one.target),
            cell(voice.roles(one.by), notes=[voice.about("StatusModel", model.id, "transitions", slug)]),
        )
        for slug, one in model.transitions.items()
    )
    heads = (voice("Transition", "流转"), voice("From", "从"), voice("To", "到"), voice("Who may do it", "谁可以执行"))
    return section("transitions", voice("Transitions", "流转规则"), [table(heads, rows)])


def _confirmation(voice: Voice, model: StatusModel) -> Section | None:
    one = model.confirmation
    if one is None:
        return None
    target = model.transitions[one.transition].target if one.transition in model.transitions else ""
    said = voice(
        "When an inquiry enters {status}, the user is told once that it is solved and is asked to confirm, and to say how "
        "satisfied "
        "they are. Silence for {span} on the calendar {calendar} counts as solved: {transition} is then made without anybody, and "
        "the inquiry is {target}.",
        "问询进入“{status}”后，系统向用户发送一次通知，说明问题已解决，请用户确认并评价满意度。"
        "用户在“{calendar}”日历上{span}内未答复的，视为已解决，系统自动执行“{transition}”，问询变为“{target}”。",
        status=voice.status(one.status),
        span=voice.span(one.silence),
        calendar=voice.calendar(one.calendar),
        transition=voice.transition(one.transition),
        target=voice.status(target),
    )
    message = voice("The message is {name}.", "所用消息模板为“{name}”。", name=voice.template(one.template)) if one.template else ""
    return section(
        "confirmation", voice("Confirmation and automatic closing", "确认与自动关闭"), [say(voice.sentences(said, message))]
    )


def _stale(voice: Voice, model: StatusModel) -> Section | None:
    one = model.stale
    if one is None:
        return None
    said = voice(
        "An open inquiry without any movement for {span} on the calendar {calendar} is shown to {roles}.",
        "处理中的问询在“{calendar}”日历上{span}无任何进展的，提示{roles}。",
        span=voice.span(one.after),
        calendar=voice.calendar(one.calendar),
        roles=voice.list((voice.role(role) for role in one.tells), "and"),
    )
    message = voice("The message is {name}.", "所用消息模板为“{name}”。", name=voice.template(one.template)) if one.template else ""
    return section("stale", voice("Nothing is forgotten", "防止遗漏"), [say(voice.sentences(said, message))])
