"""`practice import` and `practice export` as a consultant types them: a messy Excel catalog in, the practice's own table out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from deskweave.cli.width import width
from deskweave.documents.sheet import read_grid, write_sheet

INIT = ("init", "--id", "acme", "--zone", "Asia/Shanghai", "--lang", "zh")
ROWS: list[list[Any]] = [
    [
        1,
        "桌面IT运维管理",
        "操作系统安装",
        "操作系统安装与离职系统重置",
        None,
        "用户",
        "操作系统安装与故障处理",
        "飞书，电话；邮件",
        "现场",
        "5×8",
        "",
        "张三",
    ],
    [
        2,
        None,
        "操作系统故障处理",
        "操作系统级别故障处理 ",
        None,
        "用户",
        "操作系统安装与故障处理",
        "飞书、电话、邮件",
        "远程／现场",
        "5x8",
        "含蓝屏",
    ],
    [3, None, "打印机支持", "打印机卡纸、缺墨处理", None, "用户", "电脑硬件问题", "飞书\n电话", "上门", "５ｘ８"],
    [4, "业务系统(系统详细清单)", "使用咨询", "各业务系统问题咨询", None, "用户", "使用咨询", "智能自助服务台", "远程", "5*8"],
    ["合计", None, None, 4],
    ["注：本目录每年修订一次"],
]


def messy(path: Path, **cells: Any) -> Path:
    """Title rows, a merged category, an empty column, full-width signs, a sum and a remark, as an Excel file."""
    book = openpyxl.Workbook()
    page: Any = book.active
    page.append(["某集团 IT 服务目录（2026版）"])
    page.merge_cells("A1:L1")
    page.append(["编制：信息中心", "", "", "日期：2026年3月"])
    page.append([])
    page.append(
        [
            "序号",
            "服务类别",
            "服务名称",
            "服务项*",
            None,
            "服务对象",
            "分类",
            "服务 渠道",
            "服务方式",
            "服务级别(必填)",
            "备注",
            "负责人",
        ]
    )
    for row in ROWS:
        page.append(row)
    page.merge_cells("B5:B7")
    for name, value in cells.items():
        page[name] = value
    book.save(path)
    return path


@pytest.mark.practice("B1")
def test_a_messy_catalog_is_shown_then_written_then_the_same(cli: Any, tmp_path: Path) -> None:
    cli(*INIT)
    messy(tmp_path / "目录.xlsx")
    before = (tmp_path / "practice/catalog.yaml").read_bytes()
    shown = cli("practice", "import", "目录.xlsx", "--plan", "--lang", "zh")
    assert shown.code == 0, shown.all
    assert (tmp_path / "practice/catalog.yaml").read_bytes() == before
    for words in (
        "未导入的列（无法识别）：序号, 负责人",
        "未导入的行（没有条目）：目录.xlsx:9:1  合计",
        "未导入的行（没有条目）：目录.xlsx:10:1  注：本目录每年修订一次",
        "+ 目录.xlsx:7:4  服务项 打印机卡纸、缺墨处理",
        "~ 目录.xlsx:6:4  服务项 操作系统级别故障处理",
        "备注：由 （空） 改为 含蓝屏",
        "8 个条目在表格中已没有（-），予以保留；加 --remove 则移除。",
    ):
        assert words in shown.out
    assert max(map(width, shown.out.splitlines())) <= 80
    shown.out.encode("gbk")
    asked = cli("practice", "import", "目录.xlsx")  # nobody is there to answer
    assert (asked.code, (tmp_path / "practice/catalog.yaml").read_bytes()) == (5, before)
    assert "deskweave practice import '目录.xlsx' --yes" in asked.out
    done = cli("practice", "import", "目录.xlsx", "--yes", "--lang", "en")
    assert (done.code, "Written: practice/catalog.yaml" in done.out) == (0, True), done.all
    there = (tmp_path / "practice/catalog.yaml").read_bytes()
    again = cli("practice", "import", "目录.xlsx", "--yes", "--lang", "en")
    assert (again.code, (tmp_path / "practice/catalog.yaml").read_bytes()) == (0, there)
    assert "4 rows, nothing to change" in again.out
    assert cli("practice", "lint").code == 0


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["t.xlsx:7:8", "'电活' is not a channel of this practice", "did you mean Phone", "t.xlsx:8:10"]),
        ("zh", ["t.xlsx:7:8", "电活", "电话", "t.xlsx:8:10", "5x9"]),
    ],
)
def test_mistakes_are_told_all_at_once_by_row_and_column(cli: Any, tmp_path: Path, language: str, words: list[str]) -> None:
    cli(*INIT)
    messy(tmp_path / "t.xlsx", H7="飞书、电活", J8="5x9")
    before = (tmp_path / "practice/catalog.yaml").read_bytes()
    answer = cli("practice", "import", "t.xlsx", "--yes", "--lang", language)
    assert (answer.code, [word for word in words if word not in answer.err]) == (2, []), answer.err
    assert (tmp_path / "practice/catalog.yaml").read_bytes() == before


def test_import_as_data(cli: Any, tmp_path: Path) -> None:
    cli(*INIT)
    messy(tmp_path / "t.xlsx")
    answer = json.loads(cli("practice", "import", "t.xlsx", "--plan", "--json").out)
    assert answer["summary"]["columns_left_out"] == ["序号", "负责人"]
    assert (answer["summary"]["kind"], answer["summary"]["rows_left_out"], answer["summary"]["written"]) == ("catalog", [9, 10], [])
    row = next(item for item in answer["items"] if item["change"] == "changed" and item["row"] == 6)
    assert {one["key"] for one in row["values"]} == {"channels", "remarks"}


@pytest.mark.parametrize(("file", "options"), [("c.xlsx", ()), ("c.csv", ()), ("c.csv", ("--encoding", "gbk"))])
def test_out_and_in_again_is_nothing_to_change(cli: Any, tmp_path: Path, file: str, options: tuple[str, ...]) -> None:
    cli(*INIT)
    for kind in ("catalog", "systems", "classifications", "skills"):
        written = cli("practice", "export", kind, file, *options, "--yes", "--lang", "zh")
        assert written.code == 0, written.all
        assert "没有变更" in cli("practice", "import", file, "--lang", "zh").out
        raw = (tmp_path / file).read_bytes()
        assert cli("practice", "export", kind, file, *options, "--lang", "zh").code == 0  # the same bytes replace nothing
        assert (tmp_path / file).read_bytes() == raw


def test_export_replaces_no_other_file_by_itself(cli: Any, tmp_path: Path) -> None:
    cli(*INIT)
    (tmp_path / "mine.csv").write_text("mine\n", encoding="utf-8")
    answer = cli("practice", "export", "catalog", "mine.csv")
    assert (answer.code, (tmp_path / "mine.csv").read_text("utf-8")) == (2, "mine\n")
    assert cli("practice", "export", "catalog", "-o", "mine.csv", "--yes").code == 0
    heading = next(iter(read_grid(tmp_path / "mine.csv")))[1]
    assert "服务项" in heading


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("practice", "export", "catalogue", "c.xlsx"), "catalog"),
        (("practice", "export", "catalog", "c.xls"), ".xlsx"),
        (("practice", "export", "catalog", "c.csv", "--encoding", "big5"), "utf-8, gbk"),
        (("practice", "import", "nothing.xlsx"), "nothing.xlsx"),
        (("practice", "import", "deskweave.yaml"), "deskweave.yaml"),
        (("practice", "import", "t.csv", "--kind", "persons"), "people"),
    ],
)
def test_what_is_mistyped_is_told(cli: Any, tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    cli(*INIT)
    (tmp_path / "t.csv").write_bytes(write_sheet(["姓名"], [["李雷"]], "csv"))
    answer = cli(*arguments)
    assert (answer.code, words in answer.err) == (2, True), answer.all
    assert "Traceback" not in answer.all


def test_people_in_and_out(cli: Any, tmp_path: Path) -> None:
    cli(*INIT)
    (tmp_path / "list.csv").write_bytes(write_sheet(["工号", "姓名", "邮箱"], [["1001", "李雷", "li.lei@acme.cn"]], "csv-gbk"))
    answer = cli("practice", "import", "list.csv", "--yes", "--lang", "zh")
    assert (answer.code, "+ list.csv:2:1  人员 李雷 (1001)" in answer.out) == (0, True), answer.all
    assert (tmp_path / "people.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert cli("practice", "export", "people", "out.xlsx", "--lang", "zh").code == 0
    assert [row for _, row in read_grid(tmp_path / "out.xlsx")][:2] == [
        ["编号", "姓名", "邮箱", "处理组", "技能"],
        ["1001", "李雷", "li.lei@acme.cn"],
    ]
    assert "没有变更" in cli("practice", "import", "out.xlsx", "--lang", "zh").out
