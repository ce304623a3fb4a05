"""Rules of sense about clocks and what is known of holidays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from deskweave.findings import Finding
from deskweave.model import Clock, ClockEdge, StatusModel
from deskweave.practice.lint.sense import Path, Sense
from deskweave.practice.lint.status import reached_from

NOTICE_DAYS: Final = 60
"""How long before a calendar's last known day a person is told."""


def clocks(sense: Sense) -> Iterator[Finding]:
    """clock-never-starts, clock-never-stops, clock-sums-nothing: what transitions do not lead to is never measured."""
    model = sense.practice.statuses
    reached = reached_from(model, {model.initial})
    for slug, clock in sense.practice.clocks.items():
        path: Path = ("Clock", slug)
        if clock.start is None or clock.stop is None:
            if clock.minus is None and not clock.sum_statuses:
                message = f"the clock {slug!r} adds up no status: it is always empty"
                yield sense.warn("clock-sums-nothing", (*path, "sum_of"), slug, message, "name statuses or a phase that there is")
            continue
        start = _entered(model, clock.start) & reached
        if not start:
            message = f"the clock {slug!r} never starts: no inquiry gets to {_named(clock.start)}"
            remedy = "start it where inquiries get to"
            yield sense.warn("clock-never-starts", (*path, "start"), _named(clock.start), message, remedy, clock=slug)
        elif not _stops(model, clock, start):
            message = f"the clock {slug!r} never stops: nothing leads from {_named(clock.start)} to {_named(clock.stop)}"
            remedy = "stop it where inquiries get to, or add a transition"
            yield sense.warn(
                "clock-never-stops", (*path, "stop"), _named(clock.stop), message, remedy, clock=slug, start=_named(clock.start)
            )


def _entered(model: StatusModel, edge: ClockEdge) -> set[str]:
    """The statuses whose entering is the edge; submission enters the initial one."""
    if edge.submitted:
        return {model.initial}
    return {slug for slug, status in model.statuses.items() if slug == edge.status or status.phase == edge.phase}


def _stops(model: StatusModel, clock: Clock, start: set[str]) -> bool:
    assert clock.stop is not None
    goal = _entered(model, clock.stop)
    return bool(goal & reached_from(model, start)) and not clock.stop.submitted


def _named(edge: ClockEdge) -> str:
    return "submission" if edge.submitted else edge.status or f"phase {edge.phase}"


def coverage(sense: Sense, today: date) -> Iterator[Finding]:
    """calendar-coverage-ends: holidays of a calendar in use are known for less than 60 days to come."""
    practice = sense.practice
    used = {calendar.holidays for calendar in practice.calendars.values() if calendar.holidays}
    for slug in sorted(used):
        until = practice.holidays[slug].until
        days = (until - today).days
        if days < NOTICE_DAYS:
            when = f"end in {days} days" if days >= 0 else f"ended {-days} days ago"
            message = f"the holidays known to {slug!r} {when}, on {until}; after it measuring refuses and due times are provisional"
            remedy = "add the next year under `years:` and move `coverage.to`"
            path: Path = ("Holidays", slug, "coverage", "to")
            yield sense.warn("calendar-coverage-ends", path, str(until), message, remedy, key=False, holidays=slug)
