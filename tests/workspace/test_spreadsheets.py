"""Spreadsheets into a folder: the right file, comments and order kept, nothing but what differs, nothing at all when it is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deskweave.documents.sheet import write_sheet
from deskweave.errors import DocumentError, SafetyStop
from deskweave.plugins import Plugins, load_plugins
from deskweave.practice import Practice
from deskweave.workspace import spreadsheets
from deskweave.workspace.folder import read_folder
from deskweave.workspace.loading import compose_practice
from deskweave.workspace.scaffold import write_folder
from deskweave.workspace.spreadsheets import Planned

from .conftest import NOW

HEAD = ["服务类别", "服务名称", "服务项", "服务对象", "分类", "服务渠道", "服务方式", "服务级别", "备注"]
ROW = ["桌面IT运维管理", "打印机支持", "打印机卡纸处理", "用户", "电脑硬件问题", "飞书、电话", "远程/现场", "5x8", ""]
CATALOG = """apiVersion: deskweave/v1
kind: Catalog
id: services   # what we offer
systems:
  # the two that matter
  erp: {label: {en: ERP, zh: 企业资源计划}}   # SAP
  oa: {label: {zh: 办公自动化}}
categories:
  desktop_operations:
    services:
      os_failure_handling:
        items:
          os_level_failure: {channels: [phone]}   # no chat for a blue screen
"""
PRINTING = """apiVersion: deskweave/v1
kind: Catalog
id: services
categories:
  desktop_operations:
    services:
      printing:
        label: {en: Printing, zh: 打印服务}
        items:
          toner:   # a file of its own
            label: {en: Toner, zh: 更换硒鼓}
            served: user
            channels: [phone]
