"""What people are told, and when (practice G): every template with its words in the reader's language."""

from __future__ import annotations

from deskweave.model import OCCASIONS, Template
from deskweave.practice.handbook.chapters.channels import reliability
from deskweave.practice.handbook.tree import Block, Message, Section, cell, facts, row, say, section, table
from deskweave.practice.handbook.voice import Voice


def chapter(voice: Voice) -> Section | None:
    order = list(OCCASIONS)
    templates = sorted(
        voice.practice.templates.values(),
        key=lambda one: (order.index(one.occasion) if one.occasion in order else len(order), one.id),
    )
    titles = {
        "inquiry": voice("About an inquiry", "与问询有关的消息"),
        "notice": voice("About no single inquiry", "面向多人的通知"),
    }
    parts = []
    for about, title in titles.items():
        found = [one for one in templates if (OCCASIONS[one.occasion].about if one.occasion in OCCASIONS else "inquiry") == about]
        parts.append(section(f"messages-{about}", title, [], [_template(voice, one) for one in found]))
    heads = (
        voice("Occasion", "时机"),
        voice("Message", "消息模板"),
        voice("To", "接收人"),
        voice("Answer asked for", "需要的答复"),
    )
    rows = (
        row(voice.occasion(one.occasion), voice.label(one.label, one.id), voice.roles(one.audience), _answer(voice, one))
        for one in templates
    )
    about = voice(
        "Words in braces stand for what the record holds when the message is sent. Where a field may be empty, the template says "
        "what "
        "stands there instead, so that no message goes out with a blank.",
        "花括号中的内容在发送时替换为记录中的值。字段可能为空的，模板规定了替代文字，不会发出带空白的消息。",
    )
    overview = section("message-list", voice("Overview", "一览"), [table(heads, rows)])
    return section("messages", voice("Messages", "消息模板"), [say(about)] if templates else [], [overview, *parts])


def _answer(voice: Voice, one: Template) -> str:
    words = {
        "none": ("", ""),
        "receipt": ("receipt", "确认收到"),
        "reply": ("a reply", "回复"),
        "confirmation": ("confirmation", "确认"),
        "rating": ("rating", "评价"),
    }
    return voice.word(words, one.answer)


def _template(voice: Voice, one: Template) -> Section | None:
    tried = ""
    if one.unanswered_after is not None:
        tried = voice(
            "unanswered for {span}: tried again, at most {n} times in all",
            "{span}未答复的再次发送，最多共 {n} 次",
            span=voice.span(one.unanswered_after),
            n=one.attempts,
        )
    without = [voice.colon(f"{{{field}}}", voice.text(words)) for field, words in one.without.items()]
    about = facts(
        (
            (voice("Name in files", "标识"), cell("", code=one.id)),
            (voice("Occasion", "时机"), voice.occasion(one.occasion)),
            (voice("To", "接收人"), voice.roles(one.audience)),
            (voice("Channels", "渠道"), voice.channels(one.channels) or voice("the user's choice", "由用户选择")),
            (voice("Reliability", "可靠性"), reliability(voice, one.reliability) if one.reliability == "assured" else ""),
            (voice("Answer asked for", "需要的答复"), [one_ for one_ in (_answer(voice, one), tried) if one_]),
            (voice("Approved by", "审批人"), voice.role(one.approval) if one.approval else ""),
            (voice("Where a field is empty", "字段为空时"), without),
        ),
        family="template",
    )
    blocks: list[Block | None] = [
        say(voice.text(one.description)),
        about,
        Message(text=voice.text(one.body), subject=voice.text(one.subject)),
    ]
    return section(f"template-{one.id}", voice.label(one.label, one.id), blocks)
