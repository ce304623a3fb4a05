"""Which promise a clock is judged by: the one in force when it ran, not the one of today."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta

import pytest

from deskweave.clock import Clocks, CompiledCalendar, Targets, goal_of, timeline
from deskweave.model import (
    Calendar,
    CalendarVersion,
    CatalogItem,
    Clock,
    ClockEdge,
    Field,
    FieldId,
    Goal,
    Phase,
    ServiceLevel,
    Status,
)

OFFICE = CompiledCalendar(
    Calendar(id="a", label={}, zone="Asia/Shanghai", holidays=None,
             versions=(CalendarVersion(since=date(2020, 1, 1), week=dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ((time(9), time(18)),))),))
)  # fmt: skip
STATUSES = {
    slug: Status(slug=slug, label={}, phase=phase)
    for slug, phase in {"new": Phase.NEW, "work": Phase.ACTIVE, "wait": Phase.WAITING, "closed": Phase.CLOSED}.items()
}
CLOCKS = {
    one.id: one
    for one in (
        Clock(id="response", label={}, calendar="a", start=ClockEdge(submitted=True), stop=ClockEdge(status="work"),
              goal=timedelta(minutes=5)),
        Clock(id="resolution", label={}, calendar="a", start=ClockEdge(status="work"), stop=ClockEdge(phase=Phase.CLOSED, pick="last")),
        Clock(id="waiting", label={}, calendar="a", sum_statuses=("wait",), within="resolution"),
        Clock(id="handling", label={}, calendar=None, minus=("resolution", "waiting")),
    )
}  # fmt: skip


def goal(slug, hours, when=None, order=100):
    return Goal(slug=slug, order=order, goal=None if hours is None else timedelta(hours=hours), when=when)


def by_priority(**hours):
    return tuple(goal(slug, some, {"priority": {"eq": slug}}) for slug, some in hours.items())


STANDARD = ServiceLevel(
    id="standard", label={}, default=True, at_risk=(0.5, 0.8),
    goals={"resolution": by_priority(p1=4, p3=16), "handling": by_priority(p1=1, p3=3)},
)  # fmt: skip
MEETING = ServiceLevel(id="meeting", label={}, goals={"resolution": (goal("none", None),), "response": (goal("fast", 0.01),)})


def item(slug, level):
    return CatalogItem(slug=slug, label={}, category="c", category_label={}, service="s", service_label={}, classification=None,
                       served="user", channels=(), delivery=(), hours=None, stream=None, service_level=level)  # fmt: skip


@dataclass
class Practice:
    service_levels: dict = field(default_factory=lambda: {"standard": STANDARD, "meeting": MEETING})
    catalog: dict = field(default_factory=lambda: {"room": item("room", "meeting"), "laptop": item("laptop", None)})
    fields: dict = field(
        default_factory=lambda: {FieldId("service_item"): Field(id=FieldId("service_item"), label={}, type="catalog_item")}
    )


def levels(on_change):
    return Practice({"standard": replace(STANDARD, on_change=on_change), "meeting": MEETING})


@pytest.mark.practice("C2", "K1")
@pytest.mark.parametrize(
    ("clock", "values", "expected"),
    [
        ("resolution", {"priority": "p1"}, (4 * 3600, "standard", "p1")),
        ("resolution", {"priority": "p3", "service_item": "laptop"}, (16 * 3600, "standard", "p3")),  # an item that names none
        ("resolution", {"priority": "p3", "service_item": "gone"}, (16 * 3600, "standard", "p3")),  # nor one that is no more
        ("resolution", {}, (None, "standard", None)),  # no goal holds: nothing is promised yet
        ("response", {"priority": "p1"}, (300, None, None)),  # a level that does not name the clock leaves it its own goal
        ("resolution", {"priority": "p1", "service_item": "room"}, (None, "meeting", "none")),  # promised: nothing
        ("response", {"service_item": "room"}, (36, "meeting", "fast")),
        ("waiting", {}, (None, None, None)),  # no goal anywhere
    ],
)
def test_the_goal_of_an_inquiry(clock, values, expected):
    target = goal_of(CLOCKS[clock], values, Practice())
    assert (target.goal, target.level, target.rule) == expected


def test_without_levels_a_clock_has_its_own_goal():
    bare = Practice(service_levels={}, catalog={})
    assert goal_of(CLOCKS["response"], {"priority": "p1"}, bare).goal == 300
    assert Targets(bare).watched == frozenset()
    no_default = Practice(service_levels={"meeting": MEETING})
    assert goal_of(CLOCKS["response"], {}, no_default)[:3] == (300, None, None)


def facts(practice, events):
    clocks = Clocks(CLOCKS, {"a": OFFICE}, Targets(practice))
    found = clocks.evaluate(timeline(events, STATUSES, watched=clocks.watched))
    assert not found.problems
    return found.facts


RAISED = (
    ("2026-03-16 09:00", {"submitted_at": None, "status": "new", "priority": "p3"}),
    ("2026-03-16 09:00", {"status": "work"}),
    ("2026-03-16 11:00", {"priority": "p1"}),  # two hours in
)


@pytest.mark.practice("K1", "K2")
@pytest.mark.parametrize(
    ("on_change", "goal", "rule", "last_in_time"),
    [
        ("keep", 16, "p3", "2026-03-17 16:00"),  # the promise made stands
        ("retroactive", 4, "p1", "2026-03-16 13:00"),  # 57: due four hours after the start
        ("from_change", 6, "p1", "2026-03-16 15:00"),  # 57: due four hours after the change
    ],
)
def test_a_priority_that_rises_while_the_clock_runs(history, moment, on_change, goal, rule, last_in_time):
    for late in (False, True):
        closed = (moment(last_in_time) + timedelta(seconds=late)).astimezone(OFFICE.zone).isoformat()[:19]
        fact = facts(levels(on_change), history(*RAISED, (closed, {"status": "closed"})))["resolution"]
        assert (fact.goal, fact.level, fact.rule, fact.met) == (goal * 3600, "standard", rule, not late)


@pytest.mark.practice("K1")
@pytest.mark.parametrize("on_change", ["keep", "retroactive", "from_change"])
def test_what_changes_after_the_stop_changes_nothing(history, on_change):
    events = history(
        ("2026-03-16 09:00", {"priority": "p1"}),
        ("2026-03-16 09:00", {"status": "work"}),
        ("2026-03-16 14:00", {"status": "closed"}),
        ("2026-03-16 14:00:01", {"priority": "p3"}),  # it would have been in time
    )
    fact = facts(levels(on_change), events)["resolution"]
    assert (fact.took, fact.goal, fact.met) == (5 * 3600, 4 * 3600, False)


def test_what_changes_with_the_stop_still_counts(history):
    """Who closes an inquiry and states its priority in one step has stated it in time."""
    events = history(("2026-03-16 09:00", {"status": "work"}), ("2026-03-16 14:00", {"status": "closed", "priority": "p1"}))
    assert facts(levels("retroactive"), events)["resolution"].goal == 4 * 3600


@pytest.mark.practice("C2")
@pytest.mark.parametrize(("on_change", "goal"), [("keep", None), ("retroactive", 4 * 3600), ("from_change", 5 * 3600)])
def test_a_first_promise_after_the_start(history, on_change, goal):
    events = history(
        ("2026-03-16 09:00", {"status": "work"}),  # before triage nothing is promised
        ("2026-03-16 10:00", {"priority": "p1"}),
        ("2026-03-16 12:00", {"status": "closed"}),
    )
    assert facts(levels(on_change), events)["resolution"].goal == goal


@pytest.mark.parametrize(
    ("on_change", "goal"),
    [("keep", 3 * 3600), ("retroactive", 3600), ("from_change", 2 * 3600)],  # an hour of handling had passed, none of the wait
)
def test_a_difference_counts_from_what_it_had_counted(history, on_change, goal):
    events = history(
        ("2026-03-16 09:00", {"priority": "p3", "status": "work"}),
        ("2026-03-16 10:00", {"status": "wait"}),
        ("2026-03-16 12:00", {"priority": "p1"}),
        ("2026-03-16 13:00", {"status": "work"}),
        ("2026-03-16 14:00", {"status": "closed"}),
    )
    fact = facts(levels(on_change), events)["handling"]
    assert (fact.took, fact.goal) == (2 * 3600, goal)


def test_the_same_promise_under_another_name_moves_nothing(history):
    same = replace(STANDARD, on_change="from_change", goals={"resolution": by_priority(p1=4, p2=4)})
    events = history(
        ("2026-03-16 09:00", {"priority": "p2", "status": "work"}),
        ("2026-03-16 11:00", {"priority": "p1"}),
        ("2026-03-16 14:00", {"status": "closed"}),
    )
    fact = facts(Practice({"standard": same}, {}), events)["resolution"]
    assert (fact.goal, fact.rule, fact.met) == (4 * 3600, "p1", False)


def test_another_service_item_is_another_promise(history):
    events = history(
        ("2026-03-16 09:00", {"priority": "p1", "status": "work"}),
        ("2026-03-16 09:30", {"service_item": "room"}),
        ("2026-03-16 18:00", {"status": "closed"}),
    )
    assert facts(levels("keep"), events)["resolution"].met is False
    judged = facts(levels("retroactive"), events)["resolution"]
    assert (judged.goal, judged.level, judged.met) == (None, "meeting", None)


def test_what_was_so_when_it_was_first_seen_was_so_from_the_beginning(history):
    """A platform's history may tell statuses only: its priority is sighted when the inquiry is taken in, long after it was closed."""
    told = history(("2026-03-16 09:00", {"status": "work"}), ("2026-03-16 12:00", {"status": "closed"}), seen="2026-04-01 09:00")
    sighted = history(("2026-03-31 10:00", {"priority": "p1"}), precise=False, seen="2026-04-01 09:00")
    later = history(("2026-03-31 10:00", {"priority": "p1"}), precise=False, seen="2026-04-01 09:05")
    events = [*told, replace(sighted[0], seq=9)]
    assert facts(levels("keep"), events)["resolution"].goal == 4 * 3600
    assert facts(levels("keep"), [*told, replace(later[0], seq=9)])["resolution"].goal is None  # it became so after we looked


