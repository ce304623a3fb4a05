"""Calendars, due moments and clocks, case by case. The numbers were found by counting, not by this code."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from deskweave.clock import (
    Clocks,
    CompiledCalendar,
    EndBeforeStart,
    OutsideCoverage,
    clock_events,
    folded,
    status_time,
    timeline,
)
from deskweave.model import (
    Calendar,
    CalendarVersion,
    Clock,
    ClockEdge,
    Event,
    FieldId,
    Holidays,
    InquiryId,
    Phase,
    Status,
)

FIVE = ("mon", "tue", "wed", "thu", "fri")
ALL = (*FIVE, "sat", "sun")


def at(text: str) -> time | None:
    return None if text == "24:00" else time.fromisoformat(text)


def week(days, *windows):
    return {day: tuple((at(a), at(b)) for a, b in windows) for day in days}


def span(first: str, last: str) -> set[date]:
    low, high = date.fromisoformat(first), date.fromisoformat(last)
    return {low + timedelta(days=n) for n in range((high - low).days + 1)}


def each(*days: str) -> set[date]:
    return {date.fromisoformat(day) for day in days}


# The State Council's notices for 2024 and 2025: days off that are not weekends by themselves, and make-up days (调休).
CN = Holidays(
    id="cn",
    since=date(2023, 12, 1),
    until=date(2026, 12, 31),
    revision="2024-11-12",
    off=frozenset(
        each("2024-01-01") | span("2024-02-10", "2024-02-17") | span("2024-04-04", "2024-04-06") | span("2024-05-01", "2024-05-05")
        | each("2024-06-10") | span("2024-09-15", "2024-09-17") | span("2024-10-01", "2024-10-07")
        | each("2025-01-01") | span("2025-01-28", "2025-02-04") | span("2025-04-04", "2025-04-06") | span("2025-05-01", "2025-05-05")
        | span("2025-05-31", "2025-06-02") | span("2025-10-01", "2025-10-08")
    ),
    working={
        date.fromisoformat(day): "mon"
        for day in (
            "2024-02-04", "2024-02-18", "2024-04-07", "2024-04-28", "2024-05-11", "2024-09-14", "2024-09-29", "2024-10-12",
            "2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11",
        )
    },
)  # fmt: skip


def compiled(zone, days, *windows, holidays=None, more=()):
    versions = (CalendarVersion(since=date(2010, 1, 1), week=week(days, *windows)), *more)
    calendar = Calendar(id="c", label={}, zone=zone, holidays=holidays.id if holidays else None, versions=versions)
    return CompiledCalendar(calendar, holidays)


SHANGHAI = "Asia/Shanghai"
A = compiled(SHANGHAI, FIVE, ("09:00", "18:00"), holidays=CN)
B = compiled(SHANGHAI, FIVE, ("09:00", "12:00"), ("13:00", "18:00"), holidays=CN)
NEW_YORK = compiled("America/New_York", FIVE, ("09:00", "17:00"))
ALWAYS_NY = compiled("America/New_York", ALL, ("00:00", "24:00"))
NIGHT = compiled("America/New_York", ALL, ("22:00", "06:00"))
GAP = compiled("America/New_York", ALL, ("02:30", "05:00"))
FOLD = compiled("America/New_York", ALL, ("01:30", "05:00"))
LORD_HOWE = compiled("Australia/Lord_Howe", ALL, ("00:00", "24:00"))
APIA = compiled("Pacific/Apia", FIVE, ("09:00", "17:00"))
BERLIN = compiled("Europe/Berlin", ALL, ("09:00", "17:00"))
KATHMANDU = compiled("Asia/Kathmandu", ("sun", *FIVE), ("10:00", "17:00"))
SHORTER = compiled(
    SHANGHAI, FIVE, ("09:00", "18:00"), holidays=CN,
    more=(CalendarVersion(since=date(2024, 7, 1), week=week(FIVE, ("09:00", "17:00"))),),
)  # fmt: skip


def local(calendar: CompiledCalendar, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=calendar.zone).astimezone(UTC)


@pytest.mark.practice("C3")
@pytest.mark.parametrize(
    ("calendar", "start", "end", "minutes"),
    [
        (A, "2024-03-15 17:50", "2024-03-18 09:10", 20),  # 1 over a weekend
        (A, "2024-03-15 18:00", "2024-03-18 09:00", 0),  # 2 from closing to opening
        (A, "2024-03-16 10:00", "2024-03-17 15:00", 0),  # 3 inside a weekend
        (B, "2024-03-15 12:00", "2024-03-15 13:00", 0),  # 4 the lunch break
        (B, "2024-03-15 11:30", "2024-03-15 13:30", 60),  # 5 around the lunch break
        (B, "2024-02-04 00:00", "2024-02-05 00:00", 480),  # 6 a make-up Sunday
        (A, "2024-02-09 17:50", "2024-02-18 09:10", 20),  # 7 spring festival, back on a make-up Sunday
        (A, "2024-09-30 17:00", "2024-10-08 10:00", 120),  # 8 national day
        (A, "2024-10-12 00:00", "2024-10-13 00:00", 540),  # 9 a make-up Saturday
        (A, "2025-01-27 17:30", "2025-02-05 09:30", 60),  # 10 spring festival 2025
        (B, "2024-02-01 00:00", "2024-03-01 00:00", 8_640),  # 11 February 2024: 18 days
        (B, "2025-01-01 00:00", "2026-01-01 00:00", 119_040),  # 12 the year 2025: 248 days
        (NEW_YORK, "2024-03-08 16:00", "2024-03-11 10:00", 120),  # 13 the clocks went forward in between
        (NEW_YORK, "2024-11-01 16:00", "2024-11-04 10:00", 120),  # 14 and back
        (ALWAYS_NY, "2024-03-10 00:00", "2024-03-11 00:00", 1_380),  # 15 a day of 23 hours
        (ALWAYS_NY, "2024-11-03 00:00", "2024-11-04 00:00", 1_500),  # 16 a day of 25 hours
        (NIGHT, "2024-03-09 22:00", "2024-03-10 06:00", 420),  # 17 a night shift that loses an hour
        (NIGHT, "2024-11-02 22:00", "2024-11-03 06:00", 540),  # 18 one that gains one
        (GAP, "2024-03-10 00:00", "2024-03-11 00:00", 120),  # 19 a window that begins in the gap
        (FOLD, "2024-11-03 00:00", "2024-11-04 00:00", 240),  # 20 a window that begins in the fold: 01:30 to 02:00 twice
        (LORD_HOWE, "2024-10-06 00:00", "2024-10-07 00:00", 1_410),  # 21 half an hour less
        (LORD_HOWE, "2024-04-07 00:00", "2024-04-08 00:00", 1_470),  # 22 half an hour more
        (APIA, "2011-12-29 16:00", "2011-12-31 12:00", 60),  # 23 the Friday never was
        (BERLIN, "2024-10-27 00:30", "2024-10-28 12:00", 660),  # 24 a day of 25 hours is one day
        (KATHMANDU, "2024-03-15 16:50", "2024-03-17 10:15", 25),  # 25 Sunday to Friday, at +05:45
        (SHORTER, "2024-06-28 17:30", "2024-07-01 17:30", 510),  # 26 new hours from a date on
        (A, "2024-03-15 17:55", "2024-03-18 09:00", 5),  # 27 five minutes exactly
        (A, "2024-03-16 12:00", "2024-03-16 12:30", 0),  # 28 half an hour of wall clock, no working time
        (A, "2024-12-31 17:00", "2025-01-02 10:00", 120),  # 29 over new year
    ],
)
def test_working_time(calendar, start, end, minutes):
    assert calendar.working(local(calendar, start), local(calendar, end)) == minutes * 60


@pytest.mark.practice("C3")
@pytest.mark.parametrize(
    ("start", "seconds", "due"),
    [
        ("2024-03-15 17:50", 30 * 60, "2024-03-18 09:20"),  # 30 over the weekend
        ("2024-03-15 17:50", 10 * 60, "2024-03-15 18:00"),  # 31 at closing time, not at the next opening
        ("2024-03-16 12:00", 5 * 60, "2024-03-18 09:05"),  # 32 starts while closed
        ("2024-03-15 17:50", 18 * 3600, "2024-03-19 17:50"),  # 33 eighteen hours are two days of nine
        ("2024-03-16 12:00", 0, "2024-03-16 12:00"),  # nothing is due at once
    ],
)
def test_due(start, seconds, due):
    assert A.due(local(A, start), seconds) == (local(A, due), False)


# ------------------------------------------------------------------------------------------------ one inquiry's clocks
STATUSES = {
    slug: Status(slug=slug, label={}, phase=phase)
    for slug, phase in {
        "awaiting": Phase.NEW, "in_progress": Phase.ACTIVE, "waiting": Phase.WAITING, "resolved": Phase.RESOLVED, "closed": Phase.CLOSED,
    }.items()
}  # fmt: skip


def clocks(cycles="last_close", pick="last", require_current=True):
    return {
        clock.id: clock
        for clock in (
            Clock(id="first_response", label={}, calendar="a", start=ClockEdge(submitted=True), stop=ClockEdge(status="in_progress"),
                  goal=timedelta(minutes=5)),
            Clock(id="resolution", label={}, calendar="a", start=ClockEdge(status="in_progress"), cycles=cycles,
                  stop=ClockEdge(phase=Phase.CLOSED, pick=pick, require_current=require_current)),
            Clock(id="waiting", label={}, calendar="a", sum_statuses=("waiting", "resolved"), within="resolution"),
            Clock(id="waiting_only", label={}, calendar="a", sum_statuses=("waiting",), within="resolution"),
            Clock(id="handling", label={}, calendar=None, minus=("resolution", "waiting_only")),
        )
    }  # fmt: skip


def event(seq, field, new, when, *, order=0, refines=None, old=None, precise=True):
    return Event(seq=seq, inquiry=InquiryId("I"), field=FieldId(field), old=old, new=new, at=when, order=order, recorded_at=when,
                 actor=None, source="connection:x", origin_id=str(seq), precise=precise, refines=refines, cause=None, practice="p")  # fmt: skip


def history(*steps: tuple[str, str], submitted: str | None = "2024-03-15 17:50") -> list[Event]:
    events = [event(1, "submitted_at", local(A, submitted), local(A, submitted))] if submitted else []
    return events + [event(n, "status", status, local(A, when)) for n, (when, status) in enumerate(steps, 2)]


USUAL = (
    ("2024-03-15 17:50", "awaiting"),
    ("2024-03-15 17:55", "in_progress"),
    ("2024-03-15 17:58", "waiting"),
    ("2024-03-18 09:30", "in_progress"),
    ("2024-03-18 10:00", "resolved"),
    ("2024-03-18 10:05", "closed"),
)
DIRECT = (*USUAL[:3], ("2024-03-18 10:00", "resolved"), ("2024-03-18 10:05", "closed"))
REOPENED = (*USUAL, ("2024-03-19 09:00", "in_progress"))
CLOSED_AGAIN = (*REOPENED, ("2024-03-19 09:30", "closed"))


def minutes_of(events, which=None, as_of=None):
    found = Clocks(which or clocks(), {"a": A}).evaluate(timeline(events, STATUSES), as_of)
    assert not found.problems
    return {name: None if fact.took is None else fact.took / 60 for name, fact in found.facts.items()}


def test_one_inquiry():
    took = minutes_of(history(*USUAL))  # 34
    assert took == {"first_response": 5, "resolution": 70, "waiting": 37, "waiting_only": 32, "handling": 38}
    assert round(took["waiting_only"] / took["handling"] * 100, 2) == 84.21  # waiting by handling: a rule may say so
    assert round(took["waiting_only"] / took["resolution"] * 100, 2) == 45.71  # the built-in rule: never over 100 %


def test_from_waiting_straight_to_resolved():
    assert minutes_of(history(*DIRECT)) == {  # 35: a second in_progress never came; the wait still counts
        "first_response": 5, "resolution": 70, "waiting": 67, "waiting_only": 62, "handling": 8,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cycles", "minutes"),
    [
        ("first_close", 70),  # 36 the first time
        ("last_close", 575),  # 36 until the last time, the days between included
        ("sum_of_cycles", 100),  # 36 70 and 30
    ],
)
def test_reopened_and_closed_again(cycles, minutes):
    assert minutes_of(history(*CLOSED_AGAIN), clocks(cycles))["resolution"] == minutes


@pytest.mark.parametrize("cycles", ["first_close", "last_close", "sum_of_cycles"])
def test_reopened_and_still_open(cycles):
    found = Clocks(clocks(cycles), {"a": A}).evaluate(timeline(history(*REOPENED), STATUSES), local(A, "2024-03-19 09:20"))
    fact = found.facts["resolution"]  # 37
    assert (fact.took, fact.running) == (None, True)
    assert fact.elapsed == (90 if cycles == "sum_of_cycles" else 565) * 60
    assert found.facts["handling"].took is None


def test_first_close_that_does_not_mind_being_reopened():
    assert minutes_of(history(*REOPENED), clocks("first_close", require_current=False))["resolution"] == 70


@pytest.mark.parametrize("middle", ["2024-02-12 03:00", "2024-03-15 17:55", "2024-03-16 12:00", "2024-06-03 12:30"])
def test_additive(middle):
    a, c, b = (local(B, text) for text in ("2024-01-31 08:00", "2024-06-03 16:00", middle))
    assert B.working(a, b) + B.working(b, c) == B.working(a, c)  # 38


def test_two_pauses_inside_one_minute():
    steps = (  # 39: 20 s and 10 s; keys of whole minutes would lose one
        ("2024-03-15 10:00:00", "in_progress"), ("2024-03-15 10:00:10", "waiting"), ("2024-03-15 10:00:30", "in_progress"),
        ("2024-03-15 10:00:40", "waiting"), ("2024-03-15 10:00:50", "in_progress"), ("2024-03-15 10:01:00", "closed"),
    )  # fmt: skip
    assert minutes_of(history(*steps, submitted="2024-03-15 10:00"))["waiting"] == 0.5


def test_four_transitions_at_one_instant():
    when = local(A, "2024-03-15 10:00")  # 40: sequence numbers decide, each state lasts 0 s
    states = ("awaiting", "in_progress", "waiting", "closed")
    events = [event(n, "status", state, when) for n, state in enumerate(states, 2)]
    line = timeline([*reversed(events), event(1, "submitted_at", when, when)], STATUSES)
    assert [entry.status for entry in line.entries] == list(states)
    assert status_time(line, A) == {"awaiting": 0, "in_progress": 0, "waiting": 0}
    assert Clocks(clocks(), {"a": A}).evaluate(line).facts["resolution"].took == 0


def test_order_comes_before_sequence():
    when = local(A, "2024-03-15 10:00")  # 40: the platform's own order within one second beats the order of arrival
    events = [event(2, "status", "closed", when, order=2), event(3, "status", "in_progress", when, order=1)]
    assert [entry.status for entry in timeline(events, STATUSES).entries] == ["in_progress", "closed"]


def test_end_before_start_is_a_mistake():
    with pytest.raises(EndBeforeStart, match="before it starts"):  # 41: never negative, never 0
        A.working(local(A, "2024-03-15 10:00"), local(A, "2024-03-15 09:59"))
    found = Clocks(clocks(), {"a": A}).evaluate(timeline(history(*USUAL, submitted="2024-03-15 17:56"), STATUSES))
    assert found.facts["first_response"].took is None
    assert [(problem.clock, problem.rule) for problem in found.problems] == [("first_response", "end-before-start")]
    assert found.facts["resolution"].took == 70 * 60  # the clocks that can be trusted still count


def test_after_the_coverage():
    with pytest.raises(OutsideCoverage, match=r"2027-01-04.*Add the days off and make-up days of 2027 to Holidays cn"):
        A.working(local(A, "2026-12-31 10:00"), local(A, "2027-01-04 10:00"))  # 42
    with pytest.raises(OutsideCoverage):
        A.due(local(A, "2026-12-31 17:00"), 2 * 3600)
    due = A.due(local(A, "2026-12-31 17:00"), 2 * 3600, provisional=True)
    assert due == (local(A, "2027-01-01 10:00"), True)  # the plain week: nobody knows yet that 1 January is off
    assert A.due(local(A, "2027-02-01 09:00"), 60, provisional=True) == (local(A, "2027-02-01 09:01"), True)
    assert not A.due(local(A, "2026-12-30 17:00"), 3600, provisional=True).provisional


def test_before_the_calendar_begins():
    with pytest.raises(OutsideCoverage, match="2023-11-30"):
        A.working(local(A, "2023-11-30 10:00"), local(A, "2024-01-02 10:00"))
    with pytest.raises(OutsideCoverage):
        A.due(local(A, "2009-12-31 10:00"), 60, provisional=True)


def test_coverage_ends_with_its_last_day():
    end = local(A, "2027-01-01 00:00")
    assert A.working(local(A, "2026-12-31 09:00"), end) == 9 * 3600
    with pytest.raises(OutsideCoverage):
        A.working(local(A, "2026-12-31 09:00"), end + timedelta(seconds=1))


def test_an_edited_holiday_set_has_another_revision():
    edited = Holidays(
        id="cn", since=CN.since, until=CN.until, revision=CN.revision, off=CN.off - {date(2024, 4, 4)}, working=CN.working
    )
    after = compiled(SHANGHAI, FIVE, ("09:00", "18:00"), holidays=edited)
    assert after.revision != A.revision  # 43: what was measured says by which calendar
    start, end = local(A, "2024-04-03 17:00"), local(A, "2024-04-07 10:00")
    assert (A.working(start, end), after.working(start, end)) == (2 * 3600, 11 * 3600)


# ------------------------------------------------------------------------------------------------ events and their refinements
def test_history_lines_stand_in_for_the_event_they_refine():
    seen = event(3, "status", "closed", local(A, "2024-03-15 12:00"), precise=False)
    lines = [
        event(4, "status", "in_progress", local(A, "2024-03-15 10:00"), refines=3),
        event(5, "status", "closed", local(A, "2024-03-15 11:00"), refines=3),
    ]
    events = [event(2, "status", "awaiting", local(A, "2024-03-15 09:30")), seen, *lines]
    assert [e.seq for e in clock_events(events)] == [2, 4, 5]
    assert folded(events) == {"status": "closed"}
    assert (
        minutes_of([event(1, "submitted_at", local(A, "2024-03-15 09:30"), local(A, "2024-03-15 09:30")), *events])["resolution"]
        == 60
    )


def test_a_later_refinement_does_not_undo_a_newer_value():
    events = [
        event(1, "status", "in_progress", local(A, "2024-03-15 12:00"), precise=False),
        event(2, "status", "closed", local(A, "2024-03-15 13:00")),
        event(3, "status", "in_progress", local(A, "2024-03-15 11:00"), refines=1),
    ]
    assert folded(events) == {"status": "closed"}


def test_nothing_is_invented():
    took = minutes_of(history(("2024-03-15 17:50", "awaiting"), ("2024-03-15 17:55", "closed")))
    assert took["first_response"] is None  # 45: closed without any response
    assert took["resolution"] is None
    assert minutes_of(history(*USUAL, submitted=None))["first_response"] is None


def test_a_status_the_practice_does_not_have_is_named():
    assert timeline(history(("2024-03-15 17:50", "limbo")), STATUSES).unknown == ("limbo",)


def test_zones_are_compared_as_instants():
    tokyo = datetime(2024, 3, 15, 18, 50, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert A.working(tokyo, local(A, "2024-03-18 09:10")) == 20 * 60
    with pytest.raises(ValueError, match="no time zone"):
        A.is_open(datetime(2024, 3, 15, 18, 50))


def test_days_that_meet_at_midnight_are_one_window():
    calendar = compiled("UTC", ("mon", "tue"), ("00:00", "24:00"))
    monday = datetime(2024, 3, 4, tzinfo=UTC)
    assert calendar.windows(monday - timedelta(days=1), monday + timedelta(days=5)) == [(monday, monday + timedelta(days=2))]
