"""Working time as a function: C(t) is the number of working seconds from a calendar's beginning to t.

An instant is open if and only if its wall clock in the calendar's zone lies in a window. C is piecewise linear, so that working
time is a difference, `working(a, b) = C(b) - C(a)`, and a due moment the inverse, `due(t, s) = C^-1(C(t) + s)`: exact, additive,
and logarithmic in the number of windows. Daylight saving needs no rule of its own, because windows are laid over the zone's pieces
of constant offset. Practice C3; the cases stand in tests/clock/test_cases.py.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from datetime import date, datetime, time, timedelta
from threading import Lock
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from deskweave.clock.problems import ClockError, EndBeforeStart, HoursInInquiry, NoWorkingTime, OutsideCoverage
from deskweave.clock.zone import DAY, day_of, epoch, first_instant, instant, local_day, pieces
from deskweave.model import Calendar, CalendarVersion, Holidays

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LAST: Final = 7_258_118_400  #: 2200-01-01 UTC
_HORIZON: Final = 30  #: years after which a calendar that has not opened never will


class Due(NamedTuple):
    """A moment that is due. `provisional`: it lies past the holidays' coverage and was counted on the plain week."""

    at: datetime
    provisional: bool


def _seconds(at: time | None) -> int:
    return DAY if at is None else at.hour * 3600 + at.minute * 60 + at.second


