"""What is timed, from when to when, and what counts (practice C2)."""

from __future__ import annotations

from deskweave.model import Clock, ClockEdge
from deskweave.practice.handbook.tree import Section, cell, row, section, table
from deskweave.practice.handbook.voice import Voice
from deskweave.practice.wording import say_phase


def chapter(voice: Voice) -> Section | None:
    rows = (
        row(
            voice.term(clock.label, clock.id, voice.said("Clock", clock.id)),
            *_edges(voice, clock),
            cell(_counts(voice, clock), notes=[_cycles(voice, clock)]),
            cell(voice.about("Clock", clock.id)),
            voice.span(clock.goal) if clock.goal is not None else "",
        )
        for clock in voice.practice.clocks.values()
    )
    heads = (
        voice("Clock", "时钟"),
        voice("Starts when", "起点"),
        voice("Stops when", "终点"),
        voice("What counts", "计时范围"),
        voice("In words", "说明"),
        voice("Goal", "目标"),
    )
    return section("clocks", voice("Clocks", "时钟（计时规则）"), [table(heads, rows)])


def _edges(voice: Voice, clock: Clock) -> tuple[str, str]:
    return (_edge(voice, clock.start), _edge(voice, clock.stop))


def _edge(voice: Voice, edge: ClockEdge | None) -> str:
    if edge is None:
        return ""
    if edge.submitted:
        return voice("the inquiry is registered", "问询登记")
    name = voice.status(edge.status) if edge.status else ""
    if edge.phase is not None:
        name = voice("the phase {phase}", "“{phase}”阶段", phase=say_phase(edge.phase.value, voice.language))
    elif voice.language == "zh":
        name = f"“{name}”"
    said = voice(
        "it enters {name} for the {which} time",
        "{which}进入{name}",
        name=name,
        which=voice("first", "首次") if edge.pick == "first" else voice("last", "最后一次"),
    )
    if edge.by_person:
        said = voice.aside(said, voice("by a person", "由人员操作"))
    if edge.require_current:
        said = voice.aside(said, voice("only while it stays there", "且保持该状态"))
    return said


def _counts(voice: Voice, clock: Clock) -> str:
    if clock.minus is not None:
        first, second = (voice.clock(one) for one in clock.minus)
        return voice("{first} less {second}", "{first}减去{second}", first=first, second=second)
    calendar = voice.calendar(clock.calendar) if clock.calendar else ""
    if clock.sum_statuses:
        names = voice.list((voice.status(one) for one in clock.sum_statuses), "and")
        said = voice("time in {names}", "处于{names}的时间", names=names)
        if clock.within:
            said = voice("{said}, within {clock}", "{said}，限{clock}之内", said=said, clock=voice.clock(clock.within))
        return voice.aside(said, calendar) if calendar else said
    return (
        voice("working time on {calendar}", "“{calendar}”日历的工作时间", calendar=calendar)
        if calendar
        else voice("all time", "全部时间")
    )


def _cycles(voice: Voice, clock: Clock) -> str:
    """What becomes of an inquiry that was reopened; the ordinary way is not worth a word."""
    words = {
        "first_close": ("Reopened: the first time counts.", "重新打开的，以第一次为准。"),
        "sum_of_cycles": ("Reopened: all times are added up.", "重新打开的，各次累计。"),
        "each_cycle": ("Reopened: each time counts by itself.", "重新打开的，每次单独计时。"),
    }
    return voice(*words[clock.cycles]) if clock.cycles in words else ""
