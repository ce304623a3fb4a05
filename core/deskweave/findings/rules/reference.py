"""Rules about what only the composed practice shows: things that contradict each other, stand twice, or are not whole."""

from __future__ import annotations

from typing import Final

from deskweave.findings.rules.rule import Rule, rule

REFERENCE: Final[tuple[Rule, ...]] = (
    # -------------------------------------------------------------------------------------------------------------- layers
    rule(
        "missing-document", "实践缺少 {found} 文档",
        ("Without it no inquiry has a status, or the practice has no name.", "没有它，工单没有状态，或实践没有名称。"),
        ("Extend deskweave:service-desk@1, or write the document.", "继承 deskweave:service-desk@1，或编写该文档。"),
    ),
    rule(
        "extends-circle", "实践包 {found} 互相继承，形成循环",
        ("Each pack would have to be read before the other.", "每个包都要先读另一个。"),
        ("Take one of them out of `extends`.", "从 `extends` 中去掉一个。"),
    ),
    rule(
        "set-twice", "同一层的两个文件设置了同一个值",
        ("Which file wins would depend on its name.", "哪个生效将取决于文件名。"),
        ("Keep the value in one of the files.", "只在一个文件中保留该值。"),
    ),
    rule(
        "remove-nothing", "下层没有 {found}，无从移除",
        ("A removal that hits nothing is a misspelling, and what should go stays.", "移除落空多半是拼写错误，该去掉的仍在。"),
        ("Use a path that is there.", "使用存在的路径。"),
    ),
    rule(
        "kind-out-of-place", "{found} 类文档不应放在这里",
        ("Bindings and workspace are about one installation, a practice is not.", "对应文件与工作区属于某个安装，实践则不是。"),
        ("Put bindings into bindings/ and the workspace into deskweave.yaml.",
         "对应文件放入 bindings/，工作区写在 deskweave.yaml。"),
    ),
    rule(
        "becomes-still-there", "{found} 仍然存在，无需替代",
        ("What takes the place of something that is still there would be used beside it.", "原条目仍在，替代者会与其并存。"),
        ("Remove the old one, or take `becomes:` out.", "移除旧条目，或去掉 `becomes:`。"),
    ),
    # ------------------------------------------------------------------------------------------------------------- inquiry
    rule(
        "field-twice", "字段 {found} 在另一份 Fields 文档中已有",
        ("Two descriptions of one field may disagree about who writes it.", "同一字段的两处描述可能不一致。"),
        ("Keep one of them.", "保留一处。"),
    ),
    rule(
        "field-is-clock", "字段与时钟同名：{found}",
        ("A rule that names it could mean either.", "引用它的规则无法区分是字段还是时钟。"),
        ("Rename one of them; `was:` keeps its history.", "改其中一个的名称；`was:` 保留历史。"),
    ),
    rule(
        "no-choices", "选项类字段 {found} 没有选项",
        ("Nobody can choose anything.", "没有可选的内容。"),
        ("Add `choices:` or `choices_of:`.", "添加 `choices:` 或 `choices_of:`。"),
    ),
    rule(
        "item-twice", "服务项 {found} 在目录中出现了两次",
        ("Records name an item by its slug alone.", "工单仅以标识引用服务项。"),
        ("Rename one of them.", "改其中一个的名称。"),
    ),
    rule(
        "entitled-by-inquiry", "享有条件用到了工单内容：{found}",
        ("What is offered is decided before there is an inquiry.", "提供哪些服务在产生工单之前就已决定。"),
        ("Ask for fields of the person: department, city.", "使用人员字段：部门、城市等。"),
    ),
    rule(
        "asks-of-system", "字段 {found} 由系统填写，表单无法询问",
        ("A form asks what a person can answer, and nothing else (practice F6).", "表单只问人能回答的内容（F6）。"),
        ("Take it out of `asks:`, or name a field that people fill in.", "从 `asks:` 中去掉，或改为由人填写的字段。"),
    ),
    rule(
        "code-twice", "评价编码 {found} 已被使用",
        ("A code in an export could be either step.", "导出数据中的编码无法区分。"),
        ("Give each step a code of its own.", "每一级使用不同编码。"),
    ),
    rule(
        "status-model-twice", "实践只有一个状态模型，{found} 多余",
        ("An inquiry has one status.", "一个工单只有一个状态。"),
        ("Join the two documents under one id.", "用同一个 id 合并两份文档。"),
    ),
    rule(
        "waits-on", "只有等待阶段的状态可写 waits_on（{found}）",
        ("Whom an inquiry waits on is only asked while it waits.", "只有等待中的工单才有等待对象。"),
        ("Take it out, or set `phase: waiting`.", "去掉它，或设 `phase: waiting`。"),
    ),
    rule(
        "confirmation-from", "确认的流转不是从 {found} 出发",
        ("Silence would have to make a transition that is not open to the inquiry.", "沉默到期要进行的流转在该状态下不可用。"),
        ("Name a transition that leads out of the status.", "选择从该状态出发的流转。"),
    ),
    rule(
        "confirmation-to", "确认的流转没有关闭工单：{found}",
        ("Silence counts as solved and closes the record (practice C4).", "沉默视为已解决并关闭工单（C4）。"),
        ("Name a transition to a closed status.", "选择到关闭状态的流转。"),
    ),
    # ---------------------------------------------------------------------------------------------------------- conditions
    rule(
        "condition-twice", "条件只能有一个键，多出了 {found}",
        ("A condition of this layer merges with the one below; two keys say neither `all` nor `any`.",
         "本层条件与下层合并后有两个键，无法判断是“且”还是“或”。"),
        ("Join them by `all:`; `remove:` takes away what a lower layer states.", "用 `all:` 组合；用 `remove:` 去掉下层的条件。"),
    ),
    rule(
        "met-of-field", "只有时钟有达标与否，{found} 是字段",
        ("A field is neither met nor missed.", "字段没有达标与否。"),
        ("Use `eq`, `in` or `present`, or name a clock.", "使用 `eq`、`in`、`present`，或改为时钟。"),
    ),
    rule(
        "never-tried", "{found} 永远轮不到：前面的规则已包含一切",
        ("The first rule that fits decides.", "由第一条符合的规则决定。"),
        ("Give one of them a `when:`, or remove it.", "为其中一条添加 `when:`，或删除。"),
    ),
    # ---------------------------------------------------------------------------------------------------------------- time
    rule(
        "calendar-form", "日历 {found} 须有 versions 或 from_inquiry，二者取一",
        ("Its hours stand in the calendar or in each inquiry.", "工作时间写在日历中，或取自每个工单。"),
        ("State `versions:` or `from_inquiry: true`.", "写 `versions:` 或 `from_inquiry: true`。"),
    ),
    rule(
        "version-order", "版本未按日期先后排列：{found}",
        ("Versions are appended; what was measured must not change afterwards.", "版本只追加，已衡量的结果不应改变。"),
        ("Put versions in the order of their dates, each date once.", "按日期排列，每个日期一次。"),
    ),
    rule(
        "window-order", "时段的结束不晚于开始：{found}",
        ("A window over midnight belongs to two days.", "跨午夜的时段属于两天。"),
        ("Write one window until 24:00 and one from 00:00 of the next day.", "写成到 24:00 和次日 00:00 起两段。"),
    ),
    rule(
        "window-overlap", "时段重叠或次序不对：{found}",
        ("A minute would count twice.", "重叠的时间会重复计算。"),
        ("Put the windows in order, without overlap.", "按先后排列，不要重叠。"),
    ),
    rule(
        "coverage-order", "覆盖范围的结束早于开始：{found}",
        ("No day would be known.", "没有任何一天是已知的。"),
        ("Swap the dates.", "调换日期。"),
    ),
    rule(
        "outside-coverage", "{found} 不在覆盖范围内",
        ("What is known of a year is only used inside the coverage.", "仅在覆盖范围内使用节假日数据。"),
        ("Widen the coverage if the whole of it is known, else remove the day.", "若全部已知则扩大范围，否则删除这一天。"),
    ),
    rule(
        "off-and-working", "{found} 既是休息日又是调休上班日",
        ("Due times on that day would be a guess.", "这一天的到期时刻无从确定。"),
        ("Keep one of the two.", "二者取一。"),
    ),
    rule(
        "clock-form", "时钟 {found} 须为 start 与 stop、sum_of、minus 三者之一",
        ("A duration has one definition.", "一个时长只有一个定义。"),
        ("State `start:` and `stop:`, or `sum_of:`, or `minus:`.", "写 `start:` 与 `stop:`，或 `sum_of:`，或 `minus:`。"),
    ),
    rule(
        "clock-edge", "时钟的一端须恰好写一种事件：{found}",
        ("The moment would be ambiguous.", "时刻不明确。"),
        ("State `submitted`, `enter` or `enter_phase`.", "写 `submitted`、`enter` 或 `enter_phase`。"),
    ),
    rule(
        "clock-edge-by", "登记不是状态变化，`by` 只与 `enter` 或 `enter_phase` 一起使用",
        ("A submission is an instant, not something that somebody changes.", "登记只是一个时刻，不是谁做出的变更。"),
        ("Remove `by:`.", "去掉 `by:`。"),
    ),
    rule(
        "clock-circle", "时钟 {found} 由自身定义",
        ("It could never be computed.", "永远无法计算。"),
        ("Break the circle of `within` and `minus`.", "解开 `within` 与 `minus` 的循环。"),
    ),
    rule(
        "clock-order", "时钟无法排出计算次序",
        ("It could never be computed.", "永远无法计算。"),
        ("Break the circle of `within` and `minus`.", "解开 `within` 与 `minus` 的循环。"),
    ),
    # ------------------------------------------------------------------------------------------------------------ promises
    rule(
        "clock-without-goal", "时钟 {found} 没有目标，无从计算已用比例",
        ("A share of nothing never comes: nobody would ever be warned.", "没有目标就没有比例，永远不会提醒。"),
        ("State a `goal:` in the clock or in a service level.", "在时钟或服务级别中写明 `goal:`。"),
    ),
    rule(
        "matrix-fields", "影响度、紧急度与结果须是三个不同的字段（{found}）",
        ("A field cannot be judged by itself.", "字段不能由自身判定。"),
        ("Name three fields.", "使用三个字段。"),
    ),
    rule(
        "matrix-gap", "优先级矩阵中 {found} 一行不完整",
        ("An inquiry in the gap would get its priority by somebody's mood (practice K3).",
         "落在空格的工单只能凭心情定优先级（K3）。"),
        ("Fill in every cell.", "填满每个格子。"),
    ),
    rule(
        "set-by-two", "两个矩阵都设置字段 {found}",
        ("Which of the two decides would be chance.", "由哪个决定全凭偶然。"),
        ("Keep one matrix for a field.", "一个字段只留一个矩阵。"),
    ),
    rule(
        "at-risk-order", "提醒比例未按升序排列：{found}",
        ("A later warning would come before an earlier one.", "提醒的次序会颠倒。"),
        ("Put the shares in ascending order, each once.", "按升序排列，各一次。"),
    ),
    rule(
        "default-twice", "默认服务级别不止一个：{found}",
        ("Items without a level would have two promises.", "未写明级别的服务项会有两种承诺。"),
        ("Mark one level as default.", "只标记一个默认级别。"),
    ),
    # -------------------------------------------------------------------------------------------------------- organisation
    rule(
        "routing-twice", "{found} 在另一份 Routing 文档中已有",
        ("All Routing documents are one routing.", "所有 Routing 文档合为一体。"),
        ("Keep one of them.", "保留一处。"),
    ),
    rule(
        "rank-twice", "层级次序 {found} 已被使用",
        ("Which tier is higher would be unknown.", "无法判断哪一层更高。"),
        ("Give each tier a rank of its own.", "每一层使用不同次序。"),
    ),
    rule(
        "no-first-line", "没有次序为 1 的层级",
        ("The first line tracks every inquiry to its end (practice J2).", "一线负责跟踪到底（J2）。"),
        ("Give one tier `rank: 1`.", "设一个层级的 `rank: 1`。"),
    ),
    rule(
        "time-limit-last", "最高层级没有可移交的上一级（{found}）",
        ("When the limit is over there is nobody to hand on to.", "时限到期后无处移交。"),
        ("Take the limit out, or add a tier.", "去掉时限，或添加层级。"),
    ),
    rule(
        "group-is-tier", "处理组与层级同名：{found}",
        ("An escalation that names it could mean either.", "升级目标无法区分。"),
        ("Rename one of them.", "改其中一个的名称。"),
    ),
    rule(
        "assignment-open", "每条分派规则都有条件，可能无组可派",
        ("An inquiry that fulfils none would lie there until somebody happens to see it.", "都不符合的工单将无人处理。"),
        ("Add a rule without `when:`; it is tried last.", "添加一条没有 `when:` 的规则，最后尝试。"),
    ),
    rule(
        "skill-not-in-group", "处理组不具备技能 {found}",
        ("No person of the group could be chosen.", "组内选不出人。"),
        ("Add the skill to the group, or send the work elsewhere.", "为该组添加技能，或改派他组。"),
    ),
    rule(
        "escalation-trigger", "升级规则 {found} 须恰好有一种触发",
        ("Without a trigger it never happens; with two nobody knows which counts.",
         "没有触发就不会发生，两种触发则不知以哪个为准。"),
        ("State `clock` and `used`, or `idle` and `calendar`.", "写 `clock` 与 `used`，或 `idle` 与 `calendar`。"),
    ),
    rule(
        "group-elsewhere", "{found} 不在该服务台或站点的处理组中",
        ("A shift can only be served by groups that belong there.", "班次只能由所属的组承担。"),
        ("Add the group, or name another.", "添加该组，或换一个。"),
    ),
    rule(
        "desk-sites", "服务台结构 {found} 与站点数不符",
        ("Centralised is one site, virtual is several (practice J5).", "集中式为一个站点，虚拟式为多个（J5）。"),
        ("Change the structure or the sites.", "修改结构或站点。"),
    ),
    rule(
        "desk-shares", "虚拟服务台须共享工具、记录、流程与路由（{found}）",
        ("Otherwise it is several desks under one name (practice J8).", "否则只是同名的几个服务台（J8）。"),
        ("Name all four in `shares:`.", "在 `shares:` 中写全四项。"),
    ),
    # ----------------------------------------------------------------------------------------------------------- templates
    rule(
        "template-brace", "占位符的括号不正确：{found}",
        ("The user would read a brace instead of a value.", "用户会看到括号而不是内容。"),
        ("Write {field} or {field|format}; double a brace that is meant as such.",
         "写作 {field} 或 {field|format}；真正的括号请写两次。"),
    ),
    rule(
        "placeholder-format", "此数据不能以 {found} 的形式写入消息",
        ("A date told as a number helps nobody.", "用错形式的内容没有意义。"),
        ("Use one of the formats of its type.", "使用该类型可用的形式。"),
    ),
    # ------------------------------------------------------------------------------------------------------------- metrics
    rule(
        "ambiguous-name", "衡量数据中有两列同名：{found}",
        ("A figure could read either column.", "指标可能取到任意一列。"),
        ("Rename one of them; `was:` keeps its history.", "改其中一个的名称；`was:` 保留历史。"),
    ),
    rule(
        "field-not-kept", "衡量数据中没有字段 {found} 的值，只知道是否已填",
        ("What people wrote, and who they are, is not copied into figures: erasing it must not leave it there.",
         "个人填写的内容和身份信息不进入衡量数据，以便可以彻底删除。"),
        ("Ask for `present`, or use a choice.", "改用 `present`，或使用选项字段。"),
    ),
    rule(
        "predicate-shape", "条件的写法不正确：{found}",
        ("A condition has exactly one key: all, any, not, or a field.", "条件恰好有一个键：all、any、not 或字段。"),
        ("Join several by `all:`.", "多个条件用 `all:` 组合。"),
    ),
    rule(
        "operator-type", "运算 {found} 不适用于此字段的类型",
        ("Comparing a choice by size gives a figure that means nothing.", "按大小比较选项得到的数字没有意义。"),
        ("Use one of the allowed operators.", "使用可用的运算。"),
    ),
    rule(
        "value-type", "值 {found} 与字段类型不符",
        ("It would never be equal to anything.", "永远不会相等。"),
        ("Write a value of the field's type.", "写成该字段类型的值。"),
    ),
    rule(
        "value-shape", "取值方式的写法不正确：{found}",
        ("A figure has exactly one way it is computed.", "一个指标恰好有一种算法。"),
        ("State one of the allowed ways.", "写明一种可用的算法。"),
    ),
    rule(
        "method-unsupported", "不支持百分位方法 {found}",
        ("It is not computed exactly here, and two runs could differ.", "此方法无法精确计算，两次结果可能不同。"),
        ("Choose one of the allowed methods.", "选择可用的方法。"),
    ),
    rule(
        "engine-unknown", "没有名为 {found} 的计算引擎",
        ("Rules are compiled for the engines they are tested on.", "规则只为经过测试的引擎编译。"),
        ("Take one of the engines allowed.", "使用可用的引擎。"),
    ),
    rule(
        "engine-untested", "引擎 {found} 未经测试，不为其编译规则",
        ("Its SQL could be written, and nobody would know whether its figures are the same.",
         "可以生成它的 SQL，但无人能保证算出的数字一致。"),
        ("Take one of the engines allowed, or compute the figures here and load them there.",
         "使用可用的引擎，或在此计算后将结果导入该引擎。"),
    ),
    rule(
        "engine-inexact", "引擎 {found} 没有精确的百分位，不为其编译规则",
        ("An approximate percentile is another figure, and two runs could differ.", "近似百分位是另一个数字，两次结果可能不同。"),
        ("Take one of the engines allowed, or compute the figures here and load them there.",
         "使用可用的引擎，或在此计算后将结果导入该引擎。"),
    ),
    rule(
        "criteria-missing", "指标没有写明判断标准",
        ("A share of what fulfils the criteria needs criteria (practice E2).", "符合标准的比例需要先有标准（E2）。"),
        ("State them under `criteria:`.", "在 `criteria:` 中写明。"),
    ),
    rule(
        "totals-unknown", "{found} 不在该指标的维度之中，无法小计",
        ("A sub-total is by some of what the figure is broken down by.", "小计只能按指标维度中的一部分。"),
        ("Add the field to `by:`, or take it out of `totals:`.", "在 `by:` 中加入该字段，或从 `totals:` 中去掉。"),
    ),
    rule(
        "totals-whole", "这不是小计：{found} 与指标的全部维度相同",
        ("By everything the figure is broken down by there is nothing left to add up.", "按全部维度划分后，已没有可合计的内容。"),
        ("Name fewer fields than `by:` does; `[]` is the total of all.", "写少于 `by:` 的字段；`[]` 即总计。"),
    ),
    rule(
        "composite-circle", "指标互相包含：{found}",
        ("It could never be computed.", "永远无法计算。"),
        ("Break the circle.", "解开循环。"),
    ),
    rule(
        "composite-part", "指标 {found} 不能作为综合指标的组成部分",
        ("Parts are joined by how far their goals are attained; without a goal there is nothing to join.",
         "按目标达成程度合成；没有目标就无法合成。"),
        ("Give the part a target.", "为该指标设定目标。"),
    ),
    rule(
        "composite-period", "指标与其组成部分 {found} 的统计周期不同",
        ("A month cannot be made of quarters.", "月度指标不能由季度指标合成。"),
        ("Use one period for all of them.", "统一统计周期。"),
    ),
    rule(
        "derived-unit", "无法确定派生指标 {found} 的单位",
        ("A figure without its unit is shown as something that it is not.", "单位不明，数值就会被误读。"),
        ("Write `unit:` ratio, count, duration or number.", "写明 `unit:`：ratio、count、duration 或 number。"),
    ),
    rule(
        "derived-constant", "派生公式没有引用任何指标",
        ("It would say the same in every period.", "每个周期的结果都会相同。"),
        ("Name a metric in it, or remove it.", "在公式中引用指标，或删除该指标。"),
    ),
    rule(
        "backlog-grain", "{found} 没有积压量",
        ("Only inquiries are opened and ended; nothing says when, of anything else.", "只有问询才有打开与结束，其他记录没有。"),
        ("Count inquiries, or choose another value.", "统计问询，或改用其他取值。"),
    ),
    rule(
        "backlog-status", "积压量不能按 {found} 筛选或细分",
        ("It is known as it is today: what was open a month ago would be told by what became of it since.",
         "只知道它现在的值：一个月前未结束的问询会按其后来的状态统计。"),
        ("Ask for what an inquiry keeps, such as its channel.", "改用问询不变的属性，如渠道。"),
    ),
    rule(
        "example-shape", "示例须有 given 与 expect",
        ("An example shows what a rule counts, so it needs both sides.", "示例说明规则如何计数，两边都需要。"),
        ("State rows under `given:` and results under `expect:`.", "在 `given:` 写数据行，在 `expect:` 写结果。"),
    ),
    rule(
        "example-cell", "示例中 {found} 的值形式不对",
        ("A clock states `took` and `goal`; a field states its value.", "时钟写 `took` 与 `goal`，字段直接写值。"),
        ("Write the value as its kind asks for.", "按类型书写。"),
    ),
    rule(
        "example-given", "示例的数据行无法读取",
        ("The example could not be run.", "示例无法运行。"),
        ("Write values as the fields hold them.", "按字段的类型书写。"),
    ),
    rule(
        "example-differs", "示例的结果不同：{found}",
        ("Rule and example disagree, and one of them is wrong.", "规则与示例不一致，必有一个错误。"),
        ("Mend the rule, or the example.", "修改规则或示例。"),
    ),
)  # fmt: skip
