"""What the desk does step by step (practice F, G, H, Q1-Q4): processes 900, 901, 902."""

from __future__ import annotations

from collections.abc import Mapping

from deskweave.model import Point, Process, Step
from deskweave.practice.handbook.tree import Block, Cell, Section, Table, cell, facts, points, row, say, section, table
from deskweave.practice.handbook.voice import Voice


def chapter(voice: Voice) -> Section | None:
    processes = sorted(voice.practice.processes.values(), key=lambda one: one.number)
    return section("processes", voice("Processes", "流程"), [], [_process(voice, one) for one in processes])


def _process(voice: Voice, process: Process) -> Section | None:
    key = f"process-{process.id}"
    return section(
        key,
        f"{process.number} {voice.label(process.label, process.id)}",
        [say(voice.text(process.description))],
        [
            section(f"{key}-steps", voice("Steps", "步骤"), [_steps(voice, process)]),
            section(f"{key}-checks", voice("What is checked", "核实内容"), [_checks(voice, process)]),
            section(f"{key}-automation", voice("What is automated", "自动化"), [_automations(voice, process)]),
            section(f"{key}-rules", voice("Rules for every step", "通用规则"), [_named(voice, process.rules)]),
            section(f"{key}-reviews", voice("When it begins", "启动时机"), [_named(voice, process.reviews)]),
            section(f"{key}-flow", voice("What comes in, what goes out", "输入、输出与移交"), [_flow(voice, process)]),
        ],
    )


def _steps(voice: Voice, process: Process) -> Table | None:
    rows = (
        row(
            step.number,
            cell(voice.label(step.label, step.slug), notes=[voice.text(step.description)], strong=False),
            voice.role(step.responsible),
            automation(voice, step),
            [voice.label(check.label, slug) for slug, check in step.checks.items()],
            voice.list(voice.template(one) for one in step.templates),
        )
        for step in process.steps.values()
    )
    heads = (
        voice("No.", "序号"),
        voice("Step", "步骤"),
        voice("Responsible", "责任人"),
        voice("Automated", "自动化程度"),
        voice("Checks", "核实项"),
        voice("Messages", "消息模板"),
    )
    return table(heads, rows, keep=range(4))


def automation(voice: Voice, step: Step) -> str:
    words = {
        "none": ("no", "无"),
        "partly": ("partly", "部分"),
        "mostly": ("mostly", "大部分"),
        "full": ("fully", "全部"),
    }
    return voice.word(words, step.automation)


def _checks(voice: Voice, process: Process) -> Table | None:
    """Checks of which there is more to say than the steps do: what they mean, and for which inquiries they are."""
    found = [(step.number, check) for step in process.steps.values() for check in step.checks.values()]
    if not any(check.when is not None or check.description for _, check in found):
        return None
    rows = [
        row(number, cell(voice.label(check.label, check.slug), notes=[voice.text(check.description)]), voice.when(check.when))
        for number, check in found
    ]
    return table((voice("Step", "步骤"), voice("Check", "核实项"), voice("For which inquiries", "适用的问询")), rows)


def _automations(voice: Voice, process: Process) -> Table | None:
    rows = [
        row(f"{step.number} {voice.label(step.label, step.slug)}", _listed(voice, step.automations))
        for step in process.steps.values()
        if step.automations
    ]
    return table((voice("Step", "步骤"), voice("What takes work off people", "自动化内容")), rows)


def _named(voice: Voice, named: Mapping[str, Point]) -> Block | None:
    """Rules and the like: a short name, and what it means."""
    if not any(one.description for one in named.values()):
        return points(voice.label(one.label, slug) for slug, one in named.items())
    return facts(
        ((voice.label(one.label, slug), voice.text(one.description) or "-") for slug, one in named.items()), family="process"
    )


def _listed(voice: Voice, named: Mapping[str, Point]) -> Cell:
    """Points one under the other, each with what it means behind it."""
    lines = []
    for slug, one in named.items():
        about = voice.text(one.description)
        lines.append(voice.colon(voice.label(one.label, slug), about) if about else voice.label(one.label, slug))
    return cell(lines)


def _flow(voice: Voice, process: Process) -> Table | None:
    def owners(named: Mapping[str, Point]) -> Cell:
        lines = []
        for slug, one in named.items():
            stream = voice.value("stream", slug)
            owner = voice.label(one.label, slug)
            lines.append(voice("{what}: to {owner}", "{what}：移交{owner}", what=stream, owner=owner) if stream != slug else owner)
        return cell(lines)

    return facts(
        (
            (voice("Comes in", "输入"), _listed(voice, process.inputs)),
            (voice("Goes out", "输出"), _listed(voice, process.outputs)),
            (voice("Handed over", "移交"), owners(process.hands_over)),
            (voice("Belongs elsewhere", "不属于服务台的工作"), _listed(voice, process.elsewhere)),
            (
                voice("A person is always on offer", "随时可转人工"),
                voice.role(process.human_fallback) if process.human_fallback else "",
            ),
        )
    )
