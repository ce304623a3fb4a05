"""Moments computed ahead: warnings, breaches, escalations; past the last known day by the plain week, and restated when it is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskweave.clock import (
    WALL,
    Clocks,
    CompiledCalendar,
    InquiryHours,
    OutsideCoverage,
    Targets,
    due_of,
    escalations,
    last_movement,
    moments,
    moved,
    rises,
    time_limit,
    timeline,
)
from deskweave.model import (
    Calendar,
    CalendarVersion,
    Clock,
    ClockEdge,
    EscalationRule,
    Goal,
    Holidays,
    Phase,
    PriorityRise,
    ServiceLevel,
    Status,
    Tier,
)

DAY = ((time(9), time(18)),)
FIVE = ("mon", "tue", "wed", "thu", "fri")
UP_TO_2026 = Holidays(id="cn", since=date(2026, 1, 1), until=date(2026, 12, 31), revision="2026", off=frozenset(), working={})
WITH_2027 = replace(UP_TO_2026, until=date(2027, 12, 31), revision="2027", off=frozenset({date(2027, 1, 1)}),
                    working={date(2027, 1, 3): "mon"})  # fmt: skip


def calendar(holidays):
    said = Calendar(id="a", label={}, zone="Asia/Shanghai", holidays="cn",
                    versions=(CalendarVersion(since=date(2026, 1, 1), week=dict.fromkeys(FIVE, DAY)),))  # fmt: skip
    return CompiledCalendar(said, holidays)


A, KNOWN = calendar(UP_TO_2026), calendar(WITH_2027)
STATUSES = {
    slug: Status(slug=slug, label={}, phase=phase)
    for slug, phase in {"new": Phase.NEW, "work": Phase.ACTIVE, "wait": Phase.WAITING, "closed": Phase.CLOSED}.items()
}
CLOCKS = {
    one.id: one
    for one in (
        Clock(id="resolution", label={}, calendar="a", start=ClockEdge(status="work"), goal=timedelta(hours=10), cycles="sum_of_cycles",
              stop=ClockEdge(phase=Phase.CLOSED, require_current=True)),
        Clock(id="waiting", label={}, calendar="a", sum_statuses=("wait",), within="resolution", goal=timedelta(hours=2)),
        Clock(id="handling", label={}, calendar=None, minus=("resolution", "waiting"), goal=timedelta(hours=4)),
        Clock(id="on_the_wall", label={}, calendar=None, sum_statuses=("wait",), goal=timedelta(hours=1)),
        Clock(id="mixed", label={}, calendar=None, minus=("resolution", "on_the_wall"), goal=timedelta(hours=4)),
        Clock(id="meeting", label={}, calendar="m", start=ClockEdge(status="work"), stop=ClockEdge(status="closed"), goal=timedelta(hours=1)),
    )
}  # fmt: skip
CALENDARS = {"a": A, "m": InquiryHours("m")}


def runs_of(events, which=None, calendars=None):
    return Clocks(which or CLOCKS, calendars or CALENDARS).runs(timeline(events, STATUSES))


def told(run, shares=()):
    return [
        (one.share, one.at and one.at.astimezone(A.zone).isoformat()[:16], one.provisional, one.why) for one in moments(run, shares)
    ]


@pytest.mark.practice("J6")
def test_warnings_and_the_breach_of_a_running_clock(history):
    run = runs_of(history(("2026-03-13 15:00", {"status": "work"})))["resolution"]  # ten hours from Friday 15:00
    assert told(run, (0.8, 0.5)) == [
        (0.5, "2026-03-16T11:00", False, ""), (0.8, "2026-03-16T14:00", False, ""), (1.0, "2026-03-16T16:00", False, ""),
    ]  # fmt: skip
    assert told(run, (1.2,)) == [(1.0, "2026-03-16T16:00", False, ""), (1.2, "2026-03-16T18:00", False, "")]


def test_time_that_does_not_count_moves_what_is_due(history):
    waited = history(
        ("2026-03-16 09:00", {"status": "work"}), ("2026-03-16 10:00", {"status": "wait"}), ("2026-03-16 12:00", {"status": "work"})
    )
    runs = runs_of(waited)
    assert told(runs["handling"]) == [(1.0, "2026-03-16T15:00", False, "")]  # one hour before the wait, three after it
    assert told(runs["resolution"]) == [(1.0, "2026-03-17T10:00", False, "")]  # it counts the wait
    assert told(runs["waiting"], (0.5,)) == [(0.5, "2026-03-16T11:00", False, ""), (1.0, "2026-03-16T12:00", False, "")]  # used up
    assert told(runs["mixed"]) == [(1.0, None, False, "unknown")]  # working time less wall clock is no stretch of time

    still = runs_of(waited[:2])
    assert told(still["handling"], (0.25, 0.5)) == [  # the first quarter had passed; the rest comes when somebody works again
        (0.25, "2026-03-16T10:00", False, ""), (0.5, None, False, "paused"), (1.0, None, False, "paused"),
    ]  # fmt: skip
    assert told(still["waiting"]) == [(1.0, "2026-03-16T12:00", False, "")]


def test_a_clock_that_stopped_in_time_is_due_no_more(history):
    runs = runs_of(history(("2026-03-16 09:00", {"status": "work"}), ("2026-03-16 16:00", {"status": "closed"})))
    assert told(runs["resolution"], (0.5,)) == [(0.5, "2026-03-16T14:00", False, ""), (1.0, None, False, "stopped")]
    assert due_of(runs["resolution"]).at.astimezone(A.zone).isoformat()[:16] == "2026-03-17T10:00"  # it would have been
    again = runs_of(
        history(("2026-03-16 09:00", {"status": "work"}), ("2026-03-16 16:00", {"status": "closed"}), ("2026-03-17 12:00", {"status": "work"}))
    )  # fmt: skip
    assert told(again["resolution"]) == [(1.0, "2026-03-17T15:00", False, "")]  # seven hours of the first time, three of the second
    each = {"resolution": replace(CLOCKS["resolution"], cycles="each_cycle")}
    fresh = runs_of(
        history(("2026-03-16 09:00", {"status": "work"}), ("2026-03-16 16:00", {"status": "closed"}), ("2026-03-17 12:00", {"status": "work"})),
        each,
    )  # fmt: skip
    assert told(fresh["resolution"]) == [(1.0, "2026-03-18T13:00", False, "")]  # every time round has its own ten hours


def test_a_level_warns_about_goals_that_stand_in_the_clock(history):
    level = ServiceLevel(id="s", label={}, default=True, at_risk=(0.5,), goals={})
    practice = type("Practice", (), {"service_levels": {"s": level}, "catalog": {}, "fields": {}})
    clocks = Clocks({"resolution": CLOCKS["resolution"]}, CALENDARS, Targets(practice))
    run = clocks.runs(timeline(history(("2026-03-16 09:00", {"status": "work"})), STATUSES))["resolution"]
    assert told(run) == [(0.5, "2026-03-16T14:00", False, ""), (1.0, "2026-03-17T10:00", False, "")]


def test_nothing_promised_is_never_due(history):
    bare = {"resolution": replace(CLOCKS["resolution"], goal=None)}
    assert moments(runs_of(history(("2026-03-16 09:00", {"status": "work"})), bare)["resolution"]) == ()
    assert "resolution" not in runs_of(history(("2026-03-16 09:00", {"status": "new"})))  # it has not started


def test_warnings_are_those_of_the_level_in_force(history):
    level = ServiceLevel(
        id="s", label={}, default=True, at_risk=(0.25,), goals={"resolution": (Goal(slug="g", order=1, goal=timedelta(hours=4)),)}
    )
    practice = type("Practice", (), {"service_levels": {"s": level}, "catalog": {}, "fields": {}})
    clocks = Clocks({"resolution": CLOCKS["resolution"]}, CALENDARS, Targets(practice))
    run = clocks.runs(timeline(history(("2026-03-16 09:00", {"status": "work"})), STATUSES))["resolution"]
    assert told(run) == [(0.25, "2026-03-16T10:00", False, ""), (1.0, "2026-03-16T13:00", False, "")]


@given(st.integers(0, 4 * 86_400), st.integers(1, 40 * 3600), st.sampled_from([0.1, 0.25, 0.3, 0.5, 0.8, 0.95]))
def test_a_moment_is_the_first_instant_at_which_the_share_has_passed(after, seconds, share):
    from deskweave.clock.timeline import Entry, Timeline

    start = datetime(2026, 3, 12, tzinfo=UTC) + timedelta(seconds=after)
    clocks = Clocks({"k": replace(CLOCKS["resolution"], id="k", goal=timedelta(seconds=seconds))}, {"a": A})
    at_risk, breach = moments(clocks.runs(Timeline(None, (Entry("work", Phase.ACTIVE, start),)))["k"], (share,))
    assert A.working(start, at_risk.at) >= seconds * share - 1e-6
    assert A.working(start, at_risk.at - timedelta(seconds=1)) < seconds * share
    assert A.working(start, breach.at) == seconds
    assert at_risk.at <= breach.at


# ------------------------------------------------------------------------------------------------- past the last known day
@pytest.mark.practice("C3")
def test_past_the_last_known_day_measuring_refuses_and_alarms_go_on(history, moment):
    start = moment("2026-12-30 15:00")
    three_days = 27 * 3600
    with pytest.raises(OutsideCoverage):
        A.working(start, moment("2027-01-04 10:00"))
    assert A.due(start, three_days, provisional=True) == (moment("2027-01-04 15:00"), True)  # by the plain week

    events = history(
        ("2026-12-30 15:00", {"status": "work"}), ("2027-01-04 10:00", {"status": "wait"}), ("2027-01-04 11:00", {"status": "work"})
    )
    which = {
        "resolution": replace(CLOCKS["resolution"], goal=timedelta(hours=27)),
        **{n: CLOCKS[n] for n in ("waiting", "handling")},
    }
    clocks = Clocks(which, CALENDARS)
    line = timeline(events, STATUSES)
    found = clocks.evaluate(line, moment("2027-01-04 12:00"))
    assert found.facts["resolution"].elapsed is None
    assert {problem.rule for problem in found.problems} == {"outside-coverage"}
    runs = clocks.runs(line)
    assert told(runs["resolution"], (0.1,)) == [(0.1, "2026-12-30T17:42", False, ""), (1.0, "2027-01-04T15:00", True, "")]
    assert told(runs["handling"])[-1] == (1.0, "2026-12-31T10:00", False, "")  # used up while everything was still known


@pytest.mark.practice("C3")
def test_the_new_year_lists_what_it_moves_of_an_inquiry(history, moment):
    """Two cycles, the first of them in days that nobody knew when they were counted."""
    events = history(
        ("2026-12-31 17:00", {"status": "work"}),
        ("2027-01-01 10:00", {"status": "closed"}),
        ("2027-01-04 09:00", {"status": "work"}),
    )
    line = timeline(events, STATUSES)
    which = {"resolution": CLOCKS["resolution"]}
    old, new = (Clocks(which, {"a": one}).runs(line)["resolution"] for one in (A, KNOWN))
    (warning,), (breach,) = ([pair] for pair in moved(old, new, (0.5,)))
    assert [(one.at, one.provisional) for one in warning] == [
        (moment("2027-01-04 12:00"), True),
        (moment("2027-01-04 13:00"), False),
    ]
    assert [(one.at, one.provisional) for one in breach] == [
        (moment("2027-01-04 17:00"), True),
        (moment("2027-01-04 18:00"), False),
    ]
    assert moved(new, new) == ()


# -------------------------------------------------------------------------------------------------------------- escalations
def rule(slug, **said):
    return EscalationRule(**({"slug": slug, "label": {}, "type": "functional", "to": "second_line"} | said))


@pytest.mark.practice("J3", "J6", "C6")
def test_when_escalation_rules_act(history, moment):
    events = history(
        ("2026-03-16 09:00", {"status": "work"}),
        ("2026-03-16 11:00", {"title": "printer"}),
        ("2026-03-16 12:00", {"by": "rule:rise", "priority": "p1"}),
    )
    line, runs = timeline(events, STATUSES), runs_of(events)
    assert last_movement(events) == moment("2026-03-16 11:00")  # what a rule did is no movement
    rules = {
        one.slug: one
        for one in (
            rule("half", clock="resolution", used=0.5),
            rule("at_once", clock="resolution", used=0.0),
            rule("over", clock="resolution", used=1.5),
            rule("silent", idle=timedelta(hours=8), calendar="a"),
            rule("silent_on_the_wall", idle=timedelta(hours=8)),
            rule("other", clock="resolution", used=0.5, when={"current_tier": {"eq": "third_line"}}),  # does not hold
            rule("never_started", clock="gone", used=0.5),
            rule("meeting_silence", idle=timedelta(hours=1), calendar="m"),
        )
    }
    acting = escalations(rules, runs, {"current_tier": "first_line"}, line, last_movement(events), CALENDARS)
    found = {one.slug: one.moment.at and one.moment.at.astimezone(A.zone).isoformat()[5:16] for one in acting}
    assert found == {
        "half": "03-16T14:00", "at_once": "03-16T09:00", "over": "03-17T15:00", "silent": "03-17T10:00",
        "silent_on_the_wall": "03-16T19:00", "meeting_silence": None,
    }  # fmt: skip
    assert next(one.moment.why for one in acting if one.slug == "meeting_silence") == "window"
    assert escalations({"silent": rules["silent"]}, runs, {}, line, None, CALENDARS) == ()
    closed = [*events, *history(("2026-03-16 13:00", {"status": "closed"}))]
    assert escalations({"half": rules["half"]}, runs_of(closed), {}, timeline(closed, STATUSES), None, CALENDARS) == ()


@pytest.mark.practice("F8", "K2")
def test_time_limits_and_rises(history, moment):
    events = history(("2026-03-13 17:45", {"status": "work"}))
    line, runs = timeline(events, STATUSES), runs_of(events)
    tier = Tier(slug="first_line", label={}, rank=1, time_limit=timedelta(minutes=30), calendar="a")
    limit = time_limit(tier, moment("2026-03-13 17:45"), line, CALENDARS)
    assert (limit.slug, limit.moment.at) == ("first_line", moment("2026-03-16 09:15"))
    of_the_item = time_limit(replace(tier, calendar=None), moment("2026-03-13 17:45"), line, CALENDARS, "a")
    assert of_the_item == limit  # a tier without hours has those of the service item
    assert time_limit(replace(tier, calendar=None), moment("2026-03-13 17:45"), line, CALENDARS).moment.at == moment(
        "2026-03-13 18:15"
    )
    assert time_limit(replace(tier, time_limit=None), moment("2026-03-13 17:45"), line, CALENDARS) is None
    nearly = PriorityRise(slug="nearly_due", label={}, clock="resolution", left=0.25)
    (rise,) = rises({"nearly_due": nearly}, runs, {})
    assert rise.moment.at == moment("2026-03-16 16:15")  # three quarters of ten hours: 7 h 30 min
    assert rises({"nearly_due": replace(nearly, when={"priority": {"eq": "p4"}})}, runs, {}) == ()


def test_the_wall_clock_is_never_provisional(history, moment):
    assert WALL.due(moment("2099-01-01 00:00"), 60, provisional=True) == (moment("2099-01-01 00:01"), False)
