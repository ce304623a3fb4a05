"""The six steps of the demo, and what came of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Final

from deskweave.connector import Connection, Mapper
from deskweave.demo.compare import Comparison, compare
from deskweave.demo.play import POLL, Tally, play, settle
from deskweave.demo.stage import Stage, build, wait
from deskweave.demo.week import FRIDAY_EVENING, MONDAY, ZONE, Origin, draw
from deskweave.errors import PluginError
from deskweave.measure import Period, Result, parse_period
from deskweave.model import Binding
from deskweave.plugins import Plugins

ZONE_NAME: Final = str(ZONE)
#: where the week's inquiries come in; of the chat's, some are tickets
SHARES: Final = {"servicenow": 19, "jira_sm": 9, "feishu": 32}
TICKETS: Final = 7


@dataclass(slots=True)
class Applied:
    """What `apply` did on one platform."""

    created: int = 0
    by_hand: int = 0


@dataclass(slots=True)
class Told:
    """Everything the story has to tell, in plain data."""

    folder: Path
    addresses: Mapping[str, str] = field(default_factory=dict)
    applied: dict[str, Applied] = field(default_factory=dict)
    planned_again: int = 0  #: steps of the second plan; 0 is the goal
    tally: Tally = field(default_factory=Tally)
    quiet: bool = False
    comparison: Comparison = field(default_factory=Comparison)
    results: Sequence[Result] = ()
    seconds: dict[str, float] = field(default_factory=dict)  #: by step, real time

    @property
    def well(self) -> bool:
        """Whether everything came out as promised: nothing left to apply, nothing missing, doubled, different or leaked."""
        found = self.comparison
        return not self.planned_again and self.quiet and not (found.missing or found.doubled or found.different or found.leaked)


def tell(
    folder: Path,
    *,
    plugins: Plugins,
    language: str,
    seed: int = 1,
    step: Callable[[str, Told, Stage], None],
    progress: Callable[[datetime], None],
    linger: Callable[[Told, Stage], None] | None = None,
) -> Told:
    """Tell the story.

    Args:
        folder: where the demo's folder goes; rewritten if it is a demo's.
        plugins: loaded plugins.
        language: of the folder and of what is written into it.
        seed: another one is another week.
        step: called after each of start, apply, work, sync, compare and kpi.
        progress: told what time it is in the story.
        linger: called at the end while the platforms still run; their time stands still unless the stage is handed over.

    Raises:
        DeskweaveError: whatever went wrong; the platforms are stopped.
    """
    names = [name for name in SHARES if name in plugins.connectors and plugins.connectors[name].emulator is not None]
    if len(names) < 2:
        missing = ", ".join(name for name in SHARES if name not in names)
        raise PluginError("demo", "start", f"the story needs two platforms; not there: {missing}. deskweave plugins says why")
    told = Told(folder=folder)
    begun = perf_counter()

    def done(name: str) -> None:
        nonlocal begun
        told.seconds[name], begun = perf_counter() - begun, perf_counter()
        step(name, told, stage)

    stage = build(folder, names, plugins, opens=MONDAY, language=language, zone=ZONE_NAME, seed=seed)
    try:
        told.addresses = {name: emulator.address for name, emulator in stage.running.items()}
        done("start")
        _apply(stage, told)
        done("apply")
        stage.clock.advance(POLL)  # every platform's quota is whole again
        sides = _sides(stage, names)
        origins = [_origin(name, sides[name][1]) for name in names]
        acts = draw(stage.space.practice, origins, seed=seed)
        engine, works, failures = stage.space.engine()
        if failures:
            raise failures[0].error
        told.tally = play(
            stage,
            acts,
            {name: binding for name, (_, binding, _) in sides.items()},
            _forgetful(sides),
            lambda: engine.run(works),
            seed=seed,
            progress=progress,
        )
        stage.clock.set(max(FRIDAY_EVENING, stage.clock()))
        done("work")
        told.quiet = settle(stage, lambda: engine.run(works), told.tally)
        done("sync")
        told.comparison = compare(stage.space.store, sides, lambda until: wait(stage.clock, until))
        done("compare")
        period = parse_period(MONDAY.strftime("%Y-%m"))
        told.results = stage.space.kpi([period])
        write_reports(stage, period)
        done("kpi")
        if linger is not None:
            linger(told, stage)
    finally:
        stage.close()
    return told


def _apply(stage: Stage, told: Told) -> None:
    from deskweave.configure import Mark, loss_markdown, loss_report
    from deskweave.workspace.handbook import handbook

    plan, failures = stage.space.plan()
    if failures:
        raise failures[0].error
    report = stage.space.apply(plan)
    for name in stage.running:
        told.applied[name] = Applied(
            created=sum(1 for one in report.results if one.state == "done" and one.step.connection == name),
            by_hand=sum(1 for step in plan.steps if step.connection == name and step.mark is Mark.BY_HAND),
        )
    again, _ = stage.space.plan()
    told.planned_again = len(again.writing)
    for language in ("en", "zh"):
        text = loss_markdown(loss_report(again), language)
        (stage.folder / f"by-hand.{language}.md").write_text(text, encoding="utf-8", newline="\n")
        page = handbook(stage.space, language, plan=again)
        (stage.folder / f"practice.{language}.html").write_text(page, encoding="utf-8", newline="\n")


def _sides(stage: Stage, names: Sequence[str]) -> dict[str, tuple[Connection, Binding, Mapper]]:
    sides: dict[str, tuple[Connection, Binding, Mapper]] = {}
    for name in names:
        connection = stage.space.connect(name).connection
        binding = stage.space.binding(name)
        mapper = connection.mapper(binding)
        sides[name] = connection, binding, mapper
        stage.hands[name] = stage.running[name].hands(mapper)
    return sides


def _forgetful(sides: Mapping[str, tuple[Connection, Binding, Mapper]]) -> set[tuple[str, str]]:
    return {
        (name, collection)
        for name, (connection, _, _) in sides.items()
        for collection, can in connection.capabilities.collections.items()
        if can.history == "none"
    }


def _origin(name: str, binding: Binding) -> Origin:
    ticket = next((one.name for one in binding.collections.values() if not one.creates and one.messages), None)
    return Origin(name, SHARES[name], TICKETS if ticket else 0, ticket)


def write_reports(stage: Stage, period: Period) -> None:
    """The report of the month, in both languages, beside the folder's files."""
    from deskweave.measure.report import report

    space = stage.space
    notes = {"en": "Demonstration: made-up people, emulated platforms.", "zh": "演示数据：人物为虚构，平台为仿真。"}
    with space.facts.open() as facts:
        for language, note in notes.items():
            page = report(
                space.practice,
                facts,
                period,
                space.now(),
                language,
                client="demo",
                environment=space.folder.environment,
                notes=(note,),
            )
            (stage.folder / f"report.{language}.html").write_text(page, encoding="utf-8", newline="\n")


__all__ = ["Told", "tell"]
