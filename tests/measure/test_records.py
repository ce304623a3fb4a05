"""Contacts, answers and channels: other rows than inquiries, other fields, and often nobody who collects them (A7, D2, E3, E9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from deskweave.errors import DocumentError
from deskweave.measure import EventLog, FactBuilder, Facts, FactTable, checks, parse_period, run
from deskweave.measure.columns import Columns
from deskweave.measure.export import csv_for_people, items
from deskweave.measure.figures import width, wrapped
from deskweave.measure.naming import Names
from deskweave.measure.record_facts import record_table
from deskweave.measure.report import report
from deskweave.measure.text import breakdown, table
from deskweave.model import Channel, Choice, FieldId, Metric, MetricTarget, Record

NOVEMBER = parse_period("2026-11")
AS_OF = datetime(2026, 11, 22, tzinfo=UTC)


def rule(id, value, *, grain="inquiry", by="submitted_at", **more):
    said = {"unit": "number", "target": None, "where": None, "by": (), "label": {"en": id.capitalize(), "zh": id}} | more
    return Metric(id=id, factor="communication", judges="desk", satisfies=(), period_by=FieldId(by), every="month",
                  value=value, grain=grain, **said)  # fmt: skip


LOST = {"all": [{"answered": {"eq": False}}, {"ring_time": {"gt": "PT25S"}}]}
ABANDONED = rule("abandoned", {"ratio": {"of": {"count": {"where": LOST}}, "over": {"count": {}}}}, grain="contact", by="contact_at",
                 unit="ratio", target=MetricTarget(better="lower", goal=0.05), where={"ring_time": {"present": True}})  # fmt: skip
DEMAND = rule("demand", {"count": {}}, grain="contact", by="contact_at", unit="count")
CONVENIENCE = rule("convenience", {"average": "convenience"}, grain="channel", by="rated_on", target=MetricTarget(better="higher"))


def traits(*held, **more):
    every = ("accessible", "assured", "available", "context_aware", "emotionally_aligned", "familiar", "integrated", "usable")
    return {trait: trait in held for trait in every} | more


CHANNELS = {
    "phone": Channel(slug="phone", label={"en": "Phone"}, traits=traits("accessible", "familiar", "usable"), rated_on=date(2026, 6, 30)),
    "email": Channel(slug="email", label={"en": "E-mail"}, traits=traits("available"), rated_on=date(2026, 11, 22)),
    "feishu": Channel(slug="feishu", label={"en": "Feishu"}, traits=traits(*traits())),  # all eight, and nobody says since when
    "forum": Channel(slug="forum", label={"en": "Forum"}),  # nobody rated it
}  # fmt: skip


@pytest.fixture
def desk(practice):
    practice.channels = CHANNELS
    practice.metrics = {one.id: one for one in (ABANDONED, DEMAND, CONVENIENCE, rule("registered", {"count": {}}, unit="count"))}
    return practice


@pytest.fixture
def inquiries(desk):
    with FactTable.of_rows(Columns(desk), []) as facts:
        yield facts


def calls(desk, *rows):
    at = {"contact_at": datetime(2026, 11, 20, 2), "contact_at_day": date(2026, 11, 20)}
    return FactTable.of_rows(Columns(desk, "contact"), [at | row for row in rows])


# ------------------------------------------------------------------------------------------------------------------- contacts
@pytest.mark.practice("E9", "E15")
def test_five_of_a_hundred_calls(desk, inquiries):
    """Case 55: 8 calls nobody answered, 3 of them rang 25 s or less. All calls are the denominator, so the goal is met exactly."""
    rows = [{"answered": True, "ring_time": 40}] * 92 + [{"answered": False, "ring_time": 26}] * 5
    rows += [{"answered": False, "ring_time": 25}] * 3 + [{"channel": "email"}] * 7  # an e-mail is no call
    with calls(desk, *rows) as contacts:
        found = run(desk, inquiries, [NOVEMBER], AS_OF, others={"contact": contacts}, metrics=["abandoned", "demand"])
    abandoned, demand = found
    assert (abandoned.value, abandoned.met, abandoned.numerator, abandoned.counted) == (0.05, True, 5, 100)
    assert demand.value == 107


def test_what_nobody_collects_has_no_data_and_says_so(desk, inquiries):
    found = {one.metric: one for one in run(desk, inquiries, [NOVEMBER], AS_OF)}
    for name in ("abandoned", "demand"):  # a count too: nobody knows that it is 0
        assert (found[name].value, found[name].counted, found[name].met, found[name].reason) == (None, 0, None, "not-collected")
    assert (found["registered"].value, found["registered"].reason) == (0, "")


def test_a_breakdown_leaves_out_what_does_not_have_the_field(desk, inquiries):
    with calls(desk, {"ring_time": 3, "answered": True, "channel": "phone"}) as contacts:
        others = {"contact": contacts}
        assert {one.metric for one in run(desk, inquiries, [NOVEMBER], AS_OF, by=("channel",), others=others)} == {
            "abandoned", "demand", "convenience"}  # fmt: skip
        assert run(desk, inquiries, [NOVEMBER], AS_OF, by=("agent",), others=others) == []
        with pytest.raises(DocumentError):
            run(desk, inquiries, [NOVEMBER], AS_OF, by=("agent",), metrics=["demand"], others=others)
        with pytest.raises(DocumentError):
            run(desk, inquiries, [NOVEMBER], AS_OF, by=("chanel",), others=others)  # no inquiry has it either


@pytest.mark.parametrize(
    ("metric", "said", "path"),
    [
        # clocks and phases are an inquiry's, and so are its fields
        (replace(DEMAND, value={"average": "first_response"}), "unknown-name", "/metrics/demand/value/average"),
        (replace(DEMAND, where={"phase": {"eq": "closed"}}), "unknown-name", "/metrics/demand/where/phase"),
        (replace(DEMAND, where={"tags": {"eq": "first_line"}}), "unknown-name", "/metrics/demand/where/tags"),
        (replace(DEMAND, period_by=FieldId("submitted_at")), "unknown-name", "/metrics/demand/period/by"),
        (replace(DEMAND, where={"content": {"eq": "x"}}), "field-not-kept", "/metrics/demand/where/content"),
        (replace(DEMAND, grain="response"), "unknown-name", "/metrics/demand/period/by"),  # this practice describes no answers
    ],
)
def test_names_are_those_of_the_record(desk, metric, said, path):
    desk.metrics = {"demand": metric}
    assert [(finding.rule, finding.place.path) for finding in checks(desk)] == [(said, path)]


def test_whether_something_was_said_can_be_asked_what_cannot(desk, log):
    """E2 asks whether a symptom is recorded; facts know that it is and never what it says."""
    at = datetime(2026, 11, 20, 2, tzinfo=UTC)
    log.inquiry("I", at, title="Mrs Chen's VPN", symptom="")
    row, _ = FactBuilder(desk).row("I", log.events)
    assert (row["title_filled"], row["symptom_filled"], row["email_filled"]) == (True, False, False)
    assert "Chen" not in str(row)
    desk.metrics = {"m": rule("m", {"count": {"where": {"symptom": {"eq": "black"}}}})}
    (finding,) = checks(desk)
    assert "ask for `present`" in finding.remedy
    for want, count in ((True, 1), (False, 2)):
        tree = {"count": {"where": {"symptom": {"present": want}}}}
        example = {"given": [{"symptom": "black"}, {"symptom": ""}, {}], "expect": [{"value": count}]}
        desk.metrics = {"m": rule("m", tree, examples=(example,))}
        assert list(checks(desk)) == []


# ------------------------------------------------------------------------------------------------------------------- channels
@pytest.mark.practice("E3", "P1")
@pytest.mark.parametrize(
    ("period", "as_of", "value", "counted"),
    [
        ("2026-05", AS_OF, 8, 1),  # only the one without a date stood then
        ("2026-06", AS_OF, 5.5, 2),  # rated on the last day of the month
        ("2026-11", AS_OF, 4, 3),  # on 22 November it is already the 22nd in Shanghai
        ("2026-11", datetime(2026, 11, 21, 15, 59, tzinfo=UTC), 5.5, 2),  # a minute before midnight there
        ("2030-01", datetime(2030, 1, 31, tzinfo=UTC), 4, 3),  # a rating stands until another one does
    ],
)
def test_convenience_is_read_off_the_practice(desk, inquiries, period, as_of, value, counted):
    (result,) = run(desk, inquiries, [parse_period(period)], as_of, metrics=["convenience"])
    assert (result.value, result.counted) == (value, counted)
    assert result.reason == ""


def test_unrated_channels_stand_beside(desk, inquiries):
    (result,) = run(desk, inquiries, [NOVEMBER], AS_OF, metrics=["convenience"])
    assert (result.counted, result.beside) == (3, 1)
    by = run(desk, inquiries, [NOVEMBER], AS_OF, metrics=["convenience"], by=("channel",))
    assert {one.by["channel"]: one.value for one in by} == {"email": 1, "feishu": 8, "forum": None, "phone": 3}


def test_nothing_rated_is_no_data(desk, inquiries):
    desk.channels = {"forum": CHANNELS["forum"]}
    (result,) = run(desk, inquiries, [NOVEMBER], AS_OF, metrics=["convenience"])
    assert (result.value, result.reason) == (None, "not-rated")


def test_a_practice_without_a_record_of_channels(desk, inquiries):
    desk.records = {}
    desk.metrics = {"registered": desk.metrics["registered"]}
    assert [one.value for one in run(desk, inquiries, [NOVEMBER], AS_OF)] == [0]


# ----------------------------------------------------------------------------------------------------------- how it is told
@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["No data    Contacts are not collected yet: Abandoned, Demand", "  Convenience" + "4".rjust(23)]),
        ("zh", ["无数据     尚未收集联络记录：abandoned、demand", "  convenience" + "4".rjust(23)]),
    ],
)
def test_the_table_says_what_is_lacking(desk, inquiries, language, said):
    results = run(desk, inquiries, [NOVEMBER, NOVEMBER.previous], AS_OF, by=())
    lines = table(desk, results, NOVEMBER, language).splitlines()
    for words in said:
        assert any(line.startswith(words) for line in lines), lines
    assert max(map(width, lines)) <= 80


def test_the_other_tables_say_it_too(desk, inquiries):
    results = run(desk, inquiries, [NOVEMBER], AS_OF, by=())
    (row,) = [line for line in csv_for_people(desk, results, "zh").splitlines() if line.startswith("abandoned,")]
    assert "无数据" in row
    assert row.endswith("尚未收集联络记录")
    told = {one["metric"]: one for one in items(desk, results)}
    assert (told["abandoned"]["reason"], told["registered"]["reason"]) == ("not-collected", None)
    for language, words in (("en", "Contacts are not collected yet"), ("zh", "尚未收集联络记录")):
        page = report(desk, inquiries, NOVEMBER, AS_OF, language, client="ACME", environment="prod")
        assert page.count(words) == 1  # said once, of the rate and of the demand
    assert breakdown(desk, results, NOVEMBER, "en") == ""


def test_rules_of_other_records_in_words(desk):
    said = Names(desk, "en").rule(ABANDONED)
    assert said[0] == "The number of contacts where Answered: no and Ring time is more than 25s, divided by the number of contacts."
    assert said[1] == "Only contacts where Ring time is known."
    assert Names(desk, "zh").rule(CONVENIENCE)[1] == "按统计周期结束时的情况计入（评价日期）。"


def test_a_formula_stands_first(desk):
    metric = replace(DEMAND, formula={"en": "all that reach us", "zh": "全部联络"})
    assert Names(desk, "en").rule(metric)[0] == "All that reach us."
    assert Names(desk, "zh").rule(metric)[0] == "全部联络。"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one two three", ["one two", "three"]),  # at blanks
        ("服务渠道便利性", ["服务渠道", "便利性"]),  # between characters
        ("服务渠道，便利", ["服务渠", "道，便利"]),  # a comma begins no line
        ("abcdefghijkl", ["abcdefgh", "ijkl"]),  # longer than a line
        ("", [""]),
    ],
)
def test_lines_are_broken_by_width(text, lines):
    assert wrapped(text, 8) == lines


def test_facts_are_made_anew_when_they_lack_a_column(desk, log, tmp_path):
    """Facts written before there were such columns answer nothing until they are made again, and the next refresh does that."""
    at = datetime(2026, 11, 20, 2, tzinfo=UTC)
    log.inquiry("I", at, title="x")
    facts = Facts(desk, tmp_path)
    facts.refresh(EventLog(log.events))
    desk.fields = {name: field for name, field in desk.fields.items() if name != "symptom"}
    again = Facts(desk, tmp_path)
    assert again.refresh(EventLog(log.events)).rebuilt


def test_a_record_speaks_todays_words(desk, inquiries):
    """What was written before a field or a choice was renamed counts for the new one."""
    at = datetime(2026, 11, 2, 9, tzinfo=UTC)
    old = {FieldId("contact_at"): at, FieldId("picked_up"): True, FieldId("channel"): "telephone"}
    fields = desk.records["contact"]
    channel = fields[FieldId("channel")]
    named = {**channel.choices, "phone": Choice(slug="phone", label={"en": "Phone"}, was=("telephone",))}
    desk.records = {
        **desk.records,
        "contact": {
            **fields,
            FieldId("answered"): replace(fields[FieldId("answered")], was=("picked_up",)),
            FieldId("channel"): replace(channel, choices=named),
        },
    }
    record = Record(grain="contact", source="log:calls", key="1", at=at, values=old)
    with record_table(desk, "contact", [record], inquiries, lambda names: {}) as table:
        (row,) = table.query("SELECT _key, answered, channel FROM facts")
    assert row == {"_key": "calls/1", "answered": True, "channel": "phone"}
