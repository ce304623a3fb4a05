"""What the clocks of a practice say about one inquiry. They are read off its history; nothing is accumulated, so nothing drifts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from deskweave.clock.calendar import WALL
from deskweave.clock.problems import ClockError, EndBeforeStart
from deskweave.clock.timeline import Measures, Timeline
from deskweave.model import Clock, ClockEdge

GoalOf = Callable[[Clock, datetime], "timedelta | None"]


@dataclass(frozen=True, slots=True)
class Span:
    """From a start to the stop that belongs to it; `stopped_at` None: it runs."""

    started_at: datetime
    stopped_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockFact:
    """One clock of one inquiry.

    `took` counts working seconds, and only what is complete: a clock that runs, or never started, or whose inquiry was reopened,
    has none. `elapsed` is what a running clock shows at the moment that was asked for.
    """

    clock: str
    took: int | None = None
    goal: int | None = None  #: seconds; the one in force when the clock started
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    running: bool = False
    elapsed: int | None = None
    spans: tuple[Span, ...] = ()
    calendar: str | None = None  #: revision of the calendar that counted

    @property
    def met(self) -> bool | None:
        """Whether it took no longer than its goal; None without a duration or a goal. Five minutes exactly are met."""
        return None if self.took is None or self.goal is None else self.took <= self.goal


@dataclass(frozen=True, slots=True)
class ClockProblem:
    """Why a clock has no honest value for an inquiry. A person should look; it is counted, never dropped."""

    clock: str
    rule: str
    found: str
    message: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    facts: Mapping[str, ClockFact]
    problems: tuple[ClockProblem, ...] = field(default=())


class Clocks:
    """The clocks of a practice, in the order in which they build on each other."""

    def __init__(
        self,
        clocks: Mapping[str, Clock],
        calendars: Mapping[str, Measures],
        goal_of: GoalOf | None = None,
    ) -> None:
        """Order and connect the clocks.

        Args:
            clocks: by id.
            calendars: by id, compiled.
            goal_of: the goal in force for an inquiry whose clock starts at that instant; default: the clock's own.

        Raises:
            ClockError: a clock names a calendar or a clock that is not there, or clocks build on each other in a circle.
        """
        self._calendars = calendars
        self._goal_of = goal_of or (lambda clock, _: clock.goal)
        self.order = tuple(_ordered(clocks))
        for clock in self.order:
            self.calendar_of(clock)

    def calendar_of(self, clock: Clock) -> Measures:
        """What `clock` counts on: its calendar, that of the clock it stands in, or the wall clock.

        Raises:
            ClockError: the practice has no such calendar, or it cannot run a clock.
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
        """Read every clock off one inquiry's timeline; `as_of` gives running clocks their `elapsed`."""
        facts: dict[str, ClockFact] = {}
        problems: list[ClockProblem] = []
        for clock in self.order:
            try:
                facts[clock.id] = self._evaluate(clock, line, facts, as_of)
            except ClockError as error:
                facts[clock.id] = ClockFact(clock=clock.id)
                problems.append(ClockProblem(clock.id, error.rule, line.entries[-1].status if line.entries else "", str(error)))
        return Evaluation(facts, tuple(problems))

    def _evaluate(self, clock: Clock, line: Timeline, facts: Mapping[str, ClockFact], as_of: datetime | None) -> ClockFact:
        if clock.minus is not None:
            return self._difference(clock, clock.minus, facts)
        calendar = self.calendar_of(clock)
        if clock.sum_statuses:
            return self._sum(clock, line, facts, calendar, as_of)
        return self._edges(clock, line, calendar, as_of)

    def _edges(self, clock: Clock, line: Timeline, calendar: Measures, as_of: datetime | None) -> ClockFact:
        spans = _spans(clock, line)
        if not spans:
            return ClockFact(clock=clock.id)
        goal = self._goal_of(clock, spans[0].started_at)
        seconds = None if goal is None else int(goal.total_seconds())
        last = spans[-1]
        running = last.stopped_at is None
        counted = sum(calendar.working(span.started_at, span.stopped_at) for span in spans if span.stopped_at is not None)
        complete = not running or (len(spans) > 1 and not (clock.stop and clock.stop.require_current))
        elapsed = None
        if running and as_of is not None and as_of >= last.started_at:
            elapsed = counted + calendar.working(last.started_at, as_of)
        return ClockFact(
            clock=clock.id,
            took=counted if complete else None,
            goal=seconds,
            started_at=spans[0].started_at,
            stopped_at=last.stopped_at,
            running=running,
            elapsed=elapsed,
            spans=spans,
            calendar=calendar.revision,
        )

    def _sum(
        self, clock: Clock, line: Timeline, facts: Mapping[str, ClockFact], calendar: Measures, as_of: datetime | None
    ) -> ClockFact:
        spans: tuple[Span, ...]
        if clock.within is None:
            if not line.entries:
                return ClockFact(clock=clock.id)
            spans = (Span(line.entries[0].at, None),)
            complete = line.entries[-1].status not in clock.sum_statuses
        else:
            outer = facts[clock.within]
            if outer.started_at is None:
                return ClockFact(clock=clock.id)
            spans, complete = outer.spans, outer.took is not None
        total = 0
        elapsed = 0
        for index, entry in enumerate(line.entries):
            if entry.status not in clock.sum_statuses:
                continue
            left = line.entries[index + 1].at if index + 1 < len(line.entries) else None
            for span in spans:
                begin = max(entry.at, span.started_at)
                ends = [moment for moment in (left, span.stopped_at) if moment is not None]
                if ends:
                    if begin < min(ends):
                        total += calendar.working(begin, min(ends))
                elif as_of is not None and begin < as_of:
                    elapsed += calendar.working(begin, as_of)
        goal = self._goal_of(clock, spans[0].started_at)
        return ClockFact(
            clock=clock.id,
            took=total if complete else None,
            goal=None if goal is None else int(goal.total_seconds()),
            started_at=spans[0].started_at,
            stopped_at=spans[-1].stopped_at,
            running=not complete,
            elapsed=total + elapsed if not complete and as_of is not None else None,
            spans=spans,
            calendar=calendar.revision,
        )

    def _difference(self, clock: Clock, minus: tuple[str, str], facts: Mapping[str, ClockFact]) -> ClockFact:
        whole, part = (facts[name] for name in minus)
        if whole.started_at is None:
            return ClockFact(clock=clock.id)
        took = None if whole.took is None or part.took is None else whole.took - part.took
        if took is not None and took < 0:
            raise EndBeforeStart(
                f"{minus[1]} took {part.took} s, longer than {minus[0]} with {whole.took} s: state it within that clock"
            )
        goal = self._goal_of(clock, whole.started_at)
        both = whole.elapsed is not None and part.elapsed is not None
        return ClockFact(
            clock=clock.id,
            took=took,
            goal=None if goal is None else int(goal.total_seconds()),
            started_at=whole.started_at,
            stopped_at=whole.stopped_at,
            running=whole.running,
            elapsed=(whole.elapsed or 0) - (part.elapsed or 0) if both else None,
            spans=whole.spans,
            calendar=whole.calendar,
        )


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


