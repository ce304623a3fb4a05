"""What is guessed from headings and cells, in the words of three vendors and two languages."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskweave.documents import check, read
from deskweave.measure.logs import LogRow, LogTable, guess, read_mapping, write_mapping
from deskweave.measure.logs.words import status_words

FEISHU = """
工单编号|工单状态|工单标题|提单人|受理人|创建时间|受理时间|关闭时间|优先级|满意度|渠道|内部备注
1001|已关闭|打印机|张三|李雷|2026/11/2 09:00|2026/11/2 09:03|2026/11/2 11:00|紧急|满意|飞书|x
1002|处理中|VPN|李四|韩梅|2026/11/2 10:00|2026/11/2 10:20||高|||y
1003|待受理|邮箱|王五||2026/11/3 10:00|||低|不满意|电话|z
"""
JIRA = """
Issue key|Summary|Status|Priority|Assignee|Reporter|Created|Updated|Resolved
IT-1|Printer|Done|High|Li Lei|Zhang San|03/Nov/26 9:31 AM|04/Nov/26 1:00 PM|04/Nov/26 1:00 PM
IT-2|VPN|Waiting for customer|Low|Han|Li Si|03/Nov/26 9:40 AM|03/Nov/26 9:41 AM|
"""
SNOW = """
number|incident_state|sys_updated_at|opened_at|priority|assignment_group|assigned_to
INC1|New|29-02-2016 01:23|29-02-2016 01:16|3 - Moderate|Desk|?
INC1|Active|29-02-2016 01:30|29-02-2016 01:16|3 - Moderate|Desk|Li
INC1|Closed|05-03-2016 12:00|29-02-2016 01:16|3 - Moderate|Desk|Li
INC2|New|01-03-2016 12:00|01-03-2016 12:00|1 - Critical|Desk|?
"""


def test_a_feishu_export_with_chinese_headings(table, practice):
    found = guess(table(FEISHU), practice, id="tickets", zone="Asia/Shanghai").mapping
    assert (found.rows, found.case, found.order) == ("records", "工单编号", "year_first")
    assert found.entered == {"in_progress": "受理时间", "closed": "关闭时间"}
    assert found.words == {"已关闭": "closed", "处理中": "in_progress", "待受理": "awaiting_acceptance"}
    columns = {name: one.column for name, one in found.fields.items()}
    assert columns == {
        "submitted_at": "创建时间",
        "title": "工单标题",
        "user": "提单人",
        "agent_name": "受理人",
        "priority": "优先级",
        "user_satisfaction": "满意度",
        "channel": "渠道",
    }
    assert found.fields["priority"].values == {"紧急": "p1", "高": "p2", "低": "p4"}
    assert found.fields["user_satisfaction"].values == {"满意": "satisfied", "不满意": "dissatisfied"}
    assert found.fields["channel"].values == {"飞书": "feishu", "电话": "phone"}


def test_a_jira_export(table, practice):
    found = guess(table(JIRA), practice, id="tickets", zone="Asia/Shanghai").mapping
    assert (found.rows, found.case, found.at, found.order) == ("records", "Issue key", "Updated", "day_first")
    assert found.words == {"Done": "resolved", "Waiting for customer": "waiting_on_user"}
    assert found.entered == {"resolved": "Resolved"}
    assert found.fields["submitted_at"].column == "Created"


def test_a_servicenow_audit_log(table, practice):
    found = guess(table(SNOW), practice, id="tickets", zone="Europe/Berlin")
    assert (found.mapping.rows, found.mapping.at, found.mapping.order) == ("events", "sys_updated_at", "day_first")
    assert (found.reading.evidence, found.reading.line) == ("29-02-2016 01:23", 2)
    assert found.mapping.fields["priority"].values == {"3 - Moderate": "p3", "1 - Critical": "p1"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        # two columns joined, as in the Volvo log: the second says more
        (
            ["Accepted + In Progress", "Queued + Awaiting Assignment", "Accepted + Wait - User", "Completed + Closed", "Unmatched + Unmatched"],
            ["in_progress", "awaiting_acceptance", "waiting_on_user", "closed", None],
        ),
        # ServiceNow's own numbers, with the reason for waiting
        (["1", "2", "3 + 1", "3 + 4", "6", "7", "8"], ["awaiting_acceptance", "in_progress", "waiting_on_user", "waiting_on_third_party", "resolved", "closed", "cancelled"]),
        (["待受理", "处理中", "挂起", "已解决", "已关闭", "已取消"], ["awaiting_acceptance", "in_progress", "waiting_on_third_party", "resolved", "closed", "cancelled"]),
        # close in letters is not close in meaning; a slip of the pen is
        (["Awaiting Evidence", "Resovled", "外星人"], [None, "resolved", None]),
        # the practice's own words come before anybody else's
        (["Waiting on third party", "resolved"], ["waiting_on_third_party", "resolved"]),
    ],
)  # fmt: skip
def test_words_of_statuses(practice, words, expected):
    assert list(status_words(words, practice.statuses).values()) == expected


def test_a_column_without_one_word_of_ours_is_about_something_else(table, practice):
    found = guess(
        table("number|status|created|category\n1|New|2026-01-01|Category 5\n2|New|2026-01-02|Category 7"),
        practice,
        id="t",
        zone="UTC",
    )
    assert "classification" not in found.mapping.fields
    assert found.unused == ("category",)


def test_days_that_nobody_can_tell_stay_open(table, practice):
    found = guess(table("number|status|created\n1|New|03-04-2026\n2|New|05-06-2026"), practice, id="t", zone="UTC")
    assert found.mapping.order is None


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("text", [FEISHU, JIRA, SNOW], ids=["feishu", "jira", "servicenow"])
def test_what_is_written_is_what_was_guessed(table, practice, text, language):
    """The file is checked by its schema and read back as it was meant, comments in either language."""
    rows = table(text)
    found = guess(rows, practice, id="tickets", zone="Asia/Shanghai")
    written = write_mapping(found, rows, practice, language)
    (document,) = read(written, "logs/tickets.yaml")
    assert check(document) == []
    assert read_mapping(document, practice, rows.columns) == found.mapping
    assert written == write_mapping(guess(rows, practice, id="tickets", zone="Asia/Shanghai"), rows, practice, language)


@given(st.lists(st.lists(st.text(max_size=12), min_size=2, max_size=5), min_size=2, max_size=6))
@settings(max_examples=60)
def test_no_table_breaks_the_guess_or_its_file(practice, cells):
    columns = tuple(dict.fromkeys(f"{' '.join(cell.split())}{number}" for number, cell in enumerate(cells[0])))
    rows = tuple(LogRow(number, tuple(row)) for number, row in enumerate(cells[1:], 2))
    table = LogTable(source="x.csv", form="table", columns=columns, rows=rows)
    written = write_mapping(guess(table, practice, id="x", zone="UTC"), table, practice, "en")
    assert read(written.encode("utf-8", "replace").decode(), "logs/x.yaml")[0].kind == "Log"
