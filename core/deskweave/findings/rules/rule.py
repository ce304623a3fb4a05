"""One rule of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from deskweave.findings import Finding, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a rule means to the person who reads its findings.

    Attributes:
        slug: its name, stable; the anchor of its description.
        severity: of its findings; `Severity.NOTE` is shown with `-v` only.
        says: the sentence in Chinese. `{found}` is the value, other names are those of `Finding.values`. In English a finding
            brings its own sentence.
        forms: sentences in Chinese for rules that say several things, by the value `form` of the finding.
        why: why it matters, in a sentence, by language.
        mend: what to do, by language; a finding's own `remedy` is more precise.
    """

    slug: str
    says: str
    why: Mapping[str, str]
    mend: Mapping[str, str]
    severity: Severity = Severity.ERROR
    forms: Mapping[str, str] = field(default_factory=dict)

    def in_chinese(self, finding: Finding) -> str:
        """The sentence of one of its findings; a value that is not there leaves the finding's own sentence."""
        values = {name: "或".join(_WORDS.get(word, word) for word in value.split(" or ")) for name, value in finding.values.items()}
        renamed = "：已由 {renamed_by} 改名为 {renamed_to}" if "renamed_to" in values else ""
        try:
            return (self.forms.get(values.get("form", ""), self.says) + renamed).format_map({"found": finding.found, **values})
        except (KeyError, IndexError, ValueError):
            return finding.message


_WORDS: Mapping[str, str] = {
    "a mapping": "映射（键: 值）",
    "a list": "列表",
    "text": "文本",
    "a whole number": "整数",
    "a number": "数字",
    "true or false": "true 或 false",
    "nothing": "空值",
    "submission": "提交",
    "higher": "越高越好",
    "lower": "越低越好",
}


def rule(
    slug: str, says: str, why: tuple[str, str], mend: tuple[str, str], severity: Severity = Severity.ERROR, **forms: str
) -> Rule:
    """A rule written down: `why` and `mend` in English, then in Chinese."""
    return Rule(
        slug=slug,
        says=says,
        why={"en": why[0], "zh": why[1]},
        mend={"en": mend[0], "zh": mend[1]},
        severity=severity,
        forms=forms,
    )
