"""The loss report: what no platform can hold of the practice, and what people do instead, with menu paths (practice M2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from deskweave.configure.plan import HandStep, Plan
from deskweave.model import say_label

_SHOWN: Final = 12
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "title": "By hand",
        "summary": "{open} to do by hand, {done} done; {narrowed} kept in a narrower form, {impossible} not possible.",
        "nothing": "Nothing: everything the practice asks for is held.",
        "by_hand": "To do by hand",
        "narrowed": "Kept in a narrower form",
        "impossible": "Not possible there",
        "where": "Where",
        "steps": "Do",
        "concerns": "Concerns",
        "more": "and {count} more",
        "done": "done by {by}",
        "on": " on {on}",
        "verify": "`deskweave check` sees whether it is done.",
        "failed": "Could not be read: {why}",
        "tick": "When a step is done, write `done: {{by: NAME, on: DATE}}` under {number} in {file}.",
    },
    "zh": {
        "title": "手工操作清单",
        "summary": "待手工完成 {open} 项，已完成 {done} 项；简化保存 {narrowed} 项，无法实现 {impossible} 项。",
        "nothing": "无：规程要求的内容平台均可保存。",
        "by_hand": "待手工完成",
        "narrowed": "简化保存",
        "impossible": "平台无法实现",
        "where": "位置",
        "steps": "操作",
        "concerns": "涉及",
        "more": "等，另有 {count} 项",
        "done": "已由 {by} 完成",
        "on": "（{on}）",
        "verify": "`deskweave check` 可以核对是否完成。",
        "failed": "无法读取：{why}",
        "tick": "完成后在 {file} 的 {number} 下写明 `done: {{by: 姓名, on: 日期}}`。",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLosses:
    connection: str
    address: str
    hand: tuple[HandStep, ...]  #: numbered, open and done
    narrowed: tuple[HandStep, ...]
    impossible: tuple[HandStep, ...]
    failed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LossReport:
    """What is lost, by connection, in the order of the plan."""

    folder: str
    environment: str
    connections: tuple[ConnectionLosses, ...]

    @property
    def open(self) -> tuple[HandStep, ...]:
        return tuple(step for connection in self.connections for step in connection.hand if not step.done)

    @property
    def done(self) -> tuple[HandStep, ...]:
        return tuple(step for connection in self.connections for step in connection.hand if step.done)


def loss_report(plan: Plan) -> LossReport:
    """The losses of a plan."""
    return LossReport(
        folder=plan.folder,
        environment=plan.environment,
        connections=tuple(
            ConnectionLosses(
                connection=part.connection,
                address=part.identity.address if part.identity is not None else "",
                hand=tuple(step for step in part.hand_steps if step.number),
                narrowed=tuple(step for step in part.hand_steps if not step.number and step.degree == "narrowed"),
                impossible=tuple(step for step in part.hand_steps if not step.number and step.degree != "narrowed"),
                failed=part.failed,
            )
            for part in plan.connections
        ),
    )


def loss_markdown(report: LossReport, language: str = "en") -> str:
    """The report as Markdown, for `by-hand.md` and merge requests. What the connector says is quoted as it came.

    Args:
        report: what is lost.
        language: "en" or "zh"; another one is read as English.
    """
    words = _WORDS.get(language, _WORDS["en"])
    counts = {
        "open": len(report.open),
        "done": len(report.done),
        "narrowed": sum(len(one.narrowed) for one in report.connections),
        "impossible": sum(len(one.impossible) for one in report.connections),
    }
    lines = [f"# {words['title']}: {_line(report.folder)} / {_line(report.environment)}", "", words["summary"].format(**counts), ""]
    for connection in report.connections:
        address = f"    {_line(connection.address)}" if connection.address else ""
        lines += [f"## {_line(connection.connection)}{address}", ""]
        if connection.failed is not None:
            lines += [words["failed"].format(why=_line(connection.failed)), ""]
        elif not (connection.hand or connection.narrowed or connection.impossible):
            lines += [words["nothing"], ""]
        for name, steps in (
            ("by_hand", connection.hand),
            ("narrowed", connection.narrowed),
            ("impossible", connection.impossible),
        ):
            if steps:
                lines += [f"### {words[name]}", ""]
                for step in steps:
                    lines += _step(step, language, words)
                lines.append("")
    if report.open:
        lines += [words["tick"].format(number=report.open[0].number, file=f"by-hand/{report.environment}.yaml"), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _step(step: HandStep, language: str, words: Mapping[str, str]) -> list[str]:
    mark = f"[{'x' if step.done else ' '}] **{step.number}** " if step.number else ""
    by = ""
    if step.done:
        on = words["on"].format(on=_line(step.done_on)) if step.done_on else ""
        by = f" ({words['done'].format(by=_line(step.done_by or ''))}{on}{': ' + _line(step.note) if step.note else ''})"
    lines = [f"- {mark}{_line(step.what)}{by}"]
    told = say_label(step.steps, "", language)
    if told:
        lines.append(f"  - {words['steps']}: {_line(told)}")
    if step.where:
        lines.append(f"  - {words['where']}: {_line(step.where)}")
    shown = ", ".join(f"`{_line(path)}`" for path in step.elements[:_SHOWN])
    rest = len(step.elements) - _SHOWN
    lines.append(f"  - {words['concerns']}: {shown}{' ' + words['more'].format(count=rest) if rest > 0 else ''}")
    if step.verify and step.number and not step.done:
        lines.append(f"  - {words['verify']}")
    return lines


def _line(text: str) -> str:
    """One line that Markdown does not read as anything else: a connector's text may hold line ends and tags."""
    return " ".join(text.split()).replace("<", "&lt;").replace("`", "'").replace("|", "\\|")