def _entered(edge: ClockEdge, line: Timeline) -> list[int]:
    """Places in the timeline at which `edge` happens. Moving between two statuses of one phase does not enter the phase again."""
    found = []
    for index, entry in enumerate(line.entries):
        if edge.status is not None:
            happens = entry.status == edge.status
        else:
            before = line.entries[index - 1].phase if index else None
            happens = entry.phase == edge.phase and before != edge.phase and edge.phase is not None
        if happens:
            found.append(index)
    return found


def _spans(clock: Clock, line: Timeline) -> tuple[Span, ...]:
    """The spans between the clock's edges: one, or one for each cycle where cycles are summed.

    A stop is looked for after its start. A clock that starts with the submission has its instant from a field, so that a stop may
    lie before it: that is reported, not skipped.

    Raises:
        EndBeforeStart: the first stop lies before the submission.
    """
    if clock.start is None or clock.stop is None:
        return ()
    stops = _entered(clock.stop, line)
    if clock.start.submitted:
        if line.submitted is None:
            return ()
        if stops and line.entries[stops[0]].at < line.submitted:
            raise EndBeforeStart(
                f"clock {clock.id} stops at {line.entries[stops[0]].at.isoformat()}, "
                f"before the inquiry was submitted at {line.submitted.isoformat()}"
            )
        starts = [(-1, line.submitted)]
    else:
        places = _entered(clock.start, line)
        if not places:
            return ()
        if clock.start.pick == "last":
            places = places[-1:]
        starts = [(place, line.entries[place].at) for place in places]
    current = not clock.stop.require_current or (bool(stops) and _still(clock.stop, line))

    if clock.cycles in ("sum_of_cycles", "each_cycle"):
        spans: list[Span] = []
        after = -2
        for place, at in starts:
            if place < after:
                continue
            stop = next((candidate for candidate in stops if candidate > place), None)
            spans.append(Span(at, None if stop is None else line.entries[stop].at))
            if stop is None:
                break
            after = stop
        if not current and spans[-1].stopped_at is not None:
            # Reopened, and the clock's own start not entered again: it runs on from where the inquiry left the stop.
            left = next(entry.at for index, entry in enumerate(line.entries) if index > after and not _at(clock.stop, line, index))
            spans.append(Span(left, None))
        return tuple(spans)

    place, at = starts[0]
    usable = [candidate for candidate in stops if candidate > place]
    if not usable or not current:
        return (Span(at, None),)
    last = clock.stop.pick == "last" and clock.cycles != "first_close"
    return (Span(at, line.entries[usable[-1 if last else 0]].at),)


def _at(edge: ClockEdge, line: Timeline, index: int) -> bool:
    entry = line.entries[index]
    return entry.status == edge.status if edge.status is not None else entry.phase == edge.phase


def _still(edge: ClockEdge, line: Timeline) -> bool:
    return bool(line.entries) and _at(edge, line, len(line.entries) - 1)
