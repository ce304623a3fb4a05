"""The key figures of the built-in practice against requirements E1 to E15. Every example is also worked out by hand here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from deskweave.documents import read
from deskweave.errors import DocumentError
from deskweave.findings import Severity
from deskweave.measure import checks
from deskweave.model import TRAITS, Metric
from deskweave.practice import Practice, builtin, compose
from deskweave.practice.build import duration


@pytest.fixture(scope="module")
def practice() -> Practice:
    return builtin()


# E1: number, metric, Chinese label, factor, judged role, unit, better, goal. A goal stands only where a source gives one (E9, E10).
E = """
C2|first_response_on_time|首次响应达标率|communication|agent|ratio|higher|
E2|information_quality|问询记录单信息有效性|communication|agent|ratio|higher|
E3|channel_convenience|服务渠道便利性(0-8)|communication|desk|number|higher|
E4|satisfied_share|用户满意度|communication|desk|ratio|higher|
E5|waiting_share|平均等待时长|communication|agent|ratio|lower|
E6|average_response_time|平均响应时间|communication|agent|duration|lower|
E6|never_accepted|未受理即完成的工单数|communication|agent|count|lower|
E7|inquiries_registered|工单总数|communication|desk|count||
E8|misclassified_count|问询分类不正确数量|value_streams|agent|count|lower|
E8|misclassified_share|问询分类不正确比率|value_streams|agent|ratio|lower|
E9|abandonment_rate|放弃率|communication|desk|ratio|lower|0.05
E10|resolution_rate|解决率|communication|desk|ratio|higher|0.75
E11|mean_time_to_resolve|平均解决时间|communication|desk|duration|lower|
E12|desk_index|服务台综合指数|communication|manager|ratio|higher|
E13|stakeholder_information_quality|干系人对信息质量的满意度|communication|desk|ratio|higher|
E13|stakeholder_channel_convenience|干系人对渠道便利性的满意度|communication|desk|ratio|higher|
E13|stakeholder_information_conveyed|干系人对传达信息的满意度|value_streams|desk|ratio|higher|
E14|information_received|价值流要求的信息质量|value_streams|agent|ratio|higher|
E15|total_demand|用户支持总体需求|communication|desk|count||
E15|unresolved_share|未解决呼叫的比率|communication|desk|ratio|lower|
A14|recording_rate|联络记录率|communication|agent|ratio|higher|
""".strip().splitlines()


@pytest.mark.practice("E1", "E2", "E3", "E4", "E5", "E6", "E7", "E8", "E9", "E10", "E11", "E12", "E13", "E14", "E15", "C2", "A14")
@pytest.mark.parametrize("row", E, ids=lambda row: row.split("|")[1])
def test_every_key_figure_stands_as_the_sources_ask(practice: Practice, row: str) -> None:
    number, slug, label, factor, judges, unit, better, goal = row.split("|")
    metric = practice.metrics[slug]
    assert number in metric.satisfies
    assert metric.label["zh"] == label
    assert (metric.factor, metric.judges, metric.unit) == (factor, judges, unit)
    assert (metric.target.better if metric.target else "") == better
    assert (metric.target.goal if metric.target else None) == (float(goal) if goal else None)
    assert metric.target is None or metric.target.warn is None
    assert metric.every == "month"
    assert metric.factor in practice.factors
    assert judges == "desk" or judges in practice.roles
    for words in (metric.label, metric.description, metric.formula):
        assert set(words) == {"en", "zh"}
    assert metric.examples
    assert all(example.get("name") for example in metric.examples)


@pytest.mark.practice("E1")
def test_no_figure_is_missing_from_the_table_and_the_seven_of_the_sources_say_so(practice: Practice) -> None:
    assert {row.split("|")[1] for row in E} == set(practice.metrics)
    judged = {number for metric in practice.metrics.values() if "E1" in metric.satisfies for number in metric.satisfies}
    assert judged >= {"E2", "E3", "E4", "E5", "E6", "E7", "E8"}
    assert not judged & {"E9", "E10", "E11", "E12", "E13", "E14", "E15"}  # for these the role is ours


@pytest.mark.practice("E2")
def test_information_quality_has_a_criterion_for_each_trait(practice: Practice) -> None:
    traits = [criterion.trait for criterion in practice.metrics["information_quality"].criteria.values()]
    named = ["availability", "reliability", "accessibility", "timeliness", "accuracy", "relevance"]
    assert traits == [*named, "objective", "complete"]


@pytest.mark.practice("E14")
def test_every_value_stream_states_what_it_requires(practice: Practice) -> None:
    asked = str([criterion.where for criterion in practice.metrics["information_received"].criteria.values()])
    for stream in practice.fields["stream"].choices:
        assert f"'{stream}'" in asked


@pytest.mark.practice("E13")
def test_stakeholders_are_asked_what_the_figures_count(practice: Practice) -> None:
    asked = {question for survey in practice.surveys.values() for question in survey.asks}
    counted = {
        metric.where["question"]["eq"] for metric in practice.metrics.values() if metric.grain == "response" and metric.where
    }
    assert counted == {"information_quality", "channel_convenience", "information_conveyed"}
    assert counted <= asked


@pytest.mark.practice("P1", "E3")
def test_the_record_of_a_channel_has_the_eight_traits(practice: Practice) -> None:
    assert set(TRAITS) <= set(practice.records["channel"])
    assert {practice.records["channel"][trait].type for trait in TRAITS} == {"boolean"}


@pytest.mark.practice("A7")
def test_a_contact_leaves_time_duration_and_content(practice: Practice) -> None:
    contact = practice.records["contact"]
    assert {"contact_number", "contact_at", "talk_time", "content", "ring_time", "answered", "resolved"} <= set(contact)
    assert contact["content"].personal == "content"
    assert "wrong_number" in contact["outcome"].choices


def test_every_example_comes_out_of_the_compiler(practice: Practice) -> None:
    assert list(checks(practice)) == []


# --------------------------------------------------------------------------------------------- worked out by hand, without SQL
Row = Mapping[str, Any]


def seconds(value: Any) -> Any:
    """A span of time as seconds, a moment as a moment, everything else as it is."""
    if isinstance(value, str) and value.startswith("PT"):
        return duration(value).total_seconds()
    if isinstance(value, str) and "T" in value and value[:4].isdigit():
        return datetime.fromisoformat(value.replace("Z", "+00:00"))
    return value


def fulfils(row: Row, tree: Row | None) -> bool:
    if tree is None:
        return True
    ((name, body),) = tree.items()
    if name == "all":
        return all(fulfils(row, part) for part in body)
    if name == "any":
        return any(fulfils(row, part) for part in body)
    if name == "not":
        return not fulfils(row, body)
    ((operator, want),) = body.items()
    cell = row.get(name)
    if operator == "met":
        return isinstance(cell, Mapping) and "goal" in cell and (seconds(cell["took"]) <= seconds(cell["goal"])) is want
    have = seconds(cell["took"]) if isinstance(cell, Mapping) else seconds(cell)
    match operator:
        case "present":
            return (have not in (None, "")) is want
        case "eq":
            return bool(have == want)
        case "ne":
            return bool(have != want)
        case "in":
            return have in want
        case "not_in":
            return have not in want
        case "gt":
            return have is not None and have > seconds(want)
    raise AssertionError(operator)


def month(moment: Any) -> date:
    moment = seconds(moment)
    day = moment.astimezone(ZoneInfo("Asia/Shanghai")).date() if isinstance(moment, datetime) else date.fromisoformat(moment)
    return date(day.year, day.month, 1)


def inside(metric: Metric, row: Row, period: str | None) -> bool:
    if period is None:
        return True
    when = row.get(metric.period_by)
    if metric.grain == "channel":
        return when is None or month(when) <= date.fromisoformat(period)
    return when is not None and month(when) == date.fromisoformat(period)


def amounts(rows: Sequence[Row], name: str) -> list[float]:
    found = [row.get(name) for row in rows]
    return [seconds(cell["took"]) if isinstance(cell, Mapping) else seconds(cell) for cell in found if cell is not None]


def added(tree: Row, rows: Sequence[Row]) -> float:
    ((word, body),) = tree.items()
    return len([row for row in rows if fulfils(row, body.get("where"))]) if word == "count" else sum(amounts(rows, body))


def worked_out(practice: Practice, metric: Metric, given: Mapping[str, Sequence[Row]], period: str | None) -> float | None:
    ((word, body),) = metric.value.items()
    if word == "composite":
        reached: list[tuple[float, float]] = []
        for name, weight in body.items():
            part = practice.metrics[name]
            value = worked_out(practice, part, given, period)
            if value is None or part.target is None:
                continue
            goal, higher = part.target.goal, part.target.better == "higher"
            if goal is None:
                reached.append((weight, value if higher else 1 - value))
            else:
                reached.append((weight, min(1, value / goal) if higher else 1 if value == 0 else min(1, goal / value)))
        return sum(w * a for w, a in reached) / sum(w for w, _ in reached) if reached else None
    if metric.grain not in given:
        return None
    rows = [row for row in given[metric.grain] if inside(metric, row, period) and fulfils(row, metric.where)]
    if word == "fulfilled":
        held = [[fulfils(row, criterion.where) for criterion in metric.criteria.values()] for row in rows]
        if not rows:
            return None
        return sum(map(all, held)) / len(rows) if body == "every" else sum(map(sum, held)) / len(rows) / len(metric.criteria)
    if word == "ratio":
        over = added(body["over"], rows)
        return added(body["of"], rows) / over if over else None
    if word == "average":
        found = amounts(rows, body)
        return sum(found) / len(found) if found else None
    return added(metric.value, rows)


@pytest.mark.practice("E2", "E3", "E4", "E5", "E6", "E7", "E8", "E9", "E10", "E11", "E13", "E14", "E15")
@pytest.mark.parametrize("slug", [row.split("|")[1] for row in E])
def test_examples_come_out_by_hand(practice: Practice, slug: str) -> None:
    metric = practice.metrics[slug]
    for example in metric.examples:
        given = example["given"]
        records = given if isinstance(given, Mapping) else {metric.grain: given}
        for expected in example["expect"]:
            value, want = worked_out(practice, metric, records, expected.get("period")), seconds(expected["value"])
            if want is None:
                assert value is None, example["name"]
            else:
                assert value is not None, example["name"]
                assert math.isclose(value, want), example["name"]


# --------------------------------------------------------------------------------------------------- what a file may get wrong
HEAD = "apiVersion: deskweave/v1\n"
TOP = (
    HEAD
    + "kind: Practice\nid: acme\nversion: '1'\nlabel: {en: A, zh: 甲}\nlanguages: [en]\nzone: Asia/Shanghai\nextends: [deskweave:service-desk@1]\n"
)
METRIC = "kind: Metric\nid: m\nlabel: {en: M}\nperiod: {by: submitted_at, every: month}\n"
CALL = "kind: Metric\nid: m\nlabel: {en: M}\ngrain: contact\nperiod: {by: contact_at, every: month}\n"
SECOND = "---\nkind: Metric\nid: n\nlabel: {en: N}\nperiod: {by: submitted_at, every: month}\ntarget: {better: higher}\n"


@pytest.mark.practice("E12")
@pytest.mark.parametrize(
    ("text", "rule", "at", "nearest"),
    [
        # a composite of what is not there, of itself, of another period, of what has no direction, of what has no goal
        (METRIC + "value: {composite: {satisfied_shar: 1}}\n", "unknown-metric", "/value/composite/satisfied_shar", "satisfied_share"),
        (METRIC + "value: {composite: {m: 1}}\n", "composite-circle", "/value/composite/m", None),
        (
            METRIC + "target: {better: higher}\nvalue: {composite: {n: 1, satisfied_share: 1}}\n" + SECOND + "value: {composite: {m: 1}}\n",
            "composite-circle",
            "/value/composite/n",
            None,
        ),
        (METRIC.replace("month", "week") + "value: {composite: {satisfied_share: 1}}\n", "composite-period", "/value/composite/satisfied_share", None),
        (METRIC + "value: {composite: {inquiries_registered: 1}}\n", "composite-part", "/value/composite/inquiries_registered", None),
        (METRIC + "value: {composite: {mean_time_to_resolve: 1}}\n", "composite-part", "/value/composite/mean_time_to_resolve", None),
        (METRIC + "value: {composite: {n: 1}}\n" + SECOND.replace("higher}", "higher, goal: 0}") + "value: {count: {}}\n", "composite-part", "/value/composite/n", None),
        (METRIC + "where: {channel: {eq: phone}}\nvalue: {composite: {satisfied_share: 1}}\n", "composite-rows", "/where", None),
        (METRIC + "by: [department]\nvalue: {composite: {satisfied_share: 1, abandonment_rate: 1}}\n", "composite-by", "/by/0", None),
        # a formula over what is not there, over itself, of another period, whose unit nobody can tell, with a condition of its own
        (METRIC + "unit: number\nvalue: {derived: {add: [1, satisfied_shar]}}\n", "unknown-metric", "/value/derived/add/1", "satisfied_share"),
        (METRIC + "unit: number\nvalue: {derived: {previous: m}}\n", "composite-circle", "/value/derived/previous", None),
        (METRIC + "value: {derived: n}\n" + SECOND + "unit: count\nvalue: {composite: {m: 1}}\n", "composite-circle", "/value/derived", None),
        (METRIC.replace("month", "week") + "value: {derived: satisfied_share}\n", "composite-period", "/value/derived", None),
        (METRIC + "value: {derived: {divide: [mean_time_to_resolve, inquiries_registered]}}\n", "derived-unit", "/value/derived", None),
        (METRIC + "where: {channel: {eq: phone}}\nvalue: {derived: satisfied_share}\n", "composite-rows", "/where", None),
        (METRIC + "by: [department]\nvalue: {derived: {subtract: [satisfied_share, abandonment_rate]}}\n", "composite-by", "/by/0", None),
        (METRIC + "unit: number\nvalue: {derived: {modulo: [satisfied_share, 2]}}\n", "unknown-key", "/value/derived/modulo", None),
        (METRIC + "unit: number\nvalue: {derived: satisfied_share * 2}\n", "wrong-form", "/value/derived", None),
        (METRIC + "value: {backlog: {where: {chanel: {eq: phone}}}}\n", "unknown-field-or-clock", "/value/backlog/where/chanel", "channel"),
        (
            METRIC + "value: {backlog: {}}\nexamples: [{given: [{status: [{at: '2026-03-10T10:00:00+08:00', status: clsed}]}], expect: [{value: 0}]}]\n",
            "unknown-status",
            "/examples/0/given/0/status/0/status",
            "closed",
        ),
        # criteria that are not there, that nobody counts, that ask for what is not there
        (METRIC + "value: {fulfilled: every}\n", "criteria-missing", "/value/fulfilled", None),
        (METRIC + "criteria: {c: {label: {en: C}, where: {user: {present: true}}}}\nvalue: {count: {}}\n", "criteria-unused", "/criteria", None),
        (METRIC + "criteria: {c: {label: {en: C}, where: {usr: {present: true}}}}\nvalue: {fulfilled: each}\n", "unknown-field-or-clock", "/criteria/c/where/usr", "user"),
        # names of one record are not those of another, and clocks are an inquiry's
        (CALL + "where: {priority: {eq: p1}}\nvalue: {count: {}}\n", "unknown-field-or-clock", "/where/priority", None),
        (CALL + "value: {average: first_response}\n", "unknown-clock-or-number", "/value/average", None),
        (CALL.replace("contact_at", "submitted_at") + "value: {count: {}}\n", "unknown-field-that-holds-a-moment", "/period/by", None),
        (CALL + "where: {channel: {eq: fone}}\nvalue: {count: {}}\n", "unknown-choice", "/where/channel/eq", "phone"),
        (CALL + "value: {count: {}}\nexamples: [{given: [{status: closed}], expect: [{value: 1}]}]\n", "unknown-field-or-clock", "/examples/0/given/0/status", None),
        (METRIC + "value: {count: {}}\nexamples: [{given: {contact: []}, expect: [{value: 1}]}]\n", "example-records", "/examples/0/given", None),
        (
            METRIC + "value: {composite: {abandonment_rate: 1}}\nexamples: [{given: {contact: [{ring_tim: PT1S}]}, expect: [{value: 1}]}]\n",
            "unknown-field-or-clock",
            "/examples/0/given/contact/0/ring_tim",
            "ring_time",
        ),
    ],
)  # fmt: skip
def test_mistakes_are_told(text: str, rule: str, at: str, nearest: str | None) -> None:
    with pytest.raises(DocumentError) as caught:
        compose([*read(TOP, "practice.yaml"), *read(HEAD + text, "f.yaml")])
    found = [(finding.rule, finding.place.path) for finding in caught.value.findings]
    assert (rule, at) in found
    (finding,) = [one for one in caught.value.findings if (one.rule, one.place.path) == (rule, at)]
    assert finding.severity is Severity.ERROR
    if nearest is not None:
        assert finding.nearest == nearest
    assert finding.place.line


def test_a_desk_states_a_criterion_and_an_index_of_its_own() -> None:
    """The client's own file: another test of timeliness, one trait less, and an index of two parts."""
    text = (
        "kind: Metric\nid: information_quality\nremove: [criteria/objective, criteria/timeliness/where]\n"
        "criteria: {timeliness: {where: {accepted_at: {present: true}}}}\n"
        "examples: [{given: [{status: closed}, {status: closed, accepted_at: '2026-11-20T01:00:00Z'}], expect: [{value: 0.21428571428571427}]}]\n"
        "---\nkind: Metric\nid: desk_index\nremove: [value]\nvalue: {composite: {satisfied_share: 3, waiting_share: 1}}\n"
        "examples: [{given: [{user_satisfaction: satisfied, waiting: {took: PT1H}, resolution: {took: PT1H}}], expect: [{value: 0.75, counted: 2}]}]\n"
    )
    practice = compose([*read(TOP, "practice.yaml"), *read(HEAD + text, "f.yaml")])
    assert len(practice.metrics["information_quality"].criteria) == 7
    assert list(checks(practice)) == []


