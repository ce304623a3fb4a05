"""Files of strangers: what is read of them, and what is refused before it is read."""

from __future__ import annotations

import gzip

import pytest

from deskweave.documents.sheet import write_sheet
from deskweave.errors import DocumentError
from deskweave.measure.logs import read_table

EVENT = '<event><string key="concept:name" value="{}"/><date key="time:timestamp" value="{}"/></event>'
XES = (
    '<?xml version="1.0"?><log xmlns="http://www.xes-standard.org/"><string key="concept:name" value="the log"/>'
    '<trace><string key="concept:name" value="T-1"/>'
    + EVENT.format("New", "2026-01-01T10:00:00+01:00")
    + '<event><string key="concept:name" value="Closed"><string key="nested" value="no column"/></string></event>'
    + '</trace><trace><string key="concept:name" value="T-2"/>'
    + EVENT.format("新建", "2026-01-02T10:00:00+01:00")
    + "</trace></log>"
)


def test_an_event_is_a_row_and_knows_its_trace(tmp_path):
    path = tmp_path / "a.xes"
    path.write_text(XES, encoding="utf-8")
    table = read_table(path)
    assert table.form == "xes"
    assert table.columns == ("case:concept:name", "concept:name", "time:timestamp")
    assert [row.cells for row in table.rows] == [
        ("T-1", "New", "2026-01-01T10:00:00+01:00"),
        ("T-1", "Closed", ""),
        ("T-2", "新建", "2026-01-02T10:00:00+01:00"),
    ]


@pytest.mark.parametrize("name", ["a.xes.gz", "a.csv", "a.bin"])
def test_what_it_is_its_bytes_say(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(gzip.compress(XES.encode(), mtime=0) if name.endswith("gz") else XES.encode())
    assert len(read_table(path).rows) == 3


ROWS = [["编号", "状态"], ["1", "新建"], ["2", "已关闭"]]


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("a.csv", "编号,状态\n1,新建\n2,已关闭\n".encode()),
        ("gbk.csv", "编号,状态\r\n1,新建\r\n2,已关闭\r\n".encode("gbk")),  # Excel in China
        ("bom.csv", "\ufeff编号;状态\n1;新建\n2;已关闭\n".encode()),
        ("utf16.csv", "编号\t状态\n1\t新建\n2\t已关闭\n".encode("utf-16")),
        ("packed.csv.gz", gzip.compress("编号,状态\n1,新建\n2,已关闭\n".encode(), mtime=0)),
        ("a.xlsx", write_sheet(ROWS[0], ROWS[1:])),
        # exports put a title and a date above the heading
        ("title.csv", "工单导出\n2026-11-01\n编号,状态\n1,新建\n2,已关闭\n".encode("gbk")),
    ],
)
def test_tables_of_every_kind(tmp_path, name, raw):
    path = tmp_path / name
    path.write_bytes(raw)
    table = read_table(path)
    assert table.columns[:2] == ("编号", "状态")
    assert [row.cells[:2] for row in table.rows] == [("1", "新建"), ("2", "已关闭")]


def test_a_heading_that_stands_twice_is_told_apart(tmp_path):
    (tmp_path / "a.csv").write_text("Key,Status,Status\n1,a,b\n", encoding="utf-8")
    assert read_table(tmp_path / "a.csv").columns == ("Key", "Status", "Status (2)")


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE log [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    '<log><trace><string key="concept:name" value="&b;"/></trace></log>'
)
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE log [<!ENTITY a SYSTEM "file:///etc/passwd">]><log><string key="x" value="y"/></log>'


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (BOMB.encode(), "not-a-log"),  # entities that multiply
        (OUTSIDE.encode(), "not-a-log"),  # entities that reach out
        (b'<!DOCTYPE log SYSTEM "http://example.com/log.dtd"><log/>', "not-a-log"),
        (b"<html><body>Sign in</body></html>", "not-a-log"),  # what a proxy answers instead of a download
        (b"<log><trace>", "not-a-log"),  # cut off
        (b"<log>" + b"<list>" * 100 + b"</list>" * 100 + b"</log>", "not-a-log"),  # nested beyond measure
        (b'<log><trace><string key="a" value="' + b"x" * (6 << 20) + b'"/></trace></log>', "file-too-large"),  # a tag without end
        (gzip.compress(XES.encode(), mtime=0)[:-20], "not-a-table"),  # half a download
        (b"\x1f\x8bnonsense", "not-a-table"),
        (b"", "empty-sheet"),
        (b"\n\n", "empty-sheet"),
        (b"PK\x03\x04nonsense", "not-a-table"),
        (gzip.compress(b"a,b\n" + b"0" * (51 << 20), mtime=0), "file-too-large"),  # small packed, without measure unpacked
    ],
)
def test_what_is_no_log_is_refused_in_a_sentence(tmp_path, raw, rule):
    path = tmp_path / "log"
    path.write_bytes(raw)
    with pytest.raises(DocumentError) as caught:
        read_table(path)
    assert [one.rule for one in caught.value.findings] == [rule]


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DocumentError) as caught:
        read_table(tmp_path / "none.csv")
    assert caught.value.findings[0].rule == "file-unreadable"
