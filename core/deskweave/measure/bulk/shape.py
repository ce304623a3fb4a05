"""Whether clocks and computed fields of a practice can be said in SQL, and how: sums over events, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from deskweave.clock import WALL, CompiledCalendar
from deskweave.clock.timeline import ENDED, STATUS, SUBMITTED
from deskweave.measure.bulk.promised import Inexpressible, goal_of, text
from deskweave.measure.columns import OPEN
from deskweave.measure.facts import FactBuilder
from deskweave.model import Clock, ClockEdge, FieldId, Json

_MOST_STATUSES = 60  #: which of them were left is kept in the bits of one number


@dataclass(slots=True)
class Shape:
    """A practice's facts as SQL.

    Attributes:
        moves: name to (aggregate, what of each change of status, times what of its event). The former follows from `o` and `w`, the
            numbers of the old and the new status, and `person` alone, so that it is worked out once for all events alike. The
            latter: `us`, the moments for which the former is true; `c0`, `c1` ..., working time by each of `calendars`; or nothing.
        summed: name to (aggregate, what of each event), over the events of one inquiry. What does not count is empty.
        looked_up: name to (calendar, moment): working time at a moment of the inquiry. C does not fall as time passes, so it is
            asked of the first or last moment and not of every event.
        derived: column to expression over `moves`, `summed`, `looked_up`, the values (`v`) and what was derived before it.
        odd: conditions under which an inquiry is handed back.
        calendars: those that count.
        historic: fields whose events are needed.
    """

    builder: FactBuilder
    moves: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    summed: dict[str, tuple[str, str]] = field(default_factory=dict)
    looked_up: dict[str, tuple[str, str]] = field(default_factory=dict)
    derived: dict[str, str] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)  #: of facts, over all of these
    odd: list[str] = field(default_factory=list)
    odd_of: dict[str, tuple[str, ...]] = field(default_factory=dict)  #: further ones, of columns that are asked for
    calendars: list[CompiledCalendar | None] = field(default_factory=list)
    historic: list[FieldId] = field(default_factory=lambda: [STATUS])
    statuses: tuple[str, ...] = ()

    def key(self, clock: str) -> str:
        """What a clock is called in SQL, where names are put together: ids could be mistaken for one another."""
        return f"k{next(n for n, one in enumerate(self.builder.clocks.order) if one.id == clock)}"

    def number(self, status: str) -> int:
        """The number of a status in SQL, from 1."""
        return self.statuses.index(status) + 1


def _among(number: str, numbers: Iterable[int]) -> str:
    """Whether a status is one of several; a mask of bits, as lists would be joined."""
    wanted = sorted(numbers)
    if len(wanted) == 1:
        return f"{number} = {wanted[0]}"
    return f"({sum(1 << one for one in wanted)}::BIGINT >> {number}) & 1 = 1"


def shape_of(builder: FactBuilder) -> Shape:
    """The facts of a practice as SQL.

    Raises:
        Inexpressible: it asks for something that SQL cannot answer as the builder does; the message names it.
    """
    practice = builder.practice
    shape = Shape(builder, statuses=tuple(practice.statuses.statuses))
    submitted = practice.fields.get(SUBMITTED)
    if submitted is None or submitted.type != "datetime" or submitted.computed is not None:
        raise Inexpressible(f"{SUBMITTED} is no stated moment")
    if "phase" in practice.fields:
        raise Inexpressible("a field is called phase")
    if len(shape.statuses) > _MOST_STATUSES:
        raise Inexpressible(f"more than {_MOST_STATUSES} statuses")
    _statuses(shape)
    for clock in builder.clocks.order:
        _Clock(shape, clock).write()
    for name, how in builder.computed:
        _computed(shape, name, how)
    return shape


def _statuses(shape: Shape) -> None:
    shape.moves["left_"] = ("bit_or", "1::BIGINT << o", "")
    shape.odd += ["tally IS NULL", "tally = 0", f"v.{SUBMITTED} IS NULL"]
    phases = [(n, status.phase.value) for n, status in enumerate(shape.builder.practice.statuses.statuses.values(), 1)]
    whens = " ".join(f"WHEN {n} THEN {text(phase)}" for n, phase in phases)
    shape.columns["phase"] = f"CASE status_last {whens} END"
    _turns(shape)
    c = _calendar(shape, shape.builder.status_calendar)
    for status in shape.statuses:
        n = shape.number(status)
        column = _spent(shape, (status,), c)
        shape.columns[f"spent_{status}"] = f"CASE WHEN left_ & {1 << n} <> 0 THEN {column} END"


def _turns(shape: Shape) -> None:
    """When it was opened and ended by turns; of what was reopened twice at most, the first and the last of each tell all."""
    ended = [n for n, status in enumerate(shape.builder.practice.statuses.statuses.values(), 1) if status.phase in ENDED]
    opened = f"[v.{SUBMITTED}]"
    if not ended:
        shape.columns[OPEN] = opened
        return
    was, now = f"COALESCE({_among('o', ended)}, FALSE)", _among("w", ended)  # before its first status it is open
    for name, flips in (("ended", f"NOT {was} AND {now}"), ("back", f"{was} AND NOT ({now})")):
        shape.moves[f"{name}_first"] = ("min", flips, "us")
        shape.moves[f"{name}_latest"] = ("max", flips, "us")
        shape.moves[f"{name}_times"] = ("count", f"CASE WHEN {flips} THEN 1 END", "")
    rest = ["ended_first", "back_first", "ended_latest", "back_latest"]
    times = "ended_times + back_times"
    whens = " ".join(f"WHEN {n} THEN [{', '.join((f'v.{SUBMITTED}', *rest[:n]))}]" for n in range(1, 5))
    at_once = f"WHEN {times} = 1 AND ended_first <= v.{SUBMITTED} THEN []::TIMESTAMP[]"  # it was never open
    shape.columns[OPEN] = f"CASE {at_once} ELSE CASE {times} {whens} ELSE {opened} END END"
    # what one moment undoes, what ended before it was submitted, and what was reopened more often
    shape.odd_of[OPEN] = (
        f"{times} > 1 AND ended_first <= v.{SUBMITTED}",
        "back_first <= ended_first",
        f"{times} > 2 AND ended_latest <= back_first",
        f"{times} > 3 AND back_latest <= ended_latest",
        f"{times} > 4",
    )


def _spent(shape: Shape, statuses: Sequence[str], c: str, ended: bool = False) -> str:
    """The time spent in statuses that were left again: what C said on leaving less what it said on entering.

    `ended`: it is only asked where all of them were left.
    """
    inside = [shape.number(status) for status in statuses]
    name = f"sum_{c}_{'_'.join(str(shape.number(status)) for status in statuses)}"
    left, entered = (f"CASE WHEN {_among(number, inside)} THEN 1 ELSE 0 END" for number in "ow")
    shape.moves[name] = ("sum", f"{left} - {entered}", c)
    if ended:
        return f"{name}::BIGINT"
    shape.moves["moved_last"] = ("max", "TRUE", "us")
    shape.looked_up[f"last_{c}"] = (c, "t.moved_last")
    return f"({name} + CASE WHEN {_among('status_last', inside)} THEN last_{c} ELSE 0 END)::BIGINT"


def _calendar(shape: Shape, measures: object) -> str:
    """The column of events that says C by a calendar."""
    if measures is not WALL and not isinstance(measures, CompiledCalendar):
        raise Inexpressible("hours stand in each inquiry")
    calendar = measures if isinstance(measures, CompiledCalendar) else None
    if calendar not in shape.calendars:
        shape.calendars.append(calendar)
    return f"c{shape.calendars.index(calendar)}"


class _Clock:
    """One clock: `<id>_began` whether it started, `<id>_took` what it took."""

    def __init__(self, shape: Shape, clock: Clock) -> None:
        self.shape, self.clock, self.id = shape, clock, shape.key(clock.id)
        self.c = "" if clock.minus is not None else _calendar(shape, shape.builder.clocks.calendar_of(clock))

    def write(self) -> None:
        clock, derived = self.clock, self.shape.derived
        if clock.minus is not None:
            whole, part = (self.shape.key(one) for one in clock.minus)
            derived[f"{self.id}_from"], derived[f"{self.id}_to"] = f"{whole}_from", f"{whole}_to"
            derived[f"{self.id}_began"] = f"{whole}_began"
            derived[f"{self.id}_took"] = f"{whole}_took - {part}_took"
            self.shape.odd.append(f"{self.id}_took < 0")
        elif clock.sum_statuses:
            self._sum()
        else:
            self._edges()
        goal = goal_of(clock, self.shape.builder, f"{self.id}_from", f"{self.id}_to")
        derived[f"{self.id}_goal"] = f"CASE WHEN {self.id}_began THEN {goal.said} END"
        self.shape.odd_of[f"{clock.id}_goal"] = self.shape.odd_of[f"{clock.id}_met"] = goal.odd
        for number, name in enumerate(goal.fields):
            self.shape.summed[f"set{number}"] = ("max", f'CASE WHEN field = {text(name)} THEN "at" END')
            self.shape.summed[f"set{number}_times"] = ("count", f"CASE WHEN field = {text(name)} THEN 1 END")
            if name not in self.shape.historic:
                self.shape.historic.append(name)
        columns = self.shape.columns
        columns[f"{clock.id}_took"] = f"{self.id}_took"
        columns[f"{clock.id}_goal"] = f"{self.id}_goal"
        columns[f"{clock.id}_met"] = f"{self.id}_took <= {self.id}_goal"

    def _sum(self) -> None:
        shape, clock = self.shape, self.clock
        counted = [status for status in clock.sum_statuses if status in shape.statuses]
        inside = {shape.number(status) for status in counted}
        outer = next((one for one in shape.builder.clocks.order if one.id == clock.within), None)
        stop = outer.stop if outer is not None else None
        # a clock that has only stopped while its last status stands has no time of another still running
        ended = stop is not None and stop.require_current and not self._numbers(stop) & inside
        spent = _spent(shape, counted, self.c, ended) if counted else "0::BIGINT"
        if outer is None:
            shape.moves["entered_first"] = ("min", "TRUE", "us")
            shape.derived[f"{self.id}_from"], shape.derived[f"{self.id}_to"] = "entered_first", "NULL::TIMESTAMP"
            shape.derived[f"{self.id}_began"] = "tally > 0"
            shape.derived[f"{self.id}_took"] = f"CASE WHEN NOT ({_among('status_last', inside)}) THEN {spent} END"
            return
        if outer.start is None or stop is None:
            raise Inexpressible(f"{clock.id} is counted within a clock without edges")
        whole = shape.key(outer.id)
        if counted:
            # the sums hold all that was spent; what lies outside the outer clock is cut off by the builder
            shape.moves[f"{self.id}_first"] = ("min", _among("w", inside), "us")
            shape.odd.append(f"{whole}_took IS NOT NULL AND {self.id}_first < {whole}_from")
            if not (
                ended and stop.status is not None and stop.pick == "last" and outer.cycles != "first_close" and not stop.by_person
            ):
                shape.moves[f"{self.id}_last"] = ("max", f"{_among('o', inside)} OR {_among('w', inside)}", "us")
                shape.odd.append(f"{whole}_took IS NOT NULL AND {self.id}_last > {whole}_to")
        shape.derived[f"{self.id}_from"], shape.derived[f"{self.id}_to"] = f"{whole}_from", f"{whole}_to"
        shape.derived[f"{self.id}_began"] = f"{whole}_began"
        shape.derived[f"{self.id}_took"] = f"CASE WHEN {whole}_took IS NOT NULL THEN {spent} END"

    def _edges(self) -> None:
        shape, clock, c, derived = self.shape, self.clock, self.c, self.shape.derived
        assert clock.start is not None
        assert clock.stop is not None
        stop, stops = self._entered(clock.stop), self._numbers(clock.stop)
        last = clock.stop.pick == "last" and clock.cycles != "first_close"
        cycles = clock.cycles in ("sum_of_cycles", "each_cycle")
        moves = {"stop_first": ("min", stop, "us"), "stop_last": ("max", stop, "us")}
        if clock.start.submitted:
            derived[f"{self.id}_from"], begun = f"v.{SUBMITTED}", f"s{c}"
            shape.odd.append(f"{self.id}_stop_first < v.{SUBMITTED}")
        else:
            start = self._entered(clock.start)
            if self._numbers(clock.start) & stops:
                raise Inexpressible(f"{clock.id} starts and stops by the same status")
            pick, word = ("max", "last") if clock.start.pick == "last" else ("min", "first")
            moves[f"start_{word}"] = (pick, start, "us")
            if cycles:
                moves["start_last"] = ("max", start, "us")
            derived[f"{self.id}_from"], begun = f"{self.id}_start_{word}", f"{self.id}_begun"
            shape.looked_up[begun] = (c, f"t.{self.id}_start_{word}")
        if cycles:
            moves["stops"] = ("count", f"CASE WHEN {stop} THEN 1 END", "")
        shape.moves |= {f"{self.id}_{name}": said for name, said in moves.items()}
        here = _among("status_last", stops) if clock.stop.require_current else "TRUE"
        began = f"{self.id}_from IS NOT NULL"
        derived[f"{self.id}_began"] = began
        word = "last" if last and not cycles else "first"
        at, ended = f"{self.id}_stop_{word}", f"{self.id}_ended"
        shape.looked_up[ended] = (c, f"t.{at}")
        stopped = f"{began} AND {at} IS NOT NULL AND {here}"
        if not clock.start.submitted:
            # a stop counts after its start; which of several does, and what one instant holds, the order of events decides
            stopped += f" AND {self.id}_stop_last > {self.id}_from"
            shape.odd.append(f"{began} AND {at} IS NOT NULL AND {self.id}_stop_last = {self.id}_from")
            if word == "first":
                shape.odd.append(f"{began} AND {self.id}_stop_first <= {self.id}_from AND {self.id}_stop_last > {self.id}_from")
        if cycles:
            shape.odd.append(f"{self.id}_stops > 1")
            shape.odd.append(f"{self.id}_stops = 1 AND NOT ({here})")
            if not clock.start.submitted:
                shape.odd.append(f"{self.id}_stops = 1 AND {self.id}_start_last >= {self.id}_stop_first")
        derived[f"{self.id}_to"] = f"CASE WHEN {stopped} THEN {at} END"
        derived[f"{self.id}_took"] = f"CASE WHEN {stopped} THEN ({ended} - {begun})::BIGINT END"

    def _numbers(self, edge: ClockEdge) -> set[int]:
        statuses = self.shape.builder.practice.statuses.statuses
        return {
            self.shape.number(slug)
            for slug, status in statuses.items()
            if (slug == edge.status if edge.status is not None else status.phase == edge.phase)
        }

    def _entered(self, edge: ClockEdge) -> str:
        numbers = self._numbers(edge)
        said = _among("w", numbers)
        if edge.status is None:
            said += f" AND (o IS NULL OR NOT ({_among('o', numbers)}))"
        return said + " AND person" if edge.by_person else said


def _computed(shape: Shape, name: str, how: Mapping[str, Json]) -> None:
    columns = shape.builder.columns
    ((way, what),) = how.items()
    if way == "clock":
        shape.columns[name] = f"{shape.key(str(what))}_took" if what in shape.builder.practice.clocks else "NULL"
    elif way == "differs" and isinstance(what, Sequence):
        one, other = (columns.get(str(part)) for part in what)
        stated = {part for part, _, _ in shape.builder.stated}
        if one is None or other is None or one.kind is not other.kind or not {one.name, other.name} <= stated:
            raise Inexpressible(f"{name} compares fields that are not stated alike")
        shape.columns[name] = f'v."{one.name}" <> v."{other.name}"'
    elif way == "only" and isinstance(what, Mapping):
        said = []
        for number, (part, allowed) in enumerate(what.items()):
            if not isinstance(allowed, Sequence) or not all(isinstance(one, str) for one in allowed) or part == STATUS:
                raise Inexpressible(f"{name} allows what is no word")
            held = f"only_{len(shape.columns)}_{number}"
            words = ", ".join(text(str(one)) for one in allowed) or "NULL"
            shape.summed[held] = ("bool_and", f"CASE WHEN field = {text(part)} AND new IS NOT NULL THEN new IN ({words}) END")
            if part not in shape.historic:
                shape.historic.append(FieldId(part))
            said.append(held)
        shape.columns[name] = " AND ".join(said)  # false if one is, else empty if one is, as nobody can know it
    else:
        raise Inexpressible(f"{name} is computed in a way unknown here")