"""


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return load_plugins()


@pytest.fixture
def root(tmp_path: Path, plugins: Plugins) -> Path:
    write_folder(tmp_path / "acme", id="acme", now=NOW, plugins=plugins, language="zh", zone="Asia/Shanghai")
    return tmp_path / "acme"


Import = Callable[..., Planned]


@pytest.fixture
def plan(root: Path, plugins: Plugins) -> Import:
    def planned(rows: Sequence[Sequence[str]], *, sort: str = "catalog", form: Any = "xlsx", **options: Any) -> Planned:
        path = root.parent / "table.xlsx"
        path.write_bytes(write_sheet(rows[0], rows[1:], form))
        return spreadsheets.plan_import(practice(root, plugins), path, sort=sort, reader="zh", **options)

    return planned


def practice(root: Path, plugins: Plugins) -> Practice:
    return compose_practice(read_folder(root), plugins)[0]


def carry_out(planned: Planned, root: Path, plugins: Plugins) -> list[str]:
    return spreadsheets.carry_out(planned, read_folder(root), plugins)


def files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def table(root: Path, plugins: Plugins, sort: str = "catalog") -> list[list[str]]:
    from deskweave.practice.tables import rows_of

    heading, rows = rows_of(sort, practice(root, plugins), "zh")
    return [heading, *rows]


def test_a_new_row_is_written_and_the_same_sheet_again_changes_no_byte(root: Path, plan: Import, plugins: Plugins) -> None:
    before = (root / "practice/catalog.yaml").read_text("utf-8")
    planned = plan([HEAD, ROW])
    assert files(root)["practice/catalog.yaml"] == before.encode()  # planning writes nothing
    assert carry_out(planned, root, plugins) == ["practice/catalog.yaml"]
    after = (root / "practice/catalog.yaml").read_text("utf-8")
    assert after.startswith(before)  # comments and examples as they stood, the new item below
    assert "da_yin_ji_ka_zhi_chu_li" in practice(root, plugins).catalog
    there = files(root)
    again = plan([HEAD, ROW])
    assert again.edits == ()
    assert carry_out(again, root, plugins) == []
    assert files(root) == there


def test_a_value_is_written_where_it_stands(root: Path, plan: Import, plugins: Plugins) -> None:
    (root / "practice/catalog.yaml").write_text(CATALOG, encoding="utf-8")
    (root / "practice/printing.yaml").write_text(PRINTING, encoding="utf-8")
    rows = table(root, plugins)
    item, remarks, channels = rows[0].index("服务项"), rows[0].index("备注"), rows[0].index("服务渠道")
    for row in rows:
        if row[item] == "更换硒鼓":
            row[remarks] = "含安装"
        if row[item] == "操作系统级别故障处理":
            row[channels] = "电话、邮件"
    assert sorted(carry_out(plan(rows), root, plugins)) == ["practice/catalog.yaml", "practice/printing.yaml"]
    assert (root / "practice/catalog.yaml").read_text("utf-8") == CATALOG.replace("[phone]}   #", "[phone, email]} #")
    printing = (root / "practice/printing.yaml").read_text("utf-8")
    assert printing.startswith(PRINTING.rstrip("\n"))
    assert printing.replace(PRINTING.rstrip("\n"), "").split() == ["remarks:", "zh:", "含安装"]


def test_what_an_environment_says_is_written_there(root: Path, plugins: Plugins, tmp_path: Path) -> None:
    (root / "practice/env").mkdir()
    own = root / "practice/env/dev.yaml"
    own.write_text(CATALOG.replace("[phone]", "[wecom]"), encoding="utf-8")
    rows = table(root, plugins)
    item, channels = rows[0].index("服务项"), rows[0].index("服务渠道")
    next(row for row in rows if row[item] == "操作系统级别故障处理")[channels] = "电话"
    path = tmp_path / "t.csv"
    path.write_bytes(write_sheet(rows[0], rows[1:], "csv-gbk"))
    planned = spreadsheets.plan_import(practice(root, plugins), path, sort="catalog", reader="zh")
    assert carry_out(planned, root, plugins) == ["practice/env/dev.yaml"]
    assert own.read_text("utf-8") == CATALOG


def test_nothing_is_written_when_one_cell_is_wrong(root: Path, plan: Import) -> None:
    before = files(root)
    with pytest.raises(DocumentError) as caught:
        plan([HEAD, ROW, [*ROW[:2], "打印机安装", "用户", "硬件", "传真", "远程", "5x9", ""]])
    assert [(one.place.source, one.place.line, one.place.column) for one in caught.value.findings] == [
        ("table.xlsx", 3, column) for column in (5, 6, 8)
    ]
    assert files(root) == before


def test_what_other_documents_name_cannot_go(root: Path, plan: Import, plugins: Plugins) -> None:
    before = files(root)
    with pytest.raises(DocumentError) as caught:
        plan([HEAD, ROW], remove=True)
    told = next(one for one in caught.value.findings if one.found == "os_level_failure")
    assert told.place.source == "deskweave:service-desk/routing.yaml"
    assert told.remedy.startswith("os_level_failure has no row in table.xlsx: keep the row")
    assert files(root) == before
    rows = [row for row in table(root, plugins) if "各业务系统问题咨询" not in row]  # mended: no rule names that one
    planned = plan(rows, remove=True)
    assert carry_out(planned, root, plugins) == ["practice/catalog.yaml"]
    assert "business_system_advice" not in practice(root, plugins).catalog


def test_a_term_of_the_folder_goes_from_its_file_and_one_from_below_is_removed(root: Path, plan: Import, plugins: Plugins) -> None:
    (root / "practice/catalog.yaml").write_text(CATALOG, encoding="utf-8")
    assert carry_out(plan([["标识", "业务系统"], ["erp", "企业资源计划"]], sort="systems", remove=True), root, plugins)
    text = (root / "practice/catalog.yaml").read_text("utf-8")
    assert "oa:" not in text
    assert "  # the two that matter\n  erp: {label: {en: ERP, zh: 企业资源计划}}   # SAP\n" in text
    assert list(practice(root, plugins).systems) == ["erp"]
    assert practice(root, plugins).documents["Catalog", "services"]["systems"] == {
        "erp": {"label": {"en": "ERP", "zh": "企业资源计划"}}
    }
    assert plan([["标识", "业务系统"], ["erp", "企业资源计划"]], sort="systems", remove=True).edits == ()


def test_a_practice_without_the_file_gets_one(root: Path, plan: Import, plugins: Plugins) -> None:
    for name in ("catalog", "routing"):
        (root / f"practice/{name}.yaml").unlink()
    assert carry_out(plan([["技能", "英文技能"], ["打印机", "Printers"]], sort="skills"), root, plugins) == [
        "practice/routing.yaml"
    ]
    text = (root / "practice/routing.yaml").read_text("utf-8")
    assert text.startswith("apiVersion: deskweave/v1\nkind: Routing\nid: routing\n")
    assert practice(root, plugins).routing.skills["printers"].label == {"en": "Printers", "zh": "打印机"}


def test_a_file_of_another_kind_gets_the_document_behind_its_own(root: Path, plan: Import, plugins: Plugins) -> None:
    other = "apiVersion: deskweave/v1\nkind: Clock\nid: first_response\ngoal: PT10M # ten\n"
    (root / "practice/clocks.yaml").unlink()
    (root / "practice/catalog.yaml").write_text(other, encoding="utf-8")
    carry_out(plan([HEAD, ROW]), root, plugins)
    assert (root / "practice/catalog.yaml").read_text("utf-8").startswith(other + "---\nkind: Catalog\nid: services\n")


def test_everything_is_taken_back_when_the_files_say_something_else(root: Path, plan: Import, plugins: Plugins) -> None:
    """As when somebody saved a file while the question was on the screen."""
    planned = plan([HEAD, ROW])
    clocks = root / "practice/clocks.yaml"
    clocks.write_text(clocks.read_text("utf-8") + "goal: PT10M\n", encoding="utf-8")
    before = files(root)
    with pytest.raises(SafetyStop):
        carry_out(planned, root, plugins)
    assert files(root) == before
    stale = replace(planned, edits=tuple(replace(edit, file="practice/new.yaml", made=True) for edit in planned.edits))
    with pytest.raises(SafetyStop):
        carry_out(stale, root, plugins)
    assert files(root) == before


CLIENT = r"""apiVersion: deskweave/v1
kind: Catalog
id: services
classifications: {printers: {label: {en: Printers, zh: "打印/复印"}}}
systems: {erp: {label: {en: ERP, zh: 企业资源计划}, was: [sap]}, oa: {label: {zh: 办公自动化}}}
categories:
  desktop_operations:
    services:
      os_failure_handling: {label: {zh: "系统, 故障"}, items: {os_level_failure: {channels: [phone], asks: [system_module]}}}
      printing:
        label: {en: "=1+1", zh: "打印、扫描"}
        items:
          toner:
            label: {zh: "更换\"硒鼓\"\n两行"}
            description: {zh: -5 以上}
            classification: printers
            served: agent
            channels: [wecom]
            stock: true
            entitled: {all: [{department: {eq: "财务,部"}}, {not: {city: {eq: 北京}}}]}
            remarks: {en: "@all"}
