"""What is listed behind a figure adds up to the figure, and what is left out has its reason."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskweave.errors import DocumentError
from deskweave.measure import EventLog, FactBuilder, Facts, FactTable, parse_period, run
from deskweave.measure.columns import Columns
from deskweave.measure.courses import courses
from deskweave.measure.plain import PlainTable, _figures
from deskweave.measure.planner import Planner
from deskweave.measure.reasons import Asking
from deskweave.model import Criterion, FieldId, InquiryId, Metric

PERIOD = parse_period("2024-02")
AS_OF = datetime(2024, 2, 20, 12, tzinfo=UTC)
DAYS = [
    None,  # nobody knows when
    datetime(2024, 1, 31, 15, 59),  # still January in Shanghai
    datetime(2024, 1, 31, 16),
    datetime(2024, 2, 20, 12),
    datetime(2024, 2, 20, 12, 0, 1),  # after the moment that is asked about
    datetime(2024, 2, 29, 16),  # March
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
        },
    ),
    max_size=14,
)
tests = st.sampled_from(
    [
        None, {"channel": {"ne": "phone"}}, {"tags": {"in": ["first_line"]}}, {"returned": {"eq": True}}, {"effort": {"gt": 0.5}},
        {"all": [{"returned": {"eq": True}}, {"effort": {"lt": 3}}]}, {"any": [{"tags": {"present": False}}, {"not": {"ring_time": {"lte": 200}}}]},
    ]
)  # fmt: skip


@st.composite
def values(draw):
    def count():
        where = draw(tests)
        return {"count": {} if where is None else {"where": where}}

    column = st.sampled_from(["effort", "ring_time"])
    form = draw(st.sampled_from(["count", "ratio", "sums", "mixed", "sum", "average", "min", "max", "percentile", "fulfilled"]))
    match form:
        case "count":
            return count()
        case "ratio":
            return {"ratio": {"of": count(), "over": count()}}
        case "sums":
            return {"ratio": {"of": {"sum": draw(column)}, "over": {"sum": draw(column)}}}
        case "mixed":
            return {"ratio": {"of": {"sum": draw(column)}, "over": count()}}
        case "percentile":
            return {"percentile": {"of": draw(column), "p": 0.9, "method": draw(st.sampled_from(["interpolated", "discrete"]))}}
        case "fulfilled":
            return {"fulfilled": draw(st.sampled_from(["every", "each"]))}
    return {form: draw(column)}


def made(value, where=None, criteria=(), unit="number"):
    return Metric(
        id="m", label={}, factor=None, judges=None, satisfies=(), period_by=FieldId("submitted_at"), every="month", by=(), where=where,
        value=value, unit=unit, target=None, criteria=criteria,
    )  # fmt: skip


def stored(data):
    found = []
    for number, row in enumerate(data):
        day = row["submitted_at"]
        found.append(
            {"inquiry": f"iq-{number:03}", **row} | ({"submitted_at_day": (day + timedelta(hours=8)).date()} if day else {})
        )
    return found


def total(cells):
    known = [cell for cell in cells if cell is not None]
    return math.fsum(known) if known else None


def alike(one, other):
    return math.isclose(one or 0, other or 0, rel_tol=1e-12, abs_tol=1e-12)


@pytest.mark.practice("E12")
@settings(max_examples=25)
@given(data=rows, value=values(), where=tests, named=st.lists(tests.filter(bool), min_size=1, max_size=3),
       only=st.sampled_from([{}, {"channel": "phone"}, {"channel": "电话"}, {"channel": ""}, {"returned": "true"}]))  # fmt: skip
def test_what_is_listed_adds_up_to_the_figure(new_practice, data, value, where, named, only):
    practice = new_practice()
    criteria = {f"c{n}": Criterion(slug=f"c{n}", label={}, where=tree) for n, tree in enumerate(named)}
    metric = made(value, where, criteria if "fulfilled" in value else {})
    columns = Columns(practice)
    known = stored(data)
    with FactTable.of_rows(columns, known) as facts:
        why = Asking(practice, facts, PERIOD, AS_OF).reasons(metric, only)
        if not only:
            (figure,) = run(practice, facts, [PERIOD], AS_OF, by=(), metrics=[metric])
            assert (why.result.value, why.result.counted) == (figure.value, figure.counted)
    result = why.result
    given_ = [one for one in why.shares if one.group != "out"]
    assert sum(one.counted for one in why.shares) == result.counted
    assert all(not (one.counted or one.numerator or one.denominator) for one in why.of("out"))
    if result.numerator is not None:
        assert alike(total(one.numerator for one in given_), result.numerator)
    if result.denominator is not None:
        assert alike(total(one.denominator for one in given_), result.denominator)
    if next(iter(value)) in ("min", "max", "percentile"):  # no sum: the same values give the same figure
        plan = Planner(practice, columns).plan(metric)
        cells = _figures(plan.value, [{plan.value.column.name: one.numerator} for one in given_])
        assert cells["_value"] == result.value
    if "ratio" in value and all("count" in part for part in value["ratio"].values()):
        assert len(why.of("kept")) + len(why.of("missed")) == result.counted
    # everybody is somewhere, once
    assert len({one.key for one in why.shares}) == len(why.shares)
    wanted = next(iter(only.items()), None)
    inside = {"电话": "phone", "true": True, "": None}
    asked = [row for row in known if wanted is None or row.get(wanted[0]) == inside.get(wanted[1], wanted[1])]
    assert len(why.shares) + why.elsewhere == len(asked)
    assert all(one.why for one in why.of("out"))


@pytest.mark.practice("E12")
@settings(max_examples=15)
@given(data=rows, value=values().filter(lambda value: "fulfilled" not in value), where=tests)
def test_plain_rows_have_the_same_reasons(new_practice, data, value, where):
    practice = new_practice()
    metric, columns, known = made(value, where), Columns(practice), stored(data)
    with FactTable.of_rows(columns, known) as facts:
        one = Asking(practice, facts, PERIOD, AS_OF)
        ours = one.reasons(metric)
        one.records._tables["inquiry"] = PlainTable(columns, known)
        assert one.reasons(metric).shares == ours.shares


def test_each_is_left_out_for_its_own_reason(practice, tmp_path, log):
    day = datetime(2026, 11, 16, 2, tzinfo=UTC)
    later = day + timedelta(minutes=4)
    log.inquiry("kept", day, (day, "awaiting_acceptance"), (later, "in_progress"))
    log.inquiry("missed", day, (day, "awaiting_acceptance"), (day + timedelta(minutes=9), "in_progress"))
    log.inquiry("waits", day, (day, "awaiting_acceptance"))  # nobody has answered yet
    log.inquiry("before", day - timedelta(days=40), (day - timedelta(days=40), "awaiting_acceptance"))  # another period
    log.inquiry("reversed", day, (day - timedelta(minutes=9), "in_progress"))  # answered before it was submitted
    log.add("undated", "status", "in_progress", day)  # never submitted
    facts = Facts(practice, tmp_path)
    facts.refresh(EventLog(log.events))
    with facts.open() as table:
        asking = Asking(practice, table, parse_period("2026-11"), day + timedelta(days=3))
        why = asking.reasons(practice.metrics["first_response_on_time"])
        closed = asking.reasons(practice.metrics["average_first_response"])
    assert {one.key: (one.group, one.why) for one in why.shares} == {
        "kept": ("kept", ""),
        "missed": ("missed", ""),
        "waits": ("out", "not-asked"),
        "reversed": ("out", "problem"),
        "undated": ("out", "problem"),
    }
    assert why.elsewhere == 1
    assert why.clocks == ("first_response",)
    timings = {one.key: one.timings["first_response"] for one in why.shares}
    assert (timings["kept"].took, timings["kept"].goal, timings["kept"].met) == (240, 300, True)
    assert (timings["missed"].took, timings["missed"].met) == (540, False)
    # the average is about closed ones only, and the condition that is not met is named
    kept = next(one for one in closed.shares if one.key == "kept")
    assert (kept.why, kept.unmet) == ("condition", ({"phase": {"eq": "closed"}},))


def test_of_a_condition_in_parts_those_that_are_not_met_are_named(practice):
    where = {"all": [{"channel": {"eq": "phone"}}, {"returned": {"eq": True}}, {"effort": {"present": True}}]}
    known = stored([{"submitted_at": DAYS[2], "channel": "feishu", "effort": 1.0}])
    with FactTable.of_rows(Columns(practice), known) as facts:
        why = Asking(practice, facts, PERIOD, AS_OF).reasons(made({"count": {}}, where))
    assert why.shares[0].unmet == ({"channel": {"eq": "phone"}}, {"returned": {"eq": True}})


def test_a_composite_is_told_by_its_parts(practice):
    whole = made({"composite": {"first_response_on_time": 3, "users_satisfied": 1}}, unit="ratio")
    whole = type(whole)(**{name: getattr(whole, name) for name in whole.__slots__} | {"every": "week"})
    with FactTable.of_rows(Columns(practice), stored([{"submitted_at": DAYS[2], "user_satisfaction": "satisfied"}])) as facts:
        why = Asking(practice, facts, PERIOD, AS_OF).reasons(whole)
    assert [(one.metric.id, one.weight, one.reached) for one in why.parts] == [
        ("first_response_on_time", 3, None),
        ("users_satisfied", 1, 1.0),
    ]
    reached = [(one.weight, one.reached) for one in why.parts if one.reached is not None]
    assert math.fsum(weight * value for weight, value in reached) / math.fsum(weight for weight, _ in reached) == why.result.value


@pytest.mark.parametrize(
    ("only", "rule"),
    [
        ({"channel": "fax"}, "unknown-slug"),  # no such choice
        ({"colour": "red"}, "unknown-name"),  # no such field
        ({"effort": "much"}, None),  # no number
    ],
)
def test_what_cannot_be_asked_is_told(practice, only, rule):
    with FactTable.of_rows(Columns(practice), []) as facts, pytest.raises(DocumentError) as caught:
        Asking(practice, facts, PERIOD, AS_OF).reasons(made({"count": {}}), only)
    assert caught.value.findings
    assert rule is None or caught.value.findings[0].rule == rule


def test_the_events_that_made_a_clock(practice, log):
    day = datetime(2026, 11, 16, 2, tzinfo=UTC)
    minutes = [day + timedelta(minutes=n) for n in (0, 4, 30, 60, 70)]
    steps = ["awaiting_acceptance", "in_progress", "waiting_on_user", "in_progress", "closed"]
    log.inquiry("one", day, *zip(minutes, steps, strict=True), channel="phone")
    first, resolution, waiting, handling = courses(
        FactBuilder(practice), log.events, ["first_response", "resolution", "waiting", "handling"]
    )
    told = lambda course: [(event.field, event.at) for event in course.events]  # noqa: E731
    assert told(first) == [("submitted_at", day), ("status", day), ("status", minutes[1])]
    assert (first.started_at, first.stopped_at, first.took, first.goal) == (day, minutes[1], 240, 300)
    assert told(resolution) == [("status", minutes[1]), ("status", minutes[4])]
    # what waits begins and ends by statuses between the edges
    assert told(waiting) == [("status", minutes[n]) for n in (1, 2, 3, 4)]
    assert waiting.took == 30 * 60
    assert told(handling) == told(waiting)
    assert handling.took == resolution.took - waiting.took


def test_ids_are_those_of_the_store(practice, tmp_path, log):
    day = datetime(2026, 11, 16, 2, tzinfo=UTC)
    log.inquiry("iq-1", day, (day, "in_progress"))
    facts = Facts(practice, tmp_path)
    facts.refresh(EventLog(log.events))
    with facts.open() as table:
        why = Asking(practice, table, parse_period("2026-11"), day).reasons(practice.metrics["inquiries_registered"])
    assert [one.key for one in why.shares] == [InquiryId("iq-1")]
