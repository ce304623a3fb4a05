"""The words of the field (practice N1, N2), in both languages."""

from __future__ import annotations

from deskweave.practice.handbook.tree import Section, row, section, table
from deskweave.practice.handbook.voice import Voice


def chapter(voice: Voice) -> Section | None:
    other = "en" if voice.language == "zh" else "zh"
    rows = (
        row(
            voice.label(term.label, slug),
            term.label.get(other, ""),
            voice.list(term.aliases.get(voice.language, ())),
            voice.text(term.description),
        )
        for slug, term in voice.practice.glossary.items()
    )
    heads = (voice("Term", "术语"), voice("In Chinese", "英文"), voice("Also called", "别称"), voice("Meaning", "含义"))
    return section("glossary", voice("Glossary", "术语表"), [table(heads, rows)])