class CompiledCalendar:
    """One calendar with its holidays, ready to measure. Pure: the same documents give the same answers; safe between threads.

    Seconds are whole: instants are cut to the second before they are compared.
    """

    def __init__(self, calendar: Calendar, holidays: Holidays | None = None) -> None:
        """Check the documents and fix the coverage; windows are laid out year by year, when they are first asked for.

        Raises:
            HoursInInquiry: the window stands in each inquiry, there is nothing to compile.
            ClockError: the calendar has no version, or names holidays that were not given.
        """
        if calendar.from_inquiry:
            raise HoursInInquiry(f"calendar {calendar.id} takes its hours from each inquiry and cannot run a clock on its own")
        if not calendar.versions:
            raise ClockError(f"calendar {calendar.id} has no version: give it at least one week with the date it begins")
        if calendar.holidays is not None and (holidays is None or holidays.id != calendar.holidays):
            raise ClockError(f"calendar {calendar.id} names Holidays {calendar.holidays}, which the practice does not have")
        self.id = calendar.id
        self.zone = ZoneInfo(calendar.zone)
        self.holidays = holidays if calendar.holidays is not None else None
        self._versions = tuple(sorted(calendar.versions, key=lambda version: version.since))
        first = self._versions[0].since
        self.since = max(first, self.holidays.since) if self.holidays else first
        self.until = self.holidays.until if self.holidays else None  #: last day known, inclusive; None: without end
        self.revision = _revision(calendar, self.holidays)
        self._low = first_instant(self.since, self.zone)
        self._high = first_instant(self.until + timedelta(days=1), self.zone) if self.until else None
        self._top = _LAST if self._high is None else self._high
        self._lock = Lock()
        self._year = first.year - 1  #: a calendar begins on a wall clock that may still be last year's in UTC
        self._end = epoch(datetime(self._year, 1, 1, tzinfo=ZoneInfo("UTC")))
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._before: list[int] = []  #: working seconds before each start
        self._total = 0

    def __repr__(self) -> str:
        return f"CompiledCalendar({self.id!r}, {self.revision!r})"

    def working(self, start: datetime, end: datetime, *, provisional: bool = False) -> int:
        """Working seconds from `start` to `end`.

        Args:
            start: the earlier instant.
            end: the later one.
            provisional: past the holidays' coverage go on with the plain week. For what is to come only: a figure is never measured
                so.

        Raises:
            EndBeforeStart: `end` lies before `start`.
            OutsideCoverage: one of them lies where the calendar knows nothing.
        """
        if end < start:
            raise EndBeforeStart(f"it ends at {end.isoformat()}, before it starts at {start.isoformat()}")
        return self.cumulative(end, provisional=provisional) - self.cumulative(start, provisional=provisional)

    def cumulative(self, at: datetime, *, provisional: bool = False) -> int:
        """C(at): working seconds since the calendar's beginning. Only differences of it mean anything.

        Raises:
            OutsideCoverage: `at` lies where the calendar knows nothing; with `provisional`, before it begins.
        """
        second = epoch(at)
        if second < self._low or (second > self._top and not provisional):
            self._require(at, second)
        if second >= self._end:
            self._reach(second)
        place = bisect_right(self._starts, second) - 1
        if place < 0:
            return 0
        end = self._ends[place]
        return self._before[place] + (second if second < end else end) - self._starts[place]

    @property
    def beginning(self) -> datetime:
        """The first instant of which it knows anything."""
        return instant(self._low)

    @property
    def end(self) -> datetime | None:
        """The last instant of which it knows everything; None: without end."""
        return None if self._high is None else instant(self._high)

    def is_open(self, at: datetime) -> bool:
        """Whether the desk works at `at`, by the plain week where the calendar does not reach."""
        second = epoch(at)
        self._reach(second)
        place = bisect_right(self._starts, second) - 1
        return place >= 0 and second < self._ends[place]

    def due(self, start: datetime, seconds: int, *, provisional: bool = False) -> Due:
        """The first instant by which `seconds` of working time have passed since `start`.

        Ten minutes from 17:50 on Friday are due at 18:00 on Friday, not at 09:00 on Monday; nothing is due at once.

        Args:
            start: when the clock starts; open or not.
            seconds: working seconds, 0 or more.
            provisional: past the holidays' coverage go on with the plain week and say so, in place of refusing.

        Raises:
            OutsideCoverage: start or result lies outside the coverage (a start before the calendar begins always does so).
            NoWorkingTime: the calendar does not open often enough within 30 years.
            ValueError: `seconds` is negative.
        """
        if seconds < 0:
            message = f"{seconds} seconds: a moment cannot be due before its clock starts"
            raise ValueError(message)
        begun = epoch(start)
        passed = self.cumulative(start, provisional=provisional)
        if seconds == 0:
            return Due(start, self._high is not None and begun > self._high)
        wanted = passed + seconds
        last = self._year if self._total >= wanted else instant(begun).year + _HORIZON
        while self._total < wanted and self._year < last:
            self._extend()
        if self._total < wanted:
            raise NoWorkingTime(
                f"calendar {self.id} has less than {seconds} working seconds in the {_HORIZON} years after {start.isoformat()}: "
                "give its latest version working hours"
            )
        place = bisect_left(self._before, wanted) - 1
        second = self._starts[place] + wanted - self._before[place]
        late = self._high is not None and second > self._high
        if late and not provisional:
            self._require(instant(second), second)
        return Due(instant(second), late)

    def windows(self, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
        """The open spans between two instants, in UTC: for people to look at, and for tables that other engines join.

        One that ends at midnight and one that begins there are one span.
        """
        low, high = epoch(since), epoch(until)
        self._reach(high)
        found: list[tuple[datetime, datetime]] = []
        for place in range(max(bisect_right(self._starts, low) - 1, 0), bisect_left(self._starts, high)):
            begin, end = max(self._starts[place], low), min(self._ends[place], high)
            if begin >= end:
                continue
            opens = instant(begin)
            if found and found[-1][1] == opens:
                opens = found.pop()[0]
            found.append((opens, instant(end)))
        return found

    def _require(self, at: datetime, second: int) -> None:
        if second < self._low or (self._high is not None and second > self._high):
            raise OutsideCoverage(
                self.id, local_day(at, self.zone), self.since, self.until, self.holidays.id if self.holidays else None
            )

    def _reach(self, second: int) -> None:
        if second >= _LAST:
            raise ClockError(
                f"calendar {self.id} is not laid out beyond 2199: {instant(second).isoformat()} is a mistake in the data"
            )
        while second >= self._end:
            self._extend()

    def _extend(self) -> None:
        """Lay out the windows of the next UTC year."""
        with self._lock:
            low = self._end
            high = epoch(datetime(self._year + 1, 1, 1, tzinfo=ZoneInfo("UTC")))
            spans: list[tuple[int, int]] = []
            for begun, ended, offset in pieces(self.zone, low, high):
                # One day earlier: its last window may run over midnight into this piece.
                for number in range((begun + offset) // DAY - 1, (ended + offset - 1) // DAY + 1):
                    midnight = number * DAY - offset
                    for start, end in self._windows(day_of(number)):
                        open_from, open_to = max(midnight + start, begun), min(midnight + end, ended)
                        if open_from < open_to:
                            spans.append((open_from, open_to))
            total = self._total
            starts, ends, before = [], [], []
            for start, end in _merged(spans):
                starts.append(start)
                ends.append(end)
                before.append(total)
                total += end - start
            # Ends and totals first: a reader in another thread finds a start only when the rest stands.
            self._ends.extend(ends)
            self._before.extend(before)
            self._starts.extend(starts)
            self._total = total
            self._year += 1
            self._end = high

    def _windows(self, day: date) -> list[tuple[int, int]]:
        """Seconds after local midnight, of the windows that begin on `day`; past 24 h where a window runs over midnight."""
        version: CalendarVersion | None = None
        for candidate in self._versions:
            if candidate.since > day:
                break
            version = candidate
        if version is None:
            return []
        weekday = WEEKDAYS[day.weekday()]
        if self.holidays is not None and self.holidays.since <= day <= self.holidays.until:
            if day in self.holidays.working:
                weekday = self.holidays.working[day]
            elif day in self.holidays.off:
                return []
        found = []
        for start, end in version.week.get(weekday, ()):  # type: ignore[call-overload]
            begin, finish = _seconds(start), _seconds(end)
            found.append((begin, finish if finish > begin else finish + DAY))
        return found


class Wall:
    """Time as everybody's clock counts it: what a clock without a calendar runs on (24 hours, every day)."""

    id = "always"
    revision = "always"

    def working(self, start: datetime, end: datetime, *, provisional: bool = False) -> int:
        """Seconds from `start` to `end`.

        Raises:
            EndBeforeStart: `end` lies before `start`.
        """
        if end < start:
            raise EndBeforeStart(f"it ends at {end.isoformat()}, before it starts at {start.isoformat()}")
        return epoch(end) - epoch(start)

    def cumulative(self, at: datetime, *, provisional: bool = False) -> int:
        """Seconds since 1970."""
        return epoch(at)

    def due(self, start: datetime, seconds: int, *, provisional: bool = False) -> Due:
        """`seconds` after `start`; never provisional."""
        return Due(start + timedelta(seconds=seconds), False)


WALL: Final = Wall()


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _revision(calendar: Calendar, holidays: Holidays | None) -> str:
    """A name for exactly this calendar: the holidays' own revision, and a digest of everything that decides an answer."""
    said: list[object] = [calendar.zone]
    for version in calendar.versions:
        week = sorted((day, [(str(a), str(b)) for a, b in windows]) for day, windows in version.week.items())
        said.append((version.since.isoformat(), week))
    if holidays:
        said.append((holidays.since.isoformat(), holidays.until.isoformat(), sorted(day.isoformat() for day in holidays.off)))
        said.append(sorted((day.isoformat(), weekday) for day, weekday in holidays.working.items()))
    digest = hashlib.sha256(repr(said).encode()).hexdigest()[:8]
    return f"{holidays.revision}.{digest}" if holidays else digest
