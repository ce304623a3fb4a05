"""Rules of sense about the priority matrix and service levels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from deskweave.findings import Finding, Severity
from deskweave.model import FieldId, Json, PriorityMatrix
from deskweave.practice.lint.sense import Path, Sense

Rules = Sequence[tuple[str, Mapping[str, Json] | None]]


def matrices(sense: Sense) -> Iterator[Finding]:
    """matrix-turns: a higher impact or urgency that gives a lower priority (practice K1)."""
    for matrix in sense.practice.priority_matrices.values():
        impacts, urgencies, priorities = (_choices(sense, name) for name in (matrix.impact, matrix.urgency, matrix.sets))
        rank = {priority: number for number, priority in enumerate(priorities)}
        told: set[tuple[str, str]] = set()
        yield from _turns(sense, matrix, [(impact, [(impact, urgency) for urgency in urgencies]) for impact in impacts], rank, told)
        yield from _turns(
            sense, matrix, [(urgency, [(impact, urgency) for impact in impacts]) for urgency in urgencies], rank, told
        )


def _choices(sense: Sense, name: str) -> list[str]:
    term = sense.practice.fields.get(FieldId(name))
    return list(term.choices) if term is not None else []


def _turns(
    sense: Sense,
    matrix: PriorityMatrix,
    lines: Sequence[tuple[str, Sequence[tuple[str, str]]]],
    rank: Mapping[str, int],
    told: set[tuple[str, str]],
) -> Iterator[Finding]:
    """Steps from one line (an impact, an urgency) to the next that go against most others. The order is that of the choices."""
    steps: list[tuple[int, str, str, tuple[str, str]]] = []
    for (before, cells), (after, following) in pairwise(lines):
        for one, other in zip(cells, following, strict=True):
            first, second = (rank.get(matrix.matrix.get(impact, {}).get(urgency, ""), -1) for impact, urgency in (one, other))
            if min(first, second) >= 0 and first != second:
                steps.append((1 if second > first else -1, before, after, other))
    against = -1 if sum(step for step, *_ in steps) >= 0 else 1
    for step, before, after, (impact, urgency) in steps:
        if step == against and (impact, urgency) not in told:
            told.add((impact, urgency))
            priority = matrix.matrix[impact][urgency]
            message = (
                f"from {before!r} to {after!r} the priority turns: impact {impact!r} with urgency {urgency!r} gives {priority!r}"
            )
            path: Path = ("PriorityMatrix", matrix.id, "matrix", impact, urgency)
            remedy = "let a higher impact or urgency never give a lower priority"
            yield sense.warn(
                "matrix-turns",
                path,
                priority,
                message,
                remedy,
                key=False,
                before=before,
                after=after,
                impact=impact,
                urgency=urgency,
            )


def levels(sense: Sense) -> Iterator[Finding]:
    """goal-never-applies, level-unused."""
    named = {item.service_level for item in sense.practice.catalog.values()}
    for slug, level in sense.practice.service_levels.items():
        for clock, goals in level.goals.items():
            for goal, others in never(sense, [(goal.slug, goal.when) for goal in goals]):
                message = f"the goal {goal!r} of {clock!r} never applies: {others}"
                path: Path = ("ServiceLevel", slug, "goals", clock, goal)
                remedy = "give it an earlier `order:`, or mend its `when:`"
                yield sense.warn("goal-never-applies", path, goal, message, remedy, clock=clock)
        if not level.default and slug not in named:
            message = f"no catalog item names {slug!r}, and it is not the default: it promises nothing to anybody"
            remedy = "name it in `service_level:` of an item, or remove it"
            yield sense.warn("level-unused", ("ServiceLevel", slug), slug, message, remedy, severity=Severity.NOTE)


def never(sense: Sense, rules: Rules) -> Iterator[tuple[str, str]]:
    """Rules, in the order they are tried, that no inquiry ever comes to; with the reason."""
    cases = sense.cases(when for _, when in rules)
    for number, (slug, when) in enumerate(rules):
        if not cases.find(when).possible:
            yield slug, "its condition contradicts itself"
        elif not cases.find(when, outside=(before for _, before in rules[:number])).possible:
            yield slug, "the ones tried before it take every inquiry"
