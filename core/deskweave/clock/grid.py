"""C(t) as numbers, for many instants at once: breakpoints, and cells that any SQL engine joins by equality.

Both say exactly what `CompiledCalendar.cumulative` says. A grid row also tells the local day of its cell, so that a query needs no
function of time zones. Plain Python: rows and arrays, no library.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import repeat
from typing import Final, NamedTuple

from deskweave.clock.calendar import CompiledCalendar
from deskweave.clock.problems import CellTooCoarse, ClockError, OutsideCoverage
from deskweave.clock.zone import DAY, day_of, epoch, instant, local_day, pieces

CELLS: Final = (
    900,
    60,
)  #: seconds of a cell, the coarsest first: quarters of an hour, and minutes where a zone or a week asks for it


@dataclass(frozen=True, slots=True)
class Cumulative:
    """C as its breakpoints, ascending: from `at[i]` on it is `base[i]`, and grows by `slope[i]` (0 or 1) a second.

    `since` and `until` are epoch seconds; nothing outside is answered. `revision` is the calendar's.
    """

    calendar: str
    revision: str
    since: int
    until: int
    at: tuple[int, ...]
    base: tuple[int, ...]
    slope: tuple[int, ...]

    def of(self, seconds: Iterable[int]) -> array[int]:
        """C at many instants, in their order.

        Args:
            seconds: since 1970 UTC.

        Raises:
            OutsideCoverage, ClockError: one lies outside what these numbers cover.
        """
        at, base, slope = self.at, self.base, self.slope
        wanted = seconds if isinstance(seconds, (list, tuple, array)) else list(seconds)
        if len(wanted) and (min(wanted) < self.since or max(wanted) > self.until):
            raise ClockError(f"calendar {self.calendar}: these numbers cover {instant(self.since)} to {instant(self.until)}")
        return array("q", [base[i := bisect_right(at, one) - 1] + slope[i] * (one - at[i]) for one in wanted])

    def working(self, starts: Iterable[int], ends: Iterable[int]) -> array[int]:
        """Working seconds of many spans; negative where one ends before it starts, for the caller to name.

        Raises:
            ClockError: one lies outside what these numbers cover.
        """
        return array("q", [end - start for start, end in zip(self.of(starts), self.of(ends), strict=True)])

    def due(self, starts: Iterable[int], seconds: Iterable[int]) -> array[int]:
        """When so many working seconds have passed since each start: epoch seconds; -1 where these numbers end before.

        Raises:
            ClockError: a start lies outside what these numbers cover.
            ValueError: a number of seconds is negative.
        """
        begun = starts if isinstance(starts, (list, tuple, array)) else list(starts)
        found = array("q")
        opens = [i for i in range(len(self.at)) if self.slope[i]]
        bases = [self.base[i] for i in opens]
        top = self.of([self.until])[0]
        for start, passed, wait in zip(begun, self.of(begun), seconds, strict=True):
            if wait < 0:
                message = f"{wait} seconds: a moment cannot be due before its clock starts"
                raise ValueError(message)
            wanted = passed + wait
            if wait == 0:
                found.append(start)
            elif wanted > top:
                found.append(-1)
            else:
                # the last opening before which less than the wanted time has passed
                i = opens[bisect_right(bases, wanted - 1) - 1]
                found.append(self.at[i] + wanted - self.base[i])
        return found


def cumulative(calendar: CompiledCalendar, since: datetime, until: datetime) -> Cumulative:
    """The breakpoints of C between two instants.

    Args:
        calendar: compiled.
        since: the first instant that may be asked for.
        until: the last one.

    Raises:
        OutsideCoverage: the calendar knows nothing of one of them.
    """
    low, high = epoch(since), epoch(until)
    calendar.cumulative(until)  # refuses what it does not know
    total = calendar.cumulative(since)
    at: list[int] = []
    base: list[int] = []
    slope: list[int] = []
    reached = low
    for opens, closes in calendar.windows(since, until):
        begin, end = epoch(opens), epoch(closes)
        if begin > reached:
            at.append(reached)
            base.append(total)
            slope.append(0)
        at.append(begin)
        base.append(total)
        slope.append(1)
        total += end - begin
        reached = end
    if reached < high or not at:
        at.append(reached)
        base.append(total)
        slope.append(0)
    return Cumulative(calendar.id, calendar.revision, low, high, tuple(at), tuple(base), tuple(slope))


class Cell(NamedTuple):
    """One row of a grid: C(t) = base + slope * (t - q * seconds of a cell), for every t of the cell."""

    q: int  #: number of the cell: epoch seconds // seconds of a cell
    base: int  #: C at the beginning of the cell
    slope: int  #: 1 while it is open, 0 while it is closed
    day: date  #: on the wall in the calendar's zone; week, month and year follow from it


@dataclass(frozen=True, slots=True)
class Grid:
    """C in cells of equal length, to be joined by equality: `q = epoch // cell`.

    Attributes:
        calendar: id.
        revision: of the calendar.
        cell: seconds of a cell.
        first: number of the first cell; the others follow without a gap.
        base: C at the beginning of each.
        slope: 0 or 1 of each.
        days: (number of the first cell, local day), ascending: a cell has the day of the last pair at or before it.
    """

    calendar: str
    revision: str
    cell: int
    first: int
    base: array[int]
    slope: array[int]
    days: tuple[tuple[int, date], ...]

    def __len__(self) -> int:
        return len(self.base)

    def rows(self) -> Iterator[Cell]:
        """Every cell, ascending."""
        ends = [start for start, _ in self.days[1:]] + [self.first + len(self)]
        for (begin, day), end in zip(self.days, ends, strict=True):
            for q in range(begin, end):
                yield Cell(q, self.base[q - self.first], self.slope[q - self.first], day)

    def columns(self) -> tuple[list[int], list[int], list[int], list[date]]:
        """The rows column by column, as lists: what an engine takes in one statement."""
        ends = [start for start, _ in self.days[1:]] + [self.first + len(self)]
        days: list[date] = []
        for (begin, day), end in zip(self.days, ends, strict=True):
            days.extend(repeat(day, end - begin))
        return list(range(self.first, self.first + len(self))), self.base.tolist(), self.slope.tolist(), days

    def of(self, seconds: Iterable[int]) -> array[int]:
        """C at many instants, in their order.

        Raises:
            ClockError: one lies outside the grid.
        """
        base, slope, cell, begin = self.base, self.slope, self.cell, self.first * self.cell
        wanted = seconds if isinstance(seconds, (list, tuple, array)) else list(seconds)
        if len(wanted) and (min(wanted) < begin or max(wanted) >= begin + cell * len(base)):
            raise ClockError(f"calendar {self.calendar}: the grid covers {instant(begin)} to {instant(begin + cell * len(base))}")
        return array("q", [base[i] + slope[i] * inside for i, inside in (divmod(one - begin, cell) for one in wanted)])


def grid(calendar: CompiledCalendar, since: datetime, until: datetime, *, cell: int | None = None) -> Grid:
    """The cells of C that hold every instant of [since, until).

    Args:
        calendar: compiled.
        since: the first instant, rounded down to a cell.
        until: the end, rounded up.
        cell: seconds of a cell; None: the coarsest of `CELLS` that is exact here.

    Raises:
        OutsideCoverage: the calendar does not know all of it.
        CellTooCoarse: a window or a local day begins or ends inside a cell.
    """
    for size in CELLS if cell is None else (cell,):
        found = _grid(calendar, epoch(since), epoch(until), size)
        if found is not None:
            return found
    raise CellTooCoarse(
        f"calendar {calendar.id} opens, closes or begins a day inside a cell of {cell or CELLS[-1]} seconds between "
        f"{since.isoformat()} and {until.isoformat()}"
    )


def _grid(calendar: CompiledCalendar, low: int, high: int, cell: int) -> Grid | None:
    first, last = low // cell, -(-high // cell)
    begin, end = first * cell, last * cell
    known_from, known_to = epoch(calendar.beginning), None if calendar.end is None else epoch(calendar.end)
    inside_from, inside_to = max(begin, known_from), end if known_to is None else min(end, known_to)
    if low < known_from or (known_to is not None and high > known_to):
        wrong = low if low < known_from else high
        raise OutsideCoverage(
            calendar.id, local_day(instant(wrong), calendar.zone), calendar.since, calendar.until,
            calendar.holidays.id if calendar.holidays else None,
        )  # fmt: skip
    line = cumulative(calendar, instant(inside_from), instant(inside_to))
    points = list(zip(line.at, line.base, line.slope, strict=True))
    if inside_from > begin:  # a part of the first cell lies before the calendar begins: nobody asks for it
        points.insert(0, (begin, points[0][1], 0))
    if inside_to < end:
        points.append((inside_to, points[-1][1] + points[-1][2] * (inside_to - points[-1][0]), 0))
    turns = [point for number, point in enumerate(points) if not number or point[2] != points[number - 1][2]]
    days = _days(calendar, begin, end)
    if any((at - begin) % cell for at in (*(turn[0] for turn in turns), *(day[0] for day in days))):
        return None
    base, slope = array("q"), array("b")
    for (at, total, grows), until in zip(turns, [*(at for at, *_ in turns[1:]), end], strict=True):
        cells = (until - at) // cell
        base.extend(range(total, total + cells * cell, cell) if grows else repeat(total, cells))
        slope.extend(repeat(grows, cells))
    return Grid(calendar.id, calendar.revision, cell, first, base, slope, tuple((start // cell, day) for start, day in days))


def _days(calendar: CompiledCalendar, begin: int, end: int) -> list[tuple[int, date]]:
    """(first instant, local day) over [begin, end), whenever the day on the wall changes: also back, where a clock is put back."""
    found: list[tuple[int, date]] = []
    for start, stop, offset in pieces(calendar.zone, begin, end):
        for number in range((start + offset) // DAY, (stop + offset - 1) // DAY + 1):
            at, day = max(start, number * DAY - offset), day_of(number)
            if not found or found[-1][1] != day:
                found.append((at, day))
    return found