"""


@pytest.mark.parametrize("file", ["xlsx", "csv", "gbk.csv"])
def test_out_of_one_folder_into_an_empty_one_is_an_equal_practice(root: Path, plugins: Plugins, tmp_path: Path, file: str) -> None:
    (root / "practice/catalog.yaml").write_text(CLIENT, encoding="utf-8")
    write_folder(tmp_path / "other", id="acme", now=NOW, plugins=plugins, language="zh", zone="Asia/Shanghai")
    said = practice(root, plugins)
    for sort in ("classifications", "systems", "skills", "catalog"):
        path = tmp_path / f"{sort}.{file}"
        made = spreadsheets.export(read_folder(root), said, sort, reader="zh", file=path, gbk=file.startswith("gbk"))
        path.write_bytes(made.data)
        there = practice(tmp_path / "other", plugins)
        carry_out(spreadsheets.plan_import(there, path, sort=sort, reader="zh"), tmp_path / "other", plugins)
    assert practice(tmp_path / "other", plugins).digest == said.digest


# ---------------------------------------------------------------------------------------------------------------------- people
PEOPLE = [
    ["工号", "姓名", "邮箱", "处理组", "操作系统", "软件"],
    ["1001", "李雷", "li.lei@acme.cn", "服务台", "√", ""],
    ["1002", "韩梅梅", "han@acme.cn", "服务台", "", "√"],
]


def people(root: Path, plugins: Plugins, rows: Sequence[Sequence[str]], **options: Any) -> spreadsheets.PlannedPeople:
    path = root.parent / "people.xlsx"
    path.write_bytes(write_sheet(rows[0], rows[1:]))
    return spreadsheets.plan_people(read_folder(root), practice(root, plugins), path, reader="zh", **options)


def skills(root: Path, plugins: Plugins) -> dict[str, tuple[str, ...]]:
    listed = spreadsheets.listed_people(read_folder(root), practice(root, plugins), "zh")
    return {one.key: one.skills for one in listed}


@pytest.mark.practice("J4")
def test_a_skill_matrix_becomes_people_csv(root: Path, plugins: Plugins) -> None:
    known = practice(root, plugins).routing.skills
    systems, software = list(known)[:2]
    rows = [[*PEOPLE[0][:4], known[systems].label["zh"], known[software].label["en"]], *PEOPLE[1:]]
    rows[1][3] = rows[2][3] = next(iter(practice(root, plugins).routing.groups.values())).label["zh"]
    planned = people(root, plugins, rows)
    assert not (root / "people.csv").exists()
    assert spreadsheets.carry_out_people(planned)
    assert skills(root, plugins) == {"1001": (systems,), "1002": (software,)}
    before = files(root)
    assert not spreadsheets.carry_out_people(people(root, plugins, rows))
    assert files(root) == before
    # a list that says nothing of skills leaves them; who is missing stays until somebody says otherwise
    less = [["工号", "邮箱"], ["1001", "lei@acme.cn"]]
    spreadsheets.carry_out_people(people(root, plugins, less))
    assert skills(root, plugins) == {"1001": (systems,), "1002": (software,)}
    spreadsheets.carry_out_people(people(root, plugins, less, remove=True))
    assert skills(root, plugins) == {"1001": (systems,)}


def test_columns_of_ones_own_stay_in_people_csv(root: Path, plugins: Plugins) -> None:
    (root / "people.csv").write_bytes(write_sheet(["key", "name", "分机"], [["1001", "李雷", "8001"]], "csv"))
    spreadsheets.carry_out_people(people(root, plugins, [["工号", "姓名"], ["1001", "李磊"], ["1002", "韩梅梅"]]))
    text = (root / "people.csv").read_text("utf-8-sig")
    assert [line.split(",") for line in text.splitlines()][1] == ["1001", "李磊", "", "", "", "8001"]
    assert '"分机"' in text.splitlines()[0]


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        (["1001", "李雷", "li.lei(at)acme.cn", ""], "wrong-form"),
        (["1001", "李雷", "", "打印"], "unknown-skill"),
        (["1002", "李雷", "han@acme.cn", ""], "person-twice"),  # somebody else's address
        (["1009", "李雷", "", ""], "row-twice"),
    ],
)
def test_people_are_told_by_row(root: Path, plugins: Plugins, row: list[str], rule: str) -> None:
    rows = [["工号", "姓名", "邮箱", "技能"], ["1009", "韩梅梅", "han@acme.cn", ""], row]
    with pytest.raises(DocumentError) as caught:
        people(root, plugins, rows)
    assert [(one.rule, one.place.line) for one in caught.value.findings] == [(rule, 3)]
    people(root, plugins, [rows[0], rows[1], ["1001", "李雷", "", ""]])  # mended
