"""What must hold for every calendar, checked against a clock on the wall that is looked at every minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from deskweave.clock import CompiledCalendar, NoWorkingTime, Timeline, cumulative, grid, status_time
from deskweave.clock.calendar import WEEKDAYS
from deskweave.clock.timeline import Entry
from deskweave.clock.zone import epoch, local_day
from deskweave.model import Calendar, CalendarVersion, Holidays, Phase

ZONES = (
    "Asia/Shanghai",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",  # half an hour of daylight saving
    "Asia/Kathmandu",  # +05:45
    "America/Sao_Paulo",  # changed at midnight
    "Africa/Cairo",
    "Pacific/Apia",
    "Antarctica/Casey",  # three hours back on 2018-03-11, without daylight saving
    "America/St_Johns",
)
BEGIN = date(2018, 1, 1)
# Around the changes of the clocks, where mistakes live, and anywhere.
ANCHORS = [datetime(2018, 3, 11, tzinfo=UTC), datetime(2018, 11, 4, tzinfo=UTC), datetime(2018, 10, 6, tzinfo=UTC),
           datetime(2018, 3, 25, tzinfo=UTC), datetime(2018, 10, 28, tzinfo=UTC), datetime(2018, 12, 31, tzinfo=UTC)]  # fmt: skip
instants = st.builds(
    lambda anchor, minutes: anchor + timedelta(minutes=minutes), st.sampled_from(ANCHORS), st.integers(-3 * 1440, 4 * 1440)
)


@st.composite
def windows(draw):
    step = draw(st.sampled_from([1, 15, 30]))
    marks = sorted(draw(st.sets(st.integers(0, 1440 // step - 1), min_size=2, max_size=6)))
    marks = [mark * step for mark in marks[: len(marks) // 2 * 2]]
    found = [(time(*divmod(a, 60)), time(*divmod(b, 60))) for a, b in zip(marks[::2], marks[1::2], strict=True)]
    last = draw(st.sampled_from(["as it is", "midnight", "over", "two"]))
    if last == "midnight":
        found[-1] = (found[-1][0], None)
    elif last == "over":
        found[-1] = (found[-1][0], time(0, 30))
    elif last == "two" and found[0][0] > time(0, 7):  # over midnight as files write it: to 24:00, and from 00:00 on
        found = [(time(0), time(0, 7)), *found[:-1], (found[-1][0], None)]
    return tuple(found)


@st.composite
def calendars(draw):
    week = {day: draw(windows()) for day in draw(st.sets(st.sampled_from(WEEKDAYS), min_size=1))}
    days = st.dates(date(2018, 3, 5), date(2018, 12, 31))
    holidays = Holidays(
        id="h", since=BEGIN, until=date(2019, 12, 31), revision="1", off=frozenset(draw(st.sets(days, max_size=5))),
        working=draw(st.dictionaries(days, st.sampled_from(WEEKDAYS), max_size=5)),
    )  # fmt: skip
    versions = [CalendarVersion(since=BEGIN, week=week)]
    if draw(st.booleans()):
        versions.append(CalendarVersion(since=draw(days), week={day: draw(windows()) for day in ("mon", "tue", "sun")}))
    return CompiledCalendar(Calendar(id="c", label={}, zone=draw(st.sampled_from(ZONES)), holidays="h", versions=tuple(versions)), holidays), \
        tuple(versions), holidays  # fmt: skip


def on_the_wall(calendar, versions, holidays, at: datetime) -> bool:
    """Whether it is open, by looking at the clock on the wall: written without a thought of offsets or sums."""
    wall = at.astimezone(calendar.zone)

    def hours(day: date):
        if day < BEGIN:
            return ()
        version = [v for v in versions if v.since <= day][-1]
        if day in holidays.working:
            return version.week.get(holidays.working[day], ())
        return () if day in holidays.off else version.week.get(WEEKDAYS[day.weekday()], ())

    for start, end in hours(wall.date()):
        if end is not None and end <= start:
            if wall.time() >= start:
                return True
        elif start <= wall.time() and (end is None or wall.time() < end):
            return True
    return any(end is not None and end <= start and wall.time() < end for start, end in hours(wall.date() - timedelta(days=1)))


@settings(max_examples=60)
@given(calendars(), instants, st.integers(0, 3 * 1440))
def test_counting_minutes_on_the_wall_gives_the_same(made, start, minutes):
    calendar, versions, holidays = made
    end = start + timedelta(minutes=minutes)
    counted = sum(on_the_wall(calendar, versions, holidays, start + timedelta(minutes=n)) for n in range(minutes))
    assert calendar.working(start, end) == counted * 60


@given(calendars(), st.lists(instants, min_size=3, max_size=3).map(sorted))
def test_working_time_is_additive(made, three):
    calendar = made[0]
    a, b, c = three
    assert calendar.working(a, b) + calendar.working(b, c) == calendar.working(a, c)
    assert 0 <= calendar.working(a, b) <= (b - a).total_seconds()


@given(calendars(), instants, st.integers(0, 20 * 3600))
@example(  # nothing to count on: the latest version never opens
    (CompiledCalendar(Calendar(id="c", label={}, zone="UTC", holidays=None, versions=(CalendarVersion(since=BEGIN, week={}),))), (), None),
    ANCHORS[0], 1,
)  # fmt: skip
def test_due_is_the_exact_inverse(made, start, seconds):
    calendar = made[0]
    try:
        due = calendar.due(start, seconds, provisional=True)
    except NoWorkingTime:
        assert seconds > 0
        return
    if due.provisional:
        return
    assert calendar.working(start, due.at) == seconds
    if seconds:  # the first such instant: a second earlier it is not yet due
        assert calendar.working(start, due.at - timedelta(seconds=1)) == seconds - 1


@given(calendars(), instants, instants)
def test_due_of_what_was_worked_is_not_later(made, one, other):
    calendar = made[0]
    start, end = min(one, other), max(one, other)
    assert calendar.due(start, calendar.working(start, end)).at <= end


@given(calendars(), instants, st.integers(0, 3 * 1440))
def test_windows_say_the_same(made, start, minutes):
    calendar = made[0]
    end = start + timedelta(minutes=minutes)
    spans = calendar.windows(start, end)
    assert sum((b - a).total_seconds() for a, b in spans) == calendar.working(start, end)
    assert all(calendar.is_open(a) and not calendar.is_open(b) for a, b in spans if b < end)


@given(calendars(), st.lists(st.tuples(instants, st.sampled_from("abcd")), min_size=1, max_size=8))
def test_status_times_add_up_to_the_whole(made, steps):
    calendar = made[0]
    steps.sort()
    line = Timeline(None, tuple(Entry(status, Phase.ACTIVE, at) for at, status in steps))
    assert sum(status_time(line, calendar).values()) == calendar.working(steps[0][0], steps[-1][0])


@settings(max_examples=40)
@given(calendars(), st.lists(instants.flatmap(lambda at: st.integers(0, 59).map(lambda s: at + timedelta(seconds=s))), min_size=1))
def test_breakpoints_say_the_same_as_the_calendar(made, moments):
    one = made[0]
    numbers = cumulative(one, min(moments), max(moments))
    assert numbers.of(map(epoch, moments)).tolist() == [one.cumulative(at) for at in moments]
    ascending = sorted(moments)
    starts, ends = ascending[:-1], ascending[1:]
    assert numbers.working(map(epoch, starts), map(epoch, ends)).tolist() == list(map(one.working, starts, ends))


@settings(max_examples=40)
@given(calendars(), st.lists(instants, min_size=1), st.lists(st.integers(0, 40 * 3600), min_size=1))
def test_breakpoints_give_the_same_due_moments(made, moments, waits):
    one = made[0]
    until = datetime(2019, 6, 1, tzinfo=UTC)
    pairs = [(at, wait) for at in moments for wait in waits]
    found = cumulative(one, min(moments), until).due([epoch(at) for at, _ in pairs], [wait for _, wait in pairs])
    for (at, wait), due in zip(pairs, found, strict=True):
        if due == -1:
            assert one.working(at, until) < wait
        else:
            assert epoch(one.due(at, wait).at) == due


@settings(max_examples=30)
@given(calendars(), st.sampled_from(ANCHORS), st.lists(st.integers(0, 6 * 86_400 - 1), min_size=1, max_size=60))
def test_cells_say_the_same_as_the_calendar(made, begin, seconds):
    one = made[0]
    since = begin - timedelta(days=3)
    cells = grid(one, since, since + timedelta(days=6))
    moments = [since + timedelta(seconds=second) for second in seconds]
    assert cells.of(map(epoch, moments)).tolist() == [one.cumulative(at) for at in moments]
    rows = {row.q: row for row in cells.rows()}
    assert len(rows) == len(cells) == len(cells.columns()[0])
    for at in moments:
        row = rows[epoch(at) // cells.cell]
        assert row.base + row.slope * (epoch(at) % cells.cell) == one.cumulative(at)
        assert row.day == local_day(at, one.zone)
    assert list(zip(*cells.columns(), strict=True)) == [tuple(row) for row in cells.rows()]


@pytest.mark.parametrize("zone", ["Africa/Casablanca", "Asia/Gaza", "America/St_Johns", "Antarctica/Troll", "Pacific/Apia"])
def test_a_day_is_as_long_as_it_is(zone):
    """Open all day, every day: a year counts every second of it, in zones that change their clocks at odd hours or often."""
    week = {day: ((time(0), None),) for day in WEEKDAYS}
    calendar = CompiledCalendar(
        Calendar(id="c", label={}, zone=zone, holidays=None, versions=(CalendarVersion(since=date(2010, 6, 1), week=week),))
    )
    start, end = (datetime(year, 7, 1, tzinfo=ZoneInfo(zone)) for year in (2010, 2025))
    assert calendar.working(start, end) == (end.astimezone(UTC) - start.astimezone(UTC)).total_seconds()
