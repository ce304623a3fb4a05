"""Moments computed ahead: when a goal is nearly used up, when it is broken, when an inquiry has stood still too long (J6, K2, C6).

Pure: an inquiry's history in, instants out, nothing stored. A moment holds as long as nothing happens; whoever keeps it asks again
after every event. Past the holidays' coverage moments go on by the plain week and say so; `moved` lists what a new year's file
changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import NamedTuple

from deskweave.clock.calendar import WALL
from deskweave.clock.evaluation import Run
from deskweave.clock.hours import InquiryHours, measure_of
from deskweave.clock.problems import ClockError, OutsideCoverage
from deskweave.clock.spans import Span
from deskweave.clock.timeline import Measures, Timeline
from deskweave.model import EscalationRule, FieldId, PriorityRise, Tier, Value
from deskweave.model.predicate import holds

BREACH = 1.0  #: the share at which a goal is used up: any later is too late


@dataclass(frozen=True, slots=True)
class Moment:
    """When a share of something has passed.

    Attributes:
        share: of the goal; 1 is the last instant at which it is met.
        at: when, in UTC; None: it does not come by itself, `why` says the reason.
        provisional: it was counted past the holidays' coverage, on the plain week.
        why: why there is no instant: `paused` (the clock stands until the inquiry leaves its status), `stopped` (it stopped
            before), `window` (the inquiry's own hours end before), `unknown` (the calendar does not reach back, never opens, or the
            clock is a difference of two calendars).
    """

    share: float
    at: datetime | None
    provisional: bool = False
    why: str = ""


def moments(run: Run, shares: Iterable[float] = ()) -> tuple[Moment, ...]:
    """When shares of a clock's goal are used up, and when all of it is: ascending, each once, the breach last or beyond it.

    Args:
        run: one clock of one inquiry, from `Clocks.runs`.
        shares: besides 1; empty: those of the service level in force.

    Returns:
        Nothing where nothing is promised. Instants that have passed are told as well.
    """
    if run.target.goal is None:
        return ()
    wanted = sorted({*(tuple(shares) or run.target.at_risk), BREACH})
    return tuple(_moment(run, share, run.target.goal) for share in wanted)


def due_of(run: Run) -> Moment | None:
    """The last instant at which the goal is met; of a clock that has stopped: would have been, had it run on. None: no goal."""
    if run.target.goal is None:
        return None
    found = _moment(run, BREACH, run.target.goal)
    counted = run.stretches
    if found.why != "stopped" or not counted:
        return found
    on = run._replace(counted=(*counted[:-1], Span(counted[-1].started_at, None)), parts=None)
    return _moment(on, BREACH, run.target.goal)


def _moment(run: Run, share: float, goal: int) -> Moment:
    counted = run.stretches
    if counted is None:
        return Moment(share, None, why="unknown")
    if run.each:
        counted = counted[-1:]
    left = ceil(round(goal * share, 6))  # a float is a little more or less than what people wrote
    try:
        for started, stopped in counted:
            part = left if stopped is None else run.calendar.working(started, stopped, provisional=True)
            if part >= left:
                due = run.calendar.due(started, left, provisional=True)
                return Moment(share, due.at, due.provisional)
            left -= part
    except OutsideCoverage:
        return Moment(share, None, why="unknown")
    except ClockError:
        return Moment(share, None, why="window" if run.calendar.revision == InquiryHours.revision else "unknown")
    return Moment(share, None, why="paused" if run.running else "stopped")


class Ahead(NamedTuple):
    """Something that will happen to an inquiry if nothing else does."""

    slug: str  #: of the escalation rule, the tier whose time limit it is, or the rise of priority
    moment: Moment


def escalations(
    rules: Mapping[str, EscalationRule],
    runs: Mapping[str, Run],
    values: Mapping[FieldId, Value],
    line: Timeline,
    moved: datetime | None,
    calendars: Mapping[str, Measures | InquiryHours],
) -> tuple[Ahead, ...]:
    """When escalation rules act on an inquiry (J3, J6), as they are written.

    A rule `used` acts when that share of its clock's goal has passed, a rule `idle` when so much working time has passed since a
    person last moved the inquiry. Left out are rules whose condition does not hold, whose clock has not started or stopped in time,
    or to which nothing is promised.

    Args:
        rules: of the routing.
        runs: from `Clocks.runs`.
        values: of the inquiry, now.
        line: of the inquiry, for hours that stand in it.
        moved: when it last moved: `last_movement`; None: unknown, no `idle` rule acts.
        calendars: compiled, by id.
    """
    found: list[Ahead] = []
    for slug, rule in rules.items():
        if not holds(rule.when, values):
            continue
        if rule.idle is not None:
            if moved is not None:
                found.append(Ahead(slug, _after(rule.idle, rule.calendar, moved, line, calendars)))
        elif rule.clock is not None and rule.used is not None:
            found.extend(_unless_stopped(slug, runs.get(rule.clock), rule.used))
    return tuple(found)


def time_limit(
    tier: Tier, entered: datetime, line: Timeline, calendars: Mapping[str, Measures | InquiryHours], hours: str | None = None
) -> Ahead | None:
    """When a tier's time is up and it hands on (F8); None: it has no limit.

    Args:
        tier: in which the inquiry is.
        entered: since when.
        line: of the inquiry.
        calendars: compiled, by id.
        hours: id of the calendar of the inquiry's service item, for a limit that names none; None: the wall clock.
    """
    if tier.time_limit is None:
        return None
    return Ahead(tier.slug, _after(tier.time_limit, tier.calendar or hours, entered, line, calendars))


def rises(rules: Mapping[str, PriorityRise], runs: Mapping[str, Run], values: Mapping[FieldId, Value]) -> tuple[Ahead, ...]:
    """When less than a stated share of a promise is left, so that the priority rises (K2)."""
    found: list[Ahead] = []
    for slug, rule in rules.items():
        if holds(rule.when, values):
            found.extend(_unless_stopped(slug, runs.get(rule.clock), 1 - rule.left))
    return tuple(found)


def _unless_stopped(slug: str, run: Run | None, share: float) -> Iterator[Ahead]:
    if run is not None and run.target.goal is not None:
        moment = _moment(run, share, run.target.goal)
        if moment.why != "stopped":
            yield Ahead(slug, moment)


def _after(
    wait: timedelta, calendar: str | None, since: datetime, line: Timeline, calendars: Mapping[str, Measures | InquiryHours]
) -> Moment:
    try:
        measure = measure_of(WALL if calendar is None else calendars[calendar], line)
        due = measure.due(since, int(wait.total_seconds()), provisional=True)
    except OutsideCoverage:
        return Moment(BREACH, None, why="unknown")
    except ClockError:
        return Moment(BREACH, None, why="window" if isinstance(calendars.get(calendar or ""), InquiryHours) else "unknown")
    return Moment(BREACH, due.at, due.provisional)


def moved(before: Run, after: Run, shares: Iterable[float] = ()) -> tuple[tuple[Moment, Moment], ...]:
    """Moments of one clock of one inquiry that fall on another instant under another calendar or another promise.

    Args:
        before: the clock as it was read until now.
        after: the same clock of the same inquiry, read under what counts from now on.
        shares: as in `moments`.
    """
    wanted = tuple(shares)
    old, new = ({one.share: one for one in moments(run, wanted)} for run in (before, after))
    return tuple((old[share], new[share]) for share in sorted(old.keys() & new.keys()) if old[share].at != new[share].at)
