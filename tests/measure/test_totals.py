"""Sub-totals: one reading of the rows, computed from them and never from figures above them, and never merged with a real value."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskweave.errors import DocumentError
from deskweave.measure import FactTable, parse_period, run
from deskweave.measure.columns import Columns
from deskweave.measure.compiler import compiled
from deskweave.measure.dialect import ENGINES
from deskweave.measure.plain import PlainTable
from deskweave.measure.planner import Planner
from deskweave.measure.records import Records
from deskweave.measure.run import Stamp, evaluate
from deskweave.model import Criterion, FieldId, Metric, MetricTarget

AS_OF = datetime(2026, 11, 22, tzinfo=UTC)
MARCH, APRIL, MAY = (parse_period(f"2024-{month:02}") for month in (3, 4, 5))
STAMP = Stamp("p", (), (), 0, AS_OF)
ON_TIME = {
    "ratio": {
        "of": {"count": {"where": {"first_response": {"met": True}}}},
        "over": {"count": {"where": {"first_response": {"present": True}}}},
    }
}


def rule(value, *, by=(), totals=(), id="m", **more):
    stated = {"label": {}, "factor": None, "judges": None, "satisfies": (), "where": None, "unit": "number", "target": None}
    return Metric(id=id, period_by=FieldId("submitted_at"), every="month", by=by, totals=totals, value=value, **stated | more)


def row(number=0, at=datetime(2024, 3, 4, 1), **cells):
    return {"inquiry": str(number), "submitted_at": at, "submitted_at_day": at.date().isoformat()} | cells


def asked(practice, metric, rows, periods=(MARCH,), **more):
    with FactTable.of_rows(Columns(practice), rows) as table:
        return run(practice, table, periods, AS_OF, metrics=[metric], **more)


def said(results):
    return [(dict(one.by), one.over, one.value) for one in results]


def test_sub_totals_stand_after_what_they_are_made_of(practice):
    cells = [("hardware", "phone"), ("hardware", "phone"), ("hardware", "email"), ("usage", "phone")]
    rows = [row(n, classification=one, channel=two) for n, (one, two) in enumerate(cells)]
    metric = rule({"count": {}}, by=("classification", "channel"), totals=(("classification",), ()))
    assert said(asked(practice, metric, rows)) == [
        ({"classification": "hardware", "channel": "email"}, (), 1),
        ({"classification": "hardware", "channel": "phone"}, (), 2),
        ({"classification": "hardware"}, ("channel",), 3),
        ({"classification": "usage", "channel": "phone"}, (), 1),
        ({"classification": "usage"}, ("channel",), 1),
        ({}, ("classification", "channel"), 4),
    ]


def test_a_total_is_not_the_row_of_what_nobody_gave(practice):
    """Case 58 in small: NULL is a value of its own, beside the total over it."""
    rows = [row(0, channel="phone"), row(1), row(2)]
    metric = rule({"count": {}}, by=("channel",), totals=((),))
    assert said(asked(practice, metric, rows)) == [
        ({"channel": "phone"}, (), 1),
        ({"channel": None}, (), 2),
        ({}, ("channel",), 3),
    ]


def test_case_58_sub_totals_and_a_real_0_are_2904_rows(practice):
    """Case 58: 24 months x 20 services x 5 channels with a real channel 0 are 2,400 rows, 480 sub-totals by service and 24 totals."""
    months = [parse_period(f"{year}-{month:02}") for year in (2024, 2025) for month in range(1, 13)]
    days = [datetime(one.since.year, one.since.month, 15) for one in months]
    rows = [
        row(f"{m}/{service}/{channel}", day, city=f"s{service}", ring_time=channel)
        for m, day in enumerate(days)
        for service in range(20)
        for channel in range(5)
    ]
    metric = rule({"count": {}}, by=("city", "ring_time"), totals=(("city",), ()))
    columns = Columns(practice)
    plan = Planner(practice, columns).plan(metric)
    for found in (
        asked(practice, metric, rows, months),
        evaluate(plan, metric, Records(practice, {"inquiry": PlainTable(columns, rows)}), months, STAMP),
    ):
        assert len(found) == 24 * 20 * 5 + 24 * 20 + 24 == 2_904
        assert {one.value for one in found if not one.over} == {1}
        assert {one.value for one in found if one.over == ("ring_time",)} == {5}
        assert {one.value for one in found if one.over == ("city", "ring_time")} == {100}
        assert sum("ring_time" in one.by and one.by["ring_time"] == 0 for one in found) == 480


def test_what_is_not_additive_is_computed_again(practice):
    """A share, a percentile, a median: the total is of all rows, not of the figures above it."""
    rows = [row(n, channel=one, effort=effort) for n, (one, effort) in enumerate([("phone", 1.0), ("email", 3.0), ("email", 8.0)])]
    for value, total in (({"percentile": {"of": "effort", "p": 0.5}}, 3.0), ({"average": "effort"}, 4.0), ({"max": "effort"}, 8.0)):
        assert said(asked(practice, rule(value, by=("channel",), totals=((),)), rows))[-1] == ({}, ("channel",), total)


def test_a_composite_has_totals_of_its_parts(practice):
    """48 of the index: attainment of the totals, not a mean of the rows."""
    good = {"first_response_took": 1, "first_response_met": True}
    bad = {"first_response_took": 999, "first_response_met": False}
    rows = [row(0, channel="phone", **good), *(row(n, channel="email", **bad) for n in range(1, 4))]
    part = rule(ON_TIME, id="on_time", unit="ratio", target=MetricTarget(better="higher", goal=0.5))
    practice.metrics = {**practice.metrics, "on_time": part}
    metric = rule({"composite": {"on_time": 1}}, by=("channel",), totals=((),), unit="ratio")
    assert said(asked(practice, metric, rows)) == [
        ({"channel": "email"}, (), 0),
        ({"channel": "phone"}, (), 1),
        ({}, ("channel",), 0.5),
    ]


def test_totals_of_its_own_go_with_its_own_breakdown(practice):
    metric = rule({"count": {}}, by=("classification", "channel"), totals=((),))
    rows = [row(0, channel="phone")]
    assert [one.over for one in asked(practice, metric, rows)] == [(), ("classification", "channel")]
    assert [one.over for one in asked(practice, metric, rows, by=("channel",))] == [()]
    assert [one.over for one in asked(practice, metric, rows, by=("channel",), totals=((),))] == [(), ("channel",)]
    assert [one.over for one in asked(practice, metric, rows, by=())] == [()]


def test_a_total_over_no_row_is_there(practice):
    metric = rule({"count": {}}, by=("channel",), totals=((),))
    assert said(asked(practice, metric, [])) == [({}, ("channel",), 0)]
    contacts = rule({"count": {}}, by=("channel",), totals=((),), grain="contact", id="contacts")
    contacts = replace(contacts, period_by=FieldId("contact_at"))
    (only,) = asked(practice, contacts, [])
    assert (only.over, only.value, only.reason) == (("channel",), None, "not-collected")


def test_several_figures_in_one_reading_have_the_same_totals(practice):
    rows = [row(n, channel=channel, effort=float(n)) for n, channel in enumerate(["phone", "email", None, "phone"])]
    metrics = [
        rule({"count": {}}, by=("channel",), totals=((),), id="a"),
        rule({"average": "effort"}, by=("channel",), totals=((),), id="b"),
    ]
    with FactTable.of_rows(Columns(practice), rows) as table:
        both = run(practice, table, [MARCH, APRIL], AS_OF, metrics=metrics)
        alone = [one for metric in metrics for one in run(practice, table, [MARCH, APRIL], AS_OF, metrics=[metric])]
    assert both == alone
    assert len(both) == 2 * 2 * 4


def test_a_total_by_what_it_is_not_broken_down_by_is_refused(practice):
    with pytest.raises(DocumentError) as refused:
        Planner(practice).plan(rule({"count": {}}, by=("channel",), totals=(("city",),)))
    assert [(one.rule, one.place.path) for one in refused.value.findings] == [("unknown-name", "/metrics/m/totals/0/0")]


# --------------------------------------------------------------------------------------------------- periods without rows
@pytest.mark.parametrize(
    ("value", "fill", "empty"),
    [
        ({"count": {}}, "zero", 0),  # nothing happened
        ({"count": {}}, "none", None),  # nobody knows
        ({"average": "effort"}, "zero", None),  # an average of nothing is never 0
        ({"sum": "effort"}, "zero", None),  # nor is a sum of durations that nobody measured
        ({"ratio": {"of": {"count": {}}, "over": {"count": {}}}}, "zero", None),  # 46
    ],
)
def test_a_period_without_rows_is_filled(practice, value, fill, empty):
    rows = [row(0, channel="phone", effort=1.0), row(1, datetime(2024, 5, 6), channel="phone", effort=1.0)]
    metric = rule(value, by=("channel",), totals=((),), fill_empty=fill)
    found = asked(practice, metric, rows, [MARCH, APRIL, MAY])
    assert [(one.period, dict(one.by)) for one in found] == [
        (period, by) for period in (MARCH, APRIL, MAY) for by in ({"channel": "phone"}, {})
    ]
    assert [one.value for one in found if one.period == APRIL] == [empty, empty]
    assert [one.reason for one in found if one.period == APRIL] == ["" if empty is not None else "nothing-counted"] * 2
    assert all(one.value for one in found if one.period != APRIL)


def test_what_occurs_in_no_period_is_not_made_up(practice):
    rows = [row(0, channel="phone"), row(1, datetime(2023, 1, 2), channel="email")]
    assert said(asked(practice, rule({"count": {}}, by=("channel",)), rows, [MARCH, APRIL])) == [
        ({"channel": "phone"}, (), 1),
        ({"channel": "phone"}, (), 0),
    ]


# ------------------------------------------------------------------------------------------------------- DuckDB and plain
@st.composite
def breakdowns(draw):
    by = draw(st.sampled_from([("channel",), ("channel", "returned"), ("ring_time", "channel", "returned")]))
    return by, tuple(draw(st.lists(st.lists(st.sampled_from(by), unique=True).map(tuple), max_size=3)))


def close(one, other):
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-12)


random_rows = st.lists(
    st.fixed_dictionaries(
        {"submitted_at": st.sampled_from([datetime(2024, 3, 1), datetime(2024, 3, 31, 15), datetime(2024, 4, 30, 16)])},
        optional={
            "channel": st.sampled_from(["phone", "email"]),
            "returned": st.booleans(),
            "ring_time": st.integers(0, 1),
            "effort": st.sampled_from([0.0, 0.5, 3.0]),
        },
    ),
    max_size=12,
)
forms = st.sampled_from(
    [
        {"count": {}}, {"count": {"where": {"returned": {"ne": True}}}}, {"sum": "effort"}, {"average": "effort"}, {"min": "effort"},
        {"percentile": {"of": "effort", "p": 0.9}}, {"percentile": {"of": "effort", "p": 0.5, "method": "discrete"}},
        {"ratio": {"of": {"count": {"where": {"returned": {"eq": True}}}}, "over": {"count": {}}}}, {"fulfilled": "each"},
    ]
)  # fmt: skip


@settings(max_examples=60)
@given(data=random_rows, broken=breakdowns(), value=forms)
def test_every_engine_totals_alike(new_practice, data, broken, value):
    by, totals = broken
    practice = new_practice()
    columns = Columns(practice)
    criteria = {"c": Criterion(slug="c", label={}, where={"returned": {"eq": True}})}
    metric = rule(value, by=by, totals=totals, criteria=criteria if "fulfilled" in value else {})
    rows = [
        {"inquiry": str(n), **one, "submitted_at_day": (one["submitted_at"] + timedelta(hours=8)).date().isoformat()}
        for n, one in enumerate(data)
    ]
    periods = [MARCH, APRIL, MAY]
    plan = Planner(practice, columns).plan(metric)
    plain = evaluate(plan, metric, Records(practice, {"inquiry": PlainTable(columns, rows)}), periods, STAMP)
    with FactTable.of_rows(columns, rows) as table:
        ours = evaluate(plan, metric, Records(practice, {"inquiry": table}), periods, STAMP)
    assert [replace(one, parts={}, value=None, numerator=None) for one in ours] == [
        replace(one, parts={}, value=None, numerator=None) for one in plain
    ]
    for one, other in zip(ours, plain, strict=True):
        assert close(one.value, other.value)
        assert close(one.numerator, other.numerator)
        assert one.parts == other.parts
        # whatever the engine: a total is the figure of all its rows, asked for by themselves
        keep = [r for r in rows if all(r.get(name) == cell for name, cell in one.by.items())]
        (alone,) = evaluate(
            Planner(practice, columns).plan(metric, ()), metric, Records(practice, {"inquiry": PlainTable(columns, keep)}),
            [one.period], STAMP,
        )  # fmt: skip
        assert close(one.value, alone.value)
        assert one.counted == alone.counted


@pytest.mark.parametrize("engine", ENGINES)
def test_totals_are_one_statement(practice, engine):
    plan = Planner(practice).plan(rule({"count": {}}, by=("classification", "channel"), totals=(("classification",), ())))
    sql = compiled(plan, [MARCH], None, engine).sql
    both = 'period.n, "f"."classification", "f"."channel"'
    assert sql.count("FROM facts") == 1
    assert f'GROUP BY GROUPING SETS (({both}), (period.n, "f"."classification"), (period.n))' in sql
    assert 'GROUPING("f"."classification") AS "_total0"' in sql
    assert 'GROUPING("f"."channel") AS "_total1"' in sql


def test_dates_are_dates(practice):
    """A breakdown by a date keeps its type beside the totals."""
    found = asked(practice, rule({"count": {}}, by=("due_on",), totals=((),)), [row(0, due_on=date(2024, 3, 5)), row(1)])
    assert [one.by.get("due_on") for one in found] == [date(2024, 3, 5), None, None]
