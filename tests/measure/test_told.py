"""How figures are told: terminal, CSV, JSON, words."""

from __future__ import annotations

import csv
import io
import string
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskweave.measure import EventLog, Facts, Problem, parse_period, run
from deskweave.measure.export import csv_for_people, csv_raw, disarmed, items
from deskweave.measure.figures import duration, figure, goal, moment, number, printable, share, width
from deskweave.measure.naming import Names
from deskweave.measure.text import breakdown, heading, left_out, table
from deskweave.measure.wording import EN, ZH
from deskweave.model import Choice, FieldId

WEEK = parse_period("2026-W47")
AS_OF = datetime(2026, 11, 22, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "en", "zh", "goal"),
    [
        (0, "0s", "0秒", "0s"),
        (48, "48s", "48秒", "48s"),
        (59.5, "1m 00s", "1分00秒", "1m"),  # halves up, and over the edge
        (252, "4m 12s", "4分12秒", "4m 12s"),
        (300, "5m 00s", "5分00秒", "5m"),
        (303, "5m 03s", "5分03秒", "5m 03s"),
        (3600, "1h 00m", "1时00分", "1h"),
        (24060, "6h 41m", "6时41分", "6h 41m"),
        (432_000, "120h 00m", "120时00分", "120h"),  # never days: a working day is not 24 h
        (4_320_000, "1,200h 00m", "1,200时00分", "1,200h"),
        (-90, "-1m 30s", "-1分30秒", "-1m 30s"),
    ],
)
def test_durations(seconds, en, zh, goal):
    assert (duration(seconds, "en"), duration(seconds, "zh"), duration(seconds, "en", short=True)) == (en, zh, goal)


def test_numbers():
    assert [share(value) for value in (0.931, 1.0, 0.0449)] == ["93.1 %", "100.0 %", "4.5 %"]
    assert [number(value) for value in (4212, 4212.0, 1.75, 1.5, 0)] == ["4,212", "4,212", "1.75", "1.5", "0"]


def test_goals(practice):
    metrics = practice.metrics
    assert [goal(metrics[name], "en") for name in ("first_response_on_time", "average_first_response", "waiting_share", "inquiries_registered")] == [
        ">= 95 %", "<= 5m", "", "",
    ]  # fmt: skip
    assert goal(metrics["mean_time_to_resolve"], "zh") == "<= 8时"
    assert figure(metrics["waiting_share"], None, "zh") == "无数据"


def test_moments():
    assert moment(AS_OF, "Asia/Shanghai", "en") == "Sun 22 Nov 2026 09:31"
    assert moment(AS_OF, "Asia/Shanghai", "zh") == "2026年11月22日 周日 09:31"


def test_both_languages_say_the_same_things():
    assert {key for key in EN if not key.endswith(":one")} == ZH.keys()

    def fields(text):
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    assert {key for key in ZH if fields(EN[key]) != fields(ZH[key])} == set()
    for text in (*EN.values(), *ZH.values()):
        text.encode("gbk")


@pytest.fixture
def told(practice, busy_week, tmp_path):
    facts = Facts(practice, tmp_path)
    facts.refresh(EventLog(busy_week.events))
    with facts.open() as rows:
        totals = run(practice, rows, [WEEK, WEEK.previous], AS_OF, by=())
        parts = run(practice, rows, [WEEK], AS_OF, by=("channel",))
    return totals, parts, facts.problems()


def test_the_table(practice, told):
    """As people know it: names left, figures right, 80 columns wide."""
    assert table(practice, told[0], WEEK, "en").splitlines()[:6] == [
        "                                 W47      W46   trend   target  verdict  counted",
        "Communication: effective, efficient, convenient",
        "  Inquiries registered           122        0       -        -        -      122",
        "  Average first response      2m 17s  no data       -    <= 5m      met      113",
        "  First response within 5m    93.3 %  no data       -  >= 95 %   MISSED      120",
        "  Waiting share of handling   46.5 %  no data       -        -        -      113",
    ]
    assert table(practice, told[0], WEEK, "zh").splitlines()[:5] == [
        "                                本周     上周    趋势     目标     结果     计入",
        "沟通有效、高效、便利",
        "  工单总数                       122        0       -        -        -      122",
        "  平均响应时间               2分17秒   无数据       -   <= 5分     达标      113",
        "  5分钟内响应率               93.3 %   无数据       -  >= 95 %   未达标      120",
    ]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_line_fits_and_can_be_written_in_gbk(practice, told, language):
    totals, parts, problems = told
    text = "\n".join([
        heading(practice, WEEK, language, client="acme", environment="prod"), table(practice, totals, WEEK, language),
        breakdown(practice, parts, WEEK, language), left_out(problems, language),
    ])  # fmt: skip
    text.encode("gbk")
    assert max(width(line) for line in text.splitlines()) <= 80


