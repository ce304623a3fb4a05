"""Working calendars, due moments, status time, clocks, targets. Pure: no store, no I/O, no wall clock read (C2, C3, J6, K1, K2)."""

from deskweave.clock.calendar import WALL, CompiledCalendar, Due, Wall
from deskweave.clock.checks import Timekeeping, checks, compile_calendars
from deskweave.clock.evaluation import ClockFact, ClockProblem, Clocks, Cycle, Evaluation, Run
from deskweave.clock.grid import Cell, Cumulative, Grid, cumulative, grid
from deskweave.clock.hours import Hours, InquiryHours, Window, measure_of
from deskweave.clock.moments import Ahead, Moment, due_of, escalations, moments, moved, rises, time_limit
from deskweave.clock.problems import (
    CellTooCoarse,
    ClockError,
    EndBeforeStart,
    HoursInInquiry,
    NoWorkingTime,
    OutsideCoverage,
    WindowMissing,
)
from deskweave.clock.spans import Span
from deskweave.clock.target import Promises, Target, Targets, goal_of
from deskweave.clock.timeline import (
    Change,
    Entry,
    Measures,
    Timeline,
    by_person,
    clock_events,
    folded,
    last_movement,
    status_time,
    timeline,
    turns,
)
from deskweave.clock.zone import local_day

__all__ = [
    "WALL",
    "Ahead",
    "Cell",
    "CellTooCoarse",
    "Change",
    "ClockError",
    "ClockFact",
    "ClockProblem",
    "Clocks",
    "CompiledCalendar",
    "Cumulative",
    "Cycle",
    "Due",
    "EndBeforeStart",
    "Entry",
    "Evaluation",
    "Grid",
    "Hours",
    "HoursInInquiry",
    "InquiryHours",
    "Measures",
    "Moment",
    "NoWorkingTime",
    "OutsideCoverage",
    "Promises",
    "Run",
    "Span",
    "Target",
    "Targets",
    "Timekeeping",
    "Timeline",
    "Wall",
    "Window",
    "WindowMissing",
    "by_person",
    "checks",
    "clock_events",
    "compile_calendars",
    "cumulative",
    "due_of",
    "escalations",
    "folded",
    "goal_of",
    "grid",
    "last_movement",
    "local_day",
    "measure_of",
    "moments",
    "moved",
    "rises",
    "status_time",
    "time_limit",
    "timeline",
    "turns",
]
