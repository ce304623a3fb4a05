"""Rules about logs and exports that are imported: the file, its mapping, and what is doubtful about its rows."""

from __future__ import annotations

from typing import Final

from deskweave.findings import Severity
from deskweave.findings.rules.rule import Rule, rule

_W = Severity.WARNING

LOG: Final[tuple[Rule, ...]] = (
    rule(
        "not-a-log", "文件不是可读取的 XES 日志",
        ("A stranger's XML is read only as far as a log needs.", "外来的 XML 只按日志所需读取。"),
        ("Export it again as XES, CSV or .xlsx.", "重新导出为 XES、CSV 或 .xlsx。"),
    ),
    rule(
        "log-open", "日志的读法尚未确定",
        ("A guess here would put every figure on the wrong day.", "猜错会使所有指标落在错误的日期。"),
        ("Write it into the mapping and run the same command again.", "写入对应文件，再执行同一命令。"),
    ),
    rule(
        "one-log", "日志对应文件只能有一份 Log 文档，且标识与文件名一致",
        ("Which of two would be followed is nobody's guess.", "两份文档以哪份为准无法确定。"),
        ("Keep one document, and let its id be the file's name.", "只保留一份文档，标识与文件名相同。"),
    ),
    rule(
        "unknown-log", "此处没有导入过日志 {found}",
        ("There is nothing to take out.", "没有可移除的内容。"),
        ("deskweave import-log lists what was imported.", "deskweave import-log 可列出已导入的日志。"),
    ),
    rule(
        "unknown-column", "日志中没有列 {found}",
        ("What nothing is read from stays empty in every figure.", "读不到的内容在指标中为空。"),
        ("Name a column as the file's heading does.", "按文件的列标题填写。"),
    ),
    rule(
        "log-no-case", "{count} 行没有工单编号，未计入（第 {lines} 行）",
        ("Nobody can tell whose they are.", "无法得知属于哪张工单。"),
        ("Name the right column under case.", "在 case 中写明正确的列。"),
        _W,
    ),
    rule(
        "log-no-time", "{count} 行没有时间，未计入（第 {lines} 行）",
        ("What happened at no time belongs to no period.", "没有时间就不属于任何周期。"),
        ("Export the column, or name another under times.", "导出该列，或在 times 中写明其他列。"),
        _W,
    ),
    rule(
        "log-time-unreadable", "{count} 个时间无法读取，未计入（第 {lines} 行），例如 {found}",
        ("A moment that cannot be read is no moment.", "读不出的时间不能计入。"),
        ("Correct the cells, or order under times.", "更正单元格，或 times 中的 order。"),
        _W,
    ),
    rule(
        "log-time-ahead", "{count} 个时间在将来（第 {lines} 行）",
        ("They count once their day has come.", "到了那一天才会计入。"),
        ("Look at year and zone.", "检查年份和时区。"),
        _W,
    ),
    rule(
        "log-time-astray", "{count} 个时间与前后相差半年以上（第 {lines} 行）",
        ("Typed in another year, one moment outweighs a month of others.", "年份写错一个，足以抵过一个月的数据。"),
        ("Correct them where they are kept, and export again.", "在来源处更正后重新导出。"),
        _W,
    ),
    rule(
        "log-end-before-start", "{count} 单有早于登记的时间（第 {lines} 行）",
        ("No duration is made of them: neither negative nor zero.", "不计算时长：既不为负也不为零。"),
        ("Correct them where they are kept, and export again.", "在来源处更正后重新导出。"),
        _W,
    ),
    rule(
        "log-same-instant", "{count} 行与前一行时间相同，按文件中的顺序计（第 {lines} 行）",
        ("Their order is all that tells which came first.", "只有顺序能说明先后。"),
        ("Nothing to do, unless the file was sorted by another column.", "无需处理，除非文件按其他列排过序。"),
        Severity.NOTE,
    ),
    rule(
        "log-row-twice", "{count} 行在文件中重复，只计一次（第 {lines} 行）",
        ("Counted twice they would be two events.", "计两次就成了两个事件。"),
        ("Nothing to do.", "无需处理。"),
        _W,
    ),
    rule(
        "log-case-twice", "{count} 行重复了同一工单，以最新一行为准（第 {lines} 行）",
        ("One record cannot stand in two states.", "一张工单不能有两种现状。"),
        ("If each row is an event, write rows: events.", "如果每行是一个事件，请写 rows: events。"),
        _W,
    ),
    rule(
        "log-status-unknown", "{count} 行的状态“{found}”没有对应（第 {lines} 行）",
        ("Clocks cannot tell what such a status means.", "计时无法判断该状态的含义。"),
        ("Name a status for it in the mapping, or unchanged.", "在对应文件中写明状态，或写 unchanged。"),
        _W,
    ),
    rule(
        "log-status-missing", "{count} 行没有状态（第 {lines} 行）",
        ("The inquiry stays in the status it had.", "工单保持原有状态。"),
        ("Name the right columns under status.", "在 status 中写明正确的列。"),
        _W,
    ),
    rule(
        "log-value-unknown", "{count} 行的值没有对应：{found}（第 {lines} 行）",
        ("They are kept as raw values and count in no breakdown.", "保留原值，但不计入任何细分。"),
        ("Name a value for each word in the mapping, or add the choice to the practice.",
         "在对应文件中写明取值，或在实践中增加选项。"),
        _W,
    ),
    rule(
        "log-record-twice", "{count} 行的编号后文再次出现，以后者为准（第 {lines} 行）",
        ("An id names one contact or one answer; the later row corrects the earlier.",
         "一个编号只指一次联络或一份答复，后一行更正前一行。"),
        ("If the ids begin anew, name another column under case, or ~.",
         "如果编号会重复使用，请在 case 中写其他列，或写 ~。"),
        _W,
    ),
    rule(
        "log-no-id", "{count} 行没有编号，按内容生成（第 {lines} 行）",
        ("Rows without an id are told apart by what they say.", "没有编号的行按内容区分。"),
        ("Nothing to do, or export the column.", "无需处理，或导出该列。"),
        Severity.NOTE,
    ),
    rule(
        "log-no-answer", "{count} 行没有回答任何问题，未计入（第 {lines} 行）",
        ("Who answered nothing said nothing.", "没有作答就没有评价。"),
        ("Nothing to do, or name more columns under questions.", "无需处理，或在 questions 中写明更多列。"),
        _W,
    ),
    rule(
        "log-duration-unreadable", "{count} 个时长无法读取，留空：{found}（第 {lines} 行）",
        ("A call without ring time is no call in the abandonment rate.", "没有振铃时长的电话不计入放弃率。"),
        ("Correct the cells, or unit in the mapping.", "更正单元格，或对应文件中的 unit。"),
        _W,
    ),
    rule(
        "log-duration-long", "{count} 个时长超过 12 小时，{found} 的单位是否正确？（第 {lines} 行）",
        ("In the wrong unit every call rings for more than 25 seconds.", "单位写错，每个电话都振铃超过 25 秒。"),
        ("Write unit: milliseconds beside the column.", "在该列旁写 unit: milliseconds。"),
        _W,
    ),
    rule(
        "log-talk-unanswered", "{count} 个无人接听的电话有通话时长（第 {lines} 行）",
        ("Either somebody answered, or the column counts the ringing too.", "要么有人接听，要么该列包含振铃时长。"),
        ("Look at the columns of answered and talk_time.", "检查 answered 和 talk_time 的列。"),
        _W,
    ),
    rule(
        "log-record-elsewhere", "{count} 行已从 {found} 得知，未计入",
        ("Counted from both they would be counted twice.", "两处都计会重复。"),
        ("Nothing to do; a later export of the same calls goes by the same --name.",
         "无需处理；同一话务的后续导出请用相同的 --name。"),
        Severity.NOTE,
    ),
    rule(
        "log-of-inquiries", "{found} 不适用于这种日志",
        ("A contact has no history of statuses; only answers have questions.", "联络没有状态历史；只有调查答复才有问题。"),
        ("Take it out, or change grain.", "删除该项，或更改 grain。"),
    ),
    rule(
        "log-of-records", "{found} 只适用于联络或调查答复的日志",
        ("Tickets are read column by column.", "工单按列读取。"),
        ("Name one column, or say grain: contact or response.", "写一个列名，或写 grain: contact 或 response。"),
    ),
    rule(
        "log-grain", "该日志先前以另一种类导入",
        ("Its rows would stand twice, once as each.", "同样的行会以两种身份各存一次。"),
        ("Take it out with --remove and import it again.", "先用 --remove 移除，再重新导入。"),
    ),
    rule(
        "unknown-question", "调查中没有问题 {found}",
        ("No figure would ask for its answers.", "没有指标会用到这些答复。"),
        ("Name a question of a survey of Feedback, or add it there.", "填写满意度文档中调查的问题，或在其中增加。"),
    ),
    rule(
        "log-known-elsewhere", "{count} 单已从 {found} 得知，未计入",
        ("Counted from both they would be counted twice.", "两处都计会重复。"),
        ("Nothing to do.", "无需处理。"),
        Severity.NOTE,
    ),
)  # fmt: skip
