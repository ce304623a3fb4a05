"""Parts of a practice as tables: what a sheet means, and that out and in again is equal (ux expectation 33)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskweave.documents import read
from deskweave.documents.sheet import Format, read_grid, write_sheet
from deskweave.errors import DocumentError
from deskweave.findings import Finding
from deskweave.findings.rules import RULES
from deskweave.practice import Layer, Practice, compose, compose_layers
from deskweave.practice.tables import SORTS, TABLES, Share, read_rows, rows_of, sort_of
from deskweave.practice.tables.columns import CATALOG, normal, recognised
from deskweave.practice.tables.slugs import new_slug

TOP = """apiVersion: deskweave/v1
kind: Practice
id: acme
version: '1'
label: {en: ACME, zh: 艾克米}
languages: [en, zh]
zone: Asia/Shanghai
extends: [deskweave:service-desk@1]
"""
FREE = """---
kind: Routing
id: routing
remove: [assignment/on_site_only, escalations/dispatch_on_site]
"""
"""Without the rules of the built-in practice that name its items: what a rule names cannot go."""
HEAD = ["服务类别", "服务名称", "服务项", "服务对象", "分类", "服务渠道", "服务方式", "服务级别", "备注"]
PRINTER = ["桌面IT运维管理", "打印机支持", "打印机卡纸处理", "用户", "电脑硬件问题", "飞书、电话", "远程/现场", "5x8", ""]


@lru_cache(maxsize=8)
def client(more: str = "") -> Practice:
    return compose(read(TOP + more, "acme.yaml"))


def lines(rows: Sequence[Sequence[str]]) -> list[tuple[int, list[str]]]:
    return [(number, list(row)) for number, row in enumerate(rows, 1)]


def share(rows: Sequence[Sequence[str]], practice: Practice | None = None, sort: str = "catalog", **options: Any) -> Share:
    return read_rows(sort, lines(rows), practice or client(), "zh", "t.xlsx", **options)


def told(found: Share) -> list[tuple[str, str, int | None, int | None, str | None]]:
    return [(one.rule, one.found, one.place.line, one.place.column, one.nearest) for one in found.findings]


def after(found: Share, practice: Practice, *, remove: bool = False) -> Practice:
    """The practice with the table over it."""
    assert found.findings == []
    layers = list(practice.layers)
    documents = {(one.kind, one.id): dict(one.body) for one in found.documents()}
    for path in [*found.taken, *(found.gone if remove else ())]:
        body = documents.setdefault((path[0], path[1]), {"kind": path[0], "id": path[1]})
        body["remove"] = [*body.get("remove", []), "/".join(path[2:])]
    from deskweave.documents import Document

    return compose_layers(
        [
            *layers,
            Layer(name="table", documents=tuple(Document(kind=k, id=i, body=b, source="t") for (k, i), b in documents.items())),
        ]
    )


# ------------------------------------------------------------------------------------------------------------------ headings
@pytest.mark.parametrize(
    ("heading", "meant"),
    [
        ("服务项", ("item", "label", "zh")),
        ("服务项*", ("item", "label", "zh")),  # the mark of a column that must be filled in
        ("服务 项", ("item", "label", "zh")),  # a line break or blank in a narrow column
        ("服务项（必填）", ("item", "label", "zh")),
        ("服务项(en)", ("item", "label", "en")),
        ("服务项（英文）", ("item", "label", "en")),
        ("英文服务项", ("item", "label", "en")),
        ("Service item", ("item", "label", "en")),
        ("SERVICE ITEM (zh)", ("item", "label", "zh")),
        ("服务级别", ("item", "hours", None)),  # the sources call the hours a level
        ("承诺级别", ("item", "service_level", None)),
        ("渠道", ("item", "channels", None)),
        ("服务类别标识", ("category", "slug", None)),
        ("负责人", None),
        ("渠道（英文）", None),  # channels are references, they have no language
    ],
)
def test_headings_as_people_write_them(heading: str, meant: tuple[str, str, str | None] | None) -> None:
    found = recognised(heading, CATALOG, ("en", "zh"))
    assert (None if found is None else (found[0].term, found[0].key, found[1])) == meant


def test_no_two_columns_answer_to_one_heading() -> None:
    words = [(normal(word), (one.term, one.key)) for one in CATALOG for word in {*one.title.values(), *one.aliases}]
    assert {word for word, of in words if any(other == word and what != of for other, what in words)} == set()


def test_the_sort_of_table_is_told_by_its_heading() -> None:
    for reader in ("en", "zh"):
        for sort in SORTS:
            heading, rows = rows_of(sort, client(), reader)
            assert sort_of(lines([["清单 2026"], [], heading, *rows]), TABLES, ("en", "zh"), "t") == sort
    assert sort_of(lines([["工号", "姓名", "邮箱", "技能"]]), TABLES, ("en", "zh"), "t") == "people"
    assert sort_of(lines([["业务系统"], ["ERP"]]), TABLES, ("en", "zh"), "t") == "systems"
    with pytest.raises(DocumentError) as caught:
        sort_of(lines([["名称", "标识"], ["ERP", "erp"]]), TABLES, ("en", "zh"), "t")
    assert [(one.rule, one.allowed) for one in caught.value.findings] == [
        ("heading-ambiguous", ("systems", "classifications", "skills"))
    ]


def test_without_a_heading_nothing_is_guessed() -> None:
    with pytest.raises(DocumentError) as caught:
        share([["桌面", "打印", "卡纸"]] * 40)
    (one,) = caught.value.findings
    assert one.rule == "heading-missing"
    assert {"服务项", "Service item"} <= set(one.allowed)
    assert "da_yin_ji_ka_zhi_chu_li" in after(share([[""], ["标题"], HEAD, PRINTER]), client()).catalog  # mended


# ---------------------------------------------------------------------------------------------------------------- in, messy
def test_a_catalog_as_clients_keep_it() -> None:
    """Title rows, a number column, categories only once, full-width signs, a sum and a remark below."""
    found = share(
        [
            ["某集团服务目录", "", "", "", "", "", "", "", "", ""],
            ["序号", *HEAD],
            ["1", *PRINTER[:5], "飞书，电话；邮件", "远程／现场", "５×８", "含耗材"],
            ["2", "", "", "打印机安装", "用户", "电脑硬件问题", "飞书\n电话", "上门", "5*8", ""],
            ["3", "", "投影仪支持", "投影仪借用", "用户", "电脑硬件问题", "phone", "现场", "cn_5x8", ""],
            ["合计", "", "", "3", "", "", "", "", "", ""],
            ["", "注：每年修订", "", "", "", "", "", "", "", ""],
        ]
    )
    assert found.findings == []
    assert [one.text for one in found.table.columns_left_out] == ["序号"]
    assert [(one.place.line, one.text) for one in found.table.rows_left_out] == [(6, "合计"), (7, "注：每年修订")]
    catalog = after(found, client()).catalog
    toner = catalog["da_yin_ji_ka_zhi_chu_li"]
    assert (toner.category, toner.service) == ("desktop_operations", "da_yin_ji_zhi_chi")
    assert (toner.channels, toner.delivery, toner.hours) == (("feishu", "phone", "email"), ("remote", "on_site"), "cn_5x8")
    assert toner.remarks == {"zh": "含耗材"}
    assert catalog["da_yin_ji_an_zhuang"].service == "da_yin_ji_zhi_chi"
    assert (catalog["tou_ying_yi_jie_yong"].channels, catalog["tou_ying_yi_jie_yong"].delivery) == (("phone",), ("on_site",))


def test_a_category_on_a_line_of_its_own_counts_for_the_rows_below() -> None:
    found = share([HEAD, ["会议支持"], ["", "同声传译", "翻译设备", "用户", "会议支持", "电话", "现场", "", ""]])
    assert after(found, client()).catalog["fan_yi_she_bei"].category == "meeting_support"
    assert found.table.rows_left_out == ()


@pytest.mark.parametrize(
    ("column", "text", "expected"),
    [
        # references are told with the nearest, in the reader's words
        (5, "飞书、电活", ("unknown-channel", "电活", 2, 6, "电话")),
        (4, "电脑硬件", ("unknown-classification", "电脑硬件", 2, 5, "电脑硬件问题")),
        (7, "5x9", ("unknown-calendar", "5x9", 2, 8, "5x8")),
        (3, "用护", ("unknown-role", "用护", 2, 4, "用户")),
        (6, "空运", ("not-allowed", "空运", 2, 7, None)),
        (5, "", ("missing-value", "", 2, 6, None)),  # a new item without channels could not be asked for
    ],
)
def test_a_cell_nobody_understands_is_told_by_row_and_column(column: int, text: str, expected: tuple[Any, ...]) -> None:
    row = list(PRINTER)
    row[column] = text
    assert told(share([HEAD, row])) == [expected]
    assert expected[0] in RULES
    assert share([HEAD, PRINTER]).findings == []  # mended


def test_all_mistakes_are_told_at_once() -> None:
    rows = [[*PRINTER[:2], f"事项{n}", "用户", "电脑硬件问题", "传真", "远程", "24h", ""] for n in range(5)]
    assert [one[2:4] for one in told(share([HEAD, *rows]))] == [(n, c) for n in range(2, 7) for c in (6, 8)]


def test_one_item_has_one_row() -> None:
    assert told(share([HEAD, PRINTER, PRINTER])) == [("row-twice", "da_yin_ji_ka_zhi_chu_li", 3, 3, None)]


def test_two_columns_of_one_meaning() -> None:
    found = share([[*HEAD, "渠道"], [*PRINTER, "电话"]])
    assert told(found) == [("column-twice", "渠道", 1, 10, None)]


def test_a_classification_is_added_only_when_asked_for() -> None:
    rows = [HEAD, [*PRINTER[:4], "打印机问题", *PRINTER[5:]]]
    assert [one[0] for one in told(share(rows))] == ["unknown-classification"]
    changed = after(share(rows, add_classifications=True), client())
    assert changed.classifications["da_yin_ji_wen_ti"].label == {"zh": "打印机问题"}
    assert changed.catalog["da_yin_ji_ka_zhi_chu_li"].classification == "da_yin_ji_wen_ti"


def test_names_find_what_is_there_and_slugs_rename_it() -> None:
    """A renamed item keeps its slug where the sheet says it; a name alone finds the item it belongs to, in either language."""
    heading, rows = rows_of("catalog", client(), "zh")
    label, slug = heading.index("服务项"), heading.index("服务项标识")
    rows[0][label] = "重装系统"
    found = share([heading, *rows])
    assert [(one.mark, one.path[-1]) for one in found.changes] == [("changed", rows[0][slug])]
    assert after(found, client()).catalog["os_install_and_leaver_reset"].label["zh"] == "重装系统"
    english = [
        ["Service category", "Service name", "Service item"],
        ["Desktop operations", "OS failure handling", "OS-level failure"],
    ]
    assert [one.mark for one in share(english).changes if one.mark != "gone"] == []


def test_an_item_that_moves_takes_everything_along() -> None:
    heading, rows = rows_of("catalog", client(), "zh")
    service, slug = heading.index("服务名称"), heading.index("服务名称标识")
    row = next(row for row in rows if "device_hardware_repair" in row)
    row[service], row[heading.index("服务名称 (en)")], row[slug] = "外设维修", "Peripherals", ""
    found = share([heading, *rows])
    assert {one.mark for one in found.changes if one.term == "item"} == {"moved"}
    new, old = after(found, client()).catalog, client().catalog
    assert new["device_hardware_repair"].service == "peripherals"
    assert new["device_hardware_repair"].hours == old["device_hardware_repair"].hours
    assert set(new) == set(old)


def test_what_no_row_names_goes_only_when_asked_for() -> None:
    found = share([HEAD, PRINTER])
    gone = {one.path[-1] for one in found.changes if one.mark == "gone"}
    assert gone == set(client().catalog)
    assert set(after(found, client()).catalog) == gone | {"da_yin_ji_ka_zhi_chu_li"}
    assert set(after(found, client(FREE), remove=True).catalog) == {"da_yin_ji_ka_zhi_chu_li"}


def test_an_empty_cell_empties_what_may_be_empty() -> None:
    heading, rows = rows_of("catalog", client(), "zh")
    for name in ("服务级别", "服务渠道", "服务对象"):
        rows[0][heading.index(name)] = ""
    found = share([heading, *rows])
    item = after(found, client()).catalog["os_install_and_leaver_reset"]
    assert (item.hours, item.served) == (None, "user")
    assert item.channels == client().catalog["os_install_and_leaver_reset"].channels  # an item without channels cannot be


# -------------------------------------------------------------------------------------------------------- systems and items
SYSTEMS = [f"系统{number:02}" for number in range(1, 44)]
PER_SYSTEM = ["业务系统(系统详细清单)", "使用咨询", "各业务系统问题咨询", "用户", "使用咨询", "电话", "远程", "5x8", ""]
FOUR = [
    PER_SYSTEM,
    ["", "故障升级处理", "各业务系统故障、bug类上升", *PER_SYSTEM[3:]],
    ["", "应用系统申请", "各业务系统申请处理", *PER_SYSTEM[3:]],
    ["", "应用系统权限", "各业务系统权限处理", *PER_SYSTEM[3:]],
]


@pytest.mark.practice("B6")
def test_43_systems_times_4_items_in_and_out_are_equal() -> None:
    rows = [[*row, system] for row in FOUR for system in SYSTEMS]
    found = share([[*HEAD, "业务系统"], *rows])
    changed = after(found, client(FREE), remove=True)
    assert [one.label["zh"] for one in changed.systems.values()] == SYSTEMS
    assert len(changed.catalog) == 4
    assert {item.asks for item in changed.catalog.values()} == {("system_module",)}
    assert changed.fields["system_module"].choices == changed.systems
    heading, out = rows_of("catalog", changed, "zh", per_system=True)
    columns = [heading.index(name) for name in [*HEAD, "业务系统"]]
    filled = [[rows[n][0] or PER_SYSTEM[0], *rows[n][1:]] for n in range(172)]
    assert [[row[column] for column in columns] for row in out] == filled
    for form in ("xlsx", "csv", "csv-gbk"):
        again = read_rows("catalog", list(read_grid(write_sheet(heading, out, form))), changed, "zh", "t")  # type: ignore[arg-type]
        assert (again.values, again.taken, again.gone, again.changes, again.findings) == ({}, [], [], [], [])


@pytest.mark.parametrize(
    ("change", "rule", "mended"),
    [
        (lambda rows: rows.pop(1), "system-without-row", lambda rows: None),  # an item that one system lacks
        (lambda rows: rows[1].__setitem__(7, "7x24"), "differs-by-system", lambda rows: None),
        (lambda rows: rows.append(list(rows[0])), "row-twice", lambda rows: None),
    ],
)
def test_what_cannot_be_said_of_one_item_for_all_systems(change: Any, rule: str, mended: Any) -> None:
    def table() -> list[list[str]]:
        filled = [[row[0] or PER_SYSTEM[0], *row[1:]] for row in FOUR[:2]]
        return [[*row, system] for row in filled for system in SYSTEMS[:3]]

    broken, right = table(), table()
    change(broken)
    assert {one[0] for one in told(share([[*HEAD, "业务系统"], *broken]))} == {rule}
    mended(right)
    assert share([[*HEAD, "业务系统"], *right]).findings == []


# ------------------------------------------------------------------------------------------------------------- out and in
MORE = """---
kind: Catalog
id: services
classifications: {printers: {label: {en: Printers, zh: "打印/复印"}, ours: true}}
systems: {erp: {label: {en: ERP, zh: 企业资源计划}, was: [sap]}, oa: {label: {zh: 办公自动化}, description: {zh: 审批}}}
categories:
  desktop_operations:
    description: {zh: 桌面}
    services:
      printing:
        label: {en: "Printing, scanning", zh: "打印、扫描"}
        items:
          toner:
            label: {en: "=1+1", zh: "更换\\"硒鼓\\""}
            description: {en: "two\\nlines", zh: "-5 以上"}
            classification: printers
            served: agent
            channels: [phone, wecom]
            asks: [symptom, system_module]
            stock: true
            entitled: {all: [{department: {eq: "财务,部"}}, {not: {city: {eq: 北京}}}]}
            remarks: {zh: "@全体"}
            was: [ink]
            ours: true
