"""Rules about tables that are imported: workbooks and CSV."""

from __future__ import annotations

from typing import Final

from deskweave.findings.rules.rule import Rule, rule

SHEET: Final[tuple[Rule, ...]] = (
    rule(
        "not-a-table", "文件不是可读取的表格",
        ("Nothing can be taken from it.", "无法从中读取内容。"),
        ("Save it as .xlsx or CSV.", "另存为 .xlsx 或 CSV。"),
    ),
    rule(
        "empty-sheet", "工作表为空",
        ("Nothing can be taken from it.", "无法从中读取内容。"),
        ("Name the sheet that holds the rows.", "指明含有数据的工作表。"),
    ),
    rule(
        "sheet-too-large", "表格过大",
        ("No practice has so many rows; it is probably another table.", "实践不会有这么多行，可能选错了表。"),
        ("Name the right sheet, or split it.", "选择正确的工作表，或拆分。"),
    ),
    rule(
        "heading-missing", "没有找到列标题",
        ("Without headings nobody can tell the columns apart.", "没有列标题就分不清各列。"),
        ("Put one of the known headings over each column.", "在各列上方写明可识别的标题。"),
    ),
    rule(
        "column-twice", "列 {found} 出现了两次",
        ("Which of the two counts would be chance.", "以哪列为准无法确定。"),
        ("Rename or remove one of them.", "改名或删除其中一列。"),
    ),
    rule(
        "person-twice", "{found} 在前面的行中已属于另一人",
        ("Work or a message would reach the wrong person.", "工单或消息会送到错误的人。"),
        ("Keep one of the rows, or correct the account.", "只保留一行，或更正账号。"),
    ),
    rule(
        "row-twice", "{found} 在前面的行中已出现",
        ("Two rows of one item may disagree.", "同一服务项的两行可能不一致。"),
        ("Keep one of the rows.", "只保留一行。"),
    ),
    rule(
        "system-without-row", "没有为 {found} 提供此服务项的行",
        ("An item is offered for every system or for none; a list with holes would offer what nobody serves.",
         "服务项要么对所有系统提供，要么都不提供。"),
        ("Add the rows, or leave the systems out.", "补充相应的行，或去掉系统。"),
    ),
    rule(
        "differs-by-system", "同一服务项在不同系统的行中写法不同：{found}",
        ("One item has one description, whatever the system.", "同一服务项只有一种说明。"),
        ("Write the same in all its rows, or make it another item.", "各行写成一致，或另设服务项。"),
    ),
    rule(
        "missing-value", "此处需要填写内容",
        ("The row says nothing without it.", "缺少它，这一行没有意义。"),
        ("Fill in the cell.", "填写单元格。"),
    ),
    rule(
        "cell-error", "单元格是错误值 {found}",
        ("A broken formula is no value.", "出错的公式不是数据。"),
        ("Mend the formula in the workbook.", "在工作簿中修正公式。"),
    ),
    rule(
        "cell-too-long", "单元格内容过长",
        ("Platforms cut it off without a word.", "平台会不加提示地截断。"),
        ("Shorten it.", "缩短内容。"),
    ),
    rule(
        "cell-without-column", "单元格没有对应的列标题",
        ("Nobody can tell what it is about.", "无法得知它的含义。"),
        ("Give the column a heading, or clear the cell.", "添加列标题，或清空单元格。"),
    ),
    rule(
        "formula-without-value", "公式没有保存的结果",
        ("The workbook was never calculated, so there is no value.", "工作簿未曾计算，没有结果。"),
        ("Open and save it once in a spreadsheet program.", "用表格软件打开并保存一次。"),
    ),
    rule(
        "control-character", "内容含有不可见的控制字符",
        ("It would end up in labels and messages.", "会出现在名称和消息中。"),
        ("Type the text again.", "重新输入文字。"),
    ),
    rule(
        "not-gbk", "{found} 中有 GBK 无法表示的字符",
        ("The file was asked for in GBK, which lacks the character.", "要求用 GBK 输出，而 GBK 没有此字符。"),
        ("Write UTF-8, or replace the character.", "改用 UTF-8，或替换该字符。"),
    ),
)  # fmt: skip
