"""What is recorded of an inquiry (practice A), of other records, and which of it is personal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from deskweave.model import Field
from deskweave.practice.handbook.tree import Row, Section, cell, row, say, section, table
from deskweave.practice.handbook.voice import Voice

_LISTED = 12  #: values a field's line names; more of them stand where they are defined


def chapter(voice: Voice) -> Section | None:
    practice = voice.practice
    heads = (
        voice("Field", "字段"),
        voice("Type", "数据类型"),
        voice("How entered", "对象类型"),
        voice("Source", "数据来源"),
        voice("Written by", "可填写人"),
        voice("Mandatory from", "何时必填"),
        voice("Description", "说明"),
    )
    said = {slug: body for _, document in voice.documents("Fields") for slug, body in document.get("fields", {}).items()}
    parts = []
    groups = dict.fromkeys([*practice.groups, *(field.group for field in practice.fields.values())])
    for name in groups:
        fields = [field for field in practice.fields.values() if field.group == name]
        title = voice.label(practice.groups.get(name), voice("Client's own", "客户自定义") if name == "client" else name)
        parts.append(section(f"fields-{name}", title, [table(heads, _rows(voice, fields, said), keep=range(7), family="fields")]))
    for record, of_record in practice.records.items():
        parts.append(
            section(
                f"record-{record}",
                _record(voice, record),
                [table(heads, _rows(voice, of_record.values(), said), keep=range(7), family="fields")],
            )
        )
    parts.append(_personal(voice))
    return section(
        "fields",
        voice("Inquiry record", "问询工单"),
        [
            say(
                voice(
                    "Every interaction is recorded, also one that needs nothing further. A record has {count} fields in {groups} "
                    "groups.",
                    "每次交互都要记录，包括无需后续处理的交互。问询工单共 {count} 个字段，分为 {groups} 组。",
                    count=len(practice.fields),
                    groups=len({field.group for field in practice.fields.values()}),
                )
            )
        ],
        parts,
    )


def _rows(voice: Voice, fields: Iterable[Field], said: Mapping[str, Any]) -> Iterator[Row]:
    for field in fields:
        spec = said.get(str(field.id)) or {}
        yield row(
            voice.term(field.label, str(field.id), spec),
            cell(_type(voice, field.type), notes=_constraints(voice, field)),
            _entry(voice, field.entry),
            voice.text(field.source),
            voice.roles(field.writers),
            voice.status(field.required_entering) if field.required_entering else "",
            cell(voice.text(field.description), notes=[_computed(voice, field), _values(voice, field, spec)]),
        )


def _type(voice: Voice, type: str) -> str:
    words = {
        "text": ("text", "单行文本"),
        "long_text": ("long text", "多行文本"),
        "email": ("e-mail address", "邮箱地址"),
        "phone": ("phone number", "电话号码"),
        "number": ("number", "数值"),
        "integer": ("whole number", "整数"),
        "boolean": ("yes or no", "是/否"),
        "choice": ("one of a list", "单选"),
        "choices": ("several of a list", "多选"),
        "date": ("date", "日期"),
        "datetime": ("date and time", "日期时间"),
        "duration": ("duration", "时长"),
        "person": ("person", "人员"),
        "catalog_item": ("catalog item", "服务项"),
        "status": ("status", "状态"),
        "messages": ("messages", "消息"),
        "link": ("link", "链接"),
    }
    return voice.word(words, type)


def _entry(voice: Voice, entry: str) -> str:
    words = {
        "system": ("formed by the system", "系统形成"),
        "filled": ("filled in automatically", "自动填充"),
        "chosen": ("chosen by the user", "用户选择"),
        "dropdown": ("drop-down", "下拉选择"),
        "typed": ("typed", "文本输入"),
        "computed": ("computed", "计算得出"),
    }
    return voice.word(words, entry)


def _constraints(voice: Voice, field: Field) -> list[str]:
    limits: dict[str, Any] = dict(field.constraints)
    if field.max_length is not None:
        limits.setdefault("maxLength", field.max_length)
    if field.pattern is not None:
        limits.setdefault("pattern", field.pattern)
    words = {
        "minimum": ("at least {n}", "不小于 {n}"),
        "maximum": ("at most {n}", "不大于 {n}"),
        "exclusiveMinimum": ("more than {n}", "大于 {n}"),
        "exclusiveMaximum": ("less than {n}", "小于 {n}"),
        "multipleOf": ("a multiple of {n}", "{n} 的倍数"),
        "minLength": ("at least {n} characters", "至少 {n} 个字符"),
        "maxLength": ("at most {n} characters", "最多 {n} 个字符"),
        "pattern": ("matches {n}", "匹配 {n}"),
        "minItems": ("at least {n} values", "至少 {n} 项"),
        "maxItems": ("at most {n} values", "最多 {n} 项"),
        "enum": ("only {n}", "只能是 {n}"),
    }
    found = []
    for name, limit in limits.items():
        if name == "uniqueItems":
            found += [voice("each value once", "各项不重复")] if limit else []
        elif name in words:
            shown = voice.list(str(one) for one in limit) if isinstance(limit, (list, tuple)) else limit
            found.append(voice(*words[name], n=shown))
        else:
            found.append(f"{name}: {limit}")
    return found


def _computed(voice: Voice, field: Field) -> str:
    if not field.computed:
        return ""
    ((how, what),) = field.computed.items()
    if how == "clock" and isinstance(what, str):
        return voice("Measured by the clock {clock}.", "由时钟“{clock}”计量。", clock=voice.clock(what))
    if how == "differs" and isinstance(what, (list, tuple)) and len(what) == 2:
        first, second = (voice.field(str(one)) for one in what)
        return voice("Yes when {first} and {second} differ.", "“{first}”与“{second}”不同时为是。", first=first, second=second)
    if how == "only" and isinstance(what, Mapping) and len(what) == 1:
        ((name, values),) = what.items()
        listed = values if isinstance(values, (list, tuple)) else [values]
        shown = voice.list((voice.value(name, one) for one in listed), "or")
        return voice(
            "Yes when {field} was never anything but {values}.",
            "“{field}”始终为{values}时为是。",
            field=voice.field(name),
            values=shown,
        )
    if how == "linked" and isinstance(what, Mapping) and len(what) == 1:
        ((link, of_inquiry),) = what.items()
        return voice(
            "What {field} of the inquiry in {link} holds.",
            "取自“{link}”所指工单的“{field}”。",
            field=voice.field(str(of_inquiry)),
            link=voice.field(str(link)),
        )
    return voice("Computed.", "由系统计算。")


def _values(voice: Voice, field: Field, spec: Mapping[str, Any]) -> str:
    if not field.choices:
        return ""
    shared = spec.get("choices_of")
    words = [voice.label(choice.label, slug) for slug, choice in field.choices.items()]
    if shared and len(words) > _LISTED:
        own = spec.get("choices") or {}
        titles = {
            "channels": ("the channels", "全部渠道"),
            "classifications": ("the classifications of the catalog", "目录中的全部分类"),
            "systems": ("the business systems of the catalog", "目录中的全部业务系统"),
            "feedback": ("the steps of the feedback scale", "反馈等级"),
            "tiers": ("the tiers", "全部支持层级"),
            "skills": ("the skills", "全部技能"),
            "groups": ("the groups", "全部处理组"),
        }
        words = [voice.label(field.choices[slug].label, slug) for slug in own if slug in field.choices]
        words.insert(0, voice(*titles[shared]) if shared in titles else str(shared))
    return voice.colon(voice("Values", "取值"), voice.list(words))


def _record(voice: Voice, record: str) -> str:
    words = {
        "contact": ("Record of a contact", "联系记录"),
        "response": ("Record of an answer to a survey", "调查答复记录"),
        "channel": ("Record of a channel's rating", "渠道评定记录"),
    }
    return voice(*words[record]) if record in words else voice("Record: {name}", "记录：{name}", name=record)


def _personal(voice: Voice) -> Section | None:
    kinds = {
        "identity": voice("who somebody is", "身份信息"),
        "contact": voice("how to reach somebody", "联系方式"),
        "content": voice("what somebody has written", "交流内容"),
    }
    every = [*voice.practice.fields.values(), *(one for fields in voice.practice.records.values() for one in fields.values())]
    marked = [field for field in every if field.personal or field.never_send]
    rows = (
        row(
            voice.term(field.label, str(field.id)),
            kinds.get(field.personal or "", ""),
            voice.list(field.never_send),
            voice.roles(field.writers),
        )
        for field in marked
    )
    heads = (
        voice("Field", "字段"),
        voice("What it tells", "信息类别"),
        voice("Never sent to", "禁止发送到"),
        voice("Written by", "可填写人"),
    )
    return section(
        "personal",
        voice("Personal data", "个人信息"),
        [
            say(
                voice(
                    "These fields hold personal data. Their values go to every platform that is bound to the field, except to the "
                    "connections named here.",
                    "下列字段含有个人信息。除所列连接外，字段值会同步到绑定了该字段的各个平台。",
                )
            )
            if marked
            else None,
            table(heads, rows),
        ],
    )
