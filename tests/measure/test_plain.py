"""DuckDB answers as one row after another does in plain Python, on random rows: every form of value, condition and breakdown."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskweave.measure import FactTable, parse_period
from deskweave.measure.columns import Columns
from deskweave.measure.plain import PlainTable
from deskweave.measure.planner import Planner
from deskweave.model import Criterion, FieldId, Metric

PERIODS = [parse_period("2024-02"), parse_period("2024-03")]
AS_OF = datetime(2024, 3, 20, 12, tzinfo=UTC)
DAYS = [
    datetime(2024, 1, 31, 15, 59),
    datetime(2024, 1, 31, 16),
    datetime(2024, 2, 29, 16),
    datetime(2024, 3, 20, 12),
    datetime(2024, 3, 20, 12, 0, 1),
]

rows = st.lists(
    st.fixed_dictionaries(
        {"submitted_at": st.sampled_from(DAYS)},
        optional={
            "channel": st.sampled_from(["feishu", "phone"]),
            "tags": st.lists(st.sampled_from(["first_line", "second_line"]), unique=True),
            "returned": st.booleans(),
            "effort": st.sampled_from([0.0, 0.5, 1.0, 3.0]),
            "ring_time": st.integers(0, 400),
            "city": st.sampled_from(["", "上海"]),
        },
    ),
    max_size=12,
)
tests = st.sampled_from(
    [
        None, {"channel": {"ne": "phone"}}, {"channel": {"not_in": ["phone", "email"]}}, {"tags": {"in": ["first_line"]}},
        {"tags": {"ne": "first_line"}}, {"tags": {"present": False}}, {"returned": {"eq": True}}, {"effort": {"gt": 0.5}},
        {"not": {"ring_time": {"lte": 200}}}, {"any": [{"city": {"present": True}}, {"all": [{"returned": {"ne": True}}, {"effort": {"lt": 3}}]}]},
    ]
)  # fmt: skip


@st.composite
def values(draw):
    def count():
        where = draw(tests)
        return {"count": {} if where is None else {"where": where}}

    column = st.sampled_from(["effort", "ring_time"])
    share = st.sampled_from([0.01, 0.25, 0.5, 0.9, 0.99])
    form = draw(st.sampled_from(["count", "ratio", "sums", "sum", "average", "min", "max", "percentile", "fulfilled"]))
    match form:
        case "count":
            return count()
        case "ratio":
            return {"ratio": {"of": count(), "over": count()}}
        case "sums":
            return {"ratio": {"of": {"sum": draw(column)}, "over": {"sum": draw(column)}}}
        case "percentile":
            method = draw(st.sampled_from(["interpolated", "discrete"]))
            return {"percentile": {"of": draw(column), "p": draw(share), "method": method}}
        case "fulfilled":
            return {"fulfilled": draw(st.sampled_from(["every", "each"]))}
    return {form: draw(column)}


def same(one, other):
    if isinstance(one, float) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-12)
    return one == other or (isinstance(one, (tuple, list)) and list(one) == list(other or ()))


@pytest.mark.practice("E12")
@settings(max_examples=60)
@given(data=rows, value=values(), where=tests, named=st.lists(tests.filter(bool), min_size=1, max_size=3),
       by=st.sampled_from([(), ("channel",), ("channel", "returned"), ("city",)]))  # fmt: skip
def test_both_say_the_same(new_practice, data, value, where, named, by):
    practice = new_practice()
    criteria = {f"c{n}": Criterion(slug=f"c{n}", label={}, where=tree) for n, tree in enumerate(named)}
    metric = Metric(id="m", label={}, factor=None, judges=None, satisfies=(), period_by=FieldId("submitted_at"), every="month",
                    by=by, where=where, value=value, unit="number", target=None, criteria=criteria if "fulfilled" in value else {})  # fmt: skip
    columns = Columns(practice)
    plan = Planner(practice, columns).plan(metric)
    stored = [
        {"inquiry": str(n), **row, "submitted_at_day": (row["submitted_at"] + timedelta(hours=8)).date().isoformat()}  # in Shanghai
        for n, row in enumerate(data)
    ]
    with FactTable.of_rows(columns, stored) as facts:
        ours = facts.figures(plan, PERIODS, AS_OF)
    plain = PlainTable(columns, stored).figures(plan, PERIODS, AS_OF)

    def ordered(answers):
        return sorted(answers, key=lambda row: (row["period"], *(str(row[name]) for name in by)))

    assert len(ours) == len(plain)
    for one, other in zip(ordered(ours), ordered(plain), strict=True):
        assert one.keys() == other.keys()
        for name, cell in one.items():
            assert same(cell, other[name]), (name, cell, other[name])
