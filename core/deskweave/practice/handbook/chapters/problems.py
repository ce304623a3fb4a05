"""What closed inquiries teach (practice L): what together makes a problem candidate, or asks for an article."""

from __future__ import annotations

from deskweave.practice.handbook.tree import Section, cell, row, say, section, table
from deskweave.practice.handbook.voice import Voice


def chapter(voice: Voice) -> Section | None:
    found = [(slug, one) for process in voice.practice.processes.values() for slug, one in process.candidates.items()]
    leads = {"problem": voice("problem candidate", "问题候选"), "knowledge": voice("article in the knowledge base", "知识条目")}
    rows = (
        row(
            cell(voice.label(one.label, slug), code=slug, notes=[voice.text(one.description)]),
            voice.when(one.when),
            voice.list((voice.field(str(field)) for field in one.by), "and"),
            str(one.at_least),
            voice.span(one.within, days=True) if one.within is not None else voice("ever", "不限"),
            leads[one.leads_to],
        )
        for slug, one in found
    )
    heads = (
        voice("Candidate", "规则"),
        voice("Closed inquiries that", "适用的已关闭问询"),
        voice("Are alike in", "相同字段"),
        voice("At least", "至少"),
        voice("Within", "期间"),
        voice("Becomes", "形成"),
    )
    about = voice(
        "Closed inquiries are analysed for patterns that come back. What is frequent, heavy or unexplained leads to the analysis "
        "of "
        "its root cause, and to measures that correct or prevent.",
        "对已关闭的问询进行分析，找出反复出现的规律；频繁发生、影响重大或原因不明的，进行根本原因分析，并采取纠正或预防措施。",
    )
    return section(
        "problems", voice("Problem candidates", "问题候选"), [say(about) if found else None, table(heads, rows, centred=(3,))]
    )
