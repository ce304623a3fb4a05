"""How urgent a thing is (practice K): the matrix, what speaks for a step of it, and when a priority rises."""

from __future__ import annotations

from deskweave.model import FieldId, PriorityMatrix
from deskweave.practice.handbook.tree import Section, Table, cell, points, row, say, section, table
from deskweave.practice.handbook.voice import Voice
from deskweave.practice.wording import say_share


def chapter(voice: Voice) -> Section | None:
    several = len(voice.practice.priority_matrices) > 1
    found = [_matrix(voice, one) for one in voice.practice.priority_matrices.values()]
    parts = [one for one in found if one is not None]
    title = voice("Priority", "优先级")
    if several or not parts:
        return section("priority", title, [], parts)
    return section("priority", title, parts[0].blocks, parts[0].sections)


def _matrix(voice: Voice, one: PriorityMatrix) -> Section | None:
    about = voice(
        "{impact} and {urgency} decide: the rule is written, and nobody's mood counts.",
        "优先级由“{impact}”和“{urgency}”按下表确定：规则明文规定，不凭个人判断。",
        impact=voice.field(str(one.impact)),
        urgency=voice.field(str(one.urgency)),
    )
    return section(
        f"matrix-{one.id}",
        voice.label(one.label, one.id),
        [say(voice.text(one.description) or about)],
        [
            section(f"matrix-{one.id}-table", voice("Matrix", "优先级矩阵"), [_table(voice, one)]),
            section(
                f"matrix-{one.id}-weighs",
                voice("What is weighed", "考虑因素"),
                [
                    points(
                        voice.colon(
                            voice("Optional", "可选因素") if name == "optional" else voice.field(name),
                            voice.list(voice.label(choice.label, slug) for slug, choice in choices.items()),
                        )
                        for name, choices in one.weighs.items()
                    )
                ],
            ),
            section(f"matrix-{one.id}-rises", voice("Rises", "优先级提升"), [_rises(voice, one)]),
        ],
    )


def _table(voice: Voice, one: PriorityMatrix) -> Table | None:
    practice = voice.practice

    def slugs(field: FieldId, stated: list[str]) -> list[str]:
        """In the order of the field's choices; what only the matrix knows stands last."""
        known = practice.fields.get(field)
        order = list(known.choices) if known is not None else []
        return [slug for slug in order if slug in stated] + [slug for slug in stated if slug not in order]

    impacts = slugs(one.impact, list(one.matrix))
    urgencies = slugs(one.urgency, list(dict.fromkeys(slug for line in one.matrix.values() for slug in line)))
    corner = f"{voice.field(str(one.impact))} / {voice.field(str(one.urgency))}"
    rows = (
        row(
            voice.value(str(one.impact), impact),
            *(
                cell(voice.value(str(one.sets), one.matrix[impact][urgency]) if urgency in one.matrix[impact] else "-", strong=True)
                for urgency in urgencies
            ),
        )
        for impact in impacts
    )
    return table(
        (corner, *(voice.value(str(one.urgency), slug) for slug in urgencies)),
        rows,
        centred=range(1, len(urgencies) + 1),
        matrix=True,
    )


def _rises(voice: Voice, one: PriorityMatrix) -> Table | None:
    rows = (
        row(
            voice.term(rise.label, slug),
            voice(
                "less than {share} of the goal of {clock} is left",
                "“{clock}”剩余时间不足目标的 {share}",
                share=say_share(rise.left),
                clock=voice.clock(rise.clock),
            ),
            voice.when(rise.when),
            cell(
                voice("by one step", "提升一级") if rise.steps == 1 else voice("by {n} steps", "提升 {n} 级", n=rise.steps),
                notes=[voice.text(rise.description)],
            ),
        )
        for slug, rise in one.rises.items()
    )
    heads = (voice("Rule", "规则"), voice("Once", "触发条件"), voice("For", "适用范围"), voice("Rises", "提升"))
    return table(heads, rows)
