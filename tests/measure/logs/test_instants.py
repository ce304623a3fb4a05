"""Moments as exports write them: read where there is one reading, refused where there are two."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskweave.measure.logs.instants import ORDERS, blank, instant, reading


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("2026-11-03 09:05:07", "year_first", "2026-11-03T01:05:07+00:00"),  # ServiceNow's export, no zone: Shanghai's wall clock
        ("2026/11/3 9:05", "year_first", "2026-11-03T01:05:00+00:00"),  # Feishu
        ("2026年11月3日 下午3:05", "year_first", "2026-11-03T07:05:00+00:00"),
        ("2026-11-03T09:05:07.250+01:00", "year_first", "2026-11-03T08:05:07.250000+00:00"),  # its own offset counts
        ("29-02-2016 01:16", "day_first", "2016-02-28T17:16:00+00:00"),
        ("02/29/2016 1:16 PM", "month_first", "2016-02-29T05:16:00+00:00"),
        ("03/Nov/26 9:31 AM", "year_first", "2026-11-03T01:31:00+00:00"),  # Jira: a month with a name reads in any order
        ("Nov 3, 2026 12:05 AM", "day_first", "2026-11-02T16:05:00+00:00"),  # twelve at night
        ("2026-11-03", "year_first", "2026-11-02T16:00:00+00:00"),  # a day begins at midnight there
        ("2026-11-03 24:00", "year_first", "2026-11-03T16:00:00+00:00"),
        ("1762131907000", "year_first", "2025-11-03T01:05:07+00:00"),  # milliseconds
        ("1762131907", "year_first", "2025-11-03T01:05:07+00:00"),
        ("31-02-2026 10:00", "day_first", None),  # no such day
        ("03-13-2026", "day_first", None),  # no such month in this order
        ("9999-12-31 00:00:00", "year_first", None),  # what tools write for never
        ("1970-01-01 00:00:00", "year_first", None),
        ("tomorrow", "day_first", None),
        ("12", "day_first", None),
    ],
)
def test_a_moment_is_read_in_its_order(text, order, expected):
    found = instant(text, order, "Asia/Shanghai")
    assert (found.isoformat() if found else None) == expected


@pytest.mark.parametrize(
    ("cells", "order", "evidence"),
    [
        (["03-04-2026", "29-02-2016 01:16"], "day_first", "29-02-2016 01:16"),
        (["03/04/2026", "04/25/2026"], "month_first", "04/25/2026"),
        (["2026-03-04"], "year_first", "2026-03-04"),
        (["03-04-2026", "05-06-2026"], None, ""),  # nobody can tell: refused, never guessed
        (["13-01-2026", "01-13-2026"], None, "13-01-2026"),  # it says both
        (["03/Nov/26 9:31 AM"], "day_first", "03/Nov/26 9:31 AM"),
        (["no moment"], None, ""),
    ],
)
def test_the_order_is_told_by_a_cell_or_by_nobody(cells, order, evidence):
    found = reading(enumerate(cells, 2))
    assert (found.order, found.evidence) == (order, evidence)


MOMENTS = st.datetimes(datetime(1991, 1, 1), datetime(2190, 1, 1))


@given(MOMENTS, st.sampled_from(ORDERS), st.sampled_from(["-", "/", "."]))
def test_what_is_written_in_an_order_is_read_in_it(moment, order, mark):
    pattern = {"year_first": "{y}{m}{n}{m}{d}", "day_first": "{d}{m}{n}{m}{y}", "month_first": "{n}{m}{d}{m}{y}"}[order]
    text = pattern.format(y=f"{moment.year:04}", n=f"{moment.month:02}", d=f"{moment.day:02}", m=mark)
    assert instant(f"{text} {moment:%H:%M:%S}", order, "UTC") == moment.replace(microsecond=0, tzinfo=UTC)


@given(MOMENTS, st.integers(-12 * 60, 14 * 60))
def test_an_offset_of_its_own_is_believed(moment, minutes):
    at = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    assert instant(at.isoformat(), "year_first", "America/New_York") == at


@given(st.text(max_size=40))
def test_no_text_raises(text):
    for order in ORDERS:
        instant(text, order, "Asia/Shanghai")
    reading([(1, text)])


def test_words_for_nothing():
    assert all(map(blank, ["", " ", "?", "-", "NaN", "NULL", "n/a", "无"]))
    assert not any(map(blank, ["0", "no", "none of these"]))
