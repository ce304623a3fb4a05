"""What edges, phases, sums and calendars of clocks mean."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from deskweave.clock import WALL, ClockError, Clocks, CompiledCalendar, EndBeforeStart, HoursInInquiry, Timeline
from deskweave.clock.timeline import Entry
from deskweave.model import Calendar, CalendarVersion, Clock, ClockEdge, Phase

BEGIN = datetime(2026, 11, 16, 8, tzinfo=UTC)  # a Monday
OFFICE = CompiledCalendar(
    Calendar(id="office", label={}, zone="UTC", holidays=None,
             versions=(CalendarVersion(since=date(2026, 1, 1), week=dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ((time(9), time(17)),))),))
)  # fmt: skip
PHASES = {"new": Phase.NEW, "work": Phase.ACTIVE, "more": Phase.ACTIVE, "wait": Phase.WAITING, "done": Phase.CLOSED}


def line(*steps, submitted=0):
    """Statuses by hours after eight on Monday."""
    entries = tuple(Entry(status, PHASES[status], BEGIN + timedelta(hours=hour)) for hour, status in steps)
    return Timeline(None if submitted is None else BEGIN + timedelta(hours=submitted), entries)


def clock(id="k", **said):
    return Clock(id=id, label={}, **({"calendar": None} | said))


def hours(clocks, timeline, as_of=None, calendars=None):
    found = Clocks({one.id: one for one in clocks}, calendars or {"office": OFFICE}).evaluate(timeline, as_of)
    return {name: None if fact.took is None else fact.took / 3600 for name, fact in found.facts.items()}


SUBMITTED = ClockEdge(submitted=True)


@pytest.mark.parametrize(
    ("said", "steps", "expected"),
    [
        ({"start": SUBMITTED, "stop": ClockEdge(status="work")}, [(0, "new"), (2, "work")], 2),  # the wall clock, for want of a calendar
        ({"start": SUBMITTED, "stop": ClockEdge(status="work"), "calendar": "office"}, [(0, "new"), (2, "work")], 1),  # opens at nine
        ({"start": SUBMITTED, "stop": ClockEdge(phase=Phase.ACTIVE)}, [(0, "new"), (2, "more"), (3, "work")], 2),  # whichever comes first
        ({"start": ClockEdge(phase=Phase.ACTIVE), "stop": ClockEdge(phase=Phase.CLOSED)}, [(1, "work"), (2, "more"), (5, "done")], 4),
        ({"start": ClockEdge(phase=Phase.ACTIVE, pick="last"), "stop": ClockEdge(phase=Phase.CLOSED)},
         [(1, "work"), (2, "more"), (5, "done")], 4),  # from one active status to another is not an entry
        ({"start": ClockEdge(phase=Phase.ACTIVE, pick="last"), "stop": ClockEdge(phase=Phase.CLOSED)},
         [(1, "work"), (2, "wait"), (3, "more"), (5, "done")], 2),
        ({"start": ClockEdge(status="work"), "stop": ClockEdge(status="done")}, [(0, "done"), (1, "work"), (4, "done")], 3),  # a stop before the start is none
        ({"start": ClockEdge(status="work"), "stop": ClockEdge(status="done")}, [(0, "done"), (1, "work")], None),
        ({"start": ClockEdge(status="work"), "stop": ClockEdge(status="done")}, [(0, "new")], None),  # never started
        ({"start": ClockEdge(status="work"), "stop": ClockEdge(status="done", pick="last")}, [(0, "work"), (1, "done"), (2, "work"), (5, "done")], 5),
        ({"start": ClockEdge(status="work"), "stop": ClockEdge(status="done", pick="first")}, [(0, "work"), (1, "done"), (2, "work"), (5, "done")], 1),
        ({"start": ClockEdge(status="work"), "stop": ClockEdge(status="done"), "cycles": "sum_of_cycles"},
         [(0, "work"), (1, "done"), (2, "work"), (5, "done"), (6, "work")], 4),  # the third, open one is not complete
        ({"sum_statuses": ("wait",)}, [(0, "new"), (1, "wait"), (3, "work"), (4, "wait"), (5, "work")], 3),  # over the whole of its life
        ({"sum_statuses": ("wait",)}, [(0, "new"), (1, "wait")], None),  # it waits still
        ({"sum_statuses": ("wait",)}, [(0, "new"), (1, "work")], 0),
    ],
)  # fmt: skip
def test_edges(said, steps, expected):
    assert hours([clock(**said)], line(*steps))["k"] == expected


RESOLUTION = clock(
    "resolution", calendar="office", start=ClockEdge(status="work"), stop=ClockEdge(status="done"), cycles="sum_of_cycles"
)


def test_a_sum_counts_only_inside_its_clock_and_on_that_clocks_calendar():
    steps = [(1, "wait"), (2, "work"), (3, "wait"), (5, "done"), (6, "wait"), (25, "work"), (26, "wait"), (27, "done")]
    waiting = clock("waiting", sum_statuses=("wait",), within="resolution")
    rest = clock("handling", minus=("resolution", "waiting"))
    # 10 to 13 and, on Tuesday, 9 to 11; of that 11 to 13 and 10 to 11 were spent waiting
    assert hours([rest, waiting, RESOLUTION], line(*steps)) == {"resolution": 5, "waiting": 3, "handling": 2}


def test_what_runs_shows_what_has_elapsed():
    waiting = clock("waiting", sum_statuses=("wait",), within="resolution")
    rest = clock("handling", minus=("resolution", "waiting"))
    found = Clocks({one.id: one for one in (RESOLUTION, waiting, rest)}, {"office": OFFICE}).evaluate(
        line((1, "work"), (3, "wait")), BEGIN + timedelta(hours=6)
    )
    assert {name: (fact.took, fact.running, fact.elapsed / 3600) for name, fact in found.facts.items()} == {
        "resolution": (None, True, 5), "waiting": (None, True, 3), "handling": (None, True, 2),
    }  # fmt: skip
    assert found.facts["resolution"].met is None


def test_more_waiting_than_whole_is_a_mistake():
    outside = clock("waiting", sum_statuses=("wait",))
    rest = clock("handling", minus=("resolution", "waiting"))
    found = Clocks({one.id: one for one in (RESOLUTION, outside, rest)}, {"office": OFFICE}).evaluate(
        line((0, "wait"), (8, "work"), (9, "done"))
    )
    assert found.facts["handling"].took is None
    assert [problem.rule for problem in found.problems] == ["end-before-start"]


@pytest.mark.parametrize(
    "clocks",
    [
        [clock(calendar="nowhere", start=SUBMITTED, stop=ClockEdge(status="work"))],
        [clock(sum_statuses=("wait",), within="gone")],
        [clock("a", minus=("b", "b")), clock("b", minus=("a", "a"))],
    ],
)
def test_clocks_that_do_not_fit(clocks):
    with pytest.raises(ClockError):
        Clocks({one.id: one for one in clocks}, {"office": OFFICE})


def test_the_wall_clock():
    end = BEGIN + timedelta(days=2)
    assert WALL.working(BEGIN, end) == 2 * 86_400
    assert WALL.due(BEGIN, 2 * 86_400) == (end, False)
    with pytest.raises(EndBeforeStart):
        WALL.working(end, BEGIN)


def test_hours_that_stand_in_the_inquiry():
    with pytest.raises(HoursInInquiry):
        CompiledCalendar(Calendar(id="meeting", label={}, zone="UTC", holidays=None, versions=(), from_inquiry=True))
    with pytest.raises(ClockError, match="has no version"):
        CompiledCalendar(Calendar(id="c", label={}, zone="UTC", holidays=None, versions=()))
    with pytest.raises(ClockError, match="names Holidays cn"):
        CompiledCalendar(
            Calendar(id="c", label={}, zone="UTC", holidays="cn", versions=(CalendarVersion(since=date(2026, 1, 1), week={}),))
        )


def test_what_platforms_write_for_ever_is_refused_at_once():
    with pytest.raises(ClockError, match="mistake in the data"):
        OFFICE.working(BEGIN, datetime(9999, 12, 31, tzinfo=UTC))
