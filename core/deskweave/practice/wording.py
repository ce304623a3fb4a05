"""What a practice says, in words a person reads: labels, values, conditions and spans of time, in English or Chinese.

Nothing here knows a file's keys or YAML: the command line, the handbook and reports say the same thing with the same words.
All of it can be encoded in GBK.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final, Literal, Protocol

from deskweave.model import Field, FieldId, Json, formula, say_label

if TYPE_CHECKING:
    from deskweave.practice.practice import Practice

_EN: Final[Mapping[str, str]] = {
    "and": " and ",
    "or": " or ",
    "list": ", ",
    "semicolon": "; ",
    "last:and": " and ",
    "last:or": " or ",
    "yes": "yes",
    "no": "no",
    "nothing": "(empty)",
    "always": "always",
    "never": "never",
    "hour": "{n} hours",
    "hour:one": "1 hour",
    "minute": "{n} minutes",
    "minute:one": "1 minute",
    "second": "{n} seconds",
    "second:one": "1 second",
    "day": "{n} days",
    "day:one": "1 day",
    "between": " ",
    "if:eq": "{field} is {value}",
    "if:ne": "{field} is not {value}",
    "if:in": "{field} is one of {value}",
    "if:not_in": "{field} is none of {value}",
    "if:lt": "{field} is less than {value}",
    "if:lte": "{field} is at most {value}",
    "if:gt": "{field} is more than {value}",
    "if:gte": "{field} is at least {value}",
    "if:present": "{field} is known",
    "if:absent": "{field} is not known",
    "if:met": "{field} met its goal",
    "if:unmet": "{field} missed its goal",
    "if:true": "{field}: yes",
    "if:false": "{field}: no",
    "if:not": "not ({part})",
    "group": "({part})",
    "field:phase": "Phase",
    "phase:new": "new",
    "phase:active": "active",
    "phase:waiting": "waiting",
    "phase:resolved": "resolved",
    "phase:closed": "closed",
    "phase:cancelled": "cancelled",
    "weekday:mon": "Monday",
    "weekday:tue": "Tuesday",
    "weekday:wed": "Wednesday",
    "weekday:thu": "Thursday",
    "weekday:fri": "Friday",
    "weekday:sat": "Saturday",
    "weekday:sun": "Sunday",
    "date": "{day} {month} {year}",
    "figure:count": "the number of {rows}",
    "figure:count_where": "the number of {rows} where {where}",
    "figure:backlog": "the number of {rows} open at the end of the period",
    "figure:backlog_where": "the number of {rows} open at the end of the period where {where}",
    "figure:sum": "the sum of {of}",
    "figure:average": "the average of {of}",
    "figure:min": "the smallest {of}",
    "figure:max": "the largest {of}",
    "figure:percentile": "the {p} percentile of {of} ({method})",
    "method:interpolated": "interpolated",
    "method:discrete": "a value that occurs",
    "figure:ratio": "{of}, divided by {over}",
    "figure:every": "the share of {rows} that fulfil every criterion",
    "figure:every_of": "the share of {rows} that fulfil all of these criteria: {criteria}",
    "figure:each": "the share of criteria fulfilled, over all {rows}",
    "figure:each_of": "the share of these criteria that {rows} fulfil: {criteria}",
    "figure:composite": "the weighted mean of how far each of these reaches its target, those without data left out: {parts}",
    "figure:part": "{part} (weight {weight})",
    "figure:previous": "{part} of the period before",
    "rows:inquiry": "inquiries",
    "rows:contact": "contacts",
    "rows:response": "answers to surveys",
    "rows:channel": "channels",
}
_ZH: Final[Mapping[str, str]] = {
    "and": "且",
    "or": "或",
    "list": "、",
    "semicolon": "；",
    "last:and": "和",
    "last:or": "或",
    "yes": "是",
    "no": "否",
    "nothing": "（空）",
    "always": "总是",
    "never": "从不",
    "hour": "{n}小时",
    "minute": "{n}分钟",
    "second": "{n}秒",
    "day": "{n}天",
    "between": "",
    "if:eq": "{field}为{value}",
    "if:ne": "{field}不为{value}",
    "if:in": "{field}为{value}之一",
    "if:not_in": "{field}不属于{value}",
    "if:lt": "{field}小于 {value}",
    "if:lte": "{field}不超过 {value}",
    "if:gt": "{field}超过 {value}",
    "if:gte": "{field}不小于 {value}",
    "if:present": "{field}已知",
    "if:absent": "{field}未知",
    "if:met": "{field}达标",
    "if:unmet": "{field}未达标",
    "if:true": "{field}为是",
    "if:false": "{field}为否",
    "if:not": "非（{part}）",
    "group": "（{part}）",
    "field:phase": "阶段",
    "phase:new": "新建",
    "phase:active": "处理中",
    "phase:waiting": "等待中",
    "phase:resolved": "已解决",
    "phase:closed": "已关闭",
    "phase:cancelled": "已取消",
    "weekday:mon": "周一",
    "weekday:tue": "周二",
    "weekday:wed": "周三",
    "weekday:thu": "周四",
    "weekday:fri": "周五",
    "weekday:sat": "周六",
    "weekday:sun": "周日",
    "date": "{year}年{month}月{day}日",
    "figure:count": "{rows}数量",
    "figure:count_where": "满足“{where}”的{rows}数量",
    "figure:backlog": "周期结束时未结束的{rows}数量",
    "figure:backlog_where": "周期结束时未结束且满足“{where}”的{rows}数量",
    "figure:sum": "{of}之和",
    "figure:average": "{of}的平均值",
    "figure:min": "{of}的最小值",
    "figure:max": "{of}的最大值",
    "figure:percentile": "{of}的 {p} 分位数（{method}）",
    "method:interpolated": "插值",
    "method:discrete": "取实际值",
    "figure:ratio": "{of} ÷ {over}",
    "figure:every": "满足全部标准的{rows}占比",
    "figure:every_of": "全部满足下列标准的{rows}占比：{criteria}",
    "figure:each": "按{rows}逐项统计的标准满足率",
    "figure:each_of": "{rows}对下列标准的满足比例：{criteria}",
    "figure:composite": "下列各项达到目标程度的加权平均，无数据的不计：{parts}",
    "figure:part": "{part}（权重 {weight}）",
    "figure:previous": "上期{part}",
    "rows:inquiry": "问询",
    "rows:contact": "联络记录",
    "rows:response": "调查答复",
    "rows:channel": "渠道",
}
_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def _word(language: str, key: str, **values: object) -> str:
    words = _ZH if language == "zh" else _EN
    single = f"{key}:one"
    return words[single if str(values.get("n")) == "1" and single in words else key].format(**values)


def say_list(words: Iterable[str], language: str, *, last: Literal["and", "or"] | None = None) -> str:
    """Words one after the other; `last` joins the last of them."""
    every = list(words)
    if last and len(every) > 1:
        return _word(language, "list").join(every[:-1]) + _word(language, f"last:{last}") + every[-1]
    return _word(language, "list").join(every)


def say_duration(span: timedelta | float, language: str, *, days: bool = False) -> str:
    """`5 minutes`, `1 hour 30 minutes`, `5分钟`.

    Args:
        span: a timedelta, or seconds.
        language: en or zh.
        days: it is a span of the calendar (`P30D`), not of working time: whole days are said as days. A working day has no one
            length, so that 24 hours of working time stay 24 hours.
    """
    seconds = round(span.total_seconds() if isinstance(span, timedelta) else span)
    if days and seconds % 86400 == 0 and seconds:
        return _word(language, "day", n=seconds // 86400)
    sign = "-" if seconds < 0 else ""
    hours, rest = divmod(abs(seconds), 3600)
    parts = [("hour", hours), ("minute", rest // 60), ("second", rest % 60)]
    said = [_word(language, name, n=n) for name, n in parts if n] or [_word(language, "minute", n=0)]
    return sign + _word(language, "between").join(said)


def say_share(share: float) -> str:
    """`95 %`, at most two decimals."""
    return f"{round(share * 100, 2):g} %"


def say_date(day: date, language: str) -> str:
    """`4 November 2026`, `2026年11月4日`."""
    month = day.month if language == "zh" else _MONTHS[day.month - 1]
    return _word(language, "date", day=day.day, month=month, year=day.year)


def say_weekday(weekday: str, language: str) -> str:
    """`Monday`, `周一`, from `mon`."""
    return _word(language, f"weekday:{weekday}")


def say_windows(windows: Sequence[tuple[time, time | None]], language: str) -> str:
    """`09:00-12:00, 13:00-18:00`."""
    return _word(language, "list").join(f"{begin:%H:%M}-{end:%H:%M}" if end else f"{begin:%H:%M}-24:00" for begin, end in windows)


def say_phase(phase: str, language: str) -> str:
    """A phase as a word."""
    return _word(language, f"phase:{phase}")


def say_field(name: str, practice: Practice, language: str) -> str:
    """What a condition or a rule names: the label of a field (of any kind of record) or a clock; else the name itself."""
    if name in practice.clocks:
        return say_label(practice.clocks[name].label, name, language)
    field = _field(name, practice)
    if field is not None:
        return say_label(field.label, name, language)
    return _word(language, "field:phase") if name == "phase" else name


def say_value(name: str, value: object, practice: Practice, language: str) -> str:
    """A value of the field `name` as people read it: labels for slugs, words for flags, spans of time for durations."""
    if isinstance(value, bool):
        return say_flag(value, language)
    if value is None or value in ("", ()):
        return _word(language, "nothing")
    if isinstance(value, (list, tuple)):
        return say_list((say_value(name, one, practice, language) for one in value), language)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return say_date(value, language)
    field = _field(name, practice)
    if name in practice.clocks or (field is not None and field.type == "duration"):
        seconds = _seconds(value)
        if seconds is not None:
            return say_duration(seconds, language)
    text = f"{value:g}" if isinstance(value, float) else str(value)
    if name == "phase" and f"phase:{text}" in _EN:
        return say_phase(text, language)
    if field is None:
        return text
    if field.type == "catalog_item" and text in practice.catalog:
        return say_label(practice.catalog[text].label, text, language)
    if field.type == "status" and text in practice.statuses.statuses:
        return say_label(practice.statuses.statuses[text].label, text, language)
    if text in field.choices:
        return say_label(field.choices[text].label, text, language)
    return text


class Voice(Protocol):
    """What the parts of a practice are called where a condition or a figure is said: in full, in short, of one kind of record."""

    @property
    def language(self) -> str: ...
    def field(self, name: str) -> str:
        """A field or a clock."""
        ...

    def wanted(self, name: str, value: object) -> str:
        """What a field or a clock is compared with."""
        ...

    def part(self, key: str) -> str:
        """What a figure is made of (`deskweave.model.formula.Term.key`)."""
        ...


class _Plain:
    def __init__(self, practice: Practice, language: str) -> None:
        self.practice, self.language = practice, language

    def field(self, name: str) -> str:
        return say_field(name, self.practice, self.language)

    def wanted(self, name: str, value: object) -> str:
        return say_value(name, value, self.practice, self.language)

    def part(self, key: str) -> str:
        return say_part(key, lambda name: say_metric(name, self.practice, self.language), self.language)


def say_predicate(tree: Mapping[str, Json] | None, practice: Practice, language: str) -> str:
    """A condition in words: `Priority is P1 and (Value stream is Incident or ...)`, with the labels of fields and choices.

    Args:
        tree: of the predicate grammar (`deskweave.model.predicate`); None is fulfilled by everything.
        practice: whose labels are used; a name it does not know is said as it stands.
        language: en or zh.
    """
    return say_condition(tree, _Plain(practice, language))


def say_condition(tree: Mapping[str, Json] | None, voice: Voice) -> str:
    """A condition in the words of `voice`; see `say_predicate`."""
    language = voice.language
    if tree is None:
        return _word(language, "always")
    ((key, body),) = tree.items()
    if key in ("all", "any") and isinstance(body, (list, tuple)):
        parts = [part for part in body if isinstance(part, Mapping)]
        if not parts:
            return _word(language, "always" if key == "all" else "never")
        said = [_nested(part, voice) if len(parts) > 1 else say_condition(part, voice) for part in parts]
        return _word(language, "and" if key == "all" else "or").join(said)
    if not isinstance(body, Mapping):
        return str(key)
    if key == "not":
        return _word(language, "if:not", part=say_condition(body, voice))
    ((operator, want),) = body.items()
    field = voice.field(key)
    if operator == "present":
        return _word(language, "if:present" if want else "if:absent", field=field)
    if operator == "met":
        return _word(language, "if:met" if want else "if:unmet", field=field)
    if isinstance(want, bool) and operator in ("eq", "ne"):
        return _word(language, "if:true" if want is (operator == "eq") else "if:false", field=field)
    if operator in ("in", "not_in") and isinstance(want, (list, tuple)) and len(want) == 1:
        operator, want = ("eq" if operator == "in" else "ne"), want[0]
    wants = want if isinstance(want, (list, tuple)) else (want,)
    shown = say_list((voice.wanted(key, one) for one in wants), language)
    return _word(language, f"if:{operator}", field=field, value=shown)


def say_figure(
    tree: Mapping[str, Json], practice: Practice, language: str, *, grain: str = "inquiry", criteria: Sequence[str] = ()
) -> str:
    """How the value of a metric is computed, in words: `the average of First response`.

    Args:
        tree: the `value` of a metric.
        practice: whose labels are used.
        language: en or zh.
        grain: what one row of the metric is.
        criteria: the criteria of the metric in words, where they are to be said as well.
    """
    return say_rule(tree, _Plain(practice, language), grain=grain, criteria=criteria)


def say_rule(tree: Mapping[str, Json], voice: Voice, *, grain: str, criteria: Sequence[str] = ()) -> str:
    """How a value is computed, in the words of `voice`; see `say_figure`."""
    language, rows = voice.language, say_rows(grain, voice.language)
    ((key, body),) = tree.items()
    if key == "derived":
        return formula.say(formula.formula_of(body), lambda term: voice.part(term.key))
    if key == "fulfilled":
        listed = _word(language, "semicolon").join(criteria)
        return _word(language, f"figure:{body}{'_of' if criteria else ''}", rows=rows, criteria=listed)
    if not isinstance(body, Mapping):
        return _word(language, f"figure:{key}", of=voice.field(str(body)))
    match key:
        case "count" | "backlog":
            where = body.get("where")
            if not isinstance(where, Mapping):
                return _word(language, f"figure:{key}", rows=rows)
            return _word(language, f"figure:{key}_where", rows=rows, where=say_condition(where, voice))
        case "ratio":
            of, over = (
                say_rule(part, voice, grain=grain) if isinstance(part := body[side], Mapping) else "" for side in ("of", "over")
            )
            return _word(language, "figure:ratio", of=of, over=over)
        case "percentile":
            share = body["p"]
            p = say_share(share) if isinstance(share, (int, float)) else str(share)
            method = _word(language, f"method:{body.get('method', 'interpolated')}")
            return _word(language, "figure:percentile", of=voice.field(str(body["of"])), p=p, method=method)
        case _:  # composite: a closed list, `deskweave.practice.build`
            said = [_word(language, "figure:part", part=voice.part(name), weight=f"{weight:g}") for name, weight in body.items()]
            return _word(language, "figure:composite", parts=say_list(said, language))


def say_part(key: str, metric: Callable[[str], str], language: str) -> str:
    """A metric, or a metric in the period before (`deskweave.model.formula.Term.key`)."""
    before = key.removeprefix("previous:")
    return metric(key) if before == key else _word(language, "figure:previous", part=metric(before))


def say_rows(grain: str, language: str) -> str:
    """What the rows of a grain are called: inquiries, contacts, answers to surveys, channels."""
    return _word(language, f"rows:{grain}")


def say_flag(flag: bool, language: str) -> str:
    """`yes`, `no`."""
    return _word(language, "yes" if flag else "no")


def say_metric(name: str, practice: Practice, language: str) -> str:
    """The label of a metric."""
    metric = practice.metrics.get(name)
    return name if metric is None else say_label(metric.label, name, language)


def _nested(tree: Mapping[str, Json], voice: Voice) -> str:
    said = say_condition(tree, voice)
    ((key, body),) = tree.items()
    several = key in ("all", "any") and isinstance(body, (list, tuple)) and len(body) > 1
    return _word(voice.language, "group", part=said) if several else said


def _field(name: str, practice: Practice) -> Field | None:
    identifier = FieldId(name)
    if identifier in practice.fields:
        return practice.fields[identifier]
    return next((fields[identifier] for fields in practice.records.values() if identifier in fields), None)


def _seconds(value: object) -> float | None:
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, str):
        from deskweave.practice.build.parts import duration

        try:
            return duration(value).total_seconds()
        except ValueError:
            return None
    return None