def test_heading(practice):
    assert heading(practice, parse_period("2026-11"), "en", client="acme", environment="prod") == (
        "acme / prod    November 2026, Asia/Shanghai, hours cn_5x8 (2025-11-04)"
    )
    assert heading(practice, parse_period("2026-11"), "zh", client="acme", environment="prod") == (
        "acme / prod    2026年11月，Asia/Shanghai，按 5x8 工作时间（cn_5x8，2025-11-04）"
    )


def test_a_long_name_stands_on_its_own_line(practice, told):
    practice.metrics = {
        "inquiries_registered": replace(
            practice.metrics["inquiries_registered"], label={"en": "A name of more than the columns there are"}
        )
    }
    lines = table(practice, [one for one in told[0] if one.metric == "inquiries_registered"], WEEK, "en").splitlines()
    assert lines[2:] == [
        "  A name of more than the columns there are",
        " " * 33 + "122        0       -        -        -      122",
    ]


def test_left_out_counts_inquiries_not_complaints(told):
    assert left_out(told[2], "en") == "Left out   2 inquiries: 1 in an unknown status, 1 ends before it starts"
    twice = [("I", Problem("end-before-start", clock, "", "")) for clock in ("first_response", "handling")]
    assert left_out(twice, "zh") == "未计入     1 单：结束早于开始 1 单"
    assert left_out([], "en") == ""


@pytest.mark.parametrize(
    ("better", "now", "before", "word"),
    [
        ("higher", 0.931, 0.884, "better"), ("higher", 0.8, 0.9, "worse"), ("lower", 0.8, 0.9, "better"), ("lower", 0.9, 0.8, "worse"),
        ("lower", 0.80001, 0.8, "same"),  # what reads the same is the same
        ("higher", None, 0.8, "-"), ("higher", 0.8, None, "-"),
    ],
)  # fmt: skip
def test_trend(practice, told, better, now, before, word):
    from deskweave.measure.text import trend

    base = practice.metrics["first_response_on_time"]
    metric = replace(base, target=replace(base.target, better=better))
    (one,) = [one for one in told[0] if one.metric == base.id and one.period == WEEK]
    assert trend(metric, replace(one, value=now), replace(one, value=before), "en") == word


def test_csv_for_people(practice, told):
    text = csv_for_people(practice, told[1], "zh")
    assert text.startswith("\ufeff指标,统计周期,渠道,")
    lines = list(csv.reader(io.StringIO(text[1:])))
    assert lines[2][:4] == ["工单总数", "2026年11月16日至11月22日", "飞书", "80"]
    assert len({len(line) for line in lines}) == 1


def test_csv_for_machines(practice, told):
    rows = list(csv.DictReader(io.StringIO(csv_raw(practice, told[0]))))
    row = next(row for row in rows if row["metric"] == "average_first_response")
    assert (row["unit"], row["since"], row["until"], row["goal"], row["met"], row["as_of"]) == (
        "duration", "2026-11-16", "2026-11-23", "300", "true", "2026-11-22T01:31:00Z",
    )  # fmt: skip
    assert float(row["value"]) == pytest.approx(15521 / 113)


def test_json_items(practice, told):
    import json

    found = json.loads(json.dumps(items(practice, told[1])))
    assert len({tuple(one) for one in found}) == 1  # the same keys everywhere
    one = next(one for one in found if one["metric"] == "first_response_on_time" and one["by"] == {"channel": "phone"})
    assert (one["numerator"], one["denominator"], one["counted"], one["met"], one["period"]) == (13, 14, 14, False, "2026-W47")


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", '=HYPERLINK("http://x")'])
def test_no_cell_is_a_formula(practice, told, cell):
    assert disarmed(cell) == "'" + cell
    hostile = {"phone": Choice(slug="phone", label={"en": cell})}
    practice.fields = practice.fields | {FieldId("channel"): replace(practice.fields[FieldId("channel")], choices=hostile)}
    for line in csv.reader(io.StringIO(csv_for_people(practice, told[1], "en")[1:])):
        assert not line[2].startswith(("=", "+", "-", "@", "\t", "\r"))


def test_numbers_stay_numbers():
    assert [disarmed(cell) for cell in (-1, -0.5, None, True, "1-2")] == [-1, -0.5, "", "true", "1-2"]


@given(st.text())
def test_text_from_outside_stays_on_its_line(text):
    shown = printable(text)
    shown.encode("gbk")
    assert len(f"a{shown}b".splitlines()) == 1
    assert "\x1b" not in shown


def test_rules_in_words(practice):
    words = {name: Names(practice, "en").rule(metric) for name, metric in practice.metrics.items()}
    assert words["first_response_on_time"][0] == (
        "The number of inquiries where First response met its goal, divided by the number of inquiries where First response is known."
    )
    assert words["average_first_response"] == [
        "The average of First response.", "Only inquiries where Phase is closed.", "Counted in the period of Submitted at.",
    ]  # fmt: skip
    assert "more than 25s" in words["calls_abandoned"][0]
    for language in ("en", "zh"):
        for metric in practice.metrics.values():
            "".join(Names(practice, language).rule(metric)).encode("gbk")
