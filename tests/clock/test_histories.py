"""Clocks over random histories, against a look at every minute."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from deskweave.clock import Clocks, CompiledCalendar, Targets, due_of, goal_of, timeline
from deskweave.model import (
    Calendar,
    CalendarVersion,
    Clock,
    ClockEdge,
    Event,
    Field,
    FieldId,
    Goal,
    InquiryId,
    Phase,
    ServiceLevel,
    Status,
)

BEGIN = datetime(2026, 3, 13, 6, tzinfo=UTC)  # Friday, 14:00 in Shanghai
LONG = 5 * 1440  #: minutes of a history
OFFICE = CompiledCalendar(
    Calendar(id="a", label={}, zone="Asia/Shanghai", holidays=None,
             versions=(CalendarVersion(since=date(2026, 1, 1), week=dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ((time(9), time(18)),))),))
)  # fmt: skip
OPEN = [OFFICE.is_open(BEGIN + timedelta(minutes=minute)) for minute in range(LONG)]
PHASES = {"new": Phase.NEW, "work": Phase.ACTIVE, "wait": Phase.WAITING, "done": Phase.CLOSED}
STATUSES = {slug: Status(slug=slug, label={}, phase=phase) for slug, phase in PHASES.items()}
CLOCKS = {
    one.id: one
    for one in (
        Clock(id="resolution", label={}, calendar="a", start=ClockEdge(status="work"), goal=timedelta(hours=6),
              stop=ClockEdge(phase=Phase.CLOSED, pick="last", require_current=True)),
        Clock(id="waiting", label={}, calendar="a", sum_statuses=("wait",), within="resolution"),
        Clock(id="handling", label={}, calendar=None, minus=("resolution", "waiting"), goal=timedelta(hours=3)),
        Clock(id="cycles", label={}, calendar="a", start=ClockEdge(status="work"), stop=ClockEdge(status="done"), cycles="sum_of_cycles"),
        Clock(id="each", label={}, calendar="a", start=ClockEdge(status="work"), stop=ClockEdge(status="done"), cycles="each_cycle"),
    )
}  # fmt: skip
LEVEL = ServiceLevel(
    id="s", label={}, default=True,
    goals={
        name: tuple(Goal(slug=slug, order=1, goal=timedelta(hours=hours), when={"priority": {"eq": slug}})
                    for slug, hours in (("p1", 1), ("p2", 4), ("p3", 9)))
        for name in ("resolution", "handling")
    },
)  # fmt: skip


class Practice:
    def __init__(self, on_change):
        self.service_levels = {"s": replace(LEVEL, on_change=on_change)}
        self.catalog: dict = {}
        self.fields = {FieldId("priority"): Field(id=FieldId("priority"), label={}, type="text")}


steps = st.lists(
    st.tuples(st.integers(0, LONG - 1), st.one_of(st.sampled_from([("status", s) for s in PHASES]), st.sampled_from([("priority", p) for p in ("p1", "p2", "p3", "p4")]))),
    min_size=1, max_size=12, unique_by=lambda step: step[0],
).map(sorted)  # fmt: skip


def events_of(said):
    return [
        Event(seq=n, inquiry=InquiryId("I"), field=FieldId(name), old=None, new=value, at=BEGIN + timedelta(minutes=minute), order=0,
              recorded_at=BEGIN, actor=None, source="connection:x", origin_id=str(n), precise=True, refines=None, cause=None, practice="p")
        for n, (minute, (name, value)) in enumerate(said, 1)
    ]  # fmt: skip


def by_the_minute(said):
    """Status and priority of every minute, as somebody would see them who looks once a minute."""
    status, priority, seen = None, None, []
    changes = dict(said)
    for minute in range(LONG):
        name, value = changes.get(minute, (None, None))
        status, priority = value if name == "status" else status, value if name == "priority" else priority
        seen.append((status, priority, OPEN[minute]))
    return seen


@settings(max_examples=150)
@given(steps)
def test_durations_are_what_somebody_counts_who_looks_every_minute(said):
    seen = by_the_minute(said)
    found = Clocks(CLOCKS, {"a": OFFICE}).evaluate(timeline(events_of(said), STATUSES))
    assert not found.problems
    started = next((n for n, (status, *_) in enumerate(seen) if status == "work"), None)
    took = {name: fact.took for name, fact in found.facts.items()}
    if started is None:
        assert set(took.values()) == {None}
        return
    if seen[-1][0] != "done":
        assert (took["resolution"], took["waiting"], took["handling"]) == (None, None, None)
    else:
        end = max(n for n in range(1, LONG) if seen[n][0] == "done" and seen[n - 1][0] != "done")
        inside = [(status, is_open) for status, _, is_open in seen[started:end]]
        assert took["resolution"] == 60 * sum(is_open for _, is_open in inside)
        assert took["waiting"] == 60 * sum(is_open for status, is_open in inside if status == "wait")
        assert took["handling"] == 60 * sum(is_open for status, is_open in inside if status != "wait")
    counting, rounds, total, ended = False, 0, 0, 0
    for status, _, is_open in seen:
        if not counting and status == "work":
            counting, rounds = True, 0
        elif counting and status == "done":
            counting, total, ended = False, total + rounds, ended + 1
        rounds += counting and is_open
    assert took["cycles"] == took["each"] == (60 * total if ended else None)
    assert sum(cycle.took or 0 for cycle in found.facts["each"].cycles) == 60 * total
    assert len([cycle for cycle in found.facts["each"].cycles if cycle.took is not None]) == ended


@settings(max_examples=150)
@given(steps, st.sampled_from(["keep", "retroactive", "from_change"]))
def test_the_goal_is_the_one_of_its_time(said, on_change):
    """`keep` asks what was so at the start, `retroactive` at the stop, `from_change` adds what had passed."""
    practice = Practice(on_change)
    clocks = Clocks(CLOCKS, {"a": OFFICE}, Targets(practice))
    line = timeline(events_of(said), STATUSES, watched=clocks.watched)
    seen = by_the_minute(said)
    for name in ("resolution", "handling"):
        fact = clocks.evaluate(line).facts[name]
        if fact.started_at is None:
            continue
        start = round((fact.started_at - BEGIN).total_seconds() / 60)
        stop = round((fact.stopped_at - BEGIN).total_seconds() / 60) if fact.stopped_at else LONG - 1

        goals = {
            said: goal_of(CLOCKS[name], {FieldId("priority"): said}, practice).goal
            for said in {priority for _, priority, _ in seen}
        }

        def promised(minute, goals=goals):
            return goals[seen[minute][1]]

        if on_change == "keep":
            assert fact.goal == promised(start)
        elif on_change == "retroactive":
            assert fact.goal == promised(stop)
        else:
            turns = [n for n in range(start + 1, stop + 1) if promised(n) != promised(n - 1)]
            if not turns:
                assert fact.goal == promised(start)
            elif promised(turns[-1]) is None:
                assert fact.goal is None
            else:
                passed = sum(is_open for status, _, is_open in seen[start : turns[-1]] if name == "resolution" or status != "wait")
                assert fact.goal == 60 * passed + promised(turns[-1])


@settings(max_examples=100)
@given(steps)
def test_a_goal_is_missed_exactly_when_time_was_counted_after_it_was_due(said):
    clocks = Clocks(CLOCKS, {"a": OFFICE})
    line = timeline(events_of(said), STATUSES)
    facts, runs = clocks.evaluate(line).facts, clocks.runs(line)
    for name in ("resolution", "handling"):
        fact = facts[name]
        if fact.met is None:
            continue
        due = due_of(runs[name])
        if due is None or due.at is None:
            assert fact.met  # it counted nothing
            continue
        after = sum(
            OFFICE.working(max(begin, due.at), end) for begin, end in runs[name].stretches if end is not None and end > due.at
        )
        assert fact.met is (after == 0)
