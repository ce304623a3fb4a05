"""Rules of shape: what a JSON Schema says of a document, or of a plugin's settings."""

from __future__ import annotations

from typing import Final

from deskweave.findings.rules.rule import Rule, rule

SHAPE: Final[tuple[Rule, ...]] = (
    rule(
        "unknown-key", "未知的键 {found}",
        ("A misspelt key would simply have no effect, and nobody would notice for months.",
         "写错的键不起任何作用，可能数月无人发现。"),
        ("Use the key that is named, or remove the line.", "改为提示的键，或删除此行。"),
    ),
    rule(
        "missing-key", "缺少键 {found}",
        ("Without it the document says nothing that can be carried out.", "没有它，文档无法执行。"),
        ("Add the key.", "添加该键。"),
    ),
    rule(
        "not-allowed", "此处不能使用 {found}",
        ("Only the listed words have a meaning here.", "此处只有列出的词有意义。"),
        ("Choose one of the allowed words.", "从可用的词中选择。"),
    ),
    rule(
        "wrong-type", "值的类型不正确：{found}",
        ("A list where text is meant, or a number where a mapping is, cannot be understood.",
         "需要文本却写了列表之类的情况无法理解。"),
        ("Write the kind of value that is expected.", "写成所需类型的值。"),
        typed="此处应为{expected}，而不是{given}",
    ),
    rule(
        "wrong-form", "{found} 的写法不正确",
        ("Slugs, dates, durations and zones are read by other systems, which know one form only.",
         "标识、日期、时长与时区由其他系统读取，只认一种写法。"),
        ("Follow the form in the hint: `cost_center`, `2026-01-31`, `PT4H`, `Asia/Shanghai`.",
         "按提示书写：`cost_center`、`2026-01-31`、`PT4H`、`Asia/Shanghai`。"),
    ),
    rule(
        "out-of-bounds", "{found} 超出允许范围",
        ("Beyond the bound the value is refused by a platform, or makes no sense.", "超出范围的值会被平台拒绝，或没有意义。"),
        ("Stay within the bound that is named.", "保持在所示范围内。"),
        minItems="至少需要 {limit} 项",
        maxItems="最多 {limit} 项",
        uniqueItems="同一个值出现了两次",
        minLength="不能短于 {limit} 个字符",
        maxLength="不能超过 {limit} 个字符",
        minimum="不能小于 {limit}",
        maximum="不能大于 {limit}",
        exclusiveMinimum="必须大于 {limit}",
        exclusiveMaximum="必须小于 {limit}",
        minProperties="至少需要 {limit} 项",
        maxProperties="最多 {limit} 项",
    ),
    rule(
        "one-key", "此处只能有一个键",
        ("Two conditions side by side could mean both or either; `all` and `any` say which.",
         "两个条件并列，可能指同时满足，也可能指满足其一；请用 `all` 或 `any` 说明。"),
        ("Keep one key, or join them by `all:` or `any:`.", "保留一个键，或用 `all:`、`any:` 组合。"),
    ),
    rule(
        "bad-key", "此处不能使用键 {found}",
        ("Slugs become columns, template words and keys of other systems: small Latin letters, digits, underscores.",
         "标识会成为列名、模板占位符和其他系统的键，只能用小写字母、数字和下划线。"),
        ("Rename it; what people read belongs into `label`.", "改名；给人看的文字写在 `label` 中。"),
    ),
    rule(
        "connection-settings", "连接的设置不正确",
        ("The connector could not work with these settings, and would fail only when it is needed.",
         "连接器无法使用这些设置，到用时才会失败。"),
        ("Mend the setting in deskweave.yaml.", "修改 deskweave.yaml 中的设置。"),
    ),
)  # fmt: skip
