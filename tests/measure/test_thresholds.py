"""A figure's own thresholds: the first that matches gives the level, and everybody who is told the figure is told the level."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskweave.measure import FactTable, checks, parse_period, parse_periods, run
from deskweave.measure.columns import Columns
from deskweave.measure.export import csv_for_people, csv_raw, items
from deskweave.measure.figures import width
from deskweave.measure.report import report
from deskweave.measure.run import threshold
from deskweave.measure.text import breakdown, series, table
from deskweave.model import FieldId, Metric, MetricTarget, Threshold
from deskweave.practice.lint.metric import _covered

AS_OF = datetime(2026, 11, 22, tzinfo=UTC)
MARCH, APRIL = parse_period("2024-03"), parse_period("2024-04")
GRAVE = Threshold(operator="gt", value=4, level="critical", notify="manager")
BUSY = Threshold(operator="gt", value=3, level="warning")


def rule(*thresholds, value=None, unit="count", id="inquiries", **more):
    stated = {
        "label": {"en": "Inquiries", "zh": "问询"},
        "factor": None,
        "judges": None,
        "satisfies": (),
        "where": None,
        "target": None,
    }
    return Metric(id=id, period_by=FieldId("submitted_at"), every="month", by=more.pop("by", ()), thresholds=thresholds, unit=unit,
                  value=value or {"count": {}}, **stated | more)  # fmt: skip


def rows(*channels, at=datetime(2024, 3, 4, 1)):
    day = {"submitted_at": at, "submitted_at_day": at.date().isoformat()}
    return [day | {"inquiry": f"{at:%m}/{n}"} | ({"channel": one} if one else {}) for n, one in enumerate(channels)]


def asked(practice, metric, given, periods=(MARCH,), **more):
    practice.metrics = {metric.id: metric}
    with FactTable.of_rows(Columns(practice), given) as facts:
        return run(practice, facts, list(periods), AS_OF, **more)


@pytest.mark.parametrize(
    ("operator", "value", "reached"),
    [
        ("gt", 5, False), ("gt", 4.9, True), ("gte", 5, True), ("gte", 5.1, False),  # the bound itself belongs to gte and lte
        ("lt", 5, False), ("lt", 5.1, True), ("lte", 5, True), ("lte", 4.9, False),
    ],
)  # fmt: skip
def test_bounds(operator, value, reached):
    metric = rule(Threshold(operator=operator, value=value, level="info"))
    assert (threshold(metric, 5.0) is not None) is reached


def test_the_first_that_matches_gives_the_level(practice):
    metric = rule(GRAVE, BUSY)
    assert [one.level for n in (3, 4, 5) for one in asked(practice, metric, rows(*["phone"] * n))] == [None, "warning", "critical"]
    assert threshold(metric, None) is None  # no value is beyond nothing


def test_a_total_has_the_level_of_its_own_value(practice):
    metric = rule(GRAVE, BUSY, by=("channel",), totals=((),))
    found = asked(practice, metric, rows("phone", "phone", "phone", "phone", None))
    assert [(dict(one.by), one.level) for one in found] == [
        ({"channel": "phone"}, "warning"),
        ({"channel": None}, None),
        ({}, "critical"),
    ]


def test_json_and_csv_carry_the_level(practice):
    metric = rule(GRAVE, BUSY, by=("channel",), totals=((),))
    found = asked(practice, metric, rows("phone", "phone", "phone", "phone", None))
    said = json.loads(json.dumps(items(practice, found)))
    assert [(one["by"], one["over"], one["value"], one["level"], one["notify"]) for one in said] == [
        ({"channel": "phone"}, [], 4, "warning", None),
        ({"channel": None}, [], 1, None, None),
        ({}, ["channel"], 5, "critical", "manager"),
    ]
    raw = list(csv.DictReader(io.StringIO(csv_raw(practice, found))))
    assert [(one["by.channel"], one["over"], one["value"], one["level"], one["notify"]) for one in raw] == [
        ("phone", "", "4", "warning", ""),
        ("", "", "1", "", ""),  # nobody said which channel
        ("", "channel", "5", "critical", "manager"),  # over all channels
    ]
    people = list(csv.DictReader(io.StringIO(csv_for_people(practice, found, "zh")[1:])))
    assert [(one["渠道"], one["合计维度"], one["结果值"], one["级别"]) for one in people] == [
        ("电话", "", "4", "警告"),
        ("(未填)", "", "1", ""),
        ("合计", "渠道", "5", "严重"),
    ]


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Critical   Inquiries: 5, over 4; for Service manager"), ("zh", "严重       问询：5，大于 4；应告知服务经理")],
)
def test_the_table_marks_the_line_and_says_it_below(practice, language, said):
    found = asked(practice, rule(GRAVE, BUSY), rows(*["phone"] * 5), [MARCH, MARCH.previous], by=())
    lines = table(practice, found, MARCH, language).splitlines()
    assert "  !! -  " in lines[2]
    assert said in lines
    assert max(map(width, lines)) <= 80
    assert "\n".join(lines).encode("gbk")


def test_a_breakdown_has_a_total_line_and_levels(practice):
    metric = rule(GRAVE, BUSY, by=("channel",), totals=((),))
    found = asked(practice, metric, rows("phone", "phone", "phone", "phone", None))
    lines = [" ".join(line.split()) for line in breakdown(practice, found, MARCH, "en").splitlines()]
    assert lines == ["Inquiries", "Phone 4 warning - - 4", "(not given) 1 - - 1", "All 5 critical - - 5"]


def test_sub_totals_are_lines_too(practice):
    metric = rule(by=("channel", "returned"), totals=(("channel",), ("returned",), ()))
    found = asked(practice, metric, [one | {"returned": True} for one in rows("phone", "email")])
    lines = [line.split("  ")[1] for line in breakdown(practice, found, MARCH, "en").splitlines()[1:]]
    assert lines == ["Email / yes", "Email / All", "Phone / yes", "Phone / All", "All / yes", "All"]


def test_periods_under_each_other(practice):
    target = MetricTarget(better="lower", goal=3)
    metric = rule(GRAVE, BUSY, target=target)
    given = [*rows("phone", "phone"), *rows(*["phone"] * 5, at=datetime(2024, 4, 4, 1))]
    periods = parse_periods("2024-02..2024-04")
    found = asked(practice, metric, given, periods, by=())
    lines = [" ".join(line.split()) for line in series(practice, found, periods, "en").splitlines()]
    assert lines == [
        "trend target verdict counted",
        "Inquiries",
        "February 2024 0 <= 3 met 0",
        "March 2024 2 worse <= 3 met 2",
        "April 2024 5 critical worse <= 3 MISSED 5",
        "",
        "Critical Inquiries: 5, over 4; for Service manager",
    ]


def test_the_last_period_says_why_it_has_no_figure(practice):
    metric = rule(value={"average": "effort"}, unit="number")
    periods = [MARCH, APRIL]
    given = [one | {"effort": 1.0} for one in rows("phone")]
    lines = series(practice, asked(practice, metric, given, periods, by=()), periods, "en").splitlines()
    assert lines[-2:] == ["", "No data    Nothing in this period to compute it from: Inquiries"]
    assert "No data " not in series(practice, asked(practice, metric, given, periods[:1], by=()), periods[:1], "en")


def test_periods_of_a_breakdown_have_a_line_each(practice):
    metric = rule(by=("channel",), totals=((),))
    given = [*rows("phone"), *rows("email", at=datetime(2024, 4, 4, 1))]
    found = asked(practice, metric, given, [MARCH, APRIL])
    lines = [" ".join(line.split()) for line in series(practice, found, [MARCH, APRIL], "zh").splitlines()]
    assert lines[2:] == [
        "邮件", "2024年3月 0 - - 0", "2024年4月 1 - - - 1", "电话", "2024年3月 1 - - 1", "2024年4月 0 - - - 0",
        "合计", "2024年3月 1 - - 1", "2024年4月 1 - - - 1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("2026-11", ["2026-11"]),
        ("2026-11-03..2026-11-14", ["2026-11-03..2026-11-14"]),  # from a day to a day is one span
        ("2025-11..2026-01", ["2025-11", "2025-12", "2026-01"]),
        ("2026-W52..2027-W01", ["2026-W52", "2026-W53", "2027-W01"]),  # 2026 has 53 weeks
        ("2026-Q3..2026-Q4", ["2026-Q3", "2026-Q4"]),
        ("2025..2026", ["2025", "2026"]),
        ("2026-11..2026-11", ["2026-11"]),
    ],
)
def test_a_row_of_periods(text, ids):
    assert [one.id for one in parse_periods(text)] == ids


@pytest.mark.parametrize(
    "text", ["2026-06..2026-01", "2026-01..2026-Q2", "2026-01..2026-06-30", "2026-13..2027-01", "..2026", "2026-1..2"]
)
def test_what_is_no_row_of_periods_is_said_so(text):
    with pytest.raises(ValueError, match="is no period"):
        parse_periods(text)


@pytest.mark.parametrize(("language", "word"), [("en", "critical"), ("zh", "严重")])
def test_the_report_says_the_level_in_words_and_colour(practice, language, word):
    practice.metrics = {"inquiries": rule(GRAVE, BUSY)}
    with FactTable.of_rows(Columns(practice), rows(*["phone"] * 5)) as facts:
        page = report(practice, facts, MARCH, AS_OF, language, client="acme", environment="dev")
    assert page.count(f'<span class="level critical">{word}</span>') == 3  # on its tile, in the table, and in the line below
    assert ".level.critical" in page
    assert ("over 4; for Service manager" if language == "en" else "大于 4；应告知服务经理") in page


def test_examples_expect_levels(practice):
    def example(level):
        return {"given": [{}] * 5, "expect": [{"value": 5, "level": level}]}

    metric = rule(GRAVE, BUSY, examples=(example("critical"), example("warning"), example("none")))
    practice.metrics = {"inquiries": metric}
    assert [(one.place.path, one.found) for one in checks(practice)] == [
        ("/metrics/inquiries/examples/1/expect/0/level", "critical"),
        ("/metrics/inquiries/examples/2/expect/0/level", "critical"),
    ]
    calm = replace(metric, examples=({"given": [{}], "expect": [{"value": 1, "level": "none"}]},))
    practice.metrics = {"inquiries": calm}
    assert list(checks(practice)) == []


bounds = st.builds(
    Threshold,
    operator=st.sampled_from(["gt", "gte", "lt", "lte"]),
    value=st.integers(0, 3).map(float),
    level=st.just("info"),
)


@given(before=st.lists(bounds, max_size=3), one=bounds)
def test_swallowed_means_that_no_value_reaches_it(before, one):
    """Between and on the bounds every case is tried: what lint calls swallowed is reached by none of them, and the other way round."""
    tried = [n / 2 for n in range(-2, 9)]
    reached = any(one.matches(value) and not any(other.matches(value) for other in before) for value in tried)
    assert _covered(one, before) is not reached
