"""Logs of contacts and answers: what is guessed from an export, how a mapping is refused, and what becomes of each row."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskweave.documents import check, read
from deskweave.errors import DocumentError
from deskweave.measure.logs.records import (
    grain_of,
    guess_records,
    read_record_mapping,
    read_records,
    record_gaps,
    write_record_mapping,
)
from deskweave.measure.logs.records.durations import seconds

NOW = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)

CHINESE = """
通话ID|呼入时间|来电号码|坐席|振铃时长|通话时长|呼叫结果|是否打错电话|工单号|备注
C1|2026-11-02 09:00:01|13800000001|李雷|00:00:05|00:03:10|已接听|否|1001|打印机
C2|2026-11-02 09:05:01|13800000002||00:00:26||放弃|否||
C3|2026-11-02 09:06:01|13800000003|韩梅|4|12|已接听|是||打错
"""
PBX = """
Date|Time|From|Ring (ms)|Talk time|Abandoned|Missed|Ticket
02/11/2026|09:00:01|+44 1|5000|1:10|no|no|INC1
13/11/2026|09:05:01|+44 2|25001||yes|no|
13/11/2026|09:05:02|+44 3|3000||no|yes|
"""
ASTERISK = """
uniqueid|calldate|src|ring secs|billsec|disposition
1.1|2026-11-02 09:00:01|100|5|65|ANSWERED
1.2|2026-11-02 09:00:05|100|30|0|NO ANSWER
1.3|2026-11-02 09:00:09|100|2|0|BUSY
"""
FORM = """
提交时间|填写人|您对问询记录的信息质量是否满意？|您对服务台沟通渠道的便利性是否满意？|意见
2026-11-02 09:00:01|张三|满意|不太满意|好
2026-11-02 09:00:02|李四|5||
"""
ASSESSMENT = """
Assessment instance|Taken on|Survey|Question|Rating|Respondent
AINST1|2026-11-02 09:00:01|Survey of key stakeholders|information_quality|Satisfied|Li
AINST1|2026-11-02 09:00:01|Survey of key stakeholders|information_conveyed|Neutral|Li
"""
TICKETS = """
number|state|opened_at|duration|result|rating
INC1|New|2026-11-02 09:00:01|26|done|Satisfied
"""


def guessed(table, practice, *, language="en", grain=None):
    return guess_records(table, practice, grain or grain_of(table, practice), id="calls", zone="Asia/Shanghai")


def told(table, practice, text):
    log = table(text)
    mapping = guessed(log, practice).mapping
    return read_records(log, mapping, practice, NOW)


def values(read_):
    return {one.key: {str(name): value for name, value in one.values.items()} for one in read_.records}


# ----------------------------------------------------------------------------------------------------------------------- guess
@pytest.mark.parametrize(
    ("text", "grain"),
    [
        (CHINESE, "contact"),
        (PBX, "contact"),
        (ASTERISK, "contact"),
        (FORM, "response"),
        (ASSESSMENT, "response"),
        (TICKETS, "inquiry"),
    ],
    ids=["chinese", "pbx", "asterisk", "form", "assessment", "tickets"],
)
def test_what_the_rows_are_is_told_by_their_columns(table, practice, text, grain):
    assert grain_of(table(text), practice) == grain


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    "text", [CHINESE, PBX, ASTERISK, FORM, ASSESSMENT], ids=["chinese", "pbx", "asterisk", "form", "assessment"]
)
def test_a_written_mapping_reads_back_as_it_was_guessed(table, practice, text, language):
    log = table(text)
    guess = guessed(log, practice)
    written = write_record_mapping(guess, log, practice, language)
    (document,) = read(written, "logs/calls.yaml")
    assert list(check(document)) == []
    assert read_record_mapping(document, practice, log.columns) == guess.mapping


def test_a_chinese_call_log(table, practice):
    found = values(told(table, practice, CHINESE))
    assert [found["C1"][name] for name in ("ring_time", "talk_time", "answered", "inquiry", "channel")] == [
        5,
        190,
        True,
        "1001",
        "phone",
    ]
    assert (found["C2"]["answered"], found["C2"].get("talk_time")) == (False, None)
    assert (found["C3"]["outcome"], found["C3"]["resolved"]) == ("wrong_number", True)  # nothing more is wanted (A7)


def test_day_and_time_in_two_columns_milliseconds_and_two_ways_to_lose_a_call(table, practice):
    log = table(PBX)
    mapping = guessed(log, practice).mapping
    assert (mapping.at, mapping.case, mapping.order) == (("Date", "Time"), None, "day_first")
    found = list(values(read_records(log, mapping, practice, NOW)).values())
    assert [(one["answered"], one["ring_time"], one.get("outcome")) for one in found] == [
        (True, 5, None),
        (False, 26, "gave_up"),  # 25.001 s is over 25 s
        (False, 3, None),
    ]


def test_an_asterisk_log_has_words_of_its_own(table, practice):
    found = values(told(table, practice, ASTERISK))
    assert [one["answered"] for one in found.values()] == [True, False, False]


def test_a_form_has_an_answer_for_each_question_that_was_answered(table, practice):
    said = told(table, practice, FORM)
    answers = [(one.values["question"], one.values.get("rating"), one.values["survey"]) for one in said.records]
    assert answers == [
        ("information_quality", "satisfied", "stakeholders"),
        ("channel_convenience", None, "stakeholders"),
        ("information_quality", None, "stakeholders"),
    ]
    # a number is never a step of the scale (D3), and a word without one of ours waits for a person
    (trouble,) = said.troubles
    assert (trouble.rule, trouble.count) == ("log-value-unknown", 2)
    assert "不太满意" in trouble.found


def test_an_assessment_has_a_row_for_each_question(table, practice):
    assert list(values(told(table, practice, ASSESSMENT))) == ["AINST1/information_quality", "AINST1/information_conveyed"]


def test_a_number_is_no_step_of_the_feedback_scale_in_tickets_either(table, practice):
    from deskweave.measure.logs import guess

    log = table("number|state|opened at|satisfaction|priority\n1|New|2026-11-02 10:00|1|1\n2|New|2026-11-02 10:00|Good|2")
    found = guess(log, practice, id="t", zone="UTC").mapping.fields
    assert found["user_satisfaction"].values == {"1": None, "Good": "satisfied"}
    assert found["priority"].values == {"1": "p1", "2": "p2"}


def test_what_a_log_cannot_give_is_named(table, practice):
    log = table("call id|call start|ring time\n1|2026-11-02 10:00|26")
    lacking = {
        gap.metric: gap
        for gap in record_gaps(
            practice, "contact", told(table, practice, "call id|call start|ring time\n1|2026-11-02 10:00|26").records
        )
    }
    assert (lacking["abandonment_rate"].whole, lacking["abandonment_rate"].names) == (True, ("answered",))
    assert set(lacking["unresolved_share"].names) == {"resolved", "inquiry_status"}
    assert "total_demand" not in lacking
    assert grain_of(log, practice) == "contact"


# ------------------------------------------------------------------------------------------------------------------------ rows
HEAD = "call id|call start|ring time|disposition|notes\n"


@pytest.mark.parametrize(
    ("rows", "troubles", "kept"),
    [
        # no moment, and one that is none: left out and counted
        ("1|2026-11-02 10:00|5|ANSWERED|\n2||5|ANSWERED|\n3|soon|5|ANSWERED|\n4|2026-11-02 10:00|5|ANSWERED|\n5|2026-11-02 10:00|5|ANSWERED|\n"
         "6|2026-11-02 10:00|5|ANSWERED|", {"log-no-time": 1, "log-time-unreadable": 1}, 4),
        # the same line twice counts once
        ("1|2026-11-02 10:00|5|ANSWERED|\n1|2026-11-02 10:00|5|ANSWERED|", {"log-row-twice": 1}, 1),
        # an id that comes again corrects
        ("1|2026-11-02 10:00|5|ANSWERED|\n1|2026-11-02 10:00|5|ANSWERED|late", {"log-record-twice": 1}, 1),
        # a row without an id among others that have one
        ("1|2026-11-02 10:00|5|ANSWERED|\n|2026-11-02 10:00|5|ANSWERED|", {"log-no-id": 1}, 2),
        # a duration that is none, or none that a call can have
        ("1|2026-11-02 10:00|long|ANSWERED|\n2|2026-11-02 10:01|5|ANSWERED|\n3|2026-11-02 10:02|5|ANSWERED|\n4|2026-11-02 10:03|5|ANSWERED|\n"
         "5|2026-11-02 10:03|99999|ANSWERED|", {"log-duration-unreadable": 1, "log-duration-long": 1}, 5),
        # next year has not come
        ("1|2027-11-02 10:00|5|ANSWERED|", {"log-time-ahead": 1}, 1),
        # a word nobody knows
        ("1|2026-11-02 10:00|5|ANSWERED|\n2|2026-11-02 10:00|5|FORWARDED|", {"log-value-unknown": 1}, 2),
    ],
    ids=["time", "twice", "corrected", "no-id", "duration", "ahead", "word"],
)  # fmt: skip
def test_no_row_goes_without_being_counted(table, practice, rows, troubles, kept):
    said = told(table, practice, HEAD + rows)
    assert {one.rule: one.count for one in said.troubles} == troubles
    assert len(said.records) == kept


def test_an_unanswered_call_with_a_duration_is_doubted(table, practice):
    said = told(table, practice, "call id|call start|ring time|talk time|disposition\n1|2026-11-02 10:00|5|65|NO ANSWER")
    assert [one.rule for one in said.troubles] == ["log-talk-unanswered"]


def test_an_id_is_made_of_what_the_machine_says_so_that_a_corrected_row_stays_the_same(table, practice):
    head = "call start|caller number|ring time|disposition|notes|ticket\n"
    first = told(table, practice, head + "2026-11-02 10:00|138|5|ANSWERED||\n2026-11-02 10:01|138|5|ANSWERED||")
    corrected = told(table, practice, head + "2026-11-02 10:00|138|5|ANSWERED|printer|INC1\n2026-11-02 10:01|138|5|ANSWERED||")
    assert first.made == 2
    assert [one.key for one in first.records] == [one.key for one in corrected.records]
    assert len({one.key for one in first.records}) == 2
    assert all(one.values["contact_number"] == one.key for one in first.records)  # A14


# -------------------------------------------------------------------------------------------------------------------- durations
@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("25", "seconds", 25), ("25.0", "seconds", 25), ("25.001", "seconds", 26), ("25000", "milliseconds", 25),
        ("25001", "milliseconds", 26), ("1.5", "minutes", 90), ("1,234", "seconds", 1234),
        ("1:25", "seconds", 85), ("01:01:25", "seconds", 3685), ("0:00:26", "milliseconds", 26), ("00:00:25.4", "seconds", 26),
        ("1 min 25 s", "seconds", 85), ("1h 2m", "seconds", 3720), ("1分25秒", "seconds", 85), ("2小时3分钟", "seconds", 7380),
        ("85 sec", "seconds", 85), ("PT1M25S", "seconds", 85), ("0", "seconds", 0),
        ("", "seconds", None), ("-5", "seconds", None), ("1:75", "seconds", None), ("soon", "seconds", None), ("1e9", "seconds", None),
        ("2026-11-02", "seconds", None), ("9" * 30, "seconds", None),
    ],
)  # fmt: skip
def test_durations_as_telephone_systems_write_them(text, unit, expected):
    assert seconds(text, unit) == expected


@given(st.integers(0, 86_399))
def test_every_way_to_write_a_duration_says_the_same(n):
    hours, minutes, rest = n // 3600, n % 3600 // 60, n % 60
    texts = [
        str(n),
        f"{hours}:{minutes:02}:{rest:02}",
        f"{n // 60}:{rest:02}",
        f"{hours}h {minutes}m {rest}s",
        f"{hours}小时{minutes}分{rest}秒",
    ]
    assert {seconds(text) for text in texts} == {n}
    assert seconds(str(n * 1000), "milliseconds") == n


@given(st.text(max_size=20))
def test_whatever_stands_in_a_cell_it_is_a_duration_or_none(text):
    found = seconds(text)
    assert found is None or found >= 0


# ---------------------------------------------------------------------------------------------------------------------- mapping
MAPPING = """apiVersion: deskweave/v1
kind: Log
id: calls
grain: contact
case: id
times: {at: at, order: year_first, zone: UTC}
"""


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ("fields: {ringtime: {column: ring}}", "unknown-field"),  # no field of a contact
        ("fields: {inquiry_status: {column: ring}}", "unknown-field"),  # worked out, never filled
        ("fields: {contact_at: {column: ring}}", "unknown-field"),  # named under times
        ("fields: {ring_time: {column: nowhere}}", "unknown-column"),
        ("fields: {outcome: {column: ring, values: {x: gone}}}", "unknown-choice"),
        ("fields: {channel: {value: pigeon}}", "unknown-choice"),
        ("fields: {outcome: [{column: ring, values: {x: gave_up}}, {column: nowhere}]}", "unknown-column"),
        ("fields: {ring_time: {value: '5'}}", "unknown-choice"),  # how long it rang is no constant
        ("rows: events", "log-of-inquiries"),
        ("status: {columns: [ring]}", "log-of-inquiries"),
        ("questions: {information_quality: {column: ring}}", "log-of-inquiries"),
    ],
)
def test_a_mapping_that_says_what_is_not_there_is_refused_with_its_place(practice, more, rule):
    (document,) = read(MAPPING + more + "\n", "logs/calls.yaml")
    assert list(check(document)) == []
    with pytest.raises(DocumentError) as caught:
        read_record_mapping(document, practice, ("id", "at", "ring"))
    assert rule in {one.rule for one in caught.value.findings}
    assert all(one.place.line for one in caught.value.findings)


def test_questions_are_those_of_our_surveys(practice):
    text = MAPPING.replace("contact", "response") + "questions: {weather: {column: ring}}\n"
    (document,) = read(text, "logs/calls.yaml")
    with pytest.raises(DocumentError) as caught:
        read_record_mapping(document, practice, ("id", "at", "ring"))
    (finding,) = caught.value.findings
    assert (finding.rule, "information_quality" in finding.allowed) == ("unknown-question", True)


@pytest.mark.parametrize("more", ["times: {at: [a, b], order: year_first}", "fields: {title: {value: x}}", "fields: {title: [{column: a}]}",
                                  "questions: {handling: {column: a}}"])  # fmt: skip
def test_what_is_said_of_records_is_refused_of_tickets(practice, more):
    from deskweave.measure.logs import read_mapping

    times = "" if more.startswith("times") else "times: {at: a, order: year_first}\n"
    (document,) = read(f"apiVersion: deskweave/v1\nkind: Log\nid: t\nrows: records\ncase: a\n{times}{more}\n", "logs/t.yaml")
    assert list(check(document)) == []
    with pytest.raises(DocumentError) as caught:
        read_mapping(document, practice, ("a", "b"))
    assert {one.rule for one in caught.value.findings} == {"log-of-records"}
