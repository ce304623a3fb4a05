"""Rules about layers, packs, names that changed, and what a practice is compared with."""

from __future__ import annotations

from typing import Final

from deskweave.findings import Severity
from deskweave.findings.rules.rule import Rule, rule

LAYERS: Final[tuple[Rule, ...]] = (
    rule(
        "extends-folder", "只有目录可以继承目录：{found}",
        ("A pack does not know where it is installed.", "实践包不知道自己安装在何处。"),
        ("Extend a pack instead.", "改为继承实践包。"),
    ),
    rule(
        "folder-missing", "没有文件夹 {found}，或其中没有 YAML 文件",
        ("Everything the layer says would be missing, and other values would count.", "该层的内容都会缺失，生效的会是别的值。"),
        ("Mend the path: it is counted from the folder whose file extends it.", "修正路径：从写有 `extends` 的文件夹算起。"),
    ),
    rule(
        "extends-itself", "{found} 已是本实践的一部分",
        ("A practice cannot build on itself.", "实践不能建立在自身之上。"),
        ("Remove the entry.", "删除此项。"),
    ),
    rule(
        "extends-misplaced", "环境文件不能继承",
        ("An environment stands on top of the practice.", "环境文件位于实践之上。"),
        ("Move `extends` to the practice's own files.", "把 `extends` 移到实践文件中。"),
    ),
    rule(
        "layer-link", "{found} 中有指向外部的链接",
        ("What lies outside the folder could change unseen.", "目录之外的内容可能在不知情时改变。"),
        ("Copy the file, or extend its folder.", "复制文件，或继承其目录。"),
    ),
    rule(
        "pack-unreadable", "无法读取实践包 {found}",
        ("Everything that builds on it is missing.", "建立在其上的内容都会缺失。"),
        ("Install the plugin again.", "重新安装插件。"),
    ),
    rule(
        "lock-unreadable", "practice.lock 无法读取",
        ("Nobody can tell which version of a pack was accepted.", "无法得知接受的是哪个版本。"),
        ("Restore the file, or write it again with deskweave practice upgrade.",
         "恢复该文件，或用 deskweave practice upgrade 重写。"),
    ),
    rule(
        "not-locked", "{found} 不在 practice.lock 中",
        ("Whatever the pack says tomorrow would count at once.", "实践包日后的改动会立即生效。"),
        ("Run deskweave practice upgrade.", "运行 deskweave practice upgrade。"),
        Severity.WARNING,
    ),
    rule(
        "pack-changed", "{layer} 已不是当初接受的内容：锁定的是 {old}，现在是 {found}",
        ("A new release must not change a client's figures overnight.", "新版本不应在一夜之间改变客户的指标。"),
        ("Read the changes, then run deskweave practice upgrade.", "阅读变更后运行 deskweave practice upgrade。"),
    ),
    rule(
        "renamed-and-kept", "改名前的 {found} 仍然存在",
        ("The history of the old name would belong to two terms.", "旧名称的历史会属于两个条目。"),
        ("Remove the old term, or leave it out of `was`.", "移除旧条目，或从 `was` 中去掉。"),
    ),
    rule(
        "renamed-twice", "两个条目都由 {found} 改名而来",
        ("The history of the old name can go to one of them only.", "旧名称的历史只能归其中一个。"),
        ("Keep it in one `was`.", "只在一个 `was` 中保留。"),
    ),
    rule(
        "becomes-missing", "有 {count} 张进行中的工单在字段 {field} 中仍使用 {found}，而新实践中没有",
        ("Open inquiries would hold a word nobody knows.", "进行中的工单会带有无人认识的词。"),
        ("Say under `becomes:` what takes its place.", "在 `becomes:` 中写明由什么替代。"),
    ),
    rule(
        "linked-inquiry", "工单不能取用其他工单的内容",
        ("What one inquiry shows of another would change without an event of its own.",
         "工单取用他单内容，会在没有自身事件时改变。"),
        ("Take it out, or say it of a contact or an answer.", "删除该项，或用于联络、调查答复。"),
    ),
    rule(
        "inquiry-only", "{found} 只能用于工单的字段",
        ("Only an inquiry has a status and is sent to platforms.", "只有工单才有状态并发送到平台。"),
        ("Take it out.", "删除此项。"),
    ),
    rule(
        "constraint-of-type", "约束 {found} 不适用于此类型的字段",
        ("It would never be looked at.", "它永远不会被检查。"),
        ("Use a constraint of the field's type.", "使用适合该类型的约束。"),
    ),
    rule(
        "no-value-possible", "没有任何值能满足约束：{found}",
        ("Nobody could ever fill in the field.", "谁也无法填写该字段。"),
        ("Loosen one of the constraints.", "放宽其中一个约束。"),
    ),
    rule(
        "pattern-slow", "模式 {found} 可能极慢",
        ("A long text could stop the whole run at this field.", "一段长文本就可能让整个运行停在此字段。"),
        ("Begin it with ^, and give repetitions an end such as {1,8}.", "以 ^ 开头，并限定重复次数，如 {1,8}。"),
    ),
    rule(
        "pattern-not-portable", "模式 {found} 并非处处可用",
        ("A platform reads the pattern in its own way and would accept other values.", "平台各有读法，可能接受不同的值。"),
        ("Keep to letters, classes, groups, | and repetitions.", "只用字母、字符类、分组、| 与重复。"),
    ),
    rule(
        "composite-by", "由其他指标构成的指标不能按 {found} 细分",
        ("A part of it has no such field.", "其组成部分没有此字段。"),
        ("Break down by a field that all parts have.", "按各部分都有的字段细分。"),
    ),
    rule(
        "composite-rows", "由其他指标构成的指标不读取数据行，{found} 没有作用",
        ("The condition would silently have no effect.", "条件会悄无声息地失效。"),
        ("State it in the parts.", "写在组成部分中。"),
    ),
    rule(
        "criteria-unused", "写了判断标准却没有计入",
        ("The figure says something else than its criteria.", "指标与其标准不符。"),
        ("Write `value: {fulfilled: every}` or `{fulfilled: each}`.", "写 `value: {fulfilled: every}` 或 `{fulfilled: each}`。"),
    ),
    rule(
        "example-records", "此指标的示例行都属于同一种记录",
        ("Only a metric made of others reads several records.", "只有由其他指标构成的指标读取多种记录。"),
        ("Write the rows as a list.", "以列表书写数据行。"),
    ),
    rule(
        "word-twice", "术语 {found} 已用于另一个词条",
        ("A word with two meanings is no glossary.", "一词两义就不成其为术语表。"),
        ("Keep it in one entry.", "只保留在一个词条中。"),
    ),
    rule(
        "process-number-twice", "流程编号 {found} 已被使用",
        ("People call processes by their number.", "大家以编号称呼流程。"),
        ("Give it another number.", "换一个编号。"),
    ),
    rule(
        "step-number", "步骤编号 {found} 与流程编号不符",
        ("900.1 belongs to process 900.", "900.1 属于流程 900。"),
        ("Begin it with the number of the process.", "以流程编号开头。"),
    ),
    rule(
        "step-number-twice", "步骤编号 {found} 已被使用",
        ("Steps stand in the order of their numbers.", "步骤按编号排列。"),
        ("Give it another number.", "换一个编号。"),
    ),
    rule(
        "no-human-fallback", "步骤以自动为主（{found}），却没有人工后备",
        ("A person is always on offer (practice F5).", "始终提供人工服务（F5）。"),
        ("Name a role in `human_fallback:`.", "在 `human_fallback:` 中写明角色。"),
    ),
    rule(
        "answer-not-asked", "{found} 只用于需要回复的消息",
        ("A message that asks for nothing is never unanswered (practice G5).", "不要求回复的消息不存在未回复（G5）。"),
        ("Say in `answer:` what is awaited, or take it out.", "在 `answer:` 中写明所需回复，或删除。"),
    ),
    rule(
        "assured-unproven", "要求保证送达，却无从得知是否送达",
        ("Sent is not received (practice G11, G12).", "发出不等于收到（G11、G12）。"),
        ("State `answer: receipt`, or assured channels only.", "写 `answer: receipt`，或只用保证送达的渠道。"),
    ),
    rule(
        "channel-intake-only", "渠道 {found} 只接收问询，不能外发",
        ("The message would never leave.", "消息永远发不出去。"),
        ("Name a channel of use `both` or `delivery`.", "使用 `both` 或 `delivery` 的渠道。"),
    ),
    rule(
        "channel-delivery-only", "渠道 {found} 只用于外发，不能用来申请服务项",
        ("Nobody could ask for the item by it.", "没有人能通过它申请该服务项。"),
        ("Name a channel of use `both` or `intake`.", "使用 `both` 或 `intake` 的渠道。"),
    ),
    rule(
        "rating-incomplete", "渠道 {found} 写了评定日期却未评完八项特征",
        ("Half a rating compares with nothing (practice P1).", "评定不全无法比较（P1）。"),
        ("Rate the others, or take the date away.", "评完其余特征，或去掉日期。"),
    ),
    rule(
        "survey-template", "模板 {found} 的时机与调查方式不符",
        ("A survey of many has no inquiry to speak of.", "面向多人的调查没有对应的工单。"),
        ("Name a template of a fitting occasion.", "使用时机相符的模板。"),
    ),
    rule(
        "template-blank", "{found} 可能为空，消息中会出现空白",
        ("A blank in a message looks careless and says nothing (practice G3).", "消息中的空白显得草率（G3）。"),
        ("Add under `without:` what stands there instead.", "在 `without:` 中写明替代文字。"),
    ),
    rule(
        "without-unused", "模板没有用到 {found}，其替代文字多余",
        ("It is a misspelling, or left over.", "可能是拼写错误或遗留。"),
        ("Correct it, or take it out.", "更正或删除。"),
    ),
    rule(
        "without-placeholder", "替代文字中不能再有占位符：{found}",
        ("It could be empty as well.", "它同样可能为空。"),
        ("Write plain words.", "写普通文字。"),
    ),
    rule(
        "no-such-practice", "没有实践 {found}",
        ("There is nothing to compare with.", "没有可比较的内容。"),
        ("Name one that is there.", "使用存在的实践。"),
    ),
    rule(
        "no-such-revision", "没有版本 {found}",
        ("There is nothing to compare with.", "没有可比较的内容。"),
        ("Name a revision of the repository.", "使用代码库中的版本。"),
    ),
    rule(
        "nothing-to-compare", "没有可比较的内容",
        ("Both sides are needed.", "需要两边的内容。"),
        ("Name a revision or another practice.", "指明版本或另一份实践。"),
    ),
    rule(
        "no-git", "没有安装 git",
        ("Earlier revisions stand in git.", "历史版本保存在 git 中。"),
        ("Install git.", "安装 git。"),
    ),
    rule(
        "no-repository", "此目录不在 git 代码库中",
        ("Earlier revisions stand in git.", "历史版本保存在 git 中。"),
        ("Run git init and commit.", "运行 git init 并提交。"),
    ),
    rule(
        "not-in-force", "此时没有生效的实践：{found}",
        ("Nothing was adopted yet.", "尚未采用任何实践。"),
        ("Run deskweave practice adopt.", "运行 deskweave practice adopt。"),
    ),
)  # fmt: skip
