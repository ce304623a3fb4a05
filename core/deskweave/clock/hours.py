"""Hours that stand in each inquiry, such as those of a meeting (practice C3: by meeting time)."""

from __future__ import annotations

from datetime import datetime
from typing import Final, TypeAlias

from deskweave.clock.calendar import CompiledCalendar, Due
from deskweave.clock.problems import EndBeforeStart, NoWorkingTime, WindowMissing
from deskweave.clock.timeline import CLOSES, OPENS, Measures, Timeline
from deskweave.clock.zone import epoch, instant

REVISION: Final = "from-inquiry"  #: what a figure says it was counted by: the inquiry holds the rest


class Window:
    """The one window of one inquiry, [opens, closes). It measures like a calendar that is open then and never else."""

    def __init__(self, id: str, opens: datetime, closes: datetime) -> None:
        """Raises `EndBeforeStart` where it closes no later than it opens."""
        if closes <= opens:
            raise EndBeforeStart(f"{CLOSES} is {closes.isoformat()}, no later than {OPENS} with {opens.isoformat()}")
        self.id, self.revision = id, REVISION
        self._opens, self._closes = epoch(opens), epoch(closes)

    def working(self, start: datetime, end: datetime, *, provisional: bool = False) -> int:
        """Seconds of the window that lie between `start` and `end`.

        Raises:
            EndBeforeStart: `end` lies before `start`.
        """
        if end < start:
            raise EndBeforeStart(f"it ends at {end.isoformat()}, before it starts at {start.isoformat()}")
        return self.cumulative(end) - self.cumulative(start)

    def cumulative(self, at: datetime, *, provisional: bool = False) -> int:
        """Seconds of the window that have passed at `at`."""
        return min(max(epoch(at), self._opens), self._closes) - self._opens

    def due(self, start: datetime, seconds: int, *, provisional: bool = False) -> Due:
        """The first instant by which `seconds` of the window have passed since `start`; never provisional.

        Raises:
            NoWorkingTime: the window closes before.
            ValueError: `seconds` is negative.
        """
        if seconds < 0:
            message = f"{seconds} seconds: a moment cannot be due before its clock starts"
            raise ValueError(message)
        if seconds == 0:
            return Due(start, False)
        at = max(epoch(start), self._opens) + seconds
        if at > self._closes:
            raise NoWorkingTime(f"less than {seconds} s are left of the window that closes at {instant(self._closes).isoformat()}")
        return Due(instant(at), False)


class InquiryHours:
    """A calendar `from_inquiry`: it measures nothing by itself, and hands out the window of an inquiry.

    The window is the one that stands in the inquiry now: a meeting that was moved is judged by when it took place.
    """

    revision: Final = REVISION

    def __init__(self, id: str) -> None:
        self.id = id

    def of(self, line: Timeline) -> Window:
        """The window of an inquiry.

        Raises:
            WindowMissing: the inquiry does not say when it begins or ends.
            EndBeforeStart: it ends before it begins.
        """
        if line.opens is None or line.closes is None:
            missing = " and ".join(name for name, at in ((OPENS, line.opens), (CLOSES, line.closes)) if at is None)
            raise WindowMissing(f"calendar {self.id} takes its hours from the inquiry, and the inquiry has no {missing}")
        return Window(self.id, line.opens, line.closes)


Hours: TypeAlias = CompiledCalendar | InquiryHours
"""What a practice's calendar compiles to."""


def measure_of(hours: Measures | InquiryHours, line: Timeline) -> Measures:
    """What measures an inquiry.

    Raises:
        ClockError: the hours stand in the inquiry, and it does not say them.
    """
    return hours.of(line) if isinstance(hours, InquiryHours) else hours
