"""Facts carry the goal of the service level in force when the clock ran."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from deskweave.measure import EventLog, FactBuilder, Facts, parse_period, run
from deskweave.model import Calendar, Clock, ClockEdge, Goal, ServiceLevel

MONDAY = datetime(2026, 11, 16, 1, tzinfo=UTC)  # 09:00 in Shanghai


def goals(**minutes):
    return tuple(
        Goal(slug=slug, order=10, goal=timedelta(minutes=some), when={"channel": {"eq": slug}}) for slug, some in minutes.items()
    )


@pytest.fixture
def promised(practice):
    """Five minutes on the phone, thirty by mail, nothing elsewhere; business systems have a level of their own."""
    standard = ServiceLevel(id="standard", label={}, default=True, goals={"first_response": goals(phone=5, email=30)})
    gold = ServiceLevel(id="gold", label={}, goals={"first_response": (Goal(slug="all", order=1, goal=timedelta(minutes=1)),)})
    catalog = {**practice.catalog, "system_access": replace(practice.catalog["system_access"], service_level="gold")}
    return replace(practice, service_levels={"standard": standard, "gold": gold}, catalog=catalog)


def after(minutes):
    return MONDAY + timedelta(minutes=minutes)


@pytest.mark.practice("C2", "K1")
@pytest.mark.parametrize(
    ("values", "goal", "met"),
    [
        ({"channel": "phone"}, 300, False),  # ten minutes are too long on the phone
        ({"channel": "email"}, 1_800, True),  # and in time by mail
        ({"channel": "feishu"}, None, None),  # nothing is promised, nothing judged
        ({"channel": "email", "service_item": "system_access"}, 60, False),  # the item's level
    ],
)
def test_a_row_has_the_goal_of_its_level(promised, log, values, goal, met):
    log.inquiry("I", MONDAY, (MONDAY, "awaiting_acceptance"), (after(10), "in_progress"), **values)
    row, problems = FactBuilder(promised).row("I", log.events)
    assert (row["first_response_took"], row["first_response_goal"], row["first_response_met"]) == (600, goal, met)
    assert not problems


@pytest.mark.practice("K1")
def test_what_an_inquiry_became_later_does_not_rejudge_it(promised, log, tmp_path):
    """A call that is filed as mail afterwards was still promised five minutes."""
    log.inquiry("I", MONDAY, (MONDAY, "awaiting_acceptance"), (after(10), "in_progress"), channel="phone")
    log.add("I", "channel", "email", after(20))
    facts = Facts(promised, tmp_path)
    facts.refresh(EventLog(log.events))
    with facts.open() as table:
        (found,) = run(promised, table, [parse_period("2026-11")], after(60), metrics=["first_response_on_time"], by=())
    row, _ = FactBuilder(promised).row("I", log.events)
    assert (row["channel"], row["first_response_goal"], found.value) == ("email", 300, 0)


@pytest.mark.practice("C3")
def test_hours_that_stand_in_the_inquiry(practice, log):
    """A clock by meeting time counts inside the meeting, and has no value with a reason where the inquiry names none."""
    meeting = Calendar(id="meeting", label={}, zone="Asia/Shanghai", holidays=None, versions=(), from_inquiry=True)
    support = Clock(id="support", label={}, calendar="meeting", start=ClockEdge(submitted=True), stop=ClockEdge(status="closed"))
    desk = replace(practice, calendars={**practice.calendars, "meeting": meeting}, clocks={**practice.clocks, "support": support})
    log.inquiry("I", MONDAY, (MONDAY, "in_progress"), (after(50), "closed"))
    row, problems = FactBuilder(desk).row("I", log.events)
    assert row["support_took"] is None
    assert [(one.rule, one.at) for one in problems] == [("window-missing", "support")]
    assert row["resolution_took"] == 3_000  # the others count

    log.add("I", "meeting_starts_at", after(30), after(5))
    log.add("I", "meeting_ends_at", after(90), after(5))
    row, problems = FactBuilder(desk).row("I", log.events)
    assert (row["support_took"], problems) == (1_200, [])
    assert row["_calendars"] == f"cn_5x8@{FactBuilder(desk).calendars['cn_5x8']} meeting@from-inquiry"


def test_each_cycle_counts_by_itself(practice, log):
    each = replace(practice.clocks["resolution"], cycles="each_cycle", goal=timedelta(minutes=45))
    desk = replace(practice, clocks={**practice.clocks, "resolution": each})
    log.inquiry("I", MONDAY, (MONDAY, "in_progress"), (after(30), "closed"), (after(60), "in_progress"), (after(100), "closed"))
    row, _ = FactBuilder(desk).row("I", log.events)
    assert (row["resolution_took"], row["resolution_met"]) == (70 * 60, True)  # together longer than 45 minutes, neither by itself
