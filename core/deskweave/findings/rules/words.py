"""Rules about words nothing answers to: `unknown-<what>`. All of one kind, so they are written as a table."""

from __future__ import annotations

from typing import Final

from deskweave.findings.rules.rule import Rule, rule

_WHY = (
    "A reference that leads nowhere is silently without effect on one platform and stops another.",
    "引用落空时，有的平台悄无声息地忽略，有的平台则会中断。",
)


def _unknown(what: str, zh: str, where: str, where_zh: str) -> Rule:
    mend = (f"Correct the spelling, or declare it {where}.", f"更正拼写，或{where_zh}声明。")
    return rule(f"unknown-{what}", f"{{found}} 不是{zh}", _WHY, mend)


UNKNOWN: Final[tuple[Rule, ...]] = (
    _unknown("calendar", "本实践的日历", "as a Calendar document", "以 Calendar 文档"),
    _unknown("channel", "本实践的渠道", "under `channels:` of Channels", "在 Channels 的 `channels:` 中"),
    _unknown("choice", "此字段的选项", "under `choices:` of the field", "在字段的 `choices:` 中"),
    _unknown("choice-field", "本实践的选项类字段", "in Fields with `type: choice`", "在 Fields 中以 `type: choice` "),
    _unknown("classification", "本实践的问询分类", "under `classifications:` of Catalog", "在 Catalog 的 `classifications:` 中"),
    _unknown("clock", "本实践的时钟", "as a Clock document", "以 Clock 文档"),
    _unknown("clock-or-number", "时钟或数值字段", "as a Clock, or as a field that holds a number", "为 Clock 或数值字段"),
    _unknown("connection", "此目录的连接", "under `connections:` of deskweave.yaml", "在 deskweave.yaml 的 `connections:` 中"),
    _unknown("environment", "此目录的环境", "under `environments:` of deskweave.yaml", "在 deskweave.yaml 的 `environments:` 中"),
    _unknown("field", "本实践的字段", "in a Fields document", "在 Fields 文档中"),
    _unknown("field-or-clock", "本实践的字段或时钟", "in Fields or as a Clock", "在 Fields 中或以 Clock 文档"),
    _unknown("field-that-holds-a-moment", "日期时间类字段", "in Fields with `type: datetime`", "在 Fields 中以 `type: datetime` "),
    _unknown(
        "field-to-group-by", "可用于归类的字段", "in Fields with a type whose values can be equal", "在 Fields 中用可归类的类型"
    ),
    _unknown("group", "字段分组", "under `groups:` of Fields", "在 Fields 的 `groups:` 中"),
    _unknown("holidays-document", "本实践的节假日文档", "as a Holidays document", "以 Holidays 文档"),
    _unknown("metric", "本实践的指标", "as a Metric document", "以 Metric 文档"),
    _unknown("name", "此处可用的名称", "in the practice", "在实践中"),
    _unknown("operator", "可用的运算", "with one of the allowed words", "用所列的词"),
    _unknown("pack", "已安装插件提供的实践包", "by installing the plugin that brings it", "安装提供它的插件来"),
    _unknown("placeholder", "此时机可用的数据", "as a field of the inquiry", "为工单字段"),
    _unknown("plugin", "已安装的连接器", "by installing the plugin", "安装插件来"),
    _unknown("practice", "此目录的实践", "as the Practice document", "以 Practice 文档"),
    _unknown("role", "本实践的角色", "under `roles:` of Routing", "在 Routing 的 `roles:` 中"),
    _unknown("service-item", "服务目录中的服务项", "in Catalog", "在 Catalog 中"),
    _unknown("site", "此服务台的站点", "under `sites:` of the Desk", "在 Desk 的 `sites:` 中"),
    _unknown("service-level", "本实践的服务级别", "as a ServiceLevel document", "以 ServiceLevel 文档"),
    _unknown("skill", "本实践的技能", "under `skills:` of Routing", "在 Routing 的 `skills:` 中"),
    _unknown("slug", "此字段的值", "among the choices of the field", "在字段的选项中"),
    _unknown("status", "本实践的状态", "under `statuses:` of StatusModel", "在 StatusModel 的 `statuses:` 中"),
    _unknown("success-factor", "本实践的成功因素", "under `factors:` of Practice", "在 Practice 的 `factors:` 中"),
    _unknown("support-group", "本实践的处理组", "under `groups:` of Routing", "在 Routing 的 `groups:` 中"),
    _unknown("template", "本实践的模板", "as a Template document", "以 Template 文档"),
    _unknown("tier", "本实践的支持层级", "under `tiers:` of Routing", "在 Routing 的 `tiers:` 中"),
    _unknown(
        "tier-or-group", "本实践的层级或处理组", "under `tiers:` or `groups:` of Routing", "在 Routing 的 `tiers:` 或 `groups:` 中"
    ),
    _unknown("transition", "本实践的流转", "under `transitions:` of StatusModel", "在 StatusModel 的 `transitions:` 中"),
    _unknown("value-stream", "本实践的价值流", "as a choice of the field `stream`", "为字段 `stream` 的选项"),
    _unknown("zone", "时区", "with an IANA name such as Asia/Shanghai", "用 Asia/Shanghai 这样的 IANA 名称"),
)
