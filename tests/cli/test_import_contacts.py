"""Calls and answers of surveys from a file to a figure, as a team types it (A7, A14, D2, E9, E13, E15)."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from deskweave.documents import read
from deskweave.documents.sheet import write_sheet

HEAD = ["通话ID", "呼入时间", "来电号码", "坐席", "振铃时长", "通话时长", "呼叫结果", "是否打错电话", "工单号", "备注"]


def call(n, *, ring="5", talk="120", result="已接听", wrong="否", ticket="", notes="已答复", agent="李雷", phone="13800000000"):
    unanswered = result != "已接听"
    return [f"C{n}", f"2026-11-{n % 15 + 1:02} 09:{n % 60:02}:{n // 60:02}", phone, "" if unanswered else agent, ring, "" if unanswered else talk,
            result, wrong, ticket, "" if unanswered else notes]  # fmt: skip


#: case 55: 100 calls, 8 abandoned of which 3 at ring <= 25 s; case 56: one of the three rang 25 s exactly
CALLS = [
    *(call(n, ring=ring, result="放弃") for n, ring in enumerate(["10", "0:00:20", "25"], 1)),
    *(call(n, ring=str(22 + n), result="未接听") for n in range(4, 9)),
    *(call(n) for n in range(9, 100)),
    call(100, wrong="是", talk="12", notes="打错"),
]
FORM = [
    "提交时间",
    "填写人",
    "您对问询记录的信息质量是否满意？",
    "您对服务台沟通渠道的便利性是否满意？",
    "您对通过服务台渠道传达的信息是否满意？",
]
ANSWERS = [
    ["2026-11-02 09:00", "张三", "满意", "满意", "不满意"],
    ["2026-11-02 09:10", "李四", "满意", "一般", "满意"],
    ["2026-11-03 10:00", "王五", "不满意", "不满意", ""],
    ["2026-11-03 11:00", "赵六", "满意", "不满意", "满意"],
]


def write(tmp_path, name, rows, head=HEAD):
    form = "xlsx" if name.endswith("xlsx") else "csv-gbk" if "gbk" in name else "csv"
    (tmp_path / name).write_bytes(write_sheet(head, rows, form))
    return name


def summary(answer):
    assert answer.code in (0, 3), answer.all
    return json.loads(answer.out)["summary"]


def figures(cli, period="2026-11", *more):
    said = json.loads(cli("kpi", "--period", period, "--json", *more).out)["items"]
    return {one["metric"]: one for one in said if one["period"] == period}


def value(cli, metric, *more):
    return figures(cli, "2026-11", *more)[metric]["value"]


def store(tmp_path, statement):
    with sqlite3.connect(tmp_path / ".deskweave/dev/state.db") as found:
        rows = found.execute(statement).fetchall()
    found.close()
    return rows


# ----------------------------------------------------------------------------------------------------------------------- calls
@pytest.mark.practice("A7", "A11", "A14", "E9", "E15")
@pytest.mark.parametrize("name", ["calls.xlsx", "calls.csv", "calls.gbk.csv"])
def test_five_of_a_hundred_calls_are_abandoned(cli, tmp_path, name):
    answer = cli("import-log", write(tmp_path, name, CALLS), "--lang", "zh")
    assert answer.code == 0, answer.all
    assert "100 行，100 次联络，2026-11-01 至 2026-11-15（Asia/Shanghai）" in answer.out
    found = figures(cli)
    assert (found["abandonment_rate"]["value"], found["abandonment_rate"]["met"]) == (0.05, True)  # not 5/97 (E9)
    assert (found["abandonment_rate"]["numerator"], found["abandonment_rate"]["denominator"]) == (5, 100)
    assert found["total_demand"]["value"] == 100  # wrong numbers and lost calls are demand too (A7, E15)
    assert found["recording_rate"]["value"] == 1  # of 92 that somebody answered, the wrong number among them (A7, A14)
    assert found["recording_rate"]["counted"] == 92


@pytest.mark.parametrize(("language", "said"), [("en", "Condition not met: Ring time is more than 25s"), ("zh", "振铃时长超过 25")])
def test_the_rule_and_the_calls_behind_it_are_told(cli, tmp_path, language, said):
    cli("import-log", write(tmp_path, "calls.xlsx", CALLS))
    answer = cli("kpi", "explain", "abandonment_rate", "--period", "2026-11", "--lang", language)
    assert answer.code == 0, answer.all
    text = " ".join(answer.out.split())
    assert "5 / 100" in text
    assert said in text
    assert "calls/C3" in text  # 25 s exactly is not over 25 s
    shares = {
        one["key"]: one["group"]
        for one in json.loads(cli("kpi", "explain", "abandonment_rate", "--period", "2026-11", "--json").out)["items"]
    }
    assert {key for key, group in shares.items() if group == "kept"} == {f"calls/C{n}" for n in range(4, 9)}


def test_the_same_file_twice_doubles_nothing_and_a_corrected_one_restates(cli, tmp_path, clock):
    cli("import-log", write(tmp_path, "calls.csv", CALLS))
    again = summary(cli("import-log", "calls.csv", "--json"))
    assert (again["added"], again["restated"], again["held"]) == (0, 0, 100)
    before = clock()
    clock.advance(timedelta(days=1))
    corrected = [*CALLS[:3], call(4, ring="26", result="未接听"), *CALLS[4:], call(101, ring="40", result="未接听")]
    said = summary(cli("import-log", write(tmp_path, "later.csv", corrected), "--name", "calls", "--json"))
    assert (said["added"], said["restated"], said["held"]) == (1, 0, 101)  # 26 is what row 4 said
    corrected[3] = call(4)
    said = summary(cli("import-log", write(tmp_path, "later.csv", corrected), "--name", "calls", "--json"))
    assert (said["added"], said["restated"], said["held"]) == (0, 1, 101)
    assert value(cli, "abandonment_rate") == pytest.approx(5 / 101)
    # what was known then is still known
    assert value(cli, "abandonment_rate", "--as-of", before.isoformat()) == 0.05
    (tmp_path / ".deskweave/dev/facts/manifest.json").unlink()
    for kept in (tmp_path / ".deskweave/dev/facts").glob("contact-*"):
        kept.unlink()
    assert value(cli, "abandonment_rate") == pytest.approx(5 / 101)  # facts are made again from the store


def test_a_shorter_export_takes_nothing_away_and_removing_takes_all(cli, tmp_path):
    cli("import-log", write(tmp_path, "calls.csv", CALLS))
    cli("import-log", write(tmp_path, "short.csv", CALLS[:10]), "--name", "calls")
    assert value(cli, "total_demand") == 100
    assert "100 contacts" in cli("import-log", "--lang", "en").out
    assert "100 contacts taken out" in cli("import-log", "--remove", "calls", "--lang", "en").out
    found = figures(cli)["total_demand"]
    assert (found["value"], found["reason"]) == (None, "not-collected")
    assert store(tmp_path, "SELECT (SELECT count(*) FROM record), (SELECT count(*) FROM personal)") == [(0, 0)]


@pytest.mark.practice("A14")
def test_rows_without_an_id_get_one_that_stays_and_that_is_said(cli, tmp_path):
    bare = [row[1:] for row in CALLS]
    answer = cli("import-log", write(tmp_path, "calls.csv", bare, HEAD[1:]), "--lang", "en")
    assert "100 rows have no id: one is made of the cells" in " ".join(answer.out.split())
    assert "rows have no id of their own" in (tmp_path / "logs/calls.yaml").read_text(encoding="utf-8")
    bare[50][-1] = "打印机"  # what the desk corrects is no part of the id
    said = summary(cli("import-log", write(tmp_path, "calls.csv", bare, HEAD[1:]), "--json"))
    assert (said["added"], said["restated"], said["held"]) == (0, 1, 100)


def test_a_call_known_from_another_export_counts_once(cli, tmp_path):
    cli("import-log", write(tmp_path, "calls.csv", CALLS))
    answer = cli("import-log", write(tmp_path, "november.csv", CALLS[50:]), "--json")
    assert [one["rule"] for one in json.loads(answer.out)["findings"]] == ["log-record-elsewhere"]
    assert value(cli, "total_demand") == 100


def test_a_corrected_mapping_restates_what_it_reads_otherwise(cli, tmp_path):
    odd = [*CALLS[:8], call(9, result="转语音信箱"), *CALLS[9:]]
    first = cli("import-log", write(tmp_path, "calls.csv", odd), "--lang", "zh")
    assert first.code == 3  # whether somebody answered is for a person to say
    assert "转语音信箱" in first.out
    assert [one["rule"] for one in json.loads(cli("kpi", "--period", "2026-11", "--json").out)["findings"]] == ["log-value-unknown"]
    mapping = tmp_path / "logs/calls.yaml"
    text = mapping.read_text(encoding="utf-8")
    mapping.write_text(text.replace("转语音信箱: ~", "转语音信箱: false"), encoding="utf-8")
    said = summary(cli("import-log", "calls.csv", "--json"))
    assert (said["restated"], said["added"], said["taken_out"]) == (1, 0, 0)
    assert mapping.read_text(encoding="utf-8").startswith(text[:40])


def test_an_id_column_named_later_replaces_the_ids_that_were_made(cli, tmp_path):
    cli("import-log", write(tmp_path, "calls.csv", CALLS))
    mapping = tmp_path / "logs/calls.yaml"
    mapping.write_text(mapping.read_text(encoding="utf-8").replace("case: 通话ID", "case: ~"), encoding="utf-8")
    assert summary(cli("import-log", "calls.csv", "--json"))["held"] == 100
    mapping.write_text(mapping.read_text(encoding="utf-8").replace("case: ~", "case: 通话ID"), encoding="utf-8")
    said = summary(cli("import-log", "calls.csv", "--json"))
    assert (said["held"], said["taken_out"], said["added"]) == (100, 100, 100)


def test_days_that_nobody_can_tell_and_bad_rows_are_told(cli, tmp_path):
    head = "call id,call start,ring time,disposition\n"
    (tmp_path / "c.csv").write_text(head + "1,03-04-2026 10:00,5,ANSWERED\n2,05-06-2026 10:00,5,ANSWERED\n", encoding="utf-8")
    answer = cli("import-log", "c.csv", "--lang", "en")
    assert (answer.code, "day_first" in answer.all) == (2, True)
    mapping = tmp_path / "logs/c.yaml"
    mapping.write_text(mapping.read_text(encoding="utf-8").replace("order: ~", "order: day_first"), encoding="utf-8")
    assert cli("import-log", "c.csv").code == 0
    rows = "".join(f"{n},04-04-2026 10:{n},5,ANSWERED\n" for n in range(10, 30))
    (tmp_path / "c.csv").write_text(
        head + rows + "7,,5,ANSWERED\n8,never,5,ANSWERED\n9,05-04-2026 10:00,soon,ANSWERED\n", encoding="utf-8"
    )
    answer = cli("import-log", "c.csv", "--lang", "en")
    text = " ".join(answer.out.split())
    assert "1 rows have no moment" in text
    assert "soon" in text
    findings = json.loads(cli("kpi", "quality", "--period", "2026-04", "--json").out)["findings"]
    assert {one["rule"] for one in findings} == {"log-no-time", "log-time-unreadable", "log-duration-unreadable"}


def test_a_mapping_of_one_grain_is_not_read_as_another(cli, tmp_path):
    cli("import-log", write(tmp_path, "calls.csv", CALLS))
    (tmp_path / "logs/calls.yaml").unlink()
    answer = cli("import-log", "calls.csv", "--grain", "response", "--lang", "en")
    assert answer.code == 2
    answer = cli("import-log", "calls.csv", "--grain", "visit", "--lang", "en")
    assert (answer.code, "contact" in answer.err) == (2, True)


# -------------------------------------------------------------------------------------------------------------------- linking
TICKETS = "工单编号,工单状态,创建时间,关闭时间\n1001,已关闭,2026-11-02 09:00,2026-11-02 10:00\n1002,待受理,2026-11-02 09:00,\n"


@pytest.mark.practice("E15")
def test_a_call_that_became_an_inquiry_is_resolved_when_that_is(cli, tmp_path):
    calls = [
        call(1, ticket="1001"),
        call(2, ticket="1002"),
        call(3, ticket="404"),
        call(4, wrong="是"),
        call(5, result="放弃", ring="40"),
    ]
    first = summary(cli("import-log", write(tmp_path, "calls.csv", calls), "--json"))
    assert (first["linked"], first["unlinked"]) == (0, 3)
    assert value(cli, "unresolved_share") == pytest.approx(4 / 5)
    (tmp_path / "tickets.csv").write_text(TICKETS, encoding="utf-8")
    assert cli("import-log", "tickets.csv").code == 0
    # 1001 is closed and the wrong number needs nothing; an open inquiry, an unknown one and a lost call are unresolved (E15)
    assert value(cli, "unresolved_share") == pytest.approx(3 / 5)
    assert summary(cli("import-log", "calls.csv", "--json"))["linked"] == 2
    quality = cli("kpi", "quality", "--period", "2026-11", "--lang", "en")
    assert "1 names an inquiry that is not here" in quality.out
    assert "calls/C3  Inquiry: 404" in quality.out
    rows = json.loads(cli("kpi", "total_demand", "--by", "inquiry_status", "--period", "2026-11", "--json").out)["items"]
    shown = {one["by"]["inquiry_status"]: one["value"] for one in rows if "inquiry_status" in one["by"]}
    assert shown == {"closed": 1, "awaiting_acceptance": 1, None: 3}


@pytest.mark.parametrize("key", ["1001", "INQ-1", "1"])
def test_an_imported_inquiry_is_shown_by_its_number(cli, tmp_path, key):
    (tmp_path / "tickets.csv").write_text(TICKETS, encoding="utf-8")
    cli("import-log", "tickets.csv")
    answer = cli("show", key, "--json")
    assert (answer.code, json.loads(answer.out)["summary"]["values"]["number"]) == (0, "1001")
    assert cli("explain", key).code == 0
    answer = cli("show", "10001", "--lang", "en")
    assert (answer.code, "1001" in answer.err) == (2, True)


# -------------------------------------------------------------------------------------------------------------------- surveys
@pytest.mark.practice("D2", "E13")
@pytest.mark.parametrize("name", ["stakeholders.xlsx", "stakeholders.gbk.csv"])
def test_a_form_gives_the_satisfaction_of_stakeholders(cli, tmp_path, name):
    answer = cli("import-log", write(tmp_path, name, ANSWERS, FORM), "--lang", "zh")
    assert answer.code == 0, answer.all
    assert "4 行，11 份答复" in answer.out
    found = figures(cli)
    assert found["stakeholder_information_quality"]["value"] == 0.75
    assert found["stakeholder_channel_convenience"]["value"] == 0.25
    assert found["stakeholder_information_conveyed"]["value"] == pytest.approx(2 / 3)  # a question left open counts nowhere
    assert (found["stakeholder_information_conveyed"]["counted"], found["total_demand"]["reason"]) == (3, "not-collected")
    said = summary(cli("import-log", name, "--json"))
    assert (said["added"], said["restated"]) == (0, 0)


def test_an_assessment_of_one_row_a_question_gives_them_too(cli, tmp_path):
    (tmp_path / "asmt.csv").write_text(
        "Instance,Taken on,Question,Rating,Assigned to,Task\n"
        "AINST1,2026-11-02 10:00,information_quality,Satisfied,Li,INC1\n"
        "AINST2,2026-11-02 10:10,information_quality,Dissatisfied,Han,INC2\n",
        encoding="utf-8",
    )
    assert cli("import-log", "asmt.csv", "--zone", "UTC").code == 0
    assert value(cli, "stakeholder_information_quality") == 0.5


@pytest.mark.practice("D3")
def test_numbers_of_a_scale_are_for_a_person_to_name(cli, tmp_path):
    """D3: with some forms 1 is the best, with others the worst."""
    rows = [["2026-11-02 09:00", "张三", "1"], ["2026-11-02 09:10", "李四", "3"]]
    answer = cli("import-log", write(tmp_path, "s.csv", rows, FORM[:3]), "--lang", "en")
    assert answer.code == 3
    assert value(cli, "stakeholder_information_quality") is None
    mapping = tmp_path / "logs/s.yaml"
    text = mapping.read_text(encoding="utf-8")
    mapping.write_text(text.replace('"1": ~', '"1": dissatisfied').replace('"3": ~', '"3": satisfied'), encoding="utf-8")
    assert cli("import-log", "s.csv").code == 0
    assert value(cli, "stakeholder_information_quality") == 0.5


# ---------------------------------------------------------------------------------------------------------- all around the figures
def test_every_page_knows_them(cli, tmp_path, clock):
    cli("import-log", write(tmp_path, "calls.csv", CALLS))
    cli("import-log", write(tmp_path, "s.csv", ANSWERS, FORM))
    clock.advance(timedelta(days=30))
    assert cli("report", "--period", "2026-11", "-o", "r.html", "--lang", "en").code == 0
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "5.0 %" in page
    assert "75.0 %" in page
    assert cli("report", "--period", "2026-11", "--publish").code == 0
    frozen = json.loads((tmp_path / "reports/2026-11/figures.json").read_text(encoding="utf-8"))
    assert next(one for one in frozen["figures"] if one["metric"] == "abandonment_rate")["value"] == 0.05
    assert "calls/C4" in frozen["inquiries"]
    cli("import-log", write(tmp_path, "calls.csv", [*CALLS[:4], *CALLS[5:]]))  # a shorter file moves nothing
    assert "calls/C" not in cli("kpi", "--period", "2026-11", "--lang", "en").out
    cli("import-log", write(tmp_path, "calls.csv", [call(4)]))
    moved = json.loads(cli("kpi", "--period", "2026-11", "--json").out)["summary"]["published"]
    assert "abandonment_rate" in json.dumps(moved)


@pytest.mark.parametrize(("language", "agents", "outcome"), [("en", "Agent", "Wrong number"), ("zh", "客服姓名", "打错电话")])
def test_facts_leave_without_numbers_and_names(cli, tmp_path, language, agents, outcome):
    cli("import-log", write(tmp_path, "calls.csv", CALLS))
    out = cli("export", "facts", "--grain", "contact", "--period", "2026-11", "--lang", language).out
    assert "13800000000" not in out
    assert "李雷" not in out
    head, *rows = csv.reader(io.StringIO(out.lstrip("\ufeff")))
    assert agents in head
    assert len(rows) == 100
    assert [row[head.index({"en": "Outcome", "zh": "联络结果"}[language])] for row in rows].count(outcome) == 1
    plain = cli("export", "facts", "--grain", "contact", "--personal").out
    assert "李雷" in plain
    assert "13800000000" not in plain  # no phone number is ever in facts
    assert "13800000000" not in "".join(str(row) for row in store(tmp_path, "SELECT doc FROM record"))
    assert cli("export", "facts", "--grain", "response").code == 0
    assert cli("export", "events", "--grain", "contact").code == 2


@pytest.mark.parametrize("language", ["en", "zh"])
def test_figures_are_broken_down_in_words(cli, tmp_path, language):
    cli("import-log", write(tmp_path, "calls.csv", CALLS))
    out = cli("kpi", "--by", "outcome", "--period", "2026-11", "--lang", language).out
    assert {"en": "Wrong number", "zh": "打错电话"}[language] in out
    assert {"en": "Inquiries registered", "zh": "工单总数"}[language] not in out  # inquiries have no outcome
    explained = cli("kpi", "explain", "total_demand", "--by", {"en": "outcome=Wrong number", "zh": "outcome=打错电话"}[language],
                    "--period", "2026-11", "--lang", language)  # fmt: skip
    assert "calls/C100" in explained.out
    assert {"en": "Unresolved calls", "zh": "未解决呼叫的比率"}[language] in cli(
        "kpi", "--by", "channel", "--period", "2026-11", "--lang", language
    ).out
    table = list(
        csv.reader(
            io.StringIO(cli("kpi", "total_demand", "--by", "outcome", "--period", "2026-11", "--csv", "--lang", language).out)
        )
    )
    assert {"en": "Outcome", "zh": "联络结果"}[language] in table[0]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_line_fits_and_can_be_said_in_gbk(cli, tmp_path, language):
    from deskweave.cli.width import width

    write(tmp_path, "calls.csv", CALLS)
    write(tmp_path, "s.csv", ANSWERS, FORM)
    for arguments in (["import-log", "calls.csv"], ["import-log", "s.csv"], ["import-log"], ["kpi", "quality", "--period", "2026-11"],
                      ["import-log", "--remove", "s"]):  # fmt: skip
        answer = cli(*arguments, "--lang", language)
        assert all(width(line) <= 80 for line in answer.all.splitlines())
        answer.all.encode("gbk")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_example_of_the_page_gives_what_the_page_says(cli, language):
    page = Path(__file__).parents[2] / "docs" / language / "howto"
    text = (page / "calls-and-surveys.md").read_text(encoding="utf-8")
    file = page / "calls.csv"
    assert file.read_text(encoding="utf-8") in text
    assert cli("import-log", str(file), "--zone", "Asia/Shanghai", "--lang", language).code == 0
    assert value(cli, "abandonment_rate") == 0.2
    shown = next(part for part in text.split("```yaml\n")[1:] if "id: calls" in part).split("```")[0]
    (on_page,), (written,) = read(shown, "page"), read(Path("logs/calls.yaml"), "logs/calls.yaml")
    assert on_page.body == written.body


# --------------------------------------------------------------------------------------------------- what a file cannot say
def without(*heads, rows=CALLS):
    """The call log of a telephone system that does not tell some things."""
    kept = [number for number, head in enumerate(HEAD) if head not in heads]
    return [[row[number] for number in kept] for row in rows], [HEAD[number] for number in kept]


@pytest.mark.practice("E9", "A11")
@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "The contacts that were read in have no column for Answered: Abandonment rate"),
        ("zh", "已导入的联络记录中没有“已接听”：放弃率"),
    ],
)
def test_calls_of_which_nobody_knows_whether_they_were_answered_are_no_zero(cli, tmp_path, language, said):
    rows, head = without("呼叫结果")
    answer = cli("import-log", write(tmp_path, "calls.csv", rows, head), "--lang", language)
    assert answer.code in (0, 3), answer.all
    found = figures(cli)
    assert {name: (one["value"], one["met"], one["reason"], one["unsaid"]) for name, one in found.items() if one["unsaid"]} == {
        name: (None, None, "not-said", ["answered"]) for name in ("abandonment_rate", "recording_rate")
    }
    assert found["total_demand"]["value"] == 100  # that needs no column
    answer = cli("kpi", "--period", "2026-11", "--lang", language)
    assert said in "".join(answer.out.split()) if language == "zh" else said in " ".join(answer.out.split())
    explained = cli("kpi", "explain", "abandonment_rate", "--period", "2026-11", "--lang", language)
    assert "calls/C4" in explained.out
    shares = json.loads(cli("kpi", "explain", "abandonment_rate", "--period", "2026-11", "--json").out)["items"]
    assert {(one["group"], one["why"]) for one in shares} == {("out", "not-said")}
    assert cli("report", "--period", "2026-11", "-o", "r.html", "--lang", language).code == 0
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert said.split(":")[0].split("：")[0] in page
    # by agent too, and over a longer time, and in what is made of it
    by = json.loads(cli("kpi", "abandonment_rate", "--period", "2026-11", "--by", "agent_name", "--json").out)["items"]
    assert {one["value"] for one in by} == {None}
    assert figures(cli, "2026")["abandonment_rate"]["value"] is None


def test_a_column_whose_words_nobody_has_told_says_nothing_yet(cli, tmp_path):
    cli("import-log", write(tmp_path, "calls.csv", CALLS))
    file = tmp_path / "logs/calls.yaml"
    text = file.read_text(encoding="utf-8")
    found = [line for line in text.splitlines() if line.strip().startswith(("已接听:", "未接听:", "放弃:"))]
    assert len(found) == 3
    told = text
    for line in found:
        told = told.replace(line, line.split(":")[0] + ": ~")
    file.write_text(told, encoding="utf-8")
    cli("import-log", "calls.csv")
    assert figures(cli)["abandonment_rate"]["reason"] == "not-said"
    file.write_text(text, encoding="utf-8")  # and told, they do
    cli("import-log", "calls.csv")
    assert value(cli, "abandonment_rate") == 0.05


def test_only_the_calls_of_the_period_and_the_rule_count(cli, tmp_path):
    """What another log cannot say keeps nothing from a figure that leaves its contacts out, or that is of other days."""
    cli("import-log", write(tmp_path, "calls.csv", CALLS))
    desk = [["V1", "2026-11-03 09:00"], ["V2", "2026-11-03 09:10"]]
    cli("import-log", write(tmp_path, "visits.csv", desk, ["编号", "联络时间"]), "--grain", "contact")
    found = figures(cli)
    assert (found["total_demand"]["value"], found["abandonment_rate"]["value"]) == (102, 0.05)  # nobody rang at the counter
    rows, head = without("呼叫结果")
    earlier = [[row[0].replace("C", "D"), row[1].replace("2026-11", "2026-10"), *row[2:]] for row in rows]
    cli("import-log", write(tmp_path, "old.csv", earlier, head))
    assert figures(cli)["abandonment_rate"]["value"] == 0.05
    assert figures(cli, "2026-10")["abandonment_rate"]["reason"] == "not-said"
    assert figures(cli, "2026-Q4")["abandonment_rate"]["reason"] == "not-said"  # a share of calls of which half say nothing
    assert figures(cli, "2026-09")["abandonment_rate"]["reason"] == "nothing-counted"