def test_each_cycle_has_its_own_promise(history, moment):
    each = replace(CLOCKS["resolution"], cycles="each_cycle")
    clocks = Clocks({"resolution": each}, {"a": OFFICE}, Targets(levels("keep")))
    events = history(
        ("2026-03-16 09:00", {"priority": "p3", "status": "work"}),
        ("2026-03-16 14:00", {"status": "closed"}),
        ("2026-03-17 09:00", {"priority": "p1"}),
        ("2026-03-17 10:00", {"status": "work"}),
        ("2026-03-17 15:00", {"status": "closed"}),
    )
    fact = clocks.evaluate(timeline(events, STATUSES, watched=clocks.watched)).facts["resolution"]
    hours = [(cycle.took / 3600, cycle.goal / 3600, cycle.met) for cycle in fact.cycles]
    assert hours == [(5, 16, True), (5, 4, False)]  # the same five hours, another promise
    assert (fact.took, fact.met) == (10 * 3600, False)
    assert [cycle.started_at for cycle in fact.cycles] == [moment("2026-03-16 09:00"), moment("2026-03-17 10:00")]

    reopened = history(*[(when, dict(values)) for when, values in (
        ("2026-03-16 09:00", {"priority": "p1", "status": "work"}), ("2026-03-16 10:00", {"status": "closed"}),
        ("2026-03-17 09:00", {"status": "work"}),
    )])  # fmt: skip
    fact = clocks.evaluate(timeline(reopened, STATUSES, watched=clocks.watched)).facts["resolution"]
    assert [cycle.took for cycle in fact.cycles] == [3600, None]  # the second runs
    assert (fact.took, fact.met, fact.running) == (3600, True, True)


@pytest.mark.practice("C2")
@pytest.mark.parametrize("source", ["rule:assign", "plugin:chatbot"])
def test_a_machine_does_not_stop_the_response(history, source):
    person = replace(CLOCKS["response"], stop=ClockEdge(status="work", by_person=True))
    clocks = Clocks({"response": person}, {"a": OFFICE})

    def took(*steps):
        events = history(("2026-03-16 09:00", {"submitted_at": None, "status": "new"}), *steps)
        line = timeline(events, STATUSES, events[0].at)
        return clocks.evaluate(line).facts["response"].took

    assert took(("2026-03-16 09:01", {"by": source, "status": "work"})) is None  # it runs until a person takes it on
    assert took(("2026-03-16 09:01", {"by": source, "status": "work"}), ("2026-03-16 09:20", {"status": "closed"})) is None
    assert took(("2026-03-16 09:02", {"status": "work"})) == 120  # who is not named counts as a person
    assert took(("2026-03-16 09:02", {"by": "person:7", "status": "work"})) == 120
    assert took(
        ("2026-03-16 09:01", {"by": source, "status": "work"}), ("2026-03-16 09:10", {"status": "wait"}),
        ("2026-03-16 09:30", {"status": "work"}),
    ) == 1800  # fmt: skip
