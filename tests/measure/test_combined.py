"""Criteria and composites against a slow, obvious reference on random rows (E2, E12, E14). Neither adds up over groups."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskweave.errors import DocumentError
from deskweave.measure import FactTable, checks, parse_period, run
from deskweave.measure.columns import Columns
from deskweave.measure.naming import Names
from deskweave.measure.report import report
from deskweave.measure.text import table
from deskweave.model import Criterion, FieldId, Metric, MetricTarget
from deskweave.model.attainment import attainment
from deskweave.model.predicate import holds

MARCH = parse_period("2024-03")
AS_OF = datetime(2026, 11, 22, tzinfo=UTC)
DAY = {"submitted_at": datetime(2024, 3, 4), "submitted_at_day": "2024-03-04"}
HIGHER, LOWER = MetricTarget(better="higher"), MetricTarget(better="lower")


def rule(id, value, *, unit="ratio", target=HIGHER, where=None, criteria=None, every="month", by=(), examples=(), grain="inquiry"):
    named = {slug: Criterion(slug=slug, label={"en": slug.capitalize()}, where=tree) for slug, tree in (criteria or {}).items()}
    return Metric(id=id, label={"en": id.capitalize()}, factor="communication", judges="desk", satisfies=(),
                  period_by=FieldId("submitted_at"), every=every, by=by, where=where, value=value, unit=unit, target=target,
                  criteria=named, examples=examples, grain=grain)  # fmt: skip


def facts(practice, rows):
    stored = [
        DAY | {"inquiry": str(n)} | {name: list(v) if isinstance(v, tuple) else v for name, v in row.items()}
        for n, row in enumerate(rows)
    ]
    return FactTable.of_rows(Columns(practice), stored)


def figure(practice, rows, metric, **more):
    with facts(practice, rows) as stored:
        (result,) = run(practice, stored, [MARCH], AS_OF, metrics=[metric], by=(), **more)
    return result


cells = st.fixed_dictionaries(
    {},
    optional={
        "channel": st.sampled_from(["feishu", "phone", "email"]),
        "tags": st.lists(st.sampled_from(["first_line", "second_line"]), unique=True).map(tuple),
        "returned": st.booleans(),
        "effort": st.sampled_from([0.0, 0.5, 1.0, 3.0]),
        "ring_time": st.integers(0, 4),
        "city": st.sampled_from(["", "上海"]),
    },
)
#: Every operator, each on a field that may be missing.
tests = st.sampled_from(
    [
        {"channel": {"eq": "phone"}}, {"channel": {"ne": "phone"}}, {"channel": {"in": ["phone", "email"]}}, {"channel": {"not_in": ["phone"]}},
        {"tags": {"eq": "first_line"}}, {"tags": {"ne": "first_line"}}, {"tags": {"present": True}}, {"tags": {"present": False}},
        {"returned": {"eq": True}}, {"returned": {"ne": True}}, {"returned": {"met": False}}, {"effort": {"gt": 0.5}}, {"effort": {"lte": 1}},
        {"ring_time": {"lt": 2}}, {"ring_time": {"gte": 2}}, {"city": {"present": True}}, {"city": {"eq": "上海"}},
        {"not": {"effort": {"gt": 0.5}}}, {"any": [{"returned": {"eq": True}}, {"not": {"city": {"present": True}}}]},
        {"all": [{"channel": {"present": True}}, {"ring_time": {"present": True}}]},
    ]
)  # fmt: skip
criteria = st.lists(tests, min_size=1, max_size=4).map(lambda some: {f"c{n}": tree for n, tree in enumerate(some)})


# ------------------------------------------------------------------------------------------------------------------- criteria
@pytest.mark.practice("E2", "E14")
@settings(max_examples=30)
@given(rows=st.lists(cells, max_size=6), named=criteria, where=st.none() | tests)
def test_criteria_say_what_counting_by_hand_says(new_practice, rows, named, where):
    practice = new_practice()
    inside = [row for row in rows if holds(where, row)]
    held = [[holds(tree, row) for tree in named.values()] for row in inside]
    every = figure(practice, rows, rule("m", {"fulfilled": "every"}, where=where, criteria=named))
    each = figure(practice, rows, rule("m", {"fulfilled": "each"}, where=where, criteria=named))
    assert every.counted == each.counted == len(inside)
    assert every.beside == each.beside == 0
    if not inside:
        assert every.value is None
        assert each.value is None
        assert every.reason == each.reason == "nothing-counted"
        return
    assert every.value == sum(map(all, held)) / len(inside)
    assert each.value == pytest.approx(sum(map(sum, held)) / (len(inside) * len(named)), rel=1e-12)
    assert (every.numerator, every.denominator) == (sum(map(all, held)), len(inside))
    assert every.parts == each.parts == {slug: sum(row[n] for row in held) / len(inside) for n, slug in enumerate(named)}
    assert every.value <= min(every.parts.values())  # nobody fulfils all who does not fulfil the hardest
    assert min(each.parts.values()) <= each.value + 1e-12


def test_a_missing_field_is_not_fulfilled_and_never_unknown(practice):
    """Where SQL would say NULL: a row without the field fails the test, and passes its opposite."""
    named = {"over": {"effort": {"gt": 1}}, "not_over": {"not": {"effort": {"gt": 1}}}}
    result = figure(practice, [{}, {"effort": 3.0}], rule("m", {"fulfilled": "each"}, criteria=named))
    assert result.parts == {"over": 0.5, "not_over": 0.5}
    assert result.value == 0.5


def test_shares_of_groups_are_not_averaged(practice):
    rows = [{"channel": "phone", "returned": True}, *({"channel": "email"} for _ in range(9))]
    metric = rule("m", {"fulfilled": "every"}, criteria={"c": {"returned": {"eq": True}}})
    with facts(practice, rows) as stored:
        groups = run(practice, stored, [MARCH], AS_OF, metrics=[metric], by=("channel",))
    assert [one.value for one in groups] == [0, 1]
    assert figure(practice, rows, metric).value == 0.1


# ----------------------------------------------------------------------------------------------------------------- composites
PARTS = {
    "called": rule("called", {"ratio": {"of": {"count": {"where": {"channel": {"eq": "phone"}}}}, "over": {"count": {"where": {"channel": {"present": True}}}}}},
                   target=MetricTarget(better="higher", goal=0.75)),
    "back": rule("back", {"ratio": {"of": {"count": {"where": {"returned": {"eq": True}}}}, "over": {"count": {"where": {"returned": {"present": True}}}}}}, target=LOWER),
    "rang": rule("rang", {"average": "ring_time"}, unit="duration", target=MetricTarget(better="lower", goal=2)),
    "work": rule("work", {"sum": "effort"}, unit="number", target=MetricTarget(better="higher", goal=2)),
    "known": rule("known", {"fulfilled": "every"}, criteria={"city": {"city": {"present": True}}, "tags": {"tags": {"present": True}}}),
}  # fmt: skip


def by_hand(rows):
    """The attainment of every part, None without data."""

    def share(of, over):
        return len(of) / len(over) if over else None

    channels = [row["channel"] for row in rows if "channel" in row]
    back = [row["returned"] for row in rows if "returned" in row]
    rings = [row["ring_time"] for row in rows if "ring_time" in row]
    efforts = [row["effort"] for row in rows if "effort" in row]
    known = [row for row in rows if row.get("city") and row.get("tags")]
    called, returned = share([c for c in channels if c == "phone"], channels), share([b for b in back if b], back)
    mean = sum(rings) / len(rings) if rings else None
    return {
        "called": None if called is None else min(1, called / 0.75),
        "back": None if returned is None else 1 - returned,
        "rang": None if mean is None else 1 if mean == 0 else min(1, 2 / mean),
        "work": min(1, sum(efforts) / 2) if efforts else None,
        "known": share(known, rows),
    }  # fmt: skip


@pytest.mark.practice("E12")
@settings(max_examples=20)
@given(
    rows=st.lists(cells, max_size=6),
    weights=st.dictionaries(st.sampled_from(sorted(PARTS)), st.sampled_from([0.5, 1, 2, 7]), min_size=1),
)
def test_a_composite_is_the_weighted_mean_of_what_there_is(new_practice, rows, weights):
    practice = new_practice()
    practice.metrics = PARTS
    result = figure(practice, rows, rule("m", {"composite": weights}))
    reached = {name: by_hand(rows)[name] for name in weights}
    there = {name: value for name, value in reached.items() if value is not None}
    assert result.parts.keys() == weights.keys()
    for name, value in reached.items():
        assert result.parts[name] == (None if value is None else pytest.approx(value, rel=1e-12))
    assert (result.counted, result.beside) == (len(there), len(weights) - len(there))
    if not there:
        assert (result.value, result.reason) == (None, "no-parts")
        return
    total = sum(weights[name] for name in there)
    assert result.value == pytest.approx(sum(weights[name] * value for name, value in there.items()) / total, rel=1e-12)
    assert 0 <= result.value <= 1
    assert result.denominator == total


@pytest.mark.parametrize(
    ("value", "better", "goal", "reached"),
    [
        (0.75, "higher", 0.75, 1), (0.9, "higher", 0.75, 1), (0.375, "higher", 0.75, 0.5), (0, "higher", 0.75, 0),
        (0.05, "lower", 0.05, 1), (0.01, "lower", 0.05, 1), (0.1, "lower", 0.05, 0.5), (0, "lower", 0.05, 1), (0, "lower", 0, 1),
        (0.1, "lower", 0, 0),  # a goal of nothing is reached or not
        (0.3, "higher", None, 0.3), (0.3, "lower", None, 0.7),
        (1.2, "higher", None, 1), (1.2, "lower", None, 0),  # a ratio of sums may exceed 1
        (-5, "higher", 10, 0), (-5, "lower", 10, 1),  # a sum of numbers may be below 0
    ],
)  # fmt: skip
def test_attainment(value, better, goal, reached):
    assert math.isclose(attainment(value, better, goal), reached)


@pytest.fixture
def desk(practice):
    practice.metrics = PARTS | {"m": rule("m", {"composite": {"called": 1, "back": 3}})}
    return practice


ROWS = [{"channel": "phone", "returned": False}, {"channel": "email", "returned": True}, {"channel": "email"}]


def test_a_breakdown_of_a_composite(desk):
    """By channel: each part within the channel; a part that has nothing there is left out there."""
    with facts(desk, ROWS) as stored:
        found = run(desk, stored, [MARCH], AS_OF, metrics=["m"], by=("channel",))
    assert [(one.by["channel"], one.value, one.counted) for one in found] == [("email", 0, 2), ("phone", 1, 2)]
    assert figure(desk, ROWS, "m").value == pytest.approx((1 / 3 / 0.75 + 3 * 0.5) / 4)  # not the mean of the two


def test_a_composite_of_a_composite(desk):
    whole = rule("whole", {"composite": {"m": 1, "work": 1}})
    inner = figure(desk, ROWS, "m").value
    result = figure(desk, [*ROWS, {"effort": 1.0}], whole)
    assert result.parts == {"m": pytest.approx(inner), "work": 0.5}
    assert result.value == pytest.approx((inner + 0.5) / 2)


@pytest.mark.parametrize(
    ("metric", "said", "path"),
    [
        (rule("m", {"composite": {"calld": 1}}), "unknown-metric", "/metrics/m/value/composite/calld"),
        (rule("m", {"composite": {"m": 1}}), "composite-circle", "/metrics/m/value/composite/m"),
        (rule("m", {"composite": {"called": 1}}, every="week"), "composite-period", "/metrics/m/value/composite/called"),
        (rule("m", {"composite": {"all": 1}}), "composite-part", "/metrics/m/value/composite/all"),
        (rule("m", {"composite": {"called": 0}}), "value-type", "/metrics/m/value/composite/called"),
        (rule("m", {"composite": {"called": True}}), "value-type", "/metrics/m/value/composite/called"),
        (rule("m", {"composite": {}}), "value-shape", "/metrics/m/value/composite"),
        (rule("m", {"composite": {"called": 1}, "count": {}}), "value-shape", "/metrics/m/value"),
        (rule("m", {"composite": {"called": 1}}, by=("symptom",)), "field-not-kept", "/metrics/called/by/0"),
        (rule("m", {"fulfilled": "every"}), "criteria-missing", "/metrics/m/value/fulfilled"),
        (rule("m", {"fulfilled": "some"}, criteria={"c": {"city": {"present": True}}}), "value-type", "/metrics/m/value/fulfilled"),
        (rule("m", {"fulfilled": "each"}, criteria={"c": {"cty": {"present": True}}}), "unknown-name", "/metrics/m/criteria/c/where/cty"),
    ],
)  # fmt: skip
def test_what_a_rule_may_not_say(practice, metric, said, path):
    practice.metrics = PARTS | {"all": rule("all", {"count": {}}, unit="count", target=None), "m": metric}
    assert [(finding.rule, finding.place.path) for finding in checks(practice)] == [(said, path)]
    with facts(practice, []) as stored, pytest.raises(DocumentError):
        run(practice, stored, [MARCH], AS_OF, metrics=["m"])


@pytest.mark.parametrize(
    ("example", "rules"),
    [
        ({"given": ROWS[:2], "expect": [{"value": 0.5416666666666666, "counted": 2}]}, []),  # (0.5/0.75 + 3 * 0.5) / 4
        ({"given": {"inquiry": ROWS[:2]}, "expect": [{"value": 0.5416666666666666}]}, []),
        ({"given": {"inquiry": [{"returned": False}]}, "expect": [{"value": 1, "counted": 1}]}, []),
        ({"given": {"contact": []}, "expect": [{"value": None}]}, []),  # nobody collects inquiries in this one
        ({"given": ROWS[:2], "expect": [{"value": 0.5}]}, ["example-differs"]),
        ({"given": {"inquiry": "x"}, "expect": [{"value": 1}]}, ["example-shape"]),
        ({"given": {"inquiry": [{"chanel": "phone"}]}, "expect": [{"value": 1}]}, ["example-given"]),
    ],
)
def test_examples_of_composites(desk, example, rules):
    desk.metrics = desk.metrics | {"m": replace(desk.metrics["m"], examples=(example,))}
    assert [finding.rule for finding in checks(desk)] == rules


def test_how_many_parts_counted_is_shown(desk):
    with facts(desk, [{"channel": "phone"}]) as stored:
        results = run(desk, stored, [MARCH], AS_OF, by=())
        page = report(desk, stored, MARCH, AS_OF, "en", client="ACME", environment="prod")
    lines = table(desk, results, MARCH, "en").splitlines()
    assert "1/2" in next(line for line in lines if line.startswith("  M "))
    assert lines[-1] == "In part    M: 1 of 2 parts, without Back"
    assert "1 of 2 parts, without Back" in page
    assert "Called 100.0 %, Back no data" in page
    assert Names(desk, "zh").reason(desk.metrics["m"], next(one for one in results if one.metric == "m")) == "2 项中的 1 项，缺Back"


def test_rules_in_words(desk):
    assert Names(desk, "en").rule(desk.metrics["m"]) == [
        "The weighted mean of how far each of these reaches its target, those without data left out: Called (weight 1), Back (weight 3)."
    ]
    assert Names(desk, "en").rule(PARTS["known"])[0] == (
        "The share of inquiries that fulfil all of these criteria: City (City is known); Tags (Tags is known)."
    )
