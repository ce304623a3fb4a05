"""What people are told, and when (practice G): every template with its words in the reader's language."""

from __future__ import annotations

import re
from typing import Final

from deskweave.model import OCCASIONS, FieldId, Template
from deskweave.practice.handbook.chapters.channels import reliability
from deskweave.practice.handbook.tree import Block, Message, Section, cell, row, say, section, table
from deskweave.practice.handbook.voice import Voice

_PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_]*)(?:\|[a-z_]+)?\}")
_CARRIED: Final = {
    "answer_by": ("answer by", "答复截止时间"),
    "article": ("article", "知识条目"),
    "article_link": ("link to the article", "知识条目链接"),
    "attempt": ("attempt", "第几次"),
    "attempts": ("attempts", "总次数"),
    "begins_at": ("begins at", "开始时间"),
    "change": ("what changes", "变更内容"),
    "clock": ("clock", "计时项"),
    "confirm_by": ("confirm by", "确认截止时间"),
    "content": ("content", "内容"),
    "due_at": ("due at", "到期时间"),
    "effect": ("effect", "影响"),
    "ends_at": ("ends at", "结束时间"),
    "engineer": ("engineer", "工程师"),
    "expected_until": ("expected until", "预计恢复时间"),
    "group": ("group", "处理组"),
    "idle": ("time without movement", "无进展时长"),
    "improvement": ("improvement", "改进内容"),
    "missing": ("what is missing", "缺少的内容"),
    "offer": ("offer", "方案"),
    "old_priority": ("old priority", "原优先级"),
    "practice": ("practice", "接收方"),
    "progress": ("progress", "进展"),
    "purpose": ("purpose", "事由"),
    "question": ("question", "问题"),
    "rating_link": ("link to the rating", "评价链接"),
    "reason": ("reason", "原因"),
    "reference": ("reference", "编号"),
    "report_link": ("link to the report", "通报链接"),
    "service": ("service", "服务"),
    "since": ("since", "起始时间"),
    "survey": ("survey", "调查"),
    "survey_link": ("link to the survey", "调查链接"),
    "to": ("to whom", "升级对象"),
    "topic": ("topic", "主题"),
    "until": ("until", "恢复时间"),
    "valid_from": ("valid from", "生效日期"),
    "visit_at": ("visit at", "上门时间"),
    "workaround": ("workaround", "临时办法"),
}


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
        row(
            voice.occasion(one.occasion),
            cell(voice.label(one.label, one.id), code=one.id),
            voice.roles(one.audience),
            _answer(voice, one),
        )
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
    if one.unanswered_after is not None and one.attempts > 1:
        tried = voice(
            "tried again when unanswered for {span}, {n} times in all",
            "{span}未答复的再次发送，最多共 {n} 次",
            span=voice.span(one.unanswered_after),
            n=one.attempts,
        )
    elif one.unanswered_after is not None:
        tried = voice("shown as unanswered after {span}", "{span}未答复的给出提示", span=voice.span(one.unanswered_after))
    answer = voice.list(word for word in (_answer(voice, one), tried) if word)
    told = (
        (voice("Occasion", "时机"), voice.occasion(one.occasion)),
        (voice("To", "接收人"), voice.roles(one.audience)),
        (voice("Channels", "渠道"), voice.channels(one.channels) or voice("the user's choice", "由用户选择")),
        (voice("Reliability", "可靠性"), reliability(voice, one.reliability) if one.reliability == "assured" else ""),
        (voice("Answer asked for", "需要的答复"), answer),
        (voice("Approved by", "审批人"), voice.role(one.approval) if one.approval else ""),
    )
    stop = voice(". ", "。")
    about = stop.join(voice.colon(name, said) for name, said in told if said) + stop.rstrip()
    without = [
        voice.colon(_placeholder(voice, field, one.occasion), spoken(voice, voice.text(words), one.occasion))
        for field, words in one.without.items()
    ]
    instead = voice.colon(voice("Where a field is empty", "字段为空时"), voice("; ", "；").join(without)) if without else ""
    blocks: list[Block | None] = [
        say(voice.text(one.description)),
        say(about, "note"),
        Message(
            text=spoken(voice, voice.text(one.body), one.occasion), subject=spoken(voice, voice.text(one.subject), one.occasion)
        ),
        say(instead, "note"),
    ]
    return section(f"template-{one.id}", voice.label(one.label, one.id), blocks)


def spoken(voice: Voice, text: str, occasion: str) -> str:
    """A message's text with its placeholders as a reader names them: `{submitted_at|datetime}` is {Registered at}."""
    return _PLACEHOLDER.sub(lambda match: _placeholder(voice, match[1], occasion), text)


def _placeholder(voice: Voice, name: str, occasion: str) -> str:
    """What the occasion carries stands before the fields of the inquiry."""
    carried = OCCASIONS[occasion].data if occasion in OCCASIONS else {}
    field = voice.practice.fields.get(FieldId(name))
    if name in carried or field is None:
        said = voice(*_CARRIED[name]) if name in _CARRIED else name.replace("_", " ")
    else:
        said = voice.label(field.label, name)
    return "{" + said + "}"