@pytest.mark.practice("E12")
def test_a_desk_states_a_backlog_and_what_it_makes_of_it() -> None:
    """The client's own files: units are inferred where the parts tell, and examples run, in periods that follow one another."""
    text = (
        "kind: Metric\nid: open_inquiries\nlabel: {en: Open inquiries}\nperiod: {by: submitted_at, every: month}\nvalue: {backlog: {}}\n"
        "examples: [{given: [{submitted_at: '2026-01-15T10:00:00+08:00', status: [{at: '2026-03-10T10:00:00+08:00', status: closed}, "
        "{at: '2026-05-20T10:00:00+08:00', status: in_progress}]}], expect: [{period: '2026-02-01', value: 1}, {period: '2026-03-01', value: 0}, "
        "{period: '2026-05-01', value: 1}]}]\n"
        "---\nkind: Metric\nid: growth\nlabel: {en: Growth}\nperiod: {by: submitted_at, every: month}\n"
        "value: {derived: {divide: [{subtract: [open_inquiries, {previous: open_inquiries}]}, {previous: open_inquiries}]}}\n"
        "target: {better: lower, goal: -0.1}\n"
        "examples: [{given: [{submitted_at: '2026-01-15T10:00:00+08:00'}, {submitted_at: '2026-02-15T10:00:00+08:00'}], "
        "expect: [{period: '2026-02-01', value: 1}, {period: '2026-01-01', value: null}]}]\n"
        "---\nkind: Metric\nid: half\nlabel: {en: Half}\nperiod: {by: submitted_at, every: month}\nvalue: {derived: {divide: [mean_time_to_resolve, 2]}}\n"
        "---\nkind: Metric\nid: lift\nlabel: {en: Lift}\nperiod: {by: submitted_at, every: month}\nvalue: {derived: {add: [growth, growth]}}\n"
    )
    practice = compose([*read(TOP, "practice.yaml"), *read(HEAD + text, "f.yaml")])
    units = {name: practice.metrics[name].unit for name in ("open_inquiries", "growth", "half", "lift")}
    assert units == {"open_inquiries": "count", "growth": "ratio", "half": "duration", "lift": "ratio"}
    assert list(checks(practice)) == []


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"])
def test_examples_hold_wherever_a_desk_stands(zone: str) -> None:
    """A client's own zone must not turn an example of the built-in practice into a mistake."""
    practice = compose(read(TOP.replace("Asia/Shanghai", zone), "practice.yaml"))
    assert list(checks(practice)) == []


def test_a_mean_of_codes_is_a_figure() -> None:
    """D1: the steps of the feedback scale have numbers, and so have priorities; a channel has none."""
    text = METRIC + "unit: number\nvalue: {average: user_satisfaction}\n"
    text += "examples: [{given: [{user_satisfaction: satisfied}, {user_satisfaction: dissatisfied}, {}], expect: [{value: 2, counted: 2}]}]\n"
    practice = compose([*read(TOP, "practice.yaml"), *read(HEAD + text, "f.yaml")])
    assert list(checks(practice)) == []
    with pytest.raises(DocumentError) as caught:
        compose([*read(TOP, "practice.yaml"), *read(HEAD + METRIC + "value: {average: channel}\n", "f.yaml")])
    assert "unknown-clock-or-number" in {finding.rule for finding in caught.value.findings}
