"""Working calendars, due moments, status time and clocks. Pure: no store, no I/O, no wall clock read (C3)."""

from deskweave.clock.calendar import WALL, CompiledCalendar, Due, Wall
from deskweave.clock.checks import Timekeeping, checks, compile_calendars
from deskweave.clock.evaluation import ClockFact, ClockProblem, Clocks, Evaluation, Span
from deskweave.clock.problems import ClockError, EndBeforeStart, HoursInInquiry, NoWorkingTime, OutsideCoverage
from deskweave.clock.timeline import Entry, Measures, Timeline, clock_events, folded, status_time, timeline
from deskweave.clock.zone import local_day

__all__ = [
    "WALL",
    "ClockError",
    "ClockFact",
    "ClockProblem",
    "Clocks",
    "CompiledCalendar",
    "Due",
    "EndBeforeStart",
    "Entry",
    "Evaluation",
    "HoursInInquiry",
    "Measures",
    "NoWorkingTime",
    "OutsideCoverage",
    "Span",
    "Timekeeping",
    "Timeline",
    "Wall",
    "checks",
    "clock_events",
    "compile_calendars",
    "folded",
    "local_day",
    "status_time",
    "timeline",
]
