"""C(t) as numbers: which cells are exact, what is refused, and a join. That they say what C(t) says: test_properties.py."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from deskweave.clock import CellTooCoarse, ClockError, CompiledCalendar, OutsideCoverage, cumulative, grid
from deskweave.clock.calendar import WEEKDAYS
from deskweave.clock.zone import epoch, local_day
from deskweave.model import Calendar, CalendarVersion, Holidays

DAY = ((time(9), time(12)), (time(13), time(18)))


def calendar(zone="Asia/Shanghai", windows=DAY, since=date(2010, 1, 1), holidays=None, days=WEEKDAYS[:5]):
    said = Calendar(
        id="c", label={}, zone=zone, holidays="h" if holidays else None,
        versions=(CalendarVersion(since=since, week=dict.fromkeys(days, windows)),),
    )  # fmt: skip
    return CompiledCalendar(said, holidays)


@pytest.mark.parametrize(
    ("made", "since", "until", "cell"),
    [
        (calendar(), datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), 900),  # quarters of an hour
        (calendar(windows=((time(9, 10), time(18)),)), datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC), 60),
        (calendar("Asia/Kathmandu"), datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC), 900),  # +05:45
        (
            calendar("Antarctica/Casey", ((time(1), time(5)),), days=WEEKDAYS),
            datetime(2020, 10, 1, tzinfo=UTC),
            datetime(2020, 10, 8, tzinfo=UTC),
            60,
        ),  # from 00:01 to 03:01 at once: opens at 00:01
        (calendar("Pacific/Apia"), datetime(2011, 12, 28, tzinfo=UTC), datetime(2012, 1, 2, tzinfo=UTC), 900),  # no 30 December
    ],
)
def test_the_coarsest_cells_that_are_exact(made, since, until, cell):
    cells = grid(made, since, until)
    assert cells.cell == cell
    assert len(cells) == (until - since).total_seconds() / cell
    days = [day for _, day in cells.days]
    assert days == sorted(set(days))
    assert date(2011, 12, 30) not in days  # in Apia it never was


def test_every_cell_has_its_day_where_midnight_is_put_back():
    """At the end of Saturday the clocks of Sao Paulo were put back to 23:00: Saturday has 25 hours, and every cell its day."""
    one = calendar("America/Sao_Paulo")
    begin = datetime(2018, 2, 17, 12, tzinfo=UTC)
    cells = grid(one, begin, begin + timedelta(days=2))
    for row in cells.rows():
        assert row.day == local_day(datetime.fromtimestamp(row.q * cells.cell, UTC), one.zone)
    assert [str(day) for _, day in cells.days] == ["2018-02-17", "2018-02-18", "2018-02-19"]


def test_a_grid_that_would_be_wrong_is_refused():
    odd = calendar(windows=((time(9, 0, 30), time(18)),))
    january = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC)
    with pytest.raises(CellTooCoarse, match="60 seconds"):
        grid(odd, *january)
    with pytest.raises(CellTooCoarse, match="900 seconds"):
        grid(calendar(windows=((time(9, 10), time(18)),)), *january, cell=900)
    assert len(grid(odd, *january, cell=30)) == 2_880


def test_nothing_is_answered_outside_what_is_known():
    known = Holidays(id="h", since=date(2026, 1, 1), until=date(2026, 12, 31), revision="1", off=frozenset(), working={})
    one = calendar(holidays=known)
    for since, until in (("2025-12-30", "2026-02-01"), ("2026-12-01", "2027-01-02")):
        begin, end = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (since, until))
        with pytest.raises(OutsideCoverage):
            grid(one, begin, end)
        with pytest.raises(OutsideCoverage):
            cumulative(one, begin, end)
    begin, end = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
    for numbers in (grid(one, begin, end), cumulative(one, begin, end)):
        for outside in (epoch(begin) - 1, epoch(end) + 1):
            with pytest.raises(ClockError):
                numbers.of([outside])
        assert numbers.revision == one.revision
    with pytest.raises(ValueError, match="before its clock starts"):
        cumulative(one, begin, end).due([epoch(begin)], [-1])


def test_due_at_closing_time_not_at_the_next_opening():
    one = calendar()
    friday = datetime(2024, 3, 15, 9, 50, tzinfo=UTC)  # 17:50 in Shanghai
    (due,) = cumulative(one, friday, friday + timedelta(days=5)).due([epoch(friday)], [600])
    assert due == epoch(one.due(friday, 600).at) == epoch(friday) + 600  # 31


def test_the_whole_of_what_is_known_can_be_laid_out():
    known = Holidays(id="h", since=date(2026, 1, 1), until=date(2026, 12, 31), revision="1", off=frozenset(), working={})
    one = calendar(holidays=known)
    assert one.end is not None
    cells = grid(one, one.beginning, one.end)
    assert len(cells) == 365 * 96
    assert cells.of([epoch(one.end) - 1])[0] - cells.base[0] == 261 * 8 * 3600


def test_an_engine_joins_the_cells_by_equality():
    """The rows in a table, and a plain equi-join: what measuring does, held to the calendar itself."""
    duckdb = pytest.importorskip("duckdb")
    one = calendar("America/New_York")
    since, until = datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)
    cells = grid(one, since, until)
    moments = [since + timedelta(seconds=n * 37_007 % (366 * 86_400)) for n in range(5_000)]
    with duckdb.connect() as engine:
        engine.execute(
            "CREATE TABLE cells AS SELECT unnest($1) AS q, unnest($2) AS base, unnest($3) AS slope, unnest($4) AS day",
            list(cells.columns()),
        )
        engine.execute("CREATE TABLE moments AS SELECT unnest($1) AS second", [[epoch(at) for at in moments]])
        found = engine.execute(
            f"SELECT second, base + slope * (second % {cells.cell}), day FROM moments JOIN cells ON q = second // {cells.cell}"
        ).fetchall()
    assert len(found) == len(moments)
    assert sorted(found) == sorted((epoch(at), one.cumulative(at), local_day(at, one.zone)) for at in moments)
