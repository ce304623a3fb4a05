"""Metrics computed from metrics by a formula (E12): growth, differences, loads; and what keeps one from having a value."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskweave.errors import DocumentError
from deskweave.measure import FactTable, checks, parse_period, run
from deskweave.measure.columns import Columns
from deskweave.measure.export import csv_for_people, items
from deskweave.measure.naming import Names
from deskweave.measure.published import differences, freeze, read, write
from deskweave.measure.reasons import Asking
from deskweave.measure.report import report
from deskweave.measure.text import breakdown, table
from deskweave.model import FieldId, Metric, MetricTarget
from deskweave.model.formula import Misshapen, Number, Operation, Term, computed, formula_of, say, terms, unit_of

FEBRUARY, MARCH, APRIL = (parse_period(f"2026-{month:02}") for month in (2, 3, 4))
AS_OF = datetime(2026, 11, 22, tzinfo=UTC)


def rule(id, value, *, unit="number", by=(), every="month", examples=(), target=None, where=None, grain="inquiry"):
    return Metric(id=id, label={"en": id.capitalize(), "zh": id}, factor=None, judges=None, satisfies=(), period_by=FieldId("submitted_at"),
                  every=every, by=by, where=where, value=value, unit=unit, target=target, examples=examples, grain=grain)  # fmt: skip


GROWTH = {"divide": [{"subtract": ["all", {"previous": "all"}]}, {"previous": "all"}]}
PARTS = {
    "all": rule("all", {"count": {}}, unit="count"),
    "calls": rule("calls", {"count": {"where": {"channel": {"eq": "phone"}}}}, unit="count"),
    "work": rule("work", {"sum": "effort"}),
    "on_time": rule("on_time", {"average": "first_response"}, unit="duration"),
    "asked": replace(rule("asked", {"count": {}}, unit="count", grain="contact"), period_by=FieldId("contact_at")),
    "growth": rule("growth", {"derived": GROWTH}, unit="ratio", target=MetricTarget(better="higher", goal=0.5)),
}


@pytest.fixture
def desk(practice):
    practice.metrics = dict(PARTS)
    return practice


def facts(practice, *months, **more):
    """Rows by month: of each (month, values)."""
    rows = [
        {"inquiry": f"I{n}", "submitted_at": datetime(2026, month, 4), "submitted_at_day": f"2026-{month:02}-04"} | cells
        for n, (month, cells) in enumerate(months)
    ]
    return FactTable.of_rows(Columns(practice), rows)


def figure(practice, metric, *rows, period=MARCH, **more):
    with facts(practice, *rows) as stored:
        found = run(practice, stored, [period], AS_OF, metrics=[metric], **more)
    return found


def test_growth_over_the_period_before(desk):
    """Two in February, three in March: half as many more; and the running figure before that has nothing to be divided by."""
    rows = [(2, {}), (2, {}), (3, {}), (3, {}), (3, {})]
    (march,) = figure(desk, "growth", *rows)
    assert (march.value, march.numerator, march.denominator, march.met) == (0.5, 1, 2, True)
    assert march.parts == {"all": 3, "previous:all": 2}
    (february,) = figure(desk, "growth", *rows, period=FEBRUARY)
    assert (february.value, february.reason, february.met) == (None, "divided-by-zero", None)  # never 0
    (april,) = figure(desk, "growth", *rows, period=APRIL)
    assert april.value == -1


@pytest.mark.parametrize(
    ("tree", "value"),
    [
        ("all", 3),
        ({"add": ["all", "calls", 1]}, 5),
        ({"subtract": ["all", "calls"]}, 2),
        ({"subtract": ["calls", "all"]}, -2),
        ({"multiply": ["all", 2, 0.5]}, 3),
        ({"divide": ["work", "all"]}, 1.5),
        ({"divide": [1, "all"]}, 1 / 3),
        ({"previous": "all"}, 0),  # a number of nothing is 0
        ({"multiply": [100, {"divide": ["calls", "all"]}]}, 100 / 3),
        ({"divide": ["all", {"subtract": ["all", "all"]}]}, None),
        ({"add": ["all", "on_time"]}, None),  # no duration is not 0 s
        ({"multiply": [0, "on_time"]}, None),  # nor is nothing of it
        ({"multiply": [1e308, "all", "all"]}, None),
    ],
)
def test_operations(desk, tree, value):
    (one,) = figure(desk, rule("m", {"derived": tree}), (3, {"channel": "phone", "effort": 4.5}), (3, {}), (3, {}))
    assert one.value == (None if value is None else pytest.approx(value, rel=1e-12))
    assert (one.value is None) is bool(one.reason)


@pytest.mark.parametrize(
    ("tree", "reason", "english", "chinese"),
    [
        ({"add": ["all", "on_time"]}, "part-missing", "No figure for On_time", "On_time无数据"),
        ({"subtract": ["work", {"previous": "work"}]}, "part-missing", "No figure for Work of the period before", "上期work无数据"),
        ({"add": ["all", "asked"]}, "part-missing", "No figure for Asked", "Asked无数据"),  # nobody collects contacts
        ({"divide": ["all", {"previous": "all"}]}, "divided-by-zero", "Divided by zero", "除数为零"),
        ({"multiply": [1e308, 1e308, "all"]}, "not-finite", "Larger than any number", "超出数值范围"),
    ],
)
def test_what_is_lacking_is_said(desk, tree, reason, english, chinese):
    metric = rule("m", {"derived": tree})
    desk.metrics["m"] = metric
    with facts(desk, (3, {"effort": 1.0})) as stored:
        (one,) = run(desk, stored, [MARCH], AS_OF, metrics=["m"])
        text = table(desk, run(desk, stored, [MARCH], AS_OF, by=()), MARCH, "en")
        page = report(desk, stored, MARCH, AS_OF, "zh", client="ACME", environment="prod")
        why = Asking(desk, stored, MARCH, AS_OF).reasons(metric)
    assert (one.value, one.reason) == (None, reason)
    assert Names(desk, "en").reason(metric, one) == english
    assert Names(desk, "zh").reason(metric, one) == chinese
    assert english in " ".join(text.split())
    assert chinese in page
    assert why.result.reason == reason
    assert chinese in csv_for_people(desk, [one], "zh")
    (item,) = items(desk, [one])
    assert (item["value"], item["reason"], item["parts"]) == (None, reason, dict(one.parts))


def test_a_breakdown_joins_the_groups_of_all_parts(desk):
    """Phone in both months, email in February alone, feishu in March alone: a number of nothing is 0, nothing else is."""
    rows = [(2, {"channel": "phone", "effort": 1.0}), (2, {"channel": "email", "effort": 1.0}), (3, {"channel": "phone", "effort": 3.0}),
            (3, {"channel": "phone"}), (3, {"channel": "feishu", "effort": 2.0})]  # fmt: skip
    found = figure(desk, "growth", *rows, by=("channel",))
    assert [(one.by["channel"], one.value, one.reason) for one in found] == [
        ("email", -1, ""), ("feishu", None, "divided-by-zero"), ("phone", 1, ""),
    ]  # fmt: skip
    lines = breakdown(desk, found, MARCH, "en").splitlines()
    assert [line.split("  ")[1] for line in lines[1:4]] == ["Email", "Feishu", "Phone"]
    assert lines[4] == "No data    Divided by zero: Feishu"
    change = rule("m", {"derived": {"subtract": ["work", {"previous": "work"}]}})
    found = figure(desk, change, *rows, by=("channel",))
    assert [(one.by["channel"], one.value, one.reason) for one in found] == [
        ("email", None, "part-missing"), ("feishu", None, "part-missing"), ("phone", 2, ""),
    ]  # fmt: skip


def test_several_periods_at_once_are_each_alone(desk):
    rows = [(month, {"effort": float(month)}) for month in (1, 2, 2, 3, 4, 4, 4)]
    asked = [APRIL, MARCH, FEBRUARY, MARCH]
    with facts(desk, *rows) as stored:
        together = run(desk, stored, asked, AS_OF, metrics=["growth"])
        alone = [one for period in asked for one in run(desk, stored, [period], AS_OF, metrics=["growth"])]
    assert together == alone
    assert [one.value for one in together] == [2, -0.5, 1, -0.5]


def test_a_formula_over_formulas_and_composites(desk):
    """The growth of the growth looks two periods back; an index may count a formula, and a formula an index."""
    desk.metrics["faster"] = rule("faster", {"derived": {"subtract": ["growth", {"previous": "growth"}]}})
    desk.metrics["index"] = rule("index", {"composite": {"growth": 1}}, unit="ratio", target=MetricTarget(better="higher"))
    desk.metrics["doubled"] = rule("doubled", {"derived": {"multiply": [2, "index"]}})
    rows = [(2, {}), (3, {}), (3, {}), (4, {}), (4, {}), (4, {})]
    assert figure(desk, "faster", *rows, period=APRIL)[0].value == 0.5 - 1
    assert figure(desk, "doubled", *rows, period=APRIL)[0].value == 2  # growth of 0.5 reaches its goal of 0.5
    with facts(desk, *rows) as stored:
        assert len(run(desk, stored, [APRIL], AS_OF, by=("channel",))) > 0


def test_growth_of_a_backlog(desk):
    desk.metrics["backlog"] = rule("backlog", {"backlog": {}}, unit="count")
    desk.metrics["change"] = rule("change", {"derived": {"subtract": ["backlog", {"previous": "backlog"}]}}, unit="count")
    moments = [datetime(2026, 2, 4), datetime(2026, 3, 4), datetime(2026, 3, 9)]
    rows = [(2, {"open_turns": moments[:1]}), (3, {"open_turns": moments[1:]}), (3, {"open_turns": moments[1:2]})]
    (one,) = figure(desk, "change", *rows)
    assert (one.value, one.parts) == (1, {"backlog": 2, "previous:backlog": 1})
    (ahead,) = figure(desk, "change", *rows, period=parse_period("2026-12"))
    assert (ahead.value, ahead.reason) == (None, "part-missing")
    assert figure(desk, "change", *rows, period=parse_period("2026-12"), by=("channel",))[0].value is None


@pytest.mark.parametrize(
    ("metric", "said", "path"),
    [
        (rule("m", {"derived": "al"}), "unknown-metric", "/metrics/m/value/derived"),
        (rule("m", {"derived": {"add": ["all", {"previous": "al"}]}}), "unknown-metric", "/metrics/m/value/derived/add/1/previous"),
        (rule("m", {"derived": {"previous": "m"}}), "composite-circle", "/metrics/m/value/derived/previous"),
        (rule("m", {"derived": {"add": [1, "all"]}}, every="week"), "composite-period", "/metrics/m/value/derived/add/1"),
        (rule("m", {"derived": {"add": [1, 2]}}), "derived-constant", "/metrics/m/value/derived"),
        (rule("m", {"derived": {"add": ["all"]}}), "value-shape", "/metrics/m/value/derived/add"),
        (rule("m", {"derived": {"divide": ["all", "all", "all"]}}), "value-shape", "/metrics/m/value/derived/divide"),
        (rule("m", {"derived": {"modulo": ["all", 2]}}), "value-shape", "/metrics/m/value/derived"),
        (rule("m", {"derived": {"add": ["all", True]}}), "value-shape", "/metrics/m/value/derived/add/1"),
        (rule("m", {"derived": {"previous": {"add": ["all", "all"]}}}), "value-shape", "/metrics/m/value/derived/previous"),
        (rule("m", {"derived": {}}), "value-shape", "/metrics/m/value/derived"),
        (rule("m", {"derived": "all - calls"}), "unknown-metric", "/metrics/m/value/derived"),  # no text is a formula
        (rule("m", {"derived": "all"}, by=("symptom",)), "field-not-kept", "/metrics/all/by/0"),
    ],
)  # fmt: skip
def test_what_a_formula_may_not_say(desk, metric, said, path):
    desk.metrics["m"] = metric
    assert [(finding.rule, finding.place.path) for finding in checks(desk)] == [(said, path)]
    with facts(desk) as stored, pytest.raises(DocumentError):
        run(desk, stored, [MARCH], AS_OF, metrics=["m"])


def test_a_circle_through_others_is_found(desk):
    desk.metrics["a"] = rule("a", {"derived": {"previous": "b"}})
    desk.metrics["b"] = rule("b", {"composite": {"a": 1}}, target=MetricTarget(better="higher"))
    assert {finding.rule for finding in checks(desk)} >= {"composite-circle"}


def test_a_formula_is_no_deeper_than_anybody_reads(desk):
    tree: object = "all"
    for _ in range(2000):
        tree = {"add": [tree, 1]}
    desk.metrics["m"] = rule("m", {"derived": tree})
    assert [finding.rule for finding in checks(desk)] == ["value-shape"]


MONTHS = [{"submitted_at": "2026-02-04T10:00:00+08:00"}, *[{"submitted_at": "2026-03-04T10:00:00+08:00", "channel": "phone"}] * 3]


@pytest.mark.parametrize(
    ("example", "rules"),
    [
        (
            {
                "given": MONTHS,
                "expect": [{"period": "2026-03-01", "value": 2, "counted": 2}, {"period": "2026-02-01", "value": None}],
            },
            [],
        ),
        ({"given": {"inquiry": MONTHS}, "expect": [{"period": "2026-03-01", "value": 2}]}, []),
        ({"given": MONTHS, "expect": [{"period": "2026-03-01", "channel": "phone", "value": None}]}, []),
        ({"given": MONTHS, "expect": [{"period": "2026-03-01", "value": 3}]}, ["example-differs"]),
        ({"given": [{"chanel": "phone"}], "expect": [{"value": None}]}, ["example-given"]),
    ],
)
def test_examples_run(desk, example, rules):
    desk.metrics["growth"] = replace(desk.metrics["growth"], examples=(example,))
    assert [finding.rule for finding in checks(desk)] == rules


def test_the_parts_and_their_figures_are_told(desk):
    with facts(desk, (2, {"channel": "phone"}), (2, {}), (3, {"channel": "phone"})) as stored:
        asking = Asking(desk, stored, MARCH, AS_OF)
        why, narrowed = asking.reasons(desk.metrics["growth"]), asking.reasons(desk.metrics["growth"], {"channel": "phone"})
    assert [(one.metric.id, one.previous, one.result.value, one.result.period) for one in why.parts] == [
        ("all", False, 1, MARCH), ("all", True, 2, FEBRUARY),
    ]  # fmt: skip
    assert (why.result.value, narrowed.result.value) == (-0.5, 0)
    assert [one.result.value for one in narrowed.parts] == [1, 1]


def test_in_words(desk):
    assert Names(desk, "en").rule(desk.metrics["growth"]) == ["(All - All of the period before) ÷ All of the period before."]
    assert Names(desk, "zh").rule(desk.metrics["growth"]) == ["(all - 上期all) ÷ 上期all。"]
    with facts(desk, (2, {}), (2, {}), (3, {})) as stored:
        page = report(desk, stored, MARCH, AS_OF, "en", client="ACME", environment="prod")
        lines = table(desk, run(desk, stored, [MARCH, FEBRUARY], AS_OF, by=()), MARCH, "zh").splitlines()
    assert "All 1, All of the period before 2" in page
    line = next(line for line in lines if line.startswith("  growth"))
    assert line.split()[1:3] == ["-50.0", "%"]
    assert line.endswith("2/2")
    assert "\n".join(lines).encode("gbk")


def test_a_published_formula_names_the_part_that_moved(desk):
    """A late inquiry in February moves the growth of March, where no record of March has changed."""
    rows = [(2, {}), (2, {}), (3, {}), (3, {}), (3, {})]

    def frozen(*months):
        with facts(desk, *months) as stored:
            return freeze(desk, stored, MARCH, AS_OF, "prod")

    before = read(write(frozen(*rows)), "figures.json")
    assert json.loads(write(before))["figures"][-1]["terms"] == {"all": 3, "previous:all": 2}
    (moved,) = differences(before, frozen((2, {}), *rows))
    assert (moved.metric, moved.parts, moved.changes) == ("growth", ("previous:all",), ())
    names = {one.metric: one.parts for one in differences(before, frozen(*rows, (3, {})))}
    assert names["growth"] == ("all",)


# ---------------------------------------------------------------------------------------------------------------- the tree itself
trees = st.recursive(
    st.sampled_from(["a", "b", {"previous": "a"}]) | st.integers(-3, 3),
    lambda inner: st.one_of(
        st.builds(lambda word, parts: {word: parts}, st.sampled_from(["add", "multiply"]), st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda word, one, other: {word: [one, other]}, st.sampled_from(["subtract", "divide"]), inner, inner),
    ),
    max_leaves=8,
)
SIGNS = str.maketrans({"×": "*", "÷": "/"})


@given(tree=trees, a=st.integers(-3, 3), b=st.integers(-3, 3), before=st.integers(-3, 3))
def test_what_is_said_is_what_is_computed(tree, a, b, before):
    """Python reads the signs and brackets as people do."""
    formula = formula_of(tree)
    said = say(formula, lambda term: f"({'p' if term.previous else term.metric})", "({:g})".format)
    names = {"a": a, "b": b, "p": before}
    try:
        want = eval(said.translate(SIGNS), {}, names)
    except ZeroDivisionError:
        want = None
    have = computed(formula, {"a": a, "b": b, "previous:a": before})
    assert (have is None) is (want is None)
    assert want is None or have == pytest.approx(want)
    assert all(term.metric in ("a", "b") for term in terms(formula))


UNITS = {"n": "count", "m": "count", "t": "duration", "s": "ratio", "e": "number"}


@pytest.mark.parametrize(
    ("tree", "unit"),
    [
        ("t", "duration"), ({"previous": "s"}, "ratio"), ({"add": ["n", "m"]}, "count"), ({"subtract": ["s", {"previous": "s"}]}, "ratio"),
        ({"divide": [{"subtract": ["n", {"previous": "n"}]}, {"previous": "n"}]}, "ratio"), ({"divide": ["t", "t"]}, "ratio"),
        ({"divide": ["t", 2]}, "duration"), ({"multiply": [2, "n"]}, "count"),
        ({"add": ["n", "t"]}, None), ({"add": ["n", 1]}, None), ({"multiply": ["n", "t"]}, None), ({"divide": ["t", "n"]}, None),
        ({"divide": [1, "n"]}, None), ({"divide": ["s", "s"]}, None), ({"divide": ["e", "e"]}, None), ("unknown", None), (3, None),
    ],
)  # fmt: skip
def test_units_are_inferred_where_they_are_certain(tree, unit):
    assert unit_of(formula_of(tree), UNITS.get) == unit


def test_the_tree_is_closed():
    assert formula_of({"add": ["a", 1]}) == Operation("add", (Term("a", path=("add", "0")), Number(1)))
    for tree in (None, [], True, "", {"add": "ab"}, {"add": ["a", "b"], "divide": ["a", "b"]}, float("inf"), {"previous": 1}):
        with pytest.raises(Misshapen):
            formula_of(tree)
