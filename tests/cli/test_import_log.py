"""`import-log` and `export` as they are typed: from an empty directory to figures, and never a word to a platform."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from deskweave import workspace
from deskweave.documents.sheet import write_sheet

HEAD = ["工单编号", "工单状态", "工单标题", "提单人", "受理人", "创建时间", "受理时间", "关闭时间", "优先级", "满意度", "更新时间"]
ROWS = [
    ["1001", "已关闭", "打印机不工作", "张三", "李雷", "2026-10-12 09:00", "2026-10-12 09:03", "2026-10-12 11:00", "紧急", "满意", "2026-10-12 11:00"],
    ["1002", "已关闭", "VPN 断线", "李四", "韩梅", "2026-10-12 10:00", "2026-10-12 10:20", "2026-10-13 10:20", "高", "不满意", "2026-10-13 10:20"],
    ["1003", "待受理", "邮箱", "王五", "", "2026-10-14 10:00", "", "", "低", "", "2026-10-14 10:00"],
    ["1004", "已关闭", "软件", "赵六", "李雷", "2026-10-15 10:00", "2026-10-15 10:04", "2026-10-15 09:00", "中", "满意", "2026-10-15 10:04"],
]  # fmt: skip
EVENTS = """number,incident_state,sys_updated_at,opened_at,assignment_group,assigned_to
INC1,New,29-02-2016 02:00,29-02-2016 02:00,Desk,?
INC1,Active,29-02-2016 02:04,29-02-2016 02:00,Desk,Li Lei
INC1,Active,29-02-2016 03:04,29-02-2016 02:00,Network,Han Mei
INC1,Active,29-02-2016 04:04,29-02-2016 02:00,Desk,Li Lei
INC1,Closed,29-02-2016 05:00,29-02-2016 02:00,Desk,Li Lei
INC1,Active,29-02-2016 06:00,29-02-2016 02:00,Desk,Li Lei
INC1,Closed,29-02-2016 07:00,29-02-2016 02:00,Desk,Li Lei
INC2,New,01-03-2016 02:00,01-03-2016 02:00,Desk,?
INC2,Awaiting Evidence,01-03-2016 03:00,01-03-2016 02:00,Desk,?
"""


@pytest.fixture(params=["tickets.xlsx", "tickets.csv", "tickets.gbk.csv"])
def chinese(request, tmp_path):
    """The same export, as three programs save it."""
    form = {"tickets.xlsx": "xlsx", "tickets.csv": "csv", "tickets.gbk.csv": "csv-gbk"}[request.param]
    path = tmp_path / request.param
    path.write_bytes(write_sheet(HEAD, ROWS, form))
    return path


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "incidents.csv"
    path.write_text(EVENTS, encoding="utf-8")
    return path


def items(answer):
    return json.loads(answer.out)["items"]


def figures(cli, period, *more):
    return {
        one["metric"]: one["value"] for one in items(cli("kpi", "--period", period, "--json", *more)) if one["period"] == period
    }


def store(tmp_path, statement):
    with sqlite3.connect(tmp_path / ".deskweave/dev/state.db") as found:
        rows = found.execute(statement).fetchall()
    found.close()
    return rows


# -------------------------------------------------------------------------------------------------------------------- day one
def test_an_empty_directory_has_figures_after_two_commands(cli, tmp_path, chinese):
    answer = cli("import-log", str(chinese), "--lang", "zh")
    assert answer.code == 0, answer.all
    assert "4 行，4 单，2026-10-12 至 2026-10-15（Asia/Shanghai）" in answer.out
    assert (tmp_path / "deskweave.yaml").is_file()
    found = figures(cli, "2026-10")
    assert found["inquiries_registered"] == 4
    # 3 and 20 minutes of work; the one that ended before it began has a response, and no time to resolve
    assert found["average_response_time"] == pytest.approx((180 + 1200 + 240) / 3)
    assert found["first_response_on_time"] == pytest.approx(2 / 3)
    assert found["satisfied_share"] == pytest.approx(2 / 3)
    # 09:03 to 11:00, and 10:20 to 10:20 next day on a calendar of eight hours
    assert found["mean_time_to_resolve"] == pytest.approx((117 * 60 + 8 * 3600) / 2)


def test_it_says_what_it_did_not_believe(cli, chinese):
    answer = cli("import-log", str(chinese), "--lang", "zh")
    assert "1 单有早于登记的时间（第 5 行）" in answer.out
    assert "放弃率" in answer.out.split("此日志无法给出的指标")[1]  # no calls in a log of inquiries
    (finding,) = [
        one for one in json.loads(cli("kpi", "--period", "2026-10", "--json").out)["findings"] if one["rule"].startswith("log-")
    ]
    assert (finding["rule"], finding["line"]) == ("log-end-before-start", 5)
    assert "早于登记" in cli("kpi", "--period", "2026-10", "--quality", "--lang", "zh").out


def test_an_export_without_the_moment_of_acceptance_says_so(cli, tmp_path):
    keep = [0, 1, 2, 5, 7]
    (tmp_path / "t.xlsx").write_bytes(write_sheet([HEAD[n] for n in keep], [[row[n] for n in keep] for row in ROWS]))
    answer = cli("import-log", "t.xlsx", "--lang", "en")
    said = answer.out.split("What this log cannot give")[1]
    assert "Average response time" in said
    assert "no event says when an inquiry became In progress" in " ".join(said.split())
    gaps = {one["metric"]: one for one in items(cli("import-log", "t.xlsx", "--json"))}
    assert (gaps["first_response_on_time"]["whole"], gaps["first_response_on_time"]["why"]) == (True, "status")
    assert gaps["satisfied_share"]["names"] == ["user_satisfaction"]
    assert "inquiries_registered" not in gaps


def test_a_log_that_begins_with_somebody_at_work_has_no_response_to_tell(cli, tmp_path):
    """That the first event follows itself after no time is no figure."""
    text = "id,status,at\n1,Active,2026-10-12 10:00\n1,Closed,2026-10-12 11:00\n2,New,2026-10-12 10:00\n2,Active,2026-10-12 10:01\n"
    (tmp_path / "t.csv").write_text(text.replace("at\n", "timestamp\n", 1), encoding="utf-8")
    answer = cli("import-log", "t.csv", "--zone", "Asia/Shanghai", "--json")
    gaps = {one["metric"]: (one["whole"], one["why"], one["count"]) for one in items(answer)}
    assert gaps["first_response_on_time"] == (False, "registered", 1)
    assert "mean_time_to_resolve" not in gaps


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_line_fits_and_can_be_said_in_gbk(cli, log, language):
    from deskweave.cli.width import width

    for arguments in (["import-log", str(log)], ["import-log"], ["export", "dfg"], ["export", "variants"]):
        answer = cli(*arguments, "--lang", language)
        assert all(width(line) <= 80 for line in answer.all.splitlines())
        answer.all.encode("gbk")


# -------------------------------------------------------------------------------------------------------------------- mapping
def test_a_corrected_mapping_tells_it_anew_under_the_same_numbers(cli, tmp_path, log):
    first = cli("import-log", str(log), "--lang", "en")
    assert first.code == 3  # an unknown status needs a person
    assert "Awaiting Evidence: 1" in first.out
    numbers = store(tmp_path, "SELECT id, number FROM inquiry ORDER BY number")
    mapping = tmp_path / "logs/incidents.yaml"
    text = mapping.read_text(encoding="utf-8")
    mapping.write_text(text.replace("Awaiting Evidence: ~", "Awaiting Evidence: waiting_on_user"), encoding="utf-8")
    second = cli("import-log", str(log), "--json")
    summary = json.loads(second.out)["summary"]
    assert (second.code, summary["restated"], summary["added"]) == (0, 2, 0)
    assert store(tmp_path, "SELECT id, number FROM inquiry ORDER BY number") == numbers
    assert store(tmp_path, "SELECT count(*) FROM event WHERE new = '\"waiting_on_user\"'") == [(1,)]
    assert store(tmp_path, "SELECT count(*) FROM event WHERE new = '\"Awaiting Evidence\"'") == [(0,)]
    assert not [one for one in json.loads(cli("kpi", "--period", "2016-03", "--json").out)["findings"] if "unknown" in one["rule"]]


def test_days_that_nobody_can_tell_are_refused_until_somebody_does(cli, tmp_path):
    (tmp_path / "t.csv").write_text("number,status,created\n1,New,03-04-2026\n2,New,05-06-2026\n", encoding="utf-8")
    answer = cli("import-log", "t.csv", "--lang", "en")
    assert answer.code == 2
    assert "logs/t.yaml" in answer.all
    assert "day_first" in answer.all
    assert not (tmp_path / ".deskweave/dev/state.db").exists() or store(tmp_path, "SELECT count(*) FROM event") == [(0,)]
    mapping = tmp_path / "logs/t.yaml"
    mapping.write_text(mapping.read_text(encoding="utf-8").replace("order: ~", "order: day_first"), encoding="utf-8")
    assert cli("import-log", "t.csv").code == 0
    assert figures(cli, "2026-04")["inquiries_registered"] == 1


def test_a_mapping_of_a_person_is_never_written_over(cli, tmp_path, log):
    cli("import-log", str(log))
    mapping = tmp_path / "logs/incidents.yaml"
    mapping.write_text(mapping.read_text(encoding="utf-8") + "# seen by Lin\n", encoding="utf-8")
    before = mapping.read_bytes()
    cli("import-log", str(log))
    assert mapping.read_bytes() == before
    assert cli("practice", "lint").code == 0
    mapping.write_text(mapping.read_text(encoding="utf-8").replace("Closed: closed", "Closed: clsed"), encoding="utf-8")
    answer = cli("practice", "lint", "--lang", "en")
    assert answer.code == 2
    assert "closed" in answer.all


# ---------------------------------------------------------------------------------------------------------------- again, more
def test_again_adds_nothing_and_a_longer_log_what_is_new(cli, tmp_path, log):
    cli("import-log", str(log))
    before = store(tmp_path, "SELECT seq, inquiry, field, new, at FROM event ORDER BY seq")
    summary = json.loads(cli("import-log", str(log), "--json").out)["summary"]
    assert (summary["added"], summary["added_events"], summary["restated"]) == (0, 0, 0)
    assert store(tmp_path, "SELECT seq, inquiry, field, new, at FROM event ORDER BY seq") == before
    log.write_text(EVENTS + "INC2,Closed,02-03-2016 03:00,01-03-2016 02:00,Desk,Li Lei\n", encoding="utf-8")
    summary = json.loads(cli("import-log", str(log), "--json").out)["summary"]
    assert (summary["added"], summary["added_events"], summary["restated"]) == (0, 2, 0)  # closed, and by whom
    assert store(tmp_path, "SELECT seq, inquiry, field, new, at FROM event ORDER BY seq")[: len(before)] == before


def test_a_line_that_turns_up_late_is_told_where_it_belongs(cli, tmp_path, log):
    cli("import-log", str(log))
    log.write_text(EVENTS + "INC1,New,29-02-2016 02:02,29-02-2016 02:00,Late,?\n", encoding="utf-8")
    summary = json.loads(cli("import-log", str(log), "--json").out)["summary"]
    assert (summary["restated"], summary["added"]) == (1, 0)
    doc = json.loads(store(tmp_path, "SELECT doc FROM inquiry ORDER BY number LIMIT 1")[0][0])
    assert doc["values"]["status"] == "closed"
    assert doc["values"]["skill_group"] == "Desk"


def test_a_log_is_taken_out_whole(cli, tmp_path, log):
    cli("import-log", str(log))
    assert figures(cli, "2016")["inquiries_registered"] == 2
    answer = cli("import-log", "--remove", "incidents", "--json")
    assert json.loads(answer.out)["summary"] == {"log": "incidents", "taken_out": 2, "kept": 0}
    for table in ("event", "inquiry", "personal"):
        assert store(tmp_path, f"SELECT count(*) FROM {table}") == [(0,)], table
    assert figures(cli, "2016")["inquiries_registered"] == 0
    assert cli("import-log", "--remove", "incidents").code == 2
    cli("import-log", str(log))
    assert figures(cli, "2016")["inquiries_registered"] == 2


def test_the_same_ticket_in_two_logs_counts_once(cli, log, tmp_path):
    cli("import-log", str(log))
    (tmp_path / "other.csv").write_text(EVENTS + "INC3,New,01-03-2016 02:00,01-03-2016 02:00,Desk,?\n", encoding="utf-8")
    answer = json.loads(cli("import-log", "other.csv", "--json").out)
    assert answer["summary"]["added"] == 1
    assert [one["rule"] for one in answer["findings"] if one["rule"] == "log-known-elsewhere"] == ["log-known-elsewhere"]
    assert figures(cli, "2016")["inquiries_registered"] == 3
    assert [one["log"] for one in items(cli("import-log", "--json"))] == ["incidents", "other"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("import-log", "nowhere.csv"),
        ("import-log", "--name", "Not A Slug", "incidents.csv"),
        ("import-log", "--zone", "Mars/Base", "incidents.csv"),
        ("export", "everything"),
        ("export", "ocel", "--format", "parquet"),
        ("export", "facts", "--format", "parquet"),  # needs a file
        ("export", "facts", "--format", "md"),
        ("kpi", "--format", "parquet"),
        ("export", "events", "--period", "20x6"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_done(cli, log, arguments):
    answer = cli(*arguments)
    assert answer.code == 2
    assert answer.err
    assert "Traceback" not in answer.all


# --------------------------------------------------------------------------------------------------------------- no platform
def test_no_sync_ever_writes_what_was_imported(cli, tmp_path, folder, snow, feishu, log, clock):
    """Not with write access, not with a `since` before the log, not after every inquiry was marked to be looked at."""
    from deskweave import workspace
    from deskweave.ledger import mark_dirty

    folder(access="write", servicenow=snow, feishu=feishu)
    workspace_file = tmp_path / "deskweave.yaml"
    text, count = re.subn(r"since: [^,}\n]+", 'since: "2000-01-01T00:00:00Z"', workspace_file.read_text(encoding="utf-8"))
    assert count == 1
    workspace_file.write_text(text, encoding="utf-8")
    for name in ("servicenow", "feishu"):
        cli("trust", name)
    assert cli("apply", "--yes").code in (0, 3)
    cli("sync")
    writes = {one: one.platform.traffic.writes for one in (snow, feishu)}
    assert cli("import-log", str(log)).code == 3
    with workspace.open(tmp_path, now=clock) as space:
        (space.folder.state_folder / "reach.json").unlink(missing_ok=True)
        with space.store.write() as tx:
            mark_dirty(tx, [row[0] for row in store(tmp_path, "SELECT id FROM inquiry")])
    for _ in range(3):
        clock.advance(timedelta(minutes=10))
        answer = cli("sync", "--max-changes", "100%", "--max-notices", "100")
        assert answer.code in (0, 3), answer.all
    assert store(tmp_path, "SELECT count(*) FROM inquiry") == [(2,)]
    assert store(tmp_path, "SELECT count(*) FROM link WHERE kind = 'inquiry'") == [(0,)]
    assert {one: one.platform.traffic.writes for one in (snow, feishu)} == writes


# ------------------------------------------------------------------------------------------------------------------- exports
def rows_of(answer):
    return list(csv.DictReader(io.StringIO(answer.out.removeprefix("\ufeff"))))


def test_events_carry_the_names_that_mining_tools_look_for(cli, log):
    cli("import-log", str(log))
    rows = rows_of(cli("export", "events", "--csv=raw"))
    assert [row["case:concept:name"] for row in rows] == ["INC1"] * 5 + ["INC2"] * 2
    assert [row["concept:name"] for row in rows[:3]] == ["awaiting_acceptance", "in_progress", "closed"]
    assert rows[0]["time:timestamp"] == "2016-02-29T02:00:00Z"
    assert {row["org:group"] for row in rows} == {"Desk"}


def test_a_csv_for_people_opens_in_excel(cli, log):
    cli("import-log", str(log))
    answer = cli("export", "events", "--csv", "--lang", "zh")
    assert answer.out.startswith("\ufeff编号,状态,时间,客服,组,")
    assert rows_of(answer)[2]["状态"] == "已关闭"
    facts = cli("export", "facts", "--csv", "--lang", "zh").out
    assert facts.startswith("\ufeff问询,编号,")
    assert "首次响应时长（秒）" in facts.splitlines()[0] or "首次响应时长" in facts.splitlines()[0]


@pytest.mark.parametrize("what", ["facts", "events", "ocel"])
def test_names_leave_only_when_they_are_asked_for(cli, log, tmp_path, what):
    import duckdb

    cli("import-log", str(log))
    file = tmp_path / ("o.json" if what == "ocel" else "o.parquet")

    def text(*more):
        assert cli("export", what, "-o", str(file), *more).code == 0
        if what == "ocel":
            return file.read_text(encoding="utf-8")
        return str(duckdb.read_parquet(str(file)).fetchall())

    plain = text()
    assert "Li Lei" not in plain
    assert plain.count("agent-") >= 1
    assert text() == plain  # the same code for the same person
    assert "Li Lei" in text("--personal")


def test_parquet_holds_what_csv_holds(cli, log, tmp_path):
    import duckdb

    cli("import-log", str(log))
    for what in ("events", "facts"):
        cli("export", what, "-o", str(tmp_path / "x.parquet"))
        table = duckdb.read_parquet(str(tmp_path / "x.parquet"))
        rows = rows_of(cli("export", what, "--csv=raw"))
        assert table.columns == list(rows[0])
        assert len(table.fetchall()) == len(rows)
    assert dict(zip(table.columns, map(str, table.types), strict=True))["submitted_at"] == "TIMESTAMP"


def test_the_period_is_that_of_the_figures(cli, log):
    cli("import-log", str(log))
    assert {row["case:concept:name"] for row in rows_of(cli("export", "events", "--csv=raw", "--period", "2016-03"))} == {"INC2"}
    assert len(rows_of(cli("export", "facts", "--csv=raw", "--period", "2016-02"))) == 1


def test_what_follows_what(cli, log):
    cli("import-log", str(log))
    answer = json.loads(cli("export", "dfg", "--json").out)
    edges = {(one["source"], one["target"]): (one["count"], one["median_seconds"]) for one in answer["items"]}
    assert edges == {
        ("awaiting_acceptance", "in_progress"): (1, 240),
        ("in_progress", "closed"): (2, (176 * 60 + 3600) / 2),
        ("closed", "in_progress"): (1, 3600),
        ("awaiting_acceptance", "Awaiting Evidence"): (1, 3600),
    }
    assert answer["summary"]["ping_pong"] == {"times": 1, "inquiries": 1}  # Desk, Network, Desk
    assert answer["summary"]["reopened"] == {"times": 1, "inquiries": 1}
    assert answer["summary"]["variants"] == 2
    variants = items(cli("export", "variants", "--json"))
    assert {"path": ["awaiting_acceptance", "Awaiting Evidence"], "count": 1} in variants


#: OCEL 2.0 in JSON, as its public description states it.
ATTRIBUTE = {"type": "object", "required": ["name", "value"], "properties": {"name": {"type": "string"}}}
LINK = {"type": "object", "required": ["objectId", "qualifier"], "additionalProperties": False,
        "properties": {"objectId": {"type": "string"}, "qualifier": {"type": "string"}}}  # fmt: skip
TYPES = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["name", "attributes"],
        "properties": {
            "name": {"type": "string"},
            "attributes": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["name", "type"],
                    "properties": {"type": {"enum": ["string", "time", "integer", "float", "boolean"]}},
                },
            },
        },
    },
}
OCEL = {
    "type": "object",
    "required": ["objectTypes", "eventTypes", "objects", "events"],
    "properties": {
        "objectTypes": TYPES,
        "eventTypes": TYPES,
        "objects": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "type"],
                "properties": {
                    "id": {"type": "string"},
                    "attributes": {"type": "array", "items": {**ATTRIBUTE, "required": ["name", "time", "value"]}},
                    "relationships": {"type": "array", "items": LINK},
                },
            },
        },
        "events": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "type", "time"],
                "properties": {
                    "time": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z$"},
                    "attributes": {"type": "array", "items": ATTRIBUTE},
                    "relationships": {"type": "array", "items": LINK},
                },
            },
        },
    },
}


def test_ocel_is_what_the_format_asks_for(cli, log, tmp_path: Path):
    from jsonschema import Draft202012Validator

    cli("import-log", str(log))
    cli("export", "ocel", "-o", "o.json")
    made = json.loads((tmp_path / "o.json").read_text(encoding="utf-8"))
    assert [error.message for error in Draft202012Validator(OCEL).iter_errors(made)] == []
    objects = {one["id"]: one["type"] for one in made["objects"]}
    assert len(objects) == len(made["objects"])
    assert len({one["id"] for one in made["events"]}) == len(made["events"]) == 7
    assert set(objects.values()) == {"inquiry", "agent"}
    assert set(objects.values()) <= {one["name"] for one in made["objectTypes"]}
    assert {one["type"] for one in made["events"]} == {one["name"] for one in made["eventTypes"]}
    linked = {link["objectId"] for one in (*made["events"], *made["objects"]) for link in one["relationships"]}
    assert linked <= set(objects)
    declared = {one["name"]: {each["name"] for each in one["attributes"]} for one in made["objectTypes"]}
    assert all({each["name"] for each in one["attributes"]} <= declared[one["type"]] for one in made["objects"])
    assert [one["time"] for one in made["events"]] == sorted(one["time"] for one in made["events"])


# --------------------------------------------------------------------------------------------------- a connection reads the same
@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_imported_ticket_gives_way_to_what_a_connection_reads(cli, folder, snow, plugins, clock, tmp_path, language):
    """Where the mapping names the connection; else both stay, and a later import leaves what is known out."""
    root = folder(servicenow=snow)
    with workspace.open(root, now=clock, plugins=plugins) as space:
        hands = snow.hands(space.connect("servicenow").inner.mapper(space.binding("servicenow")))
        told = {
            "title": "VPN",
            "status": "awaiting_acceptance",
            "submitted_by": "Li Wei",
            "stream": "incident",
            "submitted_at": clock(),
        }
        hands.create("incident", told, "li.wei")
    clock.advance(timedelta(minutes=10))
    auth = snow.settings("admin")["auth"]
    asked = f"{snow.address}/api/now/table/incident?sysparm_query=short_description=VPN"
    said = requests.get(asked, auth=(auth["username"], auth["password"]), timeout=30).json()
    number = said["result"][0]["number"]
    head = "number,state,opened_at\n"
    (tmp_path / "t.csv").write_text(f"{head}{number},New,2026-11-16 09:00\nINC9,New,2026-11-16 09:00\n", encoding="utf-8")
    assert cli("import-log", "t.csv").code == 0
    assert figures(cli, "2026-11")["inquiries_registered"] == 2
    assert json.loads(cli("sync", "--json").out)["summary"]["gave_way"] == {}  # the mapping names no connection
    assert figures(cli, "2026-11")["inquiries_registered"] == 3
    mapping = tmp_path / "logs/t.yaml"
    text = mapping.read_text(encoding="utf-8")
    mapping.write_text(text + "connection: snow\n", encoding="utf-8")
    lint = cli("practice", "lint", "--lang", language)
    assert (lint.code, "servicenow" in lint.all) == (2, True)
    mapping.write_text(text + "connection: servicenow\n", encoding="utf-8")
    answer = cli("sync", "--lang", language)
    assert {"en": "log t: 1 imported inquiry is read", "zh": "日志 t：1 张导入的工单"}[language] in answer.out
    assert figures(cli, "2026-11")["inquiries_registered"] == 2
    assert json.loads(cli("show", number, "--json").out)["items"][0]["connection"] == "servicenow"
    again = json.loads(cli("import-log", "t.csv", "--json").out)
    assert ([one["rule"] for one in again["findings"]], again["summary"]["added"]) == (["log-known-elsewhere"], 0)
    assert json.loads(cli("sync", "--json").out)["summary"]["gave_way"] == {}
