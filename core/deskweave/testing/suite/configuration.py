"""A practice is made on the platform once: then there is nothing left to do, and a second look finds what was made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import pytest

from deskweave.configure import Mark, Plan
from deskweave.configure.live import read_live
from deskweave.configure.workflow import Workflow, gaps, workflows_of
from deskweave.testing.suite.ground import Ground
from deskweave.testing.suite.guarantee import guarantee
from deskweave.testing.suite.values import STATUS

FEW = 4  #: elements of a run that is disturbed


def _barred(ground: Ground, collection: str, pairs: Sequence[tuple[str, str]], workflow: Workflow) -> frozenset[tuple[str, str]]:
    """Changes of status that a workflow does not let happen, where every one is asked for."""
    model = ground.practice.statuses
    draws = next(iter(model.transitions.values()))
    every = {f"{start}_{end}": replace(draws, sources=(start,), target=end) for start, end in pairs}
    found: set[tuple[str, str]] = set()
    for gap in gaps(replace(model, transitions=every), ground.document.body, [workflow], {}):
        if gap.collection == collection and gap.kind in ("nowhere", "way"):
            starts = {start for start, _ in pairs} if gap.kind == "nowhere" else {gap.read_as}
            found |= {(start, end) for start in starts for end in gap.statuses}
    return frozenset(found)


class Configuration:
    """Fields and choices by `plan` and `apply`, as the admin."""

    @guarantee(
        "configuration/apply",
        en="What is planned can be made, all of it.",
        zh="计划的每一项都能做成。",
        needs="configuration",
    )
    def test_what_is_planned_is_made(self, ground: Ground) -> None:
        assert ground.refused is None, f"apply raised {ground.refused!r}"
        assert ground.applied is not None
        bad = [f"{one.step.key}: {one.state} {one.message}" for one in ground.applied.results if one.state != "done"]
        assert not bad, "\n".join(bad)
        assert ground.applied.results, "nothing was made: the binding names no field that is not there anyway"

    @guarantee(
        "configuration/empty-plan",
        en="After apply the plan is empty.",
        zh="应用之后，计划为空。",
        needs="configuration",
    )
    def test_after_apply_the_plan_is_empty(self, ground: Ground) -> None:
        plan = ground.configurator(ground.connect("admin")).plan()
        assert not self._open(plan), "still to be done: " + "; ".join(self._open(plan))

    @guarantee(
        "configuration/discover",
        en="Somebody else's folder finds what was made here, by name, and makes nothing twice.",
        zh="换一个文件夹也能按名称找到已建内容，不会重复创建。",
        needs="configuration",
    )
    def test_what_was_made_is_discovered(self, ground: Ground) -> None:
        made = ground.configurator(ground.connect("admin"), ground.folder / "another.lock.yaml")
        (report,) = made.discover()
        assert report.failed is None, f"the connection could not be read: {report.failed}"
        assert report.is_whole, f"made, and not discovered: {[str(key) for key in (*report.missing, *report.planned)]}"
        left = self._open(made.plan())
        assert not left, "a folder without a lock file would make it again: " + "; ".join(left)

    @guarantee(
        "configuration/lost-answer",
        en="An answer lost in the middle of apply makes nothing twice.",
        zh="应用途中丢失应答，不会重复创建。",
        needs="configuration emulator",
        faults="lost_answer",
    )
    def test_an_answer_lost_while_applying_makes_nothing_twice(self, ground: Ground) -> None:
        other = ground.fresh(992)
        try:
            admin = ground.connect("admin", running=other, bound=False)
            lock = ground.folder / "lost.lock.yaml"
            made = ground.configurator(admin, lock)
            plan = made.plan()
            adds = [step for step in plan.steps if step.mark is Mark.ADD and step.key.kind == "field"]
            few = list(dict.fromkeys(f"field/{step.key.path}" for step in adds))[:FEW]
            other.faults.arm("lost_answer", times=1, writes=True, skip=1)
            made.apply(plan.only(elements=few))
            other.faults.disarm()
            ground.later()
            again = ground.configurator(ground.connect("admin", running=other, bound=False), lock)
            rest = again.plan()
            left = [word for word in few if any(step.writes and step.key.is_called(word) for step in rest.steps)]
            if left:
                again.apply(rest.only(elements=left))
            source = ground.connect("admin", running=other, bound=False).configuration
            assert source is not None
            live = read_live(source, {"field"})
            names = Counter((str(one.attributes.get("collection")), str(one.attributes.get("name"))) for one in live.elements)
            wanted = {
                (step.key.collection, str(step.after.attributes["name"]))
                for step in adds
                if step.after is not None and any(step.key.is_called(word) for word in few)
            }
            wrong = {name: names[name] for name in wanted if names[name] != 1}
            assert wanted, "nothing was made"
            assert not wrong, f"fields that are not there once, after an answer was lost: {wrong}"
        finally:
            other.stop()

    @guarantee(
        "configuration/losses",
        en="What the platform cannot hold is said, with what a person does instead, in English and Chinese.",
        zh="平台容纳不了的内容会说明，并用中英文给出人工步骤。",
        needs="configuration",
    )
    def test_losses_say_what_to_do(self, ground: Ground) -> None:
        assert ground.applied is not None
        steps = [step for step in ground.applied.after.steps if step.mark is Mark.BY_HAND and step.hand is not None]
        for step in steps:
            hand = step.hand
            assert hand is not None
            assert set(hand.steps) >= {"en", "zh"}, f"{step.key}: told in {sorted(hand.steps)} only"
            assert all(str(text).strip() for text in hand.steps.values()), f"{step.key}: an empty instruction"

    @guarantee(
        "configuration/expression",
        en="What the platform can hold of a practice is the same whenever it is asked.",
        zh="平台能容纳实践的哪些内容，每次询问结果相同。",
        needs="configuration",
    )
    def test_an_expression_is_pure(self, ground: Ground) -> None:
        from deskweave.configure import wanted_elements

        target, source = ground.connection.target, ground.connection.configuration
        assert target is not None
        assert source is not None
        wanted = wanted_elements(ground.practice, ground.document.body).elements
        live = read_live(source).elements
        first, second = target.express(wanted, live), target.express(wanted, live)
        assert (list(first.elements), list(first.losses)) == (list(second.elements), list(second.losses)), "asked twice, it differs"
        held = {one.id for one in first.elements} | {one.element for one in first.losses}
        silent = [one.id.path for one in wanted if one.id is not None and one.id.kind in target.kinds and one.id not in held]
        assert not silent, f"neither held nor said to be lost: {silent[:5]}"

    @guarantee(
        "configuration/workflow",
        en="The workflow that is told is the one there is: what it leads to is reached, and what it does not lead to is refused.",
        zh="所报工作流就是实际的工作流：能到达的可以到达，到不了的会被拒绝。",
        needs="configuration workflow hands patches fetch statuses",
    )
    def test_the_workflow_is_the_one_there_is(self, ground: Ground, collection: str) -> None:
        source = ground.connect("admin").configuration
        assert source is not None
        live = ground.patiently(lambda: read_live(source))
        workflows = workflows_of(live)
        if not workflows:
            pytest.skip(f"{collection}: no transition says where it leads")
        known = {one.native for one, kind in zip(live.elements, live.kinds, strict=True) if kind == "status"}
        ends = {end for one in workflows for passage in one.passages for end in (*passage.sources, passage.target)}
        assert ends <= known, f"transitions lead from or to what is no status there: {sorted(ends - known)}"
        pairs = list(permutations(ground.binding.collections[collection].statuses, 2))
        barred = [_barred(ground, collection, pairs, one) for one in workflows]
        for start, end in pairs:
            told = {(start, end) in one for one in barred}
            if len(told) > 1:
                continue  # requests of one kind may, of another may not
            ref = ground.raise_one(collection, status=start)
            ground.later()
            if ground.says(ref).get(STATUS) != start:
                continue  # nobody gets there either
            outcome = ground.patch(ref, {STATUS: end})
            if told == {True}:
                assert outcome.error is not None, f"no way from {start} to {end} was told, and there is one"
            else:
                assert outcome.error is None, f"a way from {start} to {end} was told: {outcome.error}"
                ground.agrees(ref, {STATUS: end})

    @staticmethod
    def _open(plan: Plan) -> list[str]:
        """Steps that a machine would take, or cannot."""
        failed = [str(part.failed) for part in plan.connections if part.failed is not None]
        return failed + [f"{step.mark.value} {step.key} {step.reason}" for step in plan.steps if step.mark is not Mark.BY_HAND]
