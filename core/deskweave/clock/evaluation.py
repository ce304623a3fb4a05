"""What the clocks of a practice say about one inquiry. They are read off its history; nothing is accumulated, so nothing drifts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from deskweave.clock.calendar import WALL
from deskweave.clock.hours import InquiryHours, measure_of
from deskweave.clock.problems import ClockError, EndBeforeStart
from deskweave.clock.spans import Span, spans_of, spent_in, without
from deskweave.clock.target import State, Target, Targets, own_target
from deskweave.clock.timeline import Measures, Timeline
from deskweave.model import Clock, FieldId


class Cycle(NamedTuple):
    """One time round of a clock `cycles: each_cycle`. `took` None: it runs."""

    started_at: datetime
    stopped_at: datetime | None
    took: int | None
    goal: int | None

    @property
    def met(self) -> bool | None:
        """Whether it took no longer than its goal; None without a duration or a goal."""
        return None if self.took is None or self.goal is None else self.took <= self.goal


class ClockFact(NamedTuple):
    """One clock of one inquiry.

    `took` counts working seconds, and only what is complete: a clock that runs, or never started, or whose inquiry was reopened,
    has none. `elapsed` is what a running clock shows at the moment that was asked for.
    """

    clock: str
    took: int | None = None
    goal: int | None = None  #: seconds from the start; of the promise in force (`deskweave.clock.target`)
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    running: bool = False
    elapsed: int | None = None
    spans: tuple[Span, ...] = ()
    calendar: str | None = None  #: revision of the calendar that counted
    level: str | None = None  #: id of the service level whose goal it is; None: the clock's own
    rule: str | None = None  #: slug of the goal in that level
    cycles: tuple[Cycle, ...] = ()  #: of a clock `cycles: each_cycle`: every time round; `took` is their sum

    @property
    def met(self) -> bool | None:
        """Whether it took no longer than its goal; None without a duration or a goal. Five minutes exactly are met.

        Where each cycle counts by itself: whether every one of them met its goal.
        """
        if self.cycles and self.took is not None:
            judged = [cycle.met for cycle in self.cycles if cycle.took is not None]
            return None if None in judged else all(judged)
        return None if self.took is None or self.goal is None else self.took <= self.goal


class ClockProblem(NamedTuple):
    """Why a clock has no honest value for an inquiry. A person should look; it is counted, never dropped."""

    clock: str
    rule: str
    found: str
    message: str


class Run(NamedTuple):
    """The shape of a clock in one inquiry, before anything is measured: what moments ahead are computed from.

    Attributes:
        clock: which.
        calendar: what measures it.
        spans: from its edges to its edges.
        counted: the stretches of them that count; of a difference ask `stretches`.
        complete: whether there is a duration.
        running: whether it counts on, or will when the inquiry leaves a status that does not count.
        target: the promise in force; of the last cycle, where each counts by itself.
        each: the promises to each of `spans`, where each cycle counts by itself.
    """

    clock: Clock
    calendar: Measures
    spans: tuple[Span, ...]
    counted: tuple[Span, ...]
    complete: bool
    running: bool
    target: Target
    each: tuple[Target, ...] = ()
    parts: tuple[Run, Run | None] | None = None  #: of a difference: the whole, and what is taken away

    @property
    def stretches(self) -> tuple[Span, ...] | None:
        """What counts, as stretches of time; None: a difference of two calendars, which is none."""
        if self.parts is None:
            return self.counted
        whole, part = self.parts
        if part is None or (part.calendar.id, part.calendar.revision) != (whole.calendar.id, whole.calendar.revision):
            return None
        kept, taken = whole.stretches, part.stretches
        return None if kept is None or taken is None else without(kept, taken)


@dataclass(frozen=True, slots=True)
class Evaluation:
    facts: Mapping[str, ClockFact]
    problems: tuple[ClockProblem, ...] = ()


class Clocks:
    """The clocks of a practice, in the order in which they build on each other."""

    def __init__(
        self,
        clocks: Mapping[str, Clock],
        calendars: Mapping[str, Measures | InquiryHours],
        targets: Targets | None = None,
    ) -> None:
        """Order and connect the clocks.

        Args:
            clocks: by id.
            calendars: by id, compiled.
            targets: the practice's promises; None: every clock has its own goal and no other.

        Raises:
            ClockError: a clock names a calendar or a clock that is not there, or clocks build on each other in a circle.
        """
        self._calendars = calendars
        self.watched: frozenset[FieldId] = targets.watched if targets is not None else frozenset()
        self._targets = targets
        self.order = tuple(_ordered(clocks))
        #: clocks with a promise that depends on the inquiry; all others have nothing, or their own goal and no other
        self._promised = targets.named | {clock.id for clock in self.order if clock.goal} if targets is not None else frozenset()
        self._own = {clock.id: own_target(clock) for clock in self.order}
        self._hours = {clock.id: self.calendar_of(clock) for clock in self.order}

    def calendar_of(self, clock: Clock) -> Measures | InquiryHours:
        """What `clock` counts on: its calendar, that of the clock it stands in, or the wall clock.

        Raises:
            ClockError: the practice has no such calendar.
        """
        if clock.calendar is None:
            inner = next((other for other in self.order if clock.within == other.id), None)
            return WALL if inner is None else self.calendar_of(inner)
        if clock.calendar not in self._calendars:
            raise ClockError(
                f"clock {clock.id} runs on calendar {clock.calendar}; there are: {', '.join(sorted(self._calendars)) or 'none'}"
            )
        return self._calendars[clock.calendar]

    def evaluate(self, line: Timeline, as_of: datetime | None = None) -> Evaluation:
        """Read every clock off one inquiry's timeline; `as_of` gives running clocks their `elapsed`.

        A clock without an honest value has an empty fact and a problem that says why; the others still count.
        """
        facts: dict[str, ClockFact] = {}
        runs: dict[str, Run | None] = {}
        states = self._targets.states(line) if self._targets is not None else ()
        problems: list[ClockProblem] = []
        for clock in self.order:
            name = clock.id
            runs[name] = None
            try:
                run = self._run(clock, line, runs, states, False)
                facts[name] = ClockFact(name) if run is None else _measured(run, facts, as_of)
                runs[name] = run
            except ClockError as error:
                facts[name] = ClockFact(name)
                problems.append(ClockProblem(name, error.rule, line.entries[-1].status if line.entries else "", str(error)))
        return Evaluation(facts, tuple(problems))

    def runs(self, line: Timeline) -> dict[str, Run]:
        """The clocks that have started in one inquiry, with the promise to each: what `moments` asks for.

        Nothing is measured here beyond what a promise needs, and that by the plain week where the calendar knows no more: alarms
        go on past its last day. A clock that has no honest value is left out.
        """
        runs: dict[str, Run | None] = {}
        states = self._targets.states(line) if self._targets is not None else ()
        for clock in self.order:
            try:
                runs[clock.id] = self._run(clock, line, runs, states, True)
            except ClockError:
                runs[clock.id] = None
        return {name: run for name, run in runs.items() if run is not None}

    def _run(
        self, clock: Clock, line: Timeline, runs: Mapping[str, Run | None], states: Sequence[State], ahead: bool
    ) -> Run | None:
        run = self._shape(clock, line, runs)
        if run is None:
            return None
        if clock.cycles == "each_cycle" and clock.stop is not None:
            each = tuple(self._target(run, states, (span,), ahead) for span in run.spans)
            return run._replace(target=each[-1], each=each)
        if clock.id not in self._promised:
            return run
        return run._replace(target=self._target(run, states, run.spans, ahead))

    def _shape(self, clock: Clock, line: Timeline, runs: Mapping[str, Run | None]) -> Run | None:
        """A clock of an inquiry, with its own goal; None: it has not started."""
        hours, target = self._hours[clock.id], self._own[clock.id]
        if clock.minus is not None:
            whole, part = (runs[name] for name in clock.minus)
            if whole is None:
                return None
            return Run(clock, whole.calendar, whole.spans, (), whole.complete, whole.running, target, parts=(whole, part))
        spans: tuple[Span, ...]
        if clock.sum_statuses:
            outer = runs[clock.within] if clock.within is not None else None
            if outer is not None:
                spans, complete, running = outer.spans, outer.complete, outer.running
            elif clock.within is None and line.entries:
                spans = (Span(line.entries[0].at, None),)
                running = line.entries[-1].status in clock.sum_statuses
                complete = not running
            else:
                return None
            counted = spent_in(clock.sum_statuses, line, spans)
            return Run(clock, measure_of(hours, line), spans, counted, complete, running, target)
        spans = spans_of(clock, line)
        if not spans:
            return None
        running = spans[-1].stopped_at is None
        complete = not running or (len(spans) > 1 and not (clock.stop and clock.stop.require_current))
        return Run(clock, measure_of(hours, line), spans, spans, complete, running, target)

    def _target(self, run: Run, states: Sequence[State], spans: tuple[Span, ...], ahead: bool) -> Target:
        """The promise to `spans`, which are all of a run or one cycle of it."""
        if self._targets is None or run.clock.id not in self._promised:
            return run.target

        def passed(at: datetime) -> int:
            counted = run.stretches if spans is run.spans else spans
            if counted is None:
                raise ClockError(f"clock {run.clock.id} is a difference of two calendars: what had passed at a change is not known")
            return _passed(counted, run.calendar, at, ahead)

        return self._targets.in_force(run.clock, states, spans[0].started_at, spans[-1].stopped_at, passed)


def _passed(counted: Iterable[Span], calendar: Measures, at: datetime, provisional: bool) -> int:
    """Working seconds of `counted` that lie before `at`."""
    total = 0
    for started, stopped in counted:
        end = at if stopped is None or stopped > at else stopped
        if started < end:
            total += calendar.working(started, end, provisional=provisional)
    return total


def _measured(run: Run, facts: Mapping[str, ClockFact], as_of: datetime | None) -> ClockFact:
    clock, target, spans = run.clock, run.target, run.spans
    took: int | None
    elapsed: int | None = None
    cycles: tuple[Cycle, ...] = ()
    revision: str | None = run.calendar.revision
    if clock.minus is not None:
        whole, part = (facts[name] for name in clock.minus)
        took = None if whole.took is None or part.took is None else whole.took - part.took
        if took is not None and took < 0:
            raise EndBeforeStart(
                f"{clock.minus[1]} took {part.took} s, longer than {clock.minus[0]} with {whole.took} s: state it within that clock"
            )
        if whole.elapsed is not None and part.elapsed is not None:
            elapsed = whole.elapsed - part.elapsed
        revision = whole.calendar
    else:
        calendar, total = run.calendar, 0
        for started, stopped in run.counted:
            if stopped is not None:
                total += calendar.working(started, stopped)
        took = total if run.complete else None
        if as_of is not None and (run.running or not run.complete) and as_of >= spans[-1].started_at:
            elapsed = total + sum(
                calendar.working(started, as_of) for started, stopped in run.counted if stopped is None and started <= as_of
            )
        if run.each:
            cycles = tuple(_cycle(span, calendar, one.goal) for span, one in zip(spans, run.each, strict=True))
    return ClockFact(
        clock.id, took, target.goal, spans[0].started_at, spans[-1].stopped_at, run.running, elapsed, spans, revision,
        target.level, target.rule, cycles,
    )  # fmt: skip


def _cycle(span: Span, calendar: Measures, goal: int | None) -> Cycle:
    took = None if span.stopped_at is None else calendar.working(span.started_at, span.stopped_at)
    return Cycle(span.started_at, span.stopped_at, took, goal)


def _ordered(clocks: Mapping[str, Clock]) -> list[Clock]:
    placed: dict[str, Clock] = {}
    open_: list[str] = []

    def place(name: str, asked_by: str) -> None:
        if name in placed:
            return
        if name not in clocks:
            raise ClockError(f"clock {asked_by} builds on {name}; there are: {', '.join(sorted(clocks))}")
        if name in open_:
            raise ClockError(f"clocks build on each other in a circle: {' > '.join([*open_, name])}")
        open_.append(name)
        clock = clocks[name]
        for other in [*([clock.within] if clock.within else []), *(clock.minus or ())]:
            place(other, name)
        open_.pop()
        placed[name] = clock

    for name in clocks:
        place(name, name)
    return list(placed.values())
