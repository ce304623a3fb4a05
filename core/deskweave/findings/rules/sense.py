"""Rules of sense: what a practice may say and yet hardly means. Warnings, and notes that `-v` shows."""

from __future__ import annotations

from typing import Final

from deskweave.findings import Severity
from deskweave.findings.rules.rule import Rule, rule

_W, _N = Severity.WARNING, Severity.NOTE

SENSE: Final[tuple[Rule, ...]] = (
    rule(
        "label-missing", "缺少名称（{languages}），读者将看到 {found}",
        ("Readers of that language see another one.", "该语言的读者会看到另一种语言。"),
        ("Add the language to `label:`, or take it out of `languages:` of the practice.",
         "在 `label:` 中补充该语言，或从实践的 `languages:` 中去掉。"),
        _W,
    ),
    rule(
        "text-missing", "{found} 缺少语言：{languages}",
        ("A message or an explanation is not there for readers of that language.", "该语言的读者收不到消息或看不到说明。"),
        ("Add the words in that language.", "补充该语言的文字。"),
        _W,
    ),
    rule(
        "choice-same-label", "字段 {field} 的选项 {first} 与 {second} 同名：{found}",
        ("People cannot tell which one they choose, and figures fall apart into two.", "使用者无法区分，统计也会分散。"),
        ("Give them different labels, or remove one with `becomes:`.", "使用不同名称，或用 `becomes:` 移除其一。"),
        _W,
    ),
    rule(
        "status-unreachable", "从初始状态 {initial} 无法到达 {found}",
        ("No inquiry will ever be there; a platform may still offer it.", "工单永远到不了，而平台仍会显示它。"),
        ("Add a transition, or remove the status.", "添加流转，或移除该状态。"),
        _W,
    ),
    rule(
        "status-dead-end", "状态 {found} 无法流转出去，又不是终点",
        ("An inquiry that gets there stays open for ever.", "到达后工单永远无法结束。"),
        ("Add a transition out of it.", "添加从该状态出发的流转。"),
        _W,
    ),
    rule(
        "status-same-label", "状态 {first} 与 {second} 同名：{found}",
        ("People cannot tell them apart, and a platform may refuse the second.", "使用者无法区分，平台也可能拒绝。"),
        ("Give them different labels.", "使用不同名称。"),
        _W,
    ),
    rule(
        "transition-without-actor", "流转 {found} 没有任何角色可以执行",
        ("It is in the model and can never happen.", "写在模型里却永远不会发生。"),
        ("Name roles in `by:`, or remove the transition.", "在 `by:` 中写明角色，或移除该流转。"),
        _W,
    ),
    rule(
        "confirmation-without-template", "状态 {found} 中沉默视为已解决，却没有询问用户的模板",
        ("Silence only counts when the user was asked (practice C4).", "先询问用户，沉默才算数（C4）。"),
        ("Name a template in `confirmation:`.", "在 `confirmation:` 中指定模板。"),
        _W,
    ),
    rule(
        "required-unwritable", "进入 {status} 时必填 {found}，却没有角色可以填写",
        ("The step can never be made.", "这一步永远无法完成。"),
        ("Name roles in `writers:`.", "在 `writers:` 中写明角色。"),
        _W,
    ),
    rule(
        "item-without-level", "服务项 {found} 没有服务级别，也没有默认级别",
        ("Something is offered and nothing is promised for it.", "提供了服务却没有任何承诺。"),
        ("Name a level in `service_level:`, or mark one as default.", "在 `service_level:` 中指定，或设一个默认级别。"),
        _W,
    ),
    rule(
        "item-hours-apart", "服务项 {item} 的服务时间 {found} 与时钟 {clock} 的日历 {calendar} 没有重叠",
        ("The goal never runs while the service is offered, so it can never be missed.", "服务期间目标从不计时，永远不会超时。"),
        ("Give the item other hours or another service level.", "修改服务时间或服务级别。"),
        _W,
    ),
    rule(
        "item-never-offered", "没有人能享有 {found}：条件自相矛盾",
        ("The item stands in the catalog and nobody is ever offered it (practice B4).", "目录中有此项，却无人能看到（B4）。"),
        ("Mend `entitled:`.", "修改 `entitled:`。"),
        _W,
    ),
    rule(
        "feedback-never-asked", "从未邀请用户评价：没有模板，也没有调查",
        ("There is a scale and no rating will ever come in (practice D2).", "有评价尺度，却不会有评价（D2）。"),
        ("Write a template with `answer: rating`, or a survey.", "编写 `answer: rating` 的模板，或设调查。"),
        _W,
    ),
    rule(
        "clock-never-starts", "时钟 {clock} 永远不会开始：没有工单到达 {found}",
        ("Every figure that reads it stays empty.", "用到它的指标都为空。"),
        ("Start it where inquiries get to.", "改为工单会到达的状态。"),
        _W,
    ),
    rule(
        "clock-never-stops", "时钟 {clock} 永远不会停止：从 {start} 到不了 {found}",
        ("Every inquiry misses its goal in the end, whatever people do.", "无论怎么处理，最终都会超时。"),
        ("Stop it where inquiries get to, or add a transition.", "改为会到达的状态，或添加流转。"),
        _W,
    ),
    rule(
        "clock-sums-nothing", "时钟 {found} 没有可累计的状态",
        ("It is always empty, and what is subtracted by it changes nothing.", "它总是为空，减去它也没有变化。"),
        ("Name statuses or a phase that there is.", "写明存在的状态或阶段。"),
        _W,
    ),
    rule(
        "calendar-coverage-ends", "节假日 {holidays} 的数据到 {found} 为止，之后无法衡量，到期时刻仅为暂定",
        ("After the last known day nobody can say what a working day is.", "超出已知日期就无法判断工作日。"),
        ("Add the next year and move `coverage.to`.", "添加下一年并修改 `coverage.to`。"),
        _W,
    ),
    rule(
        "metric-never-filled", "指标 {metric} 用到字段 {found}，而没有角色可以填写它",
        ("The figure looks measured and will always be empty.", "看似在衡量，实际永远为空。"),
        ("Name roles in `writers:` of the field, or read another field.", "为该字段写明 `writers:`，或换一个字段。"),
        _W,
    ),
    rule(
        "metric-without-example", "指标 {found} 没有示例",
        ("Nobody can see what it counts and what it leaves out.", "看不出计入什么、排除什么。"),
        ("State rows and what comes out under `examples:`.", "在 `examples:` 中写明数据行与结果。"),
        _N,
    ),
    rule(
        "metric-id-taken", "{layer} 中已有指标 {found}：两者合并，此处未写的部分沿用后者",
        ("A figure of one's own would go on with conditions, targets and examples of another.",
         "自己的指标会带上另一指标的条件、目标和示例。"),
        ("Give it another id, or take the other one away with `remove:` first.", "换一个 id，或先用 `remove:` 去掉原指标。"),
        _W,
    ),
    rule(
        "target-out-of-range", "比例指标 {metric} 的目标或阈值应在 0 与 1 之间，而不是 {found}",
        ("95 instead of 0.95 is never reached, and the report is red for ever.", "把 0.95 写成 95，永远无法达标。"),
        ("Write a share: 0.95 is 95 %.", "写成比例：0.95 即 95 %。"),
        _W,
    ),
    rule(
        "target-unit", "指标 {metric} 的目标或阈值单位不符：{found}",
        ("A number of seconds and a span of time are read differently by people.", "秒数与时长容易误读。"),
        ("Write PT5M for a duration, a number for a share or a count.", "时长写 PT5M，比例或数量写数字。"),
        _W,
    ),
    rule(
        "target-order", "指标 {metric} 的预警值 {found} 在目标之外，永远看不到",
        ("The warning should come before the goal is missed.", "预警应先于未达标。"),
        ("State the warning on the other side of the goal.", "把预警值改到目标的另一侧。"),
        _W,
    ),
    rule(
        "threshold-swallowed", "指标 {metric} 的阈值 {found} 永远不会生效：前面的阈值已经覆盖它",
        ("The first threshold that matches gives the level, so one behind a wider one never does.",
         "按顺序取第一个符合的阈值，排在更宽阈值之后的永远轮不到。"),
        ("State the narrower threshold first.", "把更严格的阈值写在前面。"),
        _W,
    ),
    rule(
        "matrix-turns", "优先级走向不一致：影响度 {impact}、紧急度 {urgency} 得到 {found}",
        ("A heavier inquiry would be served later than a lighter one (practice K1).", "更严重的工单反而更晚处理（K1）。"),
        ("Let a higher impact or urgency never give a lower priority.", "影响度或紧急度更高时，优先级不应更低。"),
        _W,
    ),
    rule(
        "goal-never-applies", "时钟 {clock} 的目标 {found} 永远不会适用",
        ("A promise stands in the file and is never held against anything.", "写了承诺却从不检验。"),
        ("Give it an earlier `order:`, or mend its `when:`.", "提前 `order:`，或修改 `when:`。"),
        _W,
    ),
    rule(
        "level-unused", "没有服务项使用服务级别 {found}",
        ("It promises nothing to anybody.", "它没有对任何人作出承诺。"),
        ("Name it in `service_level:` of an item, or remove it.", "在服务项中引用，或移除。"),
        _N,
    ),
    rule(
        "assignment-never", "分派规则 {found} 永远不会生效",
        ("Work that was meant for its group goes to another one.", "本应派给该组的工单去了别处。"),
        ("Give it an earlier `order:`, or mend its `when:`.", "提前 `order:`，或修改 `when:`。"),
        _W,
    ),
    rule(
        "group-without-skills", "分派规则 {by} 按技能选人，而处理组 {found} 没有技能",
        ("Nobody of the group can be chosen for what they know (practice J4).", "无法按技能选人（J4）。"),
        ("Name skills of the group, or choose by workload alone.", "为该组写明技能，或只按工作量分派。"),
        _W,
    ),
    rule(
        "group-unreached", "没有分派或升级会到达处理组 {found}",
        ("People of the group wait for work that never comes.", "该组永远接不到工单。"),
        ("Name it in `to:`, or remove it.", "在 `to:` 中引用，或移除。"),
        _N,
    ),
    rule(
        "tier-without-roles", "层级 {found} 没有角色",
        ("Work handed on to it reaches nobody.", "移交到该层级的工单无人处理。"),
        ("Name roles in `roles:`.", "在 `roles:` 中写明角色。"),
        _W,
    ),
    rule(
        "first-line-cannot-close", "一线 {found}（{roles}）负责跟踪到底，却不能关闭工单",
        ("The first line confirms with the user and closes (practice J2, J9).", "一线与用户确认后关闭（J2、J9）。"),
        ("Let one of its roles make a transition to a closed status.", "允许其中一个角色流转到关闭状态。"),
        _W,
    ),
    rule(
        "escalation-never", "升级规则 {found} 永远不会发生：条件自相矛盾",
        ("Nobody is called when it matters.", "需要时无人得知。"),
        ("Mend its `when:`.", "修改 `when:`。"),
        _W,
    ),
    rule(
        "escalation-not-upwards", "升级规则 {by} 从 {tier} 到 {found}，并非更高层级",
        ("Functional escalation calls for more expert people (practice J3).", "技术升级应找更专业的人（J3）。"),
        ("Let it lead to a tier of a higher rank.", "改为次序更高的层级。"),
        _W,
    ),
    rule(
        "desk-hours-uncovered", "服务时间 {found} 有承诺，而服务台 {desk} 没有班次：{hours}",
        ("Users are promised hours in which nobody answers (practice J5).", "承诺的时间里无人值守（J5）。"),
        ("Add a shift, or offer less.", "增加班次，或缩短服务时间。"),
        _W,
    ),
    rule(
        "occasion-without-template", "这些时机没有通知模板：{missing}",
        ("Something happens to the inquiry and the user learns nothing (practice G3).", "工单有变化而用户毫不知情（G3）。"),
        ("Write a template for each.", "为每个时机编写模板。"),
        _W,
    ),
    rule(
        "delivery-never", "投递规则 {found} 永远用不到：{before} 在前且包含它",
        ("Regulated messages would go out by the ordinary way (practice G11).", "有规定的消息会按普通方式发出（G11）。"),
        ("Give it an earlier `order:`.", "提前 `order:`。"),
        _W,
    ),
    rule(
        "candidate-never", "问题候选规则 {found} 永远找不到：条件自相矛盾",
        ("Recurring trouble stays unseen (practice L1).", "反复出现的问题无人察觉（L1）。"),
        ("Mend its `when:`.", "修改 `when:`。"),
        _W,
    ),
    rule(
        "check-never", "步骤 {step} 的检查 {found} 永远不会进行：条件自相矛盾",
        ("Something that should be verified never is (practice F2).", "该核实的从不核实（F2）。"),
        ("Mend its `when:`.", "修改 `when:`。"),
        _W,
    ),
)  # fmt: skip
