"""A figure beside somebody else's: the parts add up to the difference, whatever was counted; and a clock read otherwise is recognised."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskweave.measure import FactBuilder
from deskweave.measure.against import AS_IT_IS, Reading, Unreadable, apportioned, clock_readings, compare, nearest, read_value
from deskweave.measure.reasons import Share, Timing

FRIDAY = datetime(2026, 11, 20, 9, 50, tzinfo=UTC)  # 17:50 in Shanghai, ten minutes before the desk closes
values = st.dictionaries(st.sampled_from("ABCDEFGH"), st.integers(0, 10_000), max_size=8)


def shares(ours):
    timing = {"c": Timing(took=1, goal=1, met=True)}
    return [
        Share(key=key, group="counted", numerator=float(value), denominator=1.0, counted=1, timings=timing)
        for key, value in ours.items()
    ]


@given(ours=values, theirs=values, how=st.sampled_from(["mean", "sum"]), offset=st.sampled_from([0, 1, 60, 600]))
def test_the_parts_add_up_to_the_difference_exactly(ours, theirs, how, offset):
    said = {key: Fraction(value) for key, value in theirs.items()}
    # a reading that fits some of the inquiries, and none of the others
    made = compare(
        shares(ours), said, how, "duration", "c", lambda key: {AS_IT_IS: ours[key], Reading(hours="wall"): ours[key] + offset}
    )
    assert sum((part.amount for part in made.parts), Fraction(0)) == made.difference
    if how == "mean" and ours:
        assert made.ours == Fraction(sum(ours.values()), len(ours))
    told = [key for part in made.parts for key in part.keys]
    assert len(told) == len(set(told))  # nobody is told of twice
    assert set(told) == {key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)}


@given(st.lists(st.fractions(-1000, 1000, max_denominator=7), min_size=1, max_size=9), st.integers(-2, 2))
def test_what_is_shown_adds_up(amounts, more):
    total = round(sum(amounts)) + more
    shown = apportioned(amounts, total)
    assert sum(shown) == total
    assert all(abs(one - amount) < 3 for one, amount in zip(shown, amounts, strict=True))


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("252", "duration", 252),
        ("252.5", "duration", Fraction(505, 2)),
        ("4m 12s", "duration", 252),
        ("4m12s", "duration", 252),
        ("1,000h", "duration", 3_600_000),
        ("4分12秒", "duration", 252),
        ("1时03分", "duration", 3_780),
        ("1:00:05", "duration", 3_605),
        ("93.1 %", "ratio", Fraction(931, 1000)),
        ("0.931", "ratio", Fraction(931, 1000)),
        ("Yes", "ratio", 1),
        ("未达标", "ratio", 0),
        ("4,212", "count", 4_212),
    ],
)
def test_what_people_write(text, unit, value):
    assert read_value(text, unit) == value


@pytest.mark.parametrize(("text", "unit"), [("", "duration"), ("soon", "duration"), ("4:12", "duration"), ("yes", "count"), ("nan", "count"), ("1e99", "count"), ("-", "ratio")])  # fmt: skip
def test_what_is_no_value(text, unit):
    with pytest.raises(Unreadable):
        read_value(text, unit)


def test_a_clock_can_be_read_otherwise(practice, log):
    """Accepted on Monday at 9:10: twenty minutes of working time, and the weekend on the wall."""
    monday = FRIDAY + timedelta(days=2, hours=15, minutes=20)
    log.inquiry("I", FRIDAY, (FRIDAY, "awaiting_acceptance"), (monday, "in_progress"), (monday + timedelta(hours=1), "closed"))
    found = clock_readings(FactBuilder(practice), "first_response", log.events)
    assert found[AS_IT_IS] == 1_200
    assert found[Reading(hours="wall")] == 63 * 3600 + 20 * 60
    assert found[Reading(stop="status:closed")] == 4_800
    assert Reading(stop="status:in_progress") not in found  # that is how it is read anyway
    handling = clock_readings(FactBuilder(practice), "handling", log.events)
    assert set(handling) <= {AS_IT_IS, Reading(whole="resolution")}


def test_the_cause_that_explains_most_is_named_first():
    ours = {"A": 60, "B": 120, "C": 180, "D": 300}
    wall, late = Reading(hours="wall"), Reading(start="status:new")
    known = {"A": {wall: 600}, "B": {wall: 1200, late: 1200}, "C": {late: 90}, "D": {}}
    said = {"A": Fraction(600), "B": Fraction(1200), "C": Fraction(90), "D": Fraction(301, 1)}
    made = compare(shares(ours), said, "mean", "duration", "c", lambda key: {AS_IT_IS: ours[key], **known[key]})
    assert [(one.cause, one.reading, one.keys) for one in made.parts] == [
        ("reading", wall, ("A", "B")),
        ("rounding", AS_IT_IS, ("D",)),
        ("reading", late, ("C",)),
    ]


def test_readings_that_come_nearer_are_told_alone():
    known = {"A": {AS_IT_IS: 60, Reading(hours="wall"): 600, Reading(start="submitted"): 10}, "B": {AS_IT_IS: 100}}
    found = nearest(shares({"A": 60, "B": 100}), Fraction(350), "duration", "c", known.__getitem__)
    assert found == [(Reading(hours="wall"), Fraction(350), 1)]
    late = replace(shares({"A": 0})[0], timings={"c": Timing(took=60, goal=30, met=False)})
    told = nearest([late], Fraction(1), "ratio", "c", lambda _: {AS_IT_IS: 60, Reading(start="submitted"): 10})
    assert told == [(Reading(start="submitted"), Fraction(1), 1)]
