"""Rules about platforms and runs: what `check`, `plan`, `apply` and `sync` find. `practice lint` meets none of them."""

from __future__ import annotations

from typing import Final

from deskweave.findings import Severity
from deskweave.findings.rules.rule import Rule, rule

_W, _N = Severity.WARNING, Severity.NOTE

PLATFORM: Final[tuple[Rule, ...]] = (
    rule(
        "field-missing", "平台上没有字段 {found}",
        ("It can neither be read nor written.", "既不能读取也不能写入。"),
        ("Create it there, or correct `at:` in the binding.", "在平台上创建，或更正对应文件中的 `at:`。"),
    ),
    rule(
        "field-not-yet-there", "字段 {found} 尚不存在，由 apply 创建",
        ("Until then it is neither read nor written.", "在此之前既不读取也不写入。"),
        ("Run deskweave apply.", "运行 deskweave apply。"),
        _W,
    ),
    rule(
        "choice-missing", "平台上的字段没有选项 {found}",
        ("The platform refuses a value it does not know.", "平台会拒绝未知的值。"),
        ("Add it there, or name another under `choices:` of the binding.", "在平台上添加，或在对应文件的 `choices:` 中换一个。"),
    ),
    rule(
        "status-out-of-reach", "工作流 {workflow} 无法从“{source}”到达 {targets}；从那里只能到：{onward}",
        ("A change made elsewhere is parked there, and both sides go on saying different things.",
         "别处的变更在那里无法落实而被搁置，两边状态从此不同。"),
        ("Add a transition to the workflow, or bind the status to one that can be reached.",
         "在工作流中添加流转，或把状态对应到可到达的状态。"),
        _W, nowhere="工作流 {workflow} 中没有通向“{targets}”的流转，永远无法设置",
    ),
    rule(
        "status-demands-field", "从“{source}”到 {targets} 需要填写 {fields}，而状态对应没有给出",
        ("The platform refuses the transition, and the record is parked.", "平台会拒绝该流转，工单被搁置。"),
        ("Say under `sets:` of the status what to put there.", "在该状态的 `sets:` 中写明要填的值。"),
        _W,
    ),
    rule(
        "state-without-way-back", "没有状态对应“{found}”，而且工作流 {workflow} 无法从它回到有对应的状态",
        ("A record that gets there is never understood again, and nothing we write brings it back.",
         "进入该状态的工单再也无法识别，写入也无法使其恢复。"),
        ("Read it as a status (`reads:`), or add a transition out of it.", "用 `reads:` 对应到某个状态，或添加从它出发的流转。"),
        _W,
    ),
    rule(
        "connection-not-read", "无法读取该连接的配置",
        ("Nothing can be planned for it.", "无法为其生成计划。"),
        ("Mend what the platform complains about, then run it again.", "解决平台提示的问题后重试。"),
    ),
    rule(
        "preflight", "平台上的预检未通过",
        ("Something would fail half-way through.", "执行到一半会失败。"),
        ("Mend what is named, then plan again.", "解决所提示的问题后重新计划。"),
    ),
    rule(
        "another-id", "元素在平台上以另一个标识出现：{found}",
        ("Changing it could change somebody else's element.", "修改它可能误改他人的元素。"),
        ("Plan with the account that made it.", "使用创建它的账号。"),
        _W,
    ),
    rule(
        "no-longer-wanted", "不再需要 {found}，但没有要求移除：保持不变",
        ("Nothing is deleted unless a file says so.", "文件没有要求就不会删除。"),
        ("State `remove:` to delete it.", "如要删除请写 `remove:`。"),
        _N,
    ),
    rule(
        "spelled-otherwise", "平台以自己的方式保存 {found}",
        ("It counts as equal from now on.", "今后视为相同。"),
        ("Nothing to do.", "无需处理。"),
        _N,
    ),
    rule(
        "plan-file", "计划文件无法使用",
        ("A plan that was edited or is out of date must not be carried out.", "被修改或过期的计划不应执行。"),
        ("Make a new plan.", "重新生成计划。"),
    ),
    rule(
        "unknown-element", "{found} 不是此文件夹中的元素",
        ("Nothing would be planned.", "不会生成任何计划。"),
        ("Name one of the elements that are listed.", "使用列出的元素。"),
    ),
    rule(
        "duplicate-mark", "同一问询在平台上被创建了两次",
        ("People would work on both.", "可能有人分别处理两份。"),
        ("Close or delete the second one.", "关闭或删除第二份。"),
        _W,
    ),
    rule(
        "match-waits", "有 {found} 条新记录等待：尚未确认平台上是否已有",
        ("What was not read to its end could hold the record already: it would be made twice.",
         "尚未读完的记录集中可能已有该记录，直接创建会重复。"),
        ("Nothing to do: the next run goes on reading.", "无需处理，下次同步继续读取。"),
        _W,
    ),
    rule(
        "delete-held", "记录 {found} 未删除：对方删除后仍有人处理，或并非由本工具创建",
        ("What people go on working with is not taken from them.", "仍在处理的内容不会被删除。"),
        ("Delete it by hand, if it is no longer needed.", "如不再需要，请手动删除。"),
        _N,
    ),
    rule(
        "delete-not-allowed", "记录 {found} 应删除，但账号无删除权限",
        ("It stays, although the binding says that it goes.", "记录会保留，与对应文件不符。"),
        ("Grant the right to delete, or choose another policy under `deletes:`.", "授予删除权限，或在 `deletes:` 中改用其他方式。"),
        _W,
    ),
    rule(
        "delete-refused", "平台拒绝删除记录 {found}",
        ("It stays, although the binding says that it goes.", "记录会保留，与对应文件不符。"),
        ("Look at what the platform says; it is tried again with every run.", "查看平台给出的原因；每次同步都会重试。"),
        _W,
    ),
    rule(
        "close-not-allowed", "记录 {found} 已删除，但状态模型不允许从当前状态关闭",
        ("The inquiry stays open on other platforms; a note says why.", "问询在其他平台上保持打开，备注中有说明。"),
        ("Close it by hand, or add a transition.", "手动关闭，或增加流转。"),
        _W,
    ),
    rule(
        "field-dropped", "平台回答成功却没有保存该字段",
        ("Both sides differ, although nobody refused anything.", "两边不一致，却没有任何拒绝。"),
        ("Look at the field's rules on the platform.", "检查平台上该字段的规则。"),
        _W,
    ),
    rule(
        "value-shaped", "平台在保存时改变了取值的写法",
        ("The platform shows another form of the value; it is not written again.", "平台显示另一种写法，不会重复写入。"),
        ("State the rule in the binding, or look at the platform's.", "在绑定文件中写明该规则，或检查平台上的规则。"),
        _N,
    ),
    rule(
        "record-unreadable", "无法读取记录 {found}",
        ("It is not joined again yet.", "该记录暂未重新关联。"),
        ("Look at it on the platform; the next sync sets it aside.", "在平台上检查该记录；下次同步会将其搁置。"),
        _W,
    ),
    rule(
        "record-hidden", "记录未列出也无法读取",
        ("It may be there: its changes are not carried.", "记录可能仍在，但其变更不会同步。"),
        ("Look whether the account may read it.", "检查帐号是否有权读取。"),
        _W,
    ),
    rule(
        "census-incomplete", "平台列出的记录少于其计数",
        ("Records that are gone are not noticed.", "已删除的记录不会被发现。"),
        ("Grant the account the right to read all records.", "授予帐号读取全部记录的权限。"),
        _W,
    ),
    rule(
        "listing-incomplete", "平台给出的少于其计数：{found}",
        ("What is not told is not carried, and nobody notices.", "没有给出的不会同步，也无人察觉。"),
        ("Grant the account the right to read all records.", "授予帐号读取全部记录的权限。"),
        _W,
    ),
    rule(
        "gap-unread", "写入后无法读取历史",
        ("A change made by somebody at that moment may be told late.", "同一时刻他人的修改可能延迟得知。"),
        ("Nothing to do: it is read again.", "无需处理，会再次读取。"),
        _N,
    ),
    rule(
        "history-unreadable", "无法读取历史，其变更不精确",
        ("Times of changes are those of reading.", "变更时间以读取时间为准。"),
        ("Grant the right to read the history.", "授予读取历史的权限。"),
        _W,
    ),
    rule(
        "record-unreadable", "无法读取记录，其修改未被采纳",
        ("The inquiry keeps what the record said before.", "工单保留该记录之前的内容。"),
        ("Look at the record there, and at the binding: the next edit of it is read again.",
         "检查该记录及绑定文件；下次修改时会再次读取。"),
        _W,
    ),
    rule(
        "own-message-unmarked", "自己发出的消息没有标记",
        ("It could be taken for a new one.", "可能被当成新消息。"),
        ("Nothing to do: it is recognised by its text.", "无需处理，会按内容识别。"),
        _N,
    ),
    rule(
        "people-unread", "无法读取人员帐号",
        ("Who they are is not known: their accounts stand where names would.", "不知道是谁：显示帐号而不是姓名。"),
        ("Grant the account the right to read people; it is tried again the next day.", "授予帐号读取人员的权限；次日会重试。"),
        _W,
    ),
    rule(
        "person-several", "{found} 个帐号各对应多个人员",
        ("Nobody is guessed: what they do is told by account.", "不会猜测：按帐号记录其操作。"),
        ("Say in people.csv who they are.", "在 people.csv 中写明是谁。"),
        _W,
    ),
    rule(
        "person-unknown", "{found} 个帐号找不到对应人员",
        ("`on_none: error` wants everybody known.", "`on_none: error` 要求每个人都有对应。"),
        ("Say in people.csv who they are.", "在 people.csv 中写明是谁。"),
        _W,
    ),
    rule(
        "hint-unread", "无法查看推送所提示的记录",
        ("A change is seen with the next listing instead.", "要到下次列出时才会看到变更。"),
        ("Look whether the account may read it.", "检查帐号是否可以读取。"),
        _N,
    ),
    rule(
        "cross-reference-refused", "平台拒绝写入对方编号",
        ("People cannot jump to the counterpart; nothing else is missing.", "无法跳转到对应工单，其余不受影响。"),
        ("Look at the field on the platform.", "检查平台上的该字段。"),
        _W,
    ),
    rule(
        "cross-reference-unreadable", "无法读取存放对方编号的字段",
        ("It is not written, lest something be lost.", "为避免丢失内容，不会写入。"),
        ("Grant the right to read the field.", "授予读取该字段的权限。"),
        _W,
    ),
)  # fmt: skip
