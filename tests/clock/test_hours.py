"""Hours that stand in the inquiry: by meeting time (C3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskweave.clock import (
    Clocks,
    EndBeforeStart,
    InquiryHours,
    NoWorkingTime,
    Timeline,
    Window,
    WindowMissing,
    compile_calendars,
    moments,
    timeline,
)
from deskweave.model import Calendar, Clock, ClockEdge, Phase, Status

STATUSES = {
    slug: Status(slug=slug, label={}, phase=phase)
    for slug, phase in {"new": Phase.NEW, "work": Phase.ACTIVE, "wait": Phase.WAITING, "closed": Phase.CLOSED}.items()
}
CLOCKS = {
    one.id: one
    for one in (
        Clock(id="resolution", label={}, calendar="meeting", start=ClockEdge(status="new"), stop=ClockEdge(status="closed"),
              goal=timedelta(minutes=10)),
        Clock(id="waiting", label={}, calendar="meeting", sum_statuses=("wait",), within="resolution"),
        Clock(id="handling", label={}, calendar=None, minus=("resolution", "waiting"), goal=timedelta(minutes=20)),
        Clock(id="other", label={}, calendar=None, start=ClockEdge(status="new"), stop=ClockEdge(status="closed")),
    )
}  # fmt: skip
BODY = {
    "calendars": {"meeting": Calendar(id="meeting", label={}, zone="Asia/Shanghai", holidays=None, versions=(), from_inquiry=True)},
    "holidays": {},
}
OPENS, CLOSES = datetime(2026, 3, 16, 2, tzinfo=UTC), datetime(2026, 3, 16, 3, tzinfo=UTC)  # Monday, 10:00 to 11:00


def evaluated(events):
    calendars = compile_calendars(type("Practice", (), BODY))
    assert isinstance(calendars["meeting"], InquiryHours)
    clocks = Clocks(CLOCKS, calendars)
    line = timeline(events, STATUSES)
    return clocks.evaluate(line), clocks.runs(line)


LIFE = (
    ("2026-03-13 15:00", {"status": "new"}),  # three days before
    ("2026-03-16 10:15", {"status": "wait"}),
    ("2026-03-16 10:20", {"status": "work"}),
    ("2026-03-16 10:40", {"status": "closed"}),
)


@pytest.mark.practice("C3")
def test_a_clock_counts_inside_the_meeting(history, moment):
    said = history(("2026-03-13 15:00", {"meeting_starts_at": OPENS, "meeting_ends_at": CLOSES}), *LIFE)
    found, runs = evaluated(said)
    assert {name: fact.took and fact.took // 60 for name, fact in found.facts.items()} == {
        "resolution": 40, "waiting": 5, "handling": 35, "other": 4_060,
    }  # fmt: skip
    assert not found.problems
    assert found.facts["resolution"].calendar == "from-inquiry"
    assert [one.at for one in moments(runs["resolution"])] == [moment("2026-03-16 10:10")]
    assert [one.at for one in moments(runs["handling"])] == [moment("2026-03-16 10:25")]  # the wait did not count


@pytest.mark.practice("C3")
def test_a_meeting_that_was_moved_is_judged_by_when_it_took_place(history):
    moved = timedelta(minutes=30)
    said = history(
        ("2026-03-13 15:00", {"meeting_starts_at": OPENS, "meeting_ends_at": CLOSES}),
        ("2026-03-16 08:00", {"meeting_starts_at": OPENS + moved, "meeting_ends_at": CLOSES + moved}),
        *LIFE,
    )
    assert evaluated(said)[0].facts["resolution"].took == 10 * 60


@pytest.mark.practice("C3")
@pytest.mark.parametrize(
    ("window", "rule", "says"),
    [
        ({}, "window-missing", "meeting_starts_at and meeting_ends_at"),
        ({"meeting_starts_at": OPENS}, "window-missing", "has no meeting_ends_at"),
        ({"meeting_ends_at": CLOSES}, "window-missing", "has no meeting_starts_at"),
        ({"meeting_starts_at": CLOSES, "meeting_ends_at": OPENS}, "end-before-start", "no later than"),
        ({"meeting_starts_at": OPENS, "meeting_ends_at": OPENS}, "end-before-start", "no later than"),
    ],
)
def test_without_a_window_there_is_no_value_and_a_reason(history, window, rule, says):
    found, runs = evaluated(history(("2026-03-13 15:00", window or {"title": "x"}), *LIFE))
    assert {name: fact.took is None for name, fact in found.facts.items()} == {
        "resolution": True, "waiting": True, "handling": True, "other": False,  # never 0; other clocks still count
    }  # fmt: skip
    (problem,) = found.problems
    assert (problem.clock, problem.rule) == ("resolution", rule)
    assert says in problem.message
    assert "resolution" not in runs


def test_a_goal_that_the_window_cannot_hold_is_never_due(history):
    said = history(("2026-03-13 15:00", {"meeting_starts_at": OPENS, "meeting_ends_at": OPENS + timedelta(minutes=5)}), LIFE[0])
    (breach,) = moments(evaluated(said)[1]["resolution"])
    assert (breach.at, breach.why) == (None, "window")


@given(st.integers(-7200, 10_800), st.integers(0, 10_800), st.integers(0, 3600))
def test_a_window_measures_like_any_calendar(start, more, seconds):
    window = Window("m", OPENS, CLOSES)
    begin = OPENS + timedelta(seconds=start)
    middle, end = begin + timedelta(seconds=more // 2), begin + timedelta(seconds=more)
    assert window.working(begin, end) == sum(OPENS <= begin + timedelta(seconds=n) < CLOSES for n in range(more))
    assert window.working(begin, middle) + window.working(middle, end) == window.working(begin, end)
    if window.working(begin, max(begin, CLOSES)) < seconds:
        with pytest.raises(NoWorkingTime):
            window.due(begin, seconds)
    else:
        due = window.due(begin, seconds)
        assert window.working(begin, due.at) == seconds
        assert not due.provisional
        if seconds:
            assert window.working(begin, due.at - timedelta(seconds=1)) == seconds - 1


def test_the_whole_of_a_window_is_due_when_it_closes():
    assert Window("m", OPENS, CLOSES).due(OPENS - timedelta(days=1), 3600) == (CLOSES, False)


def test_what_a_window_refuses():
    window = Window("m", OPENS, CLOSES)
    with pytest.raises(EndBeforeStart):
        window.working(CLOSES, OPENS)
    with pytest.raises(ValueError, match="before its clock starts"):
        window.due(OPENS, -1)
    with pytest.raises(WindowMissing):
        InquiryHours("m").of(Timeline(None, ()))