---
kind: Routing
id: routing
skills: {printers: {label: {en: Printers, zh: 打印机}}}
"""


def carried(practice: Practice, form: Format, reader: str) -> Practice:
    """Everything out of a practice and into an empty one that extends the same."""
    empty = client()
    for sort in ("classifications", "systems", "skills", "catalog"):
        raw = write_sheet(*rows_of(sort, practice, reader), form)
        empty = after(read_rows(sort, list(read_grid(raw)), empty, reader, "t"), empty)
    return empty


@pytest.mark.parametrize("reader", ["en", "zh"])
@pytest.mark.parametrize("form", ["xlsx", "csv", "csv-gbk"])
def test_out_and_into_an_empty_folder_is_equal(form: Format, reader: str) -> None:
    practice = client(MORE)
    assert carried(practice, form, reader).digest == practice.digest


WORDS = st.text(st.sampled_from("ab =+-@\"',、;；/\n一二ü😀"), min_size=1, max_size=8).filter(
    lambda text: text.strip() == text and normal(text)
)
LABEL = st.fixed_dictionaries({"zh": WORDS}, optional={"en": WORDS})


@settings(max_examples=12, deadline=None)
@given(st.lists(LABEL, min_size=1, max_size=3), LABEL, st.sampled_from(["xlsx", "csv"]), st.sampled_from(["en", "zh"]))
def test_no_name_is_lost_or_computed(items: list[dict[str, str]], system: dict[str, str], form: Format, reader: str) -> None:
    import json

    body = {
        "kind": "Catalog",
        "id": "services",
        "systems": {"s1": {"label": system}},
        "categories": {
            "meeting_support": {
                "services": {
                    "extra": {
                        "label": items[0],
                        "items": {f"i{n}": {"label": one, "served": "user", "channels": ["phone"]} for n, one in enumerate(items)},
                    }
                }
            }
        },
    }
    practice = compose(read(TOP + "---\n" + json.dumps(body, ensure_ascii=False), "acme.yaml"))
    assert carried(practice, form, reader).digest == practice.digest


def test_gbk_says_what_it_cannot_hold() -> None:
    practice = client(MORE.replace("更换", "😀"))
    with pytest.raises(DocumentError) as caught:
        write_sheet(*rows_of("catalog", practice, "zh"), "csv-gbk")
    assert {(one.rule, one.found) for one in caught.value.findings} == {("not-gbk", "😀")}


@pytest.mark.parametrize(
    ("label", "slug"),
    [
        ({"zh": "重置密码"}, "zhong_zhi_mi_ma"),
        ({"zh": "重置密码", "en": "Reset password"}, "reset_password"),  # English is shorter and read by everyone
        ({"zh": "程序bug"}, "cheng_xu_bug"),
        ({"en": "VPN / Café (new)"}, "vpn_cafe_new"),
        ({"en": "24h hotline"}, "item_24h_hotline"),
        ({"en": "All"}, "item_all"),  # a reserved word
        ({"zh": "！"}, "item"),
        ({"en": "word " * 30}, "_".join(["word"] * 9)),
    ],
)
def test_slugs_a_person_can_read(label: dict[str, str], slug: str) -> None:
    assert new_slug(label, "item", ()) == slug
    assert new_slug(label, "item", {slug}) == f"{slug}_2"
    assert re.fullmatch(r"[a-z][a-z0-9_]{0,62}", slug)


def finding(one: Finding) -> str:
    return f"{one.place.line}:{one.place.column} {one.rule}"


def test_what_the_whole_practice_shows_is_told_at_the_cell_too() -> None:
    """A form that asks what the system writes: the sheet is one layer more, so every check of documents sees it."""
    heading, rows = rows_of("catalog", client(), "zh")
    rows[2][heading.index("表单询问")] = "创建时间"
    found = share([heading, *rows])
    with pytest.raises(DocumentError) as caught:
        compose_layers([*client().layers, Layer(name="table", documents=tuple(found.documents()))])
    assert [finding(one) for one in caught.value.findings] == [f"4:{heading.index('表单询问') + 1} asks-of-system"]


@pytest.mark.parametrize("slug", ["Foo Bar", "all", "../x", "a/b", "a" * 80])
def test_a_slug_that_is_none_is_told_at_its_cell(slug: str) -> None:
    found = share([[*HEAD, "标识"], [*PRINTER, slug]])
    with pytest.raises(DocumentError) as caught:
        compose_layers([*client().layers, Layer(name="table", documents=tuple(found.documents()))])
    assert [finding(one) for one in caught.value.findings] == ["2:10 bad-key"]
