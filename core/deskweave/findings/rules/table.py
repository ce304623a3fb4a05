"""Rules about what a table says: a catalog, a list of terms, people."""

from __future__ import annotations

from typing import Final

from deskweave.findings.rules.rule import Rule, rule

TABLE: Final[tuple[Rule, ...]] = (
    rule(
        "heading-missing", "前 30 行中没有可识别的表头",
        ("Without headings nobody can tell what a cell means.", "没有表头就无法得知单元格的含义。"),
        ("Put the headings above the rows, on the first sheet.", "在第一个工作表的数据行上方添加表头。"),
    ),
    rule(
        "heading-ambiguous", "表头同时符合多种表格",
        ("Systems in place of skills would change another part of the practice.", "把系统当作技能，会改动实践的另一部分。"),
        ("Say which table it is: --kind.", "用 --kind 指明是哪种表格。"),
    ),
    rule(
        "row-twice", "{found} 在表格中已有另一行",
        ("Which of the two rows counts would be chance.", "以哪一行为准无法确定。"),
        ("Keep one of the rows.", "只保留一行。"),
    ),
    rule(
        "differs-by-system", "同一服务项在不同业务系统的行中内容不同：{found}",
        ("An item has one level and one set of channels, whatever system it is asked for.",
         "一个服务项只有一种级别与渠道，与业务系统无关。"),
        ("Say the same in every row, or name the item otherwise for that system.", "使各行一致，或为该系统另立服务项。"),
    ),
    rule(
        "system-without-row", "服务项缺少这些业务系统的行：{found}",
        ("The form of an item asks for one of all systems; it leaves none out.", "表单从全部业务系统中选择，无法排除个别系统。"),
        ("Add the rows, or give these systems an item of their own.", "补全各行，或为这些系统另立服务项。"),
    ),
)  # fmt: skip
